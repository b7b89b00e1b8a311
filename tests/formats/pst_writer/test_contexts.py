"""Whatever goes into heaps, property contexts and tables comes out again, read by the specification alone."""

from __future__ import annotations

import io
import struct

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.formats.pst.writer import Party, PstFolder, PstItem, PstStore, mail, write_pst
from forensics.formats.pst.writer.heap import Heap, header_size
from forensics.formats.pst.writer.layout import BLOCK_DATA
from forensics.formats.pst.writer.values import encode
from sample_data.maker.pst.contexts import Heap as ReadHeap
from sample_data.maker.pst.contexts import Node, Table, read_properties
from sample_data.maker.pst.image import Image
from tests.tools.pst_check import faults

UNHURRIED = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

VALUES = st.one_of(
    st.tuples(st.just(0x1F), st.text(max_size=3000)),
    st.tuples(st.just(0x0102), st.binary(max_size=20_000)),
    st.tuples(st.just(0x03), st.integers(-(1 << 31), (1 << 32) - 1)),
    st.tuples(st.just(0x14), st.integers(0, (1 << 64) - 1)),
    st.tuples(st.just(0x40), st.integers(0, (1 << 63) - 1)),
    st.tuples(st.just(0x0B), st.booleans()),
    st.tuples(st.just(0x48), st.uuids()),
    st.tuples(st.just(0x101F), st.lists(st.text(max_size=40), max_size=20)),
    st.tuples(st.just(0x1102), st.lists(st.binary(max_size=400), max_size=20)),
)
PROPERTIES = st.dictionaries(st.integers(0x4000, 0x65FF), VALUES, max_size=40)


def _store(*items: PstItem) -> Image:
    out = io.BytesIO()
    write_pst(out, PstStore(name="T", folders=[PstFolder(name="F", items=items)]))
    assert faults(out.getvalue()) == []
    return Image(out.getvalue())


@UNHURRIED
@given(PROPERTIES)
def test_every_property_comes_out_as_it_went_in(properties: dict[int, tuple[int, object]]) -> None:
    given_ = {prop_id << 16 | ptype: value for prop_id, (ptype, value) in properties.items()}
    image = _store(PstItem(properties=given_))
    message = next(nid for nid in image.nids() if nid & 0x1F == 4)
    found = read_properties(Node(image, *image.node(message)[:2]))
    assert {prop_id: found[prop_id] for prop_id in properties} == {
        prop_id: encode(ptype, value) for prop_id, (ptype, value) in properties.items()
    }


@UNHURRIED
@given(st.lists(st.integers(1, 3580), min_size=1, max_size=400))
def test_a_heap_gives_back_every_allocation_and_fills_its_blocks(sizes: list[int]) -> None:
    heap = Heap(0xBC)
    items = [bytes((number % 251,)) * size for number, size in enumerate(sizes)]
    hids = [heap.put(item) for item in items]
    blocks = heap.blocks(hids[0])
    assert all(len(block) == BLOCK_DATA for block in blocks[:-1])
    assert all(hid & 0x1F == 0 for hid in hids)
    back = ReadHeap(blocks)
    assert [back.get(hid) for hid in hids] == items


def test_fill_levels_stand_in_the_first_block_and_in_every_bitmap_block() -> None:
    heap = Heap(0xBC)
    first = heap.put(b"x")
    for _ in range(2 * 150):
        heap.put(bytes(3580))
    blocks = heap.blocks(first)
    assert len(blocks) > 137
    assert [header_size(number) for number in (0, 1, 8, 9, 136, 264)] == [12, 2, 66, 2, 66, 66]
    # Two values of 3580 bytes leave 1,004 bytes free, or 940 in a block with a bitmap: level 7 both.
    assert blocks[0][9:12] == b"\x77" * 3
    assert blocks[8][2:66] == b"\x77" * 64
    assert blocks[136][2:8] == b"\x77" * 6


def test_a_table_finds_each_row_by_its_id_whatever_the_number_of_rows() -> None:
    sender = Party(name="A", address="a@b.example")
    for count in (1, 28, 29, 70, 1200):
        image = _store(*(mail(subject=f"s{number}", sender=sender) for number in range(count)))
        folder = next(nid for nid in image.nids() if nid & 0x1F == 2 and nid > 0x8062)
        table = Table(Node(image, *image.node(folder - 2 + 0x0E)[:2]))
        assert len(table.slots) == len(table.order) == count
        for number, row_id in enumerate(sorted(table.order)):
            cells = table.cells(table.row(row_id))
            assert cells[0x67F20003] == struct.pack("<I", row_id)
            assert cells[0x0037001F].decode("utf-16-le") == f"\x01\x01s{number}"
