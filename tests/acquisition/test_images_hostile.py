"""Damaged and forged images cost what they damage, never the parent: every run ends, and says what was not read."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from forensics.acquisition.images import EWF, RAW, ImageFiles, ImageSource, examine_image, image_at
from forensics.errors import ForensicsError
from forensics.workers import LocalEngine
from forensics.workers.job import Job, Limits, Listener, Outcome
from tests.corpus import corpus, needs_corpus
from tests.tools import images


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(1, Limits()) as running:
        yield running


def run(engine: LocalEngine, image: ImageFiles, spool: Path) -> str:
    """Examine and read everything; how it ended."""
    try:
        report = examine_image(engine, image, spool / "listing")
    except ForensicsError:
        return "refused"
    for number, store in enumerate(report.stores):
        source = ImageSource(engine=engine, report=report, store=store, spool=spool / str(number), parent="EV-0001")
        for found in source.entries():
            if found.refusal is None:
                with source.read(found.entry) as reading:
                    while reading.readinto(memoryview(bytearray(1 << 20))):
                        pass
                    assert reading.changed() == ""
    return "read"


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Bits flipped in the first 64 KiB, sectors blanked, sectors swapped, or the end cut off."""
    out = bytearray(data)
    how = chance.randrange(4)
    for _ in range(chance.randrange(1, 9)):
        sector = chance.randrange(len(out) // 512) * 512
        if how == 0:
            out[chance.randrange(1 << 16)] ^= 1 << chance.randrange(8)
        elif how == 1:
            out[sector : sector + 512] = bytes(512)
        elif how == 2:
            other = chance.randrange(len(out) // 512) * 512
            out[sector : sector + 512], out[other : other + 512] = out[other : other + 512], out[sector : sector + 512]
        else:
            del out[chance.randrange(1024, len(out)) :]
            break
    return bytes(out)


@pytest.mark.parametrize("system", ["ext4", "fat", "ntfs"])
def test_a_mutated_file_system_never_hangs_or_ends_the_parent(system: str, engine: LocalEngine, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    images.lay_mail(folder)
    image = tmp_path / "image.dd"
    made = {
        "ext4": lambda: images.ext4(image, folder, 4 << 20),
        "fat": lambda: images.fat(image, folder, 34 << 20),
        "ntfs": lambda: images.ntfs(image, folder, tmp_path, 4 << 20),
    }[system]()
    good, chance = made.read_bytes(), random.Random(7)
    ends = set()
    for _ in range(8):
        image.write_bytes(mutated(good, chance))
        ends.add(run(engine, ImageFiles(container=RAW, segments=(image,)), tmp_path / "spool"))
    assert ends <= {"read", "refused"}


def test_the_parent_side_loads_neither_of_the_native_readers() -> None:
    native = "{'pytsk3', 'pyewf', 'pyvmdk', 'pyqcow', 'pyvhdi', 'pyvshadow'}"
    ask = f"import sys, forensics.acquisition.images; print({native} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


def test_an_image_that_is_no_image_is_refused_in_one_sentence(engine: LocalEngine, tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.dd", tmp_path / "text.E01"
    empty.write_bytes(b"")
    text.write_bytes(b"not an image\n" * 100)
    assert image_at(text) is None
    assert run(engine, ImageFiles(container=RAW, segments=(empty,)), tmp_path / "a") == "refused"
    assert run(engine, ImageFiles(container=EWF, segments=(text,)), tmp_path / "b") == "refused"


def test_a_missing_segment_of_an_e01_stops_the_work(engine: LocalEngine, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    images.lay_mail(folder)
    first = images.e01(images.ext4(tmp_path / "a.dd", folder), tmp_path / "seized", segment=3 << 20)
    (tmp_path / "seized.E02").unlink()
    found = image_at(first)
    assert found is not None
    assert run(engine, found, tmp_path / "spool") == "refused"


class DyingEngine:
    """A stand-in for an engine: the first copying job ends by a signal after one file, the others run as they are."""

    def __init__(self, real: LocalEngine) -> None:
        self._real = real

    def submit(self, job: Job, *, listener: Listener | None = None) -> Future[Outcome]:
        done = self._real.submit(job, listener=listener)
        if not job.call.endswith(":extract") or job.args["first"] != 1:
            return done
        assert not done.result().cause
        written = job.spool / "extracted.jsonl"
        lines = written.read_bytes().splitlines(keepends=True)
        written.write_bytes(lines[0] + lines[1][:40])
        died: Future[Outcome] = Future()
        died.set_result(Outcome(cause="signal 11"))
        return died


def test_a_file_that_ends_its_worker_is_refused_and_the_others_come_out(engine: LocalEngine, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    images.lay_mail(folder)
    found = image_at(images.ext4(tmp_path / "a.dd", folder))
    assert found is not None
    report = examine_image(engine, found, tmp_path / "listing")
    store = next(store for store in report.stores if store.kind == "maildir")
    dying = DyingEngine(engine)
    source = ImageSource(engine=dying, report=report, store=store, spool=tmp_path / "s", parent="EV-0001")
    entries = list(source.entries())
    assert [found.refusal is None for found in entries] == [True, False, True]
    assert "signal 11" in entries[1].entry.note


@needs_corpus
def test_every_disk_image_of_the_corpus_is_walked_or_refused(engine: LocalEngine, tmp_path: Path) -> None:
    ends: dict[tuple[str, str], int] = {}
    for number, path in enumerate(sorted((corpus() / "disk").rglob("*"))):
        if path.is_file() and (found := image_at(path)) is not None:
            ended = found.container, run(engine, found, tmp_path / str(number))
            ends[ended] = ends.get(ended, 0) + 1
    read = {("raw", "read"): 4, ("ewf", "read"): 2, ("qcow", "read"): 2, ("vmdk", "read"): 2}
    assert ends == {**read, ("other", "refused"): 4}
