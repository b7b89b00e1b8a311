"""Mail as the questions see it: one row for each logical message, each of its recipients, each of its files.

A message that was sent, received and logged is one row. ``utc`` is the best time that there is, by whom it is said
stands in ``utc_basis``: a server (log or first Received), the store, the sender. Messages inside of others are not mail
that an account sent, and are left out; so are drafts that nothing shows as sent. Addresses are in lower case.
"""

from __future__ import annotations

from publicsuffixlist import PublicSuffixList

from forensics.casefile.view import CaseView
from forensics.findings.sql import make_table
from forensics.findings.views import View, by_sql
from forensics.formats.identity import search_key

HOSTS = """
SELECT DISTINCT lower(regexp_extract(address, '@([^@]+)$', 1)) AS host FROM (
    SELECT sender_address AS address FROM message
    UNION ALL SELECT mail_address FROM recipient
    UNION ALL SELECT sender FROM log_event
    UNION ALL SELECT recipient FROM log_event
    UNION ALL SELECT unnest(recipients) FROM log_event
    UNION ALL SELECT '@' || domain FROM stated_domains
) WHERE address LIKE '%@%'
"""

# Where nobody stated the domains of the client, they are those of at least two accounts whose stores are in the case,
# or of the only one; a provider's domain is nobody's own.
OWN = """
CREATE TEMP TABLE own_domains AS
WITH accounts AS (
    SELECT lower(regexp_extract(account, '@([^@]+)$', 1)) AS domain, count(DISTINCT account) AS accounts
    FROM place WHERE kind = 'store' AND account LIKE '%@%' GROUP BY 1
), likely AS (
    SELECT domain, accounts FROM accounts
    WHERE domain NOT IN (SELECT freemail.domain FROM freemail)
      AND (accounts >= 2 OR (SELECT count(*) FROM accounts) = 1)
)
SELECT lower(domain) AS domain, since, until, FALSE AS assumed FROM stated_domains
UNION ALL
SELECT domain, NULL, NULL, TRUE FROM likely WHERE (SELECT count(*) FROM stated_domains) = 0
"""

SITES = """
CREATE TEMP TABLE site AS
SELECT host, registered, EXISTS (
           SELECT 1 FROM own_domains WHERE host = own_domains.domain OR ends_with(host, '.' || own_domains.domain)
       ) AS internal
FROM site_known
"""

BEST = """
CREATE TEMP TABLE best_copy AS
SELECT logical_id, arg_min(message_ref, place) AS record, count(*)::INTEGER AS copies,
       bool_or(recovery = 'live') AS living
FROM (SELECT *, (CASE WHEN recovery = 'live' THEN 0 ELSE 1 END, copy) AS place FROM logical WHERE NOT is_embedded)
GROUP BY logical_id
"""

TIMES = """
CREATE TEMP TABLE best_time AS
WITH said AS (
    SELECT logical_id, CASE basis WHEN 'relay' THEN 1 ELSE 2 END AS rank,
           CASE basis WHEN 'relay' THEN 'server' ELSE 'store' END AS basis, min(moment.utc) AS utc
    FROM moment JOIN logical ON logical.message_ref = moment.message_id_ref
    WHERE moment.utc IS NOT NULL AND NOT is_embedded
      AND (basis = 'relay' OR (basis = 'store' AND meaning = 'submitted'))
    GROUP BY ALL
    UNION ALL
    SELECT logical_id, 0, 'server', min(utc) FROM log_join
    WHERE logical_id IS NOT NULL AND strength IN ('exact', 'strong') AND utc IS NOT NULL
      AND source NOT IN ('m365_audit', 'dovecot', 'entra_sign_in', 'google_activity', 'syslog')
      AND NOT starts_with(source, 'endpoint:')
    GROUP BY logical_id
    UNION ALL
    SELECT logical_id, 3, 'sender', min(date_utc) FROM logical JOIN message ON message.id = message_ref
    WHERE date_utc IS NOT NULL AND NOT is_embedded GROUP BY logical_id
    UNION ALL
    SELECT logical_id, 4, 'store', min(received_utc) FROM logical JOIN message ON message.id = message_ref
    WHERE received_utc IS NOT NULL AND NOT is_embedded GROUP BY logical_id
)
SELECT logical_id, arg_min(utc, rank) AS utc, arg_min(basis, rank) AS utc_basis FROM said GROUP BY logical_id
"""

