"""Dates of headers: the standard form, the obsolete ones, the broken ones, and days that cannot be."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.dates import parse_date

NEW_YEAR_TOKYO = 1_704_034_800 * 10**9
NEW_YEAR_UTC = 1_704_067_200 * 10**9


@pytest.mark.parametrize(
    ("raw", "utc_ns", "offset", "notes"),
    [
        (b" Mon, 1 Jan 2024 00:00:00 +0900", NEW_YEAR_TOKYO, 540, ()),
        (b"Mon, 1 Jan 2024 00:00:00 +0900 (JST (Tokyo))", NEW_YEAR_TOKYO, 540, ()),
        (b"1 Jan 2024 00:00:00 GMT", NEW_YEAR_UTC, 0, ("no-weekday",)),
        (b"Mon, 1 Jan 2024 00:00:00 -0000", NEW_YEAR_UTC, None, ("zone-said-unknown",)),
        (b"Mon, 1 Jan 2024 00:00:00", NEW_YEAR_UTC, None, ("no-zone",)),
        (b"Mon, 1 Jan 2024 00:00:00 XYZ", NEW_YEAR_UTC, None, ("unknown-zone",)),
        (b"Mon, 1 Jan 2024 00:00:00 +0960", NEW_YEAR_UTC, None, ("impossible-zone",)),
        (b"Mon, 1 Jan 2024 00:00:00 JST", NEW_YEAR_TOKYO, 540, ("zone-by-name",)),
        (b"Sun, 31 Dec 2023 19:00:00 EST", NEW_YEAR_UTC, -300, ()),
        (b"Mon, 1 Jan 24 00:00:00 +0000", NEW_YEAR_UTC, 0, ("year-of-2-digits",)),
        (b"Mon, 1 Jan 124 00:00:00 +0000", NEW_YEAR_UTC, 0, ("year-of-3-digits",)),
        (b"Tue, 1 Jan 2024 00:00:00 +0000", NEW_YEAR_UTC, 0, ("wrong-weekday",)),
        (b"Mon, 01-Jan-2024 0:00:00 +00:00", NEW_YEAR_UTC, 0, ()),
        (b"Mon,\r\n 1 Jan\t2024 00:00:00 +0000", NEW_YEAR_UTC, 0, ()),
        (b"Mon Jan  1 00:00:00 2024", NEW_YEAR_UTC, None, ("ctime-form", "no-zone")),
        (b"Mon Jan  1 00:00:00 2024 +0900", NEW_YEAR_TOKYO, 540, ("ctime-form",)),
        (b"2024-01-01T00:00:00+09:00", NEW_YEAR_TOKYO, 540, ("iso-8601-form", "no-weekday")),
        (b"Mon, 1 Jan 2024 12:00:00 AM +0000", NEW_YEAR_UTC, 0, ()),
        (b"Mon, 1 Jan 2024 00:00:00 +0000 and more", NEW_YEAR_UTC, 0, ("text-behind-the-date",)),
        (b"Sun, 31 Dec 2023 23:59:60 +0000", NEW_YEAR_UTC, 0, ("leap-second",)),
    ],
)
def test_dates_are_read_and_their_oddities_named(
    raw: bytes, utc_ns: int, offset: int | None, notes: tuple[str]
) -> None:
    found = parse_date(raw)
    assert found is not None
    assert (found.utc_ns, found.offset_minutes, found.notes) == (utc_ns, offset, notes)


def test_a_time_without_seconds_is_precise_to_the_minute() -> None:
    found = parse_date(b"Mon, 1 Jan 2024 00:00 +0000")
    assert found is not None
    assert (found.utc_ns, found.precision) == (NEW_YEAR_UTC, "minutes")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"yesterday",
        b"Mon, 1 Jan 0000 00:00:00 +0000",
        b"Mon, 1 Jan -1 00:00:00 +0000",
        b"Sat, 31 Feb 2024 00:00:00 +0000",
        b"Mon, 0 Jan 2024 00:00:00 +0000",
        b"Mon, 1 Jan 2024 24:00:00 +0000",
        b"Mon, 1 Jan 2024 00:60:00 +0000",
        b"Mon, 1 Jan 2024 00:00:61 +0000",
        b"Mon, 1 Jan 2024 13:00:00 PM +0000",
        b"Mon, 1 Jan 12024 00:00:00 +0000",
        b"Mon, 1 Foo 2024 00:00:00 +0000",
        b"Fri, 1 Jan 1601 00:00:00 +0000",
        b"(" * 5000,
    ],
)
def test_a_date_that_cannot_be_is_none(raw: bytes) -> None:
    assert parse_date(raw) is None


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(9999, 12, 30)), st.integers(-1439, 1439))
def test_every_date_that_is_written_by_the_book_comes_back(moment: datetime, offset: int) -> None:
    zoned = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    sign, size = "-" if offset < 0 else "+", abs(offset)
    written = (
        f"{zoned.day} {months[zoned.month - 1]} {zoned.year:04} {zoned:%H:%M:%S} {sign}{size // 60:02}{size % 60:02}"
    )
    found = parse_date(written.encode())
    assert found is not None
    assert found.utc_ns == (zoned - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1) * 10**9  # noqa: UP017
    assert found.offset_minutes == offset
    assert parse_date(written.encode() + b" (a) (b)") == found


@given(st.binary(max_size=120))
def test_any_bytes_are_survived(raw: bytes) -> None:
    parse_date(raw)


@given(st.from_regex(rb"(Mon,? )?\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{1,2}:\d{2}(:\d{2})? ?[+-]?\w{0,5}.{0,9}"))
def test_anything_that_looks_like_a_date_is_survived(raw: bytes) -> None:
    parse_date(raw)
