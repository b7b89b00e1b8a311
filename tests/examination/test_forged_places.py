"""Links, folders, pipes and devices in the place of files of a case: ``verify`` names them and never waits or falls."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.errors import INTEGRITY_BROKEN, LEDGER_BROKEN, ForensicsError
from forensics.examination.verifying import verify
from tests.examination.cases import copy_of

FILES = (
    "case.toml",
    "ledger/events.jsonl",
    "ledger/head",
    "evidence/EV-0001/files.jsonl",
    "evidence/EV-0001/data/000001.bin",
    "records/EV-0001.json",
    "timeline/events.parquet",
    "reports/messages.csv",
)


def linked(path: Path) -> None:
    elsewhere = path.parents[3] / "elsewhere"
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)


def endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def foldered(path: Path) -> None:
    path.unlink()
    path.mkdir()


def judged(case: Path) -> tuple[int, str]:
    try:
        found = verify(case)
    except ForensicsError as error:
        return error.exit_code, error.place
    return found.exit_code, " ".join(each.place for each in (*found.ledger, *found.differences))


@pytest.fixture
def case(small_case: Path, tmp_path: Path) -> Path:
    return copy_of(small_case, tmp_path / "a" / "b" / "c" / "case")


@pytest.mark.parametrize("forge", [linked, endless, piped, foldered])
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_regular_file_is_named_and_never_read(case: Path, forge: Callable[[Path], None], name: str) -> None:
    forge(case / name)
    code, places = judged(case)
    assert code in (INTEGRITY_BROKEN, LEDGER_BROKEN)
    assert name in places


@pytest.mark.parametrize("name", ["ledger", "evidence", "evidence/EV-0001/data", "content", "records/message"])
def test_a_link_in_the_place_of_a_folder_is_named(case: Path, name: str) -> None:
    elsewhere = case.parent / "elsewhere"
    shutil.move(case / name, elsewhere)
    (case / name).symlink_to(elsewhere)
    code, places = judged(case)
    assert code == INTEGRITY_BROKEN
    assert name in places


@pytest.mark.parametrize("name", ["ledger/old.jsonl", "records/.hidden", "reports/.hidden/note.txt"])
def test_a_stranger_in_the_case_is_named(case: Path, name: str) -> None:
    (case / name).parent.mkdir(exist_ok=True)
    (case / name).write_bytes(b"x")
    code, places = judged(case)
    assert (code, places) == (INTEGRITY_BROKEN, name)


def test_a_head_that_says_the_same_in_other_bytes_is_named(case: Path) -> None:
    head = case / "ledger" / "head"
    head.write_bytes(head.read_bytes() + b"\n")
    assert judged(case) == (LEDGER_BROKEN, "ledger/head")
