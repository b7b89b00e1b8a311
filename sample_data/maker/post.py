"""The mail server of the story: carries each mail once, keeps the copies that reached a mailbox, and writes the lines that
Postfix, Dovecot and the approval gateway would have written (syslog times: no year, no zone)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from maker.mail import MONTHS, Attached, Mail, stamp, tag, written
from maker.people import (
    EVERYONE,
    GATEWAY,
    GATEWAY_IP,
    HOME,
    MAILER,
    SATO,
    SERVER,
    SERVER_IP,
    STAFF,
    TANAKA,
    YAMAZAKI,
    Person,
)

_QUEUE_LETTERS = "BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789"
_TLS = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
AT_HOME = ("p150.isp.example", "203.0.113.150")
HOLDERS = (TANAKA, SATO, YAMAZAKI, HOME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One mail in one mailbox, as stored: ``data`` has LF line ends."""

    mail: Mail
    holder: Person
    sent: bool
    at: datetime
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the approval gateway did with a held mail, who did it, after how many minutes."""

    action: str
    actor: str
    minutes: int


@dataclass(slots=True)
class Post:
    decisions: dict[str, Decision]
    copies: list[Copy] = field(default_factory=list)
    maillog: list[tuple[datetime, str]] = field(default_factory=list)
    dovecot: list[tuple[datetime, str]] = field(default_factory=list)
    holds: list[tuple[str, ...]] = field(default_factory=list)
    queue_ids: dict[str, list[str]] = field(default_factory=dict)
    uids: dict[tuple[str, str], int] = field(default_factory=dict)
    uid_of: dict[tuple[str, str, bool], tuple[str, int]] = field(default_factory=dict)

    def carry(self, mail: Mail) -> None:
        """Bring a mail from its sender's program to every recipient."""
        envelope = [*mail.to, *mail.cc, *mail.bcc]
        inside = _expanded(envelope)
        outside = [person for person in envelope if not person.local]
        if mail.sender.local:
            self._from_inside(mail, inside, outside)
        elif inside:
            queue = self._accept(mail, mail.at + timedelta(seconds=2), len(inside))
            self._deliver(mail, queue, mail.at + timedelta(seconds=3), inside)
        if not mail.sender.local and HOME in outside:
            self._keep_at_home(mail, mail.at + timedelta(seconds=4), ())
        if mail.sender in HOLDERS:
            self._file_sent(mail)

    def _from_inside(self, mail: Mail, inside: list[tuple[Person, str]], outside: list[Person]) -> None:
        at = mail.at + timedelta(seconds=1)
        queue = self._accept(mail, at, len(inside) + len(outside), login=bool(mail.sender.agent))
        held = bool(outside) and any(item.name for item in mail.attached)
        if held:
            self._hold(mail, queue, at, outside)
        elif outside:
            self._send_out(mail, queue, at + timedelta(seconds=1), outside, ())
        self._deliver(mail, queue, at + timedelta(seconds=1), inside, removed=True)

    # -- Postfix ------------------------------------------------------------------------------------------------

    def _log(self, at: datetime, daemon: str, text: str) -> None:
        process = 1201 if daemon == "qmgr" else 2000 + int(tag(f"{daemon}{at:%m%d%H%M}", 3, "0123456789"))
        self.maillog.append((at, f"{syslog(at)} mail postfix/{daemon}[{process}]: {text}"))

    def _queue(self, mail: Mail, why: str) -> str:
        made = "4" + tag(f"{mail.key}/{why}", 13, _QUEUE_LETTERS) + "z" + tag(mail.key + why, 1, "123456789")
        self.queue_ids.setdefault(mail.message_id, []).append(made)
        return made

    def _accept(self, mail: Mail, at: datetime, count: int, *, login: bool = False, again: bool = False) -> str:
        """Take a mail in, from its sender or again from the gateway."""
        host, ip = (GATEWAY, GATEWAY_IP) if again else origin(mail)
        queue = self._queue(mail, host)
        daemon = "submission/smtpd" if login else "smtpd"
        self._log(at, daemon, f"connect from {host}[{ip}]")
        if not again:
            self._log(at, daemon, f"Anonymous TLS connection established from {host}[{ip}]: {_TLS}")
        signed = f", sasl_method=PLAIN, sasl_username={mail.sender.address}" if login else ""
        self._log(at, daemon, f"{queue}: client={host}[{ip}]{signed}")
        self._log(at, "cleanup", f"{queue}: message-id={mail.message_id}")
        size = len(written(mail)) + 420
        self._log(at, "qmgr", f"{queue}: from=<{_envelope(mail)}>, size={size}, nrcpt={count} (queue active)")
        self._log(
            at + timedelta(seconds=1),
            daemon,
            f"disconnect from {host}[{ip}] ehlo=2 starttls=1 mail=1 rcpt={count} data=1 quit=1",
        )
        return queue

    def _deliver(
        self, mail: Mail, queue: str, at: datetime, inside: list[tuple[Person, str]], *, removed: bool = True
    ) -> None:
        for person, alias in inside:
            session = tag(f"{mail.key}{person.address}", 22, _QUEUE_LETTERS)
            original = f", orig_to=<{alias}>" if alias else ""
            self._log(
                at,
                "lmtp",
                f"{queue}: to=<{person.address}>{original}, relay={SERVER}[private/dovecot-lmtp], delay=0.8, delays=0.3/0/0.1/0.4, "
                f"dsn=2.0.0, status=sent (250 2.0.0 <{person.address}> {session} Saved)",
            )
            self._store(mail, person, at, queue, session)
        if removed:
            self._log(at + timedelta(seconds=1), "qmgr", f"{queue}: removed")

    def _send_out(self, mail: Mail, queue: str, at: datetime, outside: list[Person], hops: tuple[str, ...]) -> None:
        for person in outside:
            host, ip = _mx(person)
            if not ip:
                self._bounce(mail, queue, at, person)
                continue
            self._log(at, "smtp", f"Trusted TLS connection established to {host}[{ip}]:25: {_TLS}")
            self._log(
                at + timedelta(seconds=1),
                "smtp",
                f"{queue}: to=<{person.address}>, relay={host}[{ip}]:25, delay=1.4, delays=0.2/0/0.5/0.7, "
                f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {tag(queue + person.address, 10).upper()})",
            )
            if person is HOME:
                self._keep_at_home(mail, at + timedelta(seconds=1), hops or (_first_hop(mail, queue, at),))

    def _bounce(self, mail: Mail, queue: str, at: datetime, person: Person) -> None:
        why = f"Host or domain name not found. Name service error for name={person.domain} type=MX: Host not found"
        self._log(
            at,
            "smtp",
            f"{queue}: to=<{person.address}>, relay=none, delay=0.9, delays=0.2/0/0.7/0, dsn=5.4.4, status=bounced ({why})",
        )
        notice = bounce_of(mail, person, at + timedelta(seconds=1), queue, why)
        second = self._queue(notice, "bounce")
        self._log(at, "cleanup", f"{second}: message-id={notice.message_id}")
        self._log(at, "bounce", f"{queue}: sender non-delivery notification: {second}")
        self._log(at, "qmgr", f"{second}: from=<>, size={len(written(notice))}, nrcpt=1 (queue active)")
        self._deliver(notice, second, at + timedelta(seconds=1), [(mail.sender, "")])

    # -- the approval gateway -----------------------------------------------------------------------------------

    def _hold(self, mail: Mail, queue: str, at: datetime, outside: list[Person]) -> None:
        decision = self.decisions.get(mail.key) or _usual(mail)
        number = f"H2026-{len(self.holds) + 1:04d}"
        names = ";".join(item.name for item in mail.attached if item.name)
        done = at + timedelta(minutes=decision.minutes)
        rule = "社外宛・添付ファイルあり"
        for person in outside:
            self._log(
                at + timedelta(seconds=1),
                "smtp",
                f"{queue}: to=<{person.address}>, relay={GATEWAY}[{GATEWAY_IP}]:10025, delay=0.6, delays=0.2/0/0.1/0.3, "
                f"dsn=2.0.0, status=sent (250 2.0.0 Ok: held as {number})",
            )
        receivers = ";".join(person.address for person in outside)
        row = (f"{at:%Y/%m/%d %H:%M:%S}", mail.sender.address, receivers, mail.subject, names, mail.message_id)
        self.holds.append((number, *row, decision.action, f"{done:%Y/%m/%d %H:%M:%S}", decision.actor, rule))
        if decision.action not in ("否認", "取消"):
            second = self._accept(mail, done, len(outside), again=True)
            hops = (_hop(GATEWAY, GATEWAY_IP, second, done, "ESMTP"), _first_hop(mail, queue, at))
            self._send_out(mail, second, done + timedelta(seconds=1), outside, hops)
            self._log(done + timedelta(seconds=3), "qmgr", f"{second}: removed")

    # -- the mailboxes ------------------------------------------------------------------------------------------

    def _store(self, mail: Mail, person: Person, at: datetime, queue: str, session: str) -> None:
        box = folder_of(mail, person, sent=False)
        uid = self._uid(mail, person, box, sent=False)
        saved = "saved mail to INBOX" if box == "INBOX" else f"stored mail into mailbox '{box}'"
        who = f"lmtp({person.address})<{3000 + uid}><{session}>"
        sieve = "" if box == "INBOX" else "sieve: "
        self.dovecot.append((at, f"{syslog(at)} mail dovecot: {who}: {sieve}msgid={mail.message_id}: {saved}"))
        if person in HOLDERS:
            data = _received(mail, person, at, queue, session) + written(mail)
            self.copies.append(Copy(mail=mail, holder=person, sent=False, at=at, data=data))

    def _file_sent(self, mail: Mail) -> None:
        data = written(mail, with_bcc=True)
        at = mail.at + timedelta(seconds=2)
        self.copies.append(Copy(mail=mail, holder=mail.sender, sent=True, at=at, data=data))
        if mail.sender.local:
            box = folder_of(mail, mail.sender, sent=True)
            uid = self._uid(mail, mail.sender, box, sent=True)
            self.imap(at, mail.sender, f"append: box={box}, uid={uid}, msgid={mail.message_id}, size={len(data)}")

    def imap(self, at: datetime, person: Person, text: str, session: str = "") -> None:
        session = session or tag(f"{person.address}{at:%m%d}", 16, _QUEUE_LETTERS)
        process = 4000 + int(tag(session, 3, "0123456789"))
        self.dovecot.append((at, f"{syslog(at)} mail dovecot: imap({person.address})<{process}><{session}>: {text}"))

    def login(self, at: datetime, person: Person, ip: str, session: str) -> None:
        text = f"imap-login: Login: user=<{person.address}>, method=PLAIN, rip={ip}, lip={SERVER_IP}"
        self.dovecot.append(
            (
                at,
                f"{syslog(at)} mail dovecot: {text}, mpid={4000 + int(tag(session, 3, '0123456789'))}, TLS, session=<{session}>",
            )
        )

    def _uid(self, mail: Mail, person: Person, box: str, *, sent: bool) -> int:
        uid = self.uids[person.address, box] = self.uids.get((person.address, box), 0) + 1
        self.uid_of[mail.key, person.address, sent] = (box, uid)
        return uid

    def _keep_at_home(self, mail: Mail, at: datetime, hops: tuple[str, ...]) -> None:
        host, ip = (SERVER, SERVER_IP) if mail.sender.local else (mail.sender.host, mail.sender.ip)
        number = tag(mail.key + "/home", 12)
        top = (
            f"Delivered-To: {HOME.address}\nReturn-Path: <{_envelope(mail)}>\nReceived: from {host} ({host} [{ip}])\n"
            f"\tby mx.gmail.example with ESMTPS id {number}\n\tfor <{HOME.address}>; {stamp(at, 0)}\n"
            f"Authentication-Results: mx.gmail.example; spf=pass smtp.mailfrom={_envelope(mail)}; dkim=none\n"
        )
        data = top.encode() + "".join(hops).encode() + written(mail)
        self.copies.append(Copy(mail=mail, holder=HOME, sent=False, at=at, data=data))


