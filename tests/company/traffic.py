"""Who sent what to whom and when, before any program or server touches it: the ordinary days of the company."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.company import words
from tests.company.people import ACCOUNTS, OUTSIDERS, Person, System
from tests.company.stamps import DAY, HOUR, JST, MINUTE, SECOND, micros, when

START = micros(2026, 1, 5)
DAYS = 88
END = START + DAYS * DAY
_HOLIDAYS = frozenset({(1, 12), (2, 11), (2, 23), (3, 20)})
_A_DAY = 25


@dataclass(slots=True, kw_only=True, eq=False)
class Mail:
    """One act of sending. ``at`` is the instant at which the sender pressed the button, on a perfect clock.

    The later fields are what a plant may change: the other date its header shows, the other zone, the program that
    it claims to be from, when it was written, and the signature of a list.
    """

    number: int
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    at: int
    subject: str
    text: str
    file: tuple[str, bytes] | None
    parent: Mail | None
    seed: str
    date_shift: int = 0
    zone: int | None = None
    written_before: int = 0
    wrong_program: bool = False
    wrong_index: int = 0
    held: int = 0
    through_list: bool = False
    rejected: bool = False
    message_id: str = ""
    index: bytes = b""
    shown: int = 0

    @property
    def recipients(self) -> tuple[Person, ...]:
        return (*self.to, *self.cc)

    def rng(self, purpose: str) -> random.Random:
        """Chance that belongs to this mail and purpose alone, so that a plant elsewhere changes nothing here."""
        return random.Random(f"{self.seed}:{self.number}:{purpose}")


def working_days() -> list[int]:
    """The beginnings of the days on which the company works, on its own clock."""
    days = [START + number * DAY for number in range(DAYS)]
    return [day for day in days if when(day, JST).weekday() < 5 and _month_day(day) not in _HOLIDAYS]


def _month_day(us: int) -> tuple[int, int]:
    at = when(us, JST)
    return at.month, at.day


def make_traffic(seed: int, scale: float) -> list[Mail]:
    """All mails in the order of sending; no two within the same two seconds of one sender."""
    rng = random.Random(f"{seed}:traffic")
    mails: list[Mail] = []
    for day in working_days():
        count = round(_A_DAY * scale * rng.uniform(0.8, 1.2))
        for at in sorted(day + _moment(rng) for _ in range(count)):
            mails.append(_mail(rng, seed, len(mails), at, mails))
    return mails


def _moment(rng: random.Random) -> int:
    """A time of the working day, to the microsecond; most in the morning and the afternoon."""
    hour = rng.choices(range(8, 20), weights=(2, 6, 8, 7, 3, 6, 7, 7, 6, 5, 2, 1))[0]
    return hour * HOUR + rng.randrange(60) * MINUTE + rng.randrange(60 * SECOND)


def _mail(rng: random.Random, seed: int, number: int, at: int, before: list[Mail]) -> Mail:
    recent = [each for each in before[-120:] if at - each.at > 10 * MINUTE]
    parent = rng.choice(recent) if recent and rng.random() < 0.4 else None
    if parent is not None:
        sender, to, cc = _answer(rng, parent)
    else:
        sender, to, cc = _first(rng)
    subject = _subject(rng, sender, parent)
    text = words.text(rng, english=sender.english, to=to[0].name, by=sender.name)
    if parent is not None:
        text += "\n" + "\n".join(f"> {line}" for line in parent.text.split("\n")[:6]) + "\n"
    return Mail(
        number=number,
        sender=sender,
        to=to,
        cc=cc,
        at=at,
        subject=subject,
        text=text,
        file=words.table(rng) if rng.random() < 0.15 else None,
        parent=parent,
        seed=str(seed),
    )


def _subject(rng: random.Random, sender: Person, parent: Mail | None) -> str:
    if parent is None:
        return words.subject(rng, english=sender.english)
    return parent.subject if parent.subject.startswith("Re: ") else f"Re: {parent.subject}"


def _answer(rng: random.Random, parent: Mail) -> tuple[Person, tuple[Person, ...], tuple[Person, ...]]:
    """One of those who got it answers; somebody outside only to the company."""
    inside = [each for each in parent.recipients if each.system is not System.OUTSIDE]
    choices = inside if parent.sender.system is System.OUTSIDE else list(parent.recipients)
    sender = rng.choice(choices)
    others = tuple(each for each in parent.recipients if each is not sender and each is not parent.sender)
    return sender, (parent.sender,), others if rng.random() < 0.5 else ()


def _first(rng: random.Random) -> tuple[Person, tuple[Person, ...], tuple[Person, ...]]:
    kind = rng.random()
    if kind < 0.30:
        return rng.choice(OUTSIDERS), (rng.choice(ACCOUNTS),), ()
    sender = rng.choice(ACCOUNTS)
    colleagues = rng.sample([each for each in ACCOUNTS if each is not sender], 3)
    if kind < 0.55:
        return sender, (rng.choice(OUTSIDERS),), tuple(colleagues[: rng.randrange(2)])
    return sender, tuple(colleagues[: rng.randrange(1, 3)]), tuple(colleagues[2 : rng.randrange(2, 4)])
