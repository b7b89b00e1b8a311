"""Turns the bytes of one RFC 5322 message into records: message, headers, recipients, clocks, texts, attachments.

Used by every parser whose store keeps such bytes. Nothing is re-serialised: hashes are of the stored bytes, and spans
are those of the stored file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from forensics.absent import Absent
from forensics.address import Address, Span
from forensics.formats import charsets, filetype, identity, mime, transfer
from forensics.formats.addresses import Mailbox, parse_addresses
from forensics.formats.codepages import charset_of
from forensics.formats.headers import Defect, HeaderBlock
from forensics.formats.html_text import to_text
from forensics.moments import Moment
from forensics.parsers import attachment_records, embedded_clocks, header_records
from forensics.records import Attachment, BodyText, Count, Message, Problem, Recipient, Record, Recovery, Text

_ROLES = (
    ("from", "from"),
    ("sender", "sender"),
    ("reply-to", "reply_to"),
    ("to", "to"),
    ("cc", "cc"),
    ("bcc", "bcc"),
    ("resent-to", "resent_to"),
    ("delivered-to", "delivered_to"),
    ("return-path", "return_path"),
    ("disposition-notification-to", "receipt_to"),
)
_BODY_TYPES = {"text/plain": "plain", "text/html": "html", "text/enriched": "enriched"}
_LOSSES = frozenset(
    ("nested too deeply", "too many parts", "too many header fields", "field too long", "unknown transfer encoding")
)
_MOST_DEFECTS = 100
_QUOTED = re.compile(rb"(?m)^>+From ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the store says about the message: where its bytes begin in the stored file, its folder, state and clocks.

    ``unquote`` undoes what the store did to lines that begin with ``From``.
    """

    offset: int = 0
    spans: bool = True
    store_path: str = ""
    recovery: Recovery = Recovery.LIVE
    flags: tuple[str, ...] = ()
    clocks: tuple[Moment, ...] = ()
    unquote: Callable[[bytes], bytes] | None = None
    code_page: int = 0
    """The Windows code page that the case names for texts that state none and do not tell by themselves."""
    embedded_in: Text = Absent.NOT_APPLICABLE
    depth: int = 0
    uid: Count = Absent.NOT_APPLICABLE
    uid_validity: Count = Absent.NOT_APPLICABLE
    stored_name: Text = Absent.NOT_APPLICABLE
    defects: tuple[str, ...] = ()
    """What the store says of the message that does not hold."""


def records_of(
    raw: bytes, at: Address, place: Place, keep: Callable[[bytes], str], entity: mime.Entity | None = None
) -> Iterator[Record]:
    """All records of one message, the message first. ``entity`` is ``raw`` taken apart, where that was done already."""
    return _Mail(raw, at, place, keep, entity or mime.parse(raw)).records()


