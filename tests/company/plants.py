"""Which contradictions are planted where: forty of them, chosen by the seed among the kinds of the issue.

Every kind comes once; the rest of the forty is drawn. A mail bears one plant at most, and none stands on a day whose
logs are gone or whose clock is wrong, so that each has one cause only.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.company.people import ACCOUNTS, Client, Person, System
from tests.company.stamps import DAY, HOUR, JST, MINUTE, when
from tests.company.traffic import START, Mail, working_days
from tests.company.world import Off, World

INNOCENT = frozenset(("time_zone_slip", "scheduled_sending", "greylisting_delay", "list_resend"))
KINDS = (
    "log_hours_missing", "clock_off", "date_forged_earlier", "date_forged_later", "backdated_import", "moved_later",
    "sent_copy_deleted", "recipient_copy_deleted", "read_by_intruder", "rejected_but_delivered", "unknown_to_logs",
    "thread_index_contradiction", "body_changed", "header_added", "mailer_mismatch", "time_zone_slip",
    "scheduled_sending", "greylisting_delay", "list_resend", "forwarding_rule", "uid_order_broken", "csv_row_cut",
)  # fmt: skip
_MORE = {
    "date_forged_earlier": 3, "date_forged_later": 2, "backdated_import": 2, "moved_later": 2, "sent_copy_deleted": 3,
    "recipient_copy_deleted": 2, "rejected_but_delivered": 2, "unknown_to_logs": 2, "thread_index_contradiction": 1,
    "body_changed": 2, "header_added": 2, "mailer_mismatch": 1, "time_zone_slip": 1, "scheduled_sending": 1,
    "greylisting_delay": 1, "list_resend": 1, "read_by_intruder": 1, "uid_order_broken": 1,
}  # fmt: skip
COUNT = 40
_ORDER = (
    "clock_off", "log_hours_missing", "list_resend", "greylisting_delay", "scheduled_sending", "rejected_but_delivered",
    "unknown_to_logs", "thread_index_contradiction", "uid_order_broken", "body_changed", "header_added",
)  # fmt: skip
"""What closes days comes first, then what few mails can bear."""
_ON_ITS_OWN = 0.03
"""The share of arriving mails that people themselves put into the trash; journey modules draw it the same way."""
_PLAIN = (Client.BECKY, Client.THUNDERBIRD, Client.APPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """One contradiction: its kind, its mails, the account in whose mailbox it lies, and when it was done."""

    kind: str
    mails: tuple[Mail, ...] = ()
    account: Person | None = None
    system: System | None = None
    start: int = 0
    end: int = 0
    variant: int = 0


@dataclass(slots=True, kw_only=True)
class Plan:
    """All plants of a run."""

    plants: list[Plant] = field(default_factory=list)

    def before(self, world: World) -> None:
        """What must be so before any mail is sent: wrong clocks, forged dates, other ways."""
        for plant in self.plants:
            if plant.kind == "clock_off" and plant.system:
                world.off.append(Off(system=plant.system, start=plant.start, end=plant.end, by=7 * MINUTE))
            for mail in plant.mails:
                _mark(plant, mail)


def _mark(plant: Plant, mail: Mail) -> None:
    rng = mail.rng("plant")
    match plant.kind:
        case "date_forged_earlier":
            mail.date_shift = -rng.randrange(2 * DAY, 25 * DAY)
        case "date_forged_later":
            mail.date_shift = rng.randrange(2 * DAY, 12 * DAY)
        case "time_zone_slip":
            mail.zone = rng.choice((0, -480, 480))
        case "scheduled_sending":
            mail.written_before = rng.randrange(9 * HOUR, 15 * HOUR)
        case "mailer_mismatch":
            mail.wrong_program = True
        case "thread_index_contradiction":
            mail.wrong_index = rng.randrange(6 * DAY, 20 * DAY)
        case "greylisting_delay":
            mail.held = rng.randrange(14 * MINUTE, 28 * MINUTE)
        case "list_resend":
            mail.through_list = True
        case "rejected_but_delivered":
            mail.rejected = True
        case _:
            pass


class _Chooser:
    def __init__(self, seed: int, mails: list[Mail]) -> None:
        self.rng = random.Random(f"{seed}:plants")
        self.mails = mails
        self.answered = {mail.parent.number for mail in mails if mail.parent}
        self.used: set[int] = set()
        self.closed: list[tuple[int, int]] = []
        self.open_systems = [System.POSTFIX, System.EXCHANGE, System.GOOGLE]

    def take(self, fits: Callable[[Mail], bool]) -> Mail:
        """One mail that fits, has no plant and no answer, and was sent on a day whose logs are whole."""
        found = [mail for mail in self.mails if self._free(mail) and fits(mail)]
        if not found:
            raise LookupError("so little traffic that a plant finds no mail: choose a larger scale")
        mail = self.rng.choice(found)
        self.used.add(mail.number)
        return mail

    def _free(self, mail: Mail) -> bool:
        if mail.number in self.used or mail.number in self.answered:
            return False
        return not any(start <= mail.at < end for start, end in self.closed)

    def plant(self, kind: str) -> Plant:
        if kind in _SPECIAL:
            return _SPECIAL[kind](self)
        fits, who = _FITTING[kind]
        mail = self.take(fits)
        people = [each for each in who(mail) if each in ACCOUNTS]
        account = self.rng.choice([each for each in people if _allows(kind, mail, each)])
        return Plant(kind=kind, mails=(mail,), account=account, variant=self.rng.randrange(2))

    def day(self, low: int, high: int) -> int:
        """A working day between two shares of the time, in percent, that is not closed."""
        days = working_days()
        days = days[len(days) * low // 100 : len(days) * high // 100]
        return self.rng.choice([day for day in days if not any(start <= day < end for start, end in self.closed)])


def choose(seed: int, mails: list[Mail]) -> Plan:
    """Every kind once, and more by chance until there are forty."""
    chooser = _Chooser(seed, mails)
    more = chooser.rng.choices(list(_MORE), weights=list(_MORE.values()), k=COUNT - len(KINDS))
    order = (*_ORDER, *(kind for kind in KINDS if kind not in _ORDER))
    return Plan(plants=[chooser.plant(kind) for kind in sorted((*KINDS, *more), key=order.index)])


def stays(mail: Mail, person: Person) -> bool:
    """Whether the recipient leaves the mail where it arrived."""
    return mail.rng(f"trash:{person.address}").random() >= _ON_ITS_OWN


def _clock_off(chooser: _Chooser) -> Plant:
    """Two to four days on which the clock of one of the company's own servers goes seven minutes fast."""
    system = chooser.rng.choice((System.POSTFIX, System.EXCHANGE))
    start = chooser.day(20, 80) + 3 * HOUR
    end = start + chooser.rng.randrange(2, 5) * DAY
    chooser.closed.append((start - 3 * HOUR, end + DAY))
    return Plant(kind="clock_off", system=system, start=start, end=end)


