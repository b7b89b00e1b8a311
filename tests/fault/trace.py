"""What a program did to a folder, as the kernel saw it: every call that writes, names or syncs, in order, from strace.

Nothing in the program has to help, so no call can be missed: whoever replays all of it gets the folder that the program
left, byte for byte, and a test holds the two together.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRACED = (
    "open", "openat", "openat2", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate",
    "truncate", "fallocate", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir",
    "mkdirat", "rmdir", "symlink", "symlinkat", "fsync", "fdatasync", "sync", "syncfs", "sync_file_range", "msync",
    "sendfile", "copy_file_range", "splice", "vmsplice", "lseek", "dup", "dup2", "dup3", "close", "mknod", "mknodat",
    "io_uring_setup", "io_submit",
)  # fmt: skip
"""All calls by which this kernel lets a program change a file, a name or what is durable (and ``lseek`` for places)."""
UNREAD = frozenset(("close", "dup", "dup2", "dup3"))
NO_STRACE = "strace is not here, or may not trace"
_LONGEST = 1 << 24
_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(?:<([^>]*)>)?(.*)$")
_FD = re.compile(r"(-?\d+|AT_FDCWD)(?:<([^>]*)>)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """One call. Paths are those below the folder; ``data`` are the bytes written; ``said`` is an acknowledgement."""

    call: str
    path: str = ""
    other: str = ""
    fd: int = -1
    data: bytes = b""
    number: int = 0
    flags: frozenset[str] = frozenset()
    said: str = ""


def can_trace() -> bool:
    if shutil.which("strace") is None:
        return False
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return done.returncode == 0


needs_strace = pytest.mark.skipif(not can_trace(), reason=NO_STRACE)


def scenario(name: str, folder: Path, *more: str) -> list[str]:
    """The command that runs a scenario."""
    return [sys.executable, "-m", "tests.fault.scenarios", name, str(folder), *more]


def traced(name: str, folder: Path, log: Path) -> list[Op]:
    """Run a scenario in ``folder``; everything that it did there, and every line that it said."""
    options = [
        "-f",
        "--seccomp-bpf",
        "-y",
        "-xx",
        "-s",
        str(_LONGEST),
        "-e",
        f"trace={','.join(f'?{each}' for each in TRACED)}",
    ]
    command = ["strace", *options, "-o", str(log), *scenario(name, folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return list(_ops(_whole_lines(log), str(folder)))


def _whole_lines(log: Path) -> Iterator[str]:
    """Lines in the order in which the calls ended; a call that another thread interrupted is put together again."""
    begun: dict[str, str] = {}
    for line in log.read_text().splitlines():
        pid, _, rest = line.partition(" ")
        if rest.endswith("<unfinished ...>"):
            begun[pid] = line.removesuffix("<unfinished ...>").rstrip()
        elif (found := re.match(r" *<\.\.\. \w+ resumed>(.*)", rest)) is not None:
            yield begun.pop(pid) + found[1].removeprefix(",") if pid in begun else line
        else:
            yield line


def _ops(lines: Iterator[str], root: str) -> Iterator[Op]:
    mark = "".join(f"\\x{byte:02x}" for byte in root.encode())
    for line in lines:
        if mark not in line and not re.search(r" write\(1<", line):
            continue
        found = _LINE.match(line)
        if found is None or int(found[4].replace("?", "-1")) < 0:
            continue
        op = _op(found[2], found[3].split(", "), int(found[4]), found[5] or "", root)
        if op is not None:
            yield op


def _text(hexed: str) -> str:
    return bytes.fromhex(hexed.replace("\\x", "")).decode() if hexed.startswith("\\x") else hexed


def _bytes(quoted: str) -> bytes:
    assert quoted.endswith('"'), "strace cut a text short"
    return bytes.fromhex(quoted.strip('"').replace("\\x", ""))


def _below(path: str, root: str) -> str | None:
    """The path below the root; ``None`` for one outside it."""
    if path == root:
        return ""
    return path[len(root) + 1 :] if path.startswith(f"{root}/") else None


def _joined(folder: str, quoted: str, root: str) -> str | None:
    name = _bytes(quoted).decode()
    base = _FD.match(folder)
    return _below(name if name.startswith("/") or base is None else f"{_text(base[2] or '')}/{name}", root)


def _op(call: str, args: list[str], result: int, resulting: str, root: str) -> Op | None:
    if call in ("open", "openat", "creat"):
        at = args[0] if call == "openat" else ""
        path = _joined(at, args[1] if at else args[0], root)
        flags = frozenset(args[2 if at else 1].split("|"))
        return None if path is None else Op(call="open", path=path, fd=result, flags=flags)
    if call in ("rename", "link", "mkdir", "rmdir", "unlink", "truncate"):
        path = _joined("", args[0], root)
        if call == "truncate":
            return None if path is None else Op(call=call, path=path, number=int(args[1]))
        other = _joined("", args[1], root) if call in ("rename", "link") else ""
        return _named(call, path, other)
    if call in ("renameat", "renameat2", "linkat"):
        return _named(call.rstrip("at2"), _joined(args[0], args[1], root), _joined(args[2], args[3], root))
    if call in ("mkdirat", "unlinkat"):
        plain = "mkdir" if call == "mkdirat" else "rmdir" if "AT_REMOVEDIR" in args[2] else "unlink"
        return _named(plain, _joined(args[0], args[1], root), "")
    return _on_descriptor(call, args, result, root)


def _named(call: str, path: str | None, other: str | None) -> Op | None:
    if path is None and (other is None or other == ""):
        return None
    assert path is not None, f"a {call} across the edge of the folder cannot be replayed"
    assert other is not None, f"a {call} across the edge of the folder cannot be replayed"
    return Op(call=call, path=path, other=other)


def _on_descriptor(call: str, args: list[str], result: int, root: str) -> Op | None:
    found = _FD.match(args[0])
    assert found is not None, f"{call} is not known here"
    fd, place = int(found[1]), _text(found[2] or "")
    path = _below(place, root)
    if call == "write" and fd == 1:
        said = _bytes(args[1]).decode().strip()
        # A program that was started to be asked something writes there too.
        return Op(call="say", said=said) if said.startswith("{") else None
    if path is None:
        return None
    if call == "write":
        return Op(call=call, path=path, fd=fd, data=_bytes(args[1])[:result])
    if call == "pwrite64":
        return Op(call=call, path=path, fd=fd, data=_bytes(args[1])[:result], number=int(args[3]))
    if call == "ftruncate":
        return Op(call="truncate", path=path, fd=fd, number=int(args[1]))
    if call in ("fsync", "fdatasync"):
        return Op(call="fsync", path=path, fd=fd)
    if call in ("syncfs", "lseek"):
        return Op(call=call, path=path, fd=fd, number=result)
    assert call in UNREAD, f"{call} on {path} is not known here"
    assert not call.startswith("dup"), "a second descriptor would need to share its place"
    return None
