"""Which messages an account, an address or a session got to see, as the logs tell it, as SQL.

    named      the log names the message (MailItemsAccessed Bind, AttachmentAccess)
    folder     the client took the folder (MailItemsAccessed Sync): each message that lay in it must be assumed read
    possible   a POP or IMAP session; the log knows how much was sent at most (Dovecot, Courier)

``cannot_say`` lists what the log leaves open: ``throttled`` (Microsoft stopped logging accesses of this mailbox for a
day, Management Activity API: IsThrottled), ``cut_short`` (the record was cut), ``no_message_id``, ``not_in_case``,
``folder_not_in_case``, ``no_bytes``, ``no_end`` and ``which`` (how much, not which messages). A row of a folder or
session has no message; the messages of a folder follow, each from the first sync after it was there to the last one.
"""

from __future__ import annotations

_INBOX = "'inbox', '受信トレイ'"

EVENTS = """
CREATE OR REPLACE TEMP TABLE tl_seen AS
WITH told AS (
    SELECT id, lower(operation) AS op, lower(trim(actor)) AS actor, actor_ip AS ip, utc, evidence, message_ids,
           warnings, lower(detail) AS low
    FROM log_event WHERE lower(operation) IN ('mailitemsaccessed', 'attachmentaccess')
), opened AS (
    SELECT *, CASE WHEN json_valid(low) THEN json_extract_string(low, ['$.record.mailboxownerupn', '$.record.sessionid',
                    '$.record.appaccesscontext.aadsessionid', '$.record.clientinfostring',
                    '$.record.item.parentfolder.path']) ELSE [] END AS said,
           CASE WHEN json_valid(low) THEN json_extract_string(low, '$.record.folders[*].path') ELSE [] END AS paths
    FROM told
)
SELECT id, op, coalesce(tl_alias.identity, said[1], actor) AS account, actor, ip,
       coalesce(said[2], said[3]) AS session, said[4] AS client,
       utc, evidence,
       list_filter(list_transform(message_ids, lambda each: trim(each, '<> ')), lambda each: each <> '') AS named,
       CASE WHEN op = 'attachmentaccess' THEN 'bind'
            ELSE coalesce(nullif(regexp_extract(low, '"mailaccesstype"(?:, "value")?: "(\\w+)"', 1), ''), 'bind')
            END AS way,
       regexp_matches(low, '"isthrottled"(?:, "value")?: "?true') AS throttled, len(warnings) > 0 AS cut_short,
       list_transform(list_distinct(list_append(paths, said[5])),
                      lambda each: trim(replace(each, '\\', '/'), '/')) AS folders
FROM opened LEFT JOIN tl_alias ON tl_alias.value = coalesce(said[1], actor)
"""

# Once throttled, accesses of the mailbox go unlogged for up to 24 hours.
THROTTLED = """
CREATE OR REPLACE TEMP TABLE tl_throttled AS
SELECT account, utc FROM tl_seen WHERE throttled AND utc IS NOT NULL
"""

NAMED = """
CREATE OR REPLACE TEMP TABLE tl_access_named AS
WITH each_one AS (
    SELECT account, actor, ip, session, client, utc, evidence, cut_short, op,
           unnest(CASE WHEN len(named) > 0 THEN named ELSE [NULL] END) AS mid
    FROM tl_seen WHERE way <> 'sync'
), grouped AS (
    SELECT account, actor, ip, session, mid, max(client) AS client, min(utc) AS first, max(utc) AS last,
           count(*)::INTEGER AS events, bool_or(cut_short) AS cut_short, list_sort(list(DISTINCT evidence)) AS evidence
    FROM each_one GROUP BY account, actor, ip, session, mid
)
SELECT grouped.*, logical_id FROM grouped LEFT JOIN tl_known USING (mid)
"""

