"""``acquire --image`` and the options beside it, from the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import forensics, here, mailbox

needs_mke2fs = pytest.mark.skipif(shutil.which("mke2fs") is None, reason="making a file system needs mke2fs")

FAILS = """
import errno
from forensics.acquisition.imaging.device import Device
real = Device.read
def read(self, offset, view, *, fresh=False):
    if offset <= 1024 * 1024 < offset + len(view):
        raise OSError(errno.EIO, "Input/output error")
    return real(self, offset, view, fresh=fresh)
Device.read = read
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    assert here("case", "new", folder).code == 0
    return folder


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(os.urandom(3 << 20))
    return path


def test_an_image_is_stored_with_its_map_and_its_pieces(case: Path, disk: Path) -> None:
    done = here("acquire", "--image", disk, "--case", case, "--json")
    assert done.code == 0, done.err
    assert done.object["acquired"][0]["state"] == "acquired"
    stored = case / "evidence" / "EV-0001" / "data"
    assert (stored / "000001.bin").read_bytes() == disk.read_bytes()
    assert json.loads((stored / "000002.bin").read_bytes()) == {"state": "read", "offset": 0, "length": 3 << 20}
    assert here("verify", case).code == 0


def test_imaged_again_it_is_unchanged_and_with_other_content_a_new_item(case: Path, disk: Path) -> None:
    here("acquire", "--image", disk, "--case", case)
    again = here("acquire", "--image", disk, "--case", case, "--json")
    assert again.object["acquired"][0]["state"] == "unchanged"
    disk.write_bytes(os.urandom(3 << 20))
    changed = here("acquire", "--image", disk, "--case", case, "--json").object["acquired"][0]
    assert (changed["evidence"], changed["state"]) == ("EV-0002", "acquired")
    assert changed["changes"]


def test_lost_sectors_end_with_3_and_are_named(case: Path, disk: Path) -> None:
    done = forensics("acquire", "--image", disk, "--retries", "0", "--case", case, before=FAILS)
    assert done.code == 3, done.err
    assert "512 bytes in 1 place could not be read and are zeros in the image" in done.out


@needs_mke2fs
def test_the_mail_inside_a_split_image_is_acquired_and_parsed(case: Path, tmp_path: Path) -> None:
    mailbox(tmp_path / "files" / "home" / "inbox.mbox", "one", "two", "three")
    disk = tmp_path / "fs.img"
    with disk.open("wb") as handle:
        handle.truncate(5 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tmp_path / "files", disk], check=True, capture_output=True)
    done = here("acquire", "--image", disk, "--split", "2M", "--case", case, "--json")
    assert done.code == 0, done.err + done.out
    assert [each["parent"] for each in done.object["acquired"]] == ["", "EV-0001/000001"]
    parsed = here("parse", "--case", case)
    assert parsed.code == 0, parsed.out
    assert "3  messages" in parsed.out


def test_answers_are_put_on_the_ledger(case: Path, disk: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text('custodian = "Sato"\n')
    done = here("acquire", "--image", disk, "--case", case, "--answers", file, "--json")
    assert done.object["answered"]["answered"] == {"": {"custodian": "Sato"}}
    assert "custodian" not in done.object["answered"]["missing"]["EV-0001"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--image", "{disk}", "{disk}"], "no other source is taken"),
        (["{disk}", "--split", "1M"], "are about --image"),
        (["--image", "{disk}", "--split", "1000"], "not a size in whole mebibytes"),
        (["--image", "{folder}"], "is a folder"),
        (["--image", "{disk}", "--list"], "acquires nothing"),
        ([], "Missing argument 'SOURCE...'"),
    ],
)
def test_what_cannot_be_asked_ends_with_2(case: Path, disk: Path, words: list[str], said: str) -> None:
    given = [word.format(disk=disk, folder=disk.parent) for word in words]
    done = here("acquire", "files", *given, "--case", case)
    assert done.code == 2
    assert said in done.err
    assert not (case / "evidence").exists()
