"""What the generator builds before anything is written: copies in mailboxes, lines in logs, clocks of hosts."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.company.clients import Field, Written
from tests.company.people import ACCOUNTS, SELECTORS, Person, System, host_of
from tests.company.signing import Key, make_key
from tests.company.stamps import SECOND
from tests.company.traffic import Mail

Cells = dict[str, Any]


@dataclass(slots=True, kw_only=True, eq=False)
class Copy:
    """One copy of a message in one mailbox. ``at`` is the time at which the store took it, on the store's clock."""

    account: Person
    folder: str
    at: int
    fields: list[Field]
    body: bytes
    mail: Mail | None
    sent: bool = False
    message_id: str = ""
    network_id: str = ""
    moved_at: int = 0
    moved_from: int = 0
    uid: int = 0
    gone: bool = False
    imported: bool = False

    @property
    def raw(self) -> bytes:
        return b"".join(f"{name}: {value}\r\n".encode() for name, value in self.fields) + b"\r\n" + self.body

    @property
    def stored_at(self) -> int:
        return self.moved_at or self.at

    def field(self, name: str) -> str:
        return next((value for each, value in self.fields if each.lower() == name.lower()), "")


@dataclass(slots=True, kw_only=True, eq=False)
class Line:
    """One line of a log at the time of its host. ``{uid}`` in a text stands for the copy's number in its folder."""

    source: str
    at: int
    text: str = ""
    cells: Cells = field(default_factory=dict)
    mails: tuple[int, ...] = ()
    copy: Copy | None = None
    what: str = ""
    order: int = 0
    file: str = ""
    number: int = 0


@dataclass(slots=True, kw_only=True)
class Truth:
    """What was planted: the answer that a finder is held against."""

    kind: str
    innocent: bool
    accounts: list[str]
    message_ids: list[str]
    say: str
    lines: list[Line] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    mails: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Off:
    """A clock that was wrong for a time: the host's system, from and until when on a perfect clock, and by how much."""

    system: System
    start: int
    end: int
    by: int


@dataclass(slots=True, kw_only=True)
class World:
    """Everything of one run."""

    seed: int
    copies: list[Copy] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    keys: dict[str, Key] = field(default_factory=dict)
    off: list[Off] = field(default_factory=list)
    skew: dict[System, int] = field(default_factory=dict)

    def clock(self, system: System, at: int) -> int:
        """What the clock of the system's host shows at this instant."""
        wrong = sum(each.by for each in self.off if each.system is system and each.start <= at < each.end)
        return at + self.skew.get(system, 0) + wrong

    def log(self, source: str, at: int, text: str = "", **more: Any) -> Line:
        line = Line(source=source, at=at, text=text, order=len(self.lines), **more)
        self.lines.append(line)
        return line

    def keep(self, copy: Copy) -> Copy:
        copy.message_id = copy.message_id or (copy.mail.message_id if copy.mail else "")
        self.copies.append(copy)
        return copy

    def chance(self, purpose: str) -> random.Random:
        return random.Random(f"{self.seed}:{purpose}")


def make_world(seed: int, outsiders: tuple[Person, ...]) -> World:
    """The keys and the honest clocks: servers of the company within a second and a half, clouds within 50 ms."""
    world = World(seed=seed)
    rng = world.chance("clocks")
    world.skew = {
        System.POSTFIX: rng.randrange(-1_400_000, 1_400_000),
        System.EXCHANGE: rng.randrange(-1_400_000, 1_400_000),
        System.M365: rng.randrange(-50_000, 50_000),
        System.GOOGLE: rng.randrange(-50_000, 50_000),
    }
    for each in (*ACCOUNTS, *outsiders):
        if each.signs and each.domain not in world.keys:
            world.keys[each.domain] = make_key(each.domain, SELECTORS.get(each.domain, "dkim"), str(seed))
    return world


@dataclass(slots=True, kw_only=True)
class Trip:
    """A mail on its way: the fields that servers have put in front, and the time it is now."""

    world: World
    mail: Mail
    written: Written
    at: int
    rng: random.Random
    trace: list[Field] = field(default_factory=list)
    queue_id: str = ""
    network_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.written.raw) + sum(len(name) + len(value.encode()) + 4 for name, value in self.trace)

    @property
    def host(self) -> str:
        """The server that hands the mail over, by its name."""
        return str(self.data.get("host") or host_of(self.mail.sender))

    @property
    def envelope(self) -> str:
        """The sender of the envelope: a list puts its own there."""
        return str(self.data.get("envelope") or self.mail.sender.address)

    def fields(self, *first: Field) -> list[Field]:
        return [*first, *self.trace, *self.written.fields]

    def pause(self, low: float, high: float) -> int:
        """Lets time pass and says what time it is now."""
        self.at += round(self.rng.uniform(low, high) * SECOND)
        return self.at

    def clock(self, system: System) -> int:
        return self.world.clock(system, self.at)