def _expanded(envelope: list[Person]) -> list[tuple[Person, str]]:
    """The local accounts behind the addresses, with the alias that led to each."""
    found: dict[Person, str] = {}
    for person in envelope:
        members = STAFF if person is EVERYONE else (person,) if person.local else ()
        for member in members:
            found.setdefault(member, EVERYONE.address if person is EVERYONE else "")
    return list(found.items())


def _usual(mail: Mail) -> Decision:
    if is_night(mail.at):
        return Decision(action="遅延送信", actor="system", minutes=30)
    actor = YAMAZAKI if mail.sender is TANAKA else TANAKA
    return Decision(action="承認", actor=actor.address, minutes=2 + int(tag(mail.key + "/held", 1, "0123456789")))


def folder_of(mail: Mail, person: Person, *, sent: bool) -> str:
    """Where the account's rules put a mail: only 佐藤 sorts his customers."""
    if sent:
        return "送信済み" if person is SATO else "Sent"
    sorted_out = {"midori-trading.example": "取引先.緑商事", "harrow-pike.example": "取引先.Harrow & Pike"}
    return sorted_out.get(mail.sender.domain, "INBOX") if person is SATO else "INBOX"


def _mx(person: Person) -> tuple[str, str]:
    known = {"midori-tarding.example": ("", ""), "gmail.example": ("mx.gmail.example", "203.0.113.81")}
    return known.get(person.domain, (person.host, person.ip))


