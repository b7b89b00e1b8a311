"""Stores that lie with valid check values, so that a folder, a list or a name costs more than the file can hold."""

from __future__ import annotations

import io
import struct
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from forensics.formats.mapi import tags
from forensics.formats.pst.folders import ORPHANS
from forensics.formats.pst.messaging import items, tree
from forensics.formats.pst.messaging.store import Store, open_store
from forensics.formats.pst.ndb.database import NodeDatabase
from forensics.formats.pst.ndb.layout import UNICODE
from forensics.formats.pst.ndb.subnodes import Node
from forensics.parsers.pst import parser
from forensics.records import Integrity, Message
from tests.formats.pst.forge import ROOT, Forge, context, heap, small, table, text
from tests.hostile_stores.measure import account_fault, read
from tests.parsers.test_pst import _ranges, _records

INBOX = 0x8022
FIRST = 0x220004
LONG = tags.PR_BODY << 16 | 0x102


def _hid(block: int) -> int:
    return block << 16 | 1 << 5


def _one(item: bytes) -> bytes:
    """A later block of a heap with one item."""
    body = struct.pack("<H", 2 + len(item)) + item
    return body + struct.pack("<4H", 1, 0, 2, len(body))


def long_list(forge: Forge, nids: Sequence[int]) -> int:
    """A contents or hierarchy table that lists so many nodes and holds no row."""
    rows = [struct.pack("<II", nid, number) for number, nid in enumerate(nids)]
    leaves = [_one(b"".join(rows[at : at + 900])) for at in range(0, len(rows), 900)]
    keys = [struct.pack("<II", nids[at * 900], _hid(1 + at)) for at in range(len(leaves))]
    middle = [_one(b"".join(keys[at : at + 900])) for at in range(0, len(keys), 900)]
    root = b"".join(keys[at * 900][:4] + struct.pack("<I", _hid(1 + len(leaves) + at)) for at in range(len(middle)))
    info = struct.pack("<BB4HIII", 0x7C, 1, 8, 8, 8, 9, 2 << 5, 0, 0) + struct.pack("<IHBB", 0x67F20003, 0, 4, 0)
    first = heap([info, struct.pack("<BBBBI", 0xB5, 4, 4, 2, 3 << 5), root], 0x7C)
    blocks = [forge.block(part) for part in (first, *leaves, *middle)]
    return forge.xblock(blocks, sum(len(forge.blocks[bid]) for bid in blocks))


def _large(forge: Forge, leaves: int) -> int:
    bids = [forge.block(bytes([number % 251]) * 8000) for number in range(leaves)]
    return forge.xblock(bids, 8000 * leaves)


def _store(forge: Forge) -> Store:
    return open_store(io.BytesIO(forge.build()))


def _causes(store: Store) -> str:
    found = [*store.problems, *(lost for node in store.folders() for lost in node.problems)]
    return " | ".join(f"{lost.lost}: {lost.cause}" for lost in found)


def _innocents(store: Store) -> int:
    return sum(one.item is not None and not one.trail.faults for one in store.items(INBOX))


def test_folders_that_share_one_long_list_do_not_multiply_it() -> None:
    forge = small()
    shared = long_list(forge, [0x400004 + 32 * number for number in range(27_000)])
    for number in range(300):
        nid = 0x10002 + 32 * number
        forge.node(nid, forge.block(context(text(tags.PR_DISPLAY_NAME, "n"))), parent=ROOT)
        forge.node(nid & ~31 | 0x0E, shared)
    store = _store(forge)
    assert sum(node.live for node in store.folders()) <= 300 * tree._MOST_MISSING
    assert "over and over" in _causes(store)
    assert _innocents(store) == 20


def test_a_list_of_items_that_are_not_there_is_cut_and_counted() -> None:
    forge = small()
    forge.folder(0x10002, "long", parent=ROOT)
    forge.nodes[0x1000E] = Node(0x1000E, long_list(forge, [0x400004 + 32 * at for at in range(5000)]), 0)
    forge.nodes[0x1000D] = Node(0x1000D, long_list(forge, [0x400002 + 32 * at for at in range(5000)]), 0)
    store = _store(forge)
    (folder,) = (node for node in store.folders() if node.nid == 0x10002)
    assert folder.live == tree._MOST_MISSING
    assert f"{5000 - tree._MOST_MISSING} more items" in _causes(store)
    assert f"{5000 - tree._MOST_MISSING} more folders" in _causes(store)
    assert _innocents(store) == 20


