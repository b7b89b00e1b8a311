"""What verify says of checkpoints, keys, signatures and attached payloads that somebody changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics import canonical
from forensics.casefile import keyring, signing
from forensics.casefile.acts import Act
from forensics.casefile.notes import Checkpoint, Signer, parse_note, sign_checkpoint
from forensics.examination.conductor import Examination
from forensics.examination.keys import make_log_key
from forensics.examination.verifying import VerifySummary, verify
from tests.examination.cases import station


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case of five lines, the last of them signed, with a payload attached."""
    folder = tmp_path / "case"
    payload = b"a photo"
    sha256 = hashlib.sha256(payload).hexdigest()
    with Examination.create(folder, {"examiner": "Aoki"}, station()) as examination:
        make_log_key(examination, tmp_path / "keys", None)
        (folder / "ledger" / "attached").mkdir()
        (folder / "ledger" / "attached" / sha256).write_bytes(payload)
        attached = ({"path": f"ledger/attached/{sha256}", "sha256": sha256, "size": len(payload)},)
        examination.note(Act.ANOMALY, attach=attached)
        examination.sign()
        examination.note(Act.VERIFY)
        examination.note(Act.RECEIPT)
    return folder


def _events(case: Path) -> Path:
    return case / "ledger" / "events.jsonl"