def _envelope(mail: Mail) -> str:
    return "" if mail.sender is MAILER else mail.envelope or mail.sender.address


def syslog(at: datetime) -> str:
    return f"{MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S}"


def is_night(at: datetime) -> bool:
    return not 7 <= at.hour < 21


def origin(mail: Mail) -> tuple[str, str]:
    """The machine that hands a mail to the server: at night 佐藤 writes from home."""
    return AT_HOME if mail.sender is SATO and is_night(mail.at) else (mail.sender.host, mail.sender.ip)


def _hop(host: str, ip: str, queue: str, at: datetime, how: str) -> str:
    return f"Received: from {host} ({host} [{ip}])\n\tby {SERVER} (Postfix) with {how} id {queue};\n\t{stamp(at)}\n"


def _first_hop(mail: Mail, queue: str, at: datetime) -> str:
    how = "ESMTPSA" if mail.sender.local and mail.sender.agent else "ESMTPS"
    return _hop(*origin(mail), queue, at, how)


def _verdict(mail: Mail) -> str:
    domain, envelope = mail.sender.domain, _envelope(mail)
    if mail.envelope:
        answer = f"spf=softfail smtp.mailfrom={envelope};\n\tdkim=none; dmarc=fail (p=none) header.from={domain}"
    else:
        answer = f"spf=pass smtp.mailfrom={envelope};\n\tdkim=pass header.d={domain}; dmarc=pass header.from={domain}"
    return f"Authentication-Results: {SERVER};\n\t{answer}\n"


