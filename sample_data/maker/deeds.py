"""The incidents that people of the company cause: the leaver, the wrong recipients, the password in a second mail."""

from __future__ import annotations

from datetime import timedelta

from maker import files
from maker.incident import SHEET, Incident, at
from maker.mail import Attached, Mail, written
from maker.people import (
    EMMA,
    HOME,
    KOBAYASHI,
    RIVAL,
    SATO,
    SUZUKI,
    TANAKA,
    TYPO,
    WRONG_KOBAYASHI,
    YAMAZAKI,
)

PASSWORD = "Aoba#2026-QT"


_NAMES = (
    "阿部",
    "石川",
    "上田",
    "江口",
    "岡本",
    "加藤",
    "木村",
    "久保",
    "髙野",
    "小山",
    "斎藤",
    "島﨑",
    "須田",
    "関",
    "曽根",
    "谷口",
    "千葉",
    "辻",
    "手塚",
    "富田",
)


CUSTOMERS = [
    ["顧客番号", "会社名", "担当者", "電話", "メール", "年間取引額"],
    *(
        [
            f"C-{n:04d}",
            f"{_NAMES[n % 20]}電設株式会社",
            f"{_NAMES[n * 7 % 20]} 様",
            f"03-0000-{n:04d}",
            f"buyer{n}@customer{n}.example",
            f"{(n * 137) % 900 + 100}万円",
        ]
        for n in range(1, 121)
    ),
]


CUSTOMER_LIST = Attached(name="顧客一覧_2026.xlsx", data=files.xlsx(CUSTOMERS), kind=SHEET)


PRICES = Attached(
    name="単価表（社外秘）.csv",
    data=files.csv([["品番", "原価", "標準単価"], *([f"AB-{n}", f"{n * 31}", f"{n * 55}"] for n in range(401, 441))]),
    kind="text/csv",
    style="word",
)


def leaver() -> Incident:
    wish = Mail(
        key="leave",
        at=at(5, 29, 16, 5),
        sender=SATO,
        to=(TANAKA,),
        subject="退職のご相談",
        text=f"田中部長\n\n一身上の都合により、6月30日をもって退職いたしたく、ご相談申し上げます。\n\n{SATO.sign}\n",
    )
    answer = Mail(
        key="leave-re",
        at=at(5, 29, 18, 31),
        sender=TANAKA,
        to=(SATO,),
        cc=(YAMAZAKI,),
        subject="Re: 退職のご相談",
        answers=wish,
        text=f"佐藤さん\n\n承知しました。最終出社日は6月30日とします。引き継ぎをお願いします。\n\n{TANAKA.sign}\n",
    )
    first = Mail(
        key="home1",
        at=at(6, 12, 23, 47, 31),
        sender=SATO,
        to=(HOME,),
        subject="資料",
        text="自宅で確認用\n",
        attached=(CUSTOMER_LIST,),
    )
    second = Mail(
        key="home2",
        at=at(6, 16, 2, 14, 9),
        sender=SATO,
        to=(HOME,),
        subject="資料２",
        text="続き\n",
        attached=(PRICES,),
    )
    third = Mail(
        key="home3",
        at=at(6, 24, 23, 18, 44),
        sender=SATO,
        to=(HOME,),
        bcc=(RIVAL,),
        subject="引き継ぎメモ",
        text="引き継ぎ用のメモと一覧です。\n",
        attached=(CUSTOMER_LIST,),
    )
    return Incident(
        number="I01",
        title="A leaver sends the customer list home at night",
        title_ja="退職予定者が深夜に顧客名簿を私用アドレスへ送信",
        rows=("D01", "D02", "T01", "T04"),
        mails=(wish, answer, first, second, third),
        note="Off-hours, free mail, the sender's own private address; the list goes out twice (same SHA-256); the third mail has a Bcc only in the sent copy.",
    )


