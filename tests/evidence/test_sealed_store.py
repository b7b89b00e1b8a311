"""Evidence under two-person control: only ciphertext on the disk, and everything else as in an ordinary store."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from forensics import canonical
from forensics.acquisition.acquire import Acquired, acquire
from forensics.acquisition.source import Source
from forensics.errors import FormatError, IntegrityError, UsageError
from forensics.evidence import sealing
from forensics.evidence.item import Entry, payload_name
from forensics.evidence.sealing import Pending
from forensics.evidence.store import EvidenceStore
from forensics.evidence.vault import EVIDENCE, Locked, Vault, open_sealed, sealed_size
from tests.acquisition.stand_in import TOOL, MemorySource, clock

KEY = bytes(range(32))
MARK = b"MARKER-of-the-plaintext"
FILES = {b"a.mbox": MARK * 40_000, b"b.eml": MARK, b"c.eml": b"", b"d.eml": MARK}
HASHES = {path: hashlib.sha256(data).hexdigest() for path, data in FILES.items()}


def _acquired(source: Source, case: Path, vault: Vault | None = None) -> tuple[EvidenceStore, Acquired]:
    store = EvidenceStore(case / "evidence", vault or Vault(KEY))
    return store, acquire(source, store.begin("EV-0001"), now=clock(), tool=TOOL)


def _marked(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in files if MARK in path.read_bytes()]


def test_only_ciphertext_reaches_the_disk_and_the_papers_hold_both_hashes(tmp_path: Path) -> None:
    store, _ = _acquired(MemorySource(FILES), tmp_path)
    assert _marked(tmp_path) == []
    for entry in store.entries("EV-0001"):
        data = FILES[entry.path]
        stored = (store.root / "EV-0001" / payload_name(entry.number or 0)).read_bytes()
        assert (entry.sha256, entry.size) == (HASHES[entry.path], len(data))
        assert entry.on_disk == (hashlib.sha256(stored).hexdigest(), sealed_size(len(data)))
    assert store.verify("EV-0001") == []


def test_what_is_read_through_the_store_is_the_plaintext(tmp_path: Path) -> None:
    store, _ = _acquired(MemorySource(FILES), tmp_path)
    for entry in store.entries("EV-0001"):
        with store.open("EV-0001", entry.number or 0) as handle:
            assert handle.read() == FILES[entry.path]
            assert handle.seekable()


def test_without_the_key_all_is_verified_and_nothing_read_or_written(tmp_path: Path) -> None:
    _acquired(MemorySource(FILES), tmp_path)
    for vault in (None, Locked()):
        assert EvidenceStore(tmp_path / "evidence", vault).verify("EV-0001") == []
    locked = EvidenceStore(tmp_path / "evidence", Locked())
    assert len(list(locked.entries("EV-0001"))) == 4
    with pytest.raises(UsageError, match="two-person control"):
        locked.open("EV-0001", 1)
    with pytest.raises(UsageError, match="two-person control"):
        locked.begin("EV-0002")
    assert not (tmp_path / "evidence/EV-0002.work").exists()


def test_the_same_source_gives_the_same_ciphertext_and_another_key_another(tmp_path: Path) -> None:
    manifests = []
    for name, key in (("one", KEY), ("two", KEY), ("three", bytes(32))):
        _acquired(MemorySource(FILES), tmp_path / name, Vault(key))
        manifests.append([(tmp_path / name / "evidence/EV-0001" / payload_name(n)).read_bytes() for n in (1, 2, 3, 4)])
    assert manifests[0] == manifests[1]
    assert all(one != other for one, other in zip(manifests[0], manifests[2], strict=True))


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_sha256sum_checks_the_ciphertext_without_us(tmp_path: Path) -> None:
    store, _ = _acquired(MemorySource(FILES), tmp_path)
    command = ["sha256sum", "-c", "--strict", "manifest-sha256.txt"]
    done = subprocess.run(command, cwd=store.root / "EV-0001", capture_output=True, text=True, check=True)
    assert done.stdout.count(": OK") == 6


def test_a_changed_ciphertext_is_found_without_the_key_and_refused_with_it(tmp_path: Path) -> None:
    store, _ = _acquired(MemorySource(FILES), tmp_path)
    path = store.root / "EV-0001" / payload_name(1)
    os.chmod(path, 0o600)
    data = bytearray(path.read_bytes())
    data[70_000] ^= 1
    path.write_bytes(data)
    found = EvidenceStore(store.root).verify("EV-0001")
    assert [each.place for each in found] == ["EV-0001/data/000001.bin"]
    with store.open("EV-0001", 1) as handle, pytest.raises(IntegrityError, match="chunk 1 is not what was sealed"):
        handle.read()


def test_an_interrupted_acquisition_goes_on_with_its_ciphertext(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _acquired(replace(MemorySource(FILES), stop_at=b"c.eml"), tmp_path)
    assert _marked(tmp_path) == []
    again = MemorySource(FILES)
    store, done = _acquired(again, tmp_path)
    assert done.resumed
    assert store.verify("EV-0001") == []
    for entry in store.entries("EV-0001"):
        with store.open("EV-0001", entry.number or 0) as handle:
            assert handle.read() == FILES[entry.path]


def test_large_files_wait_for_their_key_as_ciphertext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "IN_MEMORY", 100_000)
    data = MARK * 20_000
    with Pending(tmp_path / "scratch") as held:
        for start in range(0, len(data), 30_000):
            held.write(data[start : start + 30_000])
        assert (tmp_path / "scratch").stat().st_size > 100_000
        assert MARK not in (tmp_path / "scratch").read_bytes()
        out = io.BytesIO()
        key = Vault(KEY).key(EVIDENCE, hashlib.sha256(data).hexdigest())
        sealed = held.seal(key, out.write)
    assert not (tmp_path / "scratch").exists()
    assert sealed.hex("sha256") == hashlib.sha256(out.getvalue()).hexdigest()
    assert open_sealed(io.BytesIO(out.getvalue()), key).read() == data
    store, _ = _acquired(MemorySource({b"a": data}), tmp_path)
    assert os.listdir(store.root / "EV-0001/data") == ["000001.bin"]
    with store.open("EV-0001", 1) as handle:
        assert handle.read() == data


@pytest.mark.parametrize("wrong", [{}, {"sha256": "x", "size": 1}, {"sha256": "ab" * 32, "size": "1"}, 3, {"size": 1}])
def test_a_line_with_an_impossible_ciphertext_is_refused(wrong: object) -> None:
    entry = Entry(path=b"a", type="file", number=1, sha256="ab" * 32, size=1)
    line = canonical.decode(canonical.encode(entry.to_json())) | {"ciphertext": wrong}
    with pytest.raises(FormatError):
        Entry.from_json(line)


def test_an_ordinary_line_says_nothing_of_ciphertext() -> None:
    assert "ciphertext" not in Entry(path=b"a", type="file").to_json()
