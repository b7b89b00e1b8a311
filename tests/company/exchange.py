"""The Exchange server of the company: its Received fields and its message tracking log (logs.md 2.1)."""

from __future__ import annotations

from collections.abc import Sequence

from tests.company.people import HOSTS, Person, System
from tests.company.stamps import DAY, JST, MINUTE, iso, random_uuid, rfc5322
from tests.company.world import Copy, Line, Trip

SYSTEM = System.EXCHANGE
HOST = HOSTS[SYSTEM]
SHORT = HOST.partition(".")[0]
IP = "192.168.20.2"
SOURCE = "msgtrk"
BUILD = "15.2.1544.11"
_COLUMNS = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,"
    "internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,"
    "related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,"
    "tenant-id,original-client-ip,original-server-ip,custom-data,transport-traffic-type,log-id,schema-version"
)
COLUMNS = _COLUMNS.split(",")
_TLS = "version=TLS1_2,\r\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"


def track(trip: Trip, source: str, event: str, people: Sequence[Person], later: int = 0, **more: str) -> Line:
    """One event of the tracking log."""
    now = trip.clock(SYSTEM) + later
    mail = trip.mail
    cells = {
        "date-time": iso(now),
        "server-ip": IP,
        "server-hostname": SHORT,
        "source": source,
        "event-id": event,
        "internal-message-id": trip.queue_id,
        "message-id": mail.message_id,
        "network-message-id": trip.network_id,
        "recipient-address": ";".join(each.address for each in people),
        "total-bytes": str(trip.size),
        "recipient-count": str(len(people)),
        "message-subject": mail.subject,
        "sender-address": mail.sender.address,
        "return-path": mail.sender.address,
        "directionality": "Originating" if mail.sender.system is SYSTEM else "Incoming",
        "custom-data": "S:DeliveryPriority=Normal",
        "transport-traffic-type": "Email",
        "log-id": str(random_uuid(trip.mail.rng(f"log:{event}:{now}"))),
        "schema-version": BUILD,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return trip.world.log(SOURCE, now, cells=cells, mails=(mail.number,), what=event)


def depart(trip: Trip) -> None:
    """Outlook hands the mail to its mailbox, the mailbox to the transport."""
    now = trip.clock(SYSTEM)
    _name(trip, now)
    track(trip, "STOREDRIVER", "SUBMIT", trip.mail.recipients, client_ip=trip.mail.sender.ip,
          source_context=f"MDB:{random_uuid(trip.rng)}, Mailbox:{random_uuid(trip.rng)}, ClientType:MOMT")  # fmt: skip
    inside = f"from {HOST} ([fe80::9d2:41ff]) by\r\n {HOST} ([fe80::9d2:41ff%5]) with mapi id\r\n {BUILD};"
    trip.trace.insert(0, ("Received", f"{inside} {rfc5322(now, JST)}"))
    trip.pause(0.05, 0.3)
    outside = f"from {HOST} ({IP}) by {HOST}\r\n ({IP}) with Microsoft SMTP Server ({_TLS}) id {BUILD};"
    trip.trace.insert(0, ("Received", f"{outside} {rfc5322(trip.clock(SYSTEM), JST)}"))
    track(trip, "SMTP", "RECEIVE", trip.mail.recipients, client_ip=IP, connector_id=f"{SHORT}\\Default {SHORT}")
    trip.data["created"] = now


def _name(trip: Trip, now: int) -> None:
    trip.queue_id = str(70_000_000_000 + (now % (100 * DAY)) // 1000 * 7)
    trip.network_id = str(random_uuid(trip.rng))


def handed(trip: Trip, people: Sequence[Person], relay: str, ip: str, reply: str) -> None:
    track(trip, "SMTP", "SENDEXTERNAL", people, client_ip=IP, server_ip=ip, server_hostname=relay,
          recipient_status=";".join(reply for _ in people), connector_id="Internet")  # fmt: skip


def finish(trip: Trip) -> None:
    now = trip.data["created"]
    trip.world.keep(Copy(
        account=trip.mail.sender, folder="Sent", at=now, fields=list(trip.written.fields), body=trip.written.body,
        mail=trip.mail, sent=True, network_id=trip.network_id,
    ))  # fmt: skip


def arrive(trip: Trip, people: Sequence[Person]) -> str:
    """Another server brings a mail."""
    trip.pause(0.3, 1.4)
    now = trip.clock(SYSTEM)
    _name(trip, now)
    ip = trip.data["ip"]
    hop = f"from {trip.host} ({ip}) by {HOST}\r\n ({IP}) with Microsoft SMTP Server ({_TLS})"
    hop += f" id {BUILD} via Frontend\r\n Transport;"
    trip.trace.insert(0, ("Received", f"{hop} {rfc5322(now, JST)}"))
    track(trip, "SMTP", "RECEIVE", people, client_ip=ip, client_hostname=trip.host, original_client_ip=ip,
          connector_id=f"{SHORT}\\Default Frontend {SHORT}")  # fmt: skip
    if trip.mail.rejected:
        track(trip, "AGENT", "FAIL", people, 70_000, recipient_status="[{LED=550 5.7.1 TRANSPORT.RULES.RejectMessage; "
              "the message was rejected by organization policy};{MSG=};{FQDN=};{IP=};{LRT=}]",
              source_context="Transport Rule Agent")  # fmt: skip
    _deliver(trip, people, logged=not trip.mail.rejected)
    return f"250 2.6.0 {trip.mail.message_id} [InternalId={trip.queue_id}, Hostname={HOST}] Queued mail for delivery"


def local(trip: Trip, people: Sequence[Person]) -> None:
    _deliver(trip, people, logged=True)


def _deliver(trip: Trip, people: Sequence[Person], *, logged: bool) -> None:
    trip.pause(0.05, 0.5)
    now = trip.clock(SYSTEM)
    hop = f"from {HOST} ({IP}) by {HOST}\r\n ({IP}) with Microsoft SMTP Server ({_TLS})"
    hop += f" id {BUILD} via Mailbox\r\n Transport;"
    first = ("Received", f"{hop} {rfc5322(now, JST)}")
    own = (
        ("X-MS-Exchange-Organization-Network-Message-Id", trip.network_id),
        ("Return-Path", trip.mail.sender.address),
    )
    for each in people:
        copy = trip.world.keep(Copy(
            account=each, folder="INBOX", at=now, fields=[*trip.fields(first), *own], body=trip.written.body,
            mail=trip.mail, network_id=trip.network_id,
        ))  # fmt: skip
        if trip.mail.rng(f"trash:{each.address}").random() < 0.03 and not trip.mail.rejected:
            copy.folder, copy.moved_from = "Trash", now
            copy.moved_at = now + trip.mail.rng(f"move:{each.address}").randrange(15 * MINUTE, 50 * MINUTE)
    if logged:
        track(trip, "STOREDRIVER", "DELIVER", people, 40_000, client_ip=IP, client_hostname=SHORT,
              message_info=iso(now - 900_000),
              source_context=f"08DE{trip.rng.getrandbits(48):012X};ClientSubmitTime:")  # fmt: skip
