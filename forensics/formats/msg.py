"""MSG files, as Outlook saves single items (also .oft): [MS-OXMSG].

Every value is read on its own, so that a broken one costs only itself and is named in ``Item.problems``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from forensics.errors import FormatError
from forensics.formats.compound import STORAGE, Compound, Entry
from forensics.formats.mapi import AttachedThing, Data, Item, Lost, Property, PropertyBag, tags
from forensics.formats.msg_names import NamedProperties, named_properties

DEPTH_CAP: Final = 20
"""Messages inside messages that are opened; a deeper one is stated as lost."""
COUNT_CAP: Final = 100_000
"""Properties, recipients and attachments of one file, together with all the messages inside it."""
VALUE_CAP: Final = 128 << 20
"""Bytes of one property that is held in memory; attachments are not held."""
FILE_CAP: Final = 512 << 20
"""Bytes of all properties of one file that are held in memory."""

_PROPERTIES = "__properties_version1.0"
_SUBSTREAM = re.compile(r"__substg1\.0_([0-9A-F]{8})(?:-([0-9A-F]{8}))?", re.IGNORECASE)
_DATA_OBJECT = tags.PR_ATTACH_DATA << 16 | tags.PTYP_OBJECT
_DATA_BINARY = tags.PR_ATTACH_DATA << 16 | tags.PTYP_BINARY
_HEADER_TOP, _HEADER_EMBEDDED, _HEADER_PART = 32, 24, 8
_VARIABLE = (tags.PTYP_STRING, tags.PTYP_STRING8, tags.PTYP_BINARY)


@dataclass(slots=True)
class _Reader:
    """One file being read: what is left of its caps, and the names of its named properties."""

    compound: Compound
    names: NamedProperties
    count_left: int = COUNT_CAP
    bytes_left: int = FILE_CAP

    def spend(self) -> bool:
        self.count_left -= 1
        return self.count_left >= 0


@dataclass(frozen=True, slots=True)
class StreamData:
    """The bytes of one stream, read from the file as they are asked for."""

    compound: Compound
    entry: Entry

    @property
    def size(self) -> int:
        return self.entry.size

    def chunks(self) -> Iterator[bytes]:
        return self.compound.chunks(self.entry)


@dataclass(slots=True)
class _Storage:
    """One storage of properties while it is read. ``values`` are the elements of multi-valued properties."""

    entry: Entry
    where: str
    problems: list[Lost]
    streams: dict[int, Entry] = field(default_factory=dict)
    values: dict[int, dict[int, Entry]] = field(default_factory=dict)


def read_msg(handle: BinaryIO) -> Item:
    """The item in an MSG file; raises ``FormatError`` if there is no compound file or no item in it.

    The bytes of attachments are read from the handle when they are asked for, so it has to stay open until then.
    """
    compound = Compound(handle)
    problems = [
        Lost("the directory of the file", "entries that cannot be reached", one) for one in compound.problems[:9]
    ]
    if compound.cut:
        problems.insert(0, Lost("the file", "what stood behind its end", compound.cut))
    names = named_properties(compound, problems)
    if compound.root.child(_PROPERTIES) is None and not any(map(_SUBSTREAM.match, _names(compound.root))):
        why = "; ".join(filter(None, (compound.cut, *compound.problems[:1])))
        what = "the compound file holds no Outlook item" + (f" that can be reached: {why}" if why else "")
        raise FormatError(what, place=_PROPERTIES)
    return _item(_Reader(compound, names), compound.root, "item", problems, None, 0)


def _names(storage: Entry) -> list[str]:
    return [one.name for one in storage.children]


def _item(reader: _Reader, entry: Entry, where: str, problems: list[Lost], codepage: int | None, depth: int) -> Item:
    header = _HEADER_EMBEDDED if depth else _HEADER_TOP
    properties = _bag(reader, _Storage(entry, where, problems), header, None)
    if properties.codepage is None and codepage is not None:
        properties = PropertyBag(properties.everything, codepage=codepage)
    recipients, attachments = [], []
    for part in entry.children:
        name = part.name.lower()
        if part.type != STORAGE or not name.startswith(("__recip_version1.0_#", "__attach_version1.0_#")):
            continue
        if not reader.spend():
            problems.append(Lost(f"{where} {part.name}", "this part and all after it", f"more than {COUNT_CAP} parts"))
            break
        storage = _Storage(part, f"{where} {part.name}", problems)
        bag = _bag(reader, storage, _HEADER_PART, properties.codepage or codepage)
        if name.startswith("__recip"):
            recipients.append((part.name, bag))
        else:
            attachments.append((part.name, _attachment(reader, storage, bag, depth)))
    return Item(
        properties=properties,
        recipients=tuple(bag for _, bag in sorted(recipients, key=lambda pair: pair[0].upper())),
        attachments=tuple(thing for _, thing in sorted(attachments, key=lambda pair: pair[0].upper())),
        problems=tuple(problems),
    )


def _attachment(reader: _Reader, storage: _Storage, bag: PropertyBag, depth: int) -> AttachedThing:
    method = bag.integer(tags.PR_ATTACH_METHOD) or tags.ATTACH_NONE
    inner = storage.entry.child(f"__substg1.0_{_DATA_OBJECT:08X}")
    data = storage.streams.get(_DATA_BINARY)
    if inner is not None and inner.type == STORAGE and inner.child(_PROPERTIES) is not None:
        if depth + 1 >= DEPTH_CAP:
            lost = f"the attached message lies more than {DEPTH_CAP} messages deep and was not opened"
            return AttachedThing(properties=bag, method=method, lost=lost)
        embedded = _item(reader, inner, f"{storage.where} message", [], bag.codepage, depth + 1)
        return AttachedThing(properties=bag, method=method, embedded=embedded)
    if inner is not None and inner.type == STORAGE:
        streams = tuple(_object_streams(reader, inner))
        lost = "" if streams else "the attached object is an empty storage"
        return AttachedThing(properties=bag, method=method, streams=streams, lost=lost)
    if data is None:
        return AttachedThing(properties=bag, method=method, lost=_why_no_data(bag, method))
    if not reader.compound.possible(data):
        lost = f"the entry of the attachment's bytes states {data.size}, more than the file holds"
        return AttachedThing(properties=bag, method=method, lost=lost)
    return AttachedThing(properties=bag, method=method, data=StreamData(reader.compound, data))


def _why_no_data(bag: PropertyBag, method: int) -> str:
    if method in (tags.ATTACH_BY_VALUE, tags.ATTACH_EMBEDDED_MESSAGE, tags.ATTACH_OLE):
        return "the storage of the attachment holds no bytes of it"
    path = bag.text(tags.PR_ATTACH_LONG_PATHNAME) or bag.text(tags.PR_ATTACH_PATHNAME)
    return f"the attachment is only a reference to {path}" if path else "the item holds no bytes of the attachment"


def _object_streams(reader: _Reader, storage: Entry) -> Iterator[tuple[str, Data]]:
    """Every stream of an OLE object, by its path inside the object."""
    waiting = [("", storage)]
    while waiting:
        path, one = waiting.pop()
        for child in one.children:
            if not reader.spend():
                return
            if child.is_stream:
                yield path + child.name, StreamData(reader.compound, child)
            else:
                waiting.append((f"{path}{child.name}/", child))


def _bag(reader: _Reader, storage: _Storage, header: int, codepage: int | None) -> PropertyBag:
    _sort_streams(storage)
    found = {one.tag: one for one in _listed(reader, storage, header)}
    for tag, entry in storage.streams.items():
        if tag not in found and tag not in (_DATA_BINARY, _DATA_OBJECT) and _is_held(tag) and reader.spend():
            found[tag] = _variable(reader, storage, tag, entry)
    return PropertyBag(found.values(), codepage=codepage)


def _is_held(tag: int) -> bool:
    return bool(tag & tags.MULTIVALUED) or (tag & 0xFFFF) not in tags.WIDTHS or tag & 0xFFFF == tags.PTYP_GUID


def _sort_streams(storage: _Storage) -> None:
    for child in storage.entry.children:
        match = _SUBSTREAM.fullmatch(child.name)
        if match is None or not child.is_stream:
            continue
        tag = int(match[1], 16)
        if match[2] is None:
            storage.streams.setdefault(tag, child)
        else:
            storage.values.setdefault(tag, {}).setdefault(int(match[2], 16), child)


def _listed(reader: _Reader, storage: _Storage, header: int) -> Iterator[Property]:
    """The properties that the property stream lists.

    Its entries, [MS-OXMSG] 2.4.2:

        offset  size  field
        0       4     Property Tag: type (2 bytes), id (2 bytes)
        4       4     Flags
        8       8     Value of a fixed size, or: Size (4 bytes), Reserved (4 bytes)
    """
    entry = storage.entry.child(_PROPERTIES)
    raw = b"" if entry is None else _held(reader, storage, entry)
    if entry is None:
        storage.problems.append(Lost(storage.where, "values of a fixed size", "there is no property stream"))
    for at in range(header, len(raw) - 15, 16):
        if not reader.spend():
            storage.problems.append(Lost(storage.where, "further properties", f"more than {COUNT_CAP} in the file"))
            return
        (tag,) = struct.unpack_from("<I", raw, at)
        if tag in (_DATA_BINARY, _DATA_OBJECT):
            continue
        width = tags.WIDTHS.get(tag & 0xFFFF)
        if width is not None and width <= 8:
            yield Property(tag=tag, raw=raw[at + 8 : at + 8 + width], named=reader.names.get(tag >> 16))
        elif tag in storage.streams:
            yield _variable(reader, storage, tag, storage.streams[tag])
        elif struct.unpack_from("<I", raw, at + 8)[0] > 4 and tag & 0xFFFF in _VARIABLE:
            storage.problems.append(Lost(_spoken(storage, tag), "the value", "it is listed, but has no stream"))


def _variable(reader: _Reader, storage: _Storage, tag: int, entry: Entry) -> Property:
    raw = _held(reader, storage, entry)
    values: tuple[bytes, ...] = ()
    kind = tag & 0xFFFF & ~tags.MULTIVALUED
    if tag & tags.MULTIVALUED and kind not in tags.WIDTHS:
        held = storage.values.get(tag, {})
        values = tuple(_held(reader, storage, held[at]) for at in sorted(held) if reader.spend())
        stated = len(raw) // (8 if kind == tags.PTYP_BINARY else 4)
        if len(values) < stated:
            lost = f"{stated - len(values)} of {stated} values"
            storage.problems.append(Lost(_spoken(storage, tag), lost, "they have no stream"))
    return Property(tag=tag, raw=raw, named=reader.names.get(tag >> 16), values=values)


def _held(reader: _Reader, storage: _Storage, entry: Entry) -> bytes:
    """The bytes of a stream, or as many as can be read; what is missing is stated."""
    if not entry.size:
        return b""
    if entry.size > min(VALUE_CAP, reader.bytes_left) or not reader.compound.possible(entry):
        cause = f"its entry states {entry.size} bytes, more than the file or the limit allows"
        storage.problems.append(Lost(f"{storage.where} {entry.name}", "the value", cause))
        return b""
    reader.bytes_left -= entry.size
    pieces: list[bytes] = []
    try:
        for piece in reader.compound.chunks(entry):
            pieces.append(piece)  # noqa: PERF402 - what was read before a break in the chain is kept
    except FormatError as error:
        storage.problems.append(Lost(f"{storage.where} {entry.name}", "the rest of the value", error.what))
    return b"".join(pieces)


def _spoken(storage: _Storage, tag: int) -> str:
    return f"{storage.where} {tags.NAMES.get(tag >> 16, 'property')} {tag:08X}"
