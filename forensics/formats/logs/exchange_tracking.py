"""Exchange message tracking logs (2013 to 2019 and SE): CSV in UTC, whose ``#Fields`` line names the columns.

The extended message trace of Exchange Online has the same columns with ``_`` for ``-`` and ``date_time_utc`` first;
both are read here by the names of their columns, never by position, because versions differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from forensics.formats.logs.event import Logged, When, bare_ip, whole_number
from forensics.formats.logs.times import Assumed, iso_time
from forensics.moments import Zone

SOURCE = "exchange_tracking"
FIELDS = "#Fields:"
_UTC = Assumed(zone="UTC")
_TIME = ("date-time", "date-time-utc", "origin-timestamp-utc")
_NEEDED = {"event-id", "source", "message-id", "recipient-address"}


def columns_of(header: Sequence[str]) -> list[str]:
    """The names of the columns in the spelling of the tracking log, from a ``#Fields`` line or a header row."""
    return [each.strip().lower().replace("_", "-").removeprefix("#fields:").strip() for each in header]


def claims_columns(columns: Sequence[str]) -> bool:
    """Whether these columns are those of a tracking log or of an extended trace."""
    names = set(columns_of(columns))
    return names >= _NEEDED and any(each in names for each in _TIME)


def of_row(columns: Sequence[str], cells: Sequence[str]) -> Logged:
    """The event of one row; ``columns`` as :func:`columns_of` gives them."""
    row = dict(zip(columns, (each.strip() for each in cells), strict=False))
    recipients = tuple(each for each in row.get("recipient-address", "").split(";") if each)
    message_id = row.get("message-id", "")
    warnings = () if len(cells) == len(columns) else (f"the row has {len(cells)} cells for {len(columns)} columns",)
    detail: dict[str, Any] = {name: value for name, value in row.items() if value}
    custom = pairs(row.get("custom-data", ""))
    if custom:
        detail["custom"] = custom
    return Logged(
        source=SOURCE,
        operation=row.get("event-id", ""),
        when=_when(row),
        actor=row.get("sender-address", ""),
        actor_ip=bare_ip(row.get("original-client-ip") or row.get("client-ip", "")),
        message_id=message_id,
        message_ids=(message_id,) if message_id else (),
        network_message_id=row.get("network-message-id", ""),
        queue_id=row.get("internal-message-id", ""),
        sender=row.get("return-path") or row.get("sender-address", ""),
        recipients=recipients,
        subject=row.get("message-subject", ""),
        size=whole_number(row.get("total-bytes", "")),
        status=row.get("recipient-status", ""),
        detail=detail,
        warnings=warnings,
    )


def pairs(text: str) -> dict[str, str]:
    """``S:DeliveryPriority=Normal;S:AccountForest=x``: what the server's agents added to the row."""
    return dict(re.findall(r"(?:^|;)(?:S:)?([\w.:-]+?)=([^;]*)", text))


def _when(row: dict[str, str]) -> When:
    text = next((row[name] for name in _TIME if row.get(name)), "")
    found = iso_time(text, _UTC)
    if found is None:
        return When(raw=text, ns=None, zone=Zone.UNKNOWN)
    return When(raw=found.raw, ns=found.ns, zone=Zone.STATED, offset_minutes=0, precision=found.precision)
