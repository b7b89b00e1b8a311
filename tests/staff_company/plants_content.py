"""Plants of C01 to C09: what was in the mail."""

from __future__ import annotations

from tests.staff_company.documents import File, drawing, xlsx
from tests.staff_company.people import Partner, Person, workday
from tests.staff_company.plants_destination import _list
from tests.staff_company.stage import Stage, plant
from tests.staff_company.words import DISCLAIMER


def _deal(s: Stage) -> tuple[Person, Partner, int, str, str]:
    """Somebody, a partner of theirs, a day, the contact's address and the salutation."""
    who = s.person(deals=True)
    partner = s.partner(who)
    contact = partner.contacts[0]
    return who, partner, s.day(), contact.address, f"{partner.name}\n{contact.name.split()[0]}様"


@plant("C01")
def secret_words(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        11,
        who,
        [(partner.contacts[0].name, to)],
        f"【社外秘】{partner.term} 原価一覧",
        s.note(who, dear, "極秘の原価資料です。"),
        [s.pdf("社外秘_原価一覧.pdf")],
    )
    s.world.truth("C01", "社外秘 in subject, text and name of file", [mail])
    other, _, day, to, dear = _deal(s)
    mails = [
        s.mail(
            workday(day + n), 10, other, [("", to)], "ご連絡", s.note(other, dear, "承知しました。") + "\n" + DISCLAIMER
        )
        for n in range(0, 10, 2)
    ]
    mails += [
        s.mail(
            workday(day + n),
            15,
            other,
            [other.manager.party],
            "連絡",
            s.note(other, "部長", "報告です。") + "\n" + DISCLAIMER,
        )
        for n in range(40)
        if other.manager is not None
    ]
    s.world.truth("C01", "the word stands in the disclaimer only", mails[:5], guard="footer")


@plant("C02")
def harassment(s: Stage) -> None:
    who = s.person()
    boss = who.manager or s.company.staff[0]
    day = s.day()
    mails = [
        s.mail(workday(day + n * 2), 17, boss, [who.party], "昨日の件", s.text(boss, f"{who.name}さん", line))
        for n, line in enumerate(
            (
                "こんなこともできないのか。無能にもほどがある。給料泥棒だ。",
                "お前はバカか。もう会社を辞めろ。",
                "役立たずは必要ない。死ねと言われないだけましだと思え。",
            )
        )
    ]
    s.world.truth("C02", "a superior insults a subordinate, three times", mails)
    other = s.person()
    superior = other.manager or s.company.staff[0]
    first = s.mail(day, 9, ("", "complaint-55@gmail.com"), [other.party], "苦情", "対応が悪い。お前は無能か。")
    mail = s.mail(
        day,
        10,
        other,
        [superior.party],
        "苦情の共有",
        s.text(other, "部長", "このような苦情がありました。対応をご相談させてください。")
        + "\n\n> 対応が悪い。お前は無能か。",
        reply_to=first.mid,
    )
    s.world.truth("C02", "what somebody else wrote is quoted", [mail], guard="quotation of the other party")


@plant("C03")
def personal_data(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        14,
        who,
        [("", to)],
        "一覧の送付",
        s.note(who, dear, "一覧を添付します。"),
        [_list("会員一覧.xlsx", 42, s.rng.random())],
    )
    s.world.truth("C03", "42 persons with telephone and address", [mail], also=("C09", "C01"))
    other, partner, day, to, dear = _deal(s)
    rows = [
        ("注文番号", "品番", "数量"),
        *((f"{731000000000 + n * 7919}", f"{partner.term}-{n}", str(n)) for n in range(40)),
    ]
    mail = s.mail(
        day,
        15,
        other,
        [("", to)],
        "注文番号一覧",
        s.note(other, dear, "添付のとおりです。"),
        [File("注文一覧.xlsx", xlsx(rows))],
    )
    s.world.truth("C03", "a list of order numbers of twelve digits", [mail], guard="no word and no column that passes")


@plant("C04")
def drawings(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        16,
        who,
        [("", to)],
        "写真の送付",
        s.note(who, dear, "写真を添付します。"),
        [File("写真_01.jpg", drawing("plan")), File("筐体_A.dwg", drawing(f"case{s.rng.random()}"))],
    )
    s.world.truth("C04", "a drawing, and another that is named as a photograph", [mail])
    designers = [each for each in s.company.of("設計部") if s.old_partners(each)]
    if designers:
        other = designers[-1]
        partner, day = s.partner(other), s.day()
        contact = partner.contacts[0]
        mail = s.mail(
            day,
            11,
            other,
            [contact.party],
            "図の送付",
            s.note(other, f"{partner.name}\n{contact.name.split()[0]}様", "添付します。"),
            [File("ブラケット.dwg", drawing(f"b{s.rng.random()}"))],
        )
        s.world.truth("C04", "the design department to a registered partner", [mail], guard="design department")


