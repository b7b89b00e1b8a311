"""The events that the SQL makes are those that a slow reading of the same records gives, all columns, in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from forensics.absent import Absent
from forensics.casefile.view import CaseView
from forensics.records import Message, Record
from forensics.timeline.build import build
from tests.casebuilder import JUNE, SECOND, CaseBuilder, mail, relayed, sent, stored
from tests.timeline.lines import line, transfer
from tests.timeline.oracle import expected


def changed(message: Message, number: int) -> Message:
    return replace(message, message_id=f"<{number}@x.jp>", subject="長" * (990 + number % 20))


def same(view: CaseView) -> int:
    found, wanted = view.rows("SELECT * FROM event"), expected(view)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one == other
    return len(found)


@pytest.mark.parametrize("large", [0, 1 << 30])
def test_events_are_those_that_plain_python_makes_of_the_records(tmp_path: Path, large: int) -> None:
    case = CaseBuilder(tmp_path / "case")
    stores: list[list[Record]] = [[], []]
    for number in range(120):
        at = JUNE + number * 7919 % 120 * SECOND
        for which, records in enumerate(stores):
            clocks = [sent(at), relayed(at + SECOND, hop=f"1/{which + 1}"), stored(at + which * SECOND), sent(at)]
            if number % 10 == 3:
                clocks = [sent(Absent.UNPARSABLE, raw="昨日")] if which else []
            made = mail(
                number,
                evidence=f"EV-{which + 1:04d}",
                moments=clocks,
                to=[f"a{n}@example.jp" for n in range(number % 8)],
            )
            records += [changed(each, number) if isinstance(each, Message) else each for each in made]
    logs: list[Record] = [
        each for n in range(60) for each in transfer(n * 5 + 1, JUNE + n * SECOND, f"4A{n % 7}", f"<{n * 3}@x.jp>")
    ]
    logs += [
        line(1000, Absent.UNPARSABLE),
        line(1001, JUNE, actor="sato@example.jp", message_ids=["<1@x.jp>", "<2@x.jp>"]),
    ]
    for number, found in enumerate((*stores, logs), start=1):
        case.evidence(f"EV-{number:04d}")
        moved = [replace(each, address=replace(each.address, evidence="EV-0003")) for each in found]
        case.parsed(moved if number == 3 else found, f"EV-{number:04d}")
    case.timeline_listed(build(case.view(), case.folder / "timeline", large=large).files)
    assert same(case.view()) > 900
