"""Personal signatures in the form SSHSIG (OpenSSH PROTOCOL.sshsig), which every ``ssh-keygen -Y verify`` can check.

    byte[6]   MAGIC_PREAMBLE "SSHSIG"        what is signed: the same preamble, then
    uint32    SIG_VERSION 1
    string    publickey                      string  namespace
    string    namespace                      string  reserved
    string    reserved                       string  hash_algorithm
    string    hash_algorithm                 string  H(message)
    string    signature

Who may sign what, and when, stands in an ``allowed_signers`` file (ssh-keygen(1), ALLOWED SIGNERS).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from forensics.casefile import signing
from forensics.casefile.signing import Wire, ssh_string
from forensics.errors import ForensicsError, FormatError, IntegrityError, UsageError

PURPOSES = ("seal", "approve", "transfer", "witness", "report")
_PREAMBLE = b"SSHSIG"
_VERSION = 1
_HASHES = {"sha512": hashlib.sha512, "sha256": hashlib.sha256}
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_PUBLIC = re.compile(r"(?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+")
_OPTION = re.compile(r'([a-z-]+)(?:=(?:"([^"]*)"|([^",\s]*)))?(?:,|$)')
_TIMES = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def namespace(purpose: str) -> str:
    """The namespace of a signature that a person gives for one purpose."""
    return f"email-forensics-{purpose}@v1"


def public_blob(line: str) -> bytes:
    """The key in wire form out of ``KIND BASE64 [comment]``."""
    kind, _, rest = line.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("this is not an OpenSSH public key: no base64") from error
    if not _PUBLIC.fullmatch(kind) or Wire(blob).text() != kind:
        raise FormatError("this is not an OpenSSH public key: it should begin with its kind, such as ssh-ed25519")
    return blob


def public_line(line: str) -> str:
    """The key without its comment."""
    blob = public_blob(line)
    return f"{Wire(blob).text()} {base64.b64encode(blob).decode('ascii')}"


def fingerprint(blob: bytes) -> str:
    """``SHA256:...``, as ``ssh-keygen -l`` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


# -- signing -----------------------------------------------------------------------------------------------------------


def sign(message: bytes, purpose: str, key: signing.SshKey) -> str:
    """The armoured signature by a private key that was loaded."""
    space = ssh_string(namespace(purpose).encode())
    blob = public_blob(key.public_line)
    value = key.sign(_signed(message, space, "sha512"))
    body = _PREAMBLE + _VERSION.to_bytes(4, "big") + ssh_string(blob) + space + ssh_string(b"") + ssh_string(b"sha512")
    return _armoured(body + ssh_string(value))


def sign_by_openssh(message: bytes, purpose: str, path: Path) -> str:
    """By ``ssh-keygen -Y sign``: a ``.pub`` file whose secret half ssh-agent or a token has, or a protected key.

    OpenSSH itself asks for the passphrase, so that this program never sees it.
    """
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(path), "-n", namespace(purpose)]
    try:
        done = subprocess.run(command, input=message, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise UsageError("signing with this key needs ssh-keygen", todo="install OpenSSH 8.2 or later") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "backslashreplace").strip()
        todo = "check the passphrase, or hand the key to the agent with ssh-add and give its .pub file"
        raise ForensicsError(f"ssh-keygen did not sign: {said}", place=str(path), todo=todo)
    return done.stdout.decode("ascii")


def sign_with(message: bytes, purpose: str, path: Path) -> str:
    """By a private key file, by OpenSSH where that is protected, or by the agent where the ``.pub`` file is given."""
    key = None if path.suffix == ".pub" else signing.load_ssh_key(path)
    return sign_by_openssh(message, purpose, path) if key is None else sign(message, purpose, key)


def _signed(message: bytes, space: bytes, algorithm: str) -> bytes:
    digest = _HASHES[algorithm](message).digest()
    return _PREAMBLE + space + ssh_string(b"") + ssh_string(algorithm.encode()) + ssh_string(digest)


def _armoured(body: bytes) -> str:
    text = base64.b64encode(body).decode("ascii")
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return "\n".join([_BEGIN, *lines, _END, ""])


# -- verifying ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSignature:
    """A signature as read, unverified; ``public`` is the key that it says made it."""

    public: bytes
    namespace: str
    algorithm: str
    value: bytes


