"""Where the body of a multipart falls apart: delimiter lines, preamble, epilogue, and what is wrong with them.

Follows RFC 2046 section 5.1.1; only an exact delimiter line counts, nothing behind the closing one goes unmentioned.
"""

from __future__ import annotations

from dataclasses import dataclass

from forensics.formats.headers import Buffer, Defect

_DELIMITER_TAIL = 256


@dataclass(slots=True, kw_only=True)
class Division:
    """The spans of the parts, and of what stands before and behind them; ``surplus`` if the last span holds many."""

    spans: list[tuple[int, int]]
    preamble: tuple[int, int]
    epilogue: tuple[int, int] | None
    defects: list[Defect]
    surplus: bool = False


def divide(raw: Buffer, start: int, end: int, boundary: bytes, room: int) -> Division:
    """Cut a multipart body at its delimiter lines; a longer line that only begins like one is text."""
    whole = Division(spans=[], preamble=(start, end), epilogue=None, defects=[])
    if not boundary:
        whole.defects.append(Defect(what="multipart without a boundary", start=start, end=end))
        return whole
    at, part_start = start, -1
    while (found := _delimiter(raw, at, end, boundary)) is not None:
        line_start, line_end, closes = found
        before = _before_line_end(raw, start, line_start)
        if part_start < 0:
            whole.preamble = (start, line_start)
        elif line_start > part_start or closes:
            whole.spans.append((part_start, max(part_start, before)))
        else:
            whole.defects.append(Defect(what="boundary lines with nothing between", start=part_start, end=line_end))
        at = part_start = line_end
        if closes:
            whole.epilogue = (line_end, end)
            _look_behind_the_end(raw, whole, boundary)
            return whole
        if len(whole.spans) + 1 >= room:
            whole.surplus = True
            break
    if part_start < 0:
        whole.defects.append(Defect(what="multipart without its boundary line", start=start, end=end))
        return whole
    whole.spans.append((part_start, end))
    if not whole.surplus:
        whole.defects.append(Defect(what="no closing boundary", start=end, end=end))
    return whole


def _look_behind_the_end(raw: Buffer, whole: Division, boundary: bytes) -> None:
    """No mail program shows what stands behind the closing boundary; somebody may have hidden it there."""
    assert whole.epilogue is not None
    start, end = whole.epilogue
    if not whole.spans:
        whole.defects.append(Defect(what="closing boundary without a part", start=start, end=end))
    if again := _delimiter(raw, start, end, boundary):
        whole.defects.append(Defect(what="parts behind the closing boundary", start=again[0], end=end))
    elif raw[start : min(end, start + 4096)].strip() or (end - start > 4096 and raw[start:end].strip()):
        whole.defects.append(Defect(what="data behind the closing boundary", start=start, end=end))


def _delimiter(raw: Buffer, start: int, end: int, boundary: bytes) -> tuple[int, int, bool] | None:
    """The next delimiter line: its start, the start of the line after it, and whether it is the closing one."""
    dashed = b"--" + boundary
    at = start
    while (found := raw.find(dashed, at, end)) >= 0:
        at = found + 2
        if found > start and raw[found - 1 : found] not in (b"\n", b"\r"):
            continue
        tail_start = found + len(dashed)
        tail = raw[tail_start : min(end, tail_start + _DELIMITER_TAIL)]
        closes = tail[:2] == b"--"
        rest = tail[2:] if closes else tail
        blank = rest.lstrip(b" \t")
        skipped = tail_start + len(tail) - len(blank)
        if not blank and skipped == end:
            return found, end, closes
        if blank[:2] == b"\r\n":
            return found, skipped + 2, closes
        if blank[:1] in (b"\n", b"\r"):
            return found, skipped + 1, closes
    return None


def _before_line_end(raw: Buffer, start: int, at: int) -> int:
    """The line end in front of a delimiter belongs to the delimiter (RFC 2046 section 5.1.1)."""
    if at - 2 >= start and raw[at - 2 : at] == b"\r\n":
        return at - 2
    return at - 1 if at - 1 >= start else at
