"""What servers, clouds and control systems say of mail, logins and mailboxes, in one form whatever the product.

``delivery`` has a row for each recipient of which a transport log tells an outcome; ``hold`` for each action of a hold
or approval system; ``login`` for each login; ``deed`` for each act in a mailbox (rules, forwarding, deletion); and
``endpoint`` for each event of an agent on a computer. Words are those of the catalogue, part E.
"""

from __future__ import annotations

from forensics.findings.views import View, by_sql

_SENT = "('sent', 'delivered', 'deliver', 'send', 'sendexternal', 'success', 'relayed', 'saved', 'stored')"
_LOST = "('bounced', 'failed', 'fail', 'dsn', 'expired', 'undeliverable', 'badmail', 'rejected', 'reject', 'denied')"
_MAILBOX = "('m365_audit', 'dovecot', 'entra_sign_in', 'google_activity', 'syslog')"

DELIVERY = f"""
CREATE TEMP TABLE delivery AS
WITH joined AS (
    SELECT log_event_id, arg_min(logical_id, candidates) AS logical_id, any_value(message_id) AS message_id
    FROM log_join WHERE strength <> 'weak' GROUP BY log_event_id
), senders AS (
    -- Many logs name the sender in another line than the outcome.
    SELECT coalesce(log_event.message_id, joined.message_id) AS message_id, any_value(lower(trim(sender))) AS sender
    FROM log_event LEFT JOIN joined ON joined.log_event_id = log_event.id
    WHERE sender LIKE '%@%' AND source NOT IN {_MAILBOX} AND NOT starts_with(source, 'hold:')
    GROUP BY 1 HAVING count(DISTINCT lower(trim(sender))) = 1
), told AS (
    SELECT log_event.id AS record, log_event.address, log_event.evidence, source, utc,
           lower(operation) AS word, lower(coalesce(status, '')) AS status, lower(trim(sender)) AS sender, subject,
           size, coalesce(log_event.message_id, joined.message_id) AS message_id, logical_id, queue_id, detail,
           lower(trim(unnest(CASE WHEN len(coalesce(recipients, [])) > 0 THEN recipients
                                  ELSE [recipient] END))) AS recipient
    FROM log_event LEFT JOIN joined ON joined.log_event_id = log_event.id
    WHERE source NOT IN {_MAILBOX} AND NOT starts_with(source, 'hold:') AND NOT starts_with(source, 'endpoint:')
      AND NOT starts_with(source, 'dlp:')
)
SELECT told.* REPLACE (coalesce(nullif(told.sender, ''), senders.sender) AS sender),
       CASE WHEN word IN {_SENT} OR regexp_matches(status, '^(sent|delivered|deliver|success)\\b') THEN 'sent'
                    WHEN word = 'deferred' OR regexp_matches(status, '^(deferred|4\\d\\d\\b)') THEN 'deferred'
                    WHEN word IN {_LOST} OR regexp_matches(status, '^(bounced|failed|rejected|5\\d\\d\\b)') THEN 'lost'
                    END AS outcome,
       site.registered AS recipient_domain, coalesce(site.internal, FALSE) AS internal
FROM told LEFT JOIN senders USING (message_id) LEFT JOIN site ON site.host = regexp_extract(recipient, '@([^@]+)$', 1)
WHERE recipient LIKE '%@%'
"""  # noqa: S608 - filled with constants only

HOLD = """
CREATE TEMP TABLE hold AS
WITH joined AS (
    SELECT log_event_id, arg_min(logical_id, candidates) AS logical_id, any_value(message_id) AS message_id
    FROM log_join WHERE strength <> 'weak' GROUP BY log_event_id
)
SELECT log_event.id AS record, log_event.address, log_event.evidence, substr(source, 6) AS system, utc,
       lower(operation) AS action, lower(trim(actor)) AS actor, lower(trim(sender)) AS sender,
       list_transform(CASE WHEN len(coalesce(recipients, [])) > 0 THEN recipients
                           WHEN recipient IS NULL THEN [] ELSE [recipient] END,
                      lambda one: lower(trim(one))) AS recipients,
       subject, size, coalesce(log_event.message_id, joined.message_id) AS message_id, logical_id, status,
       try_cast(json_extract_string(detail, '$.times.queued_at.utc') AS TIMESTAMPTZ) AS queued_utc,
       try_cast(json_extract_string(detail, '$.times.viewed_at.utc') AS TIMESTAMPTZ) AS viewed_utc, detail
FROM log_event LEFT JOIN joined ON joined.log_event_id = log_event.id WHERE starts_with(source, 'hold:')
"""

