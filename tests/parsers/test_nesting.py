"""Messages inside messages are parsed in turn, up to one limit, and say whose they are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from forensics.examination import parsejob
from tests.parsers.samples import ROOT


class _Report:
    """Hears where the work is."""

    def __call__(self, told: dict[str, Any]) -> None:
        """Nothing is done with it."""

    def at(self, place: str) -> None:
        """Nothing is done with it."""


def _parsed(stored: Path, spool: Path, parser: str = "eml") -> dict[str, list[dict[str, Any]]]:
    data = stored.read_bytes()
    file = {"number": "000001", "path": stored.name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    file |= {"metadata": {}, "folder": "box"}
    args = {"evidence": "EV-0001", "parser": parser, "files": [file], "range": {}, "skip": {}}
    args["settings"] = {"zone": "UTC", "code_page": 932}
    spool.mkdir()
    parsejob.run(args, [stored], spool, _Report())  # type: ignore[arg-type]
    return {path.stem: pq.read_table(path).to_pylist() for path in (spool / "parts").iterdir()}


def test_an_attached_message_is_a_message_of_its_own_that_names_its_carrier(tmp_path: Path) -> None:
    outer, inner = _parsed(ROOT / "eml" / "nested.eml", tmp_path / "spool")["message"]
    assert inner["subject"] == "the first letter"
    assert (inner["embedded_in"], inner["depth"], outer["depth"]) == (outer["id"], 1, 0)
    assert inner["address"] == "EV-0001/000001/message:1/attachment:1/message:1"
    assert (inner["store_path"], inner["span_start"]) == (outer["store_path"], None)


def _matryoshka(levels: int) -> bytes:
    letter = b"From: a@example.jp\nTo: b@example.jp\nSubject: innermost\n\ndeep\n"
    for level in range(levels):
        head = (
            b"From: a@example.jp\nTo: b@example.jp\nSubject: level\nContent-Type: multipart/mixed; boundary=b%d\n"
            % level
        )
        letter = head + b"\n--b%d\nContent-Type: message/rfc822\n\n%b\n--b%d--\n" % (level, letter, level)
    return letter


def test_nesting_ends_at_the_limit_with_a_problem_that_has_an_address(tmp_path: Path) -> None:
    stored = tmp_path / "deep.eml"
    stored.write_bytes(_matryoshka(parsejob.DEEPEST + 5))
    found = _parsed(stored, tmp_path / "spool")
    assert [row["depth"] for row in found["message"]] == list(range(parsejob.DEEPEST + 1))
    (problem,) = found["problem"]
    assert "deeper than 20 levels" in problem["what"]
    assert problem["address"].endswith("/attachment:1")


def test_ids_stay_different_through_all_levels(tmp_path: Path) -> None:
    stored = tmp_path / "deep.eml"
    stored.write_bytes(_matryoshka(5))
    for rows in _parsed(stored, tmp_path / "spool").values():
        assert len({row["id"] for row in rows}) == len(rows)
