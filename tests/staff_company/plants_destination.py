# ruff: noqa: E501 - a line of a log or a letter stays one line
"""Plants of D01 to D13 of the catalogue: where mail went."""

from __future__ import annotations

from datetime import timedelta

from tests.staff_company import cloud
from tests.staff_company.documents import File, xlsx
from tests.staff_company.people import OWN, at, day_of
from tests.staff_company.stage import Stage, plant
from tests.staff_company.traffic import MANAGED, SUPPORT


def _list(name: str, rows: int, seed: float) -> File:
    """A list of customers: names, telephones and addresses."""
    people = [
        ("氏名", "電話番号", "メールアドレス", "会社名"),
        *(
            (
                f"{'青赤白黒緑'[n % 5]}井 {'一二三四五六七八九'[n % 9]}郎{n}",
                f"090-1{n:03d}-{2000 + n * 7 % 7000:04d}",
                f"kokyaku{n}@tokui{n % 17}.example",
                f"得意先{n % 17}",
            )
            for n in range(rows)
        ),
    ]
    return File(name, xlsx([*people, (str(seed), "", "", "")]))


@plant("D01")
def free_mail(s: Stage) -> None:
    who, day = s.person(), s.day()
    mails = [
        s.mail(
            day,
            11 + n,
            who,
            [("", "hikari.mobile.0417@gmail.com")],
            "資料の件",
            s.note(who, "ご担当者様", "添付いたします。"),
            [_list("顧客リスト2025.xlsx", 25, s.rng.random())],
        )
        for n in range(1)
    ]
    s.world.truth("D01", "a list of customers goes to free mail", mails, also=("C01", "C03", "D04", "C09"))
    trader = s.company.traders[0]
    other = s.company.of("総務部")[-1 if len(s.company.of("総務部")) < 3 else 1]
    mail = s.mail(
        day,
        14,
        other,
        [trader.party],
        "原稿の件",
        s.note(other, f"{trader.name}様", "原稿をお送りします。"),
        [s.pdf("原稿_確定.pdf")],
    )
    s.world.truth("D01", "a sole trader who is a partner", [mail], guard="two-way exchanges and listed as a partner")
    mail = s.mail(
        day,
        15,
        ("星川電機 お客様窓口", SUPPORT),
        [("", "user-ask-77@yahoo.co.jp")],
        "Re: 製品の使い方について",
        "添付をご覧ください。",
        [s.pdf("回答書.pdf")],
        reply_to="<ask77@yahoo.co.jp>",
    )
    s.world.truth("D01", "a desk answers a consumer", [mail], guard="consumer desk")


@plant("D02")
def to_oneself(s: Stage) -> None:
    who = s.person("開発部")
    last = 250
    who.left, who.notice = day_of(last), day_of(last - 30)
    last_name, first_name = who.romaji
    home = f"{first_name}.{last_name}@gmail.com"
    mails = [
        s.mail(
            _work(last - 9 + n * 2), 15, who, [("", home)], "メモ", s.note(who, "自分用"), [s.pdf(f"設計メモ{n}.pdf")]
        )
        for n in range(3)
    ]
    s.world.truth(
        "D02", "somebody who leaves sends files to an address like his own", mails, also=("D01", "T04", "D04")
    )
    s.world.truth("T04", "in the last weeks before leaving", mails, also=("D01", "D02"))
    day, other = s.day(), s.person(deals=True)
    partner = s.partner(other)
    same = (f"{other.name.split()[0]} 様", f"{other.romaji[0]}@{partner.domain}")
    mail = s.mail(day, 10, other, [same], "納期の件", s.note(other, f"{partner.name}\n{other.name.split()[0]}様"))
    s.world.truth("D02", "a namesake at a partner", [mail], guard="the name alone, and no free mail")


def workday_before(day: int) -> int:
    return _work(day - 12)


