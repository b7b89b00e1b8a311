"""What goes into a bundle and what does not, and when there is none; keys that change hands; what the command says."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.casefile import keyring
from forensics.errors import IntegrityError, UsageError
from forensics.examination.bundling import bundle
from forensics.examination.conductor import Examination
from tests.cli.command import forensics
from tests.custody.forger import Forger
from tests.custody.real import Handed, run, verify

VERIFIED, FAILED, CONSISTENT, INCOMPLETE = 0, 10, 11, 12
New = Callable[[], Forger]


@pytest.fixture
def case(handed: Handed, tmp_path: Path) -> Path:
    copy = tmp_path / "case"
    shutil.copytree(handed.case, copy, symlinks=True)
    for path in copy.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return copy


def _bundled(case: Path, target: Path, ring: keyring.Keyring | None, *without: str) -> Path:
    with Examination(case, None, ring) as examination:
        bundle(examination, target, without=without)
    return target


def test_evidence_and_contents_can_stay_and_the_verifier_says_so(handed: Handed, case: Path, tmp_path: Path) -> None:
    path = _bundled(case, tmp_path / "light", handed.ring, "evidence", "content")
    found = verify(path, *handed.anchors("receipt"))
    assert found.codes() == {"left-out"}
    assert found.said["left_out"] == ["content", "evidence"]
    assert not list(path.glob("data/evidence/*/data"))
    assert (path / "data/evidence/EV-0001/manifest-sha256.txt").exists()


def test_what_was_left_out_is_on_the_ledger(forger: New) -> None:
    forged = forger()
    shutil.rmtree(forged.folder / "data/evidence/EV-0001/data")
    info = forged.folder / "bag-info.txt"
    info.write_text(info.read_text() + "Left-Out: evidence\n")
    found = verify(forged.rebag())
    assert {("malformed", "bag-info.txt"), ("changed", "manifest-sha256.txt")} <= set(found.findings)


def test_neither_lock_nor_leftovers_nor_secrets_are_handed_over(handed: Handed, case: Path, tmp_path: Path) -> None:
    (case / "content" / "incoming").mkdir(exist_ok=True)
    (case / "content" / "incoming" / "x").write_bytes(b"half")
    path = _bundled(case, tmp_path / "bundle", handed.ring)
    names = {each.name for each in path.rglob("*")}
    assert not names & {"lock", "incoming", "head.new", "keyring.json"}


def test_a_secret_that_somebody_put_among_the_public_keys_stops_the_bundle(
    handed: Handed, case: Path, tmp_path: Path
) -> None:
    (case / "keys" / "envelopes").mkdir(exist_ok=True)
    (case / "keys" / "envelopes" / "mine").write_bytes(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    with pytest.raises(UsageError, match="holds a secret"):
        _bundled(case, tmp_path / "bundle", handed.ring)


def test_a_case_that_does_not_hold_is_not_handed_over(case: Path, tmp_path: Path, handed: Handed) -> None:
    (case / "evidence/EV-0001/data/000001.bin").write_bytes(b"changed")
    with pytest.raises(IntegrityError):
        _bundled(case, tmp_path / "bundle", handed.ring)
    assert not (tmp_path / "bundle").exists()


def test_a_bundle_lies_outside_of_its_case_and_over_nothing(case: Path, tmp_path: Path, handed: Handed) -> None:
    with pytest.raises(UsageError, match="inside the case"):
        _bundled(case, case / "bundle", handed.ring)
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="there already"):
        _bundled(case, tmp_path / "there", handed.ring)


def test_without_a_key_a_bundle_can_be_checked_and_says_that_nobody_signed_it(case: Path, tmp_path: Path) -> None:
    found = verify(_bundled(case, tmp_path / "bundle", None))
    assert (found.code, found.codes()) == (CONSISTENT, {"tail"})


def test_the_command_makes_a_bundle_and_its_verifier_runs_in_it(case: Path, tmp_path: Path) -> None:
    made = forensics("bundle", case, "--out", tmp_path / "bundle", "--json")
    assert made.code == 0, made.err
    said = json.loads(made.out)
    assert said["verifier_sha256"]
    text = run(tmp_path / "bundle")
    assert text.returncode == CONSISTENT
    assert "内部整合のみ" in text.stdout
    assert "INTERNALLY CONSISTENT" in text.stdout
    assert said["verifier_sha256"] in text.stdout


def test_a_key_that_the_old_one_vouched_for_is_trusted_and_another_is_not(
    handed: Handed, case: Path, tmp_path: Path
) -> None:
    from forensics.casefile.acts import Act

    new = handed.ring.rotated()
    with Examination(case, None, handed.ring) as examination:
        examination.note(Act.KEY_ADD, params={"vkey": new.signer.verifier.vkey})
        examination.keys_changed()
        examination.sign()
        examination.note(Act.KEY_REVOKE, params={"vkey": handed.log_key}, why="rotated")
    with Examination(case, None, new) as examination:
        made = bundle(examination, tmp_path / "bundle")
    assert (
        verify(made_path := tmp_path / "bundle", "--log-key", handed.log_key, "--receipt", made.receipt).code
        == VERIFIED
    )
    # The new key signed over all lines, and so over those that the old one vouched for; the bundle tells of that key.
    assert verify(made_path, "--log-key", made.log_key, "--receipt", made.receipt).code == VERIFIED
    stranger = handed.ring.rotated().signer.verifier.vkey
    assert verify(made_path, "--log-key", stranger, "--receipt", made.receipt).code == FAILED


def test_a_fact_that_nobody_supplied_makes_it_incomplete(handed: Handed, forger: New) -> None:
    forged = forger()
    del forged.line("transfer.out")["params"]["place"]
    forged.line("acquire", "finished").pop("authority")
    found = verify(forged.rewrite(handed.ring.signer))
    assert (found.code, found.codes()) == (INCOMPLETE, {"fact-missing"})
    told = {each["facts"]["why"].split(",")[0] for each in found.said["findings"] if each["code"] == "fact-missing"}
    assert told == {"C.place", "B.authority"}


def test_what_was_handed_over_and_never_arrived_is_named(handed: Handed, forger: New) -> None:
    forged = forger()
    forged.lines.remove(forged.line("transfer.in"))
    assert verify(forged.rewrite(handed.ring.signer)).codes() == {"in-transit"}
    other = forger()
    other.line("transfer.in")["in"][0]["sha256"] = "0" * 64
    assert verify(other.rewrite(handed.ring.signer)).codes() == {"custody"}


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_personal_signature_of_any_usual_key_is_checked(
    handed: Handed, case: Path, tmp_path: Path, kind: str
) -> None:
    from forensics.casefile.acts import Act

    key = tmp_path / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(key)], check=True)
    public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    with Examination(case, None, handed.ring) as examination:
        examination.note(Act.KEY_ADD, params={"principal": "kato", "public_key": public, "role": "examiner"})
        examination.keys_changed()
        note = case / "ledger" / "checkpoints" / f"{examination.sign().size:08d}"
        sign = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "email-forensics-seal@v1", str(note)]
        subprocess.run(sign, check=True, capture_output=True)
        note.with_name(note.name + ".sig").rename(note.with_name(note.name + ".kato.seal.sshsig"))
        bundle(examination, tmp_path / "bundle")
    assert verify(tmp_path / "bundle").codes() == set()
    forged = Forger(tmp_path / "bundle", tmp_path / "forged")
    for name in (".kato.transfer.sshsig", ".suzuki.seal.sshsig"):
        made = forged.ledger / "checkpoints" / (note.name + name)
        made.write_bytes((forged.ledger / "checkpoints" / (note.name + ".kato.seal.sshsig")).read_bytes())
        place = f"data/ledger/checkpoints/{made.name}"
        assert verify(forged.rebag()).findings == [("signature", place)]
        made.unlink()
