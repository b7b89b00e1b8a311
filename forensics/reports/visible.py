"""Text from evidence made harmless for a reader's eyes and spreadsheet: nothing hidden, no formula (ASVS 5.0, 1.2.10).

Control, bidirectional and zero-width characters become ``⟦U+202E⟧``; a cell that a spreadsheet would compute gets a
leading apostrophe. The exact value stays in the records.
"""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
_FORMULA = re.compile("[ \u3000\xa0]*[=+\\-@\t\r\n\0＝＋－＠]")
_LINE = re.compile("\r\n|\r|\n")
CELL_LIMIT = 32_767
"""Characters that one cell of the common spreadsheets can hold."""
_ROOM = 40


def visible(text: str) -> str:
    """``text`` with every character that would hide or turn something shown as its number."""
    if text.isprintable() and _HIDDEN.search(text) is None:
        return text
    return _HIDDEN.sub(lambda match: f"⟦U+{ord(match.group()):04X}⟧", text)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take the text for a formula."""
    return _FORMULA.match(text) is not None


def cell(text: str) -> str:
    """``text`` as a spreadsheet may have it: visible, no formula, and said where it is cut."""
    shown = visible(text[: CELL_LIMIT + 1])
    if is_formula(text):
        shown = "'" + shown
    if len(text) <= CELL_LIMIT and len(shown) <= CELL_LIMIT:
        return shown
    return f"{shown[: CELL_LIMIT - _ROOM]}…[{len(text)} characters, cut]"


def visible_lines(text: str) -> str:
    """Like :func:`visible` for a text of several lines: line breaks and tabs stay what they are."""
    return "\n".join("\t".join(visible(piece) for piece in line.split("\t")) for line in _LINE.split(text))
