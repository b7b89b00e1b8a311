"""Logs whose JSON holds what JSON should not: the record is read, its detail stays valid JSON, the timeline is made."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest

from forensics.parsers.contract import Unit
from forensics.parsers.logs import ObjectLogParser
from forensics.records import LogEvent
from forensics.timeline.build import build
from tests.casebuilder import CaseBuilder
from tests.parsers.samples import AT

RECORD = '{"CreationTime":"2026-06-01T01:02:03","Operation":"Send","OrganizationId":"o","UserId":"a@x.jp","Odd":%s}'
ODD = [
    r'"\ud800 half"',
    "NaN",
    "-Infinity",
    "1e999",
    r'"\u0000"',
    "123456789012345678901234567890",
    "[" * 200 + "]" * 200,
]


def events_of(data: bytes) -> list[LogEvent]:
    unit = Unit(path="a.json", size=len(data), sha256=hashlib.sha256(data).hexdigest(), handle=io.BytesIO(data))
    found = list(ObjectLogParser().parse(unit, AT, lambda blob: ""))
    assert all(isinstance(each, LogEvent) for each in found), found
    return [each for each in found if isinstance(each, LogEvent)]


@pytest.mark.parametrize("odd", ODD, ids=lambda text: text[:12])
def test_an_odd_value_costs_nothing_and_its_detail_is_json(odd: str) -> None:
    [event] = events_of((RECORD % odd).encode())
    assert (event.operation, event.actor) == ("Send", "a@x.jp")

    def refuse(text: str) -> object:
        raise AssertionError(f"{text} is no number of JSON")

    assert "Odd" in json.loads(event.detail, parse_constant=refuse)["record"]
    event.detail.encode("utf-8")


def test_a_timeline_is_made_of_records_with_odd_values(tmp_path: Path) -> None:
    case = CaseBuilder(tmp_path / "case")
    case.evidence()
    case.parsed(events_of("\n".join(RECORD % odd for odd in ODD).encode()))
    assert build(case.view(), tmp_path / "case" / "timeline").events == len(ODD)
