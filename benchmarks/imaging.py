"""Imaging of one medium with SHA-256, MD5 and a read-back, beside dc3dd, dcfldd, ewfacquire and ddrescue.

    python -m benchmarks.imaging [--size MIB] [--runs N] [--folder FOLDER] [--source DEVICE]

All read the same source and write to the same disk, in turn, in one run; who begins changes with each run. What the
others are asked for is what they can do that comes nearest:

    dc3dd       hash=sha256 hash=md5 and hof=, which hashes its copy again
    dcfldd      hash=sha256,md5; then vf=, which holds the copy against the source
    ewfacquire  MD5 and SHA-256, no compression; then ewfverify with the same
    ddrescue    the copy and its map; it hashes nothing, so md5sum and sha256sum read the copy side by side

Ours does more: digests of every 64 MiB as well, the copy synced and read back from the disk and not from the page
cache, the source read a second time and compared byte by byte, the item sealed. All of it, and the start of the
interpreter, is in our time. The source is read once before the first run, so that nobody meets a colder cache.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measured import Measured, measured
from forensics.acquisition.imaging.device import open_medium
from forensics.acquisition.imaging.image import image
from forensics.evidence.store import EvidenceStore

_PIECE = 1 << 20
_GOAL = 1.8
OURS = "forensics"


def main() -> int:
    options = _options()
    if options.image is not None:
        return _image(options.image, options.folder)
    peers = {name: command for name, command in PEERS.items() if shutil.which(name)}
    for name in PEERS.keys() - peers.keys():
        print(f"{name} is not installed and is left out")
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=options.folder) as name:
        folder = Path(name)
        source = options.source or _make_source(folder / "source.img", options.size)
        size = _read(source)
        took: dict[str, list[Measured]] = {each: [] for each in (OURS, *peers)}
        for run in range(options.runs):
            order = list(took) if run % 2 else list(took)[::-1]
            for each in order:
                took[each].append(_run(each, peers.get(each), source, folder))
                print(f"run {run + 1}: {each:10} {took[each][-1].seconds:7.2f} s", flush=True)
    _report(size, took, options)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Imaging beside dc3dd, dcfldd, ewfacquire and ddrescue.")
    parser.add_argument("--size", type=int, default=1024, help="size of the medium in MiB (1024)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each (5)")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where to work: on the disk to be measured")
    parser.add_argument("--source", type=Path, help="a device or file to image instead of one that is made")
    parser.add_argument("--image", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _make_source(path: Path, mebibytes: int) -> Path:
    with path.open("wb") as handle:
        for _ in range(mebibytes):
            handle.write(os.urandom(_PIECE))
        handle.flush()
        os.fsync(handle.fileno())
    return path


def _read(path: Path) -> int:
    size = 0
    with path.open("rb") as handle:
        while data := handle.read(_PIECE):
            size += len(data)
    return size


def _image(source: Path, folder: Path) -> int:
    """Our side, in a process of its own."""
    store = EvidenceStore(folder / "evidence")
    medium = open_medium(source, folder)
    done = image(medium, store.begin("EV-0001"), now=time.time_ns, tool={"name": "benchmark"})
    medium.close()
    return 0 if done.receipt.complete else 3


def _dc3dd(source: str, copy: str) -> str:
    return f"dc3dd if={source} hof={copy} hash=sha256 hash=md5 log={copy}.log"


def _dcfldd(source: str, copy: str) -> str:
    hashed = f"hash=sha256,md5 sha256log={copy}.s md5log={copy}.m"
    compared = f"dcfldd if={source} vf={copy} bs=4M status=off 2> {copy}.v"
    return f"dcfldd if={source} of={copy} bs=4M status=off {hashed} && {compared} && grep -q Match {copy}.v"


def _ewfacquire(source: str, copy: str) -> str:
    asked = f"ewfacquire -q -u -t {copy} -d sha256 -c none -S 7EiB -f encase6 {source}"
    return f"{asked} && ewfverify -q -d sha256 {copy}.E01"


def _ddrescue(source: str, copy: str) -> str:
    sums = f"sha256sum {copy} > {copy}.s & md5sum {copy} > {copy}.m && wait"
    return f"ddrescue -q {source} {copy} {copy}.map && {{ {sums}; }}"


PEERS: dict[str, Callable[[str, str], str]] = {
    "dc3dd": _dc3dd,
    "dcfldd": _dcfldd,
    "ewfacquire": _ewfacquire,
    "ddrescue": _ddrescue,
}


def _run(name: str, peer: Callable[[str, str], str] | None, source: Path, folder: Path) -> Measured:
    work = folder / name
    work.mkdir()
    if peer is None:
        command = [sys.executable, "-m", "benchmarks.imaging", "--image", str(source), "--folder", str(work)]
    else:
        said = peer(shlex.quote(str(source)), shlex.quote(str(work / "copy")))
        command = ["sh", "-c", f"{{ {said}; }} > {shlex.quote(str(work / 'said'))} 2>&1"]
    found = measured(command, set(range(os.cpu_count() or 1)))
    shutil.rmtree(work)
    # Nobody pays for what another left behind.
    os.sync()
    return found


def _report(size: int, took: dict[str, list[Measured]], options: argparse.Namespace) -> None:
    runs = len(took[OURS])
    print(f"\n{size / _PIECE:.0f} MiB, {runs} runs of each, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name, found in took.items():
        seconds = [each.seconds for each in found]
        middle = statistics.median(seconds)
        line = f"{name:10} {middle:7.2f} s  {size / _PIECE / middle:5.0f} MiB/s"
        line += f"  ({min(seconds):.2f} to {max(seconds):.2f})"
        line += f"  processor {statistics.median(each.processor for each in found):6.2f} s"
        line += f"  memory {max(each.memory for each in found) / _PIECE:4.0f} MiB"
        if name != OURS:
            pairs = [other.seconds / ours.seconds for ours, other in zip(took[OURS], found, strict=True)]
            line += f"  ratio {statistics.median(pairs):.2f} (pairs {min(pairs):.2f} to {max(pairs):.2f})"
        print(line)
    for name in took.keys() - {OURS}:
        asked = subprocess.run([name, "--version"], capture_output=True, text=True, check=False)
        print(((asked.stdout or asked.stderr).strip().splitlines() or [f"{name}: no version told"])[0])
    print(f"goal: {_GOAL} times dc3dd")
    print(f"\nagain: python -m benchmarks.imaging --size {options.size} --runs {runs}")


if __name__ == "__main__":
    sys.exit(main())
