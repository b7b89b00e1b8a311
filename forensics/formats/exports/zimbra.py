"""The ``.meta`` file beside each item of a Zimbra export (``fmt=tgz``): JSON as ItemData of zm-mailbox writes it.

    id, uuid, type, parent_id, folder_id, imap_id, date (seconds), size, blob_digest, unread, flags, subject, name,
    metadata, mod_metadata, change_date (seconds), mod_content, sender, FlagStr, Path, TagStr, TagNames, Ver

``blob_digest`` is the SHA-256 of the message in base64 whose ``/`` is written ``,`` (SHA-1 before version 8).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from forensics.errors import FormatError

MESSAGE_TYPES = frozenset((5, 16))
"""MailItem.Type: MESSAGE is 5, CHAT 16."""
_FLAGS = {
    "f": "flagged", "r": "answered", "w": "forwarded", "d": "draft", "x": "deleted", "s": "sent", "a": "attachment",
    "n": "notified", "!": "urgent", "?": "low priority", "u": "unread",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What Zimbra says of one item. ``digest`` is in hexadecimal, "" where none is stated; times in nanoseconds."""

    id: int
    type: int
    folder: str
    date_ns: int
    changed_ns: int
    size: int
    algorithm: str
    digest: str
    flags: tuple[str, ...]
    tags: tuple[str, ...]
    imap_id: int


def read_meta(data: bytes) -> Meta:
    """The item that a ``.meta`` file describes."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FormatError(f"this .meta file is no JSON: {error}") from error
    if not isinstance(value, dict) or "id" not in value or "type" not in value:
        raise FormatError("this .meta file describes no item of Zimbra")
    algorithm, digest = _digest(str(value.get("blob_digest") or ""))
    letters = str(value.get("FlagStr") or "")
    flags = [_FLAGS.get(letter, f"flag-{letter}") for letter in letters]
    if not _number(value, "unread"):
        flags.insert(0, "read")
    return Meta(
        id=_number(value, "id"),
        type=_number(value, "type"),
        folder=str(value.get("Path") or "").rpartition("/")[0].strip("/"),
        date_ns=_number(value, "date") * 10**9,
        changed_ns=_number(value, "change_date") * 10**9,
        size=_number(value, "size"),
        algorithm=algorithm,
        digest=digest,
        flags=tuple(each for each in flags if each != "unread"),
        tags=_tags(str(value.get("TagNames") or value.get("TagStr") or "")),
        imap_id=_number(value, "imap_id"),
    )


def _number(value: dict[str, Any], name: str) -> int:
    found = value.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 1 << 62 else 0


def _digest(text: str) -> tuple[str, str]:
    """Algorithm and hexadecimal form; nothing where the text is neither a SHA-1 nor a SHA-256 in base64."""
    try:
        raw = base64.b64decode(text.replace(",", "/") + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        return "", ""
    return ({20: "sha1", 32: "sha256"}.get(len(raw), ""), raw.hex()) if len(raw) in (20, 32) else ("", "")


def _tags(text: str) -> tuple[str, ...]:
    """``a:b``, with a backslash before a colon or backslash that belongs to a name."""
    found, name, escaped = [], "", False
    for char in text:
        if escaped or char not in "\\:":
            name, escaped = name + char, False
        elif char == "\\":
            escaped = True
        else:
            found.append(name)
            name = ""
    return tuple(filter(None, [*found, name]))
