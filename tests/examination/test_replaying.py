"""A replay runs what the ledger records again from the sealed evidence, and says of each step what came of it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forensics import canonical, tables
from forensics.casefile import two_person
from forensics.casefile.acts import Act
from forensics.casefile.ledger import NO_PREVIOUS, read_lines
from forensics.casefile.two_person import APPROVER, REQUESTER
from forensics.digests import digest_bytes
from forensics.errors import LedgerError, UsageError
from forensics.examination import conductor, keys, parsing, reporting, sealing, station, timelining
from forensics.examination.acquiring import acquire_path
from forensics.examination.conductor import Examination
from forensics.examination.control import open_for_work
from forensics.examination.examining import examine
from forensics.examination.parsing import parse
from forensics.examination.replaying import (
    DIFFERS,
    MATCH,
    NOT_REPLAYABLE,
    ReplaySummary,
    replay,
    replay_and_note,
)
from forensics.examination.reporting import PaperOptions, report
from forensics.examination.setting import set_facts
from forensics.examination.timelining import timeline
from tests.casefile.two_people import actor, people_toml
from tests.examination.cases import (
    copy_of,
    examined,
    files_of,
    forensics,
    lay_mail,
    lines,
    mbox,
    open_case,
    sound,
)
from tests.examination.cases import station as a_station

PAPERS = ("acquisition-report", "custody-form", "fre-902-13")
PARTS = ("evidence", "records", "timeline", "reports", "content", "seals")


def replayed(case: Path, *wanted: str, **options: Any) -> ReplaySummary:
    return replay(case, a_station(), wanted=wanted, **options)


def of(done: ReplaySummary, act: str) -> list[tuple[str, str]]:
    return [(each.verdict, each.reason) for each in done.steps if each.act == act]


def test_every_step_of_a_case_that_nobody_touched_matches(small_case: Path, tmp_path: Path) -> None:
    case = copy_of(small_case, tmp_path / "case")
    before = files_of(case, *PARTS)
    with open_case(case) as examination:
        report(examination, PAPERS, options=PaperOptions(language="en"))
        done = replay_and_note(examination)
    told = {each.act for each in done.steps if each.verdict == MATCH}
    assert told == {"parse", "timeline", "report"}
    assert done.exit_code == 0
    assert done.counts[DIFFERS] == 0
    assert of(done, "acquire") == [
        (NOT_REPLAYABLE, "the source is not in the case; the stored bytes are those that were acquired")
    ]
    assert before.items() <= files_of(case, *PARTS).items()
    last = lines(case)[-1]
    assert (last.act, last.phase, last.value["result"]["match"]) == (
        "replay",
        "finished",
        done.counts[MATCH],
    )
    sound(case)


def test_what_was_taken_out_of_an_image_is_taken_out_again(sample_case: Path) -> None:
    done = replayed(sample_case)
    assert [verdict for verdict, _ in of(done, "image.examine")] == [MATCH]
    assert [verdict for verdict, _ in of(done, "acquire")].count(MATCH) == len(done.steps and of(done, "acquire")) - 1
    assert done.exit_code == 0, [each for each in done.steps if each.verdict == DIFFERS or each.lacking]


def chained(case: Path, change: Any) -> None:
    """Write every line of the ledger anew after ``change`` had a hand in it; all hashes of the chain fit."""
    previous, size, raws = NO_PREVIOUS, 0, []
    for line in read_lines(case / "ledger"):
        value = {**line.value, "prev": previous}
        change(value)
        raws.append(canonical.encode(value))
        previous, size = digest_bytes(raws[-1]).hex, size + len(raws[-1]) + 1
    (case / "ledger" / "events.jsonl").write_bytes(b"".join(raw + b"\n" for raw in raws))
    head = {"lines": len(raws), "sha256": previous, "size": size}
    (case / "ledger" / "head").write_bytes(canonical.encode(head))


def changed_subject(case: Path) -> str:
    """Change the subject of one message with every hash that stands over it; the id of its record."""
    manifest = canonical.decode((case / "records" / "EV-0001.json").read_bytes())
    part = next(each for each in manifest["parts"] if each["kind"] == "message" and each["rows"] > 1)
    path = case / part["path"]
    table = pq.read_table(path)
    subjects = table.column("subject").to_pylist()
    subjects[1] = "nothing to see here"
    at = table.schema.get_field_index("subject")
    table = table.set_column(at, table.schema.field(at), pa.array(subjects, table.schema.field(at).type))
    tables.write_parquet(table, path)
    part |= {"sha256": digest_bytes(path.read_bytes()).hex, "digest": tables.digest(table), "size": path.stat().st_size}
    listed = canonical.encode(manifest)
    (case / "records" / "EV-0001.json").write_bytes(listed)
    new = {"path": "records/EV-0001.json", "sha256": digest_bytes(listed).hex, "size": len(listed)}

    def change(value: dict[str, Any]) -> None:
        if value["act"] == "parse" and value["phase"] == "finished":
            value["out"] = [new]

    chained(case, change)
    return str(table.column("id")[1])


def test_a_record_that_was_changed_together_with_all_its_hashes_is_named(small_case: Path, tmp_path: Path) -> None:
    case = copy_of(small_case, tmp_path / "case")
    ident = changed_subject(case)
    sound(case)
    done = replayed(case)
    assert done.exit_code == 4
    ((verdict, reason),) = of(done, "parse")
    assert verdict == DIFFERS
    assert reason.startswith(f"message record {ident} at EV-0001/")
    assert "column subject" in reason


def test_an_encoder_that_writes_other_bytes_for_the_same_rows_makes_no_difference(
    small_case: Path, tmp_path: Path
) -> None:
    case = copy_of(small_case, tmp_path / "case")
    manifest = canonical.decode((case / "records" / "EV-0001.json").read_bytes())
    part = manifest["parts"][0]
    path = case / part["path"]
    pq.write_table(pq.read_table(path), path, compression="none")
    part |= {"sha256": digest_bytes(path.read_bytes()).hex, "size": path.stat().st_size}
    listed = canonical.encode(manifest)
    (case / "records" / "EV-0001.json").write_bytes(listed)

    def change(value: dict[str, Any]) -> None:
        if value["act"] == "parse" and value["phase"] == "finished":
            value["out"] = [{"path": "records/EV-0001.json", "sha256": digest_bytes(listed).hex, "size": len(listed)}]

    chained(case, change)
    assert of(replayed(case, "parse"), "parse") == [(MATCH, "the same rows, encoded otherwise")]


def test_a_report_that_was_changed_with_its_hash_is_named_with_the_line(small_case: Path, tmp_path: Path) -> None:
    case = copy_of(small_case, tmp_path / "case")
    path = case / "reports" / "messages.csv"
    path.write_bytes(path.read_bytes().replace(b"number 2", b"number 9"))
    new = {"sha256": digest_bytes(path.read_bytes()).hex, "size": path.stat().st_size}

    def change(value: dict[str, Any]) -> None:
        value["out"] = [
            {**each, **new} if each.get("path") == "reports/messages.csv" else each for each in value.get("out", [])
        ] or value.get("out", [])
        if not value["out"]:
            del value["out"]

    chained(case, change)
    sound(case)
    done = replayed(case, "report")
    assert done.exit_code == 4
    differing = [each for each in done.steps if each.verdict == DIFFERS]
    assert [each.reason.partition(":")[0] for each in differing] == ["reports/messages.csv"]
    assert "line " in differing[0].reason


def test_changed_evidence_differs(small_case: Path, tmp_path: Path) -> None:
    case = copy_of(small_case, tmp_path / "case")
    path = case / "evidence" / "EV-0001" / "data" / "000001.bin"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"example", b"exemple"))
    done = replayed(case)
    assert done.exit_code == 4
    ((verdict, reason),) = of(done, "acquire")
    assert verdict == DIFFERS
    assert "000001.bin" in reason


def test_another_version_of_the_tool_is_named_and_the_same_result_still_matches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    known = station.tool()
    other = {**known, "sha256": "ab" * 32, "libraries": known["libraries"].replace("pyarrow=", "pyarrow=0.")}
    with monkeypatch.context() as patch:
        for module in (conductor, parsing, timelining, reporting):
            patch.setattr(module, "tool", lambda: other)
        examined(case, source)
    done = replayed(case)
    (parsed,) = [each for each in done.steps if each.act == "parse"]
    assert (parsed.verdict, done.exit_code) == (MATCH, 0)
    assert parsed.tool_differs.startswith("sha256 was abababababababab...")
    assert "libraries were pyarrow=0." in parsed.tool_differs


def test_steps_are_run_with_the_facts_and_over_the_evidence_that_they_had(tmp_path: Path) -> None:
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    examined(case, source)
    (tmp_path / "more.mbox").write_bytes(mbox(range(60, 63)))
    with open_case(case) as examination:
        set_facts(examination, {"time_zone": "UTC", "title": "another title"})
        acquire_path(examination, tmp_path / "more.mbox")
    done = replayed(case)
    assert (done.exit_code, done.counts[DIFFERS]) == (0, 0)
    assert len([each for each in done.steps if each.verdict == MATCH]) > 3
    with open_case(case) as examination:
        parse(examination)
        timeline(examination)
        report(examination)
    done = replayed(case)
    assert (done.exit_code, done.counts[DIFFERS]) == (0, 0)
    assert [reason for _, reason in of(done, "timeline")][-1] == ""


def test_a_step_that_a_later_one_replaced_or_that_failed_is_told_apart(tmp_path: Path) -> None:
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    examined(case, source)
    with open_case(case) as examination:
        set_facts(examination, {"title": "another title"})
        with pytest.raises(RuntimeError), examination.step(Act.PARSE, params={"evidence": "EV-0001"}):
            raise RuntimeError
        report(examination)
    done = replayed(case)
    assert done.exit_code == 0
    assert "it failed, so it made nothing that counts" in [reason for _, reason in of(done, "parse")]


def test_a_seal_needs_the_keys_and_matches_with_them(tmp_path: Path) -> None:
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    examined(case, source)
    with open_case(case) as examination:
        keys.make_log_key(examination, tmp_path / "keys", None)
        sealing.seal(examination, sealing.salt_key_of(examination))
        ring = examination.keyring
        assert ring is not None
    assert replayed(case, "seal").exit_code == 3
    assert of(replayed(case, "seal", salt_key=ring.salt_key), "seal") == [(MATCH, "")]
    done = replayed(case, "seal", salt_key=lambda item: b"another key of thirty-two bytes!")
    ((verdict, reason),) = of(done, "seal")
    assert (verdict, done.exit_code) == (DIFFERS, 4)
    assert "the leaf of message 0" in reason


def test_what_is_kept_lies_outside_the_case_and_nothing_else_is_left(
    small_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, kept, temporary = copy_of(small_case, tmp_path / "case"), tmp_path / "kept", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    for place in (case / "inside", tmp_path):
        with pytest.raises(UsageError):
            replayed(case, keep=place)
    replayed(case, "timeline", keep=kept)
    assert files_of(kept / "case", "timeline") == files_of(case, "timeline")
    replayed(case, "parse")
    assert os.listdir(temporary) == []
    assert not (case / "inside").exists()


def test_a_broken_ledger_and_an_unknown_step_are_refused(small_case: Path, tmp_path: Path) -> None:
    case = copy_of(small_case, tmp_path / "case")
    with pytest.raises(UsageError, match="no recorded step"):
        replayed(case, "999")
    path = case / "ledger" / "events.jsonl"
    path.write_bytes(path.read_bytes().replace(b"a test", b"a tent"))
    with pytest.raises(LedgerError):
        replayed(case)


def test_a_bundle_without_evidence_says_what_is_lacking(small_case: Path, tmp_path: Path) -> None:
    case = copy_of(small_case, tmp_path / "case")
    shutil.rmtree(case / "evidence" / "EV-0001" / "data")
    done = replayed(case)
    assert done.exit_code in (3, 4)
    assert all(verdict != MATCH for verdict, _ in of(done, "parse"))


def test_the_command_ends_with_the_verdict_and_the_result_is_an_act(small_case: Path, tmp_path: Path) -> None:
    case = copy_of(small_case, tmp_path / "case")
    done = forensics("case", "replay", case, "--step", "parse", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [(each["act"], each["verdict"]) for each in said["steps"]] == [("parse", MATCH)]
    result = lines(case)[said["line"] - 1].value["result"]
    assert result["match"] == 1
    shown = forensics("case", "replay", case, "--step", "timeline", "--read-only")
    assert "MATCH" in shown.stdout
    assert lines(case)[-1].number == said["line"]
    forensics_again = forensics("verify", case)
    assert forensics_again.returncode == 0, forensics_again.stdout


def test_a_case_of_two_people_is_run_again_by_both_of_them_and_by_nobody_else(tmp_path: Path) -> None:
    sato, tanaka = actor(tmp_path / "home", "sato", REQUESTER), actor(tmp_path / "home", "tanaka", APPROVER)
    people = two_person.declared(people_toml(sato, tanaka))
    case, source = tmp_path / "case", lay_mail(tmp_path / "source")
    facts = {"title": "架空の件"}
    with Examination.create(case, facts, a_station(), people) as examination:
        examine(examination, [source])
    with pytest.raises(UsageError, match="two people"):
        replayed(case)
    session = open_for_work(case, (sato.identity, tanaka.identity))
    done = replayed(case, session=session)
    assert (done.exit_code, done.counts[DIFFERS]) == (0, 0), [each for each in done.steps if each.lacking]
    assert of(done, "parse") == [(MATCH, "")]
