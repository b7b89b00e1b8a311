"""Plants of G01 to G05, G19 to G25 and X1 to X6: what the systems that should hold mail back did and did not."""

from __future__ import annotations

from tests.staff_company.mailing import Hold
from tests.staff_company.people import OWN, at
from tests.staff_company.plants_content import _deal
from tests.staff_company.plants_protection import _hold_row
from tests.staff_company.stage import Stage, plant
from tests.staff_company.world import stamp


@plant("X1")
def rejected_and_gone(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        10,
        who,
        [("", to)],
        f"{partner.term} 価格",
        s.note(who, dear, "添付します。"),
        [s.pdf("価格.pdf")],
        hold=Hold(action="却下", seconds=600),
    )
    s.world.truth("X1", "rejected, and delivered all the same", [mail], also=("G01", "G02", "G04", "X3", "G23"))
    other, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        10,
        other,
        [("", to)],
        f"{partner.term} 価格表",
        s.note(other, dear),
        [s.pdf("価格案.pdf")],
        hold=Hold(action="却下", seconds=600, delivered=False),
    )
    s.world.truth("X1", "rejected and not delivered", [mail], guard="not delivered", also=("D11",))


@plant("X2")
def approved_and_lost(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        11,
        who,
        [("", to)],
        f"{partner.term} 図",
        s.note(who, dear, "添付します。"),
        [s.pdf("構成図.pdf")],
        hold=Hold(seconds=500, delivered=False),
    )
    s.world.truth("X2", "approved, and no server delivered it", [mail], also=("G02", "D11", "G22"))


