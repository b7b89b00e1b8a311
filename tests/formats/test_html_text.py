"""The text of HTML bodies: what a reader sees, and no page that takes long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.html_text import to_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("<b>bo</b>ld", "bold"),
        ("1&nbsp;&lt;&nbsp;2 &amp;amp; &#x65e5;", "1 < 2 &amp; 日"),
        ("<head><title>no</title></head>yes", "yes"),
        ("a<style>p{content:'<p>'}</style>b<script>if (1<2) x('</p>')</script >c", "abc"),
        ("a<!-- <p>no</p> -->b", "ab"),
        ("a<!DOCTYPE html>b<?xml x?>c", "abc"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "ab\nc"),
        ("a\r\n  \t b", "a\nb"),
        ("text<p", "text"),
        ("text<!-- never closed", "text"),
        ("a<script>never closed", "a"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_blocks_become_lines_and_the_rest_is_text(source: str, text: str) -> None:
    assert to_text(source) == text


@given(
    st.lists(st.sampled_from(["<", ">", "<p>", "</p>", "<!--", "-->", "<script>", "</script>", "&lt;", "a", "\n", "/"]))
)
def test_any_page_has_a_text_without_blank_lines(pieces: list[str]) -> None:
    found = to_text("".join(pieces))
    assert "\n\n" not in found
    assert found == found.strip()


@pytest.mark.parametrize("piece", ["<", "<p", "<script>", "<!--", "</script", "<style></styl", "&", "\n ", "<a "])
def test_a_million_of_anything_is_read_at_once(piece: str) -> None:
    # A quadratic reader would need hours for this, so the test needs no clock: it would not end.
    to_text(piece * 300_000)
