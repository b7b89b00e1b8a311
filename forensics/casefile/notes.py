"""Signed notes, checkpoints and proofs in the text forms of C2SP: signed-note, tlog-checkpoint, tlog-proof, and the
Ed25519 part of tlog-cosignature.

A note is a text that ends in a line feed, an empty line, and lines ``— <key name> base64(key id || signature)``. The
text of a checkpoint has three lines: origin, size, base64 of the root.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forensics.casefile import signing
from forensics.errors import FormatError, IntegrityError

ED25519 = 0x01
COSIGNATURE = 0x04
MOST_SIGNATURES = 100
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
_DASH = "\u2014 "
_ID_SIZE = 4
_TIME_SIZE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One line below a note: the name of the key, its id of four bytes, and the signature."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line without its line feed."""
        return f"{_DASH}{self.name} {_base64(self.key_id + self.value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note as read; its text is worth nothing before a known key has signed it."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """The public half of a key with its name; ``kind`` is the signature type identifier byte."""

    name: str
    public: bytes
    kind: int = ED25519

    @classmethod
    def of(cls, vkey: str) -> Verifier:
        """From ``<name>+<key id in hex>+<base64 of kind and public key>``; anything else is a :class:`FormatError`."""
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3:
            raise FormatError("a key of a log has the form NAME+HASH+KEY")
        raw = _unbase64(parts[2])
        if raw[:1] not in (bytes([ED25519]), bytes([COSIGNATURE])) or len(raw) != 1 + signing.PUBLIC_SIZE:
            raise FormatError("this key of a log is not an Ed25519 key")
        made = cls(name=_name(parts[0]), public=raw[1:], kind=raw[0])
        if made.key_id.hex() != parts[1]:
            raise FormatError("the hash in this key of a log is not that of its name and key")
        return made

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256 over name, line feed, kind and public key."""
        whole = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(whole).digest()[:_ID_SIZE]

    @property
    def vkey(self) -> str:
        """The one-line form."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    def accepts(self, text: str, value: bytes) -> bool:
        """Whether the signature holds over the text of a note."""
        if self.kind == ED25519:
            return signing.is_signed(self.public, text.encode(), value)
        stamp, signature = value[:_TIME_SIZE], value[_TIME_SIZE:]
        return signing.is_signed(self.public, _cosigned(text, int.from_bytes(stamp, "big")), signature)


class Signer:
    """The secret half of a key with its name."""

    def __init__(self, name: str, seed: bytes, kind: int = ED25519) -> None:
        self._seed = seed
        self.verifier = Verifier(name=_name(name), public=signing.public_of(seed), kind=kind)

    def sign(self, text: str) -> Signature:
        """The signature of this key over the text of a note."""
        return self._signature(signing.sign(self._seed, text.encode()))

    def cosign(self, text: str, time_s: int) -> Signature:
        """The statement of a witness that it saw this checkpoint at that time (seconds since 1970)."""
        stamp = time_s.to_bytes(_TIME_SIZE, "big")
        return self._signature(stamp + signing.sign(self._seed, _cosigned(text, time_s)))

    def _signature(self, value: bytes) -> Signature:
        return Signature(name=self.verifier.name, key_id=self.verifier.key_id, value=value)


