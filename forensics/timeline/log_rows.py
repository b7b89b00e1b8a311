"""The lines of the logs as the joins need them: narrow, folded, numbered; and the messages of the case by Message-ID.

A Message-ID is compared without its brackets and the blanks around it, its case kept (RFC 5322 3.6.4).
"""

from __future__ import annotations

SERVERS = "('postfix', 'sendmail', 'exim', 'qmail', 'courier')"
"""The logs that tell of one message in many lines, held together by a queue id."""

LINES = f"""
CREATE OR REPLACE TEMP TABLE tl_line AS
WITH opened AS (
    SELECT *, CASE WHEN source IN {SERVERS} AND json_valid(detail)
                   THEN json_extract_string(detail, ['$.host', '$.queued_as', '$.delivery']) END AS said,
           array_to_string(string_split(address, '/')[1:2], '/') AS file
    FROM log_event
)
SELECT id, evidence, file, source, lower(operation) AS op, utc, line, queue_id,
       coalesce(said[1], file) AS host, said[2] AS queued_as, said[3] AS delivery,
       lower(trim(network_message_id, '{{}}<> ')) AS network_id, lower(sender) AS sender, lower(trim(actor)) AS account,
       list_transform(recipients, lambda each: lower(each)) AS recipients, size,
       CASE WHEN message_id IS NULL AND len(message_ids) = 0 THEN []::VARCHAR[] ELSE
       list_filter(list_distinct(list_transform(list_append(coalesce(message_ids, []::VARCHAR[]), message_id),
                                                lambda each: trim(each, '<> '))),
                   lambda each: each <> '') END AS named
FROM opened
"""  # noqa: S608 - filled with constants only

# The number is for the joins alone and never leaves them: it follows the order in which the lines happened to be read.
NUMBERED = "CREATE OR REPLACE TEMP VIEW tl_log AS SELECT rowid + 1 AS n, * FROM tl_line"

NAMED = """
CREATE OR REPLACE TEMP TABLE tl_log_mid AS
SELECT n, unnest(named) AS mid FROM tl_log WHERE len(named) > 0
"""

KNOWN = """
CREATE OR REPLACE TEMP TABLE tl_known AS
WITH pairs AS (
    SELECT DISTINCT trim(message.message_id, '<> ') AS mid, logical_id
    FROM tl_copy JOIN message USING (id) WHERE message.message_id IS NOT NULL
)
SELECT mid, logical_id, count(*) OVER (PARTITION BY mid) AS candidates FROM pairs WHERE mid <> ''
"""

TABLES = (LINES, NUMBERED, NAMED, KNOWN)
"""Run after those of ``same_message``."""
