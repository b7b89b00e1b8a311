"""The files that lie beside the messages in the evidence item: what the server said of them, and what was said to it.

    papers/differences.jsonl   what changed since the item before, and during the run
    papers/folders.jsonl       every folder with the server's own counts against what was listed and fetched
    papers/messages.jsonl      every message that was listed: UID, date, flags, size, hash, where its text lies
    papers/transcript.jsonl    every command and every answer, without secrets and without content

The first line of each says what it is; the others are JSON objects in canonical form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forensics import canonical
from forensics.acquisition.imap.listing import Folder, Listed

FOLDER = b"papers"
DIFFERENCES, FOLDERS, MESSAGES, TRANSCRIPT = (
    FOLDER + b"/" + name for name in (b"differences.jsonl", b"folders.jsonl", b"messages.jsonl", b"transcript.jsonl")
)
ALL = (DIFFERENCES, FOLDERS, MESSAGES, TRANSCRIPT)
_VERSION = 1
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ._&+,@~=()-[]!#$'")


def written(what: str, lines: Iterable[Mapping[str, Any]]) -> bytes:
    """The bytes of one paper."""
    head = {"what": f"imap {what}", "version": _VERSION}
    return b"".join(canonical.encode(dict(each)) + b"\n" for each in (head, *lines))


def read(data: bytes) -> list[dict[str, Any]]:
    """The lines of a paper, without the first."""
    return [canonical.decode(line) for line in data.splitlines()[1:]]


def safe(raw: bytes) -> bytes:
    """A folder's raw name as one part of a path: all but letters, digits and some signs become ``%XX``."""
    coded = b"".join(bytes((each,)) if each in _PLAIN else b"%%%02X" % each for each in raw)
    return coded.replace(b".", b"%2E") if not coded.strip(b".") else coded


def folder_path(folder: Folder) -> bytes:
    """Where the messages of a folder lie in the item."""
    return b"mail/" + safe(folder.raw)


def message_path(folder: Folder, uid: int) -> bytes:
    """``mail/INBOX/1700000000/0000000123.eml``: folder, UIDVALIDITY, UID, which together name a message for ever."""
    return b"%s/%d/%010d.eml" % (folder_path(folder), folder.uidvalidity, uid)


def message_facts(folder: Folder, listed: Listed) -> dict[str, Any]:
    """What the server said of one message."""
    return {
        "folder": folder.shown,
        "folder_raw": folder.raw.decode("latin-1"),
        "uidvalidity": folder.uidvalidity,
        "uid": listed.uid,
        "internaldate": listed.internaldate,
        "flags": list(listed.flags),
        "modseq": listed.modseq,
        "labels": None if listed.labels is None else list(listed.labels),
        "ids": dict(listed.ids),
        "size_stated": listed.size,
    }


def folder_facts(folder: Folder) -> dict[str, Any]:
    """What the server said of one folder; ``read`` tells whether its messages were listed."""
    return {
        "folder": folder.shown,
        "name": folder.name,
        "folder_raw": folder.raw.decode("latin-1"),
        "delimiter": folder.delimiter,
        "attributes": list(folder.attributes),
        "namespace": folder.namespace,
        "selectable": folder.selectable,
        "wanted": folder.wanted,
        "read": folder.selectable and folder.wanted and not folder.trouble,
        "uidvalidity": folder.uidvalidity,
        "read_only_confirmed": folder.read_only,
        "status": dict(folder.status),
        "exists": folder.exists,
        "listed": len(folder.messages),
        "trouble": folder.trouble,
    }
