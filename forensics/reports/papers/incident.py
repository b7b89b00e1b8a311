"""What the papers about an incident are filled from: findings with their evidence numbers, and what persons stated.

A number of persons is never one figure: the least is what rests on findings that are certain or likely and could all
be about the same persons, the most is the sum of all findings. What nobody knows is marked as not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from forensics.evidence.points import askable
from forensics.findings import reading
from forensics.findings.finding import Pair
from forensics.reports.papers.families import FAMILIES, PERSONAL, rule_of
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Code, Inline, Missing, Ref, inline
from forensics.reports.selection import Selection

MOST_MESSAGES = 200
_NOT_RUN = ("実行していない", "not run")
_PERSONS = (
    re.compile(r"([0-9][0-9,]*)\s*(?:人|名)(?!目|以上|以下)"),
    re.compile(r"アドレス\s*([0-9][0-9,]*)\s*件"),
    re.compile(r"([0-9][0-9,]*)\s*件の(?:社外|個人)?(?:の)?(?:メール)?アドレス"),
)
_SQL = (
    'SELECT id, evidence, address, subject, sender, sender_address, "to", cc, bcc, epoch_ns(date_utc) AS sent_ns, '
    "span_start, span_end, recovery, raw_sha256, canonical_sha256 FROM message "
    "WHERE id IN (SELECT unnest($1)) ORDER BY date_utc NULLS LAST, evidence, address, id"
)
_ATTACHED = (
    "SELECT message_id_ref, position, name, size, sha256, declared_type FROM attachment "
    "WHERE message_id_ref IN (SELECT unnest($1)) ORDER BY message_id_ref, position"
)
_RECIPIENTS = (
    "SELECT message_id_ref, role, lower(mail_address) AS mail_address, name FROM recipient "
    "WHERE message_id_ref IN (SELECT unnest($1)) AND role IN ('to', 'cc', 'bcc') "
    "ORDER BY message_id_ref, position"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One finding with the rule that made it."""

    rule: reading.Told
    value: dict[str, Any]

    @property
    def confidence(self) -> str:
        """certain, likely or possible."""
        return str(self.value["confidence"])

    @property
    def ref(self) -> Ref:
        """Rule, evidence items and the ledger line of the step that found it."""
        items = dict.fromkeys(str(each["address"]).partition("/")[0] for each in self.value["because"])
        named = ", ".join(item for item in items if item)
        return Ref(lines=(self.rule.line,), evidence=named, source=self.rule.rule)

    def claim(self, language: str) -> str:
        """The claim in one language."""
        return str(self.value["claim_ja" if language == "ja" else "claim_en"])

    def records(self) -> set[str]:
        """The records it is about, and those that it rests on."""
        return {*self.value["subject"], *(str(each["record"]) for each in self.value["because"])}

    def persons(self) -> int | None:
        """How many persons or addresses the claim counts; none where it states no number."""
        numbers = [n for pattern in _PERSONS for n in pattern.findall(str(self.value["claim_ja"]))]
        return max((int(n.replace(",", "")) for n in numbers), default=None)


