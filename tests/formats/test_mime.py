"""The MIME tree: spans, defaults, damaged and hostile structures, caps, and any bytes."""

from __future__ import annotations

import mmap
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.mime import Entity, Limits, parse

TWO_PARTS = (
    b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
    b"--b\r\nContent-Type: Text/Html; charset=x-sjis\r\n\r\n<p>\r\n"
    b"--b \r\nContent-Disposition: attachment; filename=a.txt\r\nContent-Transfer-Encoding: BASE64\r\n"
    b"Content-ID: <id@x>\r\n\r\nQUJD\r\n--b--\r\nepilogue"
)


def outline(entity: Entity) -> list[tuple[str, str]]:
    return [(part.path, part.content_type) for part in entity.parts]


def whats(entity: Entity) -> list[str]:
    return [defect.what for defect in entity.defects]


def nested(depth: int) -> bytes:
    """Multiparts inside each other, each with its own boundary, and one text in the middle."""
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return opened + b"\ntext\n" + b"".join(b"--b%d--\n" % n for n in reversed(range(depth)))


def test_parts_have_paths_spans_and_fields() -> None:
    entity = parse(TWO_PARTS)
    root, html, attached = entity.parts
    assert outline(entity) == [("", "multipart/mixed"), ("1", "text/html"), ("2", "text/plain")]
    assert (root.children, html.parent, root.parent) == (("1", "2"), "", None)
    assert TWO_PARTS[html.body_start : html.end] == b"<p>"
    assert TWO_PARTS[attached.body_start : attached.end] == b"QUJD"
    assert (html.charset, attached.encoding, attached.content_id) == ("x-sjis", "base64", "id@x")
    assert (attached.disposition, [name.text for name in attached.filenames]) == ("attachment", ["a.txt"])
    assert root.preamble is not None
    assert root.epilogue is not None
    assert TWO_PARTS[slice(*root.preamble)] == b"preamble\r\n"
    assert TWO_PARTS[slice(*root.epilogue)] == b"epilogue"
    assert whats(entity) == ["data behind the closing boundary"]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_every_line_end_gives_the_same_tree(end: bytes) -> None:
    entity = parse(TWO_PARTS.replace(b"\r\n", end))
    assert outline(entity) == [("", "multipart/mixed"), ("1", "text/html"), ("2", "text/plain")]


def test_a_simple_message_is_part_one() -> None:
    entity = parse(b"Subject: x\n\nbody")
    assert outline(entity) == [("1", "text/plain")]
    assert (entity.root.body_start, entity.root.end) == (12, 16)


def test_spans_are_absolute_and_every_kind_of_buffer_will_do(tmp_path: Path) -> None:
    raw = b"before" + TWO_PARTS + b"\nafter"
    (tmp_path / "m").write_bytes(raw)
    with (tmp_path / "m").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        trees = [parse(buffer, 6, len(raw) - 6) for buffer in (raw, memoryview(raw), mapped)]
    assert trees[0] == trees[1] == trees[2]
    assert raw[trees[0].parts[2].body_start : trees[0].parts[2].end] == b"QUJD"


def test_children_of_a_digest_are_messages_and_messages_are_leaves() -> None:
    raw = b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: inner\n\nbody\n--b--\n"
    entity = parse(raw)
    assert outline(entity) == [("", "multipart/digest"), ("1", "message/rfc822")]
    inner = entity.leaves[0]
    assert raw[inner.body_start : inner.end] == b"Subject: inner\n\nbody"


def test_a_longer_line_with_the_same_beginning_is_no_delimiter() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--bb\n--b-\nx--b\n--b--\n"
    (part,) = parse(raw).leaves
    assert raw[part.body_start : part.end] == b"one\n--bb\n--b-\nx--b"


def test_a_boundary_that_an_outer_part_uses_too_belongs_to_the_outer_part() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\n\ntext\n--b--\n--b--\n"
    )
    entity = parse(raw)
    assert outline(entity) == [("", "multipart/mixed"), ("1", "multipart/mixed"), ("2", "text/plain")]
    assert whats(entity) == ["parts behind the closing boundary", "multipart without its boundary line"]
    assert entity.parts[1].opaque


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n", "no closing boundary"),
        (b"Content-Type: multipart/mixed; boundary=b\n\nno lines", "multipart without its boundary line"),
        (b"Content-Type: multipart/mixed\n\n--b\n\none\n--b--", "multipart without a boundary"),
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n--b--\n--b\n\n2\n--b--",
            "parts behind the closing boundary",
        ),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\none\n--b--", "boundary lines with nothing between"),
        (b"Content-Type: text\n\n", "content type that is none"),
        (b"Content-Type: text/plain\nContent-Type: text/html\n\n", "repeated Content-Type field"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b--\n", "closing boundary without a part"),
    ],
)
def test_a_broken_structure_is_named(raw: bytes, what: str) -> None:
    assert what in whats(parse(raw))


def test_a_tree_that_is_too_deep_ends_in_one_opaque_part() -> None:
    entity = parse(nested(150))
    assert entity.parts[-1].path == ".".join(["1"] * 100)
    assert entity.parts[-1].opaque
    assert "nested too deeply" in whats(entity)
    assert parse(nested(100)).parts[-1].content_type == "text/plain"


def test_a_tree_that_is_too_wide_ends_in_one_opaque_part_that_holds_the_rest() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 20 + b"--b--\n"
    entity = parse(raw, limits=Limits(parts=10))
    assert len(entity.parts) == 10
    assert (entity.parts[-1].opaque, entity.parts[-1].end) == (True, len(raw))
    assert "too many parts" in whats(entity)


def test_a_megabyte_deep_nest_is_walked_without_recursion_and_quickly() -> None:
    began = time.process_time()
    parse(nested(20_000))
    parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 200_000)
    parse(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b " * 200_000)
    assert time.process_time() - began < 5


def test_a_large_attachment_costs_milliseconds() -> None:
    raw = TWO_PARTS.replace(b"QUJD", b"QUJD" * 18 + b"\r\n").replace(b"\r\nepilogue", b"")
    raw = raw.replace(b"QUJD\r\n", b"QUJD\r\n" + (b"QUJD" * 18 + b"\r\n") * 140_000)
    began = time.process_time()
    assert len(parse(raw).parts) == 3
    assert time.process_time() - began < 0.5


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(raw: bytes) -> None:
    check(raw)


PIECES = [b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: multipart/digest; boundary=c", b"\r\n", b"\n"]
PIECES += [b"--b", b"--c", b"--", b"text", b"\0", b"\r", b"Content-Type: message/rfc822", b"\n\n", b"--b\n", b"--b--\n"]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_structure_is_survived(pieces: list[bytes]) -> None:
    check(b"".join(pieces))


def check(raw: bytes) -> None:
    """Parts lie inside their parents, side by side, and between them stand only delimiter lines."""
    entity = parse(raw)
    by_path = {part.path: part for part in entity.parts}
    assert len(by_path) == len(entity.parts)
    for part in entity.parts:
        assert 0 <= part.start <= part.body_start <= part.end <= len(raw)
        children = [by_path[path] for path in part.children]
        assert all(part.body_start <= child.start <= child.end <= part.end for child in children)
        assert all(left.end < right.start for left, right in pairwise(children))
