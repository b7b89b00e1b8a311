"""What mail programs write into the messages of a box about their state: Mozilla's two fields and the letters of Unix.

    X-Mozilla-Status   4 hexadecimal digits: the low half of the flags    (nsMsgMessageFlags.idl of Thunderbird)
    X-Mozilla-Status2  8 hexadecimal digits: the high half
    Status, X-Status   R read, O old, A answered, F flagged, D deleted, T draft   (imap-uw docs/internal.txt, mutt)

A message that is *expunged* was deleted, and its bytes stay until the folder is compacted; one that is *deleted* was
marked so for the IMAP server.
"""

from __future__ import annotations

import re

from forensics.formats.headers import HeaderBlock

GONE = frozenset(("expunged", "deleted"))
"""Flags of a message that its user no longer sees."""
_MOZILLA: tuple[tuple[int, str], ...] = (
    (0x0000_0001, "read"),
    (0x0000_0002, "answered"),
    (0x0000_0004, "flagged"),
    (0x0000_0008, "expunged"),
    (0x0000_0400, "partial"),
    (0x0000_0800, "queued"),
    (0x0000_1000, "forwarded"),
    (0x0001_0000, "new"),
    (0x0004_0000, "ignored"),
    (0x0020_0000, "deleted"),
    (0x0040_0000, "receipt_wanted"),
    (0x0080_0000, "receipt_sent"),
    (0x0100_0000, "template"),
)
_LOW, _HIGH = 0xFFFF, 0xFFFF_0000
_LETTERS = {"R": "read", "A": "answered", "F": "flagged", "D": "deleted", "T": "draft"}
_HEX = re.compile(rb"[0-9A-Fa-f]{1,8}")


def flags(block: HeaderBlock) -> tuple[str, ...]:
    """The states that the header tells, each once, in a fixed order."""
    bits = _bits(block, "X-Mozilla-Status") & _LOW | _bits(block, "X-Mozilla-Status2") & _HIGH
    found = {word: None for bit, word in _MOZILLA if bits & bit}
    letters = (block.first("Status") + block.first("X-Status")).decode("latin-1")
    found.update((_LETTERS[letter], None) for letter in letters if letter in _LETTERS)
    return tuple(found)


def _bits(block: HeaderBlock, name: str) -> int:
    text = block.first(name).strip()
    return int(text, 16) if _HEX.fullmatch(text) else 0