LOGIN = """
CREATE TEMP TABLE login AS
SELECT id AS record, address, evidence, source, utc, lower(trim(actor)) AS account, actor_ip AS ip,
       lower(operation) IN ('login', 'userloggedin', 'sign_in', 'login_success') AS good, status, detail
FROM log_event
WHERE lower(operation) IN ('login', 'userloggedin', 'sign_in', 'login_success', 'login_failed', 'userloginfailed',
                           'sign_in_failed', 'login_failure')
"""

DEED = """
CREATE TEMP TABLE deed AS
SELECT log_event.id AS record, log_event.address, log_event.evidence, source, utc, lower(trim(actor)) AS account,
       actor_ip AS ip, operation, lower(operation) AS word, message_id, subject, status, detail,
       CASE WHEN lower(operation) IN ('new-inboxrule', 'set-inboxrule', 'updateinboxrules', 'enable-inboxrule',
                                      'create_filter', 'change_filter') THEN 'rule'
            WHEN lower(operation) IN ('set-mailbox', 'email_forwarding_out_of_domain', 'enable_forwarding',
                                      'new-transportrule', 'set-transportrule') THEN 'forwarding'
            WHEN lower(operation) IN ('harddelete', 'softdelete', 'movetodeleteditems', 'expunge', 'delete',
                                      'purge', 'trash') THEN 'deletion'
            WHEN lower(operation) IN ('add-mailboxpermission', 'add-recipientpermission', 'addfolderpermissions',
                                      'modifyfolderpermissions', 'updatecalendardelegation') THEN 'delegation'
            WHEN lower(operation) IN ('consent to application.', 'add app role assignment grant to user.',
                                      'add oauth2permissiongrant.') THEN 'consent'
            WHEN lower(operation) IN ('mailitemsaccessed', 'attachmentaccess', 'filedownloaded') THEN 'access'
            END AS kind
FROM log_event
WHERE source IN ('m365_audit', 'dovecot', 'google_activity', 'google_gmail', 'exchange_audit')
"""

ENDPOINT = """
CREATE TEMP TABLE endpoint AS
SELECT id AS record, address, evidence, substr(source, 10) AS system, utc, lower(operation) AS action,
       lower(trim(actor)) AS account, lower(trim(sender)) AS sender, recipient, recipients, subject, size, status,
       lower(json_extract_string(detail, '$.file_sha256')) AS sha256,
       json_extract_string(detail, '$.verdict') AS verdict,
       json_extract_string(detail, '$.src_path') AS src_path, json_extract_string(detail, '$.dest_path') AS dest_path,
       json_extract_string(detail, '$.url') AS url, json_extract_string(detail, '$.device') AS device,
       coalesce(from_json(json_extract(detail, '$.attachments'), '["VARCHAR"]'), []) AS names, detail
FROM log_event WHERE starts_with(source, 'endpoint:')
"""

VIEWS = {
    "delivery": View(title=("配送の記録", "delivery logs"), needs=("site",), make=by_sql(DELIVERY)),
    "hold": View(title=("保留・承認の記録", "hold and approval logs"), needs=(), make=by_sql(HOLD)),
    "login": View(title=("ログインの記録", "login logs"), needs=(), make=by_sql(LOGIN)),
    "deed": View(title=("メールボックス操作の記録", "mailbox logs"), needs=(), make=by_sql(DEED)),
    "endpoint": View(title=("端末の記録", "endpoint logs"), needs=(), make=by_sql(ENDPOINT)),
}
