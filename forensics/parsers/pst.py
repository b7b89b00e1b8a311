"""Outlook data files (PST, OST) by libpff: folders, live and orphaned items ([MS-PST]). Our own engine follows later.

Libpff checks no CRC, so every value has integrity NONE; what it cannot open is a problem that says what is lost.
Associated contents (views, rules, settings of a folder) are counted in the folder's record and not read yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.absent import Absent
from forensics.address import Address
from forensics.formats.mapi import Lost
from forensics.formats.pst import libpff
from forensics.formats.pst.folders import ORPHANS, FolderNode
from forensics.formats.pst.items import StoredItem
from forensics.formats.sniff import Kind
from forensics.parsers import mapi_records
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.records import Folder, Problem, Record, Recovery

ITEMS_A_RANGE = 500


class PstParser:
    """Reads folders and items of a store; ranges hold up to 500 items of one folder."""

    name = "pst"
    title = "Outlook data file (PST, OST)"
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """Files with the signature of a personal store or an offline store."""
        return candidate.sniffed.strength if candidate.sniffed.kind in (Kind.PST, Kind.OST, Kind.PAB) else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """First the folders, then the items of each folder, cut into ranges."""
        with libpff.open_store(unit.handle) as store:
            found: list[Range] = [{"part": "folders"}]
            for each in libpff.outline(store):
                for start in range(0, each.items, ITEMS_A_RANGE):
                    stop = min(start + ITEMS_A_RANGE, each.items)
                    path = "/" + "/".join(each.path)
                    found.append({"part": "items", "nid": each.nid, "path": path, "start": start, "stop": stop})
        return found

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The records of one range."""
        wanted = [unit.range] if unit.range else self.ranges(unit)
        with libpff.open_store(unit.handle) as store:
            for each in wanted:
                if each["part"] == "folders":
                    yield from self._folders(store, at)
                    continue
                items = store.items(int(each["nid"]), int(each["start"]), int(each["stop"]))
                for stored in (each for each in items if not each.associated):
                    yield from self._item(stored, str(each["path"]), at, unit, keep)

    def _folders(self, store: libpff.Store, at: Address) -> Iterator[Record]:
        for lost in store.problems:
            yield _problem(at, lost)
        for node in store.folders():
            address = at.child(f"node:{node.nid}")
            yield _folder(node, address)
            for lost in node.problems:
                yield _problem(address, lost)

    def _item(self, stored: StoredItem, path: str, at: Address, unit: Unit, keep: Keep) -> Iterator[Record]:
        step = f"node:{stored.nid}" if stored.nid is not None else f"item:{path}:{stored.position}"
        if not unit.begin(step):
            return
        address = at.child(step)
        if stored.item is None:
            yield _problem(address, stored.error or Lost("this item could not be read", "the whole item", "libpff"))
            return
        place = mapi_records.Place(
            store_path=path,
            recovery=stored.place.recovery,
            embedded_in=unit.embedded_in or Absent.NOT_APPLICABLE,
            depth=unit.depth,
        )
        yield from mapi_records.records_of(stored.item, address, place, keep)


def _folder(node: FolderNode, address: Address) -> Folder:
    return Folder(
        address=address,
        recovery=node.place.recovery,
        store_path="/" + "/".join(node.path),
        name=node.name or Absent.NOT_RECORDED,
        container_class=node.container_class or Absent.NOT_RECORDED,
        stored_count=Absent.NOT_RECORDED if node.stated_count is None else node.stated_count,
        associated_count=node.associated,
        is_search=node.is_search,
    )


def _problem(address: Address, lost: Lost) -> Problem:
    recovery = Recovery.ORPHANED if address.steps[-1] == f"node:{ORPHANS}" else Recovery.LIVE
    return Problem(address=address, recovery=recovery, what=lost.what, lost=lost.lost, cause=lost.cause)
