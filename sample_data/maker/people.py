"""The people, companies and machines of the story: all invented, all under the reserved names of RFC 2606 and RFC 5737."""

from __future__ import annotations

from dataclasses import dataclass

OWN = "aoba-denki.example"
SERVER, SERVER_IP = f"mail.{OWN}", "192.0.2.10"
GATEWAY, GATEWAY_IP = f"gw.{OWN}", "192.0.2.25"
JST, UK = 9, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A mail account, with what its mail program writes."""

    name: str
    address: str
    charset: str = "utf-8"
    transfer: str = "base64"
    agent: str = "User-Agent: Mozilla Thunderbird"
    host: str = "pc.invalid"
    ip: str = "198.51.100.99"
    zone: int = JST
    sign: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def local(self) -> bool:
        return self.domain == OWN

    @property
    def called(self) -> str:
        return f"{self.name.split()[0]}様"


_BECKY = "X-Mailer: Becky! ver. 2.81.05 [ja]"
_OUTLOOK = "X-Mailer: Microsoft Outlook 16.0"


def _own(name: str, user: str, ip: str, role: str, **more: str) -> Person:
    sign = f"--\n青葉電機株式会社 {role}\n{name}\n{user}@{OWN}"
    return Person(name=name, address=f"{user}@{OWN}", host=f"pc-{user.split('.')[0]}.{OWN}", ip=ip, sign=sign, **more)  # type: ignore[arg-type]


def _mx(name: str, address: str, ip: str, company: str, **more: str) -> Person:
    sign = f"--\n{company}\n{name}\n{address}"
    return Person(name=name, address=address, host=f"mx.{address.rpartition('@')[2]}", ip=ip, sign=sign, **more)  # type: ignore[arg-type]


TANAKA = _own("田中 恵子", "keiko.tanaka", "192.0.2.101", "営業部 部長")
SATO = _own("佐藤 健太", "kenta.sato", "192.0.2.102", "営業部", transfer="8bit")
TAKAHASHI = _own(
    "髙橋 一郎", "ichiro.takahashi", "192.0.2.103", "㈱担当", charset="iso-2022-jp", transfer="7bit", agent=_BECKY
)
YAMAZAKI = _own(
    "山﨑 直美", "naomi.yamazaki", "192.0.2.104", "総務部 情報システム室", charset="iso-2022-jp", transfer="7bit"
)
SUZUKI = _own(
    "鈴木 大輔", "daisuke.suzuki", "192.0.2.105", "設計部", charset="shift_jis", transfer="8bit", agent=_OUTLOOK
)
SCANNER = Person(
    name="", address=f"scanner@{OWN}", charset="us-ascii", transfer="7bit", agent="", host="mfp-3f", ip="192.0.2.150"
)
LEDGER = Person(
    name="経理システム",
    address=f"keiri-system@{OWN}",
    charset="euc-jp",
    transfer="8bit",
    agent="",
    host="keiri",
    ip="192.0.2.151",
)
MAILER = Person(
    name="Mail Delivery System", address=f"MAILER-DAEMON@{OWN}", charset="us-ascii", transfer="7bit", agent=""
)
EVERYONE = Person(name="全社員", address=f"all@{OWN}")
STAFF = (TANAKA, SATO, TAKAHASHI, YAMAZAKI, SUZUKI)

KOBAYASHI = _mx(
    "小林 健",
    "kobayashi@midori-trading.example",
    "198.51.100.20",
    "緑商事株式会社 購買部",
    charset="iso-2022-jp",
    transfer="7bit",
    agent=_OUTLOOK,
)
MISAKI = _mx(
    "佐藤 美咲",
    "misaki.sato@midori-trading.example",
    "198.51.100.20",
    "緑商事株式会社 経理部",
    charset="shift_jis",
    agent=_OUTLOOK,
)
WRONG_KOBAYASHI = _mx(
    "小林 誠",
    "m.kobayashi@hinode-kogyo.example",
    "198.51.100.30",
    "日の出工業株式会社 資材課",
    charset="euc-jp",
    transfer="8bit",
)
MORI = _mx(
    "森 俊夫",
    "mori@hinode-kogyo.example",
    "198.51.100.30",
    "日の出工業株式会社 製造部",
    charset="euc-jp",
    transfer="8bit",
)
EMMA = _mx(
    "Emma Clarke",
    "emma.clarke@harrow-pike.example",
    "203.0.113.40",
    "Harrow & Pike Instruments Ltd.",
    charset="us-ascii",
    transfer="7bit",
    agent="X-Mailer: Apple Mail (2.3774)",
)
RIVAL = _mx("人事部 採用担当", "recruit@hokuto-elec.example", "203.0.113.70", "北斗エレクトロニクス株式会社")
TYPO = Person(name="小林 健", address="kobayashi@midori-tarding.example")
HOME = Person(
    name="k.sato",
    address="k.sato.1988@gmail.example",
    host="mail-out.gmail.example",
    ip="203.0.113.80",
    agent="",
    sign="佐藤 健太",
)
PHISHER = Person(
    name="青葉電機 情報システム室",
    address="it-support@aoba-denkl.example",
    host="vps-17.hosting.example",
    ip="203.0.113.222",
    agent="X-Mailer: PHPMailer 6.1",
)
INVOICER = Person(
    name="請求担当",
    address="billing@seikyu-center.example",
    host="vps-23.hosting.example",
    ip="203.0.113.223",
    agent="",
)
NEWS = Person(
    name="電子部品ニュース",
    address="news@denshi-buhin-news.example",
    host="out.denshi-buhin-news.example",
    ip="203.0.113.11",
    agent="X-Mailer: MagSender 3",
)
WEEKLY = Person(
    name="Test & Measurement Weekly",
    address="editor@tm-weekly.example",
    host="out.tm-weekly.example",
    ip="203.0.113.12",
    agent="",
    zone=UK,
)
EVERY_PERSON = (
    *STAFF,
    SCANNER,
    LEDGER,
    KOBAYASHI,
    MISAKI,
    WRONG_KOBAYASHI,
    MORI,
    EMMA,
    RIVAL,
    HOME,
    PHISHER,
    INVOICER,
    NEWS,
    WEEKLY,
)
