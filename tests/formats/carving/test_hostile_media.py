"""Damaged and forged media never stop the search, and never make it slow."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.carving import medium as media
from tests.formats.carving.medium import Medium, assert_apart

MEBIBYTE = 1 << 20


def full(seed: int) -> Medium:
    medium = Medium(random.Random(seed))
    for number in range(2):
        medium.lay(media.plain(medium.rng, number))
        medium.lay(media.multipart(medium.rng, number + 10))
        medium.lay(media.box(medium.rng, number + 20))
        medium.lay(media.item(number))
    medium.lay(media.store())
    return medium


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 2**32), mode=st.sampled_from(("flip", "zero", "move", "number", "cut")))
def test_no_mutation_stops_it(seed: int, mode: str) -> None:
    medium, rng = full(0), random.Random(seed)
    data = medium.data
    for _ in range(rng.randint(1, 60)):
        at = rng.randrange(len(data) - 4096)
        if mode == "flip":
            data[at] ^= 1 << rng.randrange(8)
        elif mode == "zero":
            data[at : at + 512] = bytes(512)
        elif mode == "move":
            source = rng.randrange(len(data) - 512)
            data[at : at + 512] = data[source : source + 512]
        elif mode == "number":
            struct.pack_into("<I", data, at // 4 * 4, rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)))
        else:
            del data[at : at + rng.randint(1, 3000)]
    settled = medium.carved()
    assert_apart(settled.found)


@pytest.mark.parametrize(
    "piece",
    [
        b"\nFrom: a@b",
        b"\nFrom a@b.c Mon Jun  1 10:00:00 2026\nFrom: x@y\n\n",
        b"From: a@b.c\nDate: Mon, 1 Jun 2026 10:00\nMessage-ID: <1@b>\nContent-Type: multipart/mixed; boundary=x\n\n",
        b"\nReceived: from a by b",
        b"\n x",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0"),
        b"!BDN".ljust(512, b"\1"),
        b"\n",
        b"\x81" * 512,
    ],
)
def test_two_mebibytes_of_one_beginning_are_searched_in_seconds(piece: bytes) -> None:
    medium = Medium(random.Random(0))
    medium.data += (piece * (2 * MEBIBYTE // len(piece)))[: 2 * MEBIBYTE]
    assert_apart(medium.carved().found)


def test_an_empty_space_holds_nothing() -> None:
    assert Medium(random.Random(0)).carved().found == []
