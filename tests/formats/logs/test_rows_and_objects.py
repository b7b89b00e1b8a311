"""Rows of CSV and objects of JSON, each with the bytes it came from, and what a broken one costs: itself."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.logs.lines import Encoding, encoding_of, read_lines
from forensics.formats.logs.objects import read_objects
from forensics.formats.logs.rows import delimiter_of, read_rows


def rows_of(data: bytes, delimiter: str = ",") -> list[tuple[list[str], str]]:
    lines = read_lines(io.BytesIO(data), encoding_of(data))
    found = list(read_rows(lines, delimiter))
    for row in found:
        assert data[row.start : row.end].replace(b"\r", b"") == row.raw.replace(b"\r", b"")
    return [(row.cells, row.broken) for row in found]


def test_a_cell_may_hold_line_ends_and_the_next_row_keeps_its_place() -> None:
    assert rows_of(b'a,b\r\n1,"x\r\ny"\r\n2,z\r\n') == [(["a", "b"], ""), (["1", "x\ny"], ""), (["2", "z"], "")]


def test_a_quote_that_never_closes_costs_its_own_row() -> None:
    found = rows_of(b'a,b\n1,"open\n2,z\n3,w\n')
    assert found[0] == (["a", "b"], "")
    assert found[1][1] == "a quote in this row is never closed"
    assert found[2:] == [(["2", "z"], ""), (["3", "w"], "")]


def test_utf_16_is_cut_at_its_own_line_ends() -> None:
    data = "\ufeff件名,差出人\r\n見積\u0a0a,a@x.jp\r\n".encode("utf-16-le")
    lines = list(read_lines(io.BytesIO(data), encoding_of(data)))
    assert [line.text for line in lines] == ["件名,差出人", "見積\u0a0a,a@x.jp"]
    assert all(data[line.start : line.end] == line.raw for line in lines)


def test_a_line_that_is_not_utf_8_is_read_in_the_code_page_of_the_case() -> None:
    data = b"ascii\n" + "差出人\n".encode("cp932") + b"\xff\xfe\x81\n"
    lines = list(read_lines(io.BytesIO(data), Encoding()))
    assert [(line.text, line.method) for line in lines[:2]] == [("ascii", "utf-8"), ("差出人", "cp932")]
    assert lines[2].method == "latin-1"


def test_the_delimiter_is_the_one_that_cuts_most() -> None:
    assert [delimiter_of(each) for each in ("a,b;c,d", "a\tb\tc", "a;b")] == [",", "\t", ";"]


def objects_of(data: bytes) -> list[tuple[object, str]]:
    found = list(read_objects(io.BytesIO(data)))
    for each in found:
        assert data[each.start : each.end] == each.raw
        assert data[: each.start].count(b"\n") + 1 == each.number
    return [(each.value, each.broken) for each in found]


def test_objects_are_found_line_by_line_in_arrays_and_in_wrappers() -> None:
    one, two = {"a": 'x"}{\\'}, {"b": {"c": [{"d": 1}]}}
    whole = [(one, ""), (two, "")]
    for data in (
        f"{json.dumps(one)}\n{json.dumps(two)}\n",
        json.dumps([one, two], indent=2),
        json.dumps({"@odata.context": "u", "value": [one, two]}),
        json.dumps({"kind": "reports", "items": [one, two]}, indent=1),
    ):
        assert objects_of(data.encode()) == whole
        assert objects_of(b"\xef\xbb\xbf" + data.encode()) == whole


def test_a_broken_object_costs_itself() -> None:
    lines = [b'{"a": 1}', b'{"b": "open', b'{"c": 3}', b'{"d": }', b'{"f": {', b'{"e": 5}']
    for start in range(len(lines)):
        turned = lines[start:] + lines[:start]
        found = objects_of(b"\n".join(turned))
        assert [value for value, why in found if not why] == [json.loads(each) for each in turned if len(each) == 8]
        assert len([why for _, why in found if why]) == 3


def test_a_broken_object_of_an_array_costs_itself() -> None:
    data = b'[\n {"a": 1},\n {"b": "x,\n {"c": 3},\n {"d": {},\n {"e": 5}\n]'
    assert [value for value, why in objects_of(data) if not why] == [{"a": 1}, {"c": 3}, {"e": 5}]


def test_an_object_that_the_file_cuts_short_is_named() -> None:
    [found] = read_objects(io.BytesIO(b'{"a": {"b": 1'))
    assert found.broken == "this object is never closed"


def test_a_block_may_end_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"a": 'x\\\\"}{', "b": ["\\"]}
    for block in range(1, 9):
        monkeypatch.setattr("forensics.formats.logs.objects._BLOCK", block)
        assert objects_of(json.dumps([value, value]).encode()) == [(value, ""), (value, "")]


@given(st.binary(max_size=400))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    rows_of(data)
    list(read_objects(io.BytesIO(data)))


@given(st.lists(st.dictionaries(st.text(max_size=8), st.text(max_size=12) | st.integers(), max_size=4), max_size=6))
def test_every_object_that_is_written_is_read(values: list[dict[str, object]]) -> None:
    data = "\n".join(json.dumps(each) for each in values).encode()
    assert [value for value, _ in objects_of(data)] == values
