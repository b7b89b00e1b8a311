"""The Microsoft 365 Unified Audit Log: records of Search-UnifiedAuditLog, the Purview portal and the Management API.

    CSV   RecordType,CreationDate,UserIds,Operations,AuditData,...          Search-UnifiedAuditLog
          RecordId,CreationDate,RecordType,Operation,UserId,AuditData,...   Purview portal
    JSON  the same with AuditData as a text of JSON, or the audit records themselves (Management Activity API schema)

Only ``CreationTime`` of the audit record is used as the time, which the schema states to be UTC; ``CreationDate`` is
text in the exporter's locale and counts only where the record itself cannot be read. Names of fields are compared
without case, because forwarders write them in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from forensics.formats.logs.event import Logged, When, bare_ip, whole_number
from forensics.formats.logs.objects import json_value
from forensics.formats.logs.times import Assumed, epoch, iso_time
from forensics.moments import Precision, Zone

SOURCE = "m365_audit"
_SPREADSHEET_CELL = 32_767
"""So many characters a cell of a spreadsheet holds: AuditData that passed through one is cut there without a word."""
_MS_DATE = re.compile(r"/Date\((\d+)\)/")
_LOCAL_FORMS = ("%m/%d/%Y %I:%M:%S %p", "%Y/%m/%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S")
_AUDIT_DATA = "auditdata"
_ADDRESSES = ("clientip", "clientipaddress", "actoripaddress")
_UTC = Assumed(zone="UTC")


def claims_columns(columns: Sequence[str]) -> bool:
    """Whether a CSV with these columns is an export of the log."""
    return _AUDIT_DATA in {each.strip().lower() for each in columns}


def claims_object(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a record of the log, bare or with its outer fields."""
    names = {each.lower() for each in value}
    return _AUDIT_DATA in names or {"creationtime", "operation", "organizationid"} <= names


def of_row(columns: Sequence[str], cells: Sequence[str]) -> Logged:
    """The event of one CSV row."""
    return of_object(dict(zip(columns, cells, strict=False)))


def of_object(value: Mapping[str, Any]) -> Logged:
    """The event of one JSON object: an audit record, or its outer fields with the record as text inside."""
    outer = _Fields(value)
    text = outer.get(_AUDIT_DATA)
    if text is None:
        return _event(value, {}, ())
    outside = {name: each for name, each in value.items() if name.lower() != _AUDIT_DATA}
    if isinstance(text, dict):
        return _event(text, outside, ())
    try:
        record = json_value(str(text))
    except (ValueError, RecursionError):
        return _unreadable(outer, outside, str(text))
    return _event(record, outside, ()) if isinstance(record, dict) else _unreadable(outer, outside, str(text))


class _Fields:
    """A JSON object whose names are compared without case."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._value = {name.lower(): each for name, each in value.items()}

    def get(self, name: str) -> Any:
        return self._value.get(name)

    def text(self, *names: str) -> str:
        return next((str(self._value[name]) for name in names if self._value.get(name) not in (None, "")), "")


def _event(record: Mapping[str, Any], outside: Mapping[str, Any], warnings: tuple[str, ...]) -> Logged:
    fields, outer = _Fields(record), _Fields(outside)
    named = tuple(dict.fromkeys(_values(record, "internetmessageid")))
    subjects = tuple(dict.fromkeys(_values(record, "subject")))
    sizes = [int(each) for each in _values(record, "sizeinbytes") if whole_number(each) is not None]
    return Logged(
        source=SOURCE,
        operation=fields.text("operation") or outer.text("operations", "operation"),
        when=_when(fields.text("creationtime"), outer.text("creationdate", "creationtime")),
        actor=fields.text("userid") or outer.text("userids", "userid"),
        actor_ip=bare_ip(fields.text(*_ADDRESSES)),
        message_id=named[0] if len(named) == 1 else "",
        message_ids=named,
        subject=subjects[0] if len(subjects) == 1 else "",
        size=sizes[0] if len(sizes) == 1 else None,
        status=fields.text("resultstatus", "logonerror"),
        detail={"record": dict(record), **({"outer": dict(outside)} if outside else {})},
        warnings=warnings,
    )


def _unreadable(outer: _Fields, outside: Mapping[str, Any], text: str) -> Logged:
    """A record that was cut: what the outer columns say, what the text still shows, and the text itself."""
    what = "AuditData is not whole JSON"
    if len(text) >= _SPREADSHEET_CELL - 1:
        what = f"AuditData is cut short at {len(text):,} characters, as a spreadsheet does"
    shown = _shown(text)
    return Logged(
        source=SOURCE,
        operation=outer.text("operations", "operation") or shown.get("operation", ""),
        when=_when(shown.get("creationtime", ""), outer.text("creationdate")),
        actor=outer.text("userids", "userid") or shown.get("userid", ""),
        actor_ip=bare_ip(next((shown[name] for name in _ADDRESSES if name in shown), "")),
        message_ids=tuple(dict.fromkeys(re.findall(r'"InternetMessageId":"((?:[^"\\]|\\.)*)"', text))),
        detail={"outer": dict(outside), "audit_data": text},
        warnings=(what,),
    )


def _shown(text: str) -> dict[str, str]:
    """The plain fields that the text shows before it breaks off; of a name that comes twice the first counts."""
    found: dict[str, str] = {}
    for name, value in re.findall(r'"(\w+)":"((?:[^"\\]|\\.)*)"', text):
        found.setdefault(name.lower(), value)
    return found


def _values(value: Any, name: str) -> Iterator[str]:
    """Every text or number under this name, at any depth, in the order of the record."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(reversed(each))
        elif isinstance(each, dict):
            for key, inner in each.items():
                if key.lower() == name and isinstance(inner, (str, int)) and str(inner):
                    yield str(inner)
            waiting.extend(reversed(list(each.values())))


def _when(stated: str, local: str) -> When:
    """The record's own time (UTC without a Z, Management Activity API, common schema), else the exporter's text."""
    for text in (stated, local):
        milliseconds = _MS_DATE.search(text)
        if milliseconds:
            found = epoch(milliseconds[1], 10**6, Precision.MILLISECOND)
            if found is not None:
                return found
    found = iso_time(stated, _UTC)
    if found is not None:
        return _as_utc(found)
    found = iso_time(local, _UTC) or locale_time(local)
    return found or When(raw=stated or local, ns=None, zone=Zone.UNKNOWN)


def _as_utc(when: When) -> When:
    return When(raw=when.raw, ns=when.ns, zone=Zone.STATED, offset_minutes=0, precision=when.precision)


def locale_time(text: str) -> When | None:
    """``5/29/2023 12:29:35 PM``: day and month by the order that is possible, the American one where both are."""
    for form in _LOCAL_FORMS:
        try:
            found = datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return When(
            raw=text,
            ns=int(found.timestamp()) * 10**9,
            zone=Zone.ASSUMED,
            offset_minutes=0,
            assumed=("order of day and month", "zone"),
        )
    return None
