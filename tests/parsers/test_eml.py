"""Files that are named like a message and hold none that can be read as one."""

from __future__ import annotations

import io

import pytest

from forensics.address import Address
from forensics.parsers.contract import Unit
from forensics.parsers.eml import EmlParser
from forensics.records import Problem

MAIL = "From: a@example.jp\r\nSubject: plain\r\n\r\nbody\r\n"


def problems(raw: bytes) -> list[Problem]:
    unit = Unit(path="a.eml", size=len(raw), sha256="00" * 32, handle=io.BytesIO(raw))
    at = Address(evidence="EV-0001", steps=("000001",))
    return [each for each in EmlParser().parse(unit, at, lambda data: "11" * 32) if isinstance(each, Problem)]


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_message_file_in_wide_characters_is_a_problem_and_no_message_without_a_subject(charset: str) -> None:
    (found,) = problems(MAIL.encode(charset))
    assert "no header field" in found.what
    assert found.cause.startswith("UTF-16")


def test_a_text_that_is_only_named_like_a_message_says_so() -> None:
    assert [each.cause for each in problems(b"just a note\n")] == ["no header"]


@pytest.mark.parametrize("raw", [MAIL.encode(), b"Subject: only\r\n", b"", b"\r\n\r\n"])
def test_a_message_with_a_header_and_an_empty_file_are_none(raw: bytes) -> None:
    assert problems(raw) == []
