"""The presence matrix: where each message lies, where it should lie and does not, and where nobody can know, as SQL.

    present       a living copy lies there, or a line of the log is about it
    deleted       only copies in a deleted-items folder, or marked deleted
    recovered     only copies that recovery found
    embedded      only inside of another message
    missing       the account's store, or the log, covers that time and keeps such mail, and has no copy
    not_covered   the account is a party, and no evidence of it covers that time, or keeps such mail

A store covers what lies between its first and its last message, in months that it has mail of; it keeps sent (received)
mail where it has any; what the log of a mailbox says was taken out of it was there, too. A copy with the same
Message-ID and another body is there all the same. A log covers its days with lines between its first and last, but no
silence of an hour or more in which several messages should have gone through; a line is expected only of mail from or
to a domain of whose other mail it has nearly all. A draft that nothing shows as sent is expected nowhere. A message
that only the logs name has a Message-ID and no logical message. Places that have nothing to do with a message have no
row.
"""

from __future__ import annotations

_GIVEN = "('sent', 'delivered', 'deliver', 'saved', 'stored', 'success', 'deliver.local')"
"""What a log calls it when a message came to a recipient."""
_BY_STATUS = "('message_trace', 'google_log_search')"
"""Logs that have one kind of line, whose status tells what became of the message."""
_HELD = "('saved', 'stored', 'append', 'save', 'copy', 'expunge', 'delete')"

TRANSPORT = """('postfix', 'sendmail', 'exim', 'courier', 'exchange_tracking', 'message_trace', 'gmail_log',
                'google_log_search')"""
"""The logs that have a line for each message that a server takes or hands on."""
FEWEST_DUE = 5
"""So many messages of a domain must have come in the days of a log before its share of them says anything."""
NEARLY_ALL = 0.8
GAP_MINUTES = 60
GAP_MESSAGES = 2

COPIES = """
CREATE OR REPLACE TEMP TABLE tl_lying AS
SELECT logical_id, place, count(*)::INTEGER AS copies, min_by(id, tl_copy.copy) AS message_ref,
       CASE WHEN bool_or(depth = 0 AND recovery = 'live') THEN 'present'
            WHEN bool_or(depth = 0 AND recovery IN ('soft_deleted', 'recoverable_items')) THEN 'deleted'
            WHEN bool_or(depth = 0) THEN 'recovered' ELSE 'embedded' END AS status,
       list_sort(list(DISTINCT recovery)) AS how, bool_and(coalesce(is_draft, false)) AS is_draft
FROM tl_place_message JOIN tl_copy USING (id) GROUP BY logical_id, place
"""

IN_LOGS = """
CREATE OR REPLACE TEMP TABLE tl_in_log AS
SELECT coalesce(logical_id, '<' || mid || '>') AS thing, min(logical_id) AS logical_id, min(mid) AS mid,
       evidence || ':' || source AS place, count(*)::INTEGER AS lines, list_sort(list(DISTINCT op))[:10] AS how,
       min(utc) AS utc
FROM tl_join JOIN tl_log USING (n) WHERE rank < 5 GROUP BY thing, place
"""

THINGS = """
CREATE OR REPLACE TEMP TABLE tl_thing AS
WITH mail AS (
    SELECT logical_id, bool_and(is_draft) AS is_draft FROM tl_lying GROUP BY logical_id
)
SELECT mail.logical_id AS thing, mail.logical_id, own.mid, utc,
       NOT is_draft OR mail.logical_id IN (SELECT logical_id FROM tl_in_log WHERE logical_id IS NOT NULL) AS was_sent
FROM mail JOIN tl_when ON tl_when.logical_id = mail.logical_id
LEFT JOIN (SELECT logical_id, min(mid) AS mid FROM tl_known GROUP BY logical_id) AS own
  ON own.logical_id = mail.logical_id
UNION ALL
SELECT thing, NULL, min(mid), min(utc), true FROM tl_in_log WHERE logical_id IS NULL GROUP BY thing
"""

