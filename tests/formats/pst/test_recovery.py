"""Recovery by tiers, each from a store that was forged to hold just that; and the account of every byte."""

from __future__ import annotations

import io

import pytest

from forensics.formats import mapi
from forensics.formats.mapi import tags
from forensics.formats.pst.accounting import pieces
from forensics.formats.pst.folders import ORPHANS
from forensics.formats.pst.messaging.store import open_store
from forensics.formats.pst.ndb.layout import LAYOUTS, Layout
from forensics.formats.pst.ndb.subnodes import Node
from forensics.formats.pst.recovery.found import Confidence, Recovered, Tier
from forensics.formats.pst.recovery.recover import Recoverer
from forensics.formats.pst.recovery.space import Piece, Use, gaps, without_overlap
from forensics.records import Integrity, Recovery
from tests.formats.pst.forge import Forge, context, heap, small, table, text

INBOX, GONE = 0x8022, 0x210004
layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: str(layout.width))


def _recovered(forge: Forge) -> list[Recovered]:
    return list(Recoverer(open_store(io.BytesIO(forge.build()))).items())


def _subject(one: Recovered) -> str:
    return "" if one.found.item is None else mapi.subject(one.found.item)


def _delete(forge: Forge, nid: int, *, named: bool = True) -> Node:
    """Take a node out of the tree and its block out of the block tree; a superseded page may still name it."""
    node = forge.nodes.pop(nid)
    forge.refused.add(node.data)
    if named:
        forge.stale.append([node])
    return node


@layouts
def test_a_deleted_node_is_found_through_a_superseded_page(layout: Layout) -> None:
    forge = small(layout)
    forge.message(GONE, "deleted", "what it said", parent=INBOX)
    _delete(forge, GONE)
    (one,) = _recovered(forge)
    assert (one.tier, one.confidence, _subject(one)) == (Tier.DELETED_NODE, Confidence.CERTAIN, "deleted")
    assert one.found.path == ("Inbox",)
    assert one.found.place.recovery is Recovery.STALE
    assert one.found.integrity is Integrity.VERIFIED
    assert one.page is not None
    assert one.found.span is not None
    assert one.found.item is not None
    assert one.found.item.properties.text(tags.PR_BODY) == "what it said"
    assert one.overwritten == ()


def test_entries_of_a_page_that_was_overwritten_in_part_are_believed_one_by_one() -> None:
    forge = small()
    for number in range(4):
        forge.message(GONE + 32 * number, f"deleted {number}", parent=INBOX)
    nodes = [forge.nodes.pop(GONE + 32 * number) for number in range(4)]
    forge.refused.update(node.data for node in nodes)
    forge.stale.append(nodes)
    data = bytearray(forge.build())
    at = data.index(b"".join(forge.layout.node.pack(*node) for node in nodes))
    data[at : at + 64] = b"\x5a" * 64
    found = list(Recoverer(open_store(io.BytesIO(bytes(data)))).items())
    tiers = {_subject(one): (one.tier, one.confidence) for one in found}
    assert tiers["deleted 2"] == tiers["deleted 3"] == (Tier.DELETED_NODE, Confidence.PROBABLE)
    assert tiers["deleted 0"][0] is tiers["deleted 1"][0] is Tier.REMNANT
    assert len(found) == 4


def test_a_deleted_folder_keeps_its_name_in_the_path_of_what_lay_in_it() -> None:
    forge = small()
    forge.folder(0x8042, "Secret")
    forge.message(GONE, "deleted", parent=0x8042)
    _delete(forge, GONE)
    for nid in (0x8042, 0x804D, 0x804E, 0x804F):
        _delete(forge, nid)
    recoverer = Recoverer(open_store(io.BytesIO(forge.build())))
    assert [node.path for node in recoverer.folders()] == [("Secret",)]
    assert [(one.tier, one.found.path) for one in recoverer.items()] == [(Tier.DELETED_NODE, ("Secret",))]


