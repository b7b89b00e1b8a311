"""A file of DKIM keys kept as evidence: which record stood under which selector, who fetched it, when, from where.

CSV with a heading line, or a JSON list of objects, in UTF-8. Columns: ``selector``, ``domain``, ``record`` (the text of
the TXT record, RFC 6376 3.6.1), ``fetched`` (ISO 8601), ``by``, ``resolver``; and where somebody recorded since when or
until when the record was seen, ``first_seen`` and ``last_seen``.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from forensics.errors import FormatError

FILE_NAMES = ("dkim-keys.csv", "dkim-keys.json")
"""The names under which an evidence item holds such a file, in any folder."""
COLUMNS = ("selector", "domain", "record", "fetched", "by", "resolver", "first_seen", "last_seen")
_NEEDED = frozenset(("selector", "domain", "record"))
_MOST = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One record of a selector. ``first_seen`` and ``last_seen`` are seconds since 1970 UTC, ``None`` if not stated."""

    selector: str
    domain: str
    record: str
    fetched: str = ""
    by: str = ""
    resolver: str = ""
    first_seen: int | None = None
    last_seen: int | None = None

    @property
    def source(self) -> str:
        """Who fetched it, when and from where, as the file says."""
        said = [text for text in (self.fetched and f"fetched {self.fetched}", self.by and f"by {self.by}") if text]
        return " ".join([*said, *([f"from {self.resolver}"] if self.resolver else [])])


def read_keys(data: bytes) -> list[Key]:
    """The keys of one file, or :class:`FormatError` that names the line."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError("a key file is in UTF-8, and this is not", offset=error.start) from error
    rows = _json(text) if text.lstrip()[:1] in ("[", "{") else _csv(text)
    return [_key(number, row) for number, row in enumerate(rows[:_MOST], start=1)]


def _csv(text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text))
    try:
        names = {str(name).strip().lower() for name in reader.fieldnames or ()}
        if not names >= _NEEDED:
            raise FormatError(f"a key file has the columns {', '.join(sorted(_NEEDED))}")
        return [{str(name).strip().lower(): str(value or "") for name, value in row.items()} for row in reader]
    except csv.Error as error:
        raise FormatError(f"this is no CSV: {error}") from error


def _json(text: str) -> list[dict[str, str]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this is not JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise FormatError("a key file in JSON is a list of objects")
    return [{str(name).lower(): str(value or "") for name, value in each.items()} for each in found]


def _key(number: int, row: dict[str, str]) -> Key:
    given = {name: row.get(name, "").strip() for name in COLUMNS}
    if not given["selector"] or not given["domain"]:
        raise FormatError(f"key {number} names no selector or no domain")
    seen = {name: _seconds(given.pop(name), number) for name in ("first_seen", "last_seen")}
    domain, selector = given.pop("domain").lower().rstrip("."), given.pop("selector").lower()
    return Key(domain=domain, selector=selector, **given, **seen)  # type: ignore[arg-type]


def _seconds(text: str, number: int) -> int | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise FormatError(f"key {number}: {text[:40]!r} is no time in ISO 8601") from error
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return int((aware - _EPOCH).total_seconds())
