"""PST and OST read through libpff-python, the only module that imports pypff; values come as raw bytes ([MS-PST] 2.4).

libpff checks no CRC and may crash on forged bytes, so run it in a guarded worker. Its properties that return
``datetime`` end the process on damaged items and are never touched: times are read from the raw entries.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

import pypff

from forensics.errors import FormatError
from forensics.formats.mapi import Lost, NamedId, PropertyBag, tags
from forensics.formats.pst import codepage, folders, names, ndb
from forensics.formats.pst.folders import ORPHANS, FolderNode, Place, Range
from forensics.formats.pst.items import REFUSALS, ItemReader, Notes, StoredItem, first_set, properties_of

_MAX_DEPTH = 256
_NOWHERE = 0x7FFFFFFF
_SAMPLE = 50
_PR_CODE_PAGE_ID = 0x66C3
_TODO = "The bytes are kept; the store may be damaged, and recovery from its pages may still reach its items."


class _Step(NamedTuple):
    """A folder that is still to be visited, and the way to it: the calls that open it anew, one after the other."""

    folder: Any
    route: tuple[int, ...]
    parent_path: tuple[str, ...]
    parent_nid: int
    place: Place
    orphan: int | None = None


def open_store(handle: BinaryIO) -> Store:
    """Open the PST or OST behind a handle; ``FormatError`` carries the words of libpff. Nothing is ever written."""
    header = ndb.read_header(handle)
    file = pypff.file()
    try:
        file.open_file_object(handle)
    except REFUSALS as refusal:
        raise FormatError(f"libpff cannot open this store: {refusal}", todo=_TODO) from refusal
    return Store(file, header)


class Store:
    """An open PST or OST. ``problems`` grows while the store is read; ``codepage`` is that of an ANSI store."""

    def __init__(self, file: Any, header: ndb.StoreHeader) -> None:
        self._file = file
        self.header = header
        self._notes = Notes()
        for contradiction in header.problems:
            self._notes.note("header of the store", "whether its other fields are right", contradiction)
        self._nodes: dict[int, FolderNode] = {}
        self._steps: dict[int, _Step] = {}
        self._associated: dict[int, tuple[int, ...]] = {}
        self._orphans: tuple[int, ...] = ()
        self.codepage: codepage.CodePage | None = None
        self._reader = ItemReader(self._read_names())
        self.properties = self._read_store()
        if header.width is ndb.Width.ANSI:
            self._choose_codepage()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        # Closing frees what libpff holds; there is nothing left to lose where it refuses.
        with contextlib.suppress(*REFUSALS):
            self._file.close()

    @property
    def kind(self) -> str:
        return self.header.kind

    @property
    def problems(self) -> tuple[Lost, ...]:
        return tuple(self._notes.found)

    @property
    def orphan_count(self) -> int:
        """How many items stand in the index without a parent; orphaned folders are among ``folders()``."""
        self._know_folders()
        return len(self._orphans)

    def folders(self) -> Iterator[FolderNode]:
        """Every folder, the root first and each before what lies in it; folders without a parent come last."""
        self._know_folders()
        yield from self._nodes.values()

    def items(self, folder_nid: int, start: int = 0, stop: int | None = None) -> Iterator[StoredItem]:
        """The items of a folder in order, the live ones first, then the associated ones; or of ``ORPHANS``."""
        self._know_folders()
        if folder_nid == ORPHANS:
            for index in _range(start, stop, len(self._orphans)):
                yield self._read(self._file.get_orphan_item, self._orphans[index], index, folders.ORPHANED)
            return
        node, folder = self._folder(folder_nid)
        for index in _range(start, stop, node.live + node.associated):
            if index < node.live:
                yield self._read(folder.get_sub_message, index, index, node.place)
            else:
                at = self._associated_at(node, folder, index - node.live)
                yield self._read(folder.get_sub_item, at, index, node.place, associated=True)

    def _associated_at(self, node: FolderNode, folder: Any, which: int) -> int:
        """Where this associated item stands among the sub items; one past them all where it is not to be found."""
        if node.nid not in self._associated:
            found = _associated(folder, node.live + node.associated, self._notes)
            self._associated[node.nid] = tuple(islice(found, node.associated))
        places = self._associated[node.nid]
        return places[which] if which < len(places) else _NOWHERE

    def _know_folders(self) -> None:
        if not self._nodes:
            self._orphans, orphaned_folders = self._sort_orphans()
            self._nodes = {node.nid: node for node in self._walk(orphaned_folders)}

    def _sort_orphans(self) -> tuple[tuple[int, ...], list[_Step]]:
        count = self._notes.ask(self._file.get_number_of_orphan_items, 0, "list of orphans", "every orphaned item")
        items, below = [], []
        for index in range(count):
            held = self._open_orphan(index)
            if isinstance(held, pypff.folder):
                below.append(_Step(held, (), (), 0, folders.ORPHANED, orphan=index))
            else:
                items.append(index)
        return tuple(items), below

    def _open_orphan(self, index: int) -> Any:
        # What cannot be opened stays among the items, where reading it says why.
        with contextlib.suppress(*REFUSALS):
            return self._file.get_orphan_item(index)
        return None

    def _read_names(self) -> dict[int, NamedId]:
        lost = "the names of named properties"
        held = self._notes.ask(self._file.get_name_to_id_map, None, "named properties", lost)
        streams = {one.id: one.raw for one in properties_of(first_set(held, self._notes), self._notes, {})}
        wanted = (names.STREAM_GUID, names.STREAM_ENTRY, names.STREAM_STRING)
        return names.named_ids(*(streams.get(stream, b"") for stream in wanted))

    def _read_store(self) -> PropertyBag:
        held = self._notes.ask(self._file.get_message_store, None, "message store", "the store's own properties")
        return self._reader.bag(held, self._notes)

    def _choose_codepage(self) -> None:
        """Strings of an ANSI store are in one code page, which libpff does not look for."""
        noted = len(self._notes.found)
        bags = list(self._sample_of_items())
        bags += [node.properties for node in self.folders()]
        texts = (one.raw for bag in bags for one in bag.everything if one.type == tags.PTYP_STRING8)
        locales = [found for bag in bags if (found := bag.integer(tags.PR_MESSAGE_LOCALE_ID))]
        self.codepage = codepage.choose(self.properties.integer(_PR_CODE_PAGE_ID), texts, locales)
        self._reader.codepage = self.codepage.number
        self.properties = PropertyBag(self.properties.everything, codepage=self.codepage.number)
        # The folders are read again with the code page, and what was noted of them is noted again then.
        self._nodes = {}
        del self._notes.found[noted:]

    def _sample_of_items(self) -> Iterator[PropertyBag]:
        left = _SAMPLE
        for node in self.folders():
            for one in self.items(node.nid, 0, left):
                left -= 1
                if one.item is not None:
                    yield one.item.properties

    def _walk(self, orphaned: list[_Step]) -> Iterator[FolderNode]:
        root = self._notes.ask(self._file.get_root_folder, None, "root folder", "every folder and item")
        wastebasket = folders.entry_nid(self.properties.binary(tags.PR_IPM_WASTEBASKET_ENTRYID))
        todo = [*reversed(orphaned), _Step(root, (), (), 0, folders.LIVE)]
        self._steps = {}
        while todo:
            step = todo.pop()
            node = None if step.folder is None else self._node(step, wastebasket)
            if node is None:
                continue
            if node.nid in self._steps or len(step.route) > _MAX_DEPTH:
                self._notes.note(f"folder {node.nid:#x}", "a second way to this folder", "the folders run in a ring")
                continue
            self._steps[node.nid] = step._replace(folder=None)
            yield node
            todo += self._steps_below(step, node)

    def _steps_below(self, step: _Step, node: FolderNode) -> list[_Step]:
        what = f"folder {node.nid:#x}"
        count = self._notes.ask(step.folder.get_number_of_sub_folders, 0, what, "the folders below it")
        below = []
        for index in reversed(range(count)):
            call = partial(step.folder.get_sub_folder, index)
            found = self._notes.ask(call, None, f"{what}, sub folder {index}", "this folder and what lies in it")
            below.append(_Step(found, (*step.route, index), node.path, node.nid, node.place, step.orphan))
        return below

    def _node(self, step: _Step, wastebasket: int | None) -> FolderNode | None:
        folder = step.folder
        nid = self._notes.ask(folder.get_identifier, None, "a folder", "this folder and what lies in it")
        if not nid:
            return None
        notes = Notes()
        properties = self._reader.bag(folder, notes)
        at_root = not step.route and step.orphan is None
        path = () if at_root else (*step.parent_path, properties.text(tags.PR_DISPLAY_NAME) or "")
        live = notes.ask(folder.get_number_of_sub_messages, 0, "items", "every item in this folder")
        listed = live + notes.ask(folder.get_number_of_sub_folders, 0, "sub folders", "the folders below it")
        total = notes.ask(folder.get_number_of_sub_items, listed, "sub items", "the associated contents")
        return FolderNode(
            path=path,
            nid=nid,
            parent_nid=step.parent_nid,
            properties=properties,
            live=live,
            associated=max(0, total - listed),
            place=folders.place_of(nid, path, wastebasket, step.place),
            problems=tuple(notes.found),
        )

    def _folder(self, nid: int) -> tuple[FolderNode, Any]:
        """The folder of this node, opened anew: what libpff caches for it is freed with it."""
        if nid not in self._nodes:
            raise FormatError(f"The store has no folder {nid:#x} that libpff can reach.")
        step = self._steps[nid]
        try:
            folder = self._file.get_root_folder() if step.orphan is None else self._file.get_orphan_item(step.orphan)
            for index in step.route:
                folder = folder.get_sub_folder(index)
        except REFUSALS as refusal:
            raise FormatError(f"libpff cannot open folder {nid:#x}: {refusal}") from refusal
        return self._nodes[nid], folder

    def _read(
        self, get: Callable[[int], Any], at: int, position: int, place: Place, *, associated: bool = False
    ) -> StoredItem:
        nid, item, error = None, None, None
        try:
            held = get(at)
            if held is None:
                raise OSError("libpff names an item here and gives none")
            nid = held.get_identifier()
            item = self._reader.item(held)
        except REFUSALS as refusal:
            error = Lost(f"item {position}", "the whole item", str(refusal))
        return StoredItem(nid, position, associated, place, item, error)


def outline(store: Store) -> list[Range]:
    """What there is to read and how much of it, without reading an item: the plan for reading in ranges."""
    ranges = [Range(node.path, node.nid, node.live + node.associated) for node in store.folders()]
    orphans = store.orphan_count
    return [*ranges, Range((), ORPHANS, orphans)] if orphans else ranges


def read(store: Store, folder_nid: int, start: int, stop: int) -> Iterator[StoredItem]:
    """One range of a folder, as ``outline`` counts it."""
    return store.items(folder_nid, start, stop)


def _associated(folder: Any, others: int, notes: Notes) -> Iterator[int]:
    """Where the associated contents stand among the sub items: pypff counts them there and lists them nowhere."""
    total = notes.ask(folder.get_number_of_sub_items, others, "sub items", "the associated contents")
    for index in range(total):
        what = f"sub item {index}"
        item = notes.ask(partial(folder.get_sub_item, index), None, what, "whether it is associated")
        nid = None if item is None else notes.ask(item.get_identifier, None, what, "whether it is associated")
        if nid is not None and nid & folders.NID_TYPE_MASK not in folders.LISTED_TYPES:
            yield index


def _range(start: int, stop: int | None, end: int) -> range:
    return range(start, end if stop is None else min(stop, end))