ACCOUNTS = f"""
CREATE OR REPLACE TEMP TABLE tl_concerned AS
WITH logged AS (
    SELECT '<' || mid || '>' AS thing, op, tl_log.sender, tl_log.recipients, account, tl_log.source,
           op IN {_GIVEN} OR (tl_log.source IN {_BY_STATUS} AND starts_with(lower(status), 'deliver')) AS given
    FROM tl_join JOIN tl_log USING (n) JOIN log_event USING (id) WHERE logical_id IS NULL
), parties AS (
    SELECT logical_id AS thing, CASE role WHEN 'sender' THEN role ELSE 'recipient' END AS role, address FROM tl_party
    UNION
    SELECT thing, 'sender', sender FROM logged WHERE contains(sender, '@')
    UNION
    SELECT thing, 'recipient', unnest(recipients) FROM logged WHERE given
    UNION
    SELECT thing, CASE WHEN op IN ('saved', 'stored') THEN 'recipient' ELSE 'holder' END, account FROM logged
    WHERE source = 'dovecot' AND op IN {_HELD} AND contains(account, '@')
), members AS (
    SELECT value, identity FROM tl_belongs WHERE kind = 'group' AND value NOT IN (SELECT value FROM tl_alias)
)
SELECT DISTINCT thing, role, coalesce(tl_alias.identity, members.identity, address) AS account
FROM parties LEFT JOIN tl_alias ON tl_alias.value = address LEFT JOIN members ON members.value = address
WHERE contains(address, '@') OR starts_with(address, '/o=')
"""  # noqa: S608 - filled with constants only

MONTHS = """
CREATE OR REPLACE TEMP TABLE tl_store_month AS
SELECT DISTINCT place, date_trunc('month', utc) AS month FROM tl_place_message WHERE depth = 0 AND utc IS NOT NULL
"""

KEEPS = """
CREATE OR REPLACE TEMP TABLE tl_keeps AS
SELECT place, account, ground, first, last, unnest(['sender', 'recipient', 'holder']) AS role,
       unnest([coalesce(sends, false), coalesce(receives, false), coalesce(sends AND receives, false)]) AS keeps
FROM tl_store LEFT JOIN (
    SELECT place, bool_or(coalesce(tl_alias.identity, address) = account AND role = 'sender') AS sends,
           bool_or(coalesce(tl_alias.identity, address) <> account AND role = 'sender') AS receives
    FROM tl_place_message JOIN tl_party USING (id) JOIN tl_store USING (place)
    LEFT JOIN tl_alias ON tl_alias.value = address WHERE depth = 0 AND account IS NOT NULL GROUP BY place
) AS mail USING (place)
"""

# What the log of a mailbox says was taken out of it has been there, whatever the store covers.
TAKEN_OUT = """
CREATE OR REPLACE TEMP TABLE tl_taken_out AS
SELECT DISTINCT coalesce(logical_id, '<' || mid || '>') AS thing, coalesce(identity, tl_log.account) AS account
FROM tl_join JOIN tl_log USING (n) LEFT JOIN tl_alias ON tl_alias.value = tl_log.account
WHERE rank = 1 AND source IN ('dovecot', 'm365_audit') AND op IN ('expunge', 'delete', 'harddelete', 'softdelete')
"""

