"""Every form in which the logs of Japanese products write a time, and the forms that are left alone."""

from __future__ import annotations

import pytest

from forensics.formats.logs.japanese_times import table_time
from forensics.formats.logs.times import Assumed
from forensics.moments import Precision, Zone, iso

TOKYO = Assumed(zone="Asia/Tokyo")


@pytest.mark.parametrize(
    "text",
    [
        "2026/06/01 10:00:00",
        "2026/6/1 10:00",
        "2026-06-01 10:00:00",
        "2026-06-01T10:00:00",
        "2026.06.01 10:00",
        "2026年6月1日 10時00分",
        "2026年06月01日 10時00分00秒",
        "2026年6月1日(月) 10:00",
        "2026年6月1日月曜日 10:00",
        "2026/06/01(Mon) 10:00:00",
        "令和8年6月1日 10:00",
        "令和8年6月1日10時00分",
        "R8.6.1 10:00",
        "R08/06/01 10:00:00",
        "r8.6.1 午前10時00分",
        "2026/06/01 午前 10:00:00",
        "2026年6月1日 午前10時0分",
        "2026/06/01 10:00:00 AM",
        "２０２６／０６／０１　１０：００：００",
        "㋿8年6月1日 10:00",
        "20260601100000",
        "20260601 100000",
        "2026/06/01 10:00 JST",
        "2026/06/01 10:00:00 +09:00",
        "2026-06-01T01:00:00Z",
        "2026-06-01 01:00:00 UTC",
    ],
)
def test_a_form_is_read(text: str) -> None:
    when = table_time(text, TOKYO)
    assert when is not None
    assert when.ns is not None
    assert iso(when.ns).startswith("2026-06-01T01:00:00")
    assert when.raw == text.strip()


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("2026/06/01 午後 3:05", "06:05"),
        ("2026/06/01 3:05 PM", "06:05"),
        ("2026/06/01 午後 0:30", "03:30"),
        ("2026/06/01 午後 12:30", "03:30"),
        ("2026/06/01 12:30", "03:30"),
    ],
)
def test_the_half_of_the_day_counts(text: str, clock: str) -> None:
    when = table_time(text, TOKYO)
    assert when is not None
    assert when.ns is not None
    assert f"T{clock}" in iso(when.ns)
    assert ("half of the day" in when.assumed) == ("午後 12" in text)


@pytest.mark.parametrize(
    ("text", "year"), [("H31.4.30 12:00", 2019), ("令和元年5月1日 12:00", 2019), ("S64.1.7 12:00", 1989)]
)
def test_the_years_of_an_era_count_from_one(text: str, year: int) -> None:
    when = table_time(text, TOKYO)
    assert when is not None
    assert when.ns is not None
    assert iso(when.ns).startswith(str(year))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "承認",
        "06/01/2026 10:00",
        "26/06/01 10:00",
        "2026/13/01 10:00",
        "2026/02/30 10:00",
        "2026/06/01 25:00",
        "2026/06/01 午前 13:00",
        "2026/06/01 10:61",
        "R0.6.1 10:00",
        "2026/06/01 10:00 (approx)",
        "=2026/06/01 10:00",
        "2026/06/01 10:00:00" + " " * 80 + "x",
    ],
)
def test_what_is_no_time_or_could_be_two_is_not_read(text: str) -> None:
    assert table_time(text, TOKYO) is None


def test_the_zone_is_said_to_be_assumed_or_stated_and_the_precision_is_that_of_the_text() -> None:
    bare, stated, day = (table_time(each, TOKYO) for each in ("2026/6/1 10:00", "2026/6/1 10:00:00 JST", "R8.6.1"))
    assert bare is not None
    assert (bare.zone, bare.assumed, bare.precision) == (Zone.ASSUMED, ("zone",), Precision.MINUTE)
    assert stated is not None
    assert (stated.zone, stated.assumed, stated.precision) == (Zone.STATED, (), Precision.SECOND)
    assert day is not None
    assert day.precision is Precision.DAY
