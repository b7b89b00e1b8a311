# ruff: noqa: E501 - a line of a log or a letter stays one line
"""Nine months of ordinary mail: threads, partners, lists, newsletters, meetings, desks, nights, travel, new partners."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.staff_company import words
from tests.staff_company.documents import PNG, File, docx, locked_zip, pdf, xlsx
from tests.staff_company.mailing import Mail
from tests.staff_company.people import DAYS, Partner, Person, at, day_of, works
from tests.staff_company.world import World

MANAGED, GUARDED = "購買部", "経理部"
"""The departments that must Cc the manager, and that must not send files outside unlocked."""
SUPPORT, RECRUIT, NEWS, BATCH = (f"{each}@hoshikawa-denki.example" for each in ("support", "saiyo", "koho", "batch"))
BROCHURE = File("会社案内2025.pdf", pdf(["Hoshikawa Denki company brochure 2025", "Products and plants"]))
MANUAL = File("取扱説明書.pdf", pdf(["Manual HD-200", "Keep this manual"]))


_COPIES = 2.13
"""How many mailboxes hold a mail, on average."""


@dataclass(slots=True)
class Traffic:
    """What ordinary traffic remembers from day to day."""

    world: World
    rng: random.Random
    messages: int
    ahead: dict[int, list[Mail]] = field(default_factory=dict)
    met: set[tuple[str, str]] = field(default_factory=set)
    travels: list[tuple[Person, int, int]] = field(default_factory=list)
    nights: list[Person] = field(default_factory=list)

    def quota(self, share: float) -> int:
        """How many mails of a kind on a working day."""
        exact = self.messages * share / WORKDAYS
        return int(exact) + (self.rng.random() < exact % 1)


WORKDAYS = sum(works(day) for day in range(DAYS))


def prepare(world: World, seed: int, messages: int) -> Traffic:
    """Who works nights, who travels and which lists there are."""
    made = Traffic(world=world, rng=random.Random(f"traffic:{seed}"), messages=round(messages / _COPIES))
    company = world.company
    made.nights = company.of("製造部")[2:4]
    abroad = company.of("海外営業部")
    for number, day in enumerate((45, 120, 190)):
        made.travels.append((abroad[(number + 1) % len(abroad)], day, day + 6))
    for number, department in enumerate(("営業一部", "営業二部", "設計部", "開発部", "製造部")):
        world.groups[f"list{number + 1}@hoshikawa-denki.example"] = company.of(department)
    world.no_box |= {SUPPORT, RECRUIT, NEWS, BATCH} - set(world.people)
    return made


def day_mails(traffic: Traffic, day: int) -> Iterator[Mail]:
    """Every ordinary mail of that day, in no order."""
    yield from traffic.ahead.pop(day, ())
    yield from _automatic(traffic, day)
    if not works(day):
        return
    if day <= 12:
        yield from _greet_traders(traffic, day)
    yield from _greetings(traffic, day)
    for _ in range(traffic.quota(0.19)):
        yield from _inside(traffic, day)
    for _ in range(traffic.quota(0.105)):
        yield from _outward(traffic, day)
    for _ in range(traffic.quota(0.075)):
        yield from _inward(traffic, day)
    for _ in range(traffic.quota(0.14)):
        yield _letter(traffic, day)
    for _ in range(traffic.quota(0.03)):
        yield _to_list(traffic, day)
    for _ in range(traffic.quota(0.03)):
        yield _meeting(traffic, day)
    for _ in range(traffic.quota(0.02)):
        yield from _desk(traffic, day)
    for _ in range(traffic.quota(0.008)):
        yield from _trader(traffic, day)
    for person in traffic.nights:
        if traffic.rng.random() < min(1.0, traffic.messages / 20000 + 0.4):
            yield _at_night(traffic, person, day)


def _hour(traffic: Traffic, person: Person | None = None, latest: float = 18.9) -> float:
    rng = traffic.rng
    if person is not None and person.late and rng.random() < 0.3:
        return rng.uniform(20, 21.9)
    return min(latest, rng.triangular(8.6, 18.9, rng.choice((10.0, 14.5))))


def _text(
    rng: random.Random, to: str, sender: Person, *, english: bool = False, company: str = "", term: str = ""
) -> str:
    if english:
        lines = [f"Dear {to.split()[0]},", "", *(rng.choice(words.WEST) for _ in range(rng.randrange(2, 5)))]
        lines += ["", "Best regards,", sender.name, company or "Hoshikawa Denki"]
        return "\n".join(lines)
    first = f"{company}\n{to.split()[0]}様" if company else f"{to.split()[0]}さん"
    about = f"{term}の件です。" if term else ""
    lines = [first, "", "お世話になっております。" if company else "お疲れさまです。", about]
    lines += [rng.choice(words.SENTENCES) for _ in range(rng.randrange(2, 6))]
    return "\n".join(lines) + _signature(sender)


def _signature(sender: Person) -> str:
    where = sender.company or f"星川電機株式会社 {sender.department}"
    tel = f"TEL 03-0000-{1000 + sender.number % 9000}" if not sender.company else "TEL 06-0000-0000"
    end = f"\n\n--\n{where}\n{sender.name}\n{tel}\n{sender.address}"
    return end + (f"\n{words.DISCLAIMER}" if sender.department in ("総務部", GUARDED) else "")


def paper(rng: random.Random, mark: str, author: str = "") -> File:
    """A document that nobody has seen before."""
    kind, number = rng.random(), rng.randrange(10**8)
    name = f"{mark}_{rng.choice(words.PAPERS)}_{number % 10**5:05d}"
    if kind < 0.6:
        return File(f"{name}.pdf", pdf([f"{mark} {number}", f"item {number % 97}", f"total {number % 991}"]))
    if kind < 0.85:
        rows = [("品番", "数量", "納期"), *((f"{mark}-{n}", str(number % (50 + n)), f"{n + 1}月末") for n in range(6))]
        return File(f"{name}.xlsx", xlsx([*rows, (str(number), "", "")], author))
    return File(f"{name}.docx", docx([name, *rng.sample(words.SENTENCES, 4), str(number)], author))


def _answer(traffic: Traffic, parent: Mail, person: Person, day: int, delay: float, *, everyone: bool) -> Mail:
    rng = traffic.rng
    english = parent.body.isascii()
    others = tuple(each for each in parent.to + parent.cc if each[1] != person.address) if everyone else ()
    cc = (*others, *_boss(person, (parent.sender,), others))
    quoted = "\n".join(f"> {line}" for line in parent.body.splitlines()[:6])
    text = _text(
        rng,
        parent.sender[0],
        person,
        english=english,
        company="" if person.company else _company_of(traffic, parent.sender[1]),
    )
    if rng.random() < 0.04 and not english:
        text, quoted = "承知しました。\n\niPhoneから送信", ""
    chain = f"{parent.references or parent.reply_to} {parent.mid}".strip()
    subject = parent.subject if parent.subject.startswith("Re: ") else f"Re: {parent.subject}"
    return Mail(
        at=parent.at + delay,
        sender=person.party,
        to=(parent.sender,),
        cc=cc,
        subject=subject,
        body=f"{text}\n\n{quoted}",
        mid=traffic.world.mid(person.address),
        reply_to=parent.mid,
        references=chain,
        utf8=rng.random() < 0.7,
    )


def _company_of(traffic: Traffic, address: str) -> str:
    domain = address.partition("@")[2]
    return next((each.name for each in traffic.world.company.partners if each.domain == domain), "")


def _boss(
    person: Person, to: tuple[tuple[str, str], ...], cc: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """The manager in Cc, where the rules of the department ask for it."""
    if person.department != MANAGED or person.manager is None:
        return ()
    return (person.manager.party,) if person.manager.party not in to + cc else ()


def _threaded(traffic: Traffic, first: Mail, people: list[Person], day: int, chance: float) -> Iterator[Mail]:
    """Answers go back and forth within the day; one that would be late comes the next morning instead, or not."""
    rng, last, turn = traffic.rng, first, 0
    everyone = rng.random() < 0.3
    while rng.random() < chance and turn < 4:
        turn += 1
        who = people[turn % len(people)]
        if who.address == last.sender[1]:
            break
        delay = rng.uniform(31, 130) * 60
        if last.at + delay > at(day, 18.8) or not who.here(day_of(day)):
            break
        last = _answer(traffic, last, who, day, delay, everyone=everyone)
        yield last


def _present(traffic: Traffic, day: int) -> Person:
    while True:
        person = traffic.rng.choice(traffic.world.company.staff)
        if person.here(day_of(day)):
            return person


def _inside(traffic: Traffic, day: int) -> Iterator[Mail]:
    rng, company = traffic.rng, traffic.world.company
    sender = _present(traffic, day)
    pool = company.of(sender.department) if rng.random() < 0.75 else company.staff
    pool = [each for each in pool if each is not sender and each.here(day_of(day))]
    people = rng.sample(pool, min(len(pool), rng.choice((1, 1, 1, 2, 2, 3, 5))))
    if not people:
        return
    files = (paper(rng, "HD", sender.name),) if rng.random() < 0.12 else ()
    hour = _hour(traffic, None if files else sender)
    mail = Mail(
        at=at(day, hour, second=rng.random() * 60),
        sender=sender.party,
        to=(people[0].party,),
        cc=tuple(each.party for each in people[1:]),
        subject=rng.choice(words.TOPICS),
        body=_text(rng, people[0].name, sender),
        mid=traffic.world.mid(sender.address),
        files=files,
    )
    yield mail
    yield from _threaded(traffic, mail, [sender, people[0]], day, 0.55)


def _pair(traffic: Traffic, day: int) -> tuple[Person, Partner] | None:
    for _ in range(20):
        person = _present(traffic, day)
        known = [each for each in person.partners if (person.address, each.domain) in traffic.met]
        if known:
            return person, traffic.rng.choice(known)
    return None


def _outward(traffic: Traffic, day: int) -> Iterator[Mail]:
    rng = traffic.rng
    found = _pair(traffic, day)
    if found is None:
        return
    person, partner = found
    contact = rng.choice(partner.contacts[:3])
    abroad = next((True for who, first, last in traffic.travels if who is person and first <= day <= last), False)
    files: tuple[File, ...] = ()
    if rng.random() < 0.28 and not abroad:
        files = (_outward_file(rng, person, partner),)
    hour = _hour(traffic, None if files else person, latest=16.9 if files else 18.9)
    hour = hour if not abroad else rng.uniform(1, 8)
    topic = rng.choice(words.WEST_TOPICS if partner.english else words.TOPICS)
    cc = (partner.contacts[1].party,) if rng.random() < 0.25 and contact is not partner.contacts[1] else ()
    cc += _boss(person, (contact.party,), cc)
    inline = (File("logo.png", PNG, inline=True),) if person.department == GUARDED else ()
    body = _text(rng, contact.name, person, english=partner.english, company=partner.name, term=partner.term)
    if files:
        body = body.replace(
            "\n\n", "\n資料を添付します。\n" if not partner.english else "\nPlease see the attached file.\n", 1
        )
    mail = Mail(
        at=at(day, hour, second=rng.random() * 60),
        sender=person.party,
        to=(contact.party,),
        cc=cc,
        body=body,
        subject=f"{partner.term} {topic}",
        mid=traffic.world.mid(person.address),
        files=files + inline,
        zone=-8 if abroad else 9,
        utf8=rng.random() < 0.6,
        ip="198.18.40.77" if abroad else "",
    )
    if any(each.name.endswith(".zip") for each in files):
        traffic.world.expect("P03", mail)
    if any("見積" in each.name for each in files):
        traffic.world.expect("C01", mail)
    yield mail
    yield from _threaded(traffic, mail, [person, contact], day, 0.5)


def _outward_file(rng: random.Random, person: Person, partner: Partner) -> File:
    if person.department == GUARDED:
        inner = paper(rng, partner.term)
        return File(
            inner.name.rpartition(".")[0] + ".zip", locked_zip("data.csv", str(rng.random()).encode() * 9, "by-phone-1")
        )
    if rng.random() < 0.05:
        return File(f"{partner.term}_御見積書_{rng.randrange(10**5):05d}.pdf", pdf([f"Quotation {rng.random()}"]))
    if rng.random() < 0.04:
        return BROCHURE
    return paper(rng, partner.term, person.name)


def _inward(traffic: Traffic, day: int) -> Iterator[Mail]:
    rng, world = traffic.rng, traffic.world
    found = _pair(traffic, day)
    if found is None:
        return
    person, partner = found
    contact = rng.choice(partner.contacts[:3])
    files: tuple[File, ...] = (paper(rng, partner.term, contact.name),) if rng.random() < 0.25 else ()
    locked = bool(files) and partner.locks
    if locked:
        files = (File(f"{partner.term}_資料.zip", locked_zip("siryo.csv", str(rng.random()).encode() * 9, "Kq7vR2mx")),)
    body = _text(rng, person.name, contact, english=partner.english, company="星川電機株式会社", term=partner.term)
    if partner.disclaims:
        body += "\n" + (words.WEST_DISCLAIMER if partner.english else words.DISCLAIMER)
    first = Mail(
        at=at(day, _hour(traffic, latest=17.5)),
        sender=contact.party,
        to=(person.party,),
        body=body,
        subject=f"{partner.term} {rng.choice(words.TOPICS)}",
        mid=world.mid(contact.address),
        files=files,
        utf8=rng.random() < 0.5,
    )
    yield first
    if locked:
        text = f"星川電機株式会社\n{person.name.split()[0]}様\n\n先ほどお送りしたファイルの解凍パスワードをお知らせします。\nパスワード: Kq7vR2mx"
        yield Mail(
            at=first.at + 120,
            sender=contact.party,
            to=(person.party,),
            subject=f"{first.subject}(パスワード)",
            body=text,
            mid=world.mid(contact.address),
        )
    yield from _threaded(traffic, first, [contact, person], day, 0.5)


def _letter(traffic: Traffic, day: int) -> Mail:
    rng = traffic.rng
    address, name, subject = rng.choice(words.LETTERS)
    person = _present(traffic, day)
    host = address.partition("@")[2]
    link = f"https://www.{host}/a/{rng.randrange(10**6)}"
    page = (
        f'<p>{subject}</p><p><a href="{link}?u={rng.randrange(10**9)}">詳しくはこちら</a></p>'
        if rng.random() < 0.2
        else ""
    )
    return Mail(
        at=at(day, rng.uniform(6, 17)),
        sender=(name, address),
        to=(person.party,),
        html=page,
        subject=f"【{name}】{subject} {day_of(day):%m/%d}",
        body=f"{subject}\n\n{link}\n\n配信停止は https://www.{host}/stop から",
        mid=traffic.world.mid(address),
        headers=(("List-Unsubscribe", f"<https://www.{host}/stop>"), ("Precedence", "bulk")),
    )


def _to_list(traffic: Traffic, day: int) -> Mail:
    rng, world = traffic.rng, traffic.world
    if rng.random() < 0.25:
        host = "lists.gijutsu-kai.example"
        person = _present(traffic, day)
        return Mail(
            at=at(day, rng.uniform(8, 20)),
            sender=(f"会員{rng.randrange(40)}", f"kaiin{rng.randrange(40)}@shibu-{rng.randrange(9)}.example"),
            to=(("技術会", f"ml@{host}"), person.party),
            subject=f"[gijutsu:{day}{rng.randrange(99):02d}] {rng.choice(words.TOPICS)}",
            body="\n".join(rng.sample(words.SENTENCES, 3)),
            mid=world.mid(f"x@{host}"),
            headers=(
                ("List-Id", f"<ml.{host}>"),
                ("Precedence", "list"),
                ("Authentication-Results", f"mx1.hoshikawa-denki.example; spf=pass; dkim=fail; arc=pass ({host})"),
            ),
        )
    address, members = rng.choice(list(world.groups.items()))
    members = [each for each in members if each.here(day_of(day))] or members[:1]
    sender = rng.choice(members)
    return Mail(
        at=at(day, _hour(traffic)),
        sender=sender.party,
        to=((f"{sender.department}全員", address),),
        expand=tuple(each.party for each in members if each is not sender),
        subject=f"[{sender.department}] {rng.choice(words.TOPICS)}",
        body=_text(rng, "各位 ", sender),
        mid=world.mid(sender.address),
    )


def _meeting(traffic: Traffic, day: int) -> Mail:
    rng, world = traffic.rng, traffic.world
    sender = _present(traffic, day)
    pool = [each for each in world.company.of(sender.department) if each is not sender]
    people = rng.sample(pool, min(len(pool), 3)) or [sender]
    when = f"{day_of(min(day + 3, DAYS - 1)):%Y%m%d}T050000Z"
    text = (
        f"BEGIN:VCALENDAR\nPRODID:-//x//y//JA\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:{world.number}@cal\n"
        f"DTSTART:{when}\nDTEND:{when[:9]}060000Z\nDTSTAMP:{when}\nSUMMARY:{rng.choice(words.TOPICS)}\n"
        f"ORGANIZER:mailto:{sender.address}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    return Mail(
        at=at(day, _hour(traffic)),
        sender=sender.party,
        to=tuple(each.party for each in people),
        body="",
        subject=f"会議: {rng.choice(words.TOPICS)}",
        mid=world.mid(sender.address),
        raw_body=("text/calendar; charset=UTF-8; method=REQUEST", text.encode()),
    )


def _desk(traffic: Traffic, day: int) -> Iterator[Mail]:
    """A consumer asks and a desk answers, sometimes with a file that is public, or that is for the applicant."""
    rng, world = traffic.rng, traffic.world
    recruiting = rng.random() < 0.3
    desk = RECRUIT if recruiting else SUPPORT
    asker = (
        "",
        f"user{rng.randrange(10**6):06d}x@{rng.choice(('gmail.com', 'yahoo.co.jp', 'docomo.ne.jp', 'icloud.com'))}",
    )
    first = Mail(
        at=at(day, rng.uniform(8, 15)),
        sender=asker,
        to=(("", desk),),
        subject="応募について" if recruiting else "製品の使い方について",
        body="はじめまして。次の点について教えてください。よろしくお願いします。",
        mid=world.mid(asker[1]),
    )
    yield first
    name, hours = ("採用担当", 1.5) if recruiting else ("お客様窓口", 1.0)
    files = ((paper(rng, "選考案内"),) if recruiting else (MANUAL,)) if rng.random() < 0.4 else ()
    yield Mail(
        at=first.at + hours * 3600,
        sender=(f"星川電機 {name}", desk),
        to=(asker,),
        subject=f"Re: {first.subject}",
        files=files,
        body=f"お問い合わせありがとうございます。\n{rng.choice(words.SENTENCES)}\n\n--\n星川電機株式会社 {name}",
        mid=world.mid(desk),
        reply_to=first.mid,
        references=first.mid,
    )


def _greet_traders(traffic: Traffic, day: int) -> Iterator[Mail]:
    for trader in traffic.world.company.traders:
        yield from _with_trader(traffic, day, trader, file=False)


def _trader(traffic: Traffic, day: int) -> Iterator[Mail]:
    if day > 25:
        yield from _with_trader(
            traffic, day, traffic.rng.choice(traffic.world.company.traders), file=traffic.rng.random() < 0.4
        )


def _with_trader(traffic: Traffic, day: int, trader: Person, *, file: bool) -> Iterator[Mail]:
    rng, world = traffic.rng, traffic.world
    person = world.company.of("総務部")[-1 if len(world.company.of("総務部")) < 3 else 1]
    files = (paper(rng, "原稿"),) if file else ()
    mail = Mail(
        at=at(day, rng.uniform(9, 15)),
        sender=person.party,
        to=(trader.party,),
        subject="原稿の件",
        files=files,
        body=_text(rng, trader.name, person, company=trader.name),
        mid=world.mid(person.address),
    )
    yield mail
    yield _answer(traffic, mail, trader, day, 3600, everyone=False)


def _greetings(traffic: Traffic, day: int) -> Iterator[Mail]:
    """Every new relation begins with a mail of the partner, which is answered."""
    world, rng = traffic.world, traffic.rng
    for person in world.company.staff:
        for partner in person.partners:
            if (
                (person.address, partner.domain) not in traffic.met
                and partner.since + person.number % 9 <= day
                and person.here(day_of(day))
            ):
                traffic.met.add((person.address, partner.domain))
                for contact in partner.contacts[:3]:
                    first = Mail(
                        at=at(day, rng.uniform(9, 14)),
                        sender=contact.party,
                        to=(person.party,),
                        subject="担当のご挨拶",
                        body=_text(rng, person.name, contact, english=partner.english, company="星川電機株式会社"),
                        mid=world.mid(contact.address),
                    )
                    yield first
                    yield _answer(traffic, first, person, day, 5400, everyone=False)


def _at_night(traffic: Traffic, person: Person, day: int) -> Mail:
    """The night shift reports to the logistics of a partner, as its hours allow."""
    rng, world = traffic.rng, traffic.world
    contact = world.company.partners[3].contacts[0]
    return Mail(
        at=at(day, rng.uniform(22.2, 28.5)),
        sender=person.party,
        to=(contact.party,),
        subject="夜間出荷の連絡",
        body=_text(rng, contact.name, person, company=contact.company),
        mid=world.mid(person.address),
    )


def _automatic(traffic: Traffic, day: int) -> Iterator[Mail]:
    """What machines send: the night's report, the newsletter of each month, and answers of those who are away."""
    world, rng = traffic.world, traffic.rng
    systems = world.company.of("情報システム部")
    mark = (("Auto-Submitted", "auto-generated"),)
    yield Mail(
        at=at(day, 3, 5),
        sender=("バッチ", BATCH),
        to=(systems[0].party,),
        subject="夜間バックアップ結果",
        body="正常終了",
        mid=world.mid(BATCH),
        headers=mark,
        files=(File("result.txt", f"ok {day}\n".encode()),),
    )
    if day % 30 == 20:
        for part in (world.company.customers[n : n + 40] for n in range(0, 120, 40)):
            yield Mail(
                at=at(day, 20, 30),
                sender=("星川電機 広報", NEWS),
                to=(("読者各位", NEWS),),
                bcc=tuple(each.party for each in part),
                subject=f"星川電機だより {day // 30 + 1}号",
                body="新製品のご案内です。\n\n配信停止は返信でお知らせください。",
                files=(BROCHURE,),
                mid=world.mid(NEWS),
                headers=(("Precedence", "bulk"), ("List-Unsubscribe", f"<mailto:{NEWS}>")),
            )
    for person, first, last in traffic.travels:
        if first <= day <= last and works(day):
            other = rng.choice(world.company.staff)
            yield Mail(
                at=at(day, 11),
                sender=person.party,
                to=(other.party,),
                subject="不在のお知らせ",
                body="出張のため返信が遅れます。",
                mid=world.mid(person.address),
                headers=(("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")),
            )


