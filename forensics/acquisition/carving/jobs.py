"""What guarded workers do to carve an image: map it, search stretches, give every byte one owner, copy objects out.

Each function has the signature of a job, ``(args, reads, spool, report) -> dict``. ``args["layers"]`` says how
the first ``args["segments"]`` of ``reads`` hold the medium; the files that follow are the answers of earlier jobs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.acquisition import image_jobs
from forensics.acquisition.carving.names import AREAS, EXTRACTED, LISTING, SCANNED
from forensics.acquisition.carving.survey import survey as survey_of
from forensics.acquisition.filesystem_values import Medium
from forensics.evidence.item import FILE, Entry
from forensics.formats.carving.found import Found, Kind, Tally
from forensics.formats.carving.pages import Piece
from forensics.formats.carving.salvage import Head
from forensics.formats.carving.scan import Scanned, scan
from forensics.formats.carving.settle import cut
from forensics.formats.carving.settle import settle as settle_all
from forensics.formats.carving.space import Area, Space, View

Report = Callable[[dict[str, Any]], None]

STRETCH = 1 << 26
"""Fixed, so that what is found does not depend on how many workers there are."""
_TOGETHER, _MOST_SHARES = 1 << 26, 512
_PIECE = 1 << 20


def survey(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Write the areas to search to ``areas.jsonl``; answers how many bytes of each kind, and how the search is cut."""
    with _medium(args, reads) as medium:
        found = survey_of(medium)
        size = medium.size
    with (spool / AREAS).open("xb") as out:
        for area in found.areas:
            out.write(canonical.encode(list(area)) + b"\n")
    space = Space(lambda at, length: b"", found.areas)
    sizes = {kind: sum(a.end - a.start for a in space.areas if a.what == kind) for kind in sorted(_kinds(space))}
    return {"size": size, "areas": sizes, "problems": found.problems, "shares": shares(space)}


def shares(space: Space) -> list[list[int]]:
    """Numbers of stretches, first and behind the last, and bytes of each share of the search."""
    out: list[list[int]] = []
    first = held = number = 0
    together = max(_TOGETHER, space.size // _MOST_SHARES)
    for number, (start, end) in enumerate(cut(space, STRETCH), start=1):
        held += end - start
        if held >= together:
            out.append([first, number, held])
            first, held = number, 0
    return [*out, [first, number, held]] if held else out


def search(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Search the stretches from ``args["first"]`` to ``args["last"]``; each is one line of ``scanned.jsonl``."""
    with _medium(args, reads) as medium, (spool / SCANNED).open("xb") as out:
        space = _space(medium, reads[args["segments"]])
        done = 0
        for start, end in cut(space, STRETCH)[args["first"] : args["last"]]:
            scanned = scan(space, start, end)
            out.write(json.dumps(_scanned_json(scanned), separators=(",", ":")).encode() + b"\n")
            done += end - start
            report({"searched": done})
    return {"searched": done}


def settle(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Write the objects, none over another, to ``carving.jsonl``; answers what was looked at and what was false."""
    with _medium(args, reads) as medium:
        space = _space(medium, reads[args["segments"]])
        settled = settle_all(space, _read_scanned(reads[args["segments"] + 1 :]))
        with (spool / LISTING).open("xb") as out:
            for found in settled.found:
                out.write(canonical.encode({"name": found.name, **found.to_json(), "area": space.what(found.start)}))
                out.write(b"\n")
    kinds: dict[str, int] = {}
    for found in settled.found:
        kinds[found.kind] = kinds.get(found.kind, 0) + 1
    return {
        "starts": settled.tally.starts,
        "objects": len(settled.found),
        "kinds": dict(sorted(kinds.items())),
        "messages": sum(found.messages for found in settled.found if found.kind in (Kind.MESSAGE, Kind.MBOX, Kind.MSG)),
        "validated": sum(found.validated for found in settled.found),
        "truncated": sum(found.truncated for found in settled.found),
        "bytes": sum(extent.length for found in settled.found for extent in found.extents),
        "inside_others": settled.inside,
        "false_starts": dict(sorted(settled.tally.false.items())),
    }


def extract(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Copy the objects from line ``args["first"]`` of the listing on into ``NNNNNN.bin`` in the spool.

    A line of ``extracted.jsonl`` follows each copy: where a worker dies, the missing line names the object.
    """
    copied = 0
    with _medium(args, reads) as medium, (spool / EXTRACTED).open("ab", buffering=0) as out:
        read_at = _careful(medium)
        for number, line in enumerate(_lines(reads[args["segments"]]), start=1):
            if number < args["first"]:
                continue
            entry = _copy(read_at, number, line, spool)
            out.write(canonical.encode(entry.to_json()) + b"\n")
            copied += 1
            report({"done": number})
    return {"copied": copied}


def _copy(read_at: Callable[[int, int], bytes], number: int, line: dict[str, Any], spool: Path) -> Entry:
    found = Found.from_json(line)
    view = View(read_at, found.extents, found.size)
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with (spool / f"{number:06d}.bin").open("wb") as out:
        for at in range(0, found.size, _PIECE):
            piece = view.at(at, min(_PIECE, found.size - at))
            sha256.update(piece)
            md5.update(piece)
            if piece.strip(b"\0"):
                out.write(piece)
            else:
                # What was not found of a store can be most of it: it takes no room.
                out.seek(len(piece), 1)
        out.truncate(found.size)
    return Entry(
        path=found.name.encode(),
        type=FILE,
        size=found.size,
        number=number,
        sha256=sha256.hexdigest(),
        md5=md5.hexdigest(),
        facts=facts_of(line),
    )


def facts_of(line: dict[str, Any]) -> dict[str, Any]:
    """What ``files.jsonl`` says of an object beside its size."""
    return {key: line[key] for key in ("kind", "area", "ranges", "ended", "validated", "truncated", "notes")}


def _medium(args: dict[str, Any], reads: tuple[Path, ...]) -> AbstractContextManager[Medium]:
    return image_jobs._medium(args, reads[: args["segments"]])


def _careful(medium: Medium) -> Callable[[int, int], bytes]:
    def read_at(at: int, length: int) -> bytes:
        try:
            return medium.read_at(at, length)
        except OSError:
            # What the container cannot give holds nothing; the check of the image says that it is damaged.
            return b""

    return read_at


def _space(medium: Medium, areas: Path) -> Space:
    return Space(_careful(medium), (Area(int(start), int(end), str(what)) for start, end, what in _lines(areas)))


def _kinds(space: Space) -> Iterable[str]:
    return {area.what for area in space.areas}


def _lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def _scanned_json(scanned: Scanned) -> dict[str, Any]:
    return {
        "found": [found.to_json() for found in scanned.found],
        "pieces": [list(piece) for piece in scanned.pieces],
        "heads": [[*head[:-1], *map(list, head.roots)] for head in scanned.heads],
        "starts": scanned.tally.starts,
        "false": dict(scanned.tally.false),
    }


def _read_scanned(paths: tuple[Path, ...]) -> Iterator[Scanned]:
    for path in paths:
        for line in _lines(path):
            tally = Tally(starts=line["starts"])
            tally.false.update(line["false"])
            yield Scanned(
                found=[Found.from_json(each) for each in line["found"]],
                pieces=[Piece(*each) for each in line["pieces"]],
                heads=[_head(*each) for each in line["heads"]],
                tally=tally,
            )


def _head(at: int, kind: str, size: int, length: int, width: int, *roots: list[int]) -> Head:
    return Head(at, Kind(kind), size, length, width, tuple((bid, place) for bid, place in roots))
