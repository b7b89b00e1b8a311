"""Folders, attachments and messages inside messages, from stores forged for each; and the second opinion."""

from __future__ import annotations

import io

import pytest

from forensics.formats import mapi
from forensics.formats.mapi import AttachedThing, Item, tags
from forensics.formats.pst.comparison import second_opinion
from forensics.formats.pst.folders import ORPHANS
from forensics.formats.pst.messaging.items import MAX_EMBEDDED, MOST_INSIDE
from forensics.formats.pst.messaging.rules import delegates_of, rule_of
from forensics.formats.pst.messaging.store import Store, open_store
from forensics.formats.pst.ndb.subnodes import Node
from forensics.records import Recovery
from tests.corpus import corpus, needs_corpus
from tests.formats.pst.forge import ROOT, Forge, context, small, table, text

NID = 0x210004
METHOD = 0x37050003
DATA = 0x37010102
OBJECT = 0x3701000D


def _store(forge: Forge) -> Store:
    return open_store(io.BytesIO(forge.build()))


def _item(forge: Forge) -> Item:
    (found,) = _store(forge).items(ORPHANS)
    assert found.item is not None
    return found.item


def _with(forge: Forge, attachment: bytes, *inside: tuple[int, int, int]) -> AttachedThing:
    """A message with this one attachment, whose own sub-nodes are given."""
    own = forge.slblock(inside) if inside else 0
    forge.message(NID, "carrier", sub=forge.slblock([(0x8025, forge.block(attachment), own)]))
    (thing,) = _item(forge).attachments
    return thing


def _bytes(thing: AttachedThing) -> bytes:
    assert thing.data is not None
    return b"".join(thing.data.chunks())


def test_attachments_by_value_lie_in_the_heap_or_in_a_sub_node() -> None:
    assert _bytes(_with(small(), context({DATA: b"short", METHOD: 1}))) == b"short"
    forge = small()
    leaves = [forge.block(bytes([number]) * 8000) for number in range(3)]
    tree = forge.xblock(leaves, 24_000)
    thing = _with(forge, context({METHOD: 1}, {DATA: 0x813F}), (0x813F, tree, 0))
    assert _bytes(thing) == b"".join(bytes([number]) * 8000 for number in range(3))
    assert thing.data is not None
    assert thing.data.size == 24_000


def test_an_ole_object_gives_the_bytes_of_its_storage() -> None:
    forge = small()
    held = forge.block(b"\xd0\xcf\x11\xe0 storage")
    value = (0x813F).to_bytes(4, "little") + bytes(4)
    thing = _with(forge, context({METHOD: tags.ATTACH_OLE, OBJECT: value}), (0x813F, held, 0))
    assert _bytes(thing).startswith(b"\xd0\xcf\x11\xe0")


def test_a_link_says_that_its_bytes_are_elsewhere() -> None:
    thing = _with(small(), context({METHOD: tags.ATTACH_BY_REFERENCE} | text(0x370D, "\\\\server\\file")))
    assert "link" in thing.lost
    assert thing.reference == "\\\\server\\file"


def test_messages_inside_messages_are_read_down_to_a_limit() -> None:
    forge = small()
    data, sub = forge.nodes[0x200004].data, 0
    for _ in range(MAX_EMBEDDED + 3):
        value = (0x8104).to_bytes(4, "little") + bytes(4)
        held = forge.block(context({METHOD: tags.ATTACH_EMBEDDED_MESSAGE, OBJECT: value}))
        own = forge.slblock([(0x8104, data, sub)])
        sub = forge.slblock([(0x8025, held, own)])
        data = forge.block(context(text(tags.PR_MESSAGE_CLASS, "IPM.Note") | text(tags.PR_SUBJECT, "outer")))
    forge.nodes[NID] = Node(NID, data, sub)
    item, depth = _item(forge), 0
    while item.attachments and item.attachments[0].embedded is not None:
        item, depth = item.attachments[0].embedded, depth + 1
    assert depth == MAX_EMBEDDED
    assert "deep" in item.attachments[0].lost


def test_messages_that_unfold_without_end_are_cut() -> None:
    forge = small()
    data, sub = forge.nodes[0x200004].data, 0
    for _ in range(8):
        value = (0x8104).to_bytes(4, "little") + bytes(4)
        held = forge.block(context({METHOD: tags.ATTACH_EMBEDDED_MESSAGE, OBJECT: value}))
        own = forge.slblock([(0x8104, data, sub)])
        sub = forge.slblock([(0x8025 + 32 * number, held, own) for number in range(20)])
        data = forge.block(context(text(tags.PR_MESSAGE_CLASS, "IPM.Note")))
    forge.nodes[NID] = Node(NID, data, sub)
    (found,) = _store(forge).items(ORPHANS)
    count, todo = 0, [found.item]
    while todo:
        one = todo.pop()
        count += 1
        todo += [thing.embedded for thing in one.attachments if thing.embedded] if one else []
    assert count <= MOST_INSIDE + 2


