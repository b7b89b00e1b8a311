"""The tree of body parts of a message, walked iteratively over the raw bytes; every part knows its exact span.

Follows RFC 2045 and RFC 2046 section 5.1: a delimiter of an enclosing multipart ends everything inside it, whatever the
inner parts say. Nested messages (message/rfc822) are leaves; the caller parses them in turn.
"""

from __future__ import annotations

from dataclasses import dataclass

from forensics.formats.charsets import decode
from forensics.formats.headers import Buffer, Defect, HeaderBlock, split
from forensics.formats.multipart import Division, divide
from forensics.formats.parameters import FileName, Parameters, names, parameters

__all__ = ["Defect", "Entity", "Limits", "Part", "parse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How deep and how wide a tree may be; what is beyond becomes one opaque part with a defect."""

    depth: int = 100
    parts: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One body part. ``path`` counts as IMAP does ("1", "1.2"); the outermost multipart has the path "".

    ``children`` and ``parent`` are paths. ``preamble`` and ``epilogue`` are spans around the children. ``opaque`` marks
    a multipart or surplus that was not taken apart.
    """

    path: str
    parent: str | None
    header: HeaderBlock
    start: int
    end: int
    body_start: int
    content_type: str
    stated_type: str
    charset: str
    boundary: bytes
    disposition: str
    filenames: tuple[FileName, ...]
    encoding: str
    content_id: str
    children: tuple[str, ...] = ()
    preamble: tuple[int, int] | None = None
    epilogue: tuple[int, int] | None = None
    opaque: bool = False
    defects: tuple[Defect, ...] = ()

    @property
    def is_multipart(self) -> bool:
        """Whether this part was taken apart into children."""
        return bool(self.children)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A message as its parts in the order of their bytes, the outermost first."""

    parts: tuple[Part, ...]

    @property
    def root(self) -> Part:
        """The outermost part, whose header is the header of the message."""
        return self.parts[0]

    @property
    def leaves(self) -> tuple[Part, ...]:
        """The parts that carry content."""
        return tuple(part for part in self.parts if not part.children)

    @property
    def defects(self) -> tuple[Defect, ...]:
        """All defects of headers and parts, in order."""
        return tuple(each for part in self.parts for each in (*part.header.defects, *part.defects))


@dataclass(slots=True, kw_only=True)
class _Task:
    """A span that is to become a part."""

    path: str
    parent: str | None
    depth: int
    start: int
    end: int
    default: str
    surplus: str = ""


def parse(raw: Buffer | memoryview, start: int = 0, end: int | None = None, limits: Limits | None = None) -> Entity:
    """The parts of the message in ``raw[start:end]``; every span is absolute to ``raw``."""
    limits = limits or Limits()
    buffer: Buffer = bytes(raw) if isinstance(raw, memoryview) else raw
    stop = len(buffer) if end is None else min(end, len(buffer))
    work = [_Task(path="", parent=None, depth=0, start=start, end=max(start, stop), default="text/plain")]
    parts: list[Part] = []
    made = 1
    while work:
        task = work.pop()
        part, division = _part(buffer, task, limits, limits.parts - made)
        parts.append(part)
        if division:
            made += len(division.spans)
            work += reversed(_tasks(part, division, task.depth + 1))
    return Entity(parts=tuple(parts))


def _tasks(part: Part, division: Division, depth: int) -> list[_Task]:
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    last = len(division.spans) - 1
    return [
        _Task(
            path=path,
            parent=part.path,
            depth=depth,
            start=span[0],
            end=span[1],
            default=default,
            surplus="too many parts" if division.surplus and index == last else "",
        )
        for index, (path, span) in enumerate(zip(part.children, division.spans, strict=True))
    ]


def _part(raw: Buffer, task: _Task, limits: Limits, room: int) -> tuple[Part, Division | None]:
    if task.surplus:
        return _surplus(task), None
    header = split(raw, task.start, task.end, nested=task.parent is not None)
    fields, defects = _mime_fields(header)
    stated, disposition = _structured(fields, "type"), _structured(fields, "disposition")
    content_type = _type(stated, task, header, defects)
    boundary = stated.raw("boundary").rstrip() if stated and content_type.startswith("multipart/") else b""
    division = None
    if content_type.startswith("multipart/"):
        division = divide(raw, header.body_start, task.end, boundary, room)
        if task.depth >= limits.depth and division.spans:
            defects.append(Defect(what="nested too deeply", start=task.start, end=task.end))
            division.spans = []
        defects += division.defects
    opened = division is not None and bool(division.spans)
    path = task.path if opened or task.path else "1"
    part = Part(
        path=path,
        parent=task.parent,
        header=header,
        start=task.start,
        end=task.end,
        body_start=header.body_start,
        content_type=content_type,
        stated_type=stated.value if stated else "",
        charset=stated.token("charset") if stated else "",
        boundary=boundary,
        disposition=disposition.value if disposition else "",
        filenames=names(disposition, stated),
        encoding=_token(fields.get("transfer-encoding", b"")),
        content_id=_content_id(fields.get("id", b"")),
        children=_paths(path, len(division.spans)) if division else (),
        preamble=division.preamble if division and opened else None,
        epilogue=division.epilogue if division and opened else None,
        opaque=division is not None and not opened,
        defects=tuple(defects),
    )
    return part, division if opened else None


def _surplus(task: _Task) -> Part:
    header = HeaderBlock(fields=(), start=task.start, body_start=task.start)
    return Part(
        path=task.path,
        parent=task.parent,
        header=header,
        start=task.start,
        end=task.end,
        body_start=task.start,
        content_type="application/octet-stream",
        stated_type="",
        charset="",
        boundary=b"",
        disposition="",
        filenames=(),
        encoding="",
        content_id="",
        opaque=True,
        defects=(Defect(what=task.surplus, start=task.start, end=task.end),),
    )


def _paths(path: str, count: int) -> tuple[str, ...]:
    prefix = f"{path}." if path else ""
    return tuple(f"{prefix}{number}" for number in range(1, count + 1))


def _mime_fields(header: HeaderBlock) -> tuple[dict[str, bytes], list[Defect]]:
    """The first of each Content- field. A second one is a way to show two programs two different messages."""
    fields: dict[str, bytes] = {}
    defects: list[Defect] = []
    for field in header.fields:
        if field.name[:8].lower() != "content-":
            continue
        name = field.name[8:].lower()
        if name in fields:
            defects.append(Defect(what=f"repeated Content-{name.title()} field", start=field.start, end=field.end))
        else:
            fields[name] = field.raw
    return fields, defects


def _type(stated: Parameters | None, task: _Task, header: HeaderBlock, defects: list[Defect]) -> str:
    """RFC 2045 section 5.2: what has no type, or none that can be read, is plain text (or a message, in a digest)."""
    if stated is None:
        return task.default
    kind, slash, subtype = stated.value.partition("/")
    if not kind or not slash or not subtype or "/" in subtype:
        defects.append(Defect(what="content type that is none", start=header.start, end=header.body_start))
        return "text/plain"
    return stated.value


def _structured(fields: dict[str, bytes], name: str) -> Parameters | None:
    raw = fields.get(name)
    return parameters(raw) if raw else None


def _token(raw: bytes) -> str:
    return parameters(raw).value if raw else ""


def _content_id(raw: bytes) -> str:
    return decode(raw.strip().strip(b"<>")).text if raw else ""
