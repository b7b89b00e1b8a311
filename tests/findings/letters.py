"""Letters for the tests of findings: raw messages with their clocks in place, read as the parsers read them.

Written from the catalogue and the layouts' own sources, without looking at the rules.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from forensics.address import Address, Span
from forensics.casefile.view import CaseView
from forensics.findings.finding import Finding, Looked
from forensics.moments import Basis, Meaning, Moment, Zone
from forensics.parsers import mail_records
from forensics.records import LogEvent, Record
from forensics.timeline.build import build
from tests.casebuilder import JUNE, SECOND, CaseBuilder

MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
TOKYO = 540
HOSTS = ("out.example.jp", "filter.example.jp", "store.example.jp")


def stamp(ns: int, minutes: int = TOKYO) -> str:
    """A time as RFC 5322 writes it."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)
    return format_datetime(at.astimezone(timezone(timedelta(minutes=minutes))))


def ticks(ns: int) -> int:
    return ns // 100 + 116_444_736_000_000_000


def outlook_id(ns: int, number: int = 1) -> str:
    high, low = divmod(ticks(ns), 1 << 32)
    return f"<{number % 0xFFFF:04x}{high:08x}${low:08x}$5e01a8c0@example.jp>"


def outlook_boundary(ns: int) -> str:
    high, low = divmod(ticks(ns), 1 << 32)
    return f"----=_NextPart_000_0001_{high:08X}.{low:08X}"


def google_stamp(ns: int) -> str:
    micros = ns // 1000
    return f"{micros & 0xFFFFFF:06x}{micros >> 24:08x}"


def google_id(ns: int, number: int = 1) -> str:
    return f"<{number:012x}{google_stamp(ns)}ab@mail.gmail.com>"


def google_boundary(ns: int) -> str:
    return f"000000000000{google_stamp(ns)}18"


def thread_index(start: int, deltas: Sequence[int] = (), thread: int = 1) -> str:
    """A conversation index that began then, answered after each of the spans (ns) from the time before."""
    import base64

    raw = (ticks(start) >> 16).to_bytes(6, "big") + uuid.UUID(int=thread).bytes
    for delta in deltas:
        raw += ((delta // 100 >> 18) & 0x7FFFFFFF).to_bytes(4, "big") + b"\x10"
    return base64.b64encode(raw).decode()


@dataclass(kw_only=True)
class Letter:
    """One message to be made; what is planted changes a field, everything else follows from ``at``."""

    number: int
    at: int
    sender: str = "sato@example.jp"
    to: tuple[str, ...] = ("tanaka@example.jp",)
    date: int | None = None
    minutes: int = TOKYO
    message_id: str = ""
    boundary: str = ""
    hops: list[tuple[str, int]] | None = None
    top: list[tuple[str, str]] = field(default_factory=list)
    more: list[tuple[str, str]] = field(default_factory=list)
    below: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""
    clocks: list[Moment] = field(default_factory=list)
    folder: str = "/INBOX"
    place: int = 0

    @property
    def id(self) -> str:
        return self.message_id or f"<{uuid.UUID(int=self.number, version=4)}@example.jp>"

    @property
    def path(self) -> list[tuple[str, int]]:
        return (
            [(host, self.at + (2 + 3 * n) * SECOND) for n, host in enumerate(HOSTS)] if self.hops is None else self.hops
        )

    def raw(self) -> bytes:
        lines = [f"{name}: {text}" for name, text in self.top]
        for number, (host, at) in reversed(list(enumerate(self.path))):
            source = self.path[number - 1][0] if number else "pc.example.jp"
            lines.append(f"Received: from {source} by {host} with ESMTP id Q{self.number}x{number}; {stamp(at)}")
        date = self.at if self.date is None else self.date
        lines += [f"From: <{self.sender}>", f"To: {', '.join(self.to)}", f"Subject: letter {self.number}"]
        lines += [f"Date: {stamp(date, self.minutes)}", f"Message-ID: {self.id}"]
        lines += [f"{name}: {text}" for name, text in (*self.more, *self.below)]
        text = self.body or f"This is letter {self.number}."
        if self.boundary:
            lines += ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{self.boundary}"']
            text = f"--{self.boundary}\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--{self.boundary}--\r\n"
        return ("\r\n".join(lines) + "\r\n\r\n" + text + "\r\n").encode()

    def records(self, evidence: str = "EV-0001") -> list[Record]:
        place = self.place or self.number * 1000
        raw = self.raw()
        at = Address(evidence=evidence, steps=("000001", f"message:{self.number}"), span=Span(place, place + len(raw)))
        where = mail_records.Place(offset=place, store_path=self.folder, clocks=tuple(self.clocks))
        return list(mail_records.records_of(raw, at, where, lambda data: hashlib.sha256(data).hexdigest()))

    @property
    def record(self) -> str:
        return self.records()[0].identity()


def kept(utc: int, says: str = "PR_CREATION_TIME", meaning: Meaning = Meaning.CREATED, **changed: Any) -> Moment:
    """A time that the store keeps."""
    basis = Basis.FILESYSTEM if says.startswith("file ") else Basis.STORE
    given = {"meaning": meaning, "basis": basis, "says": says, "utc": utc, "raw": "x", "zone": Zone.STATED}
    return Moment(**{**given, "offset_minutes": 0, **changed})


def from_line(utc: int) -> Moment:
    return kept(utc, "From_ line", Meaning.DELIVERED, zone=Zone.UNKNOWN)


def logged(number: int, at: int, message_id: str, operation: str = "sent", **changed: Any) -> LogEvent:
    """A line of a log of transport."""
    given: dict[str, Any] = {
        "source": "postfix",
        "operation": operation,
        "utc": at,
        "utc_raw": f"{at} ns",
        "zone": "stated",
        "precision": "second",
        "message_id": message_id,
        "recipient": "tanaka@example.jp",
        "recipients": ("tanaka@example.jp",),
        "status": operation,
        "detail": '{"host": "gateway"}',
        "line": number,
        "offset": number * 100,
        "raw_sha256": "ab" * 32,
    }
    place = Address(evidence="EV-0001", steps=("000002", f"line:{number}"))
    return LogEvent(address=place, **{**given, **changed})


def case_of(folder: Path, letters: Iterable[Letter], more: Iterable[Record] = ()) -> CaseView:
    """A case with these letters, parsed and laid on a timeline."""
    case = CaseBuilder(folder)
    case.evidence(files={"mail/inbox.mbox": b"From - ", "mail.log": b"x"})
    case.parsed([*(record for letter in letters for record in letter.records()), *more])
    case.timeline_listed(build(case.view(), folder / "timeline").files)
    return case.view()


def ordinary(count: int = 40, first: int = 1000, **changed: Any) -> list[Letter]:
    """Letters on their usual way, three hours apart."""
    return [Letter(number=first + n, at=JUNE + n * 3 * HOUR, **changed) for n in range(count)]


def look(rule: Any, case: CaseView, **tables: Mapping[str, Any]) -> tuple[list[Finding], Looked]:
    """What a rule says: its findings and where it looked."""
    said = list(rule.look(case))
    looked = [each for each in said if isinstance(each, Looked)]
    assert len(looked) == 1
    found = [each for each in said if isinstance(each, Finding)]
    assert looked[0].found == len(found)
    for each in found:
        assert each.because
        assert each.also_possible
        assert each.does_not_show
        assert all(because.record and because.address for because in each.because)
    return found, looked[0]