FOLDERS = """
CREATE OR REPLACE TEMP TABLE tl_access_folder AS
SELECT account, actor, ip, folder, count(DISTINCT session)::INTEGER AS sessions, min(session) AS session,
       max(client) AS client, min(utc) AS first, max(utc) AS last, count(*)::INTEGER AS events,
       bool_or(cut_short) AS cut_short, list_sort(list(DISTINCT evidence)) AS evidence
FROM (SELECT *, unnest(folders) AS folder FROM tl_seen WHERE way = 'sync')
WHERE folder <> '' GROUP BY account, actor, ip, folder
"""

# A message that came after the last sync was not taken with it; one without a time must be assumed to have been.
IN_FOLDERS = f"""
CREATE OR REPLACE TEMP TABLE tl_access_message AS
WITH lying AS (
    SELECT DISTINCT tl_store.account, lower(message.store_path) AS path, logical_id,
           coalesce(received_utc, date_utc) AS came
    FROM tl_place_message JOIN tl_store USING (place) JOIN message ON message.id = tl_place_message.id
    JOIN tl_copy ON tl_copy.id = message.id
    WHERE tl_store.account IN (SELECT account FROM tl_access_folder) AND message.depth = 0
)
SELECT took.account, took.ip, took.actor, took.folder, logical_id, min(came) AS came
FROM tl_access_folder AS took JOIN lying ON lying.account = took.account
 AND (path = folder OR ends_with(path, '/' || folder)
      OR (folder IN ({_INBOX}) AND regexp_extract(path, '[^/]*$') IN ({_INBOX})))
WHERE came IS NULL OR came <= took.last GROUP BY ALL
"""  # noqa: S608 - filled with constants only

# POP3 says retr=messages/bytes, IMAP out=bytes or bytes=in/out, body_count=messages; Courier sent=bytes.
SESSIONS = """
CREATE OR REPLACE TEMP TABLE tl_mail_session AS
WITH told AS (
    SELECT evidence, source, operation AS op, lower(trim(actor)) AS actor, actor_ip AS ip, utc, size,
           json_extract_string(detail, ['$.session', '$.fields.out', '$.fields.bytes', '$.fields.retr', '$.service',
                                        '$.fields.body_count', '$.host']) AS said
    FROM log_event
    WHERE source IN ('dovecot', 'courier') AND operation IN ('login', 'logout', 'disconnected', 'timeout')
), dovecot AS (
    SELECT evidence, source, min(actor) AS account, min(ip) AS ip, said[1] AS session, min(said[5]) AS client,
           min(utc) FILTER (op = 'login') AS first, max(utc) FILTER (op <> 'login') AS last,
           coalesce(max(try_cast(said[2] AS BIGINT)), max(try_cast(split_part(said[3], '/', 2) AS BIGINT)),
                    max(try_cast(split_part(said[4], '/', 2) AS BIGINT))) AS bytes,
           coalesce(max(try_cast(split_part(said[4], '/', 1) AS BIGINT)), max(try_cast(said[6] AS BIGINT))) AS messages
    FROM told WHERE source = 'dovecot' AND said[1] IS NOT NULL GROUP BY evidence, source, said[7], said[1]
), courier AS (
    SELECT evidence, source, actor, ip, NULL AS session, said[5], NULL::TIMESTAMPTZ, utc, size, NULL::BIGINT
    FROM told WHERE source = 'courier' AND op IN ('logout', 'disconnected', 'timeout')
)
SELECT both_of.* REPLACE (coalesce(tl_alias.identity, account) AS account) FROM (
    SELECT * FROM dovecot WHERE first IS NOT NULL OR bytes IS NOT NULL UNION ALL SELECT * FROM courier
) AS both_of LEFT JOIN tl_alias ON tl_alias.value = account
WHERE account IS NOT NULL
"""

SIZES = """
CREATE OR REPLACE TEMP TABLE tl_account_size AS
SELECT account, utc, sum(size) OVER (PARTITION BY account ORDER BY utc, logical_id) AS held FROM (
    SELECT tl_store.account, logical_id, min(utc) AS utc, max(size) AS size
    FROM tl_place_message JOIN tl_store USING (place) JOIN tl_copy USING (id) JOIN message USING (id)
    WHERE tl_store.account IN (SELECT account FROM tl_mail_session) AND utc IS NOT NULL AND size IS NOT NULL
    GROUP BY ALL
)
"""