def test_items_that_share_a_few_large_blocks_stop_at_what_a_store_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.formats.pst.ndb.datatree._FREE_IN_ALL", 0)
    forge = small()
    leaves = [forge.block(bytes([number]) * 8000) for number in range(40)]
    sub = forge.slblock([(0x813F, forge.xblock(leaves, 320_000), 0)])
    data = forge.block(context(text(tags.PR_MESSAGE_CLASS, "IPM.Note"), {0x10130102: 0x813F}))
    for number in range(400):
        forge.nodes[NID + 32 * number] = Node(NID + 32 * number, data, sub)
    found = list(_store(forge).items(ORPHANS))
    assert found[0].item is not None
    assert found[-1].error is not None
    assert "over and over" in found[-1].error.cause


def test_a_recipient_has_its_own_properties() -> None:
    forge = small()
    rows = forge.block(table(forge.layout, [(0, "first"), (1, "second")]))
    forge.message(NID, "to two", sub=forge.slblock([(0x692, rows, 0)]))
    assert [bag.text(tags.PR_SUBJECT) for bag in _item(forge).recipients] == ["first", "second"]


def test_folders_that_lie_in_each_other_are_walked_once() -> None:
    forge = small()
    forge.nodes[0x802D] = Node(0x802D, forge.block(table(forge.layout, [(ROOT, ""), (0x8022, "")])), 0)
    store = _store(forge)
    assert [node.nid for node in store.folders()] == [ROOT, 0x8022]
    assert any("ring" in lost.cause for lost in store.problems)


def test_folders_that_nobody_lists_are_shown_as_orphans() -> None:
    forge = small()
    forge.folder(0x8042, "Hidden", listed=[(NID, "inside")])
    forge.message(NID, "inside", parent=0x8042)
    store = _store(forge)
    (hidden,) = (node for node in store.folders() if node.nid == 0x8042)
    assert (hidden.path, hidden.place.recovery) == (("Hidden",), Recovery.ORPHANED)
    assert [mapi.subject(found.item) for found in store.items(0x8042) if found.item] == ["inside"]


def test_where_a_contents_table_is_gone_the_parents_of_the_nodes_stand_in() -> None:
    forge = small()
    forge.nodes[0x802E] = Node(0x802E, forge.block(b"no heap at all"), 0)
    store = _store(forge)
    assert len([found for found in store.items(0x8022) if found.item is not None]) == 20
    assert any(node.problems for node in store.folders())


def test_rules_and_delegates_are_read_from_associated_items() -> None:
    forge = small()
    nid = 0x100008
    values = text(tags.PR_MESSAGE_CLASS, "IPM.Rule.Version2.Message") | text(0x65EC, "forward all")
    values |= {0x65E90003: 1, 0x65EE0102: "thief@example.com".encode("utf-16-le")}
    forge.node(nid, forge.block(context(values)), parent=0x8022)
    forge.nodes[0x802F] = Node(0x802F, forge.block(table(forge.layout, [(nid, "rule")])), 0)
    (found,) = (found for found in _store(forge).items(0x8022) if found.associated)
    rule = rule_of(found)
    assert rule is not None
    assert (rule.name, rule.enabled, rule.texts) == ("forward all", True, ("thief@example.com",))
    names = b"\1\0\0\0\x08\0\0\0" + "Mallory\0".encode("utf-16-le")
    forge.message(NID, "x")
    forge.nodes[NID] = Node(NID, forge.block(context({0x6844101F: names, 0x001A001F: "IPM.X".encode("utf-16-le")})), 0)
    assert [one.name for one in delegates_of(_item(forge))] == ["Mallory"]


@needs_corpus
@pytest.mark.parametrize("name", ["submessage.pst", "pstextractortest@outlook.com.ost", "contacts97-2002.pst"])
def test_libpff_agrees_on_every_point_that_it_can_read(name: str) -> None:
    (path,) = corpus().glob(f"pst/**/{name}")
    with path.open("rb") as handle:
        opinion = second_opinion(handle)
    assert opinion.refused == ""
    assert opinion.disagreements == ()
    assert opinion.items > 0


@needs_corpus
def test_what_libpff_refuses_is_said_and_is_no_disagreement() -> None:
    (path,) = corpus().glob("pst/**/submessage.pst")
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    opinion = second_opinion(io.BytesIO(bytes(data)))
    assert opinion.refused
    assert opinion.disagreements == ()
