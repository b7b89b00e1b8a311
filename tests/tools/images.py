"""Builds disk images with mail on them, with the system's own tools; what a machine lacks is said, not hidden."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from tests.corpus import CORPUS

SECTOR = 512
MAIL = b"From: a@example.jp\r\nTo: b@example.jp\r\nSubject: hello\r\nMessage-ID: <%d@example.jp>\r\n\r\nbody %d\r\n"
_PST = "pst/HiraokaHyperTools+pst-extractor/contacts97-2002.pst"


def need(*tools: str) -> None:
    """Skip the test, with a sentence, where a tool is not installed."""
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed on this machine, so this image cannot be made")


def lay_mail(folder: Path) -> dict[str, bytes]:
    """A user's folders with a PST, a mailbox, a Maildir and loose messages; gives every mail file by its path."""
    pst = (CORPUS / _PST).read_bytes() if CORPUS is not None else b"!BDN\0\0\0\0SM\x17\0" + bytes(range(256)) * 100
    mbox = b"".join(b"From a@example.jp Thu Jan  1 00:00:00 2026\n" + (MAIL % (n, n)) + b"\n" for n in range(200))
    files = {
        "Users/田中/メール/受信トレイの控え.pst": pst,
        "Users/田中/mail/archive.bin": mbox,
        "Users/田中/Desktop/見積.eml": MAIL % (900, 900),
        "Users/田中/Desktop/second.eml": MAIL % (901, 901),
        "home/mail/Maildir/cur/1.M1.host;2,S": MAIL % (1, 1),
        "home/mail/Maildir/new/2.M2.host": MAIL % (2, 2),
        "home/mail/Maildir/.Sent/cur/3.M3.host;2,RS": MAIL % (3, 3),
    }
    for name, data in files.items():
        _put(folder / name, data)
    for name in ("tmp", ".Sent/new", ".Sent/tmp"):
        (folder / "home/mail/Maildir" / name).mkdir(parents=True, exist_ok=True)
    _put(folder / "Users/田中/notes.txt", b"nothing of interest\n")
    return files


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def ext4(image: Path, folder: Path, size: int = 8 << 20) -> Path:
    need("mke2fs")
    _empty(image, size)
    _run("mke2fs", "-q", "-F", "-t", "ext4", "-d", str(folder), str(image))
    return image


def fat(image: Path, folder: Path, size: int = 48 << 20) -> Path:
    """FAT32 with long names; the ``;`` of Maildir names stands in the long name."""
    need("mkfs.fat", "mcopy")
    _empty(image, size)
    _run("mkfs.fat", "-F", "32", str(image))
    for top in sorted(folder.iterdir()):
        _run("mcopy", "-s", "-i", str(image), str(top), "::")
    return image


def loop(image: Path, folder: str, inside: str) -> Path:
    """A second link to a folder inside itself, as no system makes it and a damaged or forged ext4 may have it."""
    need("debugfs")
    _run("debugfs", "-w", "-R", f"ln {folder} {inside}", str(image))
    return image


