"""Damaged chunks of an E01 are named exactly, and every file that touches one is marked; nothing else is."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from forensics.acquisition.acquire import acquire
from forensics.acquisition.ewf_chunks import check_chunks
from forensics.acquisition.images import ImageSource
from forensics.evidence.writer import ItemWriter
from forensics.workers import LocalEngine
from tests.acquisition.images.taking import letter, look
from tests.tools import images

CHUNK = 32768


@pytest.fixture(scope="module")
def ext4(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A raw image with ten letters of 40,000 bytes, and the E01 of it."""
    folder = tmp_path_factory.mktemp("ext4")
    (folder / "mail").mkdir()
    for number in range(10):
        (folder / "mail" / f"letter {number}.eml").write_bytes(letter(number, 40_000))
    raw = images.ext4(folder / "disk.dd", folder / "mail", 4 << 20)
    return raw, images.e01(raw, folder / "disk")


@pytest.mark.parametrize("seed", range(5))
def test_the_flipped_chunks_are_named_and_no_other(seed: int, ext4: tuple[Path, Path], tmp_path: Path) -> None:
    chance = random.Random(seed)
    size = ext4[0].stat().st_size
    chosen = sorted(chance.sample(range(size // CHUNK), 7))
    bad = tmp_path / "bad.E01"
    bad.write_bytes(ext4[1].read_bytes())
    for chunk in chosen:
        images.damaged_chunk(bad, chunk)
    with bad.open("rb") as file:
        damage = check_chunks([file], size, CHUNK)
    assert list(damage.chunks) == chosen
    assert damage.confined


def test_the_work_goes_on_and_marks_the_letters_that_touch_a_damaged_chunk(
    engine: LocalEngine, ext4: tuple[Path, Path], tmp_path: Path
) -> None:
    raw = ext4[0].read_bytes()
    at = raw.index(letter(4, 40_000)[:4096])
    chunk = (at + 39_000) // CHUNK
    bad = tmp_path / "bad.E01"
    bad.write_bytes(ext4[1].read_bytes())
    images.damaged_chunk(bad, chunk)
    report = look(engine, bad, tmp_path)
    assert report.verdict == "damaged"
    assert report.checked["damaged_chunks"] == [chunk]
    first = chunk * CHUNK
    what = f"bytes {first:,} to {first + CHUNK - 1:,} of the medium are lost, chunk {chunk} of the image being damaged"
    assert [(each.offset, each.reason) for each in report.problems if each.offset >= 0] == [(first, what)]
    (store,) = report.stores
    touching = {number for number in range(10) if touches(raw, number, chunk)}
    source = ImageSource(engine=engine, report=report, store=store, spool=tmp_path / "s", parent="EV-0001/000001")
    (tmp_path / "evidence").mkdir()
    done = acquire(source, ItemWriter(tmp_path / "evidence", "EV-0002"), now=lambda: 0, tool={"name": "test"})
    assert {each.path.decode() for each in done.receipt.flagged} == {f"letter {number}.eml" for number in touching}
    assert 4 in touching
    assert not done.receipt.complete
    papers = json.loads((tmp_path / "evidence/EV-0002/acquisition.json").read_bytes())
    assert papers["source"]["image"]["damaged"] == [[chunk * CHUNK, CHUNK]]
    assert papers["source"]["damaged_files"] == len(touching)
    for line in (tmp_path / "evidence/EV-0002/files.jsonl").read_bytes().splitlines():
        entry = json.loads(line)
        assert ("damaged" in entry["facts"]) == (int(entry["name"].split(".")[0].split()[1]) in touching)


def touches(raw: bytes, number: int, chunk: int) -> bool:
    data = letter(number, 40_000)
    places = {raw.index(data[at : at + 1024]) for at in range(0, len(data) - 1024, 1024)}
    return any(place // CHUNK == chunk for place in places)
