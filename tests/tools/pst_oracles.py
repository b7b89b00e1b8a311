"""What other programs read in a store: libpff-python, pffexport and readpst; tests skip where one is absent."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A message as another program sees it; times as FILETIME."""

    folder: str
    subject: str
    sender: str
    submitted: int
    delivered: int
    created: int
    modified: int
    headers: str
    body: str
    html: bytes
    rtf: bytes
    attachments: tuple[tuple[int, str], ...]


def libpff(path: Path) -> list[Seen]:
    """Every message of the live tree as libpff-python reads it."""
    pypff = pytest.importorskip("pypff", reason="libpff-python is not installed, so it cannot be asked")
    store = pypff.file()
    store.open(str(path))
    try:
        return list(_folder(store.root_folder))
    finally:
        store.close()


def _folder(folder: Any) -> Iterator[Seen]:
    for at in range(folder.number_of_sub_messages):
        yield _message(folder.name, folder.get_sub_message(at))
    for at in range(folder.number_of_sub_folders):
        yield from _folder(folder.get_sub_folder(at))


def _message(folder: str, message: Any) -> Seen:
    attachments = [message.get_attachment(at) for at in range(message.number_of_attachments)]
    data = [one.read_buffer(one.size) if one.size else b"" for one in attachments if _is_file(one)]
    return Seen(
        folder=folder,
        subject=message.subject or "",
        sender=message.sender_name or "",
        submitted=message.get_client_submit_time_as_integer() or 0,
        delivered=message.get_delivery_time_as_integer() or 0,
        created=message.get_creation_time_as_integer() or 0,
        modified=message.get_modification_time_as_integer() or 0,
        headers=message.transport_headers or "",
        body=(message.plain_text_body or b"").decode(),
        html=message.html_body or b"",
        rtf=(message.rtf_body or b"").removesuffix(b"\0"),
        attachments=tuple((len(one), hashlib.sha256(one).hexdigest()) for one in data),
    )


def _is_file(attachment: Any) -> bool:
    """An embedded message has no size that libpff-python could tell."""
    try:
        return attachment.size is not None
    except OSError:
        return False


def run(program: str, *arguments: str | Path, timeout: int = 120) -> str:
    """What a program says, both streams; the test skips where it is not installed, and fails where it complains."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed, so it cannot be asked")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, timeout=timeout, check=False)
    said = done.stdout.decode("utf-8", "backslashreplace") + done.stderr.decode("utf-8", "backslashreplace")
    assert done.returncode == 0, said
    return said


def pffexport(path: Path, out: Path, *, mode: str = "all", complaints: bool = False) -> dict[str, list[Path]]:
    """The folders of messages that pffexport makes, by kind: export (live), orphans, recovered.

    Without ``complaints`` the test fails if it has any; among what it recovers, it has many.
    """
    said = run("pffexport", "-m", mode, "-f", "text", "-t", out / "pff", path)
    assert complaints or "unable" not in said, said[-2000:]
    kinds = {kind: out / f"pff.{kind}" for kind in ("export", "orphans", "recovered")}
    return {kind: sorted(one.parent for one in folder.rglob("OutlookHeaders.txt")) for kind, folder in kinds.items()}


def readpst(path: Path, out: Path, *, deleted: bool = False) -> list[Path]:
    """The files that readpst makes, one a message (one job: its jobs share a file offset and lose items)."""
    out.mkdir()
    flags = ["-D"] if deleted else []
    run("readpst", *flags, "-j", "0", "-e", "-q", "-o", out, path)
    return sorted(out.rglob("*.eml"))


__all__ = ["Seen", "libpff", "pffexport", "readpst", "run"]