def test_folders_that_share_one_huge_name_cost_it_once() -> None:
    forge = small()
    sub = forge.slblock([(0x813F, _large(forge, 900), 0)])
    data = forge.block(context({}, {tags.PR_DISPLAY_NAME << 16 | 0x1F: 0x813F}))
    for number in range(400):
        forge.node(0x10002 + 32 * number, data, sub=sub, parent=ROOT)
    store = _store(forge)
    assert sum(len(node.name) for node in store.folders()) < 40 << 20
    assert "over and over" in _causes(store)
    assert _innocents(store) == 20


def test_items_that_repeat_the_same_blocks_do_not_use_up_what_others_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.formats.pst.ndb.datatree._FREE_IN_ALL", 0)
    forge = small()
    shared = _large(forge, 200)
    forge.folder(0x1002, "AAA", listed=[(FIRST + 32 * number, "") for number in range(200)])
    for number in range(200):
        sub = forge.slblock([(0x813F, shared, 0)])
        bid = forge.block(context(text(tags.PR_MESSAGE_CLASS, "IPM.Note"), {LONG: 0x813F}))
        forge.node(FIRST + 32 * number, bid, sub, 0x1002)
    forge.blocks[forge.nodes[ROOT & ~31 | 0x0D].data] = table(UNICODE, [(0x1002, ""), (INBOX, "")])
    store = _store(forge)
    bombs = list(store.items(0x1002))
    read_ = [one for one in bombs if one.item is not None and not one.item.problems]
    assert 1 <= len(read_) < 100
    assert _innocents(store) == 20


def test_a_deep_chain_of_long_names_is_planned_in_a_few_megabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "_MOST_PATHS", 20_000)
    forge, above = small(messages=2), ROOT
    for number in range(60):
        nid = 0x10002 + 32 * number
        below = [nid + 32] if number < 59 else []
        forge.folder(nid, "n" * 200, below=below, listed=[(FIRST + 32 * number, "m")], parent=above)
        forge.message(FIRST + 32 * number, "m", parent=nid)
        above = nid
    data = forge.build()
    ranges = _ranges(data)
    assert sum(len(str(each)) for each in ranges) < 60_000
    kinds = Counter(type(record) for each in ranges for record in _records(data, each))
    assert kinds[Message] == 62


def test_an_item_with_too_many_attachments_or_recipients_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MOST_ATTACHMENTS", 50)
    monkeypatch.setattr(items, "MOST_RECIPIENTS", 3)
    forge = small()
    thing = forge.block(context({0x37050003: 1, 0x37010102: b"x"}))
    rows = forge.block(table(UNICODE, [(number, "r") for number in range(9)]))
    entries = [(number << 5 | 5, thing, 0) for number in range(300)]
    forge.message(FIRST, "many", sub=forge.slblock([*entries, (0x3692, rows, 0)]))
    (found,) = _store(forge).items(ORPHANS)
    assert found.item is not None
    assert (len(found.item.attachments), len(found.item.recipients)) == (50, 3)
    said = " ".join(lost.lost for lost in found.item.problems)
    assert "250 further attachments" in said
    assert "6 further recipients" in said


def _tampered(change: Callable[[bytearray], None]) -> Callable[[Forge], None]:
    def attack(forge: Forge) -> None:
        forge.message(FIRST, "victim")
        made = bytearray(forge.blocks[forge.nodes[FIRST].data])
        change(made)
        forge.blocks[forge.nodes[FIRST].data] = bytes(made)

    return attack


def _far_map(made: bytearray) -> None:
    struct.pack_into("<H", made, 0, 0xFFFF)


def _many_items(made: bytearray) -> None:
    struct.pack_into("<H", made, *struct.unpack_from("<H", made), 0xFFFF)


def _ring_of_keys(made: bytearray) -> None:
    made[:] = heap([struct.pack("<BBBBI", 0xB5, 2, 6, 8, 2 << 5), struct.pack("<HI", 0, 2 << 5) * 9], 0xBC)


def _own_sub_nodes(forge: Forge) -> None:
    ring = forge.bid(internal=True)
    forge.siblock([(0x692, ring), (0x700, ring)], bid=ring)
    forge.message(FIRST, "victim", sub=ring)