def _work(day: int) -> int:
    from tests.staff_company.people import workday

    return workday(day)


@plant("D03")
def competitor(s: Stage) -> None:
    who, day = s.person(), s.day()
    s.world.table("competitors", domain="tsukikage-denki.example", name="月影電機")
    s.world.table("competitors", domain="asahigaoka-denki.example", name="朝日ヶ丘電機")
    mail = s.mail(
        day,
        13,
        who,
        [("採用担当", "saiyo@tsukikage-denki.example")],
        "ご連絡",
        s.note(who, "ご担当者様", "添付のとおりです。"),
        [s.pdf("製品比較.pdf")],
    )
    s.world.truth("D03", "a file goes to a competitor", [mail], also=("D04",))
    other = s.person()
    s.world.table(
        "allowed_pairs", sender=other.address, domain="asahigaoka-denki.example", until="2026-05-31", reason="共同開発"
    )
    first = s.mail(
        workday_before(day),
        14,
        ("共同開発 窓口", "kyodo@asahigaoka-denki.example"),
        [other.party],
        "共同開発の開始",
        f"{other.name}様\n\nよろしくお願いします。",
    )
    assert first.at < at(day, 0)
    mail = s.mail(
        day,
        14,
        other,
        [("共同開発 窓口", "kyodo@asahigaoka-denki.example")],
        "共同開発の件",
        s.note(other, "ご担当者様"),
        [s.pdf("共同開発計画.pdf")],
    )
    s.world.truth("D03", "a joint project with a competitor", [mail], guard="allowed pair")


@plant("D04")
def never_before(s: Stage) -> None:
    who, day = s.person(), s.day()
    new = s.outsider("shinki-torihiki.example", 3)
    mail = s.mail(
        day,
        10,
        who,
        [new],
        "はじめてのご連絡",
        s.note(who, f"{new[0]}様", "資料を添付します。"),
        [s.pdf("製品資料.pdf")],
    )
    s.world.truth("D04", "a first mail, with a file, to a company nobody wrote to before", [mail])
    other, day = s.person(), s.day()
    asking = s.outsider("toiawase-moto.example", 5)
    first = s.mail(day, 9, asking, [other.party], "製品についてのお尋ね", f"{other.name}様\n\n資料をいただけますか。")
    mail = s.mail(
        day,
        11,
        other,
        [asking],
        "Re: 製品についてのお尋ね",
        s.note(other, f"{asking[0]}様"),
        [s.pdf("資料一式.pdf")],
        reply_to=first.mid,
        references=first.mid,
    )
    s.world.truth("D04", "an answer to somebody who asked", [mail], guard="a reply, and earlier inbound mail")


@plant("D05a")
def domain_alike(s: Stage) -> None:
    who, day = s.person(deals=True), s.day()
    partner = s.partner(who)
    label, _, end = partner.domain.partition(".")
    wrong = label[:-2] + label[-1] + label[-2]
    contact = partner.contacts[0]
    mail = s.mail(
        day,
        10,
        who,
        [(contact.name, f"{contact.user}@{wrong}.{end}")],
        f"{partner.term} 日程の件",
        s.note(who, f"{partner.name}\n{contact.name.split()[0]}様", "資料を添付します。"),
        [s.pdf(f"{partner.term}_日程.pdf")],
    )
    s.world.truth("D05", "a domain with two letters exchanged", [mail], also=("D04", "D09"))
    affiliates = [f"mizuho-kikai.{end}" for end in ("example", "test")]
    other = s.person(deals=True)
    mails = []
    for domain in affiliates:
        for n in range(6):
            person = ("水穂 担当", f"tanto@{domain}")
            first = s.mail(
                _work(5 + n * 6), 10, person, [other.party], "定期連絡", f"{other.name}様\n\n定期のご連絡です。"
            )
            mails.append(
                s.mail(
                    _work(5 + n * 6), 12, other, [person], "Re: 定期連絡", s.note(other, "担当様"), reply_to=first.mid
                )
            )
    mails = [s.mail(day, 12, other, [("水穂 担当", f"tanto@{affiliates[1]}")], "今月の件", s.note(other, "担当様"))]
    s.world.truth("D05", "two real affiliates with the same label", mails, guard="both have five exchanges or more")


