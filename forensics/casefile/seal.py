"""The seal of an evidence item: a Merkle tree over its messages, each a tree over its salted parts (RFC 9162, 2.1).

docs/reference/message-tree.md is the frozen rule. Salts are derived from a key that stays outside the case, so that the
same records give the same root again, and nobody can confirm a guess of a part that was withheld.

    seals/EV-0001/<first 16 digits of the SHA-256 of records/EV-0001.json>/seal.json       what was sealed, and the root
                                                                          messages.leaves  32 bytes for each message
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from forensics import canonical
from forensics.casefile import merkle
from forensics.casefile.message_parts import Sealed
from forensics.errors import FormatError

VERSION = 1
TREE = "message-tree-v1"
SALT_SIZE = 16
SEAL, LEAVES = "seal.json", "messages.leaves"
_BLOCK = 128
"""The block of SHA-512."""
_sha256, _sha512 = hashlib.sha256, hashlib.sha512


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What is sealed: the records of one evidence item, read by the program that the ledger names."""

    case: str
    evidence: str
    manifest_sha256: str
    """Of the manifest of the stored files."""
    records_sha256: str
    """Of the list of the records."""
    messages: int
    root: str
    leaves_sha256: str

    @property
    def folder(self) -> str:
        """Where the files of this seal lie in the case."""
        return folder_of(self.evidence, self.records_sha256)

    def encode(self) -> bytes:
        """The bytes of ``seal.json``."""
        values = {name: getattr(self, name) for name in _FIELDS}
        return canonical.encode({"v": VERSION, "tree": TREE, **values})


_FIELDS = ("case", "evidence", "manifest_sha256", "records_sha256", "messages", "root", "leaves_sha256")


def decode(data: bytes) -> Seal:
    """The seal of a ``seal.json``; :class:`FormatError` where it is none of this version."""
    value = canonical.decode(data)
    if not isinstance(value, dict) or value.get("v") != VERSION or value.get("tree") != TREE:
        raise FormatError("this is no seal that this version knows")
    if any(not isinstance(value.get(name), int if name == "messages" else str) for name in _FIELDS):
        raise FormatError("the seal lacks a field, or one is of the wrong kind")
    return Seal(**{name: value[name] for name in _FIELDS})


def folder_of(evidence: str, records_sha256: str) -> str:
    """The folder of a seal over these records."""
    return f"seals/{evidence}/{records_sha256[:16]}"


def salter(key: bytes) -> Callable[[int, int], list[bytes]]:
    """What gives the salts of a message's parts, from its place and their number.

    The salt of part j of message i is a quarter of HMAC-SHA-512(key, "i.b") (RFC 2104), b = j / 4 rounded down: bytes
    16 (j mod 4) and the 15 after it. One HMAC for four salts, and the two inner states of the key made once, because
    salts would else take more time than all the hashing.
    """
    if len(key) < 32:
        raise ValueError("a salt key has at least 32 bytes")
    padded = (_sha512(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = (_sha512(bytes(byte ^ pad for byte in padded)).copy for pad in (0x36, 0x5C))

    def salts(index: int, count: int) -> list[bytes]:
        found = []
        for block in range((count + 3) >> 2):
            first, second = inner(), outer()
            first.update(b"%d.%d" % (index, block))
            second.update(first.digest())
            made = second.digest()
            found += [made[:16], made[16:32], made[32:48], made[48:]]
        return found[:count]

    return salts


def part_leaves(salts: Iterable[bytes], parts: Iterable[bytes]) -> list[bytes]:
    """The leaf of each part: SHA-256(0x00 || salt || part)."""
    return [_sha256(b"\0" + salt + part).digest() for salt, part in zip(salts, parts, strict=True)]


def message_leaf(leaves: list[bytes]) -> bytes:
    """The leaf of a message in the tree of its item: SHA-256(0x00 || root of its parts)."""
    level = leaves
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [_sha256(b"\1" + left + right).digest() for left, right in pairs]
        level = [*above, level[-1]] if len(level) & 1 else above
    return _sha256(b"\0" + level[0]).digest()


def leaves_of(found: Iterable[Sealed], key: bytes, told: Callable[[int], object] = lambda count: None) -> bytearray:
    """The leaves of all messages, one behind the other; ``told`` hears how many there are, a thousand at a time."""
    salts = salter(key)
    leaves = bytearray()
    for message in found:
        parts = message.parts
        leaves += message_leaf(part_leaves(salts(message.number, len(parts)), parts))
        if message.number % 1000 == 999:
            told(1000)
    return leaves


def seal_of(case: str, item: dict[str, Any], leaves: bytes | bytearray) -> Seal:
    """The seal over these leaves; ``item`` names the evidence item, its manifest and the list of its records."""
    return Seal(
        case=case,
        evidence=item["evidence"],
        manifest_sha256=item["manifest_sha256"],
        records_sha256=item["records_sha256"],
        messages=len(leaves) // merkle.SIZE,
        root=merkle.root(leaves).hex(),
        leaves_sha256=_sha256(leaves).hexdigest(),
    )
