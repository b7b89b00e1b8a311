"""Plants that lie in messages and mailboxes; each answers with the truth that a finder is held against."""

from __future__ import annotations

import re
from typing import Any

from tests.company import microsoft, postfix
from tests.company.journey import deliver
from tests.company.people import OUTSIDERS, Person, System
from tests.company.plants import INNOCENT, Plant
from tests.company.stamps import DAY, HOUR, JST, MINUTE, iso, postfix_queue_id, rfc5322
from tests.company.traffic import END, Mail
from tests.company.world import Copy, Line, Truth, World, make_world

_PROMISE = "口頭でお約束した件、書面にて確認いたします。"
_UNSIGNED = tuple(each for each in OUTSIDERS if not each.signs)


def truth(plant: Plant, say: str, lines: list[Line] | None = None, **facts: Any) -> Truth:
    """The truth about a plant; the accounts are all in whose mailbox the message lies or lay."""
    people = [plant.account] if plant.account else []
    return Truth(
        kind=plant.kind,
        innocent=plant.kind in INNOCENT,
        accounts=[each.address for each in people],
        message_ids=[mail.message_id for mail in plant.mails],
        say=say,
        lines=lines or [],
        facts=facts,
        mails=[mail.number for mail in plant.mails],
    )


def lines_of(world: World, mail: Mail, *what: str) -> list[Line]:
    """The lines of all logs that are about a mail, of the kinds named."""
    return [line for line in world.lines if mail.number in line.mails and (not what or line.what in what)]


def copy_of(world: World, mail: Mail, account: Person, *, sent: bool = False) -> Copy:
    return next(c for c in world.copies if c.mail is mail and c.account is account and c.sent is sent and not c.gone)


_SENDING = ("submitted", "SUBMIT", "Send", "SMTP_OUT", "GMAIL_INBOX", "accepted", "RECEIVE", "Delivered")


def date_forged(world: World, plant: Plant) -> Truth:
    mail = plant.mails[0]
    word = "earlier" if mail.date_shift < 0 else "later"
    return truth(
        plant,
        f"Date is {word} than every other clock of the message (hops, signature, identifiers) and than the logs",
        lines_of(world, mail, *_SENDING),
        date=iso(mail.shown, 0) + "Z",
        sent=iso(mail.at, 0) + "Z",
        shift_seconds=mail.date_shift // 1_000_000,
    )


def zone_slip(world: World, plant: Plant) -> Truth:
    mail = plant.mails[0]
    hours = (JST - (mail.zone or 0)) // 60
    say = f"Date differs from hops and logs by {hours:+d} whole hours to the second: the zone of the machine was wrong"
    return truth(plant, say, lines_of(world, mail, *_SENDING), hours=hours)


def scheduled(world: World, plant: Plant) -> Truth:
    mail = plant.mails[0]
    say = "Date is hours before the first hop because the sender let it go later: deferred delivery is stated"
    return truth(
        plant, say, lines_of(world, mail, *_SENDING), written=iso(mail.shown, 0) + "Z", sent=iso(mail.at, 0) + "Z"
    )


def mailer(world: World, plant: Plant) -> Truth:
    mail = plant.mails[0]
    say = f"the header names {mail.sender.client}, the Message-ID and the boundary are in Gmail's layout"
    return truth(plant, say, claimed=str(mail.sender.client), layout="gmail")


def thread_index(world: World, plant: Plant) -> Truth:
    mail = plant.mails[0]
    say = "Thread-Index says that the thread began days after this answer was sent, and names another thread"
    return truth(plant, say, thread_started=iso(mail.at + mail.wrong_index, 0) + "Z", sent=iso(mail.at, 0) + "Z")


