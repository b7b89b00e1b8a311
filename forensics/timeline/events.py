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
_HOST = "nullif(regexp_extract(says, ' by (.+)$', 1), '')"
REPEATS = f"""
CREATE OR REPLACE TEMP TABLE tl_repeat AS
WITH told AS (
    SELECT moment.id, message_id_ref, logical_id, copy, position, meaning, basis,
           CASE WHEN basis = 'relay' THEN coalesce({_HOST}, says) ELSE says END AS clock,
           coalesce(utc_ns::VARCHAR, utc::VARCHAR, raw) AS reading
    FROM moment JOIN tl_copy ON tl_copy.id = message_id_ref WHERE copies > 1 AND basis IS NOT NULL
), numbered AS (
    SELECT *, row_number() OVER same AS nth FROM told
    WINDOW same AS (PARTITION BY message_id_ref, meaning, basis, clock, reading ORDER BY position, id)
)
SELECT id FROM numbered
QUALIFY row_number() OVER (
    PARTITION BY logical_id, meaning, basis, clock, reading, nth ORDER BY copy, position, id) > 1
"""  # noqa: S608 - filled with constants only

ITEMS = f"""
CREATE OR REPLACE TEMP TABLE tl_item AS
SELECT message.id, tl_copy.logical_id, tl_copy.copies AS seen_in, message.evidence,
       message.address, message.store_path, message.recovery, message.depth, message.attachment_count,
       coalesce(message.sender_address, message.sender) AS sender, recipients,
       substr(message.subject, 1, {SUBJECT_CUT})
       || CASE WHEN length(message.subject) > {SUBJECT_CUT} THEN '…' ELSE '' END AS subject
FROM message
JOIN tl_copy ON tl_copy.id = message.id
LEFT JOIN tl_recipients ON tl_recipients.message_id_ref = message.id
"""  # noqa: S608 - filled with constants only

TABLES = (RECIPIENTS, REPEATS, ITEMS)
"""Run in this order after those of ``same_message`` and ``joins``, before :data:`EVENTS`."""
DONE_WITH = ("tl_recipients", "tl_repeat", "tl_item")

_STORE = "tl_item.evidence || coalesce(' ' || nullif(store_path, ''), '')"
_ITEM = "subject, sender, recipients, attachment_count, seen_in"
_OF_MOMENTS = f"""
SELECT moment.id AS reading, moment.address AS own, utc, utc_ns, meaning, basis, says, zone, offset_minutes, precision,
       raw, position, message_id_ref AS message_ref, logical_id, tl_item.evidence, tl_item.address, store_path,
       tl_item.recovery, depth,
       CASE WHEN meaning IN ('sent', 'submitted') THEN sender
            WHEN basis = 'relay' THEN coalesce({_HOST}, says) ELSE {_STORE} END AS actor,
       NULL AS operation, {_ITEM}, tl_repeat.id IS NOT NULL AS is_repeat
FROM moment JOIN tl_item ON tl_item.id = message_id_ref LEFT JOIN tl_repeat ON tl_repeat.id = moment.id
"""  # noqa: S608 - filled with constants only
_WITHOUT_MOMENT = f"""
SELECT tl_item.id, tl_item.address, NULL, NULL, '{sentences.NO_TIME}', NULL, NULL, NULL, NULL, NULL, NULL, 0,
       tl_item.id, logical_id, tl_item.evidence, tl_item.address, store_path, tl_item.recovery, depth, {_STORE}, NULL,
       {_ITEM}, false
FROM tl_item ANTI JOIN moment ON moment.message_id_ref = tl_item.id
"""  # noqa: S608 - filled with constants only
_OF_LOGS = f"""
SELECT log_event.id, address, utc, NULL,
       CASE WHEN utc IS NULL THEN '{sentences.NO_TIME}' ELSE 'logged' END, 'service', source, zone, NULL, precision,
       utc_raw, 0, NULL, tl_shown.logical_id, evidence, address, NULL, recovery, 0,
       CASE WHEN operation IS NULL THEN evidence
            ELSE coalesce(actor, actor_ip, sender, json_extract_string(detail, '$.host'), source) END, operation,
       substr(subject, 1, {SUBJECT_CUT}), sender, substr(recipient, 1, {SUBJECT_CUT}), 0,
       coalesce(tl_shown.copies, 0)::INTEGER, false
FROM log_event LEFT JOIN tl_shown ON tl_shown.id = log_event.id
"""  # noqa: S608 - filled with constants only

# Sentences and ids are made of rows in their order: sorted with them, they would be half of what is sorted.
EVENTS = f"""
WITH told AS ({_OF_MOMENTS} UNION ALL {_WITHOUT_MOMENT} UNION ALL {_OF_LOGS}),
ordered AS (
    SELECT * FROM told
    ORDER BY utc NULLS LAST, utc_ns NULLS LAST, evidence, address, position, reading
)
SELECT substr(sha256('event' || chr(0) || own), 1, 32) AS event_id, utc, utc_ns, meaning, basis, says, zone,
       offset_minutes, precision, raw, position, message_ref, logical_id, evidence, address, store_path, recovery,
       depth, actor, coalesce(operation, meaning) AS action, {sentences.as_sql(0)} AS sentence_ja,
       {sentences.as_sql(1)} AS sentence_en,
       subject, sender, recipients, attachment_count, seen_in, is_repeat
FROM ordered
"""  # noqa: S608 - filled with constants only
