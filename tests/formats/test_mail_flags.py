"""Flags in messages: the bits of nsMsgMessageFlags.idl (Thunderbird), the letters of Unix mail programs."""

from __future__ import annotations

import pytest

from forensics.formats.headers import split
from forensics.formats.mail_flags import GONE, flags


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"X-Mozilla-Status: 0001\n", ("read",)),
        (b"X-Mozilla-Status: 0009\nX-Mozilla-Status2: 00000000\n", ("read", "expunged")),
        (b"X-Mozilla-Status: 1013\n", ("read", "answered", "forwarded")),
        (b"X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00200000\n", ("read", "deleted")),
        (b"X-Mozilla-Status2: 00c50000\n", ("new", "ignored", "receipt_wanted", "receipt_sent")),
        (b"X-Mozilla-Status2: 00000008\n", ()),
        (b"X-Mozilla-Status: zz\nX-Mozilla-Status2: 123456789\n", ()),
        (b"Status: RO\nX-Status: AFDT\n", ("read", "answered", "flagged", "deleted", "draft")),
        (b"Subject: none\n", ()),
    ],
)
def test_each_bit_and_letter_has_its_word(fields: bytes, expected: tuple[str, ...]) -> None:
    data = fields + b"\nbody\n"
    found = flags(split(data, 0, len(data)))
    assert found == expected


def test_expunged_and_deleted_are_gone_for_their_user() -> None:
    assert {"expunged", "deleted"} == GONE
