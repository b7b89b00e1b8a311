"""What an image is beside its bytes: split, kept whole, read twice, resumed, described, refused."""

from __future__ import annotations

import hashlib
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from forensics.acquisition.imaging.device import open_medium
from forensics.acquisition.imaging.error_map import filled_in
from forensics.acquisition.imaging.image import Settings
from forensics.acquisition.imaging.lanes import BLOCK
from forensics.acquisition.imaging.medium import Medium, MediumGone, Plan
from forensics.acquisition.imaging.target import Target
from forensics.errors import ForensicsError, IntegrityError, UsageError
from forensics.evidence.store import EvidenceStore
from tests.acquisition.imaging.stand_in import MIB, FailingDisk, filled, imaged, stored

SIZE = 3 * MIB + 1234


@pytest.fixture(scope="module")
def content() -> bytes:
    return random.Random(7).randbytes(SIZE)


def pieces(store: EvidenceStore) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stored(store, b".pieces.jsonl").splitlines()]


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, MIB - 1, MIB, MIB + 1, 5 * MIB + 4096])
def test_any_size_is_kept_whole(size: int, tmp_path: Path) -> None:
    data = random.Random(size).randbytes(size)
    source = tmp_path / "odd.img"
    source.write_bytes(data)
    medium = open_medium(source, tmp_path / "case")
    store, done = imaged(medium, tmp_path / "case")
    medium.close()
    assert stored(store) == data
    assert done.receipt.complete
    assert store.verify("EV-0001") == []


