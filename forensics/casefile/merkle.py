"""The Merkle tree of RFC 9162, section 2.1, over leaf hashes: roots, inclusion proofs and consistency proofs.

Leaves are 32-byte hashes, as a sequence or packed one behind the other. A level of the tree is one block of bytes, so a
million leaves cost 64 MB and not a million objects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
_SHA256 = hashlib.sha256

Packed = bytes | bytearray | memoryview
Leaves = Packed | Sequence[bytes]


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry, RFC 9162 2.1.1: ``SHA-256(0x00 || data)``."""
    return _SHA256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children: ``SHA-256(0x01 || left || right)``."""
    return _SHA256(b"\x01" + left + right).digest()


def root(leaves: Leaves) -> bytes:
    """The root over all leaves; that of an empty tree is the SHA-256 of nothing."""
    level: Packed = _packed(leaves)
    if not level:
        return EMPTY_ROOT
    while len(level) > SIZE:
        level = _above(level)
    return bytes(level)


class Levels:
    """A whole tree kept in memory, for many proofs out of it; ``levels[0]`` are the leaves."""

    def __init__(self, leaves: Leaves) -> None:
        level: Packed = _packed(leaves)
        self.size = len(level) // SIZE
        self._levels: list[Packed] = [level]
        while len(level) > SIZE:
            level = _above(level)
            self._levels.append(level)

    @property
    def root(self) -> bytes:
        """The root over all leaves."""
        return bytes(self._levels[-1]) if self.size else EMPTY_ROOT

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The siblings from the leaf upwards, RFC 9162 2.1.3.1."""
        if not 0 <= index < self.size:
            raise ValueError(f"there is no leaf {index} in a tree of {self.size}")
        proof = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling * SIZE < len(level):
                proof.append(_at(level, sibling))
            index >>= 1
        return proof

    def consistency_proof(self, size: int) -> list[bytes]:
        """What shows that the tree of the first ``size`` leaves is a prefix of this one, RFC 9162 2.1.4.1."""
        if not 0 < size <= self.size:
            raise ValueError(f"a tree of {self.size} has no earlier tree of {size}")
        proof: list[bytes] = []
        low, high, whole = 0, self.size, True
        while size != high:
            split = low + _split(high - low)
            if size <= split:
                proof.append(self._subtree(split, high))
                high = split
            else:
                proof.append(self._subtree(low, split))
                low, whole = split, False
        if not whole:
            proof.append(self._subtree(low, high))
        return proof[::-1]

    def _subtree(self, low: int, high: int) -> bytes:
        """The root over leaves ``low`` to ``high``: a whole power of two, or a range that ends where the tree ends."""
        height = (high - low - 1).bit_length()
        return _at(self._levels[height], low >> height)


@dataclass(slots=True)
class Tree:
    """A tree that grows leaf by leaf and keeps one root for each bit of its size."""

    size: int = 0
    _peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        carry, size = leaf, self.size
        while size & 1:
            carry = node_hash(self._peaks.pop(), carry)
            size >>= 1
        self._peaks.append(carry)
        self.size += 1

    def root(self) -> bytes:
        """The root over the leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found


def inclusion_proof(leaves: Leaves, index: int) -> list[bytes]:
    """One inclusion proof; use :class:`Levels` for many out of the same tree."""
    return Levels(leaves).inclusion_proof(index)


def consistency_proof(leaves: Leaves, size: int) -> list[bytes]:
    """One consistency proof from the first ``size`` leaves to all of them."""
    return Levels(leaves).consistency_proof(size)


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf stands at ``index`` of the tree with this size and root, RFC 9162 2.1.3.2."""
    if not 0 <= index < size or not _hashes([leaf, root, *proof]):
        return False
    number, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(sibling, found)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def check_consistency(
    first_size: int, first_root: bytes, second_size: int, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the second tree continues the first, RFC 9162 2.1.4.2."""
    if not 0 < first_size <= second_size or not _hashes([first_root, second_root, *proof]):
        return False
    if first_size == second_size:
        return not proof and first_root == second_root
    path = list(proof) if first_size & (first_size - 1) else [first_root, *proof]
    number, last = first_size - 1, second_size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    return bool(path) and _walk(path, number, last) == (first_root, second_root)


def _walk(path: list[bytes], number: int, last: int) -> tuple[bytes, bytes]:
    first = second = path[0]
    for node in path[1:]:
        if last == 0:
            return b"", b""
        if number & 1 or number == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, node)
        number, last = number >> 1, last >> 1
    return (first, second) if last == 0 else (b"", b"")


def _packed(leaves: Leaves) -> Packed:
    if not isinstance(leaves, (bytes, bytearray, memoryview)):
        if not _hashes(leaves):
            raise ValueError("a leaf is a hash of 32 bytes")
        return b"".join(leaves)
    if len(leaves) % SIZE:
        raise ValueError("packed leaves are hashes of 32 bytes each")
    return leaves


def _hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == SIZE for value in values)


def _above(level: Packed) -> bytearray:
    """The level of the parents; a last node without a sibling goes up as it is."""
    view, pair = memoryview(level), 2 * SIZE
    made = bytearray()
    for at in range(0, len(view) - SIZE, pair):
        made += _SHA256(b"\x01" + view[at : at + pair]).digest()
    if len(view) % pair:
        made += view[-SIZE:]
    return made


def _at(level: Packed, index: int) -> bytes:
    return bytes(level[index * SIZE : (index + 1) * SIZE])


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1