def parse(armoured: str) -> SshSignature:
    """Out of the armour; anything else raises :class:`FormatError`."""
    lines = armoured.strip().splitlines()
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise FormatError(f"an SSH signature stands between {_BEGIN} and {_END}")
    text = "".join(lines[1:-1])
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("an SSH signature is base64 between its two lines") from error
    if base64.b64encode(raw).decode("ascii") != text:
        raise FormatError("the base64 of this SSH signature is not in its one form")
    wire = Wire(raw)
    if wire.take(6) != _PREAMBLE or wire.number() != _VERSION:
        raise FormatError("this is not an SSH signature of version 1")
    public, space, reserved, algorithm, value = wire.string(), wire.text(), wire.string(), wire.text(), wire.string()
    wire.end()
    if reserved or algorithm not in _HASHES or not space:
        raise FormatError("this SSH signature uses what version 1 does not define")
    return SshSignature(public=public, namespace=space, algorithm=algorithm, value=value)


def holds(found: SshSignature, message: bytes, purpose: str) -> bool:
    """Whether the signature was made for this purpose over this message by the key that it names."""
    if found.namespace != namespace(purpose):
        return False
    space = ssh_string(found.namespace.encode())
    return signing.is_signed_by_ssh(found.public, _signed(message, space, found.algorithm), found.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """One line of ``allowed_signers``: who, with which key, for which namespaces, from when until when (ns, UTC)."""

    principals: str
    public: bytes
    namespaces: str = ""
    valid_after_ns: int | None = None
    valid_before_ns: int | None = None

    def permits(self, principal: str, space: str, when_ns: int) -> bool:
        """Whether this line lets the person sign under the namespace at that time."""
        in_time = (self.valid_after_ns is None or when_ns >= self.valid_after_ns) and (
            self.valid_before_ns is None or when_ns < self.valid_before_ns
        )
        return (
            in_time
            and _matches(self.principals, principal)
            and (not self.namespaces or _matches(self.namespaces, space))
        )


def _matches(patterns: str, name: str) -> bool:
    """OpenSSH PATTERNS: ``*``, ``?``, lists with commas, ``!`` forbids."""
    found = False
    for pattern in patterns.split(","):
        if fnmatchcase(name, pattern.lstrip("!").replace("[", "[[]")):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def allowed_signers(text: str) -> tuple[Allowed, ...]:
    """The lines of an ``allowed_signers`` file; one that cannot be read raises :class:`FormatError` with its number."""
    found: list[Allowed] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            found.extend(_allowed(line.strip()))
        except (FormatError, ValueError) as error:
            raise FormatError(f"line {number} of the allowed signers cannot be read: {error}") from error
    return tuple(found)


def _allowed(line: str) -> Iterator[Allowed]:
    principals, _, rest = line.partition(" ")
    options = ""
    if not _PUBLIC.fullmatch(rest.split(" ")[0]):
        options, _, rest = _cut_options(rest.lstrip())
    given = {name: quoted or plain for name, quoted, plain in _OPTION.findall(options)}
    if "cert-authority" in given:
        return  # certificates are not used here, and such a line permits no key of its own
    unknown = set(given) - {"namespaces", "valid-after", "valid-before"}
    if unknown:
        raise FormatError(f"the option {sorted(unknown)[0]!r} is not known")
    yield Allowed(
        principals=principals.strip('"'),
        public=public_blob(rest),
        namespaces=given.get("namespaces", ""),
        valid_after_ns=time_ns(given["valid-after"]) if "valid-after" in given else None,
        valid_before_ns=time_ns(given["valid-before"]) if "valid-before" in given else None,
    )


def _cut_options(text: str) -> tuple[str, str, str]:
    quoted = False
    for at, c in enumerate(text):
        quoted ^= c == '"'
        if c == " " and not quoted:
            return text[:at], " ", text[at + 1 :].lstrip()
    raise FormatError("it has no key")


def time_ns(text: str) -> int:
    """``YYYYMMDD[HHMM[SS]]Z``; times without Z would be those of whichever machine reads the file, and are refused."""
    form = _TIMES.get(len(text) - 1)
    if form is None or not text.endswith("Z") or not text[:-1].isdigit():
        raise FormatError(f"the time {text!r} is not of the form YYYYMMDDHHMMSSZ")
    return int(datetime.strptime(text[:-1], form).replace(tzinfo=UTC).timestamp()) * 10**9


def stamp(ns: int) -> str:
    """A time as ``allowed_signers`` writes it, in UTC."""
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y%m%d%H%M%SZ")


def verify(armoured: str, message: bytes, purpose: str, signers: tuple[Allowed, ...], who: str, when_ns: int) -> str:
    """The fingerprint of the key with which ``who`` signed, or :class:`IntegrityError` with the reason."""
    found = parse(armoured)
    if not holds(found, message, purpose):
        raise IntegrityError(f"the signature of {who} does not hold over these bytes for {namespace(purpose)}")
    if not any(s.public == found.public and s.permits(who, found.namespace, when_ns) for s in signers):
        raise IntegrityError(f"no key that was valid for {who} at that time made this signature")
    return fingerprint(found.public)
