# ruff: noqa: E501 - a line of a log or a letter stays one line
"""Plants of P01 to P15: attachments, links, forgeries and what came of them."""

from __future__ import annotations

import hashlib

from tests.staff_company import cloud
from tests.staff_company.documents import File, docx, locked_xlsx, locked_zip, pdf, program, zipped
from tests.staff_company.people import OWN, at, workday
from tests.staff_company.plants_content import _deal
from tests.staff_company.stage import Stage, plant
from tests.staff_company.traffic import BROCHURE, GUARDED
from tests.staff_company.world import stamp


@plant("P01")
def password_follows(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    one = s.mail(
        day,
        10,
        who,
        [("", to)],
        f"{partner.term} 試験データ",
        s.note(who, dear, "ファイルを添付します。パスワードは別送します。"),
        [File(f"{partner.term}_data.zip", locked_zip("data.csv", b"1,2,3\n" * 40, "Wq71xRz9"))],
    )
    two = s.mail(
        day,
        10.04,
        who,
        [("", to)],
        f"{partner.term} 試験データ(パスワード)",
        s.note(who, dear, "解凍パスワードをお送りします。", "パスワード: Wq71xRz9"),
    )
    for each in (one, two):
        from tests.staff_company.mailing import Hold

        each.hold = Hold(action="自動送信", seconds=30)
    s.world.truth(
        "P01",
        "a locked archive, and its password three minutes later to the same address",
        [one, two],
        also=("C07", "P03"),
    )
    other, _, day, to, dear = _deal(s)
    one = s.mail(
        day,
        10,
        other,
        [("", to)],
        "保護ファイル",
        s.note(other, dear, "添付します。"),
        [File("hogo.zip", locked_zip("a.csv", b"5,6\n" * 20, "Phone123"))],
    )
    two = s.mail(
        day,
        10.5,
        other,
        [other.manager.party if other.manager else other.party],
        "控え",
        s.note(other, "部長", "パスワード: Phone123"),
    )
    s.world.truth(
        "P01", "the password goes to a colleague only", [one, two], guard="second mail internal only", also=("P03",)
    )


@plant("P02")
def unlocked(s: Stage) -> None:
    people = [each for each in s.company.of(GUARDED) if each.title == "社員"] or s.company.of(GUARDED)
    who, day = people[-1], s.day()
    partner = (s.old_partners(who) or s.company.partners)[0]
    contact = partner.contacts[0]
    dear = f"{partner.name}\n{contact.name.split()[0]}様"
    mail = s.mail(
        day,
        13,
        who,
        [contact.party],
        f"{partner.term} 支払明細",
        s.note(who, dear, "支払明細を添付します。"),
        [s.pdf("支払明細.pdf")],
    )
    s.world.truth("P02", "a file without a password, where the rule asks for one", [mail])
    other, day = people[0], s.day()
    calendar = File("打合せ.ics", b"BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n")
    mail = s.mail(day, 14, other, [contact.party], f"{partner.term} 打合せ", s.note(other, dear), [calendar])
    s.world.truth("P02", "an invitation", [mail], guard="ics")


@plant("P03")
def locked_files(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        11,
        who,
        [("", to)],
        f"{partner.term} 集計",
        s.note(who, dear, "集計を添付します。"),
        [File("集計.xlsx", locked_xlsx(str(s.rng.random())))],
    )
    s.world.truth("P03", "a workbook with a password", [mail])


@plant("P04")
def link(s: Stage) -> None:
    from tests.staff_company.mailing import Hold

    who, partner, day, to, dear = _deal(s)
    mark = hashlib.md5(f"link{s.rng.random()}".encode()).hexdigest()[:20]
    mail = s.mail(
        day,
        14,
        who,
        [("", to)],
        f"{partner.term} 大容量資料",
        s.note(
            who,
            dear,
            "添付ファイルは次のURLからダウンロードしてください。",
            f"https://dl.{OWN}/webdl/{mark}",
            "ファイル名: 大容量資料.pdf",
        ),
        hold=Hold(action="URL化", seconds=20),
    )
    truth = s.world.truth("P04", "files as a link: fetched twice, then stopped", [mail])
    for n, (action, hours) in enumerate((("ダウンロード", 1.2), ("ダウンロード", 20), ("公開停止", 44))):
        _hold_row(
            s,
            mail.at + 2,
            mail.at + hours * 3600,
            action,
            mail.mid,
            who.address,
            to,
            mail.subject,
            "大容量資料.pdf",
            f"U{n}",
            truth,
        )


def _hold_row(
    s: Stage,
    asked: float,
    done: float,
    action: str,
    mid: str,
    sender: str,
    to: str,
    subject: str,
    name: str,
    mark: str,
    truth: object,
    actor: str = "",
    comment: str = "",
    viewed: str = "",
) -> None:
    from tests.staff_company.world import Truth

    assert isinstance(truth, Truth)
    row = {
        "管理番号": f"{mark}{int(asked) % 10**6}",
        "受付日時": stamp(asked),
        "処理": action,
        "処理日時": stamp(done),
        "承認者": actor,
        "差出人": sender,
        "宛先": to,
        "件名": subject,
        "Message-ID": mid,
        "添付ファイル": name,
        "サイズ": "1000",
        "閲覧日時": viewed,
        "ルール名": "Webダウンロード",
        "コメント": comment,
    }
    s.world.row("hold", done, row, truth)


@plant("P05")
def plain_hop(s: Stage) -> None:
    who, partner, day, _to, _ = _deal(s)
    mail = s.mail(
        day,
        10,
        partner.contacts[0],
        [who.party],
        f"{partner.term} 資料",
        f"{who.name}様\n\n資料です。",
        [s.pdf("資料.pdf")],
        plain_hop=True,
    )
    s.world.truth("P05", "a hop without TLS", [mail], accounts=[who.address])


@plant("P06")
def again_and_again(s: Stage) -> None:
    who, day = s.person(deals=True), s.day()
    data = pdf(["Process notes", str(s.rng.random())])
    partners = [each for each in s.company.partners if each.since == 0][:5]
    mails = [
        s.mail(
            workday(day + n * 4),
            15,
            who,
            [partner.contacts[0].party],
            "参考資料",
            s.note(who, "ご担当者様", "添付します。"),
            [File("工程ノウハウ.pdf" if n != 2 else "memo2.pdf", data)],
        )
        for n, partner in enumerate(partners)
    ]
    s.world.truth("P06", "one file to five companies in three weeks, once renamed", mails, also=("D04",))
    other, day = s.person(deals=True), s.day()
    mails = [
        s.mail(
            workday(day + n * 3),
            14,
            other,
            [partner.contacts[0].party],
            "会社案内",
            s.note(other, "ご担当者様", "添付します。"),
            [BROCHURE],
        )
        for n, partner in enumerate((s.old_partners(other) * 4)[:4])
    ]
    s.world.truth("P06", "the brochure", mails, guard="public file", also=("D04",))


@plant("P07")
def in_bulk(s: Stage) -> None:
    who, _partner, day, to, dear = _deal(s)
    mails = [
        s.mail(
            day,
            9.5 + n * 0.9,
            who,
            [("", to)],
            f"資料{n}",
            s.note(who, dear, "添付します。"),
            [s.pdf(f"技術資料_{n}_{k}.pdf") for k in range(5)],
        )
        for n in range(6)
    ]
    s.world.truth("P07", "30 files outside on one day", mails, also=("D04",))
    other = s.person()
    mails = [
        s.mail(
            day,
            9.5 + n,
            other,
            [other.manager.party if other.manager else other.party],
            f"控え{n}",
            s.note(other, "部長"),
            [s.pdf(f"控え_{n}_{k}.pdf") for k in range(5)],
        )
        for n in range(6)
    ]
    s.world.truth("P07", "30 files within the company", mails, guard="internal")


@plant("P08")
def programs(s: Stage) -> None:
    who, day = s.person(), s.day()
    sender = ("配送センター", "delivery@todokemono-annai.example")
    mail = s.mail(
        day,
        9,
        sender,
        [who.party],
        "不在通知",
        "添付をご確認ください。",
        [File("通知.zip", zipped([("通知.pdf.exe", program("x"))]))],
    )
    s.world.truth(
        "P08", "a program with two extensions in an archive", [mail], accounts=[who.address], also=("P09", "P11")
    )
    other, partner, day, _, _ = _deal(s)
    mail = s.mail(day, 10, partner.contacts[0], [other.party], "報告", f"{other.name}様", [s.pdf("report.com版.pdf")])
    s.world.truth("P08", "a name with .com in it", [mail], accounts=[other.address], guard="the extension is pdf")


@plant("P09")
def malware(s: Stage) -> None:
    who, day = s.person(), s.day()
    bad = File("請求書_0412.pdf", pdf(["Invoice"], more="/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> "))
    mail = s.mail(
        day, 8.9, ("経理", "keiri@seikyu-tsuchi.example"), [who.party], "請求書送付", "添付をご確認ください。", [bad]
    )
    s.world.table(
        "verdicts",
        sha256=bad.sha256,
        verdict="malicious",
        engine="sandbox-a",
        at=_iso(mail.at + 5400),
        note="JS/Downloader",
    )
    s.world.truth(
        "P09", "a PDF with a script, malicious by the sandbox", [mail], accounts=[who.address], also=("G21", "P11")
    )
    s.world.truth(
        "G21", "the verdict came an hour and a half after delivery", [mail], accounts=[who.address], also=("P09",)
    )
    other, partner, day, _, _ = _deal(s)
    fine = s.pdf("納品書_確認済.pdf")
    mail = s.mail(day, 10, partner.contacts[0], [other.party], "納品書", f"{other.name}様", [fine])
    s.world.table("verdicts", sha256=fine.sha256, verdict="clean", engine="sandbox-a", at=_iso(mail.at - 1), note="")
    s.world.truth(
        "P09", "a file that was found clean", [mail], accounts=[other.address], guard="verdict clean", also=("G21",)
    )


def _iso(when: float) -> str:
    return stamp(when).replace("/", "-").replace(" ", "T") + "+09:00"


@plant("P10")
def hidden_link(s: Stage) -> None:
    who, day = s.person(), s.day()
    page = (
        '<p>アカウントの確認が必要です。</p><p><a href="https://bit.ly/3xHoshi">https://www.hoshikawa-denki.example/login</a></p>'
        '<p><a href="http://xn--hshikawa-denki-x9a.example/login?m=dGFuYWthQGhvc2hpa2F3YS5leGFtcGxl">こちら</a></p>'
    )
    mail = s.mail(
        day,
        11,
        ("IT サポート", "it-support@kakunin-center.example"),
        [who.party],
        "アカウント確認のお願い",
        "https://bit.ly/3xHoshi",
        html=page,
    )
    s.world.truth("P10", "a shortener behind the company's own address", [mail], accounts=[who.address], also=("P11",))
    other, partner, day, _, _ = _deal(s)
    url = (
        f"https://jpn01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.{partner.domain}%2Fa&data=05&reserved=0"
    )
    page = f'<p><a href="{url}">https://www.{partner.domain}/a</a></p>'
    mail = s.mail(day, 11, partner.contacts[0], [other.party], "ご案内", f"https://www.{partner.domain}/a", html=page)
    s.world.truth(
        "P10", "a link that the mail service has wrapped", [mail], accounts=[other.address], guard="SafeLinks"
    )


@plant("P11")
def forged(s: Stage) -> None:
    boss = next(each for each in s.company.staff if each.title == "代表取締役")
    who, day = s.person(), s.day()
    marks = (
        ("Reply-To", "ceo.office.jp@gmail.com"),
        (
            "Authentication-Results",
            (
                f"mx1.{OWN}; spf=fail smtp.mailfrom=shacho-office.example; dkim=none; "
                "dmarc=fail header.from=shacho-office.example"
            ),
        ),
    )
    mail = s.mail(
        day,
        9.5,
        (boss.name, "president@shacho-office.example"),
        [who.party],
        "至急のお願い",
        "今すぐ振込をお願いします。内密に。",
        headers=marks,
    )
    s.world.truth(
        "P11",
        "the president's name with a foreign domain, authentication failed",
        [mail],
        accounts=[who.address],
        also=("D05",),
    )
    other, day = s.person(), s.day()
    marks = (
        ("List-Id", "<ml.lists.gijutsu-kai.example>"),
        ("Precedence", "list"),
        (
            "Authentication-Results",
            f"mx1.{OWN}; spf=pass; dkim=fail (body hash did not verify); arc=pass (lists.gijutsu-kai.example)",
        ),
    )
    mail = s.mail(
        day,
        13,
        ("会員3", "kaiin3@shibu-3.example"),
        [("技術会", "ml@lists.gijutsu-kai.example"), other.party],
        "[gijutsu] お知らせ",
        "お知らせです。",
        headers=marks,
    )
    s.world.truth(
        "P11", "a mailing list that changed the text", [mail], accounts=[other.address], guard="ARC pass of a list"
    )


@plant("P12")
def receipt(s: Stage) -> None:
    for automatic in (False, True):
        who, partner, day, to, dear = _deal(s)
        name = partner.contacts[0].name
        mail = s.mail(
            day,
            10,
            who,
            [(name, to)],
            f"{partner.term} 重要資料",
            s.note(who, dear, "添付します。"),
            [s.pdf("重要資料.pdf")],
            headers=(("Disposition-Notification-To", who.address),),
        )
        mode = (
            "automatic-action/MDN-sent-automatically; deleted"
            if automatic
            else "manual-action/MDN-sent-manually; displayed"
        )
        report = (
            f"--mdn\nContent-Type: text/plain; charset=UTF-8\n\n開封されました。\n\n--mdn\nContent-Type: message/disposition-notification\n\n"
            f"Reporting-UA: pc.{partner.domain}; Mailer 1.0\nFinal-Recipient: rfc822;{to}\nOriginal-Message-ID: {mail.mid}\n"
            f"Disposition: {mode}\n\n--mdn--\n"
        )
        mdn = s.mail(
            day,
            12,
            (name, to),
            [who.party],
            f"開封済み: {mail.subject}",
            "",
            reply_to=mail.mid,
            raw_body=('multipart/report; report-type=disposition-notification; boundary="mdn"', report.encode()),
        )
        if automatic:
            s.world.truth(
                "P12", "a program answered by itself", [mail, mdn], accounts=[who.address], guard="automatic-action"
            )
        else:
            s.world.truth("P12", "opened, and confirmed by hand", [mail, mdn], accounts=[who.address])


@plant("P13")
def ransom(s: Stage) -> None:
    who, day = s.person(), s.day()
    first = s.mail(
        day,
        9,
        ("採用応募", "oubo@oubo-shorui.example"),
        [who.party],
        "応募書類",
        "添付をご覧ください。",
        [File("履歴書.zip", zipped([("履歴書.js", b"var a=1;")]))],
    )
    last = s.mail(
        day + 3,
        6.5,
        ("", "decrypt-help@protonmail.com"),
        [who.party],
        "Your files are encrypted",
        "All your files have been encrypted. "
        "To get the decryption key pay 2.5 BTC to bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh within 72 hours.",
    )
    truth = s.world.truth(
        "P13",
        "a program by mail, encrypted files, a demand for money",
        [first, last],
        accounts=[who.address],
        also=("P08", "P11"),
    )
    for n in range(30):
        s.world.pc(
            who.address,
            at(day + 3, 3, n / 2),
            "ファイル名変更",
            truth,
            ファイル名=f"資料{n}.xlsx.lockbit",
            ファイルパス=f"C:\\work\\資料{n}.xlsx",
            操作先=f"C:\\work\\資料{n}.xlsx.lockbit",
        )
    day = s.day()
    others = [each.party for each in s.company.staff[5:15]]
    mails = [
        s.mail(
            day,
            5 + n * 0.01,
            ("", f"anon{n}@protonmail.com"),
            [to],
            "I recorded you",
            "I have a video of you. Send 900 USD in bitcoin to 1BoatSLRHtKNngkdXEeobR76b53LETtpyT or I publish it.",
        )
        for n, to in enumerate(others)
    ]
    s.world.truth(
        "P13",
        "the same threat to everyone",
        mails,
        accounts=[each[1] for each in others],
        guard="bulk spam",
        also=("P11",),
    )


@plant("P14")
def taken_over(s: Stage) -> None:
    who = s.person(cloud=True)
    partner, day = s.partner(who), s.day()
    contact = partner.contacts[0]
    old = s.mail(
        day - 10, 11, contact, [who.party], f"{partner.term} 出荷の件", f"{who.name}様\n\n出荷予定を共有します。"
    )
    truth = s.world.truth(
        "P14",
        "sixty mails in eight minutes from abroad, answering old mail, gone from Sent",
        [],
        accounts=[who.address],
        also=("T02", "T05", "T03", "D04", "D07", "D06", "P06", "P10", "X3", "D09", "T01", "D05", "G22", "G23", "C05"),
    )
    s.world.login(who.address, at(day, 21), "198.18.66.201", truth=truth)
    for n in range(60):
        target = contact.party if n == 0 else s.outsider(f"kakusan{n % 20}.example", n)
        target = s.company.staff[n].party if n % 6 == 5 and s.company.staff[n : n + 1] else target
        mail = s.mail(
            day,
            21.1 + n * 8 / 3600,
            who,
            [target],
            f"Re: {old.subject}",
            "Please check the attached invoice: https://bit.ly/4kkInv\n\n> 出荷予定を共有します。",
            [File("invoice.html", b"<html><a href='https://bit.ly/4kkInv'>open</a></html>")],
            reply_to=old.mid,
            references=old.mid,
            held=False,
            ip="198.18.66.201",
            sent_copy=n % 3 > 0,
        )
        mail.at = at(day, 21, 6) + n * 8
        truth.message_ids.append(mail.mid)
        if n % 3 == 0:
            cloud.deleted(s.world, mail, who.address, mail.at + 90, "198.18.66.201", truth)
    truth.window = (at(day, 20), at(day, 24))


@plant("P15")
def origin(s: Stage) -> None:
    who, _partner, day, to, dear = _deal(s)
    data = docx(["手順の詳細", str(s.rng.random())], author="月影 太郎")
    file = File("手順_抜粋.docx", data)
    mail = s.mail(day, 15, who, [("", to)], "手順", s.note(who, dear, "添付します。"), [file])
    truth = s.world.truth(
        "P15", "a file of another author, copied from a share five minutes before", [mail], also=("G25",)
    )
    s.world.pc(
        who.address,
        mail.at - 300,
        "ファイルコピー",
        truth,
        ファイル名="手順書_原本.docx",
        ファイルパス="\\\\files\\開発\\手順書_原本.docx",
        操作先=f"C:\\Users\\{who.user}\\Desktop\\手順_抜粋.docx",
        SHA256=file.sha256,
        サイズ=str(len(data)),
    )
