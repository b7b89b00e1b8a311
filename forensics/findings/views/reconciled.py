"""Hold and approval systems against what mail transport logged: which action is about which delivery (catalogue E).

``passage`` has a row for each action of a system and recipient, with the delivery to that recipient that fits it: by
Message-ID, else by sender, recipient, subject and size within fifteen minutes, never by less. Where the clocks of the
two systems differ steadily, what was released tells by how much, and the window is moved by it.
"""

from __future__ import annotations

from forensics.findings.views import View, by_sql

_WINDOW_S = 900
_RELEASED = "('approved', 'auto_released', 'self_checked', 'bcc_converted', 'encrypted', 'urlized')"

ACTIONS = """
CREATE TEMP TABLE hold_rcpt AS
WITH named AS (
    SELECT hold.*, unnest(CASE WHEN len(recipients) > 0 THEN recipients ELSE [NULL] END) AS rcpt FROM hold
), whole AS (
    SELECT named.* EXCLUDE (rcpt), coalesce(named.rcpt, rcpt.address) AS rcpt
    FROM named LEFT JOIN rcpt ON named.rcpt IS NULL AND rcpt.logical_id = named.logical_id
)
SELECT whole.*, site.registered AS domain, coalesce(site.internal, FALSE) AS internal
FROM whole LEFT JOIN site ON site.host = regexp_extract(rcpt, '@([^@]+)$', 1)
"""

# The transport knows a message by its own Message-ID; a system that gives it another one is met by likeness.
SKEW = f"""
CREATE TEMP TABLE hold_skew AS
SELECT hold_rcpt.system, median(epoch(delivery.utc) - epoch(hold_rcpt.utc)) AS seconds, count(*) AS pairs
FROM hold_rcpt JOIN delivery ON delivery.message_id = hold_rcpt.message_id AND delivery.recipient = hold_rcpt.rcpt
WHERE hold_rcpt.action IN {_RELEASED} AND delivery.outcome = 'sent' AND hold_rcpt.utc IS NOT NULL
  AND abs(epoch(delivery.utc) - epoch(hold_rcpt.utc)) < 86400
GROUP BY hold_rcpt.system HAVING count(*) >= 5
"""  # noqa: S608 - filled with constants only

PASSAGE = f"""
CREATE TEMP TABLE passage AS
WITH found AS (
    SELECT hold_rcpt.record AS action_record, hold_rcpt.rcpt, delivery.record AS delivery_record, 'exact' AS ground,
           delivery.utc AS delivered_utc, delivery.outcome, delivery.address AS delivery_address
    FROM hold_rcpt JOIN delivery ON delivery.message_id = hold_rcpt.message_id AND delivery.recipient = hold_rcpt.rcpt
    UNION ALL
    SELECT hold_rcpt.record, hold_rcpt.rcpt, delivery.record, 'likeness', delivery.utc, delivery.outcome,
           delivery.address
    FROM hold_rcpt JOIN delivery ON delivery.recipient = hold_rcpt.rcpt AND delivery.sender = hold_rcpt.sender
    LEFT JOIN hold_skew USING (system) LEFT JOIN mail ON mail.logical_id = delivery.logical_id
    WHERE hold_rcpt.message_id IS NULL
      AND abs(epoch(delivery.utc) - epoch(hold_rcpt.utc) - coalesce(hold_skew.seconds, 0)) <= {_WINDOW_S}
      AND (hold_rcpt.subject = coalesce(delivery.subject, mail.subject)
           OR (coalesce(delivery.subject, mail.subject) IS NULL AND hold_rcpt.size > 0
               AND abs(delivery.size - hold_rcpt.size) <= 0.05 * hold_rcpt.size))
)
SELECT hold_rcpt.*, found.* EXCLUDE (action_record, rcpt)
FROM hold_rcpt LEFT JOIN found ON found.action_record = hold_rcpt.record AND found.rcpt = hold_rcpt.rcpt
"""  # noqa: S608 - filled with constants only

_TITLE = ("保留・承認の記録", "hold and approval logs")
VIEWS = {
    "hold_rcpt": View(title=_TITLE, needs=("hold", "rcpt", "site"), make=by_sql(ACTIONS)),
    "hold_skew": View(title=_TITLE, needs=("hold_rcpt", "delivery"), make=by_sql(SKEW), optional=True),
    "passage": View(title=_TITLE, needs=("hold_rcpt", "hold_skew", "delivery", "mail"), make=by_sql(PASSAGE)),
}
