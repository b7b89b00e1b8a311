"""The incidents that come from outside or from machines: phishing, clocks that are wrong, old character sets."""

from __future__ import annotations

from maker import files, texts
from maker.incident import Incident, at
from maker.mail import Attached, Mail, written
from maker.people import (
    EVERYONE,
    INVOICER,
    LEDGER,
    MISAKI,
    MORI,
    PHISHER,
    SATO,
    SCANNER,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    YAMAZAKI,
)


def phishing() -> Incident:
    link = "https://s-url.example/x7Gq2"
    page = f'<html><body><p>メールボックスの容量が上限に達しました。24時間以内に<a href="{link}">https://{TANAKA.domain}/login</a>で確認してください。</p></body></html>\n'
    bait = Mail(
        key="phish1",
        at=at(5, 12, 9, 3),
        sender=PHISHER,
        to=(EVERYONE,),
        subject="【重要】メールボックス容量の確認",
        text=f"メールボックスの容量が上限に達しました。\n24時間以内に {link} で確認してください。\n",
        html=page,
        envelope="www-data@vps-17.hosting.example",
        extra=(("Reply-To", "reply@account-check.example"),),
    )
    report = Mail(
        key="phish2",
        at=at(5, 12, 9, 40),
        sender=SUZUKI,
        to=(YAMAZAKI,),
        subject="不審なメールの報告",
        text=f"山﨑さん\n\n不審なメールが届きました。添付します。\n\n{SUZUKI.sign}\n",
        attached=(Attached(name="forwarded.eml", data=written(bait), kind="message/rfc822"),),
    )
    warning = Mail(
        key="phish3",
        at=at(5, 12, 10, 15),
        sender=YAMAZAKI,
        to=(EVERYONE,),
        subject="【注意喚起】不審メールについて",
        text=f"各位\n\n山﨑です。本日9時頃、情報システム室を名乗る不審なメールが届いています。\nリンクを開かず、削除してください。差出人のドメインは末尾が「denkl」です。\n\n{YAMAZAKI.sign}\n",
    )
    spoof = Mail(
        key="spoof",
        at=at(5, 26, 13, 20),
        sender=INVOICER,
        to=(YAMAZAKI, TANAKA),
        subject="請求書の送付",
        text="添付の請求書をご確認ください。\n",
        envelope="nobody@vps-23.hosting.example",
        attached=(
            Attached(
                name="請求書.pdf.exe",
                shown="invoice.pdf",
                style="spoof",
                data=b"MZ" + b"\0" * 62 + b"This is not a program; it only looks like one.\n",
                kind="application/pdf",
            ),
        ),
    )
    return Incident(
        number="I06",
        title="Phishing from a look-alike domain; a disguised file",
        title_ja="なりすましメールと偽装添付ファイル",
        rows=("P11", "D05"),
        mails=(bait, report, warning, spoof),
        note="aoba-denkl.example, SPF softfail, DMARC fail, Reply-To elsewhere, shortened link under another link text; filename invoice.pdf but filename* 請求書.pdf.exe.",
    )


def clocks() -> Incident:
    forged = Mail(
        key="forged",
        at=at(6, 25, 22, 51),
        date="Wed, 10 Jun 2026 10:02:11 +0900",
        sender=SATO,
        to=(TANAKA,),
        subject="引き継ぎ資料の件（再送ではありません）",
        text=f"田中部長\n\n引き継ぎ資料は本日10日にお送りしたとおりです。\n\n{SATO.sign}\n",
    )
    undated = Mail(
        key="undated",
        at=at(5, 7, 11, 26),
        date="",
        sender=SCANNER,
        to=(YAMAZAKI, TANAKA),
        subject="Scanned from MFP-3F",
        text="Scan attached.\n",
        attached=(Attached(name="scan0001.pdf", data=files.pdf(["Scanned page 1"]), kind="application/pdf"),),
    )
    zoneless = Mail(
        key="zoneless",
        at=at(4, 13, 10, 15),
        date="Mon, 13 Apr 2026 10:15:07",
        sender=LEDGER,
        to=(YAMAZAKI,),
        subject="夜間バッチ完了",
        text="夜間バッチは正常に完了しました。\n",
    )
    return Incident(
        number="I07",
        title="Dates that cannot be trusted",
        title_ja="信用できない日時",
        rows=("T01",),
        mails=(forged, undated, zoneless),
        note="One Date header 15 days before the Received line, one mail without Date, one Date without zone.",
    )


def charsets() -> Incident:
    raw = Mail(
        key="raw8",
        at=at(4, 20, 9, 15),
        sender=SUZUKI,
        to=(YAMAZAKI,),
        subject="表示ソフトの更新",
        subject_raw="表示ソフトの更新".encode("cp932"),
        text=f"山﨑さん\n\n表示ソフトを更新してください。①旧版は使えません。\n\n{SUZUKI.sign}\n",
    )
    jis = Mail(
        key="rawjis",
        at=at(4, 22, 14, 2),
        sender=TAKAHASHI,
        to=(YAMAZAKI,),
        subject="㈱マークの件",
        subject_raw=texts.iso_2022_jp("㈱マークの件"),
        text=f"山﨑様\n\n髙橋です。～と－と∥と￠￡￢、①②③、№、㎡、㍻、ｱｲｳが化けないか見てください。\n\n{TAKAHASHI.sign}\n",
    )
    cut = Mail(
        key="cutword",
        at=at(4, 27, 16, 44),
        sender=MISAKI,
        to=(TANAKA,),
        cc=(YAMAZAKI,),
        subject="四月分支払通知書および検収明細のご送付について（緑商事）",
        subject_raw=texts.split_word_header("四月分支払通知書および検収明細のご送付について（緑商事）"),
        text=f"田中様\n\n支払通知書をお送りします。髙木・島﨑\n\n{MISAKI.sign}\n",
    )
    euc = Mail(
        key="rawname",
        at=at(5, 11, 13, 13),
        sender=MORI,
        to=(YAMAZAKI,),
        subject="登録票",
        text=f"山﨑様\n\n登録票を送ります。㈱日の出 髙﨑\n\n{MORI.sign}\n",
        attached=(
            Attached(
                name="登録票_表.csv",
                data=files.csv([["会社", "担当"], ["日の出工業", "森"]]),
                kind="text/csv",
                style="raw",
            ),
        ),
    )
    return Incident(
        number="I08",
        title="Every charset that old mailers left behind",
        title_ja="古いメールソフトの文字コード",
        rows=(),
        mails=(raw, jis, cut, euc),
        note="Raw CP932 and raw ISO-2022-JP subjects, an encoded word cut inside a character, CP50221 and CP51932 bodies, a raw CP932 file name.",
    )
