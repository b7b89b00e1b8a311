"""Message, recipient and attachment objects: [MS-PST] 2.4.5 and 2.4.6."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from forensics.formats.mapi.tags import (
    PTYP_BINARY,
    PTYP_BOOLEAN,
    PTYP_INTEGER32,
    PTYP_OBJECT,
    PTYP_STRING,
)
from forensics.formats.pst.writer import tables
from forensics.formats.pst.writer.blocks import Blocks, Subnodes
from forensics.formats.pst.writer.contexts import Table, write_properties
from forensics.formats.pst.writer.layout import NID_ATTACHMENT_TABLE, NID_RECIPIENT_TABLE, Nid
from forensics.formats.pst.writer.model import Properties, PstAttachment, PstItem, PstRecipient, RecipientKind
from forensics.formats.pst.writer.names import NamedProperty, Names
from forensics.formats.pst.writer.rtf import compressed
from forensics.formats.pst.writer.values import Encoded, encode

_SUBJECT, _FLAGS, _SIZE, _HAS_ATTACHMENTS = 0x0037, 0x0E07, 0x0E08, 0x10
_READ: Final = 0x01
_NONE, _BY_VALUE, _EMBEDDED, _OLE = 0, 1, 5, 6
_DISPLAY: Final = {RecipientKind.BCC: 0x0E02, RecipientKind.CC: 0x0E03, RecipientKind.TO: 0x0E04}
_PREFIX: Final = re.compile(r"[^\s\d]{1,3}: ")
_ONE_OFF: Final = bytes.fromhex("00000000812b1fa4bea310199d6e00dd010f540200000190")
_UNKNOWN_POSITION: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenItem:
    """Where an item's blocks are, and what its folder's contents table says of it."""

    bid_data: int
    bid_sub: int
    cells: dict[int, Encoded]
    size: int
    read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemWriter:
    """Writes items through ``blocks``; ``seed`` makes search keys differ from store to store.

    ``new_nid`` gives an embedded message its id: from the store's own counter, as Outlook does, because readers look
    the id up among the nodes of the store before they look among the subnodes.
    """

    blocks: Blocks
    names: Names
    seed: bytes
    new_nid: Callable[[], int]

    def encoded(self, given: Properties) -> dict[int, Encoded]:
        """Properties by id, encoded; named ones get their id in this store."""
        made = {}
        for key, value in given.items():
            prop_id, ptype = (
                (self.names.id_of(key), key.ptype) if isinstance(key, NamedProperty) else (key >> 16, key & 0xFFFF)
            )
            made[prop_id] = encode(ptype, value)
        return made

    def write(self, item: PstItem, identity: str) -> WrittenItem:
        """Write an item with everything below it; ``identity`` says which it is in this store."""
        subnodes = Subnodes(self.blocks)
        properties = self.encoded(item.properties) | _bodies(item)
        _complete(properties, item, hashlib.sha256(self.seed + identity.encode()).digest()[:16])
        size = sum(len(value.raw) for value in properties.values())
        size += self._recipients(subnodes, item.recipients)
        size += self._attachments(subnodes, item.attachments, identity)
        properties.setdefault(_SIZE, encode(PTYP_INTEGER32, size))
        bid_data = write_properties(subnodes, properties)
        cells = {prop_id << 16 | value.ptype: value for prop_id, value in properties.items()}
        flags = int.from_bytes(properties[_FLAGS].raw, "little")
        return WrittenItem(
            bid_data=bid_data, bid_sub=subnodes.write(), cells=cells, size=size, read=bool(flags & _READ)
        )

    def _recipients(self, subnodes: Subnodes, recipients: Iterable[PstRecipient]) -> int:
        """The recipient table, a subnode that every message has (2.4.5.3)."""
        table = Table(below := Subnodes(self.blocks), tables.RECIPIENTS_WITH_SMTP)
        size = 0
        for number, recipient in enumerate(recipients):
            row = self.encoded(_recipient(recipient) | dict(recipient.properties))
            table.add(number, {prop_id << 16 | value.ptype: value for prop_id, value in row.items()})
            size += sum(len(value.raw) for value in row.values())
        bid_data = table.write()
        subnodes.add(NID_RECIPIENT_TABLE, bid_data, below.write())
        return size

    def _attachments(self, subnodes: Subnodes, attachments: Iterable[PstAttachment], identity: str) -> int:
        """The attachment table and an attachment object for each of its rows (2.4.6)."""
        table = Table(below := Subnodes(self.blocks), tables.ATTACHMENTS_WITH_NAME)
        total = 0
        for number, attachment in enumerate(attachments):
            at = subnodes.new(Nid.ATTACHMENT)
            own = Subnodes(self.blocks)
            properties, size = self._attachment(own, attachment, f"{identity}/{number}")
            bid_data = write_properties(own, properties)
            subnodes.add(at, bid_data, own.write())
            table.add(at, {prop_id << 16 | value.ptype: value for prop_id, value in properties.items()})
            total += size
        if len(table):
            bid_data = table.write()
            subnodes.add(NID_ATTACHMENT_TABLE, bid_data, below.write())
        return total

    def _attachment(self, own: Subnodes, attachment: PstAttachment, identity: str) -> tuple[dict[int, Encoded], int]:
        made = _attachment(attachment) | self.encoded(attachment.properties)
        size = len(attachment.data or b"")
        if attachment.item is not None:
            written = self.write(attachment.item, identity)
            at, size = self.new_nid(), written.size
            own.add(at, written.bid_data, written.bid_sub)
            made[0x3701] = _object(at, size)
        elif attachment.ole is not None:
            size = len(attachment.ole)
            made[0x3701] = _object(own.keep(attachment.ole), size)
        size += sum(len(value.raw) for prop_id, value in made.items() if prop_id != 0x3701)
        made.setdefault(0x0E20, encode(PTYP_INTEGER32, size))
        return made, size


def stored_subject(subject: str) -> str:
    """PR_SUBJECT as a store holds it: 0x01, the length of the prefix plus one, then the text (2.5.3.1.1.1)."""
    if not subject:
        return ""
    prefix = _PREFIX.match(subject)
    return f"\x01{chr(prefix.end() + 1 if prefix else 1)}{subject}"


def search_key(address_type: str, address: str) -> bytes:
    """PR_SEARCH_KEY of an address: type, colon and address in capitals, a zero at the end."""
    return f"{address_type}:{address}".upper().encode("utf-8", "surrogatepass") + b"\0"


def one_off_entry_id(name: str, address_type: str, address: str) -> bytes:
    """A one-off entry id in Unicode: [MS-OXCDATA] 2.2.5.1."""
    return _ONE_OFF + "".join(f"{text}\0" for text in (name, address_type, address)).encode(
        "utf-16-le", "surrogatepass"
    )


def _object(at: int, size: int) -> Encoded:
    """PtypObject, 2.3.3.5: a subnode and its size."""
    return Encoded(PTYP_OBJECT, at.to_bytes(4, "little") + size.to_bytes(4, "little"))


def _method(one: PstAttachment) -> int:
    """PR_ATTACH_METHOD."""
    if one.item is not None:
        return _EMBEDDED
    if one.ole is not None:
        return _OLE
    return _NONE if one.data is None else _BY_VALUE


def _bodies(item: PstItem) -> dict[int, Encoded]:
    made = {}
    if item.body is not None:
        made[0x1000] = encode(PTYP_STRING, item.body)
    if item.html is not None:
        made[0x1013] = encode(PTYP_BINARY, item.html)
    if item.rtf is not None:
        made[0x1009] = encode(PTYP_BINARY, compressed(item.rtf))
        made[0x0E1F] = encode(PTYP_BOOLEAN, True)
    return made


def _complete(properties: dict[int, Encoded], item: PstItem, key: bytes) -> None:
    """Add what every message must have (2.4.5.1.1) and what follows from the rest; times are never made up."""
    for kind, prop_id in _DISPLAY.items():
        shown = "; ".join(one.name or one.address for one in item.recipients if one.kind is kind)
        if shown:
            properties.setdefault(prop_id, encode(PTYP_STRING, shown))
    subject = properties.get(_SUBJECT)
    if subject is not None and subject.ptype == PTYP_STRING and not subject.raw.startswith(b"\1\0"):
        text = subject.raw.decode("utf-16-le", "surrogatepass")
        properties[_SUBJECT] = encode(PTYP_STRING, stored_subject(text))
        topic = text[prefix.end() :] if (prefix := _PREFIX.match(text)) else text
        properties.setdefault(0x0070, encode(PTYP_STRING, topic))
    properties.setdefault(0x001A, encode(PTYP_STRING, "IPM.Note"))
    properties.setdefault(0x0E17, encode(PTYP_INTEGER32, 0))
    properties.setdefault(0x300B, encode(PTYP_BINARY, key))
    flags = int.from_bytes(properties[_FLAGS].raw, "little") if _FLAGS in properties else 0
    properties[_FLAGS] = encode(PTYP_INTEGER32, flags | (_HAS_ATTACHMENTS if item.attachments else 0))


def _recipient(one: PstRecipient) -> dict[int | NamedProperty, object]:
    smtp = one.smtp_address or (one.address if one.address_type == "SMTP" else "")
    made: dict[int | NamedProperty, object] = {
        0x0C150003: int(one.kind),
        0x0E0F000B: True,
        0x0FFE0003: 6,
        0x0FFF0102: one_off_entry_id(one.name, one.address_type, one.address),
        0x3001001F: one.name,
        0x3002001F: one.address_type,
        0x3003001F: one.address,
        0x300B0102: search_key(one.address_type, one.address),
        0x39000003: 0,
        0x39FF001F: one.name,
        0x3A40000B: False,
        0x5FF6001F: one.name,
    }
    return made | ({0x39FE001F: smtp} if smtp else {})


def _attachment(one: PstAttachment) -> dict[int, Encoded]:
    stem, dot, extension = one.name.rpartition(".")
    short = f"{(stem or extension)[:8]}{dot}{extension[:3]}" if dot and stem else one.name[:8]
    texts = {0x3001: one.name, 0x3707: one.name, 0x3704: short, 0x370E: one.mime_type, 0x3712: one.content_id}
    if dot and stem:
        texts[0x3703] = f".{extension}"
    made = {prop_id: encode(PTYP_STRING, text) for prop_id, text in texts.items() if text}
    made[0x3705] = encode(PTYP_INTEGER32, _method(one))
    made[0x370B] = encode(PTYP_INTEGER32, _UNKNOWN_POSITION)
    made[0x3714] = encode(PTYP_INTEGER32, 0)
    if one.data is not None:
        made[0x3701] = encode(PTYP_BINARY, one.data)
    return made
