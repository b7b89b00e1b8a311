"""Deleted mail comes back exactly as far as it stands: whole, in part with what is gone named, or by name alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from forensics.workers import LocalEngine
from tests.acquisition.images.taking import Taken, letter, look, noise, sha256, standing, take
from tests.tools import images

NAMES = [f"letter {number}.eml" for number in range(6)]
SIZES = [5_000, 40_000, 70_000, 90_000, 300, 120_000]
DELETED = (1, 2, 3)


def laid(folder: Path) -> dict[str, bytes]:
    """Six letters of different sizes in one folder."""
    folder.mkdir()
    files = {name: letter(number, size) for number, (name, size) in enumerate(zip(NAMES, SIZES, strict=True))}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


def run(*command: str) -> None:
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1", "TZ": "UTC"}
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, env=env, timeout=120)


def ranges_before(engine: LocalEngine, image: Path, spool: Path) -> dict[str, list[list[int]]]:
    """Where each letter stands while it is live."""
    found = take(engine, look(engine, image, spool / "before"), spool / "before", deleted=False)
    ranges = {}
    for name, each in found.items():
        value = each.facts["ranges"]
        assert isinstance(value, list)
        ranges[name] = value
    return ranges


def assert_exactly_what_stands(
    found: dict[str, Taken],
    files: dict[str, bytes],
    where: dict[str, list[list[int]]],
    images_: tuple[bytes, bytes, int],
) -> int:
    """Each deleted letter as its blocks stand in the image; how many bytes of them are gone."""
    before, after, block = images_
    lost = 0
    for number in DELETED:
        name = NAMES[number]
        left, gone = standing(files[name], before, after, where[name], block)
        if not any(left):
            assert name not in found
            continue
        assert sha256(found[name].data) == sha256(left), name
        assert found[name].lost == gone, name
        assert found[name].facts["allocated"] is False
        assert ("partly overwritten" in found[name].entry.note) == bool(gone)
        lost += sum(length for _, _, length in gone)
    return lost


def test_ext4_gives_back_deleted_letters_whole_and_in_part(engine: LocalEngine, tmp_path: Path) -> None:
    images.need("mke2fs", "debugfs")
    files = laid(tmp_path / "mail")
    image = images.ext4(tmp_path / "ext4.dd", tmp_path / "mail")
    where = ranges_before(engine, image, tmp_path)
    before = image.read_bytes()
    for number in DELETED:
        run("debugfs", "-w", "-R", f'rm "{NAMES[number]}"', str(image))
    whole = take(engine, look(engine, image, tmp_path / "a"), tmp_path / "a", deleted=True)
    assert {name: sha256(each.data) for name, each in whole.items()} == {
        NAMES[number]: sha256(files[NAMES[number]]) for number in DELETED
    }
    (tmp_path / "new.bin").write_bytes(noise(1, 24 * 1024))
    run("debugfs", "-w", "-R", f"write {tmp_path}/new.bin new.bin", str(image))
    found = take(engine, look(engine, image, tmp_path / "b"), tmp_path / "b", deleted=True)
    # debugfs gives the new file the inode of the first deleted letter: of that one only the name is left.
    kept = {name: each for name, each in files.items() if name in found}
    assert len(kept) >= 1
    for name in kept:
        left, gone = standing(files[name], before, image.read_bytes(), where[name], 1024)
        assert sha256(found[name].data) == sha256(left)
        assert found[name].lost == gone


def test_fat_gives_back_what_stands_of_deleted_letters(engine: LocalEngine, tmp_path: Path) -> None:
    images.need("mkfs.fat", "mcopy", "mdel")
    files = laid(tmp_path / "mail")
    image = tmp_path / "fat.dd"
    with image.open("wb") as file:
        file.truncate(40 << 20)
    run("mkfs.fat", "-F", "32", "-s", "1", str(image))
    for name in NAMES:
        run("mcopy", "-i", str(image), str(tmp_path / "mail" / name), f"::{name}")
    where = ranges_before(engine, image, tmp_path)
    before = image.read_bytes()
    run("mdel", "-i", str(image), *(f"::{NAMES[number]}" for number in DELETED))
    overwrite_fat(image, where[NAMES[1]][0][1] + 8 * 1024, 30 * 1024)
    found = take(engine, look(engine, image, tmp_path / "b"), tmp_path / "b", deleted=True)
    lost = assert_exactly_what_stands(found, files, where, (before, image.read_bytes(), 512))
    assert lost == 30 * 1024
    assert {str(found[NAMES[number]].facts["placement"])[:7] for number in DELETED} == {"assumed"}


def overwrite_fat(image: Path, place: int, size: int) -> None:
    """A file written by hand where a deleted one stood: clusters of 512 bytes, chained, with an entry in the root."""
    data = bytearray(image.read_bytes())
    reserved, fats, table = (int.from_bytes(data[a:b], "little") for a, b in ((14, 16), (16, 17), (36, 40)))
    heap = (reserved + fats * table) * 512
    first, count = (place - heap) // 512 + 2, size // 512
    for copy in range(fats):
        for index in range(count):
            at = (reserved + copy * table) * 512 + 4 * (first + index)
            value = 0x0FFFFFFF if index == count - 1 else first + index + 1
            data[at : at + 4] = value.to_bytes(4, "little")
    data[place : place + size] = noise(2, size)
    slot = heap
    while data[slot]:
        slot += 32
    entry = bytearray(b"NEW     BIN\x20" + bytes(20))
    entry[14:18] = entry[22:26] = (0x72210000).to_bytes(4, "little")  # 1 January 2037
    entry[20:22], entry[26:28] = (first >> 16).to_bytes(2, "little"), (first & 0xFFFF).to_bytes(2, "little")
    entry[28:32] = size.to_bytes(4, "little")
    data[slot : slot + 32] = entry
    image.write_bytes(data)


def mounted_ntfs(image: Path, mount: Path) -> None:
    done = subprocess.run(["ntfs-3g", str(image), str(mount)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this machine does not allow an ntfs-3g mount")


def test_ntfs_gives_back_what_stands_of_deleted_letters(engine: LocalEngine, tmp_path: Path) -> None:
    files = laid(tmp_path / "mail")
    (tmp_path / "mail/folder").mkdir()
    (tmp_path / "mail/folder/inside.eml").write_bytes(letter(50, 9_000))
    image = images.ntfs(tmp_path / "ntfs.dd", tmp_path / "mail", tmp_path, 8 << 20)
    mount = tmp_path / "again"
    mount.mkdir()
    mounted_ntfs(image, mount)
    try:
        room = os.statvfs(mount)
        (mount / "filler.bin").write_bytes(noise(9, (room.f_bavail - 8) * room.f_frsize))
    finally:
        run("fusermount", "-u", str(mount))
    where = ranges_before(engine, image, tmp_path)
    before = image.read_bytes()
    mounted_ntfs(image, mount)
    try:
        for number in DELETED:
            (mount / NAMES[number]).unlink()
        shutil.rmtree(mount / "folder")
    finally:
        run("fusermount", "-u", str(mount))
    found = take(engine, look(engine, image, tmp_path / "a"), tmp_path / "a", deleted=True)
    assert_exactly_what_stands(found, files, where, (before, image.read_bytes(), 4096))
    assert found["folder/inside.eml"].data == letter(50, 9_000)
    mounted_ntfs(image, mount)
    try:
        with (mount / NAMES[0]).open("ab") as file:
            file.write(noise(3, os.statvfs(mount).f_bavail // 2 * 4096))
    finally:
        run("fusermount", "-u", str(mount))
    report = look(engine, image, tmp_path / "b")
    found = take(engine, report, tmp_path / "b", deleted=True)
    lost = assert_exactly_what_stands(found, files, where, (before, image.read_bytes(), 4096))
    assert lost > 0


def test_a_place_that_two_deleted_letters_claim_is_of_the_one_written_last(engine: LocalEngine, tmp_path: Path) -> None:
    images.need("mke2fs", "debugfs")
    files = laid(tmp_path / "mail")
    image = images.ext4(tmp_path / "ext4.dd", tmp_path / "mail")
    (tmp_path / "later.eml").write_bytes(letter(60, 40_000))
    for name in NAMES[1:4]:
        run("debugfs", "-w", "-R", f'rm "{name}"', str(image))
    # The first new file takes the inode of letter 1, the second that of letter 2; both are then deleted.
    for name in ("a.eml", "later.eml"):
        run("debugfs", "-w", "-R", f"write {tmp_path}/later.eml {name}", str(image))
    run("debugfs", "-w", "-R", "set_inode_field later.eml mtime @4000000000", str(image))
    run("debugfs", "-w", "-R", "set_inode_field later.eml crtime @4000000000", str(image))
    run("debugfs", "-w", "-R", "rm later.eml", str(image))
    found = take(engine, look(engine, image, tmp_path), tmp_path, deleted=True)
    assert found["later.eml"].data == letter(60, 40_000)
    third = found.get(NAMES[3])
    assert third is None or sha256(third.data) != sha256(files[NAMES[3]]) or not third.lost


def test_a_letter_of_which_nothing_stands_is_named(engine: LocalEngine, tmp_path: Path) -> None:
    images.need("mke2fs", "debugfs")
    laid(tmp_path / "mail")
    image = images.ext4(tmp_path / "ext4.dd", tmp_path / "mail")
    run("debugfs", "-w", "-R", f'rm "{NAMES[0]}"', str(image))
    # What the kernel does on ext4 when a file is deleted: the inode forgets where the file stood and how long it was.
    run("debugfs", "-w", "-R", "sif <12> size 0", str(image))
    report = look(engine, image, tmp_path)
    assert take(engine, report, tmp_path, deleted=True).keys() <= {NAMES[0]}
    if not any(not store.allocated for store in report.stores):
        assert [each["path"] for each in report.gone] == [NAMES[0]]


def test_deleted_and_live_mail_never_stand_in_one_store(engine: LocalEngine, tmp_path: Path) -> None:
    images.need("mke2fs", "debugfs")
    folder = tmp_path / "mail"
    images.lay_mail(folder)
    image = images.ext4(tmp_path / "ext4.dd", folder)
    run("debugfs", "-w", "-R", "rm home/mail/Maildir/cur/1.M1.host;2,S", str(image))
    run("debugfs", "-w", "-R", "rm Users/田中/Desktop/second.eml", str(image))
    report = look(engine, image, tmp_path)
    gone = {(store.kind, store.path.decode(), store.files) for store in report.stores if not store.allocated}
    assert gone == {("maildir", "home/mail/Maildir", 1), ("eml", "Users/田中/Desktop", 1)}
    found = take(engine, report, tmp_path, deleted=True)
    assert found["home/mail/Maildir/cur/1.M1.host;2,S"].data == images.MAIL % (1, 1)