@pytest.mark.parametrize("nimble", [False, True])
def test_a_split_image_joins_to_the_whole_and_each_file_has_its_digests(
    content: bytes, tmp_path: Path, nimble: bool
) -> None:
    disk = FailingDisk(content, frozenset({2048, 2049}), nimble=nimble)
    store, _ = imaged(disk, tmp_path, Settings(piece=3 * MIB // 2, split=MIB, retries=0))
    entries = [each for each in store.entries("EV-0001") if not each.path.endswith(b".jsonl")]
    assert [each.path for each in entries] == [b"disk.raw.001", b"disk.raw.002", b"disk.raw.003", b"disk.raw.004"]
    parts = [store.path("EV-0001", each.number or 0).read_bytes() for each in entries]
    assert b"".join(parts) == filled(content, {2048, 2049})
    assert [each.sha256 for each in entries] == [hashlib.sha256(part).hexdigest() for part in parts]
    assert [each.md5 for each in entries] == [hashlib.md5(part).hexdigest() for part in parts]
    whole = store.acquisition("EV-0001")["source"]["imaging"]["sha256"]
    assert whole == hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize("nimble", [False, True])
def test_pieces_that_are_other_bytes_the_second_time_are_named(content: bytes, tmp_path: Path, nimble: bool) -> None:
    disk = FailingDisk(content, second={MIB + 77: content[MIB + 77] ^ 1, 3 * MIB + 5: 0}, nimble=nimble)
    store, done = imaged(disk, tmp_path)
    assert [line["read_again"] for line in pieces(store)] == ["same", "differs", "same", "differs"]
    assert pieces(store)[1]["first_difference_at"] == MIB + 77
    assert "piece 1 (from byte 1,048,653), piece 3" in done.receipt.flagged[0].reason
    assert "other bytes in piece 1" in store.acquisition("EV-0001")["hashes"]["source_read_again"]
    assert stored(store) == content


def test_a_sector_that_fails_only_the_second_time_stays_in_the_image_and_is_named(
    content: bytes, tmp_path: Path
) -> None:
    class Dying(FailingDisk):
        def read(self, offset: int, view: memoryview, *, fresh: bool = False) -> int:
            self.bad = frozenset({9}) if fresh else frozenset()
            return super().read(offset, view, fresh=fresh)

    store, done = imaged(Dying(content), tmp_path)
    assert stored(store) == content
    assert "512 bytes were read once and could not be read a second time" in done.receipt.flagged[0].reason
    assert pieces(store)[0]["read_again"] == "same, but not all of it could be read again"


def test_a_copy_that_reads_back_otherwise_stops_the_work(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rotten(Target):
        def read(self, offset: int, view: memoryview) -> None:
            super().read(offset, view)
            if offset == MIB:
                view[3] ^= 1

    monkeypatch.setattr("forensics.acquisition.imaging.image.Target", Rotten)
    with pytest.raises(IntegrityError, match="otherwise than it was written") as raised:
        imaged(FailingDisk(content), tmp_path)
    assert raised.value.differences[0].startswith("piece 1:")


@pytest.mark.parametrize("nimble", [False, True])
@pytest.mark.parametrize("stop", [0, 1, 2, 3])
def test_a_run_that_was_stopped_goes_on_with_the_piece_where_it_stood(
    content: bytes, tmp_path: Path, stop: int, nimble: bool
) -> None:
    bad = frozenset({3, 4000})
    with pytest.raises(KeyboardInterrupt):
        imaged(FailingDisk(content, bad, stop_at=stop * MIB, nimble=nimble), tmp_path)
    again = FailingDisk(content, bad, nimble=nimble)
    store, done = imaged(again, tmp_path)
    assert done.resumed
    assert stored(store) == filled(content, bad)
    assert store.acquisition("EV-0001")["resumed"] == {"yes": True, "copied_again": []}
    assert store.verify("EV-0001") == []


def test_what_an_earlier_run_kept_is_not_read_from_the_source_a_first_time_again(
    content: bytes, tmp_path: Path
) -> None:
    seen: list[int] = []

    class Watched(FailingDisk):
        def read(self, offset: int, view: memoryview, *, fresh: bool = False) -> int:
            if not fresh:
                seen.append(offset)
            return super().read(offset, view, fresh=fresh)

    with pytest.raises(KeyboardInterrupt):
        imaged(FailingDisk(content, stop_at=2 * MIB), tmp_path)
    kept = len((tmp_path / "evidence" / "EV-0001.work" / "imaging" / "journal.jsonl").read_bytes().splitlines()) - 1
    imaged(Watched(content), tmp_path)
    assert min(seen) == kept * MIB


def test_a_kept_piece_that_was_damaged_is_read_anew(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        imaged(FailingDisk(content, stop_at=3 * MIB), tmp_path)
    folder = tmp_path / "evidence" / "EV-0001.work" / "imaging"
    with (folder / "000001").open("r+b") as handle:
        handle.write(b"other")
    store, _ = imaged(FailingDisk(content), tmp_path)
    assert stored(store) == content
    redone = store.acquisition("EV-0001")["resumed"]["copied_again"]
    assert redone == [{"path": "piece 0 and on", "reason": "the copy of an earlier run was damaged"}]


def test_another_disk_is_not_joined_to_what_was_kept_of_the_first(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        imaged(FailingDisk(content, stop_at=2 * MIB), tmp_path)
    other = content[::-1]
    store, _ = imaged(FailingDisk(other, serial="S-2"), tmp_path)
    assert stored(store) == other
    assert "the medium is another" in store.acquisition("EV-0001")["resumed"]["copied_again"][0]["reason"]


def test_a_device_that_is_taken_out_is_no_stretch_of_bad_sectors(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(MediumGone, match="does not answer any more at byte 2,"):
        imaged(FailingDisk(content, gone_at=2 * MIB + 4096), tmp_path)
    store, done = imaged(FailingDisk(content), tmp_path)
    assert done.resumed
    assert stored(store) == content


def test_holes_of_a_sparse_file_stay_holes(tmp_path: Path) -> None:
    source = tmp_path / "sparse.img"
    with source.open("wb") as handle:
        handle.seek(30 * MIB)
        handle.write(b"end")
        handle.truncate(80 * MIB + 17)
    if source.stat().st_blocks * 512 > MIB:
        pytest.skip("this file system keeps no holes")
    medium = open_medium(source, tmp_path / "case")
    store, _ = imaged(medium, tmp_path / "case", Settings())
    medium.close()
    path = store.path("EV-0001", 1)
    assert path.read_bytes() == source.read_bytes()
    assert path.stat().st_blocks * 512 < 16 * MIB


def test_what_cannot_be_imaged_is_refused_with_a_sentence(tmp_path: Path) -> None:
    case = tmp_path / "case"
    with pytest.raises(UsageError, match="is a folder"):
        open_medium(tmp_path, case)
    with pytest.raises(UsageError, match="cannot be found"):
        open_medium(tmp_path / "none", case)
    with pytest.raises(UsageError, match="neither a block device nor a regular file"):
        open_medium(Path("/dev/null"), case)
    case.mkdir()
    (case / "inside.img").write_bytes(b"x")
    with pytest.raises(UsageError, match="lies inside the case folder"):
        open_medium(case / "inside.img", case)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "closed.img"
    path.write_bytes(b"x")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this account may read everything")
    with pytest.raises(ForensicsError, match="no permission to read"):
        open_medium(path, tmp_path / "case")


def test_a_disk_that_is_too_small_is_refused_before_the_first_byte(tmp_path: Path) -> None:
    class Huge(FailingDisk):
        @property
        def size(self) -> int:
            return 1 << 60

        @property
        def allocated(self) -> int:
            return 1 << 60

    disk = Huge(b"")
    with pytest.raises(ForensicsError, match="no space left: at least"):
        imaged(disk, tmp_path)
    assert disk.reads == 0


def test_the_stand_in_and_the_device_are_media(tmp_path: Path) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(b"x")
    device = open_medium(path, tmp_path / "case")
    media: list[Medium] = [FailingDisk(b""), device]
    device.close()
    assert len(media) == 2


def test_an_error_map_tells_a_reader_of_the_image_what_is_filled(content: bytes, tmp_path: Path) -> None:
    store, _ = imaged(FailingDisk(content, frozenset({3, 4, 900})), tmp_path)
    assert filled_in(stored(store, b".error-map.jsonl")) == ((3 * 512, 1024), (900 * 512, 512))


def test_no_transfer_reaches_over_the_border_of_a_file() -> None:
    plan = Plan(size=10 * MIB + 5, piece=4 * MIB, split=3 * MIB)
    spans = [span for number in range(plan.pieces) for span in plan.blocks(*plan.piece_span(number), BLOCK)]
    assert sum(length for _, length in spans) == plan.size
    assert all(plan.segment_at(begin) == plan.segment_at(begin + length - 1) for begin, length in spans)
