"""Google Workspace: audit activities (Reports API), Gmail log events (BigQuery schema), and e-mail log search.

    activity    {"id": {"time": ..., "applicationName": "login"}, "actor": {"email": ...}, "ipAddress": ...,
                 "events": [{"name": "login_failure", "parameters": [{"name": ..., "value": ...}]}]}
    Gmail log   {"event_info": {"timestamp_usec": ...}, "message_info": {"rfc2822_message_id": ..., ...}}
    log search  Message ID, Start date, End date, Sender, Message size, Subject, Direction, Attachments, Recipient
                address, Event target, Event status ...: CSV, whose times may be in the zone of the browser

An activity with several events is one event here for each of them; forwarders that flatten ``events`` are read as well.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forensics.formats.logs.event import Logged, When, bare_ip, whole_number
from forensics.formats.logs.times import Assumed, epoch, iso_time
from forensics.formats.logs.unified_audit import locale_time
from forensics.moments import Precision, Zone

ACTIVITY, GMAIL, SEARCH = "google_activity", "gmail_log", "google_log_search"
_UTC = Assumed(zone="UTC")
_SEARCH_COLUMNS = {
    "messageid": "message_id",
    "メッセージid": "message_id",
    "startdate": "start",
    "開始日": "start",
    "開始日時": "start",
    "enddate": "end",
    "終了日": "end",
    "sender": "sender",
    "送信者": "sender",
    "messagesize": "size",
    "メッセージサイズ": "size",
    "subject": "subject",
    "件名": "subject",
    "direction": "direction",
    "方向": "direction",
    "attachments": "attachments",
    "添付ファイル": "attachments",
    "recipientaddress": "recipient",
    "受信者のアドレス": "recipient",
    "受信者アドレス": "recipient",
    "eventtarget": "target",
    "イベントのターゲット": "target",
    "eventstatus": "status",
    "イベントのステータス": "status",
    "eventdate": "event_date",
    "ipaddress": "ip",
}


def claims_object(value: Mapping[str, Any]) -> str:
    """The source that this JSON object is a record of, or ``""``."""
    if "event_info" in value and "message_info" in value:
        return GMAIL
    inner = value.get("id")
    known = isinstance(inner, dict) and "time" in inner and "applicationName" in inner
    return ACTIVITY if known or str(value.get("kind", "")).startswith("admin#reports#activity") else ""


def of_object(value: Mapping[str, Any]) -> Iterator[Logged]:
    """The events of one record, at least one."""
    if claims_object(value) == GMAIL:
        yield _gmail(value)
        return
    events = value.get("events")
    listed = events if isinstance(events, list) else [events if isinstance(events, dict) else value]
    for event in listed or [{}]:
        yield _activity(value, event if isinstance(event, dict) else {})


def _activity(value: Mapping[str, Any], event: Mapping[str, Any]) -> Logged:
    inner, actor = _object(value, "id"), _object(value, "actor")
    parameters = _parameters(event.get("parameters"))
    stamp = parameters.get("login_timestamp", "")
    when = iso_time(str(inner.get("time", "")), _UTC) or epoch(str(stamp), 1000, Precision.MICROSECOND)
    return Logged(
        source=ACTIVITY,
        operation=str(event.get("name", "")),
        when=_stated(when, str(inner.get("time", ""))),
        actor=str(actor.get("email") or actor.get("key") or ""),
        actor_ip=bare_ip(str(value.get("ipAddress", ""))),
        message_id=_text(parameters, "message_id", "rfc2822_message_id"),
        message_ids=tuple(filter(None, [_text(parameters, "message_id", "rfc2822_message_id")])),
        recipients=tuple(filter(None, [_text(parameters, "email_forwarding_destination_address")])),
        subject=_text(parameters, "subject"),
        status=_text(parameters, "login_failure_type", "login_challenge_status"),
        detail={"application": str(inner.get("applicationName", "")), "parameters": parameters, "record": dict(value)},
    )


def _gmail(value: Mapping[str, Any]) -> Logged:
    info, message = _object(value, "event_info"), _object(value, "message_info")
    source, connection = _object(message, "source"), _object(message, "connection_info")
    destinations = message.get("destination")
    named = str(message.get("rfc2822_message_id") or "")
    attachments = message.get("attachment")
    when = epoch(str(info.get("timestamp_usec", "")), 1000, Precision.MICROSECOND)
    return Logged(
        source=GMAIL,
        operation=str(info.get("mail_event_type") or "message"),
        when=_stated(when, str(info.get("timestamp_usec", ""))),
        actor=str(source.get("from_header_address") or source.get("address") or ""),
        actor_ip=_ip(str(connection.get("client_ip") or connection.get("ip_address") or "")),
        message_id=named,
        message_ids=(named,) if named else (),
        sender=str(source.get("address") or ""),
        recipients=tuple(str(each.get("address")) for each in _list(destinations) if each.get("address")),
        subject=str(message.get("subject") or ""),
        size=whole_number(str(message.get("payload_size", ""))),
        status=str(info.get("success", "")),
        detail={
            "attachments": [
                {"name": str(each.get("file_name", "")), "sha256": str(each.get("sha256", ""))}
                for each in _list(attachments)
            ],
            "record": dict(value),
        },
    )


def search_columns(header: Sequence[str]) -> list[str]:
    """The columns of an e-mail log search by our names, English or Japanese headers; unknown ones stay as they are."""
    keys = (each.strip().lower().replace(" ", "").replace("_", "") for each in header)
    return [_SEARCH_COLUMNS.get(key, key) for key in keys]


def claims_columns(header: Sequence[str]) -> bool:
    """Whether this is a CSV of the e-mail log search."""
    return {"message_id", "start", "sender", "target"} <= set(search_columns(header))


def of_row(columns: Sequence[str], cells: Sequence[str], assumed: Assumed) -> Logged:
    """The event of one row of a log search; ``columns`` as :func:`search_columns` gives them."""
    row = dict(zip(columns, (each.strip() for each in cells), strict=False))
    named = row.get("message_id", "")
    text = row.get("event_date") or row.get("start", "")
    found = iso_time(text, assumed) or iso_time(text.replace("/", "-"), assumed) or locale_time(text)
    return Logged(
        source=SEARCH,
        operation=row.get("target", "") or "search",
        when=found or When(raw=text, ns=None, zone=Zone.UNKNOWN),
        actor=row.get("sender", ""),
        actor_ip=bare_ip(row.get("ip", "")),
        message_id=named,
        message_ids=(named,) if named else (),
        sender=row.get("sender", ""),
        recipients=tuple(filter(None, [row.get("recipient", "")])),
        subject=row.get("subject", ""),
        size=whole_number(row.get("size", "").replace(",", "")),
        status=row.get("status", ""),
        detail={name: value for name, value in row.items() if value},
    )


def _parameters(value: Any) -> dict[str, Any]:
    """``[{"name": n, "value": v}]`` or ``{n: v}`` as one object."""
    if isinstance(value, dict):
        return dict(value)
    found: dict[str, Any] = {}
    for each in _list(value):
        given = (each[key] for key in ("value", "intValue", "boolValue", "multiValue", "messageValue") if key in each)
        found[str(each.get("name", ""))] = next(given, None)
    return found


def _text(value: Mapping[str, Any], *names: str) -> str:
    return next((str(value[name]) for name in names if value.get(name) not in (None, "")), "")


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _ip(text: str) -> str:
    """An address as text, or as the base64 of its 4 or 16 bytes, as BigQuery exports it."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    try:
        return str(ipaddress.ip_address(base64.b64decode(text, validate=True)))
    except (ValueError, binascii.Error):
        return text


def _stated(when: When | None, raw: str) -> When:
    if when is None:
        return When(raw=raw, ns=None, zone=Zone.UNKNOWN)
    return When(raw=when.raw, ns=when.ns, zone=Zone.STATED, offset_minutes=0, precision=when.precision)
