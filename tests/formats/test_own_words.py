"""What a sender wrote is told from what the message carries along."""

from __future__ import annotations

import pytest

from forensics.formats.own_words import own_words


@pytest.mark.parametrize(
    "carried",
    [
        "> 引用\n＞引用",
        "-----Original Message-----\nFrom: a\n古い本文",
        "----- 元のメッセージ -----\n古い本文",
        "---------- Forwarded message ---------\nFrom: a",
        "On Mon, May 11, 2026 at 10:00 AM Sato <a@b.example> wrote:\n> old",
        "2026年5月11日(月) 10:00 佐藤 <a@b.example>:\n> 古い",
        "From: 佐藤\nSent: Monday\nTo: 鈴木\n古い本文",
        "差出人: 佐藤\n送信日時: 2026年5月11日\n宛先: 鈴木\n古い本文",
        "-- \n佐藤太郎\nsato@example.co.jp",
        "━━━━━━━━━━\n株式会社例 佐藤\nTEL 03-1234-5678\n━━━━━━━━━━",
    ],
)
def test_what_a_message_carries_along_is_left_out(carried: str) -> None:
    assert own_words(f"承知しました。\n\n{carried}") == "承知しました。"


def test_answers_between_and_below_quotes_are_kept() -> None:
    assert own_words("On Mon, 1 May 2026, A wrote:\n> 質問一\n答え一\n> 質問二\n答え二") == "答え一\n答え二"


def test_a_line_of_dashes_in_the_middle_is_no_signature() -> None:
    text = "第一案\n----------\n第二案の説明です"
    assert own_words(text) == text


def test_a_word_from_at_the_start_of_a_line_is_no_forwarded_mail() -> None:
    assert own_words("From: Tokyo\nby train") == "From: Tokyo\nby train"