def logins(traffic: Traffic, day: int) -> None:
    """Each working day begins with a login from the desk; those who travel log in from where they are."""
    world = traffic.world
    if not works(day):
        return
    abroad = {who.address for who, first, last in traffic.travels if first <= day <= last}
    for person in world.company.staff:
        if not person.here(day_of(day)):
            continue
        rng = random.Random(f"{person.address}{day}")
        if person.address in abroad:
            world.login(person.address, at(day, 2 + rng.random()), "198.18.40.77")
            continue
        world.login(person.address, at(day, 8 + rng.random() * 0.5), person.ip)
        if person.number % 10 == 3 and day % 3 == 0:
            world.login(person.address, at(day, 19 + rng.random()), f"198.18.7.{rng.randrange(2, 250)}")
        if person.number % 14 == 5 and rng.random() < 0.03:
            world.login(person.address, at(day, 8.6), person.ip, good=False)
        if rng.random() < 0.15:
            name = f"HD_{rng.choice(words.PAPERS)}_{rng.randrange(10**5)}.xlsx"
            world.pc(
                person.address,
                at(day, rng.uniform(9, 18)),
                rng.choice(("ファイル更新", "印刷", "ファイルコピー")),
                ファイル名=name,
                ファイルパス=f"C:\\Users\\{person.user}\\Documents\\{name}",
            )
