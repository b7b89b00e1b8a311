"""The samples of the parsers: a file, and beside it ``<file>.jsonl`` with exactly the records that it must give.

The first line of the ``.jsonl`` says how many problems and records follow and, where it matters, how the file was
found: ``path``, ``neighbours``, ``metadata``, ``settings``. A store that may not be copied into this tree is named by
``corpus`` instead; then only the number of records of each kind and the hash of their lines stand in the file.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from forensics import discovery, moments
from forensics.absent import Absent
from forensics.address import Address
from forensics.examination import parsejob
from forensics.examination.presets import generic
from forensics.formats import sniff
from forensics.moments import Moment
from forensics.parsers.contract import Candidate, Parser, Settings, Unit
from forensics.records import Record
from tests.corpus import CORPUS

ROOT = Path(__file__).resolve().parents[1] / "samples"
AT = Address(evidence="EV-0001", steps=("000001",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One file with what must come out of it."""

    parser: str
    name: str
    expected: Path
    stored: Path | None
    """The file, or ``None`` where it lies in the corpus and the corpus is not here."""
    head: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.parser}/{self.name}"

    @property
    def in_corpus(self) -> bool:
        """Whether the file is one that may not be copied into this tree."""
        return "corpus" in self.head

    def data(self) -> bytes:
        """The bytes of the file."""
        assert self.stored is not None
        return self.stored.read_bytes()

    @property
    def path(self) -> str:
        """The path as found."""
        return str(self.head.get("path", self.name))

    def candidate(self) -> Candidate:
        """The file as a parser may look at it."""
        data = self.data()
        found = sniff.sniff_handle(io.BytesIO(data), len(data), self.path)
        neighbours = frozenset(self.head.get("neighbours", ()))
        return Candidate(
            path=self.path,
            size=len(data),
            sniffed=found,
            neighbours=neighbours,
            head=data[: sniff.HEAD],
            settings=self.settings(),
        )

    def settings(self) -> Settings:
        """The settings that the sample names, with the presets that the workers are given."""
        return Settings(presets=tuple(generic()), **self.head.get("settings", {}))

    def unit(self, data: bytes | None = None, handle: BinaryIO | None = None) -> Unit:
        """The file, or other bytes in its place, as a parser is given it."""
        data = self.data() if data is None else data
        return Unit(
            path=self.path,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            handle=handle or io.BytesIO(data),
            metadata=self.head.get("metadata", {}),
            settings=self.settings(),
            folder=self.path.rpartition("/")[0],
            said=tuple(self.head.get("said", ())),
        )


def parsers() -> dict[str, Parser]:
    """Every parser that this machine can run, by name, as the examination finds them."""
    found = discovery.offers(parsejob.PARSERS, parsejob.ENTRY_POINTS)
    return {offer.name: offer.maker() for offer in found if offer.maker is not None}


def all_samples() -> Iterator[Sample]:
    """Every sample of every parser, in order of their names."""
    for expected in sorted(ROOT.glob("*/*.jsonl")):
        head = json.loads(expected.read_bytes().partition(b"\n")[0] or b"{}")
        stored: Path | None = expected.with_suffix("")
        if "corpus" in head:
            stored = CORPUS / head["corpus"] if CORPUS else None
        yield Sample(
            parser=expected.parent.name, name=expected.name.removesuffix(".jsonl"), expected=expected, stored=stored,
            head=head,
        )  # fmt: skip


def parse(sample: Sample, data: bytes | None = None) -> list[Record]:
    """The records of a sample, or of other bytes in its place."""
    return list(parsers()[sample.parser].parse(sample.unit(data), AT, Kept()))


class Kept(dict[str, bytes]):
    """Extracted bytes by their SHA-256: the ``keep`` of the tests."""

    def __call__(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self[sha256] = bytes(data)
        return sha256


def line(record: Record) -> str:
    """A record as one line of JSON. Fields that hold the default of their class are left out."""
    shown: dict[str, Any] = {"kind": record.KIND, "address": str(record.address)}
    if record.address.span is not None:
        shown["span"] = list(record.address.span)
    for each in fields(record):
        value = getattr(record, each.name)
        if each.name != "address" and value != each.default:
            shown["text_kind" if each.name == "kind" else each.name] = _plain(each.name, value)
    return json.dumps(shown, ensure_ascii=False)


def lines(records: Iterable[Record]) -> list[str]:
    """One line for each record, in the order in which they came."""
    return [line(record) for record in records]


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Moment):
        return {each.name: _plain(each.name, getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Absent):
        return {"absent": value.value}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return {"latin-1": value.decode("latin-1")}
    if isinstance(value, int) and (name == "utc" or name.endswith("_utc")):
        return moments.iso(value)
    return list(value) if isinstance(value, tuple) else value


def written(sample: Sample, records: list[Record]) -> bytes:
    """The whole ``.jsonl`` of a sample that gives these records."""
    counts = dict(sorted(Counter(record.KIND for record in records).items()))
    found = {"corpus": sample.head.get("corpus"), "problems": counts.get("problem", 0), "records": counts}
    given = ("path", "neighbours", "metadata", "settings", "said")
    head = {key: value for key, value in found.items() if value is not None}
    head |= {key: sample.head[key] for key in given if key in sample.head}
    body = lines(records)
    if sample.in_corpus:
        head["sha256"] = hashlib.sha256(_bytes(body)).hexdigest()
        body = []
    return _bytes([json.dumps(head, ensure_ascii=False), *body])


def _bytes(given: list[str]) -> bytes:
    """A lone surrogate becomes its JSON escape, so that the line stays UTF-8 and says the same."""
    return "".join(each + "\n" for each in given).encode("utf-8", "backslashreplace")
