"""Heaps, B-trees on them, property and table contexts: what forged bytes can say and what they cost."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import FormatError
from forensics.formats.mapi import Lost, PropertyBag, tags
from forensics.formats.pst.ltp import bth
from forensics.formats.pst.ltp.heap import Heap
from forensics.formats.pst.messaging.objects import NodeObject
from forensics.formats.pst.messaging.rules import texts_in
from forensics.formats.pst.ndb.blocks import Block, Place
from forensics.formats.pst.ndb.datatree import DataTree, Trail
from forensics.formats.pst.ndb.layout import LAYOUTS, UNICODE, Layout
from forensics.formats.pst.ndb.subnodes import Node
from tests.formats.pst.forge import Forge, context, heap, table, text

layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: str(layout.width))


class Held:
    """Blocks given by hand."""

    def __init__(self, blocks: dict[int, bytes], layout: Layout = UNICODE) -> None:
        self.blocks = blocks
        self.layout = layout

    def read(self, bid: int) -> Block:
        if bid not in self.blocks:
            raise FormatError("gone")
        return Block(bid, Place(0, len(self.blocks[bid])), self.blocks[bid], "")


def _object(data: bytes, layout: Layout = UNICODE) -> NodeObject:
    return NodeObject(Held({4: data}, layout), Node(0x21, 4, 0), Trail())


def test_items_of_a_heap_are_cut_by_its_map() -> None:
    found = _object(heap([b"one", b"", b"three"], 0xBC)).heap
    assert [found.item(index << 5) for index in range(4)] == [b"", b"one", b"", b"three"]
    assert found.count(0) == 3
    for hid in (4 << 5, 1 << 5 | 1, 1 << 16):
        with pytest.raises(FormatError):
            found.item(hid)


def test_properties_come_with_the_bytes_that_are_stored() -> None:
    values = text(tags.PR_SUBJECT, "title") | {0x30070040: struct.pack("<Q", 77), 0x0E070003: 5, 0x00170003: 1}
    bag = PropertyBag(_object(context(values)).context().properties({}, []))
    assert bag.text(tags.PR_SUBJECT) == "title"
    assert bag.filetime(tags.PR_CREATION_TIME) == 77
    assert bag.integer(tags.PR_MESSAGE_FLAGS) == 5
    assert bag[tags.PR_IMPORTANCE].raw == b"\1\0\0\0"


def test_a_value_that_is_gone_costs_that_value_and_says_so() -> None:
    lost: list[Lost] = []
    found = _object(context(text(tags.PR_SUBJECT, "title"), {0x1000001F: 0x813F})).context()
    bag = PropertyBag(found.properties({}, lost))
    assert bag.text(tags.PR_SUBJECT) == "title"
    assert [each.what for each in lost] == ["property 0x1000001f"]


@layouts
def test_rows_come_in_the_order_of_their_numbers_and_those_beyond_are_kept_apart(layout: Layout) -> None:
    found = _object(table(layout, [(0x24, "a"), (0x44, "b")], [(0x64, "c")]), layout).table()
    rows = [PropertyBag(found.properties(row, {}, [])).text(tags.PR_SUBJECT) for row in found.rows()]
    assert rows == ["a", "b"]
    assert [row.id for row in found.beyond()] == [0x64]


def test_a_table_over_many_blocks_holds_whole_rows_in_each() -> None:
    forge = Forge()
    raw = table(UNICODE, [(32 * n + 4, "s") for n in range(900)])
    inner = _object(raw).heap
    matrix = inner.item(4 << 5)
    per_block = 8176 // 17
    leaves = [matrix[17 * n : 17 * (n + per_block)] for n in range(0, 900, per_block)]
    bids = [forge.block(leaf.ljust(8176, b"\xee") if len(leaf) == 17 * per_block else leaf) for leaf in leaves]
    sub = forge.slblock([(0x105F, forge.xblock(bids, len(matrix)), 0)])
    info = bytearray(inner.item(1 << 5))
    struct.pack_into("<I", info, 14, 0x105F)
    items = [bytes(info), inner.item(2 << 5), inner.item(3 << 5), b"", inner.item(5 << 5)]
    items += [b"s\0"] * 900
    data = forge.block(heap(items, 0x7C))
    found = NodeObject(Held(forge.blocks), Node(0x2E, data, sub), Trail()).table()
    assert [row.id for row in found.rows()] == [32 * n + 4 for n in range(900)]
    assert found.block_of(next(iter(found.rows()))) == bids[0]


def test_a_tree_on_a_heap_that_leads_to_itself_ends() -> None:
    ring = struct.pack("<HI", 1, 2 << 5) * 2
    raw = heap([struct.pack("<BBBBI", 0xB5, 2, 6, 3, 2 << 5), ring], 0xBC)
    found = Heap(DataTree(Held({4: raw}), 4, Trail()), 11)
    with pytest.raises(FormatError, match="twice"):
        list(bth.leaves(found, found.root, 2, 6))


@layouts
@given(raw=st.binary(min_size=12, max_size=300), at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_changed_contexts_and_tables_raise_nothing_but_format_errors(
    layout: Layout, raw: bytes, at: int, value: int
) -> None:
    good = [context(text(tags.PR_SUBJECT, "title") | {0x10030102: b"\2\0\0\0abc"}), table(layout, [(0x24, "a")])]
    for data in (raw, *good):
        changed = bytearray(data)
        changed[at % len(changed)] = value
        try:
            found = _object(bytes(changed), layout)
        except FormatError:
            continue
        _read(found)


def _read(found: NodeObject) -> None:
    lost: list[Lost] = []
    with contextlib.suppress(FormatError):
        list(found.context().properties({}, lost))
    with contextlib.suppress(FormatError):
        rows = found.table()
        for row in (*rows.rows(), *rows.beyond()):
            list(rows.properties(row, {}, lost))


def test_texts_in_a_rule_are_read_in_both_widths() -> None:
    raw = b"\1\0\4" + "boss@example.com".encode("utf-16-le") + b"\0\0\xff" + b"forward to\0" + b"\x05"
    assert texts_in(raw) == ("boss@example.com", "forward to")
