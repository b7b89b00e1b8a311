"""``verify.py`` on a bundle of 2 GB beside ``sha256sum`` over the same files, one after the other in the same run.

The files are made by a counter, so they are the same each time; both programs read them from the page cache. The goal
is 60 % of the throughput of sha256sum. The bundle is made of evidence files only, which is what is large.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from forensics import canonical
from forensics.evidence.bag import DECLARATION, manifest_bytes

VERIFIER = Path(__file__).resolve().parents[1] / "forensics" / "evidence" / "handover" / "verify.py"
GOAL = 0.60
MB = 1 << 20


def main() -> int:
    """Make the bundle, time both, and say the ratio; 1 where the goal is missed."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--megabytes", type=int, default=2048)
    given.add_argument("--files", type=int, default=8)
    given.add_argument("--small", type=int, default=0, help="so many files of 4 kB more")
    given.add_argument("--folder", type=Path, help="where the bundle is made; it is removed again")
    asked = given.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        bundle = Path(name) / "bundle"
        size = _make(bundle, asked.megabytes, asked.files, asked.small)
        best = {"sha256sum": 1e9, "verify.py": 1e9}
        for _ in range(3):
            best["sha256sum"] = min(
                best["sha256sum"], _timed(["sha256sum", "--quiet", "-c", "manifest-sha256.txt"], bundle)
            )
            command = [sys.executable, "-I", str(VERIFIER), str(bundle), "--json"]
            best["verify.py"] = min(best["verify.py"], _timed(command, bundle))
    for program, seconds in best.items():
        print(f"{program:10} {seconds:6.2f} s  {size / MB / seconds:7.0f} MB/s")
    ratio = best["sha256sum"] / best["verify.py"]
    print(f"verify.py has {ratio:.0%} of the throughput of sha256sum; the goal is {GOAL:.0%}")
    return 0 if ratio >= GOAL else 1


def _make(bundle: Path, megabytes: int, files: int, small: int) -> int:
    """A bag whose ledger has one line; what else a verifier may find wrong with it costs no time worth naming."""
    sums: dict[str, str] = {}
    total = 0
    for number in range(files + small):
        name = f"data/evidence/EV-0001/data/{number + 1:06d}.bin"
        path = bundle / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with path.open("wb") as handle:
            for block in range(megabytes // files if number < files else 1):
                data = hashlib.shake_128(b"%d %d" % (number, block)).digest(MB if number < files else 4096)
                handle.write(data)
                digest.update(data)
                total += len(data)
        sums[name] = digest.hexdigest()
    line = {"act": "case.open", "case": "x", "phase": "done", "prev": "0" * 64, "seq": 1, "ts_ns": 1, "v": 2}
    for name, data in {"data/ledger/events.jsonl": canonical.encode(line) + b"\n", "data/case.toml": b""}.items():
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_bytes(data)
        sums[name] = hashlib.sha256(data).hexdigest()
    (bundle / "bagit.txt").write_bytes(DECLARATION)
    (bundle / "bag-info.txt").write_text("Payload-Oxum: 0.0\n")
    (bundle / "manifest-sha256.txt").write_bytes(manifest_bytes(sums))
    tags = [path for path in bundle.iterdir() if path.is_file()]
    listed = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tags}
    (bundle / "tagmanifest-sha256.txt").write_bytes(manifest_bytes(listed))
    return total


def _timed(command: list[str], folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
