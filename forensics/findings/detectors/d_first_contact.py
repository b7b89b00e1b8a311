"""First mail to a destination (catalogue D04), and how much of it could not be judged for want of a baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from forensics.casefile.view import CaseView
from forensics.findings import asking
from forensics.findings.card import Card, Value
from forensics.findings.finding import Finding, Looked

_GRADED = r"""
WITH sent AS (
    SELECT key, max(is_reply AND in_reply_to IS NOT NULL AND NOT regexp_matches(
               coalesce(subject, ''), '(?i)^\s*(fwd?|転送|tr|wg)\s*[:：]')) AS answers
    FROM sending WHERE NOT by_machine AND NOT internal GROUP BY key
), graded AS (
    SELECT first_contact.*, answers,
           utc_us - coalesce(org_us, -1) > $baseline * 86400000000 AS new_to_all,
           utc_us - coalesce(account_us, -1) > $baseline * 86400000000 AS new_to_account,
           utc_us - coalesce(pair_us, -1) > $baseline * 86400000000 AS new_address,
           utc_us - org_since_us >= $coverage * 86400000000 AS org_covered,
           utc_us - account_since_us >= $coverage * 86400000000 AS account_covered
    FROM first_contact JOIN sent USING (key)
), judged AS (
    SELECT *, CASE WHEN answers THEN 'C' WHEN new_to_all THEN 'A' WHEN new_to_account THEN 'B' ELSE 'C' END AS grade
    FROM graded WHERE new_address
), told AS (
    SELECT *, CASE grade WHEN 'A' THEN org_covered ELSE account_covered END AS covered FROM judged
)
"""
_FOUND = f"""{_GRADED}
, empty AS (
    SELECT lower(account) AS account, list(DISTINCT day ORDER BY day) AS days FROM (
        SELECT account, unnest(gaps) AS day FROM coverage WHERE kind IN ('rows', 'uids', 'lines', 'log', 'account')
    ) WHERE account IS NOT NULL GROUP BY lower(account)
)
SELECT sending.logical_id, sending.record, sending.address, sending.utc, sending.key, sending.sender,
       sending.recipient, sending.place, sending.subject, sending.files, grade,
       CAST(timezone($zone, make_timestamptz(greatest(utc_us_from, 0))) AS DATE) AS baseline_from,
       make_timestamptz(coalesce(org_us, account_us, pair_us)) AS earlier,
       coalesce(nullif(array_to_string(empty.days[:5], ', '), ''), '0') AS gaps
FROM (
    SELECT *, greatest(utc_us - $baseline * 86400000000,
                       CASE grade WHEN 'A' THEN org_since_us ELSE account_since_us END) AS utc_us_from
    FROM told
) AS told
JOIN sending ON sending.key = told.key AND sending.recipient = told.other
LEFT JOIN empty ON empty.account = sending.sender
WHERE covered AND list_contains(string_split($grades, ','), grade) AND sending.files >= $files
"""  # noqa: S608 - filled with constants only
_CONSIDERED = "SELECT count(DISTINCT key) AS n FROM first_contact"
_SHORT = f"""{_GRADED}
SELECT count(DISTINCT key) AS n FROM told JOIN (SELECT key, max(files) AS files FROM sending GROUP BY key) USING (key)
WHERE NOT covered AND list_contains(string_split($grades, ','), grade) AND files >= $files
"""  # noqa: S608 - filled with constants only


class FirstContact:
    """Mail to a domain or address with which nothing was exchanged in the baseline."""

    name = "first-contact"
    title = "First mail to a destination"
    version = "1"

    def look(self, case: CaseView, card: Card, values: Mapping[str, Value]) -> Iterator[Finding | Looked]:
        """One finding for each message and destination; the last line says what the baseline leaves open."""
        asked = replace(card, sql=_FOUND, considered=_CONSIDERED, could_not_read=_SHORT)
        for each in asking.ask(case, asked, values):
            if isinstance(each, Looked) and each.could_not_read:
                many, days = each.could_not_read, values["coverage"]
                why = (
                    f"基準期間不足: {many:,}件は、その前の記録が{days}日に満たず、判定していない",
                    f"the baseline is too short: {many:,} messages have less than {days} days before, not judged",
                )
                yield replace(each, why_not=(*each.why_not, why))
            else:
                yield each
