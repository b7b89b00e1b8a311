"""Logins by account and IP address: first and last, with which programs, and how many failures came before, as SQL.

Where an address lies is left to the reader: there is no such data here.
"""

from __future__ import annotations

_GOOD = "('login', 'userloggedin', 'sign_in', 'login_success')"
_BAD = "('login_failed', 'userloginfailed', 'sign_in_failed', 'login_failure')"
_AGENT = """'(?i)"user[_ ]?agent"(?:, "value")?: "((?:[^"\\\\]|\\\\.)+)"'"""
_SESSION = """'(?i)"session_?(?:id)?"(?:, "value")?: "([^"]+)"'"""

SESSIONS = f"""
WITH told AS (
    SELECT lower(trim(actor)) AS account, actor_ip AS ip, utc, evidence, source, lower(operation) IN {_GOOD} AS good,
           nullif(regexp_extract(detail, {_AGENT}, 1), '') AS agent,
           nullif(regexp_extract(detail, {_SESSION}, 1), '') AS session
    FROM log_event WHERE lower(operation) IN {_GOOD} OR lower(operation) IN {_BAD}
), met AS (
    SELECT *, min(utc) FILTER (good) OVER (PARTITION BY account, ip) AS opened,
           dense_rank() OVER (PARTITION BY ip ORDER BY account) AS nth
    FROM told
), grouped AS (
    SELECT account, ip, count(*) FILTER (good) AS logins, count(*) FILTER (NOT good) AS failures,
           count(*) FILTER (NOT good AND (opened IS NULL OR utc < opened)) AS failures_before,
           min(utc) FILTER (good) AS first, max(utc) FILTER (good) AS last,
           min(utc) FILTER (NOT good) AS first_failure, max(utc) FILTER (NOT good) AS last_failure,
           count(DISTINCT session) AS sessions,
           list_sort(coalesce(list(DISTINCT agent) FILTER (agent IS NOT NULL), []::VARCHAR[]))[:20] AS user_agents,
           list_sort(list(DISTINCT source)) AS sources, list_sort(list(DISTINCT evidence)) AS evidence
    FROM met GROUP BY account, ip
)
SELECT *, count(*) OVER (PARTITION BY ip) AS accounts_of_ip, count(*) OVER (PARTITION BY account) AS ips_of_account
FROM grouped ORDER BY account NULLS LAST, ip NULLS LAST
"""  # noqa: S608 - filled with constants only
"""One row for each account and address; ``failures_before`` came before the first login that succeeded, if one did."""