EXPECTED = """
CREATE OR REPLACE TEMP TABLE tl_expected AS
WITH own AS (
    SELECT thing, tl_thing.logical_id, tl_thing.mid, utc, account, list_sort(list(DISTINCT role)) AS roles
    FROM tl_thing JOIN tl_concerned USING (thing) WHERE was_sent GROUP BY ALL
), placed AS (
    SELECT own.*, store.place, store.ground AS told,
           bool_or(keeps) OVER (PARTITION BY thing, own.account, store.place) AS kept,
           own.utc BETWEEN first AND last AND month IS NOT NULL AS covered, gone.thing IS NOT NULL AS gone
    FROM own LEFT JOIN tl_taken_out AS gone USING (thing, account)
    JOIN tl_keeps AS store ON store.account = own.account AND list_contains(roles, store.role)
    LEFT JOIN tl_store_month ON tl_store_month.place = store.place AND month = date_trunc('month', own.utc)
), doubtful AS (
    SELECT DISTINCT unnest(accounts) AS account FROM tl_store WHERE ground = 'ambiguous'
)
SELECT DISTINCT thing, logical_id, mid, account, roles, place,
       CASE WHEN gone OR (kept AND covered) THEN 'missing' ELSE 'not_covered' END AS status,
       CASE WHEN gone THEN 'deletion_logged' WHEN kept AND covered THEN 'covered' WHEN utc IS NULL THEN 'time_unknown'
            WHEN NOT kept THEN 'keeps_no_such_mail' ELSE 'outside_of_store' END AS ground
FROM placed
UNION ALL
SELECT thing, logical_id, mid, account, roles, NULL, 'not_covered',
       CASE WHEN account IN (SELECT account FROM doubtful) THEN 'ambiguous_store' ELSE 'no_evidence' END
FROM own WHERE account NOT IN (SELECT account FROM tl_store WHERE account IS NOT NULL)
"""

LOG_DAYS = """
CREATE OR REPLACE TEMP TABLE tl_log_day AS
SELECT DISTINCT evidence || ':' || source AS place, utc::DATE AS day FROM tl_log WHERE utc IS NOT NULL
"""

# By domain rather than by address: who never wrote to whom may have done so once, and that is the point. A log that
# has nearly all mail from or to a domain stands on its way; one that has some of it was passed by chance.
LOG_KEEPS = f"""
CREATE OR REPLACE TEMP TABLE tl_log_keeps AS
WITH ends AS (
    SELECT DISTINCT thing, role, split_part(account, '@', 2) AS domain FROM tl_concerned
    WHERE role IN ('sender', 'recipient') AND contains(account, '@')
), due AS (
    SELECT tl_log_day.place, thing, role, domain
    FROM ends JOIN tl_thing USING (thing) JOIN tl_log_day ON day = tl_thing.utc::DATE
    JOIN tl_log_place ON tl_log_place.place = tl_log_day.place
    WHERE was_sent AND source IN {TRANSPORT}
)
SELECT due.place, role, domain FROM due
LEFT JOIN tl_in_log ON tl_in_log.thing = due.thing AND tl_in_log.place = due.place
GROUP BY ALL HAVING count(*) >= {FEWEST_DUE} AND count(tl_in_log.thing) >= {NEARLY_ALL} * count(*)
"""  # noqa: S608 - filled with constants only

LOG_EXPECTED = """
CREATE OR REPLACE TEMP TABLE tl_log_expected AS
WITH wanted AS (
    SELECT DISTINCT thing, tl_log_keeps.place FROM tl_concerned
    JOIN tl_log_keeps ON tl_log_keeps.role = tl_concerned.role AND domain = split_part(account, '@', 2)
)
SELECT tl_thing.thing, logical_id, mid, tl_thing.utc, wanted.place,
       CASE WHEN day IS NULL THEN 'not_covered' ELSE 'missing' END AS status,
       CASE WHEN tl_thing.utc IS NULL THEN 'time_unknown' WHEN day IS NULL AND tl_thing.utc BETWEEN first AND last
            THEN 'silent_day' WHEN day IS NULL THEN 'outside_of_log' ELSE 'covered' END AS ground
FROM wanted JOIN tl_thing USING (thing) JOIN tl_log_place USING (place)
LEFT JOIN tl_log_day ON tl_log_day.place = wanted.place AND day = tl_thing.utc::DATE
ANTI JOIN tl_in_log ON tl_in_log.thing = tl_thing.thing AND tl_in_log.place = wanted.place
WHERE was_sent
"""