def _received(mail: Mail, person: Person, at: datetime, queue: str, session: str) -> bytes:
    """What the server puts on top of a mail that it delivers."""
    top = f"Return-Path: <{_envelope(mail)}>\nDelivered-To: {person.address}\n"
    top += f"Received: from {SERVER}\n\tby {SERVER} with LMTP id {session}\n\tfor <{person.address}>; {stamp(at)}\n"
    if mail.sender is MAILER:
        return (top + f"Received: by {SERVER} (Postfix)\n\tid {queue}; {stamp(mail.at)}\n").encode()
    verdict = "" if mail.sender.local else _verdict(mail)
    return (top + verdict + _first_hop(mail, queue, at)).encode()


def bounce_of(mail: Mail, person: Person, at: datetime, queue: str, why: str) -> Mail:
    """The delivery status notification of RFC 3464."""
    status = f"Reporting-MTA: dns; {SERVER}\nX-Postfix-Queue-ID: {queue}\n\nFinal-Recipient: rfc822; {person.address}\nAction: failed\nStatus: 5.4.4\n"
    text = f"This is the mail system at host {SERVER}.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to <{person.address}>:\n{why}\n"
    return Mail(
        key=mail.key + "-bounce",
        at=at,
        sender=MAILER,
        to=(mail.sender,),
        subject="Undelivered Mail Returned to Sender",
        text=text,
        subtype="report; report-type=delivery-status",
        extra=(("Auto-Submitted", "auto-replied"),),
        attached=(
            Attached(name="", data=status.encode() + b"\n", kind="message/delivery-status"),
            Attached(name="", data=written(mail), kind="message/rfc822"),
        ),
    )
