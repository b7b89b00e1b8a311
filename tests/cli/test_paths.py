"""Paths that can name no case or no source are refused in one sentence, before anything is made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.command import here, mailbox

VERBS = [["verify"], ["case", "show"], ["case", "new"], ["parse", "--case"], ["timeline", "--case"],
         ["report", "--case"], ["doctor", "--case"]]  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_case_that_cannot_be_a_folder_is_a_usage_error(verb: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "circle").symlink_to("circle")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(os.listdir(tmp_path))
    said = {
        str(tmp_path / "file"): "is there already and is a file, not a folder",
        str(tmp_path / "file" / "case"): "a part of this path is a file and not a folder",
        str(tmp_path / "circle"): "the links in this path lead in a circle",
        str(tmp_path / "pipe"): "is a device or a pipe, not a folder",
        str(tmp_path / ("x" * 300)): "is longer than the system allows",
        "": "an empty path names nothing",
    }
    for path, words in said.items():
        answer = here(*verb, path)
        assert (answer.code, answer.out) == (2, ""), path
        assert words in answer.error
        assert "What to do: " in answer.err
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("verb", ["examine", "acquire"])
def test_a_case_at_a_link_that_leads_in_a_circle_is_no_fault_of_the_program(verb: str, tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    answer = here(verb, mailbox(tmp_path / "a.mbox"), "--case", tmp_path / "circle")
    assert answer.code == 2
    assert "lead in a circle" in answer.error


@pytest.mark.parametrize("kind", ["pipe", "circle", "long", "below a file", "empty"])
def test_a_source_that_can_hold_nothing_makes_no_case(kind: str, tmp_path: Path) -> None:
    box = mailbox(tmp_path / "a.mbox")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to("circle")
    sources = {"long": tmp_path / ("x" * 300), "below a file": box / "x", "empty": ""}
    answer = here("examine", sources.get(kind, tmp_path / kind), "--case", tmp_path / "case")
    assert answer.code == 2
    assert "What to do: " in answer.err
    assert not (tmp_path / "case").exists()