def ntfs(image: Path, folder: Path, work: Path, size: int = 16 << 20, streams: dict[str, bytes] | None = None) -> Path:
    """NTFS filled through a FUSE mount of ntfs-3g, with alternate streams; skipped where no mount is allowed."""
    need("mkntfs", "ntfs-3g", "fusermount")
    _empty(image, size)
    _run("mkntfs", "-F", "-q", "-s", "512", str(image))
    mount = work / "mount"
    mount.mkdir()
    done = subprocess.run(
        ["ntfs-3g", "-o", "streams_interface=windows", str(image), str(mount)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"this machine does not allow an ntfs-3g mount: {done.stderr.decode(errors='replace').strip()}")
    try:
        shutil.copytree(folder, mount, dirs_exist_ok=True)
        for name, data in (streams or {}).items():
            (mount / name).write_bytes(data)
    finally:
        _run("fusermount", "-u", str(mount))
    return image


def partitioned(image: Path, *volumes: tuple[int, Path]) -> Path:
    """An MBR with the given volumes (partition type, image), each starting at a multiple of 1 MiB."""
    table, body, at = b"", b"", 2048
    for kind, volume in volumes:
        data = volume.read_bytes()
        sectors = len(data) // SECTOR
        table += struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", at, sectors)
        body += data + bytes(-len(data) % (1 << 20))
        at += (sectors + 2047) // 2048 * 2048
    boot = (bytes(446) + table).ljust(510, b"\0") + b"\x55\xaa"
    image.write_bytes(boot.ljust(1 << 20, b"\0") + body)
    return image


def gpt(image: Path, volume: Path) -> Path:
    """A GPT with one volume from sector 2048 on (UEFI 2.10, 5.3): protective MBR, header at 1, entries from 2 on."""
    data = volume.read_bytes()
    last = 2048 + len(data) // SECTOR - 1
    table = struct.pack("<B3sB3sII", 0, b"\0\x02\0", 0xEE, b"\xff\xff\xff", 1, last + 33)
    boot = (bytes(446) + table).ljust(510, b"\0") + b"\x55\xaa"
    entry = struct.pack(
        "<16s16sQQQ72s", b"\xaf\x3d\xc6\x0f" * 4, b"\x01" * 16, 2048, last, 0, "メール".encode("utf-16-le")
    )
    entries = entry.ljust(128 * 128, b"\0")
    fields = (b"EFI PART", 0x10000, 92, 0, 0, 1, last + 33, 34, last, b"\x02" * 16, 2, 128, 128, zlib.crc32(entries))
    blank = struct.pack("<8sIIIIQQQQ16sQIII", *fields)
    header = blank[:16] + struct.pack("<I", zlib.crc32(blank)) + blank[20:]
    image.write_bytes((boot + header.ljust(SECTOR, b"\0") + entries).ljust(1 << 20, b"\0") + data + bytes(33 * SECTOR))
    return image


def e01(raw: Path, target: Path, *, segment: int = 0) -> Path:
    """An E01 of a raw image; ``ewfacquire`` drops what is beyond the last whole sector, so the size must fit."""
    need("ewfacquire")
    assert raw.stat().st_size % SECTOR == 0
    more = ("-S", str(segment)) if segment else ()
    how = ("-u", "-q", "-f", "encase6", "-c", "deflate:none", "-d", "sha1")
    _run("ewfacquire", *how, *more, "-t", str(target), str(raw))
    return target.with_suffix(".E01")


def other_hash(first: Path) -> Path:
    """An E01 that states another MD5 than its medium has, while every one of its chunks fits its checksum."""
    data = bytearray(first.read_bytes())
    at = data.index(b"hash\0\0\0\0")
    while data[at : at + 16].rstrip(b"\0") != b"hash":
        at = data.index(b"hash\0\0\0\0", at + 1)
    body = at + 76
    data[body] ^= 1
    data[body + 32 : body + 36] = zlib.adler32(data[body : body + 32]).to_bytes(4, "little")
    first.write_bytes(data)
    return first


def damaged_chunk(first: Path, chunk: int) -> Path:
    """An E01 with one bit changed in a chunk, found by its table; the chunks of these images are stored plain."""
    data = bytearray(first.read_bytes())
    table = data.index(b"table\0\0\0")
    offset = struct.unpack_from("<I", data, table + 76 + 24 + 4 * chunk)[0] & 0x7FFFFFFF
    base = struct.unpack_from("<Q", data, table + 76 + 8)[0]
    data[base + offset + 300] ^= 4
    first.write_bytes(data)
    return first


def _empty(image: Path, size: int) -> None:
    with image.open("wb") as file:
        file.truncate(size)


def _run(*command: str) -> None:
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1", "TZ": "UTC"}
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, env=env, timeout=120)