class Incident:
    """The findings of a case by what they may mean for an incident, and what persons stated about it."""

    def __init__(self, material: Material, selection: Selection | None = None) -> None:
        self.material = material
        self.language = material.language
        self._selection = selection if selection is not None and (selection.where or selection.messages) else None

    @property
    def selected(self) -> bool:
        """Whether somebody chose the messages that it is about."""
        return self._selection is not None

    @cached_property
    def _chosen(self) -> frozenset[str]:
        return frozenset(self._selection.ids(self.material.case)) if self._selection else frozenset()

    @cached_property
    def told(self) -> tuple[reading.Told, ...]:
        """Every rule that was asked."""
        return tuple(reading.told(self.material.case))

    def of(self, family: str) -> list[Found]:
        """The findings of the rules of a family, the surest first; only those on the chosen messages, if any were."""
        order = ("certain", "likely", "possible")
        found = [Found(rule=told, value=each) for told in self.told if rule_of(told.rule) in FAMILIES[family].rules
                 for each in told.findings]  # fmt: skip
        if self.selected:
            found = [each for each in found if each.records() & self._chosen]
        return sorted(found, key=lambda each: order.index(each.confidence))

    def families(self) -> list[tuple[str, list[Found]]]:
        """The families of which something was found."""
        return [(name, found) for name in FAMILIES if (found := self.of(name))]

    def stated(self, name: str) -> str:
        """What a person stated, as one text; empty where nobody did."""
        value = self.material.answers.of().get(name)
        return "; ".join(value) if isinstance(value, list) else value or ""

    def listed(self, name: str) -> list[str]:
        """What a person stated as a list."""
        value = self.material.answers.of().get(name)
        return [value] if isinstance(value, str) else list(value or [])

    def said(self, name: str, *, ref: bool = True) -> Inline:
        """What a person stated with its line, or the mark that it is not known."""
        value = self.stated(name)
        if not value:
            return (self.unknown(name),)
        lines = (self.material.answers.lines_of()[name],)
        return inline(value, Ref(lines=lines)) if ref else (value,)

    def unknown(self, name: str) -> Missing:
        """The mark of an answer that nobody gave."""
        point = askable()[name]
        return Missing(what=point.title(self.language), key=point.key, unknown=True)

    def numbers(self) -> tuple[int | None, int | None]:
        """The least and the most of persons by the findings; none where they do not tell."""
        counted = [(each, each.persons()) for each in self.of(PERSONAL)]
        sure = [n for each, n in counted if n is not None and each.confidence != "possible"]
        every = [n for _, n in counted if n is not None]
        whole = every and len(every) == len(counted)
        return max(sure, default=None), sum(every) if whole else None

    def persons(self, *, ref: bool = True) -> tuple[Inline, Inline]:
        """The least and the most of persons: as stated, else by the findings, else not known."""
        least, most = self.numbers()
        return self._number("persons_minimum", least, ref), self._number("persons_maximum", most, ref)

    def _number(self, name: str, found: int | None, ref: bool) -> Inline:
        if self.stated(name) or found is None:
            return self.said(name, ref=ref)
        lines = tuple(sorted({each.rule.line for each in self.of(PERSONAL)}))
        rules = ", ".join(sorted({each.rule.rule for each in self.of(PERSONAL)}))
        return inline(f"{found:,}", Ref(lines=lines, source=rules) if ref else "")

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of the incident: those chosen, else those that findings on leaks are about."""
        case = self.material.case
        if not case.has("message"):
            return []
        ids = sorted(self._chosen)
        if not self.selected:
            leaks = (name for name, family in FAMILIES.items() if family.leak)
            ids = sorted({each for name in leaks for found in self.of(name) for each in found.records()})
        return case.rows(_SQL, [ids]) if ids else []

    def attached(self, messages: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        """The attachments of these messages by the id of the message."""
        return self._by_message("attachment", _ATTACHED, messages)

    def recipients(self, messages: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        """The recipients of these messages by the id of the message."""
        return self._by_message("recipient", _RECIPIENTS, messages)

    def _by_message(self, table: str, sql: str, messages: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        ids = [str(row["id"]) for row in messages]
        found: dict[str, list[dict[str, Any]]] = {}
        if ids and self.material.case.has(table):
            for row in self.material.case.rows(sql, [ids]):
                found.setdefault(str(row["message_id_ref"]), []).append(row)
        return found

    def sent(self, row: dict[str, Any]) -> Inline:
        """When a message was sent by its Date field, or the mark that it states no time."""
        if row["sent_ns"] is None:
            return (Missing(what=self.material.say("送信日時（記載なし）", "date (the message states none)")),)
        return (self.material.calendar.short(row["sent_ns"]),)

    def at(self, row: dict[str, Any]) -> Inline:
        """The permanent number of a message: evidence item and place in it."""
        step = self.material.acquired(row["evidence"])
        return inline(Code(text=str(row["address"])), Ref(lines=step.lines if step else ()))


def not_run(told: reading.Told) -> list[Pair]:
    """Why a rule did not run at all."""
    reasons = [(str(ja), str(en)) for ja, en in told.looked["why_not"]]
    return [pair for pair in reasons if pair[0].startswith(_NOT_RUN[0]) or pair[1].lower().startswith(_NOT_RUN[1])]


def remarks(told: reading.Told) -> Iterator[Pair]:
    """What limits the answer of a rule that ran."""
    left = not_run(told)
    for ja, en in told.looked["why_not"]:
        if (ja, en) not in left:
            yield str(ja), str(en)
