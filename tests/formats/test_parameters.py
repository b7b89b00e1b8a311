"""Structured fields: parameters in every written form, and every name of an attachment kept."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.parameters import filenames, parameters


def named(disposition: bytes, content_type: bytes = b"") -> list[tuple[str, str]]:
    return [(name.source, name.text) for name in filenames(disposition, content_type)]


def test_the_value_is_lower_case_and_parameters_keep_their_order() -> None:
    found = parameters(b' Text/Plain (x); charset="utf-8" (c); format=flowed; Boundary = "a;b\\"c"')
    assert found.value == "text/plain"
    assert [(each.name, each.raw) for each in found.all] == [
        ("charset", b"utf-8"),
        ("format", b"flowed"),
        ("boundary", b'a;b"c'),
    ]
    assert parameters(b"text/plain; charset=us-ascii (Plain text)").token("charset") == "us-ascii"


@pytest.mark.parametrize(
    ("disposition", "names"),
    [
        (b"attachment; filename*=utf-8''%E6%97%A5.txt", [("filename*", "日.txt")]),
        (b"attachment; filename*=shift_jis''%87%40%95%5C.txt", [("filename*", "①表.txt")]),
        (b"attachment; filename*=iso-2022-jp'ja'%1B$BF%7CK%5C%1B(B.txt", [("filename*", "日本.txt")]),
        (b"a; filename*0*=utf-8''%E6%97; filename*1*=%A5; filename*2=\".pdf\"", [("filename*", "日.pdf")]),
        (b"a; filename*1=b; filename*0=a", [("filename*", "ab")]),
        (b'a; filename="=?utf-8?B?5pel5pys?=.pdf"', [("filename", "日本.pdf")]),
        (b"a; filename==?utf-8?B?5pel5pys?=.pdf; size=3", [("filename", "日本.pdf")]),
        (b'a; filename="=?Shift_JIS?B?lVw=?=\r\n =?Shift_JIS?B?lVw=?="', [("filename", "表表")]),
        (b'a; filename="\x95\x5c.xls"', [("filename", "表.xls")]),
        (b'a; filename="\x95\x5c"; size=1', [("filename", "表")]),
        (b"a; filename=\x95\x5c.xls", [("filename", "表.xls")]),
        (b'a; filename="\x1b$BF|K\\\x1b(B.txt"', [("filename", "日本.txt")]),
        ('a; filename="あ\\".txt"; a=b'.encode(), [("filename", 'あ".txt')]),
        (b'a; filename="no end.txt', [("filename", "no end.txt")]),
        (b"a; filename=two words.txt", [("filename", "two words.txt")]),
        (b'a; filename="../../x\xe2\x80\xaegpj.exe"', [("filename", "../../x\u202egpj.exe")]),
        (b'a; filename="C:\\\\dir\\\\x.txt"', [("filename", "C:\\dir\\x.txt")]),
        (b"filename=only.txt", [("filename", "only.txt")]),
        (b"a; size=3", []),
        (b"", []),
    ],
)
def test_every_way_to_write_a_file_name_is_read(disposition: bytes, names: list[tuple[str, str]]) -> None:
    assert named(disposition) == names


def test_two_different_names_are_both_kept() -> None:
    both = b"attachment; filename=\"invoice.pdf\"; filename*=utf-8''evil.exe; filename=third.txt"
    assert named(both, b"application/pdf; name=fourth.doc; name*=utf-8''fifth.js") == [
        ("filename", "invoice.pdf"),
        ("filename", "third.txt"),
        ("filename*", "evil.exe"),
        ("name", "fourth.doc"),
        ("name*", "fifth.js"),
    ]


def test_the_stored_bytes_of_a_name_are_kept() -> None:
    (name,) = filenames(b'a; filename="\x95\x5c"', b"")
    assert (name.raw, name.charset, name.bad) == (b'"\x95\x5c"', "cp932", False)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_any_bytes_are_survived(disposition: bytes, content_type: bytes) -> None:
    filenames(disposition, content_type)
    parameters(disposition).token("charset")


PIECES = [
    b";",
    b"=",
    b'"',
    b"\\",
    b"filename",
    b"*",
    b"*0",
    b"*1*",
    b"'",
    b"%41",
    b"(",
    b")",
    b" ",
    b"\x95\x5c",
    b"a/b",
    b"\x1b$B",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_parameter_pieces_is_survived(pieces: list[bytes]) -> None:
    filenames(b"".join(pieces), b"".join(pieces))


@pytest.mark.parametrize("piece", [*PIECES, b';a="\\"', b';a="', b";filename*1=x", b'"\\'])
@pytest.mark.parametrize("before", [b'a/b; filename="', b"", b"a/b\xff;x=", b"a/b;filename*1="])
def test_hostile_repetition_is_linear(piece: bytes, before: bytes) -> None:
    began = time.process_time()
    filenames(before + piece * (300_000 // len(piece)), b"")
    assert time.process_time() - began < 3
