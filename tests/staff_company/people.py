"""Who works at the company, with whom it deals, and who else writes: all of it chosen from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9))
START = int(datetime(2025, 9, 1, tzinfo=JST).timestamp())
FIRST_DAY = date(2025, 9, 1)
DAYS = 273
DAY = 86400
OWN, OWN_ABROAD = "hoshikawa-denki.example", "hoshikawa-global.example"
OFFICE_NET, GATE_IP, MX_IP = "192.0.2", "192.0.2.30", "192.0.2.25"

_SURNAMES = [
    "佐藤sato",
    "鈴木suzuki",
    "高橋takahashi",
    "田中tanaka",
    "伊藤ito",
    "渡辺watanabe",
    "山本yamamoto",
    "中村nakamura",
    "小林kobayashi",
    "加藤kato",
    "吉田yoshida",
    "山田yamada",
    "佐々木sasaki",
    "山口yamaguchi",
    "松本matsumoto",
    "井上inoue",
    "木村kimura",
    "林hayashi",
    "斎藤saito",
    "清水shimizu",
    "山崎yamazaki",
    "森mori",
    "池田ikeda",
    "橋本hashimoto",
    "阿部abe",
    "石川ishikawa",
    "山下yamashita",
    "中島nakajima",
    "小川ogawa",
    "前田maeda",
    "岡田okada",
    "長谷川hasegawa",
    "藤田fujita",
    "後藤goto",
    "近藤kondo",
    "村上murakami",
    "遠藤endo",
    "青木aoki",
    "坂本sakamoto",
    "福田fukuda",
]
_GIVEN = [
    "翔太shota",
    "健一kenichi",
    "美咲misaki",
    "直樹naoki",
    "陽子yoko",
    "大輔daisuke",
    "恵理eri",
    "拓海takumi",
    "由美子yumiko",
    "誠makoto",
    "彩ayaka",
    "浩二koji",
    "真由美mayumi",
    "隆takashi",
    "千尋chihiro",
    "亮ryo",
    "愛子aiko",
    "剛tsuyoshi",
    "裕子hiroko",
    "学manabu",
]
DEPARTMENTS = (
    "営業一部",
    "営業二部",
    "海外営業部",
    "設計部",
    "開発部",
    "製造部",
    "品質保証部",
    "購買部",
    "経理部",
    "人事部",
    "総務部",
    "情報システム部",
)
_PLACES = [
    "北浜kitahama",
    "霧島kirishima",
    "三笠mikasa",
    "那須野nasuno",
    "浅間asama",
    "十勝tokachi",
    "桜島sakurajima",
    "瀬田seta",
    "石狩ishikari",
    "駿河suruga",
    "加賀kaga",
    "筑紫tsukushi",
    "出雲izumo",
    "日向hyuga",
    "備前bizen",
    "越後echigo",
    "房総boso",
    "知多chita",
    "丹波tamba",
    "能登noto",
    "宇治uji",
    "阿蘇aso",
    "屋島yashima",
    "比叡hiei",
    "生駒ikoma",
    "磐城iwaki",
    "最上mogami",
    "会津aizu",
    "琴平kotohira",
    "室戸muroto",
    "佐渡sado",
    "隠岐oki",
    "対馬tsushima",
    "熊野kumano",
    "高千穂takachiho",
    "尾瀬oze",
    "八幡平hachimantai",
    "小豆shodo",
    "礼文rebun",
    "穂高hodaka",
]
_TRADES = [
    "工業kogyo",
    "商事shoji",
    "精機seiki",
    "物流butsuryu",
    "化学kagaku",
    "電子denshi",
    "建設kensetsu",
    "証券shoken",
]
_WEST = ["Harlow", "Brandt", "Quinlan", "Ostrava", "Delmont", "Fairbank", "Lindqvist", "Moreau"]


def _split(text: str) -> tuple[str, str]:
    cut = next(n for n, each in enumerate(text) if each.isascii())
    return text[:cut], text[cut:]


@dataclass(eq=False, slots=True, kw_only=True)
class Person:
    """Somebody with an account of the company, or a contact of a partner."""

    name: str
    address: str
    romaji: tuple[str, str]
    department: str = ""
    title: str = ""
    manager: Person | None = None
    left: date | None = None
    notice: date | None = None
    hired: date = date(2018, 4, 1)
    cloud: bool = False
    late: bool = False
    zone: int = 9
    company: str = ""
    number: int = 0
    partners: list[Partner] = field(default_factory=list)

    @property
    def user(self) -> str:
        return self.address.partition("@")[0]

    @property
    def domain(self) -> str:
        return self.address.partition("@")[2]

    @property
    def ip(self) -> str:
        return f"{OFFICE_NET}.{100 + self.number % 140}"

    @property
    def party(self) -> tuple[str, str]:
        return self.name, self.address

    def here(self, day: date) -> bool:
        return self.hired <= day and (self.left is None or day <= self.left)


@dataclass(eq=False, slots=True, kw_only=True)
class Partner:
    """A company that one deals with: its contacts, its words, and how it sends its files."""

    name: str
    domain: str
    term: str
    contacts: list[Person]
    english: bool = False
    locks: bool = False
    disclaims: bool = False
    since: int = 0
    """The first day on which anything is exchanged; later than 0 for a new partner."""


@dataclass(eq=False, slots=True, kw_only=True)
class Company:
    """Everyone."""

    staff: list[Person]
    partners: list[Partner]
    traders: list[Person]
    """Sole traders on free mail, who are partners."""
    customers: list[Person]
    """Subscribers of the newsletter."""

    def of(self, department: str) -> list[Person]:
        return [each for each in self.staff if each.department == department]


def make_company(seed: int, people: int) -> Company:
    rng = random.Random(f"people:{seed}")
    staff = _staff(rng, people)
    partners = _partners(rng, max(14, min(48, people // 4 + 8)))
    _assign(rng, staff, partners)
    traders = [
        _outsider(rng, f"{mark}@{domain}", "")
        for mark, domain in (
            ("kobo-mizuno-design", "gmail.com"),
            ("office-tachibana-honyaku", "yahoo.co.jp"),
            ("studio-hinata-shashin", "gmail.com"),
        )
    ]
    customers = [
        _outsider(rng, f"tantou{n:03d}@{place}-{n % 7}.example", "")
        for n, place in ((n, f"kokyaku{n:03d}") for n in range(120))
    ]
    return Company(staff=staff, partners=partners, traders=traders, customers=customers)


def _outsider(rng: random.Random, address: str, company: str) -> Person:
    surname, given = _split(rng.choice(_SURNAMES)), _split(rng.choice(_GIVEN))
    return Person(name=f"{surname[0]} {given[0]}", address=address, romaji=(surname[1], given[1]), company=company)


def _staff(rng: random.Random, people: int) -> list[Person]:
    pairs = [(s, g) for s in _SURNAMES for g in _GIVEN]
    rng.shuffle(pairs)
    found: list[Person] = []
    for number, (surname, given) in enumerate(pairs[:people]):
        (kanji, last), (given_kanji, first) = _split(surname), _split(given)
        department = DEPARTMENTS[number % len(DEPARTMENTS)]
        abroad = department == "海外営業部"
        found.append(
            Person(
                name=f"{kanji} {given_kanji}",
                address=f"{last}.{first}@{OWN_ABROAD if abroad else OWN}",
                romaji=(last, first),
                department=department,
                title="社員",
                cloud=abroad,
                number=number,
                late=rng.random() < 0.15,
                hired=date(2005 + rng.randrange(20), 4, 1),
            )
        )
    heads = {each.department: each for each in reversed(found)}
    boss = heads["総務部"]
    boss.title = "代表取締役"
    for each in found:
        each.manager = heads[each.department] if each is not heads[each.department] else boss
        if each is heads[each.department] and each is not boss:
            each.title = "部長"
        each.late = each.late and each.title == "社員"
    boss.manager = None
    return found


def _partners(rng: random.Random, count: int) -> list[Partner]:
    found = []
    for number, place in enumerate(_PLACES[:count]):
        kanji, romaji = _split(place)
        trade, label = _split(_TRADES[number % len(_TRADES)])
        name, domain = f"{kanji}{trade}株式会社", f"{romaji}-{label}.example"
        english = number % 8 == 5
        if english:
            word = _WEST[number // 8 % len(_WEST)]
            name, domain = f"{word} Instruments Ltd.", f"{word.lower()}-instruments.example"
        contacts: list[Person] = []
        for surname in rng.sample(_SURNAMES, 4):
            last, first = _split(surname), _split(rng.choice(_GIVEN))
            shown = f"{first[1].title()} {last[1].title()}" if english else f"{last[0]} {first[0]}"
            contacts.append(
                Person(
                    name=shown, address=f"{first[1][0]}-{last[1]}@{domain}", romaji=(last[1], first[1]), company=name
                )
            )
        found.append(
            Partner(
                name=name,
                domain=domain,
                term=f"{romaji[:3].upper()}-{400 + 7 * number}",
                contacts=contacts,
                english=english,
                locks=number % 9 == 2,
                disclaims=number % 7 == 3,
                since=rng.randrange(60, 240) if number % 6 == 4 else 0,
            )
        )
    return found


_OUTWARD = {
    "営業一部": 3,
    "営業二部": 3,
    "海外営業部": 3,
    "購買部": 2,
    "設計部": 1,
    "開発部": 1,
    "品質保証部": 1,
    "総務部": 1,
    "経理部": 1,
}


def _assign(rng: random.Random, staff: list[Person], partners: list[Partner]) -> None:
    """Who deals with whom: each partner has at least two people of the company."""
    for each in staff:
        for partner in rng.sample(partners, _OUTWARD.get(each.department, 0)):
            each.partners.append(partner)
    sellers = [each for each in staff if _OUTWARD.get(each.department, 0) >= 2]
    for number, partner in enumerate(partners):
        for offset in range(2):
            one = sellers[(number * 2 + offset) % len(sellers)]
            if partner not in one.partners:
                one.partners.append(partner)


def at(day: int, hour: float, minute: float = 0, second: float = 0) -> float:
    """The time of that day of the company's calendar, in Japan."""
    return START + day * DAY + hour * 3600 + minute * 60 + second


HOLIDAYS = {
    date.fromisoformat(each)
    for each in [
        "2025-09-15",
        "2025-09-23",
        "2025-10-13",
        "2025-11-03",
        "2025-11-24",
        "2026-01-12",
        "2026-02-11",
        "2026-02-23",
        "2026-03-20",
        "2026-04-29",
        "2026-05-04",
        "2026-05-05",
        "2026-05-06",
        "2025-12-29",
        "2025-12-30",
        "2025-12-31",
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
    ]
}


def works(day: int) -> bool:
    on = FIRST_DAY + timedelta(days=day)
    return on.weekday() < 5 and on not in HOLIDAYS


def workday(day: int) -> int:
    """That day, or the next one on which people work."""
    while not works(day):
        day += 1
    return day


def day_of(day: int) -> date:
    return FIRST_DAY + timedelta(days=day)
