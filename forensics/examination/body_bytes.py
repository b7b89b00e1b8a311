"""The bytes of a body as they were before they became text: from the store of contents, or out of the evidence again.

Bodies of Outlook items are kept as contents. A body of RFC 5322 stands in the evidence in its transfer encoding, so it
is decoded once more; whatever is found counts only if it has the SHA-256 that its record names.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from forensics import address
from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError
from forensics.evidence.content import ContentStore
from forensics.evidence.sealed_content import content_store
from forensics.evidence.store import EvidenceStore
from forensics.formats import mime, transfer
from forensics.formats.mbox_lines import Variant, unquote

_TEXT = "SELECT text FROM text WHERE message_id_ref = $1 AND position = $2"
_MESSAGE = "SELECT evidence, address, span_start, span_end, size, raw_sha256 FROM message WHERE id = $1"
_CARRIER = "SELECT sha256 FROM attachment WHERE address = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Which body: of which message, its place there from 1, and what its part in the message tree says of it."""

    message: str
    position: int
    said: dict[str, Any]


def body_bytes(view: CaseView, body: Body, export: str) -> bytes:
    """The bytes, to leave the case in the file ``export``; :class:`IntegrityError` where nothing has their hash."""
    view.announce(body.message, f"body:{body.position}", export)
    for found in _candidates(view, body):
        if hashlib.sha256(found).hexdigest() == body.said["sha256"]:
            return found
    raise IntegrityError(
        "the bytes of this body are nowhere in the case",
        place=f"body {body.position} of message {body.message}",
        todo="disclose from a case that still holds its evidence",
    )


def _candidates(view: CaseView, body: Body) -> Iterator[bytes]:
    contents = content_store(view.folder / "content", view.vault)
    if contents.has(body.said["sha256"]):
        yield _whole(contents, body.said["sha256"])
    raw = _raw_message(view, body.message)
    if raw is not None:
        yield from _decoded(raw, body.said["part"])
    if view.vault is None:
        (row,) = view.rows(_TEXT, [body.message, body.position])
        with contextlib.suppress(LookupError, UnicodeEncodeError):
            yield (row["text"] or "").encode(body.said["charset"] or "utf-8")


def _whole(contents: ContentStore, sha256: str) -> bytes:
    with contents.open(sha256) as handle:
        return handle.read()


def _decoded(raw: bytes, path: str) -> Iterator[bytes]:
    """The part with that place in the message, as it stands and with what the variants of mbox did to it undone."""
    for part in mime.parse(raw).leaves:
        if part.path == path:
            yield transfer.content(raw, part).data
    for variant in Variant:
        plain = unquote(raw, variant)
        if plain != raw:
            yield from (transfer.content(plain, part).data for part in mime.parse(plain).leaves if part.path == path)


def _raw_message(view: CaseView, message: str) -> bytes | None:
    """The stored bytes of a message: a range of a file of the evidence, or an attachment that was a message."""
    (row,) = view.rows(_MESSAGE, [message])
    if row["raw_sha256"] is None:
        return None
    found = _out_of_evidence(view, row) if row["span_start"] is not None else _out_of_carrier(view, row)
    # In a mailbox the range begins with the From_ line and may end with the blank line behind the message.
    starts = (0, found.find(b"\n") + 1) if found else ()
    whole = (found[start : start + row["size"]] for start in starts if found)
    return next((raw for raw in whole if hashlib.sha256(raw).hexdigest() == row["raw_sha256"]), None)


def _out_of_evidence(view: CaseView, row: dict[str, Any]) -> bytes | None:
    number = int(address.parse(row["address"]).steps[0])
    try:
        with EvidenceStore(view.folder / "evidence", view.vault).open(row["evidence"], number) as handle:
            handle.seek(row["span_start"])
            return handle.read(row["span_end"] - row["span_start"])
    except FileNotFoundError:
        return None


def _out_of_carrier(view: CaseView, row: dict[str, Any]) -> bytes | None:
    at = address.parse(row["address"])
    while len(at.steps) > 1:
        at = at.parent()
        for carrier in view.rows(_CARRIER, [str(at)]):
            return _whole(content_store(view.folder / "content", view.vault), carrier["sha256"])
    return None
