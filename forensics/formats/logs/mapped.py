"""Rows of hold, approval and endpoint logs, whose columns no vendor publishes, read by a mapping.

The mapping is a plain object as :mod:`forensics.formats.logs.mapping` checks it. What a row says is kept in its own
words beside ours; an action that the mapping does not know stays as written, with a warning. Catalogue part E.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forensics import moments
from forensics.formats.logs.event import Logged, When, bare_ip, whole_number
from forensics.formats.logs.japanese_times import table_time
from forensics.formats.logs.mapping import CASE_ZONE, TIMES, normal
from forensics.formats.logs.times import Assumed
from forensics.moments import Zone

_ADDRESS = re.compile(r"[^\s<>;,\"'()\[\]]+@[^\s<>;,\"'()\[\]]+")
_LONGEST_ACTION = 200
_FILE = re.compile(r".*\.\w{1,8}")
_PEOPLE = ("rcpt", "cc", "bcc")
_PLAIN = ("device", "app", "direction", "src_path", "dest_path", "url", "file_sha256", "verdict", "rule", "comment")
_MAPPING = "a mapping ('forensics map' writes one)"
_WHO = ("sender", "actor", "device")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The columns of one table: their names as written, the place of each that is known, and what is doubtful."""

    names: tuple[str, ...]
    at: Mapping[str, int]
    """The place of the column of each role."""
    twice: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The roles that more than one column could have, with the names of those."""

    def text(self, cells: Sequence[str], role: str) -> str:
        """What the row has in the column of a role."""
        at = self.at.get(role, -1)
        return cells[at].strip() if 0 <= at < len(cells) else ""


class Mapped:
    """A mapping, ready to read rows."""

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self.mapping = mapping
        self._roles: dict[str, str] = {
            normal(word): role for role, words in mapping["columns"].items() for word in words
        }
        # The names of ours are understood too: a table may have been made by a person with them.
        self._actions: dict[str, str] = {name: name for name in mapping.get("actions", {})}
        for name, words in mapping.get("actions", {}).items():
            self._actions |= {normal(word): name for word in words}
        self._every_row = str(mapping.get("every_row", ""))
        self._zone = str(mapping.get("timezone", CASE_ZONE))

    def header(self, cells: Sequence[str]) -> Header:
        """The columns of a table, from the cells of its first row."""
        found: dict[str, list[int]] = {}
        for place, name in enumerate(cells):
            role = self._roles.get(normal(name))
            if role:
                found.setdefault(role, []).append(place)
        return Header(
            names=tuple(cells),
            at={role: places[0] for role, places in found.items() if len(places) == 1},
            twice={role: tuple(cells[at] for at in places) for role, places in found.items() if len(places) > 1},
        )

    def why_not(self, header: Header) -> str:
        """Why rows below this header cannot be read, and what to do, in one sentence; ``""`` where they can."""
        for role, names in header.twice.items():
            shown = " and ".join(repr(name[:80]) for name in names)
            return (
                f"the columns {shown} could each be {role}; name the right one alone under columns.{role} in {_MAPPING}"
            )
        if not {"action_at", "queued_at"} & header.at.keys():
            return f"no column is known as a time; name it under columns.action_at in {_MAPPING}"
        if "action" not in header.at and not self._every_row:
            return f"no column is known as the action; name it under columns.action, or say every_row, in {_MAPPING}"
        return ""

    def is_certain(self, header: Header, rows: Sequence[Sequence[str]]) -> bool:
        """Whether a table is what the mapping expects: a time, an action and somebody, and most values understood."""
        somebody = any(role in header.at for role in _WHO)
        if self.why_not(header) or not somebody or "action" not in header.at or not rows:
            return False
        times = [role for role in ("action_at", "queued_at") if role in header.at]
        dated = sum(any(table_time(header.text(row, role), _ANY) for role in times) for row in rows)
        return 2 * self.known_actions(header, rows) > len(rows) and 2 * dated > len(rows)

    def known_actions(self, header: Header, rows: Sequence[Sequence[str]]) -> int:
        """How many of the rows have an action that the mapping knows."""
        return sum(self.action(header.text(row, "action")) != "" for row in rows)

    def role(self, name: str) -> str:
        """What a column of this name is; ``""`` where no word fits."""
        return self._roles.get(normal(name), "")

    def words(self) -> Mapping[str, str]:
        """The role of each word for a column, as words are compared."""
        return self._roles

    def action(self, text: str) -> str:
        """Our name of an action; ``""`` where the mapping does not know it."""
        return self._actions.get(normal(text), "")

    # -- one row -------------------------------------------------------------------------------------------------------

    def of_row(self, header: Header, cells: Sequence[str], case_zone: str) -> Logged:
        """The event of one row."""
        zone = case_zone if self._zone == CASE_ZONE else self._zone
        warnings: list[str] = []
        if len(cells) != len(header.names):
            warnings.append(f"the row has {len(cells)} cells for {len(header.names)} columns")
        times = self._times(header, cells, Assumed(zone=zone), warnings)
        operation = self._operation(header.text(cells, "action"), warnings)
        when, role = _chosen(times)
        if role == "queued_at" and operation != "queued":
            warnings.append("the row has no time of the action that can be read; its time is that of the hold")
        sender = header.text(cells, "sender")
        found = _ADDRESS.findall(sender)
        message_id = header.text(cells, "message_id")
        return Logged(
            source=f"{self.mapping['kind']}:{self.mapping['system']}",
            operation=operation,
            when=when,
            actor=header.text(cells, "actor"),
            actor_ip=bare_ip(header.text(cells, "client_ip")),
            message_id=message_id,
            message_ids=(message_id,) if message_id else (),
            queue_id=header.text(cells, "queue_id"),
            sender=found[0] if len(found) == 1 else sender,
            recipients=tuple(each for name in _PEOPLE for each in _addresses(header.text(cells, name))),
            subject=header.text(cells, "subject"),
            size=whole_number(header.text(cells, "size").replace(",", "")),
            status=header.text(cells, "action"),
            detail=self._detail(header, cells, times, role, zone),
            warnings=tuple(warnings),
        )

    def _operation(self, text: str, warnings: list[str]) -> str:
        if self._every_row and not text:
            return self._every_row
        known = self.action(text)
        if not text:
            warnings.append("the row names no action")
        elif not known:
            warnings.append(f"the mapping does not know the action {text[:_LONGEST_ACTION]!r}; it is kept as written")
        return known or text[:_LONGEST_ACTION]

    def _times(self, header: Header, cells: Sequence[str], assumed: Assumed, warnings: list[str]) -> dict[str, When]:
        found = {}
        for role in TIMES:
            text = header.text(cells, role)
            if text:
                found[role] = table_time(text, assumed) or When(raw=text, ns=None, zone=Zone.UNKNOWN)
                if found[role].ns is None:
                    warnings.append(f"{text[:80]!r} in the column {role} is no time that can be read with certainty")
        return found

    def _detail(
        self, header: Header, cells: Sequence[str], times: Mapping[str, When], role: str, zone: str
    ) -> dict[str, Any]:
        attachment = header.text(cells, "attachment")
        people = {name: header.text(cells, name) for name in _PEOPLE}
        known = set(header.at.values())
        detail: dict[str, Any] = {
            "times": {name: self._time(when, zone) for name, when in times.items()},
            "time_is": role,
            "from": header.text(cells, "sender"),
            **people,
            "attachments": _files(attachment),
            "attachments_as_written": attachment,
            **{name: header.text(cells, name) for name in _PLAIN},
            "approver" if self.mapping["kind"] == "hold" else "user": header.text(cells, "actor"),
            "size_as_written": header.text(cells, "size"),
            "other_columns": {
                f"{at + 1} {header.names[at] if at < len(header.names) else ''}".strip(): cell
                for at, cell in enumerate(cells)
                if at not in known and cell.strip()
            },
        }
        detail = {name: value for name, value in detail.items() if value}
        name = self.mapping.get("name", {})
        return {
            **detail,
            "preset": str(self.mapping.get("preset", "")),
            "preset_name": str(name.get("ja") or name.get("en") or ""),
            "verified": bool(self.mapping.get("verified", False)),
        }

    def _time(self, when: When, zone: str) -> dict[str, Any]:
        basis = "unknown"
        if when.ns is not None:
            basis = "stated"
            if "zone" in when.assumed:
                says = "the case" if self._zone == CASE_ZONE else "the mapping"
                basis = f"assumed: {zone}, as {says} says"
        utc = None if when.ns is None else moments.iso(when.ns)
        assumed = [each for each in when.assumed if each != "zone"]
        found = {"raw": when.raw, "utc": utc, "zone_basis": basis, "offset_minutes": when.offset_minutes}
        return {**found, "assumed": assumed} if assumed else found


_ANY = Assumed(zone="UTC")


def _chosen(times: Mapping[str, When]) -> tuple[When, str]:
    """The time of the action; where it is missing or unreadable, the time at which the mail was held."""
    for role in ("action_at", "queued_at"):
        if role in times and times[role].ns is not None:
            return times[role], role
    for role, when in times.items():
        if role != "viewed_at":
            return when, role
    return When(raw="", ns=None, zone=Zone.UNKNOWN), ""


def _addresses(text: str) -> list[str]:
    """The addresses of a cell; where it has none, what stands between its semicolons and line ends."""
    return _ADDRESS.findall(text) or [each.strip() for each in re.split(r"[;\n；]", text) if each.strip()]


def _files(text: str) -> list[str]:
    """The file names of a cell. A comma cuts only where each piece is a name of its own: names hold commas too."""
    found = [each.strip() for each in re.split(r"[;|\n\t；]", text) if each.strip()]
    if len(found) == 1 and "," in found[0]:
        pieces = [each.strip() for each in found[0].split(",")]
        if all(_FILE.fullmatch(each) for each in pieces):
            return pieces
    return found
