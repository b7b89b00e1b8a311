"""Puts a card to the case: one SELECT, stopped at its time limit, whose rows become findings in a stable order.

The connection has no access to files or network and its configuration is locked; a card adds nothing to it. The same
records and parameters give the same findings, in the same order.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.findings.card import Card, Value
from forensics.findings.finding import Because, Confidence, Finding, Looked
from forensics.findings.sql import Interrupted, SqlError, first_line

TIME_LIMIT = 120.0
"""Seconds that one card may take."""
_STRENGTH = {Confidence.POSSIBLE: 0, Confidence.LIKELY: 1, Confidence.CERTAIN: 2}
_FIELD = re.compile(r"\{(\w+)\}")
_UNKNOWN = ("記録なし", "not recorded")
_LONGEST = 200
_LISTED = 10


class TimeLimit(Exception):
    """A card did not come to an end within its time."""


def ask(
    case: CaseView, card: Card, values: Mapping[str, Value], limit: float = TIME_LIMIT
) -> Iterator[Finding | Looked]:
    """Every finding of a card, then one :class:`Looked`."""
    try:
        with _limited(case, limit):
            rows = sorted(_rows(case, card, card.sql, values), key=lambda row: _order(card, row))
            considered = _number(case, card, card.considered, values)
            unread = _number(case, card, card.could_not_read, values)
    except TimeLimit:
        why = (f"実行を打ち切った: {limit:.0f}秒以内に終わらない", f"stopped: it did not end within {limit:.0f} s")
        yield Looked(rule=card.id, version=card.version, why_not=(why,))
        return
    found = 0
    for _, group in groupby(rows, key=lambda row: [row.get(name) for name in card.group] or row["record"]):
        found += 1
        yield _finding(case, card, list(group))
    yield Looked(rule=card.id, version=card.version, considered=considered, found=found, could_not_read=unread)


@contextmanager
def _limited(case: CaseView, limit: float) -> Iterator[None]:
    timer = threading.Timer(limit, case.connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Interrupted as error:
        raise TimeLimit from error
    finally:
        timer.cancel()


def _rows(case: CaseView, card: Card, sql: str, values: Mapping[str, Value]) -> list[dict[str, Any]]:
    given = {"zone": case.facts.time_zone, **values}
    wanted = {name: value for name, value in given.items() if re.search(rf"\${name}\b", sql)}
    try:
        parameters: Any = wanted or None
        found: list[dict[str, Any]] = case.arrow(sql, parameters).to_pylist()
    except Interrupted:
        raise
    except SqlError as error:
        raise UsageError(
            f"the rule {card.id} cannot be asked: {first_line(error)}", place=card.pack, todo="mend the card"
        ) from error
    return found


def _order(card: Card, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Equal groups stand together; inside of one the time and then everything else decides."""
    first = [repr(row.get(name)) for name in card.group]
    return (
        *first,
        f"{row['utc']:%Y%m%d%H%M%S%f}" if row.get("utc") is not None else "",
        repr(sorted(row.items(), key=str)),
    )


def _number(case: CaseView, card: Card, sql: str, values: Mapping[str, Value]) -> int:
    if not sql:
        return 0
    return int(_rows(case, card, sql, values)[0]["n"] or 0)


def _finding(case: CaseView, card: Card, rows: list[dict[str, Any]]) -> Finding:
    zone = ZoneInfo(case.facts.time_zone)
    first = {"n": len(rows), **rows[0]}
    claims = [said(text, first, language, zone) for language, text in enumerate(card.claim)]
    reasons = tuple(
        Because(
            ja=said(card.because[0], row, 0, zone),
            en=said(card.because[1], row, 1, zone),
            record=str(row.get("record") or ""),
            address=str(row.get("address") or ""),
        )
        for row in rows
    )
    subject = (str(row.get(key)) for key in ("logical_id", "record") for row in rows if row.get(key))
    return Finding(
        rule=card.id,
        version=card.version,
        subject=tuple(dict.fromkeys(subject)),
        claim_ja=claims[0],
        claim_en=claims[1],
        because=reasons,
        confidence=max((_confidence(card, row) for row in rows), key=_STRENGTH.__getitem__),
        also_possible=card.also_possible,
        does_not_show=card.does_not_show,
    )


def _confidence(card: Card, row: Mapping[str, Any]) -> Confidence:
    stated = row.get("confidence")
    return Confidence(str(stated)) if stated else card.confidence


def said(text: str, row: Mapping[str, Any], language: int, zone: ZoneInfo) -> str:
    """A sentence of a card with the values of a row in it."""
    return _FIELD.sub(lambda hit: shown(row.get(hit[1]), language, zone), text)


def shown(value: Any, language: int, zone: ZoneInfo) -> str:
    """One value as a sentence shows it: times in the zone of the case, numbers with their thousands, texts cut."""
    if value is None or value == "":
        return _UNKNOWN[language]
    if isinstance(value, bool):
        return (("いいえ", "はい"), ("no", "yes"))[language][value]
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}" if value.tzinfo else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        more = len(value) - _LISTED
        listed = ("、", ", ")[language].join(shown(each, language, zone) for each in value[:_LISTED])
        return listed + ((f" ほか{more:,}件", f" and {more:,} more")[language] if more > 0 else "")
    plain = " ".join(str(value).split())
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"
