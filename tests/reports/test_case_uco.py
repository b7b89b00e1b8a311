"""Custody as CASE/UCO: the graph conforms, refers to the ledger, cites only chosen messages, makes up no performer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile.acts import Act
from forensics.errors import UsageError
from forensics.reports.case_uco import FILE_NAME, CaseUco
from forensics.reports.selection import Selection
from forensics.reports.sink import Sink
from tests.casebuilder import JUNE, SECOND, CaseBuilder, mail
from tests.reports.cases import ATTACKS
from tests.reports.test_papers import Custody

VALIDATE = Path(sys.executable).with_name("case_validate")
ONTOLOGY = "case-1.4.0"


@pytest.fixture
def case(tmp_path: Path) -> CaseBuilder:
    builder = CaseBuilder(tmp_path / "case")
    builder.evidence(files={"受信/inbox.mbox": b"From - ", "sent.mbox": b"From - "})
    attacks = (attack for attack in ATTACKS)
    builder.parsed(
        [
            each
            for n in range(30)
            for each in mail(n, subject=next(attacks, f"件名 {n}"), date_utc=JUNE + n * SECOND, raw_sha256=f"{n:064x}")
        ]
    )
    custody = Custody(builder)
    custody.add(Act.VERIFY, result={"files": 4, "size": 77, "differences": []})
    custody.add(Act.TRANSFER_OUT, params={"evidence": "EV-0001", "to": {"name": "鈴木 一郎"}}, why="鑑定")
    return builder


def written(case: CaseBuilder, folder: Path, selection: Selection | None = None) -> list[dict[str, Any]]:
    CaseUco().write(case.view(), Sink(folder), selection=selection)
    graph: list[dict[str, Any]] = json.loads((folder / FILE_NAME).read_bytes())["@graph"]
    return graph


def of_type(graph: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [node for node in graph if node["@type"].endswith(f":{kind}")]


@pytest.mark.skipif(not VALIDATE.exists(), reason="case-utils is not installed")
def test_a_sample_of_twenty_messages_conforms_to_the_ontology(case: CaseBuilder, tmp_path: Path) -> None:
    ids = case.view().chosen("")[:20]
    graph = written(case, tmp_path, Selection(messages=tuple(ids)))
    assert len(of_type(graph, "EmailMessage")) == 20
    command = [VALIDATE, "--built-version", ONTOLOGY, tmp_path / FILE_NAME]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[-1]) == (0, "True"), done.stdout + done.stderr


def test_only_chosen_messages_are_in_it(case: CaseBuilder, tmp_path: Path) -> None:
    assert of_type(written(case, tmp_path), "EmailMessage") == []
    (message,) = of_type(written(case, tmp_path, Selection(where="subject = '件名 25'")), "EmailMessage")
    facets = {facet["@type"]: facet for facet in message["uco-core:hasFacet"]}
    assert facets["uco-observable:EmailMessageFacet"]["uco-observable:subject"] == "件名 25"
    (hashed,) = facets["uco-observable:ContentDataFacet"]["uco-observable:hash"]
    assert hashed["uco-types:hashValue"]["@value"] == f"{25:064x}"


def test_every_action_refers_to_its_lines_of_the_ledger(case: CaseBuilder, tmp_path: Path) -> None:
    lines = {line.number: line.sha256 for line in case.view().lines}
    actions = of_type(written(case, tmp_path), "InvestigativeAction")
    named = [ref["uco-core:externalIdentifier"] for each in actions for ref in each["uco-core:externalReference"]]
    assert sorted(named) == sorted(f"seq {number} sha256 {sha256}" for number, sha256 in lines.items())


def test_an_action_without_a_person_on_the_ledger_has_no_performer(case: CaseBuilder, tmp_path: Path) -> None:
    actions = {each["uco-core:name"]: each for each in of_type(written(case, tmp_path), "InvestigativeAction")}
    assert "uco-action:performer" not in actions["acquire"]
    assert "uco-action:performer" in actions["transfer.out"]


def test_an_item_has_a_provenance_record_with_its_exhibit_number_and_its_files(
    case: CaseBuilder, tmp_path: Path
) -> None:
    graph = written(case, tmp_path)
    (record,) = of_type(graph, "ProvenanceRecord")
    assert record["case-investigation:exhibitNumber"] == "EV-0001"
    files = {node["@id"]: node["uco-core:name"] for node in of_type(graph, "File")}
    held = sorted(files[each["@id"]] for each in record["uco-core:object"])
    assert held == ["EV-0001/000001", "EV-0001/000002", "EV-0001/manifest"]


def test_the_same_case_gives_the_same_graph(case: CaseBuilder, tmp_path: Path) -> None:
    chosen = Selection(where="true")
    assert written(case, tmp_path / "a", chosen) == written(case, tmp_path / "b", chosen)


def test_too_many_messages_are_refused(case: CaseBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.reports.papers.exhibits.MOST", 10)
    with pytest.raises(UsageError, match="one paper takes"):
        written(case, tmp_path, Selection(where="true"))
