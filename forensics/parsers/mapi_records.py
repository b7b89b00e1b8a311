"""Turns a MAPI item, from an MSG file or a PST store, into records; embedded messages follow their carrier.

Only what the store says is recorded: MAPI times are claims of the store ([MS-OXPROPS]), the transport headers claims of
the sender and the relays.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from forensics.absent import Absent
from forensics.address import Address, record_id
from forensics.errors import FormatError
from forensics.formats import filetype, identity, mapi
from forensics.formats.html_text import to_text
from forensics.formats.mapi import canonical, tags
from forensics.moments import Basis, Meaning, Moment, Precision, Zone, filetime_to_ns, is_sensible
from forensics.parsers import attachment_records, embedded_clocks, header_records
from forensics.records import (
    Attachment,
    BodyText,
    Integrity,
    Message,
    MomentRecord,
    Problem,
    Recipient,
    Record,
    Recovery,
    Text,
)

DEEPEST = 20
LARGEST = 1 << 31
_MEANINGS = {str(each): each for each in Meaning}
_FLAGS = ("submitted", "unsent", "from_me", "associated", "resend")
_NAMES = (
    ("long", tags.PR_ATTACH_LONG_FILENAME),
    ("short", tags.PR_ATTACH_FILENAME),
    ("shown", tags.PR_DISPLAY_NAME),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the store says about where the item lies."""

    store_path: str
    recovery: Recovery = Recovery.LIVE
    integrity: Integrity = Integrity.NONE
    embedded_in: Text = Absent.NOT_APPLICABLE
    depth: int = 0


def records_of(item: mapi.Item, at: Address, place: Place, keep: Callable[[bytes], str]) -> Iterator[Record]:
    """All records of an item and of the messages inside it, the carrier first."""
    waiting = [_Item(item, at, place, keep)]
    found: list[_Item] = []
    while waiting:
        own = waiting.pop()
        own.read_attachments()
        found.append(own)
        waiting.extend(reversed(own.embedded.values()))
    # What lies inside comes after its carrier, and the carrier's digest is made of it.
    for own in reversed(found):
        own.take_digest()
    for own in found:
        yield from own.records()