def _rechain(case: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Change lines and make chain and head anew, as one does who wants it to hold."""
    lines = change([json.loads(line) for line in _events(case).read_bytes().splitlines()])
    previous, data = "0" * 64, b""
    for number, value in enumerate(lines, start=1):
        raw = canonical.encode({**value, "prev": previous, "seq": number})
        previous, data = hashlib.sha256(raw).hexdigest(), data + raw + b"\n"
    _events(case).write_bytes(data)
    (case / "ledger" / "head").write_bytes(
        canonical.encode({"lines": len(lines), "sha256": previous, "size": len(data)})
    )


def _said(found: VerifySummary) -> str:
    return "\n".join(map(str, (*found.ledger, *found.differences)))


def _checkpoint(case: Path, size: int = 5) -> Path:
    return case / "ledger" / "checkpoints" / f"{size:08d}"


def test_an_untouched_case_is_covered_whole(case: Path) -> None:
    found = verify(case)
    assert (found.exit_code, found.warnings, found.covered, found.lines) == (0, (), 5, 5)


def test_lines_after_the_last_checkpoint_are_told_and_no_failure(case: Path) -> None:
    with Examination(case, station()) as examination:
        examination.note(Act.VERIFY)
    found = verify(case)
    assert found.exit_code == 0
    assert "lines 6 to 6 are covered by no checkpoint" in str(found.warnings[0])


def test_a_case_without_a_key_says_nothing_of_checkpoints(tmp_path: Path) -> None:
    with Examination.create(tmp_path / "case", {}, station()):
        pass
    assert verify(tmp_path / "case").warnings == ()


def test_a_ledger_that_was_edited_and_chained_anew_is_not_what_was_signed(case: Path) -> None:
    _rechain(case, lambda lines: [{**lines[0], "actor": {"name": "Ueno"}}, *lines[1:]])
    found = verify(case)
    assert found.exit_code == 5
    assert "are not those that were signed" in _said(found)


def test_a_ledger_that_was_cut_below_a_checkpoint_is_told(case: Path) -> None:
    _rechain(case, lambda lines: lines[:4])
    found = verify(case)
    assert found.exit_code == 5
    assert "lines were taken away" in _said(found)


def test_a_ledger_that_was_cut_above_its_last_checkpoint_is_found_by_nobody_without_a_receipt(case: Path) -> None:
    _rechain(case, lambda lines: lines[:3])
    _checkpoint(case).unlink()
    assert verify(case).exit_code == 0


def test_a_checkpoint_of_a_key_that_is_not_on_the_ledger_is_refused(case: Path) -> None:
    note = Checkpoint.of(parse_note(_checkpoint(case).read_bytes()).text)
    _checkpoint(case).write_bytes(sign_checkpoint(note, Signer(note.origin, signing.new_seed())))
    found = verify(case)
    assert (found.exit_code, "no known key" in _said(found)) == (5, True)


def test_a_checkpoint_under_another_name_or_of_another_case_is_refused(case: Path, tmp_path: Path) -> None:
    ring = keyring.read(tmp_path / "keys", json.loads(_events(case).read_text().splitlines()[0])["case"])
    good = _checkpoint(case).read_bytes()
    _checkpoint(case, 4).write_bytes(good)
    assert "is not its name" in _said(verify(case))
    _checkpoint(case, 4).unlink()
    note = Checkpoint.of(parse_note(good).text)
    foreign = Checkpoint(origin="another", size=note.size, root=note.root)
    _checkpoint(case).write_bytes(sign_checkpoint(foreign, ring.signer))
    assert "it is of another log" in _said(verify(case))


def test_every_bit_of_a_checkpoint_that_is_flipped_is_named(case: Path) -> None:
    good = _checkpoint(case).read_bytes()
    for at in range(0, len(good) * 8, 11):
        changed = bytearray(good)
        changed[at // 8] ^= 1 << at % 8
        _checkpoint(case).write_bytes(changed)
        found = verify(case)
        assert found.exit_code == 5, at
        assert _checkpoint(case).name in _said(found)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ledger/checkpoints/notes.txt", b"x"),
        ("ledger/checkpoints/00000005.aoki.other.sshsig", b"x"),
        ("ledger/checkpoints/00000005.aoki.seal.sshsig", b"x"),
        ("ledger/checkpoints/00000005.tsr", b"x"),
        ("ledger/checkpoints/00000009.tsr", b"x"),
        ("ledger/attached/" + "0" * 64, b"x"),
        ("ledger/attached/notes.txt", b"x"),
        ("keys/notes.txt", b"x"),
        ("keys/allowed_signers", b"mallory ssh-ed25519 AAAA\n"),
        ("keys/log.vkey", b"another\n"),
        ("keys/tsa/1.pem", b"x"),
    ],
)
def test_a_file_that_no_line_accounts_for_is_named(case: Path, name: str, data: bytes) -> None:
    path = case / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    found = verify(case)
    assert (found.exit_code, name in _said(found)) == (4, True)


def test_a_payload_that_is_missing_or_changed_is_named_and_one_that_no_line_names_is_told(case: Path) -> None:
    (payload,) = (case / "ledger" / "attached").iterdir()
    more = b"left by a run that was cut short"
    orphan = payload.with_name(hashlib.sha256(more).hexdigest())
    orphan.write_bytes(more)
    found = verify(case)
    assert (found.exit_code, "no line of the ledger names it" in str(found.warnings[0])) == (0, True)
    orphan.unlink()
    payload.write_bytes(b"another")
    assert "is not what its name says" in _said(verify(case))
    payload.unlink()
    assert "is missing" in _said(verify(case))


def test_keys_that_are_one_line_behind_are_told_and_completed_by_the_next_session(case: Path) -> None:
    path = case / "keys" / "log.vkey"
    path.unlink()
    found = verify(case)
    assert (found.exit_code, "one key behind" in str(found.warnings[0])) == (0, True)
    with Examination(case, station()):
        pass
    assert path.is_file()


def test_what_a_killed_run_left_of_a_checkpoint_is_no_difference(case: Path) -> None:
    _checkpoint(case).with_name("00000005.new").write_bytes(b"half a no")
    assert verify(case).exit_code == 0


@pytest.mark.parametrize(("left", "said"), [(None, "is missing"), (b"another", "is not what the ledger says")])
def test_a_stamp_that_a_line_names_is_there_and_is_that_one(case: Path, left: bytes | None, said: str) -> None:
    name = "ledger/checkpoints/00000005.tsr"
    output = {"path": name, "sha256": hashlib.sha256(b"a stamp").hexdigest(), "size": 7}
    with Examination(case, station()) as examination:
        examination.note(Act.CHECKPOINT_STAMP, params={"size": 5}, outputs=(output,))
    if left is not None:
        (case / name).write_bytes(left)
    found = verify(case)
    assert found.exit_code == 4
    assert f"{name}: {said}" in _said(found)
