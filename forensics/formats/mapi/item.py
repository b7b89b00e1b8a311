"""A mailbox item as MSG files and PST stores both hold it: properties, recipients, attachments ([MS-OXCMSG])."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from forensics.formats.mapi import tags
from forensics.formats.mapi.properties import Key, NamedId, PropertyBag, is_set
from forensics.moments import filetime_to_ns


class Lost(NamedTuple):
    """One thing that could not be read: the fields of the record ``Problem``."""

    what: str
    lost: str
    cause: str


class Data(Protocol):
    """Bytes of known size, read a piece at a time; may raise ``FormatError`` where the store is damaged."""

    @property
    def size(self) -> int: ...

    def chunks(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class HeldData:
    """Data that is in memory already."""

    raw: bytes

    @property
    def size(self) -> int:
        return len(self.raw)

    def chunks(self) -> Iterator[bytes]:
        if self.raw:
            yield self.raw


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedThing:
    """One attachment: ``data``, ``embedded`` or ``streams`` (an OLE object, path to bytes), or why not: ``lost``."""

    properties: PropertyBag
    method: int
    data: Data | None = None
    embedded: Item | None = None
    streams: tuple[tuple[str, Data], ...] = ()
    lost: str = ""

    @property
    def name(self) -> str:
        """The name it shows, the long form first; "" if it has none."""
        for key in (tags.PR_ATTACH_LONG_FILENAME, tags.PR_ATTACH_FILENAME, tags.PR_DISPLAY_NAME):
            if found := self.properties.text(key):
                return found
        return ""

    @property
    def mime_type(self) -> str:
        return self.properties.text(tags.PR_ATTACH_MIME_TAG) or ""

    @property
    def content_id(self) -> str:
        return self.properties.text(tags.PR_ATTACH_CONTENT_ID) or ""

    @property
    def reference(self) -> str:
        """Where the bytes are if the attachment is only a reference (methods 2, 3, 4 and 7)."""
        return self.properties.text(tags.PR_ATTACH_LONG_PATHNAME) or self.properties.text(tags.PR_ATTACH_PATHNAME) or ""

    @property
    def hidden(self) -> bool:
        return bool(self.properties.boolean(tags.PR_ATTACHMENT_HIDDEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A message, appointment, contact, task or any other item; ``problems`` is what of it could not be read."""

    properties: PropertyBag
    recipients: tuple[PropertyBag, ...] = ()
    attachments: tuple[AttachedThing, ...] = ()
    problems: tuple[Lost, ...] = ()


class StoredTime(NamedTuple):
    """A time that the store keeps: what it means, the name of the property that says so, FILETIME ticks.

    ``meaning`` is a value of ``moments.Meaning`` wherever that has a word for it.
    """

    meaning: str
    says: str
    ticks: int

    @property
    def ns(self) -> int:
        return filetime_to_ns(self.ticks)


_TIMES: tuple[tuple[str, int], ...] = (
    ("submitted", tags.PR_CLIENT_SUBMIT_TIME),
    ("submitted", tags.PR_PROVIDER_SUBMIT_TIME),
    ("delivered", tags.PR_MESSAGE_DELIVERY_TIME),
    ("created", tags.PR_CREATION_TIME),
    ("modified", tags.PR_LAST_MODIFICATION_TIME),
    ("modified", tags.PR_LOCAL_COMMIT_TIME),
    ("read", tags.PR_RECEIPT_TIME),
    ("reply_due", tags.PR_REPLY_TIME),
    ("reported", tags.PR_REPORT_TIME),
    ("replied", tags.PR_LAST_VERB_EXECUTION_TIME),
    ("deleted", tags.PR_DELETED_ON),
    ("deferred", tags.PR_DEFERRED_DELIVERY_TIME),
    ("deferred", tags.PR_DEFERRED_SEND_TIME),
    ("expires", tags.PR_EXPIRY_TIME),
    ("deliver_by", tags.PR_LATEST_DELIVERY_TIME),
    ("original_submitted", tags.PR_ORIGINAL_SUBMIT_TIME),
    ("original_delivered", tags.PR_ORIGINAL_DELIVERY_TIME),
    ("flag_completed", tags.PR_FLAG_COMPLETE_TIME),
    ("retained_until", tags.PR_RETENTION_DATE),
    ("archive_due", tags.PR_ARCHIVE_DATE),
    ("starts", tags.PR_START_DATE),
    ("ends", tags.PR_END_DATE),
)
_NAMED_TIMES: tuple[tuple[str, str, NamedId], ...] = (
    ("starts", "PidLidAppointmentStartWhole", NamedId(guid=tags.PSETID_APPOINTMENT, number=0x820D)),
    ("ends", "PidLidAppointmentEndWhole", NamedId(guid=tags.PSETID_APPOINTMENT, number=0x820E)),
    ("starts", "PidLidTaskStartDate", NamedId(guid=tags.PSETID_TASK, number=0x8104)),
    ("ends", "PidLidTaskDueDate", NamedId(guid=tags.PSETID_TASK, number=0x8105)),
    ("completed", "PidLidTaskDateCompleted", NamedId(guid=tags.PSETID_TASK, number=0x810F)),
)

VERBS = {102: "replied", 103: "replied_to_all", 104: "forwarded"}
"""What PR_LAST_VERB_EXECUTED says was done last ([MS-OXOMSG] 2.2.1.4); other numbers are responses and votes."""


def times(item: Item) -> tuple[StoredTime, ...]:
    """Every time of the item's own properties that is set; the last verb says whether "replied" is a reply at all."""
    asked: list[tuple[str, str, Key]] = [(meaning, tags.NAMES[key], key) for meaning, key in _TIMES]
    found = []
    for meaning, says, key in asked + list(_NAMED_TIMES):
        ticks = item.properties.filetime(key)
        if ticks is None or not is_set(ticks):
            continue
        if key == tags.PR_LAST_VERB_EXECUTION_TIME:
            meaning = VERBS.get(item.properties.integer(tags.PR_LAST_VERB_EXECUTED) or 0, "acted_on")
        found.append(StoredTime(meaning, says, ticks))
    return tuple(found)


def item_class(item: Item) -> str:
    """The message class, such as IPM.Note, or "" if the store has none."""
    return item.properties.text(tags.PR_MESSAGE_CLASS) or ""


def subject(item: Item) -> str:
    """The subject; the mark of its prefix length that stores put in front (0x01, length) is not part of it."""
    text = item.properties.text(tags.PR_SUBJECT)
    if text is None:
        prefix = item.properties.text(tags.PR_SUBJECT_PREFIX) or ""
        return prefix + (item.properties.text(tags.PR_NORMALIZED_SUBJECT) or "")
    return text[2:] if text.startswith("\x01") else text


class MessageFlags(NamedTuple):
    """PidTagMessageFlags: [MS-OXCMSG] 2.2.1.6. ``everything`` is the number as stored."""

    read: bool
    unmodified: bool
    submitted: bool
    unsent: bool
    has_attachments: bool
    from_me: bool
    associated: bool
    resend: bool
    ever_read: bool
    everything: int


_FLAG_BITS = (0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80, 0x400)


def message_flags(item: Item) -> MessageFlags | None:
    """The flags of the item, or ``None`` if the store has none; ``unsent`` is a draft."""
    value = item.properties.integer(tags.PR_MESSAGE_FLAGS)
    return None if value is None else MessageFlags._make((*(bool(value & bit) for bit in _FLAG_BITS), value))
