"""Findings that a person sets aside: on the ledger with who and why, shown as such, taken up again, never removed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.examination.conductor import Examination
from forensics.examination.finding import find
from forensics.examination.reporting import report
from forensics.examination.suppressing import TAKEN_UP, suppress
from forensics.examination.verifying import verify
from tests.casebuilder import JUNE
from tests.cli.command import here
from tests.findings.letters import DAY, Letter, google_id
from tests.findings.test_find import made


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("aside")
    (folder / "mail").mkdir()
    forged = Letter(number=9, at=JUNE, date=JUNE - 20 * DAY, message_id=google_id(JUNE)).raw()
    (folder / "mail" / "a.eml").write_bytes(forged)
    made(folder / "case", folder / "mail")
    with Examination(folder / "case") as examination:
        find(examination, ["date-forged"])
    return folder / "case"


def ids(case: Path) -> list[str]:
    with Examination(case) as examination:
        return [each["id"] for each in find(examination, ["date-forged"]).rules[0].findings]


def test_a_finding_is_set_aside_with_a_reason_shown_and_taken_up_again(case: Path) -> None:
    (name,) = ids(case)
    with Examination(case) as examination:
        done = suppress(examination, name, "a migration, see EV-0002")
        assert (done.rule, done.unchanged) == ("date-forged", False)
        assert suppress(examination, name, "again").unchanged
        report(examination, ["findings-csv", "findings-html"])
        (rule,) = find(examination, ["date-forged"]).rules
    assert rule.findings[0]["set_aside"]["why"] == "a migration, see EV-0002"
    rows = list(csv.reader((case / "reports" / "findings.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert "a migration, see EV-0002" in rows[1][4]
    assert "a migration, see EV-0002" in (case / "reports" / "findings.html").read_text(encoding="utf-8")
    assert verify(case).exit_code == 0
    shown = here("find", "--case", str(case), "--rule", "date-forged")
    assert "set aside: a migration" in shown.out
    back = here("find", "--case", str(case), "--take-up", name, "--why", "it was none", "--json")
    assert json.loads(back.out)["findings"][0]["state"] == TAKEN_UP
    assert "set aside" not in here("find", "--case", str(case), "--rule", "date-forged").out


def test_without_a_reason_or_with_an_unknown_id_nothing_is_done(case: Path) -> None:
    (name,) = ids(case)
    with Examination(case) as examination:
        with pytest.raises(UsageError, match="reason"):
            suppress(examination, name, " ")
        with pytest.raises(UsageError, match="no finding"):
            suppress(examination, "0" * 16, "because")
