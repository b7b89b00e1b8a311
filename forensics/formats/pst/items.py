"""Items of a PST or OST from the objects of pypff: raw properties, recipients, attachments ([MS-PST] 2.4.5, 2.4.6).

Only the ``get_…`` calls that return numbers and bytes are used, each one guarded: what libpff refuses costs that
value and is noted. The calls that return ``datetime`` end the process on damaged items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Item, Lost, NamedId, Property, PropertyBag, tags
from forensics.formats.pst import names
from forensics.formats.pst.folders import Place

# Seen in 3,240 mutated stores: OSError for everything that libpff refuses; MemoryError, which is not one,
# where it cannot identify an item ("unable to create sub item object").
REFUSALS = (OSError, MemoryError)

_CHUNK = 1 << 20
_MAX_EMBEDDED = 32
_HAS_ATTACHMENTS = 0x10
_REFERENCES = frozenset(
    {tags.ATTACH_BY_REFERENCE, tags.ATTACH_BY_REFERENCE_RESOLVE, tags.ATTACH_BY_REFERENCE_ONLY}
    | {tags.ATTACH_BY_WEB_REFERENCE}
)
_LINK = "The attachment is a link; the bytes that it points to are not in this store."
_EMBEDDED = "libpff cannot open the embedded message: its text, recipients and attachments are not read ({})"
_TOO_DEEP = f"The message is embedded more than {_MAX_EMBEDDED} deep and is not read."
_T = TypeVar("_T")


class StoredItem(NamedTuple):
    """One item of a store by its node. ``item`` is ``None`` where none of it could be read; ``error`` says why."""

    nid: int | None
    position: int
    associated: bool
    place: Place
    item: Item | None
    error: Lost | None


@dataclass(frozen=True, slots=True)
class AttachmentData:
    """The bytes of an attachment, fetched from libpff a piece at a time; valid while its store is open."""

    attachment: Any
    size: int

    def chunks(self) -> Iterator[bytes]:
        try:
            self.attachment.seek_offset(0, 0)
            left = self.size
            while left > 0:
                piece: bytes = self.attachment.read_buffer(min(_CHUNK, left))
                if not piece:
                    raise FormatError(f"libpff gave {self.size - left} of {self.size} bytes of an attachment.")
                left -= len(piece)
                yield piece
        except REFUSALS as refusal:
            raise FormatError(f"libpff cannot read this attachment: {refusal}") from refusal


class Notes:
    """Collects what could not be read while one thing is being read."""

    def __init__(self) -> None:
        self.found: list[Lost] = []

    def note(self, what: str, lost: str, cause: object) -> None:
        self.found.append(Lost(what, lost, str(cause)))

    def ask(self, call: Callable[[], _T], instead: _T, what: str, lost: str) -> _T:
        """What ``call`` returns, or ``instead`` and a note where libpff refuses."""
        try:
            return call()
        except REFUSALS as refusal:
            self.note(what, lost, refusal)
            return instead


class ItemReader:
    """Makes items of pypff objects, with the named properties and the code page of their store."""

    def __init__(self, named: dict[int, NamedId], codepage: int | None = None) -> None:
        self.named = named
        self.codepage = codepage

    def item(self, held: Any, depth: int = 0) -> Item:
        """Everything that libpff gives of one item; its embedded messages down to a limit."""
        notes = Notes()
        properties = self.bag(held, notes)
        # libpff gives items of some classes as a plain ``item``, which has neither of the two lists.
        listed = hasattr(type(held), "get_attachment")
        if not listed:
            _note_unlisted(properties, notes)
        return Item(
            properties=properties,
            recipients=tuple(self._recipients(held, notes)) if listed else (),
            attachments=tuple(self._attachments(held, notes, depth)) if listed else (),
            problems=tuple(notes.found),
        )

    def _recipients(self, held: Any, notes: Notes) -> Iterator[PropertyBag]:
        # ``recipients`` has no method form in pypff; it returns None where an item has no recipients.
        table = notes.ask(lambda: held.recipients, None, "recipients", "every recipient")
        if table is None:
            return
        count = notes.ask(table.get_number_of_record_sets, 0, "recipients", "every recipient")
        for index in range(count):
            row = notes.ask(partial(table.get_record_set, index), None, f"recipient {index + 1}", "this recipient")
            if row is not None:
                yield self._bag(row, notes)

    def _attachments(self, held: Any, notes: Notes, depth: int) -> Iterator[AttachedThing]:
        count = notes.ask(held.get_number_of_attachments, 0, "attachments", "every attachment")
        for index in range(count):
            what = f"attachment {index + 1}"
            thing = notes.ask(partial(held.get_attachment, index), None, what, "this attachment")
            if thing is None:
                yield AttachedThing(properties=PropertyBag(), method=tags.ATTACH_NONE, lost=notes.found[-1].cause)
            else:
                yield self._attached(thing, what, notes, depth)

    def _attached(self, thing: Any, what: str, notes: Notes, depth: int) -> AttachedThing:
        properties = self.bag(thing, notes)
        method = properties.integer(tags.PR_ATTACH_METHOD)
        if method is None:
            method = tags.ATTACH_NONE
        if method == tags.ATTACH_EMBEDDED_MESSAGE:
            return self._embedded(thing, properties, depth)
        if method in _REFERENCES:
            return AttachedThing(properties=properties, method=method, lost=_LINK)
        try:
            data = AttachmentData(thing, int(thing.get_size()))
        except REFUSALS as refusal:
            notes.note(what, "the bytes of this attachment", refusal)
            return AttachedThing(properties=properties, method=method, lost=str(refusal))
        return AttachedThing(properties=properties, method=method, data=data)

    def _embedded(self, thing: Any, properties: PropertyBag, depth: int) -> AttachedThing:
        method = tags.ATTACH_EMBEDDED_MESSAGE
        if depth >= _MAX_EMBEDDED:
            return AttachedThing(properties=properties, method=method, lost=_TOO_DEEP)
        try:
            inner = thing.get_sub_item(0)
        except REFUSALS as refusal:
            return AttachedThing(properties=properties, method=method, lost=_EMBEDDED.format(refusal))
        return AttachedThing(properties=properties, method=method, embedded=self.item(inner, depth + 1))

    def bag(self, held: Any, notes: Notes) -> PropertyBag:
        """The properties of a store, a folder, an item or an attachment."""
        return self._bag(first_set(held, notes), notes)

    def _bag(self, record_set: Any, notes: Notes) -> PropertyBag:
        return PropertyBag(properties_of(record_set, notes, self.named), codepage=self.codepage)


def first_set(held: Any, notes: Notes) -> Any:
    """The set of properties of an object that is no table, or ``None``."""
    if held is None:
        return None
    return notes.ask(partial(held.get_record_set, 0), None, "properties", "every property")


def properties_of(record_set: Any, notes: Notes, named: dict[int, NamedId]) -> Iterator[Property]:
    """Every property of a set, its bytes as stored; what libpff refuses is noted and left out."""
    if record_set is None:
        return
    count = notes.ask(record_set.get_number_of_entries, 0, "properties", "every property")
    for index in range(count):
        entry = notes.ask(partial(record_set.get_entry, index), None, f"property {index}", "this property")
        if entry is not None:
            found = _property(entry, index, notes, named)
            if found is not None:
                yield found


def _property(entry: Any, index: int, notes: Notes, named: dict[int, NamedId]) -> Property | None:
    id_ = notes.ask(entry.get_entry_type, None, f"property {index}", "the id of this property")
    type_ = notes.ask(entry.get_value_type, None, f"property {index}", "the type of this property")
    if id_ is None or type_ is None:
        return None
    tag = id_ << 16 | type_
    if id_ == tags.PR_ATTACH_DATA:
        # Read in pieces by AttachmentData, never as one value.
        return Property(tag=tag)
    raw = notes.ask(entry.get_data, None, f"property {tag:#010x}", "its value") or b""
    values: tuple[bytes, ...] | None = ()
    if type_ & tags.MULTIVALUED and type_ & ~tags.MULTIVALUED not in tags.WIDTHS:
        values = names.split_values(raw)
        if values is None:
            notes.note(f"property {tag:#010x}", "its separate values", "the offsets of its values do not hold")
    return Property(tag=tag, raw=raw, named=named.get(id_), values=values or ())


def _note_unlisted(properties: PropertyBag, notes: Notes) -> None:
    """libpff gives no recipients and attachments of this item: say so where its properties say that it has some."""
    cause = "libpff does not know this class of item"
    if (properties.integer(tags.PR_MESSAGE_FLAGS) or 0) & _HAS_ATTACHMENTS or properties.boolean(tags.PR_HASATTACH):
        notes.note("attachments", "every attachment", cause)
    if any(properties.text(key) for key in (tags.PR_DISPLAY_TO, tags.PR_DISPLAY_CC, tags.PR_DISPLAY_BCC)):
        notes.note("recipients", "every recipient", cause)
