"""Which message each line of a log is about, with the ground of it and how strong that is, as SQL.

    exact     message_id          the line names the Message-ID
    strong    network_message_id  the line, or a header of the message, has the same id of Exchange's transport
    strong    queue_id            another line of the same queue id, host and interval names the Message-ID
    probable  queued_as           the server before or behind it names it, with ``queued as`` this queue id
    weak      envelope            sender, recipient, size within 5 % and time within two minutes, and nothing better

One row for each line and message; the strongest ground is its ground, and all are listed. A message that only the
logs know has a Message-ID and no logical message. ``candidates`` counts the messages that the same ground fits.
"""

from __future__ import annotations

GROUNDS = ("message_id", "network_message_id", "queue_id", "queued_as", "envelope")
STRENGTHS = ("exact", "strong", "strong", "probable", "weak")
"""Of each ground, from the strongest on."""
SIZE_SLACK = 0.05
_WINDOW_S = 120

_NETWORK_HEADERS = "('x-ms-exchange-organization-network-message-id', 'x-ms-exchange-crosstenant-network-message-id')"
NETWORK = f"""
CREATE OR REPLACE TEMP TABLE tl_network AS
SELECT network_id, mid, NULL::VARCHAR AS logical_id FROM tl_log JOIN tl_log_mid USING (n)
WHERE network_id IS NOT NULL AND network_id <> ''
UNION
SELECT lower(trim(decoded)), NULL, logical_id FROM header JOIN tl_copy ON tl_copy.id = header.message_id_ref
WHERE lower(name) IN {_NETWORK_HEADERS} AND decoded IS NOT NULL
"""  # noqa: S608 - filled with constants only

STRONG = """
CREATE OR REPLACE TEMP TABLE tl_ground AS
SELECT n, mid, NULL::VARCHAR AS logical_id, 1 AS rank FROM tl_log_mid
UNION ALL
SELECT n, mid, logical_id, 2 FROM tl_log JOIN tl_network USING (network_id)
UNION ALL
SELECT n, mid, NULL, CASE how WHEN 'queue_id' THEN 3 ELSE 4 END FROM tl_span_row JOIN tl_span_mid USING (sid)
"""

# Times are met by buckets of the window's length, so that two who write to each other often are not all compared.
ENVELOPE = f"""
INSERT INTO tl_ground
WITH lacking AS (
    SELECT sid, sender, recipients, size, first AS utc FROM tl_span WHERE sid NOT IN (SELECT sid FROM tl_span_mid)
    UNION ALL
    SELECT -n, sender, recipients, size, utc FROM tl_log
    WHERE n NOT IN (SELECT n FROM tl_span_row) AND n NOT IN (SELECT n FROM tl_ground)
), needed AS (
    SELECT sid, sender, unnest(recipients) AS recipient, size, utc FROM lacking
    WHERE sender <> '' AND size > 0 AND utc IS NOT NULL
), sent AS (
    SELECT DISTINCT tl_copy.logical_id, lower(message.sender_address) AS sender,
           lower(recipient.mail_address) AS recipient, size, unnest([date_utc, received_utc]) AS utc
    FROM message JOIN tl_copy USING (id) JOIN recipient ON recipient.message_id_ref = message.id
    WHERE lower(sender_address) IN (SELECT sender FROM needed) AND role IN ('to', 'cc', 'bcc', 'delivered_to')
), placed AS (
    SELECT *, unnest([-1, 0, 1]) + epoch(utc)::BIGINT // {_WINDOW_S} AS bucket FROM needed
), found AS (
    SELECT DISTINCT placed.sid, sent.logical_id
    FROM placed JOIN sent ON sent.sender = placed.sender AND sent.recipient = placed.recipient
     AND epoch(sent.utc)::BIGINT // {_WINDOW_S} = placed.bucket
     AND abs(epoch_us(sent.utc) - epoch_us(placed.utc)) <= {_WINDOW_S} * 1000000
     AND abs(sent.size - placed.size) <= placed.size * {SIZE_SLACK}
)
SELECT n, NULL, logical_id, 5 FROM found JOIN tl_span_row USING (sid)
UNION ALL
SELECT -sid, NULL, logical_id, 5 FROM found WHERE sid < 0
"""  # noqa: S608 - filled with constants only

PAIRS = """
CREATE OR REPLACE TEMP TABLE tl_join AS
WITH own AS (
    SELECT logical_id, min(mid) AS mid FROM tl_known GROUP BY logical_id
), met AS (
    SELECT n, coalesce(tl_ground.logical_id, tl_known.logical_id) AS logical_id,
           coalesce(tl_ground.mid, own.mid) AS mid, rank
    FROM tl_ground LEFT JOIN tl_known ON tl_known.mid = tl_ground.mid
    LEFT JOIN own ON own.logical_id = tl_ground.logical_id
), pairs AS (
    SELECT n, logical_id, min(mid) AS mid, min(rank) AS rank, bit_or(1 << rank) AS ranks
    FROM met GROUP BY n, logical_id, CASE WHEN logical_id IS NULL THEN mid END
)
SELECT pairs.*, CASE WHEN rank = 5 THEN count(*) OVER (PARTITION BY n)
                     ELSE coalesce(tl_known.candidates, 1) END::INTEGER AS candidates
FROM pairs LEFT JOIN tl_known ON tl_known.mid = pairs.mid AND tl_known.logical_id = pairs.logical_id
"""

# A line that names many messages, or whose ground fits several, stands on the timeline by itself.
SHOWN = """
CREATE OR REPLACE TEMP TABLE tl_shown AS
WITH best AS (
    SELECT n, logical_id, rank FROM tl_join WHERE logical_id IS NOT NULL
    QUALIFY rank = min(rank) OVER (PARTITION BY n)
), one AS (
    SELECT n, min(logical_id) AS logical_id FROM best GROUP BY n HAVING min(logical_id) = max(logical_id)
)
SELECT tl_log.id, one.logical_id, tl_copy.copies
FROM one JOIN tl_log USING (n) JOIN tl_copy ON tl_copy.logical_id = one.logical_id AND tl_copy.copy = 1
"""


def _word(words: tuple[str, ...]) -> str:
    whens = " ".join(f"WHEN {rank} THEN '{word}'" for rank, word in enumerate(words, start=1))
    return f"CASE rank {whens} END"


_ALL = ", ".join(f"CASE WHEN ranks & {1 << rank} > 0 THEN '{word}' END" for rank, word in enumerate(GROUNDS, start=1))
JOINS = f"""
SELECT tl_log.id AS log_event_id, tl_log.evidence, tl_log.source, tl_log.utc, tl_join.logical_id,
       first_copy.id AS message_ref, '<' || mid || '>' AS message_id, {_word(STRENGTHS)} AS strength,
       {_word(GROUNDS)} AS ground, list_filter([{_ALL}], lambda each: each IS NOT NULL) AS grounds, candidates
FROM tl_join JOIN tl_log USING (n)
LEFT JOIN (SELECT id, logical_id FROM tl_copy WHERE copy = 1) AS first_copy
  ON first_copy.logical_id = tl_join.logical_id
ORDER BY log_event_id, tl_join.logical_id NULLS LAST, message_id
"""  # noqa: S608 - filled with constants only

TABLES = (NETWORK, STRONG, ENVELOPE, PAIRS, SHOWN)
"""Run after those of ``queue_spans``; ``tl_shown`` has the one message of each line that has one."""
DONE_WITH = ("tl_queue_row", "tl_span_row", "tl_span", "tl_span_mid", "tl_span_link", "tl_network", "tl_ground")
