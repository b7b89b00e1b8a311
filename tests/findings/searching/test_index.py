"""Every match that a search without an index finds is found, and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.errors import UsageError
from forensics.findings.searching.keys import LONGEST
from forensics.findings.searching.query import Query, literal, parse
from tests.findings.searching.oracle import answers, found, indexed

MESSAGES = [
    {"subject": ["顧客リストの件"], "body": ["添付の顧客\nリストをご確認ください。"], "name": ["顧客list2026.xlsx"]},
    {"subject": ["Re: customer list"], "body": ["Please see the customer list, invoices follow."]},
    {"body": ["ｺｷｬｸﾘｽﾄ と ﾊﾞｯｸﾞ、ＡＢＣ社のサーバー"], "from": ["髙橋 一郎 <takahashi@example.co.jp>"]},
    {"body": ["コキャクリスト　バック　abc社長のサーバ"], "to": ["tanaka@example.co.jp"]},
    {"body": ["か\u3099っこう 😀😀 ☎03-1234-5678 〜 ～ ー"], "file": ["VPN 接続 の手順"]},
    {"body": ["がっこう 😀 VPN接続 顧\u200b客 \ud800 壊れた字"]},
    {"body": ["x" * (LONGEST + 7) + "needle" + "y" * 40 + " behind"]},
    {"body": ["お世話になっております。印", "契約書と印鑑"], "subject": ["concatenate category"]},
    {"body": ["a \"quoted\" 'word' (x) *y* [z] \\ % _ ; -- NEAR AND OR NOT"]},
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return indexed(tmp_path_factory.mktemp("index") / "work.sqlite", MESSAGES)


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("顧客", {1, 6}),
        ("顧客リスト", {1}),
        ("客", {1, 6}),
        ("コキャクリスト", {3, 4}),
        ("ｺｷｬｸ", {3, 4}),
        ("バッグ", {3}),
        ("バック", {4}),
        ("サーバ", {3, 4}),
        ("サーバー", {3}),
        ("ABC社", {3, 4}),
        ("=ABC社", {3, 4}),
        ("がっこう", {5, 6}),
        ("VPN接続", {5, 6}),
        ('"VPN 接続"', {5, 6}),
        ("😀😀", {5}),
        ("1234", {5}),
        ("03-1234", {5}),
        ("ー", {3, 4, 5}),
        ("印", {8}),
        ("invoice", {2}),
        ("=invoice", set()),
        ("cat", {8}),
        ("cat*", {8}),
        ("=cat", set()),
        ("list", {1, 2}),
        ("list*", {1, 2}),
        ("=list", {2}),
        ('"customer list"', {2}),
        ('"tomer lis"', {2}),
        ('"list customer"', set()),
        ("needle", {7}),
        ("example.co.jp", {3, 4}),
        ("from:example", {3}),
        ("宛先:example", {4}),
        ("name:顧客", {1}),
        ("subject:顧客 body:リスト", {1}),
        ("顧客 -リスト", {6}),
        ("顧客　リスト", {1}),
        ("バック OR 印鑑", {4, 8}),
        ("quoted", {9}),
        ('"AND OR NOT"', {9}),
        ("foo:bar", set()),
    ],
)
def test_a_query_finds_what_it_says(index: Path, said: str, numbers: set[int]) -> None:
    query = parse(said)
    assert found(index, query) == numbers
    assert answers(query, MESSAGES) == numbers


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "nothing to look for"),
        ("  　", "nothing to look for"),
        ("。、!?", "nothing to look for"),
        ('""', "nothing to look for"),
        ("subject:", "nothing to look for"),
        ('"a b', "not closed"),
        ("-a", "only what is not wanted"),
        ("a OR -b", "only what is not wanted"),
        ("a OR", "one side of OR"),
        ("a " * 65, "more than 64 words"),
        ("a" * 1001, "more than 1,000 characters"),
    ],
)
def test_an_odd_query_gives_one_sentence(said: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        parse(said)


ALPHABET = "aAb1２ ab客顧リｷﾞｶﾞが\u3099ー－-.。、\n　'\"*%é\u0301ß😀\u200b社ſﬁ\ud800กา"
texts = st.text(alphabet=ALPHABET, max_size=14)
fields = st.dictionaries(st.sampled_from(["subject", "body", "file"]), st.lists(texts, max_size=2), max_size=3)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(fields, min_size=1, max_size=6),
    st.lists(
        st.tuples(st.text(alphabet=ALPHABET, min_size=1, max_size=5), st.sampled_from("pws")), min_size=1, max_size=8
    ),
)
def test_the_index_answers_as_the_slow_way_does(
    messages: list[dict[str, list[str]]], said: list[tuple[str, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = indexed(Path(folder) / "work.sqlite", messages)
        for text, kind in said:
            try:
                query = (
                    Query(groups=((literal(text),),))
                    if kind == "p"
                    else parse(f"={text}" if kind == "w" else f"{text}*")
                )
            except UsageError:
                continue
            assert found(path, query) == answers(query, messages), query