# One message that a log does not know is a question about that message; several in one silence are one about the log.
LOG_GAPS = f"""
CREATE OR REPLACE TEMP TABLE tl_log_gap AS
WITH lines AS (
    SELECT DISTINCT evidence || ':' || source AS place, utc FROM tl_log
    WHERE utc IS NOT NULL AND evidence || ':' || source IN (SELECT place FROM tl_log_expected)
), stepped AS (
    SELECT place, utc AS first, lead(utc) OVER (PARTITION BY place ORDER BY utc) AS last FROM lines
), gaps AS (
    SELECT * FROM stepped WHERE last - first >= INTERVAL {GAP_MINUTES} MINUTE
)
SELECT gaps.place, gaps.first, gaps.last, count(DISTINCT coalesce(mid, thing))::BIGINT AS missing
FROM (SELECT * FROM tl_log_expected WHERE status = 'missing') AS lost
ASOF JOIN gaps ON gaps.place = lost.place AND lost.utc >= gaps.first
WHERE lost.utc <= gaps.last GROUP BY ALL HAVING missing >= {GAP_MESSAGES}
"""  # noqa: S608 - filled with constants only

# One statement for each kind of cell, because the joins of one statement share the memory.
CELLS = """
CREATE OR REPLACE TEMP TABLE tl_cell AS
WITH roles AS (
    SELECT thing, account, list_sort(list(DISTINCT role)) AS roles FROM tl_concerned
    WHERE account IN (SELECT account FROM tl_store) GROUP BY ALL
)
SELECT tl_lying.logical_id AS thing, tl_lying.place, 'store' AS kind, tl_store.account,
       coalesce(roles, []::VARCHAR[]) AS roles, status, tl_store.ground AS ground, copies, how, message_ref
FROM tl_lying JOIN tl_store USING (place)
LEFT JOIN roles ON roles.thing = tl_lying.logical_id AND roles.account = tl_store.account
"""
EXPECTED_CELLS = """
INSERT INTO tl_cell
SELECT expected.thing, expected.place, 'store', expected.account, roles, expected.status, ground, 0, []::VARCHAR[], NULL
FROM tl_expected AS expected
ANTI JOIN tl_lying ON tl_lying.logical_id = expected.logical_id AND tl_lying.place = expected.place
ANTI JOIN (SELECT DISTINCT mid, place FROM tl_lying JOIN tl_known USING (logical_id)) AS other_body
  ON other_body.mid = expected.mid AND other_body.place = expected.place
"""
LOG_CELLS = """
INSERT INTO tl_cell
SELECT thing, place, 'log', NULL, []::VARCHAR[], 'present', 'lines', lines, how, NULL FROM tl_in_log
UNION ALL
SELECT thing, lost.place, 'log', NULL, []::VARCHAR[],
       CASE WHEN status = 'missing' AND lost.utc <= gap.last THEN 'not_covered' ELSE status END,
       CASE WHEN status = 'missing' AND lost.utc <= gap.last THEN 'silent_hours' ELSE ground END, 0, []::VARCHAR[], NULL
FROM tl_log_expected AS lost ASOF LEFT JOIN tl_log_gap AS gap ON gap.place = lost.place AND lost.utc >= gap.first
"""

PRESENCE = """
SELECT tl_thing.logical_id, '<' || tl_thing.mid || '>' AS message_id, tl_thing.utc, kind, place, account, roles, status,
       ground, copies, how, message_ref
FROM tl_cell JOIN tl_thing USING (thing)
ORDER BY tl_thing.logical_id NULLS LAST, message_id, kind DESC, place NULLS LAST, account, ground
"""
"""One row for each message and place; ``copies`` counts copies or lines, ``how`` is what they are."""

TABLES = (
    COPIES,
    IN_LOGS,
    THINGS,
    ACCOUNTS,
    MONTHS,
    KEEPS,
    TAKEN_OUT,
    EXPECTED,
    LOG_DAYS,
    LOG_KEEPS,
    LOG_EXPECTED,
    LOG_GAPS,
    CELLS,
    EXPECTED_CELLS,
    LOG_CELLS,
)
"""Run after those of ``joins`` and ``places``."""
DONE_WITH = (
    "tl_lying",
    "tl_in_log",
    "tl_thing",
    "tl_concerned",
    "tl_keeps",
    "tl_taken_out",
    "tl_expected",
    "tl_log_keeps",
    "tl_log_expected",
    "tl_cell",
)
