"""The way of a mail from its sender to every recipient, over the servers of both."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from tests.company import exchange, google, microsoft, postfix
from tests.company.clients import LIST, Written, write
from tests.company.people import HOST_IPS, HOSTS, Client, Person, System
from tests.company.signing import signature
from tests.company.stamps import JST, MINUTE, SECOND, postfix_queue_id, rfc5322
from tests.company.traffic import Mail
from tests.company.world import Trip, World

SYSTEMS: dict[System, ModuleType] = {
    System.POSTFIX: postfix,
    System.EXCHANGE: exchange,
    System.M365: microsoft,
    System.GOOGLE: google,
}
_LIST_HOST = "lists.kaihatsu-kai.example"
_LIST_IP = "198.51.100.77"


def deliver(world: World, mail: Mail) -> None:
    """Sends one mail: copies appear in the mailboxes and lines in the logs."""
    written = write(mail)
    trip = Trip(world=world, mail=mail, written=written, at=mail.at, rng=mail.rng("trip"))
    trip.pause(0.4, 2.4)
    home = SYSTEMS.get(mail.sender.system)
    if home is None:
        _depart_outside(trip)
        trip.data["ip"] = mail.sender.ip
    else:
        home.depart(trip)
        trip.data["ip"] = HOST_IPS[mail.sender.system]
    trip.pause(0.1, 0.8)
    if mail.through_list:
        trip = _through_list(trip)
    for system, people in _groups(mail.recipients):
        _hand_over(trip, home, system, people)
    if home is not None:
        home.finish(trip)


def _groups(people: Sequence[Person]) -> list[tuple[System, list[Person]]]:
    """Recipients by mail system; those outside one by one, each has a server of their own."""
    found: dict[str, tuple[System, list[Person]]] = {}
    for each in people:
        found.setdefault(each.domain, (each.system, []))[1].append(each)
    return list(found.values())


def _hand_over(trip: Trip, home: ModuleType | None, system: System, people: list[Person]) -> None:
    if system is System.OUTSIDE:
        trip.pause(0.5, 2.5)
        relay, ip = f"mail.{people[0].domain}", people[0].ip
        token = postfix_queue_id(trip.at - 200_000, trip.rng)
        if home is not None:
            home.handed(trip, people, relay, ip, f"250 2.0.0 Ok: queued as {token}")
    elif SYSTEMS[system] is home:
        home.local(_branch(trip, trip.queue_id, trip.network_id), people)
    else:
        branch = _branch(trip, "", "")
        reply = SYSTEMS[system].arrive(branch, people)
        trip.at = branch.at + 200_000
        if home is not None:
            home.handed(trip, people, _name(system), HOST_IPS[system], reply)


def _name(system: System) -> str:
    domains = {System.M365: "aobaglobal-example.mail.protection.outlook.com", System.GOOGLE: "aspmx.l.google.com"}
    return domains.get(system, HOSTS[system])


def _branch(trip: Trip, queue_id: str, network_id: str) -> Trip:
    """The same mail on the way to one of its systems, with a trace of its own from here on."""
    return Trip(
        world=trip.world,
        mail=trip.mail,
        written=trip.written,
        at=trip.at,
        rng=trip.rng,
        trace=list(trip.trace),
        queue_id=queue_id,
        network_id=network_id,
        data=dict(trip.data),
    )


def _depart_outside(trip: Trip) -> None:
    """A Postfix elsewhere: its hop and, where it signs, its signature; its logs are not ours."""
    sender = trip.mail.sender
    token = postfix_queue_id(trip.at, trip.rng)
    hop = (
        f"from [192.168.1.5] (unknown [192.168.1.5])\r\n\tby {trip.host} (Postfix) with ESMTPSA id {token};\r\n\t"
        f"{rfc5322(trip.at, 0 if sender.english and sender.client is not Client.OUTLOOK_SMTP else JST)}"
    )
    trip.trace.insert(0, ("Received", hop))
    if sender.signs:
        key = trip.world.keys[sender.domain]
        trip.trace.insert(0, signature(key, trip.written.fields, trip.written.body, trip.at // SECOND))


def _through_list(trip: Trip) -> Trip:
    """A mailing list takes the mail, adds its footer, and sends it on when its moderator has let it pass."""
    first = postfix_queue_id(trip.at, trip.rng)
    hop = f"from {trip.host} ({trip.host} [{trip.data['ip']}])\r\n\t"
    hop += f"by {_LIST_HOST} (Postfix) with ESMTPS id {first}\r\n\t"
    trip.trace.insert(0, ("Received", f"{hop}for <{LIST}>; {rfc5322(trip.at, JST, 'JST')}"))
    trip.at += round(trip.mail.rng("list").uniform(25, 170) * MINUTE)
    second = postfix_queue_id(trip.at, trip.rng)
    here = f"from {_LIST_HOST} (localhost [127.0.0.1])\r\n\tby {_LIST_HOST} (Postfix) with ESMTP id {second};\r\n\t"
    trip.trace[:0] = [
        ("Received", here + rfc5322(trip.at, JST, "JST")),
        ("X-Mailman-Version", "2.1.39"),
        ("Precedence", "list"),
        ("List-Id", f"<{LIST.replace('@', '.')}>"),
        ("List-Post", f"<mailto:{LIST}>"),
        ("Sender", f'"dev" <{LIST.replace("@", "-bounces@")}>'),
        ("Errors-To", LIST.replace("@", "-bounces@")),
    ]
    footer = f"_______________________________________________\r\ndev mailing list\r\n{LIST}\r\n".encode()
    trip.written = Written(fields=trip.written.fields, body=trip.written.body + footer)
    trip.data |= {"ip": _LIST_IP, "host": _LIST_HOST, "envelope": LIST.replace("@", "-bounces@")}
    return trip
