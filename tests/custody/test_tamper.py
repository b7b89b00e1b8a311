"""Any changed bit of a bundle is found, and the file is named; the bag stands before the judges that others have."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.custody.forger import Forger
from tests.custody.real import Handed, Verdict, verify

FAILED = 10
IN_ALL, USUALLY = 1000, 60


def _flips(folder: Path, count: int, seed: int) -> list[tuple[str, int, int]]:
    """File, byte and bit: half of them by file, so that small ones get their share, half by byte."""
    chance = random.Random(seed)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    sizes = {name: (folder / name).stat().st_size for name in names}
    full = [name for name in names if sizes[name]]
    chosen = [chance.choice(full) for _ in range(count // 2)]
    chosen += chance.choices(full, weights=[sizes[name] for name in full], k=count - len(chosen))
    return [(name, chance.randrange(sizes[name]), chance.randrange(8)) for name in chosen]


def _names(found: Verdict, name: str) -> bool:
    return any(name in each["place"] or name in str(each["facts"]) for each in found.said["findings"])


def _all_found(bundle: Path, copy: Path, count: int, seed: int) -> None:
    folder = Forger(bundle, copy).folder
    for name, byte, bit in _flips(folder, count, seed):
        path = folder / name
        sound = path.read_bytes()
        changed = bytearray(sound)
        changed[byte] ^= 1 << bit
        path.write_bytes(changed)
        found = verify(folder)
        path.write_bytes(sound)
        assert (found.code, _names(found, name)) == (FAILED, True), f"bit {bit} of byte {byte} of {name}: {found.said}"


def test_single_bits_that_change_are_found_and_the_file_is_named(handed: Handed, tmp_path: Path) -> None:
    _all_found(handed.bundle, tmp_path / "copy", USUALLY, seed=4)


@pytest.mark.slow
def test_a_thousand_single_bits_that_change_are_found_and_the_files_named(handed: Handed, tmp_path: Path) -> None:
    _all_found(handed.bundle, tmp_path / "copy", IN_ALL, seed=2026)


def test_sha256sum_agrees_with_both_manifests(handed: Handed) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not here")
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        command = ["sha256sum", "--strict", "--quiet", "-c", manifest]
        assert subprocess.run(command, cwd=handed.bundle, capture_output=True, check=False).returncode == 0


def test_bagit_validates_the_bag_and_refuses_a_changed_one(handed: Handed, tmp_path: Path) -> None:
    pytest.importorskip("bagit", reason="bagit.py is not installed here")
    command = [sys.executable, "-W", "ignore", "-m", "bagit", "--validate", "--quiet"]
    assert subprocess.run([*command, str(handed.bundle)], check=False).returncode == 0
    folder = Forger(handed.bundle, tmp_path / "copy").folder
    with (folder / "data" / "case.toml").open("ab") as handle:
        handle.write(b"#")
    assert subprocess.run([*command, str(folder)], check=False, capture_output=True).returncode != 0


def test_the_data_of_a_bundle_is_a_case_that_verifies(handed: Handed) -> None:
    from forensics.examination.verifying import verify as verify_case

    found = verify_case(handed.bundle / "data")
    assert (found.exit_code, found.differences, found.ledger) == (0, (), ())
