"""Keys of the log that are made and changed, and what a cut at any step of it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.casefile import keyring
from forensics.casefile.custody import custody
from forensics.casefile.ledger import Ledger, read_lines
from forensics.errors import UsageError
from forensics.examination import keys
from forensics.examination.conductor import Examination
from forensics.examination.verifying import verify
from tests.examination.cases import station


class Cut(BaseException):
    """The power is gone."""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    with Examination.create(tmp_path / "case", {}, station()) as examination:
        keys.make_log_key(examination, tmp_path / "keys", None)
    return tmp_path / "case"


def _open(case: Path) -> Examination:
    folder = case.parent / "keys"
    facts = Examination(case).facts
    return Examination(case, station(), keyring.read(folder, facts.id))


def _valid(case: Path) -> list[str]:
    return [key.vkey for key in custody(read_lines(case / "ledger")).log_keys if not key.revoked]


def _held(case: Path) -> str:
    return keyring.read(case.parent / "keys", Examination(case).facts.id).signer.verifier.vkey


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_rotation_that_was_cut_is_completed_or_undone_by_the_next_command(
    case: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, count = Ledger.append, [0]

    def cut(self: Ledger, entry: object) -> object:
        if count[0] == after:
            raise Cut
        count[0] += 1
        return append(self, entry)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", cut)
        if after == 2:
            patch.setattr(keys, "_promote", lambda *given: (_ for _ in ()).throw(Cut))
        with pytest.raises(Cut), _open(case) as examination:
            keys.rotate_log_key(examination, case.parent / "keys", None, "yearly")
    assert verify(case).exit_code == 0
    with _open(case) as examination:
        keys.make_log_key(examination, case.parent / "keys", None)
    assert [_held(case)] == _valid(case)
    assert len(list((case.parent / "keys").iterdir())) == 1
    with _open(case) as examination:
        examination.sign()
    assert verify(case).exit_code == 0
    assert verify(case).covered == len(list(read_lines(case / "ledger")))


def test_a_key_that_was_stored_before_a_cut_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Examination.create(tmp_path / "case", {}, station()) as examination:
        made = keyring.new(examination.facts.id)
        keyring.write(tmp_path / "keys", made)
        keys.make_log_key(examination, tmp_path / "keys", None)
    assert _valid(tmp_path / "case") == [made.signer.verifier.vkey]


def test_a_case_whose_key_is_not_at_hand_gets_no_second_one(case: Path, tmp_path: Path) -> None:
    with Examination(case, station()) as examination, pytest.raises(UsageError, match="secret half"):
        keys.make_log_key(examination, tmp_path / "elsewhere", None)
    assert not (tmp_path / "elsewhere").exists()


def test_a_person_is_added_once_and_a_key_that_is_none_is_refused(case: Path) -> None:
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f a comment"
    with _open(case) as examination:
        added = keys.add_person(examination, public, principal="aoki", role="examiner", before="2030-01-31")
        lines = examination.head["lines"]
        assert keys.add_person(examination, public, principal="aoki", role="examiner").done == "known"
        assert examination.head["lines"] == lines
        assert added.people[0][:2] == ("aoki", "examiner")
        for words in (
            {"principal": "a b", "role": "examiner"},
            {"principal": "a", "role": "king"},
            {"principal": "a", "role": "examiner", "after": "soon"},
        ):
            with pytest.raises(UsageError):
                keys.add_person(examination, public, **words)
    assert 'aoki valid-before="20300131000000Z" ssh-ed25519 ' in (case / "keys" / "allowed_signers").read_text()
