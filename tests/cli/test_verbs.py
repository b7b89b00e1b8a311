"""Each verb does its station and says what came of it, to a person and to a program."""

from __future__ import annotations

import os
import shutil
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner

from forensics.cli.main import VERBS, toolkit
from forensics.cli.options import FACTS
from tests.cli.command import Answer, forensics, here, mailbox


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    folder = tmp_path_factory.mktemp("examined")
    box = mailbox(folder / "a.mbox")
    case = folder / "case"
    return case, here("examine", box, "--case", case, "--title", "架空の件", "--examiner", "山田", "--json")


def test_examine_goes_the_whole_way_and_gives_one_object(examined: tuple[Path, Answer]) -> None:
    case, answer = examined
    assert answer.code == 0, answer.err
    told = answer.object
    assert (told["schema"], told["command"], told["exit_code"]) == (1, "examine", 0)
    assert told["counts"]["message"] == 2
    assert told["acquired"][0]["manifest_sha256"]
    assert (case / "reports" / "timeline.csv").exists()
    assert answer.out.isascii()


def test_the_summary_names_hashes_counts_head_and_where_to_look(examined: tuple[Path, Answer]) -> None:
    case, answer = examined
    box = case.parent / "a.mbox"
    shown = here("examine", box, "--case", case)
    assert shown.code == 0, shown.err
    assert answer.object["acquired"][0]["manifest_sha256"] in shown.out
    assert "EV-0001  " in shown.out
    assert "[unchanged]" in shown.out
    assert " 2  messages and other items" in shown.out
    assert " 0  problems" in shown.out
    assert "Verified: everything is as it was stored" in shown.out
    assert str(case / "reports" / "timeline.csv") in shown.out
    assert f"forensics verify {case}" in shown.out
    assert "Not given yet: client, organisation" in shown.out


def test_an_existing_case_keeps_its_facts(examined: tuple[Path, Answer]) -> None:
    case, _ = examined
    box = case.parent / "a.mbox"
    answer = here("examine", box, "--case", case, "--title", "another")
    assert answer.code == 2
    assert "states another title" in answer.err


def test_stations_one_by_one_give_what_examine_gives(tmp_path: Path) -> None:
    case = tmp_path / "case"
    box = mailbox(tmp_path / "a.mbox")
    assert here("case", "new", case, "--title", "t").code == 0
    early = here("parse", "--case", case)
    assert early.code == 2
    assert "forensics acquire" in early.err
    for words in (["acquire", box], ["verify"], ["parse"], ["timeline"], ["report"]):
        place = [case] if words == ["verify"] else ["--case", case]
        answer = here(*words, *place, "--json", "--quiet")
        assert answer.code == 0, answer.err
        assert answer.object["command"] == words[0]
        assert answer.err == ""
    again = here("parse", "--case", case, "--again", "--workers", 1)
    assert "the same as before, to the last byte" in again.out
    assert here("verify", case).code == 0


def test_a_report_is_asked_for_by_name(examined: tuple[Path, Answer]) -> None:
    case, _ = examined
    one = here("report", "messages-csv", "--case", case, "--again", "--json")
    assert [each["report"] for each in one.object["reports"]] == ["messages-csv"]
    unknown = here("report", "nonsense", "--case", case)
    assert unknown.code == 2
    assert "name one of:" in unknown.err


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("evidence/EV-0001/data/000001.bin", 4),
        ("records/EV-0001.json", 4),
        ("reports/timeline.csv", 4),
        ("case.toml", 4),
        ("ledger/events.jsonl", 5),
        ("ledger/head", 5),
    ],
)
def test_verify_names_what_was_changed(examined: tuple[Path, Answer], tmp_path: Path, path: str, code: int) -> None:
    case = tmp_path / "case"
    shutil.copytree(examined[0], case)
    place = case / path
    place.chmod(0o644)
    data = place.read_bytes()
    at = data.index(b"Tokyo") if path == "case.toml" else len(data) // 2
    place.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    answer = here("verify", case)
    assert answer.code == code, answer.out + answer.err
    assert path.removesuffix(".jsonl") in answer.out
    assert "difference" in answer.out
    assert answer.out.splitlines()[-1].endswith(f"(exit code {code})")


def test_verify_read_only_writes_nothing(examined: tuple[Path, Answer]) -> None:
    case, _ = examined
    before = (case / "ledger" / "events.jsonl").read_bytes()
    answer = here("verify", case, "--read-only", "--json")
    assert (answer.code, answer.object["noted"]) == (0, False)
    assert (case / "ledger" / "events.jsonl").read_bytes() == before