def _cosigned(text: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


# -- notes -------------------------------------------------------------------------------------------------------------


def write_note(text: str, signatures: Iterable[Signature]) -> bytes:
    """The bytes of a note."""
    lines = "".join(f"{each.line}\n" for each in signatures)
    return _checked(f"{text}\n{lines}".encode()).encode()


def parse_note(data: bytes) -> Note:
    """A note, unverified; bytes that are none raise :class:`FormatError`."""
    whole = _checked(data)
    text, empty, below = whole.rpartition("\n\n")
    if not empty or not below.endswith("\n"):
        raise FormatError("a signed note ends with an empty line and its signatures")
    lines = below[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise FormatError(f"a signed note with more than {MOST_SIGNATURES} signatures is refused")
    return Note(text=text + "\n", signatures=tuple(_signature(line) for line in lines))


def open_note(data: bytes, verifiers: Sequence[Verifier]) -> tuple[Note, tuple[Verifier, ...]]:
    """The note and the known keys that signed it; signatures of unknown keys are ignored.

    A signature of a known key that does not hold, or none at all, raises :class:`IntegrityError`.
    """
    note = parse_note(data)
    signed: list[Verifier] = []
    for each in note.signatures:
        known = next((v for v in verifiers if (v.name, v.key_id) == (each.name, each.key_id)), None)
        if known is None or known in signed:
            continue
        if not known.accepts(note.text, each.value):
            raise IntegrityError(f"the signature of {each.name} does not hold over this note")
        signed.append(known)
    if not signed:
        raise IntegrityError("no known key has signed this note")
    return note, tuple(signed)


def _signature(line: str) -> Signature:
    name, space, value = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise FormatError("a line below a signed note is not a signature")
    raw = _unbase64(value)
    if len(raw) <= _ID_SIZE:
        raise FormatError("a signature below a signed note is empty")
    return Signature(name=_name(name), key_id=raw[:_ID_SIZE], value=raw[_ID_SIZE:])


def _checked(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise FormatError("a signed note is text in UTF-8") from error
    if any(c < " " and c != "\n" for c in text):
        raise FormatError("a signed note has no control characters but line feeds")
    return text


def _name(name: str) -> str:
    if not name or "+" in name or any(c.isspace() for c in name):
        raise FormatError(f"{name!r} is not the name of a key: it is empty or has a space or a plus sign in it")
    return name


# -- checkpoints -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of a log's tree at one size; :attr:`text` is what is signed."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note text of tlog-checkpoint."""
        lines = (self.origin, str(self.size), _base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def of(cls, text: str) -> Checkpoint:
        """From the text of a note; anything else raises :class:`FormatError`."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise FormatError("a checkpoint has three lines: origin, size, root")
        root = _unbase64(lines[2])
        if len(root) != hashlib.sha256().digest_size:
            raise FormatError("the root of a checkpoint has 32 bytes")
        return cls(origin=lines[0], size=_decimal(lines[1]), root=root, extensions=tuple(lines[3:-1]))


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The bytes of a checkpoint that this key signed."""
    return write_note(checkpoint.text, [signer.sign(checkpoint.text)])


def cosign_checkpoint(data: bytes, signer: Signer, time_s: int) -> bytes:
    """The same checkpoint with the line of a witness added (tlog-cosignature, ``kind`` 0x04)."""
    note = parse_note(data)
    return write_note(note.text, [*note.signatures, signer.cosign(note.text, time_s)])


def open_checkpoint(data: bytes, verifiers: Sequence[Verifier]) -> Checkpoint:
    """The checkpoint, after a known key's signature over it held."""
    note, _ = open_note(data, verifiers)
    return Checkpoint.of(note.text)


# -- proofs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A tlog-proof: a leaf's place, the hashes up to the root, the checkpoint verbatim, and an application's extra."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""


def write_proof(proof: Proof) -> bytes:
    """The bytes of a ``.tlog-proof`` file."""
    lines = [PROOF_HEADER, *([f"extra {_base64(proof.extra)}"] if proof.extra else []), f"index {proof.index}"]
    head = "".join(f"{line}\n" for line in [*lines, *map(_base64, proof.hashes)])
    return head.encode() + b"\n" + proof.checkpoint


def parse_proof(data: bytes) -> Proof:
    """A proof, unchecked; bytes that are none raise :class:`FormatError`."""
    head, empty, checkpoint = data.partition(b"\n\n")
    lines = _checked(head).split("\n")
    if not empty or lines.pop(0) != PROOF_HEADER:
        raise FormatError(f"a proof begins with {PROOF_HEADER}")
    extra = _unbase64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else b""
    if not lines or not lines[0].startswith("index "):
        raise FormatError("a proof names the index of its leaf")
    index, hashes = _decimal(lines[0][6:]), tuple(_unbase64(line) for line in lines[1:])
    if any(len(each) != hashlib.sha256().digest_size for each in hashes):
        raise FormatError("a hash of a proof has 32 bytes")
    return Proof(index=index, hashes=hashes, checkpoint=checkpoint, extra=extra)


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or (text != "0" and text.startswith("0")):
        raise FormatError(f"{text[:30]!r} is not a whole number without leading zeros")
    return int(text)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise FormatError(f"{text[:30]!r} is not base64") from error
    if _base64(data) != text:
        raise FormatError(f"{text[:30]!r} is not base64 in its one form")
    return data
