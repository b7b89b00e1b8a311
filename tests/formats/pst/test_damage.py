"""Real stores, damaged as disks and tools damage them: what still stands is reached, and nothing else is claimed."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from forensics.errors import FormatError
from forensics.formats.pst.folders import ORPHANS
from forensics.formats.pst.messaging.found import FoundItem
from forensics.formats.pst.messaging.store import Store, open_store
from forensics.formats.pst.recovery.fingerprint import fingerprint
from forensics.formats.pst.recovery.recover import Recoverer
from forensics.records import Integrity, Recovery
from tests.corpus import CORPUS, needs_corpus

_NAMES = (
    "Outlook.pst", "PersonalStorageFile1.pst", "contacts97-2002.pst", "passworded.pst", "sample.pst",
    "submessage.pst", "test_ansi.pst",
)  # fmt: skip
_STORES = [path for path in sorted(CORPUS.glob("pst/**/*.pst")) if path.name in _NAMES] if CORPUS else []
_SEEDS = range(4)
each_store = pytest.mark.parametrize("path", _STORES, ids=lambda path: path.name)

Damage = Callable[[random.Random, bytearray, bytes], None]


def _header(dice: random.Random, data: bytearray, good: bytes) -> None:
    for _ in range(dice.randrange(1, 5)):
        data[dice.randrange(564)] = dice.randrange(256)


def _header_gone(dice: random.Random, data: bytearray, good: bytes) -> None:
    data[:564] = bytes(564)


def _zeroed(dice: random.Random, data: bytearray, good: bytes) -> None:
    for _ in range(8):
        at = dice.randrange(len(data) // 512) * 512
        data[at : at + 512] = bytes(512)


def _misplaced(dice: random.Random, data: bytearray, good: bytes) -> None:
    for _ in range(8):
        at, other = (dice.randrange(len(data) // 512) * 512 for _ in range(2))
        data[at : at + 512] = good[other : other + 512]


def _cut(dice: random.Random, data: bytearray, good: bytes) -> None:
    del data[dice.randrange(20_000, len(data)) :]


def _flipped(dice: random.Random, data: bytearray, good: bytes) -> None:
    for _ in range(64):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _everything(store: Store, *, recover: bool = True) -> list[FoundItem]:
    found = [item for node in store.folders() for item in store.items(node.nid)]
    found += store.items(ORPHANS)
    if recover:
        recoverer = Recoverer(store)
        found += [one.found for one in recoverer.items()]
        account = recoverer.account()
        assert account.total == account.size
    return found


@cache
def _clean(path: Path) -> dict[int, tuple[bytes, tuple[tuple[int, int], ...]]]:
    """Each item of the undamaged store: what it holds, and where its blocks lie."""
    store = open_store(io.BytesIO(path.read_bytes()))
    size = store.db.layout.stored_size
    return {
        found.nid: (
            fingerprint(found.item),
            tuple((at, at + size(stored)) for at, stored in found.trail.blocks.values()),
        )
        for found in _everything(store, recover=False)
        if found.item is not None
    }


def _damaged(path: Path, damage: Damage, seed: int) -> tuple[bytes, list[FoundItem]]:
    good = path.read_bytes()
    data = bytearray(good)
    damage(random.Random(f"{path.name}{damage.__name__}{seed}"), data, good)
    return bytes(data), _everything(open_store(io.BytesIO(bytes(data))))


@needs_corpus
@each_store
@pytest.mark.parametrize("damage", [_header, _header_gone])
def test_every_item_is_reached_after_damage_to_the_header(path: Path, damage: Damage) -> None:
    for seed in _SEEDS:
        _, found = _damaged(path, damage, seed)
        prints = {fingerprint(one.item) for one in found if one.item is not None}
        assert [nid for nid, (mark, _) in _clean(path).items() if mark not in prints] == []


@needs_corpus
@pytest.mark.parametrize("damage", [_zeroed, _misplaced, _cut, _flipped])
def test_of_the_items_whose_blocks_still_stand_at_least_95_of_100_are_reached(damage: Damage) -> None:
    standing = reached = 0
    for path in _STORES:
        good = path.read_bytes()
        for seed in _SEEDS:
            data, found = _damaged(path, damage, seed)
            prints = {fingerprint(one.item) for one in found if one.item is not None}
            whole = [m for m, places in _clean(path).values() if all(data[a:b] == good[a:b] for a, b in places)]
            standing += len(whole)
            reached += sum(mark in prints for mark in whole)
    assert standing > 200
    assert reached >= 0.95 * standing


@needs_corpus
@each_store
@pytest.mark.parametrize("damage", [_zeroed, _misplaced, _flipped])
def test_no_changed_item_passes_for_whole(path: Path, damage: Damage) -> None:
    """Every block carries its own check, so what differs from the clean store says that something is wrong."""
    for seed in _SEEDS:
        _, found = _damaged(path, damage, seed)
        clean = _clean(path)
        for one in found:
            known = clean.get(one.nid)
            if known is None or one.item is None or one.place.recovery is not Recovery.LIVE:
                continue
            if fingerprint(one.item) != known[0]:
                assert one.integrity is Integrity.FAILED or one.item.problems


@needs_corpus
def test_a_file_with_no_block_left_shows_an_empty_store_and_says_why() -> None:
    data = _STORES[0].read_bytes()[:4096]
    store = open_store(io.BytesIO(data))
    assert store.problems
    assert [one for one in _everything(store) if one.item is not None] == []
    with pytest.raises(FormatError):
        open_store(io.BytesIO(bytes(4096)))