@plant("D05b")
def same_name(s: Stage) -> None:
    who, day = s.person(deals=True), s.day()
    one = s.partner(who)
    two = next(
        each for each in who.partners + s.company.partners if each is not one and each.since == 0 and not each.english
    )
    meant, namesake = one.contacts[0], (one.contacts[0].name, f"x-{one.contacts[0].romaji[0]}@{two.domain}")
    for n in range(3):
        s.mail(
            _work(20 + n * 3),
            11,
            namesake,
            [who.party],
            f"{two.term}のご連絡",
            f"{who.name}様\n\n{two.name}の{meant.name.split()[0]}です。",
        )
    for n in range(6):
        s.mail(
            _work(day - 14 + n),
            13,
            who,
            [meant.party],
            f"{one.term} 進め方",
            s.note(who, f"{one.name}\n{meant.name.split()[0]}様"),
        )
    mail = s.mail(
        day,
        10,
        who,
        [namesake],
        f"{one.term} 進め方の続き",
        s.note(who, f"{one.name}\n{meant.name.split()[0]}様", f"{one.term}の資料です。"),
        [s.pdf(f"{one.term}_計画.pdf")],
    )
    s.world.truth(
        "D05", "the namesake at another company; the salutation names the one who was meant", [mail], also=("D09",)
    )


@plant("D05c")
def same_user(s: Stage) -> None:
    who, day = s.person(deals=True), s.day()
    partner = s.partner(who)
    meant = ("窓口", f"eigyo-madoguchi@{partner.domain}")
    for n in range(7):
        s.mail(
            _work(day - 20 + n * 2),
            13,
            who,
            [meant],
            f"{partner.term} 連絡{n}",
            s.note(who, f"{partner.name}\nご担当者様"),
        )
    mail = s.mail(
        day,
        15,
        who,
        [("窓口", "eigyo-madoguchi@betsu-no-kaisha.example")],
        f"{partner.term} 連絡",
        s.note(who, f"{partner.name}\nご担当者様", "添付をご確認ください。"),
        [s.pdf(f"{partner.term}_連絡.pdf")],
    )
    s.world.truth("D05", "the same user at another domain, which was never written to", [mail], also=("D04", "D09"))


@plant("D06")
def shown_to_all(s: Stage) -> None:
    who, day = s.person(), s.day()
    people = s.strangers(14, 6, "annai")
    mail = s.mail(day, 16, who, people, "年末年始休業のお知らせ", s.note(who, "各位", "休業日をお知らせします。"))
    s.world.truth("D06", "14 outsiders of six companies see one another", [mail], also=("C09", "D04", "D05", "D07"))
    other, day = s.person(), s.day()
    team = s.strangers(11, 5, "jv")
    first = s.mail(
        day - 20 if day > 90 else day,
        9,
        team[0],
        [other.party, *team[1:]],
        "共同企業体の件",
        "各位\n\n進め方を共有します。",
    )
    mail = s.mail(
        day, 11, other, team, "Re: 共同企業体の件", s.note(other, "各位"), reply_to=first.mid, references=first.mid
    )
    s.world.truth("D06", "a project whose members know one another", [mail], guard="together in an earlier thread")


