"""Moments: instants are whole numbers and lose nothing on their way to a text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.moments import EARLIEST_NS, LATEST_NS, filetime_to_ns, is_sensible, iso, to_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANTS = st.integers(EARLIEST_NS, LATEST_NS)


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_780_275_792_123_456_700, "2026-06-01T01:03:12.1234567Z"),
        (1_780_275_792_500_000_000, "2026-06-01T01:03:12.5Z"),
        (EARLIEST_NS, "0001-01-01T00:00:00Z"),
        (LATEST_NS, "9999-12-31T23:59:59Z"),
    ],
)
def test_an_instant_is_written_with_as_many_digits_as_it_has(ns: int, text: str) -> None:
    assert iso(ns) == text


@given(_INSTANTS)
def test_a_written_instant_reads_back_exactly(ns: int) -> None:
    whole, _, digits = iso(ns).removesuffix("Z").partition(".")
    seconds = (datetime.fromisoformat(whole).replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
    assert seconds * 10**9 + int(digits.ljust(9, "0") or 0) == ns
    assert not digits.endswith("0")


@given(_INSTANTS, _INSTANTS)
def test_whole_seconds_sort_as_texts_as_they_do_as_numbers(one: int, other: int) -> None:
    one, other = one // 10**9 * 10**9, other // 10**9 * 10**9
    assert (iso(one) < iso(other)) == (one < other)


@given(_INSTANTS)
def test_a_datetime_is_cut_and_never_rounded(ns: int) -> None:
    assert (to_datetime(ns) - _EPOCH) // timedelta(microseconds=1) == ns // 1000


def test_filetimes_keep_their_hundred_nanoseconds() -> None:
    assert filetime_to_ns(116_444_736_000_000_000) == 0
    assert filetime_to_ns(116_444_736_000_000_001) == 100
    assert iso(filetime_to_ns(134_247_493_921_234_567)) == "2026-06-01T01:03:12.1234567Z"
    assert not is_sensible(filetime_to_ns((1 << 64) - 1))
    assert is_sensible(filetime_to_ns(0))
