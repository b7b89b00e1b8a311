"""Lines of one message in a server's log, held together by its queue id within one interval, as SQL.

Short queue ids of Postfix and the numbers of qmail are used again, so an id counts for one host and from the line that
opens it (``client=``, ``<=``, ``new msg``) to the one that ends it (``removed``, ``Completed``, ``end msg``). What one
server hands on says ``queued as X``: where exactly one message X begins within ten minutes, it is the same message.
"""

from __future__ import annotations

from forensics.timeline.log_rows import SERVERS

ROUNDS = 4
"""So many servers, content filters included, a message is followed through by ``queued as``."""

# A delivery line of qmail names no message, only the number of the delivery that began before.
ROWS = f"""
CREATE OR REPLACE TEMP TABLE tl_queue_row AS
SELECT n, evidence, source, host, queue_id, utc, file, line, op FROM tl_log
WHERE queue_id IS NOT NULL AND source IN {SERVERS}
UNION ALL
SELECT told.n, told.evidence, told.source, told.host, began.queue_id, told.utc, told.file, told.line, told.op
FROM (SELECT * FROM tl_log WHERE source = 'qmail' AND queue_id IS NULL AND delivery IS NOT NULL) AS told
ASOF JOIN (SELECT * FROM tl_log WHERE source = 'qmail' AND op = 'starting' AND utc IS NOT NULL) AS began
  ON began.evidence = told.evidence AND began.host = told.host AND began.delivery = told.delivery
 AND told.utc >= began.utc
"""  # noqa: S608 - filled with constants only

SPANS = """
CREATE OR REPLACE TEMP TABLE tl_span_row AS
WITH ordered AS (
    SELECT *, lag(op) OVER pile AS before, lag(utc) OVER pile AS before_utc FROM tl_queue_row
    WINDOW pile AS (PARTITION BY evidence, source, host, queue_id ORDER BY utc NULLS LAST, file, line)
), started AS (
    SELECT *, CASE WHEN before IS NULL OR op = CASE source WHEN 'qmail' THEN 'new' ELSE 'accepted' END
                     OR (before IN ('removed', 'completed', 'end')
                         AND (op = 'message_id' OR utc - before_utc > INTERVAL 1 MINUTE))
                     OR utc - before_utc > INTERVAL 10 DAY THEN 1 ELSE 0 END AS starts
    FROM ordered
), numbered AS (
    SELECT *, sum(starts) OVER (PARTITION BY evidence, source, host, queue_id ORDER BY utc NULLS LAST, file, line
                                ROWS UNBOUNDED PRECEDING) AS span
    FROM started
)
SELECT n, min(n) OVER (PARTITION BY evidence, source, host, queue_id, span) AS sid FROM numbered
"""

WHOLE = """
CREATE OR REPLACE TEMP TABLE tl_span AS
SELECT sid, min(evidence) AS evidence, min(source) AS source, min(row.queue_id) AS queue_id, min(tl_log.utc) AS first,
       min(sender) AS sender, max(size) AS size, list_distinct(flatten(list(recipients))) AS recipients
FROM tl_span_row JOIN tl_log USING (n) JOIN (SELECT n, queue_id FROM tl_queue_row) AS row USING (n)
GROUP BY sid
"""

MESSAGES = """
CREATE OR REPLACE TEMP TABLE tl_span_mid AS
SELECT DISTINCT sid, mid, 'queue_id' AS how FROM tl_span_row JOIN tl_log_mid USING (n)
"""

LINKS = """
CREATE OR REPLACE TEMP TABLE tl_span_link AS
WITH handed AS (
    SELECT n, sid, utc, queued_as FROM tl_log JOIN tl_span_row USING (n) WHERE queued_as IS NOT NULL
), found AS (
    SELECT handed.sid AS one, tl_span.sid AS other
    FROM handed JOIN tl_span ON tl_span.queue_id = handed.queued_as AND tl_span.sid <> handed.sid
     AND tl_span.first BETWEEN handed.utc - INTERVAL 10 MINUTE AND handed.utc + INTERVAL 10 MINUTE
    QUALIFY count(*) OVER (PARTITION BY handed.n, tl_span.evidence) = 1
)
SELECT one, other FROM found UNION SELECT other, one FROM found
"""

# Where both sides name their message, nothing has to be handed on, and a contradiction hands nothing on.
HAND_ON = """
INSERT INTO tl_span_mid
SELECT DISTINCT link.other, near.mid, 'queued_as'
FROM tl_span_link AS link JOIN tl_span_mid AS near ON near.sid = link.one
WHERE link.other NOT IN (SELECT sid FROM tl_span_mid)
"""

TABLES = (ROWS, SPANS, WHOLE, MESSAGES, LINKS, *(HAND_ON for _ in range(ROUNDS)))
"""Run after those of ``log_rows``."""
