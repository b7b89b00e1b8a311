"""Who sent and who received an item: names, SMTP and X.500 addresses ([MS-OXOMSG] 2.2.1, [MS-OXCDATA] 2.2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from forensics.formats.mapi import tags
from forensics.formats.mapi.item import Item
from forensics.formats.mapi.properties import PropertyBag
from forensics.formats.mapi.strings import decode_string8, decode_utf16

_ONE_OFF = bytes.fromhex("812b1fa4bea310199d6e00dd010f5402")
_EXCHANGE = bytes.fromhex("dca740c8c042101ab4b908002b2fe182")
_KINDS = {0: "originator", 1: "to", 2: "cc", 3: "bcc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One person or list as the store names it. ``kind`` is to, cc, bcc, originator, or the role in the item."""

    kind: str
    name: str = ""
    smtp: str = ""
    x500: str = ""
    address_type: str = ""
    address: str = ""

    def __bool__(self) -> bool:
        return bool(self.name or self.smtp or self.x500 or self.address)


class _Role(NamedTuple):
    kind: str
    name: int
    address_type: int
    address: int
    smtp: int
    entry: int


_SENDER = _Role(
    "sender",
    tags.PR_SENDER_NAME,
    tags.PR_SENDER_ADDRTYPE,
    tags.PR_SENDER_EMAIL_ADDRESS,
    tags.PR_SENDER_SMTP_ADDRESS,
    tags.PR_SENDER_ENTRYID,
)
_REPRESENTED = _Role(
    "represented",
    tags.PR_SENT_REPRESENTING_NAME,
    tags.PR_SENT_REPRESENTING_ADDRTYPE,
    tags.PR_SENT_REPRESENTING_EMAIL_ADDRESS,
    tags.PR_SENT_REPRESENTING_SMTP_ADDRESS,
    tags.PR_SENT_REPRESENTING_ENTRYID,
)
_RECEIVED_BY = _Role(
    "received_by",
    tags.PR_RECEIVED_BY_NAME,
    tags.PR_RECEIVED_BY_ADDRTYPE,
    tags.PR_RECEIVED_BY_EMAIL_ADDRESS,
    tags.PR_RECEIVED_BY_SMTP_ADDRESS,
    tags.PR_RECEIVED_BY_ENTRYID,
)
_RECIPIENT = _Role(
    "", tags.PR_DISPLAY_NAME, tags.PR_ADDRTYPE, tags.PR_EMAIL_ADDRESS, tags.PR_SMTP_ADDRESS, tags.PR_ENTRYID
)


def sender(item: Item) -> Party:
    """Who sent it: the mailbox that submitted the item, which need not be the one it speaks for."""
    return _party(item.properties, _SENDER)


def represented_sender(item: Item) -> Party:
    """Whom the item says it is from, as a mail program shows it."""
    return _party(item.properties, _REPRESENTED)


def received_by(item: Item) -> Party:
    """The mailbox into which the item was delivered."""
    return _party(item.properties, _RECEIVED_BY)


def recipients(item: Item) -> tuple[Party, ...]:
    """Every recipient in the order of the store, Bcc included."""
    return tuple(_party(bag, _RECIPIENT._replace(kind=_kind(bag))) for bag in item.recipients)


def _kind(bag: PropertyBag) -> str:
    # The upper bits say that it was resent or submitted already, not what kind of recipient it is.
    return _KINDS.get((bag.integer(tags.PR_RECIPIENT_TYPE) or 0) & 0x0F, "unknown")


def _party(bag: PropertyBag, role: _Role) -> Party:
    entry = entry_address(bag.binary(role.entry) or b"", bag.codepage)
    name = bag.text(role.name) or entry.name
    address = bag.text(role.address) or entry.address
    address_type = (bag.text(role.address_type) or entry.address_type).upper()
    smtp = bag.text(role.smtp) or ""
    if not smtp and "@" in address and not address.startswith("/") and address_type in ("SMTP", ""):
        smtp = address
    x500 = address if address_type == "EX" or address.startswith("/") else ""
    return Party(kind=role.kind, name=name, smtp=smtp, x500=x500, address_type=address_type, address=address)


class EntryAddress(NamedTuple):
    """What an entry id itself says of a person."""

    name: str = ""
    address_type: str = ""
    address: str = ""


def entry_address(raw: bytes, codepage: int | None = None) -> EntryAddress:
    """The person in a one-off or an Exchange address-book entry id ([MS-OXCDATA] 2.2.5.1 and 2.2.5.2), else blanks.

    offset  size  one-off            Exchange
    0       4     Flags              Flags
    4       16    ProviderUID        ProviderUID
    20      2     Version            Version (4 bytes)
    22      2     bits, 0x8000 (U): the strings are UTF-16LE
    24            DisplayName, AddressType, EmailAddress; X500DN of an Exchange entry from 28
    """
    if raw[4:20] == _EXCHANGE:
        return EntryAddress("", "EX", decode_string8(raw[28:].split(b"\0")[0], codepage))
    if raw[4:20] != _ONE_OFF or len(raw) < 24:
        return EntryAddress()
    if raw[23] & 0x80:
        return EntryAddress(*[*decode_utf16(raw[24:]).split("\0"), "", "", ""][:3])
    fields = [decode_string8(part, codepage) for part in raw[24:].split(b"\0")[:3]]
    return EntryAddress(*[*fields, "", "", ""][:3])
