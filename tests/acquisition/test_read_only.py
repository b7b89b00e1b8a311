"""The source is opened read-only and comes out as it went in: asked of the kernel, by strace."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = """
import sys
from pathlib import Path
from tests.acquisition.stand_in import acquired
from forensics.acquisition.compare import compare
from forensics.acquisition.tree import TreeSource
store, _ = acquired(TreeSource(Path(sys.argv[1])), Path(sys.argv[2]))
compare(store, "EV-0001", TreeSource(Path(sys.argv[1])), content=True)
"""
WRITES = "unlink rename link symlink mkdir rmdir chmod chown utime truncate setxattr removexattr mknod fallocate"
CALLS = "/^(open|creat|" + "|".join(WRITES.split()) + "|f?utimes|futimesat|fchmod|fchown).*"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    place = tmp_path / "seized-mail"
    (place / "Maildir/cur").mkdir(parents=True)
    (place / "Maildir/cur/1:2,S").write_bytes(b"Subject: one\n\n")
    (place / "outlook.pst").write_bytes(b"!BDN" + b"x" * 9_000_000)
    (place / "link").symlink_to("outlook.pst")
    os.mkfifo(place / "pipe")
    for path in place.rglob("*"):
        os.utime(path, ns=(1_000_000_000, 2_000_000_000), follow_symlinks=False)
    return place


def state(source: Path) -> dict[str, tuple[int, ...]]:
    """Everything a reader could have changed, times of access included; those of links have no protection."""
    found: dict[str, tuple[int, ...]] = {}
    for path in [source, *source.rglob("*")]:
        if path.is_symlink():
            continue
        at = path.stat()
        found[str(path)] = (
            at.st_atime_ns,
            at.st_mtime_ns,
            at.st_ctime_ns,
            at.st_mode,
            at.st_ino,
            at.st_size,
            at.st_nlink,
        )
    return found


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed, so the kernel cannot be asked")
def test_no_call_to_the_kernel_writes_to_the_source(source: Path, tmp_path: Path) -> None:
    before = state(source)
    log = tmp_path / "trace"
    command = ["strace", "-f", "-y", "-o", str(log), "-e", f"trace={CALLS}", sys.executable, "-c", RUN]
    root = Path(__file__).parents[2]
    traced = subprocess.run([*command, str(source), str(tmp_path / "case")], cwd=root, capture_output=True, text=True)
    if "ptrace" in traced.stderr.lower() and not (tmp_path / "case").exists():
        pytest.skip("this account may not trace a process")
    assert traced.returncode == 0, traced.stderr
    assert state(source) == before
    touching = [line for line in log.read_text("utf-8", "backslashreplace").splitlines() if "seized-mail" in line]
    opened = [line for line in touching if re.search(r" open(at2?)?\(", line)]
    assert len(opened) >= 8
    assert [
        line for line in opened if "O_RDONLY" not in line or re.search("O_CREAT|O_TRUNC|O_WRONLY|O_RDWR", line)
    ] == []
    names = [line for line in opened if re.search(r'"(outlook.pst|1:2,S)"', line)]
    assert names
    assert all("O_NOFOLLOW" in line and "O_NOATIME" in line for line in names)
    assert [line for line in touching if line not in opened] == []


def test_reading_leaves_the_times_of_access_alone(source: Path, tmp_path: Path) -> None:
    from forensics.acquisition.tree import TreeSource
    from tests.acquisition.stand_in import acquired

    before = state(source)
    acquired(TreeSource(source), tmp_path / "case")
    assert state(source) == before
