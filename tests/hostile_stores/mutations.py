"""Nine ways in which disks, copies and people damage a store, and a tenth that seals its lies with valid check values.

flip1    a bit anywhere                      trunc    cut off anywhere
live1    a bit of a page or a block in use   zerosec  one to eight sectors zeroed
live8    eight such bits                     torn     one to eight sectors with the content of others
live64   sixty-four such bits                ints     one to four numbers in live data replaced by extreme ones
header   one to four bytes of the header     sealed   numbers in a page or a block replaced, its CRC made right again
"""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from forensics.formats.pst.accounting import pieces
from forensics.formats.pst.ndb import encryption
from forensics.formats.pst.ndb.btree import BTree
from forensics.formats.pst.ndb.checksums import crc
from forensics.formats.pst.ndb.database import NodeDatabase, as_place
from forensics.formats.pst.ndb.layout import Layout
from forensics.formats.pst.recovery.space import Use
from tests.hostile_stores.seeds import content

SECTOR = 512
_HEADER = 564
_EXTREMES = (0, 1, 2, 0x1F, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000)
_WIDE = (0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x1000000000, 0x20, 0x40, 0x21, 0x122)
_TRAILER_CRC = {12: 8, 16: 4, 24: 4}
"""Where in a trailer of so many bytes the CRC stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where the parts of an undamaged store lie."""

    layout: Layout
    crypt: int
    live: tuple[tuple[int, int], ...]
    pages: tuple[int, ...]
    blocks: tuple[tuple[int, int, int], ...]
    """Id, offset and bytes stored."""


@cache
def plan_of(seed: str) -> Plan:
    """The plan of a seed."""
    db = NodeDatabase(io.BytesIO(content(seed)))
    used = [piece for piece in pieces(db) if piece.use in (Use.PAGE, Use.LIVE)]
    places = ((found.row[0], as_place(found.row, db.layout.inflated_first)) for found in db.bbt.rows())
    return Plan(
        layout=db.layout,
        crypt=db.crypt,
        live=tuple((piece.start, piece.end) for piece in used),
        pages=tuple(sorted({at for tree in (db.nbt, db.bbt) for at in _walked(tree)})),
        blocks=tuple((bid, place.at, place.stored) for bid, place in places),
    )


def _walked(tree: BTree) -> set[int]:
    for _ in tree.rows():
        pass
    return tree.offsets


def _somewhere(dice: random.Random, plan: Plan) -> int:
    start, end = dice.choice(plan.live)
    return dice.randrange(start, end)


def _flip(data: bytearray, dice: random.Random, at: int) -> None:
    data[at] ^= 1 << dice.randrange(8)


def _flip1(data: bytearray, dice: random.Random, plan: Plan) -> None:
    _flip(data, dice, dice.randrange(len(data)))


def _live(count: int) -> Mutation:
    def mutate(data: bytearray, dice: random.Random, plan: Plan) -> None:
        for _ in range(count):
            _flip(data, dice, _somewhere(dice, plan))

    return mutate


def _header(data: bytearray, dice: random.Random, plan: Plan) -> None:
    for _ in range(dice.randrange(1, 5)):
        data[dice.randrange(_HEADER)] = dice.randrange(256)


def _trunc(data: bytearray, dice: random.Random, plan: Plan) -> None:
    del data[dice.randrange(len(data)) :]


def _sectors(data: bytearray, dice: random.Random) -> list[int]:
    return [dice.randrange(len(data) // SECTOR) * SECTOR for _ in range(dice.randrange(1, 9))]


def _zerosec(data: bytearray, dice: random.Random, plan: Plan) -> None:
    for at in _sectors(data, dice):
        data[at : at + SECTOR] = bytes(SECTOR)


def _torn(data: bytearray, dice: random.Random, plan: Plan) -> None:
    good = bytes(data)
    for at, other in zip(_sectors(data, dice), [dice.randrange(len(data) // SECTOR) for _ in range(8)], strict=False):
        data[at : at + SECTOR] = good[other * SECTOR : (other + 1) * SECTOR]


def _put(data: bytearray, dice: random.Random, at: int, end: int) -> None:
    width = dice.choice((1, 2, 2, 4, 4, 8))
    at = min(at // min(width, 4) * min(width, 4), end - width)
    if at < 0:
        return
    value = dice.choice(_EXTREMES + _WIDE) & ((1 << 8 * width) - 1)
    data[at : at + width] = value.to_bytes(width, "little")


def _ints(data: bytearray, dice: random.Random, plan: Plan) -> None:
    for _ in range(dice.randrange(1, 5)):
        _put(data, dice, _somewhere(dice, plan), len(data))


def _sealed(data: bytearray, dice: random.Random, plan: Plan) -> None:
    for _ in range(dice.randrange(1, 4)):
        if dice.random() < 0.3:
            _seal_page(data, dice, plan, dice.choice(plan.pages))
        else:
            _seal_block(data, dice, plan, *dice.choice(plan.blocks))


def _seal_page(data: bytearray, dice: random.Random, plan: Plan, at: int) -> None:
    layout = plan.layout
    end = at + layout.page_body
    near = at + layout.counts_at if dice.random() < 0.4 else dice.randrange(at, end)
    for _ in range(dice.randrange(1, 4)):
        _put(data, dice, near + dice.randrange(8), end)
    offset = 12 - 4 if layout.bid_first else 4
    struct.pack_into("<I", data, end + offset, crc(bytes(data[at:end])))


def _seal_block(data: bytearray, dice: random.Random, plan: Plan, bid: int, at: int, stored: int) -> None:
    layout = plan.layout
    raw = bytes(data[at : at + stored])
    made = bytearray(raw if bid & 2 else encryption.decode(raw, plan.crypt, bid))
    for _ in range(dice.randrange(1, 5)):
        # What says how the rest is read mostly stands at the beginning or, as the map of a heap, at the end.
        near = dice.choice((dice.randrange(min(len(made), 64)), dice.randrange(len(made)), len(made) - 1))
        _put(made, dice, near, len(made))
    raw = bytes(made) if bid & 2 else encryption.encode(bytes(made), plan.crypt, bid)
    data[at : at + stored] = raw
    trailer = at + layout.stored_size(stored) - layout.block_trailer_size
    struct.pack_into("<I", data, trailer + _TRAILER_CRC[layout.block_trailer_size], crc(raw))


Mutation = Callable[[bytearray, random.Random, Plan], None]
MODES: dict[str, Mutation] = {
    "flip1": _flip1, "live1": _live(1), "live8": _live(8), "live64": _live(64), "header": _header, "trunc": _trunc,
    "zerosec": _zerosec, "torn": _torn, "ints": _ints, "sealed": _sealed,
}  # fmt: skip


def mutated(seed: str, mode: str, number: int) -> bytes:
    """One mutation: the same bytes on every run."""
    data = bytearray(content(seed))
    MODES[mode](data, random.Random(f"{seed} {mode} {number}"), plan_of(seed))
    return bytes(data)
