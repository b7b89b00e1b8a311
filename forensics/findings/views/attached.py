"""What lies in attachments, as views: the same content under any name and in archives, programs, and what is locked.

``carried`` has a row for each content of each message: its SHA-256, or CRC-32 and size where it lies in a locked ZIP
file (APPNOTE.TXT 6.3.10, 4.4.7: the CRC of the plain bytes). ``executable`` has a row for each file that can run, by
its name or by its first bytes. ``protection`` says of each attachment whether it is locked: by what was read of it, and
else by what its type and its list of members tell.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from forensics.casefile.view import CaseView
from forensics.findings.sql import make_table
from forensics.findings.views import View, by_sql

ENDINGS = frozenset((
    "exe", "scr", "com", "bat", "cmd", "pif", "cpl", "dll", "sys", "msi", "msp", "msix", "appx", "ps1", "psm1",
    "js", "jse", "vbs", "vbe", "wsf", "wsh", "hta", "lnk", "iso", "img", "vhd", "vhdx", "jar", "chm", "one", "url",
    "reg", "scf", "inf", "ws", "msc", "application", "gadget", "xll", "appref-ms",
))  # fmt: skip
"""Endings of files that a double click runs, or that bring such files (catalogue P08)."""
DOCUMENTS = frozenset((
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "rtf", "txt", "csv", "htm", "html", "jpg", "jpeg", "png",
    "gif", "bmp", "tif", "tiff", "mp3", "mp4", "zip",
))  # fmt: skip
_RUNS = {
    "application/vnd.microsoft.portable-executable": "exe",
    "application/x-elf": "elf",
    "application/x-ms-shortcut": "lnk",
    "application/java-archive": "jar",
}
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")

# The content of a locked member is known by CRC-32 and size, where a file of the case has both.
CARRIED = """
CREATE TEMP TABLE carried AS
WITH told AS (
    SELECT file.logical_id, file.record, file.address, file.message_record, file.name, file.size, file.sha256,
           attachment.crc32, 'attachment' AS how, NULL AS archive, file.inline
    FROM file JOIN attachment ON attachment.id = file.record WHERE file.size > 0 AND file.sha256 IS NOT NULL
    UNION ALL
    SELECT file.logical_id, member.id, member.address, file.message_record, member.name, member.size, member.sha256,
           member.crc32, CASE WHEN member.sha256 IS NOT NULL THEN 'member' WHEN member.locked IS NOT NULL THEN 'locked'
                              ELSE 'listed' END, file.name, FALSE
    FROM archive_member AS member JOIN file ON file.record = member.attachment_ref
    WHERE member.size > 0 AND (member.sha256 IS NOT NULL OR member.crc32 IS NOT NULL)
), known AS (
    SELECT crc32, size, any_value(sha256) AS sha256 FROM told
    WHERE sha256 IS NOT NULL AND crc32 IS NOT NULL GROUP BY crc32, size
)
SELECT told.* REPLACE (coalesce(told.sha256, known.sha256) AS sha256),
       coalesce(told.sha256, known.sha256, told.crc32 || ':' || told.size) AS content
FROM told LEFT JOIN known ON told.sha256 IS NULL AND known.crc32 = told.crc32 AND known.size = told.size
"""

NAMED = """
SELECT DISTINCT name FROM (
    SELECT name FROM attachment
    UNION ALL SELECT regexp_extract(unnest(names), '=(.*)$', 1) FROM attachment
    UNION ALL SELECT name FROM archive_member WHERE depth <= 3
) WHERE name IS NOT NULL AND name <> ''
"""

EXECUTABLE = """
CREATE TEMP TABLE executable AS
WITH told AS (
    SELECT file.record, file.address, file.logical_id, file.name, file.sha256, file.size, file.detected_type,
           attachment.names, 0 AS depth, NULL AS archive
    FROM file JOIN attachment ON attachment.id = file.record
    UNION ALL
    SELECT member.id, member.address, file.logical_id, member.name, member.sha256, member.size, member.detected_type,
           [], member.depth, file.name
    FROM archive_member AS member JOIN file ON file.record = member.attachment_ref WHERE member.depth <= 3
), spelt AS (
    SELECT record, unnest(list_distinct([name] || list_transform(coalesce(names, []),
                          lambda one: regexp_extract(one, '=(.*)$', 1)))) AS name FROM told
), signed AS (
    SELECT record, list_sort(list(DISTINCT name_signs.sign)) AS signs, max(name_signs.shown) AS shown
    FROM spelt JOIN name_signs USING (name) GROUP BY record
), by_bytes AS (
    SELECT record, 'bytes_' || run_types.ending AS sign FROM told JOIN run_types ON run_types.type = told.detected_type
)
SELECT told.* EXCLUDE (names),
       list_sort(coalesce(signs, []) || CASE WHEN sign IS NULL THEN [] ELSE [sign] END) AS signs,
       coalesce(shown, name) AS shown,
       list_has_any(coalesce(signs, []), ['double_ending', 'turned_name', 'blanks'])
       OR (sign IS NOT NULL AND NOT list_contains(coalesce(signs, []), 'ending')) AS tricked
