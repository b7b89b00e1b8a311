"""Compares what a step made with what it makes now, and names the first record that differs: kind, id, address, column.

Files are compared by their SHA-256 first. Where that differs the rows are compared themselves, because another version
of an encoder writes other bytes for the same rows. Values are not shown: some of them are content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile.view import CaseView
from forensics.errors import FormatError, IntegrityError
from forensics.evidence.item import ACQUISITION, MANIFEST, dump_entries
from forensics.evidence.readback import open_stored, read_stored
from forensics.evidence.store import EvidenceStore
from forensics.tables import SCHEMAS

ENCODED_OTHERWISE = "the same rows, encoded otherwise"
_SEALED = "plain_sha256"
_NOT_LISTED = "is not what the ledger lists"
_TABLE = ".parquet"
Output = dict[str, Any]


def parse_differs(stored: CaseView, made: CaseView, listed: Output, now: Output) -> tuple[str, str]:
    """The first difference between two parses, or an empty text; and what is worth saying where there is none."""
    try:
        before = canonical.decode(stored.read_output(listed))
    except (IntegrityError, FormatError):
        return f"{listed['path']} {_NOT_LISTED}", ""
    after = canonical.decode(made.read_output(now))
    note = ""
    by_path = {part["path"]: part for part in after["parts"]}
    for part in before["parts"]:
        again = by_path.pop(part["path"], None)
        if again is None:
            return f"{part['path']} is not made any more", ""
        differs, said = table_differs(stored, made, part, again, tuple(SCHEMAS[part["kind"]].names), part["kind"])
        if not differs and any(part.get(name) != again.get(name) for name in ("kind", "rows", "digest")):
            differs = f"{part['path']}: its rows or their digest are listed as others than they are"
        if differs:
            return differs, ""
        note = note or said
    if by_path:
        return f"{min(by_path)} is made now and was not", ""
    return _rest_differs(listed["path"], before, after), note


def _rest_differs(path: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    for name in sorted({*before, *after} - {"parts"}):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            key = min(key for key in {*one, *other} if one.get(key) != other.get(key))
            return f"{path}: {name} {key}"
        return f"{path}: {name}"
    return ""


def table_differs(
    stored: CaseView, made: CaseView, listed: Output, now: Output, names: Sequence[str], kind: str
) -> tuple[str, str]:
    """The same for one table of records."""
    found = sha256_of(stored.folder / listed["path"])
    if found != listed["sha256"]:
        # What lies there is compared all the same, so that the record is named and not only the file.
        differs = "" if not found else _rows_differ(stored, made, {**listed, "sha256": found}, now, names, kind)
        return differs or f"{listed['path']} {_NOT_LISTED if found else 'cannot be read'}", ""
    if found == now["sha256"]:
        return "", ""
    differs = _rows_differ(stored, made, listed, now, names, kind)
    return differs, "" if differs else ENCODED_OTHERWISE


def _rows_differ(stored: CaseView, made: CaseView, listed: Output, now: Output, names: Sequence[str], kind: str) -> str:
    if _SEALED in listed or _SEALED in now:
        same = (listed.get(_SEALED), listed.get("digest")) == (now.get(_SEALED), now.get("digest"))
        return "" if same else f"{listed['path']}: the texts in it, which are not shown"
    try:
        pairs = zip_longest(_rows(stored, listed, names), _rows(made, now, names))
        for number, (one, other) in enumerate(pairs, start=1):
            if one != other:
                return f"{kind} record {_named(names, one, other)} (row {number} of {listed['path']})"
    except (OSError, ValueError, KeyError, IntegrityError) as error:
        return f"{listed['path']} cannot be read: {error}"
    return ""


def _rows(view: CaseView, output: Output, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    for columns in view.columns(output, names):
        yield from zip(*columns, strict=True)


def _named(names: Sequence[str], one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> str:
    """Id, address and column of a row that differs."""
    row = dict(zip(names, one or other or (), strict=True))
    ident = row.get("id") or row.get("record_id") or row.get(names[0])
    where = f"{ident} at {row.get('address', '')}"
    if one is None or other is None:
        return f"{where}: it is {'made now and was not' if one is None else 'not made any more'}"
    columns = [name for name, left, right in zip(names, one, other, strict=True) if left != right]
    return f"{where}: column {columns[0]}"


def files_differ(case: Path, made: Path, listed: Sequence[Output], now: Sequence[Output]) -> str:
    """The first difference between the files of two runs of a report."""
    by_path = {each["path"]: each for each in now}
    for each in listed:
        again = by_path.pop(each["path"], None)
        if again is None:
            return f"{each['path']} is not made any more"
        found = sha256_of(case / each["path"])
        if found == each["sha256"] == again["sha256"]:
            continue
        if not found:
            return f"{each['path']} cannot be read"
        if found == again["sha256"]:
            return f"{each['path']} {_NOT_LISTED}"
        return f"{each['path']}: {_first_byte(case / each['path'], made / each['path'])}"
    return f"{min(by_path)} is made now and was not" if by_path else ""


def _first_byte(one: Path, other: Path) -> str:
    before, after = read_stored(one), read_stored(other)
    shorter = min(len(before), len(after))
    at = next((n for n in range(0, shorter, 4096) if before[n : n + 4096] != after[n : n + 4096]), shorter)
    at += next((n for n, (a, b) in enumerate(zip(before[at:], after[at:], strict=False)) if a != b), 0)
    if b"\0" in before[:4096]:
        return f"byte {at:,}"
    return f"line {before.count(10, 0, at) + 1:,}"


def item_differs(stored: EvidenceStore, made: EvidenceStore, item: str) -> str:
    """The first file that another extraction of an item gives otherwise; when it was acquired is not compared."""
    before, after = list(stored.entries(item)), list(made.entries(item))
    for one, other in zip_longest(before, after):
        if one != other:
            shown = (one or other).path.decode("utf-8", "backslashreplace") if one or other else ""
            return f"{item}: the file {shown!r}"
    sums = [_sums(store.root / item / MANIFEST) for store in (stored, made)]
    if sums[0] != sums[1] or dump_entries(before) != dump_entries(after):
        return f"{item}: {MANIFEST}"
    return ""


def _sums(manifest: Path) -> list[bytes]:
    return [line for line in read_stored(manifest).splitlines() if not line.endswith(ACQUISITION.encode())]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a stored file; an empty text where it cannot be read."""
    try:
        with open_stored(path) as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except (OSError, ValueError, IntegrityError):
        return ""