@plant("D07")
def many(s: Stage) -> None:
    who, day = s.person(), s.day()
    people = tuple(s.strangers(48, 12, "tasu"))
    mail = s.mail(day, 13, who, [who.party], "展示会のご案内", s.note(who, "各位", "展示会を開きます。"), bcc=people)
    s.world.truth("D07", "48 outsiders in Bcc", [mail], also=("T02", "D04"))
    day = s.day()
    news = ("星川電機 広報", f"koho@{OWN}")
    mail = s.mail(
        day,
        12,
        news,
        [news],
        "臨時のお知らせ",
        "工場見学会のご案内です。",
        bcc=tuple(each.party for each in s.company.customers),
        headers=(("Precedence", "bulk"),),
    )
    s.world.truth("D07", "the newsletter", [mail], guard="bulk sender")


@plant("D08")
def carried_on(s: Stage) -> None:
    who, day = s.person(deals=True), s.day()
    partner = s.partner(who)
    label, _, end = partner.domain.partition(".")
    wrong = (partner.contacts[1].name, f"{partner.contacts[1].user}@{label[:-1]}.{end}")
    meant = partner.contacts[0]
    mails = [
        s.mail(
            day,
            9,
            who,
            [meant.party],
            f"{partner.term} 単価の件",
            s.note(who, f"{partner.name}\n{meant.name.split()[0]}様"),
            cc=(wrong,),
        )
    ]
    for n, sender in enumerate((meant, who, meant, who)):
        to = (who.party,) if sender is meant else (meant.party,)
        chain = " ".join(each.mid for each in mails)
        mails.append(
            s.mail(
                day,
                10 + n * 1.5,
                sender,
                to,
                f"Re: {partner.term} 単価の件",
                s.note(who, "ご担当者様", f"追加の内容{n}です。")
                if sender is who
                else f"{who.name}様\n\n承知しました。追加{n}です。",
                cc=(wrong,),
                reply_to=mails[-1].mid,
                references=chain,
            )
        )
    s.world.truth("D08", "four answers to all carried a wrong address on", mails, also=("D05", "D04"))
    other = s.person(deals=True)
    chain_partner = s.partner(other)
    good = [
        s.mail(
            day,
            9,
            other,
            [chain_partner.contacts[0].party],
            "検討会",
            s.note(other, "皆様"),
            cc=(chain_partner.contacts[1].party,),
        )
    ]
    good.append(
        s.mail(
            day,
            12,
            chain_partner.contacts[1],
            [other.party],
            "Re: 検討会",
            "承知しました。",
            cc=(chain_partner.contacts[0].party,),
            reply_to=good[0].mid,
            references=good[0].mid,
        )
    )
    s.world.truth("D08", "answers to all among those who belong there", good, guard="no wrong recipient")


@plant("D09")
def of_a_to_b(s: Stage) -> None:
    who, day = s.person(deals=True), s.day()
    one = s.partner(who)
    two = next(
        each
        for each in s.company.partners
        if each is not one and each.since == 0 and not each.english and each in who.partners + s.company.partners
    )
    contact = two.contacts[0]
    mail = s.mail(
        day,
        11,
        who,
        [contact.party],
        "資料送付",
        s.note(who, f"{two.name}\n{contact.name.split()[0]}様", f"{one.name}の{one.term}の資料です。"),
        [s.pdf(f"{one.term}_{one.name}_価格.pdf")],
    )
    s.world.truth("D09", "what belongs to one client goes to another", [mail], also=("D04",))
    other = s.person(deals=True)
    partner = s.partner(other)
    third = next(each for each in s.company.partners if each is not partner and not each.english)
    mail = s.mail(
        day,
        14,
        other,
        [partner.contacts[0].party],
        "Re: ニュース",
        s.note(other, f"{partner.name}\nご担当者様", "ありがとうございました。")
        + f"\n\n> {third.name}が新工場を建てるとの記事です。\n> {third.term}もその一つです。",
    )
    s.world.truth("D09", "another client named in the quotation only", [mail], guard="quoted text")


