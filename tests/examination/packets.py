"""A sealed case with a signed ledger, and packets out of it, for the tests of disclosure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from forensics.casefile import keyring, notes
from forensics.casefile.keyring import Keyring
from forensics.casefile.view import CaseView
from forensics.examination.conductor import Examination
from forensics.examination.disclosing import DiscloseSummary, disclose
from forensics.examination.keys import make_log_key
from forensics.examination.sealing import salt_key_of, seal
from tests.examination.cases import examined, lay_mail, open_case, station

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
        with Examination(self.case, station(), self.keys) as examination:
            return disclose(examination, salt_key_of(examination), messages or (FILE_MAIL,), parts.split(","), out)


def sealed_case(folder: Path) -> Sealed:
    """Mail, examined and sealed; with the seal on it the ledger is signed."""
    examined(folder / "case", lay_mail(folder / "mail"))
    with open_case(folder / "case") as examination:
        make_log_key(examination, folder / "keys", None)
        seal(examination, salt_key_of(examination))
    keys = keyring.read(folder / "keys", CaseView(folder / "case").facts.id)
    return Sealed(case=folder / "case", keys=keys)


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