@plant("C05")
def wrong_file(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    one = s.mail(
        day,
        10,
        who,
        [("", to)],
        f"{partner.term} 資料送付",
        s.note(who, dear, "資料を添付します。"),
        [s.pdf(f"{partner.term}_別件.pdf")],
    )
    two = s.mail(
        day,
        13,
        who,
        [("", to)],
        f"【訂正】{partner.term} 資料送付",
        s.note(who, dear, "先ほどの添付は誤りでした。差し替えをお願いします。"),
        [s.pdf(f"{partner.term}_本件.pdf")],
    )
    s.world.truth("C05", "another file is sent with an apology", [one, two], also=("C06",))
    other, partner, day, to, dear = _deal(s)
    mails = [
        s.mail(
            day,
            10 + n * 4,
            other,
            [("", to)],
            f"{partner.term} 仕様 第{n + 1}版",
            s.note(other, dear, f"第{n + 1}版を添付します。"),
            [s.pdf(f"{partner.term}_仕様_v{n + 1}.pdf")],
        )
        for n in range(2)
    ]
    s.world.truth("C05", "the next version of a file", mails, guard="no apology")


@plant("C06")
def broken_off(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    third = next(each for each in s.company.partners if each is not partner and not each.english)
    one = s.mail(
        day,
        10,
        who,
        [("", to)],
        f"{partner.term} 日程",
        f"{third.name}\nご担当者様\n\nお世話になっております。日程の件ですが、来週の水曜日に",
    )
    two = s.mail(
        day,
        10.6,
        who,
        [("", to)],
        f"【お詫び】{partner.term} 日程",
        s.note(who, dear, "先ほど書きかけのメールを誤って送信しました。失礼いたしました。"),
    )
    s.world.truth("C06", "sent half written, then an apology", [one, two], also=("C05", "D09"))
    other, partner, day, to, dear = _deal(s)
    mail = s.mail(day, 12, other, [("", to)], f"Re: {partner.term}", "承知しました。\n\niPhoneから送信")
    s.world.truth("C06", "a short answer from a telephone", [mail], guard="short mobile reply")


@plant("C07")
def credentials(s: Stage) -> None:
    who, _partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        15,
        who,
        [("", to)],
        "検査システムのご利用",
        s.note(
            who,
            dear,
            "ログインURL: https://kensa.hoshikawa-denki.example/login",
            "ID: kensa-admin",
            "パスワード: Tr8vQz51xK",
        ),
    )
    s.world.truth("C07", "user, password and address of a system", [mail])


@plant("C08")
def private_mail(s: Stage) -> None:
    who, other = s.person(), s.person()
    for domain, kind in (
        ("okaimono-ichiba.example", "shopping"),
        ("tenshoku-navi.example", "job"),
        ("tsubuyaki.example", "sns"),
    ):
        s.world.table("categories", domain=domain, category=kind, note="")
    start = s.day()
    mails = []
    for n in range(36):
        day = workday(start + n % 20)
        shop = ("お知らせ", f"info@{('okaimono-ichiba', 'tenshoku-navi', 'tsubuyaki')[n % 3]}.example")
        mails.append(
            s.mail(
                day, 12 + n % 5, shop, [who.party], f"ご注文・求人のお知らせ{n}", "いつもご利用ありがとうございます。"
            )
        )
        if n % 2:
            mails.append(
                s.mail(
                    day,
                    18,
                    who,
                    [shop],
                    f"Re: お知らせ{n}",
                    s.note(who, "ご担当者様", "応募します。"),
                    reply_to=mails[-1].mid,
                )
            )
    s.world.truth("C08", "54 mails with shops and job sites in four weeks", mails, accounts=[who.address])
    mails = [
        s.mail(
            workday(start + 4),
            12,
            ("お知らせ", "info@okaimono-ichiba.example"),
            [other.party],
            "ご案内",
            "ご案内です。",
        )
    ]
    s.world.truth("C08", "one advertisement", mails, accounts=[other.address], guard="a single mail")


@plant("C09")
def addresses(s: Stage) -> None:
    who, _, day, to, dear = _deal(s)
    rows = [
        ("メールアドレス",),
        *(
            (f"{name}.{n}@jinmei{n % 13}.example",)
            for n, name in enumerate(("ueda", "nishi", "hara", "oda", "ono") * 14)
        ),
    ]
    mail = s.mail(
        day, 10, who, [("", to)], "配信先", s.note(who, dear, "配信先を添付します。"), [File("配信先.xlsx", xlsx(rows))]
    )
    s.world.truth("C09", "70 addresses of persons in a file", [mail], also=("C03",))
    other, _partner, day, to, dear = _deal(s)
    rows = [
        ("窓口",),
        *((f"{name}@jinmei{n}.example",) for n, name in enumerate(("info", "support", "sales", "contact") * 6)),
    ]
    mail = s.mail(
        day,
        10,
        other,
        [("", to)],
        "窓口一覧",
        s.note(other, dear, "窓口の一覧です。"),
        [File("窓口一覧.xlsx", xlsx(rows))],
    )
    s.world.truth("C09", "addresses of roles only", [mail], guard="role addresses", also=("C03",))
