"""Google Workspace: its Received fields, the e-mail log search and the login audit (logs.md 2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.company.people import ACCOUNTS, DOMAINS, HOSTS, OFFICE_IP, Client, Person, System
from tests.company.signing import signature
from tests.company.stamps import HOUR, MINUTE, SECOND, iso, pacific, random_uuid
from tests.company.traffic import working_days
from tests.company.world import Cells, Copy, Line, Trip, World

SYSTEM = System.GOOGLE
HOST = HOSTS[SYSTEM]
SEARCH, LOGIN = "els", "login"
_COLUMNS = (
    "Message ID,Start date,End date,Sender,Message size,Subject,Direction,Attachments,Recipient address,Event target,"
    "Event date,Event status,IP address"
)
COLUMNS = _COLUMNS.split(",")


def search(trip: Trip, to: Person, target: str, status: str, direction: str, ip: str) -> Line:
    """One row of the e-mail log search."""
    now = trip.clock(SYSTEM)
    start = trip.data.setdefault("search-start", now)
    cells = {
        "Message ID": trip.mail.message_id,
        "Start date": iso(start),
        "End date": iso(now),
        "Sender": trip.envelope,
        "Message size": str(trip.size),
        "Subject": trip.mail.subject,
        "Direction": direction,
        "Attachments": "1" if trip.mail.file else "0",
        "Recipient address": to.address,
        "Event target": target,
        "Event date": iso(now),
        "Event status": status,
        "IP address": ip,
    }
    return trip.world.log(SEARCH, now, cells=cells, mails=(trip.mail.number,), what=target)


def _token(trip: Trip) -> str:
    return f"{trip.rng.getrandbits(60):015x}sor{trip.rng.randrange(10**9)}.{trip.rng.randrange(99)}"


def depart(trip: Trip) -> None:
    """The browser hands the mail to Gmail; a program comes over SMTP."""
    now = trip.clock(SYSTEM)
    sender = trip.mail.sender
    shown = pacific(now)
    if sender.client is Client.APPLE:
        hop = f"from smtpclient.apple ({sender.pc}.{DOMAINS[SYSTEM]}. [{OFFICE_IP[SYSTEM]}])\r\n        "
        hop += f"by smtp.gmail.com with ESMTPSA id {_token(trip)}\r\n        "
        hop += f"(version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256 bits=128/128);\r\n        {shown}"
    else:
        hop = f"by 2002:a05:6402:35c6:b0:5d0:ac2e:a5b with SMTP id {_token(trip)};\r\n        {shown}"
    signed = signature(trip.world.keys[DOMAINS[SYSTEM]], trip.written.fields, trip.written.body, now // SECOND)
    trip.trace[:0] = [signed, ("Received", hop)]
    trip.data |= {"created": now, "search-start": now}


def handed(trip: Trip, people: Sequence[Person], relay: str, ip: str, reply: str) -> None:
    for each in people:
        search(trip, each, "SMTP_OUT", "Delivered", "Sent", ip)


def finish(trip: Trip) -> None:
    trip.world.keep(Copy(
        account=trip.mail.sender, folder="Sent", at=trip.data["created"], fields=list(trip.written.fields),
        body=trip.written.body, mail=trip.mail, sent=True,
    ))  # fmt: skip


def arrive(trip: Trip, people: Sequence[Person]) -> str:
    trip.pause(0.4, 1.6)
    now = trip.clock(SYSTEM)
    ip = trip.data["ip"]
    token = _token(trip)
    only = f"\r\n        for <{people[0].address}>" if len(people) == 1 else ""
    hop = (
        f"from {trip.host} ({trip.host}. [{ip}])\r\n        by {HOST} with ESMTPS id {token}{only}\r\n        "
        f"(version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        "
        f"{pacific(now)}"
    )
    trip.trace[:0] = [("Return-Path", f"<{trip.envelope}>"), ("Received", hop)]
    trip.data["search-start"] = now
    if trip.mail.rejected:
        search(trip, people[0], "SMTP_IN", "Rejected", "Received", ip)
    _deliver(trip, people, logged=not trip.mail.rejected)
    return f"250 2.0.0 OK  {now // SECOND} {token} - gsmtp"


def local(trip: Trip, people: Sequence[Person]) -> None:
    _deliver(trip, people, logged=True)


def _deliver(trip: Trip, people: Sequence[Person], *, logged: bool) -> None:
    trip.pause(0.2, 0.9)
    now = trip.clock(SYSTEM)
    for each in people:
        shown = pacific(now)
        hop = f"by 2002:a17:90b:4d0f:b0:2f4:465d:5c61 with SMTP id {_token(trip)};\r\n        {shown}"
        copy = trip.world.keep(Copy(
            account=each, folder="INBOX", at=now, fields=trip.fields(("Delivered-To", each.address), ("Received", hop)),
            body=trip.written.body, mail=trip.mail,
        ))  # fmt: skip
        if logged:
            search(trip, each, "GMAIL_INBOX", "Delivered", "Received", trip.data.get("ip", ""))
        if trip.mail.rng(f"trash:{each.address}").random() < 0.03 and not trip.mail.rejected:
            copy.folder = "Trash"


def activity(
    world: World, at: int, account: Person, ip: str, name: str, application: str = "login", **more: Any
) -> Line:
    """One record of the login audit."""
    now = world.clock(SYSTEM, at)
    rng = world.chance(f"login:{account.address}:{name}:{at}")
    parameters: list[Cells] = [
        {"name": key, ("boolValue" if isinstance(value, bool) else "value"): value} for key, value in more.items()
    ]
    cells: Cells = {
        "kind": "admin#reports#activity",
        "id": {"time": iso(now), "uniqueQualifier": str(rng.getrandbits(62)), "applicationName": application,
               "customerId": "C02aoba7x"},
        "etag": f'"{random_uuid(rng)}"',
        "actor": {"email": account.address, "profileId": f"10{sum(account.address.encode()):018d}"},
        "ipAddress": ip,
        "events": [{"type": application, "name": name, "parameters": parameters}],
    }  # fmt: skip
    return world.log(LOGIN, now, cells=cells, what=name)


def daily(world: World) -> None:
    """Each account logs in every working day from the office."""
    for account in (each for each in ACCOUNTS if each.system is SYSTEM):
        for day in working_days():
            rng = world.chance(f"day:{account.address}:{day}")
            start = day + 7 * HOUR + rng.randrange(30, 59) * MINUTE + rng.randrange(60 * SECOND)
            activity(world, start, account, OFFICE_IP[SYSTEM], "login_success", login_type="google_password",
                     is_suspicious=False)  # fmt: skip
