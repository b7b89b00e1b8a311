"""What a server's log should hold by what others say of it, and does not: ids of its queue, numbers, whole logs.

    queue_ids    ids that a Received field gives to a host (RFC 5321 4.4) and that the log of that host does not have
    queues       ids of Postfix whose lines begin without the message's coming in, or end without its going out, though
                 the log goes on for longer than a queue keeps a message
    sequence     numbers of deliveries that qmail counts from 1 at each start, and that are not there
    uncollected  servers that handed mail to these stores, of whose mail no log of the case has a line

The ids of Exchange's database rise, but rows that are never logged have some of them, so none can be missing.
"""

from __future__ import annotations

EXAMPLES = 20
QUEUE_DAYS = 6
"""Longer than a queue keeps a message: five days (RFC 5321 4.5.4.1, maximal_queue_lifetime of Postfix)."""
FEWEST = 5
"""So many messages must a server have handed on before its log is named as not collected."""
_BY = r"'(?is)\bby\s+([a-z0-9_.-]+)'"
_ID = r"'(?is)\bwith\s+(?:local-|u?t?f?8?e?)smtp\w*\b[^;]*?\bid\s+<?([0-9a-z.-]{6,})'"

QUEUE_IDS = rf"""
CREATE OR REPLACE TEMP TABLE tl_gap_queue AS
WITH hosts AS (
    SELECT evidence, source, lower(host) AS host, min(utc) AS first, max(utc) AS last FROM tl_log
    WHERE source IN ('postfix', 'sendmail', 'exim') AND queue_id IS NOT NULL GROUP BY ALL
), fields AS (
    SELECT DISTINCT logical_id, lower(regexp_extract(decoded, {_BY}, 1)) AS host,
           regexp_extract(decoded, {_ID}, 1) AS id
    FROM header JOIN tl_copy ON tl_copy.id = message_id_ref
    WHERE lower(name) = 'received' AND EXISTS (SELECT 1 FROM hosts)
), named AS (
    SELECT hosts.evidence, hosts.source, hosts.host, id, min(tl_when.utc) AS utc
    FROM fields JOIN hosts ON hosts.host = fields.host OR hosts.host = split_part(fields.host, '.', 1)
    JOIN tl_when USING (logical_id)
    WHERE id <> '' AND tl_when.utc BETWEEN hosts.first AND hosts.last GROUP BY ALL
)
SELECT evidence, source, host AS box, min(utc) AS first, max(utc) AS last, count(*)::BIGINT AS missing,
       list(id ORDER BY utc, id)[:{EXAMPLES}] AS gaps
FROM named ANTI JOIN (SELECT evidence, source, lower(host) AS host, queue_id AS id FROM tl_log) AS known
  USING (evidence, source, host, id)
GROUP BY evidence, source, host
"""  # noqa: S608 - filled with constants only

QUEUES = f"""
CREATE OR REPLACE TEMP TABLE tl_gap_open AS
WITH spans AS (
    SELECT evidence, source, host, queue_id, min(utc) AS first, max(utc) AS last,
           bool_or(op IN ('accepted', 'message_id', 'queued')) AS begun,
           bool_or(op IN ('removed', 'rejected', 'discarded', 'held')) AS ended
    FROM tl_log WHERE source = 'postfix' AND queue_id IS NOT NULL AND utc IS NOT NULL GROUP BY ALL
), whole AS (
    SELECT evidence, source, host, min(first) AS log_first, max(last) AS log_last FROM spans GROUP BY ALL
)
SELECT evidence, source, host AS box, min(first) AS first, max(last) AS last, count(*)::BIGINT AS missing,
       list(queue_id ORDER BY first, queue_id)[:{EXAMPLES}] AS gaps
FROM spans JOIN whole USING (evidence, source, host)
WHERE (NOT begun AND first > log_first + INTERVAL {QUEUE_DAYS} DAY)
   OR (NOT ended AND last < log_last - INTERVAL {QUEUE_DAYS} DAY)
GROUP BY evidence, source, host
"""  # noqa: S608 - filled with constants only

SEQUENCE = f"""
CREATE OR REPLACE TEMP TABLE tl_gap_number AS
WITH told AS (
    SELECT evidence, source, host, utc, try_cast(delivery AS BIGINT) AS number,
           lag(try_cast(delivery AS BIGINT)) OVER run AS before, lag(utc) OVER run AS before_utc
    FROM tl_log WHERE source = 'qmail' AND op = 'starting' AND delivery IS NOT NULL
    WINDOW run AS (PARTITION BY evidence, source, host ORDER BY utc NULLS LAST, file, line)
)
SELECT evidence, source, host AS box, min(before_utc) AS first, max(utc) AS last,
       sum(number - before - 1)::BIGINT AS missing,
       list(CASE WHEN number - before = 2 THEN (number - 1)::VARCHAR ELSE (before + 1) || '-' || (number - 1) END
            ORDER BY utc, number)[:{EXAMPLES}] AS gaps
FROM told WHERE number - before > 1 GROUP BY evidence, source, host
"""  # noqa: S608 - filled with constants only

UNCOLLECTED = f"""
CREATE OR REPLACE TEMP TABLE tl_gap_log AS
WITH hops AS (
    SELECT message_id_ref AS id, lower(nullif(regexp_extract(says, ' by (.+)$', 1), '')) AS host,
           try_cast(regexp_extract(says, '^Received (\\d+)/', 1) AS INTEGER) AS hop
    FROM moment WHERE basis = 'relay'
), came AS (
    SELECT id, arg_max(host, hop) AS host FROM hops WHERE host IS NOT NULL GROUP BY id
), logged AS (
    SELECT DISTINCT logical_id FROM tl_join JOIN tl_log USING (n)
    WHERE rank < 5 AND logical_id IS NOT NULL AND source NOT IN ('m365_audit', 'dovecot')
)
SELECT tl_place_message.evidence, NULL AS source, host AS box, min(tl_place_message.utc) AS first,
       max(tl_place_message.utc) AS last, count(DISTINCT logical_id)::BIGINT AS missing, []::VARCHAR[] AS gaps
FROM came JOIN tl_place_message USING (id) JOIN tl_copy USING (id) LEFT JOIN logged USING (logical_id)
WHERE depth = 0 GROUP BY tl_place_message.evidence, host
HAVING count(DISTINCT logical_id) >= {FEWEST} AND count(logged.logical_id) = 0
"""  # noqa: S608 - filled with constants only

KINDS = {
    "queue_ids": "tl_gap_queue",
    "queues": "tl_gap_open",
    "sequence": "tl_gap_number",
    "uncollected": "tl_gap_log",
}
TABLES = (QUEUE_IDS, QUEUES, SEQUENCE, UNCOLLECTED)
"""Run after those of ``joins`` and ``places``; all four have the same columns."""
_ROW = """    SELECT '{}', evidence || coalesce(':' || source, ''), evidence, source, NULL, box, NULL, first, last,
           0, 0, [], missing, gaps FROM {}"""
ROWS = "\n    UNION ALL\n".join(_ROW.format(kind, table) for kind, table in KINDS.items())
"""These tables as rows of the coverage; ``box`` is the host."""