def greylisting(world: World, plant: Plant) -> Truth:
    mail = plant.mails[0]
    say = "the gap between the hops is the wait that greylisting asked for: the log shows the refusals before"
    return truth(plant, say, lines_of(world, mail, "greylisted", "accepted"), delay_minutes=mail.held // MINUTE)


def list_resend(world: World, plant: Plant) -> Truth:
    mail = plant.mails[0]
    say = "a mailing list sent it on later with its footer, so the author's signature fails: List-Id and hops show it"
    return truth(plant, say, lines_of(world, mail, "accepted", "GMAIL_INBOX", "RECEIVE"))


def rejected(world: World, plant: Plant) -> Truth:
    mail = plant.mails[0]
    say = "the log says that the message was rejected, but it lies in the mailbox"
    return truth(plant, say, lines_of(world, mail, "rejected", "FAIL", "SMTP_IN"))


def moved(world: World, plant: Plant) -> Truth:
    """Weeks later, within the working day, into another folder."""
    mail, account = plant.mails[0], plant.account
    assert account is not None
    copy = copy_of(world, mail, account)
    at = mail.at + mail.rng("moved").randrange(18, 30) * DAY
    lines: list[Line] = []
    if account.system is System.POSTFIX:
        trip = postfix.blank_trip(world, account, at, mail.rng("move"), mail)
        lines = list(postfix.move(trip, copy, at, "Archive"))
    elif account.system is System.M365:
        lines = [microsoft.move(world, copy, at, "Move", "\\アーカイブ")]
        copy.folder = "Archive"
    else:
        copy.folder, copy.moved_at = "Archive", world.clock(account.system, at)
    say = "the message came to its folder weeks after it was delivered"
    return truth(plant, say, lines, moved=iso(copy.moved_at, 0) + "Z", folder="Archive")


def deleted(world: World, plant: Plant) -> Truth:
    """One copy is gone; the logs still have the sending, and some the deletion."""
    mail, account = plant.mails[0], plant.account
    assert account is not None
    sent = plant.kind == "sent_copy_deleted"
    copy = copy_of(world, mail, account, sent=sent)
    at = mail.at + mail.rng("deleted").randrange(2 * HOUR, 3 * DAY)
    lines = lines_of(world, mail, *_SENDING, "append", "save", "saved", "DELIVER")
    if account.system is System.POSTFIX:
        trip = postfix.blank_trip(world, account, at, mail.rng("delete"), mail)
        text = f"expunge: box={copy.folder}, uid={{uid}}, msgid={copy.message_id}, size={len(copy.raw)}"
        lines.append(postfix.imap(trip, account, text, copy, "expunge"))
    elif account.system is System.M365:
        lines.append(microsoft.move(world, copy, at, "HardDelete", ""))
    copy.gone = True
    whose = "sender's" if sent else "recipient's"
    say = f"the logs have the message, the {whose} mailbox has not: expected but missing"
    return truth(plant, say, lines, folder=copy.folder, deletion_logged=account.system in (System.POSTFIX, System.M365))


def body_changed(world: World, plant: Plant) -> Truth:
    mail, account = plant.mails[0], plant.account
    assert account is not None
    copy = copy_of(world, mail, account)
    match = re.search(rb"(\d\d),000", copy.body)
    assert match is not None
    new = b"%d,000" % ((int(match[1]) + 31) % 90 + 10)
    copy.body = copy.body[: match.start()] + new + copy.body[match.end() :]
    say = "the body does not fit the body hash of its DKIM signature, the header does: changed after signing"
    return truth(plant, say, before=match[0].decode(), after=new.decode(), domain=mail.sender.domain)


def header_added(world: World, plant: Plant) -> Truth:
    """A Reply-To that the signature says was not there, or a hop that nobody made."""
    mail, account = plant.mails[0], plant.account
    assert account is not None
    copy = copy_of(world, mail, account)
    at = next(i for i, (name, _) in enumerate(copy.fields) if name == "From")
    if plant.variant == 0:
        copy.fields.insert(at + 1, ("Reply-To", f"<{mail.sender.user}@{mail.sender.domain.replace('.', '-mail.', 1)}>"))
        say = "Reply-To stands in the message although the signature covers its absence: added after signing"
        return truth(plant, say, field="Reply-To", domain=mail.sender.domain)
    last = max(i for i, (name, _) in enumerate(copy.fields) if name == "Received")
    when = mail.at + 26 * HOUR
    token = postfix_queue_id(when, mail.rng("hop"))
    hop = "from [10.9.8.7] (unknown [10.9.8.7])\r\n\t"
    hop += f"by relay.{mail.sender.domain} (Postfix) with ESMTP id {token};\r\n\t"
    copy.fields.insert(last + 1, ("Received", hop + rfc5322(when, JST, "JST")))
    say = "the first hop is a day later than all hops after it, and no other copy and no log has it: added"
    return truth(plant, say, field="Received", hop_time=iso(when, 0) + "Z")


def imported(world: World, plant: Plant) -> Truth:
    """A message that was never sent is put into the mailbox at the end, with the looks of an old one."""
    account = plant.account
    assert account is not None
    rng = world.chance(f"import:{account.address}:{plant.start}")
    sender = rng.choice(_UNSIGNED)
    mail = Mail(
        number=900_000 + plant.start // 1_000_000 % 90_000, sender=sender, to=(account,), cc=(), at=plant.start,
        subject=f"覚書の件 {rng.randrange(100, 999)}-{rng.randrange(10, 99)}",
        text=f"{account.name}様\n\n{_PROMISE}\n金額は{rng.randrange(12, 98)},000円です。\n\n{sender.name}\n",
        file=None, parent=None, seed=f"{world.seed}:import",
    )  # fmt: skip
    elsewhere = make_world(world.seed, ())
    deliver(elsewhere, mail)
    copy = next(each for each in elsewhere.copies if not each.gone)
    at = END + 11 * HOUR + rng.randrange(4 * HOUR)
    copy.folder, copy.imported, copy.moved_at = "INBOX", True, world.clock(account.system, at)
    world.keep(copy)
    lines: list[Line] = []
    if account.system is System.POSTFIX:
        trip = postfix.blank_trip(world, account, at, rng, mail)
        text = f"append: box=INBOX, uid={{uid}}, msgid={mail.message_id}, size={len(copy.raw)}"
        lines = [postfix.imap(trip, account, text, copy, "append")]
    say = "the store took the message in at the end, months after its Date and hops, and no log of that day knows it"
    found = truth(plant, say, lines, claimed=iso(plant.start, 0) + "Z", imported=iso(copy.moved_at, 0) + "Z")
    found.message_ids, found.mails = [mail.message_id], [mail.number]
    return found
