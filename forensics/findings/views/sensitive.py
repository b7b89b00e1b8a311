"""Personal and sensitive data in what was sent outside, as views: found once for each file and each body text.

``sensitive`` has a row for each kind of data in a file (``ref`` is its SHA-256) or body (``ref`` is its message), with
a masked sample; ``counted`` one for each of them with its rows and the least and greatest number of persons;
``listed_address`` one for each address in it that looks like a person's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics import tables
from forensics.casefile.view import CaseView
from forensics.findings import sensitive
from forensics.findings.sensitive import Scan
from forensics.findings.views import View, by_sql
from forensics.schemas import Type

_CHUNK = 20_000_000
"""Characters of texts that are held at once."""
_SENT = """
CREATE TEMP TABLE sent_text AS
SELECT 'file' AS source, sha256 AS ref, sum(length(key))::BIGINT AS size FROM file_text
WHERE sha256 IN (SELECT sha256 FROM file JOIN mail USING (logical_id) WHERE direction = 'out' AND NOT file.inline)
GROUP BY sha256
UNION ALL
SELECT 'body', logical_id, length(own_key) FROM body JOIN mail USING (logical_id)
WHERE direction = 'out' AND regexp_matches(own_key, '(?:[0-9][^0-9]{0,2}){6}|@|生年月日|生まれ|birth')
"""
_ORDERED = """
CREATE TEMP TABLE sent_numbered AS
SELECT *, (sum(size) OVER (ORDER BY source, ref ROWS UNBOUNDED PRECEDING) // $1)::BIGINT AS chunk FROM sent_text
"""
_KEYS = """
SELECT source, ref, position, key FROM sent_numbered JOIN file_text ON file_text.sha256 = ref
WHERE source = 'file' AND chunk = $1
UNION ALL
SELECT source, ref, 0, own_key FROM sent_numbered JOIN body ON body.logical_id = ref
WHERE source = 'body' AND chunk = $1
ORDER BY source, ref, position
"""
_KINDS: tuple[tuple[str, Type], ...] = (
    ("source", "text"), ("ref", "text"), ("kind", "text"), ("n", "int64"), ("sample", "text"), ("strong", "flag"),
)  # fmt: skip
_COUNTED: tuple[tuple[str, Type], ...] = (
    ("source", "text"), ("ref", "text"), ("rows", "int64"), ("is_list", "flag"), ("persons_min", "int64"),
    ("persons_max", "int64"),
)  # fmt: skip
_ADDRESSES: tuple[tuple[str, Type], ...] = (("source", "text"), ("ref", "text"), ("address", "text"))


def _make(case: CaseView) -> None:
    case.connection.execute(_SENT)
    case.connection.execute(_ORDERED, [_CHUNK])
    kinds: list[tuple[Any, ...]] = []
    counted: list[tuple[Any, ...]] = []
    addresses: list[tuple[Any, ...]] = []
    for (source, ref), found in _scans(case):
        if not found.counts:
            continue
        for kind, count in sorted(found.counts.items()):
            kinds.append((source, ref, kind, count, found.samples[kind], kind in sensitive.STRONG))
        counted.append((source, ref, found.rows, found.is_list, *found.persons()))
        addresses += [(source, ref, each) for each in sorted(found.addresses) if not sensitive.is_role(each)]
    for name, columns, rows in (
        ("sensitive_found", _KINDS, kinds),
        ("counted_found", _COUNTED, counted),
        ("address_found", _ADDRESSES, addresses),
    ):
        case.connection.register(name, tables.of_rows(columns, rows))
    case.connection.execute("CREATE TEMP TABLE sensitive AS SELECT * FROM sensitive_found")


def _scans(case: CaseView) -> Iterator[tuple[tuple[str, str], Scan]]:
    (last,) = case.rows("SELECT max(chunk) AS n FROM sent_numbered")
    for chunk in range(int(last["n"] or 0) + 1):
        found: dict[tuple[str, str], Scan] = {}
        for row in case.rows(_KEYS, [chunk]):
            found.setdefault((row["source"], row["ref"]), Scan())
            sensitive.scan(row["key"] or "", found[row["source"], row["ref"]])
        yield from found.items()


_TITLE = ("個人情報・機微情報", "personal and sensitive data")
VIEWS = {
    "sensitive": View(title=_TITLE, needs=("mail", "file", "file_text", "body"), make=_make, optional=True),
    "counted": View(
        title=_TITLE,
        needs=("sensitive",),
        make=by_sql("CREATE TEMP TABLE counted AS SELECT * FROM counted_found"),
        optional=True,
    ),
    "listed_address": View(
        title=_TITLE,
        needs=("sensitive",),
        make=by_sql("CREATE TEMP TABLE listed_address AS SELECT * FROM address_found"),
        optional=True,
    ),
}
