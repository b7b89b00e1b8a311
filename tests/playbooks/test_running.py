"""The seven playbooks on the sample data, from the first command to papers; stopping, resuming, skipping, changing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from forensics.casefile.view import CaseView
from forensics.examination.case_tables import write_templates
from forensics.playbooks.model import Does, Playbook
from forensics.playbooks.shelf import built_in
from tests.cli.command import Answer, here
from tests.examination.cases import SAMPLES, examined
from tests.playbooks.test_playbooks import SMALL


@pytest.fixture(scope="module")
def acquired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample acquired and parsed once; each test takes a copy."""
    case = tmp_path_factory.mktemp("acquired") / "case"
    examined(case, SAMPLES, workers=2)
    return case


def ticks(case: Path) -> list[tuple[str, str]]:
    lines = (line.value for line in CaseView(case).lines)
    return [(v["params"]["step"], v["params"]["outcome"]) for v in lines if v["act"] == "playbook"]


def answers_to(playbook: Playbook, folder: Path) -> Path:
    """An answer to whatever a person can be asked; conditions that cannot be told are decided with yes."""
    said = {}
    for step in playbook.steps.values():
        if step.does is Does.ASK:
            said[step.id] = (
                step.answers[0] if step.answers else "2026-06-01" if step.is_date else f"架空の答え {step.id}"
            )
    sheet = "\n".join(f'{each.name} = "架空 {each.name}"' for each in playbook.fields)
    path = folder / f"{playbook.id}.toml"
    text = "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in said.items())
    path.write_text(f"{text}\n[legal-basis]\n{sheet}\n", encoding="utf-8")
    return path


def run(case: Path, name: str, *words: object) -> Answer:
    return here("playbook", "run", name, "--case", case, "--json", "--workers", "1", *words)


@pytest.mark.parametrize("playbook", built_in(), ids=lambda each: each.id)
def test_a_playbook_runs_from_the_first_command_to_papers(playbook: Playbook, acquired: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(acquired, case)
    write_templates(tmp_path / "tables")
    wanted = {table for step in playbook.steps.values() for table in step.tables}
    tables = [word for name in wanted for word in ("--table", f"{name}={tmp_path / 'tables' / name}.csv")]
    answer = run(case, playbook.id, "--answers", answers_to(playbook, tmp_path), *tables)
    assert "ended" in answer.object, answer.out
    while not answer.object["ended"]:
        step = answer.object["waiting"]
        assert playbook.steps[step].condition, answer.object["why"]
        answer = run(case, playbook.id, "--answer", f"{step}=yes: judged by hand")
    assert answer.code in (0, 3), answer.err
    papers = next(step for step in playbook.steps.values() if step.id == "papers")
    made = [path.name for path in (case / "reports").iterdir()]
    assert all(any(name.startswith(report) for name in made) for report in papers.reports if "-html" not in report)
    done = ticks(case)
    assert done[0] == ("start", "begun")
    assert done[-1] == ("end", "ended")
    assert here("verify", case).code in (0, 3)
    shown = here("playbook", "status", "--case", case, "--json").object["rounds"][0]
    assert shown["ended"]
    assert {step["state"] for step in shown["steps"]} <= {"done", "answered", "true", "false", "ended", "not taken"}


def small(folder: Path, text: str = SMALL) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "small.yaml").write_text(text, encoding="utf-8")
    return folder


def test_it_stops_where_an_answer_is_missing_and_goes_on_from_there(acquired: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(acquired, case)
    first = run(case, "leaver")
    assert (first.code, first.object["waiting"]) == (3, "since")
    assert "waits for a person" in first.object["why"]
    second = run(case, "leaver", "--answer", "since=2026-05-20", "--skip", "preserve=the logs are ours")
    assert (second.code, second.object["waiting"]) == (3, "legal-basis")
    third = run(case, "leaver", "--answer", "legal-basis.persons=佐藤")
    assert "persons" not in third.object["why"]
    fourth = run(case, "leaver")
    assert "persons" not in fourth.object["why"], "a part of the sheet is kept"
    assert ticks(case)[-1] == ("legal-basis", "noted")
    shown = here("playbook", "status", "--case", case, "--json").object["rounds"][0]
    states = {step["step"]: step for step in shown["steps"]}
    assert (states["since"]["state"], states["legal-basis"]["state"]) == ("answered", "next")
    assert (states["preserve"]["state"], states["preserve"]["why"]) == ("skipped", "the logs are ours")
    gone = {each["name"]: each["gone_on"] for each in shown["expires"]}
    assert gone["entra-sign-in"] == "2026-05-27"
    assert gone["hold-system"] == ""
    assert here("playbook", "status", "--case", case).code == 0


def test_a_lawyer_lets_the_work_go_on_with_a_reason_only(acquired: Path, tmp_path: Path) -> None:
    case, folder = tmp_path / "case", small(tmp_path / "own")
    shutil.copytree(acquired, case)
    refused = run(case, "small", "--folder", folder, "--answer", "legal-basis.override=urgent")
    assert (refused.code, refused.object["waiting"]) == (3, "legal-basis")
    words = ("--answer", "legal-basis.override=urgent", "--answer", "legal-basis.lawyer=弁護士 甲")
    assert run(case, "small", "--folder", folder, *words).code == 0
    line = next(v.value for v in CaseView(case).lines if v.value.get("params", {}).get("outcome") == "overridden")
    assert (line["why"], line["result"]["lawyer"]) == ("urgent", "弁護士 甲")


def test_nothing_is_skipped_without_a_reason_or_answered_twice(acquired: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    shutil.copytree(acquired, case)
    assert run(case, "leaver", "--skip", "since= ").code == 2
    assert run(case, "leaver", "--skip", "legal-basis=no time").code == 2
    assert run(case, "leaver", "--answer", "nothing=x").code == 2
    assert ticks(case) == []
    assert run(case, "leaver", "--answer", "since=yesterday").code == 2
    assert run(case, "leaver", "--answer", "since=2026-05-20").code == 3
    again = here("playbook", "run", "leaver", "--case", case, "--answer", "since=2026-05-21")
    assert again.code == 2
    assert "answered otherwise" in again.error


def test_a_changed_playbook_is_refused_until_a_new_round_is_begun(acquired: Path, tmp_path: Path) -> None:
    case, folder = tmp_path / "case", small(tmp_path / "own")
    shutil.copytree(acquired, case)
    assert run(case, "small", "--folder", folder).code == 3
    small(folder, SMALL.replace("en: text", "en: another text"))
    refused = here("playbook", "run", "small", "--case", case, "--folder", folder)
    assert refused.code == 2
    assert "has changed" in refused.error
    assert here("playbook", "status", "--case", case, "--folder", folder, "--json").object["rounds"][0]["changed"]
    assert run(case, "small", "--folder", folder, "--again").object["round"] == 2


def test_the_verb_lists_and_shows(tmp_path: Path) -> None:
    assert here("playbook", "list").out.count("\n") == 8
    assert "When to use it" in here("playbook", "show", "leaver", "--language", "en").out
    page = tmp_path / "leaver.html"
    assert here("playbook", "show", "leaver", "--html", page).code == 0
    assert "使う場面" in page.read_text(encoding="utf-8")
    assert "[legal-basis]" in here("playbook", "show", "leaver", "--template").out
    assert here("playbook", "show", "nothing").code == 2
