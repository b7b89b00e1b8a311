"""Who an address belongs to as names say: people by surname, their salutation in a body, and addresses like a sender's.

Names come from what mail writes beside addresses, from the staff and from the partners; nothing is looked up elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from forensics.casefile.view import CaseView
from forensics.findings.likeness import edits
from forensics.findings.romaji import folded, of_kana, ways
from forensics.findings.sql import make_table
from forensics.findings.views import View, by_sql
from forensics.formats.identity import search_key

_NAMES = """
SELECT DISTINCT address, name FROM (
    SELECT address, name FROM rcpt WHERE name IS NOT NULL
    UNION ALL SELECT sender, regexp_replace(sender_name, '<[^>]*>', '') FROM mail WHERE sender_name IS NOT NULL
    UNION ALL SELECT lower(address), name FROM staff WHERE name IS NOT NULL
    UNION ALL SELECT lower(address), name FROM partners WHERE address IS NOT NULL AND name IS NOT NULL
) WHERE address IS NOT NULL AND NOT contains(name, '@') ORDER BY ALL
"""
_BRACKETED = re.compile(r"[（(\[【<「『/／].*|[\"']")
_COMPANY = re.compile(r"株式会社|有限会社|合同会社|（株）|\(株\)|㈱|会社|[課部室局係]$|inc\.?$|ltd\.?$|様$")


def surname(name: str) -> str:
    """The surname in a display name, folded; ``""`` where it is not to be told."""
    plain = search_key(_BRACKETED.sub("", name)).strip()
    if "," in plain and plain.isascii():
        return plain.partition(",")[0].strip()
    tokens = [each for each in plain.split() if not _COMPANY.search(each)]
    if not tokens:
        return ""
    if plain.isascii():
        return tokens[-1] if len(tokens) > 1 else ""
    if len(tokens) > 1:
        return tokens[0]
    return tokens[0][:2] if 2 <= len(tokens[0]) <= 5 else ""


def name_key(name: str) -> str:
    """A display name without titles and blanks, folded for comparing."""
    return "".join(search_key(_BRACKETED.sub("", name)).split()).removesuffix("様")


def _people(case: CaseView) -> None:
    rows = []
    for row in case.rows(_NAMES):
        key, family = name_key(row["name"]), surname(row["name"])
        if key and family:
            rows.append({"address": row["address"], "name_key": key, "surname": family, "shown": row["name"]})
    make_table(case, "person_named", ("address", "name_key", "surname", "shown"), rows)
    case.connection.execute(
        "CREATE TEMP TABLE person AS SELECT address, surname, list(DISTINCT name_key) AS name_keys, min(shown) AS shown"
        " FROM person_named GROUP BY address, surname"
    )


# For each account, two addresses that it exchanged mail with, whose people have the same surname.
NAMESAKE = """
CREATE TEMP TABLE namesake AS
WITH met AS (
    SELECT account, other, surname, name_keys, shown, min(utc_us) AS first_us, count(DISTINCT key) AS messages
    FROM exchange JOIN person ON person.address = exchange.other WHERE account <> other GROUP BY ALL
), wrote AS (
    SELECT DISTINCT account, other FROM exchange WHERE outward
)
SELECT one.account, one.other AS address, one.name_keys AS names, one.shown, meant.other AS meant,
       meant.name_keys AS meant_names, meant.shown AS meant_shown, meant.first_us, meant.messages
FROM met AS one JOIN wrote ON wrote.account = one.account AND wrote.other = one.other
JOIN met AS meant ON meant.account = one.account AND meant.surname = one.surname AND meant.other <> one.other
"""

# The first lines of a body as far as the last word that one is addressed with, without blanks.
GREETING = r"""
CREATE TEMP TABLE greeting AS
WITH head AS (
    SELECT logical_id, arg_min(text, (CASE text.kind WHEN 'plain' THEN 0 ELSE 1 END, position)) AS text,
           arg_min(text.kind, (CASE text.kind WHEN 'plain' THEN 0 ELSE 1 END, position)) AS kind
    FROM mail JOIN text ON text.message_id_ref = mail.record
    WHERE mail.sender_internal AND text.kind IN ('plain', 'html') GROUP BY logical_id
), bare AS (
    SELECT logical_id, lower(regexp_replace(left(CASE kind WHEN 'html' THEN regexp_replace(
               left(text, 6000), '(?is)<(style|script|head).*?</(style|script|head)>|<[^>]*>|&nbsp;', ' ', 'g')
               ELSE text END, 400), '\s+|　', '', 'g')) AS text
    FROM head
)
SELECT logical_id, greeting FROM (
    SELECT logical_id, CASE WHEN starts_with(text, 'dear') THEN regexp_extract(text, '^dear.{1,60}?[,:、]')
                            ELSE regexp_extract(text, '^[^>。]{0,100}?(様|さま|殿|先生|さん)') END AS greeting
    FROM bare
) WHERE greeting <> ''
"""

_PAIRS = """
SELECT sender, recipient, max(recipient_name) AS recipient_name FROM sending
WHERE class IS NOT NULL AND NOT internal AND NOT by_machine GROUP BY ALL ORDER BY ALL
"""


def _own_like(case: CaseView) -> None:
    staff = {str(row["address"]).lower(): row for row in case.rows("SELECT address, name, name_kana FROM staff")}
    names: dict[str, set[str]] = {}
    for row in case.rows("SELECT DISTINCT address, name_key FROM person_named"):
        names.setdefault(row["address"], set()).add(row["name_key"])
    rows = []
    for row in case.rows(_PAIRS):
        ground = _likeness(row["sender"], row["recipient"], staff.get(row["sender"], {}), names)
        if ground:
            rows.append({"sender": row["sender"], "recipient": row["recipient"], "ground": ground})
    make_table(case, "own_like", ("sender", "recipient", "ground"), rows)


def _likeness(sender: str, recipient: str, staff: dict[str, Any], names: dict[str, set[str]]) -> str:
    """Why an address may be the sender's own: ``name``, ``romaji`` or ``local``; ``""`` where nothing says so."""
    if names.get(sender, set()) & names.get(recipient, set()):
        return "name"
    here, there = sender.partition("@")[0], recipient.partition("@")[0]
    written = folded(there)
    if any(written == way for family, given in _full_names(here, staff) for way in ways(family, given)):
        return "romaji"
    one, other = (re.sub(r"[^a-z]", "", each) for each in (here, there))
    shorter = min(len(one), len(other))
    near = one == other if shorter < 6 else edits(one, other) <= 2
    return "local" if near and shorter >= 4 else ""


def _full_names(local: str, staff: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Surname and given name as the staff's kana say, or as the parts of the own address may mean."""
    kana = [of_kana(each) for each in str(staff.get("name_kana") or "").split()]
    parts: Iterable[str] = [folded(each) for each in re.split(r"[._-]", local) if each]
    for told in (kana, parts):
        one_two = [each for each in told if each]
        if len(one_two) == 2:
            yield one_two[0], one_two[1]
            if told is parts:
                yield one_two[1], one_two[0]


_PEOPLE = ("氏名の記載", "names beside addresses")
VIEWS = {
    "person": View(title=_PEOPLE, needs=("mail", "rcpt", "staff", "partners"), make=_people, optional=True),
    "namesake": View(title=_PEOPLE, needs=("person", "exchange"), make=by_sql(NAMESAKE), optional=True),
    "greeting": View(title=("宛名", "salutations"), needs=("mail",), make=by_sql(GREETING), optional=True),
    "own_like": View(title=_PEOPLE, needs=("person", "sending", "staff"), make=_own_like, optional=True),
}
