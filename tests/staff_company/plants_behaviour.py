"""Plants of T01 to T06: at what hours, how much, and from where."""

from __future__ import annotations

from tests.staff_company.people import at, day_of, workday
from tests.staff_company.plants_content import _deal
from tests.staff_company.stage import Stage, plant

FOREIGN, SPRAY = "203.0.113.150", "198.18.90.166"


@plant("T01")
def at_night(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mails = [s.mail(day, 26 + n * 0.3, who, [("", to)], f"{partner.term} 連絡", s.note(who, dear)) for n in range(3)]
    s.world.truth("T01", "three mails outside between two and three at night", mails)
    if s.traffic.nights:
        night = s.traffic.nights[0]
        mail = s.mail(
            day, 25, night, [s.company.partners[3].contacts[0].party], "夜間出荷の連絡", s.note(night, "ご担当者様")
        )
        s.world.truth("T01", "the night shift", [mail], guard="shift")
    traveller, first, _ = s.traffic.travels[0]
    mail = s.mail(
        workday(first + 1),
        2.5,
        traveller,
        [s.partner(traveller).contacts[0].party],
        "Meeting",
        "Dear all,\n\nSee you.",
        zone=-8,
        ip="198.18.40.77",
    )
    s.world.truth("T01", "a day's work in Los Angeles", [mail], guard="travel")
    other, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        29.5,
        other,
        [("", to)],
        f"{partner.term} 定時連絡",
        s.note(other, dear),
        headers=(("X-MS-Exchange-Organization-DeferredDelivery", "1"), ("Deferred-Delivery", "scheduled")),
    )
    s.world.truth("T01", "scheduled sending", [mail], guard="deferred delivery")


@plant("T02")
def burst(s: Stage) -> None:
    who, _partner, day, _to, _dear = _deal(s)
    mails = []
    for n in range(64):
        target = s.company.staff[n % len(s.company.staff)]
        mails.append(s.mail(day, 15, who, [target.party], f"アンケートのお願い{n}", s.note(who, f"{target.name}さん")))
        mails[-1].at = at(day, 15) + n * 7
    s.world.truth("T02", "64 mails in eight minutes", mails, also=("T03",))
    news = ("星川電機 広報", "koho@hoshikawa-denki.example")
    mails = []
    for n, each in enumerate(s.company.customers[:60]):
        mails.append(
            s.mail(
                day, 13, news, [each.party], "見学会のご案内", "見学会を開きます。", headers=(("Precedence", "bulk"),)
            )
        )
        mails[-1].at = at(day, 13) + n * 6
    s.world.truth("T02", "the newsletter, one by one", mails, guard="bulk sender")


@plant("T03")
def much(s: Stage) -> None:
    who, day = s.person(), s.day()
    colleagues = [each for each in s.company.staff if each is not who]
    mails = [
        s.mail(
            day,
            9 + n * 0.16,
            who,
            [colleagues[n % len(colleagues)].party],
            f"連絡{n}",
            s.note(who, "さん", "ご確認ください。"),
        )
        for n in range(55)
    ]
    s.world.truth("T03", "55 mails on one day", mails)


@plant("T05")
def impossible(s: Stage) -> None:
    who, day = s.person(), s.day()
    truth = s.world.truth(
        "T05",
        "in the office, and half an hour later from Romania",
        accounts=[who.address],
        window=(at(day, 8), at(day, 13)),
    )
    s.world.login(who.address, at(day, 10), who.ip)
    s.world.login(who.address, at(day, 10, 30), FOREIGN, truth=truth, client="imap")
    vpn = next(
        (
            each
            for each in s.company.staff
            if each.number % 10 == 7 and each.manager is not None and not each.cloud and each is not who
        ),
        s.company.staff[1],
    )
    when = at(s.day(), 18)
    innocent = s.world.truth(
        "T05",
        "the exit of the company's VPN",
        accounts=[vpn.address],
        window=(when - 600, when + 600),
        guard="VPN exit",
    )
    s.world.login(vpn.address, when, "198.51.101.9", truth=innocent)


@plant("T05b")
def new_country(s: Stage) -> None:
    who, day = s.person(cloud=True), s.day()
    truth = s.world.truth(
        "T05", "a country that was never seen", accounts=[who.address], window=(at(day, 0), at(day, 8))
    )
    s.world.login(who.address, at(day, 4), FOREIGN, truth=truth)


@plant("T06")
def guessed(s: Stage) -> None:
    who, day = s.person(), s.day()
    truth = s.world.truth(
        "T06",
        "14 failures in six minutes, then a success",
        accounts=[who.address],
        window=(at(day, 1), at(day, 3)),
        also=("T05",),
    )
    for n in range(14):
        s.world.login(who.address, at(day, 1, 10) + n * 25, SPRAY, good=False, truth=truth)
    s.world.login(who.address, at(day, 1, 24), SPRAY, truth=truth)
    other, day = s.person(), s.day()
    innocent = s.world.truth(
        "T06",
        "a telephone with an old password",
        accounts=[other.address],
        window=(at(day, 9), at(day, 12)),
        guard="one device",
    )
    for n in range(14):
        s.world.login(other.address, at(day, 9, 10) + n * 30, other.ip, good=False, truth=innocent)
    s.world.login(other.address, at(day, 9, 40), other.ip, truth=innocent)


@plant("T06b")
def sprayed(s: Stage) -> None:
    day = s.day()
    people = [each for each in s.company.staff if not each.cloud][:8]
    truth = s.world.truth(
        "T06",
        "eight accounts from one address in 20 minutes",
        accounts=[each.address for each in people],
        window=(at(day, 3), at(day, 5)),
    )
    for n, each in enumerate(people):
        s.world.login(each.address, at(day, 3, 10) + n * 140, SPRAY, good=False, truth=truth)


def tables_of_networks(s: Stage) -> None:
    add = s.world.table
    add("networks", network="192.0.2.0/24", label="本社", country="JP", note="")
    add("networks", network="198.18.7.0/24", label="携帯網", country="JP", note="CGNAT")
    add("networks", network="198.51.101.0/24", label="VPN", country="JP", note="VPN の出口")
    add("networks", network="198.18.40.0/24", label="米国のホテル", country="US", note="")


def tables_of_hours(s: Stage) -> None:
    for each in s.traffic.nights:
        for weekday in ("mon", "tue", "wed", "thu", "fri"):
            s.world.table(
                "shifts",
                account=each.address,
                weekday=weekday,
                begins="22:00",
                ends="06:00",
                since="2025-09-01",
                until="",
                note="夜勤",
            )
    for person, first, last in s.traffic.travels:
        s.world.table(
            "travel",
            account=person.address,
            since=str(day_of(first)),
            until=str(day_of(last)),
            zone="America/Los_Angeles",
            note="出張",
        )
