"""The vocabulary of results: what a parser can say about evidence, one frozen class for each kind of record.

Every record has an ``address`` (where it was found) and a ``recovery`` (how). Ids are not stored in these classes: they
follow from kind and address (:func:`forensics.address.record_id`). A field without a value holds an
:class:`~forensics.absent.Absent`, which says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from forensics.absent import Absent
from forensics.address import Address, record_id
from forensics.moments import Moment

Text = str | Absent
Count = int | Absent
Flag = bool | Absent


class Recovery(StrEnum):
    """Where a thing was found, from the living to the carved."""

    LIVE = "live"
    SOFT_DELETED = "soft_deleted"
    """In a deleted-items folder, or marked deleted and still listed."""
    RECOVERABLE_ITEMS = "recoverable_items"
    DELETED_FILE = "deleted_file"
    """In a file that was deleted from its file system and still stands, whole or in part."""
    ORPHANED = "orphaned"
    """Indexed, but without a parent."""
    STALE = "stale"
    """Deleted or older version, from a superseded index."""
    REMNANT = "remnant"
    """From unindexed blocks or rows."""
    CARVED = "carved"
    """By its content alone."""


class Integrity(StrEnum):
    """Whether the store's own checksum of these bytes held."""

    VERIFIED = "verified"
    FAILED = "failed"
    NONE = "none"
    """The format carries no checksum; only the acquisition hash protects these bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every record has."""

    KIND: ClassVar[str] = ""

    address: Address
    recovery: Recovery = Recovery.LIVE

    def identity(self) -> str:
        """The id of this record within its case."""
        return record_id(self.KIND, str(self.address))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Record):
    """One item of a message store: mail, contact, appointment, task, note ... ``size`` in bytes as stored.

    ``raw_sha256`` is the hash of the stored RFC 5322 bytes, where the store keeps such bytes; ``canonical_sha256`` the
    digest ``mapi-canonical-v1`` of an item of Outlook, which has none. ``body_sha256`` is the hash of the folded plain
    text (:func:`forensics.formats.fold.body_digest`), which finds the same message again. ``defects`` are breaches of
    the format that cost nothing. ``embedded_in`` is the id of the message that carries this one as an attachment.
    ``uid`` and ``uid_validity`` are the number that an IMAP server gave the message (RFC 9051 2.3.1.1), where the
    message or its store says it; ``stored_name`` the name of its Maildir file without the flags, by which an
    ``index_entry`` tells its number.
    """

    KIND: ClassVar[str] = "message"

    item_class: Text
    store_path: str
    message_id: Text = Absent.NOT_RECORDED
    edrm_mih: Text = Absent.NOT_RECORDED
    subject: Text = Absent.NOT_RECORDED
    sender: Text = Absent.NOT_RECORDED
    sender_address: Text = Absent.NOT_RECORDED
    to: Text = Absent.NOT_RECORDED
    cc: Text = Absent.NOT_RECORDED
    bcc: Text = Absent.NOT_RECORDED
    date_utc: Count = Absent.NOT_RECORDED
    date_raw: Text = Absent.NOT_RECORDED
    received_utc: Count = Absent.NOT_RECORDED
    in_reply_to: Text = Absent.NOT_RECORDED
    references: Text = Absent.NOT_RECORDED
    has_attachments: bool = False
    attachment_count: int = 0
    size: Count = Absent.NOT_RECORDED
    raw_sha256: Text = Absent.NOT_APPLICABLE
    canonical_sha256: Text = Absent.NOT_APPLICABLE
    body_sha256: Text = Absent.NOT_RECORDED
    thread_index: Text = Absent.NOT_RECORDED
    flags: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    integrity: Integrity = Integrity.NONE
    embedded_in: Text = Absent.NOT_APPLICABLE
    depth: int = 0
    uid: Count = Absent.NOT_APPLICABLE
    uid_validity: Count = Absent.NOT_APPLICABLE
    stored_name: Text = Absent.NOT_APPLICABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Record):
    """What belongs to one message: ``message_id_ref`` is that message's id, ``position`` its place there, from 1."""

    message_id_ref: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Header(Part):
    """One header field, raw as stored and decoded; ``bad_bytes`` counts the bytes that no reading explains."""

    KIND: ClassVar[str] = "header"

    name: str
    raw: bytes
    decoded: Text
    charset: Text = Absent.NOT_APPLICABLE
    method: Text = Absent.NOT_APPLICABLE
    bad_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient(Part):
    """One person or group named in a message. ``role``: from, sender, reply_to, to, cc, bcc ..."""

    KIND: ClassVar[str] = "recipient"

    role: str
    name: Text
    mail_address: Text
    address_type: str = "SMTP"
    raw: Text = Absent.NOT_RECORDED


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentRecord(Part):
    """One clock reading of a message."""

    KIND: ClassVar[str] = "moment"

    moment: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyText(Part):
    """One body text. ``sha256`` and ``size`` are of the bytes after transfer decoding, before they became text."""

    KIND: ClassVar[str] = "text"

    kind: str
    text: Text
    sha256: Text
    size: int
    charset: Text = Absent.NOT_RECORDED
    declared_charset: Text = Absent.NOT_RECORDED
    method: Text = Absent.NOT_APPLICABLE
    bad_bytes: int = 0
    part: Text = Absent.NOT_APPLICABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(Part):
    """One attachment; ``sha256`` and ``size`` (bytes) are of its content after transfer decoding.

    ``names`` holds every name that the message gives it, each as ``source=text``, because two different names are a
    trick to be seen. ``crc32`` (8 hexadecimal digits) finds the content again in a locked ZIP file. ``facts`` is what
    the file says of itself, each as ``field=text``: author, who saved it last, program, camera. Its times are moments.
    """

    KIND: ClassVar[str] = "attachment"

    name: Text
    names: tuple[str, ...] = ()
    size: Count
    sha256: Text
    declared_type: Text = Absent.NOT_RECORDED
    detected_type: Text = Absent.NOT_RECORDED
    disposition: Text = Absent.NOT_RECORDED
    content_id: Text = Absent.NOT_RECORDED
    part: Text = Absent.NOT_APPLICABLE
    crc32: Text = Absent.NOT_APPLICABLE
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveMember(Part):
    """One file in an attached archive, or in an archive within it; archives go as deep as ``depth`` says, from 1.

    ``attachment_ref`` is the id of the attachment, ``within`` that of the member that holds this one, or of the
    attachment. ``crc32`` (8 hexadecimal digits) and ``size`` are of the unpacked bytes as the archive states them; they
    stand there for a locked member too, unless its encryption leaves the CRC out (AE-2). ``sha256`` is made of the
    unpacked bytes, which are not kept. ``name`` is read by the charset that the archive states, or that fits; the bytes
    are in ``raw_name``. ``modified_utc`` is its best time: where ``zone`` is unknown it is a local time taken as UTC.
    """

    KIND: ClassVar[str] = "archive_member"

    attachment_ref: str
    within: str
    depth: int
    name: Text
    raw_name: bytes
    name_charset: Text = Absent.NOT_APPLICABLE
    size: Count = Absent.NOT_RECORDED
    packed_size: Count = Absent.NOT_RECORDED
    crc32: Text = Absent.NOT_RECORDED
    sha256: Text = Absent.NOT_APPLICABLE
    locked: Text = Absent.NOT_APPLICABLE
    packing: Text = Absent.NOT_RECORDED
    detected_type: Text = Absent.NOT_APPLICABLE
    modified_utc: Count = Absent.NOT_RECORDED
    zone: Text = Absent.NOT_APPLICABLE
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder(Record):
    """One folder of a store. ``stored_count`` is the number of items that the store itself claims.

    ``associated_count`` is the number of hidden items (views, rules, settings) that it holds beside its messages.
    """

    KIND: ClassVar[str] = "folder"

    store_path: str
    name: Text
    container_class: Text = Absent.NOT_APPLICABLE
    stored_count: Count = Absent.NOT_RECORDED
    associated_count: Count = Absent.NOT_APPLICABLE
    is_search: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry(Record):
    """What a store's own index says: of the whole folder (no ``uid``), or of one message in it.

    A ``stored_name`` that no message has is a message that was listed and whose file is gone. ``uid_next`` is the
    number that the next message would have got, so that every lower one that is not listed was taken out.
    ``delivered_utc`` is the time in the name.
    """

    KIND: ClassVar[str] = "index_entry"

    store_path: str
    source: str
    uid: Count = Absent.NOT_APPLICABLE
    uid_validity: Count = Absent.NOT_RECORDED
    uid_next: Count = Absent.NOT_RECORDED
    stored_name: Text = Absent.NOT_APPLICABLE
    size: Count = Absent.NOT_RECORDED
    delivered_utc: Count = Absent.NOT_APPLICABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociatedItem(Record):
    """A hidden item of a folder: a view, a rule, a setting ([MS-OXCFOLD] 2.2.1). It is no message that anybody saw."""

    KIND: ClassVar[str] = "associated_item"

    store_path: str
    item_class: Text
    subject: Text
    created_utc: Count = Absent.NOT_RECORDED
    modified_utc: Count = Absent.NOT_RECORDED
    integrity: Integrity = Integrity.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRule(Record):
    """An inbox rule or a delegate, as an associated item holds it ([MS-OXORULE] 2.2.4, [MS-OXODLGT] 2.2.2).

    ``rule_kind`` is rule or delegate; the bytes of condition and actions are kept under their hashes, ``texts`` are the
    readable texts in them, such as addresses that mail is sent on to.
    """

    KIND: ClassVar[str] = "mail_rule"

    store_path: str
    rule_kind: str
    name: Text
    provider: Text = Absent.NOT_APPLICABLE
    sequence: Count = Absent.NOT_APPLICABLE
    enabled: Flag = Absent.NOT_APPLICABLE
    condition_sha256: Text = Absent.NOT_APPLICABLE
    actions_sha256: Text = Absent.NOT_APPLICABLE
    texts: tuple[str, ...] = ()
    integrity: Integrity = Integrity.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredItem(Record):
    """How a recovered item was found. ``message_id_ref`` is the id of its message, where it gives one.

    ``page_offset`` is the superseded page that led to it, ``block`` its first block, ``same_as`` the address of the
    item that it equals byte for byte; ``overwritten`` names every part of it that is gone.
    """

    KIND: ClassVar[str] = "recovered_item"

    message_id_ref: Text
    store_path: str
    tier: str
    confidence: str
    basis: str
    page_offset: Count = Absent.NOT_APPLICABLE
    block: Count = Absent.NOT_APPLICABLE
    same_as: Text = Absent.NOT_APPLICABLE
    overwritten: tuple[str, ...] = ()
    integrity: Integrity = Integrity.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteAccount(Record):
    """What every byte of a stored file is; the classes sum to ``size``."""

    KIND: ClassVar[str] = "byte_account"

    size: int
    header: int
    page: int
    live_block: int
    recovered_block: int
    free_empty: int
    free_not_empty: int
    unreadable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent(Record):
    """One event of a log. ``utc`` in nanoseconds since 1970, ``utc_raw`` as the log has it, ``line`` from 1.

    ``assumed`` names what the line does not state and the reader supplied (year, zone); ``detail`` is JSON and holds
    everything that the line says beyond the columns; ``raw_sha256`` is the hash of the line's bytes, which begin at
    ``offset``. ``message_ids`` are all the messages that the event names, ``message_id`` the one that it is about.
    """

    KIND: ClassVar[str] = "log_event"

    source: str
    operation: str
    actor: Text = Absent.NOT_RECORDED
    actor_ip: Text = Absent.NOT_RECORDED
    utc: Count
    utc_raw: str
    zone: str
    precision: str
    assumed: tuple[str, ...] = ()
    message_id: Text = Absent.NOT_RECORDED
    message_ids: tuple[str, ...] = ()
    network_message_id: Text = Absent.NOT_RECORDED
    queue_id: Text = Absent.NOT_RECORDED
    sender: Text = Absent.NOT_RECORDED
    recipient: Text = Absent.NOT_RECORDED
    recipients: tuple[str, ...] = ()
    subject: Text = Absent.NOT_RECORDED
    size: Count = Absent.NOT_RECORDED
    status: Text = Absent.NOT_RECORDED
    detail: str
    warnings: tuple[str, ...] = ()
    line: int
    offset: int
    raw_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Record):
    """Something that could not be read: what happened, what is lost by it, and the cause."""

    KIND: ClassVar[str] = "problem"

    what: str
    lost: str
    cause: str

    def identity(self) -> str:
        """One place can have several problems, so the id follows from all that a problem says."""
        return record_id(self.KIND, "\0".join((str(self.address), self.what, self.lost, self.cause)))
