# ruff: noqa: E501 - a line of a log or a letter stays one line
"""What plants are made with: who plays in them, and mails written like everyone's."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from tests.staff_company.documents import File, pdf
from tests.staff_company.mailing import Mail, Party
from tests.staff_company.people import Partner, Person, at, workday
from tests.staff_company.traffic import GUARDED, MANAGED, Traffic
from tests.staff_company.world import World

Plant = Callable[["Stage"], None]
PLANTS: dict[str, Plant] = {}
"""By row; a row with several plants has a name such as D05b."""
_TYPED = ("海外営業部", "製造部", MANAGED, GUARDED)


def plant(name: str) -> Callable[[Plant], Plant]:
    def keep(made: Plant) -> Plant:
        PLANTS[name] = made
        return made

    return keep


class Stage:
    """The company while it is played on. Days are counted from the first; hours are those of Japan."""

    def __init__(self, world: World, traffic: Traffic, seed: int) -> None:
        self.world, self.traffic = world, traffic
        self.rng = random.Random(f"stage:{seed}")
        self.company = world.company
        self._used: set[str] = set()
        self._day = 62

    def day(self) -> int:
        """The next day on which something happens: a working day with a quarter of a year of mail before most."""
        self._day += 3
        if self._day > 255:
            self._day = 95 + self._day % 7
        return workday(self._day)

    def person(self, department: str = "", *, deals: bool = False, cloud: bool = False) -> Person:
        """Somebody who has played in nothing yet, as long as there is one."""
        busy = {each.address for each in self.traffic.nights} | {who.address for who, _, _ in self.traffic.travels}
        wanted = (
            [
                each
                for each in self.company.staff
                if each.manager is not None
                and each.title == "社員"
                and each.left is None
                and not each.late
                and each.address not in busy
                and (not deals or self.old_partners(each))
                and (
                    each.department == department
                    if department
                    else cloud == each.cloud and each.department not in (MANAGED, GUARDED)
                )
            ]
            or [
                each
                for each in self.company.staff
                if each.manager is not None
                and each.address not in busy
                and (not deals or self.old_partners(each))
                and cloud == each.cloud
            ]
            or [each for each in self.company.staff if self.old_partners(each)]
        )
        fresh = [each for each in wanted if each.address not in self._used]
        chosen = self.rng.choice(fresh or wanted)
        self._used.add(chosen.address)
        return chosen

    def old_partners(self, person: Person) -> list[Partner]:
        return [each for each in person.partners if each.since == 0 and not each.english]

    def partner(self, person: Person) -> Partner:
        return self.rng.choice(self.old_partners(person) or [self.company.partners[0]])

    def text(self, person: Person, to: str, *lines: str) -> str:
        end = f"\n\n--\n星川電機株式会社 {person.department}\n{person.name}\nTEL 03-0000-{1000 + person.number}\n{person.address}"
        return "\n".join((to, "", "お世話になっております。", *lines, "よろしくお願いいたします。")) + end

    def mail(
        self,
        day: int,
        hour: float,
        sender: Person | Party,
        to: Sequence[Party],
        subject: str,
        body: str,
        files: Sequence[File] = (),
        **more: Any,
    ) -> Mail:
        """A mail that goes its way with all others of that day."""
        party = sender if isinstance(sender, tuple) else sender.party
        made = Mail(
            at=at(day, hour, second=self.rng.random() * 40),
            sender=party,
            to=tuple(to),
            subject=subject,
            body=body,
            files=tuple(files),
            mid=self.world.mid(more.get("account", "") or party[1]),
            **more,
        )
        return self.world.plan(made)

    def note(self, person: Person, to: str, *lines: str) -> str:
        return self.text(person, to, *lines)

    def pdf(self, name: str) -> File:
        return File(name, pdf([name.encode("ascii", "ignore").decode(), str(self.rng.random())]))

    def outsider(self, domain: str, number: int = 0) -> Party:
        """Somebody of a company that never wrote before."""
        contact = self.company.partners[number % len(self.company.partners)].contacts[number % 4]
        return contact.name, f"{contact.romaji[0]}{number}@{domain}"

    def strangers(self, count: int, domains: int, mark: str) -> list[Party]:
        return [self.outsider(f"{mark}{n % domains}-kaisha.example", n) for n in range(count)]
