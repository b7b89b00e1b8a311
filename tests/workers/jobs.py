"""What the workers are made to do in the tests: jobs that behave, and jobs that do what a hostile parser would."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from forensics.errors import FormatError
from forensics.workers import Report, frames
from forensics.workers.child import REPLY_FD

Reads = tuple[Path, ...]


def echo(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    return args


def surroundings(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    open_files = [fd for fd in range(64) if _is_open(fd)]
    return {
        "environment": dict(os.environ),
        "cwd": os.getcwd(),
        "pid": os.getpid(),
        "files": open_files,
        "hash": hash("forensics"),
        "modules": sorted(sys.modules),
    }


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def copy(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    part = spool / "part.tmp"
    part.write_bytes(reads[0].read_bytes())
    part.replace(spool / "part.bin")
    return {"size": (spool / "part.bin").stat().st_size}


def read_below(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    return {path.name: path.read_text() for path in sorted(reads[0].iterdir())}


def items(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    for number in range(args["count"]):
        report.at(f"item {number}")
        if number == args.get("fatal"):
            crash(args, reads, spool, report)
    return {"items": args["count"]}


def progress(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    for number in range(args["count"]):
        report({"done": number})
    return {}


def crash(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    return {"read": ctypes.string_at(0).hex()}


def abort(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    os.abort()


def hang(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    report.at("before the silence")
    time.sleep(600)
    return {}


def spin(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    while True:
        pass


def swell(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    report.at("the bomb")
    held = [bytearray(1 << 26) for _ in range(48)]
    return {"held": len(held)}


def swell_natively(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def fill_disk(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    with (spool / "big").open("wb") as out:
        out.truncate(args["size"])
    return {}


def fork(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    if os.fork() == 0:
        os._exit(0)
    return {}


def execute(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    os.execv(sys.executable, [sys.executable, "-c", "pass"])


def call_out(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
    return {}


def kill_parent(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    os.kill(os.getppid(), 9)
    return {}


def write_outside(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    (spool.parent / "outside").write_text("out")
    return {}


def overwrite(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    with reads[0].open("r+b") as out:
        out.write(b"forged")
    return {}


def delete(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    reads[0].unlink()
    return {}


def touch(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    os.utime(reads[0], (0, 0))
    return {}


def link_out(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    (spool / "part.parquet").symlink_to("/etc/passwd")
    return {}


def link_evidence(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    (spool / "mine").hardlink_to(reads[0])
    return {}


def raise_limits(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return {}


def answer_at_length(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    return {"text": "x" * args["size"]}


def claim(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    """Write a frame head of a chosen length and tag, some of the body, and stop or wait."""
    os.write(REPLY_FD, frames.HEAD.pack(args["length"], args["tag"]) + args["body"].encode())
    if args.get("wait"):
        time.sleep(600)
    os._exit(args.get("status", 0))


def flood(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    frame = frames.pack(frames.PROGRESS, b'{"done":1}') * 1000
    while True:
        os.write(REPLY_FD, frame)


def chatter(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    for _ in range(10_000):
        os.write(1, b"nothing to see here\n")
    os.write(2, b"last words \x1b]52;c;x\x07\xff\n")
    os._exit(3)


def leave(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    raise SystemExit(0)


def recurse(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    return recurse(args, reads, spool, report)


def refuse(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    raise FormatError("the header is torn", place="node:33", offset=12)


def answer_wrongly(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    return {"path": spool}


def write_parquet(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"n": list(range(200_000)), "text": [f"請求書 {n}" for n in range(200_000)]})
    pyarrow.parquet.write_table(table, spool / "part.parquet", compression="zstd")
    return {"rows": pyarrow.parquet.read_table(spool / "part.parquet").num_rows}


def open_pst(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    import pypff

    store = pypff.file()
    store.open(str(reads[0]))
    return {"folders": store.get_root_folder().get_number_of_sub_folders()}


def open_image(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    import pytsk3

    return {"size": pytsk3.Img_Info(str(reads[0])).get_size()}


def linger(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    report({"pid": os.getpid(), "zygote": os.getppid()})
    time.sleep(600)
    return {}


def sizes(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    return {"bytes": sum(len(path.read_bytes()) for path in reads)}
