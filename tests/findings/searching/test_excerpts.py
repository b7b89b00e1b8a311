"""What is shown of a hit is what was written, as short as it can be, and there is something to show for every hit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import UsageError
from forensics.findings.searching.excerpts import count, excerpt
from forensics.findings.searching.keys import key_of
from forensics.findings.searching.query import Term, literal, parse
from tests.findings.searching.oracle import stands_in
from tests.findings.searching.test_index import ALPHABET


def term(said: str) -> Term:
    return parse(said).groups[0][0]


@pytest.mark.parametrize(
    ("said", "text", "hit"),
    [
        ("顧客", "新しい顧\n客の名簿", "顧 客"),
        ("コキャク", "ﾘｽﾄ: ｺｷｬｸ", "ｺｷｬｸ"),
        ("が", "か\u3099っこう", "か\u3099"),
        ("invoice", "see ＩＮＶＯＩＣＥＳ", "ＩＮＶＯＩＣＥ"),
        ("=cat", "category, concat, a cat.", "cat"),
        ("cat*", "concatenate category", "cat"),
        ("VPN接続", "その VPN 接続 は", "VPN 接続"),
        ("needle", "hay " * 5_000 + "needle" + " hay" * 5_000, "needle"),
        ('"a b"', "a" + " " * 5_000 + "b", "a b"),
        ("顧客", "顧" + "\u200b" * 3_000 + "客", "顧" + "\u200b" * 3_000 + "客"),
    ],
)
def test_a_hit_is_shown_as_it_was_written(said: str, text: str, hit: str) -> None:
    shown = excerpt(text, term(said), "body", "plain")
    assert shown is not None
    assert shown.hit == hit
    assert len(shown.before) <= 41
    assert len(shown.after) <= 41


def test_a_word_inside_another_is_no_whole_word() -> None:
    shown = excerpt("category, concat, a cat.", term("=cat"), "body", "")
    assert shown is not None
    assert (shown.before, shown.after) == ("category, concat, a ", ".")
    assert excerpt("category, concat", term("=cat"), "body", "") is None


def test_hits_are_counted_in_the_folded_text() -> None:
    assert count("顧客と顧\n客と顧客", term("顧客")) == 3
    assert count("cat category", term("=cat")) == 1


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.text(alphabet=ALPHABET, max_size=60), st.text(alphabet=ALPHABET, min_size=1, max_size=4), st.booleans())
def test_there_is_something_to_show_for_every_hit(text: str, said: str, whole: bool) -> None:
    try:
        wanted = term(f"={said}") if whole else literal(said)
    except UsageError:
        return
    shown = excerpt(text, wanted, "body", "")
    assert (shown is not None) == stands_in(wanted, key_of(text))
    assert (count(text, wanted) > 0) == (shown is not None)
    if shown is not None:
        assert wanted.key in key_of(shown.hit)
