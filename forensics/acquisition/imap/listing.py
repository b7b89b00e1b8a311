"""What an account holds: every folder of every namespace, and of each message all the server says without its text.

Messages are listed by number, a window at a time, because between two FETCH commands no number may change unless the
server says so (RFC 9051 7.5.1); a listing that was cut is begun again. Names are kept as the bytes they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from forensics.acquisition.imap.session import Cut, Refused, Renewed, Session
from forensics.formats.utf7 import decode_modified

WINDOW = 1000
_MOST_LISTINGS = 3
_BASIC = ("UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE")
_OFFERED = (
    ("MODSEQ", "CONDSTORE"),
    ("X-GM-MSGID", "X-GM-EXT-1"),
    ("X-GM-THRID", "X-GM-EXT-1"),
    ("X-GM-LABELS", "X-GM-EXT-1"),
    ("EMAILID", "OBJECTID"),
    ("THREADID", "OBJECTID"),
)
_FAILS = (Cut, Refused, Renewed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One message as the server describes it. ``internaldate`` is its own text; ``ids`` are ids beyond the UID."""

    uid: int
    internaldate: str
    flags: tuple[str, ...]
    size: int | None
    modseq: str = ""
    labels: tuple[str, ...] | None = None
    ids: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One folder: ``status`` is what STATUS said, ``exists`` what EXAMINE said, ``trouble`` why it was not read."""

    raw: bytes
    delimiter: str
    attributes: tuple[str, ...]
    namespace: str = "personal"
    selectable: bool = True
    wanted: bool = True
    status: dict[str, int] = field(default_factory=dict)
    exists: int = 0
    uidvalidity: int = 0
    read_only: bool = False
    messages: tuple[Listed, ...] = ()
    trouble: str = ""

    @property
    def name(self) -> str:
        """The name as people see it: modified UTF-7 decoded (RFC 3501 5.1.3), or UTF-8 where a server sends that."""
        try:
            return decode_modified(self.raw.decode())
        except UnicodeDecodeError:
            return self.raw.decode("latin-1")

    @property
    def shown(self) -> str:
        """The name with ``/`` between the parts, whatever stands there on the server."""
        return self.name.replace(self.delimiter, "/") if self.delimiter else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All folders in byte order of their raw names, and what NAMESPACE said."""

    folders: tuple[Folder, ...]
    namespaces: tuple[dict[str, str], ...] = ()


def look(session: Session, wanted: Sequence[str] = ()) -> Account:
    """List everything. A folder that cannot be opened stays in the list, with the reason."""
    namespaces = tuple(_namespaces(session))
    found: dict[bytes, Folder] = {}
    places = [("", "personal"), *((each["prefix"], each["kind"]) for each in namespaces)]
    for prefix, kind in dict(places).items():
        for folder in _list(session, prefix.encode("utf-8", "surrogateescape"), kind):
            found[folder.raw] = folder if folder.raw not in found or kind != "personal" else found[folder.raw]
    folders = (found[raw] for raw in sorted(found))
    chosen = (replace(each, wanted=not wanted or bool({each.name, each.shown} & set(wanted))) for each in folders)
    return Account(folders=tuple(_filled(session, each) for each in chosen), namespaces=namespaces)


def _namespaces(session: Session) -> Iterator[dict[str, str]]:
    if "NAMESPACE" not in session.capabilities:
        return
    try:
        found = session.ask(None, lambda client: client.namespace())
    except _FAILS:
        return
    for kind, spaces in zip(("personal", "other", "shared"), found, strict=True):
        for prefix, delimiter in spaces or ():
            text = prefix.decode("utf-8", "surrogateescape") if isinstance(prefix, bytes) else str(prefix)
            yield {"kind": kind, "prefix": text, "delimiter": delimiter or ""}


def _list(session: Session, prefix: bytes, kind: str) -> Iterator[Folder]:
    try:
        listed = session.ask(None, lambda client: client.list_folders(prefix, b"*"))
    except _FAILS:
        if not prefix:
            raise
        return
    for attributes, delimiter, name in listed:
        raw = name if isinstance(name, bytes) else b"NIL" if name is None else str(name).encode()
        marks = tuple(_text(each) for each in attributes or ())
        lower = {each.lower() for each in marks}
        yield Folder(
            raw=raw,
            delimiter=_text(delimiter) if delimiter is not None else "",
            attributes=marks,
            namespace=kind,
            selectable=not lower & {"\\noselect", "\\nonexistent"},
        )


def _filled(session: Session, folder: Folder) -> Folder:
    """The folder with its counts and messages."""
    if not (folder.selectable and folder.wanted):
        return folder
    try:
        folder = replace(folder, status=_status(session, folder.raw))
        for _ in range(_MOST_LISTINGS):
            seen = session.examine(folder.raw)
            generation = session.generation
            folder = replace(
                folder,
                exists=int(seen.get(b"EXISTS", 0)),
                uidvalidity=int(seen.get(b"UIDVALIDITY", 0)),
                read_only=b"READ-ONLY" in seen,
            )
            messages = tuple(_messages(session, folder))
            if session.generation == generation:
                break
    except _FAILS as error:
        return replace(folder, trouble=str(error))
    return replace(folder, messages=messages)


def _status(session: Session, raw: bytes) -> dict[str, int]:
    """What STATUS says, before the folder is entered; a server that refuses it has said so in the transcript."""
    items = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN"]
    items += ["HIGHESTMODSEQ"] if "CONDSTORE" in session.capabilities else []
    try:
        found = session.ask(None, lambda client: client.folder_status(raw, items))
    except Refused:
        return {}
    return {_text(name).lower(): value for name, value in found.items() if isinstance(value, int)}


def items_of(capabilities: Sequence[str]) -> tuple[str, ...]:
    """What to ask of each message, by what the server offers."""
    return (*_BASIC, *(item for item, capability in _OFFERED if capability in capabilities))


def _messages(session: Session, folder: Folder) -> Iterator[Listed]:
    """Every message of the folder, by UID."""
    items = items_of(session.capabilities)
    found: dict[int, Listed] = {}
    for first in range(1, folder.exists + 1, WINDOW):
        ids = f"{first}:{min(first + WINDOW - 1, folder.exists)}"
        answer = session.ask(folder.raw, lambda client, ids=ids: client.fetched(ids, items, by_uid=False))  # type: ignore[misc]
        for _, row in answer.rows:
            if isinstance(row.get(b"UID"), int):
                listed = _listed(row)
                found[listed.uid] = listed
    yield from (found[uid] for uid in sorted(found))


def _listed(row: dict[bytes, Any]) -> Listed:
    size, modseq, labels = row.get(b"RFC822.SIZE"), row.get(b"MODSEQ"), row.get(b"X-GM-LABELS")
    named = (b"X-GM-MSGID", b"X-GM-THRID", b"EMAILID", b"THREADID")
    return Listed(
        uid=row[b"UID"],
        internaldate=_text(row.get(b"INTERNALDATE") or b""),
        flags=tuple(sorted(_text(each) for each in row.get(b"FLAGS") or ())),
        size=size if isinstance(size, int) else None,
        modseq=_text(modseq[0]) if isinstance(modseq, tuple) and modseq else "",
        labels=tuple(sorted(decode_modified(_text(each)) for each in labels)) if isinstance(labels, tuple) else None,
        ids=tuple((key.decode().lower(), _text(_first(row[key]))) for key in named if row.get(key) is not None),
    )


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and value else value


def _text(value: Any) -> str:
    """An atom as text: the library makes numbers of digits and ``None`` of NIL."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return "NIL" if value is None else str(value)
