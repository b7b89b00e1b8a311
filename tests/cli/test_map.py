"""The verb ``map``: its output is YAML to be saved, it shows nothing that steers a terminal, it refuses halves."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.examination import presets
from tests.cli.command import here

NASTY = (
    "処理日時,処理,差出人,\x1b[31m件\u202e名,=1+1\r\n"
    '2026/06/01 10:00,=cmd|calc!A0,a@x.jp,"\x1b]0;x\x07","=HYPERLINK(""x"")"\r\n'
    "2026/06/01 10:00,承認,a@x.jp,\u202egnp.exe,@SUM(1)\r\n"
)


def test_the_output_is_a_mapping_with_its_reasons_as_comments(tmp_path: Path) -> None:
    path = tmp_path / "hold.csv"
    path.write_bytes(
        "受付日時,処理日時,処理,差出人\r\n2026/06/01 10:00,2026/06/01 10:01,承認,a@x.jp\r\n".encode("cp932")
    )
    answer = here("map", path)
    assert answer.code == 0
    assert "# " in answer.out
    assert "未検証" in answer.out
    mapping = presets.resolved(presets.read_yaml(answer.out.encode(), "x"))
    assert mapping["columns"]["queued_at"] == ["受付日時"]
    as_json = here("map", path, "--json").object
    assert as_json["yaml"] in answer.out
    assert as_json["columns"][2]["role"] == "action"


def test_formulas_and_control_characters_reach_neither_terminal_nor_yaml(tmp_path: Path) -> None:
    path = tmp_path / "hold.csv"
    path.write_text(NASTY, encoding="utf-8", newline="")
    for words in ((), ("--json",)):
        answer = here("map", path, *words)
        assert answer.code == 0
        assert all(each.isprintable() or each == "\n" for each in answer.out)
    mapping = presets.resolved(presets.read_yaml(here("map", path).out.encode(), "x"))
    assert mapping["columns"]["action"] == ["処理"]


def test_a_mapping_goes_into_the_case_and_is_listed(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert here("case", "new", case).code == 0
    (tmp_path / "m.yaml").write_text("extends: ss1\n", encoding="utf-8")
    answer = here("map", "--case", case, "--add", tmp_path / "m.yaml", "--for", "ss1_*.csv")
    assert answer.code == 0, answer.err
    assert "No file of the evidence fits the pattern yet" in answer.out
    shown = here("map", "--case", case)
    assert "ss1_*.csv" in shown.out
    assert "safeattach" in shown.out
    assert here("map", "--case", case, "--json").object["mappings"][0]["pattern"] == "ss1_*.csv"
    assert here("verify", case).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--add", "m.yaml"),
        ("--for", "*.csv"),
        ("--add", "m.yaml", "--for", "*.csv"),
        ("x.csv", "--case", "c", "--add", "m.yaml", "--for", "*.csv"),
        ("missing.csv",),
    ],
)
def test_half_a_request_is_refused_with_what_to_do(tmp_path: Path, words: tuple[str, ...]) -> None:
    answer = here("map", *(str(tmp_path / word) if word.endswith(("csv", "yaml")) else word for word in words))
    assert answer.code == 2
    assert "What to do" in answer.err


def test_an_unknown_preset_and_a_broken_mapping_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    path, case = tmp_path / "x.csv", tmp_path / "case"
    path.write_text("処理日時,処理\n", encoding="utf-8")
    assert "there is no preset named" in here("map", path, "--preset", "nothing").error
    assert here("case", "new", case).code == 0
    before = (case / "ledger/events.jsonl").read_bytes()
    (tmp_path / "m.yaml").write_text("a: &x [*x]\n", encoding="utf-8")
    answer = here("map", "--case", case, "--add", tmp_path / "m.yaml", "--for", "*.csv")
    assert answer.code == 2
    assert "anchor" in answer.error
    assert (case / "ledger/events.jsonl").read_bytes() == before
