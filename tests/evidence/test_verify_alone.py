"""The verifier stands alone: one file, standard library, Python 3.8, and right by the vectors of the specifications."""

from __future__ import annotations

import ast
import hashlib
import io
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile import merkle, notes
from tests.custody.real import VERIFIER, run, verifier

TEXT = VERIFIER.read_text(encoding="utf-8")
LIMIT = 1000
UNREADABLE, FAILED, USAGE = 13, 10, 2
# RFC 8032 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]  # fmt: skip
ORDER = 2**252 + 27742317777372353535851937790883648493


def test_it_is_one_file_of_the_standard_library_under_a_thousand_lines_for_python_3_8() -> None:
    tree = ast.parse(TEXT, feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= set(sys.stdlib_module_names)
    assert len(TEXT.splitlines()) < LIMIT
    for newer in ("removeprefix", "removesuffix", "file_digest", "bit_count", "is_relative_to"):
        assert f".{newer}(" not in TEXT
    assert "strict=" not in TEXT


def test_it_catches_everything_in_one_place_only_and_says_why() -> None:
    broad = [line for line in TEXT.splitlines() if "except Exception" in line or "except BaseException" in line]
    assert len(broad) == 1
    assert "  # " in broad[0]
    assert "except:" not in TEXT


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.12", "3.13"])
def test_it_runs_on_this_python(version: str, tmp_path: Path) -> None:
    kept = (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")
    found = next(map(str, kept), None) or shutil.which(f"python{version}")
    if found is None or subprocess.run([found, "--version"], capture_output=True, check=False).returncode:
        pytest.skip(f"Python {version} is not here")
    assert run(tmp_path, python=found).returncode == UNREADABLE


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_signatures_of_rfc_8032_hold_and_no_changed_one_does(public: str, message: str, signature: str) -> None:
    check = verifier().ed25519
    key, data, made = (bytes.fromhex(each) for each in (public, message, signature))
    assert check(key, data, made)
    assert not check(key, data + b"x", made)
    assert not check(key, data, bytes([made[0] ^ 1]) + made[1:])
    # s + L signs the same in a verifier that does not reduce: RFC 8032 5.1.7 wants s < L.
    s = int.from_bytes(made[32:], "little") + ORDER
    assert not check(key, data, made[:32] + s.to_bytes(32, "little"))


def test_public_keys_that_are_not_canonical_or_of_small_order_verify_nothing() -> None:
    module = verifier()
    for y in (2**255 - 19, 2**255 - 18, 2**255 - 1):
        with pytest.raises(ValueError, match="canonical"):
            module.ed25519(y.to_bytes(32, "little"), b"", bytes(64))
    neutral = (1).to_bytes(32, "little")
    assert not module.ed25519(neutral, b"anything", neutral + bytes(32))


def test_roots_agree_with_the_program_s_own_at_every_size() -> None:
    module, tree = verifier(), verifier().Tree()
    leaves: list[bytes] = []
    assert tree.root() == hashlib.sha256(b"").digest()
    for number in range(130):
        leaves.append(module.leaf_hash(b"%d" % number))
        tree.append(leaves[-1])
        assert tree.root() == merkle.root(leaves)


def test_inclusion_proofs_agree_with_the_program_s_own() -> None:
    module = verifier()
    for size in range(1, 40):
        leaves = [merkle.leaf_hash(b"%d" % number) for number in range(size)]
        root = merkle.root(leaves)
        for index in range(size):
            path = list(merkle.inclusion_proof(leaves, index))
            assert module.climb(leaves[index], index, size, path) == root
            assert module.climb(leaves[index], index, size, [*path, root]) != root
            assert index == 0 or module.climb(leaves[index], index - 1, size, path) != root


def test_the_note_of_the_c2sp_specification_is_read_and_its_signature_holds() -> None:
    module = verifier()
    key = module.parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
        "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    signed, signatures = module.parse_note(text.encode())
    assert [name for name, _, _ in signatures] == ["PeterNeumann"]
    assert module.ed25519(key[2], signed, signatures[0][2])


def test_a_checkpoint_of_the_program_is_read_alike() -> None:
    module = verifier()
    signer = notes.Signer("email-forensics/x", b"\x07" * 32)
    made = notes.sign_checkpoint(notes.Checkpoint(origin="email-forensics/x", size=7, root=b"\x05" * 32), signer)
    text, signatures = module.parse_note(made)
    assert module.parse_checkpoint(text.decode()) == ("email-forensics/x", 7, b"\x05" * 32)
    key = module.parse_vkey(signer.verifier.vkey)
    assert [(name, key_id) for name, key_id, _ in signatures] == [key[:2]]
    assert module.ed25519(key[2], text, signatures[0][2])
    assert module.vkey(key) == signer.verifier.vkey


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}', b'{"a":1.5}', b'{"a":NaN}', b'{"a":' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 50_000,
        b"\xff", b"", b'"\\ud800"',
    ],
    ids=["twice", "float", "nan", "long number", "deep list", "deep object", "no UTF-8", "nothing", "lone surrogate"],
)  # fmt: skip
def test_json_that_another_program_would_read_otherwise_is_refused(data: bytes) -> None:
    module = verifier()
    with pytest.raises(module.UNFIT):
        module.canonical(module.parse_json(data))


