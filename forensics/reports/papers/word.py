"""A paper as DOCX (ISO/IEC 29500-1) to be finished in a word processor; the same paper gives the same bytes.

python-docx writes the parts; the container is written again with fixed times, because its own entries carry the clock.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import _Cell

from forensics.moments import to_datetime
from forensics.reports.papers import marks
from forensics.reports.papers.model import (
    Document,
    Facts,
    Heading,
    Inline,
    PageBreak,
    Paragraph,
    Run,
    Signature,
    Strong,
    Table,
)
from forensics.reports.visible import visible

_FONTS = {"ja": ("Times New Roman", "ＭＳ 明朝"), "en": ("Times New Roman", "ＭＳ 明朝")}
_CODE_FONT = "Consolas"
_CELL_SIZES = (8.5, 9.5, 10)
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP entry can carry."""
_ALIGN = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "centre": WD_ALIGN_PARAGRAPH.CENTER}


def file(document: Document) -> bytes:
    """The paper as bytes."""
    made = docx.Document()
    _set_up(made, document)
    title = made.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run(visible(document.title))
    run.bold, run.font.size = True, Pt(17)
    if document.subtitle:
        made.add_paragraph(visible(document.subtitle)).alignment = WD_ALIGN_PARAGRAPH.CENTER
    _state(made, document)
    for block in document.blocks:
        _add(made, block, document)
    buffer = io.BytesIO()
    made.save(buffer)
    return _without_clock(buffer.getvalue())


