"""Transfer encodings: what readers drop is kept, what is bad is named."""

from __future__ import annotations

import time
from base64 import encodebytes
from binascii import b2a_uu

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.mime import parse
from forensics.formats.transfer import Content, content, uuencoded


def decoded(encoding: bytes, body: bytes) -> Content:
    raw = b"Content-Transfer-Encoding: " + encoding + b"\n\n" + body
    found = content(raw, parse(raw).root)
    assert all(0 <= defect.start <= defect.end <= len(raw) for defect in found.defects)
    return found


def whats(found: Content) -> list[str]:
    return [defect.what for defect in found.defects]


def uu(data: bytes) -> bytes:
    lines = b"".join(b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    return b"begin 644 a b.bin\n" + lines + b"`\nend\n"


@given(st.binary(max_size=500))
def test_base64_and_uuencode_come_back(data: bytes) -> None:
    assert decoded(b"base64", encodebytes(data)) == Content(data=data)
    assert decoded(b"Base64 (x)", encodebytes(data).replace(b"\n", b"\r\n")) == Content(data=data)
    assert decoded(b"x-uuencode", uu(data)) == Content(data=data)


def test_bytes_behind_the_padding_are_returned_as_hidden() -> None:
    found = decoded(b"base64", b"QQ==\nU0VDUkVU\n")
    assert (found.data, found.hidden) == (b"A", b"SECRET")
    assert whats(found) == ["data behind the base64 padding"]


def test_text_behind_the_padding_is_returned_as_it_stands() -> None:
    found = decoded(b"base64", b"QQ==\n_____\nmailing list footer\n")
    assert (found.data, found.hidden) == (b"A", b"_____\nmailing list footer\n")


@pytest.mark.parametrize(
    ("body", "data", "what"),
    [
        (b"QU!!JD", b"ABC", ["not base64"]),
        (b"QUJDQQ", b"ABCA", []),
        (b"QUJDQ", b"ABC", ["base64 ends inside a group"]),
        (b"", b"", []),
        (b"=QUJD", b"", ["data behind the base64 padding"]),
    ],
)
def test_damaged_base64_gives_what_it_holds(body: bytes, data: bytes, what: list[str]) -> None:
    found = decoded(b"base64", body)
    assert (found.data, whats(found)) == (data, what)


def test_quoted_printable_keeps_bad_escapes_and_names_them() -> None:
    found = decoded(b"quoted-printable", b"a=E3=81=82=\nb=zz c=\r\n")
    assert found.data == b"a\xe3\x81\x82b=zz c"
    assert whats(found) == ["not quoted-printable"]


@pytest.mark.parametrize("encoding", [b"7bit", b"8bit", b"binary", b"8BIT (comment)"])
def test_plain_encodings_change_nothing(encoding: bytes) -> None:
    assert decoded(encoding, b"a\r\n\xff") == Content(data=b"a\r\n\xff")


def test_an_unknown_encoding_is_named_and_the_bytes_are_given() -> None:
    found = decoded(b"x-secret", b"abc")
    assert (found.data, whats(found)) == (b"abc", ["unknown transfer encoding"])


def test_uuencoded_files_inside_a_text_are_found() -> None:
    text = b"Hello\r\n" + uu(b"one" * 40) + b"between\nbegin 644 of the story\nno file\n" + uu(b"two")
    found = uuencoded(text)
    assert [(file.name, file.data) for file in found] == [(b"a b.bin", b"one" * 40), (b"a b.bin", b"two")]
    assert text[found[0].end :].startswith(b"between")


def test_uuencode_without_its_end_is_named() -> None:
    found = decoded(b"x-uuencode", uu(b"data")[:-4])
    assert (found.data, whats(found)) == (b"data", ["uuencode without its end line"])


@given(st.binary(max_size=200), st.sampled_from([b"base64", b"quoted-printable", b"x-uuencode", b"x"]))
def test_any_bytes_are_survived(body: bytes, encoding: bytes) -> None:
    decoded(encoding, body)
    uuencoded(body)


@pytest.mark.parametrize("encoding", [b"base64", b"quoted-printable", b"x-uuencode"])
@pytest.mark.parametrize(
    "piece", [b"=", b"= ", b"=\n", b"!", b"A=", b"A", b"begin 644 x\n", b"\n", b"`\n", b"=" + b" " * 79]
)
def test_hostile_repetition_is_linear(encoding: bytes, piece: bytes) -> None:
    began = time.process_time()
    body = piece * (1_000_000 // len(piece))
    decoded(encoding, body)
    uuencoded(body)
    assert time.process_time() - began < 4
