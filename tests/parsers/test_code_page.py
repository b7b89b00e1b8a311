"""The code page of the case decides where a text states no charset and its bytes do not tell."""

from __future__ import annotations

import pytest

from forensics.address import Address
from forensics.parsers import mail_records
from forensics.records import BodyText

RUSSIAN = "Привет, список клиентов во вложении."


def body_of(raw: bytes, code_page: int) -> BodyText:
    at = Address(evidence="EV-0001", steps=("000001", "message:1"))
    place = mail_records.Place(code_page=code_page)
    return next(each for each in mail_records.records_of(raw, at, place, lambda data: "") if isinstance(each, BodyText))


def test_a_text_without_a_charset_is_read_by_the_code_page_of_the_case() -> None:
    raw = b"From: a@x.example\nSubject: x\n\n" + RUSSIAN.encode("cp1251")
    found = body_of(raw, 1251)
    assert (found.text, found.charset, found.method) == (RUSSIAN, "cp1251", "assumed")


@pytest.mark.parametrize("text", ["社外秘の顧客リスト", "plain text", "Grüße"])
def test_what_tells_its_charset_is_read_by_that(text: str) -> None:
    raw = b"From: a@x.example\nSubject: x\n\n" + text.encode()
    found = body_of(raw, 1251)
    assert (found.text, found.method == "assumed") == (text, False)


def test_a_code_page_in_which_not_every_byte_has_a_meaning_decides_nothing() -> None:
    raw = b"From: a@x.example\nSubject: x\n\ncaf\xe9 \xff\xff"
    assert body_of(raw, 932).method == "guessed"
