"""Every clock reading of every message, and every event of a log, as one event, in SQL over the case's tables.

The order is total: instant with unknown ones last, then evidence, message address and the reading's position. A reading
that a further copy of the same logical message brings again is kept and marked as a repeat.
"""

from __future__ import annotations

from forensics.timeline import sentences

SUBJECT_CUT = 1000
RECIPIENTS_SHOWN = 5
"""So many of each of to, cc and bcc; how many more there are is said. The message's own record has them all."""
ADDRESS_CUT = 120

RECIPIENTS = f"""
CREATE OR REPLACE TEMP TABLE tl_recipients AS
WITH ranked AS (
    SELECT message_id_ref, role, substr(coalesce(mail_address, name, raw, '?'), 1, {ADDRESS_CUT}) AS who,
           row_number() OVER (PARTITION BY message_id_ref, role ORDER BY position, id) AS place,
           count(*) OVER (PARTITION BY message_id_ref, role) AS total
    FROM recipient WHERE role IN ('to', 'cc', 'bcc')
), joined AS (
    SELECT message_id_ref, role, string_agg(who, ', ' ORDER BY place)
           || CASE WHEN max(total) > {RECIPIENTS_SHOWN}
                   THEN ' (+' || (max(total) - {RECIPIENTS_SHOWN}) || ')' ELSE '' END AS who
    FROM ranked WHERE place <= {RECIPIENTS_SHOWN} GROUP BY message_id_ref, role
)
SELECT message_id_ref, string_agg(CASE role WHEN 'to' THEN who ELSE role || ': ' || who END, '; '
       ORDER BY CASE role WHEN 'to' THEN 1 WHEN 'cc' THEN 2 ELSE 3 END) AS recipients
FROM joined GROUP BY message_id_ref
"""  # noqa: S608 - filled with constants only

# The clock of a relay is named by its host, because copies that took further hops number the same hop otherwise.
READINGS = f"""
CREATE OR REPLACE TEMP TABLE tl_reading AS
SELECT moment.id, moment.message_id_ref, moment.address, moment.position, moment.meaning, moment.basis, moment.says,
       moment.utc, moment.utc_ns, moment.raw, moment.zone, moment.offset_minutes, moment.precision,
       nullif(regexp_extract(moment.says, ' by (.+)$', 1), '') AS host
FROM moment
UNION ALL
SELECT message.id, message.id, message.address, 0, '{sentences.NO_TIME}', NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM message WHERE id NOT IN (SELECT message_id_ref FROM moment)
UNION ALL
SELECT id, id, address, 0, CASE WHEN utc IS NULL THEN '{sentences.NO_TIME}' ELSE 'logged' END, 'service', source,
       utc, NULL, utc_raw, zone, NULL, precision, NULL
FROM log_event
"""  # noqa: S608 - filled with constants only

REPEATS = """
CREATE OR REPLACE TEMP TABLE tl_repeat AS
WITH told AS (
    SELECT tl_reading.id, message_id_ref, logical_id, copy, position, meaning, basis,
           CASE WHEN basis = 'relay' THEN coalesce(host, says) ELSE says END AS clock,
           coalesce(utc_ns::VARCHAR, utc::VARCHAR, raw) AS reading
    FROM tl_reading JOIN tl_copy ON tl_copy.id = message_id_ref WHERE copies > 1 AND basis IS NOT NULL
), numbered AS (
    SELECT *, row_number() OVER same AS nth FROM told
    WINDOW same AS (PARTITION BY message_id_ref, meaning, basis, clock, reading ORDER BY position, id)
)
SELECT id, row_number() OVER (
           PARTITION BY logical_id, meaning, basis, clock, reading, nth ORDER BY copy, position, id) > 1 AS is_repeat
FROM numbered
"""

