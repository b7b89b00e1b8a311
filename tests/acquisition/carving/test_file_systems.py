"""Mail on real file systems, deleted and partly overwritten: carved are exactly the bytes that still stand."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics import canonical
from forensics.acquisition.carving.names import JOBS
from forensics.acquisition.carving.source import CarvedSource, Carving, carve
from forensics.acquisition.image_files import RAW, ImageFiles
from forensics.workers import LocalEngine
from forensics.workers.job import Limits
from tests.corpus import CORPUS
from tests.formats.carving import medium as media
from tests.formats.carving.test_carve_stores import held
from tests.tools import images

_ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1", "TZ": "UTC"}
Taken = dict[str, tuple[bytes, dict[str, Any]]]


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(2, Limits(), preload=(JOBS,)) as running:
        yield running


def mail() -> dict[str, bytes]:
    """Files that were mail, each of another kind; of the corpus where it is there."""
    rng = random.Random(1)
    files = {
        "plain.eml": media.plain(rng, 1),
        "parts.eml": media.multipart(rng, 2, size=20_000),
        "image.eml": media.single_base64(rng, 3),
        "box.mbox": media.box(rng, 4, 12),
        "item.msg": media.item(1),
        "store.pst": media.store(),
        "kept.eml": media.multipart(rng, 5),
        "kept.mbox": media.box(rng, 6, 3),
    }
    if CORPUS is not None:
        files["real.pst"] = (CORPUS / "pst/HiraokaHyperTools+pst-extractor/contacts97-2002.pst").read_bytes()
        files["real.msg"] = (CORPUS / "msg/HiraokaHyperTools+msgreader/data/test.msg").read_bytes()
    return files


def lay(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    files = mail()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


def deleted(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if not name.startswith("kept")}


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, env=_ENV, timeout=120)


def look(engine: LocalEngine, image: Path, spool: Path) -> tuple[Carving, Taken]:
    """What carving an image gives, read as an acquisition reads it."""
    carving = carve(engine, ImageFiles(container=RAW, segments=(image,)), spool)
    source = CarvedSource(engine=engine, carving=carving, spool=spool / "objects", parent="EV-0001/000001", name="x")
    taken: Taken = {}
    for found in source.entries():
        assert found.refusal is None
        with source.read(found.entry) as reading:
            buffer = memoryview(bytearray((found.entry.size or 0) + 1))
            size = reading.readinto(buffer)
            assert reading.changed() == ""
        taken[found.entry.path.decode()] = (bytes(buffer[:size]), dict(found.entry.facts or {}))
    return carving, taken


def few_blocks(files: dict[str, bytes]) -> dict[str, bytes]:
    """Files that ext2 lays in one piece: behind twelve blocks it puts a block of block numbers."""
    return {name: data for name, data in files.items() if len(data) <= 12 * 4096}


def assert_carved(image: Path, taken: Taken, expected: dict[str, bytes]) -> None:
    """Exactly the expected files came out, each from the bytes of the image that its ranges name."""
    raw = image.read_bytes()
    objects = {name: each for name, each in taken.items() if name != "carving.jsonl"}
    assert sorted(data for data, _ in objects.values()) == sorted(expected.values())
    for data, facts in objects.values():
        assert facts["area"] == "unallocated"
        for at, offset, length in facts["ranges"]:
            assert raw[offset : offset + length] == data[at : at + length]
    listed = [canonical.decode(line) for line in taken["carving.jsonl"][0].splitlines()]
    assert set(objects) <= {each["name"] for each in listed}
    places = [each["ranges"][0][1] for each in listed]
    assert places == sorted(places)


def assert_stores(taken: Taken, expected: dict[str, bytes]) -> None:
    """Each store came out of pieces, at its full size, with hardly a sector lost."""
    found = [data for name, (data, _) in taken.items() if name.endswith(".pst")]
    assert len(found) == len(expected)
    for data in expected.values():
        assert max(held(each, data) for each in found if len(each) == len(data)) > 0.95


def ext4(folder: Path, work: Path) -> tuple[Path, Callable[[str], None]]:
    image = images.ext4(work / "ext4.dd", folder, size=16 << 20)
    images.need("debugfs")
    return image, lambda name: run("debugfs", "-w", "-R", f"rm /{name}", str(image))


def ext2(folder: Path, work: Path) -> tuple[Path, Callable[[str], None]]:
    images.need("mke2fs", "debugfs")
    image = work / "ext2.dd"
    run("mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096", "-d", str(folder), str(image), "8M")
    return image, lambda name: run("debugfs", "-w", "-R", f"rm /{name}", str(image))


def fat(bits: int, size: str) -> Callable[[Path, Path], tuple[Path, Callable[[str], None]]]:
    def made(folder: Path, work: Path) -> tuple[Path, Callable[[str], None]]:
        images.need("mkfs.fat", "mcopy", "mdel")
        image = work / "fat.dd"
        run("truncate", "-s", size, str(image))
        run("mkfs.fat", "-F", str(bits), str(image))
        for path in sorted(folder.iterdir()):
            run("mcopy", "-i", str(image), str(path), "::")
        return image, lambda name: run("mdel", "-i", str(image), f"::{name}")

    return made


SYSTEMS = {"ext4": ext4, "ext2": ext2, "FAT12": fat(12, "7M"), "FAT16": fat(16, "24M"), "FAT32": fat(32, "48M")}


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_deleted_mail_is_carved_whole_and_live_mail_is_left_alone(
    engine: LocalEngine, system: str, tmp_path: Path
) -> None:
    files = lay(tmp_path / "mail")
    if system == "ext2":
        for name in files.keys() - few_blocks(files).keys():
            (tmp_path / "mail" / name).unlink()
        files = few_blocks(files)
    image, delete = SYSTEMS[system](tmp_path / "mail", tmp_path)
    for name in deleted(files):
        delete(name)
    carving, taken = look(engine, image, tmp_path / "spool")
    gone = deleted(files)
    if system == "ext4":
        # mke2fs leaves holes for zeros, so that the stores lie in pieces, and are put together from these.
        assert_stores(taken, {name: data for name, data in gone.items() if name.endswith(".pst")})
        taken = {name: each for name, each in taken.items() if not name.endswith(".pst")}
        gone = {name: data for name, data in gone.items() if not name.endswith(".pst")}
    assert_carved(image, taken, gone)
    assert carving.counts["objects"] == len(deleted(files))
    assert carving.problems == ()


def test_an_ntfs_volume_is_carved_by_its_bitmap(engine: LocalEngine, tmp_path: Path) -> None:
    files = lay(tmp_path / "mail")
    image = images.ntfs(tmp_path / "ntfs.dd", tmp_path / "mail", tmp_path)
    mount = tmp_path / "mount"
    run("ntfs-3g", str(image), str(mount))
    try:
        for name in deleted(files):
            (mount / name).unlink()
    finally:
        run("fusermount", "-u", str(mount))
    _, taken = look(engine, image, tmp_path / "spool")
    # The small one lies in its MFT record, and no cluster was ever its own.
    assert_carved(image, taken, {name: data for name, data in deleted(files).items() if name != "image.eml"})


def test_an_exfat_volume_is_carved_by_its_bitmap(engine: LocalEngine, tmp_path: Path) -> None:
    images.need("mkfs.exfat", "mount.exfat-fuse", "fusermount")
    files = lay(tmp_path / "mail")
    image, mount = tmp_path / "exfat.dd", tmp_path / "mount"
    run("truncate", "-s", "24M", str(image))
    run("mkfs.exfat", str(image))
    mount.mkdir()
    if subprocess.run(["mount.exfat-fuse", str(image), str(mount)], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not allow an exFAT mount")
    try:
        shutil.copytree(tmp_path / "mail", mount, dirs_exist_ok=True)
        for name in deleted(files):
            (mount / name).unlink()
    finally:
        run("fusermount", "-u", str(mount))
    _, taken = look(engine, image, tmp_path / "spool")
    assert_carved(image, taken, deleted(files))


def test_what_later_files_took_is_not_given_back_and_what_is_cut_says_so(engine: LocalEngine, tmp_path: Path) -> None:
    """On FAT the freed clusters are taken again from the first on: the new file lies over the start of the old ones."""
    files = lay(tmp_path / "mail")
    image, delete = fat(16, "24M")(tmp_path / "mail", tmp_path)
    for name in deleted(files):
        delete(name)
    _, taken = look(engine, image, tmp_path / "before")
    places = {data: facts["ranges"][0] for data, facts in taken.values() if facts}
    new = tmp_path / "new.bin"
    new.write_bytes(random.Random(9).randbytes(5000))
    run("mcopy", "-i", str(image), str(new), "::")
    raw = image.read_bytes()
    gone = {data for data, (_, at, length) in places.items() if raw[at : at + length] != data}
    assert gone
    _, after = look(engine, image, tmp_path / "after")
    whole = {data for data, facts in after.values() if facts and not facts["truncated"]}
    assert set(places) - gone <= whole
    for data, facts in after.values():
        for at, offset, length in facts.get("ranges", ()):
            assert raw[offset : offset + length] == data[at : at + length]


def test_mail_in_the_slack_of_a_live_file_is_found_there(engine: LocalEngine, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "live.txt").write_bytes(b"x" * 600)
    image = images.ext4(tmp_path / "ext4.dd", tmp_path / "mail")
    raw = bytearray(image.read_bytes())
    old = b"From: a@example.jp\nTo: b@example.jp\nDate: Mon, 1 Jun 2026 10:00:00 +0900\nMessage-ID: <1@b>\n\nold\n"
    at = raw.index(b"x" * 600) + 640
    raw[at : at + len(old)] = old
    image.write_bytes(raw)
    _, taken = look(engine, image, tmp_path / "spool")
    (name,) = (name for name in taken if name != "carving.jsonl")
    assert taken[name][0] == old
    assert (taken[name][1]["area"], taken[name][1]["ranges"]) == ("slack", [[0, at, len(old)]])


def test_partitions_and_what_lies_between_them_are_searched(engine: LocalEngine, tmp_path: Path) -> None:
    files = lay(tmp_path / "mail")
    volume, delete = ext4(tmp_path / "mail", tmp_path)
    delete("plain.eml")
    image = images.partitioned(tmp_path / "disk.dd", (0x83, volume))
    raw = bytearray(image.read_bytes())
    between = media.plain(random.Random(4), 8)
    raw[8192 : 8192 + len(between)] = between
    image.write_bytes(raw)
    _, taken = look(engine, image, tmp_path / "spool")
    objects = {facts["area"]: data for data, facts in taken.values() if facts}
    assert objects == {"raw": between, "unallocated": files["plain.eml"]}


def test_a_medium_without_a_file_system_is_searched_as_a_whole(engine: LocalEngine, tmp_path: Path) -> None:
    medium = media.Medium(random.Random(5))
    for number in range(6):
        medium.filler().lay(media.multipart(medium.rng, number))
    image = tmp_path / "raw.dd"
    image.write_bytes(medium.noise().data)
    carving, taken = look(engine, image, tmp_path / "spool")
    assert {data for data, facts in taken.values() if facts} == set(medium.laid.values())
    assert carving.surveyed["areas"] == {"raw": len(medium.data)}
