"""One pass over a stretch of a medium: every place that could be a start is looked at, and is an object or counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.formats.carving.boxes import box_at
from forensics.formats.carving.compounds import MAGIC as COMPOUND
from forensics.formats.carving.compounds import compound_at
from forensics.formats.carving.found import SECTOR, Found, Kind, Tally, whole
from forensics.formats.carving.header import HIT, TOO_FEW, Header, header_at, stands_alone
from forensics.formats.carving.joins import joined
from forensics.formats.carving.message import message_end, separates
from forensics.formats.carving.pages import WIDTHS, Piece, pages_in
from forensics.formats.carving.salvage import Head
from forensics.formats.carving.space import Space
from forensics.formats.carving.stores import MAGIC as STORE
from forensics.formats.carving.stores import NO_HEADER, kind_of, whole_store
from forensics.formats.carving.stores import header_at as store_at
from forensics.formats.carving.text import Ended, TextEnd, text_end
from forensics.formats.pst.ndb.header import HEADER_SIZE

_CHUNK = 8 << 20
_OVER = 16
NO_MAIL_BEHIND = "a From_ line without header fields behind it"
NO_FIELDS = "a line that begins like a field, without a header around it"


@dataclass(slots=True, kw_only=True)
class Scanned:
    """What a stretch holds: objects as if they stood alone, pages of stores, and what was looked at in vain."""

    found: list[Found] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


def scan(space: Space, start: int, end: int) -> Scanned:
    """Everything that begins between ``start`` and ``end``, a part of one run; it may end behind."""
    found = Scanned()
    scanner = _Scanner(space, found, start)
    run = space.run(start)
    if run is None:
        return found
    for at in range(start, end, _CHUNK):
        stop = min(at + _CHUNK, end)
        # A line begins behind the byte before it, and the marks may reach over the end.
        low = max(run.start, at - 1)
        data = b"".join(piece for _, piece in space.windows(low, min(stop + _OVER, run.end), _CHUNK + 2 * _OVER))
        if not data.strip(b"\0"):
            continue
        space.hold(low, data)
        scanner.stores(low, data, at, stop)
        scanner.compounds(low, data, at, stop)
        scanner.text(low, data, at, stop)
        found.pieces += pages_in(space, low, data, stop)
    return found


class _Scanner:
    """The state between the chunks: up to where text is owned by what was found."""

    def __init__(self, space: Space, out: Scanned, start: int) -> None:
        self._space = space
        self._out = out
        self._floor = start
        self._text = TextEnd(-1, Ended.EDGE)
        self._text_from = -1

    def stores(self, low: int, data: bytes, at: int, stop: int) -> None:
        for place in _places(STORE, low, data, at, stop):
            header = store_at(self._space, place)
            if header is None:
                self._out.tally.refuse(NO_HEADER)
                continue
            found = whole_store(self._space, place, header)
            if found is not None:
                self._keep(found)
                continue
            width = WIDTHS.index(header.width)
            roots = (header.nodes.bid, header.nodes.at), (header.blocks.bid, header.blocks.at)
            head = Head(place, kind_of(header), header.stated_size, HEADER_SIZE, width, roots)
            self._out.heads.append(head)
            self._out.tally.starts += 1

    def compounds(self, low: int, data: bytes, at: int, stop: int) -> None:
        for place in _places(COMPOUND, low, data, at, stop):
            found = compound_at(self._space, place)
            if isinstance(found, Found):
                self._keep(found)
            else:
                self._out.tally.refuse(found)

    def text(self, low: int, data: bytes, at: int, stop: int) -> None:
        for hit in HIT.finditer(data):
            place = low + hit.start() + 1
            if not at <= place < stop or place < self._floor:
                continue
            if hit[0] != b"\nFrom " and stands_alone(data, place - low):
                self._out.tally.refuse(TOO_FEW)
                continue
            self._line(place, hit[0])

    def _line(self, place: int, hit: bytes) -> None:
        """A line that begins like a From_ line or a field."""
        space = self._space
        if hit == b"\nFrom ":
            run = space.run(place)
            if run is not None and separates(space, place, run.end):
                self._box(place)
            return
        header = header_at(space, place, self._floor)
        if header is None:
            self._out.tally.refuse(NO_FIELDS)
            self._floor = place + 1
            return
        if header.from_line >= 0:
            self._box(header.from_line)
        elif fault := header.fault():
            self._out.tally.refuse(fault)
            self._floor = max(header.body, place + 1)
        else:
            self._message(header)

    def _box(self, start: int) -> None:
        space = self._space
        first = start + space.read(start, 1300).find(b"\n") + 1
        header = header_at(space, first, first)
        if header is None:
            self._out.tally.refuse(NO_MAIL_BEHIND)
            self._floor = first
            return
        found = box_at(space, start, first)
        self._keep(found)
        self._floor = max(found.extents[0].end, first)

    def _message(self, header: Header) -> None:
        text = None if header.cut else self._text_around(header.body)
        end = message_end(self._space, header, text)
        found = joined(self._space, header, header.start, end.at) if end.truncated else None
        if found is None:
            found = whole(
                Kind.MESSAGE,
                header.start,
                end.at,
                ended=end.told,
                validated=end.validated,
                truncated=end.truncated,
                notes=() if header.natural else ("text stands before it without a break",),
            )
        self._keep(found)
        self._floor = found.extents[0].end

    def _text_around(self, at: int) -> TextEnd:
        """The end of the text there; many messages in one long text are asked for once."""
        if not self._text_from <= at < self._text.at:
            self._text, self._text_from = text_end(self._space, at), at
        return self._text

    def _keep(self, found: Found) -> None:
        self._out.tally.starts += 1
        self._out.found.append(found)


def _places(mark: bytes, low: int, data: bytes, at: int, stop: int) -> Iterator[int]:
    """Where a sector begins with this mark: such files begin at sectors."""
    first = -low % SECTOR
    heads, index = data[first::SECTOR], -1
    while (index := heads.find(mark[:1], index + 1)) >= 0:
        place = first + index * SECTOR
        if at <= low + place < stop and data.startswith(mark, place):
            yield low + place