@plant("X3")
def around(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(day, 12, who, [("", to)], f"{partner.term} 連絡", s.note(who, dear), held=False)
    s.world.truth("X3", "delivered outside without passing the gateway", [mail])


@plant("G23")
def without_approval(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        13,
        who,
        [("", to)],
        f"{partner.term} 一覧",
        s.note(who, dear, "添付します。"),
        [s.pdf("部材一覧.pdf")],
        held=False,
    )
    s.world.truth("G23", "a file outside that nobody approved", [mail], also=("X3",))
    other = s.person(deals=True)
    domain, day = "kogaisha-hoshikawa.example", s.day()
    for n in range(3):
        first = s.mail(20 + n, 9, ("子会社", f"kanri@{domain}"), [other.party], "連絡", f"{other.name}様\n\n連絡です。")
        s.mail(
            20 + n,
            11,
            other,
            [("子会社", f"kanri@{domain}")],
            "Re: 連絡",
            s.note(other, "ご担当者様"),
            reply_to=first.mid,
            held=False,
        )
    mail = s.mail(
        day,
        14,
        other,
        [("子会社", f"kanri@{domain}")],
        "月次",
        s.note(other, "ご担当者様", "添付します。"),
        [s.pdf("月次.pdf")],
        held=False,
    )
    s.world.truth("G23", "to a domain that the policy excepts", [mail], guard="policy exception", also=("X3", "P02"))


@plant("X4")
def by_oneself(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        14,
        who,
        [("", to)],
        f"{partner.term} 資料",
        s.note(who, dear, "添付します。"),
        [s.pdf("資料A.pdf")],
        hold=Hold(action="承認", seconds=200, actor=who.address),
    )
    s.world.truth("X4", "approved by the sender", [mail], also=("G02",))


@plant("G02")
def quickly(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    gone = next((each for each in s.company.staff if each.left is not None), None)
    mail = s.mail(
        day,
        15,
        who,
        [("", to)],
        f"{partner.term} 資料B",
        s.note(who, dear, "添付します。"),
        [s.pdf("資料B.pdf")],
        hold=Hold(action="承認", seconds=4),
    )
    s.world.truth("G02", "approved after four seconds", [mail], also=("X4", "G24", "G03"))
    if gone is not None and gone.left is not None:
        late = 268
        mail = s.mail(
            late,
            15,
            who,
            [("", to)],
            f"{partner.term} 資料C",
            s.note(who, dear, "添付します。"),
            [s.pdf("資料C.pdf")],
            hold=Hold(action="承認", seconds=400, actor=gone.address),
        )
        s.world.truth("G02", "approved by an account whose owner had left", [mail], also=("X4",))
    other, partner, day, to, dear = _deal(s)
    stand_in = s.person()
    boss = other.manager or other
    s.world.table("delegates", approver=boss.address, delegate=stand_in.address, since="2025-09-01", until="")
    mail = s.mail(
        day,
        15,
        other,
        [("", to)],
        f"{partner.term} 資料D",
        s.note(other, dear, "添付します。"),
        [s.pdf("資料D.pdf")],
        hold=Hold(action="承認", seconds=700, actor=stand_in.address),
    )
    s.world.truth("G02", "approved by the delegate", [mail], guard="delegate", also=("X4",))


@plant("X5")
def exchanged(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    boss = who.manager or who
    mail = s.mail(
        day,
        11,
        who,
        [("", to)],
        f"{partner.term} 見学資料",
        s.note(who, dear, "添付します。"),
        [s.pdf("見学案内.pdf")],
        cc=(boss.party,),
        delivered_files=(s.pdf("製造条件_全工程.pdf"),),
        hold=Hold(seconds=600, files=("見学案内.pdf",), size=1200),
    )
    s.world.truth("X5", "another file was delivered than was held", [mail], also=("P15",))


@plant("X6")
def silence(s: Stage) -> None:
    day = s.day()
    start, end = at(day, 10), at(day, 12, 30)
    truth = s.world.truth(
        "X6",
        "two hours and a half of the gateway's log are missing",
        window=(start, end),
        also=("X3", "G23", "G22", "X2"),
    )
    s.world.hole = (start, end, truth)


@plant("G01")
def too_late(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(day, 16, who, [("", to)], f"{partner.term} 取消希望", s.note(who, dear))
    truth = s.world.truth("G01", "cancelled twenty minutes after it had left", [mail], also=("X1",))
    _hold_row(
        s,
        mail.at + 2,
        mail.at + 1500,
        "取消",
        mail.mid,
        who.address,
        to,
        mail.subject,
        "",
        "C",
        truth,
        actor=who.address,
    )
    other, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        16,
        other,
        [("", to)],
        f"{partner.term} 取消済",
        s.note(other, dear),
        hold=Hold(action="取消", seconds=120, delivered=False, actor=other.address),
    )
    s.world.truth("G01", "cancelled in time", [mail], guard="cancelled before release", also=("X1", "D11"))


@plant("G01b")
def too_early(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day, 9, who, [("", to)], f"{partner.term} 急ぎ", s.note(who, dear), hold=Hold(action="自動送信", seconds=15)
    )
    s.world.truth("G01", "released after 15 seconds, where 300 are configured", [mail])


@plant("G03")
def clicked_through(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        9.5,
        who,
        [("", to)],
        f"{partner.term} 確認",
        s.note(who, dear, "添付します。"),
        [s.pdf("確認資料.pdf")],
        hold=Hold(action="自己承認", seconds=0.4, actor=who.address, comment="確認項目 6/6"),
    )
    s.world.truth("G03", "six boxes confirmed in a second", [mail], also=("X4", "G02", "G24", "G01"))


@plant("G04")
def another_way(s: Stage) -> None:
    who, _, day, to, dear = _deal(s)
    file = s.pdf("新製品計画.pdf")
    one = s.mail(
        day,
        10,
        who,
        [("", to)],
        "新製品計画",
        s.note(who, dear, "添付します。"),
        [file],
        hold=Hold(action="ブロック", seconds=5, delivered=False, actor=""),
    )
    two = s.mail(day, 14, who, [("", "nagi.umi.7781@gmail.com")], "メモ", s.note(who, "控え"), [file])
    s.world.truth(
        "G04",
        "blocked, and sent four hours later by way of free mail",
        [one, two],
        also=("D01", "D02", "D04", "P06", "D11"),
    )
    other, _partner, day, to, dear = _deal(s)
    one = s.mail(
        day,
        10,
        other,
        [("", to)],
        "計画の件",
        s.note(other, dear, "添付します。"),
        [s.pdf("計画_宛先誤り.pdf")],
        hold=Hold(action="ブロック", seconds=5, delivered=False, actor=""),
    )
    two = s.mail(
        day, 14, other, [("", to)], "計画の件(修正版)", s.note(other, dear, "添付します。"), [s.pdf("計画_公開版.pdf")]
    )
    s.world.truth("G04", "blocked, mended and sent the same way", [one, two], guard="corrected resend", also=("D11",))


@plant("G05")
def not_converted(s: Stage) -> None:
    who, day = s.person(), s.day()
    boss = who.manager or who
    people = s.strangers(8, 8, "henkan")
    mail = s.mail(
        day, 14, who, people, "ご案内", s.note(who, "各位"), cc=(boss.party,), hold=Hold(action="Bcc変換", seconds=60)
    )
    s.world.truth(
        "G05", "the log says Bcc, and the delivered copy shows everyone", [mail], also=("D06", "D04", "C09", "G01")
    )
    other, day = s.person(), s.day()
    boss = other.manager or other
    mail = s.mail(
        day,
        14,
        other,
        s.strangers(8, 8, "kanryo"),
        "ご案内",
        s.note(other, "各位"),
        cc=(boss.party,),
        hold=Hold(action="Bcc変換", seconds=60),
        hidden=True,
    )
    s.world.truth("G05", "converted as the log says", [mail], guard="converted", also=("D06",))


@plant("G19")
def alarm(s: Stage) -> None:
    who, _, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        15,
        who,
        [("", to)],
        "部品表",
        s.note(who, dear, "添付します。"),
        [s.pdf("部品表_全.pdf")],
        sent_copy=False,
        hold=Hold(action="承認", seconds=200, delivered=False),
    )
    truth = s.world.truth("G19", "the DLP rang, and no mailbox has the mail", [mail], also=("X2", "G22", "D11"))
    other, _partner, day, to, dear = _deal(s)
    kept = s.mail(
        day, 15, other, [("", to)], "部品表2", s.note(other, dear, "添付します。"), [s.pdf("部品表_公開.pdf")]
    )
    innocent = s.world.truth("G19", "the DLP rang, and the mail is there", [kept], guard="in the mailbox")
    for n, (one, who_, at_) in enumerate(((mail, who, truth), (kept, other, innocent))):
        s.world.row(
            "dlp",
            one.at,
            {
                "検知日時": stamp(one.at + 3),
                "アラートID": f"DLP-{n + 1}",
                "イベント": "アラート",
                "ユーザー名": who_.address,
                "差出人": who_.address,
                "宛先": one.to[0][1],
                "件名": one.subject,
                "Message-ID": one.mid,
                "添付ファイル": one.files[0].name,
                "ルール名": "部品表の社外送信",
            },
            at_,
        )


@plant("G24")
def unseen(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        10.5,
        who,
        [("", to)],
        f"{partner.term} 手順",
        s.note(who, dear, "添付します。"),
        [s.pdf("手順E.pdf")],
        hold=Hold(seconds=800, viewed=0),
    )
    s.world.truth("G24", "approved and never opened", [mail], also=("X4",))
    other, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day,
        10.5,
        other,
        [("", to)],
        f"{partner.term} 手順F",
        s.note(other, dear, "添付します。"),
        [s.pdf("手順F.pdf")],
        hold=Hold(seconds=800, viewed=45),
    )
    s.world.truth("G24", "opened 45 seconds before it was approved", [mail], guard="viewed")


@plant("G21")
def released(s: Stage) -> None:
    who, day = s.person(), s.day()
    bad = s.pdf("見積依頼.pdf")
    mail = s.mail(
        day, 13, ("調達", "chotatsu@mitsumori-irai.example"), [who.party], "見積依頼", "添付をご覧ください。", [bad]
    )
    s.world.table(
        "verdicts",
        sha256=bad.sha256,
        verdict="malicious",
        engine="sandbox-a",
        at=f"{stamp(mail.at - 600).replace('/', '-').replace(' ', 'T')}+09:00",
        note="",
    )
    truth = s.world.truth(
        "G21", "malicious, quarantined, and released by somebody", [mail], accounts=[who.address], also=("P09", "P11")
    )
    _hold_row(
        s,
        mail.at - 500,
        mail.at - 400,
        "隔離",
        mail.mid,
        mail.sender[1],
        who.address,
        mail.subject,
        "見積依頼.pdf",
        "Q",
        truth,
    )
    _hold_row(
        s,
        mail.at - 500,
        mail.at - 30,
        "開放",
        mail.mid,
        mail.sender[1],
        who.address,
        mail.subject,
        "見積依頼.pdf",
        "R",
        truth,
        actor=f"admin@{OWN}",
    )


@plant("G25")
def several_ways(s: Stage) -> None:
    who, partner, day, to, dear = _deal(s)
    file = s.pdf("組立図一式.pdf")
    mail = s.mail(day, 16, who, [("", to)], f"{partner.term} 組立", s.note(who, dear, "添付します。"), [file])
    truth = s.world.truth(
        "G25", "one file: printed, to USB, to the web and by mail within a day", [mail], also=("P15",)
    )
    for n, (action, more) in enumerate(
        (
            ("印刷", {"操作先": "PRN-3F"}),
            ("USB書き込み", {"操作先": "E:\\組立図一式.pdf"}),
            ("アップロード", {"URL": "https://upload.example/f"}),
        )
    ):
        s.world.pc(
            who.address,
            mail.at - 7200 * (n + 1) / 2,
            action,
            truth,
            ファイル名="組立図一式.pdf",
            ファイルパス="C:\\work\\組立図一式.pdf",
            SHA256=file.sha256,
            **more,
        )
    other, partner, day, to, dear = _deal(s)
    mail = s.mail(
        day, 16, other, [("", to)], f"{partner.term} 議事録", s.note(other, dear, "添付します。"), [s.pdf("議事録.pdf")]
    )
    innocent = s.world.truth(
        "G25", "another file of the same common name is printed", [mail], guard="the name alone", also=("P15",)
    )
    s.world.pc(
        other.address,
        mail.at - 3600,
        "印刷",
        innocent,
        ファイル名="議事録.pdf",
        ファイルパス="C:\\work\\議事録.pdf",
        操作先="PRN-2F",
        SHA256="0" * 63 + "1",
    )
