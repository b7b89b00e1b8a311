"""A real case, handed over: acquired, parsed, answered, sealed, signed, stamped, transferred, bundled, once a session.

The verifier is run as its receiver runs it: the file itself, in a process of its own or loaded from its path.
"""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from forensics.casefile import checkpoints, keyring
from forensics.casefile.acts import Act
from forensics.evidence.points import askable
from forensics.examination.answering import answer
from forensics.examination.bundling import bundle
from forensics.examination.conductor import Examination
from forensics.examination.examining import examine
from forensics.examination.sealing import seal
from forensics.examination.stamping import take_reply
from forensics.examination.station import Station
from tests.custody.authority import OPENSSL, Authority
from tests.examination.cases import ROOT, lay_mail

VERIFIER = ROOT / "forensics" / "evidence" / "handover" / "verify.py"
FACTS = {
    "title": "架空の件", "client": "架空商事", "examiner": "山田 花子", "organisation": "Example Forensics",
    "role": "expert", "legal_basis": "contract of 1 June 2026", "scope": "mailbox of Aoki", "purpose": "who sent it",
}  # fmt: skip
TO = {"from": {"name": "山田 花子"}, "to": {"name": "鈴木 一郎"}, "purpose": "review", "place": "Tokyo",
      "method": "hand", "medium": "SSD 1234", "seal_no": "S-1", "encryption": "none", "condition": "whole"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What the other side got, and what of it came by other ways than the bundle."""

    case: Path
    bundle: Path
    ring: keyring.Keyring
    log_key: str
    receipt: str
    early_receipt: str
    person: Path
    authority: Authority | None

    def anchors(self, *which: str) -> list[str]:
        """Arguments of the verifier: the log key, and those of ``receipt``, ``early``, ``tsa`` that are named."""
        found = ["--log-key", self.log_key]
        for name in which:
            found += {
                "receipt": ["--receipt", self.receipt],
                "early": ["--receipt", self.early_receipt],
                "tsa": ["--tsa-root", str(self.authority.root if self.authority else "")],
            }[name]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the verifier said."""

    code: int
    said: dict[str, Any]

    @property
    def findings(self) -> list[tuple[str, str]]:
        """Code and place of each finding that is more than a note."""
        return [(each["code"], each["place"]) for each in self.said["findings"] if each["code"] not in ("unchecked",)]

    def codes(self) -> set[str]:
        return {code for code, _ in self.findings}


@cache
def verifier() -> ModuleType:
    """The verifier, loaded from its path: it belongs to no package."""
    spec = importlib.util.spec_from_file_location("handed_over_verifier", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verify(folder: Path, *arguments: str) -> Verdict:
    """The verifier in this process: quicker than a process for each of many bundles."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out):
        code = verifier().main([str(folder), "--json", *arguments])
    assert isinstance(out.buffer, io.BytesIO)
    return Verdict(code=code, said=json.loads(out.buffer.getvalue()))


def run(folder: Path, *arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """The verifier as its receiver runs it: isolated from whatever is installed beside it."""
    command = [python, "-I", "-S", str(VERIFIER), str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def hand_over(folder: Path) -> Handed:
    """Make the case and everything that is handed over with it."""
    lay_mail(folder / "source")
    case = folder / "case"
    station = Station(
        argv=("a test",), workers=1, clock=lambda: {"offset_ms": 0, "source": "test", "synchronised": True}
    )
    with Examination.create(case, dict(FACTS), station) as examination:
        ring = keyring.new(examination.facts.id)
        examine(examination, [folder / "source"])
    person = _person(folder / "suzuki")
    authority = Authority(folder / "authority") if OPENSSL else None
    with Examination(case, station, ring) as examination:
        _keys(examination, ring, person)
        answer(examination, {"": dict.fromkeys(askable(), "stated")})
        seal(examination, ring.salt_key)
        early = checkpoints.receipt(examination.sign(), station.now()).text
        _transfer(examination, early)
        _witness(case, examination.sign().size, person)
        made = bundle(examination, folder / "bundle", anchor=_stamped(authority) if authority else None)
    return Handed(
        case=case,
        bundle=folder / "bundle",
        ring=ring,
        log_key=made.log_key,
        receipt=made.receipt,
        early_receipt=early,
        person=person,
        authority=authority,
    )


def _stamped(authority: Authority) -> Callable[[Examination], None]:
    """The last checkpoint stamped; its line follows the checkpoint that it tells of and is signed in turn."""

    def stamp(examination: Examination) -> None:
        path = examination.folder / "ledger" / "checkpoints" / checkpoints.note_name(examination.sign().size)
        authority.stamp(path)
        reply = path.with_name(path.name + ".tsr").read_bytes()
        path.with_name(path.name + ".tsr").unlink()
        take_reply(examination, reply, [authority.root.read_bytes()])

    return stamp


def _person(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "suzuki", "-f", str(path)], check=True)
    return path


def _keys(examination: Examination, ring: keyring.Keyring, person: Path) -> None:
    public = " ".join(person.with_suffix(".pub").read_text().split()[:2])
    examination.note(Act.KEY_ADD, params={"vkey": ring.signer.verifier.vkey})
    examination.note(Act.KEY_ADD, params={"principal": "suzuki", "public_key": public, "role": "witness"})
    examination.keys_changed()


def _transfer(examination: Examination, receipt: str) -> None:
    item = examination.view().newest(Act.ACQUIRE)
    assert item is not None
    inputs = tuple({key: each[key] for key in ("id", "sha256")} for each in item.value["out"])
    params = {**TO, "receipt": receipt}
    left = examination.note(Act.TRANSFER_OUT, params=params, inputs=inputs, why="review")
    answers = {**params, "answers": left.value["id"]}
    examination.note(Act.TRANSFER_IN, params=answers, inputs=inputs, result={"hashes": "equal"}, why="review")


def _witness(case: Path, size: int, person: Path) -> None:
    """A personal signature as ssh-keygen makes it."""
    note = case / "ledger" / "checkpoints" / checkpoints.note_name(size)
    purpose = "email-forensics-witness@v1"
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", str(person), "-n", purpose, str(note)], check=True, capture_output=True
    )
    note.with_name(note.name + ".sig").rename(note.with_name(f"{note.name}.suzuki.witness.sshsig"))
