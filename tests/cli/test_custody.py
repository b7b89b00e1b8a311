"""The verbs of custody as a person uses them, from the first key to the last item that was destroyed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from forensics.casefile import sshsig
from forensics.casefile.checkpoints import parse_receipt
from forensics.casefile.notes import COSIGNATURE, Signer
from forensics.examination.receipts import cosign
from tests.casefile.tsa import Authority, needs_openssl
from tests.cli.command import Answer, here, mailbox

needs_openssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH's ssh-keygen is not installed")


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case with one mailbox and a key of its own, whose secret half lies beside it."""
    monkeypatch.setenv("FORENSICS_KEYS", str(tmp_path / "keys"))
    monkeypatch.delenv("FORENSICS_PASSPHRASE", raising=False)
    folder = tmp_path / "case"
    assert here("case", "new", folder, "--examiner", "Aoki", "--legal-basis", "order 12").code == 0
    assert here("acquire", mailbox(tmp_path / "a.mbox", "one", "two"), "--case", folder).code == 0
    assert here("case", "key", folder, "--no-passphrase").code == 0
    return folder


def _person(tmp_path: Path, case: Path, who: str, role: str) -> Path:
    key = tmp_path / who
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    assert here("case", "key", case, "--add", f"{key}.pub", "--as", who, "--role", role).code == 0
    return key


def _lines(case: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (case / "ledger" / "events.jsonl").read_text().splitlines()]


def _verified(case: Path) -> dict[str, object]:
    done = here("verify", case, "--read-only", "--json")
    assert done.code == 0, done.out
    return done.object


def test_a_key_is_made_once_and_lies_outside_the_case(case: Path, tmp_path: Path) -> None:
    (ring,) = (tmp_path / "keys").rglob("keyring.json")
    seed = json.loads(ring.read_text())["log_seed"]
    found = "".join(path.read_bytes().hex() for path in case.rglob("*") if path.is_file())
    assert seed not in found
    assert seed.encode().hex() not in found
    vkey = (case / "keys" / "log.vkey").read_text().strip()
    assert vkey in here("case", "key", case).out
    lines = len(_lines(case))
    again = here("case", "key", case, "--no-passphrase", "--json").object
    assert (again["log_key"], len(_lines(case))) == (vkey, lines)
    inside = here("case", "key", case, "--keys", case / "keys", "--no-passphrase")
    assert inside.code in (0, 2)
    assert not list(case.rglob("keyring.*"))


def test_a_protected_key_needs_its_passphrase_and_work_goes_on_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORENSICS_KEYS", str(tmp_path / "keys"))
    folder = tmp_path / "case"
    assert here("case", "new", folder).code == 0
    assert "nobody is there to type it" in here("case", "key", folder).err
    read, write = os.pipe()
    os.write(write, b"secret words\n")
    os.close(write)
    assert here("case", "key", folder, "--passphrase-fd", read).code == 0
    os.close(read)
    assert next((tmp_path / "keys").rglob("keyring.*")).name == "keyring.age"
    assert here("case", "set", folder, "title=x").code == 0
    assert here("case", "receipt", folder).code == 2
    monkeypatch.setenv("FORENSICS_PASSPHRASE", "wrong")
    assert "not the passphrase" in here("case", "receipt", folder).err
    monkeypatch.setenv("FORENSICS_PASSPHRASE", "secret words")
    assert here("case", "receipt", folder).code == 0


def test_a_receipt_is_one_line_a_code_and_a_page_and_the_ledger_goes_on_from_it(case: Path, tmp_path: Path) -> None:
    page = tmp_path / "receipt.html"
    done = here("case", "receipt", case, "--to", "甲 & Co", "--page", page)
    line = done.out.splitlines()[0]
    found = parse_receipt(line)
    assert found.size == len(_lines(case)) - 1
    assert "█" in done.out
    text = page.read_text()
    assert line.replace("+", "&#43;") in text or line in text
    assert "<svg" in text
    assert "甲 &amp; Co" in text
    assert "改ざん検知" in text
    note = (case / "ledger" / "checkpoints" / f"{found.size:08d}").read_text()
    assert line.split()[2] in note
    assert _verified(case)["covered"] == len(_lines(case))


