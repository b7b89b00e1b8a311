"""The tree of a Sigma rule as one SELECT over ``log_event``: the log it is about, its fields, its comparisons.

A field is looked up in the columns of the table and in ``detail``, the JSON of what the line says beyond them, where
names are compared without case. A field that no line of that log has cannot be asked for, and the rule says so.
Values go into the statement as parameters only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forensics.casefile.view import CaseView

_SERVERS = ("courier", "dovecot", "exim", "postfix", "qmail", "sendmail", "syslog")
_GOOGLE = ("google_activity", "google_gmail", "google_log_search")
_TRANSPORT = (
    "courier",
    "exchange_tracking",
    "exim",
    "google_log_search",
    "message_trace",
    "postfix",
    "qmail",
    "sendmail",
)
_COLUMNS = {
    "operation": ("operation", "eventname", "event_name", "activity", "action"),
    "actor": ("actor", "userid", "user", "username", "userprincipalname", "actor.email"),
    "actor_ip": ("actor_ip", "clientip", "clientipaddress", "ipaddress", "src_ip", "source_ip"),
    "sender": ("sender", "from", "sender_address", "mail_from"),
    "subject": ("subject", "message_subject"),
    "status": ("status", "resultstatus", "result"),
    "message_id": ("message_id", "messageid", "internetmessageid"),
    "queue_id": ("queue_id",),
}
_RECIPIENTS = ("recipient", "recipients", "to", "recipient_address", "rcpt_to")
_ROOTS = ("$", "$.record", "$.outer", "$.parameters", "$.fields")
_DEEPEST = 6
_SHOWN = """id AS record, address, utc, source, operation, actor_ip, status, recipient,
       coalesce(nullif(actor, ''), sender) AS account"""


class NotAsked(Exception):
    """Why a rule cannot be asked of this case, in both languages."""


@dataclass(slots=True, kw_only=True)
class _Making:
    case: CaseView
    sources: Sequence[str]
    values: dict[str, Any] = field(default_factory=dict)

    def given(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def sources(logsource: Mapping[str, Any]) -> tuple[str, ...]:
    """The logs of this program that a ``logsource`` means; none where it means another kind of log."""
    product, service, category = (str(logsource.get(each) or "").lower() for each in ("product", "service", "category"))
    if product in ("m365", "microsoft365", "office365", "o365"):
        return ("m365_audit",)
    if product == "azure":
        return ("entra_sign_in",) if service == "signinlogs" else ()
    if product in ("google_workspace", "gcp") and (product != "gcp" or service.startswith("google_workspace")):
        return _GOOGLE
    if product == "linux" and not category:
        return (
            (service,) if service in _SERVERS and service != "syslog" else _SERVERS if service in ("", "syslog") else ()
        )
    if service in (*_SERVERS, *_TRANSPORT) and not category:
        return (service,)
    return _TRANSPORT if {product, service, category} & {"mail", "email"} else ()


def statement(case: CaseView, tree: Mapping[str, Any], logs: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The SELECT and its parameters; :class:`NotAsked` where the case does not have what it compares."""
    making = _Making(case=case, sources=logs)
    listed = making.given(list(logs))
    where = _where(making, tree)
    return f"SELECT {_SHOWN} FROM log_event WHERE list_contains({listed}, source) AND ({where})", making.values  # noqa: S608 - values are parameters


def has_rows(case: CaseView, logs: Sequence[str]) -> bool:
    """Whether the case holds such logs."""
    sql = "SELECT 1 AS n FROM log_event WHERE list_contains($logs, source) LIMIT 1"
    given: Any = {"logs": list(logs)}
    return bool(case.arrow(sql, given).num_rows)


def _where(making: _Making, tree: Mapping[str, Any]) -> str:
    if tree["op"] == "test":
        return _test(making, tree)
    parts = [f"({_where(making, each)})" for each in tree["of"]]
    if tree["op"] == "not":
        return f"NOT {parts[0]}"
    return f" {tree['op'].upper()} ".join(parts)


def _test(making: _Making, tree: Mapping[str, Any]) -> str:
    how, value = tree["how"], tree["value"]
    name = tree["field"]
    if name is None:
        if how in ("like", "cased"):
            value = f"%{value}%"
        elif how == "is":
            how, value = "like", f"%{value}%"
        return _any("[detail, operation, actor, sender, subject, status]", how, making.given(value))
    found = _values(making, name)
    if found is None:
        if how in ("absent", "null"):
            return "TRUE"
        if how == "exists":
            return "FALSE"
        raise NotAsked(
            f"実行していない: このログには項目「{name}」がない", f"not run, because these logs have no field {name!r}"
        )
    if how in ("exists", "absent", "null"):
        filled = "v IS NOT NULL" if how != "null" else "v <> ''"
        there = f"len(list_filter({found}, lambda v: {filled})) "
        return there + ("> 0" if how == "exists" else "= 0")
    return _any(found, how, making.given(value))


def _any(values: str, how: str, given: str) -> str:
    """Whether any of the values compares so. Without values it does not, so that NOT of it holds."""
    compared = {
        "like": f"v ILIKE {given} ESCAPE '\\'",
        "cased": f"v LIKE {given} ESCAPE '\\'",
        "is": f"lower(v) = {given}",
        "re": f"regexp_matches(v, {given})",
    }.get(how, f"try_cast(v AS DOUBLE) {how} {given}")
    return f"coalesce(list_bool_or(list_transform({values}, lambda v: coalesce({compared}, FALSE))), FALSE)"


def _values(making: _Making, name: str) -> str | None:
    """An expression that gives a list of the texts that a line has under a field; None where no line has it."""
    lists = [f"[{column}]" for column, aliases in _COLUMNS.items() if name.lower() in aliases]
    if name.lower() in _RECIPIENTS:
        lists.append("list_append(coalesce(recipients, []), recipient)")
    for path in _paths(making, name):
        at = making.given(path)
        every = making.given(path + "[*]")
        lists.append(
            f"CASE WHEN json_type(detail, {at}) = 'ARRAY' THEN json_extract_string(detail, {every})"
            f" ELSE [json_extract_string(detail, {at})] END"
        )
    if not lists:
        return None
    joined = lists[0]
    for each in lists[1:]:
        joined = f"list_concat({joined}, {each})"
    return joined


def _paths(making: _Making, name: str) -> list[str]:
    """Where the JSON of these logs has the field, whichever way its letters are written."""
    found = []
    for root in _ROOTS:
        found += _below(making, root, name.lower().split("."), 0)
    return found


def _below(making: _Making, root: str, parts: Sequence[str], depth: int) -> list[str]:
    found = []
    for key in _keys(making, root):
        at = f"{root}.{json.dumps(key, ensure_ascii=False)}"
        for taken in range(1, len(parts) + 1):
            if key.lower() != ".".join(parts[:taken]):
                continue
            rest = parts[taken:]
            if not rest:
                found.append(at)
            elif depth < _DEEPEST:
                found += _below(making, at, rest, depth + 1)
    return found


def _keys(making: _Making, root: str) -> list[str]:
    sql = """
    SELECT DISTINCT unnest(json_keys(detail, $root)) AS name FROM log_event
    WHERE list_contains($logs, source) AND json_valid(detail) ORDER BY name
    """
    given: Any = {"root": root, "logs": list(making.sources)}
    rows = making.case.arrow(sql, given).to_pylist()
    return [str(row["name"]) for row in rows if '"' not in row["name"] and "\\" not in row["name"]]
