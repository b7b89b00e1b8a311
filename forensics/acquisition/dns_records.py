"""TXT records asked of a resolver and kept as evidence: DKIM keys (RFC 6376 3.6.2), SPF (RFC 7208), DMARC (RFC 7489).

    dkim-keys.json       the keys, in the form in which ``find`` takes them: who fetched them, when, from where
    dns-answers.jsonl    every question with the whole answer as it came, in hexadecimal, also "there is none"

Keys rotate away, so what stands in the DNS today is asked today; it does not tell what stood there when mail was sent.
"""

from __future__ import annotations

import io
import json
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from forensics import canonical
from forensics.acquisition.receipt import Refusal
from forensics.acquisition.source import Found
from forensics.errors import ForensicsError, UsageError
from forensics.evidence import item as layout
from forensics.evidence.item import Entry
from forensics.moments import iso

DKIM, SPF, DMARC = "dkim", "spf", "dmarc"
KEYS, ANSWERS = b"dkim-keys.json", b"dns-answers.jsonl"
_TRIES = 2
_MOST_INCLUDED = 10
"""So many further records an SPF record may lead to (RFC 7208 4.6.4)."""
_LEADS = re.compile(r"(?:^|\s)[+?~-]?(?:include:|redirect=)([A-Za-z0-9._-]+)(?=\s|$)", re.IGNORECASE)
_FAULTS = (dns.exception.DNSException, OSError, ValueError)
_LIMITS = (
    "Asked was what stands in the DNS now; what stood there when the mail was sent may have been another record.",
    "The answers are a resolver's word: the flag AD says only that the resolver holds them for signed (RFC 4035).",
    "Of SPF, the records that include and redirect lead to were asked for too, and no addresses.",
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Question:
    """A TXT record to ask for: the name, and what it is for."""

    purpose: str
    name: str


def dkim_key(selector: str, domain: str) -> Question:
    """Where the key of a signature stands."""
    return Question(purpose=DKIM, name=f"{selector}._domainkey.{domain}".lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One question with its answer, or why there is none (``fault``)."""

    question: Question
    asked_ns: int
    resolver: str
    rcode: str = ""
    transport: str = ""
    flags: str = ""
    authentic: bool = False
    wire: bytes = b""
    records: tuple[tuple[str, str, int, bytes], ...] = ()
    """Owner, type, time to live and data of every record of the answer section."""
    texts: tuple[str, ...] = ()
    fault: str = ""

    def to_json(self) -> dict[str, Any]:
        """The line of ``dns-answers.jsonl``."""
        return {
            "purpose": self.question.purpose,
            "name": self.question.name,
            "type": "TXT",
            "asked_ns": self.asked_ns,
            "asked": iso(self.asked_ns),
            "resolver": self.resolver,
            "rcode": self.rcode,
            "transport": self.transport,
            "flags": self.flags,
            "ad": self.authentic,
            "texts": list(self.texts),
            "records": [
                {"owner": owner, "type": kind, "ttl": ttl, "rdata_hex": data.hex()}
                for owner, kind, ttl, data in self.records
            ],
            "wire_hex": self.wire.hex(),
            "fault": self.fault,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Where questions go to."""

    address: str
    port: int = 53
    timeout: float = 5.0

    @property
    def shown(self) -> str:
        """Address and port."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @classmethod
    def of(cls, given: str) -> Resolver:
        """``IP``, ``IP:port`` or ``[IP]:port``; empty for the one that this system is set up with."""
        if not given:
            return cls(address=_of_the_system())
        found = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?|([0-9.]+)(?::(\d{1,5}))?|([0-9a-fA-F:]+)", given)
        address = (found[1] or found[3] or found[5]) if found else ""
        port = int(found[2] or found[4] or 53) if found else 0
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            socket.inet_pton(family, address)
        except OSError:
            port = 0
        if not 0 < port < 65536:
            raise UsageError(
                f"{given!r} is no address of a resolver", todo="give it as 192.0.2.1, 192.0.2.1:53 or [::1]:53"
            )
        return cls(address=address, port=port)

    def ask(self, question: Question, now: int) -> Answered:
        """One question; every failure is in the answer."""
        shown = Answered(question=question, asked_ns=now, resolver=self.shown)
        try:
            query = dns.message.make_query(dns.name.from_text(question.name), dns.rdatatype.TXT)
            query.flags |= dns.flags.AD
        except _FAULTS as error:
            return _failed(shown, f"this is no name that can be asked for: {error}")
        fault = ""
        for _ in range(_TRIES):
            try:
                message, by_tcp = dns.query.udp_with_fallback(query, self.address, self.timeout, self.port)
            except _FAULTS as error:
                fault = str(error) or type(error).__name__
                continue
            return _answered(shown, message, "tcp" if by_tcp else "udp")
        return _failed(shown, fault)


def _of_the_system() -> str:
    try:
        found = dns.resolver.Resolver().nameservers
    except dns.exception.DNSException as error:
        raise UsageError(f"this system names no resolver: {error}", todo="name one with --resolver IP") from error
    addresses = [each for each in found if isinstance(each, str)]
    if not addresses:
        raise UsageError("this system names no resolver", todo="name one with --resolver IP")
    return addresses[0]


def _failed(shown: Answered, fault: str) -> Answered:
    return Answered(question=shown.question, asked_ns=shown.asked_ns, resolver=shown.resolver, fault=fault[:300])


def _answered(shown: Answered, message: dns.message.Message, transport: str) -> Answered:
    records, texts = [], []
    for rrset in message.answer:
        for rdata in rrset:
            kind = dns.rdatatype.to_text(rdata.rdtype)
            records.append((rrset.name.to_text(), kind, int(rrset.ttl), rdata.to_wire() or b""))
            if rdata.rdtype == dns.rdatatype.TXT:
                texts.append(b"".join(rdata.strings).decode("utf-8", "backslashreplace"))
    return Answered(
        question=shown.question,
        asked_ns=shown.asked_ns,
        resolver=shown.resolver,
        rcode=dns.rcode.to_text(message.rcode()),
        transport=transport,
        flags=dns.flags.to_text(message.flags),
        authentic=bool(message.flags & dns.flags.AD),
        wire=bytes(message.wire or b""),
        records=tuple(records),
        texts=tuple(texts),
    )


class DnsSource:
    """The answers to questions as a source of two files. All is asked when the files are listed."""

    def __init__(
        self,
        questions: Iterable[Question],
        resolver: Resolver,
        *,
        by: str,
        now: Callable[[], int],
        told: Callable[[int], object] = lambda asked: None,
    ) -> None:
        self._questions = sorted(set(questions))
        self._resolver = resolver
        self._by = by
        self._now = now
        self._told = told
        self._answers: list[Answered] = []
        self._files: dict[bytes, bytes] = {}

    def describe(self) -> dict[str, Any]:
        """Whom was asked, and how many answers of which kind came."""
        counts: dict[str, int] = {}
        for each in self._answers:
            counts[each.rcode or "no answer"] = counts.get(each.rcode or "no answer", 0) + 1
        return {
            "kind": "dns",
            "given": f"dns:{self._resolver.shown}",
            "resolver": self._resolver.shown,
            "library": f"dnspython {metadata.version('dnspython')}",
            "questions": len(self._answers),
            "answers": counts,
            "keys": len(_keys(self._answers, self._by)),
            "fetched_by": self._by,
        }

    def entries(self) -> Iterator[Found]:
        """The two files."""
        if not self._files:
            self._ask()
            keys = json.dumps(_keys(self._answers, self._by), ensure_ascii=False, indent=1, sort_keys=True)
            lines = (canonical.encode(each.to_json()) + b"\n" for each in self._answers)
            head = canonical.encode({"what": "dns answers", "version": 1}) + b"\n"
            self._files = {KEYS: keys.encode() + b"\n", ANSWERS: head + b"".join(lines)}
        for path, data in self._files.items():
            yield Found(entry=Entry(path=path, type=layout.FILE, size=len(data), facts={"role": layout.PAPER}))

    def taken_over(self, kept: Entry, seen: Entry) -> Entry | None:
        """Answers of an interrupted run are asked for again."""
        return None

    @contextmanager
    def read(self, entry: Entry) -> Iterator[_Reading]:
        """One of the files."""
        yield _Reading(entry, self._files[entry.path])

    def remarks(self) -> tuple[Refusal, ...]:
        """Every question that got no answer."""
        return tuple(
            Refusal(path=ANSWERS, reason=f"no answer for {each.question.name}: {each.fault}")
            for each in self._answers
            if each.fault
        )

    def limits(self) -> tuple[str, ...]:
        """What answers of today cannot show."""
        return _LIMITS

    def _ask(self) -> None:
        """Ask everything, and what SPF records lead to."""
        asked: set[str] = set()
        waiting = [(each, 0) for each in reversed(self._questions)]
        while waiting:
            question, depth = waiting.pop()
            if question.name in asked and depth:
                continue
            asked.add(question.name)
            answer = self._resolver.ask(question, self._now())
            self._answers.append(answer)
            self._told(len(self._answers))
            if question.purpose == SPF and depth < _MOST_INCLUDED:
                waiting += [(Question(purpose=SPF, name=name), depth + 1) for name in _leads(answer.texts)]
        if self._answers and all(each.fault for each in self._answers):
            raise ForensicsError(
                f"the resolver {self._resolver.shown} gave no answer: {self._answers[0].fault}",
                place=f"dns:{self._resolver.shown}",
                todo="check whether this machine has a network, or name another resolver with --resolver",
            )


class _Reading:
    """Bytes in memory, open for reading."""

    def __init__(self, entry: Entry, data: bytes) -> None:
        self.entry = entry
        self._data = io.BytesIO(data)

    def readinto(self, view: memoryview, /) -> int:
        """The next bytes; 0 at the end."""
        return self._data.readinto(view)

    def changed(self) -> str:
        """Nothing changes in memory."""
        return ""


def _leads(texts: Iterable[str]) -> list[str]:
    records = (text for text in texts if text.lower().startswith("v=spf1"))
    return sorted({name.lower().rstrip(".") for text in records for name in _LEADS.findall(text)})[:_MOST_INCLUDED]


def _keys(answers: Sequence[Answered], by: str) -> list[dict[str, str]]:
    """The rows of the key file: one for each record that stands under a selector."""
    rows = []
    for each in answers:
        selector, found, domain = each.question.name.partition("._domainkey.")
        if each.question.purpose == DKIM and found:
            said = {"selector": selector, "domain": domain, "fetched": iso(each.asked_ns), "by": by}
            rows += [{**said, "resolver": each.resolver, "record": text} for text in each.texts]
    return rows
