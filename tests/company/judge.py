"""Holds what the program says about a generated case against what was planted in it, kind by kind.

What it says: findings, messages that the presence matrix misses, silences and missing numbers in the coverage, records
that were cut. Each is a :class:`Said`; a plant is found where one of them names it as what it is, and what is said of
nothing that was planted is invented.

An innocent plant (a wrong zone, a scheduled sending, greylisting, a list) is judged too: it must not be accused, which
means that whatever is said of it is no more than possible and names an innocent reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from forensics.casefile.view import CaseView
from forensics.findings.reading import told

Truth = dict[str, Any]
_LOGS = {"postfix": "postfix", "exchange": "exchange_tracking", "google": "google_log_search"}


_FEW = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that the program says: by which rule or table, of which messages, accounts and times."""

    by: str
    text: str
    mails: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    weak: bool = False
    also: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one plant: ``how`` names what was said of it, or what was not."""

    kind: str
    innocent: bool
    found: bool
    how: str
    mails: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All plants of a case, and what was said that nothing planted accounts for."""

    verdicts: tuple[Verdict, ...]
    invented: tuple[Said, ...]

    @property
    def missed(self) -> list[str]:
        return [f"{each.kind}: {each.how}" for each in self.verdicts if not each.found]

    def table(self) -> str:
        """Kind by kind: how many were planted and found; last, what was invented."""
        planted = Counter(each.kind for each in self.verdicts)
        found = Counter(each.kind for each in self.verdicts if each.found)
        lines = [f"{kind:28} {found[kind]:2}/{number}" for kind, number in sorted(planted.items())]
        return "\n".join((*lines, f"{'all':28} {found.total():2}/{planted.total()}  invented {len(self.invented)}"))


def judge(case: CaseView, company: Path) -> Judgement:
    """The case against ``truth.jsonl`` of the company that it was made of."""
    truths = [json.loads(line) for line in (company / "truth.jsonl").read_text("utf-8").splitlines()]
    every = tuple(said(case))
    verdicts = tuple(_verdict(truth, every, case) for truth in truths)
    invented = tuple(each for each in every if not any(_accounts_for(truth, each) for truth in truths))
    return Judgement(verdicts=verdicts, invented=invented)


def said(case: CaseView) -> Iterable[Said]:
    """Everything that the program asserts about the case."""
    names = _names(case)
    for rule in told(case):
        for each in rule.findings:
            yield _finding(each, names)
    sql = "SELECT kind, place, account, message_id, utc FROM presence WHERE status = 'missing' ORDER BY ALL"
    for row in case.rows(sql):
        accounts = frozenset({row["account"]} - {None})
        text = f"{row['place']} of {row['account']}: {row['message_id']} is missing"
        yield Said(
            by=f"presence {row['kind']}", text=text, mails=frozenset({row["message_id"]}), accounts=accounts, facts=row
        )
    sql = """SELECT kind, source, place, account, box, first, last, missing, gaps FROM coverage
             WHERE kind NOT IN ('store', 'log', 'account') ORDER BY ALL"""
    for row in case.rows(sql):
        yield Said(by=f"coverage {row['kind']}", text=str(row), facts=row)
    sql = "SELECT source, actor, line, operation, warnings FROM log_event WHERE len(warnings) > 0 ORDER BY ALL"
    for row in case.rows(sql):
        yield Said(by="log_event warnings", text=str(row), accounts=frozenset({row["actor"]}), facts=row)


def _names(case: CaseView) -> dict[str, str]:
    """The Message-ID of every record and logical message that a finding may be about."""
    found = {}
    for row in case.rows(
        """SELECT id, message_id FROM message UNION ALL SELECT logical_id, message_id FROM logical
           UNION ALL SELECT id, message_id FROM log_event"""
    ):
        if row["message_id"]:
            found[row["id"]] = row["message_id"]
    return found


def _finding(each: dict[str, Any], names: dict[str, str]) -> Said:
    mails = frozenset(names[subject] for subject in each["subject"] if subject in names)
    words = {word.strip("(),.;") for word in each["claim_en"].split()}
    return Said(
        by=each["rule"],
        text=each["claim_en"],
        mails=mails,
        accounts=frozenset(word for word in words if "@" in word and not word.startswith("<")),
        weak=each["confidence"] == "possible",
        also=tuple(en for _, en in each["also_possible"]),
        facts=each,
    )


