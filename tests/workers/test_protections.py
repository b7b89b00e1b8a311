"""What the guards promise is measured by trying it, and the measurement itself can fail."""

from __future__ import annotations

import sys

import pytest

from forensics.workers import protections
from forensics.workers.child import Report, position


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux offers every guard")
def test_on_linux_a_crash_and_a_hang_are_contained_and_the_rest_is_measured() -> None:
    found = {each.name: each for each in protections()}
    assert found["a crash costs one job only"].holds
    assert found["limit on time"].holds
    assert found["ends with its parent"].holds
    assert found["limit on memory"].holds
    assert all(each.detail for each in found.values())


def test_a_guard_that_is_missing_is_seen() -> None:
    unguarded = {each.name: each.holds for each in protections(mode="inline")}
    assert not unguarded["evidence cannot be written"]
    assert not unguarded["no further processes"]
    assert not unguarded["measures taken"]


def _report() -> tuple[Report, bytearray]:
    page = bytearray(4096)
    return Report(page, lambda data: None), page


@pytest.mark.parametrize(
    "text", ["", "node:2097252", "請求書.eml", "x" * 9000, "\udcff"], ids=lambda text: repr(text[:9])
)
def test_a_mark_is_read_back(text: str) -> None:
    report, page = _report()
    report.at("before")
    report.at(text)
    assert position(page) == text.encode("utf-8", "backslashreplace")[:2040].decode()


def test_a_crash_in_the_middle_of_a_mark_leaves_the_one_before() -> None:
    report, page = _report()
    report.at("first")
    report.at("second")
    page[4 + 2044 : 4 + 2044 + 20] = b"\xff" * 20
    assert position(page) == "second"


def test_a_page_full_of_lies_is_read_without_harm() -> None:
    assert len(position(bytearray(b"\xff" * 4096))) <= 4 * 2040
