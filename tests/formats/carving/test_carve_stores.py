"""Outlook stores on a medium: whole by their header, in pieces by pages and blocks, each piece put where it belongs."""

from __future__ import annotations

import io
import random

import pytest

from forensics.formats.carving.found import SECTOR, Found, Kind
from forensics.formats.carving.settle import Settled
from forensics.formats.pst.ndb.database import NodeDatabase
from tests.corpus import corpus, needs_corpus
from tests.formats.carving.medium import Medium, assert_apart, store

REAL = (
    "pst/HiraokaHyperTools+pst-extractor/contacts97-2002.pst",
    "pst/StateArchivesOfNorthCarolina+pst-extractor/tests/sample_files/sample.pst",
    "pst/mooijtech+go-pst/data/32-bit.pst",
    "pst/npm-pst-extractor@1.12.0/pstextractortest@outlook.com.ost",
)


def one(settled: Settled) -> Found:
    """The only object; it must not share a byte with itself."""
    assert_apart(settled.found)
    (found,) = settled.found
    return found


def held(found: bytes, data: bytes) -> float:
    """Which share of the sectors of a store that are not empty came out, each at its own place."""
    full = [at for at in range(0, len(data), SECTOR) if any(data[at : at + SECTOR])]
    return sum(found[at : at + SECTOR] == data[at : at + SECTOR] for at in full) / len(full)


def nodes(data: bytes) -> set[int]:
    return {node.nid for node, _ in NodeDatabase(io.BytesIO(data)).nodes()}


def test_a_store_whose_header_is_gone_is_gathered_from_its_pages_and_blocks() -> None:
    medium, data = Medium(random.Random(1)), store()
    medium.noise().put(data[1024:]).noise()
    found = one(medium.carved())
    assert (found.kind, found.notes) == (Kind.NDB, ("the header of the store was not found",))
    assert held(medium.bytes_of(found), data) > 0.98
    assert nodes(medium.bytes_of(found)) == nodes(data)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_store_in_two_pieces_is_put_together_whatever_their_order(swapped: bool) -> None:
    medium, data = Medium(random.Random(2)), store()
    half = len(data) // 3 // 4096 * 4096
    first, second = (data[half:], data[:half]) if swapped else (data[:half], data[half:])
    medium.noise().put(first).noise().put(second).noise()
    found = one(medium.carved())
    assert (found.kind, found.size, found.truncated) == (Kind.PST, len(data), True)
    # A block that the cut goes through belongs to neither piece.
    assert held(medium.bytes_of(found), data) > 0.9


def test_what_was_overwritten_in_a_store_is_not_part_of_it() -> None:
    medium, data = Medium(random.Random(3)), store()
    at = medium.noise().lay(data)
    medium.noise()
    block = at + 0x4400 + 40 * SECTOR
    medium.data[block : block + 2 * SECTOR] = medium.rng.randbytes(2 * SECTOR)
    found = next(each for each in medium.carved().found if each.kind is Kind.PST)
    assert found.start == at
    assert held(medium.bytes_of(found), data) > 0.9


def test_two_stores_are_not_mixed() -> None:
    medium, one_store, other = Medium(random.Random(4)), store(12), store(30)
    half = len(one_store) // 3 // 4096 * 4096
    medium.noise().put(one_store[:half]).noise().put(other[1024:]).noise().put(one_store[half:]).noise()
    settled = medium.carved()
    assert_apart(settled.found)
    by_kind = {each.kind: medium.bytes_of(each) for each in settled.found}
    assert held(by_kind[Kind.PST], one_store) > 0.5
    assert held(by_kind[Kind.NDB], other) > 0.95


def test_a_signature_without_a_header_behind_it_is_counted() -> None:
    medium = Medium(random.Random(5))
    settled = medium.noise().put(b"!BDN" + medium.rng.randbytes(600)).noise().carved()
    assert settled.found == []
    assert sum(settled.tally.false.values()) == 1


@needs_corpus
@pytest.mark.parametrize("name", REAL)
def test_real_stores_of_every_layout_come_out_whole_and_in_pieces(name: str) -> None:
    data = (corpus() / name).read_bytes()
    medium = Medium(random.Random(6))
    at = medium.noise().lay(data)
    found = one(medium.noise().carved())
    assert (found.start, found.size, found.validated, found.truncated) == (at, len(data), True, False)

    torn = Medium(random.Random(7))
    half = len(data) // 3 // 4096 * 4096
    torn.noise().put(data[half:]).noise(40).put(data[:half]).noise()
    pieces = one(torn.carved())
    assert held(torn.bytes_of(pieces), data) > 0.95

    headless = Medium(random.Random(8)).noise()
    headless.put(data[1024:]).noise()
    assert held(headless.bytes_of(one(headless.carved())), data) > 0.95
