"""Outlook data files (PST, OST) by our own engine: folders, items, recovered items, byte account ([MS-PST])."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.address import Address
from forensics.formats.pst import folders
from forensics.formats.pst.folders import ORPHANS
from forensics.formats.pst.messaging.store import Store, open_store
from forensics.formats.pst.recovery.recover import Recoverer
from forensics.formats.sniff import Kind
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.parsers.pst import found_records
from forensics.records import Record, Recovery

ITEMS_A_RANGE = 2000
_MOST_PATHS = 1 << 24
"""Characters of paths in the ranges of a store; a range without its path finds it through all folders again."""


class PstParser:
    """Reads a store in ranges: its folders, up to 2,000 items of one folder, what can be recovered."""

    name = "pst"
    title = "Outlook data file (PST, OST)"
    version = "3"

    def claims(self, candidate: Candidate) -> int:
        """Files with the signature of a personal store or an offline store."""
        return candidate.sniffed.strength if candidate.sniffed.kind in (Kind.PST, Kind.OST, Kind.PAB) else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """First the folders, then the items of each folder, then what is recovered with the account of all bytes."""
        found: list[Range] = [{"part": "folders"}]
        left = _MOST_PATHS
        with open_store(unit.handle) as store:
            for node in store.folders():
                path = "/" + "/".join(node.path)
                where: Range = {"nid": node.nid, "recovery": str(node.place.recovery), "basis": node.place.basis}
                parts = list(_cut(where, node.live + node.associated))
                left -= len(path) * len(parts)
                found.extend(parts if left < 0 else ({**each, "path": path} for each in parts))
            found.extend(_cut({"nid": ORPHANS, "path": "/"}, store.orphan_count))
        return [*found, {"part": "recovered"}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The records of one range."""
        wanted = [unit.range] if unit.range else self.ranges(unit)
        with open_store(unit.handle) as store:
            for each in wanted:
                if each["part"] == "folders":
                    yield from found_records.of_folders(store, at)
                elif each["part"] == "recovered":
                    yield from self._recovered(store, at, unit, keep)
                else:
                    yield from self._items(store, each, at, unit, keep)

    def _items(self, store: Store, each: Range, at: Address, unit: Unit, keep: Keep) -> Iterator[Record]:
        nid, start, stop = int(each["nid"]), int(each["start"]), int(each["stop"])
        if nid == ORPHANS or "path" not in each:
            items = store.items(nid, start, stop)
        else:
            place = folders.Place(Recovery(str(each["recovery"])), str(each["basis"]))
            items = store.contents(nid, (str(each["path"])[1:],), place, start, stop)
        for found in items:
            if unit.begin(f"node:{found.nid}"):
                yield from found_records.of_item(found, at, found_records.Around.of(unit), keep)

    def _recovered(self, store: Store, at: Address, unit: Unit, keep: Keep) -> Iterator[Record]:
        recoverer = Recoverer(store)
        for node in recoverer.folders():
            yield from found_records.of_folder(node, at.child(f"stale:{node.nid}"))
        for one in recoverer.items():
            if unit.begin(one.step):
                yield from found_records.of_recovered(one, at, found_records.Around.of(unit), keep)
        yield found_records.of_account(recoverer.account(), at)


def _cut(where: Range, items: int) -> Iterator[Range]:
    for start in range(0, items, ITEMS_A_RANGE):
        yield {"part": "items", **where, "start": start, "stop": min(start + ITEMS_A_RANGE, items)}