def _without_clock(data: bytes) -> bytes:
    """The same parts in the same order, each entry with the same time and the same system."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, date_time=_FIRST_DAY)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            target.writestr(entry, source.read(name))
    return out.getvalue()


def _set_up(made: Any, document: Document) -> None:
    latin, asian = _FONTS[document.language]
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = latin, Pt(10.5)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), asian)
    normal.paragraph_format.space_after = Pt(5)
    made.styles["Footer"].font.size = Pt(7)
    for size in _CELL_SIZES:
        cell = made.styles.add_style(_cell_style(size), WD_STYLE_TYPE.PARAGRAPH)
        cell.base_style, cell.font.size = normal, Pt(size)
        cell.paragraph_format.space_before = cell.paragraph_format.space_after = Pt(1.5)
    # Without it a word processor may show Japanese with the glyphs of Chinese.
    for lang in made.styles.element.iter(qn("w:lang")):
        lang.set(qn("w:val"), "en-US")
        lang.set(qn("w:eastAsia"), "ja-JP")
    section = made.sections[0]
    width, height = (Mm(297), Mm(210)) if document.wide else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if document.wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = width, height
    section.top_margin, section.bottom_margin = Mm(25), Mm(22)
    section.left_margin, section.right_margin = Mm(18 if document.wide else 30), Mm(18 if document.wide else 20)
    _foot(section.footer.paragraphs[0], document)
    when = to_datetime(document.moment_ns).replace(tzinfo=None, microsecond=0)
    core = made.core_properties
    core.title, core.author, core.last_modified_by, core.comments = document.title, "", "", ""
    core.language, core.identifier = document.language, document.case_id
    core.created = core.modified = when
    core.revision = 1


def _cell_style(size: float) -> str:
    return f"Cell {size}"


def _foot(paragraph: Any, document: Document) -> None:
    paragraph.add_run(visible(document.made_from) + "  ")
    for field in ("PAGE", None, "NUMPAGES"):
        if field is None:
            paragraph.add_run(" / ")
            continue
        element = OxmlElement("w:fldSimple")
        element.set(qn("w:instr"), field)
        paragraph._p.append(element)


def _state(made: Any, document: Document) -> None:
    table = made.add_table(rows=1, cols=1, style="Table Grid")
    cell = table.rows[0].cells[0]
    _shade(cell, "FFF8DE")
    for number, line in enumerate(marks.state(document)):
        paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.add_run(visible(line)).font.size = Pt(8.5)
    made.add_paragraph()


def _add(made: Any, block: object, document: Document) -> None:
    match block:
        case Heading():
            paragraph = made.add_paragraph()
            paragraph.paragraph_format.space_before, paragraph.paragraph_format.keep_with_next = Pt(12), True
            _outline(paragraph, block.level)
            run = paragraph.add_run(visible(block.text))
            run.bold, run.font.size = True, Pt(12 if block.level == 1 else 10.5)
        case Paragraph():
            _paragraph(made, block, document.language)
        case Facts():
            rows = tuple(((fact.name,), fact.value) for fact in block.rows)
            _grid(made, None, rows, (32, 68), document, 9.5)
        case Table():
            if block.rows:
                _grid(made, block.columns, block.rows, block.widths, document, 8.5, tall=block.tall)
            else:
                made.add_paragraph().add_run(visible(block.empty)).font.size = Pt(9)
        case Signature():
            rows = (((block.role,), block.name), *(((line,), ()) for line in block.lines))
            made.add_paragraph()
            _grid(made, None, rows, (35, 65), document, 10, tall=True)
        case PageBreak():
            made.add_page_break()


def _outline(paragraph: Any, level: int) -> None:
    """Headings in the outline of the document, without the colours of the built-in styles."""
    element = OxmlElement("w:outlineLvl")
    element.set(qn("w:val"), str(level - 1))
    paragraph._p.get_or_add_pPr().append(element)


def _paragraph(made: Any, block: Paragraph, language: str) -> None:
    paragraph = made.add_paragraph()
    if block.style in _ALIGN:
        paragraph.alignment = _ALIGN[block.style]
    size = Pt(9) if block.style == "note" else None
    if block.style == "numbered":
        paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Mm(9), Mm(-9)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(9))
        paragraph.add_run(f"{block.number}\t")
    _runs(paragraph, block.runs, language, size)


def _runs(paragraph: Any, runs: Inline, language: str, size: Any) -> None:
    for run in runs:
        _run(paragraph, run, language, size)


def _run(paragraph: Any, run: Run, language: str, size: Any) -> None:
    kind, text = marks.told(run, language)
    made = paragraph.add_run(text)
    if size is not None:
        made.font.size = size
    if kind == marks.MISSING:
        made.bold, made.font.highlight_color = True, WD_COLOR_INDEX.YELLOW
        made.font.color.rgb = RGBColor(0xB0, 0x00, 0x00)
    elif kind == marks.OPEN:
        made.bold, made.font.highlight_color = True, WD_COLOR_INDEX.TURQUOISE
    elif kind == marks.REFERENCE:
        made.font.color.rgb = RGBColor(0x44, 0x54, 0x6A)
        made.font.size = Pt(8)
    elif kind == marks.CODE:
        made.font.name, made.font.size = _CODE_FONT, Pt(8)
    elif kind == marks.STRONG:
        made.bold = True


def _grid(
    made: Any,
    columns: tuple[str, ...] | None,
    rows: tuple[tuple[Inline, ...], ...],
    widths: tuple[int, ...],
    document: Document,
    size: float,
    *,
    tall: bool = False,
) -> None:
    table = made.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.autofit = False
    style = made.styles[_cell_style(size)].style_id
    room, share = (261 if document.wide else 160), sum(widths)
    wide = [Mm(room * width / share) for width in widths]
    for column, width in zip(table.columns, wide, strict=True):
        column.width = width
    if columns is not None:
        head = table.add_row()
        _repeat(head)
        _fill(head, tuple((Strong(text=name),) for name in columns), wide, document.language, style, shaded=True)
    for row in rows:
        line = table.add_row()
        if tall:
            line.height = Mm(12)
        _fill(line, row, wide, document.language, style, shaded=False)
    made.add_paragraph().paragraph_format.space_after = Pt(2)


def _fill(line: Any, row: tuple[Inline, ...], wide: list[Any], language: str, style: str, *, shaded: bool) -> None:
    # Word goes by the widths of the cells, other programs by those of the grid. Row.cells looks at the whole table.
    for part, runs, width in zip(line._tr.tc_lst, row, wide, strict=True):
        cell = _Cell(part, line)
        cell.width = width
        paragraph = cell.paragraphs[0]
        # The setter of the library looks through all styles for every cell.
        paragraph._p.get_or_add_pPr().style = style
        _runs(paragraph, runs, language, None)
        if shaded:
            _shade(cell, "EFEFEC")
    element = OxmlElement("w:cantSplit")
    line._tr.get_or_add_trPr().append(element)


def _repeat(line: Any) -> None:
    """This row stands at the top of every page of its table."""
    line._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _shade(cell: Any, colour: str) -> None:
    element = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        element.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(element)
