"""What the papers are filled from: facts, answers, checklist and ledger of a case, and nothing typed in between.

Lines of one step are drawn together: ``begun`` and ``finished`` are one event with two line numbers. Acts of any
version of the ledger are read alike, by their name and their params.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from forensics import __version__
from forensics.casefile.view import CaseView, EvidenceItem
from forensics.evidence import answers as answered
from forensics.evidence import checklist
from forensics.evidence.answers import Answers
from forensics.evidence.checklist import Finding, dig, text
from forensics.evidence.points import ACQUISITION_POINTS, REPORT_POINTS, Origin, Point, askable
from forensics.reports.papers.dates import Calendar
from forensics.reports.papers.model import Inline, Missing, Ref, inline
from forensics.reports.papers.options import PaperOptions

_POINTS = {
    path: point
    for point in (*ACQUISITION_POINTS, *REPORT_POINTS)
    for origin, path in point.sources[:1]
    if origin == Origin.CASE
}
_OURS = ("report",)
"""Acts that do not change what a paper says: writing a paper is one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of custody: the lines of one step, the first of them and the last."""

    first: int
    last: int
    act: str
    phase: str
    begun_ns: int
    ended_ns: int
    begun: Mapping[str, Any]
    value: Mapping[str, Any]

    @property
    def lines(self) -> tuple[int, ...]:
        """The numbers of its lines in the ledger."""
        return (self.first,) if self.first == self.last else (self.first, self.last)

    @property
    def done(self) -> bool:
        """Whether it came to its end."""
        return self.phase in ("finished", "done")

    def get(self, path: str) -> Any:
        """The value at a place of its last line, or of its first where the last has none there."""
        found = dig(self.value, path)
        return dig(self.begun, path) if found in (None, "", [], {}) else found

    def told(self, *paths: str) -> str:
        """The first of these places that says something, as words."""
        return next((said for path in paths if (said := text(self.get(path)))), "")


def steps(lines: Iterable[tuple[int, Mapping[str, Any]]]) -> tuple[Step, ...]:
    """The steps of a ledger in the order in which they began."""
    found: dict[str, Step] = {}
    for number, value in lines:
        name = str(value.get("step") or number)
        before = found.get(name)
        when = int(value.get("ts_ns", 0))
        found[name] = Step(
            first=before.first if before else number,
            last=number,
            act=str(value.get("act", "")),
            phase=str(value.get("phase", "")),
            begun_ns=before.begun_ns if before else when,
            ended_ns=when,
            begun=before.begun if before else value,
            value=value,
        )
    return tuple(found.values())


class Material:
    """A case and the choices of a paper, with what each paper asks for."""

    def __init__(self, case: CaseView, options: PaperOptions) -> None:
        self.case = case
        self.facts = case.facts
        self.language = options.language or case.facts.language
        self.options = options
        self.calendar = Calendar(zone=case.facts.time_zone, language=self.language, era=options.era)

    def say(self, ja: str, en: str) -> str:
        """One of two texts, by the language of the paper."""
        return ja if self.language == "ja" else en

    @cached_property
    def lines(self) -> tuple[tuple[int, Mapping[str, Any]], ...]:
        """Every line of the ledger up to the newest that is no report, with its number."""
        last = self.source_line()[0]
        return tuple((line.number, line.value) for line in self.case.lines if line.number <= last)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every step of the ledger."""
        return steps(self.lines)

    @cached_property
    def corrected(self) -> dict[int, list[int]]:
        """The number of a line, and those of the lines that correct it."""
        numbers = {str(value.get("id")): number for number, value in self.lines}
        found: dict[int, list[int]] = {}
        for number, value in self.lines:
            if value.get("corrects") in numbers:
                found.setdefault(numbers[str(value["corrects"])], []).append(number)
        return found

    @cached_property
    def answers(self) -> Answers:
        """What persons answered."""
        return answered.read_answers(self.case.folder / "ledger", self.lines)

    @cached_property
    def items(self) -> tuple[EvidenceItem, ...]:
        """The evidence of the case."""
        return self.case.evidence

    def about(self, item: str) -> tuple[Step, ...]:
        """The steps that name an evidence item."""
        return tuple(s for s in self.steps if checklist.names(s.begun, item) or checklist.names(s.value, item))

    def whole(self) -> tuple[Step, ...]:
        """The steps that name no item: they are about the case as a whole."""
        named = {step.first for item in self.items for step in self.about(item.name)}
        return tuple(step for step in self.steps if step.first not in named)

    def acts(self, *acts: str) -> tuple[Step, ...]:
        """The steps of these acts that came to their end."""
        return tuple(step for step in self.steps if step.act in acts and step.done)

    def acquired(self, item: str) -> Step | None:
        """The newest finished acquisition of an item."""
        found = (s for s in reversed(self.steps) if s.act == "acquire" and s.done and s.get("params.evidence") == item)
        return next(found, None)

    def checked(self, item: EvidenceItem) -> tuple[Finding, ...]:
        """Checklist A held against an item."""
        facts = {name: getattr(self.facts, name) for name in type(self.facts).__dataclass_fields__}
        record = checklist.Record(
            facts=facts,
            acquisition=item.acquisition,
            answers=self.answers.of(item.name),
            answer_lines=self.answers.lines_of(item.name),
            lines=checklist.about(item.name, self.lines),
        )
        return checklist.acquisition_state(record)

    def fact(self, name: str, ja: str, en: str) -> Inline:
        """A fact of ``case.toml``, or the mark that it is missing."""
        value = text(getattr(self.facts, name))
        line = self.case_line
        if not value:
            point = _POINTS.get(name)
            return (self.missing(point) if point else Missing(what=self.say(ja, en)),)
        return inline(value, Ref(lines=(line,) if line else (), source="case.toml"))

    @cached_property
    def case_line(self) -> int:
        """The line of the ledger that states the facts of the case as they are."""
        stated = [n for n, value in self.lines if dig(value, "params.case_toml_sha256") == self.case.facts_sha256]
        return stated[0] if stated else 0

    def answer(self, name: str, item: str = "") -> Inline:
        """What a person answered, with its line, or the mark that nobody did."""
        value = text(self.answers.of(item).get(name))
        point = askable()[name]
        if not value:
            return (self.missing(point),)
        return inline(value, Ref(lines=(self.answers.lines_of(item)[name],), evidence=item))

    def missing(self, point: Point) -> Missing:
        """The mark of a point that nothing has supplied."""
        return Missing(what=point.title(self.language), key=point.key)

    def source_line(self) -> tuple[int, str, int]:
        """Number, hash and time of the newest line that a paper is made from."""
        for line in reversed(self.case.lines):
            if line.act not in _OURS:
                return line.number, line.sha256, int(line.value.get("ts_ns", 0))
        return 0, "0" * 64, 0

    def made_from(self) -> str:
        """The foot of every paper."""
        number, sha256, _ = self.source_line()
        return self.say(
            f"email-forensics {__version__} が、事件 {self.facts.id} の台帳 1–{number}行から作成。"
            f"{number}行のSHA-256：{sha256}",
            f"Made by email-forensics {__version__} from lines 1–{number} of the ledger of case {self.facts.id}. "
            f"SHA-256 of line {number}: {sha256}",
        )
