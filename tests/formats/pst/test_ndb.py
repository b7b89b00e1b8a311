"""Header, pages, trees, blocks: what is checked, and what forged ones cost."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import FormatError
from forensics.formats import mapi
from forensics.formats.pst.messaging.store import open_store
from forensics.formats.pst.ndb import crc, encryption
from forensics.formats.pst.ndb.blocks import Block, Place
from forensics.formats.pst.ndb.carving import PageAt, newest
from forensics.formats.pst.ndb.database import NodeDatabase
from forensics.formats.pst.ndb.datatree import DataTree, Trail, x_entries
from forensics.formats.pst.ndb.layout import ANSI, LAYOUTS, PTYPE_NBT, UNICODE, UNICODE_4K, Layout
from forensics.formats.pst.ndb.pages import tree_page
from forensics.formats.pst.ndb.subnodes import s_entries, subnodes
from forensics.records import Recovery
from tests.formats.pst.forge import Forge, small

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


@layouts
@pytest.mark.parametrize("crypt", [encryption.NONE, encryption.PERMUTE, encryption.CYCLIC])
def test_every_family_and_encoding_is_read(layout: Layout, crypt: int) -> None:
    store = open_store(io.BytesIO(small(layout, crypt).build()))
    assert [(node.path, node.live) for node in store.folders()] == [((), 0), (("Inbox",), 20)]
    subjects = [mapi.subject(found.item) for found in store.items(0x8022) if found.item is not None]
    assert subjects == [f"subject {index}" for index in range(20)]
    assert store.problems == ()


def test_blocks_that_were_deflated_are_inflated() -> None:
    forge = small(UNICODE_4K, encryption.NONE)
    forge.deflate = True
    store = open_store(io.BytesIO(forge.build()))
    assert len([found for found in store.items(0x8022) if found.item is not None]) == 20


@given(st.binary(max_size=700), st.integers(0, 2**64 - 1))
def test_encodings_are_undone_by_decoding(data: bytes, bid: int) -> None:
    for method in (encryption.NONE, encryption.PERMUTE, encryption.CYCLIC):
        assert encryption.decode(encryption.encode(data, method, bid), method, bid) == data


@given(st.binary(max_size=700), st.integers(0, 2**32 - 1))
def test_cyclic_is_the_algorithm_of_the_specification(data: bytes, key: int) -> None:
    word = (key ^ key >> 16) & 0xFFFF
    slow = bytearray()
    for byte in data:
        low, high = word & 0xFF, word >> 8
        byte = encryption.R[(byte + low) & 0xFF]
        byte = encryption.S[(byte + high) & 0xFF]
        byte = encryption.I[(byte - high) & 0xFF]
        slow.append((byte - low) & 0xFF)
        word = (word + 1) & 0xFFFF
    assert encryption.cyclic(data, key) == bytes(slow)


@layouts
@given(raw=st.binary(max_size=4096))
def test_any_bytes_are_a_page_or_not_without_an_error(layout: Layout, raw: bytes) -> None:
    tree_page(layout, raw.ljust(layout.page_size, b"\0")[: layout.page_size], 512)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_an_internal_block_or_refused(raw: bytes, ansi: bool) -> None:
    held = Held({6: raw, 10: b"\1\1" + raw, 14: b"\2\0" + raw, 18: b"\2\1" + raw}, ANSI if ansi else UNICODE)
    for bid in held.blocks:
        for entries in (x_entries, s_entries):
            try:
                entries(held, held.read(bid))
            except FormatError:
                continue
        subnodes(held, bid, Trail())


def test_a_tree_of_blocks_that_names_one_twice_is_refused() -> None:
    forge = Forge()
    leaf = forge.block(bytes(8000))
    bomb = forge.xblock([leaf] * 900, 900 * 8000)
    top = forge.xblock([bomb] * 900, 900 * 8000, level=2)
    for bid in (bomb, top):
        with pytest.raises(FormatError, match="a second time"):
            DataTree(Held(forge.blocks), bid, Trail())


def test_an_x_block_that_names_itself_is_refused() -> None:
    held = Held({6: struct.pack("<BBHIQ", 1, 2, 1, 8, 6)})
    with pytest.raises(FormatError):
        DataTree(held, 6, Trail())


def test_many_trees_over_the_same_blocks_stop_at_what_the_blocks_can_hold() -> None:
    forge = Forge()
    leaves = [forge.block(bytes(8000)) for _ in range(40)]
    trees = [forge.xblock(leaves, 40 * 8000) for _ in range(200)]
    trail, held = Trail(), Held(forge.blocks)
    with pytest.raises(FormatError, match="over and over"):
        b"".join(DataTree(held, bid, trail).read(1 << 30) for bid in trees)


def test_sub_nodes_that_name_themselves_end() -> None:
    forge = Forge()
    inner = forge.slblock([(0x692, 4, 0)])
    ring = forge.bid(internal=True)
    forge.siblock([(0x692, inner), (0x700, ring), (0x701, inner)], bid=ring)
    trail = Trail()
    assert set(subnodes(Held(forge.blocks), ring, trail)) == {0x692}
    assert trail.faults


def test_a_page_that_leads_to_itself_costs_no_time_and_its_leaves_are_found() -> None:
    data = bytearray(small().build())
    db = NodeDatabase(io.BytesIO(bytes(data)))
    root = db.header.nodes
    page = tree_page(UNICODE, bytes(data[root.at : root.at + 512]), root.at)
    assert page is not None
    assert page.level > 0
    key, _, _ = page.rows[0]
    body = bytearray(data[root.at : root.at + 496])
    struct.pack_into("<QQQ", body, 0, key, root.bid, root.at)
    data[root.at : root.at + 496] = body
    struct.pack_into("<I", data, root.at + 500, crc(bytes(body)))
    store = open_store(io.BytesIO(bytes(data)))
    assert len([found for node in store.folders() for found in store.items(node.nid) if found.item]) == 20
    assert store.problems


def test_of_pages_that_overlap_the_newest_is_taken() -> None:
    old, new = PageAt(0, 5, PTYPE_NBT, 0, 10, 20), PageAt(512, 9, PTYPE_NBT, 0, 15, 18)
    other = PageAt(1024, 3, PTYPE_NBT, 0, 30, 40)
    assert newest([old, new, other]) == [new, other]


@layouts
def test_a_store_without_a_header_is_read_from_its_pages(layout: Layout) -> None:
    data = bytearray(small(layout, encryption.CYCLIC).build())
    data[:564] = bytes(564)
    store = open_store(io.BytesIO(bytes(data)))
    found = [one.item for one in store.items(0x8022)]
    assert [mapi.subject(item) for item in found if item is not None] == [f"subject {index}" for index in range(20)]
    assert store.problems


def test_a_node_that_only_a_carved_page_names_says_so() -> None:
    data = bytearray(small().build())
    db = NodeDatabase(io.BytesIO(bytes(data)))
    data[db.header.nodes.at : db.header.nodes.at + 512] = bytes(512)
    store = open_store(io.BytesIO(bytes(data)))
    assert len(list(store.items(0x8022))) == 20
    assert {found.place.recovery for found in store.items(0x8022)} <= {Recovery.LIVE, Recovery.CARVED}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_changed_store_raises_nothing_but_format_errors(data: st.DataObject) -> None:
    raw = bytearray(small(messages=4).build())
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    del raw[data.draw(st.integers(600, len(raw))) :]
    try:
        store = open_store(io.BytesIO(bytes(raw)))
    except FormatError:
        return
    for node in store.folders():
        for found in store.items(node.nid):
            assert found.item is not None or found.error is not None


@pytest.mark.parametrize("data", [b"", b"!BDN", bytes(600), b"!BDN" + bytes(60_000)])
def test_what_holds_no_page_at_all_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(FormatError):
        open_store(io.BytesIO(data))