def test_facts_are_changed_through_the_ledger(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert here("case", "new", case).code == 0
    assert "client          (missing)" in here("case", "show", case).out
    done = here("case", "set", case, 'client=甲 "A" \\ 社', "time-zone=UTC", "immutable_flag=no", "--json")
    assert done.object["changed"] == {"client": ["", '甲 "A" \\ 社'], "time_zone": ["Asia/Tokyo", "UTC"]}
    assert here("verify", case).code == 0
    lines = (case / "ledger" / "events.jsonl").read_bytes().count(b"\n")
    assert "Nothing changed" in here("case", "set", case, "time_zone=UTC").out
    assert (case / "ledger" / "events.jsonl").read_bytes().count(b"\n") == lines
    shown = here("case", "show", case, "--json").object["case"]
    assert shown["facts"]["client"] == '甲 "A" \\ 社'
    acts = [step["act"] for step in shown["steps"] if step["act"] != "clock.check"]
    assert acts == ["case.open", "case.set", "case.set", "verify"]
    assert shown["head_sha256"]


def test_a_change_of_facts_that_was_killed_is_completed_by_the_same_command(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert here("case", "new", case).code == 0
    killed = (
        "import os\nimport forensics.examination.setting as place\nwrite = place.write_facts\n"
        "def write_facts(folder, facts):\n    write(folder, facts)\n    os._exit(9)\nplace.write_facts = write_facts\n"
    )
    assert forensics("case", "set", case, "title=x", before=killed).code == 9
    assert here("verify", case, "--read-only").code == 4
    assert here("case", "set", case, "title=x").code == 0
    assert here("verify", case).code == 0


@pytest.mark.parametrize("text", ["nonsense=1", "id=1", "title", "code_page=x", "time_zone=Mars/Base", "language=fr"])
def test_facts_that_cannot_be_are_refused(tmp_path: Path, text: str) -> None:
    assert here("case", "new", tmp_path / "case").code == 0
    answer = here("case", "set", tmp_path / "case", text)
    assert answer.code == 2
    assert "What to do:" in answer.err


def test_every_fact_that_a_person_can_give_has_an_option() -> None:
    from forensics.examination.setting import settable

    assert set(FACTS) == set(settable()) - {"immutable_flag"}


def test_formats_lists_every_parser_with_its_code() -> None:
    offers = here("formats", "--json").object["offers"]
    names = {each["name"] for each in offers if each["kind"] == "parser"}
    assert {"eml", "mbox", "maildir", "msg", "pst"} <= names
    assert all(each["sha256"] and each["version"] for each in offers if each["available"])


def test_a_parser_whose_library_is_missing_stays_listed() -> None:
    # Stands in for an installation without the reader of compound files.
    answer = forensics("formats", before="import sys\nsys.modules['olefile'] = None")
    assert answer.code == 0
    assert "needs the library olefile, which is not installed" in answer.out


def test_doctor_tries_the_guards_and_the_disk(tmp_path: Path) -> None:
    answer = here("doctor", "--case", tmp_path, "--json")
    groups = {each["group"] for each in answer.object["checks"]}
    assert {"system", "library", "guard", "disk", "tool"} <= groups
    assert answer.code == 0
    assert list(tmp_path.iterdir()) == []
    assert "Fit for an examination." in here("doctor").out


@pytest.mark.skipif(os.name == "nt", reason="these names cannot be given to files on Windows")
def test_nothing_from_evidence_reaches_the_terminal_raw(tmp_path: Path) -> None:
    name = "[/x]\x1b]0;owned\x07\u202ecod.mbox"
    mailbox(tmp_path / "mail" / name, "[link=file:///etc/passwd]x[/link] \x1b[31m\u202e", "[/x]")
    (tmp_path / "mail" / "\x9b31m[bold].txt").write_text("no mail\n")
    answer = here("examine", tmp_path / "mail", "--case", tmp_path / "case")
    shown = answer.out + answer.err + here("case", "show", tmp_path / "case").out
    assert answer.code == 0, answer.err
    assert "[/x]\\x1b]0;owned\\x07\\u202ecod.mbox" in shown
    assert not {unicodedata.category(c) for c in shown if c != "\n"} & {"Cc", "Cf", "Zl", "Zp"}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_in_sentences(verb: str) -> None:
    answer = CliRunner().invoke(toolkit, [verb, "--help"])
    assert answer.exit_code == 0
    assert answer.output.splitlines()[2].strip()[0].isupper()


def test_a_problem_is_shown_with_the_name_of_its_file_and_nothing_in_that_steers_the_terminal(tmp_path: Path) -> None:
    source = tmp_path / "mail"
    source.mkdir()
    (source / "evil\x1b[2J\n\u202egpj.mbox").write_bytes(b"rubbish\n" + mailbox(tmp_path / "a.mbox").read_bytes())
    (source / "x.pst").write_bytes(b"!BDN" + bytes(600))
    shown = here("examine", source, "--case", tmp_path / "case")
    assert shown.code == 3
    lines = [line.strip() for line in shown.out.splitlines()]
    assert any(line.startswith("EV-0001/000002") and line.endswith("  x.pst") for line in lines), shown.out
    assert "\x1b" not in shown.out
    told = here("parse", "--case", tmp_path / "case", "--json").object
    assert {each["name"] for each in told["problems"]} >= {"x.pst"}
