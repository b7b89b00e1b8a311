"""What the evidence covers: each store, each log and each account in it, month by month, with the gaps, as SQL.

    store        messages of a store in a month
    log          lines of a log; ``silent_days`` are days without any line between its first and its last
    hours        a silence of an hour or more in a log, in which ``missing`` messages of the case should have a line
    account      lines of a log that name an account; a day without them is nothing but quiet
    uids         UIDs that a mailbox gave out (Dovecot's mail_log: save, append, copy) and no line tells of
    rows         rows that an export of the audit log numbers, and that are not there (ResultIndex, ResultCount)
    lines        lines of a server's log that are empty or that no reader could read; the problems name them

and what :mod:`forensics.timeline.gaps` tells: ``queue_ids``, ``queues``, ``sequence``, ``uncollected``. Ids of queues
are no series, so nothing can be missing between two of them; but others name them.
``retention_days`` is what the log keeps by default, as its maker says; how it was set where it was taken is for a
person to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from forensics.casefile.view import CaseView
from forensics.timeline import gaps

RETENTION = {
    "exchange_tracking": 30,
    "message_trace": 90,
    "m365_audit": 180,
    "entra_sign_in": 30,
    "google_activity": 180,
    "gmail_log": 180,
    "google_log_search": 30,
}
"""Days that a log is kept by default (for Entra ID with a P1 licence, else 7); of servers' files logrotate decides."""
EXAMPLES = 20

ACCOUNT_DAYS = """
CREATE OR REPLACE TEMP TABLE tl_account_month AS
WITH named AS (
    SELECT DISTINCT n, account FROM (
        SELECT n, account FROM tl_log WHERE contains(account, '@')
        UNION ALL SELECT n, sender FROM tl_log WHERE contains(sender, '@')
        UNION ALL SELECT n, unnest(recipients) FROM tl_log
    ) WHERE contains(account, '@')
)
SELECT evidence || ':' || source AS place, evidence, source, coalesce(identity, named.account) AS account,
       date_trunc('month', utc) AS month, min(utc) AS first, max(utc) AS last, count(*) AS events,
       count(DISTINCT utc::DATE) AS days
FROM named JOIN tl_log USING (n) LEFT JOIN tl_alias ON tl_alias.value = named.account
GROUP BY ALL
"""

UIDS = """
CREATE OR REPLACE TEMP TABLE tl_uid AS
WITH given AS (
    SELECT DISTINCT evidence, source, lower(trim(actor)) AS account, json_extract_string(detail, '$.fields.box') AS box,
           try_cast(json_extract_string(detail, '$.fields.uid') AS BIGINT) AS uid
    FROM log_event WHERE source = 'dovecot' AND operation IN ('save', 'append', 'copy')
), stepped AS (
    SELECT *, lag(uid) OVER (PARTITION BY evidence, account, box ORDER BY uid) AS before
    FROM given WHERE uid IS NOT NULL
)
SELECT evidence, source, account, box, sum(uid - before - 1)::BIGINT AS missing,
       list(CASE WHEN uid - before = 2 THEN (uid - 1)::VARCHAR ELSE (before + 1) || '-' || (uid - 1) END
            ORDER BY uid) AS gaps
FROM stepped WHERE uid - before > 1 GROUP BY ALL
"""

RESULT_ROWS = """
CREATE OR REPLACE TEMP TABLE tl_result AS
WITH told AS (
    SELECT evidence, source, array_to_string(string_split(address, '/')[1:2], '/') AS file,
           json_extract_string(lower(detail), ['$.outer.resultindex', '$.outer.resultcount']) AS said
    FROM log_event WHERE source = 'm365_audit' AND contains(lower(detail), '"resultcount"') AND json_valid(detail)
), counted AS (
    SELECT evidence, source, file, try_cast(said[2] AS BIGINT) AS total, count(DISTINCT said[1]) AS found
    FROM told GROUP BY ALL
)
SELECT evidence, source, file, sum(total - found)::BIGINT AS missing FROM counted WHERE total > found GROUP BY ALL
"""

UNREAD = """
CREATE OR REPLACE TEMP TABLE tl_unread AS
SELECT evidence, source, file, last_line - lines AS missing FROM (
    SELECT evidence, file, min(source) AS source, max(line) AS last_line, count(DISTINCT line) AS lines
    FROM tl_log GROUP BY evidence, file
    HAVING bool_and(source IN ('postfix', 'sendmail', 'exim', 'qmail', 'courier', 'dovecot', 'syslog'))
) WHERE last_line > lines
"""

