# ruff: noqa: E501 - a line of a log or a letter stays one line
"""Holds what the rule cards say of a case against the truth of the company that it was made of, row by row.

``python -m tests.staff_company.judge CASE COMPANY [--markdown FILE] [--seed TEXT]``

A plant is found where a card that answers its row names one of its messages, or its account within its time. An
innocent is accused where a card that answers its row says so of it as certain or likely; as possible, it is mentioned.
False are findings that touch no planted incident, counted for each rule, month and 200 people.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from forensics.casefile.view import CaseView
from forensics.findings import packs
from forensics.findings.reading import told

MONTHS = 9
Truth = dict[str, Any]
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_FEW = 6
_JST = timezone(timedelta(hours=9))
_BESIDE = {"forwarding-set": ("D13",)}
"""Rules of authenticity that answer a row of the catalogue as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One finding of a card: of which rows it speaks, of which messages and accounts, and of which times."""

    rule: str
    rows: tuple[str, ...]
    text: str
    mails: frozenset[str]
    accounts: frozenset[str]
    times: tuple[float, ...]
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one plant: ``found``, ``missed``, ``no card`` or ``not run``; ``clear``, ``mentioned`` or ``accused``."""

    truth: Truth
    word: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All plants, and by rule what was said that touches none of them."""

    verdicts: tuple[Verdict, ...]
    false: Mapping[str, tuple[Said, ...]]
    counts: Mapping[str, int]
    people: int
    answers: Mapping[str, tuple[str, ...]]
    silent: Mapping[str, str]
    titles: Mapping[str, str]

    def per_month(self, rule: str, *, sure: bool) -> float:
        """False findings a month and 200 people."""
        return sum(each.sure >= sure for each in self.false.get(rule, ())) / MONTHS * 200 / self.people

    @property
    def found(self) -> int:
        return sum(each.word == "found" for each in self.verdicts)

    @property
    def planted(self) -> int:
        return sum(not each.truth["innocent"] for each in self.verdicts)

    @property
    def missed(self) -> list[Verdict]:
        return [each for each in self.verdicts if each.word == "missed"]

    @property
    def accused(self) -> list[Verdict]:
        return [each for each in self.verdicts if each.word == "accused"]

    def table(self) -> str:
        """Row by row, then rule by rule."""
        rows: dict[str, list[Verdict]] = defaultdict(list)
        for each in self.verdicts:
            rows[each.truth["row"]].append(each)
        out = ["row   planted found  innocent accused mentioned  cards"]
        for row, held in sorted(rows.items()):
            words = [each.word for each in held]
            bad = [each for each in held if not each.truth["innocent"]]
            cards = ", ".join(sorted(rule for rule, answers in self.answers.items() if row in answers)) or "no card"
            out.append(
                f"{row:5} {len(bad):7} {words.count('found'):5} {len(held) - len(bad):9} {words.count('accused'):7} "
                f"{words.count('mentioned'):9}  {cards}"
            )
        out += [
            "",
            f"found {self.found} of {self.planted}; accused {len(self.accused)} innocent",
            "",
            "rule            said  false  a month and 200 people: sure, all",
        ]
        for rule in sorted(self.answers):
            why = f"  not run: {self.silent[rule]}" if rule in self.silent else ""
            out.append(
                f"{rule:14} {self.counts.get(rule, 0):5} {len(self.false.get(rule, ())):6} {self.per_month(rule, sure=True):8.1f} "
                f"{self.per_month(rule, sure=False):6.1f}{why}"
            )
        return "\n".join(out)


def judge(case: CaseView, company: Path) -> Judgement:
    """The case against ``truth.jsonl`` of its company; rules of authenticity are left out, for they answer no row."""
    truths = [json.loads(line) for line in (company / "truth.jsonl").read_text("utf-8").splitlines()]
    with (company / "tables/staff.csv").open(encoding="utf-8", newline="") as handle:
        people = sum(1 for _ in csv.DictReader(handle))
    answers = {
        name: tuple(dict.fromkeys((name, *card.answers))) for name, card in packs.cards(packs.installed()).items()
    }
    answers |= _BESIDE
    said, silent, titles = _said(case, answers)
    bad = [each for each in truths if not each["innocent"]]
    false: dict[str, list[Said]] = defaultdict(list)
    expected = json.loads((company / "expected.json").read_text("utf-8"))
    for each in said:
        asked = {mail for row in each.rows for mail in expected.get(row, ())}
        if not (each.mails & asked) and not any(touches(truth, each) for truth in bad):
            false[each.rule].append(each)
    counts = {rule: sum(each.rule == rule for each in said) for rule in answers}
    return Judgement(
        verdicts=tuple(_verdict(truth, said, answers, silent, titles, bad) for truth in truths),
        false={rule: tuple(held) for rule, held in false.items()},
        counts=counts,
        people=people,
        answers=answers,
        silent=silent,
        titles=titles,
    )


def _said(case: CaseView, answers: Mapping[str, tuple[str, ...]]) -> tuple[list[Said], dict[str, str], dict[str, str]]:
    asked = [each for each in told(case) if each.rule in answers]
    ids = {one for each in asked for finding in each.findings for one in _ids(finding)}
    known = _known(case, ids)
    found = [_one(finding, answers[each.rule], known) for each in asked for finding in each.findings]
    silent = {
        each.rule: "; ".join(en for _, en in each.looked["why_not"])
        for each in asked
        if not each.findings and not each.looked["considered"] and each.looked["why_not"]
    }
    return found, silent, {each.rule: each.title_en for each in asked}


def _ids(finding: Mapping[str, Any]) -> set[str]:
    return {*finding["subject"], *(each["record"] for each in finding["because"])} - {""}


_KNOWN = (
    "SELECT id, message_id AS mail, NULL AS account, epoch(date_utc) AS at FROM message WHERE id IN (SELECT unnest($1))",
    (
        "SELECT logical_id AS id, message_id AS mail, NULL AS account, epoch(min_by(m.date_utc, m.id)) AS at FROM logical "
        "JOIN message AS m USING (message_id) WHERE logical_id IN (SELECT unnest($1)) GROUP BY ALL"
    ),
    (
        "SELECT a.id, m.message_id AS mail, NULL AS account, epoch(m.date_utc) AS at FROM attachment a JOIN message m "
        "ON m.id = a.message_id_ref WHERE a.id IN (SELECT unnest($1))"
    ),
    (
        "SELECT a.id, m.message_id AS mail, NULL AS account, epoch(m.date_utc) AS at FROM text a JOIN message m "
        "ON m.id = a.message_id_ref WHERE a.id IN (SELECT unnest($1))"
    ),
    (
        "SELECT a.id, m.message_id AS mail, NULL AS account, epoch(m.date_utc) AS at FROM recipient a JOIN message m "
        "ON m.id = a.message_id_ref WHERE a.id IN (SELECT unnest($1))"
    ),
    (
        "SELECT id, message_id AS mail, coalesce(actor, sender) AS account, epoch(utc) AS at FROM log_event "
        "WHERE id IN (SELECT unnest($1))"
    ),
)


def _known(case: CaseView, ids: Iterable[str]) -> dict[str, tuple[str, str, float]]:
    wanted, found = sorted(ids), {}
    for sql in _KNOWN:
        for row in case.rows(sql, [wanted]):
            found[str(row["id"])] = (str(row["mail"] or ""), str(row["account"] or ""), float(row["at"] or 0))
    return found


def _one(finding: Mapping[str, Any], rows: tuple[str, ...], known: Mapping[str, tuple[str, str, float]]) -> Said:
    places = [known[each] for each in _ids(finding) if each in known]
    text = finding["claim_en"]
    named = _ADDRESS.findall(" ".join((text, finding["claim_ja"], *(each["en"] for each in finding["because"][:20]))))
    inside = re.findall(r"<[^<>@\s]+@[^<>\s]+>", text)
    return Said(
        rule=finding["rule"],
        rows=rows,
        text=text,
        mails=frozenset({mail for mail, _, _ in places if mail} | set(inside)),
        accounts=frozenset(
            {each.rstrip(".").lower() for each in named} | {account.lower() for _, account, _ in places if account}
        ),
        times=tuple(when for _, _, when in places if when),
        sure=finding["confidence"] != "possible",
    )


def touches(truth: Truth, each: Said) -> bool:
    """Whether the finding is about the plant: one of its mails, or its account within its time."""
    if each.mails & set(truth["message_ids"]):
        return True
    begins, ends = truth["window"]
    if not ends or (truth["message_ids"] and not {truth["row"], *truth["also"]} & set(each.rows)):
        return False
    timely = not each.times or any(begins <= when <= ends for when in each.times)
    whose = bool(each.accounts & set(truth["accounts"])) or (not truth["accounts"] and truth["row"] in each.rows)
    return timely and whose


def _verdict(
    truth: Truth,
    said: list[Said],
    answers: Mapping[str, tuple[str, ...]],
    silent: Mapping[str, str],
    titles: Mapping[str, str],
    bad: list[Truth],
) -> Verdict:
    row = truth["row"]
    cards = [rule for rule, rows in answers.items() if row in rows]
    hits = [each for each in said if row in each.rows and touches(truth, each)]
    if truth["innocent"]:
        hits = [each for each in hits if each.mails & set(truth["message_ids"]) or not truth["message_ids"]]
        hits = [each for each in hits if not any(touches(other, each) for other in bad)]
        word = "accused" if any(each.sure for each in hits) else ("mentioned" if hits else "clear")
    elif not cards:
        word = "no card"
    elif not any(rule in titles for rule in cards) or (
        all(rule in silent or rule not in titles for rule in cards) and not hits
    ):
        word = "not run"
    else:
        word = "found" if hits else "missed"
    return Verdict(truth=truth, word=word, how=", ".join(sorted({each.rule for each in hits})))


def sections(found: Judgement, seed: str) -> str:
    """For those who write the cards: per card what is missed, who is accused and what is false, with Message-IDs."""
    out = [f"# The company of tests/staff_company, {seed}", "", "```", found.table(), "```", ""]
    for rule in sorted(found.answers):
        rows = found.answers[rule]
        about = [
            each
            for each in found.verdicts
            if each.truth["row"] in rows and each.word in ("missed", "accused", "mentioned")
        ]
        false = found.false.get(rule, ())
        if not about and not false:
            continue
        out += [f"## {rule} ({', '.join(rows)})", ""]
        for each in about:
            ids = (
                " ".join(each.truth["message_ids"][:4])
                or f"{' '.join(each.truth['accounts'][:2])} {_window(each.truth)}"
            )
            guard = f"; guard: {each.truth['guard']}" if each.truth["guard"] else ""
            out.append(
                f"- **{each.word}**: {each.truth['say']}{guard} (plant {each.truth['id']}, {each.truth['row']}): `{ids}`"
            )
        for one in sorted(false, key=lambda said: not said.sure)[:_FEW]:
            mark = "sure" if one.sure else "possible"
            out.append(f"- false ({mark}): {one.text[:230]} `{' '.join(sorted(one.mails)[:2])}`")
        if len(false) > _FEW:
            out.append(f"- ... and {len(false) - _FEW} more")
        out.append("")
    return "\n".join(out) + "\n"


def _window(truth: Truth) -> str:
    return " to ".join(datetime.fromtimestamp(each, _JST).isoformat(" ", "minutes") for each in truth["window"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path)
    parser.add_argument("company", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--seed", default="")
    given = parser.parse_args()
    found = judge(CaseView(given.case), given.company)
    sys.stdout.write(found.table() + "\n")
    if given.markdown:
        given.markdown.write_text(sections(found, given.seed), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
