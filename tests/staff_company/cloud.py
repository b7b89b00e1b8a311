# ruff: noqa: E501 - a line of a log or a letter stays one line
"""The Unified Audit Log of those accounts that are on Microsoft 365, as Search-UnifiedAuditLog exports it (logs.md 2.3)."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.staff_company.mailing import Mail
    from tests.staff_company.world import Truth, World

COLUMNS = [
    "RecordType",
    "CreationDate",
    "UserIds",
    "Operations",
    "AuditData",
    "ResultIndex",
    "ResultCount",
    "Identity",
    "IsValid",
    "ObjectState",
]
_TYPES = {
    1: "ExchangeAdmin",
    2: "ExchangeItem",
    3: "ExchangeItemGroup",
    15: "AzureActiveDirectoryStsLogon",
    50: "ExchangeItemAggregated",
}
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0"


def record(
    world: World, account: str, at: float, kind: int, operation: str, ip: str, truth: Truth | None = None, **more: Any
) -> None:
    """One row; everything that matters is JSON in one of its cells."""
    shown = datetime.fromtimestamp(int(at), UTC)
    mark = hashlib.md5(f"{account}{at}{operation}{more.get('Item', '')}".encode()).hexdigest()
    name = f"{mark[:8]}-{mark[8:12]}-4{mark[13:16]}-8{mark[17:20]}-{mark[20:32]}"
    data: dict[str, Any] = {
        "CreationTime": f"{shown:%Y-%m-%dT%H:%M:%S}",
        "Id": name,
        "Operation": operation,
        "OrganizationId": "5d3c1f0e-8f3a-4c1b-9d55-0a6f3b7a2c11",
        "RecordType": kind,
        "ResultStatus": "Succeeded",
        "UserKey": mark[:16],
        "UserType": 0,
        "Version": 1,
        "UserId": account,
        "Workload": "AzureActiveDirectory" if kind == 15 else "Exchange",
        ("ClientIP" if kind in (1, 15) else "ClientIPAddress"): ip,
        **more,
    }
    if kind in (2, 3, 50):
        data |= {"MailboxOwnerUPN": account, "LogonType": 0, "ExternalAccess": False}
        data.setdefault("ClientInfoString", "Client=MSExchangeRPC")
    half = "AM" if shown.hour < 12 else "PM"
    row = {
        "RecordType": _TYPES[kind],
        "CreationDate": f"{shown.month}/{shown.day}/{shown.year} {shown.hour % 12 or 12}:{shown:%M:%S} {half}",
        "UserIds": account,
        "Operations": operation,
        "Identity": name,
        "IsValid": "True",
        "ObjectState": "Unchanged",
        "AuditData": json.dumps(data, ensure_ascii=False, separators=(",", ":")),
    }
    world.row("audit", at, row, truth)


def login(
    world: World, account: str, at: float, ip: str, *, good: bool, agent: str = "", truth: Truth | None = None
) -> None:
    extended = [{"Name": "UserAgent", "Value": agent or AGENT}, {"Name": "RequestType", "Value": "OAuth2:Token"}]
    if good:
        record(
            world,
            account,
            at,
            15,
            "UserLoggedIn",
            ip,
            truth,
            ActorIpAddress=ip,
            ExtendedProperties=extended,
            ErrorNumber="0",
        )
    else:
        record(
            world,
            account,
            at,
            15,
            "UserLoginFailed",
            ip,
            truth,
            ActorIpAddress=ip,
            ExtendedProperties=extended,
            ErrorNumber="50126",
            LogonError="InvalidUserNameOrPassword",
        )


def sent(world: World, mail: Mail, account: str) -> None:
    item: dict[str, Any] = {
        "InternetMessageId": mail.mid,
        "Subject": mail.subject,
        "SizeInBytes": 900 + len(mail.body),
        "ParentFolder": {"Path": "\\送信済みアイテム"},
    }
    if mail.files:
        item["Attachments"] = "; ".join(f"{each.name} ({len(each.data)}b)" for each in mail.files)
    record(world, account, mail.at + 1, 2, "Send", mail.ip, Item=item)


def deleted(world: World, mail: Mail, account: str, at: float, ip: str, truth: Truth | None = None) -> None:
    """The sent copy is removed for good."""
    item = {"InternetMessageId": mail.mid, "Subject": mail.subject, "ParentFolder": {"Path": "\\送信済みアイテム"}}
    record(world, account, at, 3, "HardDelete", ip, truth, AffectedItems=[item], Folder=item["ParentFolder"])


def rule(world: World, account: str, at: float, ip: str, truth: Truth | None, **parameters: str) -> None:
    given = [{"Name": name, "Value": value} for name, value in parameters.items()]
    record(world, account, at, 1, "New-InboxRule", ip, truth, Parameters=given, ObjectId=f"{account}\\rule")