class _Mail:
    """One message on its way to records."""

    def __init__(
        self, raw: bytes, at: Address, place: Place, keep: Callable[[bytes], str], entity: mime.Entity
    ) -> None:
        self.raw = raw
        self.at = at
        self.place = place
        self.keep = keep
        self.entity = entity
        self.block = self.entity.root.header
        self.people = {role: parse_addresses_of(self.block, name) for name, role in _ROLES}
        self.texts: list[BodyText] = []
        self.attachments: list[Attachment] = []
        self.inside: list[Record] = []
        """What lies in the attachments."""
        self.defects: list[Defect] = list(self.entity.defects)
        self.ref = ""

    def records(self) -> Iterator[Record]:
        place, at = self.place, self.at
        self.ref = Message(address=at, item_class="", store_path="").identity()
        clocks = list(header_records.clocks(self.block))
        self._read_leaves()
        yield self._message(clocks)
        offset = place.offset if place.spans else None
        yield from header_records.header_fields(self.block, at, self.ref, place.recovery, offset=offset)
        yield from self._recipients()
        moments = [*clocks, *place.clocks, *self._hidden_clocks(clocks)]
        yield from header_records.moment_records(moments, at, self.ref, place.recovery)
        yield from self.texts
        yield from self.attachments
        yield from self.inside
        yield from self._losses()

    def _hidden_clocks(self, clocks: list[Moment]) -> Iterator[Moment]:
        dates = [clock for clock in clocks if clock.says.lower() == "date"]
        parts = self.entity.parts
        boundaries = (part.boundary.decode("latin-1") for part in parts if part.boundary)
        yield from embedded_clocks.of_header(self.block, dates)
        yield from embedded_clocks.of_parts(boundaries, (part.content_id for part in parts if part.content_id), dates)

    def _message(self, clocks: list[Moment]) -> Message:
        block, place, people = self.block, self.place, self.people
        sender = people["from"] or people["sender"]
        message_id = header_records.text(block, "Message-ID")
        dates = [clock for clock in clocks if clock.says.lower() == "date"]
        hops = [clock for clock in clocks if clock.says.startswith("Received ") and isinstance(clock.utc, int)]
        return Message(
            address=self.at,
            recovery=place.recovery,
            item_class="IPM.Note",
            store_path=place.store_path,
            message_id=or_absent(identity.message_id(message_id)),
            edrm_mih=or_absent(identity.edrm_mih(message_id)),
            subject=or_absent(header_records.text(block, "Subject")),
            sender=or_absent("; ".join(map(shown, sender))),
            sender_address=or_absent(sender[0].address if sender else ""),
            to=or_absent("; ".join(map(shown, people["to"]))),
            cc=or_absent("; ".join(map(shown, people["cc"]))),
            bcc=or_absent("; ".join(map(shown, people["bcc"]))),
            date_utc=dates[0].utc if dates else Absent.NOT_RECORDED,
            date_raw=dates[0].raw if dates else Absent.NOT_RECORDED,
            received_utc=hops[-1].utc if hops else Absent.NOT_RECORDED,
            in_reply_to=or_absent(header_records.text(block, "In-Reply-To")),
            references=or_absent(header_records.text(block, "References")),
            has_attachments=bool(self.attachments),
            attachment_count=len(self.attachments),
            size=len(self.raw),
            raw_sha256=hashlib.sha256(self.raw).hexdigest(),
            body_sha256=self._body_digest(),
            thread_index=or_absent("".join(header_records.text(block, "Thread-Index").split())),
            flags=place.flags,
            defects=(
                *place.defects,
                *(f"{each.what} ({each.end - each.start} bytes)" for each in self.defects[:_MOST_DEFECTS]),
            ),
            embedded_in=place.embedded_in,
            depth=place.depth,
            uid=place.uid,
            uid_validity=place.uid_validity,
            stored_name=place.stored_name,
        )

    def _body_digest(self) -> Text:
        plain = [text.text for text in self.texts if text.kind == "plain" and isinstance(text.text, str)]
        if plain:
            return identity.body_digest("".join(plain))
        pages = [text.text for text in self.texts if text.kind == "html" and isinstance(text.text, str)]
        return identity.body_digest(to_text("".join(pages))) if pages else Absent.NOT_RECORDED

    def _recipients(self) -> Iterator[Recipient]:
        named = [(role, party) for role, parties in self.people.items() for party in parties]
        for position, (role, party) in enumerate(named, start=1):
            yield Recipient(
                address=self.at.child(f"recipient:{position}"),
                recovery=self.place.recovery,
                message_id_ref=self.ref,
                position=position,
                role=role,
                name=or_absent(party.name),
                mail_address=or_absent(party.address),
                raw=or_absent(party.raw.decode("utf-8", "backslashreplace").strip()),
            )

    def _read_leaves(self) -> None:
        for part in self.entity.leaves:
            decoded = self._content(part)
            kind = _BODY_TYPES.get(part.content_type)
            if kind and part.disposition != "attachment" and not part.filenames and not part.opaque:
                self._add_text(part, kind, decoded.data)
            else:
                self._add_attachment(part, decoded.data)
            if decoded.hidden:
                self._add_attachment(part, decoded.hidden, disposition="hidden behind the end of the encoding")

    def _content(self, part: mime.Part) -> transfer.Content:
        unquote = self.place.unquote
        if unquote is None or part.encoding == "base64" or not self._has_quoted(part):
            found = transfer.content(self.raw, part)
            self.defects.extend(found.defects)
            return found
        body = unquote(self.raw[part.body_start : part.end])
        found = transfer.content(body, replace(part, body_start=0, end=len(body)))
        self._add_defects(found.defects, part)
        return found

    def _has_quoted(self, part: mime.Part) -> bool:
        """The bare search comes first, because it is many times faster and mostly finds nothing."""
        start, end = part.body_start, part.end
        return self.raw.find(b">From ", start, end) >= 0 and _QUOTED.search(self.raw, start, end) is not None

    def _add_defects(self, defects: tuple[Defect, ...], part: mime.Part) -> None:
        """Defects of bytes that do not stand in the file as they are: their place is the whole part."""
        self.defects.extend(Defect(what=each.what, start=part.body_start, end=part.end) for each in defects)

    def _add_text(self, part: mime.Part, kind: str, data: bytes) -> None:
        decoded = self._decoded(data, part.charset)
        position = len(self.texts) + 1
        self.texts.append(
            BodyText(
                address=self.at.child(f"text:{position}", self._span(part)),
                recovery=self.place.recovery,
                message_id_ref=self.ref,
                position=position,
                kind=kind,
                text=decoded.text,
                sha256=hashlib.sha256(data).hexdigest(),
                size=len(data),
                charset=decoded.charset,
                declared_charset=or_absent(part.charset),
                method=decoded.method,
                bad_bytes=sum(end - start for start, end in decoded.bad),
                part=part.path,
            )
        )
        if kind == "plain":
            for file in transfer.uuencoded(data):
                name = charsets.decode(file.name).text
                self._add_attachment(part, file.data, disposition="uuencoded in the text", name=name)
                self._add_defects(file.defects, part)

    def _decoded(self, data: bytes, declared: str) -> charsets.Decoded:
        """The text of a body; where it could only be guessed, the code page of the case decides, if every byte fits."""
        decoded = charsets.decode(data, declared)
        if decoded.method != charsets.GUESSED or not self.place.code_page:
            return decoded
        assumed = charsets.decode(data, charset_of(self.place.code_page))
        return decoded if assumed.bad else assumed._replace(declared=declared, method="assumed")

    def _add_attachment(self, part: mime.Part, data: bytes, *, disposition: str = "", name: str = "") -> None:
        position = len(self.attachments) + 1
        names = tuple(f"{each.source}={each.text}" for each in part.filenames)
        first = name or (part.filenames[0].text if part.filenames else "")
        detected = filetype.detect(data)
        if part.content_type == "message/rfc822" and detected == "text/plain":
            detected = "message/rfc822"
        attachment = Attachment(
            address=self.at.child(f"attachment:{position}", self._span(part)),
            recovery=self.place.recovery,
            message_id_ref=self.ref,
            position=position,
            name=or_absent(first),
            names=names,
            size=len(data),
            sha256=self.keep(data),
            declared_type=or_absent(part.stated_type),
            detected_type=detected,
            disposition=or_absent(disposition or part.disposition),
            content_id=or_absent(part.content_id),
            part=part.path,
        )
        known, found = attachment_records.inside(attachment, data)
        self.attachments.append(known)
        self.inside.extend(found)

    def _losses(self) -> Iterator[Problem]:
        """Only what a reader of the records would miss is a problem; every other defect stands with the message."""
        for defect in dict.fromkeys(self.defects):
            if defect.what in _LOSSES:
                lost = f"what bytes {defect.start} to {defect.end} of the message hold, as records of their own"
                span = Span(self.place.offset + defect.start, self.place.offset + defect.end)
                yield Problem(
                    address=self.at.within(span) if self.place.spans else self.at,
                    recovery=self.place.recovery,
                    what=defect.what,
                    lost=f"{lost}; the bytes are in the evidence",
                    cause="limit or format",
                )

    def _span(self, part: mime.Part) -> Span | None:
        return Span(self.place.offset + part.start, self.place.offset + part.end) if self.place.spans else None


def parse_addresses_of(block: HeaderBlock, name: str) -> tuple[Mailbox, ...]:
    """The parties of every field of that name."""
    return tuple(party for field in block.every(name) for party in parse_addresses(field.raw))


def shown(party: Mailbox) -> str:
    """``Name <address>``, or what of it there is."""
    return f"{party.name} <{party.address}>" if party.name and party.address else party.name or party.address


def or_absent(text: str) -> Text:
    """The text, or that it was not recorded."""
    return text if text else Absent.NOT_RECORDED
