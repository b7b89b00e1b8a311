"""When a session signs the ledger, and what it does when the clock runs backwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forensics.casefile import checkpoints, keyring
from forensics.casefile.acts import Act
from forensics.casefile.custody import custody
from forensics.casefile.ledger import read_lines
from forensics.errors import LedgerError, UsageError
from forensics.examination.checkpointing import MOST_LINES, MOST_NS
from forensics.examination.conductor import Examination
from forensics.examination.station import Station

_SECOND = 10**9
_START = 1_780_275_792 * _SECOND


class Clock:
    """A clock that goes on by a millisecond each time it is asked, and can be set."""

    def __init__(self) -> None:
        self.ns = _START
        self.state: dict[str, Any] = {}

    def __call__(self) -> int:
        self.ns += 10**6
        return self.ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def station(clock: Clock) -> Station:
    return Station(now=clock, clock=lambda: clock.state, argv=("a test",))


@pytest.fixture
def keys(tmp_path: Path, station: Station) -> keyring.Keyring:
    """A case in ``tmp_path/case`` whose log key is on its ledger."""
    with Examination.create(tmp_path / "case", {"examiner": "Aoki"}, station) as examination:
        made = keyring.new(examination.facts.id)
        examination.keyring = made
        examination.note(Act.KEY_ADD, params={"vkey": made.signer.verifier.vkey})
        examination.keys_changed()
        examination.note(Act.RECEIPT)
    return made


def _note_and_fail(examination: Examination) -> None:
    examination.note(Act.RECEIPT)
    raise LedgerError("what was written before a failure is signed too")


def _sizes(case: Path) -> list[int]:
    return [each.size for each in checkpoints.stored(case / "ledger")]


def test_a_session_that_wrote_an_act_of_custody_ends_with_a_checkpoint(
    tmp_path: Path, station: Station, keys: keyring.Keyring
) -> None:
    case = tmp_path / "case"
    assert _sizes(case) == [3]
    with Examination(case, station, keys) as examination:
        examination.note(Act.VERIFY)
    assert _sizes(case) == [3]
    with Examination(case, station, keys) as examination:
        examination.note(Act.CORRECT)
    assert _sizes(case) == [3, 5]
    with Examination(case, station) as examination:
        examination.note(Act.CORRECT)
        with pytest.raises(UsageError, match="key of the log"):
            examination.sign()
    with pytest.raises(LedgerError), Examination(case, station, keys) as examination:
        _note_and_fail(examination)
    assert _sizes(case) == [3, 5, 7]


def test_a_checkpoint_has_the_root_of_the_raw_lines_and_a_signature_that_holds(
    tmp_path: Path, keys: keyring.Keyring
) -> None:
    (found,) = checkpoints.stored(tmp_path / "case" / "ledger")
    raw = checkpoints.raw_lines(tmp_path / "case" / "ledger")
    known = checkpoints.roots(raw, [found.size])
    at = checkpoints.KeysAt([(keys.signer.verifier.vkey, 2, 0)])
    done = checkpoints.check([found], keyring.origin(keys.case), len(raw), known, at)
    assert (done.differences, done.covered) == ((), 3)
    assert checkpoints.check([found], "another", len(raw), known, at).covered == 0
    assert checkpoints.check([found], keyring.origin(keys.case), 2, known, at).differences
    assert checkpoints.check([found], keyring.origin(keys.case), len(raw), {3: bytes(32)}, at).differences
    late = checkpoints.KeysAt([(keys.signer.verifier.vkey, 4, 0)])
    assert "no known key" in checkpoints.check([found], keyring.origin(keys.case), 3, known, late).differences[0][1]


def test_a_long_session_signs_after_many_lines_and_after_a_quarter_of_an_hour(
    tmp_path: Path, station: Station, clock: Clock, keys: keyring.Keyring
) -> None:
    case = tmp_path / "case"
    with Examination(case, station, keys) as examination:
        for _ in range(MOST_LINES):
            examination.note(Act.VERIFY)
        assert _sizes(case) == [3, 3 + MOST_LINES]
        clock.ns += MOST_NS
        examination.note(Act.VERIFY)
        assert _sizes(case) == [3, 3 + MOST_LINES, 4 + MOST_LINES]


def test_nobody_signs_over_lines_that_were_changed_since_the_last_checkpoint(
    tmp_path: Path, station: Station, keys: keyring.Keyring
) -> None:
    case = tmp_path / "case"
    events = case / "ledger" / "events.jsonl"
    events.write_bytes(events.read_bytes().replace(b"Aoki", b"Ueno", 1))
    with pytest.raises(LedgerError, match="not those that were signed"), Examination(case, station, keys):
        pass


def test_a_newest_checkpoint_that_cannot_be_read_is_a_broken_ledger(
    tmp_path: Path, station: Station, keys: keyring.Keyring
) -> None:
    (tmp_path / "case" / "ledger" / "checkpoints" / "00000003").write_bytes(b"\xff")
    with pytest.raises(LedgerError, match="cannot be read"), Examination(tmp_path / "case", station, keys):
        pass


def test_a_clock_that_stands_before_the_last_line_is_put_on_the_ledger_first(
    tmp_path: Path, station: Station, clock: Clock, keys: keyring.Keyring
) -> None:
    case = tmp_path / "case"
    clock.ns -= 3600 * _SECOND
    with Examination(case, station, keys) as examination:
        examination.note(Act.VERIFY)
        examination.note(Act.VERIFY)
    lines = list(read_lines(case / "ledger"))
    assert [line.act for line in lines[-3:]] == ["clock.check", "verify", "verify"]
    assert lines[-3].value["result"]["behind_ms"] > 3_500_000
    assert custody(lines).warnings == []
    assert len(custody([line for line in lines if line.act != "clock.check"]).warnings) == 1


def test_what_the_system_knows_of_its_clock_is_written_once_a_day_and_when_it_changes(
    tmp_path: Path, station: Station, clock: Clock, keys: keyring.Keyring
) -> None:
    case = tmp_path / "case"

    def session() -> int:
        with Examination(case, station):
            return sum(line.act == "clock.check" for line in read_lines(case / "ledger"))

    assert session() == 0
    clock.state = {"offset_ms": 3, "source": "adjtimex", "synchronised": False}
    assert [session(), session()] == [1, 1]
    clock.state = {**clock.state, "synchronised": True}
    assert session() == 2
    clock.ns += 25 * 3600 * _SECOND
    assert session() == 3


def test_the_public_keys_follow_from_the_lines_and_are_written_again_after_a_crash(
    tmp_path: Path, station: Station, keys: keyring.Keyring
) -> None:
    path = tmp_path / "case" / "keys" / "log.vkey"
    assert path.read_text() == keys.signer.verifier.vkey + "\n"
    path.unlink()
    with Examination(tmp_path / "case", station, keys):
        pass
    assert path.read_text() == keys.signer.verifier.vkey + "\n"