def test_an_older_version_of_a_live_item_is_shown_beside_it_and_an_equal_one_is_grouped() -> None:
    forge = small()
    nid = 0x200004
    forge.stale.append([forge.nodes[nid]._replace(data=forge.block(context(
        text(tags.PR_MESSAGE_CLASS, "IPM.Note") | text(tags.PR_SUBJECT, "before the edit")
    )))])  # fmt: skip
    same = forge.block(forge.blocks[forge.nodes[nid].data])
    forge.stale.append([forge.nodes[nid]._replace(data=same)])
    forge.refused.update((same, forge.stale[0][0].data))
    found = {_subject(one): one for one in _recovered(forge)}
    assert set(found) == {"before the edit", "subject 0"}
    assert {one.tier for one in found.values()} == {Tier.OLDER_VERSION}
    assert found["before the edit"].same_as == ""
    assert found["subject 0"].same_as == f"node:{nid}"


def test_what_was_overwritten_is_named() -> None:
    forge = small()
    gone = forge.message(GONE, "deleted", parent=INBOX)
    node = _delete(forge, gone)
    del forge.blocks[node.data]
    (one,) = _recovered(forge)
    assert one.found.item is None
    assert "overwritten" in one.overwritten[0]


def test_attachments_are_recovered_where_only_the_properties_are_gone() -> None:
    forge = small()
    held = forge.block(context({0x37010102: b"the bytes", 0x37050003: 1}))
    sub = forge.slblock([(0x8025, held, 0)])
    forge.message(GONE, "deleted", parent=INBOX, sub=sub)
    node = _delete(forge, GONE)
    del forge.blocks[node.data]
    forge.refused.update((held, sub))
    (one,) = _recovered(forge)
    assert one.found.item is not None
    (thing,) = one.found.item.attachments
    assert thing.data is not None
    assert b"".join(thing.data.chunks()) == b"the bytes"
    assert any("properties" in part for part in one.overwritten)


def test_free_blocks_that_no_page_names_are_read_by_themselves() -> None:
    forge = small()
    forge.message(GONE, "left behind", parent=INBOX)
    _delete(forge, GONE, named=False)
    forge.refused.add(forge.block(b"a fragment of an attachment"))
    recoverer = Recoverer(open_store(io.BytesIO(forge.build())))
    (one,) = recoverer.items()
    assert (one.tier, _subject(one), one.found.place.recovery) == (Tier.REMNANT, "left behind", Recovery.REMNANT)
    assert recoverer.fragments == 1


def test_a_remnant_that_equals_a_live_item_is_grouped_with_it() -> None:
    forge = small()
    forge.refused.add(forge.block(forge.blocks[forge.nodes[0x200004].data]))
    (one,) = _recovered(forge)
    assert one.same_as == f"node:{0x200004}"


def test_a_remnant_finds_its_sub_nodes_again() -> None:
    forge = small()
    body = forge.block("a long body".encode("utf-16-le"))
    sub = forge.slblock([(0x813F, body, 0), (0x692, forge.block(heap([b""], 0x7C)), 0)])
    data = forge.block(context(
        text(tags.PR_MESSAGE_CLASS, "IPM.Note") | text(tags.PR_SUBJECT, "long"), {0x1000001F: 0x813F}
    ))  # fmt: skip
    forge.refused.update((body, sub, data, body + 4))
    found = [one for one in _recovered(forge) if _subject(one) == "long"]
    assert found[0].confidence is Confidence.PROBABLE
    assert found[0].found.item is not None
    assert found[0].found.item.properties.text(tags.PR_BODY) == "a long body"


def test_rows_beyond_the_index_of_a_contents_table_are_read() -> None:
    forge = small()
    forge.folder(0x8042, "Work", listed=[], beyond=[(GONE, "only its row is left")])
    forge.nodes[0x122 & ~31 | 0x0D] = Node(0x12D, forge.block(table(forge.layout, [(INBOX, ""), (0x8042, "")])), 0)
    (one,) = _recovered(forge)
    assert (one.tier, _subject(one), one.found.nid) == (Tier.TABLE_ROW, "only its row is left", GONE)
    assert one.found.path == ("Work",)
    assert one.confidence is Confidence.POSSIBLE or one.confidence is Confidence.PROBABLE