@pytest.mark.parametrize("size", [0, 1, 2, 5, 50, 500])
def test_broken_der_and_ssh_structures_are_refused(size: int) -> None:
    module = verifier()
    for data in (bytes(size), b"\x30\x84\xff\xff\xff\xff" + bytes(size), b"\x30\x80" * size, b"\xff" * size):
        with pytest.raises(module.UNFIT):
            module.parse_stamp(data)
        with pytest.raises(module.UNFIT):
            module.parse_sshsig(data)


# What a hostile bundle holds ----------------------------------------------------------------------------------------


def _verdict(folder: Path) -> tuple[int, set[str]]:
    import json

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out):
        code = verifier().main([str(folder), "--json"])
    said: dict[str, Any] = json.loads(out.buffer.getvalue())
    return code, set(said["counts"])


def _bag(folder: Path, payload: dict[str, bytes]) -> Path:
    """A bag with right sums and whatever payload."""
    folder.mkdir()
    names = {f"data/{name}": data for name, data in payload.items()}
    for name, data in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    def listed(files: dict[str, bytes]) -> bytes:
        return b"".join(
            b"%s  %s\n" % (hashlib.sha256(files[n]).hexdigest().encode(), n.encode()) for n in sorted(files)
        )

    oxum = f"Payload-Oxum: {sum(map(len, names.values()))}.{len(names)}\n".encode()
    tags = {"bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bag-info.txt": oxum}
    tags["manifest-sha256.txt"] = listed(names)
    for name, data in {**tags, "tagmanifest-sha256.txt": listed(tags)}.items():
        (folder / name).write_bytes(data)
    return folder


EMPTY = {"ledger/events.jsonl": b"", "case.toml": b"", "ledger/head": b""}


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 200_000, b"{}", b"null", b"9" * 100_000, b'{"in":[1,{"sha256":[]}],"out":{},"params":[]}',
        b"\x00" * 1000, b'{"act":{},"phase":[],"seq":true,"ts_ns":"x","v":null}',
    ],
)  # fmt: skip
def test_hostile_ledger_lines_are_findings_and_never_a_crash(tmp_path: Path, line: bytes) -> None:
    code, codes = _verdict(_bag(tmp_path / "bag", {**EMPTY, "ledger/events.jsonl": line + b"\n"}))
    assert code == FAILED
    assert "line" in codes