FROM told LEFT JOIN signed USING (record) LEFT JOIN by_bytes USING (record)
WHERE list_contains(coalesce(signs, []), 'ending') OR sign IS NOT NULL
"""

# Where no reader said more: a type that is nothing but locked, a member that is, a PDF that says so (by which password
# it opens is then not known), an archive of a kind that was not opened.
DERIVED = """
CREATE TEMP TABLE protection_derived AS
WITH members AS (
    SELECT attachment_ref, bool_or(locked IS NOT NULL) AS locked, any_value(locked) AS method
    FROM archive_member GROUP BY attachment_ref
)
SELECT file.record, file.logical_id, file.name, file.sha256,
       CASE WHEN members.locked THEN 'encrypted'
            WHEN file.detected_type = 'application/x-ole-encrypted-package' THEN 'encrypted'
            WHEN coalesce(file.declared_type, '') IN ('application/pkcs7-mime', 'application/x-pkcs7-mime',
                 'application/pgp-encrypted') OR file.ext IN ('p7m', 'pgp', 'gpg', 'aes') THEN 'encrypted'
            WHEN list_bool_or(list_transform(coalesce(attachment.facts, []), lambda one: starts_with(one, 'locked=')
                 OR starts_with(one, 'unread='))) THEN 'unknown'
            WHEN file.sha256 IS NULL THEN 'unknown' ELSE 'open' END AS state,
       coalesce(members.method, file.detected_type) AS kind
FROM file JOIN attachment ON attachment.id = file.record LEFT JOIN members ON members.attachment_ref = file.record
"""
PROTECTION = """
CREATE TEMP TABLE protection AS
SELECT derived.* REPLACE (coalesce(read.state, derived.state) AS state, coalesce(read.kind, derived.kind) AS kind)
FROM protection_derived AS derived
LEFT JOIN (SELECT sha256, max(state) AS state, max(kind) AS kind FROM file_state
           WHERE state <> 'unknown' GROUP BY sha256) AS read USING (sha256)
"""

TOLD = """
CREATE TEMP TABLE verdict_told AS
SELECT lower(sha256) AS sha256, verdict, engine, "at" AS judged_at, 'table' AS source FROM verdicts
UNION ALL
SELECT lower(json_extract_string(detail, '$.file_sha256')), json_extract_string(detail, '$.verdict'), system,
       CAST(utc AS VARCHAR), 'gateway'
FROM hold
WHERE json_extract_string(detail, '$.verdict') IS NOT NULL AND json_extract_string(detail, '$.file_sha256') IS NOT NULL
"""


def signs_of(name: str) -> Iterator[str]:
    """What the name of a file says: that it runs, and by which trick it does not look so."""
    turned = bool(_TURNS & set(name))
    plain = "".join(each for each in unicodedata.normalize("NFKC", name) if each not in _TURNS)
    parts = [part.strip().lower() for part in plain.rstrip(". ").split(".")]
    if len(parts) < 2 or parts[-1] not in ENDINGS:
        return
    yield "ending"
    if turned:
        yield "turned_name"
    if len(parts) > 2 and parts[-2] in DOCUMENTS:
        yield "double_ending"
    if "   " in plain:
        yield "blanks"


def shown_name(name: str) -> str:
    """The name with its marks of direction written out, so that a reader sees what is there."""
    return "".join(f"<U+{ord(each):04X}>" if each in _TURNS else each for each in name)


def _name_rows(names: Iterable[str]) -> Iterator[dict[str, str | None]]:
    for name in names:
        for sign in signs_of(name):
            yield {"name": name, "sign": sign, "shown": shown_name(name)}


def _executable(case: CaseView) -> None:
    names = (str(row["name"]) for row in case.rows(NAMED))
    make_table(case, "name_signs", ("name", "sign", "shown"), list(_name_rows(names)))
    make_table(case, "run_types", ("type", "ending"), [{"type": each, "ending": end} for each, end in _RUNS.items()])
    case.connection.execute(EXECUTABLE)


_TITLE = ("添付ファイル", "attachments")
VIEWS = {
    "carried": View(title=_TITLE, needs=("file",), make=by_sql(CARRIED)),
    "executable": View(title=_TITLE, needs=("file",), make=_executable, optional=True),
    "verdict_told": View(title=("マルウェア判定", "verdicts on files"), needs=("verdicts", "hold"), make=by_sql(TOLD)),
    "protection_derived": View(title=_TITLE, needs=("file",), make=by_sql(DERIVED)),
    "protection": View(title=_TITLE, needs=("protection_derived", "file_state"), make=by_sql(PROTECTION)),
}
