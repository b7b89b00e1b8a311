"""Clock readings after the estimated skew of their host or account was taken out, as the tables the rules compare."""

from __future__ import annotations

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _episodes, _skew
from forensics.findings.authenticity._clocks import has_table

# ``fair_us`` is the reading as the clock would have shown it, ``skew_us`` what was taken out: what the clock was always
# off by, and what it was off by at that time.
FAIR = """
CREATE TEMP TABLE au_fair AS
WITH episode AS (
    SELECT au_clock.id, sum(au_episode.us) AS us FROM au_clock JOIN au_episode
        ON au_episode.node = 'host ' || au_clock.host AND au_clock.us BETWEEN au_episode.first AND au_episode.last
    WHERE kind IN ('hop', 'queue-id') GROUP BY au_clock.id
)
SELECT au_clock.*, (coalesce(au_skew.us, 0) + coalesce(episode.us, 0))::BIGINT AS skew_us,
       (au_clock.us - coalesce(au_skew.us, 0) - coalesce(episode.us, 0))::BIGINT AS fair_us
FROM au_clock LEFT JOIN au_skew ON au_clock.kind IN ('hop', 'queue-id') AND au_skew.node = 'host ' || au_clock.host
LEFT JOIN episode ON episode.id = au_clock.id
"""
EPISODE = "CREATE OR REPLACE TEMP TABLE au_episode (node VARCHAR, us BIGINT, first BIGINT, last BIGINT)"
DATES = """
CREATE TEMP TABLE au_date AS
SELECT au_mail.*, coalesce(au_skew.us, 0) AS skew_us, date_us - coalesce(au_skew.us, 0) AS fair_us
FROM au_mail LEFT JOIN au_skew ON au_skew.node = 'account ' || au_mail.sender
WHERE date_us IS NOT NULL
"""


def prepare(case: CaseView) -> None:
    """Make ``au_fair`` and ``au_date`` where this connection does not have them yet."""
    if has_table(case, "au_fair"):
        return
    _skew.skews(case)
    case.connection.execute(EPISODE)
    for each in _episodes.rows_of(_episodes.episodes(case)):
        case.connection.execute("INSERT INTO au_episode VALUES ($node, $us, $first, $last)", each)
    for name, sql in (("au_fair", FAIR), ("au_date", DATES)):
        if not has_table(case, name):
            case.connection.execute(sql)
