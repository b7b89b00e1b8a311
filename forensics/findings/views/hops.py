"""What is recorded of the encryption between servers: each logged delivery, each Received field (RFC 3848, RFC 8314).

``hop`` has a row for each handover to or from the outside. ``tls`` is ``yes``, ``old`` (below 1.2) or ``not_recorded``:
that nothing is recorded does not mean that nothing was encrypted. ``says`` tells whether that log, or that server,
writes of encryption at all; where it never does, nothing can be missed.
"""

from __future__ import annotations

from forensics.findings.views import View, by_sql

_YES = r"(?i)\b(?:TLS_?v?1|using TLS|SSL_?v?3|TLS\*?1|X=TLS)"
_VERSION = r"(?i)\b((?:TLS|SSL)_?v?\d(?:[._]\d)?)\b"
_OLD = r"(?i)^(?:SSL.*|TLS_?v?1(?:[._][01])?)$"
# RFC 3848 and RFC 4954: an S behind the name of the protocol is TLS.
_WITH = r"(?i)\swith\s+(\S+)"
_PROTOCOL = r"(?i)^(?:UTF8)?(?:E?SMTPS|E?SMTPSA|LMTPS|LMTPSA|HTTPS)$"

# Postfix tells of TLS in a line of its own, by the same process, before that of the delivery.
LOGGED = f"""
CREATE TEMP TABLE hop_logged AS
WITH secured AS (
    SELECT source, evidence, utc, detail, json_extract_string(detail, '$.host') || '/' ||
           json_extract_string(detail, '$.process') AS process, json_extract_string(detail, '$.relay_ip') AS relay_ip,
           regexp_extract(json_extract_string(detail, '$.text'), '{_VERSION}', 1) AS version
    FROM log_event WHERE ends_with(operation, 'tls_connection') AND utc IS NOT NULL
), told AS (
    SELECT delivery.*, json_extract_string(detail, '$.host') || '/' ||
           json_extract_string(detail, '$.process') AS process,
           json_extract_string(detail, '$.relay_ip') AS relay_ip,
           CASE WHEN regexp_matches(detail, '{_YES}')
                THEN coalesce(nullif(regexp_extract(detail, '{_VERSION}', 1), ''), 'TLS') END AS own_version
    FROM delivery WHERE outcome = 'sent' AND utc IS NOT NULL AND NOT internal AND recipient_domain IS NOT NULL
), joined AS (
    SELECT told.*, coalesce(own_version, CASE WHEN epoch(told.utc) - epoch(secured.utc) <= 300
                                              THEN secured.version END) AS version
    FROM told ASOF LEFT JOIN secured
      ON told.source = secured.source AND told.evidence = secured.evidence AND told.process = secured.process
     AND told.relay_ip = secured.relay_ip AND told.utc >= secured.utc
)
SELECT record, address, logical_id, utc, 'out' AS way, recipient_domain AS domain, recipient AS account, source,
       json_extract_string(detail, '$.relay') AS host, nullif(version, '') AS version,
       CASE WHEN coalesce(version, '') = '' THEN 'not_recorded' WHEN regexp_matches(version, '{_OLD}') THEN 'old'
            ELSE 'yes' END AS tls,
       bool_or(coalesce(version, '') <> '') OVER (PARTITION BY source, evidence) AS says
FROM joined
"""  # noqa: S608 - filled with constants only

# The field of an own server that took the message from outside; deeper ones are claims of strangers.
RECEIVED = f"""
CREATE TEMP TABLE hop_received AS
WITH written AS (
    SELECT header.id AS record, header.address, mail.logical_id, mail.utc, mail.sender_domain AS domain,
           mail.sender AS account,
           lower(regexp_extract(decoded, '(?is)\\bby\\s+([^\\s;()]+)', 1)) AS host,
           lower(regexp_extract(decoded, '(?is)^\\s*from\\s+([^\\s;()]+)', 1)) AS handed_from,
           regexp_extract(decoded, '{_WITH}', 1) AS protocol, regexp_extract(decoded, '{_VERSION}', 1) AS version
    FROM header JOIN mail ON mail.record = header.message_id_ref
    WHERE lower(header.name) = 'received' AND mail.direction = 'in' AND decoded IS NOT NULL
), own AS (
    SELECT written.* FROM written
    WHERE EXISTS (SELECT 1 FROM own_domains
                  WHERE host = own_domains.domain OR ends_with(host, '.' || own_domains.domain))
      AND NOT EXISTS (SELECT 1 FROM own_domains WHERE handed_from = own_domains.domain
                      OR ends_with(handed_from, '.' || own_domains.domain))
      AND handed_from NOT IN ('', 'localhost', host) AND NOT regexp_matches(upper(protocol), '^LMTP')
), read AS (
    SELECT *, CASE WHEN version <> '' AND regexp_matches(version, '{_OLD}') THEN 'old'
                   WHEN version <> '' OR regexp_matches(protocol, '{_PROTOCOL}') THEN 'yes'
                   ELSE 'not_recorded' END AS tls
    FROM own
)
SELECT record, address, logical_id, utc, 'in' AS way, domain, account, 'Received' AS source, host,
       nullif(version, '') AS version, tls, bool_or(tls <> 'not_recorded') OVER (PARTITION BY host) AS says
FROM read WHERE domain IS NOT NULL
"""  # noqa: S608 - filled with constants only

HOP = "CREATE TEMP TABLE hop AS SELECT * FROM hop_logged UNION ALL SELECT * FROM hop_received"

_TITLE = ("配送の記録・Received 欄", "delivery logs or Received fields")
VIEWS = {
    "hop_logged": View(title=_TITLE, needs=("delivery",), make=by_sql(LOGGED), optional=True),
    "hop_received": View(title=_TITLE, needs=("mail", "own_domains"), make=by_sql(RECEIVED), optional=True),
    "hop": View(title=_TITLE, needs=("hop_logged", "hop_received"), make=by_sql(HOP)),
}
