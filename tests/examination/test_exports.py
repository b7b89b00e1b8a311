"""Exports on their whole way: acquired as found, archives opened, held against their statement, parsed with labels."""

from __future__ import annotations

import json
from pathlib import Path

from forensics.errors import PARTLY_READ
from forensics.examination.acquiring import AcquireSummary
from forensics.examination.conductor import Examination
from forensics.examination.examining import acquire_all
from forensics.examination.parsing import parse
from forensics.examination.verifying import verify
from tests.acquisition.exports import made
from tests.examination.cases import station


def acquired(case: Path, *sources: Path) -> list[AcquireSummary]:
    with Examination(case, station()) if case.exists() else Examination.create(case, {}, station()) as examination:
        summaries, failed = acquire_all(examination, sources)
    assert failed == []
    return summaries


def messages(case: Path) -> list[dict[str, object]]:
    with Examination(case, station()) as examination:
        parse(examination)
        sql = "SELECT address, subject, store_path, flags, recovery, uid FROM message ORDER BY subject, address"
        return examination.view().rows(sql)


def problems(case: Path) -> list[tuple[str, str]]:
    with Examination(case, station()) as examination:
        rows = examination.view().rows("SELECT what, lost FROM problem ORDER BY address")
        return [(row["what"], row["lost"]) for row in rows]


def source_of(case: Path, item: str) -> dict[str, object]:
    return dict(json.loads((case / "evidence" / item / "acquisition.json").read_bytes())["source"])


def test_a_vault_export_in_zips_is_opened_held_against_its_statement_and_labelled(tmp_path: Path) -> None:
    case = tmp_path / "case"
    export = made.vault(tmp_path / "export", {1: [1, 2], 2: [3]}, [1, 2, 3])
    whole, first, second, stated = acquired(case, export)
    assert [each.exit_code for each in (whole, first, second, stated)] == [0, 0, 0, 0]
    assert first.parent.startswith("EV-0001/")
    assert source_of(case, stated.evidence)["export"]["lacks"] == {}  # type: ignore[index]
    found = messages(case)
    assert [row["subject"] for row in found] == ["export 1", "export 2", "export 3"]
    assert found[1]["flags"] == ["read", "label:ARCHIVED", "label:工事"]
    assert problems(case) == []
    with Examination(case, station()) as examination:
        assert {each.exit_code for each in parse(examination)} == {0}
    assert verify(case).differences == ()
    assert [each.state for each in acquired(case, export)] == ["unchanged"] * 4


def test_what_a_vault_export_lacks_stands_in_the_receipt_in_the_records_and_in_the_exit_code(tmp_path: Path) -> None:
    case = tmp_path / "case"
    export = made.vault(tmp_path / "export", {1: [1], 2: [3]}, [1, 2, 3])
    (export / "matter-1.zip").unlink()
    stated = acquired(case, export)[-1]
    assert stated.exit_code == PARTLY_READ
    receipt = json.loads((case / "evidence" / stated.evidence / "acquisition.json").read_bytes())["receipt"]
    assert {each["path"] for each in receipt["missing"]} >= {"matter-1.zip", made.name_of(1), made.name_of(2)}
    assert not receipt["complete"]
    assert len(messages(case)) == 1
    assert ("the provider states this, and it did not arrive", made.name_of(2)) in problems(case)


def test_the_parts_of_an_export_may_be_given_one_by_one(tmp_path: Path) -> None:
    case, export = tmp_path / "case", made.vault(tmp_path / "export", {1: [1], 2: [2]}, [1, 2])
    found = acquired(case, *sorted(export.iterdir()))
    assert found[-1].source.startswith("Google Vault export")
    assert [each.exit_code for each in found] == [0] * len(found)


def test_the_parts_of_a_takeout_are_one_export(tmp_path: Path) -> None:
    case, folder = tmp_path / "case", tmp_path / "parts"
    folder.mkdir()
    page = made.browser(["All mail Including Spam and Trash.mbox"])
    first, second = {made.BOX: made.takeout_box([1, 2])}, {"Takeout/archive_browser.html": page}
    (folder / "takeout-20260601T000000Z-001.tgz").write_bytes(made.tarred(first))
    (folder / "takeout-20260601T000000Z-003.tgz").write_bytes(made.tarred(second))
    stated = acquired(case, folder)[-1]
    assert [each.partition(":")[0] for each in stated.refused] == ["takeout-20260601T000000Z part 2"]
    found = messages(case)
    assert found[1]["flags"] == ["read", "label:Inbox", "label:a, b"]


def test_a_zimbra_archive_is_opened_and_its_flags_are_joined(tmp_path: Path) -> None:
    case = tmp_path / "case"
    (tmp_path / "sato.tgz").write_bytes(made.tarred(made.zimbra([1, 2])))
    assert [each.exit_code for each in acquired(case, tmp_path / "sato.tgz")] == [0, 0, 0]
    found = messages(case)
    assert found[0]["flags"] == ["flagged", "answered", "label:工事", "label:a:b"]
    assert (found[0]["store_path"], found[0]["uid"]) == ("Inbox", 1)


def test_a_backup_of_got_your_back_gets_its_labels(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert [each.exit_code for each in acquired(case, made.gyb(tmp_path / "g", [1, 2]))] == [0, 0]
    assert [row["flags"] for row in messages(case)] == [["read", "label:INBOX", "label:工事"]] * 2


def test_an_archive_in_an_archive_is_opened_and_a_document_is_not(tmp_path: Path) -> None:
    case = tmp_path / "case"
    inner = made.zipped({"box.mbox": made.takeout_box([1])})
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "outer.zip").write_bytes(made.zipped({"inner.zip": inner, "note.eml": made.mail(7)}))
    (folder / "text.docx").write_bytes(made.zipped({"word/document.xml": b"<x/>"}))
    found = acquired(case, folder)
    assert [each.parent for each in found[1:3]] == ["EV-0001/000001", f"{found[1].evidence}/000001"]
    assert {row["subject"] for row in messages(case)} == {"export 1", "export 7"}
