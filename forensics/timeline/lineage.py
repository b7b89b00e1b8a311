"""The same attachment in different messages, by the SHA-256 of its content, in order of time, as SQL.

Gmail's log of messages states the SHA-256 of attachments too; such a line counts where the content is known. What lies
inside of archives is not looked at here: nothing of the records tells the CRC-32 of their members.
"""

from __future__ import annotations

LINEAGE = """
WITH carried AS (
    SELECT attachment.sha256, attachment.size, attachment.name, logical_id, tl_copy.id, copy, attachment.address
    FROM attachment JOIN tl_copy ON tl_copy.id = message_id_ref
    WHERE attachment.sha256 IS NOT NULL AND attachment.size > 0
), met AS (
    SELECT sha256, max(size) AS size, name, logical_id, min_by(id, copy) AS message_ref,
           min_by(address, copy) AS address, count(*)::INTEGER AS copies
    FROM carried GROUP BY sha256, name, logical_id
), listed AS (
    SELECT log_event.id, utc, evidence, sender, address, source, tl_shown.logical_id,
           unnest(json_extract_string(detail, '$.attachments[*].sha256')) AS said,
           unnest(json_extract_string(detail, '$.attachments[*].name')) AS name
    FROM log_event LEFT JOIN tl_shown USING (id) WHERE source = 'gmail_log' AND json_valid(detail)
), rows AS (
    SELECT sha256, met.size, name, 'attachment' AS how, met.logical_id, message_ref, NULL AS log_event_id, met.address,
           tl_when.utc, coalesce(message.sender_address, message.sender) AS sender, copies
    FROM met JOIN message ON message.id = message_ref LEFT JOIN tl_when ON tl_when.logical_id = met.logical_id
    UNION ALL
    SELECT lower(said), NULL, name, 'logged', logical_id, NULL, id, address, utc, sender, 1
    FROM listed WHERE lower(said) IN (SELECT sha256 FROM met)
), shared AS (
    SELECT sha256, count(DISTINCT coalesce(logical_id, log_event_id)) AS messages, count(DISTINCT name) AS names
    FROM rows GROUP BY sha256 HAVING messages > 1
)
SELECT sha256, size, messages, names, row_number() OVER one AS position, name, how, logical_id, message_ref,
       log_event_id, address, utc, sender, copies
FROM rows JOIN shared USING (sha256)
WINDOW one AS (PARTITION BY sha256 ORDER BY utc NULLS LAST, how, address)
ORDER BY sha256, position
"""
"""One row for each message that carries the content; ``position`` 1 is where it is seen first."""
