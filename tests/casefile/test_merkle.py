"""The tree against the recursive definition of RFC 9162 2.1 and the published vectors of its implementations."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest

from forensics.casefile import merkle
from forensics.casefile.merkle import (
    Levels,
    Tree,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
)

_MOST = 72
_LEAVES = [leaf_hash(f"entry {number}".encode()) for number in range(_MOST)]

# The entries and roots that Certificate Transparency's implementations test themselves with (RFC 6962 reference).
_KNOWN_ENTRIES = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
_KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def _mth(leaves: list[bytes]) -> bytes:
    """MTH of the RFC, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _k(len(leaves))
    return node_hash(_mth(leaves[:k]), _mth(leaves[k:]))


def _path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = _k(len(leaves))
    if m < k:
        return [*_path(m, leaves[:k]), _mth(leaves[k:])]
    return [*_path(m - k, leaves[k:]), _mth(leaves[:k])]


def _subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [_mth(leaves)]
    k = _k(len(leaves))
    if m <= k:
        return [*_subproof(m, leaves[:k], whole), _mth(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], False), _mth(leaves[:k])]


def _k(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def test_the_published_roots_come_out() -> None:
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in _KNOWN_ENTRIES]
    assert [root(leaves[:size]).hex() for size in range(1, 9)] == _KNOWN_ROOTS
    assert root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_all_ways_to_a_root_agree_with_the_definition() -> None:
    tree = Tree()
    for size in range(_MOST):
        want = _mth(_LEAVES[:size])
        assert (tree.size, tree.root()) == (size, want)
        packed = b"".join(_LEAVES[:size])
        assert (
            root(_LEAVES[:size]) == root(packed) == root(memoryview(packed)) == Levels(bytearray(packed)).root == want
        )
        tree.append(_LEAVES[size])


def test_every_inclusion_proof_of_small_trees_is_that_of_the_definition_and_checks() -> None:
    pairs = 0
    for size in range(1, _MOST):
        levels = Levels(_LEAVES[:size])
        for index in range(size):
            proof = levels.inclusion_proof(index)
            assert proof == _path(index, _LEAVES[:size])
            assert check_inclusion(_LEAVES[index], index, size, proof, levels.root)
            assert not check_inclusion(leaf_hash(b"another"), index, size, proof, levels.root)
            pairs += 1
    assert pairs > 2_000


def test_every_consistency_proof_of_small_trees_is_that_of_the_definition_and_checks() -> None:
    roots = [_mth(_LEAVES[:size]) for size in range(_MOST)]
    for size in range(1, _MOST):
        levels = Levels(_LEAVES[:size])
        for first in range(1, size + 1):
            proof = levels.consistency_proof(first)
            assert proof == _subproof(first, _LEAVES[:size], True)
            assert check_consistency(first, roots[first], size, roots[size], proof)
            assert not check_consistency(first, leaf_hash(b"x"), size, roots[size], proof)
            assert not check_consistency(first, roots[first], size, leaf_hash(b"x"), proof)


def test_a_proof_that_is_changed_cut_or_lengthened_does_not_check() -> None:
    levels = Levels(_LEAVES[:37])
    proof, other = levels.inclusion_proof(20), leaf_hash(b"x")
    changed = [[*proof[:at], other, *proof[at + 1 :]] for at in range(len(proof))]
    for wrong in (*changed, proof[:-1], proof[1:], [*proof, other], proof[::-1], [*proof, b"short"]):
        assert not check_inclusion(_LEAVES[20], 20, 37, wrong, levels.root)
    for index, size in ((19, 37), (21, 37), (20, 20), (-1, 37), (37, 37)):
        assert not check_inclusion(_LEAVES[20], index, size, proof, levels.root)
    first = root(_LEAVES[:21])
    good = levels.consistency_proof(21)
    for wrong in (good[:-1], good[1:], [*good, other], [], *([*good[:at], other, *good[at + 1 :]] for at in range(len(good)))):  # fmt: skip # noqa: E501
        assert not check_consistency(21, first, 37, levels.root, wrong)
    assert not check_consistency(0, first, 37, levels.root, good)
    assert not check_consistency(38, first, 37, levels.root, good)


def test_one_proof_can_be_had_without_keeping_the_tree() -> None:
    assert inclusion_proof(_LEAVES[:9], 8) == _path(8, _LEAVES[:9])
    assert consistency_proof(_LEAVES[:9], 3) == _subproof(3, _LEAVES[:9], True)


def test_what_is_no_leaf_of_a_tree_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        root([b"short"])
    with pytest.raises(ValueError, match="32 bytes"):
        root(b"x" * 33)
    for index in (-1, 5):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_proof(_LEAVES[:5], index)
    for size in (0, 6):
        with pytest.raises(ValueError, match="no earlier tree"):
            consistency_proof(_LEAVES[:5], size)


def test_a_leaf_can_never_be_taken_for_a_node() -> None:
    left, right = _LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert all(a != b for a, b in pairwise(root(_LEAVES[:size]) for size in range(10)))
    assert root(b"") == merkle.EMPTY_ROOT
