"""The usual mail as an item of a store: envelope, times, headers and flags by their MAPI properties ([MS-OXOMSG])."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forensics.formats.pst.writer.messages import one_off_entry_id, search_key
from forensics.formats.pst.writer.model import Properties, PstAttachment, PstItem, PstRecipient, RecipientKind
from forensics.formats.pst.writer.names import NamedProperty

MSGFLAG_READ: Final = 0x01
MSGFLAG_UNMODIFIED: Final = 0x02
MSGFLAG_SUBMIT: Final = 0x04
MSGFLAG_UNSENT: Final = 0x08
MSGFLAG_FROMME: Final = 0x20

Time = int | datetime
"""A FILETIME, kept to 100 ns, or a datetime with a zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A sender or recipient as an address book has it."""

    name: str
    address: str
    address_type: str = "SMTP"
    smtp_address: str = ""


def recipients(
    to: Iterable[Party] = (), cc: Iterable[Party] = (), bcc: Iterable[Party] = ()
) -> tuple[PstRecipient, ...]:
    """Rows of a recipient table, To before Cc before Bcc."""
    groups = ((RecipientKind.TO, to), (RecipientKind.CC, cc), (RecipientKind.BCC, bcc))
    return tuple(
        PstRecipient(
            kind=kind,
            name=one.name,
            address=one.address,
            address_type=one.address_type,
            smtp_address=one.smtp_address,
        )
        for kind, group in groups
        for one in group
    )


def mail(
    *,
    subject: str,
    sender: Party,
    to: Iterable[Party] = (),
    cc: Iterable[Party] = (),
    bcc: Iterable[Party] = (),
    represented: Party | None = None,
    submitted: Time | None = None,
    delivered: Time | None = None,
    created: Time | None = None,
    modified: Time | None = None,
    transport_headers: str = "",
    internet_message_id: str = "",
    in_reply_to: str = "",
    references: str = "",
    conversation_index: bytes = b"",
    importance: int = 1,
    flags: int = MSGFLAG_READ,
    message_class: str = "IPM.Note",
    body: str | None = None,
    html: bytes | None = None,
    rtf: bytes | None = None,
    attachments: Sequence[PstAttachment] = (),
    more: Properties | None = None,
) -> PstItem:
    """A mail; a time or text that is not given is not written. ``more`` adds properties and overrides."""
    properties: dict[int | NamedProperty, object] = {
        0x001A001F: message_class,
        0x0037001F: subject,
        0x00170003: importance,
        0x00360003: 0,
        0x00260003: 0,
        0x0E070003: flags,
    }
    properties |= _party(sender, (0x0C1A, 0x0C1E, 0x0C1F, 0x0C19, 0x0C1D, 0x5D01))
    properties |= _party(represented or sender, (0x0042, 0x0064, 0x0065, 0x0041, 0x003B, 0x5D02))
    times = {0x00390040: submitted, 0x0E060040: delivered, 0x30070040: created, 0x30080040: modified}
    properties |= {tag: value for tag, value in times.items() if value is not None}
    texts = {
        0x007D001F: transport_headers,
        0x1035001F: internet_message_id,
        0x1042001F: in_reply_to,
        0x1039001F: references,
        0x00710102: conversation_index,
    }
    properties |= {tag: value for tag, value in texts.items() if value}
    return PstItem(
        properties=properties | dict(more or {}),
        recipients=recipients(to, cc, bcc),
        attachments=attachments,
        body=body,
        html=html,
        rtf=rtf,
    )


def _party(one: Party, ids: tuple[int, int, int, int, int, int]) -> dict[int | NamedProperty, object]:
    """Name, address type, address, entry id, search key and SMTP address under the ids of their role."""
    name, kind, address, entry_id, key, smtp_id = ids
    smtp = one.smtp_address or (one.address if one.address_type == "SMTP" else "")
    made: dict[int | NamedProperty, object] = {
        name << 16 | 0x1F: one.name,
        kind << 16 | 0x1F: one.address_type,
        address << 16 | 0x1F: one.address,
        entry_id << 16 | 0x0102: one_off_entry_id(one.name, one.address_type, one.address),
        key << 16 | 0x0102: search_key(one.address_type, one.address),
    }
    return made | ({smtp_id << 16 | 0x1F: smtp} if smtp else {})
