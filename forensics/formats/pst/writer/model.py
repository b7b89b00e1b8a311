"""What a store is made from: folders, items, recipients and attachments as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from forensics.formats.pst.writer.layout import Crypt
from forensics.formats.pst.writer.names import NamedProperty

Properties = Mapping[int | NamedProperty, object]
"""Values by property tag (id in the upper, type in the lower 16 bits) or by name."""


class RecipientKind(IntEnum):
    """PR_RECIPIENT_TYPE."""

    TO = 1
    CC = 2
    BCC = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PstRecipient:
    """One row of a recipient table."""

    kind: RecipientKind
    name: str
    address: str
    address_type: str = "SMTP"
    smtp_address: str = ""
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PstAttachment:
    """A file (``data``), an embedded item or an OLE object's storage (``ole``); PR_ATTACH_METHOD follows from which."""

    name: str = ""
    data: bytes | None = None
    item: PstItem | None = None
    ole: bytes | None = None
    mime_type: str = ""
    content_id: str = ""
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PstItem:
    """A message or another item. Times come with ``properties``; ``rtf`` is plain and is compressed when written."""

    properties: Properties
    recipients: Sequence[PstRecipient] = ()
    attachments: Sequence[PstAttachment] = ()
    body: str | None = None
    html: bytes | None = None
    rtf: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PstFolder:
    """A folder; ``items`` may be a generator, so that a large store is never held whole."""

    name: str
    container_class: str = "IPF.Note"
    items: Iterable[PstItem] = ()
    children: Sequence[PstFolder] = ()
    associated: Iterable[PstItem] = ()
    comment: str = ""
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PstStore:
    """A whole store. ``record_key`` is its PR_RECORD_KEY (16 bytes; derived from the name if empty)."""

    name: str
    folders: Sequence[PstFolder] = ()
    deleted_items: PstFolder = field(default_factory=lambda: PstFolder(name="Deleted Items"))
    top_name: str = "Top of Outlook data file"
    record_key: bytes = b""
    crypt: Crypt = Crypt.PERMUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written: the size of the file and what it holds (embedded items not counted)."""

    size: int
    folders: int
    items: int
    blocks: int
    nodes: int
