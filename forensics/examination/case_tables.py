"""Reference tables of the client: checked, kept in the case under a version of their own, and on the ledger.

A table is one CSV file; its columns stand in :mod:`forensics.findings.reference`. A newer version replaces nothing on
the disk: rules read the newest, and every older one stays for whoever asks what an earlier run knew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from forensics.casefile.acts import Act
from forensics.casefile.ledger import replace_file
from forensics.casefile.view import CaseView
from forensics.errors import DONE, UsageError
from forensics.evidence.durable import make_folder
from forensics.examination.conductor import Examination
from forensics.findings import reference

FOLDER = "tables"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSummary:
    """One table put into the case; ``unchanged`` where the newest version was these bytes already."""

    table: str
    path: str
    sha256: str
    rows: int
    unchanged: bool

    @property
    def exit_code(self) -> int:
        """A table that has a fault is an error, and nothing is put in."""
        return DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """One kind of table, what it is for, and what the case has of it: the path and the number of rows."""

    table: str
    ja: str
    en: str
    columns: tuple[str, ...]
    path: str = ""
    rows: int = 0


def add_table(examination: Examination, name: str, path: Path) -> TableSummary:
    """Check a file and put it into the case as the newest version of a table."""
    kind = _kind(name)
    data = _read(path)
    rows = sum(1 for _ in reference.read_rows(kind.name, data, str(path)))
    sha256 = hashlib.sha256(data).hexdigest()
    held = [each for each in reference.versions(examination.view()) if each.name == name]
    if held and held[-1].sha256 == sha256:
        return TableSummary(table=name, path=held[-1].path, sha256=sha256, rows=rows, unchanged=True)
    place = f"{FOLDER}/{name}/{len(held) + 1:04d}.csv"
    params = {"table": name, "path": place, "source": path.name, "rows": rows}
    with examination.step(Act.TABLE, params=params) as step:
        target = examination.folder / place
        make_folder(target.parent)
        replace_file(target, data)
        step.outputs.append({"path": place, "sha256": sha256, "size": len(data)})
    return TableSummary(table=name, path=place, sha256=sha256, rows=rows, unchanged=False)


def tables_of(case: Path) -> tuple[TableState, ...]:
    """Every kind of table, and what the case has of it."""
    view = CaseView(case)
    held = {each.name: each for each in reference.stored(view)}
    found = []
    for name, kind in reference.KINDS.items():
        path = held[name].path if name in held else ""
        rows = len(reference.rows_of(view, name)) if path else 0
        ja, en = kind.title
        found.append(TableState(table=name, ja=ja, en=en, columns=kind.columns, path=path, rows=rows))
    return tuple(found)


def write_templates(out: Path, names: tuple[str, ...] = ()) -> tuple[Path, ...]:
    """An empty file for each kind of table, with its columns, for a spreadsheet to open; none is overwritten."""
    wanted = [_kind(name) for name in names or tuple(reference.KINDS)]
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in wanted:
        path = out / f"{kind.name}.csv"
        try:
            with path.open("xb") as handle:
                handle.write(reference.template(kind.name).encode("utf-8-sig"))
        except FileExistsError as error:
            raise UsageError("this file is there already", place=str(path), todo="give a new folder") from error
        written.append(path)
    return tuple(written)


def faults_of(name: str, path: Path) -> tuple[str, ...]:
    """Every fault of a file, with its line; nothing is put into a case."""
    return tuple(f"line {number} {what}" for number, what in reference.check(_kind(name).name, _read(path)))


def _kind(name: str) -> reference.TableKind:
    kind = reference.KINDS.get(name)
    if kind is None:
        raise UsageError(f"there is no table named {name!r}", todo=f"name one of: {', '.join(reference.KINDS)}")
    return kind


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}", place=str(path), todo="check the path and its spelling")
    with path.open("rb") as handle:
        return handle.read(reference.MOST_BYTES + 1)