def test_a_value_of_an_old_row_whose_place_a_live_row_uses_is_not_shown() -> None:
    forge = small()
    raw = bytearray(table(forge.layout, [(0x200004, "live")], [(GONE, "old")]))
    # The old row now points to the subject of the live one.
    raw[raw.index((GONE).to_bytes(4, "little")) + 12 :][:4] = b""
    at = raw.index(GONE.to_bytes(4, "little")) + 12
    raw[at : at + 4] = (6 << 5).to_bytes(4, "little")
    forge.nodes[INBOX & ~31 | 0x0E] = Node(INBOX & ~31 | 0x0E, forge.block(bytes(raw)), 0)
    one = next(one for one in _recovered(forge) if one.found.nid == GONE)
    assert _subject(one) == ""
    assert one.confidence is Confidence.POSSIBLE


def test_items_that_no_folder_lists_are_orphans_with_the_folder_that_they_name() -> None:
    forge = small()
    forge.message(GONE, "unlisted", parent=INBOX)
    forge.message(GONE + 32, "no parent", parent=0x9002)
    store = open_store(io.BytesIO(forge.build()))
    found = [(found.path, mapi.subject(found.item)) for found in store.items(ORPHANS) if found.item is not None]
    assert found == [(("Inbox",), "unlisted"), ((), "no parent")]
    assert {found.place.recovery for found in store.items(ORPHANS)} == {Recovery.ORPHANED}


def test_a_message_that_holds_itself_is_read_once() -> None:
    forge = small()
    inner = 0x8100 | 4
    data = forge.bid()
    forge.message(GONE, "ring", parent=INBOX)
    data = forge.nodes[GONE].data
    sub = forge.bid(internal=True)
    attachment = context({0x37050003: tags.ATTACH_EMBEDDED_MESSAGE, 0x3701000D: inner.to_bytes(4, "little") + bytes(4)})
    forge.blocks[sub] = b""
    held = forge.block(attachment)
    row = forge.layout.sub_leaf.pack(0x8025, held, sub) + forge.layout.sub_leaf.pack(inner, data, sub)
    forge.blocks[sub] = b"\x02\x00\x02\x00\x00\x00\x00\x00" + row
    forge.nodes[GONE] = forge.nodes[GONE]._replace(sub=sub)
    store = open_store(io.BytesIO(forge.build()))
    (found,) = store.items(ORPHANS)
    assert found.item is not None
    assert [thing.lost for thing in found.item.attachments] == ["The message holds itself and is read once."]


@layouts
def test_every_byte_of_a_store_is_exactly_one_thing(layout: Layout) -> None:
    forge = small(layout)
    forge.message(GONE, "deleted", parent=INBOX)
    _delete(forge, GONE)
    data = bytearray(forge.build())
    data[forge.places[4] + 3] ^= 1
    data += b"rubbish behind the end"
    recoverer = Recoverer(open_store(io.BytesIO(bytes(data))))
    found = list(recoverer.items())
    assert found
    account = recoverer.account()
    assert account.total == account.size == len(data)
    assert account.recovered_block == layout.stored_size(len(forge.blocks[forge.stale[0][0].data]))
    assert account.unreadable == layout.stored_size(len(forge.blocks[4]))
    done = 0
    for piece in pieces(recoverer.store.db):
        assert piece.start == done
        done = piece.end
    assert done == len(data)


def test_pieces_are_cut_where_they_overlap_and_at_the_end() -> None:
    cut = list(without_overlap([Piece(4, 20, Use.LIVE), Piece(0, 8, Use.PAGE), Piece(6, 7, Use.LIVE)], 16))
    assert cut == [Piece(0, 8, Use.PAGE), Piece(8, 16, Use.LIVE)]
    assert list(gaps([Piece(2, 4, Use.LIVE)], 10)) == [(0, 2), (4, 10)]