@plant("D10")
def without_manager(s: Stage) -> None:
    people = [
        each for each in s.company.of(MANAGED) if each.title == "社員" and each.manager is not None
    ] or s.company.of(MANAGED)
    who, day = people[-1], s.day()
    partner = (s.old_partners(who) or s.company.partners)[0]
    mail = s.mail(
        day,
        10,
        who,
        [partner.contacts[0].party],
        f"{partner.term} 発注の件",
        s.note(who, f"{partner.name}\nご担当者様"),
    )
    s.world.truth("D10", "the rule asks for the manager in Cc, and the manager is not there", [mail])
    day = s.day()
    assert who.manager is not None
    mail = s.mail(
        day,
        10,
        who,
        [partner.contacts[0].party],
        f"{partner.term} 発注の続き",
        s.note(who, f"{partner.name}\nご担当者様"),
        bcc=(who.manager.party,),
    )
    s.world.truth("D10", "the manager is in Bcc", [mail], guard="manager in Bcc")


@plant("D11")
def never_arrived(s: Stage) -> None:
    who, day = s.person(deals=True), s.day()
    partner = s.partner(who)
    gone = (partner.contacts[3].name, f"taishoku-zumi@{partner.domain}")
    mail = s.mail(
        day,
        10,
        who,
        [gone],
        f"{partner.term} 納期の件",
        s.note(who, f"{partner.name}\n{gone[0].split()[0]}様"),
        lost=frozenset({gone[1]}),
    )
    report = (
        f"--dsn\nContent-Type: text/plain; charset=us-ascii\n\nThis is the mail system. {gone[1]}: user unknown\n\n--dsn\nContent-Type: "
        f"message/delivery-status\n\nReporting-MTA: dns; mx1.{OWN}\nOriginal-Message-ID: {mail.mid}\n\nFinal-Recipient: rfc822; {gone[1]}\n"
        f"Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\n\n--dsn\nContent-Type: text/rfc822-headers\n\n"
        f"Message-ID: {mail.mid}\nSubject: x\n\n--dsn--\n"
    )
    dsn = s.mail(
        day,
        10.2,
        ("Mail Delivery System", f"MAILER-DAEMON@mx1.{OWN}"),
        [who.party],
        "Undelivered Mail Returned to Sender",
        "",
        sent_copy=False,
        raw_body=('multipart/report; report-type=delivery-status; boundary="dsn"', report.encode()),
        headers=(("Auto-Submitted", "auto-replied"),),
        reply_to=mail.mid,
    )
    s.world.truth("D11", "the right person never got it", [mail, dsn], accounts=[who.address])
    address = next(iter(s.world.groups))
    members = s.world.groups[address]
    mail = s.mail(
        day,
        14,
        members[0],
        [("一同", address)],
        "[共有] 連絡",
        s.note(members[0], "各位"),
        expand=tuple(each.party for each in members[1:]),
    )
    s.world.truth("D11", "a list is delivered to its members", [mail], guard="list expanded")


@plant("D12")
def other_identity(s: Stage) -> None:
    who, day = s.person(deals=True), s.day()
    partner = s.partner(who)
    mail = s.mail(
        day,
        13,
        (who.name, f"{who.user}@hoshikawa-test.example"),
        [partner.contacts[0].party],
        "確認のお願い",
        s.note(who, f"{partner.name}\nご担当者様"),
        account=who.address,
    )
    s.world.truth("D12", "From names another domain than the account", [mail], accounts=[who.address])
    other = s.person()
    s.world.table("shared_addresses", address=SUPPORT, user=other.address, since="2025-09-01", until="")
    mail = s.mail(
        day,
        14,
        ("星川電機 お客様窓口", SUPPORT),
        [("", "user-ask-91@gmail.com")],
        "Re: お問い合わせ",
        "回答いたします。",
        account=other.address,
        reply_to="<ask91@gmail.com>",
    )
    s.world.truth("D12", "a shared mailbox", [mail], accounts=[other.address], guard="shared address")


