"""Proposes a mapping for a table that nobody has described yet: what each column may be, why, and what is left open.

Only the first bytes of the file are read, as text; nothing is written, and a person decides what becomes of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.errors import DONE, PARTLY_READ, UsageError
from forensics.examination import presets
from forensics.formats.logs.japanese_times import table_time
from forensics.formats.logs.mapped import Header, Mapped
from forensics.formats.logs.mapping import CASE_ZONE, normal
from forensics.formats.logs.times import Assumed
from forensics.formats.sniff import HEAD
from forensics.parsers.contract import Settings
from forensics.parsers.logs.mapped import first_rows, recognised

_SAMPLES = 3
_SHORTEST_PART = 2
_MOST_ACTIONS = 50
_DEFAULT = "generic-hold-ja"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the file: its name, some of its values, what it is taken for, and why or why not."""

    number: int
    name: str
    samples: tuple[str, ...]
    role: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What ``forensics map`` shows of a file. ``yaml`` is the mapping to be checked by a person and saved."""

    file: str
    preset: str
    rows: int
    columns: tuple[Column, ...]
    unknown_actions: tuple[tuple[str, int], ...]
    missing: str
    recognised: bool
    """Whether a parse would read the file without a mapping."""
    yaml: str

    @property
    def exit_code(self) -> int:
        """3 where the mapping cannot be used before a person has completed it."""
        return PARTLY_READ if self.missing else DONE


def propose(path: Path, settings: Settings, preset: str = "") -> Proposal:
    """Look at the first rows of a table and say what its columns may be."""
    head, size = _head(path)
    given = Settings(zone=settings.zone, code_page=settings.code_page, presets=tuple(presets.generic()))
    found = recognised(head, given, size)
    rows = first_rows(head, given, size)
    name = preset or (found.mapped.mapping["preset"] if found else _likeliest(rows))
    mapped = Mapped(presets.preset(str(name)))
    at = _header_row(rows, mapped)
    if at < 0:
        raise UsageError(
            "this file has no row of column names with at least two columns",
            place=str(path),
            todo="give a CSV file with the names of its columns in one of its first ten rows",
        )
    header, below = mapped.header(rows[at]), rows[at + 1 :]
    columns = _columns(header, below, mapped)
    roles = {column.role: column.name for column in columns if column.role}
    actions = _unknown_actions(header, below, mapped, roles)
    proposal = _mapping(str(name), path, roles)
    told = Mapped(presets.resolved(proposal, str(path)))
    return Proposal(
        file=str(path),
        preset=str(name),
        rows=len(below),
        columns=tuple(columns),
        unknown_actions=actions,
        missing=told.why_not(told.header(rows[at])),
        recognised=found is not None,
        yaml=presets.written(proposal),
    )


def _head(path: Path) -> tuple[bytes, int]:
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}", place=str(path), todo="check the path and its spelling")
    with path.open("rb") as handle:
        return handle.read(HEAD), path.stat().st_size


def _likeliest(rows: Sequence[Sequence[str]]) -> str:
    """The generic preset that knows the most columns."""
    best, most = _DEFAULT, 0
    for preset in presets.generic():
        mapped = Mapped(preset)
        at = _header_row(rows, mapped)
        known = _known(mapped.header(rows[at])) if at >= 0 else 0
        if known > most:
            best, most = str(preset["preset"]), known
    return best


def _known(header: Header) -> int:
    return len(header.at) + len(header.twice)


def _header_row(rows: Sequence[Sequence[str]], mapped: Mapped) -> int:
    """The place of the row with the most known names; without any, of the first row with more than one cell."""
    known = [(_known(mapped.header(row)), -at) for at, row in enumerate(rows[:10]) if len(row) > 1]
    return -max(known)[1] if known else -1


def _columns(header: Header, below: Sequence[Sequence[str]], mapped: Mapped) -> list[Column]:
    """Every column: by its whole name first, then by a part of it, then by its values."""
    taken = set(header.at) | set(header.twice)
    found = []
    for number, name in enumerate(header.names):
        values = [row[number].strip() for row in below if number < len(row) and row[number].strip()]
        role = mapped.role(name)
        if role in header.twice:
            others = " and ".join(repr(each) for each in header.twice[role])
            role, why = "", f"not decided: {others} could each be {role}"
        elif role:
            why = "the name is one of the preset's words"
        else:
            role, why = _guessed(name, values, mapped, taken)
            taken |= {role} if role else set()
        samples = tuple(dict.fromkeys(values))[:_SAMPLES]
        found.append(Column(number=number + 1, name=name, samples=samples, role=role, why=why))
    return found


def _guessed(name: str, values: Sequence[str], mapped: Mapped, taken: set[str]) -> tuple[str, str]:
    plain = normal(name)
    parts = [(len(word), word, role) for word, role in mapped.words().items() if len(word) >= _SHORTEST_PART]
    for _, word, role in sorted(parts, reverse=True):
        if word in plain and role not in taken:
            return role, f"the name contains {word!r}; check this"
    if not values:
        return "", "not understood: the column is empty in the rows that were looked at"
    if all(table_time(value, Assumed()) for value in values):
        if not {"action_at", "queued_at"} & taken:
            return "action_at", "every value is a time, and no other column is the time of the action; check this"
        return "", "not understood: every value is a time"
    if "action" not in taken and 2 * sum(mapped.action(value) != "" for value in values) > len(values):
        return "action", "most values are actions that the preset knows; check this"
    if all("@" in value for value in values):
        return "", "not understood: every value is an address (sender, rcpt or actor?)"
    return "", "not understood; it is kept in the detail of each event"


def _unknown_actions(
    header: Header, below: Sequence[Sequence[str]], mapped: Mapped, roles: Mapping[str, str]
) -> tuple[tuple[str, int], ...]:
    """The values of the action's column that the preset does not know, with the number of rows."""
    if "action" not in roles:
        return ()
    at = header.names.index(roles["action"])
    values = Counter(row[at].strip() for row in below if at < len(row))
    return tuple((text, n) for text, n in values.most_common(_MOST_ACTIONS) if text and not mapped.action(text))


def _mapping(preset: str, path: Path, roles: Mapping[str, str]) -> dict[str, Any]:
    """The mapping as it is proposed: what it extends, and for each role the one column of this file."""
    base = presets.preset(preset)
    return {
        "preset": preset,
        "extends": preset,
        "system": base["system"],
        "source": f"columns of {_shown(path.name)}",
        "verified": False,
        "encoding": "auto",
        "timezone": base.get("timezone", CASE_ZONE),
        "columns": {role: [name] for role, name in roles.items() if normal(name) and len(name) <= 200},
        "actions": {},
    }


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()[:200]
