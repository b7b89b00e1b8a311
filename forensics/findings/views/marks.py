"""Static marks in documents that came from outside, as a view: that they hold a program, never that they are harmful.

``static_mark`` has a row for each content and mark: VBA and Excel 4.0 macros (MS-OVBA 2.2.1, MS-XLS 2.4.28), DDE,
templates and objects that are fetched (ECMA-376 part 2), JavaScript and programs of PDF (ISO 32000-1, 12.6.4), objects
of RTF. Nothing is run or unpacked but the parts that say so. ``mark_candidate`` tells which contents were looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forensics.casefile.view import CaseView
from forensics.errors import FormatError
from forensics.findings.sql import make_table
from forensics.findings.views import View
from forensics.formats.archives.limits import Budget
from forensics.formats.archives.unpacking import content
from forensics.formats.archives.zip_directory import is_zip, read_directory

_MOST_FILES = 5_000
_LARGEST = 20 << 20
_ENDINGS = (
    "('doc', 'dot', 'xls', 'xlt', 'xla', 'ppt', 'pps', 'docm', 'dotm', 'xlsm', 'xltm', 'xlsb', 'xlam', 'pptm', 'rtf')"
)

# Those that are made to hold macros first, then in order of time, so that a limit cuts the same ones each time.
_CANDIDATES = f"""
CREATE TEMP TABLE mark_candidate AS
SELECT *, row_number() OVER (ORDER BY NOT apt, first_utc NULLS LAST, sha256) <= {_MOST_FILES}
          AND size <= {_LARGEST} AS read
FROM (
    SELECT file.sha256, min(mail.utc) AS first_utc, max(file.size) AS size,
           bool_or(coalesce(ext, '') IN {_ENDINGS}) AS apt
    FROM file JOIN mail USING (logical_id)
    WHERE NOT mail.sender_internal AND file.sha256 IS NOT NULL AND (
        coalesce(ext, '') IN {_ENDINGS}
        OR file.detected_type IN ('application/pdf', 'application/rtf', 'application/msword',
        'application/vnd.ms-excel', 'application/vnd.ms-powerpoint', 'application/x-ole-storage')
        OR file.detected_type LIKE 'application/vnd.openxmlformats-%')
    GROUP BY file.sha256
)
"""  # noqa: S608 - filled with constants only
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_VBA = tuple(name.encode("utf-16-le") for name in ("_VBA_PROJECT", "_VBA_PROJECT_CUR"))
_MACRO_SHEET = re.compile(rb"\x85\x00[\x08-\x48]\x00.{4}[\x00-\x02]\x01", re.DOTALL)
_DDE = re.compile(rb"DDEAUTO|D\0D\0E\0A\0U\0T\0O\0")
_FIELD = re.compile(rb">\s*DDE(?:AUTO)?\s", re.IGNORECASE)
_FETCHED = re.compile(
    rb"<Relationship\b(?=[^>]*TargetMode=\"External\")(?=[^>]*/(?:attachedTemplate|oleObject|frame|subDocument)\")[^>]*>"
)
_SCRIPT = re.compile(rb"/JavaScript\b|/JS\s*[(<\d]")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECT = re.compile(rb"\\obj(?:data|update|autlink|ocx)\b", re.IGNORECASE)


def marks_of(data: bytes) -> Iterator[str]:
    """Every mark of one document, by its bytes alone."""
    if data.startswith(_OLE):
        yield from _of_ole(data)
    elif is_zip(data):
        yield from _of_package(data)
    elif data[:1024].find(b"%PDF-") >= 0:
        yield from _of_pdf(data)
    elif data.startswith(b"{\\rt") and _OBJECT.search(data):
        yield "rtf_object"


def _of_ole(data: bytes) -> Iterator[str]:
    if any(name in data for name in _VBA):
        yield "vba"
    if "Workbook".encode("utf-16-le") in data and _MACRO_SHEET.search(data):
        yield "excel4_macro"
    if _DDE.search(data):
        yield "dde"


def _of_package(data: bytes) -> Iterator[str]:
    """A ZIP file of Office; one whose directory is broken has no marks that could be told."""
    budget = Budget()
    try:
        for member in read_directory(data):
            name = member.name.lower()
            if name.endswith("vbaproject.bin"):
                yield "vba"
            elif name.startswith("xl/macrosheets/"):
                yield "excel4_macro"
            elif name.endswith(".rels") or name == "word/document.xml":
                if member.locked or budget.refusal(member.packed_size, member.size):
                    continue
                budget.spend(member.size)
                part = content(data, member).data or b""
                if name.endswith(".rels") and _FETCHED.search(part):
                    yield "fetched_template"
                elif name == "word/document.xml" and _FIELD.search(part):
                    yield "dde"
    except FormatError:
        return


def _of_pdf(data: bytes) -> Iterator[str]:
    """An action on opening is common and harmless; it counts with a script or a program only."""
    plain = _ESCAPE.sub(lambda hit: bytes((int(hit[1], 16),)), data)
    script, launch = bool(_SCRIPT.search(plain)), b"/Launch" in plain
    if script:
        yield "pdf_script"
    if launch:
        yield "pdf_program"
    if (script or launch) and b"/OpenAction" in plain:
        yield "pdf_on_opening"


def _make(case: CaseView) -> None:
    case.connection.execute(_CANDIDATES)
    rows = []
    for row in case.rows("SELECT sha256 FROM mark_candidate WHERE read ORDER BY sha256") if case.vault is None else ():
        sha256 = str(row["sha256"])
        rows += [{"sha256": sha256, "mark": mark} for mark in dict.fromkeys(marks_of(case.content(sha256)))]
    make_table(case, "static_mark", ("sha256", "mark"), rows)


VIEWS = {
    "static_mark": View(title=("添付ファイル", "attachments"), needs=("mail", "file"), make=_make, optional=True),
}