_KEPT = " ".join(f"WHEN '{source}' THEN {days}" for source, days in RETENTION.items())
COVERAGE = f"""
WITH days AS (
    SELECT place, evidence, source, generate_series(date_trunc('day', first), date_trunc('day', last), INTERVAL 1 DAY)
           AS series FROM tl_log_place WHERE first IS NOT NULL
), silent AS (
    SELECT each_day.place, date_trunc('month', each_day.day) AS month,
           list(each_day.day::DATE::VARCHAR ORDER BY each_day.day) AS days
    FROM (SELECT place, unnest(series) AS day FROM days) AS each_day
    ANTI JOIN tl_log_day ON tl_log_day.place = each_day.place AND tl_log_day.day = each_day.day::DATE GROUP BY ALL
), logs AS (
    SELECT evidence || ':' || source AS place, evidence, source, date_trunc('month', utc) AS month, min(utc) AS first,
           max(utc) AS last, count(*) AS events, count(DISTINCT utc::DATE) AS days
    FROM tl_log GROUP BY ALL
), whole AS (
    SELECT coalesce(logs.place, silent.place) AS place, coalesce(logs.month, silent.month) AS month, first, last,
           coalesce(events, 0) AS events, coalesce(logs.days, 0) AS days, coalesce(silent.days, []::VARCHAR[]) AS silent
    FROM logs FULL JOIN silent ON silent.place = logs.place AND silent.month = logs.month
), rows AS (
    SELECT 'store' AS kind, place, tl_store.evidence, NULL AS source, account, NULL AS box,
           date_trunc('month', utc) AS month, min(utc) AS first, max(utc) AS last, count(*) AS events,
           count(DISTINCT utc::DATE) AS days, []::VARCHAR[] AS silent_days, NULL::BIGINT AS missing,
           []::VARCHAR[] AS gaps
    FROM tl_place_message JOIN tl_store USING (place) WHERE depth = 0 GROUP BY ALL
    UNION ALL
    SELECT 'log', whole.place, evidence, source, NULL, NULL, month, whole.first, whole.last, whole.events, whole.days,
           silent, NULL, [] FROM whole JOIN tl_log_place USING (place)
    UNION ALL
    SELECT 'account', place, evidence, source, account, NULL, month, first, last, events, days, [], NULL, []
    FROM tl_account_month
    UNION ALL
    SELECT 'hours', place, evidence, source, NULL, NULL, date_trunc('month', tl_log_gap.first), tl_log_gap.first,
           tl_log_gap.last, 0, 0, [], missing, [] FROM tl_log_gap JOIN tl_log_place USING (place)
    UNION ALL
    SELECT 'uids', evidence || ':' || source, evidence, source, account, box, NULL, NULL, NULL, 0, 0, [], missing,
           gaps[:{EXAMPLES}] FROM tl_uid
    UNION ALL
    SELECT 'rows', evidence || ':' || source, evidence, source, NULL, file, NULL, NULL, NULL, 0, 0, [], missing, []
    FROM tl_result
    UNION ALL
    SELECT 'lines', evidence || ':' || source, evidence, source, NULL, file, NULL, NULL, NULL, 0, 0, [], missing, []
    FROM tl_unread
    UNION ALL
{gaps.ROWS}
)
SELECT * REPLACE (strftime(month, '%Y-%m') AS month), CASE source {_KEPT} END AS retention_days FROM rows
ORDER BY kind, place, account NULLS FIRST, box NULLS FIRST, month NULLS LAST
"""  # noqa: S608 - filled with constants only
"""``box`` is the mailbox of missing UIDs, the file of missing rows and lines, or the host."""

TABLES = (ACCOUNT_DAYS, UIDS, RESULT_ROWS, UNREAD, *gaps.TABLES)
"""Run after those of ``presence``, whose days of the logs are used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What the evidence of an account covers of a span of days (UTC).

    Stores cover what lies between their first and last message, in months that they have mail of; logs that ever name
    the account cover their days with lines. ``places`` are those that cover at least a day, ``ambiguous`` stores that
    may or may not be the account's.
    """

    account: str
    days: tuple[date, ...]
    uncovered: tuple[date, ...]
    places: tuple[str, ...]
    ambiguous: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every day is covered: only then may it be said that nothing was found."""
        return bool(self.days) and not self.uncovered

    @property
    def nothing(self) -> bool:
        """Whether no day is covered."""
        return len(self.uncovered) == len(self.days)


_STORES = """
    SELECT place, coverage.month, place.first, place.last, coverage.silent_days FROM coverage JOIN place USING (place)
    WHERE coverage.kind = 'store' AND coverage.account = $1 AND coverage.month IS NOT NULL
"""
_LOGS = """
    SELECT place, coverage.month, place.first, place.last, coverage.silent_days FROM coverage JOIN place USING (place)
    WHERE coverage.kind = 'log' AND coverage.month IS NOT NULL AND coverage.events > 0
      AND place IN (SELECT place FROM coverage WHERE kind = 'account' AND account = $1)
"""
_AMBIGUOUS = """
    SELECT place FROM place WHERE ground = 'ambiguous'
    AND list_contains(list_transform(candidates, lambda each: split_part(each, ' ', 1)), $1)
"""


def covered(
    case: CaseView, account: str, since: datetime, until: datetime, *, kinds: tuple[str, ...] = ("store", "log")
) -> Covered:
    """Which days from ``since`` to before ``until`` any store or log of the account covers."""
    whom = _identity(case, account)
    asked = _days(since.astimezone(UTC).date(), (until.astimezone(UTC) - timedelta(microseconds=1)).date())
    found: dict[str, set[date]] = {}
    for kind, sql in (("store", _STORES), ("log", _LOGS)):
        for row in case.rows(sql, [whom]) if kind in kinds else ():
            found.setdefault(row["place"], set()).update(_month_days(row))
    known = set().union(*found.values())
    return Covered(
        account=whom,
        days=tuple(asked),
        uncovered=tuple(day for day in asked if day not in known),
        places=tuple(sorted(place for place, days in found.items() if days & set(asked))),
        ambiguous=tuple(sorted(row["place"] for row in case.rows(_AMBIGUOUS, [whom]))),
    )


def _identity(case: CaseView, account: str) -> str:
    """The account that an address belongs to."""
    sql = """
        SELECT min(identity) AS one FROM identity
        WHERE value = $1 AND strength <> 'weak' AND kind <> 'group' HAVING count(DISTINCT identity) = 1
    """
    rows = case.rows(sql, [account.lower()])
    return str(rows[0]["one"]) if rows and rows[0]["one"] else account.lower()


def _month_days(row: dict[str, Any]) -> set[date]:
    """The days of one month that lie between the first and the last of the place, without the silent ones."""
    start = date.fromisoformat(f"{row['month']}-01")
    end = (start + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    silent = {date.fromisoformat(day) for day in row["silent_days"]}
    return set(_days(max(start, row["first"].date()), min(end, row["last"].date()))) - silent


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]
