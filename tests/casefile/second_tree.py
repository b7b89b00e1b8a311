"""``message-tree-v1`` a second time, from docs/reference/message-tree.md alone and importing nothing of ours."""

from __future__ import annotations

import hashlib
import hmac


def _h(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, by its recursive definition."""
    if not leaves:
        return _h(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return _h(b"\x01" + root(leaves[:split]) + root(leaves[split:]))


def salt(key: bytes, i: int, j: int) -> bytes:
    at = 16 * (j % 4)
    return hmac.new(key, f"{i}.{j // 4}".encode("ascii"), hashlib.sha512).digest()[at : at + 16]


def part_leaves(key: bytes, i: int, parts: list[bytes]) -> list[bytes]:
    return [_h(b"\x00" + salt(key, i, j) + part) for j, part in enumerate(parts)]


def message_leaf(key: bytes, i: int, parts: list[bytes]) -> bytes:
    return _h(b"\x00" + root(part_leaves(key, i, parts)))


def item_leaves(key: bytes, messages: list[list[bytes]]) -> list[bytes]:
    return [message_leaf(key, i, parts) for i, parts in enumerate(messages)]
