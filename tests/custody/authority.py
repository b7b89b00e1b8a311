"""A time-stamping authority of our own (RFC 3161), run by ``openssl ts``: what it stamps is stamped now, really."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

OPENSSL = shutil.which("openssl")
_CONFIG = """
[ tsa ]
default_tsa = one
[ one ]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
ess_cert_id_alg = sha256
[ req ]
distinguished_name = dn
[ dn ]
[ root ]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[ stamping ]
basicConstraints = CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""


class Authority:
    """A root, a stamping certificate under it, and the two commands of RFC 3161."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._config = folder / "openssl.cnf"
        self._config.write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        self.root = folder / "root.pem"
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", self._config)
        self._run("req", "-x509", *key, "-subj", "/CN=Root", "-days", "30", "-extensions", "root",
                  "-keyout", folder / "root.key", "-out", self.root)  # fmt: skip
        self._run("req", *key, "-subj", "/CN=Stamper", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr")
        self._run("x509", "-req", "-in", folder / "tsa.csr", "-CA", self.root, "-CAkey", folder / "root.key",
                  "-CAcreateserial", "-days", "30", "-extfile", self._config, "-extensions", "stamping",
                  "-out", folder / "tsa.pem")  # fmt: skip

    def stamp(self, checkpoint: Path) -> None:
        """Query and reply beside the checkpoint, as the ledger keeps them."""
        query, reply = checkpoint.with_name(checkpoint.name + ".tsq"), checkpoint.with_name(checkpoint.name + ".tsr")
        self._run("ts", "-query", "-data", checkpoint, "-sha256", "-cert", "-out", query)
        self._run("ts", "-reply", "-config", self._config, "-section", "one", "-queryfile", query, "-out", reply)

    def _run(self, *words: object) -> None:
        subprocess.run([OPENSSL or "openssl", *map(str, words)], check=True, capture_output=True, cwd=self._folder)
