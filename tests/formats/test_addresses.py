"""Address fields: groups, comments, quotes, Japanese names, broken lists, and any bytes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.addresses import _parse_any, _parse_plain, parse_addresses


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b' Taro <taro@x.jp>, "B, C" <b@c>', [("Taro", "taro@x.jp"), ("B, C", "b@c")]),
        (b"d@e (Dee)", [("Dee", "d@e")]),
        (b"Taro (nick (deep, er)) <t@x>", [("Taro", "t@x")]),
        (b"undisclosed-recipients:;", [("undisclosed-recipients", "")]),
        (b"Team: a@b, C <c@d>;, e@f", [("", "a@b"), ("C", "c@d"), ("", "e@f")]),
        (b"a@b; c@d", [("", "a@b"), ("", "c@d")]),
        (b"Yamada, Taro <t@x>", [("Yamada, Taro", "t@x")]),
        (b"Yamada, Taro <taro@x>, Sato, Jiro <j@x>", [("Yamada, Taro", "taro@x"), ("Sato, Jiro", "j@x")]),
        (b"de la Cruz, Juan <j@x>", [("de la Cruz, Juan", "j@x")]),
        ("Öz, Ümit <u@x>".encode(), [("Öz, Ümit", "u@x")]),
        (b"alice, bob <bob@x>", [("alice", ""), ("bob", "bob@x")]),
        (b"alice, bob, carol <c@x>", [("alice", ""), ("bob", ""), ("carol", "c@x")]),
        (b"alice, <bob@x>", [("alice", ""), ("", "bob@x")]),
        (b"Alice, bob <bob@x>", [("Alice", ""), ("bob", "bob@x")]),
        (b"alice, Bob <bob@x>", [("alice", ""), ("Bob", "bob@x")]),
        (b"bob <bob@x>, alice", [("bob", "bob@x"), ("alice", "")]),
        ("田中, 山田 <y@x>".encode(), [("田中", ""), ("山田", "y@x")]),
        (b"root, daemon", [("", "root"), ("", "daemon")]),
        (b'"Taro <taro@x>, bob@y', [('"Taro', "taro@x"), ("", "bob@y")]),
        (b"<@r1,@r2:c@d>", [("", "c@d")]),
        (b"Taro taro@x.jp", [("Taro", "taro@x.jp")]),
        (b"Taro <taro@x.jp", [("Taro", "taro@x.jp")]),
        (b"<a@b> <c@d>", [("", "a@b"), ("", "c@d")]),
        (b"foo @ bar.com", [("", "foo@bar.com")]),
        (b"root", [("", "root")]),
        (b"mailto:foo@bar", [("", "foo@bar")]),
        (b'"quoted local"@e.com', [("", '"quoted local"@e.com')]),
        (b'"joe@evil.com" <real@x>', [("joe@evil.com", "real@x")]),
        (b"a@b\r\n ,\r\n c@d", [("", "a@b"), ("", "c@d")]),
        (b"Sales: team <x@y>", [("Sales: team", "x@y")]),
        (b"=?iso-2022-jp?B?GyRCOzNFRBsoQg==?= <y@x.jp>", [("山田", "y@x.jp")]),
        (b'"=?utf-8?B?5pel5pys?=" <z@x>', [("日本", "z@x")]),
        (b"=?utf-8?Q?Bob_=3Cbob=40x=2Ecom=3E?=", [("Bob", "bob@x.com")]),
        (b"=?utf-8?Q?a,_b?= <y@x>", [("a, b", "y@x")]),
        (b'"\x8e\x52\x93\x63" <s@x>, \x95\x5c <h@x>', [("山田", "s@x"), ("表", "h@x")]),
        (b'"\x95\x5c" <h@x>', [("表", "h@x")]),
        (b"\x1b$BF|K\\\x1b(B <j@x>, k@x", [("日本", "j@x"), ("", "k@x")]),
        ("山田 太郎 <y@x>".encode(), [("山田 太郎", "y@x")]),
        ("山田@例え.jp".encode(), [("", "山田@例え.jp")]),
        (b"bounce-1=user.org@mx.example.com", [("", "bounce-1=user.org@mx.example.com")]),
        (b"unlisted-recipients:; (no To-header on input)", [("unlisted-recipients", "")]),
        (b"<>", [("", "")]),
        (b"", []),
        (b" ,, ; ", []),
    ],
)
def test_address_lists_are_read(raw: bytes, expected: list[tuple[str, str]]) -> None:
    assert [(each.name, each.address) for each in parse_addresses(raw)] == expected


WORDS = [
    "Taro Yamada",
    '"A, B"',
    "a@b.jp",
    "<a@b.jp>",
    "Taro <t@x.jp>",
    '"Q" <q@x.jp>',
    " ",
    ",",
    "x.y",
    "\r\n ",
    "mr. x <m@x>",
]


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_the_quick_way_and_the_thorough_way_agree(words: list[str]) -> None:
    raw = "".join(words).encode()
    quick = _parse_plain(raw)
    assert quick is None or quick == _parse_any(raw)


def test_each_mailbox_keeps_its_bytes() -> None:
    assert [each.raw for each in parse_addresses(b' "A" <a@b>,\r\n c@d')] == [b'"A" <a@b>', b"c@d"]


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(raw: bytes) -> None:
    parse_addresses(raw)


PIECES = [
    b'"',
    b"\\",
    b"<",
    b">",
    b"(",
    b")",
    b",",
    b";",
    b":",
    b"@",
    b"a",
    b" ",
    b"=?utf-8?q?",
    b"?=",
    b"\x1b$B",
    b"\x95",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_address_pieces_is_survived(pieces: list[bytes]) -> None:
    parse_addresses(b"".join(pieces))


@pytest.mark.parametrize("piece", [*PIECES, b'"\\"', b"a@b,", b"a:;", b"a@b ", b'"a" ', b"=?a?b?", b"(x)"])
@pytest.mark.parametrize("before", [b"", b'"', b"a:", b"<", b"a@b "])
def test_hostile_repetition_is_linear(piece: bytes, before: bytes) -> None:
    began = time.process_time()
    parse_addresses(before + piece * (100_000 // len(piece)))
    assert time.process_time() - began < 3
