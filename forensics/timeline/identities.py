"""Which addresses, X.500 names, display names and groups belong to one account, each with its ground, as SQL.

    stated     stated        a person says so, in ``tables/identities.csv`` of the case
    exact      same_entry    one recipient entry has the mail address and the X.500 name (PR_EMAIL_ADDRESS)
    strong     copies        copies of one message, the same role and name: an X.500 name here, a mail address there
    strong     server        a server rewrote or expanded the address (Postfix ``orig_to``, Exchange ``EXPAND``)
    probable   subaddress    ``name+tag@`` where ``name@`` is known too (RFC 5233)
    weak       display_name  written together; nothing is concluded from it

Only what is stated, exact, strong or probable and leads to one account is used elsewhere; a group with several members
stays a group. The CSV has the columns ``identity, value`` and may have ``kind``: ``address``, ``group`` or ``store``,
whose value is an evidence item or a place and whose identity the account that it belongs to.
"""

from __future__ import annotations

import csv
import io

from forensics.casefile.view import CaseView
from forensics.errors import UsageError

STATED_FILE = "tables/identities.csv"
KINDS = ("address", "group", "store")

PARTIES = """
CREATE OR REPLACE TEMP TABLE tl_party AS
SELECT DISTINCT id, logical_id, role, address FROM (
    SELECT id, logical_id, 'sender' AS role, lower(trim(sender_address)) AS address
    FROM message JOIN tl_copy USING (id)
    UNION ALL
    SELECT tl_copy.id, logical_id, CASE role WHEN 'delivered_to' THEN 'delivered' ELSE 'recipient' END,
           lower(trim(mail_address))
    FROM recipient JOIN tl_copy ON tl_copy.id = message_id_ref WHERE role IN ('to', 'cc', 'bcc', 'delivered_to')
) WHERE address <> ''
"""

WHEN = """
CREATE OR REPLACE TEMP TABLE tl_when AS
SELECT logical_id, min(coalesce(date_utc, received_utc)) AS utc FROM tl_copy JOIN message USING (id) GROUP BY logical_id
"""

FOUND = """
CREATE OR REPLACE TEMP TABLE tl_belongs AS
WITH seen AS (
    SELECT DISTINCT address FROM tl_party WHERE contains(address, '@') AND NOT starts_with(address, '/o=')
), entry AS (
    SELECT message_id_ref, role, lower(trim(name)) AS name, lower(trim(mail_address)) AS address,
           lower(trim(raw)) AS raw FROM recipient WHERE starts_with(lower(raw), '/o=') OR address_type <> 'EX'
), x500 AS (
    SELECT logical_id, role, name, address FROM entry JOIN tl_copy ON tl_copy.id = message_id_ref
    WHERE starts_with(address, '/o=') AND name <> ''
), across AS (
    SELECT DISTINCT x500.address AS value, plain.address AS identity
    FROM x500 JOIN tl_copy USING (logical_id) JOIN entry AS plain
      ON plain.message_id_ref = tl_copy.id AND plain.role = x500.role AND plain.name = x500.name
    WHERE contains(plain.address, '@') AND NOT starts_with(plain.address, '/o=')
), expanded AS (
    SELECT lower(CASE source WHEN 'postfix' THEN json_extract_string(detail, '$.orig_to')
                 ELSE json_extract_string(detail, '$.related-recipient-address') END) AS value,
           lower(unnest(recipients)) AS identity
    FROM log_event
    WHERE (source = 'postfix' AND contains(detail, '"orig_to"'))
       OR (source = 'exchange_tracking' AND operation = 'EXPAND')
)
SELECT value, identity, 1 AS rank, 'stated' AS ground, kind FROM tl_stated WHERE kind <> 'store'
UNION SELECT raw, address, 2, 'same_entry', 'x500' FROM entry
WHERE starts_with(raw, '/o=') AND contains(address, '@') AND NOT starts_with(address, '/o=')
UNION SELECT value, identity, 3, 'copies', 'x500' FROM across
UNION SELECT value, identity, 3, 'server', 'group' FROM expanded WHERE value <> identity AND value <> ''
UNION SELECT tagged.address, plain.address, 4, 'subaddress', 'address' FROM seen AS tagged
JOIN seen AS plain ON plain.address = regexp_replace(tagged.address, '\\+[^@]*@', '@')
 AND plain.address <> tagged.address
"""