_OPEN = "list_filter([{}], lambda each: each IS NOT NULL)"
ACCESS = f"""
WITH rows AS (
    SELECT account, ip, session, actor, client, first, last, 'named' AS how, logical_id,
           '<' || mid || '>' AS message_id, NULL AS folder, NULL::BIGINT AS bytes, NULL::BIGINT AS messages,
           NULL::BOOLEAN AS enough_for_all, events, evidence, cut_short,
           [CASE WHEN mid IS NULL THEN 'no_message_id' WHEN logical_id IS NULL THEN 'not_in_case' END]
           AS open
    FROM tl_access_named
    UNION ALL
    SELECT took.account, took.ip, CASE WHEN sessions = 1 THEN session END, took.actor, client, first, last, 'folder',
           NULL, NULL, took.folder, NULL, coalesce(held.messages, 0), NULL, events, evidence, cut_short,
           ['which', CASE WHEN held.messages IS NULL THEN 'folder_not_in_case' END]
    FROM tl_access_folder AS took
    LEFT JOIN (SELECT account, ip, actor, folder, count(*) AS messages FROM tl_access_message GROUP BY ALL) AS held
      ON held.account = took.account AND held.ip IS NOT DISTINCT FROM took.ip
     AND held.actor IS NOT DISTINCT FROM took.actor AND held.folder = took.folder
    UNION ALL
    SELECT took.account, took.ip, CASE WHEN sessions = 1 THEN session END, took.actor, client,
           greatest(first, came), last, 'folder', logical_id, NULL, took.folder, NULL, NULL, NULL, events, evidence,
           cut_short, []
    FROM tl_access_message AS lay JOIN tl_access_folder AS took
      ON took.account = lay.account AND took.ip IS NOT DISTINCT FROM lay.ip
     AND took.actor IS NOT DISTINCT FROM lay.actor AND took.folder = lay.folder
    UNION ALL
    SELECT mail.account, ip, session, mail.account, client, first, last, 'possible', NULL, NULL, NULL, bytes, messages,
           bytes >= held, 1, [evidence], false,
           ['which', CASE WHEN bytes IS NULL THEN 'no_bytes' END, CASE WHEN last IS NULL THEN 'no_end' END]
    FROM tl_mail_session AS mail ASOF LEFT JOIN tl_account_size
      ON tl_account_size.account = mail.account AND coalesce(mail.last, mail.first) >= tl_account_size.utc
), spans AS (
    SELECT DISTINCT rows.account, first, last FROM rows JOIN tl_throttled ON tl_throttled.account = rows.account
     AND tl_throttled.utc BETWEEN rows.first - INTERVAL 1 DAY AND rows.last
)
SELECT rows.* EXCLUDE (cut_short, open), {
    _OPEN.format("CASE WHEN spans.account IS NOT NULL THEN 'throttled' END, CASE WHEN cut_short THEN 'cut_short' END")
} || list_filter(open, lambda each: each IS NOT NULL) AS cannot_say
FROM rows LEFT JOIN spans ON spans.account = rows.account AND spans.first = rows.first AND spans.last = rows.last
ORDER BY rows.account, ip, rows.first, rows.last, how, session, actor, folder,
         rows.logical_id NULLS FIRST, message_id, evidence
"""  # noqa: S608 - filled with constants only

TABLES = (EVENTS, THROTTLED, NAMED, FOLDERS, IN_FOLDERS, SESSIONS, SIZES)
"""Run after those of ``joins`` and ``places``."""
DONE_WITH = (
    *("tl_seen", "tl_throttled", "tl_access_named", "tl_access_folder", "tl_access_message"),
    *("tl_mail_session", "tl_account_size"),
)