@plant("D13a")
def rule_made(s: Stage) -> None:
    who, day = s.person(cloud=True), s.day()
    when = at(day, 12)
    truth = s.world.truth(
        "D13", "a rule forwards everything outside", accounts=[who.address], window=(when - 3600, when + 3600)
    )
    cloud.rule(
        s.world,
        who.address,
        when,
        "192.0.2.77",
        truth,
        ForwardTo="kagami.box.2288@gmail.com",
        StopProcessingRules="False",
        Name="..",
    )
    other = s.person(cloud=True)
    friend = s.company.staff[3].address
    innocent = s.world.truth(
        "D13",
        "a rule forwards to a colleague",
        accounts=[other.address],
        window=(when - 3600, when + 3600),
        guard="own domain",
    )
    cloud.rule(s.world, other.address, when + 600, other.ip, innocent, ForwardTo=friend, Name="休暇中の転送")


@plant("D13b")
def passed_on(s: Stage) -> None:
    who, day = s.person(deals=True), s.day()
    partner = s.partner(who)
    outside = [("", "sora.mado.5150@gmail.com")]
    mails = []
    for n in range(8):
        first = s.mail(
            day + n // 4,
            9 + n % 4,
            partner.contacts[0],
            [who.party],
            f"{partner.term} 連絡事項{n}",
            f"{who.name}様\n\n連絡{n}です。",
        )
        again = s.mail(
            day + n // 4,
            9 + n % 4,
            who,
            outside,
            f"Fwd: {partner.term} 連絡事項{n}",
            f"---- Forwarded ----\n{who.name}様\n\n連絡{n}です。",
            held=False,
            headers=(("X-Forwarded-For", f"{who.address} {outside[0][1]}"), ("Auto-Submitted", "auto-forwarded")),
        )
        again.at = first.at + 20
        mails.append(again)
    s.world.truth(
        "D13", "eight inbound mails are sent on within a minute each", mails, also=("D01", "X3", "D09", "D04")
    )


def leave_with_leave(s: Stage) -> None:
    """Somebody leaves and hands over to a partner, with permission: innocent for T04."""
    who = s.person("品質保証部")
    who.left, who.notice = day_of(240), day_of(210)
    domain = "hikitsugi-jimusho.example"
    s.world.table(
        "allowed_pairs", sender=who.address, domain=domain, until=str(day_of(240) + timedelta(days=1)), reason="引継ぎ"
    )
    first = s.mail(
        _work(80), 9, ("引継ぎ窓口", f"mado@{domain}"), [who.party], "ご挨拶", f"{who.name}様\n\nよろしくお願いします。"
    )
    s.mail(
        _work(80),
        11,
        who,
        [("引継ぎ窓口", f"mado@{domain}")],
        "Re: ご挨拶",
        s.note(who, "ご担当者様"),
        reply_to=first.mid,
    )
    mails = [
        s.mail(
            _work(222 + n * 3),
            13,
            who,
            [("引継ぎ窓口", f"mado@{domain}")],
            f"引継ぎ資料{n + 1}",
            s.note(who, "ご担当者様", "添付します。"),
            [s.pdf(f"引継ぎ{n + 1}.pdf")],
        )
        for n in range(4)
    ]
    s.world.truth("T04", "a hand-over with permission", mails, guard="allowed pair for the hand-over")


@plant("T04")
def leaver(s: Stage) -> None:
    leave_with_leave(s)
    who = s.person("品質保証部")
    who.left, who.notice = day_of(262), day_of(232)
    mails = [
        s.mail(
            _work(238 + n * 3),
            16,
            who,
            [("", "kumo.no.ue.3390@yahoo.co.jp")],
            f"控え{n}",
            s.note(who, "控え"),
            [s.pdf(f"検査基準{n}.pdf")],
        )
        for n in range(6)
    ]
    s.world.truth(
        "T04", "free mail with files in the weeks before leaving, and never before", mails, also=("D01", "D04", "D02")
    )