def _verdict(truth: Truth, every: tuple[Said, ...], case: CaseView) -> Verdict:
    kind, innocent = truth["kind"], truth["innocent"]
    about = [each for each in every if _accounts_for(truth, each)]
    if innocent:
        accused = [each for each in about if not each.weak or not any(_INNOCENT[kind] in text for text in each.also)]
        how = ", ".join(f"{each.by} accuses" for each in accused) or ", ".join(each.by for each in about) or "quiet"
        found = not accused
    else:
        hits = [each for each in about if _FINDS[kind](truth, each)]
        found = bool(hits) and (kind != "read_by_intruder" or _read(truth, case))
        how = ", ".join(sorted({each.by for each in hits or about})) or "nothing is said"
    return Verdict(kind=kind, innocent=innocent, found=found, how=how, mails=tuple(truth["message_ids"]))


_INNOCENT = {
    "time_zone_slip": "time zone",
    "scheduled_sending": "scheduled sending",
    "greylisting_delay": "greylisting",
    "list_resend": "mailing list",
}


def _accounts_for(truth: Truth, each: Said) -> bool:
    """Whether the plant explains that this was said."""
    kind = truth["kind"]
    if kind == "log_hours_missing" and each.by.startswith("coverage"):
        return _in_hours(truth, each)
    if kind in ("unknown_to_logs", "rejected_but_delivered") and each.by == "coverage uids":
        # The number that the message has in its folder, whose line is gone with the others.
        return each.facts["account"] in truth["accounts"] and each.facts["missing"] < _FEW
    if each.by in ("coverage queue_ids", "coverage queues"):
        # A host gave the message an id, and its log has none of it, or not all.
        systems = {account.partition("@")[2] for account in truth["accounts"]}
        return kind in ("unknown_to_logs", "backdated_import") and "aoba-seiki.example" in systems
    if kind == "csv_row_cut":
        return each.by == "log_event warnings" and each.facts["line"] == truth["lines"][0]["line"]
    if kind == "clock_off":
        return each.by == "clock-skew" and _skewed(truth, each)
    if kind in ("read_by_intruder", "forwarding_rule") and truth["facts"]["ip"] in each.text:
        return each.accounts >= set(truth["accounts"])
    if kind in ("read_by_intruder", "forwarding_rule", "log_hours_missing"):
        return False
    return len(each.mails & set(truth["message_ids"])) * 2 >= max(1, len(each.mails))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _in_hours(truth: Truth, each: Said) -> bool:
    """A silence that holds these hours; numbers that are missing in the same log."""
    source = _LOGS[truth["facts"]["system"]]
    if each.by == "coverage hours":
        start, end = (_time(truth["facts"][key]) for key in ("start", "end"))
        first, last = each.facts["first"], each.facts["last"]
        return bool(each.facts["source"] == source and first <= start and last >= end - timedelta(minutes=1))
    return each.facts["source"] == source or (source, each.facts["source"]) == ("postfix", "dovecot")


def _skewed(truth: Truth, each: Said) -> bool:
    """The host, and about how much."""
    return truth["facts"]["host"].lower() in each.text.lower() and "7 min" in each.text + " 6 min 5" * (
        "6 min 5" in each.text
    )


def _read(truth: Truth, case: CaseView) -> bool:
    """The access table gives exactly the messages that were opened from this address in this session."""
    sql = """SELECT DISTINCT coalesce(access.message_id, logical.message_id) AS mail
             FROM access LEFT JOIN logical USING (logical_id) WHERE account = $1 AND ip = $2 AND session = $3"""
    rows = case.rows(sql, [truth["accounts"][0], truth["facts"]["ip"], truth["facts"]["session"]])
    return {row["mail"] for row in rows} == set(truth["message_ids"])


def _by(*names: str) -> Callable[[Truth, Said], bool]:
    return lambda truth, each: each.by in names


def _of_account(name: str) -> Callable[[Truth, Said], bool]:
    return lambda truth, each: each.by == name and bool(each.accounts & set(truth["accounts"]))


_FINDS: dict[str, Callable[[Truth, Said], bool]] = {
    "backdated_import": _by("imported-later"),
    "body_changed": lambda truth, each: each.by == "body-changed" and "body" in each.text,
    "clock_off": _by("clock-skew"),
    "csv_row_cut": _by("log_event warnings"),
    "date_forged_earlier": _by("date-forged", "log-against-mail"),
    "date_forged_later": _by("date-forged", "log-against-mail"),
    "forwarding_rule": _by("forwarding-set"),
    "header_added": _by("header-added", "body-changed"),
    "log_hours_missing": _by("coverage hours"),
    "mailer_mismatch": _by("mailer-mismatch"),
    "moved_later": _by("imported-later"),
    "read_by_intruder": _by("login-after-failures"),
    "recipient_copy_deleted": _of_account("presence store"),
    "rejected_but_delivered": _by("rejected-but-delivered"),
    "sent_copy_deleted": _of_account("presence store"),
    "thread_index_contradiction": _by("thread-contradiction"),
    "uid_order_broken": _by("uid-order"),
    "unknown_to_logs": _by("presence log"),
}