def rival() -> Incident:
    offer = Mail(
        key="rival1",
        at=at(5, 20, 19, 12),
        sender=RIVAL,
        to=(SATO,),
        subject="面談のお礼",
        text=f"佐藤様\n\n先日は弊社までお越しいただき、ありがとうございました。\n7月1日のご入社をお待ちしております。今後は私用のアドレスへご連絡いたします。\n\n{RIVAL.sign}\n",
    )
    private = Mail(
        key="rival2",
        at=at(5, 22, 20, 3),
        sender=RIVAL,
        to=(HOME,),
        subject="ご入社手続きについて",
        text=f"佐藤様\n\n入社手続きの書類をお送りください。お取引先の情報もお持ちいただけると助かります。\n\n{RIVAL.sign}\n",
    )
    reply = Mail(
        key="rival3",
        at=at(5, 23, 8, 40),
        sender=HOME,
        to=(RIVAL,),
        subject="Re: ご入社手続きについて",
        answers=private,
        text=f"人事部御中\n\n承知しました。名簿は6月中に準備します。\n\n{HOME.sign}\n",
    )
    return Incident(
        number="I02",
        title="Talks with a competitor",
        title_ja="競合他社との接触",
        rows=("D03", "T04"),
        mails=(offer, private, reply),
        note="The first mail reached the company's server, was expunged there and lies only in a deleted file of the image; the other two are in the private mailbox in the image.",
    )


def stopped() -> Incident:
    mail = Mail(
        key="stopped",
        at=at(6, 18, 20, 26),
        sender=SATO,
        to=(RIVAL,),
        subject="ご参考",
        text=f"ご参考までにお送りします。\n\n{SATO.sign}\n",
        attached=(PRICES,),
    )
    return Incident(
        number="I10",
        title="The gateway stops a price list to the competitor",
        title_ja="競合他社宛の単価表を承認者が否認",
        rows=("D03",),
        mails=(mail,),
        note="Held and rejected in approval_hold.csv; no second queue id carries it out; the sent copy lies in the bin (ゴミ箱).",
    )


def wrong_recipient() -> Incident:
    quote = Attached(
        name="御見積書_緑商事様.xlsx",
        data=files.xlsx([["件名", "金額"], ["制御基板 AB-520 1,000枚", "9,800,000"]]),
        kind=SHEET,
    )
    wrong = Mail(
        key="wrong1",
        at=at(6, 4, 10, 22),
        sender=TANAKA,
        to=(WRONG_KOBAYASHI,),
        subject="御見積書の送付（AB-520）",
        text=f"緑商事株式会社 小林 健様\n\nいつもお世話になっております。\nご依頼の御見積書をお送りいたします。\n\n{TANAKA.sign}\n",
        attached=(quote,),
    )
    told = Mail(
        key="wrong2",
        at=at(6, 4, 11, 3),
        sender=WRONG_KOBAYASHI,
        to=(TANAKA,),
        subject="Re: 御見積書の送付（AB-520）",
        answers=wrong,
        text=f"田中様\n\n日の出工業の小林誠です。宛先をお間違えではないでしょうか。\n\n{WRONG_KOBAYASHI.sign}\n",
    )
    sorry = Mail(
        key="wrong3",
        at=at(6, 4, 11, 41),
        sender=TANAKA,
        to=(WRONG_KOBAYASHI,),
        cc=(YAMAZAKI,),
        subject="【お詫び】誤送信メール削除のお願い",
        answers=told,
        text=f"日の出工業株式会社 小林 誠様\n\n先ほどのメールは誤送信でございました。深くお詫び申し上げます。\n恐れ入りますが、添付ファイルを開かずに削除してくださいますようお願いいたします。\n\n{TANAKA.sign}\n",
    )
    right = Mail(
        key="wrong4",
        at=at(6, 4, 11, 50),
        sender=TANAKA,
        to=(KOBAYASHI,),
        subject="御見積書の送付（AB-520）",
        text=f"緑商事株式会社 小林 健様\n\nご依頼の御見積書をお送りいたします。\n\n{TANAKA.sign}\n",
        attached=(quote,),
    )
    return Incident(
        number="I03",
        title="A quotation goes to the wrong Kobayashi, apology follows",
        title_ja="同姓の別人への誤送信とお詫び",
        rows=("D05",),
        mails=(wrong, told, sorry, right),
        note="Same surname at another company; the salutation names the right one; the same file then goes to the right one.",
    )


