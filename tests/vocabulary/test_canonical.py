"""The one encoding: the same value gives the same bytes, and what two programs would write differently is refused."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.canonical import decode, encode, fingerprint
from forensics.errors import FormatError

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_VALUES)
def test_a_value_comes_back_and_gives_the_same_bytes_again(value: Any) -> None:
    data = encode(value)
    assert decode(data) == value
    assert encode(decode(data)) == data
    assert b"\n" not in data


@given(st.dictionaries(st.text(), st.integers()))
def test_the_order_in_which_keys_were_given_does_not_matter(value: dict[str, int]) -> None:
    assert encode(dict(reversed(value.items()))) == encode(value)
    assert list(json.loads(encode(value))) == sorted(value)


def test_the_form_is_without_blanks_and_not_escaped() -> None:
    assert encode({"b": [1, None, True], "a": "é\n"}) == '{"a":"é\\n","b":[1,null,true]}'.encode()
    assert encode((1, 2)) == b"[1,2]"
    assert fingerprint({}) == hashlib.sha256(b"{}").hexdigest()


@pytest.mark.parametrize("value", [1.0, float("nan"), [1.5], {"a": {"b": (0.1,)}}, {1: "a"}, {None: 1}, b"x", {1}])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize("value", ["\ud800", ["\udfff"], {"a\udc80": 1}])
def test_lone_surrogates_are_refused(value: Any) -> None:
    with pytest.raises(UnicodeEncodeError):
        encode(value)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b'{"a":1,"a":1}', b'[{"a":{"b":1,"b":2}}]', b"\xff", b'"\xed\xa0\x80"', b"\xef\xbb\xbf{}", b"1" * 5000,
     b"[" * 100_000, b"{}{}", b"'a'"],
    ids=["nothing", "cut", "doubled", "doubled inside", "no UTF-8", "surrogate", "BOM", "long number", "deep",
         "two values", "other quotes"],
)  # fmt: skip
def test_what_is_not_json_is_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode(data)


@given(st.binary())
def test_any_bytes_give_a_value_or_a_format_error(data: bytes) -> None:
    with contextlib.suppress(FormatError):
        decode(data)