@pytest.mark.parametrize("kind", [None, [], {}, "x", 7, [None], {"sha256": []}], ids=str)
def test_a_line_of_any_act_with_values_of_any_kind_is_told_without_a_crash(tmp_path: Path, kind: Any) -> None:
    module = verifier()
    lines: list[bytes] = []
    previous = "0" * 64
    names = ("params", "in", "out", "attach", "result", "corrects", "step", "actor")
    inner = (
        "vkey",
        "public_key",
        "fingerprint",
        "answers",
        "request",
        "stage",
        "message",
        "from",
        "evidence",
        "without",
    )
    for act in module.ACTS_2:
        for phase in module.PHASES:
            value = {**dict.fromkeys(names, kind), "act": act, "phase": phase, "case": "x", "v": 2, "ts_ns": 1}
            if phase == "done":
                value["params"] = dict.fromkeys(inner, kind)
            lines.append(module.canonical({**value, "seq": len(lines) + 1, "prev": previous}))
            previous = hashlib.sha256(lines[-1]).hexdigest()
    events = b"".join(line + b"\n" for line in lines)
    report = module.Report()
    anchors = type("Nothing", (), {"keys": [], "receipts": [], "signers": None, "tsa_root": "", "lag": 1, "signed": 0,
                                   "received": 0, "stamped": 0})()  # fmt: skip
    assert (
        module.check_bundle(str(_bag(tmp_path / "bag", {**EMPTY, "ledger/events.jsonl": events})), report, anchors)
        is False
    )
    assert "line" not in report.counts


def test_links_pipes_and_loops_are_named_and_never_opened(tmp_path: Path) -> None:
    folder = _bag(tmp_path / "bag", EMPTY)
    (folder / "data" / "loop").symlink_to(folder)
    (folder / "data" / "case.toml").unlink()
    (folder / "data" / "case.toml").symlink_to("/etc/passwd")
    os.mkfifo(folder / "data" / "pipe")
    code, codes = _verdict(folder)
    assert code == FAILED
    assert {"not-a-file", "missing"} <= codes


def test_names_that_fall_together_on_other_systems_are_named(tmp_path: Path) -> None:
    folder = _bag(tmp_path / "bag", {**EMPTY, "A": b"", "a": b""})
    (folder / "data" / "caf\u00e9").write_bytes(b"")
    (folder / "data" / "cafe\u0301").write_bytes(b"")
    assert {"collision", "unlisted"} <= _verdict(folder)[1]


@pytest.mark.parametrize(
    "name", ["data/../../x", "data//x", "/etc/passwd", "data/a%2F", "data\\x", "data/\u00e9", "C:/x"]
)
def test_a_manifest_that_leads_elsewhere_is_malformed(tmp_path: Path, name: str) -> None:
    folder = _bag(tmp_path / "bag", EMPTY)
    with (folder / "manifest-sha256.txt").open("a", encoding="utf-8") as handle:
        handle.write(f"{'0' * 64}  {name}\n")
    assert "malformed" in _verdict(folder)[1]


def test_very_deep_folders_and_very_many_files_end_in_a_verdict(tmp_path: Path) -> None:
    folder = _bag(tmp_path / "bag", EMPTY)
    (folder / "data" / "/".join("d" * 40)).mkdir(parents=True)
    (folder / "data" / "/".join("d" * 40) / "file").write_bytes(b"")
    assert _verdict(folder) == (UNREADABLE, {"unreadable"})
    many = _bag(tmp_path / "many", EMPTY)
    for number in range(3000):
        (many / "data" / f"{number}").touch()
    code, codes = _verdict(many)
    assert code == FAILED
    assert "unlisted" in codes


def test_what_is_no_bundle_at_all_is_unreadable_or_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert _verdict(tmp_path / "empty") == (UNREADABLE, {"not-a-bundle"})
    (tmp_path / "file").write_bytes(b"\x00")
    assert run(tmp_path / "file").returncode == UNREADABLE
    assert run(tmp_path / "nothing").returncode == USAGE
    assert run(tmp_path / "empty", "--receipt", "no receipt").returncode == USAGE
    assert run(tmp_path / "empty", "--log-key", "no key").returncode == USAGE


def test_each_finding_has_both_languages_with_the_same_facts() -> None:
    import string

    for code, (_, english, japanese) in verifier().WORDS.items():
        fields = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, japanese)]
        assert fields[0] == fields[1], code
        assert "改ざん不可能" not in japanese