# Of the best ground only, and only where it leads to one account; the second step follows an alias of an alias.
ALIASES = """
CREATE OR REPLACE TEMP TABLE tl_alias AS
WITH best AS (
    SELECT value, identity FROM tl_belongs WHERE value <> identity
    QUALIFY rank = min(rank) OVER (PARTITION BY value)
), one AS (
    SELECT value, min(identity) AS identity FROM best GROUP BY value HAVING count(DISTINCT identity) = 1
)
SELECT one.value, coalesce(further.identity, one.identity) AS identity
FROM one LEFT JOIN one AS further ON further.value = one.identity AND further.identity <> one.value
"""

IDENTITIES = """
WITH counted AS (
    SELECT address, count(DISTINCT logical_id) AS messages, min(utc) AS first, max(utc) AS last
    FROM tl_party LEFT JOIN tl_when USING (logical_id) GROUP BY address
), named AS (
    SELECT trim(name) AS value, lower(trim(mail_address)) AS identity, count(*) AS messages
    FROM recipient
    WHERE name IS NOT NULL AND mail_address IS NOT NULL AND lower(trim(name)) <> lower(trim(mail_address))
    GROUP BY 1, 2
), listed AS (
    SELECT coalesce(tl_alias.identity, address) AS identity, address AS value,
           CASE WHEN starts_with(address, '/o=') THEN 'x500' ELSE 'address' END AS kind, 'itself' AS ground,
           'exact' AS strength, messages, first, last
    FROM counted LEFT JOIN tl_alias ON tl_alias.value = address
    UNION ALL
    SELECT tl_belongs.identity, tl_belongs.value, kind, ground,
           CASE rank WHEN 1 THEN 'stated' WHEN 2 THEN 'exact' WHEN 3 THEN 'strong' ELSE 'probable' END,
           coalesce(messages, 0), first, last
    FROM tl_belongs LEFT JOIN counted ON address = tl_belongs.value
    UNION ALL
    SELECT coalesce(tl_alias.identity, named.identity), named.value, 'display_name', 'display_name', 'weak',
           sum(messages)::BIGINT, NULL, NULL
    FROM named LEFT JOIN tl_alias ON tl_alias.value = named.identity GROUP BY ALL
)
SELECT identity, value, kind, ground, strength, messages, first, last,
       (count(DISTINCT identity) OVER (PARTITION BY kind, value))::INTEGER AS shared_by
FROM listed ORDER BY identity, kind, value, ground
"""
"""One row for each name of an account; ``shared_by`` counts the accounts that have the same name or address."""

TABLES = (PARTIES, WHEN, FOUND, ALIASES)
"""Run after :func:`state`; ``tl_alias`` leads from an address to the account it belongs to."""


def state(case: CaseView) -> None:
    """What persons say in ``tables/identities.csv`` as the table ``tl_stated``; empty where there is no such file."""
    case.connection.execute("CREATE OR REPLACE TEMP TABLE tl_stated (identity VARCHAR, value VARCHAR, kind VARCHAR)")
    rows = read_stated(stated_bytes(case))
    if rows:
        case.connection.executemany("INSERT INTO tl_stated VALUES ($1, $2, $3)", [list(row) for row in rows])


def stated_bytes(case: CaseView) -> bytes:
    """The file as it lies in the case; empty where there is none."""
    path = case.folder / STATED_FILE
    return path.read_bytes() if path.is_file() else b""


def read_stated(data: bytes) -> list[tuple[str, str, str]]:
    """The rows ``(identity, value, kind)`` of the file."""
    if not data:
        return []
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"it is no CSV in UTF-8: {error}", place=STATED_FILE, todo="save it as CSV in UTF-8"
        ) from error
    found = []
    for number, row in enumerate(rows, start=2):
        identity, value = (str(row.get(name) or "").strip() for name in ("identity", "value"))
        kind = str(row.get("kind") or "").strip().lower() or "address"
        if not identity or not value or kind not in KINDS:
            todo = f"it needs identity and value, and a kind of {', '.join(KINDS)} or none"
            raise UsageError(f"line {number} says nothing", place=STATED_FILE, todo=todo)
        found.append((identity.lower(), value if kind == "store" else value.lower(), kind))
    return found