def _four_gigabytes(forge: Forge) -> None:
    tree_ = forge.xblock([forge.block(b"A" * 8000), 0x7FFC], 0xFFFFFFFF)
    sub = forge.slblock([(0x813F, tree_, 0)])
    data = forge.block(context(text(tags.PR_MESSAGE_CLASS, "IPM.Note"), {LONG: 0x813F}))
    forge.node(FIRST, data, sub)


def _columns(forge: Forge, count: int, width: int, number: int) -> None:
    columns = b"".join(struct.pack("<IHBB", 0x1000001F + (at << 16), 0xFFFF, 255, 255) for at in range(count % 200))
    info = struct.pack("<BB4HIII", 0x7C, count, width, width, width, width, 2 << 5, 4 << 5, 0) + columns
    header = struct.pack("<BBBBI", 0xB5, 4, 4, 0, 3 << 5)
    held = heap([info, header, struct.pack("<II", 1, number), b"\xff" * 17], 0x7C)
    forge.message(FIRST, "victim", sub=forge.slblock([(0x692, forge.block(held), 0)]))


_ATTACKS: dict[str, Callable[[Forge], None]] = {
    "the map of a heap lies outside of it": _tampered(_far_map),
    "a heap has more items than bytes": _tampered(_many_items),
    "a tree on a heap leads to itself": _tampered(_ring_of_keys),
    "a block of sub-nodes names itself": _own_sub_nodes,
    "a value of four gigabytes": _four_gigabytes,
    "more columns than their description": lambda forge: _columns(forge, 255, 16, 0),
    "rows of 65,535 bytes": lambda forge: _columns(forge, 2, 0xFFFF, 0),
    "row number 4,294,967,295": lambda forge: _columns(forge, 2, 17, 0xFFFFFFFF),
}


@pytest.mark.parametrize("name", _ATTACKS)
def test_an_attack_costs_its_item_and_says_so(name: str) -> None:
    forge = small()
    _ATTACKS[name](forge)
    made = read(forge.build())
    assert account_fault(made) == ""
    (victim,) = (one for one in made.items if one.nid == FIRST)
    assert victim.error is not None or victim.trail.faults or (victim.item is not None and victim.item.problems)
    others = [one for one in made.items if one.nid != FIRST]
    assert len(others) == 20
    assert all(one.item is not None and not one.item.problems and not one.trail.faults for one in others)


def test_values_that_no_clock_and_no_table_of_code_pages_knows_give_records_all_the_same() -> None:
    forge = small()
    values = text(tags.PR_MESSAGE_CLASS, "IPM.Note") | {tags.PR_SUBJECT << 16 | 0x1E: b"\x82\xa0 narrow"}
    values |= {0x3FFD0003: 0xFFFFFFFF, 0x3FDE0003: 0x80000000, 0x3FF10003: 0xFFFFFFFE}
    times = (tags.PR_CLIENT_SUBMIT_TIME, tags.PR_MESSAGE_DELIVERY_TIME, tags.PR_CREATION_TIME)
    for key, ticks in zip(times, (2**64 - 1, 2**63, 1), strict=True):
        values[key << 16 | 0x40] = struct.pack("<Q", ticks)
    forge.node(FIRST, forge.block(context(values)))
    data = forge.build()
    found = [record for each in _ranges(data) for record in _records(data, each)]
    assert sum(isinstance(record, Message) for record in found) == 21


def test_an_item_that_only_a_damaged_page_names_does_not_pass_for_verified() -> None:
    data = bytearray(small().build())
    leaf = next(page.at for page, _ in NodeDatabase(io.BytesIO(bytes(data))).nbt.leaves() if 0x200004 in page.keys)
    at = data.index(struct.pack("<Q", 0x200024), leaf) + 8
    other = data.index(struct.pack("<Q", 0x200044), leaf) + 8
    # One item gets the blocks of another: every block holds, and only the check value of the page does not.
    data[at : at + 8] = data[other : other + 8]
    store = open_store(io.BytesIO(bytes(data)))
    (found,) = (one for one in store.items(INBOX) if one.nid == 0x200024)
    assert found.item is not None
    assert found.integrity is Integrity.FAILED
    assert "node tree" in found.trail.faults[0]