def _hours_missing(chooser: _Chooser) -> Plant:
    """Three or four hours of a working day, of a server through which mail went in them."""
    system = chooser.open_systems.pop(chooser.rng.randrange(len(chooser.open_systems)))
    choices = [(chooser.day(15, 90), hour) for hour in (9, 10, 11, 12) for _ in range(6)]
    hours = chooser.rng.randrange(3, 5)

    def through(day: int, hour: int) -> int:
        inside = (mail for mail in chooser.mails if 0 <= mail.at - day - hour * HOUR < hours * HOUR - MINUTE)
        return sum(system in (mail.sender.system, *(each.system for each in mail.recipients)) for mail in inside)

    day, hour = max(choices, key=lambda each: through(*each))
    start = day + hour * HOUR
    chooser.closed.append((day, day + DAY))
    return Plant(kind="log_hours_missing", system=system, start=start, end=start + hours * HOUR)


def _intruder(chooser: _Chooser) -> Plant:
    account = chooser.rng.choice([each for each in ACCOUNTS if each.system is System.M365])
    start = chooser.day(30, 90) + 2 * HOUR + chooser.rng.randrange(2 * HOUR)
    return Plant(kind="read_by_intruder", account=account, start=start, variant=chooser.rng.randrange(4))


def _rule(chooser: _Chooser) -> Plant:
    account = chooser.rng.choice([each for each in ACCOUNTS if each.system in (System.M365, System.GOOGLE)])
    start = chooser.day(30, 85) + 3 * HOUR + chooser.rng.randrange(HOUR)
    return Plant(kind="forwarding_rule", account=account, start=start, variant=chooser.rng.randrange(4))


