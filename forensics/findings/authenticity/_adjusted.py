"""Clock readings after the estimated skew of their host or account was taken out, as the tables the rules compare."""

from __future__ import annotations

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _skew
from forensics.findings.authenticity._clocks import has_table

# ``fair_us`` is the reading as the clock would have shown it, ``skew_us`` what was taken out.
FAIR = """
CREATE TEMP TABLE au_fair AS
SELECT au_clock.*, coalesce(au_skew.us, 0) AS skew_us, au_clock.us - coalesce(au_skew.us, 0) AS fair_us
FROM au_clock LEFT JOIN au_skew ON au_clock.kind IN ('hop', 'queue-id') AND au_skew.node = 'host ' || au_clock.host
"""
DATES = """
CREATE TEMP TABLE au_date AS
SELECT au_mail.*, coalesce(au_skew.us, 0) AS skew_us, date_us - coalesce(au_skew.us, 0) AS fair_us
FROM au_mail LEFT JOIN au_skew ON au_skew.node = 'account ' || au_mail.sender
WHERE date_us IS NOT NULL
"""


def prepare(case: CaseView) -> tuple[_skew.Skew, ...]:
    """Make ``au_fair`` and ``au_date`` where this connection does not have them yet; every clock that is off."""
    found = _skew.skews(case)
    for name, sql in (("au_fair", FAIR), ("au_date", DATES)):
        if not has_table(case, name):
            case.connection.execute(sql)
    return found
