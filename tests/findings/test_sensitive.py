"""Numbers count by their check digits and what stands around them; persons by the rows that name them."""

from __future__ import annotations

import pytest

from forensics.findings.sensitive import is_role, masked, scan

MINE = ["123456789018", "123456790903", "123456791888"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("個人番号 123456789018", "my_number"),
        ("マイナンバーは 1234-5678-9018 です", "my_number"),
        ("カード番号 4111 1111 1111 1111 有効期限 12/28", "card"),
        ("amex 378282246310005", "card"),
        ("運転免許証番号 123456789012", "licence"),
        ("口座番号 普通 1234567", "account"),
        ("法人番号 5835678256246", "corporate_number"),
        ("生年月日 1980/01/02", "birth_date"),
        ("昭和55年1月2日生まれ", "birth_date"),
        ("電話 090-1234-5678", "phone"),
        ("〒100-0001 東京都", "postal_code"),
        ("連絡先 taro@example.jp", "mail_address"),
    ],
)
def test_each_kind_is_found_beside_its_word(text: str, kind: str) -> None:
    assert scan(text).counts[kind] == 1


@pytest.mark.parametrize(
    "text",
    [
        "伝票 123456789018",
        "注文番号 4111111111111111",
        "マイナンバー制度 4111111111111111",
        "個人番号 123456789019",
        "カード 4111111111111112",
        "会議 2026/05/11",
        "型番 12345678901812",
    ],
)
def test_what_passes_by_chance_or_lacks_its_word_is_left_out(text: str) -> None:
    assert not scan(text).counts


def test_a_column_of_which_four_in_five_pass_needs_no_word() -> None:
    assert scan("番号\t名\n" + "".join(f"{each}\tx\n" for each in MINE)).counts["my_number"] == 3
    assert not scan("番号\t名\n" + "".join(f"{100_000_000_000 + at * 7919}\tx\n" for at in range(40))).counts


def test_persons_are_counted_at_least_and_at_most() -> None:
    rows = "".join(f"佐藤{at}\tp{at}@x.example\n" for at in range(12)) + "佐藤1\tother@x.example\n"
    found = scan("氏名\tメール\n" + rows)
    assert found.is_list
    assert found.persons() == (12, 13)


def test_a_list_of_ten_thousand_rows_is_counted_in_a_second() -> None:
    rows = "".join(f"会員{at}\t090-1234-{at % 10_000:04d}\tm{at}@x.example\n" for at in range(10_000))
    assert scan("氏名\t電話\tメール\n" + rows).persons() == (10_000, 10_000)


def test_samples_are_masked_and_offices_are_no_persons() -> None:
    assert masked("123456789018") == "12**********"
    assert is_role("info@example.jp")
    assert not is_role("taro.info@example.jp")
