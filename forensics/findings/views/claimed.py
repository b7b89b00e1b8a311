"""Who mail says it is from, against what a trusted server found: authentication results and the fields of the sender.

``auth`` has a row for each message with an Authentication-Results field (RFC 8601) of a trusted server: one of an own
domain, or the one that wrote the topmost Received field. Of several the topmost counts; those of strangers do not.
``signed`` has what the check of DKIM and ARC signatures found, where it was run. ``sender_fields`` has the domains that
the fields of a message name.
"""

from __future__ import annotations

from forensics.casefile.view import CaseView
from forensics.findings.views import View, by_sql, has_table

# Exchange writes no name of a server; it takes away what a stranger wrote in its own fields.
AUTH = r"""
CREATE TEMP TABLE auth AS
WITH written AS (
    SELECT header.message_id_ref AS record, header.id AS header_record, header.address AS header_address,
           header.position, decoded, lower(regexp_extract(decoded, '^\s*([^\s;]+)', 1)) AS said_by
    FROM header WHERE lower(header.name) = 'authentication-results' AND decoded IS NOT NULL
), topmost AS (
    SELECT message_id_ref AS record,
           arg_min(lower(regexp_extract(decoded, '(?is)\bby\s+([^\s;()]+)', 1)), position) AS host
    FROM header WHERE lower(name) = 'received' GROUP BY message_id_ref
), exchange AS (
    SELECT DISTINCT message_id_ref AS record FROM header WHERE starts_with(lower(name), 'x-ms-exchange-organization-')
), hosts AS (
    SELECT DISTINCT said_by, EXISTS (SELECT 1 FROM own_domains WHERE said_by = own_domains.domain
                                     OR ends_with(said_by, '.' || own_domains.domain)) AS own
    FROM written
), trusted AS (
    SELECT written.* FROM written JOIN hosts USING (said_by)
    LEFT JOIN topmost USING (record) LEFT JOIN exchange USING (record)
    WHERE hosts.own OR said_by = topmost.host OR ends_with(topmost.host, '.' || said_by)
       OR (contains(said_by, '=') AND exchange.record IS NOT NULL)
       OR (said_by = 'mx.google.com' AND starts_with(topmost.host, '2002:a'))
), one AS (
    SELECT record, arg_min(header_record, position) AS header_record,
           arg_min(header_address, position) AS header_address,
           arg_min(said_by, position) AS said_by, arg_min(lower(decoded), position) AS text
    FROM trusted GROUP BY record
)
SELECT one.*, nullif(regexp_extract(text, '\bspf\s*=\s*(\w+)', 1), '') AS spf,
       CASE WHEN regexp_matches(text, '\bdkim\s*=\s*pass') THEN 'pass'
            ELSE nullif(regexp_extract(text, '\bdkim\s*=\s*(\w+)', 1), '') END AS dkim,
       nullif(regexp_extract(text, '\bdmarc\s*=\s*(\w+)', 1), '') AS dmarc,
       nullif(regexp_extract(text, '\barc\s*=\s*(\w+)', 1), '') AS arc,
       regexp_matches(text, '\bdkim\s*=\s*(?:fail|neutral|permerror)[^;]*body.?hash') AS body_hash
FROM one
"""

FIELDS = r"""
CREATE TEMP TABLE sender_fields AS
WITH said AS (
    SELECT message_id_ref AS record, 'reply_to' AS field, lower(regexp_extract(mail_address, '@([^@>\s]+)', 1)) AS host
    FROM recipient WHERE role IN ('reply_to', 'reply-to')
    UNION ALL
    SELECT message_id_ref, CASE lower(name) WHEN 'return-path' THEN 'return_path' ELSE 'reply_to' END,
           lower(regexp_extract(decoded, '@([^@>\s]+)', 1))
    FROM header WHERE lower(name) IN ('return-path', 'reply-to')
), domains AS (
    SELECT record, field, coalesce(site.registered, list_aggregate(
               list_slice(string_split(host, '.'), -2, -1), 'string_agg', '.')) AS domain
    FROM said LEFT JOIN site USING (host) WHERE host <> ''
)
SELECT record, max(domain) FILTER (field = 'return_path') AS return_path,
       max(domain) FILTER (field = 'reply_to') AS reply_to
FROM domains GROUP BY record
"""

_CHECKED = """
CREATE TEMP TABLE signed AS
SELECT ref AS record, bool_or(result = 'chain_holds') AS chain_holds,
       bool_or(field ILIKE 'dkim%' AND result = 'valid') AS dkim_valid,
       bool_or(result IN ('body_changed', 'changed_on_the_way')) AS body_changed
FROM signature GROUP BY ref
"""
_UNCHECKED = "CREATE TEMP TABLE signed (record VARCHAR, chain_holds BOOLEAN, dkim_valid BOOLEAN, body_changed BOOLEAN)"


def _signed(case: CaseView) -> None:
    case.connection.execute(_CHECKED if has_table(case, "signature") else _UNCHECKED)


_FIELDS = ("ヘッダー欄", "header fields")
VIEWS = {
    "auth": View(title=_FIELDS, needs=("own_domains",), make=by_sql(AUTH), optional=True),
    "sender_fields": View(title=_FIELDS, needs=("site",), make=by_sql(FIELDS), optional=True),
    "signed": View(title=("署名の検証", "checked signatures"), needs=(), make=_signed, optional=True),
}
