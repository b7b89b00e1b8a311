"""Who writes to whom: twelve accounts on four mail systems, and the outsiders they know. All names are invented."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class System(StrEnum):
    """The mail systems of the company, and the world outside."""

    POSTFIX = "postfix"
    EXCHANGE = "exchange"
    M365 = "m365"
    GOOGLE = "google"
    OUTSIDE = "outside"


class Client(StrEnum):
    """The mail programs; a program decides the order of the fields, the Message-ID, the boundary and the store."""

    BECKY = "becky"
    THUNDERBIRD = "thunderbird"
    APPLE = "apple"
    OUTLOOK = "outlook"
    OUTLOOK_SMTP = "outlook-smtp"
    GMAIL = "gmail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An address, its program, and the machine the program runs on."""

    address: str
    name: str
    client: Client
    system: System
    ip: str
    pc: str
    english: bool = False
    signs: bool = False

    @property
    def domain(self) -> str:
        return self.address.partition("@")[2]

    @property
    def user(self) -> str:
        return self.address.partition("@")[0]


DOMAINS = {
    System.POSTFIX: "aoba-seiki.example",
    System.EXCHANGE: "aoba-shoji.example",
    System.M365: "aoba-global.example",
    System.GOOGLE: "aoba-lab.example",
}
SELECTORS = {"aoba-seiki.example": "mx2025", "aoba-global.example": "selector1", "aoba-lab.example": "google"}
OFFICE_IP = {
    System.POSTFIX: "203.0.113.10",
    System.EXCHANGE: "203.0.113.20",
    System.M365: "203.0.113.30",
    System.GOOGLE: "203.0.113.40",
}
FOREIGN_IPS = ("185.220.101.34", "45.155.205.12", "91.219.236.197", "193.32.162.51")
"""Addresses that no account of the company uses in ordinary traffic."""


def _staff(system: System, rows: tuple[tuple[str, str, Client, bool], ...]) -> tuple[Person, ...]:
    number = list(DOMAINS).index(system) + 1
    return tuple(
        Person(
            address=f"{user}@{DOMAINS[system]}",
            name=name,
            client=client,
            system=system,
            ip=f"192.168.{number}0.{at + 11}",
            pc=f"pc-{user}",
            english=english,
            signs=DOMAINS[system] in SELECTORS,
        )
        for at, (user, name, client, english) in enumerate(rows)
    )


ACCOUNTS: tuple[Person, ...] = (
    *_staff(
        System.POSTFIX,
        (
            ("sato", "佐藤 健一", Client.BECKY, False),
            ("suzuki", "鈴木 由美", Client.THUNDERBIRD, False),
            ("takahashi", "高橋 誠", Client.APPLE, False),
        ),
    ),
    *_staff(
        System.EXCHANGE,
        (
            ("tanaka", "田中 浩", Client.OUTLOOK, False),
            ("ito", "伊藤 恵子", Client.OUTLOOK, False),
            ("watanabe", "渡辺 隆", Client.OUTLOOK, False),
        ),
    ),
    *_staff(
        System.M365,
        (
            ("yamamoto", "山本 大輔", Client.OUTLOOK, False),
            ("nakamura", "中村 さくら", Client.OUTLOOK, False),
            ("smith", "John Smith", Client.OUTLOOK, True),
        ),
    ),
    *_staff(
        System.GOOGLE,
        (
            ("kobayashi", "小林 直樹", Client.GMAIL, False),
            ("kato", "加藤 美咲", Client.GMAIL, False),
            ("jones", "Emily Jones", Client.APPLE, True),
        ),
    ),
)


def _outsider(number: int, address: str, name: str, client: Client, *, english: bool, signs: bool) -> Person:
    return Person(
        address=address,
        name=name,
        client=client,
        system=System.OUTSIDE,
        ip=f"198.51.100.{number}",
        pc=f"pc{number}",
        english=english,
        signs=signs,
    )


OUTSIDERS: tuple[Person, ...] = (
    _outsider(11, "mori@hinode-kogyo.example", "森 太郎", Client.OUTLOOK_SMTP, english=False, signs=True),
    _outsider(12, "okada@mikasa-denki.example", "岡田 香織", Client.BECKY, english=False, signs=False),
    _outsider(13, "hasegawa@kiri-butsuryu.example", "長谷川 剛", Client.THUNDERBIRD, english=False, signs=True),
    _outsider(14, "brown@northbridge.example", "Alice Brown", Client.APPLE, english=True, signs=True),
    _outsider(15, "mueller@feinwerk.example", "Klaus Mueller", Client.THUNDERBIRD, english=True, signs=True),
    _outsider(16, "fujii@tsubaki-hoken.example", "藤井 亮", Client.OUTLOOK_SMTP, english=False, signs=False),
    _outsider(17, "lee@eastharbor.example", "Daniel Lee", Client.OUTLOOK_SMTP, english=True, signs=True),
    _outsider(18, "ishii@kaede-insatsu.example", "石井 由紀", Client.BECKY, english=False, signs=True),
)
EVERYONE = {each.address: each for each in (*ACCOUNTS, *OUTSIDERS)}
HOSTS = {
    System.POSTFIX: "mx1.aoba-seiki.example",
    System.EXCHANGE: "EX01.aoba-shoji.example",
    System.M365: "TYCPR01MB7284.jpnprd01.prod.outlook.com",
    System.GOOGLE: "mx.google.com",
}
HOST_IPS = {
    System.POSTFIX: "203.0.113.11",
    System.EXCHANGE: "203.0.113.21",
    System.M365: "40.107.134.71",
    System.GOOGLE: "209.85.220.41",
}


def host_of(person: Person) -> str:
    """The server that sends for this person."""
    return f"mail.{person.domain}" if person.system is System.OUTSIDE else HOSTS[person.system]
