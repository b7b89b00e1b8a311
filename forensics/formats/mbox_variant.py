"""Which variant of mbox a box is, by all that its lines say: mboxo, mboxrd, mboxcl, mboxcl2 (mbox(5), RFC 4155).

What each variant leaves in the bodies of a box, and so what speaks against it:

    variant  "From " becomes  ">From " becomes  Content-Length  spoken against by
    mboxo    ">From "         ">From "          no              "From "; a ">>From " that a writer made of ">From "
    mboxrd   ">From "         ">>From "         no              "From "; a ">From " that stood so in the text
    mboxcl   ">From "         ">From "          yes             "From "
    mboxcl2  "From "          ">From "          yes

Whether the writer of the box set a ">" or the writer of the text did is told from the neighbouring line: in a
quotation every line has as many ">". Where the lines contradict each other, or none tells, nothing is undone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forensics.formats.mbox_lines import Variant

_LONGEST = 1000
_FROM = re.compile(rb">*From ")


@dataclass(slots=True, kw_only=True)
class Signs:
    """What was seen in a box that tells the variants apart.

    Of lines that begin with ">From " (``once``) or with more ">" (``twice``) it is counted on which of them the
    neighbouring line has one ">" less, so that the writer of the box set it (``*_added``). ``level`` counts those whose
    neighbour has as many, so that they stood so in the text.
    """

    lengths_right: int = 0
    lengths_wrong: int = 0
    plain: int = 0
    once: int = 0
    once_added: int = 0
    twice: int = 0
    twice_added: int = 0
    level: int = 0

    def quoted(self, block: bytes, start: int, newline: bytes) -> None:
        """Count the line of the block that begins at ``start`` with one or more ">" and then "From "."""
        if block.startswith(b"From ", block.rfind(newline, 0, max(start - 1, 0)) + 1):
            # Behind a From_ line it is the envelope line of an earlier delivery.
            return
        depth = _depth(block, start)
        near = _neighbour(block, start, newline)
        added = near == depth - 1
        self.level += near == depth
        if depth == 1:
            self.once += 1
            self.once_added += added
        else:
            self.twice += 1
            self.twice_added += added


def tell(signs: Signs) -> tuple[Variant, tuple[str, ...]]:
    """The variant that everything agrees with, and on what basis."""
    added = signs.once_added + signs.twice_added
    seen = (
        f"Content-Length ends at the next message in {signs.lengths_right}, elsewhere in {signs.lengths_wrong}",
        f'lines of texts with "From ": {signs.plain}; with ">From ": {signs.once}; with more ">": {signs.twice}',
        f"by the lines beside them, the writer of the box set the first > in {added}; {signs.level} stood so in texts",
    )
    variant, why = _by_length(signs) if signs.lengths_right > signs.lengths_wrong else _by_quoting(signs)
    return variant, (*seen, why)


def _by_length(signs: Signs) -> tuple[Variant, str]:
    quoted = signs.once + signs.twice
    if signs.plain and quoted:
        return Variant.MBOXCL2, 'lines "From " stand in texts unquoted, so lines ">From " were not quoted either'
    if signs.once > signs.level:
        return Variant.MBOXCL, 'lengths hold and no line "From " stands unquoted; mboxcl2 with such texts is possible'
    return Variant.MBOXCL2, "lengths hold and no line was quoted by the writer of the box"


def _by_quoting(signs: Signs) -> tuple[Variant, str]:
    once, twice = signs.once, signs.twice
    if not once + twice:
        return Variant.UNDETERMINED, "no line tells the variants apart, so none needs to be undone"
    if signs.plain:
        return Variant.UNDETERMINED, 'lines "From " stand in texts unquoted, which no variant does: nothing is undone'
    if signs.level and signs.twice_added:
        return Variant.UNDETERMINED, "some lines speak for mboxrd and some against it: nothing is undone"
    if signs.twice_added:
        return Variant.MBOXRD, "a line that was quoted already was quoted once more, and nothing speaks against it"
    if signs.level:
        if signs.once_added:
            return Variant.MBOXO, 'lines ">From " of texts were left as they are, which mboxrd does not do'
        return Variant.UNDETERMINED, "no line was certainly quoted by the writer of the box: nothing is undone"
    if once and twice:
        return Variant.MBOXRD, 'lines ">From " and ">>From " both occur, and nothing speaks against mboxrd'
    if once:
        return Variant.MBOXO, "mboxrd would look the same, as no line was quoted twice"
    return Variant.UNDETERMINED, 'lines ">>From " alone may be of mboxrd or of the text: nothing is undone'


def _depth(block: bytes, start: int) -> int:
    end = start
    while block[end : end + 1] == b">":
        end += 1
    return end - start


def _neighbour(block: bytes, start: int, newline: bytes) -> int | None:
    """How many ">" begin the line before, or else the line after; None where neither is there to tell."""
    end = block.rfind(newline, 0, start)
    before = block.rfind(newline, max(end - _LONGEST, 0), end) if end > 0 else -1
    found = _marks(block[before + 1 : end]) if before >= 0 else None
    if found is None and (after := block.find(newline, start, start + _LONGEST)) >= 0:
        stop = block.find(newline, after + 1, after + 1 + _LONGEST)
        found = _marks(block[after + 1 : stop if stop >= 0 else after + 1 + _LONGEST])
    return found


def _marks(line: bytes) -> int | None:
    """The depth of a line; None of a blank one, of another that may have been quoted, and of "> text": it has a blank.

    Whoever quotes with a blank behind the ">" never makes ">From " out of a line.
    """
    if not line.strip() or _FROM.match(line):
        return None
    marks = len(line) - len(line.lstrip(b">"))
    return None if marks and line[marks : marks + 1] in (b" ", b"\t") else marks
