"""One byte changed anywhere in a case, a file more or a file less: ``verify`` ends 4 or 5 and names the place."""

from __future__ import annotations

import hashlib
import os
import random
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forensics import canonical
from forensics.errors import DONE, INTEGRITY_BROKEN, LEDGER_BROKEN, USAGE, ForensicsError
from forensics.examination.verifying import verify
from tests.examination.cases import copy_of, forensics, lay_mail, lines, sound

FLIPS_A_FILE = 6
FLIPS_A_LINE = 5
_NOT_COVERED = ("ledger/lock",)
"""Empty, and holds nothing but the lock."""


@pytest.fixture(scope="module")
def case(small_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that is put right again after every change."""
    return copy_of(small_case, tmp_path_factory.mktemp("tampered") / "case")


def judged(case: Path) -> tuple[int, list[str]]:
    """The exit code of ``verify`` and the places that it names, whether it returns or raises."""
    try:
        found = verify(case)
    except ForensicsError as error:
        return error.exit_code, [error.place]
    return found.exit_code, [each.place for each in (*found.ledger, *found.differences)]


def files(case: Path) -> list[str]:
    found = [path.relative_to(case).as_posix() for path in case.rglob("*") if path.is_file()]
    return sorted(name for name in found if name not in _NOT_COVERED)


@contextmanager
def changed(path: Path, data: bytes) -> Iterator[None]:
    """The file with other content, for a while; its protection does not hinder a forger either."""
    before, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    path.chmod(0o600)
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(before)
        path.chmod(mode)


def flipped(data: bytes, chance: random.Random, start: int = 0, stop: int | None = None) -> tuple[int, bytes]:
    """The data with one bit of one byte changed."""
    at = chance.randrange(start, len(data) if stop is None else stop)
    return at, data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def test_a_flipped_bit_in_any_file_of_the_case_ends_4_or_5_and_names_the_file(case: Path) -> None:
    assert flip_every_file(case, FLIPS_A_FILE, seed=1) > 200


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_thousands_of_flipped_bits_are_all_found_and_named(case: Path, seed: int) -> None:
    assert flip_every_file(case, 10 * FLIPS_A_FILE, seed) > 2_000
    flip_every_line(case, 10 * FLIPS_A_LINE, seed)


@pytest.mark.slow
def test_flipped_bits_in_every_file_of_the_sample_are_all_found_and_named(sample_case: Path, tmp_path: Path) -> None:
    assert flip_every_file(copy_of(sample_case, tmp_path / "sample"), 2, seed=3) > 300


def flip_every_file(case: Path, times: int, seed: int) -> int:
    chance = random.Random(seed)
    flips = 0
    for name in files(case):
        path = case / name
        before = path.read_bytes()
        for _ in range(times if before else 0):
            at, after = flipped(before, chance)
            with changed(path, after):
                code, places = judged(case)
            expected = LEDGER_BROKEN if name.startswith("ledger/") else INTEGRITY_BROKEN
            assert code == expected, f"{name} byte {at}: ended {code}, named {places}"
            assert any(_names(place, name) for place in places), f"{name} byte {at}: named only {places}"
            flips += 1
    sound(case)
    return flips


def _names(place: str, name: str) -> bool:
    return place.split(" line ")[0].endswith(name)


def test_a_flipped_bit_in_any_line_of_the_ledger_ends_5_and_names_the_line(case: Path) -> None:
    flip_every_line(case, FLIPS_A_LINE, seed=7)


def flip_every_line(case: Path, times: int, seed: int) -> None:
    chance = random.Random(seed)
    path = case / "ledger" / "events.jsonl"
    before = path.read_bytes()
    start = 0
    for number, line in enumerate(before.splitlines(keepends=True), start=1):
        for _ in range(times):
            at, after = flipped(before, chance, start, start + len(line))
            with changed(path, after):
                code, places = judged(case)
            assert code == LEDGER_BROKEN
            # The last byte of a line ends it: without it two lines are one, and the next is the one that differs.
            numbers = {number, number + 1}
            named = {f"ledger/events.jsonl line {each}" for each in numbers} & set(places)
            assert named, f"line {number} byte {at - start}: named {places}"
        start += len(line)
    sound(case)


def test_lines_taken_out_put_in_swapped_or_cut_off_break_the_chain(case: Path) -> None:
    path = case / "ledger" / "events.jsonl"
    found = path.read_bytes().splitlines(keepends=True)
    forgeries = {
        "the first is gone": found[1:],
        "one in the middle is gone": found[:3] + found[4:],
        "the last is gone": found[:-1],
        "the last two are gone": found[:-2],
        "one stands twice": [*found[:4], found[3], *found[4:]],
        "two are swapped": [*found[:2], found[3], found[2], *found[4:]],
        "an old one is played again": [*found, found[1]],
        "all are gone": [],
        "half a line is gone": [*found[:-1], found[-1][:40]],
    }
    for what, forged in forgeries.items():
        with changed(path, b"".join(forged)):
            code, places = judged(case)
        assert code == LEDGER_BROKEN, what
        assert places, what
        assert all(place.startswith("ledger/") for place in places), what
    sound(case)


def test_a_ledger_that_is_gone_with_its_head_is_missed_and_never_begun_anew(case: Path) -> None:
    aside = case.parent / "aside"
    (case / "ledger").rename(aside)
    code, places = judged(case)
    done = forensics("verify", case)
    made = (case / "ledger").exists()
    aside.rename(case / "ledger")
    assert (code, places) == (LEDGER_BROKEN, ["ledger/events.jsonl"])
    assert done.returncode == LEDGER_BROKEN
    assert not made
    sound(case)


def test_a_forged_ledger_whose_chain_holds_but_that_says_nothing_known_ends_5(case: Path) -> None:
    """Whoever rewrites the whole chain can lie, which only a copy of its head shows; he cannot make ``verify`` fall."""
    folder = case / "ledger"
    found = [line.value for line in lines(case)]
    for key in ("params", "out"):
        for wrong in (7, [7], {"id": 7}, [{}], {"out": []}):
            forged, previous = b"", "0" * 64
            for value in found:
                raw = canonical.encode({**value, key: wrong, "prev": previous} if value.get(key) else value)
                raw = canonical.encode({**canonical.decode(raw), "prev": previous})
                previous = hashlib.sha256(raw).hexdigest()
                forged += raw + b"\n"
            head = canonical.encode({"lines": len(found), "sha256": previous, "size": len(forged)})
            with changed(folder / "events.jsonl", forged), changed(folder / "head", head):
                code, places = judged(case)
            assert code in (INTEGRITY_BROKEN, LEDGER_BROKEN), f"{key} {wrong}"
            assert places
    sound(case)


def test_every_file_that_is_gone_is_named(case: Path) -> None:
    aside = case.parent / "gone"
    for name in files(case):
        (case / name).rename(aside)
        code, places = judged(case)
        aside.rename(case / name)
        if name == "case.toml":
            assert code == USAGE
        elif name.startswith("ledger/"):
            assert (code, places) == (LEDGER_BROKEN, ["ledger/head" if name.endswith("head") else places[0]])
        else:
            assert code == INTEGRITY_BROKEN, name
            assert any(_names(place, name) for place in places), f"{name}: named only {places}"
    sound(case)


@pytest.mark.parametrize(
    "name",
    [
        "evidence/EV-0001/data/000099.bin",
        "evidence/EV-0001/note.txt",
        "evidence/EV-0007/data/000001.bin",
        "evidence/note.txt",
        "content/ab/" + "ab" * 32,
        "content/zz",
        "records/message/EV-0001-forged.parquet",
        "records/EV-0009.json",
        "records/extra.txt",
        "timeline/more.parquet",
        "reports/finding.html",
    ],
)
def test_a_file_that_no_step_made_is_named(case: Path, name: str) -> None:
    path = case / name
    fresh = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"put here by somebody else")
    code, places = judged(case)
    path.unlink()
    for folder in fresh:
        folder.rmdir()
    assert code == INTEGRITY_BROKEN
    assert any(name.startswith(place) for place in places), places
    sound(case)


def test_a_link_in_the_place_of_a_file_is_not_that_file(case: Path) -> None:
    for name in ("evidence/EV-0001/data/000001.bin", "evidence/EV-0001/files.jsonl"):
        elsewhere = case.parent / "elsewhere"
        (case / name).rename(elsewhere)
        (case / name).symlink_to(elsewhere)
        code, places = judged(case)
        (case / name).unlink()
        elsewhere.rename(case / name)
        assert code == INTEGRITY_BROKEN
        assert f"{name}" in places
    sound(case)


def test_files_that_swap_their_places_are_both_named(case: Path) -> None:
    first, second = (case / "evidence/EV-0001/data" / f"{number:06d}.bin" for number in (1, 2))
    with changed(first, second.read_bytes()):
        data = first.read_bytes()
        with changed(second, data[::-1]):
            code, places = judged(case)
    assert code == INTEGRITY_BROKEN
    assert {"evidence/EV-0001/data/000001.bin", "evidence/EV-0001/data/000002.bin"} <= set(places)


def test_the_command_line_says_which_file_differs_and_ends_4_or_5(case: Path) -> None:
    assert forensics("verify", case).returncode == DONE
    for name, code in (("reports/timeline.csv", INTEGRITY_BROKEN), ("ledger/events.jsonl", LEDGER_BROKEN)):
        data = (case / name).read_bytes()
        with changed(case / name, data[:100] + bytes([data[100] ^ 1]) + data[101:]):
            done = forensics("verify", case)
        assert done.returncode == code
        assert name in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr


def test_examine_does_not_go_on_in_a_case_that_is_not_what_was_stored(case: Path) -> None:
    name = "evidence/EV-0001/data/000002.bin"
    data = (case / name).read_bytes()
    with changed(case / name, bytes([data[0] ^ 1]) + data[1:]):
        done = forensics("examine", case.parent / "no-such-source", "--case", case)
        assert done.returncode == 2
        source = case.parent / "source"
        source.mkdir(exist_ok=True)
        (source / "one.eml").write_bytes(b"From: a@example.jp\r\n\r\nx\r\n")
        done = forensics("examine", source, "--case", case)
    assert done.returncode == INTEGRITY_BROKEN
    assert name in done.stderr
    assert os.listdir(case / "evidence") != []


def test_facts_that_were_changed_by_hand_stop_the_work_before_anything_is_written(
    small_case: Path, tmp_path: Path
) -> None:
    case, source = copy_of(small_case, tmp_path / "case"), lay_mail(tmp_path / "source")
    before = (case / "case.toml").read_bytes()
    count = len(lines(case))
    (case / "case.toml").write_bytes(before.replace(b"Asia/Tokyo", b"Asia/Seoul"))
    done = forensics("examine", source, "--case", case)
    assert done.returncode == INTEGRITY_BROKEN
    assert "case.toml was changed without 'case set'" in done.stderr
    assert len(lines(case)) == count
    (case / "case.toml").write_bytes(before)
    assert forensics("examine", source, "--case", case).returncode == DONE
    sound(case)


def test_facts_that_were_changed_by_hand_can_be_put_on_the_ledger(small_case: Path, tmp_path: Path) -> None:
    case, source = copy_of(small_case, tmp_path / "case"), lay_mail(tmp_path / "source")
    path = case / "case.toml"
    path.write_bytes(path.read_bytes().replace(b"Asia/Tokyo", b"Asia/Seoul"))
    assert forensics("case", "set", case, "title=the other title").returncode == DONE
    assert forensics("examine", source, "--case", case).returncode == DONE
    sound(case)
