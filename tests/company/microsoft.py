"""Microsoft 365: its Received fields, the message trace and the Unified Audit Log (logs.md 2.2 and 2.3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.company.people import ACCOUNTS, DOMAINS, HOSTS, OFFICE_IP, Person, System
from tests.company.signing import signature
from tests.company.stamps import HOUR, MINUTE, SECOND, iso, random_uuid, rfc5322, when
from tests.company.traffic import working_days
from tests.company.world import Cells, Copy, Line, Trip, World

SYSTEM = System.M365
HOST = HOSTS[SYSTEM]
FRONT = "TYCJPN01FT016.mail.protection.outlook.com"
TRACE, AUDIT = "trace", "audit"
BUILD = "15.20.9520.5"
_TRACE = "MessageId,Received,SenderAddress,RecipientAddress,Subject,Status,ToIP,FromIP,Size,MessageTraceId"
TRACE_COLUMNS = _TRACE.split(",")
_AUDIT = "RecordType,CreationDate,UserIds,Operations,AuditData,ResultIndex,ResultCount,Identity,IsValid,ObjectState"
AUDIT_COLUMNS = _AUDIT.split(",")
_TYPES = {1: "ExchangeAdmin", 2: "ExchangeItem", 3: "ExchangeItemGroup", 15: "AzureActiveDirectoryStsLogon",
          50: "ExchangeItemAggregated"}  # fmt: skip
_TENANT = "5d3c1f0e-8f3a-4c1b-9d55-0a6f3b7a2c11"
_TLS = "version=TLS1_3,\r\n cipher=TLS_AES_256_GCM_SHA384"


def audit(world: World, at: int, account: Person, kind: int, operation: str, ip: str, **more: Any) -> Line:
    """One record of the Unified Audit Log."""
    now = world.clock(SYSTEM, at)
    rng = world.chance(f"audit:{account.address}:{operation}:{at}")
    record: Cells = {
        "CreationTime": iso(now, 0),
        "Id": str(random_uuid(rng)),
        "Operation": operation,
        "OrganizationId": _TENANT,
        "RecordType": kind,
        "ResultStatus": "Succeeded",
        "UserKey": f"1003200{sum(account.address.encode()):09X}",
        "UserType": 0,
        "Version": 1,
        "Workload": "AzureActiveDirectory" if kind == 15 else "Exchange",
        "UserId": account.address,
        ("ClientIP" if kind in (1, 15) else "ClientIPAddress"): ip,
        **more,
    }
    if kind in (2, 3, 50):
        record |= {"MailboxOwnerUPN": account.address, "LogonType": 0, "ExternalAccess": False}
        record.setdefault("ClientInfoString", "Client=MSExchangeRPC")
    shown = when(now)
    half = "AM" if shown.hour < 12 else "PM"
    outer = f"{shown.month}/{shown.day}/{shown.year} {shown.hour % 12 or 12}:{shown:%M:%S} {half}"
    cells: Cells = {
        "RecordType": _TYPES[kind],
        "CreationDate": outer,
        "UserIds": account.address,
        "Operations": operation,
        "AuditData": json.dumps(record, ensure_ascii=False, separators=(",", ":")),
        "ResultIndex": "",
        "ResultCount": "",
        "Identity": record["Id"],
        "IsValid": "True",
        "ObjectState": "Unchanged",
    }
    return world.log(AUDIT, now, cells=cells, what=operation)


def trace(trip: Trip, people: Sequence[Person], status: str, from_ip: str, to_ip: str) -> None:
    """One row of the message trace for each recipient."""
    now = trip.clock(SYSTEM)
    for each in people:
        cells = {
            "MessageId": trip.mail.message_id,
            "Received": iso(now, 6).rstrip("Z") + "0",
            "SenderAddress": trip.mail.sender.address,
            "RecipientAddress": each.address,
            "Subject": trip.mail.subject,
            "Status": status,
            "ToIP": to_ip,
            "FromIP": from_ip,
            "Size": str(trip.size),
            "MessageTraceId": trip.network_id,
        }
        trip.world.log(TRACE, now, cells=cells, mails=(trip.mail.number,), what=status)


def depart(trip: Trip) -> None:
    mail = trip.mail
    now = trip.clock(SYSTEM)
    trip.network_id = str(random_uuid(trip.rng))
    office = OFFICE_IP[SYSTEM]
    item = {"InternetMessageId": mail.message_id, "Subject": mail.subject, "SizeInBytes": trip.size,
            "ParentFolder": {"Path": "\\送信済みアイテム"}}  # fmt: skip
    if mail.file:
        item["Attachments"] = f"{mail.file[0]} ({len(mail.file[1])}b)"
    line = audit(trip.world, trip.at, mail.sender, 2, "Send", office, Item=item)
    line.mails = (mail.number,)
    hop = f"from {HOST}\r\n ([fe80::4b6:19c1]) by {HOST}\r\n ([fe80::4b6:19c1%6]) with mapi id {BUILD}; "
    signed = signature(trip.world.keys[DOMAINS[SYSTEM]], trip.written.fields, trip.written.body, now // SECOND)
    trip.trace[:0] = [signed, ("Received", hop + rfc5322(now, 0, padded=False))]
    trip.data |= {"created": now, "start": trip.at}


def handed(trip: Trip, people: Sequence[Person], relay: str, ip: str, reply: str) -> None:
    trace(trip, people, "Delivered", OFFICE_IP[SYSTEM], ip)


def finish(trip: Trip) -> None:
    trip.world.keep(Copy(
        account=trip.mail.sender, folder="Sent", at=trip.data["created"], fields=list(trip.written.fields),
        body=trip.written.body, mail=trip.mail, sent=True, network_id=trip.network_id,
    ))  # fmt: skip


def arrive(trip: Trip, people: Sequence[Person]) -> str:
    trip.pause(0.4, 1.6)
    now = trip.clock(SYSTEM)
    trip.network_id = str(random_uuid(trip.rng))
    ip = trip.data["ip"]
    hop = f"from {trip.host} ({ip}) by\r\n {FRONT} (10.118.240.31) with Microsoft SMTP Server ({_TLS})"
    hop += f" id\r\n {BUILD} via Frontend Transport; "
    trip.trace.insert(0, ("Received", hop + rfc5322(now, 0)))
    trip.data["arrival"] = now
    _deliver(trip, people, ip)
    number = trip.rng.getrandbits(44)
    return f"250 2.6.0 {trip.mail.message_id} [InternalId={number}, Hostname={HOST}] Queued mail for delivery"


def local(trip: Trip, people: Sequence[Person]) -> None:
    trip.data["arrival"] = trip.clock(SYSTEM)
    _deliver(trip, people, OFFICE_IP[SYSTEM])


def _deliver(trip: Trip, people: Sequence[Person], ip: str) -> None:
    trace(trip, people, "Delivered", ip, "")
    trip.pause(0.3, 1.5)
    now = trip.clock(SYSTEM)
    hop = f"from {FRONT}\r\n (2603:1096:405:12e::7) by {HOST}\r\n (2603:1096:400:28e::10)"
    hop += f" with Microsoft SMTP Server ({_TLS}) id {BUILD}; "
    arrival = when(trip.data["arrival"])
    month = rfc5322(trip.data["arrival"], 0).split()[2]
    own = (
        ("X-MS-Exchange-Organization-Network-Message-Id", trip.network_id),
        ("X-MS-Exchange-CrossTenant-OriginalArrivalTime",
         f"{arrival.day:02d} {month} {arrival:%Y %H:%M:%S}.{arrival.microsecond // 100:04d} (UTC)"),
    )  # fmt: skip
    for each in people:
        copy = trip.world.keep(Copy(
            account=each, folder="INBOX", at=now, fields=[*trip.fields(("Received", hop + rfc5322(now, 0))), *own],
            body=trip.written.body, mail=trip.mail, network_id=trip.network_id,
        ))  # fmt: skip
        if trip.mail.rng(f"trash:{each.address}").random() < 0.03:
            later = trip.mail.rng(f"move:{each.address}").randrange(15 * MINUTE, 50 * MINUTE)
            move(trip.world, copy, trip.at + later, "MoveToDeletedItems", "\\削除済みアイテム")
            copy.folder = "Trash"


def move(world: World, copy: Copy, at: int, operation: str, target: str, ip: str = "") -> Line:
    """An account moves or deletes an item."""
    item = {"InternetMessageId": copy.message_id, "Subject": copy.mail.subject if copy.mail else "",
            "ParentFolder": {"Path": "\\送信済みアイテム" if copy.sent else "\\受信トレイ"}}  # fmt: skip
    more: Cells = {"AffectedItems": [item], "Folder": item["ParentFolder"]}
    if target:
        more["DestFolder"] = {"Path": target}
    copy.moved_at = world.clock(SYSTEM, at) if target else 0
    line = audit(world, at, copy.account, 3, operation, ip or OFFICE_IP[SYSTEM], **more)
    line.mails = (copy.mail.number,) if copy.mail else ()
    return line


def log_in(world: World, account: Person, at: int, ip: str, *, agent: str, failed: bool = False) -> Line:
    """A sign-in, or one that failed."""
    extended = [{"Name": "UserAgent", "Value": agent}, {"Name": "RequestType", "Value": "OAuth2:Token"}]
    if failed:
        return audit(world, at, account, 15, "UserLoginFailed", ip, ActorIpAddress=ip, ExtendedProperties=extended,
                     ResultStatus="Failed", ErrorNumber="50126", LogonError="InvalidUserNameOrPassword")  # fmt: skip
    return audit(world, at, account, 15, "UserLoggedIn", ip, ActorIpAddress=ip, ExtendedProperties=extended,
                 ErrorNumber="0")  # fmt: skip


def accessed(
    world: World, account: Person, at: int, ip: str, copies: Sequence[Copy], client: str, session: str
) -> Line:
    """MailItemsAccessed by Bind: the items that were opened."""
    items = [
        {"Id": f"RgAAAAB{each.mail.number if each.mail else 0:06d}" + "A" * 120, "InternetMessageId": each.message_id,
         "ImmutableId": f"LgAAAAB{each.mail.number if each.mail else 0:06d}" + "B" * 90, "SizeInBytes": len(each.raw)}
        for each in copies
    ]  # fmt: skip
    line = audit(
        world, at, account, 50, "MailItemsAccessed", ip, ClientInfoString=client, SessionId=session,
        OperationProperties=[{"Name": "MailAccessType", "Value": "Bind"}, {"Name": "IsThrottled", "Value": "False"}],
        Folders=[{"Path": "\\受信トレイ", "FolderItems": items}], OperationCount=len(items),
    )  # fmt: skip
    line.mails = tuple(each.mail.number for each in copies if each.mail)
    return line


def daily(world: World) -> None:
    """Each account signs in every working day from the office and opens in the browser some of what came."""
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0"
    office = OFFICE_IP[SYSTEM]
    for account in (each for each in ACCOUNTS if each.system is SYSTEM):
        mine = sorted((c for c in world.copies if c.account is account and not c.sent), key=lambda c: c.at)
        days = working_days()
        for number, day in enumerate(days):
            rng = world.chance(f"day:{account.address}:{day}")
            start = day + 7 * HOUR + rng.randrange(30, 59) * MINUTE + rng.randrange(60 * SECOND)
            log_in(world, account, start, office, agent=agent)
            session = str(random_uuid(rng))
            today = [each for each in mine if day <= each.at < day + 20 * HOUR and rng.random() < 0.6]
            if today:
                accessed(
                    world,
                    account,
                    day + 20 * HOUR + rng.randrange(HOUR),
                    office,
                    today,
                    "Client=OWA;Action=ViaProxy",
                    session,
                )
            if number % 20 == 19:
                # A month's mail searched through at once: a record longer than a cell of a spreadsheet holds.
                month = [each for each in mine if days[number - 19] <= each.at < day][-150:]
                month = (month * (150 // max(1, len(month)) + 1))[:150]
                accessed(world, account, day + 21 * HOUR + rng.randrange(HOUR), office, month, "Client=REST;", session)
