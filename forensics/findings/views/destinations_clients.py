"""Names and terms of clients, and where they stand in mail that went outside: subject, own words, names of files.

One pass over the texts finds all terms at once. Quoted text is taken off first, because it is the other side's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.casefile.view import CaseView
from forensics.findings.sql import make_table
from forensics.findings.views import View
from forensics.formats.identity import search_key

_STATED = """
SELECT lower(domain) AS domain, name AS term FROM partners WHERE name IS NOT NULL
UNION ALL SELECT lower(domain), domain FROM partners
UNION ALL SELECT lower(domain), unnest(string_split_regex(terms, '[;、,，\\n]')) FROM partners WHERE terms IS NOT NULL
UNION ALL SELECT lower(domain), unnest(string_split_regex(term, '[;、,，\\n]')) FROM clients
ORDER BY ALL
"""
_LEGAL = re.compile(r"株式会社|有限会社|合同会社|（株）|\(株\)|㈱|\s+(inc|ltd|llc|corp)\.?$", re.IGNORECASE)
_SHORTEST = 2
_MOST_TERMS = 5000

_OWN_WORDS = r"""
regexp_replace(regexp_replace(
    CASE text.kind WHEN 'html' THEN regexp_replace(
             left(text, 200000), '(?is)<(style|script|blockquote).*?</(style|script|blockquote)>|<[^>]*>', ' ', 'g')
         ELSE left(text, 200000) END,
    '(?is)\n\s*(-{3,}\s*(original message|元のメッセージ|転送|forwarded)|_{10,}\s*\n|from:\s|差出人\s*[:：]|'
    'on .{5,80} wrote:|\d{4}年\d{1,2}月\d{1,2}日.{0,60}:\s*\n).*', ''), '(?m)^[ \t]*[>＞|].*$', '', 'g')
"""
_HITS = f"""
CREATE TEMP TABLE client_found AS
WITH gone AS (
    SELECT logical_id, any_value(record) AS record FROM sending
    WHERE NOT internal AND known_by = 'mail' AND NOT by_machine GROUP BY logical_id
), body AS (
    SELECT gone.logical_id, {_OWN_WORDS} AS words FROM gone JOIN text ON text.message_id_ref = gone.record
    WHERE text.kind IN ('plain', 'html')
), said AS (
    SELECT logical_id, 'text' AS spot, words FROM body
    UNION ALL SELECT logical_id, 'subject', subject FROM mail JOIN gone USING (logical_id)
    UNION ALL SELECT logical_id, 'file', file.name FROM file JOIN gone USING (logical_id) WHERE NOT inline
)
SELECT DISTINCT logical_id, spot, lower(unnest(regexp_extract_all(words, $1))) AS written
FROM said WHERE words IS NOT NULL
"""  # noqa: S608 - filled with constants only


def _terms(case: CaseView) -> None:
    found: dict[tuple[str, str], dict[str, str | None]] = {}
    for row in case.rows(_STATED):
        term = search_key(_LEGAL.sub("", str(row["term"] or "")).strip())
        if len(term) >= _SHORTEST and len(found) < _MOST_TERMS:
            found[row["domain"], term] = {"client": row["domain"], "term": term}
    make_table(case, "client_term", ("client", "term"), list(found.values()))


def _hits(case: CaseView) -> None:
    terms = [str(row["term"]) for row in case.rows("SELECT DISTINCT term FROM client_term ORDER BY term")]
    rows = []
    if terms:
        case.connection.execute(_HITS, [pattern(terms)])
        known = set(terms)
        for row in case.rows("SELECT logical_id, spot, written FROM client_found ORDER BY ALL"):
            term = search_key(row["written"])
            if term in known:
                rows.append({"logical_id": row["logical_id"], "spot": row["spot"], "term": term})
    make_table(case, "client_hit", ("logical_id", "spot", "term"), rows)


def pattern(terms: list[str]) -> str:
    """One expression for all terms, the longest first; Latin terms stand as words of their own."""
    ordered = sorted({form for term in terms for form in _forms(term)}, key=lambda each: (-len(each), each))
    return "(?i)(?:" + "|".join(map(_as_word, ordered)) + ")"


def _forms(term: str) -> Iterator[str]:
    yield term
    if term.isascii():
        yield "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in term)


def _as_word(form: str) -> str:
    escaped = re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", form)
    return rf"\b{escaped}\b" if form.isascii() and form[0].isalnum() and form[-1].isalnum() else escaped


VIEWS = {
    "client_term": View(title=("取引先の名称・用語", "names and terms of clients"), needs=("partners", "clients"),
                        make=_terms),
    "client_hit": View(title=("取引先の用語を含むメール", "mail with terms of clients"), optional=True, make=_hits,
                       needs=("client_term", "sending", "mail", "file")),
}  # fmt: skip
