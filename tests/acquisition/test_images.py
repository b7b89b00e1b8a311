"""Stores on real file systems come out of an image with the bytes and the metadata they went in with."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.acquisition.acquire import acquire
from forensics.acquisition.images import (
    EWF,
    RAW,
    ImageFiles,
    ImageReport,
    ImageSource,
    examine_image,
    image_at,
    segment_suffix,
    segments_beside,
)
from forensics.errors import ForensicsError, IntegrityError
from forensics.evidence.item import Entry
from forensics.evidence.writer import ItemWriter
from forensics.workers import LocalEngine
from forensics.workers.job import Limits
from tests.tools import images

STORES = {
    ("pst", "Users/田中/メール/受信トレイの控え.pst"),
    ("mbox", "Users/田中/mail/archive.bin"),
    ("eml", "Users/田中/Desktop"),
    ("maildir", "home/mail/Maildir"),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(1, Limits()) as running:
        yield running


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("mail")
    return folder, images.lay_mail(folder)


@pytest.fixture(scope="module")
def ext4(tmp_path_factory: pytest.TempPathFactory, mail: tuple[Path, dict[str, bytes]]) -> Path:
    return images.ext4(tmp_path_factory.mktemp("ext4") / "ext4.dd", mail[0])


def look(engine: LocalEngine, image: Path, spool: Path, *, despite: bool = False) -> ImageReport:
    files = image_at(image)
    assert files is not None
    return examine_image(engine, files, spool / "listing", despite=despite)


def take(engine: LocalEngine, report: ImageReport, spool: Path) -> dict[str, tuple[bytes, Entry]]:
    """Every file of every store, read as an acquisition reads it."""
    out = {}
    for number, store in enumerate(report.stores):
        source = ImageSource(engine=engine, report=report, store=store, spool=spool / str(number), parent="EV-0001")
        for found in source.entries():
            assert found.refusal is None, found.refusal
            with source.read(found.entry) as reading:
                buffer = memoryview(bytearray(1 << 22))
                size = 0
                while count := reading.readinto(buffer[size:]):
                    size += count
                assert reading.changed() == ""
            out[found.entry.path.decode()] = (bytes(buffer[:size]), found.entry)
    return out


def assert_all_came_out(taken: dict[str, tuple[bytes, Entry]], laid: dict[str, bytes]) -> None:
    def digest(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    came = {path: digest(data) for path, (data, _) in taken.items()}
    assert came == {path: digest(data) for path, data in laid.items()}


def assert_ranges_hold_the_bytes(image: Path, taken: dict[str, tuple[bytes, Entry]]) -> None:
    raw = image.read_bytes()
    for data, entry in taken.values():
        assert entry.facts is not None
        for start, place, length in entry.facts["ranges"]:
            if place >= 0:
                assert raw[place : place + length] == data[start : start + length]


def test_an_ext4_image_gives_back_every_store_as_it_was_laid(
    engine: LocalEngine, ext4: Path, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    report = look(engine, ext4, tmp_path)
    assert {(store.kind, store.path.decode()) for store in report.stores} == STORES
    assert (report.image.container, report.verdict, report.problems) == (RAW, "not stored", ())
    taken = take(engine, report, tmp_path)
    assert_all_came_out(taken, mail[1])
    assert_ranges_hold_the_bytes(ext4, taken)
    entry = taken["Users/田中/mail/archive.bin"][1]
    was = (mail[0] / "Users/田中/mail/archive.bin").stat()
    assert entry.times.modified is not None
    assert entry.times.modified // 10**9 == was.st_mtime_ns // 10**9
    assert entry.facts is not None
    assert (entry.facts["file_system"], entry.facts["clock"], entry.facts["allocated"]) == ("ext4", "utc", True)


def test_a_fat_image_keeps_japanese_long_names_and_says_that_its_clock_is_local(
    engine: LocalEngine, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    image = images.fat(tmp_path / "fat.dd", mail[0])
    report = look(engine, image, tmp_path)
    taken = take(engine, report, tmp_path)
    assert {store.kind for store in report.stores} == {"pst", "mbox", "eml", "maildir"}
    assert_ranges_hold_the_bytes(image, taken)
    assert_all_came_out(taken, mail[1])
    facts = taken["Users/田中/Desktop/見積.eml"][1].facts
    assert facts is not None
    assert (facts["file_system"], facts["clock"]) == ("FAT32", "local")


def test_an_ntfs_image_gives_back_every_store_as_it_was_laid(
    engine: LocalEngine, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    image = images.ntfs(tmp_path / "ntfs.dd", mail[0], tmp_path)
    report = look(engine, image, tmp_path)
    taken = take(engine, report, tmp_path)
    assert {(store.kind, store.path.decode()) for store in report.stores} == STORES
    assert_all_came_out(taken, mail[1])
    assert_ranges_hold_the_bytes(image, taken)


def test_mail_hidden_in_an_alternate_data_stream_is_found_and_named_with_its_stream(
    engine: LocalEngine, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    hidden = b"From a@example.jp Thu Jan  1 00:00:00 2026\n" + images.MAIL % (7, 7)
    image = images.ntfs(tmp_path / "ntfs.dd", mail[0], tmp_path, streams={"Users/田中/notes.txt:old": hidden})
    taken = take(engine, look(engine, image, tmp_path), tmp_path)
    data, entry = taken["Users/田中/notes.txt:old"]
    assert data == hidden
    assert entry.facts is not None
    assert (entry.facts["file_system"], entry.facts["resident"]) == ("NTFS", True)


def test_a_folder_that_contains_itself_is_walked_once(
    engine: LocalEngine, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    image = images.loop(images.ext4(tmp_path / "loop.dd", mail[0]), "home", "home/mail/again")
    report = look(engine, image, tmp_path)
    assert sum(store.files for store in report.stores) == len(mail[1])


def test_each_partition_is_walked_and_its_ranges_count_from_the_start_of_the_image(
    engine: LocalEngine, ext4: Path, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    swap = tmp_path / "swap"
    swap.write_bytes(bytes(1 << 20))
    image = images.partitioned(tmp_path / "disk.dd", (0x82, swap), (0x83, ext4))
    report = look(engine, image, tmp_path)
    assert [volume["file_system"] for volume in report.checked["volumes"]] == ["", "ext4"]
    assert len(report.problems) == 1
    taken = take(engine, report, tmp_path)
    assert_all_came_out(taken, mail[1])
    assert_ranges_hold_the_bytes(image, taken)


def test_a_gpt_partition_with_a_japanese_name_is_walked(
    engine: LocalEngine, ext4: Path, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    report = look(engine, images.gpt(tmp_path / "gpt.dd", ext4), tmp_path)
    volume = report.checked["volumes"][0]
    assert (volume["table"], volume["start"], volume["file_system"]) == ("GPT", 1 << 20, "ext4")
    assert "メール" in volume["description"]
    assert_all_came_out(take(engine, report, tmp_path), mail[1])


def test_a_raw_image_split_into_pieces_is_read_as_one(
    engine: LocalEngine, ext4: Path, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    data = ext4.read_bytes()
    for number, at in enumerate(range(0, len(data), 3_000_001), start=1):
        (tmp_path / f"split.{number:03d}").write_bytes(data[at : at + 3_000_001])
    report = look(engine, tmp_path / "split.001", tmp_path)
    assert len(report.image.segments) == 3
    assert_all_came_out(take(engine, report, tmp_path), mail[1])


def test_a_whole_e01_in_several_segments_is_verified_and_then_read(
    engine: LocalEngine, ext4: Path, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    first = images.e01(ext4, tmp_path / "seized", segment=3 << 20)
    report = look(engine, first, tmp_path)
    assert len(report.image.segments) == 3
    assert (report.image.container, report.verdict) == (EWF, "matches")
    assert report.checked["computed"]["sha256"] == hashlib.sha256(ext4.read_bytes()).hexdigest()
    assert_all_came_out(take(engine, report, tmp_path), mail[1])


def test_an_e01_with_another_hash_and_no_damaged_chunk_stops_the_work_before_a_volume_is_looked_at(
    engine: LocalEngine, ext4: Path, tmp_path: Path
) -> None:
    first = images.other_hash(images.e01(ext4, tmp_path / "seized"))
    with pytest.raises(IntegrityError) as stopped:
        look(engine, first, tmp_path)
    assert stopped.value.exit_code == 4
    assert stopped.value.differences
    report = look(engine, first, tmp_path, despite=True)
    assert report.verdict == "differs"
    store = report.stores[0]
    source = ImageSource(engine=engine, report=report, store=store, spool=tmp_path / "s", parent="EV-0001")
    assert source.describe()["image"]["verdict"] == "differs"


def test_whatever_bit_of_an_e01_is_flipped_the_medium_is_as_it_was_or_its_damage_is_named_or_the_work_stops(
    engine: LocalEngine, ext4: Path, tmp_path: Path
) -> None:
    """libewf answers damage with zeros: in a chunk that was zeros anyway the medium is still whole, and only there."""
    good = images.e01(ext4, tmp_path / "good").read_bytes()
    whole = hashlib.sha256(ext4.read_bytes()).hexdigest()
    image, seen = tmp_path / "bad.E01", set()
    data = good.index(b"body 100")
    # a zero chunk, the mail, two sections of the head, the section that stores the hash, the end
    for number, at in enumerate((len(good) // 2, data, 700, 2100, len(good) - 1300, len(good) - 300, len(good) - 40)):
        image.write_bytes(good[:at] + bytes([good[at] ^ 1 << number % 8]) + good[at + 1 :])
        try:
            report = examine_image(engine, ImageFiles(container=EWF, segments=(image,)), tmp_path / "spool")
        except IntegrityError:
            seen.add("stopped")
        except ForensicsError:
            seen.add("refused")
        else:
            seen.add(report.verdict)
            assert report.checked["damaged"] or report.checked["computed"]["sha256"] == whole
            assert (report.checked["computed"]["sha256"] == whole) == (report.verdict == "matches")
    assert seen == {"stopped", "refused", "matches", "damaged"}


def test_a_store_of_an_image_becomes_an_evidence_item_that_names_its_parent(
    engine: LocalEngine, ext4: Path, mail: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    report = look(engine, ext4, tmp_path)
    store = next(store for store in report.stores if store.kind == "maildir")
    source = ImageSource(engine=engine, report=report, store=store, spool=tmp_path / "s", parent="EV-0001")
    (tmp_path / "evidence").mkdir()
    writer = ItemWriter(tmp_path / "evidence", "EV-0002")
    done = acquire(source, writer, now=lambda: 0, tool={"name": "test"})
    assert (done.receipt.received, done.receipt.complete) == (3, True)
    papers = json.loads((tmp_path / "evidence/EV-0002/acquisition.json").read_bytes())
    assert papers["source"]["parent"] == "EV-0001"
    lines = (tmp_path / "evidence/EV-0002/files.jsonl").read_bytes().splitlines()
    laid = {path: hashlib.sha256(data).hexdigest() for path, data in mail[1].items() if path.startswith("home/mail")}
    assert {(line := json.loads(each))["path"]: line["sha256"] for each in lines} == laid


def test_files_that_belong_to_an_image_are_found_by_their_names(tmp_path: Path) -> None:
    for name in ("a.E01", "a.E02", "a.E04", "a.txt", "b.001", "b.002", "c.dd"):
        (tmp_path / name).touch()
    assert [path.name for path in segments_beside(tmp_path / "a.E01")] == ["a.E01", "a.E02"]
    assert [path.name for path in segments_beside(tmp_path / "b.001")] == ["b.001", "b.002"]
    assert [path.name for path in segments_beside(tmp_path / "c.dd")] == ["c.dd"]
    assert [segment_suffix(n) for n in (1, 99, 100, 101, 775, 776)] == [".E01", ".E99", ".EAA", ".EAB", ".EZZ", ".FAA"]


BROKEN = [
    ("entries outside the image", 90, (454, b"\xff\xff\xff\x7f"), "MBR (Invalid sector address"),
    ("no entry at all", 20, (446, bytes(64)), "MBR (Invalid magic value (dos_load_prim_table: No valid entries"),
    ("an empty first sector", 20, (0, bytes(512)), "MBR (Invalid magic value (File is not a DOS partition"),
]


@pytest.mark.parametrize(("how", "strength", "change", "why"), BROKEN, ids=[each[0] for each in BROKEN])
def test_a_broken_partition_table_is_told_with_all_that_was_tried(
    how: str, strength: int, change: tuple[int, bytes], why: str, engine: LocalEngine, ext4: Path, tmp_path: Path
) -> None:
    image = images.partitioned(tmp_path / "disk.dd", (0x83, ext4))
    data = bytearray(image.read_bytes())
    data[change[0] : change[0] + len(change[1])] = change[1]
    image.write_bytes(data)
    (problem,) = look(engine, image, tmp_path).problems
    assert "Tried: GPT (Invalid magic value (GPT Header: 0)); " in problem.reason
    assert why in problem.reason
    assert "a bare file system from the first sector (no file system that is known (FAT, exFAT, NTFS" in problem.reason
    assert "What to do: rebuild the partition table on a copy of the image" in problem.reason


def test_a_gpt_that_is_left_only_at_the_end_is_still_followed(engine: LocalEngine, ext4: Path, tmp_path: Path) -> None:
    image = images.gpt(tmp_path / "gpt.dd", ext4)
    data = bytearray(image.read_bytes())
    last = bytearray(data[512:1024])
    # The copy in the last sector says where it is itself, and that its entries end before it (UEFI 2.10, 5.3.2).
    sectors = len(data) // 512
    last[24:32], last[32:40] = (sectors - 1).to_bytes(8, "little"), (1).to_bytes(8, "little")
    last[72:80] = (sectors - 33).to_bytes(8, "little")
    last[16:20] = bytes(4)
    last[16:20] = zlib.crc32(last[:92]).to_bytes(4, "little")
    data[-33 * 512 : -512] = data[1024 : 1024 + 32 * 512]
    data[-512:] = last
    data[: 34 * 512] = bytes(34 * 512)
    image.write_bytes(data)
    assert look(engine, image, tmp_path).checked["volumes"][0]["file_system"] == "ext4"
