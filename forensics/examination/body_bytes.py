"""The bytes of a body as they were before they became text: from the store of contents, or out of the evidence again.

Bodies of Outlook items are kept as contents. A body of RFC 5322 stands in the evidence in its transfer encoding, so it
is decoded once more; whatever is found counts only if it has the SHA-256 that its record names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from forensics import address
from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError
from forensics.evidence.content import ContentStore
from forensics.evidence.item import payload_name
from forensics.evidence.readback import open_stored
from forensics.formats import mime, transfer
from forensics.formats.mbox_lines import Variant, unquote

_TEXT = "SELECT sha256, part, charset, text FROM text WHERE message_id_ref = $1 AND position = $2"
_MESSAGE = "SELECT evidence, address, span_start, span_end, size, raw_sha256 FROM message WHERE id = $1"
_CARRIER = "SELECT sha256 FROM attachment WHERE address = $1"


def body_bytes(view: CaseView, message: str, position: int) -> bytes:
    """Body ``position`` (from 1) of a message; :class:`IntegrityError` where nothing in the case has its hash."""
    (row,) = view.rows(_TEXT, [message, position])
    for found in _candidates(view, message, row):
        if hashlib.sha256(found).hexdigest() == row["sha256"]:
            return found
    raise IntegrityError(
        "the bytes of this body are nowhere in the case",
        place=f"body {position} of message {message}",
        todo="disclose from a case that still holds its evidence",
    )


def _candidates(view: CaseView, message: str, row: dict[str, Any]) -> Iterator[bytes]:
    if row["sha256"] and ContentStore(view.folder / "content").has(row["sha256"]):
        yield view.content(row["sha256"])
    raw = _raw_message(view, message)
    if raw is not None:
        yield from _decoded(raw, row["part"])
    try:
        yield (row["text"] or "").encode(row["charset"] or "utf-8")
    except (LookupError, UnicodeEncodeError):
        return


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
        with open_stored(view.folder / "evidence" / row["evidence"] / payload_name(number)) as handle:
            handle.seek(row["span_start"])
            return handle.read(row["span_end"] - row["span_start"])
    except FileNotFoundError:
        return None


def _out_of_carrier(view: CaseView, row: dict[str, Any]) -> bytes | None:
    at = address.parse(row["address"])
    while len(at.steps) > 1:
        at = at.parent()
        for carrier in view.rows(_CARRIER, [str(at)]):
            return view.content(carrier["sha256"])
    return None
