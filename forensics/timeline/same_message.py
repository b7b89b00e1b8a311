"""Which records are copies of one message: the "same message" convention, as SQL over the case's ``message`` table.

The key is the Message-ID and the digest of the folded body; without a Message-ID it is sender, subject, size and body,
within two minutes. Merging claims more than keeping apart, so a message without enough of these stays alone, and the
same Message-ID over another body makes another logical message, which names its rivals. Nothing is thrown away.
"""

from __future__ import annotations

WINDOW_US = 120_000_000
"""Two minutes: as far as the dates of copies without a Message-ID may lie apart."""
RIVALS_NAMED = 20
"""So many rivals are named for each logical message; their number is always whole."""

# How a message was recognised; from the strongest ground to none.
BY_ID_AND_BODY = "message_id+body"
BY_ID = "message_id"
BY_LIKENESS = "sender+subject+size+body+date"
ALONE = "alone"

# Copies without a Message-ID stand in a chain where each lies within two minutes of the one before; a chain that is
# longer than two minutes is cut into windows of two minutes, so that no two copies of one message lie further apart.
KEYED = f"""
CREATE OR REPLACE TEMP TABLE tl_keyed AS
WITH plain AS (
    SELECT id, evidence, address, depth, message_id, body_sha256, lower(sender_address) AS sender,
           coalesce(subject, '') AS subject, size, epoch_us(coalesce(date_utc, received_utc)) AS instant
    FROM message
), likened AS (
    SELECT *, message_id IS NULL AND sender IS NOT NULL AND size IS NOT NULL AND instant IS NOT NULL
              AND body_sha256 IS NOT NULL AS alike
    FROM plain
), stepped AS (
    SELECT *, CASE WHEN instant - lag(instant) OVER pile <= {WINDOW_US} THEN 0 ELSE 1 END AS starts
    FROM likened WHERE alike WINDOW pile AS (PARTITION BY sender, subject, size, body_sha256 ORDER BY instant, id)
), chained AS (
    SELECT *, sum(starts) OVER pile AS chain
    FROM stepped WINDOW pile AS (PARTITION BY sender, subject, size, body_sha256 ORDER BY instant, id)
), windowed AS (
    SELECT *, greatest(instant - min(instant) OVER link - 1, 0) // {WINDOW_US} AS part
    FROM chained WINDOW link AS (PARTITION BY sender, subject, size, body_sha256, chain)
), keys AS (
    SELECT id, evidence, address, depth, '{BY_LIKENESS}' AS recognised_by, sha256(sender) || sha256(subject) || size
           || '|' || min(instant) OVER one || body_sha256 AS key
    FROM windowed WINDOW one AS (PARTITION BY sender, subject, size, body_sha256, chain, part)
    UNION ALL
    SELECT id, evidence, address, depth,
           CASE WHEN message_id IS NULL THEN '{ALONE}' WHEN body_sha256 IS NULL THEN '{BY_ID}'
                ELSE '{BY_ID_AND_BODY}' END,
           CASE WHEN message_id IS NULL THEN id ELSE sha256(message_id) || coalesce(body_sha256, '') END
    FROM likened WHERE NOT alike
)
SELECT id, evidence, address, depth, recognised_by, substr(sha256(recognised_by || '|' || key), 1, 32) AS logical_id
FROM keys
"""  # noqa: S608 - filled with constants only

# A copy whose body is not known contradicts nobody, so only known bodies make rivals.
RIVALS = f"""
CREATE OR REPLACE TEMP TABLE tl_rivals AS
WITH bodies AS (
    SELECT DISTINCT message.message_id, logical_id FROM tl_keyed JOIN message USING (id)
    WHERE recognised_by = '{BY_ID_AND_BODY}'
), together AS (
    SELECT message_id, count(*) - 1 AS others, list_sort(list(logical_id))[:{RIVALS_NAMED + 1}] AS names
    FROM bodies GROUP BY message_id HAVING count(*) > 1
)
SELECT logical_id, others,
       list_filter(names, lambda name: name <> logical_id)[:{RIVALS_NAMED}] AS names
FROM bodies JOIN together USING (message_id)
"""  # noqa: S608 - filled with constants only

COPIES = """
CREATE OR REPLACE TEMP TABLE tl_copy AS
SELECT id, logical_id, recognised_by, row_number() OVER (
           PARTITION BY logical_id ORDER BY depth, evidence, address, id
       )::INTEGER AS copy, (count(*) OVER (PARTITION BY logical_id))::INTEGER AS copies
FROM tl_keyed
"""

TABLES = (KEYED, RIVALS, COPIES)
"""Run in this order; the last one, ``tl_copy``, has one row for each message record."""

DONE_WITH = ("tl_keyed",)

LOGICAL = """
SELECT logical_id, recognised_by, message_id, edrm_mih, body_sha256, copies, copy, copy = 1 AS is_first,
       id AS message_ref, evidence, address, store_path, recovery, depth, depth > 0 AS is_embedded,
       coalesce(tl_rivals.others, 0)::INTEGER AS same_id_other_body,
       coalesce(tl_rivals.names, []::VARCHAR[]) AS others
FROM tl_copy JOIN message USING (id) LEFT JOIN tl_rivals USING (logical_id)
ORDER BY logical_id, copy
"""
"""One row for each copy: which logical message it is a copy of, and where it lies."""
