"""What finds the same message again: the published vector of the EDRM hash, and a steady body digest."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.identity import body_digest, edrm_mih, message_id, search_key

_PUBLISHED_ID = "<CALckR-a8UDkRjO4xJyjd_s0GPxQWw@mail.gmail.com>"
_PUBLISHED_MIH = "1de319c276884bd0c9e2f1621ada26cc"


def test_the_published_vector_of_the_edrm_hash_is_reproduced() -> None:
    assert edrm_mih(_PUBLISHED_ID) == _PUBLISHED_MIH


@pytest.mark.parametrize("raw", [f" {_PUBLISHED_ID} ", f"{_PUBLISHED_ID} (comment)", f"\r\n {_PUBLISHED_ID}\r\n",
                                 _PUBLISHED_ID.replace("@", "\r\n @")])  # fmt: skip
def test_blanks_folding_and_what_follows_the_bracket_do_not_count(raw: str) -> None:
    assert edrm_mih(raw) == _PUBLISHED_MIH


@pytest.mark.parametrize("raw", [_PUBLISHED_ID.lower(), _PUBLISHED_ID.strip("<>"), _PUBLISHED_ID.upper()])
def test_case_and_brackets_count(raw: str) -> None:
    assert edrm_mih(raw) != _PUBLISHED_MIH


def test_no_message_id_has_no_hash() -> None:
    assert (message_id(" \r\n "), edrm_mih(""), edrm_mih(" ")) == ("", "", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a b\r\nc", "abc"),
        ("ｶﾞｷﾞ ＡＢＣ", "ガギ abc"),
        ("10〜12時", "10～12時"),
        ("A − B — C", "a-b-c"),
        ("hyphen\u00adated", "hyphenated"),
        ("全角　空白", "全角空白"),
    ],
)
def test_what_gateways_and_clients_change_does_not_change_the_body_digest(one: str, other: str) -> None:
    assert body_digest(one) == body_digest(other)


def test_another_word_changes_the_body_digest() -> None:
    assert body_digest("見積書") != body_digest("見積所")
    assert body_digest("") == hashlib.sha256(b"").hexdigest()


@given(st.text(st.characters()))
def test_any_text_has_a_key_a_digest_and_a_hash(text: str) -> None:
    assert len(body_digest(text)) == 64
    assert len(edrm_mih(text)) in (0, 32)
    assert search_key(search_key(text)) == search_key(text)
