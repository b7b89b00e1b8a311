"""The parts of each message of an evidence item as bytes, in the order of its store: docs/reference/message-tree.md.

They are read from the records a batch at a time. The rows of a part file follow its messages, so that four files are
read side by side and nothing is sorted or looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring as _quoted
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError

MARK = b"message-part-v1\n"
RECORD, ORIGINAL, FIELD, HEADER, BODY, ATTACHMENT = KINDS = (
    "record",
    "original",
    "field",
    "header",
    "body",
    "attachment",
)
_STORED_FIELDS = (
    "item_class",
    "subject",
    "sender",
    "sender_address",
    "to",
    "cc",
    "bcc",
    "date_raw",
    "received_utc",
    "message_id",
    "in_reply_to",
)
"""What an item of Outlook says of itself in properties, where a message of RFC 5322 has header fields."""

_MESSAGE = (
    "id",
    "address",
    "span_start",
    "span_end",
    "recovery",
    "size",
    "raw_sha256",
    "canonical_sha256",
    "store_path",
    *_STORED_FIELDS,
)
_COLUMNS = {
    "header": ("message_id_ref", "name", "raw"),
    "text": ("message_id_ref", "kind", "charset", "part", "sha256", "size"),
    "attachment": ("message_id_ref", "name", "declared_type", "part", "sha256", "size"),
}
_MOST_NAMES = 10_000
_HEADS = {kind: MARK + kind.encode() + b"\n" for kind in KINDS}
_Columns = Sequence[list[Any]]


class Sealed(NamedTuple):
    """One message of a tree: its place there from 0, the id of its record, its parts in their order."""

    number: int
    id: str
    parts: list[bytes]


@dataclass(slots=True)
class _Rows:
    """The rows of one kind that belong to messages, taken message by message."""

    batches: Iterator[_Columns]
    columns: _Columns = ()
    at: int = 0
    end: int = 0

    def take(self, id_: str) -> _Columns:
        """The rows of the next message, as columns; an empty answer where it has none."""
        found: _Columns = ()
        while self.at < self.end or self._more():
            refs, start, at, end = self.columns[0], self.at, self.at, self.end
            while at < end and refs[at] == id_:
                at += 1
            if at > start:
                rows = [column[start:at] for column in self.columns]
                found = [[*one, *two] for one, two in zip(found, rows, strict=True)] if found else rows
                self.at = at
            if at < end:
                break
        return found

    def _more(self) -> bool:
        found = next(self.batches, None)
        if found is None:
            return False
        self.columns, self.at, self.end = found, 0, len(found[0])
        return True

    def left(self) -> bool:
        """Whether there are rows that no message asked for."""
        return self.at < self.end or self._more()


@dataclass(slots=True)
class _Builder:
    """What is the same for all messages of an item."""

    evidence: str
    heads: dict[str, bytes] = field(default_factory=dict)
    """What stands before the raw bytes of a header field, by its name."""

    def parts(self, index: int, row: Sequence[Any], files: dict[str, _Rows]) -> list[bytes]:
        id_ = row[0]
        fields = _fields(row)
        headers = self._headers(files["header"].take(id_))
        bodies = _bodies(files["text"].take(id_))
        attachments = _attachments(files["attachment"].take(id_))
        counts = (len(fields), len(headers), len(bodies), len(attachments))
        return [self._record(index, row, counts), _original(row), *fields, *headers, *bodies, *attachments]

    def _record(self, index: int, row: Sequence[Any], counts: tuple[int, int, int, int]) -> bytes:
        fields, headers, bodies, attachments = counts
        span = "null" if row[2] is None else f"[{row[2]},{row[3]}]"
        return (
            _HEADS[RECORD]
            + (
                f'{{"address":{_quoted(row[1])},"attachments":{attachments},"bodies":{bodies},"evidence":'
                f'{_quoted(self.evidence)},"fields":{fields},"headers":{headers},"index":{index},"recovery":'
                f'{_quoted(row[4])},"span":{span}}}'
            ).encode()
        )

    def _headers(self, rows: _Columns) -> list[bytes]:
        if not rows:
            return []
        try:
            return [self.heads[name] + raw for name, raw in zip(rows[1], rows[2], strict=True)]
        except KeyError:
            # Names are few in honest mail; hostile mail cannot make this grow without end.
            if len(self.heads) > _MOST_NAMES:
                self.heads.clear()
            self.heads.update({name: _HEADS[HEADER] + name.encode() + b":" for name in rows[1]})
            return self._headers(rows)


def _original(row: Sequence[Any]) -> bytes:
    raw, canonical = row[6], row[7]
    form, sha256 = ("rfc822-raw", raw) if raw else ("mapi-canonical-v1", canonical) if canonical else (None, None)
    text = f'{{"form":{_json(form)},"sha256":{_json(sha256)},"size":{_json(row[5])}}}'
    return _HEADS[ORIGINAL] + text.encode()


def _fields(row: Sequence[Any]) -> list[bytes]:
    """The folder; of an item of Outlook also what its properties say."""
    found = [_field("store_path", row[8])]
    if not row[6]:
        found += [_field(name, value) for name, value in zip(_STORED_FIELDS, row[9:], strict=True) if value is not None]
    return found


def _field(name: str, value: str | int) -> bytes:
    return _HEADS[FIELD] + f'{{"name":{_quoted(name)},"value":{_json(value)}}}'.encode()


def _bodies(rows: _Columns) -> list[bytes]:
    return [
        _HEADS[BODY]
        + f'{{"charset":{_json(charset)},"kind":{_quoted(kind)},"part":{_json(part)},"sha256":{_json(sha256)},'
        f'"size":{_json(size)}}}'.encode()
        for kind, charset, part, sha256, size in zip(*rows[1:], strict=True)
    ]


def _attachments(rows: _Columns) -> list[bytes]:
    return [
        _HEADS[ATTACHMENT]
        + f'{{"name":{_json(name)},"part":{_json(part)},"sha256":{_json(sha256)},"size":{_json(size)},'
        f'"type":{_json(type_)}}}'.encode()
        for name, type_, part, sha256, size in zip(*rows[1:], strict=True)
    ]


def _json(value: str | int | None) -> str:
    if value is None:
        return "null"
    return _quoted(value) if value.__class__ is str else str(value)


def messages(view: CaseView, manifest: dict[str, Any]) -> Iterator[Sealed]:
    """Every message that the manifest of an item's records lists, in order, with its parts."""
    builder = _Builder(manifest["evidence"])
    index = 0
    for parts in _tasks(manifest):
        if "message" not in parts:
            continue
        files = {kind: _Rows(_batches(view, parts.get(kind), names)) for kind, names in _COLUMNS.items()}
        for batch in _batches(view, parts["message"], _MESSAGE):
            for row in zip(*batch, strict=True):
                yield Sealed(index, row[0], builder.parts(index, row, files))
                index += 1
        stray = next((kind for kind, rows in files.items() if rows.left()), "")
        if stray:
            place = parts[stray]["path"]
            raise IntegrityError("its rows do not follow the messages that they belong to", place=place)


def _tasks(manifest: dict[str, Any]) -> Iterator[dict[str, dict[str, Any]]]:
    """The part files of one task after the other, by their kind; the manifest lists them in the order of the store."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for part in manifest["parts"]:
        found.setdefault(PurePosixPath(part["path"]).name, {})[part["kind"]] = part
    yield from found.values()


def _batches(view: CaseView, part: dict[str, Any] | None, names: Sequence[str]) -> Iterator[_Columns]:
    return iter(()) if part is None else view.columns(part, names)


def kind_of(part: bytes) -> str:
    """What a part is; ``""`` if it is none."""
    mark, _, rest = part.partition(b"\n")
    kind = rest.partition(b"\n")[0].decode("ascii", "backslashreplace")
    return kind if mark + b"\n" == MARK and kind in KINDS else ""
