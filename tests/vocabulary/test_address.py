"""Addresses: any step survives being written and read, and ids follow from what is written."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from forensics.address import Address, Span, origin_key, parse, plain, quote, record_id

_ANY_TEXT = st.text(st.characters())
"""Lone surrogates included: names of files and folders hold them."""


@given(_ANY_TEXT)
def test_a_quoted_step_reads_back_as_it_was(step: str) -> None:
    written = quote(step)
    assert plain(written) == step
    assert not set(written) & set("/ \x00\n\x7f")
    assert written.encode().decode() == written


@given(st.lists(_ANY_TEXT, max_size=5))
def test_an_address_splits_back_into_the_same_steps(steps: list[str]) -> None:
    address = Address(evidence="EV-0001")
    for step in steps:
        address = address.child(step)
    back = parse(str(address))
    assert back == address
    assert [plain(step) for step in back.steps] == steps


@given(st.lists(_ANY_TEXT, max_size=4), st.lists(_ANY_TEXT, max_size=4))
def test_different_steps_are_written_differently(one: list[str], other: list[str]) -> None:
    def written(steps: list[str]) -> str:
        return str(Address(evidence="E", steps=tuple(quote(step) for step in steps)))

    assert (written(one) == written(other)) == (one == other)


def test_what_needs_no_quoting_stays_readable() -> None:
    assert quote("受信トレイ") == "受信トレイ"
    assert quote("a/b %\n") == "a%2Fb%20%25%0A"
    assert str(Address(evidence="EV-0001", steps=("000001",)).child("node:2097252")) == "EV-0001/000001/node:2097252"


def test_a_child_has_its_own_span_and_a_parent_none() -> None:
    top = Address(evidence="EV-0001", steps=("000001",), span=Span(0, 100))
    child = top.child("message:1", Span(10, 20))
    assert (child.span, top.child("x").span, child.parent()) == (Span(10, 20), None, top.child("y").parent())
    assert child.within(Span(1, 2)).span == Span(1, 2)


def test_the_id_of_a_record_is_the_first_half_of_a_published_hash() -> None:
    assert record_id("message", "EV-0001/000001/message:1") == "2db0e156f1e14a8d1558959f208a78fd"
    whole = hashlib.sha256(b"message\0EV-0001/000001/message:1").hexdigest()
    assert whole.startswith("2db0e156f1e14a8d1558959f208a78fd")


def test_an_origin_key_does_not_depend_on_the_case() -> None:
    key = origin_key("message", "ab" * 32, ("message:1",))
    assert key == hashlib.sha256(b"message\0" + b"ab" * 32 + b"\0message:1").hexdigest()
    assert key != origin_key("message", "ab" * 32, ("message:1", "message:1"))