def _uid_order(chooser: _Chooser) -> Plant:
    """Two messages of one folder, a month apart, that have each other's number."""
    account = chooser.rng.choice(
        [e for e in ACCOUNTS if e.system is System.POSTFIX and e.client is not Client.THUNDERBIRD]
    )

    def fits(mail: Mail) -> bool:
        return account in mail.recipients and stays(mail, account)

    first = chooser.take(lambda mail: fits(mail) and mail.at < START + 30 * DAY)
    second = chooser.take(lambda mail: fits(mail) and mail.at > START + 60 * DAY)
    return Plant(kind="uid_order_broken", mails=(first, second), account=account)


def _import(chooser: _Chooser) -> Plant:
    account = chooser.rng.choice(ACCOUNTS)
    day = chooser.day(5, 50)
    return Plant(kind="backdated_import", account=account, start=day + chooser.rng.randrange(9 * HOUR, 18 * HOUR))


def _cut(chooser: _Chooser) -> Plant:
    return Plant(kind="csv_row_cut", system=System.M365, variant=chooser.rng.randrange(1000))


_SPECIAL: dict[str, Callable[[_Chooser], Plant]] = {
    "clock_off": _clock_off,
    "log_hours_missing": _hours_missing,
    "read_by_intruder": _intruder,
    "forwarding_rule": _rule,
    "uid_order_broken": _uid_order,
    "backdated_import": _import,
    "csv_row_cut": _cut,
}


def _inside(mail: Mail) -> bool:
    return mail.sender in ACCOUNTS


def _inbound(mail: Mail) -> bool:
    """From outside to one account whose mailbox nobody else's log speaks about."""
    return not _inside(mail) and len(mail.recipients) == 1 and mail.recipients[0].system is not System.M365


def _kept(mail: Mail) -> list[Person]:
    return [each for each in mail.recipients if each in ACCOUNTS and stays(mail, each)]


def _whole(mail: Mail) -> list[Person]:
    """Recipients whose store keeps the message byte by byte, of a mail that is signed and in plain letters."""
    kept = [each for each in _kept(mail) if each.system in (System.POSTFIX, System.GOOGLE)]
    return kept if mail.sender.signs and mail.sender.client in _PLAIN else []


def _late(mail: Mail) -> bool:
    return START + 3 * DAY < mail.at < START + 50 * DAY


def _to_list(mail: Mail) -> bool:
    return _inbound(mail) and bool(_whole(mail)) and mail.file is None and when(mail.at, JST).hour < 17


def _sender(mail: Mail) -> list[Person]:
    return [mail.sender]


_Fits = tuple[Callable[[Mail], bool], Callable[[Mail], list[Person]]]
_FITTING: dict[str, _Fits] = {
    "date_forged_earlier": (_inside, _sender),
    "date_forged_later": (_inside, _sender),
    "time_zone_slip": (lambda m: _inside(m) and m.sender.client in _PLAIN, _sender),
    "scheduled_sending": (
        lambda m: (
            m.sender in ACCOUNTS
            and m.sender.client in (Client.THUNDERBIRD, Client.OUTLOOK)
            and m.parent is None
            and when(m.at, JST).hour in (8, 9)
        ),
        _sender,
    ),
    "mailer_mismatch": (lambda m: m.sender in ACCOUNTS and m.sender.client in _PLAIN, _sender),
    "thread_index_contradiction": (
        lambda m: _inside(m) and m.sender.client is Client.OUTLOOK and m.parent is not None,
        _sender,
    ),
    "greylisting_delay": (lambda m: _inbound(m) and m.recipients[0].system is System.POSTFIX, _kept),
    "list_resend": (_to_list, _kept),
    "rejected_but_delivered": (lambda m: _inbound(m) and bool(_kept(m)), _kept),
    "unknown_to_logs": (lambda m: _inbound(m) and bool(_kept(m)), _kept),
    "moved_later": (lambda m: _late(m) and any(_allows("moved_later", m, e) for e in _kept(m)), _kept),
    "sent_copy_deleted": (_inside, _sender),
    "recipient_copy_deleted": (lambda m: bool(_kept(m)), _kept),
    "body_changed": (lambda m: bool(_whole(m)), _whole),
    "header_added": (lambda m: bool(_whole(m)), _whole),
}


def _allows(kind: str, mail: Mail, account: Person) -> bool:
    """Google keeps one store with labels, where nothing tells that a message was moved."""
    return kind != "moved_later" or account.system is not System.GOOGLE
