"""Reads any attachment for its text and its lock: told by its bytes first, by its name where bytes do not tell.

Archives and messages are opened and what they hold is read in turn, three levels deep, within one budget for all of it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from forensics.errors import FormatError
from forensics.formats import filetype
from forensics.formats.archives import DEEPEST, is_zip, read_directory
from forensics.formats.archives.unpacking import content
from forensics.formats.compound import Compound
from forensics.formats.documents import (
    doc,
    docx,
    lzh,
    message,
    open_document,
    pdf,
    plain,
    ppt,
    pptx,
    seven_zip,
    xls,
    xlsx,
)
from forensics.formats.documents.found import Document, Room, State, locked
from forensics.formats.documents.package import Package

_TEXTS = frozenset(("txt", "csv", "tsv", "log", "md", "json", "xml", "ini", "sql", "eml", "ics", "vcf", "yaml", "yml"))
_HTML = frozenset(("html", "htm", "mht", "xhtml"))
_KINDS = {
    "application/pdf": "pdf", "application/rtf": "rtf", "application/x-7z-compressed": "7z",
    "application/vnd.rar": "rar", "application/x-lzh-compressed": "lzh", "message/rfc822": "eml", "text/html": "html",
    "text/calendar": "ics", "text/vcard": "vcf",
}  # fmt: skip
_DOCUMENTS = {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}
_Held = Iterable[tuple[str, bytes | None, str]]


def read(data: bytes, name: str = "", room: Room | None = None) -> Document:
    """What a file says; never raises, a fault is one of its problems."""
    room = room or Room()
    kind = _kind(data, name)
    try:
        return _read(data, kind, room)
    except FormatError as error:
        state = State.UNKNOWN if kind in ("pdf", "7z", "ole", "zip") else State.OPEN
        return Document(kind=kind, state=state, problems=[error.what])


def _kind(data: bytes, name: str) -> str:
    ext = name.rpartition(".")[2].lower() if "." in name else ""
    detected = filetype.detect(data)
    if is_zip(data):
        return "zip"
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "ole"
    if detected == "message/rfc822" and ext in _TEXTS - {"eml"}:
        return ext
    if detected in _KINDS:
        return _KINDS[detected]
    if ext in _HTML and ext != "mht":
        return "html"
    if (
        data[:2] in (b"\xff\xfe", b"\xfe\xff")
        or detected == "text/plain"
        or (detected == filetype.UNKNOWN and ext in _TEXTS)
    ):
        return ext if ext in _TEXTS else "txt"
    return ext if detected == filetype.UNKNOWN and ext else detected.rpartition("/")[2]


def _read(data: bytes, kind: str, room: Room) -> Document:
    if kind == "zip":
        return _zip(data, room)
    if kind == "ole":
        return _ole(data, room)
    if kind == "pdf":
        return pdf.read(data, room)
    if kind == "rtf":
        return plain.read_rtf(data, room)
    if kind == "html":
        return plain.read_html(data, room)
    if kind in ("eml", "mht"):
        found, carried = message.read(data, room)
        return _with(found, ((name, raw, "") for name, raw in carried), room)
    if kind == "7z":
        return _with(*seven_zip.read(data, room.budget), room)
    if kind == "lzh":
        return _with(*lzh.read(data, room.budget), room)
    if kind in _TEXTS:
        return plain.read_text(data, room, kind)
    return _unread(kind, data)


def _unread(kind: str, data: bytes) -> Document:
    found = Document(kind=kind)
    if kind == "rar":
        found.state = State.UNKNOWN
        found.problems.append("needs the program unrar and the library rarfile; it is not read here")
    elif not data:
        found.detail = "it is empty"
    return found


def _zip(data: bytes, room: Room) -> Document:
    package = Package(data, room.budget)
    names = frozenset(package.names)
    if "[Content_Types].xml" in names:
        found = _office(package, names, room)
        inner = (name for name in sorted(names) if "/embeddings/" in name)
        embedded = ((name, package.part(name) or None, "") for name in inner)
        found = _with(found, embedded, room)
    elif "mimetype" in names and "content.xml" in names:
        stated = package.part("mimetype").decode("ascii", "backslashreplace").rpartition(".")[2].partition("-")[0]
        found = open_document.read(package, room, _DOCUMENTS.get(stated, "odf"))
    else:
        return _with(Document(kind="zip"), _unzipped(data, room), room)
    if package.locked:
        found.state, found.detail = State.ENCRYPTED, package.locked
    for problem in package.problems:
        found.trouble(problem)
    return found


def _office(package: Package, names: frozenset[str], room: Room) -> Document:
    if any(name.startswith("word/") for name in names):
        return docx.read(package, room)
    if "xl/workbook.xml" in names:
        return xlsx.read(package, room)
    if any(name.startswith("ppt/") for name in names):
        return pptx.read(package, room)
    if "xl/workbook.bin" in names:
        return Document(kind="xlsb", problems=["binary workbooks (.xlsb) are not read here"])
    return Document(kind="opc")


def _unzipped(data: bytes, room: Room) -> Iterator[tuple[str, bytes | None, str]]:
    budget = room.budget
    for member in read_directory(data):
        if budget.members_left <= 0:
            yield member.name, None, "it has more members than are read here"
            return
        budget.members_left -= 1
        if member.is_folder:
            continue
        if member.locked:
            yield member.name, None, f"locked ({member.locked})"
            continue
        refused = budget.refusal(member.packed_size, member.size)
        if refused:
            yield member.name, None, refused
            continue
        budget.spend(member.size)
        try:
            found = content(data, member)
            yield member.name, found.data, "" if found.data is not None else "it is too large to be read"
        except FormatError as error:
            yield member.name, None, error.what


def _with(found: Document, held: _Held, room: Room) -> Document:
    """What a container holds, read in turn; an archive is locked if each of its files is."""
    files, shut, why = 0, 0, ""
    try:
        for name, data, problem in held:
            files += 1
            if problem.startswith("locked"):
                shut, why = shut + 1, problem[8:-1]
                found.add(f"{name} (name)", name, room)
            elif data is None:
                found.trouble(f"{name}: {problem}")
            elif room.depth >= DEEPEST:
                found.trouble(f"{name}: files in files go deeper than {DEEPEST} levels")
            else:
                inner = _inner(data, name, room)
                if inner.state is State.ENCRYPTED:
                    shut, why = shut + 1, f"{inner.kind}: {inner.detail}"
                found.parts += inner.within(name)
                found.problems += [f"{name}: {each}" for each in inner.problems if each not in found.problems]
                found.add(f"{name} (name)", name, room)
    except FormatError as error:
        found.trouble(error.what)
    if shut and found.kind in ("zip", "7z", "lzh"):
        found.state = State.ENCRYPTED if shut == files else State.OPEN
        found.detail = why if shut == files else f"{shut} of {files} files in it are locked ({why})"
    return found


def _inner(data: bytes, name: str, room: Room) -> Document:
    room.depth += 1
    try:
        return read(data, name, room)
    finally:
        room.depth -= 1


def _ole(data: bytes, room: Room) -> Document:
    """A compound file: an old Office file, a locked new one, or a message."""
    compound = Compound(io.BytesIO(data))
    root = compound.root
    if root.child("EncryptedPackage") is not None:
        return locked("office", "EncryptedPackage")
    if root.child("\x06DataSpaces") is not None:
        return locked("office", "DataSpaces (rights management)")
    if root.child("WordDocument") is not None:
        return doc.read(compound, room)
    if root.child("Workbook") is not None or root.child("Book") is not None:
        return xls.read(compound, data, room)
    if root.child("PowerPoint Document") is not None:
        return ppt.read(compound, room)
    if root.child("__properties_version1.0") is not None:
        return Document(kind="msg", detail="its message is read as one of the case")
    if root.child("DocumentText") is not None:
        return Document(kind="jtd", state=State.UNKNOWN, problems=["Ichitaro files (.jtd) are not read here"])
    return Document(kind="ole")
