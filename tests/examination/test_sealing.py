"""Sealing a case: the same root from a case that was read anew, and every change of seal or records seen."""

from __future__ import annotations

import hashlib
import hmac
import shutil
from pathlib import Path

import pytest

from forensics.casefile import merkle
from forensics.casefile.acts import Act
from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError, UsageError
from forensics.examination import files, sealing
from forensics.examination.parsing import parse
from forensics.examination.sealing import SealSummary, check_seals, read_seal, seal
from forensics.examination.verifying import verify
from tests.examination.cases import copy_of, examined, lay_mail, lines, newer, open_case, sound


def salt_key(item: str) -> bytes:
    """What the keyring gives, with a secret that is none."""
    return hmac.digest(b"a salt master that everybody knows", item.encode(), hashlib.sha256)


def sealed(folder: Path, *names: str) -> list[SealSummary]:
    with open_case(folder) as examination:
        return seal(examination, salt_key, names)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case with one sealed item."""
    folder = tmp_path_factory.mktemp("sealed")
    examined(folder / "case", lay_mail(folder / "mail"))
    sealed(folder / "case")
    return folder / "case"


@pytest.fixture
def case(made: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return copy_of(made, tmp_path / "case")


def test_the_line_tells_of_the_root_and_its_files_hold(made: Path) -> None:
    view = CaseView(made)
    line = view.newest(Act.SEAL, evidence="EV-0001")
    assert line is not None
    found, leaves = read_seal(view, line)
    assert line.value["result"] == {"messages": view.counts()["message"], "root": merkle.root(leaves).hex()}
    assert [each["path"] for each in line.value["out"]] == [
        f"{found.folder}/seal.json",
        f"{found.folder}/messages.leaves",
    ]
    assert found.records_sha256 == hashlib.sha256((made / "records/EV-0001.json").read_bytes()).hexdigest()
    sound(made)


def test_sealing_again_does_no_more(case: Path) -> None:
    before = len(lines(case))
    (found,) = sealed(case)
    assert (found.unchanged, len(lines(case))) == (True, before)


def test_a_case_that_was_parsed_again_has_the_same_root(case: Path) -> None:
    (first,) = sealed(case)
    with open_case(case, workers=1) as examination:
        parse(examination, again=True)
    (second,) = sealed(case)
    assert (second.root, second.unchanged) == (first.root, True)
    shutil.rmtree(case / "seals")
    (third,) = sealed(case)
    assert (third.root, third.unchanged, third.same_root) == (first.root, False, True)
    assert list(check_seals(CaseView(case), lines(case), salt_key)) == []
    sound(case)


def test_another_salt_key_gives_another_root_and_verify_says_so(case: Path) -> None:
    assert verify(case, salt_key=salt_key).differences == ()
    (found,) = verify(case, salt_key=lambda item: bytes(32)).differences
    assert found.place.endswith("messages.leaves")
    assert "message 0" in found.what


def test_a_changed_leaf_is_found_without_the_key(case: Path) -> None:
    path = next(case.glob("seals/EV-0001/*/messages.leaves"))
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    assert [each.place for each in verify(case).differences] == [path.relative_to(case).as_posix()]


def test_leaves_that_were_changed_with_their_line_are_held_against_its_root(case: Path) -> None:
    view = CaseView(case)
    line = view.newest(Act.SEAL)
    assert line is not None
    path = case / line.value["out"][1]["path"]
    path.write_bytes(path.read_bytes()[32:])
    line.value["out"][1]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(IntegrityError, match="sealed"):
        read_seal(view, line)
    assert len(list(check_seals(view, [line]))) == 1


def test_a_file_that_no_seal_lists_does_not_belong_there(case: Path) -> None:
    (case / "seals/EV-0001/stray").write_bytes(b"")
    assert [each.place for each in verify(case).differences] == ["seals/EV-0001/stray"]


def test_what_is_not_there_cannot_be_sealed(case: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="EV-0009"):
        sealed(case, "EV-0009")
    before = len(lines(case))
    assert newer(case, before) == []
    with pytest.raises(UsageError, match="no records"):
        sealed(tmp_path / "new")


def test_a_seal_that_was_cut_short_is_unsettled_until_it_is_made_again(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = copy_of(made, tmp_path / "case")
    shutil.rmtree(case / "seals")
    adopt = files.adopt

    def killed(path: Path, folder: Path, name: str) -> dict[str, object]:
        done = adopt(path, folder, name)
        if name.endswith("seal.json"):
            return done
        raise KilledError

    monkeypatch.setattr(sealing, "adopt", killed)
    with pytest.raises(KilledError), open_case(case) as examination:
        seal(examination, lambda item: bytes(32))
    monkeypatch.undo()
    found = verify(case)
    assert found.differences == ()
    assert {each.place.rpartition("/")[2] for each in found.unsettled} == {"seal.json", "messages.leaves"}
    sealed(case)
    sound(case)


class KilledError(BaseException):
    """A process that was killed writes no second line."""
