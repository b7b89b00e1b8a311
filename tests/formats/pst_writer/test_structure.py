"""What [MS-PST] demands below the messages: check values, maps, B-trees, reference counts; the same bytes each time."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from forensics.formats import rtf as rtf_reader
from forensics.formats.pst.writer import (
    Crypt,
    NamedProperty,
    Party,
    PstAttachment,
    PstFolder,
    PstItem,
    PstStore,
    mail,
    tables,
    write_pst,
)
from forensics.formats.pst.writer.contexts import Layout
from forensics.formats.pst.writer.heap import fill_level
from forensics.formats.pst.writer.layout import FIRST_AMAP, NID_NAME_TO_ID_MAP, PAGE, SECTION, Page, crc, signature
from forensics.formats.pst.writer.messages import stored_subject
from forensics.formats.pst.writer.names import PS_PUBLIC_STRINGS, PSETID_COMMON, Names
from forensics.formats.pst.writer.rtf import compressed
from forensics.formats.pst.writer.space import Space, map_pages
from forensics.formats.pst.writer.values import encode, filetime
from sample_data.maker.pst.contexts import Node, Table, read_properties
from sample_data.maker.pst.image import Image
from tests.tools.pst_check import faults
from tests.tools.pst_stories import FIRST_TIME, noise, store, write_large

SENDER = Party(name="A", address="a@b.example")


def _written(*items: PstItem, **more: object) -> bytes:
    out = io.BytesIO()
    write_pst(out, PstStore(name="T", folders=[PstFolder(name="F", items=items)], **more))  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("crypt", list(Crypt))
def test_a_store_holds_every_rule_of_the_node_database(crypt: Crypt) -> None:
    assert faults(store(150, crypt=crypt)) == []


def test_a_store_of_more_than_128_sections_has_an_fmap_page_where_it_belongs() -> None:
    attachment = PstAttachment(name="x", data=noise("x", 1 << 20) * 40)
    data = _written(mail(subject="s", sender=SENDER, attachments=[attachment]))
    assert len(data) > FIRST_AMAP + 129 * SECTION
    at = FIRST_AMAP + 128 * SECTION + 2 * PAGE
    assert data[at + 496] == Page.FMAP
    assert faults(data) == []


def test_a_store_of_more_than_2_gb_has_an_fpmap_page_and_the_file_ends_where_the_header_will_say(
    tmp_path: Path,
) -> None:
    with (tmp_path / "sparse.pst").open("w+b") as out:
        space = Space(out)
        while space.last_amap < FIRST_AMAP + 8192 * SECTION:
            space.take(200_000 // 64 * 64)
        space.finish(1)
        at = FIRST_AMAP + 8192 * SECTION + 3 * PAGE
        out.seek(at)
        raw = out.read(PAGE)
        assert raw[496:498] == bytes((Page.FPMAP, Page.FPMAP))
        assert struct.unpack_from("<IQ", raw, 500) == (crc(raw[:496]), at)
        assert out.seek(0, 2) == space.end


def test_an_ole_object_lies_in_a_subnode_with_its_size() -> None:
    storage = noise("ole", 9000)
    image = Image(_written(mail(subject="s", sender=SENDER, attachments=[PstAttachment(name="o", ole=storage)])))
    message = next(nid for nid in image.nids() if nid & 0x1F == 4)
    one = next(one for nid, one in image.subnodes(image.node(message)[1]).items() if nid & 0x1F == 5)
    node = Node(image, one.bid_data, one.bid_sub)
    found = read_properties(node)
    assert found[0x3705].raw == struct.pack("<I", 6)
    at, size = struct.unpack("<II", found[0x3701].raw)
    assert (found[0x3701].ptype, size, b"".join(node.long_value(at))) == (0x0D, 9000, storage)


def test_associated_items_stand_in_their_own_table() -> None:
    rule = PstItem(properties={0x001A001F: "IPM.Rule.Version2.Message", 0x3001001F: "rule"})
    out = io.BytesIO()
    write_pst(out, PstStore(name="T", folders=[PstFolder(name="F", associated=[rule])]))
    image = Image(out.getvalue())
    folder = next(nid for nid in image.nids() if nid & 0x1F == 2 and nid > 0x8062)
    table = Table(Node(image, *image.node(folder - 2 + 0x0F)[:2]))
    [row_id] = table.order
    assert row_id & 0x1F == 8
    assert image.node(row_id)[2] == folder
    assert table.cells(table.row(row_id))[0x001A001F].decode("utf-16-le") == "IPM.Rule.Version2.Message"


def test_map_pages_stand_at_the_intervals_of_the_specification() -> None:
    assert map_pages(0) == {PAGE: Page.PMAP}
    assert map_pages(7) == {}
    assert map_pages(128) == {PAGE: Page.PMAP, 2 * PAGE: Page.FMAP}
    assert map_pages(128 + 496) == {PAGE: Page.PMAP, 2 * PAGE: Page.FMAP}
    assert map_pages(8192) == {PAGE: Page.PMAP, 3 * PAGE: Page.FPMAP}


def test_the_same_input_gives_the_same_bytes() -> None:
    assert store(40) == store(40)


def test_check_values_are_those_of_an_outlook_store() -> None:
    # From a store that Outlook made: the CRC of a named property's name, the signature of a page at 7800 with id 176.
    assert crc("content-class".encode("utf-16-le")) == 0xE6008F65
    assert signature(0x7800, 0x176) == 0x7976


def test_the_name_map_finds_properties_by_number_and_by_name() -> None:
    categories = NamedProperty(set=PS_PUBLIC_STRINGS, name="Keywords", ptype=0x101F)
    own = NamedProperty(set=UUID(int=7), name="x-case", ptype=0x1F)
    numbered = NamedProperty(set=PSETID_COMMON, name=0x8516, ptype=0x40)
    values = {categories: ["赤", "blue"], own: "17", numbered: FIRST_TIME}
    image = Image(_written(mail(subject="s", sender=SENDER, more=values)))
    message = next(nid for nid in image.nids() if nid & 0x1F == 4)
    found = read_properties(Node(image, *image.node(message)[:2]))
    names = Names()
    ids = [names.id_of(one) for one in (categories, own, numbered)]
    assert [found[prop_id].raw for prop_id in ids] == [encode(key.ptype, value).raw for key, value in values.items()]
    mapped = read_properties(Node(image, *image.node(NID_NAME_TO_ID_MAP)[:2]))
    assert mapped == names.properties()
    bucket = (crc("x-case".encode("utf-16-le")) ^ (4 << 1 | 1)) % 251 + 0x1000
    assert mapped[bucket].raw[-2:] == struct.pack("<H", ids[1] - 0x8000)


@pytest.mark.parametrize(
    ("subject", "stored"),
    [
        ("", ""),
        ("plain", "\x01\x01plain"),
        ("RE: x", "\x01\x05RE: x"),
        ("返信: x", "\x01\x05返信: x"),
        ("12: x", "\x01\x0112: x"),
        ("Order: x", "\x01\x01Order: x"),
    ],
)
def test_the_length_of_the_prefix_stands_before_a_subject(subject: str, stored: str) -> None:
    assert stored_subject(subject) == stored


@pytest.mark.parametrize("text", [b"", rb"{\rtf1 a}", rb"{\rtf1\ansi " + b"abcabc" * 3000 + b"}", noise("rtf", 6000)])
def test_compressed_rtf_is_what_went_in_when_decompressed(text: bytes) -> None:
    back = rtf_reader.decompress(compressed(text))
    assert back.raw == text
    assert back.crc_matches
    assert back.problems == ()


def test_times_are_kept_to_100_nanoseconds_and_need_a_zone() -> None:
    assert encode(0x40, FIRST_TIME + 7).raw == (FIRST_TIME + 7).to_bytes(8, "little")
    assert filetime(datetime(1970, 1, 1, tzinfo=UTC)) == 116_444_736_000_000_000
    with pytest.raises(ValueError, match="zone"):
        encode(0x40, datetime(2026, 1, 1))


def test_values_of_every_kind_are_encoded_as_the_specification_says() -> None:
    assert encode(0x0B, True).raw == b"\1"
    assert encode(0x03, -1).raw == b"\xff" * 4
    assert encode(0x05, 1.5).raw == struct.pack("<d", 1.5)
    assert encode(0x48, UUID(int=1)).raw == UUID(int=1).bytes_le
    assert encode(0x101F, ["a", "bc"]).raw == struct.pack("<III", 2, 12, 14) + "abc".encode("utf-16-le")
    assert encode(0x1003, [1, 2]).raw == struct.pack("<II", 1, 2)
    with pytest.raises(TypeError):
        encode(0x1F, 7)
    with pytest.raises(ValueError, match="0099"):
        encode(0x99, b"")


@pytest.mark.parametrize(
    ("layout", "ends"),
    [
        (tables.HIERARCHY, (52, 52, 53, 55)),
        (tables.CONTENTS, (120, 120, 122, 126)),
        (tables.ASSOC_CONTENTS, (56, 56, 57, 59)),
        (tables.SEARCH_CONTENTS, (72, 72, 75, 78)),
        (tables.RECIPIENTS, (48, 48, 50, 52)),
        (tables.ATTACHMENTS, (24, 24, 24, 25)),
    ],
)
def test_the_rows_of_the_templates_are_as_wide_as_in_an_outlook_store(layout: Layout, ends: tuple[int, ...]) -> None:
    assert layout.ends == ends


def test_fill_levels_follow_the_table_of_the_specification() -> None:
    assert [fill_level(free) for free in (4000, 3584, 3583, 2560, 2047, 128, 63, 8, 7, 0)] == [
        0,
        0,
        1,
        1,
        3,
        10,
        12,
        14,
        15,
        15,
    ]


def test_a_time_that_is_not_given_is_not_made_up() -> None:
    image = Image(_written(mail(subject="s", sender=SENDER)))
    message = next(nid for nid in image.nids() if nid & 0x1F == 4)
    found = read_properties(Node(image, *image.node(message)[:2]))
    assert {0x0039, 0x0E06, 0x3007, 0x3008}.isdisjoint(found)


def test_a_large_store_is_streamed_and_sound() -> None:
    out = io.BytesIO()
    made = write_large(out, 300, folders=3, attachment=20_000)
    assert (made.items, made.folders, made.size) == (300, 4, len(out.getvalue()))
    assert faults(out.getvalue()) == []
