"""Log lines of mail transport with the message that each is about, by its Message-ID or by its queue id's."""

from __future__ import annotations

from forensics.casefile.view import CaseView
from forensics.findings.authenticity._clocks import has_table

NO_TRANSPORT = ("m365_audit", "dovecot", "entra_sign_in", "google_activity", "syslog")
"""Logs of mailboxes and logins: what they tell of a message may be long after its transport."""
_OUT = ", ".join(f"'{each}'" for each in NO_TRANSPORT)

# A queue id that was given to two messages within one log names neither.
LOGGED = f"""
CREATE TEMP TABLE au_log AS
WITH queued AS (
    SELECT evidence, source, queue_id, any_value(message_id) AS message_id FROM log_event
    WHERE queue_id IS NOT NULL AND message_id IS NOT NULL
    GROUP BY evidence, source, queue_id HAVING count(DISTINCT message_id) = 1
)
SELECT log_event.id, log_event.address, log_event.evidence, log_event.source, lower(operation) AS operation,
       lower(coalesce(status, '')) AS status, epoch_us(utc) AS us, utc_raw AS raw, assumed,
       coalesce(log_event.message_id, queued.message_id) AS message_id, recipient, recipients,
       lower(json_extract_string(detail, '$.host')) AS host
FROM log_event LEFT JOIN queued ON queued.evidence = log_event.evidence AND queued.source = log_event.source
     AND queued.queue_id = log_event.queue_id
WHERE log_event.source NOT IN ({_OUT}) AND coalesce(log_event.message_id, queued.message_id) IS NOT NULL
"""  # noqa: S608 - filled with constants only


def prepare(case: CaseView) -> None:
    """Make the table ``au_log`` where this connection does not have it yet."""
    if not has_table(case, "au_log"):
        case.connection.execute(LOGGED)
