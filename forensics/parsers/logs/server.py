"""Text logs of mail servers: Postfix, Dovecot, sendmail, Exim, qmail and Courier, in files of their own or mixed.

One syslog file holds the lines of many programs, so every line is offered to each reader; a syslog line that none of
them knows is kept as an event of ``syslog``. Lines without a year get it from the file's own time of modification, read
backwards: where a file goes from December to January a year ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

from forensics.address import Address
from forensics.formats.logs import courier, dovecot, exim, postfix, qmail, sendmail
from forensics.formats.logs.event import Logged
from forensics.formats.logs.lines import Encoding, Line, decode, encoding_of, read_lines
from forensics.formats.logs.syslog import day_of, month_of, parse_syslog
from forensics.formats.logs.times import NO_YEAR, Assumed
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.parsers.logs.log_records import Place, Unread, event_of
from forensics.records import Record

READERS = (postfix, dovecot, sendmail, exim, qmail, courier)
PIECE = 1 << 24
_LOOK = 200


class ServerLogParser:
    """Reads every line of a server's log."""

    name = "server-log"
    title = "Mail server log (Postfix, Dovecot, sendmail, Exim, qmail, Courier; syslog)"
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """Files whose first lines hold lines of a mail server."""
        lines = _first_lines(candidate.head)
        known = sum(any(reader.claims(line) for reader in READERS) for line in lines)
        if not known:
            return 0
        return 85 if known * 2 >= len(lines) else 70

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """Pieces of about 16 MiB, each with the number of its first line and the year in which it begins."""
        encoding = encoding_of(_head(unit.handle))
        cuts = list(_cut(unit.handle, encoding, unit.size))
        years = _years(cuts, unit)
        return [
            {"start": cut.start, "end": cut.end, "line": cut.line, "year": year}
            for cut, year in zip(cuts, years, strict=True)
        ] or [{"start": 0, "end": 0, "line": 1, "year": NO_YEAR}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """An event for each line of the range that a reader knows, a problem for each run of lines that none knows."""
        place = unit.range or {**self.ranges(unit)[0], "end": unit.size}
        encoding = encoding_of(_head(unit.handle))
        lines = read_lines(
            unit.handle,
            encoding,
            start=int(place["start"]),
            end=int(place["end"]),
            number=int(place["line"]),
            code_page=unit.settings.code_page,
        )
        reader = _Reader(Assumed(zone=unit.settings.zone, year=int(place["year"])))
        unread = Unread(at)
        for line in lines:
            step = f"line:{line.number}"
            if not line.text.strip() or not unit.begin(step):
                continue
            spot = Place(step=step, line=line.number, start=line.start, end=line.end, raw=line.raw)
            logged = reader.read(line)
            done = unread.take() if logged else unread.add(spot, "no reader knows lines of this form")
            if done:
                yield done
            if logged:
                yield event_of(logged, spot, at)
        done = unread.take()
        if done:
            yield done


class _Reader:
    """Reads line after line and keeps the year in step with the months."""

    def __init__(self, assumed: Assumed) -> None:
        self._assumed = assumed
        self._month = 0
        self._order = list(READERS)

    def read(self, line: Line) -> Logged | None:
        month = month_of(line.text)
        if month and self._assumed.year != NO_YEAR:
            self._assumed = replace(self._assumed, year=self._assumed.year + _turn(self._month, month))
            self._month = month
        for reader in self._order:
            found = reader.parse(line.text, self._assumed)
            if found is not None:
                if self._order[0] is not reader:
                    self._order.remove(reader)
                    self._order.insert(0, reader)
                return _decoded_by(found, line)
        head = parse_syslog(line.text, self._assumed)
        if head is None:
            return None
        detail = {"host": head.host, "program": head.program, "process": head.process, "text": head.message}
        return _decoded_by(Logged(source="syslog", operation="other", when=head.when, detail=detail), line)


def _decoded_by(logged: Logged, line: Line) -> Logged:
    if line.method != "latin-1":
        return logged
    return replace(logged, warnings=(*logged.warnings, "the line is in no encoding that was tried"))


def _turn(before: int, now: int) -> int:
    """Lines are nearly in order: from November or December to January or February a year ends, and not else."""
    if before >= 11 and 0 < now <= 2:
        return 1
    return -1 if 0 < before <= 2 and now >= 11 else 0


def _first_lines(head: bytes) -> list[str]:
    encoding = encoding_of(head)
    lines = head[encoding.mark :].split("\n".encode(encoding.codec or "ascii"))[:_LOOK]
    texts = [decode(line, encoding)[0].strip("\r") for line in (lines[:-1] if len(lines) > 1 else lines)]
    return [text for text in texts if text.strip()]


def _head(handle: BinaryIO) -> bytes:
    handle.seek(0)
    return handle.read(4096)


@dataclass(slots=True, kw_only=True)
class _Cut:
    """A piece: its bytes, the number of its first line, and how many years end inside it."""

    start: int
    end: int
    line: int
    turns: int


def _cut(handle: BinaryIO, encoding: Encoding, size: int) -> Iterator[_Cut]:
    """Pieces that end with a line; a log in UTF-16 or with lines longer than a piece is one piece to its end."""
    start, line, month = encoding.mark, 1, 0
    while start < size:
        handle.seek(start)
        block = handle.read(PIECE) if encoding.width == 1 else handle.read(size - start)
        last = block.rfind(b"\n") + 1
        end = start + last if last and start + len(block) < size else min(size, start + len(block))
        if not last and start + len(block) < size:
            end = size
            block += handle.read(size - start - len(block))
        piece = block[: end - start]
        turns, month = _turns(piece, month) if encoding.width == 1 else (0, month)
        yield _Cut(start=start, end=end, line=line, turns=turns)
        line += piece.count(b"\n")
        start = end


def _turns(piece: bytes, month: int) -> tuple[int, int]:
    """How many years end in the piece, given the month before it; and its last month."""
    turns = 0
    for raw in piece.split(b"\n"):
        now = month_of(raw[:24].decode("latin-1"))
        if now:
            turns += _turn(month, now)
            month = now
    return turns, month


def _years(cuts: list[_Cut], unit: Unit) -> list[int]:
    """The year at the start of each piece: the file's last year, less the years that end behind it."""
    last = _year_of(unit)
    if last == NO_YEAR:
        return [NO_YEAR] * len(cuts)
    years = []
    for cut in reversed(cuts):
        last -= cut.turns
        years.append(last)
    return years[::-1]


def _year_of(unit: Unit) -> int:
    """The year of the last line: that of the file's modification, or the one before for a line later in the year."""
    modified = unit.metadata.get("mtime_ns")
    if not isinstance(modified, int):
        return NO_YEAR
    when = datetime.fromtimestamp(modified // 10**9, UTC).astimezone(ZoneInfo(unit.settings.zone))
    unit.handle.seek(max(0, unit.size - 8192))
    days = [day_of(line.decode("latin-1")) for line in unit.handle.read().split(b"\n")]
    known = [day for day in days if day]
    # A day of grace, for a zone that was assumed wrongly.
    late = known and known[-1] > (when.month, when.day + 1)
    return when.year - 1 if late else when.year
