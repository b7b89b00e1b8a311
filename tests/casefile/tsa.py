"""A time-stamping authority for tests: ``openssl ts`` with a root of its own, and its certificates in any order."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed")

_CONFIG = """
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
[ts]
dir = .
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
{chain}
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.13762.3
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
"""


class Authority:
    """One authority in a folder of its own; ``chain`` sends the root along, which OpenSSL does not sort."""

    def __init__(self, folder: Path, *, chain: bool = False) -> None:
        folder.mkdir()
        self.folder = folder
        (folder / "c").write_text(_CONFIG.format(chain="certs = root.pem" if chain else ""))
        (folder / "serial").write_text("01\n")
        self._new("root", "/CN=Test root", "-x509", "-extensions", "ca", "-config", "r", kind="ec")
        self._new("tsa", "/CN=Test authority", "-config", "r", kind="rsa")
        sign = ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "3650"]
        self._openssl("x509", "-req", "-in", "tsa.csr", *sign, "-extfile", "c", "-extensions", "tsa", "-out", "tsa.pem")
        self.root = (folder / "root.pem").read_bytes()

    def _new(self, name: str, subject: str, *more: str, kind: str) -> None:
        (self.folder / "r").write_text("[req]\ndistinguished_name=d\n[d]\n" + (self.folder / "c").read_text())
        form = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["-newkey", "rsa:2048"]
        out = f"{name}.pem" if "-x509" in more else f"{name}.csr"
        days = ["-days", "3650"] if "-x509" in more else []
        self._openssl("req", *form, "-nodes", "-keyout", f"{name}.key", "-subj", subject, *more, *days, "-out", out)

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def reply(self, query: bytes) -> bytes:
        """What the authority answers."""
        (self.folder / "q").write_bytes(query)
        self._openssl("ts", "-reply", "-config", "c", "-section", "ts", "-queryfile", "q", "-out", "a")
        return (self.folder / "a").read_bytes()