# Who got it: as written in any copy, as delivered, and as a server's log says.
RCPT = """
CREATE TEMP TABLE rcpt AS
WITH named AS (
    SELECT logical_id, role, lower(trim(mail_address)) AS address, name, 'header' AS known_from
    FROM recipient JOIN logical ON logical.message_ref = recipient.message_id_ref
    WHERE NOT is_embedded AND role IN ('to', 'cc', 'bcc') AND mail_address LIKE '%@%'
    UNION ALL
    SELECT log_join.logical_id, 'envelope', lower(trim(unnest(
               CASE WHEN len(coalesce(log_event.recipients, [])) > 0 THEN log_event.recipients
                    ELSE [log_event.recipient] END))), NULL, 'log'
    FROM log_join JOIN log_event ON log_event.id = log_join.log_event_id
    WHERE log_join.logical_id IS NOT NULL AND log_join.strength <> 'weak'
), one AS (
    SELECT logical_id, address, list_sort(list(DISTINCT role)) AS roles, max(name) AS name,
           list_sort(list(DISTINCT known_from)) AS known_from
    FROM named WHERE address LIKE '%@%' GROUP BY logical_id, address
)
SELECT logical_id, CASE WHEN list_contains(roles, 'to') THEN 'to' WHEN list_contains(roles, 'cc') THEN 'cc'
                        WHEN list_contains(roles, 'bcc') THEN 'bcc' ELSE 'envelope' END AS role,
       address, name, host, registered AS domain, internal, known_from
FROM one JOIN site ON site.host = regexp_extract(one.address, '@([^@]+)$', 1)
"""

FILES = """
CREATE TEMP TABLE file AS
SELECT best_copy.logical_id, attachment.id AS record, attachment.address, best_copy.record AS message_record,
       attachment.position, attachment.name,
       nullif(lower(regexp_extract(attachment.name, '\\.([^.]{1,10})$', 1)), '') AS ext,
       attachment.size, attachment.sha256, attachment.detected_type, attachment.declared_type,
       (attachment.content_id IS NOT NULL AND coalesce(attachment.disposition, '') <> 'attachment'
        AND coalesce(attachment.detected_type, attachment.declared_type, '') LIKE 'image/%')
       OR lower(coalesce(attachment.name, '')) IN ('smime.p7s', 'signature.asc', 'winmail.dat') AS inline
FROM attachment JOIN best_copy ON best_copy.record = attachment.message_id_ref
"""

