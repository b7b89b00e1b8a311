"""What the engine says of one damaged store, held against what the undamaged one says and where its blocks lie."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from forensics.errors import FormatError
from forensics.formats.mapi import Item
from forensics.formats.pst.accounting import pieces
from forensics.formats.pst.folders import ORPHANS, FolderNode
from forensics.formats.pst.messaging.found import FoundItem
from forensics.formats.pst.messaging.store import Store, open_store
from forensics.formats.pst.recovery.fingerprint import fingerprint
from forensics.formats.pst.recovery.found import Recovered, Tier
from forensics.formats.pst.recovery.recover import Recoverer
from forensics.records import Integrity
from tests.hostile_stores.mutations import mutated
from tests.hostile_stores.seeds import content

_WHOLE = "nothing of the store can be read"


@dataclass(frozen=True, slots=True)
class Original:
    """An undamaged store: what each node says, every content anywhere in it, and where each live item's blocks lie."""

    marks: dict[int, frozenset[bytes]]
    contents: frozenset[bytes]
    live: dict[int, tuple[bytes, tuple[tuple[int, int], ...]]]
    folders: dict[int, tuple[str, ...]]


@dataclass(slots=True)
class Reading:
    """Everything the engine gave of one store."""

    store: Store
    folders: list[FolderNode] = field(default_factory=list)
    items: list[FoundItem] = field(default_factory=list)
    recovered: list[Recovered] = field(default_factory=list)
    recoverer: Recoverer | None = None


def read(data: bytes) -> Reading:
    """All of a store, as ``forensics parse`` reads it."""
    store = open_store(io.BytesIO(data))
    made = Reading(store, folders=list(store.folders()))
    for node in made.folders:
        made.items.extend(store.items(node.nid))
    made.items.extend(store.items(ORPHANS))
    made.recoverer = Recoverer(store)
    list(made.recoverer.folders())
    for one in made.recoverer.items():
        # Attachments are read where the item is, as the parser does.
        if one.found.item is not None:
            fingerprint(one.found.item)
        made.recovered.append(one)
    return made


def account_fault(made: Reading) -> str:
    """What is wrong with the byte account, or ""."""
    assert made.recoverer is not None
    account = made.recoverer.account()
    if not account.total == account.size == made.store.db.source.size:
        return f"the classes sum to {account.total} of {made.store.db.source.size} bytes"
    done = 0
    for piece in pieces(made.store.db):
        if piece.start != done or piece.end < piece.start:
            return f"a piece begins at {piece.start} where the last one ended at {done}"
        done = piece.end
    return "" if done == account.size else f"the last piece ends at {done} of {account.size}"


def _inside(item: Item) -> Iterator[Item]:
    todo = [item]
    while todo:
        one = todo.pop()
        yield one
        todo.extend(thing.embedded for thing in one.attachments if thing.embedded is not None)


@cache
def original(seed: str) -> Original:
    """The undamaged store of a seed."""
    made = read(content(seed))
    size = made.store.db.layout.stored_size
    marks: dict[int, set[bytes]] = {}
    contents: set[bytes] = set()
    live: dict[int, tuple[bytes, tuple[tuple[int, int], ...]]] = {}
    for found in [*made.items, *(one.found for one in made.recovered)]:
        if found.item is not None:
            mark = fingerprint(found.item)
            marks.setdefault(found.nid, set()).add(mark)
            contents.update(fingerprint(each) for each in _inside(found.item))
    for found in made.items:
        if found.item is not None:
            places = tuple((at, at + size(stored)) for at, stored in found.trail.blocks.values())
            live[found.nid] = fingerprint(found.item), places
    folders = {node.nid: node.path for node in made.folders}
    return Original({nid: frozenset(each) for nid, each in marks.items()}, frozenset(contents), live, folders)


def _says_so(found: FoundItem, overwritten: tuple[str, ...] = ()) -> bool:
    """Whether the item itself says that it is not what it was."""
    item = found.item
    assert item is not None
    problems = [lost for each in _inside(item) for lost in each.problems]
    lost = [thing.lost for each in _inside(item) for thing in each.attachments if thing.lost]
    return bool(found.integrity is not Integrity.VERIFIED or problems or lost or overwritten or found.trail.faults)


def outcome(seed: str, mode: str, number: int) -> dict[str, object]:
    """Figures of one mutation. A list is of sentences that must not be."""
    data, good, known = mutated(seed, mode, number), content(seed), original(seed)
    standing = {nid for nid, (_, at) in known.live.items() if all(data[a:b] == good[a:b] for a, b in at)}
    said: dict[str, object] = {"standing": len(standing), "refused": "", "bad": []}
    try:
        made = read(data)
    except FormatError as error:
        return said | {"refused": error.what, "reached": 0}
    prints = [fingerprint(found.item) for found in made.items if found.item is not None]
    prints += [fingerprint(one.found.item) for one in made.recovered if one.found.item is not None]
    reached = {nid for nid, (mark, _) in known.live.items() if mark in set(prints)}
    bad = [fault] if (fault := account_fault(made)) else []
    counts = Counter(_differences(made, known))
    problems = [*made.store.problems, *(lost for node in made.folders for lost in node.problems)]
    named = bool(problems or any(found.item is None for found in made.items))
    said |= {"reached": len(reached & standing), "named": named, **counts}
    missing = known.live.keys() - reached
    if missing and not named and not any(_flagged(made, nid) for nid in missing):
        bad.append(f"{len(missing)} items are not what they were, and nothing says why")
    changed = {nid for nid, path in known.folders.items()} - {node.nid for node in made.folders}
    if changed and not named:
        bad.append(f"folders {sorted(changed)} are gone, and nothing says why")
    if mode == "sealed":
        said |= {"bad": bad[:1] if fault else []}
        return said
    return said | {"bad": bad, "missed": sorted(standing - reached)[:5]}


def _flagged(made: Reading, nid: int) -> bool:
    return any(one.nid == nid and one.item is not None and _says_so(one) for one in made.items)


def _differences(made: Reading, known: Original) -> Iterator[str]:
    """For each item that is not what it was, who says so: the item, only the store, or nobody."""
    everything = [(found, ()) for found in made.items]
    everything += [(one.found, one.overwritten) for one in made.recovered if one.tier is not Tier.TABLE_ROW]
    for found, overwritten in everything:
        if found.item is None:
            continue
        mark = fingerprint(found.item)
        expected = known.marks.get(found.nid, frozenset()) if found.nid else known.contents
        if mark in expected or (found.nid not in known.marks and mark in known.contents):
            yield "same"
        elif _says_so(found, overwritten):
            yield "by_item"
        elif made.store.problems:
            yield "by_store"
        else:
            yield "silent"
