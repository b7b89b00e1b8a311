"""Lines of logs are bound to messages by the strongest ground there is, and not where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.absent import Absent
from forensics.records import Header
from tests.casebuilder import JUNE, SECOND, mail
from tests.timeline.lines import DAY, HOUR, MINUTE, Rows, case_of, line, rows, transfer

ID = "<1@example.jp>"


def joined(view: object, where: str = "TRUE") -> list[tuple[int, str, str, bool]]:
    """Line number, ground, strength, and whether the message is in the case."""
    found: Rows = rows(
        view,  # type: ignore[arg-type]
        "(SELECT log_join.*, log_event.line FROM log_join JOIN log_event ON log_event.id = log_event_id ORDER BY line)",
        where,
    )
    return [(row["line"], row["ground"], row["strength"], row["logical_id"] is not None) for row in found]


def test_a_message_id_is_the_same_without_its_brackets_and_not_in_another_case(tmp_path: Path) -> None:
    lines = [
        line(1, message_ids=["1@example.jp"]),
        line(2, message_id=f" {ID} "),
        line(3, message_ids=["<1@EXAMPLE.jp>"]),
    ]
    view = case_of(tmp_path / "case", [*mail(1), *lines])
    assert joined(view) == [
        (1, "message_id", "exact", True),
        (2, "message_id", "exact", True),
        (3, "message_id", "exact", False),
    ]


def test_lines_of_one_queue_id_belong_to_the_message_that_one_of_them_names(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", [*mail(1), *transfer(1, JUNE, "4A1B2", ID)])
    assert [ground for _, ground, _, _ in joined(view)] == ["queue_id", "message_id", *["queue_id"] * 3]
    events = rows(view, "event", "meaning = 'logged'")
    assert len({event["logical_id"] for event in events}) == 1
    assert events[0]["seen_in"] == 1
    both = rows(view, "log_join", "ground = 'message_id'")[0]["grounds"]
    assert both == ["message_id", "queue_id"]


def test_a_queue_id_that_is_used_again_is_another_message(tmp_path: Path) -> None:
    again = transfer(10, JUNE + HOUR, "4A1B2", "<2@example.jp>")
    view = case_of(tmp_path / "case", [*mail(1), *mail(2), *transfer(1, JUNE, "4A1B2", ID), *again])
    found = rows(view, "log_join JOIN message ON message.id = message_ref")
    assert {row["message_id"] for row in found} == {ID, "<2@example.jp>"}
    assert len(found) == 10


def test_a_queue_id_of_another_host_is_another_message(tmp_path: Path) -> None:
    other = line(9, JUNE + SECOND, "sent", queue_id="4A1B2", detail={"host": "mx2"})
    view = case_of(tmp_path / "case", [*mail(1), *transfer(1, JUNE, "4A1B2", ID), other])
    assert 9 not in [number for number, *_ in joined(view)]


def test_what_is_queued_as_leads_to_the_next_server_within_ten_minutes(tmp_path: Path) -> None:
    first = transfer(1, JUNE, "AAA11", ID, sent={"queued_as": "BBB22"})
    second = transfer(11, JUNE + 5 * SECOND, "BBB22", "", detail={"host": "inner"})
    far = transfer(21, JUNE + HOUR, "BBB22", "", detail={"host": "far"})
    view = case_of(tmp_path / "case", [*mail(1), *first, *second, *far])
    after = [(ground, strength) for number, ground, strength, _ in joined(view) if 11 <= number < 21]
    assert after == [("queued_as", "probable")] * 5
    assert not [number for number, *_ in joined(view) if number >= 21]


def test_what_is_queued_as_and_names_another_message_is_not_merged(tmp_path: Path) -> None:
    first = transfer(1, JUNE, "AAA11", ID, sent={"queued_as": "BBB22"})
    second = transfer(11, JUNE + 5 * SECOND, "BBB22", "<2@example.jp>", detail={"host": "inner"})
    view = case_of(tmp_path / "case", [*mail(1), *mail(2), *first, *second])
    assert {ground for _, ground, _, _ in joined(view)} == {"message_id", "queue_id"}


def test_the_network_message_id_of_a_header_or_of_another_line_binds(tmp_path: Path) -> None:
    message = mail(1)[0]
    header = Header(
        address=message.address.child("header:1"),
        message_id_ref=message.identity(),
        position=1,
        name="X-MS-Exchange-Organization-Network-Message-Id",
        raw=b"",
        decoded="AB-1",
    )
    lines = [
        line(1, network_message_id="ab-1", source="exchange_tracking"),
        line(2, network_message_id="cd-2", message_ids=["<2@example.jp>"], source="exchange_tracking"),
        line(3, network_message_id="cd-2", source="exchange_tracking"),
        line(4, network_message_id="ef-3", source="exchange_tracking"),
    ]
    view = case_of(tmp_path / "case", [*mail(1), *mail(2), header, *lines])
    assert joined(view) == [
        (1, "network_message_id", "strong", True),
        (2, "message_id", "exact", True),
        (3, "network_message_id", "strong", True),
    ]


@pytest.mark.parametrize(
    ("size", "after", "to", "binds"),
    [
        (1040, 119, "tanaka@example.jp", True),
        (1100, 10, "tanaka@example.jp", False),
        (1000, 121, "tanaka@example.jp", False),
        (1000, 10, "other@example.jp", False),
    ],
)
def test_an_envelope_binds_by_size_time_and_both_addresses(
    tmp_path: Path, size: int, after: int, to: str, binds: bool
) -> None:
    at = JUNE + after * SECOND
    given = {"source": "qmail", "queue_id": "123"}
    lines = [
        line(1, at, "new", **given),
        line(2, at, "accepted", sender="sato@example.jp", size=size, **given),
        line(3, at + SECOND, "starting", to=[to], detail={"delivery": "5"}, **given),
        line(4, at + 2 * SECOND, "success", source="qmail", detail={"delivery": "5"}),
        line(5, at + 3 * SECOND, "end", **given),
    ]
    view = case_of(tmp_path / "case", [*mail(1, date_utc=JUNE, message_id=Absent.NOT_RECORDED, subject="s"), *lines])
    expected = [(number, "envelope", "weak", True) for number in range(1, 6)] if binds else []
    assert joined(view) == expected


def test_an_envelope_that_fits_two_messages_says_so_and_binds_no_event(tmp_path: Path) -> None:
    twins = [*mail(1, date_utc=JUNE), *mail(2, date_utc=JUNE + SECOND, body="別")]
    said = line(1, JUNE, "accepted", sender="sato@example.jp", to=["tanaka@example.jp"], size=1000)
    view = case_of(tmp_path / "case", [*twins, said])
    assert [row["candidates"] for row in rows(view, "log_join")] == [2, 2]
    assert rows(view, "event", "meaning = 'logged'")[0]["logical_id"] is None


def test_a_line_that_names_many_messages_is_bound_to_each(tmp_path: Path) -> None:
    named = line(1, operation="HardDelete", source="m365_audit", message_ids=[ID, "<2@example.jp>", "<9@example.jp>"])
    view = case_of(tmp_path / "case", [*mail(1), *mail(2), named])
    assert [row["message_id"] for row in rows(view, "log_join", "logical_id IS NULL")] == ["<9@example.jp>"]
    assert len(joined(view)) == 3


def test_lines_far_apart_without_an_end_are_two_messages(tmp_path: Path) -> None:
    late = line(9, JUNE + 11 * DAY, "sent", queue_id="4A1B2")
    soon = line(8, JUNE + MINUTE, "sent", queue_id="4A1B2")
    view = case_of(tmp_path / "case", [*mail(1), *transfer(1, JUNE, "4A1B2", ID)[:4], soon, late])
    assert [number for number, *_ in joined(view)] == [1, 2, 3, 4, 8]
