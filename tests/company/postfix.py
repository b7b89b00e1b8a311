"""The Postfix and Dovecot host of the company: its Received fields and its syslog (logs.md 2.6 and 2.7)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.company.people import ACCOUNTS, DOMAINS, HOSTS, Person, System
from tests.company.signing import signature
from tests.company.stamps import DAY, HOUR, JST, MINUTE, SECOND, dovecot_guid, postfix_queue_id, rfc5322, syslog
from tests.company.traffic import END, START, Mail, working_days
from tests.company.world import Copy, Line, Trip, World

SYSTEM = System.POSTFIX
HOST = HOSTS[SYSTEM]
SHORT = HOST.partition(".")[0]
DOMAIN = DOMAINS[SYSTEM]
SOURCE = "maillog"
_TLS = "(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))"


def put(
    trip: Trip, program: str, text: str, *, later: int = 0, copy: Copy | None = None, at: int = 0, what: str = ""
) -> Line:
    """One line of the syslog at the time of the trip."""
    now = trip.world.clock(SYSTEM, at or trip.at) + later
    pid = 1000 + sum(program.encode()) * 7 % 30000
    mark = program if program == "dovecot" else f"{program}[{pid}]"
    line = f"{syslog(now)} {SHORT} {mark}: {text}"
    return trip.world.log(SOURCE, now, line, mails=(trip.mail.number,), copy=copy, what=what or program)


def depart(trip: Trip) -> None:
    """An account submits a mail; it is signed and stands in the queue."""
    sender = trip.mail.sender
    now = trip.clock(SYSTEM)
    trip.queue_id = postfix_queue_id(now, trip.rng)
    client = f"{sender.pc}.{DOMAIN}[{sender.ip}]"
    put(trip, "postfix/submission/smtpd", f"{trip.queue_id}: client={client}, sasl_method=PLAIN, sasl_username="
        f"{sender.address}", what="submitted")  # fmt: skip
    put(trip, "postfix/cleanup", f"{trip.queue_id}: message-id={trip.mail.message_id}", later=24_000)
    put(trip, "opendkim", f"{trip.queue_id}: DKIM-Signature field added (s=mx2025, d={DOMAIN})", later=41_000)
    signed = signature(trip.world.keys[DOMAIN], trip.written.fields, trip.written.body, now // SECOND)
    trip.trace[:0] = [signed, ("Received", _received(
        f"[{sender.ip}] ({sender.pc}.{DOMAIN} [{sender.ip}])", "ESMTPSA", trip, now, trip.mail.recipients
    ))]  # fmt: skip
    _queued(trip, trip.mail.recipients, 52_000)
    trip.data["queued"] = trip.at


def _received(peer: str, protocol: str, trip: Trip, now: int, people: Sequence[Person]) -> str:
    only = f"\r\n\tfor <{people[0].address}>" if len(people) == 1 else ""
    return (
        f"from {peer}\r\n\t{_TLS}\r\n\tby {HOST} (Postfix) with {protocol} id {trip.queue_id}{only};\r\n\t"
        f"{rfc5322(now, JST, 'JST')}"
    )


def _queued(trip: Trip, people: Sequence[Person], later: int) -> None:
    sender, size = trip.envelope, trip.size
    put(trip, "postfix/qmgr", f"{trip.queue_id}: from=<{sender}>, size={size}, nrcpt={len(people)} (queue active)",
        later=later)  # fmt: skip


def handed(trip: Trip, people: Sequence[Person], relay: str, ip: str, reply: str) -> None:
    """The next server has taken the mail: one line for each recipient."""
    for each in people:
        delay = (trip.at - trip.data["queued"]) / SECOND
        put(trip, "postfix/smtp", f"{trip.queue_id}: to=<{each.address}>, relay={relay}[{ip}]:25, delay={delay:.2g}, "
            f"delays=0.05/0.01/{delay / 2:.2g}/{delay / 2:.2g}, dsn=2.0.0, "
            f"status=sent ({reply})", what="sent")  # fmt: skip


def finish(trip: Trip) -> None:
    put(trip, "postfix/qmgr", f"{trip.queue_id}: removed", later=9_000)
    sender = trip.mail.sender
    raw = trip.written.raw
    trip.pause(0.2, 0.9)
    copy = trip.world.keep(Copy(
        account=sender, folder="Sent", at=trip.clock(SYSTEM), fields=list(trip.written.fields), body=trip.written.body,
        mail=trip.mail, sent=True,
    ))  # fmt: skip
    imap(trip, sender, f"append: box=Sent, uid={{uid}}, msgid={trip.mail.message_id}, size={len(raw)}", copy, "append")


def session(world: World, account: Person, at: int) -> tuple[int, str]:
    """Process and session of the account's connection on that day: one a day, the same whoever asks."""
    rng = world.chance(f"imap:{account.address}:{(at + 9 * HOUR) // (24 * HOUR)}")
    name = "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") for _ in range(16))
    return rng.randrange(2000, 32000), name


