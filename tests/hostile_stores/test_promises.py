"""What the engine promises of search folders, deleted folders, passwords and encryption, on stores forged for each."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from forensics.errors import PARTLY_READ
from forensics.formats.mapi import tags
from forensics.formats.pst.folders import ORPHANS
from forensics.formats.pst.messaging.store import Store, open_store
from forensics.formats.pst.ndb.layout import UNICODE
from forensics.records import Folder, Message, Recovery
from tests.examination.cases import examined, rows
from tests.formats.pst.forge import ROOT, STORE, Forge, context, small, table, text
from tests.hostile_stores.seeds import content
from tests.parsers.test_pst import _ranges, _records

INBOX, BIN, BELOW, SEARCH = 0x8022, 0x1002, 0x1022, 0x2003
FIRST = 0x220004


def _store(forge: Forge) -> Store:
    return open_store(io.BytesIO(forge.build()))


def _listed(forge: Forge, *nids: int) -> None:
    """The root folder lists these."""
    forge.blocks[forge.nodes[ROOT & ~31 | 0x0D].data] = table(UNICODE, [(nid, "") for nid in (INBOX, *nids)])


def _bin(name: str, inner: str) -> Forge:
    """A folder with one item and a folder in it that has another."""
    forge = small(messages=2)
    forge.folder(BIN, name, below=[BELOW], listed=[(FIRST, "one")])
    forge.folder(BELOW, inner, listed=[(FIRST + 32, "two")], parent=BIN)
    forge.message(FIRST, "one", parent=BIN)
    forge.message(FIRST + 32, "two", parent=BELOW)
    _listed(forge, BIN)
    return forge


def _places(store: Store) -> set[tuple[str, Recovery]]:
    return {
        (one.path[-1], one.place.recovery)
        for node in store.folders()
        for one in store.items(node.nid)
        if one.item is not None
    }


def test_a_search_folder_is_listed_and_what_it_shows_is_read_once() -> None:
    forge = small(messages=3)
    nids = [nid for nid in forge.nodes if nid & 31 == 4]
    forge.node(SEARCH, forge.block(context(text(tags.PR_DISPLAY_NAME, "Unread mail"))), parent=ROOT)
    shown = forge.block(table(UNICODE, [(nid, "") for nid in nids]))
    # 0x10 is what [MS-PST] 2.2.2.1 gives a search folder; a contents table of the other kind is a forgery.
    forge.node(SEARCH & ~31 | 0x10, shown)
    forge.node(SEARCH & ~31 | 0x0E, shown)
    _listed(forge, SEARCH)
    data = forge.build()
    found = [record for each in _ranges(data) for record in _records(data, each)]
    (folder,) = (one for one in found if isinstance(one, Folder) and one.is_search)
    assert folder.name == "Unread mail"
    assert sum(isinstance(one, Message) for one in found) == 3


@pytest.mark.parametrize("name", ["Deleted Items", "削除済みアイテム", "削除済みｱｲﾃﾑ", "DELETED ITEMS", "ごみ箱"])
def test_a_deleted_folder_is_known_by_its_name_and_so_is_what_lies_below(name: str) -> None:
    deleted = Recovery.SOFT_DELETED
    assert _places(_store(_bin(name, "Old"))) == {("Inbox", Recovery.LIVE), (name, deleted), ("Old", deleted)}


@pytest.mark.parametrize("name", ["Recoverable Items", "回復可能なアイテム", "recoverable items"])
def test_deletions_below_recoverable_items_are_recoverable(name: str) -> None:
    recoverable = Recovery.RECOVERABLE_ITEMS
    wanted = {("Inbox", Recovery.LIVE), (name, recoverable), ("Deletions", recoverable)}
    assert _places(_store(_bin(name, "Deletions"))) == wanted


def test_the_store_names_its_deleted_folder_by_its_node_whatever_it_is_called() -> None:
    forge = _bin("くずかご", "Old")
    entry = bytes(4) + bytes(16) + struct.pack("<I", BIN)
    forge.blocks[forge.nodes[STORE].data] = context({tags.PR_IPM_WASTEBASKET_ENTRYID << 16 | 0x102: entry})
    found = dict(_places(_store(forge)))
    assert found == {"Inbox": Recovery.LIVE, "くずかご": Recovery.SOFT_DELETED, "Old": Recovery.SOFT_DELETED}


def test_a_folder_that_is_only_called_so_in_part_is_live() -> None:
    assert {recovery for _, recovery in _places(_store(_bin("Deletions", "削除済みアイテムについて")))} == {
        Recovery.LIVE
    }


def test_a_password_is_noted_and_keeps_nobody_out() -> None:
    forge = small(messages=3)
    forge.blocks[forge.nodes[STORE].data] = context({0x67FF0003: 0xDEADBEEF})
    store = _store(forge)
    assert store.password_crc == 0xDEADBEEF
    assert len([one for one in store.items(INBOX) if one.item is not None]) == 3
    assert list(store.items(ORPHANS)) == []


def _torn_archive() -> bytes:
    """The sample archive with the block of one message and a page of its node tree zeroed, and without its end."""
    data = bytearray(content("sample"))
    store = open_store(io.BytesIO(bytes(data)))
    victim = next(one for node in store.folders() for one in store.items(node.nid) if one.item is not None)
    at = store.db.read(victim.node.data).place.at
    data[at : at + 64] = bytes(64)
    page = sorted(store.db.nbt.offsets)[-1]
    data[page + 100] ^= 0x40
    return bytes(data)


def test_parse_names_what_a_damaged_store_lost_and_accounts_for_each_byte(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    data = _torn_archive()
    (folder / "archive.pst").write_bytes(data)
    summary = examined(tmp_path / "case", folder, workers=1)
    assert summary.exit_code == PARTLY_READ
    problems = rows(tmp_path / "case", "SELECT what, lost, cause FROM problem")
    assert any("CRC" in row["what"] + row["cause"] for row in problems)
    assert any("page of the node tree" in row["what"] for row in problems)
    assert all(row["what"] and row["lost"] and row["cause"] for row in problems)
    (account,) = rows(tmp_path / "case", "SELECT * FROM byte_account")
    classes = ("header", "page", "live_block", "recovered_block", "free_empty", "free_not_empty", "unreadable")
    assert sum(account[each] for each in classes) == account["size"] == len(data)
    assert account["unreadable"] > 0
    shown = [path for path in (tmp_path / "case" / "reports").rglob("*") if path.suffix in (".html", ".csv", ".json")]
    assert any("unreadable" in path.read_text("utf-8") for path in shown), [path.name for path in shown]