# A number for each row would hold them all in memory; the rows of a sorted table are numbered by where they lie.
ORDERED = """
CREATE OR REPLACE TEMP TABLE tl_event AS
WITH tl_place AS (
    SELECT id, evidence, address FROM tl_keyed UNION ALL SELECT id, evidence, address FROM log_event
)
SELECT substr(sha256('event' || chr(0) || reading.address), 1, 32) AS event_id,
       reading.* EXCLUDE (id, address), coalesce(tl_repeat.is_repeat, false) AS is_repeat
FROM tl_reading AS reading
JOIN tl_place ON tl_place.id = reading.message_id_ref
LEFT JOIN tl_repeat ON tl_repeat.id = reading.id
ORDER BY reading.utc NULLS LAST, reading.utc_ns NULLS LAST, tl_place.evidence, tl_place.address, reading.position,
         reading.id
"""

ITEMS = f"""
CREATE OR REPLACE TEMP TABLE tl_item AS
SELECT message.id, message.id AS message_ref, tl_copy.logical_id, tl_copy.copies AS seen_in, message.evidence,
       message.address, message.store_path, message.recovery, message.depth, message.attachment_count,
       coalesce(message.sender_address, message.sender) AS sender, recipients,
       substr(message.subject, 1, {SUBJECT_CUT})
       || CASE WHEN length(message.subject) > {SUBJECT_CUT} THEN '…' ELSE '' END AS subject, NULL::VARCHAR AS operation,
       NULL::VARCHAR AS account
FROM message
JOIN tl_copy ON tl_copy.id = message.id
LEFT JOIN tl_recipients ON tl_recipients.message_id_ref = message.id
"""  # noqa: S608 - filled with constants only

# In a statement of its own, because the joins of one statement share the memory.
LOG_ITEMS = f"""
INSERT INTO tl_item
SELECT log_event.id, NULL, tl_shown.logical_id, coalesce(tl_shown.copies, 0)::INTEGER, log_event.evidence,
       log_event.address, NULL, log_event.recovery, 0, 0, log_event.sender,
       substr(log_event.recipient, 1, {SUBJECT_CUT}), substr(log_event.subject, 1, {SUBJECT_CUT}), operation,
       coalesce(log_event.actor, actor_ip, log_event.sender, json_extract_string(detail, '$.host'), log_event.source)
FROM log_event LEFT JOIN tl_shown ON tl_shown.id = log_event.id
"""  # noqa: S608 - filled with constants only

_DONE_WITH = tuple(f"DROP TABLE {name}" for name in ("tl_reading", "tl_repeat", "tl_recipients"))
TABLES = (RECIPIENTS, READINGS, REPEATS, ORDERED, ITEMS, LOG_ITEMS, *_DONE_WITH)
"""Run in this order after those of ``same_message`` and ``joins``. A slice of ``tl_event`` is one read."""

# Rows get their texts slice by slice: sorted with all of them, they would not fit into the memory limit.
EVENTS = f"""
WITH described AS (
    SELECT tl_event.rowid AS place, tl_event.*, tl_item.* EXCLUDE (id),
           CASE WHEN operation IS NOT NULL THEN account
                WHEN meaning IN ('sent', 'submitted') THEN sender
                WHEN basis = 'relay' THEN coalesce(host, says)
                ELSE evidence || coalesce(' ' || nullif(store_path, ''), '') END AS actor
    FROM tl_event JOIN tl_item ON tl_item.id = tl_event.message_id_ref
    WHERE tl_event.rowid >= $FIRST AND tl_event.rowid < $LAST
)
SELECT event_id, utc, utc_ns, meaning, basis, says, zone, offset_minutes, precision, raw, position,
       message_ref, logical_id, evidence, address, store_path, recovery,
       depth, actor, coalesce(operation, meaning) AS action, {sentences.as_sql(0)} AS sentence_ja,
       {sentences.as_sql(1)} AS sentence_en,
       subject, sender, recipients, attachment_count, seen_in, is_repeat
FROM described
ORDER BY place
"""  # noqa: S608 - filled with constants only


def slice_sql(first: int, last: int) -> str:
    """The events from place ``first`` to before place ``last``, counted from 0."""
    return EVENTS.replace("$FIRST", str(first)).replace("$LAST", str(last))
