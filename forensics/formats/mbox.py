"""Where the messages of an mbox are, as byte offsets: RFC 4155 and mboxo, mboxrd, mboxcl, mboxcl2.

Every ``From`` line that could be a separator is accounted for: it starts a message, or it stands in ``ambiguous``
with the reason, or it is counted as text. No byte before the first message is left out (``leading``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from forensics.formats.mbox_lines import (
    FromLine,
    Variant,
    from_line,
    has_known_date,
    has_loose_date,
    is_reversible,
    unquote,
)
from forensics.formats.mbox_spans import Doubt, Doubts, Messages, MessageSpan, Why
from forensics.formats.mbox_variant import Signs, tell

__all__ = [
    "Doubt",
    "FromLine",
    "MboxOutline",
    "MessageSpan",
    "Variant",
    "Why",
    "from_line",
    "is_reversible",
    "outline",
    "unquote",
]

_BLOCK: Final = 8 << 20
_AHEAD: Final = 64 << 10
_BEHIND: Final = 4
_LINE: Final = 1000
_HEADER = re.compile(rb"(?:[!-9;-~]{1,200}[ \t]{0,4}:|>From )")
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_ONE_WORD = re.compile(rb"From [^ \t]+[ \t]*")


class Handle(Protocol):
    """What is needed of an open file or of an mmap."""

    def seek(self, offset: int, /) -> object: ...

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MboxOutline:
    """All of a box. ``leading`` is the span before the first From_ line.

    ``evidence`` is the basis of ``variant`` in words, its last sentence the one that decided.
    ``text_lines`` counts lines that begin with "From " and have nothing of a separator.
    ``ignored_lengths`` counts messages whose Content-Length ends in the midst of something and was not followed.
    """

    variant: Variant
    evidence: tuple[str, ...]
    messages: Sequence[MessageSpan]
    leading: tuple[int, int]
    ambiguous: Sequence[Doubt]
    text_lines: int
    ignored_lengths: int


def outline(handle: Handle, size: int, begin: int = 0, until: int | None = None) -> MboxOutline:
    """One pass over the box in large blocks; memory is two blocks and the offsets. Never raises on any bytes.

    Where an earlier pass found messages at ``begin`` and at ``until``, only those between them are given, exactly as
    that pass found them: what is decided near ``until`` is decided with the bytes behind it in sight.
    """
    return _Splitter(handle, size, begin=begin, until=size if until is None else until).split()


@dataclass(slots=True)
class _Splitter:
    handle: Handle
    size: int
    begin: int
    until: int
    newline: bytes = b"\n"
    messages: Messages = field(default_factory=Messages)
    doubts: Doubts = field(default_factory=Doubts)
    signs: Signs = field(default_factory=Signs)
    text_lines: int = 0
    body_until: int = 0
    exact_end: int = -1
    tail: bytes = b""

    def split(self) -> MboxOutline:
        self._look_at_line_ends()
        # The message at ``begin`` was judged by its neighbours before, which are not in sight now.
        self.body_until = self.begin
        for base, block, stop in self._blocks():
            self._scan(base, block, stop)
        self._close(self.until, self.tail)
        first = self.messages.from_starts[0] if self.messages else self.until
        variant, evidence = tell(self.signs)
        return MboxOutline(
            variant=variant,
            evidence=evidence,
            messages=self.messages,
            leading=(self.begin, first),
            ambiguous=self.doubts,
            text_lines=self.text_lines,
            ignored_lengths=self.signs.lengths_wrong,
        )

    def _look_at_line_ends(self) -> None:
        self.handle.seek(0)
        head = self.handle.read(min(_AHEAD, self.size))
        if b"\n" not in head and b"\r" in head:
            self.newline = b"\r"

    def _blocks(self) -> Iterator[tuple[int, bytes, int]]:
        """Offset, bytes, and how many of them may start a line now: the rest is there to look ahead and comes again."""
        base, carried = self.begin, b""
        reach = min(self.size, self.until + _LINE + _AHEAD)
        while True:
            fresh = self._read(base + len(carried))
            block = carried + fresh
            last = not fresh or base + len(block) >= reach
            stop = max(len(block) - _LINE - _AHEAD, 0)
            if last:
                self.until = min(self.until, base + len(block))
                stop = self.until - base
                self.tail = block[max(stop - _BEHIND, 0) : stop]
            if last:
                yield base, block, stop
                return
            keep = max(stop - _BEHIND, 0)
            if keep:
                yield base, block, stop
            base, carried = base + keep, block[keep:]

    def _read(self, offset: int) -> bytes:
        """A whole block, though a handle may give less than it is asked for."""
        self.handle.seek(offset)
        wanted = min(_BLOCK, max(self.size - offset, 0))
        pieces = []
        while wanted and (piece := self.handle.read(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _scan(self, base: int, block: bytes, stop: int) -> None:
        """Look at every line that begins with "From " and at every quoted one. Offsets below are of the "F"."""
        low = 0 if base == self.begin else _BEHIND
        if base == self.begin:
            first = 3 if base == 0 and block[:3] == b"\xef\xbb\xbf" else 0
            if block.startswith(b"From ", first):
                self._candidate(base, block, first)
        needle = self.newline + b"From "
        at = block.find(needle, max(low - 1, 0))
        while 0 <= at < stop - 1:
            self._candidate(base, block, at + 1)
            at = block.find(needle, at + 1)
        self._count_quoted(block, low, stop)

    def _count_quoted(self, block: bytes, low: int, stop: int) -> None:
        needle = b">From "
        at = block.find(needle, low)
        while 0 <= at < stop:
            start = at
            while start > 0 and block[start - 1] == 0x3E and at - start < 64:
                start -= 1
            if start == 0 or block[start - 1 : start] == self.newline:
                self.signs.quoted(block, start, self.newline)
            at = block.find(needle, at + 1)

    def _candidate(self, base: int, block: bytes, at: int) -> None:
        offset = base + at
        stop = block.find(self.newline, at, at + _LINE)
        end = min(len(block), at + _LINE) if stop < 0 else stop + 1
        if offset < self.body_until:
            self.doubts.add(offset, base + end, Why.INSIDE_LENGTH)
            self.signs.plain += 1
            return
        if not offset == self.body_until > 0:
            header = _HEADER.match(block, end) is not None
            taken, why = _judge(block[at:end].rstrip(b"\r\n"), self._after_blank(block, base, at), header)
            if why is not None:
                self.doubts.add(offset, base + end, why)
            if not taken:
                self.text_lines += why is None
                self.signs.plain += 1
                return
        self._close(offset, block[max(at - _BEHIND, 0) : at])
        self._open(offset, base + end, *_header(block, end))

    def _after_blank(self, block: bytes, base: int, at: int) -> bool:
        if base + at <= 3:
            return True
        before = block[max(at - 3, 0) : at]
        return before.endswith((self.newline * 2, b"\n\r\n")) or before in (b"\n", b"\r\n")

    def _open(self, from_start: int, start: int, header: bytes, gap: int) -> None:
        """Begin a message; ``gap`` is the length of the blank line after its header, 0 if that has no end."""
        self.messages.from_starts.append(from_start)
        self.messages.starts.append(start)
        self.exact_end = -1
        # Looking for the name first is many times faster than the expression, and most headers do not have it.
        if not gap or b"content-length" not in header.lower():
            return
        stated = _LENGTH.search(header)
        if stated is None:
            return
        end = start + len(header) + gap + int(stated[1])
        until = self._lands(end)
        if until < 0:
            self.signs.lengths_wrong += 1
            return
        self.signs.lengths_right += 1
        self.body_until, self.exact_end = until, end

    def _lands(self, end: int) -> int:
        """Where the next message or the end of the box is, if a body that ends at ``end`` ends there; else -1."""
        if end > self.size:
            return -1
        self.handle.seek(end - 1)
        before, following = self.handle.read(1), self.handle.read(_LINE)
        skipped = len(following) - len(following.lstrip(b"\r\n"))
        line = following[skipped : skipped + _LINE].split(self.newline)[0]
        if skipped > 4 and following[skipped:]:
            return -1
        if end + skipped >= self.size:
            return self.size
        separator = line.startswith(b"From ") and _dated(line.rstrip(b"\r"))
        return end + skipped if separator and (skipped or before == self.newline) else -1

    def _close(self, offset: int, before: bytes) -> None:
        """End the message that is open at ``offset``; a blank line before a separator belongs to the separator."""
        if len(self.messages.ends) == len(self.messages.starts):
            return
        start = self.messages.starts[-1]
        end = offset
        if self.exact_end >= 0:
            end = self.exact_end
        elif before.endswith(b"\n\r\n"):
            end -= 2
        elif before.endswith(self.newline * 2):
            end -= 1
        self.messages.ends.append(max(end, start))


def _header(block: bytes, start: int) -> tuple[bytes, int]:
    """The header that starts here, and the length of the blank line that ends it (0: none within sight)."""
    limit = start + _AHEAD
    crlf = block.startswith(b"\r\n", start - 2)
    if block.startswith((b"\n", b"\r\n"), start):
        return b"", 1 if block[start] == 0x0A else 2
    # The end that this file's lines have is looked for first, so that the other is not sought far beyond it.
    for blank in (b"\n\r\n", b"\n\n") if crlf else (b"\n\n", b"\n\r\n"):
        found = block.find(blank, start, limit)
        limit = found if found >= 0 else limit
    if limit == start + _AHEAD or limit >= len(block):
        return block[start:limit], 0
    return block[start : limit + 1], 1 if block[limit + 1] == 0x0A else 2


def _dated(line: bytes) -> bool:
    return has_known_date(line) or has_loose_date(line)


def _judge(line: bytes, blank: bool, header: bool) -> tuple[bool, Why | None]:
    """Whether a line that begins with "From " starts a message, and what is doubtful about that."""
    known = has_known_date(line)
    if blank and known:
        return True, None if header else Why.NO_HEADER
    if not header:
        return False, None
    if known:
        return True, Why.NO_BLANK_LINE
    # Netscape and its heirs write "From - " with no date at all, and often no blank line before it.
    if blank and has_loose_date(line):
        return True, Why.ODD_DATE
    if line.rstrip() == b"From -" or (blank and _ONE_WORD.fullmatch(line)):
        return True, Why.NO_DATE
    return False, Why.PROSE if blank else None
