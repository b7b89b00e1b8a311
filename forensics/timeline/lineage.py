"""The same file in different messages, in order of time, as SQL: attached, in an archive, or in a locked one.

A file is followed by the SHA-256 of its content. A locked ZIP file gives none, but it keeps the CRC-32 and the size of
the plain bytes, by which a member is matched with a content that is known from elsewhere; where it is known from
nowhere, locked members of the same CRC-32 and size are still told to be one. Gmail's log of messages states the
SHA-256 of attachments too; such a line counts where the content is known.
"""

from __future__ import annotations

LINEAGE = """
WITH carried AS (
    SELECT attachment.sha256, attachment.crc32, attachment.size, attachment.name, NULL AS archive, 'attachment' AS how,
           logical_id, tl_copy.id, copy, attachment.address
    FROM attachment JOIN tl_copy ON tl_copy.id = message_id_ref
    WHERE attachment.sha256 IS NOT NULL AND attachment.size > 0
    UNION ALL
    SELECT member.sha256, member.crc32, member.size, member.name, attachment.name,
           CASE WHEN member.sha256 IS NOT NULL THEN 'archive_member' WHEN member.locked IS NOT NULL THEN 'locked_member'
                ELSE 'listed_member' END,
           logical_id, tl_copy.id, copy, member.address
    FROM archive_member AS member JOIN attachment ON attachment.id = attachment_ref
    JOIN tl_copy ON tl_copy.id = member.message_id_ref
    WHERE member.size > 0 AND (member.sha256 IS NOT NULL OR member.crc32 IS NOT NULL)
), known AS (
    SELECT DISTINCT sha256, crc32, size FROM carried WHERE sha256 IS NOT NULL
), told AS (
    SELECT * FROM carried WHERE sha256 IS NOT NULL
    UNION ALL
    SELECT known.sha256, carried.* EXCLUDE (sha256)
    FROM carried LEFT JOIN known ON known.crc32 = carried.crc32 AND known.size = carried.size
    WHERE carried.sha256 IS NULL
), met AS (
    SELECT coalesce(sha256, crc32 || ':' || size) AS content, any_value(sha256) AS sha256, any_value(crc32) AS crc32,
           max(size) AS size, name, archive, how, logical_id, min_by(id, copy) AS message_ref,
           min_by(address, copy) AS address, count(*)::INTEGER AS copies
    FROM told GROUP BY content, name, archive, how, logical_id
), listed AS (
    SELECT log_event.id, utc, evidence, sender, address, source, tl_shown.logical_id,
           unnest(json_extract_string(detail, '$.attachments[*].sha256')) AS said,
           unnest(json_extract_string(detail, '$.attachments[*].name')) AS name
    FROM log_event LEFT JOIN tl_shown USING (id) WHERE source = 'gmail_log' AND json_valid(detail)
), rows AS (
    SELECT content, sha256, crc32, met.size, name, archive, how, met.logical_id, message_ref, NULL AS log_event_id,
           met.address, tl_when.utc, coalesce(message.sender_address, message.sender) AS sender, copies
    FROM met JOIN message ON message.id = message_ref LEFT JOIN tl_when ON tl_when.logical_id = met.logical_id
    UNION ALL
    SELECT lower(said), lower(said), NULL, NULL, name, NULL, 'logged', logical_id, NULL, id, address, utc, sender, 1
    FROM listed WHERE lower(said) IN (SELECT content FROM met)
), shared AS (
    SELECT content, count(DISTINCT coalesce(logical_id, log_event_id)) AS messages, count(DISTINCT name) AS names
    FROM rows GROUP BY content HAVING messages > 1
)
SELECT sha256, size, messages, names, row_number() OVER one AS position, name, how, logical_id, message_ref,
       log_event_id, address, utc, sender, copies, crc32, archive
FROM rows JOIN shared USING (content)
WINDOW one AS (PARTITION BY content ORDER BY utc NULLS LAST, how, address)
ORDER BY sha256 NULLS LAST, content, position
"""
"""One row for each message that carries the content; ``position`` 1 is where it is seen first."""
