# ruff: noqa: E501 - a line of a log or a letter stays one line
"""Everything on its way: delivers mails, keeps the mailboxes and the lines of every log, and what is planted."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.staff_company import cloud, mailing
from tests.staff_company.mailing import Hold, Mail
from tests.staff_company.people import DAY, GATE_IP, JST, OWN, OWN_ABROAD, START, Company, Person, day_of

Row = dict[str, str]
_CIPHER = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"


@dataclass(slots=True, kw_only=True)
class Truth:
    """One plant: an incident of a row of the catalogue, or an innocent that looks like one."""

    row: str
    say: str
    innocent: bool = False
    guard: str = ""
    accounts: list[str] = field(default_factory=list)
    message_ids: list[str] = field(default_factory=list)
    window: tuple[float, float] = (0, 0)
    lines: list[tuple[str, int]] = field(default_factory=list)
    also: tuple[str, ...] = ()
    """Other rows that this is a case of as well."""


@dataclass(slots=True)
class Line:
    at: float
    text: str
    truth: Truth | None = None


def is_own(address: str) -> bool:
    return address.endswith((f"@{OWN}", f"@{OWN_ABROAD}"))


class World:
    """Mails go in by :meth:`deliver`, in order of time; files come out at the end of each week and at the end."""

    def __init__(self, seed: int, company: Company, out: Path) -> None:
        self.company, self.out = company, out
        self.rng = random.Random(f"world:{seed}")
        self.people: dict[str, Person] = {each.address: each for each in company.staff}
        self.groups: dict[str, list[Person]] = {}
        self.boxes: dict[tuple[str, str], list[tuple[float, bytes]]] = {}
        self.weeks: dict[int, list[Line]] = {}
        self.rows: dict[str, list[tuple[float, Row, Truth | None]]] = {
            name: [] for name in ("hold", "audit", "pc", "dlp")
        }
        self.tables: dict[str, list[Row]] = {}
        self.truths: list[Truth] = []
        self.planned: dict[int, list[Mail]] = {}
        self.number = 0
        self.mails = self.copies = self.lines = 0
        self.hole: tuple[float, float, Truth] | None = None
        self.no_box: set[str] = set()
        self.expected: dict[str, list[str]] = {}
        """By row, ordinary mails that a rule may well name, for that is what the row asks for."""

    def mid(self, sender: str) -> str:
        self.number += 1
        return f"<{zlib.crc32(str(self.number).encode()):08x}.{self.number:07d}@{sender.partition('@')[2]}>"

    def plan(self, mail: Mail) -> Mail:
        self.planned.setdefault(int((mail.at - START) // DAY), []).append(mail)
        return mail

    def table(self, name: str, /, **row: str) -> None:
        self.tables.setdefault(name, []).append(row)

    def truth(
        self,
        row: str,
        say: str,
        mails: Sequence[Mail] = (),
        *,
        accounts: Sequence[str] = (),
        guard: str = "",
        window: tuple[float, float] | None = None,
        also: tuple[str, ...] = (),
    ) -> Truth:
        """What is planted; with a ``guard`` it is innocent."""
        times = [mail.at for mail in mails]
        span = window or ((min(times) - 3600, max(times) + DAY) if times else (0, 0))
        who = list(accounts) or sorted({mail.account or mail.sender[1] for mail in mails})
        made = Truth(
            row=row,
            say=say,
            innocent=bool(guard),
            guard=guard,
            accounts=who,
            also=also,
            window=span,
            message_ids=[mail.mid for mail in mails],
        )
        self.truths.append(made)
        return made

    def expect(self, row: str, mail: Mail) -> None:
        self.expected.setdefault(row, []).append(mail.mid)

    def log(self, at: float, text: str, truth: Truth | None = None) -> None:
        self.weeks.setdefault(int((at - START) // (7 * DAY)), []).append(Line(at, text, truth))

    def row(self, kind: str, at: float, row: Row, truth: Truth | None = None) -> None:
        self.rows[kind].append((at, row, truth))

    def keep(self, account: str, folder: str, at: float, raw: bytes) -> None:
        self.copies += 1
        self.boxes.setdefault((account, folder), []).append((at, raw))

    def login(
        self, account: str, at: float, ip: str, *, good: bool = True, client: str = "", truth: Truth | None = None
    ) -> None:
        """A login to the mailbox, in the log of the service on which it is."""
        person = self.people.get(account)
        if person is not None and person.cloud:
            cloud.login(self, account, at, ip, good=good, agent=client, truth=truth)
        elif good:
            mark = f"{int(at * 1000) & 0xFFFFFFFF:08x}"
            self.log(
                at,
                f"dovecot: imap-login: Login: user=<{account}>, method=PLAIN, rip={ip}, lip=192.0.2.25, "
                f"mpid={3000 + int(at) % 20000}, TLS, session=<{mark}Aa>",
                truth,
            )
        else:
            self.log(
                at,
                "dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): "
                f"user=<{account}>, method=PLAIN, rip={ip}, lip=192.0.2.25, TLS",
                truth,
            )

    def pc(self, account: str, at: float, action: str, truth: Truth | None = None, **more: str) -> None:
        """A line of the agent on a computer."""
        person = self.people[account]
        row = {"日時": stamp(at), "端末名": f"PC-{person.number:03d}", "ユーザー名": account, "操作": action, **more}
        self.row("pc", at, row, truth)

    def deliver(self, mail: Mail) -> None:
        """Keeps the copies and writes the lines of one mail."""
        self.mails += 1
        account = mail.account or mail.sender[1]
        people = [address for _, address in (*mail.everyone, *mail.expand)]
        own = is_own(account)
        sender = self.people.get(account)
        mail.ip = mail.ip or (sender.ip if sender else "192.0.2.40")
        outward = [each for each in people if not is_own(each)]
        came, peer = mail.at + 1 + self.rng.random(), "submission" if own else _peer(mail)
        left = True
        body = mailing.content(mail, mail.files)
        if own and outward and mail.held:
            came, left = self._held(mail, account, outward, len(body))
            peer = "gate"
        queue = f"{int(came % 1 * 1e6):05X}{self.mails % 0xFFFFFF:06X}"
        if own and mail.sent_copy and account not in self.no_box:
            raw = mailing.boxed(account, mail.at + 2, mailing.head(mail, sent=True).encode() + body)
            self.keep(account, "Sent", mail.at + 2, raw)
        if own and sender is not None and sender.cloud:
            cloud.sent(self, mail, account)
        if not left:
            return
        if mail.delivered_files is not None:
            body = mailing.content(mail, mail.delivered_files)
        self._moved(mail, account, came, peer, queue, len(body))
        top = mailing.hops(mail, queue, came, peer, mail.at) + ("" if own else mailing.results(mail))
        rest = (top + mailing.head(mail, sent=False)).encode() + body
        for each in dict.fromkeys(people):
            if each in self.people and each not in mail.lost | mail.removed:
                first = f"Return-Path: <{account}>\nDelivered-To: {each}\n".encode()
                self.keep(each, "INBOX", came + 1, mailing.boxed(account, came + 1, first + rest))

    def _held(self, mail: Mail, account: str, outward: list[str], size: int) -> tuple[float, bool]:
        """The gateway: waits five minutes, or for the manager where there are files; when the mail left, and whether."""
        asked = mail.hold or Hold()
        person = self.people.get(account)
        asks = (
            bool([each for each in mail.files if not each.inline]) and person is not None and person.manager is not None
        )
        action = asked.action or ("承認" if asks else "自動送信")
        seconds = asked.seconds if asked.seconds >= 0 else (self.rng.uniform(90, 1500) if asks else 300.0)
        decided = mail.at + 2 + seconds
        actor = asked.actor
        if actor == "-":
            actor = person.manager.address if asks and person is not None and person.manager is not None else ""
        viewed = ""
        if action == "承認" and asked.viewed:
            before = asked.viewed if asked.viewed > 0 else min(seconds * 0.6, self.rng.uniform(15, 80))
            viewed = stamp(decided - before)
        names = asked.files if asked.files is not None else tuple(f.name for f in mail.files if not f.inline)
        row = {
            "管理番号": f"H{self.mails:07d}",
            "受付日時": stamp(mail.at + 2),
            "処理": action,
            "処理日時": stamp(decided),
            "承認者": actor,
            "差出人": account,
            "宛先": ";".join(outward),
            "件名": mail.subject,
            "Message-ID": mail.mid,
            "添付ファイル": ";".join(names),
            "サイズ": str(asked.size or size),
            "閲覧日時": viewed,
            "ルール名": "社外宛て添付は上長承認" if asks else "社外宛て一時保留",
            "コメント": asked.comment,
        }
        if self.hole is not None and self.hole[0] <= mail.at < self.hole[1]:
            self.hole[2].message_ids.append(mail.mid)
        elif asked.logged:
            self.row("hold", mail.at, row)
        return decided + asked.after + 1 + self.rng.random(), asked.delivered

    def _moved(self, mail: Mail, account: str, came: float, peer: str, queue: str, size: int) -> None:
        """What Postfix logs of a mail on its way."""
        if peer == "submission":
            first = f"postfix/submission/smtpd[{900 + self.mails % 80}]: {queue}: client=pc[{mail.ip}], sasl_method=PLAIN, sasl_username={account}"
        elif peer == "gate":
            first = f"postfix/smtpd[{700 + self.mails % 80}]: {queue}: client={mailing.GATE}[{GATE_IP}]"
        else:
            host, _, ip = peer.partition("|")
            first = f"postfix/smtpd[{700 + self.mails % 80}]: {queue}: client={host}[{ip}]"
        self.log(came, first)
        self.log(came + 0.01, f"postfix/cleanup[{500 + self.mails % 9}]: {queue}: message-id={mail.mid}")
        targets = list(
            dict.fromkeys([a for _, a in mail.everyone if a not in self.groups] + [a for _, a in mail.expand])
        )
        if peer not in ("submission", "gate"):
            targets = [each for each in targets if is_own(each)]
        self.log(
            came + 0.02,
            f"postfix/qmgr[401]: {queue}: from=<{account}>, size={size + 900}, nrcpt={len(targets)} (queue active)",
        )
        lists = next((address for _, address in mail.to if address in self.groups), "")
        at = came + 0.1
        for each in targets:
            at += 0.05
            self._target(mail, queue, each, at, lists)
        self.log(at + 0.3, f"postfix/qmgr[401]: {queue}: removed")

    def _target(self, mail: Mail, queue: str, to: str, at: float, lists: str) -> None:
        domain = to.partition("@")[2]
        if is_own(to):
            orig = f"orig_to=<{lists}>, " if lists and (to in {a for _, a in mail.expand}) else ""
            if to in mail.lost:
                self.log(
                    at,
                    f"postfix/lmtp[300]: {queue}: to=<{to}>, {orig}relay={mailing.MX}[private/dovecot-lmtp], delay=0.2, "
                    f"delays=0.1/0/0/0.1, dsn=5.1.1, status=bounced (550 5.1.1 <{to}> User doesn't exist)",
                )
                return
            self.log(
                at,
                f"postfix/lmtp[{300 + self.mails % 9}]: {queue}: to=<{to}>, {orig}relay={mailing.MX}[private/dovecot-lmtp], "
                f"delay=0.3, delays=0.1/0/0/0.2, dsn=2.0.0, status=sent (250 2.0.0 <{to}> Saved)",
            )
            return
        host, pid = f"mail.{domain}[{ip_of(domain)}]:25", 200 + self.mails % 90
        if to in mail.lost:
            self.log(
                at,
                f"postfix/smtp[{pid}]: {queue}: to=<{to}>, relay={host}, delay=0.9, delays=0.1/0/0.4/0.4, dsn=5.1.1, "
                f"status=bounced (host mail.{domain}[{ip_of(domain)}] said: 550 5.1.1 <{to}>: user unknown (in reply to RCPT TO command))",
            )
            return
        self.log(at - 0.02, f"postfix/smtp[{pid}]: Trusted TLS connection established to {host}: {_CIPHER}")
        self.log(
            at,
            f"postfix/smtp[{pid}]: {queue}: to=<{to}>, relay={host}, delay=0.9, delays=0.1/0/0.4/0.4, dsn=2.0.0, "
            f"status=sent (250 2.0.0 Ok: queued as R{queue})",
        )

    def flush(self, until: float) -> None:
        """Writes what can no longer change: boxes, and the weeks of the server's log that are over."""
        for (account, folder), held in self.boxes.items():
            held.sort(key=lambda each: each[0])
            ready = [raw for when, raw in held if when < until]
            if ready:
                path = self.out / "sources" / "home" / account / "mail" / folder
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("ab") as handle:
                    handle.writelines(ready)
                del held[: len(ready)]
        for week in sorted(each for each in self.weeks if START + (each + 1) * 7 * DAY < until - 3 * DAY):
            self._write_week(week, self.weeks.pop(week))

    def _write_week(self, week: int, lines: list[Line]) -> None:
        name = f"log/maillog-{day_of(week * 7 + 7):%Y%m%d}"
        path = self.out / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines.sort(key=lambda each: each.at)
        self.lines += len(lines)
        with path.open("w", encoding="utf-8", newline="\n") as handle:
            for number, line in enumerate(lines, start=1):
                if line.truth is not None:
                    line.truth.lines.append((name, number))
                here = datetime.fromtimestamp(line.at, JST)
                handle.write(f"{here.isoformat(timespec='microseconds')} mx1 {line.text}\n")


def stamp(at: float) -> str:
    return f"{datetime.fromtimestamp(int(at), JST):%Y/%m/%d %H:%M:%S}"


def ip_of(domain: str) -> str:
    return f"198.51.100.{zlib.crc32(domain.encode()) % 250 + 2}"


def _peer(mail: Mail) -> str:
    domain = mail.sender[1].partition("@")[2]
    return f"mail.{domain}|{mail.ip if mail.ip and not mail.ip.startswith('192.0.2.') else ip_of(domain)}"


def as_cells(value: Any) -> str:
    return "" if value is None else str(value)
