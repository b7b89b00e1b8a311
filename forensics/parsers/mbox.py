"""Mailboxes in one file: mboxo, mboxrd, mboxcl and mboxcl2, told apart by what is in them (RFC 4155, mbox(5)).

The bytes before the first separator belong to no message and become a problem of their own, so that messages, problems
and separators add up.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from forensics.absent import Absent
from forensics.address import Address, Span
from forensics.formats import mail_flags, mbox, mime, uid_lists
from forensics.formats.exports import labels
from forensics.formats.folder_names import holds_deleted
from forensics.formats.headers import HeaderBlock
from forensics.formats.mbox_lines import FromLine, Variant, from_line, unquote
from forensics.formats.mbox_spans import MessageSpan
from forensics.formats.sniff import Kind
from forensics.moments import Basis, Meaning, Moment, Zone
from forensics.parsers import header_records, mail_records, said
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.records import Folder, IndexEntry, Problem, Record, Recovery

RANGE_BYTES = 1 << 23
MOST_HANDED_ON = 500_000
"""An answer of a worker has a limit; a box with more messages is split a second time, range by range."""
_UID = re.compile(rb"\d{1,10}")


class MboxParser:
    """Reads the messages of a mailbox file; ranges of about 8 MiB begin and end at messages."""

    name = "mbox"
    title = "Mailbox file (mbox)"
    version = "2"

    def claims(self, candidate: Candidate) -> int:
        """Files that begin with a From_ line."""
        return candidate.sniffed.strength if candidate.sniffed.kind is Kind.MBOX else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """The variant is a property of the whole box, so it is found here and handed to every range."""
        outline = mbox.outline(unit.handle, unit.size)
        starts = [0]
        for number, span in enumerate(outline.messages):
            if span.from_start - outline.messages[starts[-1]].from_start >= RANGE_BYTES:
                starts.append(number)
        if len(starts) == 1:
            return [{}]
        return [_range(unit, outline, first, after) for first, after in pairwise([*starts, len(outline.messages)])]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The messages of one range, in order."""
        start, stop = int(unit.range.get("start", 0)), int(unit.range.get("stop", unit.size))
        if "spans" in unit.range:
            messages: Sequence[MessageSpan] = _spans(str(unit.range["spans"]))
            variant, leading = Variant(str(unit.range["variant"])), (start, messages[0].from_start)
        else:
            outline = mbox.outline(unit.handle, unit.size, start, stop)
            messages, leading = outline.messages, outline.leading
            variant = Variant(str(unit.range.get("variant", outline.variant)))
        folder = unit.path or unit.folder
        if start == 0:
            yield _folder(unit, at, folder, variant)
            yield from _leading(unit, at, leading)
        for number, span in enumerate(messages, start=int(unit.range.get("first", 1))):
            step = f"message:{number}"
            if not unit.begin(step):
                continue
            unit.handle.seek(span.from_start)
            raw = unit.handle.read(span.end - span.from_start)
            yield from self._message(unit, at.child(step, Span(span.from_start, span.end)), keep, raw, span, variant)

    def _message(
        self, unit: Unit, at: Address, keep: Keep, raw: bytes, span: MessageSpan, variant: Variant
    ) -> Iterator[Record]:
        line, message = raw[: span.start - span.from_start], raw[span.start - span.from_start :]
        entity = mime.parse(message)
        flags = (*mail_flags.flags(entity.root.header), *_labels(entity.root.header))
        uid, based = _uids(entity.root.header)
        folder = unit.path or unit.folder
        deleted = bool((mail_flags.GONE | {"trashed"}) & set(flags)) or holds_deleted(folder)
        place = mail_records.Place(
            offset=span.start,
            spans=unit.depth == 0,
            store_path=folder,
            recovery=Recovery.SOFT_DELETED if deleted else Recovery.LIVE,
            flags=flags,
            clocks=tuple(_delivery(from_line(line))),
            unquote=functools.partial(unquote, variant=variant),
            code_page=unit.settings.code_page,
            embedded_in=unit.embedded_in or Absent.NOT_APPLICABLE,
            depth=unit.depth,
            uid=uid,
            uid_validity=based[0] if based else Absent.NOT_APPLICABLE,
        )
        told = said.of(unit, int(at.steps[-1].partition(":")[2]))
        yield from mail_records.records_of(message, at, said.joined(place, told), keep, entity)
        if based:
            yield _index(at, folder, based)


def _labels(block: HeaderBlock) -> tuple[str, ...]:
    """What Gmail's Takeout writes into each message."""
    written = header_records.text(block, "X-Gmail-Labels")
    return labels.flags(labels.of_header(written)) if written else ()


def _range(unit: Unit, outline: mbox.MboxOutline, first: int, after: int) -> Range:
    """Messages ``first`` to ``after`` (from 0, exclusive), with their places unless the box has too many to hand on."""
    messages = outline.messages
    start = messages[first].from_start if first else 0
    stop = messages[after].from_start if after < len(messages) else unit.size
    found: dict[str, int | str] = {"start": start, "stop": stop, "first": first + 1, "variant": outline.variant.value}
    if len(messages) <= MOST_HANDED_ON:
        found["spans"] = " ".join(f"{span.from_start} {span.start} {span.end}" for span in messages[first:after])
    return found


def _spans(text: str) -> list[MessageSpan]:
    numbers = [int(word) for word in text.split()]
    return [MessageSpan(*numbers[at : at + 3]) for at in range(0, len(numbers), 3)]


def _folder(unit: Unit, at: Address, folder: str, variant: Variant) -> Folder:
    return Folder(
        address=at.child("folder:1"),
        store_path=folder,
        name=folder.rpartition("/")[2] or Absent.NOT_RECORDED,
        container_class=f"mbox ({variant.value})",
    )


def _leading(unit: Unit, at: Address, leading: tuple[int, int]) -> Iterator[Problem]:
    """Bytes before the first separator: they belong to no message, and nobody may lose them."""
    start, end = leading
    unit.handle.seek(start)
    if end > start and unit.handle.read(end - start).strip():
        yield Problem(
            address=at.child("leading", Span(start, end)),
            what="these bytes stand before the first message of the mailbox",
            lost=f"{end - start} bytes that belong to no message; they are in the evidence",
            cause="no From_ line before them",
        )


def _uids(block: HeaderBlock) -> tuple[int | Absent, tuple[int, int] | None]:
    """The UID that a server wrote into the message; from the first one also the validity and last UID of the box."""
    text = block.first("X-UID").strip()
    based = uid_lists.imap_base(block.first("X-IMAPbase") or block.first("X-IMAP"))
    return int(text) if _UID.fullmatch(text) else Absent.NOT_APPLICABLE, based[:2] if based else None


def _index(at: Address, folder: str, based: tuple[int, int]) -> IndexEntry:
    return IndexEntry(
        address=at.child("index:1"),
        store_path=folder,
        source="X-IMAPbase",
        uid_validity=based[0],
        uid_next=based[1] + 1,
        size=Absent.NOT_APPLICABLE,
    )


def _delivery(line: FromLine) -> Iterator[Moment]:
    """The time in the From_ line: when the message was put into the box, in a zone that is seldom stated."""
    if line.ns is None:
        return
    yield Moment(
        meaning=Meaning.DELIVERED,
        basis=Basis.STORE,
        says="From_ line",
        utc=line.ns,
        raw=line.date,
        zone=Zone.UNKNOWN if line.offset_minutes is None else Zone.STATED,
        offset_minutes=Absent.NOT_RECORDED if line.offset_minutes is None else line.offset_minutes,
    )
