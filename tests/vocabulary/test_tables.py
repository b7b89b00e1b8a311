"""Tables: records become rows without loss, and the digest sees every change of a row and nothing else."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from forensics import tables
from forensics.absent import Absent
from forensics.address import Address, Span
from forensics.moments import Basis, Meaning, Moment, Zone
from forensics.records import Header, Message, MomentRecord, Problem, Recovery

_SHA = "ab" * 32
_AT = Address(evidence="EV-0001", steps=("000001",))


def _message(number: int, **more: object) -> Message:
    given: dict[str, object] = {
        "item_class": "IPM.Note",
        "store_path": "/受信トレイ",
        "flags": ("read",),
        "size": number,
    }
    at = _AT.child(f"message:{number}", Span(number, number + 1))
    return Message(address=at, **{**given, **more})  # type: ignore[arg-type]


_MESSAGES = (
    _message(1, subject="一", date_utc=1_780_275_792_123_456_789, defects=("a", "b")),
    _message(2, flags=(), size=Absent.UNREADABLE, recovery=Recovery.CARVED),
    _message(3, subject="", date_utc=-1),
    _message(4, subject=Absent.UNPARSABLE, flags=("", "x")),
)


def _table(*messages: Message) -> pa.Table:
    return tables.gather("message", messages or _MESSAGES, "eml 1", _SHA)


def test_a_row_holds_what_the_record_says_and_why_values_are_missing() -> None:
    first, second, third, fourth = _table().to_pylist()
    assert (first["id"], first["address"]) == (_MESSAGES[0].identity(), "EV-0001/000001/message:1")
    assert (first["span_start"], first["span_end"], first["parser"]) == (1, 2, "eml 1")
    assert first["date_utc"].isoformat() == "2026-06-01T01:03:12.123456+00:00"
    assert third["date_utc"].microsecond == 999_999
    assert (second["size"], dict(second["absent"])["size"], second["recovery"]) == (None, "unreadable", "carved")
    assert (third["subject"], "subject" in dict(third["absent"])) == ("", False)
    assert dict(fourth["absent"])["subject"] == "unparsable"


def test_the_origin_key_leaves_out_the_case_and_the_number_of_the_file() -> None:
    elsewhere = replace(_MESSAGES[0], address=Address(evidence="EV-0009", steps=("000007", "message:1")))
    assert _table(_MESSAGES[0])["origin_key"] == _table(elsewhere)["origin_key"]
    assert _table(_MESSAGES[0])["id"] != _table(elsewhere)["id"]


def test_a_clock_stands_in_microseconds_and_in_nanoseconds() -> None:
    def row(utc: int | Absent) -> dict[str, object]:
        moment = Moment(meaning=Meaning.SENT, basis=Basis.SENDER, says="Date", utc=utc, raw="x", zone=Zone.UNKNOWN)
        record = MomentRecord(address=_AT.child("moment:1"), message_id_ref="m", position=1, moment=moment)
        found: dict[str, object] = tables.gather("moment", [record], "eml 1", _SHA).to_pylist()[0]
        return found

    assert row(1_780_275_792_123_456_789)["utc_ns"] == 1_780_275_792_123_456_789
    missing = row(Absent.UNPARSABLE)
    assert (missing["utc"], missing["utc_ns"]) == (None, None)
    assert dict(missing["absent"])["utc"] == "unparsable"  # type: ignore[call-overload]
    far = row(-62_135_596_800 * 10**9)
    assert (str(far["utc"]), far["utc_ns"]) == ("0001-01-01 00:00:00+00:00", None)


def test_lone_surrogates_stay_visible_and_can_be_written() -> None:
    row = _table(_message(1, subject="a\udc80", flags=("x",), store_path="\ud83d")).to_pylist()[0]
    assert (row["subject"], row["store_path"]) == ("a\\udc80", "\\ud83d")
    problem = Problem(address=_AT.child("\udcff"), what="\udc80", lost="", cause="")
    assert tables.gather("problem", [problem], "eml 1", _SHA).to_pylist()[0]["address"].endswith("/%ED%B3%BF")


def test_bytes_stay_bytes() -> None:
    raw = bytes(range(256))
    record = Header(address=_AT.child("header:1"), message_id_ref="m", position=1, name="X", raw=raw, decoded="")
    assert tables.gather("header", [record], "eml 1", _SHA).to_pylist()[0]["raw"] == raw


def _through_parquet(**options: object) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        sink = io.BytesIO()
        pq.write_table(table, sink, **options)
        return pq.read_table(pa.BufferReader(sink.getvalue()))

    return change


def _through_ipc(table: pa.Table) -> pa.Table:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)
    return pa.ipc.open_stream(sink.getvalue()).read_all()


_ENCODINGS: dict[str, Callable[[pa.Table], pa.Table]] = {
    "zstd": _through_parquet(compression="zstd", store_schema=False),
    "snappy, small row groups": _through_parquet(compression="snappy", row_group_size=1),
    "no dictionary, page version 2": _through_parquet(use_dictionary=False, data_page_version="2.0"),
    "one row a batch": _through_ipc,
    "chunks": lambda table: pa.concat_tables([table.slice(0, 1), table.slice(1, 2), table.slice(3)]),
    "a slice of something larger": lambda table: pa.concat_tables([table, table]).combine_chunks().slice(4, 4),
}


@pytest.mark.parametrize("encoding", _ENCODINGS)
def test_the_same_rows_in_another_encoding_have_the_same_digest(encoding: str) -> None:
    assert tables.digest(_ENCODINGS[encoding](_table())) == tables.digest(_table())


def test_the_digest_of_a_version_never_changes() -> None:
    small = pa.table({"a": pa.array([1, None], pa.int64()), "b": pa.array(["x", ""]), "c": pa.array([[1], None])})
    assert tables.digest(small) == "53cbfc557fb7d7670026abe83ec75922d9a5c5f62a09993fa51a83a2192af4bf"


def _changed(number: int, **fields: object) -> tuple[Message, ...]:
    made = list(_MESSAGES)
    made[number] = replace(made[number], **fields)  # type: ignore[arg-type]
    return tuple(made)


_CHANGES = {
    "another text": _changed(0, subject="二"),
    "empty for missing": _changed(3, subject=""),
    "missing for empty": _changed(2, subject=Absent.NOT_RECORDED),
    "another reason": _changed(3, subject=Absent.UNREADABLE),
    "zero for missing": _changed(1, size=0),
    "a microsecond": _changed(0, date_utc=1_780_275_792_123_457_789),
    "an empty list for one empty text": _changed(1, flags=("",)),
    "a list cut differently": _changed(0, defects=("ab",)),
    "true for false": _changed(0, has_attachments=True),
    "a row less": _MESSAGES[:3],
    "a row twice": (*_MESSAGES, _MESSAGES[3]),
    "another order": (*_MESSAGES[:2], _MESSAGES[3], _MESSAGES[2]),
    "a value in the next row": (*_changed(0, subject="")[:2], replace(_MESSAGES[2], subject="一"), _MESSAGES[3]),
}


@pytest.mark.parametrize("change", _CHANGES)
def test_any_change_of_the_rows_changes_the_digest(change: str) -> None:
    assert tables.digest(_table(*_CHANGES[change])) != tables.digest(_table())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([None, 1], pa.int64()), pa.array([0, 1], pa.int64())),
        (pa.array([None, 1], pa.int64()), pa.array([None, 1], pa.int32())),
        (pa.array(["", None]), pa.array([None, ""])),
        (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
        (pa.array(["a"]), pa.array([b"a"])),
        (pa.array([True, None]), pa.array([True, False])),
        (pa.array([[1, 2], []]), pa.array([[1], [2]])),
        (pa.array([[], [1]]), pa.array([None, [1]])),
        (pa.array([[None]], pa.list_(pa.int64())), pa.array([[0]], pa.list_(pa.int64()))),
        (pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())),
         pa.array([[("ab", "")]], pa.map_(pa.string(), pa.string()))),
    ],
)  # fmt: skip
def test_values_that_look_alike_have_different_digests(one: pa.Array, other: pa.Array) -> None:
    assert tables.digest(pa.table({"a": one})) != tables.digest(pa.table({"a": other}))


def test_a_column_of_another_name_or_place_changes_the_digest() -> None:
    a, b = pa.array([1]), pa.array([2])
    digests = {tables.digest(pa.table(each)) for each in ({"a": a, "b": b}, {"b": b, "a": a}, {"a": a, "c": b})}
    assert len(digests) == 3


def test_the_same_table_gives_the_same_file_and_only_the_hashed_file_is_decoded(tmp_path: Path) -> None:
    for name in ("a", "b"):
        tables.write_parquet(_table(), tmp_path / name)
    data = (tmp_path / "a").read_bytes()
    assert data == (tmp_path / "b").read_bytes()
    read = tables.read_verified(tmp_path / "a", hashlib.sha256(data).hexdigest())
    assert read is not None
    assert tables.digest(read) == tables.digest(_table())
    assert tables.read_verified(tmp_path / "a", "0" * 64) is None


def test_an_empty_table_has_its_columns_and_a_digest() -> None:
    for kind in tables.SCHEMAS:
        empty = tables.gather(kind, [], "x 1", _SHA)
        assert (empty.num_rows, empty.schema) == (0, tables.SCHEMAS[kind])
        assert len(tables.digest(empty)) == 64
