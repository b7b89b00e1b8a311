"""A sealed case with a signed ledger, and packets out of it, for the tests of disclosure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from forensics.casefile import checkpoints, keyring, notes
from forensics.casefile.keyring import Keyring
from forensics.casefile.ledger import read_lines
from forensics.casefile.view import CaseView
from forensics.examination.disclosing import DiscloseSummary, disclose
from forensics.examination.sealing import seal
from tests.examination.cases import examined, lay_mail, open_case

FILE_MAIL = "<file@example.jp>"
"""The Message-ID of the message with an attachment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A sealed case and its secrets."""

    case: Path
    keys: Keyring

    @property
    def verifiers(self) -> list[notes.Verifier]:
        return [self.keys.signer.verifier]

    def disclose(self, out: Path, *messages: str, parts: str = "headers") -> DiscloseSummary:
        with open_case(self.case) as examination:
            return disclose(examination, self.keys.salt_key, messages or (FILE_MAIL,), parts.split(","), out)


def sealed_case(folder: Path) -> Sealed:
    """Mail, examined and sealed, under a checkpoint that the log's key signed."""
    examined(folder / "case", lay_mail(folder / "mail"))
    keys = keyring.new(CaseView(folder / "case").facts.id)
    with open_case(folder / "case") as examination:
        seal(examination, keys.salt_key)
    sign(folder / "case", keys)
    return Sealed(case=folder / "case", keys=keys)


def sign(case: Path, keys: Keyring) -> checkpoints.Stored:
    """A checkpoint over the lines as they are, and the public key beside it."""
    size = len(list(read_lines(case / "ledger")))
    root = checkpoints.roots(checkpoints.raw_lines(case / "ledger"), [size])[size]
    origin = keyring.origin(keys.case)
    checkpoints.write(case / "ledger", notes.Checkpoint(origin=origin, size=size, root=root), keys.signer)
    (case / "keys").mkdir(exist_ok=True)
    (case / "keys/log.vkey").write_text(keys.signer.verifier.vkey + "\n")
    return checkpoints.stored(case / "ledger")[-1]


def list_again(packet: Path) -> None:
    """Make the manifests fit the files, as whoever forges a packet would."""
    files = sorted(path for path in packet.rglob("*") if path.is_file() and path.name != "tagmanifest-sha256.txt")
    names = [path.relative_to(packet).as_posix() for path in files]
    payload = [name for name in names if name.startswith("data/")]
    size = sum((packet / name).stat().st_size for name in payload)
    info = packet / "bag-info.txt"
    info.write_text(re.sub("Oxum: .*", f"Oxum: {size}.{len(payload)}", info.read_text()))
    for manifest, listed in (("manifest", payload), ("tagmanifest", [name for name in names if name not in payload])):
        lines = (f"{hashlib.sha256((packet / name).read_bytes()).hexdigest()}  {name}\n" for name in listed)
        (packet / f"{manifest}-sha256.txt").write_text("".join(lines))
