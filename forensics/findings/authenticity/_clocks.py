"""The clock readings of every message as SQL tables that the rules share, made once for each connection.

``au_clock`` has a row for each reading that is an instant: what kind of clock it is, which host claims it, which hop it
is. ``au_mail`` has a row for each message: its Date, its first and last hop, its logical message. An item of Outlook
that has no header, as its sent mail, has the time of submission for its Date: that is what the program shows as such.
Instants are microseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics.casefile.view import CaseView

SERVER_LAYOUTS = (
    "Postfix",
    "sendmail",
    "Exim message id",
    "qmail",
    "Courier",
    "Amazon SES",
    "sendmail queue id",
    "Postfix long queue id",
)
"""Layouts of Message-IDs that a server writes where the writer left none."""
_SERVER = ", ".join(f"'{each}'" for each in SERVER_LAYOUTS)

CLOCKS = f"""
CREATE TEMP TABLE au_clock AS
WITH told AS (
    SELECT id, address, message_id_ref AS ref, position, epoch_us(utc) AS us, says, raw, zone,
           offset_minutes AS minutes, meaning, basis, lower(says) AS field,
           regexp_extract(says, '\\(([^()]*)\\)$', 1) AS layout
    FROM moment WHERE utc IS NOT NULL
)
SELECT id, address, ref, position, us, says, raw, zone, minutes, layout,
       CASE WHEN basis = 'sender' AND field = 'date' THEN 'date'
            WHEN basis = 'relay' THEN 'hop'
            WHEN meaning = 'stamped' AND field LIKE 'message-id (%'
                 THEN CASE WHEN layout IN ({_SERVER}) THEN 'server-id' ELSE 'message-id' END
            WHEN meaning = 'stamped' AND field LIKE 'boundary (%' THEN 'boundary'
            WHEN meaning = 'stamped' AND field LIKE 'content-id (%' THEN 'content-id'
            WHEN meaning = 'stamped' AND field LIKE 'id of received%' THEN 'queue-id'
            WHEN meaning IN ('signed', 'thread_started', 'thread_answered') THEN meaning
            WHEN basis = 'store' AND meaning IN ('submitted', 'delivered', 'created', 'modified', 'deferred')
                 THEN meaning
            WHEN basis = 'filesystem' THEN 'file ' || meaning END AS kind,
       CASE WHEN basis = 'relay' THEN lower(nullif(regexp_extract(says, ' by (.+)$', 1), ''))
            WHEN field LIKE 'id of received%' THEN lower(regexp_extract(says, ' by (.+) \\([^()]*\\)$', 1)) END AS host,
       CASE WHEN basis = 'relay' THEN try_cast(regexp_extract(says, '^Received (\\d+)/', 1) AS INTEGER) END AS hop
FROM told
"""  # noqa: S608 - filled with constants only

MAIL = """
CREATE TEMP TABLE au_mail AS
WITH stated AS (
    SELECT *, kind <> 'date' AS is_second FROM au_clock WHERE kind = 'date' OR says = 'PR_CLIENT_SUBMIT_TIME'
), dates AS (
    SELECT ref, arg_min(us, (is_second, position)) AS date_us, arg_min(id, (is_second, position)) AS date_id,
           arg_min(address, (is_second, position)) AS date_address, arg_min(raw, (is_second, position)) AS date_raw,
           arg_min(zone, (is_second, position)) AS date_zone, arg_min(says, (is_second, position)) AS date_says
    FROM stated GROUP BY ref
), hops AS (
    SELECT ref, count(*) AS hops, min(us) AS least_us, max(us) AS most_us,
           arg_max(us, hop) AS last_us, arg_max(id, hop) AS last_id, arg_max(address, hop) AS last_address
    FROM au_clock WHERE kind = 'hop' GROUP BY ref
)
SELECT message.id AS ref, message.address, message.evidence, message.store_path, message.message_id,
       lower(message.sender_address) AS sender, message.subject, message.depth, logical.logical_id,
       dates.* EXCLUDE (ref), coalesce(hops, 0) AS hops, least_us, most_us, last_us, last_id, last_address
FROM message
LEFT JOIN logical ON logical.message_ref = message.id
LEFT JOIN dates ON dates.ref = message.id
LEFT JOIN hops ON hops.ref = message.id
"""
_TABLES = {"au_clock": CLOCKS, "au_mail": MAIL}


def prepare(case: CaseView) -> None:
    """Make the shared tables where this connection does not have them yet."""
    for name, sql in _TABLES.items():
        if not has_table(case, name):
            case.connection.execute(sql)


def has_table(case: CaseView, name: str) -> bool:
    """Whether the connection knows a table or view of this name."""
    sql = "SELECT count(*) AS n FROM information_schema.tables WHERE table_name = $1"
    return bool(case.rows(sql, [name])[0]["n"])


def rows(case: CaseView, sql: str) -> Iterator[dict[str, Any]]:
    """The rows of an answer, a batch in memory at a time."""
    for batch in case.batches(sql, 5_000):
        yield from batch.to_pylist()


def count(case: CaseView, sql: str) -> int:
    """The one number that a query gives."""
    return int(case.rows(sql)[0]["n"] or 0)


def by_message(found: Iterator[dict[str, Any]], key: str = "logical_id") -> Iterator[list[dict[str, Any]]]:
    """Rows in groups of copies of one logical message, which must come one behind the other."""
    group: list[dict[str, Any]] = []
    for row in found:
        if group and (row[key] is None or row[key] != group[0][key]):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def subjects(group: list[dict[str, Any]]) -> tuple[str, ...]:
    """The logical message, where there is one, and every copy that a group of rows tells of."""
    logical = [str(row["logical_id"]) for row in group[:1] if row.get("logical_id")]
    return (*logical, *dict.fromkeys(str(row["ref"]) for row in group))