class _Item:
    """One item on its way to records."""

    def __init__(self, item: mapi.Item, at: Address, place: Place, keep: Callable[[bytes], str]) -> None:
        self.item = item
        self.at = at
        self.place = place
        self.keep = keep
        self.embedded: dict[int, _Item] = {}
        """The messages inside this one, by the position of the attachment."""
        self.ref = record_id(Message.KIND, str(at))
        self.digest = ""
        self._attached: list[tuple[Attachment, str]] = []
        self._inside_attached: dict[int, list[Record]] = {}
        self._bag = item.properties
        self._sender, self._represented = mapi.sender(item), mapi.represented_sender(item)
        self._parties = mapi.recipients(item)
        self._texts: list[BodyText] = []
        self._broken: list[mapi.Lost] = []
        self._header = header_records.parse(self._transport_headers())

    def records(self) -> Iterator[Record]:
        ref = self.ref
        yield self._message()
        yield from header_records.header_fields(self._header, self.at, ref, self.place.recovery)
        yield from self._recipients(ref)
        yield from self._moments(ref)
        yield from self._texts
        yield from self._attachments()
        yield from self._problems()

    def read_attachments(self) -> None:
        """Read the bytes of every attachment, and open the messages among them."""
        for position, thing in enumerate(self.item.attachments, start=1):
            at = self._inside(f"attachment:{position}")
            self._attached.append(self._attachment(thing, at, position, self.ref))
            if thing.embedded is not None and self.place.depth < DEEPEST:
                inside = replace(self.place, embedded_in=self.ref, depth=self.place.depth + 1)
                self.embedded[position] = _Item(thing.embedded, at.child("message:1"), inside, self.keep)

    def take_digest(self) -> None:
        """Make the digest of the item; those of the messages inside it are made already."""
        contents = []
        for (record, lost), thing in zip(self._attached, self.item.attachments, strict=True):
            inside = self.embedded.get(record.position)
            contents.append(
                canonical.Content(
                    sha256=record.sha256 if isinstance(record.sha256, str) else "",
                    size=record.size if isinstance(record.size, int) else 0,
                    embedded=inside.digest if inside else "",
                    lost=bool(lost) or thing.embedded is not None,
                )
            )
        self.digest = canonical.digest(self.item, contents)

    def _transport_headers(self) -> bytes:
        return (self._bag.text(tags.PR_TRANSPORT_MESSAGE_HEADERS) or "").encode("utf-8", "surrogateescape")

    def _message(self) -> Message:
        item, bag = self.item, self._bag
        self._texts = list(self._bodies())
        sender = self._represented or self._sender
        message_id = bag.text(tags.PR_INTERNET_MESSAGE_ID) or header_records.text(self._header, "Message-ID")
        sent = bag.filetime(tags.PR_CLIENT_SUBMIT_TIME)
        received = bag.filetime(tags.PR_MESSAGE_DELIVERY_TIME)
        index = bag.binary(tags.PR_CONVERSATION_INDEX)
        return Message(
            address=self.at,
            recovery=self.place.recovery,
            item_class=_or_absent(mapi.item_class(item)),
            store_path=self.place.store_path,
            message_id=_or_absent(identity.message_id(message_id)),
            edrm_mih=_or_absent(identity.edrm_mih(message_id)),
            subject=_or_absent(mapi.subject(item)),
            sender=_or_absent(_shown(sender)),
            sender_address=_or_absent(sender.smtp or sender.x500 or sender.address),
            to=self._named("to", tags.PR_DISPLAY_TO),
            cc=self._named("cc", tags.PR_DISPLAY_CC),
            bcc=self._named("bcc", tags.PR_DISPLAY_BCC),
            date_utc=_ns(sent),
            date_raw=_or_absent("" if sent is None else f"FILETIME {sent}"),
            received_utc=_ns(received),
            in_reply_to=_or_absent(bag.text(tags.PR_IN_REPLY_TO_ID) or ""),
            references=_or_absent(bag.text(tags.PR_INTERNET_REFERENCES) or ""),
            has_attachments=bool(item.attachments),
            attachment_count=len(item.attachments),
            size=_count(bag.integer(tags.PR_MESSAGE_SIZE)),
            canonical_sha256=self.digest,
            body_sha256=self._body_digest(),
            thread_index=_or_absent(base64.b64encode(index).decode() if index else ""),
            flags=self._flags(),
            integrity=self.place.integrity,
            embedded_in=self.place.embedded_in,
            depth=self.place.depth,
        )

    def _named(self, kind: str, display: int) -> Text:
        named = "; ".join(_shown(party) for party in self._parties if party.kind == kind)
        return _or_absent(named or self._bag.text(display) or "")

    def _flags(self) -> tuple[str, ...]:
        flags = mapi.message_flags(self.item)
        if flags is None:
            return ()
        return ("read" if flags.read else "unread", *(name for name in _FLAGS if getattr(flags, name)))

    def _bodies(self) -> Iterator[BodyText]:
        for position, body in enumerate(mapi.bodies(self.item), start=1):
            lost = "what of it could not be unpacked" if body.raw else "the whole text"
            self._broken += [
                mapi.Lost(f"the {body.kind} text of the item is damaged", lost, why) for why in body.problems
            ]
            yield BodyText(
                address=self._inside(f"text:{position}"),
                recovery=self.place.recovery,
                message_id_ref=self.ref,
                position=position,
                kind=body.kind,
                text=body.text().rstrip("\0"),
                sha256=self.keep(body.raw),
                size=len(body.raw),
                charset=Absent.NOT_RECORDED if body.codepage is None else f"cp{body.codepage}",
                method="stored",
            )

    def _body_digest(self) -> Text:
        by_kind = {text.kind: text.text for text in self._texts if isinstance(text.text, str)}
        if "plain" in by_kind:
            return identity.body_digest(by_kind["plain"])
        return identity.body_digest(to_text(by_kind["html"])) if "html" in by_kind else Absent.NOT_RECORDED

    def _recipients(self, ref: str) -> Iterator[Recipient]:
        senders = (("sender", self._sender), ("from", self._represented))
        parties = [(role, party) for role, party in senders if party] + [(each.kind, each) for each in self._parties]
        for position, (role, party) in enumerate(parties, start=1):
            yield Recipient(
                address=self._inside(f"recipient:{position}"),
                recovery=self.place.recovery,
                message_id_ref=ref,
                position=position,
                role=role,
                name=_or_absent(party.name),
                mail_address=_or_absent(party.smtp or party.x500 or party.address),
                address_type=party.address_type or ("SMTP" if party.smtp else "unknown"),
                raw=_or_absent(party.address),
            )

    def _inside(self, step: str) -> Address:
        """One level further in, for steps in which nothing has to be quoted."""
        return Address(evidence=self.at.evidence, steps=(*self.at.steps, step))

    def _moments(self, ref: str) -> Iterator[MomentRecord]:
        stored = [_moment(each) for each in mapi.times(self.item) if each.meaning in _MEANINGS]
        clocks = list(header_records.clocks(self._header))
        moments = [*stored, *clocks, *self._hidden_clocks(clocks)]
        yield from header_records.moment_records(moments, self.at, ref, self.place.recovery)

    def _hidden_clocks(self, clocks: list[Moment]) -> Iterator[Moment]:
        """Those of the transport headers; of an item without a Message-ID there, those of the property; the thread's.

        An index that stands in both places is told twice, because the store may hold another than the headers.
        """
        dates = [clock for clock in clocks if clock.says.lower() == "date"]
        yield from embedded_clocks.of_header(self._header, dates)
        if not self._header.first("Message-ID"):
            message_id = self._bag.text(tags.PR_INTERNET_MESSAGE_ID) or ""
            yield from embedded_clocks.of_message_id(message_id, "PR_INTERNET_MESSAGE_ID", dates)
        index = self._bag.binary(tags.PR_CONVERSATION_INDEX)
        yield from embedded_clocks.of_conversation(index or b"", "PR_CONVERSATION_INDEX")

    def _attachments(self) -> Iterator[Record]:
        for (record, lost), thing in zip(self._attached, self.item.attachments, strict=True):
            at = record.address
            yield record
            yield from self._inside_attached.get(record.position, ())
            if lost:
                yield self._problem(at, "an attachment could not be read", "the content of the attachment", lost)
            if thing.embedded is not None and record.position not in self.embedded:
                what = f"messages inside messages go deeper than {DEEPEST} levels"
                yield self._problem(at, what, "the message inside this one", "limit")

    def _attachment(self, thing: mapi.AttachedThing, at: Address, position: int, ref: str) -> tuple[Attachment, str]:
        data, lost = self._content(thing)
        detected: Text = Absent.NOT_APPLICABLE if data is None else filetype.detect(data)
        if thing.embedded is not None:
            detected = "application/vnd.ms-outlook; embedded"
        stated = _count(thing.properties.integer(tags.PR_ATTACH_SIZE))
        why = Absent.UNREADABLE if lost else Absent.NOT_APPLICABLE
        record = Attachment(
            address=at,
            recovery=self.place.recovery,
            message_id_ref=ref,
            position=position,
            name=_or_absent(thing.name),
            names=tuple(f"{word}={text}" for word, key in _NAMES if (text := thing.properties.text(key))),
            size=stated if data is None else len(data),
            sha256=why if data is None else self.keep(data),
            declared_type=_or_absent(thing.mime_type),
            detected_type=detected,
            disposition="hidden" if thing.hidden else Absent.NOT_APPLICABLE,
            content_id=_or_absent(thing.content_id),
        )
        if data is None:
            return record, lost
        known, found = attachment_records.inside(record, data)
        self._inside_attached[position] = found
        return known, lost

    def _content(self, thing: mapi.AttachedThing) -> tuple[bytes | None, str]:
        """The bytes of an attachment, or why there are none; an OLE object gives its streams end to end, by name."""
        if thing.lost:
            return None, thing.lost
        sources = [thing.data] if thing.data is not None else [data for _, data in thing.streams]
        if not sources:
            return None, ""
        if sum(source.size for source in sources) > LARGEST:
            return None, f"it is larger than {LARGEST} bytes"
        try:
            return b"".join(chunk for source in sources for chunk in source.chunks()), ""
        except FormatError as error:
            return None, error.what

    def _problems(self) -> Iterator[Problem]:
        """One for each thing lost; what was lost more than once in the same way is one problem that says how often."""
        for lost, times in Counter((*self.item.problems, *self._broken)).items():
            more = f" ({times} times)" if times > 1 else ""
            yield self._problem(self.at, lost.what, lost.lost + more, lost.cause)

    def _problem(self, at: Address, what: str, lost: str, cause: str) -> Problem:
        return Problem(address=at, recovery=self.place.recovery, what=what, lost=lost, cause=cause)


def _moment(stored: mapi.StoredTime) -> Moment:
    ns = filetime_to_ns(stored.ticks)
    return Moment(
        meaning=_MEANINGS[stored.meaning],
        basis=Basis.STORE,
        says=stored.says,
        utc=ns if is_sensible(ns) else Absent.UNPARSABLE,
        raw=f"FILETIME {stored.ticks}",
        zone=Zone.STATED,
        offset_minutes=0,
        precision=Precision.TICK,
    )


def _ns(ticks: int | None) -> int | Absent:
    if ticks is None or not mapi.is_set(ticks):
        return Absent.NOT_RECORDED
    ns = filetime_to_ns(ticks)
    return ns if is_sensible(ns) else Absent.UNPARSABLE


def _count(value: int | None) -> int | Absent:
    return Absent.NOT_RECORDED if value is None else value


def _or_absent(text: str) -> Text:
    return text if text else Absent.NOT_RECORDED


def _shown(party: mapi.Party) -> str:
    address = party.smtp or party.x500 or party.address
    return f"{party.name} <{address}>" if party.name and address and party.name != address else party.name or address
