"""A made-up exchange of letters with thirty contradictions planted in it, and its twin without any.

Both hold what is odd and innocent: an outbox that was offline for two days, a draft that was sent a day later, travel
across summer time, greylisting, a slow queue, a refusal for one of two recipients.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from forensics.moments import Meaning
from forensics.records import LogEvent, Record
from tests.casebuilder import JUNE, SECOND
from tests.findings.letters import (
    DAY,
    HOSTS,
    HOUR,
    MINUTE,
    Letter,
    from_line,
    google_boundary,
    google_id,
    kept,
    logged,
    outlook_boundary,
    outlook_id,
    stamp,
    thread_index,
)

ACCOUNTS = ("sato@example.jp", "suzuki@example.jp", "kato@example.jp", "ito@example.jp")
START = JUNE


@dataclass(kw_only=True)
class Exchange:
    """The letters, the log, and which rule is to find which letter (its number)."""

    letters: list[Letter] = field(default_factory=list)
    logs: list[LogEvent] = field(default_factory=list)
    expected: list[tuple[str, int]] = field(default_factory=list)

    def records(self) -> list[Record]:
        return [record for letter in self.letters for record in letter.records()] + list(self.logs)


def exchange(*, planted: bool) -> Exchange:
    """The exchange, with or without what is planted."""
    made = Exchange()
    for number in range(1, 201):
        made.letters.append(_usual(number))
    _innocent(made)
    for letter in made.letters:
        if letter.number % 3 == 0 and letter.path:
            at = letter.path[0][1]
            made.logs.append(logged(letter.number * 2, at, letter.id, "queued", detail='{"host": "out"}', status=""))
            made.logs.append(logged(letter.number * 2 + 1, at + SECOND, letter.id, detail='{"host": "out"}'))
    _plant(made) if planted else None
    return made


def _usual(number: int) -> Letter:
    at = START + number * 5 * HOUR + number * 7 * SECOND
    sender = ACCOUNTS[number % 4]
    letter = Letter(number=number, at=at, sender=sender, place=number * 5000, clocks=[from_line(at + 9 * SECOND)])
    if sender == "sato@example.jp":
        letter.message_id, letter.boundary = outlook_id(at - 2 * SECOND, number), outlook_boundary(at - SECOND)
        letter.more.append(("X-Mailer", "Microsoft Outlook 16.0"))
        letter.more.append(("Thread-Index", thread_index(at - MINUTE, thread=number)))
    elif sender == "suzuki@example.jp":
        letter.message_id, letter.boundary = google_id(at, number), google_boundary(at)
    elif sender == "kato@example.jp":
        letter.more.append(("User-Agent", "Mozilla Thunderbird"))
        letter.top.append(("DKIM-Signature", f"v=1; a=rsa-sha256; d=example.jp; s=k1; t={at // SECOND + 1}; bh=x; b=y"))
    return letter


def _innocent(made: Exchange) -> None:
    """What looks odd and is not: none of it is to be found."""
    by = {letter.number: letter for letter in made.letters}
    waited = by[13]  # an outbox that was offline for two days
    waited.hops = [(host, waited.at + 2 * DAY + n * SECOND) for n, host in enumerate(HOSTS)]
    waited.clocks = [from_line(waited.at + 2 * DAY + 9 * SECOND)]
    waited.place = 22 * 5000 + 1
    draft = by[21]  # begun a day before it was sent
    draft.message_id = google_id(draft.at - DAY, 21)
    by[15].minutes, by[16].minutes, by[17].minutes = 60, 120, -240  # a journey, each zone stated as it is
    slow = by[18]  # greylisted for twenty minutes at the second host
    slow.hops = [
        (HOSTS[0], slow.at + SECOND),
        (HOSTS[1], slow.at + 20 * MINUTE),
        (HOSTS[2], slow.at + 20 * MINUTE + 4 * SECOND),
    ]
    slow.clocks = [from_line(slow.at + 21 * MINUTE)]
    made.logs.append(logged(9001, slow.at + 2 * SECOND, slow.id, "rejected", status="450 4.2.0 Greylisted"))
    two = by[19]  # refused for one recipient, delivered to the other
    two.to = ("tanaka@example.jp", "ono@example.com")
    made.logs.append(
        logged(9002, two.at, two.id, "rejected", recipient="ono@example.com", recipients=("ono@example.com",))
    )
    off = by[22]  # a computer whose clock is four minutes off, seen once
    off.sender, off.date, off.boundary, off.message_id = "visitor@example.org", off.at + 4 * MINUTE, "", ""
    off.more.clear()
    reply = by[24]  # answers letter 20, in its thread
    reply.more = [
        ("In-Reply-To", by[20].id),
        ("Thread-Index", thread_index(by[20].at - MINUTE, [reply.at - by[20].at], 20)),
    ]


def _plant(made: Exchange) -> None:
    number = iter(range(501, 600))
    at = START + 2000 * HOUR

    def add(rule: str, **changed: object) -> Letter:
        which = next(number)
        when = int(changed.pop("at", at + (which - 500) * 6 * HOUR))  # type: ignore[call-overload]
        letter = Letter(number=which, at=when, sender="ito@example.jp", place=which * 5000)
        for name, value in changed.items():
            setattr(letter, name, value)
        made.letters.append(letter)
        made.expected.append((rule, which))
        return letter

    _dates(add)
    _headers(add)
    _threads(made, add)
    _stores(add)
    _logs(made, add)


def _dates(add) -> None:  # type: ignore[no-untyped-def]
    """Eight dates that the other clocks contradict."""
    one = add("date-forged")
    one.date, one.message_id = one.at - 15 * DAY, google_id(one.at, 1)
    two = add("date-forged")
    two.date, two.message_id, two.boundary = two.at - 3 * DAY, outlook_id(two.at), outlook_boundary(two.at)
    three = add("date-forged")
    three.date = three.at + 2 * HOUR + 20 * MINUTE
    four = add("date-forged")
    four.date = four.at - 40 * DAY
    four.top = [("DKIM-Signature", f"v=1; a=rsa-sha256; d=example.jp; s=k1; t={four.at // SECOND}; bh=x; b=y")]
    five = add("date-forged")
    five.date = five.at + 30 * DAY
    six = add("date-forged")
    six.clocks = [kept(six.at - 9 * DAY, "PR_CLIENT_SUBMIT_TIME", Meaning.SUBMITTED)]
    seven = add("date-forged", hops=[])
    seven.date, seven.boundary = seven.at - DAY - 30 * MINUTE, google_boundary(seven.at)
    eight = add("date-forged")
    eight.date = eight.at - 365 * DAY


def _headers(add) -> None:  # type: ignore[no-untyped-def]
    """Five headers with fields out of order or foreign, three mailers that do not write such identifiers."""
    one = add("header-added")
    one.hops = [(HOSTS[0], one.at), ("mx.example.net", one.at - 5 * DAY - 20 * MINUTE), (HOSTS[2], one.at + 9 * SECOND)]
    two = add("header-added")
    two.below = [("Received", f"from a.example.jp by b.example.jp with SMTP id Z; {stamp(two.at)}")]
    three = add("header-added")
    three.more = [("Date", stamp(three.at - 20 * SECOND))]
    four = add("header-added")
    four.more = [("User-Agent", "Mozilla Thunderbird"), ("X-MimeOLE", "Produced By Microsoft MimeOLE V6.00")]
    five = add("header-added")
    five.hops = [(HOSTS[0], five.at), (HOSTS[1], five.at - 40 * MINUTE), (HOSTS[2], five.at + 9 * SECOND)]
    six = add("mailer-mismatch")
    six.message_id, six.more = google_id(six.at), [("X-Mailer", "Microsoft Outlook 16.0")]
    seven = add("mailer-mismatch")
    seven.message_id, seven.more = outlook_id(seven.at), [("User-Agent", "Mozilla Thunderbird")]
    eight = add("mailer-mismatch")
    eight.message_id, eight.boundary = outlook_id(eight.at), outlook_boundary(eight.at)
    eight.more = [("X-Mailer", "Becky! ver. 2.75.04 [ja]")]


def _threads(made: Exchange, add) -> None:  # type: ignore[no-untyped-def]
    """Four letters that their thread contradicts."""
    parent = made.letters[99]
    one = add("thread-contradiction")
    one.more = [("Thread-Index", thread_index(one.at + 2 * DAY + 20 * MINUTE, thread=901))]
    two = add("thread-contradiction")
    two.more = [("Thread-Index", thread_index(two.at - DAY, [3 * DAY + 25 * MINUTE], thread=902))]
    three = add("thread-contradiction", at=parent.at - 4 * DAY - 20 * MINUTE)
    three.more = [("In-Reply-To", parent.id)]
    three.place = 99 * 5000 + 1  # without a From_ line, so its place says nothing
    four = add("thread-contradiction")
    four.more = [("In-Reply-To", made.letters[103].id), ("Thread-Index", thread_index(four.at - HOUR, thread=904))]


def _stores(add) -> None:  # type: ignore[no-untyped-def]
    """Three letters that a store took in at another time, two that stand in the wrong place."""
    one = add("imported-later", folder="/Kept")
    one.clocks = [kept(one.at + 60 * DAY)]
    two = add("imported-later", folder="/Maildir")
    two.clocks = [kept(two.at + 30 * DAY, "Maildir file name", Meaning.DELIVERED)]
    three = add("imported-later", folder="/Files")
    three.clocks = [kept(three.at - 12 * DAY, "file modified", Meaning.MODIFIED)]
    four = add("uid-order", at=START + 9 * DAY)
    four.clocks = [from_line(four.at + 9 * SECOND)]
    five = add("uid-order", at=START + 600 * HOUR)
    five.place, five.clocks = 20 * 5000 + 7, [from_line(five.at + 9 * SECOND)]


def _logs(made: Exchange, add) -> None:  # type: ignore[no-untyped-def]
    """Two refused and delivered, two that a log has at another time, and one clock that is seven minutes slow."""
    one = add("rejected-but-delivered")
    made.logs.append(logged(9101, one.at, one.id, "rejected", source="gateway_hold"))
    two = add("rejected-but-delivered", hops=[])
    made.logs.append(logged(9102, two.at, two.id, "discarded", source="gateway_hold"))
    made.logs.append(logged(9103, two.at + MINUTE, two.id, "sent"))
    three = add("log-against-mail")
    made.logs.append(logged(9104, three.at + 95 * MINUTE, three.id, detail='{"host": "out"}'))
    four = add("log-against-mail")
    made.logs.append(logged(9105, four.at - 6 * DAY - 20 * MINUTE, four.id))
    slow = []
    for n in range(8):
        at = START + (300 + n * 11) * HOUR
        path = [(HOSTS[0], at + SECOND), ("slow.example.jp", at - 7 * MINUTE), (HOSTS[2], at + 9 * SECOND)]
        slow.append(Letter(number=700 + n, at=at, sender="ito@example.jp", hops=path, place=(700 + n) * 5000))
    made.letters += slow
    made.expected.append(("clock-skew", slow[0].number))
