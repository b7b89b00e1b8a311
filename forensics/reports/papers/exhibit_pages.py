"""Prints of chosen messages as exhibits, one HTML page each, whose title is the name that a print to PDF gets (mints).

Each page says from which bytes it was made. The redacted set is the same with boxes; what stood in them is a report of
its own, so that it never lies in the folder that is handed over by itself.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from forensics import __version__
from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.reports.papers import web
from forensics.reports.papers.exhibit_numbers import Exhibit, file_name, numbered, recorded
from forensics.reports.papers.exhibits import chosen, digest_of, place_of
from forensics.reports.papers.incident_blocks import facts, titles
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Code, Document, Heading, Inline, Paragraph, Strong, Table, inline
from forensics.reports.papers.options import PaperOptions
from forensics.reports.papers.redaction import Redactor
from forensics.reports.papers.words_of_html import words_of
from forensics.reports.selection import Selection
from forensics.reports.sink import Sink
from forensics.reports.visible import cell

MOST_LINES = 3_000
_ADDRESSED = 'SELECT id, "to", cc, bcc, message_id FROM message WHERE id IN (SELECT unnest($1))'
_KEY_COLUMNS = ("mark", "term", "exhibits")


class ExhibitPages:
    """選んだメールを号証として印刷するページ（1通1ファイル）と、号証・ファイル名・所在・SHA-256の一覧。"""

    name = "exhibit-pages"
    title = "号証の写し / prints of exhibits"
    version = "1"
    on_request = True
    takes_options = True
    from_ledger = True
    redacted: ClassVar[bool] = False

    def write(
        self, case: CaseView, out: Sink, *, options: PaperOptions | None = None, selection: Selection | None = None
    ) -> None:
        """Write a page for each message and the index with what was recorded."""
        material = Material(case, (options or PaperOptions()).checked())
        exhibits = exhibits_of(material, selection)
        redactor = redactor_of(material) if self.redacted else None
        names = {}
        pages = io.BytesIO()
        # One file: pages of an earlier choice must not lie beside those of this one.
        with zipfile.ZipFile(pages, "w", zipfile.ZIP_DEFLATED) as archive:
            for each in exhibits:
                if each.attachment is None:
                    made = page(each, exhibits, material, redactor)
                    names[each.number] = f"{made.file_title}.html"
                    entry = zipfile.ZipInfo(names[each.number], date_time=(1980, 1, 1, 0, 0, 0))
                    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
                    archive.writestr(entry, web.page(made))
        out.write(f"{self.name}.{material.language}.zip", pages.getvalue())
        index = f"{self.name}.{material.language}.csv"
        out.excel(index, *_index(exhibits, names, material, redactor))
        number, sha256, _ = material.source_line()
        told: dict[str, Any] = {
            "report": f"{self.name} {self.version}",
            "tool": f"email-forensics {__version__}",
            "ledger": {"number": number, "sha256": sha256},
        }
        if redactor is None:
            told["exhibits"] = list(recorded(exhibits, material))
        else:
            told["key_sha256"] = hashlib.sha256(key_list(redactor)).hexdigest()
        out.sidecar(index, told)


class RedactedPages(ExhibitPages):
    """号証の写しのマスキング版。語・氏名・アドレスは回答 redaction_terms による。対照表は含まない。"""

    name = "exhibit-pages-redacted"
    title = "号証の写し（マスキング版） / prints of exhibits, redacted"
    version = "1"
    redacted = True


class RedactionKey:
    """マスキングの対照表：番号、元の語、号証ごとの箇所数。提出する一式とは別に保管する。"""

    name = "redaction-key"
    title = "マスキングの対照表 / key list of the redaction"
    version = "1"
    on_request = True
    takes_options = True
    from_ledger = True

    def write(
        self, case: CaseView, out: Sink, *, options: PaperOptions | None = None, selection: Selection | None = None
    ) -> None:
        """Write the key list that the redacted set names by its hash."""
        material = Material(case, (options or PaperOptions()).checked())
        exhibits = exhibits_of(material, selection)
        redactor = redactor_of(material)
        for each in exhibits:
            if each.attachment is None:
                page(each, exhibits, material, redactor)
        _index(exhibits, {}, material, redactor)
        name = f"{self.name}.{material.language}.csv"
        out.write(name, key_list(redactor))
        out.sidecar(name, {"report": f"{self.name} {self.version}", "marks": len(redactor.terms)})


def exhibits_of(material: Material, selection: Selection | None) -> list[Exhibit]:
    """The chosen messages and their files under their numbers."""
    if selection is None or not (selection.where or selection.messages):
        raise UsageError("no message was chosen", todo="choose with --where or --message")
    return numbered(material, chosen(material, selection))


def redactor_of(material: Material) -> Redactor:
    """What blacks out the terms that a person stated."""
    value = material.answers.of().get("redaction_terms")
    return Redactor([value] if isinstance(value, str) else list(value or []))


def key_list(redactor: Redactor) -> bytes:
    """The key list as a table for spreadsheets: UTF-8 with BOM, no formulas."""
    buffer = io.StringIO(newline="")
    out = csv.writer(buffer, lineterminator="\r\n")
    out.writerow(_KEY_COLUMNS)
    for number, term in enumerate(redactor.terms, 1):
        places = "; ".join(f"{where} ×{count}" for where, count in redactor.counts.get(number, {}).items())
        out.writerow((f"M{number}", cell(term), places))
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "backslashreplace")


def page(exhibit: Exhibit, exhibits: Sequence[Exhibit], material: Material, redactor: Redactor | None) -> Document:
    """One message as it goes to the court."""
    blocks = [*_blocks(exhibit, exhibits, material, redactor)]
    where = exhibit.short()
    return Document(
        title=material.say("電子メールを印刷した書面", "Print of an e-mail"),
        file_title=file_name(exhibit, material, redacted=redactor is not None).removesuffix(".pdf"),
        language=material.language,
        case_id=material.facts.id,
        made_from=material.made_from(),
        moment_ns=material.source_line()[2],
        draft=False,
        bare=True,
        blocks=tuple(redactor.blocks(blocks, where) if redactor else blocks),
    )


def _blocks(
    exhibit: Exhibit, exhibits: Sequence[Exhibit], material: Material, redactor: Redactor | None
) -> Iterator[Block]:
    say, row = material.say, exhibit.message
    yield Paragraph(runs=(Strong(text=exhibit.label(material.language)),), style="right")
    if redactor:
        note = say(
            "マスキング版。■の番号は別に保管する対照表による。", "Redacted. Boxes are numbered; the key is kept apart."
        )
        yield Paragraph(runs=(note,), style="note")
    yield facts(material, _head(row, material))
    files = [each for each in exhibits if each.number == exhibit.number and each.attachment]
    if files:
        yield Heading(text=say("添付ファイル", "Attached files"), level=2)
        yield _files(files, material)
    yield Heading(text=say("本文", "Body"), level=2)
    text = _body(material, str(row["id"]))
    lines = (redactor.text(text, exhibit.short()) if redactor else text).splitlines()
    yield from (Paragraph(runs=(line or "\u3000",), style="line") for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        more = len(lines) - MOST_LINES
        yield Paragraph(runs=(Strong(text=say(f"（以下{more:,}行を省略）", f"({more:,} more lines are left out)")),))
    made = say(
        "この書面は、次の所在に保存されたメールのヘッダーと本文を表示したものであり、元のメールソフトの画面とは異なる。所在：",
        "This page shows header and body of the message stored at the place below, not the screen of a mail program: ",
    )
    yield Paragraph(runs=inline(made, place_of(row, material), "  SHA-256 ", digest_of(row, material)), style="note")


def _head(row: dict[str, Any], material: Material) -> Iterator[tuple[tuple[str, str], Inline]]:
    more = material.case.rows(_ADDRESSED, [[str(row["id"])]])[0]
    when: Inline = (material.say("（記載なし）", "(not stated)"),)
    if row["sent_ns"] is not None:
        when = (material.calendar.moment(row["sent_ns"]), material.say("（ヘッダー記載時刻）", " (by the header)"))
    yield ("差出人", "From"), (str(row["sender"] or row["sender_address"] or ""),)
    for name, title in (("to", ("宛先", "To")), ("cc", ("Cc", "Cc")), ("bcc", ("Bcc", "Bcc"))):
        if more[name]:
            yield title, (str(more[name]),)
    yield ("日時", "Date"), when
    yield ("件名", "Subject"), (str(row["subject"] or ""),)
    yield ("Message-ID", "Message-ID"), inline(Code(text=str(more["message_id"] or "—")))


def _files(files: Sequence[Exhibit], material: Material) -> Table:
    columns = (("号証", "Exhibit"), ("ファイル名", "File name"), ("バイト数", "Bytes"), ("SHA-256", "SHA-256"))
    rows = []
    for each in files:
        file = each.attachment or {}
        size, sha256 = f"{file['size'] or 0:,}", str(file["sha256"] or "—")
        name: Inline = (str(file["name"] or ""),)
        rows.append(((each.label(material.language),), name, (size,), (Code(text=sha256),)))
    return Table(columns=titles(material, *columns), rows=tuple(rows), widths=(20, 34, 12, 34))


def _body(material: Material, message: str) -> str:
    """The plain text of a message, or the words of its HTML where it has no other."""
    texts = material.case.texts(message)
    plain = next((each["text"] for each in texts if each["kind"] == "plain" and each["text"].strip()), None)
    if plain is not None:
        return str(plain)
    marked = next((each["text"] for each in texts if each["kind"] == "html"), "")
    return words_of(str(marked)) if marked else material.say("（本文なし）", "(no body)")


def _index(
    exhibits: Sequence[Exhibit], names: dict[int, str], material: Material, redactor: Redactor | None
) -> tuple[list[str], list[list[Any]]]:
    """Number, name of the PDF, page, title, place and hash of each exhibit."""
    heads = titles(
        material,
        ("号証", "Exhibit"),
        ("PDFのファイル名", "Name of the PDF"),
        ("ページ", "Page"),
        ("標目", "Title"),
        ("元データの所在", "Place in the evidence"),
        ("SHA-256", "SHA-256"),
    )
    rows = []
    for each, facts_ in zip(exhibits, recorded(exhibits, material), strict=True):
        title = str((each.attachment["name"] if each.attachment else each.message["subject"]) or "")
        pdf = file_name(each, material, redacted=redactor is not None)
        if redactor:
            title, pdf = redactor.text(title, each.short()), redactor.text(pdf, each.short())
        own = names.get(each.number, "") if each.attachment is None else ""
        rows.append([each.label(material.language), pdf, own, title, facts_["address"], facts_["sha256"]])
    return list(heads), rows
