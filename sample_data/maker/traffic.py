"""The ordinary mail of three months around the incidents: orders, questions, weekly reports, newsletters, an overseas customer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from maker import files
from maker.mail import ZONE, Attached, Mail, tag
from maker.people import (
    EMMA,
    EVERYONE,
    KOBAYASHI,
    LEDGER,
    MISAKI,
    MORI,
    NEWS,
    SATO,
    SUZUKI,
    TAKAHASHI,
    TANAKA,
    WEEKLY,
    YAMAZAKI,
    Person,
)

_HOLIDAYS = {date(2026, 4, 29), date(2026, 5, 4), date(2026, 5, 5), date(2026, 5, 6)}
_FIRST, _LAST = date(2026, 4, 1), date(2026, 6, 30)
WORKDAYS = [
    day
    for day in (_FIRST + timedelta(days=at) for at in range((_LAST - _FIRST).days + 1))
    if day.weekday() < 5 and day not in _HOLIDAYS
]
Turn = tuple[Person, str]
Thread = tuple[str, str, tuple[Person, ...], tuple[Turn, ...]]

_MONTHLY: tuple[Thread, ...] = (
    (
        "order",
        "{n}号 制御基板の注文について",
        (),
        (
            (
                KOBAYASHI,
                "青葉電機㈱ 佐藤様\n\nいつもお世話になっております。緑商事の小林です。\n制御基板 AB-{n} を①本社分 40枚、②倉庫分 20枚、注文いたします。\n納期をご回答ください。",
            ),
            (
                SATO,
                "緑商事株式会社 小林様\n\nお世話になっております。青葉電機の佐藤です。\nAB-{n} 60枚、承りました。納期は3週間でございます。",
            ),
            (KOBAYASHI, "佐藤様\n\n納期の件、承知いたしました。よろしくお願いいたします。"),
        ),
    ),
    (
        "invoice",
        "【請求書】{m}月分",
        (),
        (
            (TANAKA, "緑商事株式会社 佐藤美咲様\n\n{m}月分の請求書をお送りいたします。ご査収ください。"),
            (MISAKI, "田中様\n\n{m}月分の請求書、確かに受領いたしました。髙木にも共有いたします。"),
        ),
    ),
    (
        "parts",
        "部品 {n} の欠品について",
        (TANAKA,),
        (
            (
                MORI,
                "青葉電機株式会社 髙橋様\n\n日の出工業の森です。部品 {n} が№{m}倉庫で欠品しております。\n代替品をご検討ください。",
            ),
            (TAKAHASHI, "日の出工業㈱ 森様\n\n髙橋です。代替品 ①型 で進めてください。\nﾛｯﾄ番号は追ってご連絡します。"),
            (MORI, "髙橋様\n\n承知しました。①型 で手配いたします。"),
            (TAKAHASHI, "森様\n\nありがとうございます。"),
        ),
    ),
    (
        "drawing",
        "図面 {n} 改訂の件",
        (TAKAHASHI,),
        (
            (SUZUKI, "田中さん\n\n図面 {n} を改訂しました。寸法表示の変更です。添付を確認してください。"),
            (TANAKA, "鈴木さん\n\n確認しました。この内容でお願いします。"),
        ),
    ),
    (
        "visit",
        "{m}月の訪問日程のご相談",
        (SATO,),
        (
            (
                TANAKA,
                "緑商事株式会社 小林様\n\n{m}月のご訪問日程について、ご都合をお聞かせください。佐藤が同行いたします。",
            ),
            (KOBAYASHI, "田中様\n\n{m}月の第3週でしたら、いつでも大丈夫です。"),
            (TANAKA, "小林様\n\nありがとうございます。それでは第3週の水曜14時に伺います。"),
            (KOBAYASHI, "田中様\n\nお待ちしております。"),
        ),
    ),
    (
        "expense",
        "{m}月 交通費精算のお願い",
        (),
        (
            (YAMAZAKI, "田中部長\n\n山﨑です。{m}月の交通費精算が①佐藤さん ②髙橋さん の2名分、未提出です。"),
            (TANAKA, "山﨑さん\n\n本人たちに伝えます。今週中に出させます。"),
        ),
    ),
    (
        "sample",
        "評価サンプル {n} の貸出",
        (TANAKA,),
        (
            (SATO, "鈴木さん\n\n緑商事様向けに評価サンプル {n} を2台貸し出したいのですが、在庫はありますか。"),
            (SUZUKI, "佐藤さん\n\n2台あります。貸出票を書いてください。"),
            (SATO, "鈴木さん\n\n貸出票を出しました。ありがとうございます。"),
        ),
    ),
    (
        "calibration",
        "Calibration certificates, lot {n}",
        (TANAKA,),
        (
            (
                EMMA,
                "Dear Kenta,\n\nCould you send the calibration certificates for lot {n}?\nFrom the packing list we see 12 units, from the invoice only 11.\n\nKind regards,\nEmma",
            ),
            (
                SATO,
                "Dear Emma,\n\nThe certificates for lot {n} are attached. 12 units is right; we will correct the invoice.\n\nBest regards,\nKenta Sato",
            ),
            (EMMA, "Dear Kenta,\n\nThank you, received.\nFrom now on please copy our quality team.\n\nEmma"),
            (SATO, "Dear Emma,\n\nUnderstood.\n\nKenta"),
        ),
    ),
    (
        "shipping",
        "Shipping schedule {n}",
        (),
        (
            (TANAKA, "Dear Emma,\n\nThe shipment {n} leaves Yokohama next Friday.\n\nKeiko Tanaka"),
            (
                EMMA,
                "Dear Ms Tanaka,\n\n> From Yokohama it usually takes 32 days.\nFrom Yokohama to Felixstowe in 32 days is fine for us.\n>From our side the import papers are ready.\n\nEmma Clarke",
            ),
        ),
    ),
)
_FILES = {
    "invoice0": ("請求書_{m}月.pdf", "application/pdf", "word"),
    "drawing0": ("図面_{n}_表.pdf", "application/pdf", "raw"),
    "calibration1": ("certificate-{n}.pdf", "application/pdf", "rfc2231"),
    "order0": ("注文書_{n}.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "rfc2231-jis"),
}


def _minutes(seed: str, span: int) -> int:
    return int(tag(seed, 4), 16) % span


def moment(day: date, seed: str) -> datetime:
    """A time in office hours that follows from the seed."""
    return datetime(day.year, day.month, day.day, 8, 50, tzinfo=ZONE) + timedelta(
        minutes=_minutes(seed, 500), seconds=_minutes(seed + "s", 60)
    )


def _file(name: str, numbers: dict[str, object]) -> tuple[Attached, ...]:
    if name not in _FILES:
        return ()
    pattern, kind, style = _FILES[name]
    rows = [["品番", "数量", "単価"], [f"AB-{numbers['n']}", "60", "12,000"]]
    lines = [f"AOBA DENKI CO., LTD.  {name.upper()}", f"No. {numbers['n']}", "This paper belongs to an invented story."]
    data = files.xlsx(rows) if kind.endswith("sheet") else files.pdf(lines)
    return (Attached(name=pattern.format(**numbers), data=data, kind=kind, style=style),)


def _quoted(mail: Mail) -> str:
    return "\n".join("> " + line for line in mail.text.split("\n--\n")[0].splitlines()[:4])


def _conversation(thread: Thread, number: int, month: int, start: int) -> Iterator[Mail]:
    key, subject, cc, turns = thread
    numbers: dict[str, object] = {"n": number, "m": month}
    last: Mail | None = None
    other = next((person for person, _ in turns if person is not turns[0][0]), turns[0][0])
    for at, (sender, text) in enumerate(turns):
        name = f"{key}{at}"
        when = moment(WORKDAYS[min(start + at, len(WORKDAYS) - 1)], f"{name}/{number}")
        body = text.format(**numbers) + "\n\n" + sender.sign
        if last is not None:
            body += "\n\n" + _quoted(last)
        to = other if sender is turns[0][0] else turns[0][0]
        title = subject.format(**numbers)
        last = Mail(
            key=f"{name}-{number}",
            at=when,
            sender=sender,
            to=(to,),
            cc=tuple(person for person in cc if person not in (sender, to)),
            subject=title if at == 0 else f"Re: {title}",
            text=body + "\n",
            answers=last,
            attached=_file(name, numbers),
        )
        yield last


def _weekly_reports() -> Iterator[Mail]:
    fridays = [day for day in WORKDAYS if day.weekday() == 4]
    for week, day in enumerate(fridays, 1):
        done = "緑商事様訪問、Harrow & Pike様の見積対応" if week % 2 else "日の出工業様打合せ、新製品の説明資料"
        text = f"田中部長\n\n第{week}週の週報です。\n・実施: {done}\n・来週: 受注見込みの確認\n\n{SATO.sign}\n"
        at = datetime(day.year, day.month, day.day, 17, 40 + week, 12, tzinfo=ZONE)
        report = Mail(
            key=f"weekly{week}",
            at=at,
            sender=SATO,
            to=(TANAKA,),
            cc=(TAKAHASHI,),
            subject=f"【週報】第{week}週 佐藤",
            text=text,
        )
        yield report
        if week % 3 == 0:
            answer = f"佐藤さん\n\nお疲れさまです。確認しました。\n\n{TANAKA.sign}\n\n{_quoted(report)}\n"
            yield Mail(
                key=f"weekly{week}-re",
                at=at + timedelta(minutes=25),
                sender=TANAKA,
                to=(SATO,),
                subject=f"Re: {report.subject}",
                text=answer,
                answers=report,
            )


def _newsletters() -> Iterator[Mail]:
    for week, day in enumerate(day for day in WORKDAYS if day.weekday() == 2):
        issue = 301 + week
        page = f'<html><body><h1>電子部品ニュース {issue}</h1><p>今週の市況</p><img src="https://denshi-buhin-news.example/o.gif?i={issue}" width="1" height="1"></body></html>\n'
        extra = (
            ("List-Id", "<news.denshi-buhin-news.example>"),
            ("List-Unsubscribe", f"<https://denshi-buhin-news.example/u/{issue}>"),
            ("Precedence", "bulk"),
        )
        yield Mail(
            key=f"news{issue}",
            at=datetime(day.year, day.month, day.day, 7, 0, 5, tzinfo=ZONE),
            sender=NEWS,
            to=(TANAKA,) if week % 2 else (SATO,),
            subject=f"電子部品ニュース 第{issue}号 半導体の納期、改善の兆し",
            text=f"電子部品ニュース 第{issue}号\n\n半導体の納期に改善の兆しが見られます。\n",
            html=page,
            extra=extra,
        )
    for month in (4, 5, 6):
        yield Mail(
            key=f"tmweekly{month}",
            at=datetime(2026, month, 21, 1, 30, tzinfo=ZONE),
            sender=WEEKLY,
            to=(TANAKA,),
            subject=f"T&M Weekly: what’s new in month {month}",
            text="In this issue: café-style labs, a £300 scope – and more.\n",
            html="<p>In this issue: café-style labs, a £300 scope – and more.</p>\n",
            transfer="quoted-printable",
            extra=(("List-Id", "<weekly.tm-weekly.example>"),),
        )


def _notices() -> Iterator[Mail]:
    told = (
        (date(2026, 4, 1), "【全社】入社式のご案内", "本日10時より①会議室で入社式を行います。"),
        (date(2026, 4, 24), "【全社】連休中の連絡体制", "4月29日から5月6日までの連絡先は㈱青葉ビル管理です。"),
        (
            date(2026, 5, 18),
            "【情報システム室】パスワード変更のお願い",
            "Ⅲ四半期に合わせ、各自パスワードを変更してください。本文にURLはありません。",
        ),
        (date(2026, 6, 8), "【全社】健康診断の日程", "6月18日～19日に実施します。"),
    )
    for number, (day, subject, text) in enumerate(told, 1):
        body = f"各位\n\n山﨑です。{text}\n\n{YAMAZAKI.sign}\n"
        yield Mail(
            key=f"notice{number}",
            at=moment(day, f"notice{number}"),
            sender=YAMAZAKI,
            to=(EVERYONE,),
            subject=subject,
            text=body,
        )
    for month in (4, 5, 6):
        rows = [["部門", "経費"], ["営業部", f"{month * 31}000"], ["設計部", f"{month * 17}000"]]
        sheet = Attached(name=f"経費_{month}月.csv", data=files.csv(rows), kind="text/csv", style="word")
        yield Mail(
            key=f"ledger{month}",
            at=datetime(2026, month, 28 if month != 6 else 29, 6, 0, 1, tzinfo=ZONE),
            sender=LEDGER,
            to=(YAMAZAKI, TANAKA),
            subject=f"経費集計 {month}月（自動送信）",
            text=f"{month}月の経費集計を添付します。\nこのメールには返信できません。\n",
            attached=(sheet,),
        )


def ordinary() -> list[Mail]:
    """All mail that nobody will ask about."""
    mails = [*_weekly_reports(), *_newsletters(), *_notices()]
    for month in (4, 5, 6):
        first = next(at for at, day in enumerate(WORKDAYS) if day.month == month)
        for place, thread in enumerate(_MONTHLY):
            for half in range(2 if thread[0] in ("order", "parts", "calibration") else 1):
                number = month * 100 + place * 10 + half + 1
                mails += _conversation(thread, number, month, first + place + half * 8)
    return mails
