"""Deletes, moves, orphans and edits messages of a writer-made store as Outlook does, and tells what is still there.

Written from [MS-PST] (2.2.2, 2.4.4, 2.6) alone, without the reader: the ground truth of the recovery tests.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from forensics.formats.pst.writer import PstItem
from forensics.formats.pst.writer.layout import NID_DELETED_ITEMS, NID_ROOT_FOLDER, Nid
from forensics.formats.pst.writer.messages import ItemWriter, stored_subject
from forensics.formats.pst.writer.names import Names
from forensics.formats.pst.writer.values import Encoded, encode
from sample_data.maker.pst.contexts import Node, Table, read_properties, rewrite_properties
from sample_data.maker.pst.image import Image
from sample_data.maker.pst.trees import BlockAt, StalePage
from sample_data.maker.pst.truth import Change, Deed, Teller, Truth, Version, contents, table_of, version_of

Rows = Literal["compacted", "left"]
Cells = Literal["freed", "kept"]

_SUBJECT, _BODY, _MODIFIED = 0x0037001F, 0x1000001F, 0x30080040
_COUNT, _UNREAD, _FLAGS = 0x3602, 0x3603, 0x0E07


@dataclass(slots=True)
class Mutator:
    """Changes a store; each verb ends with a commit, after which the bytes are a store that opens."""

    data: bytes
    image: Image = field(init=False)
    changes: list[Change] = field(init=False, default_factory=list)
    _tables: dict[int, Table] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.image = Image(self.data)

    def content(self) -> bytes:
        """The store as it stands."""
        return bytes(self.image.data)

    # Looking.

    def folders(self) -> dict[str, int]:
        """Node ids of the folders by their names."""
        image = self.image
        return {
            self._text(nid, 0x3001): nid
            for nid in image.nids()
            if nid & 0x1F == Nid.NORMAL_FOLDER and nid != NID_ROOT_FOLDER
        }

    def messages(self, folder: int) -> list[int]:
        """Node ids of the messages that a folder's contents table lists."""
        return sorted(self.table(folder).order)

    def version(self, nid: int) -> Version:
        """A message as it is now."""
        return version_of(self.image, nid, self._tables.get(self.image.node(nid)[2]))

    def _text(self, nid: int, prop_id: int) -> str:
        data, sub, _ = self.image.node(nid)
        return read_properties(Node(self.image, data, sub))[prop_id].raw.decode("utf-16-le")

    def table(self, folder: int) -> Table:
        """A folder's contents table as it is now."""
        return table_of(self.image, folder)

    # Doing.

    def move(self, nids: Iterable[int], folder: int = NID_DELETED_ITEMS) -> None:
        """Move messages to another folder, by default to Deleted Items: rows change tables, the node keeps its id."""
        for nid in self.begin("moved", nids):
            source = self.image.node(nid)[2]
            table = self.table(source)
            cells = table.cells(table.row(nid))
            table.remove(nid, rows="compacted", cells="freed")
            self.save(source, table)
            other = self.table(folder)
            other.add(nid, cells)
            self.save(folder, other)
            data, sub, _ = self.image.node(nid)
            self.image.set_node(nid, data, sub, folder)
            self.recount(source, folder)
        self.image.commit()

    def hard_delete(self, nids: Iterable[int], *, rows: Rows = "compacted", cells: Cells = "freed") -> None:
        """Delete messages past the bin: node and row go, blocks are freed, pages are copied on write."""
        for parent, group in self.by_parent(self.begin("hard_deleted", nids)).items():
            table = self.table(parent)
            for nid in group:
                table.remove(nid, rows=rows, cells=cells)
                data, sub, _ = self.image.node(nid)
                self.image.nbt.remove(nid)
                self.image.release(data)
                self.image.release(sub)
            self.save(parent, table)
            self.recount(parent)
        self.image.commit()

    def orphan(self, nids: Iterable[int], *, parent: int | None = None) -> None:
        """Take messages out of their contents table and leave their nodes, under another ``parent`` if one is given."""
        for folder, group in self.by_parent(self.begin("orphaned", nids)).items():
            table = self.table(folder)
            for nid in group:
                table.remove(nid, rows="compacted", cells="freed")
                data, sub, old = self.image.node(nid)
                self.image.set_node(nid, data, sub, old if parent is None else parent)
            self.save(folder, table)
            self.recount(folder)
        self.image.commit()

    def edit(
        self, nid: int, *, subject: str | None = None, body: str | None = None, modified: int | None = None
    ) -> None:
        """Change a message: its property context is written anew, the old blocks are freed, its row is changed."""
        self.begin("edited", [nid])
        image = self.image
        data, sub, parent = image.node(nid)
        node = Node(image, data, sub)
        given = {
            _SUBJECT: None if subject is None else encode(0x1F, stored_subject(subject)),
            _BODY: None if body is None else encode(0x1F, body),
            _MODIFIED: None if modified is None else encode(0x40, modified),
        }
        changed = {tag: value for tag, value in given.items() if value is not None}
        properties = read_properties(node) | {tag >> 16: value for tag, value in changed.items()}
        image.set_node(nid, *rewrite_properties(node, properties), parent)
        table = self.table(parent)
        table.change(nid, {tag: value.raw for tag, value in changed.items()})
        self.save(parent, table)
        image.commit()

    def add(self, items: Iterable[PstItem], folder: int, *, reuse: bool = False) -> list[int]:
        """Put new messages into a folder; with ``reuse`` into freed room first, as Outlook does."""
        image = self.image
        image.reuse = reuse
        writer = ItemWriter(blocks=image, names=Names(), seed=b"mutator", new_nid=self._new_nid)
        table, made = self.table(folder), []
        for item in items:
            nid = self._new_nid()
            written = writer.write(item, f"{nid:x}")
            image.set_node(nid, written.bid_data, written.bid_sub, folder)
            table.add(nid, {tag: value.raw for tag, value in written.cells.items()})
            made.append(nid)
        self.save(folder, table)
        self.recount(folder)
        image.commit()
        image.reuse = False
        return made

    def _new_nid(self) -> int:
        self.image.rgnid[Nid.NORMAL_MESSAGE] += 1
        return (self.image.rgnid[Nid.NORMAL_MESSAGE] - 1) << 5 | Nid.NORMAL_MESSAGE

    # Overwriting what was freed.

    def overwrite_blocks(self, nids: Iterable[int] | None = None, *, every: int = 1, fill: bytes = b"\xa5") -> int:
        """Fill each ``every``-th freed block of changed items (all, or those of ``nids``); returns how many."""
        wanted = None if nids is None else set(nids)
        versions = [one.before for one in self.changes if wanted is None or one.before.nid in wanted]
        blocks = [block for version in versions for block in version.blocks if self._is_free(block)]
        return self._fill(blocks[::every], fill)

    def overwrite_pages(self, *, every: int = 1, fill: bytes = b"\xa5") -> int:
        """Fill stale B-tree pages, each ``every``-th of them; returns how many."""
        pages = [one for one in self.image.stale if self._is_free(one)]
        return self._fill(pages[::every], fill)

    def overwrite_tables(self, *, fill: bytes = b"\xa5") -> int:
        """Fill the freed blocks that belonged to no message: former tables and folders, with the rows they held."""
        held = {block.bid for change in self.changes for block in change.before.blocks}
        return self._fill([one for one in self.image.freed if one.bid not in held and self._is_free(one)], fill)

    def _is_free(self, one: BlockAt | StalePage) -> bool:
        at = (one.ib - 0x4400) // 64
        return b"1" not in self.image.bits[at : at + len(one.raw) // 64]

    def _fill(self, things: Iterable[BlockAt | StalePage], fill: bytes) -> int:
        count = 0
        for one in things:
            self.image.data[one.ib : one.ib + len(one.raw)] = (fill * len(one.raw))[: len(one.raw)]
            count += 1
        return count

    # Ground truth.

    def truth(self) -> list[Truth]:
        """Of every change, what still stands of the item as it was before."""
        return Teller(self.image, self.changes).truth()

    # What every deed needs.

    def begin(self, deed: Deed, nids: Iterable[int]) -> list[int]:
        """Remember the messages as they are before a deed."""
        chosen = list(nids)
        # Read once for all of them: a table of many rows takes its time.
        self._tables = {parent: self.table(parent) for parent in {self.image.node(nid)[2] for nid in chosen}}
        for nid in chosen:
            before = self.version(nid)
            commit = self.image.commits + 1
            self.changes.append(Change(deed=deed, before=before, folder=before.parent, commit=commit))
        self._tables = {}
        return chosen

    def by_parent(self, nids: Iterable[int]) -> dict[int, list[int]]:
        """Messages by the folder that they lie in."""
        groups: dict[int, list[int]] = {}
        for nid in nids:
            groups.setdefault(self.image.node(nid)[2], []).append(nid)
        return groups

    def save(self, folder: int, table: Table) -> None:
        """Write a folder's contents table."""
        self.image.set_node(contents(folder), *table.save(), 0)

    def recount(self, *folders: int) -> None:
        """Put the numbers of items into the folder's properties and into its row in the parent's hierarchy table."""
        image = self.image
        for folder in folders:
            table = self.table(folder)
            flags = [table.cells(table.row(nid))[_FLAGS << 16 | 3] for nid in table.order]
            counts = {_COUNT: len(flags), _UNREAD: sum(not raw[0] & 1 for raw in flags)}
            new = {prop_id: Encoded(3, struct.pack("<I", count)) for prop_id, count in counts.items()}
            data, sub, parent = image.node(folder)
            node = Node(image, data, sub)
            image.set_node(folder, *rewrite_properties(node, read_properties(node) | new), parent)
            hierarchy = parent - Nid.NORMAL_FOLDER + Nid.HIERARCHY_TABLE
            data, sub, _ = image.node(hierarchy)
            rows = Table(Node(image, data, sub))
            rows.change(folder, {prop_id << 16 | 3: value.raw for prop_id, value in new.items()})
            image.set_node(hierarchy, *rows.save(), 0)
