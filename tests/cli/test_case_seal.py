"""Sealing and disclosing from the command line, with the keys of the case outside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile.view import CaseView
from tests.examination.cases import examined, forensics, lay_mail
from tests.examination.packets import FILE_MAIL


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a case, its keys outside it."""
    folder = tmp_path_factory.mktemp("cli")
    examined(folder / "case", lay_mail(folder / "mail"))
    assert said(folder, "case", "key", folder / "case", "--no-passphrase")["exit_code"] == 0
    return folder


def said(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    env = {**os.environ, "FORENSICS_KEYS": str(folder / "keys")}
    done = forensics(*arguments, "--json", env=env)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_case_is_sealed_disclosed_and_verified(made: Path, tmp_path: Path) -> None:
    case = made / "case"
    (seal,) = said(made, "case", "seal", case)["seals"]
    assert (seal["evidence"], seal["messages"]) == ("EV-0001", CaseView(case).counts()["message"])
    (again,) = said(made, "case", "seal", case, "EV-0001")["seals"]
    assert (again["root"], again["unchanged"]) == (seal["root"], True)
    out = tmp_path / "packet"
    packet = said(made, "case", "disclose", FILE_MAIL, "--case", case, "--parts", "headers,attachment:1", "--out", out)
    assert (packet["messages"], packet["exit_code"]) == (1, 0)
    command = [sys.executable, "-I", str(out / "verify.py"), "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
    assert (found["verdict"], found["findings"]) == ("INTERNALLY CONSISTENT", [])
    assert said(made, "verify", case)["exit_code"] == 0


def test_verify_builds_the_seals_again_where_the_keys_are_at_hand(made: Path, tmp_path: Path) -> None:
    case = made / "case"
    said(made, "case", "seal", case)
    (folder,) = (made / "keys").iterdir()
    kept = (folder / "keyring.json").read_text()
    value = json.loads(kept)
    (folder / "keyring.json").write_text(
        json.dumps({**value, "salt_master": "00" * 32}, sort_keys=True, separators=(",", ":"))
    )
    try:
        found = said(made, "verify", case, "--read-only")
    finally:
        (folder / "keyring.json").write_text(kept)
    assert found["exit_code"] == 4
    assert "another leaf for message 0" in json.dumps(found["differences"])
    assert said(tmp_path, "verify", case, "--read-only")["exit_code"] == 0


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not here to make a key")
def test_the_examiner_signs_the_ledger_with_the_seal_on_it(made: Path, tmp_path: Path) -> None:
    case, key = made / "case", tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    refused = said(made, "case", "seal", case, "--sign-with", key)
    assert refused["exit_code"] == 2
    said(made, "case", "key", case, "--add", f"{key}.pub", "--as", "abe@example.jp")
    signature = said(made, "case", "seal", case, "--sign-with", key)["signature"]
    assert (signature["who"], signature["purpose"]) == ("abe@example.jp", "seal")
    assert (case / signature["path"]).is_file()


def test_without_keys_nothing_is_sealed(made: Path, tmp_path: Path) -> None:
    found = said(tmp_path, "case", "seal", made / "case")
    assert found["exit_code"] == 2
    assert "case key" in json.dumps(found)
