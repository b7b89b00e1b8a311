"""Message traces of Exchange Online: the summary of the portal, ``Get-MessageTraceV2``, and the enhanced summary.

    Get-MessageTrace(V2)  Received, SenderAddress, RecipientAddress, Subject, Status, ToIP, FromIP, Size, MessageId,
                          MessageTraceId: one row a recipient
    enhanced summary      origin_timestamp_utc, sender_address, recipient_status, message_subject, total_bytes,
                          message_id, network_message_id, original_client_ip, directionality: one row a message,
                          ``recipient_status`` = ``a@y.jp##Receive, Deliver;b@y.jp##Fail``

The third shape, the extended trace, has the columns of the tracking log and is read there. All times are UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forensics.formats.logs.event import Logged, When, bare_ip, whole_number
from forensics.formats.logs.times import Assumed, iso_time
from forensics.formats.logs.unified_audit import locale_time
from forensics.moments import Zone

SOURCE = "message_trace"
_UTC = Assumed(zone="UTC")
_DIRECTIONS = {"1": "in", "2": "out"}


def columns_of(header: Sequence[str]) -> list[str]:
    """The names of the columns without case, blanks and underscores."""
    return [each.strip().lower().replace("_", "").replace(" ", "").replace("-", "") for each in header]


def claims_columns(columns: Sequence[str]) -> bool:
    """Whether these columns are those of a summary."""
    names = set(columns_of(columns))
    return {"originstamputc", "recipientstatus"} <= {each.replace("timestamp", "stamp") for each in names} or {
        "senderaddress",
        "recipientaddress",
        "messageid",
        "status",
    } <= names


def of_row(columns: Sequence[str], cells: Sequence[str]) -> Logged:
    """The event of one row; ``columns`` as :func:`columns_of` gives them."""
    row = dict(zip(columns, (each.strip() for each in cells), strict=False))
    outcomes = _outcomes(row.get("recipientstatus", ""))
    recipients = tuple(name for name, _ in outcomes) or tuple(filter(None, row.get("recipientaddress", "").split(";")))
    message_id = row.get("messageid", "")
    detail: dict[str, Any] = {name: value for name, value in row.items() if value}
    if outcomes:
        detail["outcomes"] = [{"recipient": name, "steps": steps} for name, steps in outcomes]
    direction = row.get("directionality", "")
    if direction:
        detail["direction"] = _DIRECTIONS.get(direction, direction.lower())
    return Logged(
        source=SOURCE,
        operation="trace",
        when=_when(row.get("origintimestamputc") or row.get("received") or row.get("datetimeutc", "")),
        actor=row.get("senderaddress", ""),
        actor_ip=bare_ip(row.get("originalclientip") or row.get("fromip", "")),
        message_id=message_id,
        message_ids=(message_id,) if message_id else (),
        network_message_id=row.get("networkmessageid") or row.get("messagetraceid", ""),
        sender=row.get("senderaddress", ""),
        recipients=recipients,
        subject=row.get("messagesubject") or row.get("subject", ""),
        size=whole_number(row.get("totalbytes") or row.get("size", "")),
        status=row.get("status", "") or "; ".join(f"{name}: {', '.join(steps)}" for name, steps in outcomes),
        detail=detail,
    )


def _outcomes(text: str) -> list[tuple[str, list[str]]]:
    """What became of the message for each recipient; ``;`` stands between recipients, ``##`` before the steps."""
    found = []
    for each in text.split(";"):
        name, mark, steps = each.partition("##")
        if mark:
            found.append((name.strip(), [step.strip() for step in steps.split(",") if step.strip()]))
    return found


def _when(text: str) -> When:
    found = iso_time(text, _UTC) or locale_time(text)
    if found is None:
        return When(raw=text, ns=None, zone=Zone.UNKNOWN)
    zone = Zone.STATED if not found.assumed or found.assumed == ("zone",) else found.zone
    return When(raw=found.raw, ns=found.ns, zone=zone, offset_minutes=0, precision=found.precision)