def imap(trip: Trip, account: Person, text: str, copy: Copy | None, what: str, at: int = 0) -> Line:
    """A line of Dovecot's mail_log plugin."""
    pid, name = session(trip.world, account, at or trip.at)
    return put(trip, "dovecot", f"imap({account.address})<{pid}><{name}>: {text}", copy=copy, at=at, what=what)


def arrive(trip: Trip, people: Sequence[Person]) -> str:
    """Another server brings a mail; returns what it was told."""
    mail = trip.mail
    peer = f"{trip.host}[{trip.data['ip']}]"
    if mail.held:
        _greylist(trip, people[0], peer)
    trip.pause(0.3, 1.4)
    now = trip.clock(SYSTEM)
    trip.queue_id = postfix_queue_id(now, trip.rng)
    put(trip, "postfix/smtpd", f"{trip.queue_id}: client={peer}", what="accepted")
    put(trip, "postfix/cleanup", f"{trip.queue_id}: message-id={mail.message_id}", later=30_000)
    ip = trip.data["ip"]
    trip.trace.insert(0, ("Received", _received(f"{trip.host} ({trip.host} [{ip}])", "ESMTPS", trip, now, people)))
    if mail.rejected:
        put(trip, "postfix/cleanup", f"{trip.queue_id}: milter-reject: END-OF-MESSAGE from {peer}: 5.7.1 Rejected by "
            f"content policy; from=<{trip.envelope}> to=<{people[0].address}> proto=ESMTP helo=<{trip.host}>",
            later=80_000, what="rejected")  # fmt: skip
    else:
        _queued(trip, people, 60_000)
    _deliver(trip, people, logged=not mail.rejected)
    return f"250 2.0.0 Ok: queued as {trip.queue_id}"


def _greylist(trip: Trip, to: Person, peer: str) -> None:
    """RFC 6647: refused for now, taken when the server comes again."""
    for _ in range(2):
        put(trip, "postfix/smtpd", f"NOQUEUE: reject: RCPT from {peer}: 450 4.2.0 <{to.address}>: Recipient address "
            f"rejected: Greylisted, see http://postgrey.schweikert.ch/help/{DOMAIN}.html; "
            f"from=<{trip.envelope}> to=<{to.address}> proto=ESMTP helo=<{trip.host}>", what="greylisted")  # fmt: skip
        trip.at += trip.mail.held // 2


def local(trip: Trip, people: Sequence[Person]) -> None:
    """Sender and recipient are on this host."""
    _deliver(trip, people, logged=True)


def _deliver(trip: Trip, people: Sequence[Person], *, logged: bool) -> None:
    for each in people:
        trip.pause(0.05, 0.4)
        now = trip.clock(SYSTEM)
        pid = 4000 + trip.rng.randrange(20000)
        guid = dovecot_guid(now, pid)
        hop = (
            f"from {HOST}\r\n\tby {HOST} with LMTP\r\n\tid {guid}\r\n\t(envelope-from <{trip.envelope}>)\r\n\t"
            f"for <{each.address}>; {rfc5322(now, JST)}"
        )
        first = (("Return-Path", f"<{trip.envelope}>"), ("Delivered-To", each.address), ("Received", hop))
        copy = trip.world.keep(Copy(
            account=each, folder="INBOX", at=now, fields=trip.fields(*first), body=trip.written.body, mail=trip.mail,
        ))  # fmt: skip
        if logged:
            _saved(trip, each, copy, pid, guid)
        _tidy(trip, copy)
    if logged and trip.mail.sender.system is not SYSTEM:
        put(trip, "postfix/qmgr", f"{trip.queue_id}: removed", later=22_000)


