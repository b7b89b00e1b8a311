"""Who logged in when, what was deleted, and the noise of a server on the Internet: the Dovecot and Postfix lines that no single mail causes."""

from __future__ import annotations

from datetime import datetime, timedelta

from maker.incident import Incident
from maker.mail import ZONE, Mail, tag
from maker.people import RIVAL, SATO, STAFF
from maker.post import AT_HOME, Copy, Post, is_night, origin, syslog

BURST = datetime(2026, 6, 26, 23, 41, 5, tzinfo=ZONE)
_LETTERS = "BCDFGHJKLMNPQRSTVWXYZ0123456789"
# Gone from 佐藤's mailbox; the gateway's rejected mail went to the bin instead, the last mail home was only marked.
_GONE_SENT = ("home1", "home2", "order1", "sample0", "sample2", "calibration1", "forged")
_GONE_RECEIVED = ("rival1", "claim3")
BINNED = {
    "stopped": datetime(2026, 6, 18, 21, 5, 40, tzinfo=ZONE),
    "phish1": datetime(2026, 5, 12, 10, 31, 2, tzinfo=ZONE),
}
MARKED = ("home3", "leave-re", "weekly11")


def is_gone(mail: Mail, *, sent: bool) -> bool:
    """Whether 佐藤's account expunged this copy in the burst."""
    return mail.key.startswith(_GONE_SENT) if sent else mail.key in _GONE_RECEIVED


def gone(post: Post) -> list[Copy]:
    return [copy for copy in post.copies if copy.holder is SATO and is_gone(copy.mail, sent=copy.sent)]


def incident(post: Post) -> Incident:
    mails = tuple(copy.mail for copy in gone(post))
    return Incident(
        number="I09",
        title="A burst of deletions shortly before leaving",
        title_ja="退職直前の大量削除",
        rows=("R10", "T04"),
        mails=mails,
        note=f"{len(mails)} expunges within ten minutes from {BURST:%Y-%m-%d %H:%M} JST in dovecot.log; most mails survive elsewhere.",
    )


def log_burst(post: Post) -> None:
    session = tag("burst", 16, _LETTERS)
    post.login(BURST - timedelta(minutes=2), SATO, AT_HOME[1], session)
    for number, copy in enumerate(gone(post)):
        box, uid = post.uid_of[copy.mail.key, SATO.address, copy.sent]
        at = BURST + timedelta(seconds=number * 21)
        for word in ("delete", "expunge"):
            post.imap(
                at, SATO, f"{word}: box={box}, uid={uid}, msgid={copy.mail.message_id}, size={len(copy.data)}", session
            )
            at += timedelta(seconds=2)
    post.imap(BURST + timedelta(minutes=11), SATO, "Logged out in=1873 out=22104 deleted=0 expunged=0", session)


def log_binned(post: Post) -> None:
    """What 佐藤 moved to the bin: a copy there, then the original expunged."""
    for number, (key, at) in enumerate(sorted(BINNED.items(), key=lambda item: item[1]), 1):
        copy = next(copy for copy in post.copies if copy.mail.key == key and copy.holder is SATO)
        box, uid = post.uid_of[key, SATO.address, copy.sent]
        post.imap(
            at, SATO, f"copy from {box}: box=ゴミ箱, uid={number}, msgid={copy.mail.message_id}, size={len(copy.data)}"
        )
        post.imap(at, SATO, f"expunge: box={box}, uid={uid}, msgid={copy.mail.message_id}, size={len(copy.data)}")


def log_sessions(post: Post, mails: list[Mail]) -> None:
    """One login a day for each member of staff who sends, and one from outside before each mail at night."""
    seen: set[tuple[str, str]] = set()
    for mail in mails:
        if mail.sender not in STAFF:
            continue
        night = is_night(mail.at)
        day = (mail.sender.address, f"{mail.at:%m%d}{'n' if night else ''}")
        if day in seen:
            continue
        seen.add(day)
        at = (
            mail.at - timedelta(minutes=6)
            if night
            else mail.at.replace(hour=8, minute=41, second=int(tag(str(day), 1, "0123456789")))
        )
        session = tag(
            f"{mail.sender.address}{mail.at:%m%d}", 16, "BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789"
        )
        post.login(at, mail.sender, origin(mail)[1], session)


def log_noise(post: Post) -> None:
    for number in range(12):
        at = datetime(2026, 5, 9, 3, 10, 4, tzinfo=ZONE) + timedelta(seconds=number * 13)
        line = "warning: unknown[203.0.113.66]: SASL LOGIN authentication failed: UGFzc3dvcmQ6"
        post.maillog.append((at, f"{syslog(at)} mail postfix/smtpd[2990]: {line}"))
        failed = f"imap-login: Aborted login (auth failed, 1 attempts in 2 secs): user=<{RIVAL.address.split('@')[0]}{number}>, method=PLAIN, rip=203.0.113.66"
        post.dovecot.append((at, f"{syslog(at)} mail dovecot: {failed}, lip=192.0.2.10, TLS"))
    for number in range(8):
        at = datetime(2026, 4, 6 + number * 9 % 24, 4, 30, number, tzinfo=ZONE)
        line = f"NOQUEUE: reject: RCPT from unknown[203.0.113.{90 + number}]: 554 5.7.1 Service unavailable; from=<x{number}@bulk.invalid> to=<info@aoba-denki.example> proto=ESMTP helo=<bulk.invalid>"
        post.maillog.append((at, f"{syslog(at)} mail postfix/smtpd[2991]: {line}"))