@needs_openssh
def test_a_transfer_is_open_until_it_is_answered_with_the_same_hashes(case: Path, tmp_path: Path) -> None:
    key = _person(tmp_path, case, "aoki@example.jp", "examiner")
    out = here(
        "case", "transfer", "out", case, "--from", "Aoki", "--to", "Court", "--purpose", "order", "--method", "by hand",
        "--medium", "disk 1", "--encryption", "none", "--place", "Tokyo", "--sign", key, "--as", "aoki@example.jp",
    )  # fmt: skip
    assert out.code == 0, out.err
    assert "Not said: seal_no" in out.out
    assert "In transit: EV-0001 to Court" in here("case", "show", case).out
    line = next(each for each in _lines(case) if each["act"] == "transfer.out")
    assert line["actor"]["key"].startswith("SHA256:")  # type: ignore[index]
    (signature,) = (case / "ledger" / "checkpoints").glob("*.transfer.sshsig")
    assert _judged(case, signature, "aoki@example.jp", "transfer")
    copy = tmp_path / "arrived"
    shutil.copytree(case / "evidence", copy)
    done = here("case", "transfer", "in", case, "--received", copy, "--condition", "sealed", "--place", "Osaka")
    assert done.code == 0, done.err
    assert "In transit" not in here("case", "show", case).out
    assert "0 transfers are in transit" in here("case", "transfer", "in", case).err
    assert _verified(case)["warnings"] == []


def _judged(case: Path, signature: Path, who: str, purpose: str) -> bool:
    note = signature.with_name(signature.name.split(".")[0])
    command = ["ssh-keygen", "-Y", "verify", "-f", str(case / "keys" / "allowed_signers"), "-I", who]
    command += ["-n", sshsig.namespace(purpose), "-s", str(signature)]
    return subprocess.run(command, input=note.read_bytes(), capture_output=True, check=False).returncode == 0


def test_what_arrived_changed_is_told_and_the_transfer_is_answered_all_the_same(case: Path, tmp_path: Path) -> None:
    assert here("case", "transfer", "out", case, "--to", "Court").code == 0
    copy = tmp_path / "arrived"
    shutil.copytree(case / "evidence", copy)
    payload = copy / "EV-0001" / "data" / "000001.bin"
    payload.chmod(0o600)
    payload.write_bytes(b"x" + payload.read_bytes()[1:])
    done = here("case", "transfer", "in", case, "--received", copy)
    assert (done.code, "with differences" in done.out) == (4, True)
    last = next(each for each in reversed(_lines(case)) if each["act"] == "transfer.in")
    assert last["result"]["rc"] == 4  # type: ignore[index]
    assert _verified(case)["ledger"] == []


