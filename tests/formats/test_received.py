"""Received fields as real servers write them, and as nobody should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.received import Received, parse_received

_DATE = b"Mon, 1 Jun 2026 10:03:15 +0900"

_SHAPES: dict[str, tuple[bytes, Received]] = {
    "Postfix": (
        b" from mail.example.co.jp (mail.example.co.jp [192.0.2.10])\r\n\t(using TLSv1.3 with cipher X (256/256 bits))"
        b"\r\n\tby mx.example.com (Postfix) with ESMTPS id 4ABCDE1234\r\n\tfor <suzuki@example.com>; "
        + _DATE
        + b" (JST)",
        Received(
            handed_from="mail.example.co.jp",
            by="mx.example.com",
            protocol="ESMTPS",
            queue_id="4ABCDE1234",
            recipient="suzuki@example.com",
            date=_DATE + b" (JST)",
        ),
    ),
    "Postfix, a letter of its own": (
        b" by mx.example.com (Postfix, from userid 1000) id 9F8E7D; " + _DATE,
        Received(by="mx.example.com", queue_id="9F8E7D", date=_DATE),
    ),
    "Exchange": (
        b" from TY1PR01.example.com (2603:1096:400::1) by TY2PR01.example.com (2603:1096:404::2)"
        b" with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE) id 15.20.7611.14 via Frontend Transport; "
        + _DATE,
        Received(
            handed_from="TY1PR01.example.com",
            by="TY2PR01.example.com",
            protocol="Microsoft",
            queue_id="15.20.7611.14",
            date=_DATE,
        ),
    ),
    "Gmail": (
        b" by 2002:a05:6a10:1234:b0:2ab:cd12:3456 with SMTP id ab12csp123456lqp;\r\n  Mon, 1 Jun 2026 -0700 (PDT)",
        Received(
            by="2002:a05:6a10:1234:b0:2ab:cd12:3456",
            protocol="SMTP",
            queue_id="ab12csp123456lqp",
            date=b"Mon, 1 Jun 2026 -0700 (PDT)",
        ),
    ),
    "qmail from the network": (
        b" from unknown (HELO pc01) (sato@198.51.100.7)\n  by mail.example.co.jp with SMTP; 1 Jun 2026 01:03:12 -0000",
        Received(handed_from="unknown", by="mail.example.co.jp", protocol="SMTP", date=b"1 Jun 2026 01:03:12 -0000"),
    ),
    "qmail on its own": (
        b" (qmail 4242 invoked by uid 501); 1 Jun 2026 01:03:12 -0000",
        Received(date=b"1 Jun 2026 01:03:12 -0000"),
    ),
    "sendmail": (
        b" from localhost (IDENT:root@localhost [127.0.0.1]) by a.example.jp (8.9.3/3.7W) with ESMTP id KAA01; "
        + _DATE,
        Received(handed_from="localhost", by="a.example.jp", protocol="ESMTP", queue_id="KAA01", date=_DATE),
    ),
    "Exim": (
        b" from [192.0.2.7] (helo=pc01)\n\tby mx.example.org with esmtpsa (TLS1.3) (Exim 4.96)\n"
        b"\t(envelope-from <a@example.org>)\n\tid 1tABCD-0001\n\tfor b@example.org;\n\t" + _DATE,
        Received(
            handed_from="[192.0.2.7]",
            by="mx.example.org",
            protocol="esmtpsa",
            queue_id="1tABCD-0001",
            recipient="b@example.org",
            date=_DATE,
        ),
    ),
    "nested comments with semicolons": (
        b" from a (one (two; three) four; from x by y) by b (c (d (e))); " + _DATE,
        Received(handed_from="a", by="b", date=_DATE),
    ),
    "an escaped bracket in a comment": (
        b" from a (it says \\) here; by nobody) by b; " + _DATE,
        Received(handed_from="a", by="b", date=_DATE),
    ),
    "a comment that never closes": (
        b" from a (unclosed by b with SMTP id 7; " + _DATE,
        Received(handed_from="a", date=_DATE),
    ),
    "a bracket too many": (
        b" from a) by b) id c; " + _DATE,
        Received(handed_from="a)", by="b)", queue_id="c", date=_DATE),
    ),
    "no date": (b" from a by b", Received(handed_from="a", by="b")),
    "keywords in capitals, twice": (b" FROM a BY b FROM c BY d; x", Received(handed_from="a", by="b", date=b"x")),
    "nothing": (b"", Received()),
}


@pytest.mark.parametrize("shape", _SHAPES)
def test_the_clauses_of_a_hop_are_told_apart(shape: str) -> None:
    raw, expected = _SHAPES[shape]
    assert parse_received(raw) == expected


@given(st.binary(max_size=400))
def test_any_bytes_give_a_hop(raw: bytes) -> None:
    parse_received(raw)


@given(st.lists(st.sampled_from([b"(", b"\\)", b";", b" by a", b" from b", b"\r\n ", b"x"])))
def test_what_brackets_hide_is_never_a_clause(pieces: list[bytes]) -> None:
    inside = b"".join(pieces)
    found = parse_received(b"(" + inside + b")" * (inside.count(b"(") + 1) + b"; x")
    assert found == Received(date=b"x")


def test_a_very_long_field_takes_no_time_and_keeps_its_date() -> None:
    found = parse_received(b" from a by b " + b"(" * 500_000 + b")" * 500_000 + b"; " + _DATE)
    assert (found.handed_from, found.by, found.date) == ("a", "b", _DATE)
