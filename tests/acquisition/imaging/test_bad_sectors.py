"""25 layouts of bad sectors: exactly those are zeros, the map says so and sums to the size, the receipt tells."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
from pathlib import Path

import pytest

from forensics.acquisition.imaging.device import open_medium
from forensics.acquisition.imaging.image import Settings
from tests.acquisition.imaging.stand_in import MIB, SMALL, FailingDisk, FailingFile, filled, imaged, sectors_of, stored

SIZE = 2 * MIB + 512 * 700 + 123
SECTORS = -(-SIZE // 512)
STEP = (1 << 16) // 512
PIECE = MIB // 512


def random_sectors(seed: int, count: int) -> frozenset[int]:
    return frozenset(random.Random(seed).sample(range(SECTORS), count))


LAYOUTS: dict[str, frozenset[int]] = {
    "none": frozenset(),
    "the first": frozenset({0}),
    "the last, a short one": frozenset({SECTORS - 1}),
    "the last whole one": frozenset({SECTORS - 2}),
    "first and last": frozenset({0, SECTORS - 1}),
    "one in the middle": frozenset({1234}),
    "two neighbours": frozenset({1234, 1235}),
    "two with one between": frozenset({1234, 1236}),
    "the first of a page": frozenset({800}),
    "the last of a page": frozenset({807}),
    "a whole page": frozenset(range(800, 808)),
    "over the border of a page": frozenset(range(805, 811)),
    "before the border of a step": frozenset({STEP - 1}),
    "after the border of a step": frozenset({STEP}),
    "over the border of a step": frozenset({STEP - 1, STEP}),
    "a whole step": frozenset(range(STEP, 2 * STEP)),
    "before the border of a piece": frozenset({PIECE - 1}),
    "after the border of a piece": frozenset({PIECE}),
    "over the border of a piece": frozenset(range(PIECE - 3, PIECE + 3)),
    "a whole piece": frozenset(range(PIECE, 2 * PIECE)),
    "every second one of a stretch": frozenset(range(2000, 2400, 2)),
    "every 97th one": frozenset(range(0, SECTORS, 97)),
    "30 at random": random_sectors(1, 30),
    "300 at random": random_sectors(2, 300),
    "all of them": frozenset(range(SECTORS)),
}


@pytest.fixture(scope="module")
def content() -> bytes:
    # No sector of it is all zeros, so that a zero sector in the image is a filled one.
    return random.Random(6).randbytes(SIZE)


def check(case: Path, content: bytes, bad: frozenset[int], disk: FailingDisk, settings: Settings = SMALL) -> None:
    store, done = imaged(disk, case, settings)
    image = stored(store)
    assert image == filled(content, bad)
    parts = [json.loads(line) for line in stored(store, b".error-map.jsonl").splitlines()]
    assert sum(part["length"] for part in parts) == SIZE
    assert [part["offset"] for part in parts] == sorted(part["offset"] for part in parts)
    assert sectors_of(parts) == bad
    assert all(
        (part["errno"], part["tries"], part["error"]) == (errno.EIO, settings.retries + 1, os.strerror(errno.EIO))
        for part in parts
        if part["state"] == "filled"
    )
    assert done.receipt.complete == (not bad)
    lost = sum(min(512, SIZE - number * 512) for number in bad)
    assert done.receipt.received_bytes == SIZE - lost
    papers = store.acquisition("EV-0001")["source"]["imaging"]
    assert (papers["filled"], papers["read"]) == (lost, SIZE - lost)
    assert papers["sha256"] == hashlib.sha256(image).hexdigest()
    assert papers["md5"] == hashlib.md5(image).hexdigest()
    check_pieces(stored(store, b".pieces.jsonl"), image)
    assert store.verify("EV-0001") == []


def check_pieces(lines: bytes, image: bytes) -> None:
    end = 0
    for line in map(json.loads, lines.splitlines()):
        piece = image[line["offset"] : line["offset"] + line["length"]]
        assert line["offset"] == end
        assert line["sha256"] == hashlib.sha256(piece).hexdigest()
        assert line["md5"] == hashlib.md5(piece).hexdigest()
        assert line["read_again"] == "same"
        end += len(piece)
    assert end == len(image)


def test_there_are_25_layouts() -> None:
    assert len(LAYOUTS) == 25


@pytest.mark.parametrize("name", LAYOUTS)
def test_exactly_the_bad_sectors_of_a_device_are_filled(name: str, content: bytes, tmp_path: Path) -> None:
    check(tmp_path, content, LAYOUTS[name], FailingDisk(content, LAYOUTS[name]))


@pytest.mark.parametrize("name", LAYOUTS)
def test_exactly_the_bad_sectors_of_a_regular_file_are_filled(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "disk.img"
    path.write_bytes(content)
    disk = FailingFile(open_medium(path, tmp_path / "case"), LAYOUTS[name])
    check(tmp_path / "case", content, LAYOUTS[name], disk)
    disk.close()


def test_no_retries_means_one_try(content: bytes, tmp_path: Path) -> None:
    check(tmp_path, content, frozenset({5}), FailingDisk(content, frozenset({5})), Settings(piece=MIB, retries=0))


def test_a_sector_that_comes_good_when_tried_again_is_read(content: bytes, tmp_path: Path) -> None:
    disk = FailingDisk(content, frozenset({10, 20}), heals={10: 2, 20: 3})
    store, done = imaged(disk, tmp_path, Settings(piece=MIB, retries=3))
    assert stored(store) == content
    assert not any(json.loads(line)["state"] == "filled" for line in stored(store, b"map.jsonl").splitlines())
    assert done.receipt.complete


def test_sectors_of_4096_bytes_are_lost_whole(content: bytes, tmp_path: Path) -> None:
    disk = FailingDisk(content[: 4096 * 100], frozenset({3, 99}), sector=4096)
    store, _ = imaged(disk, tmp_path)
    assert stored(store) == filled(content[: 4096 * 100], (3, 99), 4096)


def test_reads_that_come_in_odd_parts_lose_nothing(content: bytes, tmp_path: Path) -> None:
    disk = FailingDisk(content, frozenset({77}), at_most=70_001)
    store, _ = imaged(disk, tmp_path)
    assert stored(store) == filled(content, {77})


def test_a_medium_that_ends_before_its_size_is_filled_to_it(content: bytes, tmp_path: Path) -> None:
    class Short(FailingDisk):
        @property
        def size(self) -> int:
            return SIZE + 1024

    store, done = imaged(Short(content), tmp_path)
    begun = SECTORS - 1
    assert stored(store) == content[: begun * 512] + bytes(SIZE + 1024 - begun * 512)
    assert not done.receipt.complete
    last = json.loads(stored(store, b"map.jsonl").splitlines()[-1])
    assert (last["errno"], last["offset"]) == (errno.ENODATA, begun * 512)
