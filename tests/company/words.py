"""What the company writes about: subjects and texts in Japanese and English, put together by chance."""

from __future__ import annotations

import random

_SUBJECTS = (
    "見積書の件", "納期のご確認", "会議の日程について", "図面の送付", "請求書送付のご案内", "月次報告", "出張の件",
    "検査結果の共有", "契約書の確認依頼", "部品在庫について", "新製品の仕様", "工程表の更新", "来週の打ち合わせ",
    "品質会議の議事録", "発注内容の変更", "サンプル出荷の件", "支払条件の確認", "年度末の棚卸し", "研修のお知らせ",
)  # fmt: skip
_ENGLISH = (
    "Quotation for the spring order", "Delivery schedule", "Minutes of the weekly meeting", "Updated drawings",
    "Invoice for February", "Travel plans", "Test report", "Contract draft", "Stock level", "Specification review",
    "Sample shipment", "Payment terms", "Visit to the plant", "Change of part numbers", "Project plan",
)  # fmt: skip
_SENTENCES = (
    "標記の件、下記のとおりご連絡いたします。", "ご確認のほどよろしくお願いいたします。", "詳細は改めてご説明します。",
    "先日の打ち合わせの内容をまとめました。", "ご不明な点がございましたらお知らせください。", "期日は今週末です。",
    "担当者と調整のうえ回答いたします。", "数量は前回と同じです。", "現場の意見も伺いたいと思います。",
    "工場の稼働状況は平常どおりです。", "次回の会議で議題にします。", "先方の了承を得ています。",
)  # fmt: skip
_ENGLISH_SENTENCES = (
    "Please find the details below.", "Let me know if anything is unclear.", "We will confirm by Friday.",
    "The quantity is the same as last time.", "The plant runs as usual this week.", "I have asked the supplier.",
    "The meeting room is booked.", "We agreed on the dates with the customer.", "I will call you this afternoon.",
    "Thank you for the quick answer.", "The drawing number has changed.", "Shipping is arranged.",
)  # fmt: skip
FILES = (
    ("数量表.csv", "品番,数量,単価\r\n"),
    ("parts.csv", "part,quantity,price\r\n"),
    ("工程表.csv", "工程,開始,終了\r\n"),
)


def subject(rng: random.Random, *, english: bool) -> str:
    """A subject with a number, so that subjects of different threads differ."""
    return f"{rng.choice(_ENGLISH if english else _SUBJECTS)} {rng.randrange(100, 1000)}-{rng.randrange(10, 100)}"


def text(rng: random.Random, *, english: bool, to: str, by: str) -> str:
    """A letter of a few lines; every one states an amount, which a forger can change."""
    amount = rng.randrange(12, 98)
    lines = rng.sample(_ENGLISH_SENTENCES if english else _SENTENCES, rng.randrange(2, 5))
    if english:
        lines.insert(1, f"The amount is {amount},000 yen, as agreed.")
        head, tail = f"Dear {to},", "Best regards,"
    else:
        lines.insert(1, f"金額は{amount},000円です。")
        head, tail = f"{to}様", "以上、よろしくお願いいたします。"
    return "\n".join((head, "", *lines, "", tail, by, ""))


def table(rng: random.Random) -> tuple[str, bytes]:
    """A small file to attach."""
    name, head = rng.choice(FILES)
    rows = "".join(
        f"A-{rng.randrange(1000, 9999)},{rng.randrange(1, 500)},{rng.randrange(90, 9000)}\r\n" for _ in range(9)
    )
    return name, (head + rows).encode("cp932")