MAIL = """
CREATE TEMP TABLE mail AS
WITH headers AS (
    SELECT best_copy.logical_id,
           bool_or(lower(header.name) IN ('list-id', 'list-unsubscribe', 'auto-submitted', 'x-autoreply',
                                          'x-auto-response-suppress')
                   AND lower(coalesce(decoded, '')) <> 'no'
                   OR lower(header.name) = 'precedence' AND lower(trim(decoded)) IN ('bulk', 'list', 'junk')
           ) AS automatic
    FROM header JOIN best_copy ON best_copy.record = header.message_id_ref
    WHERE lower(header.name) IN ('list-id', 'list-unsubscribe', 'auto-submitted', 'precedence', 'x-autoreply',
                                 'x-auto-response-suppress')
    GROUP BY best_copy.logical_id
), counted AS (
    SELECT logical_id, count(*)::INTEGER AS recipients, (count(*) FILTER (NOT internal))::INTEGER AS externals,
           (count(*) FILTER (internal))::INTEGER AS internals
    FROM rcpt GROUP BY logical_id
), carried AS (
    SELECT logical_id, (count(*) FILTER (NOT inline))::INTEGER AS files,
           coalesce(sum(size) FILTER (NOT inline), 0)::BIGINT AS file_bytes
    FROM file GROUP BY logical_id
), sender AS (
    SELECT id AS record, lower(trim(sender_address)) AS sender,
           regexp_extract(lower(trim(sender_address)), '@([^@]+)$', 1) AS host
    FROM message
)
SELECT best_copy.logical_id, best_copy.record, message.address, message.evidence, message.message_id,
       message.store_path, best_time.utc, best_time.utc_basis, epoch_us(best_time.utc) AS utc_us,
       timezone($zone, best_time.utc) AS local,
       CAST(timezone($zone, best_time.utc) AS DATE) AS day, message.date_utc,
       sender.sender, message.sender AS sender_name, site.registered AS sender_domain,
       coalesce(site.internal, FALSE) AS sender_internal, message.subject, subject_known.key AS subject_key,
       CASE WHEN coalesce(site.internal, FALSE) THEN CASE WHEN externals > 0 THEN 'out' ELSE 'internal' END
            WHEN internals > 0 THEN 'in' ELSE 'other' END AS direction,
       coalesce(recipients, 0) AS recipients, coalesce(externals, 0) AS externals, coalesce(internals, 0) AS internals,
       coalesce(files, 0) AS files, coalesce(file_bytes, 0) AS file_bytes, message.size,
       message.in_reply_to, message.in_reply_to IS NOT NULL OR message."references" IS NOT NULL AS is_reply,
       thread.thread_id, coalesce(automatic, FALSE) AS automatic, best_copy.copies, best_copy.living, message.recovery
FROM best_copy JOIN message ON message.id = best_copy.record JOIN sender USING (record)
LEFT JOIN best_time USING (logical_id) LEFT JOIN site ON site.host = sender.host
LEFT JOIN counted USING (logical_id) LEFT JOIN carried USING (logical_id) LEFT JOIN headers USING (logical_id)
LEFT JOIN thread USING (logical_id) LEFT JOIN subject_known ON subject_known.subject = message.subject
WHERE NOT list_contains(coalesce(message.flags, []), 'draft')
"""


def _sites(case: CaseView) -> None:
    """The registered domain of each host, by the Public Suffix List."""
    listed = PublicSuffixList()
    hosts = sorted(str(row["host"]) for row in case.rows(HOSTS) if row["host"])
    known = [{"host": host, "registered": listed.privatesuffix(host) or host} for host in hosts]
    make_table(case, "site_known", ("host", "registered"), known)
    case.connection.execute(SITES)


def _mail(case: CaseView) -> None:
    rows = case.rows("SELECT DISTINCT subject FROM message WHERE subject IS NOT NULL")
    known = [{"subject": row["subject"], "key": search_key(row["subject"])} for row in rows]
    make_table(case, "subject_known", ("subject", "key"), known)
    case.connection.execute(MAIL, {"zone": case.facts.time_zone})


VIEWS = {
    "own_domains": View(title=("自社ドメイン", "own domains"), needs=("stated_domains", "freemail"), make=by_sql(OWN)),
    "site": View(title=("ドメイン", "domains"), needs=("own_domains",), make=_sites),
    "best_copy": View(title=("メール", "messages"), needs=(), make=by_sql(BEST)),
    "best_time": View(title=("時刻の記録", "clock readings"), needs=(), make=by_sql(TIMES)),
    "rcpt": View(title=("宛先", "recipients"), needs=("site",), make=by_sql(RCPT)),
    "file": View(title=("添付ファイル", "attachments"), needs=("best_copy",), make=by_sql(FILES)),
    "mail": View(title=("メール", "messages"), needs=("site", "best_copy", "best_time", "rcpt", "file"), make=_mail),
}