def typo() -> Incident:
    mail = Mail(
        key="typo",
        at=at(5, 14, 15, 33),
        sender=TANAKA,
        to=(TYPO,),
        subject="打合せ議事録",
        text=f"緑商事株式会社 小林様\n\n本日の議事録です。\n\n{TANAKA.sign}\n",
    )
    again = Mail(
        key="typo2",
        at=at(5, 14, 15, 52),
        sender=TANAKA,
        to=(KOBAYASHI,),
        subject="打合せ議事録",
        text=f"緑商事株式会社 小林様\n\n本日の議事録です。\n\n{TANAKA.sign}\n",
    )
    return Incident(
        number="I04",
        title="A mistyped domain bounces",
        title_ja="ドメインの打ち間違いと不達通知",
        rows=("D05",),
        mails=(mail, again),
        note="midori-tarding.example for midori-trading.example; the bounce (multipart/report) lies in the sender's INBOX.",
    )


def ppap() -> Incident:
    when = at(6, 3, 14, 10)
    name = "見積明細_0603.xlsx"
    inner = files.xlsx([["品番", "単価"], ["AB-520", "9,800"]])
    locked = Attached(
        name="見積明細_0603.zip",
        data=files.locked_archive(name.encode("cp932"), inner, PASSWORD.encode(), when),
        kind="application/zip",
        style="word",
    )
    first = Mail(
        key="ppap1",
        at=when,
        sender=TANAKA,
        to=(KOBAYASHI,),
        subject="見積明細の送付",
        text=f"緑商事株式会社 小林様\n\n見積明細をお送りします。パスワードは別メールでお知らせします。\n\n{TANAKA.sign}\n",
        attached=(locked,),
    )
    second = Mail(
        key="ppap2",
        at=when + timedelta(minutes=3),
        sender=TANAKA,
        to=(KOBAYASHI,),
        subject="【パスワード】見積明細の送付",
        text=f"緑商事株式会社 小林様\n\n先ほどの添付ファイルの解凍パスワードは次のとおりです。\n\nパスワード: {PASSWORD}\n\n{TANAKA.sign}\n",
    )
    return Incident(
        number="I05",
        title="Password ZIP, then the password",
        title_ja="パスワード付きZIPと別送パスワード（PPAP）",
        rows=("P01",),
        mails=(first, second),
        note=f"Traditional PKWARE encryption, opened by {PASSWORD}; three minutes between the two.",
    )


def thread() -> Incident:
    one = Mail(
        key="claim1",
        at=at(6, 10, 9, 30),
        sender=EMMA,
        to=(SATO,),
        cc=(TANAKA,),
        subject="Failure report AB-510",
        text="Dear Kenta,\n\nThree boards AB-510 fail at 60 C. Photos follow.\n\nEmma\n",
    )
    two = Mail(
        key="claim2",
        at=at(6, 10, 13, 5),
        sender=SATO,
        to=(SUZUKI,),
        cc=(TANAKA,),
        subject="Fwd: Failure report AB-510",
        answers=one,
        text=f"鈴木さん\n\nHarrow & Pike様から不具合の連絡です。転送します。\n\n{SATO.sign}\n",
        attached=(Attached(name="original.eml", data=written(one), kind="message/rfc822"),),
    )
    three = Mail(
        key="claim3",
        at=at(6, 11, 15, 48),
        sender=SUZUKI,
        to=(SATO,),
        cc=(TANAKA,),
        subject="Re: Failure report AB-510",
        answers=two,
        text=f"佐藤さん\n\n①コンデンサの不良です。対策品を送ります。\n\n{SUZUKI.sign}\n",
    )
    four = Mail(
        key="claim4",
        at=at(6, 11, 17, 20),
        sender=SATO,
        to=(EMMA,),
        cc=(TANAKA,),
        subject="Re: Failure report AB-510",
        answers=three,
        text=f"Dear Emma,\n\nThe cause is a faulty capacitor. Replacements leave tomorrow.\n\n{SATO.sign}\n",
        charset="utf-8",
    )
    return Incident(
        number="I11",
        title="A reply thread across two companies",
        title_ja="返信の連鎖",
        rows=(),
        mails=(one, two, three, four),
        note="Joined by References; one answer was expunged in the burst and survives with the department head.",
    )
