"""A paper as one HTML file that prints on A4: own style, allowed by hash, no script, nothing from outside (CSP 3)."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from pathlib import Path

from forensics.reports.papers import marks
from forensics.reports.papers.model import (
    Block,
    Document,
    Facts,
    Heading,
    Inline,
    PageBreak,
    Paragraph,
    Signature,
    Table,
)
from forensics.reports.visible import visible

_STYLE = Path(__file__).parents[1] / "static" / "paper.css"


def page(document: Document) -> bytes:
    """The paper as bytes; the same paper gives the same bytes."""
    style = _STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    state = "" if document.bare else "".join(f"<p>{_escaped(line)}</p>" for line in marks.state(document))
    box = f'<div class="state">{state}</div>' if state else ""
    subtitle = f'<p class="subtitle">{_escaped(document.subtitle)}</p>' if document.subtitle else ""
    body = "\n".join(_block(block, document.language) for block in document.blocks)
    text = (
        f'<!doctype html>\n<html lang="{document.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escaped(document.file_title or document.title)}</title>\n<style>{style}</style>\n</head>\n"
        f'<body lang="{document.language}">\n<main{" class=wide" if document.wide else ""}>\n'
        f"<h1>{_escaped(document.title)}</h1>\n{subtitle}\n{box}\n{body}\n"
        f"<footer>{_escaped(document.made_from)}</footer>\n</main>\n</body>\n</html>\n"
    )
    return text.encode("utf-8", "backslashreplace")


def _escaped(text: str) -> str:
    return escape(visible(text))


def _runs(runs: Inline, language: str) -> str:
    return "".join(_run(*marks.told(run, language)) for run in runs)


def _run(kind: str, text: str) -> str:
    safe = escape(text)
    return safe if kind == marks.PLAIN else f'<span class="{kind}">{safe}</span>'


def _block(block: Block, language: str) -> str:
    match block:
        case Heading():
            tag = f"h{block.level + 1}"
            return f"<{tag}>{_escaped(block.text)}</{tag}>"
        case Paragraph():
            said = _runs(block.runs, language)
            if block.style == "numbered":
                return f'<p class="numbered"><span>{escape(block.number)}</span><span>{said}</span></p>'
            return f'<p class="{block.style}">{said}</p>'
        case Facts():
            rows = "".join(
                f"<tr><th>{_escaped(f.name)}</th><td>{_runs(f.value, language)}</td></tr>" for f in block.rows
            )
            return f'<table class="facts">{rows}</table>'
        case Table():
            return _table(block, language)
        case Signature():
            lines = "".join(f"<tr><th>{_escaped(line)}</th><td></td></tr>" for line in block.lines)
            name = f"<tr><th>{_escaped(block.role)}</th><td>{_runs(block.name, language)}</td></tr>"
            return f'<div class="sign"><table>{name}{lines}</table></div>'
        case PageBreak():
            return '<div class="break"></div>'


def _table(table: Table, language: str) -> str:
    if not table.rows:
        return f'<p class="note">{_escaped(table.empty)}</p>'
    share = sum(table.widths)
    widths = "".join(f'<col width="{width * 100 / share:.2f}%">' for width in table.widths)
    head = "".join(f"<th>{_escaped(name)}</th>" for name in table.columns)
    kind = ' class="tall"' if table.tall else ""
    rows = "".join(
        f"<tr{kind}>{''.join(f'<td>{_runs(cell, language)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return f"<table><colgroup>{widths}</colgroup><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