def _saved(trip: Trip, to: Person, copy: Copy, pid: int, guid: str) -> None:
    head = f"lmtp({to.address})<{pid}><{guid}>: "
    found = trip.mail.message_id
    put(trip, "dovecot", f"{head}save: box=INBOX, uid={{uid}}, msgid={found}, size={len(copy.raw)}", copy=copy,
        what="save", later=2_000)  # fmt: skip
    put(trip, "dovecot", f"{head}msgid={found}: saved mail to INBOX", later=4_000, what="saved")
    put(trip, "postfix/lmtp", f"{trip.queue_id}: to=<{to.address}>, relay={HOST}[private/dovecot-lmtp], delay=0.4, "
        f"delays=0.1/0.01/0.02/0.27, dsn=2.0.0, status=sent (250 2.0.0 <{to.address}> {guid} Saved)", later=12_000,
        what="delivered")  # fmt: skip


def _tidy(trip: Trip, copy: Copy) -> None:
    """A few of the mails that arrive are put into the trash within the hour, as people do."""
    rng = trip.mail.rng(f"trash:{copy.account.address}")
    if rng.random() < 0.03 and not trip.mail.rejected:
        move(trip, copy, trip.at + rng.randrange(15 * MINUTE, 50 * MINUTE), "Trash")


def move(trip: Trip, copy: Copy, at: int, folder: str) -> tuple[Line, Line]:
    """An account moves a message: a copy in the other folder, and the first one expunged."""
    before = Copy(account=copy.account, folder=copy.folder, at=copy.at, fields=[], body=b"", mail=copy.mail, gone=True)
    trip.world.keep(before)
    for line in trip.world.lines:
        if line.copy is copy:
            # What was logged of it until now has the number that it had in the folder before.
            line.copy = before
    copy.moved_at = trip.world.clock(SYSTEM, at)
    copy.folder = folder
    what = f"msgid={copy.message_id}, size={len(copy.raw)}"
    return (
        imap(trip, copy.account, f"copy from {before.folder}: box={folder}, uid={{uid}}, {what}", copy, "copy", at),
        imap(trip, copy.account, f"expunge: box={before.folder}, uid={{uid}}, {what}", before, "expunge", at + 3_000),
    )


def daily(world: World) -> None:
    """Each account logs in before work and out after it; the server counts its connections day and night."""
    _beat(world)
    for account in (each for each in ACCOUNTS if each.system is SYSTEM):
        for day in working_days():
            rng = world.chance(f"day:{account.address}:{day}")
            trip = Trip(world=world, mail=_nobody(account), written=None, at=day + 9 * HOUR, rng=rng)  # type: ignore[arg-type]
            pid, name = session(world, account, day + 9 * HOUR)
            start = day + 7 * HOUR + rng.randrange(30, 59) * MINUTE + rng.randrange(60 * SECOND)
            end = day + 21 * HOUR + rng.randrange(60) * MINUTE
            rip = account.ip
            first = put(trip, "dovecot", f"imap-login: Login: user=<{account.address}>, method=PLAIN, rip={rip}, "
                f"lip=192.168.10.2, mpid={pid}, TLS, session=<{name}>", at=start, what="login")  # fmt: skip
            last = put(trip, "dovecot", f"imap({account.address})<{pid}><{name}>: Logged out "
                f"in={rng.randrange(900, 90000)} out={rng.randrange(90000, 9000000)} deleted=0 expunged=0 trashed=0 "
                "hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0", at=end, what="logout")  # fmt: skip
            first.mails = last.mails = ()


def _beat(world: World) -> None:
    """A line about every half hour, so that a log that falls silent is seen to."""
    rng = world.chance("anvil")
    trip = blank_trip(world, ACCOUNTS[0], START, rng)
    while trip.at < END + DAY:
        trip.pause(1500, 2100)
        at = syslog(world.clock(SYSTEM, trip.at - 200 * SECOND))
        peer = f"198.51.100.{rng.randrange(11, 19)}"
        text = f"statistics: max connection rate {rng.randrange(1, 4)}/60s for (smtp:{peer}) at {at}"
        put(trip, "postfix/anvil", text).mails = ()


def _nobody(account: Person) -> Mail:
    """A mail that stands for no mail, so that lines of an account's day can be written like the others."""
    return Mail(number=-1, sender=account, to=(), cc=(), at=0, subject="", text="", file=None, parent=None, seed="")


def blank_trip(world: World, account: Person, at: int, rng: random.Random, mail: Mail | None = None) -> Trip:
    """A trip of nothing, for lines that belong to an act on a mailbox."""
    return Trip(world=world, mail=mail or _nobody(account), written=None, at=at, rng=rng)  # type: ignore[arg-type]
