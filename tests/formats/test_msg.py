"""MSG files: our reader beside extract-msg on real files, and on forged ones."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import random
import re
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import FormatError
from forensics.formats.mapi import (
    AttachedThing,
    Data,
    Item,
    NamedId,
    bodies,
    item_class,
    recipients,
    sender,
    subject,
    tags,
    times,
)
from forensics.formats.msg import DEPTH_CAP, read_msg
from tests.corpus import CORPUS, corpus, needs_corpus
from tests.formats.compound_builder import Tree, compound_file, message

_NO_COMPOUND_FILES = {
    "gmail.msg", "multipart-no-end-boundary.msg", "related.msg", "rfc8463-example.msg", "simple.msg", "xamarin3.msg",
}  # fmt: skip
"""Mail in plain text whose name ends in .msg."""

_ORACLE_DIFFERS = {
    "clusterfuzz-testcase-minimized-POIHSMFFuzzer-4735011465854976.msg": "forged: entries link back to the root",
    "clusterfuzz-testcase-minimized-POIHSMFFuzzer-5336473854148608.msg": "forged: entries link back to the root",
    "unknown_properties.msg": "forged: streams that lie outside the file",
}
_ORACLE_UNWRAPS = {"logsat.com_signatures_valid.msg": "S/MIME: the oracle shows the signed text without its signature"}


def _files() -> list[Path]:
    return sorted(corpus().glob("msg/**/*.msg")) if CORPUS else []


def _read(path: Path) -> Item:
    return read_msg(io.BytesIO(path.read_bytes()))


def _joined(data: Data | None) -> bytes:
    assert data is not None
    return b"".join(data.chunks())


def _digest(thing: AttachedThing) -> str:
    return "not bytes" if thing.data is None else hashlib.sha256(_joined(thing.data)).hexdigest()


@pytest.fixture(scope="module")
def oracle() -> dict[str, dict[str, object]]:
    """What extract-msg says of every file of the corpus, by path."""
    if find_spec("extract_msg") is None:
        pytest.skip("extract-msg is not installed: install the extra second-opinion to run this test")
    command = [sys.executable, str(Path(__file__).with_name("msg_oracle.py")), *map(str, _files())]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=300)
    return {one["path"]: one for one in map(json.loads, done.stdout.splitlines())}


@needs_corpus
@pytest.mark.parametrize("path", _files(), ids=lambda path: path.name)
def test_a_real_file_says_the_same_to_us_as_to_extract_msg(path: Path, oracle: dict[str, dict[str, object]]) -> None:
    said = oracle[str(path)]
    if path.name in _NO_COMPOUND_FILES:
        with pytest.raises(FormatError):
            _read(path)
        return
    item = _read(path)
    if path.name in _ORACLE_DIFFERS:
        return
    assert "error" not in said
    assert len(item.recipients) == said["recipients"]
    ours = sorted(_digest(one) for one in item.attachments)
    assert ours == said["attachments"] or path.name in _ORACLE_UNWRAPS
    for key, text in ((tags.PR_SUBJECT, "subject"), (tags.PR_SENDER_NAME, "sender"), (tags.PR_BODY, "body")):
        held = item.properties.find(key)
        theirs = str(said[text]).rstrip("\0")
        if held is not None and held.type == tags.PTYP_STRING8 and not held.raw.isascii():
            # extract-msg reads 8-bit text as Latin where the file has no code page for it; the bytes are the same.
            same_text = item.properties.text(key) == theirs
            assert same_text or held.raw.rstrip(b"\0") == theirs.encode(_latin(theirs))
        else:
            assert (item.properties.text(key) or "") == theirs


def _latin(text: str) -> str:
    for name in ("iso-8859-1", "iso-8859-15", "cp1252"):
        try:
            text.encode(name)
        except UnicodeEncodeError:
            continue
        return name
    return "utf-8"


@needs_corpus
def test_text_in_japanese_code_pages_is_read_as_japanese() -> None:
    by_name = {path.name: path for path in _files()}
    assert subject(_read(by_name["nonUnicodeCP932.msg"])) == "日本語 Non Unicode タイトル"
    assert subject(_read(by_name["contactAnsi.msg"])) == "コム ドット イグザンプル 殿"
    html = next(body for body in bodies(_read(by_name["nonUnicodeCP932.msg"])) if body.kind == "html")
    assert html.derived
    assert ">本文<" in html.text()


@needs_corpus
def test_what_only_the_rtf_of_real_files_carries_is_taken_out_and_every_checksum_holds() -> None:
    kinds = {"html": 0, "plain": 0}
    for path in _files():
        if path.name in _NO_COMPOUND_FILES:
            continue
        for body in bodies(_read(path)):
            assert not body.problems, path.name
            if body.derived:
                kinds[body.kind] += 1
                assert body.kind == "plain" or "<" in body.text() or path.name == "unknown_properties.msg"
    assert kinds["html"] > 50


def _party(name: str, address: str, kind: int) -> Tree:
    return message(
        {tags.PR_DISPLAY_NAME: name, tags.PR_SMTP_ADDRESS: address},
        {tags.PR_RECIPIENT_TYPE << 16 | 3: struct.pack("<i", kind)},
        header=8,
    )


def _attached(number: int, name: str, content: bytes | Tree, method: int) -> dict[str, bytes | Tree]:
    kind = 0x102 if isinstance(content, bytes) else 0x0D
    part = message(
        {tags.PR_ATTACH_LONG_FILENAME: name} if name else {},
        {tags.PR_ATTACH_METHOD << 16 | 3: struct.pack("<i", method)},
        header=8,
        more={f"__substg1.0_3701{kind:04X}": content},
    )
    return {f"__attach_version1.0_#{number:08X}": part}


def _item(tree: Tree) -> Item:
    return read_msg(io.BytesIO(compound_file(tree)))


def test_every_part_of_a_built_message_comes_back() -> None:
    ticks = 133_000_000_000_000_007
    big = random.Random(1).randbytes(20_000)
    item = _item(
        message(
            {tags.PR_MESSAGE_CLASS: "IPM.Note", tags.PR_SUBJECT: "\x01\x05RE: 見積", tags.PR_SENDER_NAME: "佐藤"},
            {tags.PR_CLIENT_SUBMIT_TIME << 16 | 0x40: struct.pack("<Q", ticks)},
            more={
                "__recip_version1.0_#00000000": _party("a", "a@example.jp", 1),
                "__recip_version1.0_#00000001": _party("hidden", "b@example.jp", 3),
                **_attached(0, "", b"no name", 1),
                **_attached(1, "大.bin", big, 1),
                **_attached(2, "inner", message({tags.PR_SUBJECT: "inside"}, header=24), 5),
                **_attached(3, "object", {"CONTENTS": b"ole", "sub": {"x": b"y"}}, 6),
                **_attached(4, "gone", b"", 1),
            },
        )
    )
    assert (item_class(item), subject(item), sender(item).name) == ("IPM.Note", "RE: 見積", "佐藤")
    assert [(one.kind, one.smtp) for one in recipients(item)] == [("to", "a@example.jp"), ("bcc", "b@example.jp")]
    nameless, large, inner, ole, gone = item.attachments
    assert (nameless.name, _joined(nameless.data)) == ("", b"no name")
    assert (large.name, _joined(large.data)) == ("大.bin", big)
    assert inner.embedded is not None
    assert subject(inner.embedded) == "inside"
    assert {path: _joined(data) for path, data in ole.streams} == {"CONTENTS": b"ole", "sub/x": b"y"}
    assert _joined(gone.data) == b""
    assert [(one.meaning, one.says, one.ticks) for one in times(item)] == [
        ("submitted", "PR_CLIENT_SUBMIT_TIME", ticks)
    ]
    assert item.problems == ()


def test_messages_within_messages_are_opened_twenty_deep_and_the_next_is_stated_as_lost() -> None:
    tree: Tree = message({tags.PR_SUBJECT: "innermost"}, header=24)
    for _ in range(DEPTH_CAP + 5):
        tree = message({}, header=24, more=_attached(0, "m", tree, 5))
    item = _item(message({}, more=_attached(0, "m", tree, 5)))
    depth = 0
    while item.attachments[0].embedded is not None:
        item, depth = item.attachments[0].embedded, depth + 1
    assert depth == DEPTH_CAP - 1
    assert "20 messages deep" in item.attachments[0].lost


def test_two_thousand_siblings_in_one_chain_are_all_read() -> None:
    parts = {f"__recip_version1.0_#{at:08X}": _party(str(at), f"{at}@example.jp", 1) for at in range(2000)}
    assert [one.name for one in recipients(_item(message({}, more=parts)))] == [str(at) for at in range(2000)]


def test_a_named_property_is_found_by_its_set_and_its_number_or_name() -> None:
    own = UUID("00062008-0000-0000-c000-000000000046")
    text = "My-Header".encode("utf-16-le")
    names: Tree = {
        "__substg1.0_00020102": own.bytes_le,
        "__substg1.0_00030102": struct.pack("<IHHIHH", 0x8503, 3 << 1, 0, 0, 2 << 1 | 1, 1),
        "__substg1.0_00040102": struct.pack("<I", len(text)) + text,
    }
    tree = message({0x8001: "value"}, {0x8000_000B: b"\1"}, more={"__nameid_version1.0": names})
    bag = _item(tree).properties
    assert bag.boolean(NamedId(guid=own, number=0x8503)) is True
    assert bag.text(NamedId(guid=tags.PS_PUBLIC_STRINGS, name="My-Header")) == "value"
    found = bag.named(own, 0x8503)
    assert found is not None
    assert found.id == 0x8000


def test_multi_valued_properties_keep_their_values_and_state_the_missing_ones() -> None:
    lengths = struct.pack("<III", 4, 4, 4)
    listed = bytes(32) + struct.pack("<IIII", 0x1234_101F, 6, 12, 0) + struct.pack("<IIII", 0x1235_1003, 6, 8, 0)
    item = _item(
        {
            "__properties_version1.0": listed,
            "__substg1.0_1234101F": lengths,
            "__substg1.0_1234101F-00000000": "a".encode("utf-16-le"),
            "__substg1.0_1234101F-00000001": "b".encode("utf-16-le"),
            "__substg1.0_12351003": struct.pack("<ii", 7, -1),
        }
    )
    assert item.properties.texts(0x1234) == ("a", "b")
    assert item.properties.integers(0x1235) == (7, -1)
    assert [one.lost for one in item.problems] == ["1 of 3 values"]


def test_a_stream_whose_sectors_end_early_costs_only_itself() -> None:
    tree = message({tags.PR_SUBJECT: "kept", tags.PR_BODY: "x" * 4000})
    raw = bytearray(compound_file(tree))
    at = raw.index("__substg1.0_1000001F".encode("utf-16-le"))
    assert struct.unpack_from("<I", raw, at + 120)[0] == 8000
    struct.pack_into("<I", raw, at + 116, 0x00FFFFFF)
    item = read_msg(io.BytesIO(raw))
    assert subject(item) == "kept"
    assert [(one.what, one.lost) for one in item.problems] == [("item __substg1.0_1000001F", "the rest of the value")]


@pytest.mark.parametrize("raw", [b"", b"From: a\n", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)], ids=len)
def test_what_is_no_item_is_refused_with_a_format_error(raw: bytes) -> None:
    with pytest.raises(FormatError):
        read_msg(io.BytesIO(raw))


def _with_body_last() -> bytes:
    """A message file whose body stands behind all else, so that a cut takes nothing but the body."""
    raw = bytearray(compound_file(message({tags.PR_SUBJECT: "kept", tags.PR_BODY: "x" * 4000})))
    first, (table,) = len(raw) // 512 - 1, struct.unpack_from("<I", raw, 76)
    for at in range(16):
        struct.pack_into("<I", raw, (table + 1) * 512 + (first + at) * 4, first + at + 1 if at < 15 else 0xFFFFFFFE)
    struct.pack_into("<I", raw, raw.index("__substg1.0_1000001F".encode("utf-16-le")) + 116, first)
    return bytes(raw + ("x" * 4000).encode("utf-16-le").ljust(16 * 512, b"\0"))


@pytest.mark.parametrize("size", [100, 512, 1000])
def test_a_file_that_is_cut_before_its_tables_says_how_much_is_missing(size: int) -> None:
    whole = _with_body_last()
    with pytest.raises(FormatError) as refused:
        read_msg(io.BytesIO(whole[:size]))
    assert "the file is cut short: " in refused.value.what
    assert re.search(rf"ends (at|after) (byte )?{size}\b", refused.value.what)
    assert re.search(r"at least \d+ bytes are missing|of the 512 bytes of its header", refused.value.what)


@pytest.mark.parametrize("missing", [600, 1024, 5000])
def test_a_stream_that_is_cut_names_its_sector_and_how_many_bytes_are_missing(missing: int) -> None:
    whole = _with_body_last()
    size = len(whole) - missing
    item = read_msg(io.BytesIO(whole[:size]))
    assert subject(item) == "kept"
    file, stream = item.problems
    assert file.what == "the file"
    assert f"so that at least {missing} bytes are missing" in file.cause
    # The last sector of the body is full but for 192 bytes.
    said = f"{missing - 192} of the 8000 bytes of the stream __substg1.0_1000001F are missing, from byte "
    assert stream.cause.startswith(said + f"{8192 - missing} on: its sector ")
    assert stream.cause.endswith(f", but the file ends at byte {size}")


def test_a_file_that_lacks_only_the_rest_of_its_last_sector_lacks_nothing() -> None:
    assert read_msg(io.BytesIO(_with_body_last()[:-192])).problems == ()


@needs_corpus
def test_a_real_file_that_is_cut_in_the_middle_says_so_of_file_directory_and_stream() -> None:
    raw = (corpus() / "msg/apache+poi/test-data/hsmf/msgClassAppointment.msg").read_bytes()
    item = read_msg(io.BytesIO(raw[: len(raw) // 2]))
    said = [(one.what, one.cause) for one in item.problems]
    assert said[0][1].endswith("the file ends at byte 15104, so that at least 15104 bytes are missing")
    assert said[1][0] == "the directory of the file"
    assert "begins at byte" in said[1][1]
    assert any(cause.startswith("36 of the 36 bytes of the stream __substg1.0_3FFA001F") for _, cause in said)


def test_a_compound_file_without_an_item_is_refused() -> None:
    with pytest.raises(FormatError, match="no Outlook item"):
        _item({"WordDocument": b"x"})


def _everything(item: Item) -> None:
    """Ask an item for all that it has."""
    subject(item), sender(item), recipients(item), times(item), bodies(item)
    for thing in item.attachments:
        for data in (thing.data, *(data for _, data in thing.streams)):
            with contextlib.suppress(FormatError):
                sum(map(len, data.chunks()) if data is not None else ())
        if thing.embedded is not None:
            _everything(thing.embedded)


_SEED = compound_file(
    message(
        {tags.PR_SUBJECT: "s", tags.PR_BODY: "b" * 3000},
        more={"__recip_version1.0_#00000000": _party("a", "a@b", 1), **_attached(0, "n", message({}, header=24), 5)},
    )
)


@given(st.lists(st.tuples(st.integers(0, len(_SEED) - 1), st.integers(0, 255)), min_size=1, max_size=12))
def test_changed_bytes_raise_nothing_but_format_errors(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(_SEED)
    for at, value in changes:
        raw[at] = value
    with contextlib.suppress(FormatError):
        _everything(read_msg(io.BytesIO(raw)))


@given(st.integers(0, len(_SEED)))
def test_a_file_cut_anywhere_raises_nothing_but_format_errors(length: int) -> None:
    with contextlib.suppress(FormatError):
        _everything(read_msg(io.BytesIO(_SEED[:length])))