@needs_openssh
def test_a_witness_signs_here_or_elsewhere_and_a_revoked_key_signs_no_more(case: Path, tmp_path: Path) -> None:
    key = _person(tmp_path, case, "witness@example.jp", "witness")
    done = here("case", "witness", case, "--as", "witness@example.jp", "--sign", key, "--json").object
    assert _judged(case, case / str(done["path"]), "witness@example.jp", "witness")
    note = sorted(path for path in (case / "ledger" / "checkpoints").iterdir() if path.name.isdigit())[-1]
    shutil.copy(note, tmp_path / "note")
    command = [
        "ssh-keygen",
        "-q",
        "-Y",
        "sign",
        "-f",
        str(key),
        "-n",
        sshsig.namespace("witness"),
        str(tmp_path / "note"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    elsewhere = here("case", "witness", case, "--as", "witness@example.jp", "--signature", tmp_path / "note.sig",
                     "--size", int(note.name))  # fmt: skip
    assert elsewhere.code == 0, elsewhere.err
    assert _verified(case)["differences"] == []
    assert here("case", "witness", case, "--as", "stranger", "--sign", key).code == 2
    assert here("case", "key", case, "--revoke", "witness@example.jp", "--why", "left").code == 0
    assert here("case", "witness", case, "--as", "witness@example.jp", "--sign", key).code == 2
    assert _verified(case)["differences"] == []
    (case / str(done["path"])).write_text((tmp_path / "note.sig").read_text())
    assert here("verify", case, "--read-only").code == 4


def test_another_office_co_signs_a_checkpoint(case: Path, tmp_path: Path) -> None:
    assert here("case", "receipt", case).code == 0
    note = sorted(path for path in (case / "ledger" / "checkpoints").iterdir() if path.name.isdigit())[-1]
    seed = bytes(range(32))
    office = Signer("office.example/witness", seed, COSIGNATURE).verifier.vkey
    (tmp_path / "back").write_bytes(cosign(note.read_bytes(), "office.example/witness", seed, 1_780_275_792))
    before = note.read_bytes()
    assert here("case", "witness", case, "--cosigned", tmp_path / "back", "--vkey", office).code == 0
    assert note.read_bytes() == before
    assert _verified(case)["differences"] == []
    wrong = Signer("office.example/witness", bytes(32), COSIGNATURE).verifier.vkey
    assert here("case", "witness", case, "--cosigned", tmp_path / "back", "--vkey", wrong).code == 4
    assert here("case", "witness", case, "--cosigned", tmp_path / "back").code == 2


def test_the_key_of_the_ledger_changes_and_checkpoints_of_both_hold(case: Path) -> None:
    before = (case / "keys" / "log.vkey").read_text()
    assert here("case", "key", case, "--rotate").code == 2
    assert here("case", "key", case, "--rotate", "--why", "yearly", "--no-passphrase").code == 0
    after = (case / "keys" / "log.vkey").read_text()
    assert after.startswith(before)
    assert after.count("\n") == 2
    assert here("case", "receipt", case).code == 0
    found = _verified(case)
    assert (found["warnings"], found["covered"]) == ([], len(_lines(case)))


def test_a_correction_points_back_and_a_disposal_is_final(case: Path) -> None:
    assert here("case", "correct", case, 1, "--why", "the client is misspelt", "--right", "甲").code == 0
    last = _lines(case)[-1]
    assert (last["corrects"], last["change"]) == (_lines(case)[0]["id"], {"what": "甲"})
    assert here("case", "correct", case, 999, "--why", "x").code == 2
    dispose = (
        "case",
        "dispose",
        case,
        "--item",
        "EV-0001",
        "--how",
        "shredded",
        "--why",
        "order 13",
        "--witness",
        "Ueno",
    )
    assert here(*dispose).code == 0
    assert _lines(case)[-1]["witness"] == [{"name": "Ueno"}]
    assert here(*dispose).code == 2
    assert here("case", "return", case, "--item", "EV-0009", "--to", "Court").code == 2
    assert _verified(case)["ledger"] == []


def test_how_the_clock_stands_is_put_on_the_ledger(case: Path) -> None:
    assert here("case", "clock", case, "--offset-ms", 250).code == 2
    assert here("case", "clock", case, "--offset-ms", -250, "--source", "ntp.example.jp").code == 0
    assert _lines(case)[-1]["clock"]["offset_ms"] == -250  # type: ignore[index]


@needs_openssl
def test_a_station_without_network_has_its_ledger_stamped_by_files(case: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tsa", chain=True)
    query, reply = tmp_path / "q.tsq", tmp_path / "r.tsr"
    assert here("case", "timestamp", case).code == 2
    assert here("case", "timestamp", case, "--query", query).code == 0
    reply.write_bytes(authority.reply(query.read_bytes()))
    assert here("case", "key", case, "--authority", authority.folder / "root.pem").code == 0
    done = here("case", "timestamp", case, "--reply", reply, "--json")
    assert done.code == 0, done.err
    assert (done.object["trusted"], done.object["openssl"]) == (True, "good")
    found = _verified(case)
    assert found["stamped"] == done.object["size"]
    stored = case / "ledger" / "checkpoints" / f"{done.object['size']:08d}.tsr"
    assert stored.read_bytes() == reply.read_bytes()
    assert here("case", "timestamp", case, "--reply", query).code != 0
    other = Authority(tmp_path / "other")
    stored.write_bytes(other.reply(query.read_bytes()))
    assert here("verify", case, "--read-only").code == 4


def test_every_verb_of_custody_says_what_is_missing_in_a_sentence(case: Path) -> None:
    for words in (
        ("witness", case, "--as", "x"),
        ("transfer", "in", case),
        ("transfer", "out", case, "--to", "Court", "--item", "EV-0007"),
        ("dispose", case, "--how", "x", "--why", "y"),
        ("key", case, "--revoke", "nobody", "--why", "x"),
        ("key", case, "--add", case / "case.toml", "--as", "a"),
    ):
        answer: Answer = here("case", *words)
        assert answer.code == 2, words
        assert answer.error
