"""Records of the Unified Audit Log in all their shapes; the samples are blueteam0ps/det-eng-samples and Panther's."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.logs import unified_audit
from forensics.formats.logs.lines import encoding_of, read_lines
from forensics.formats.logs.objects import read_objects
from forensics.formats.logs.rows import read_rows
from forensics.moments import Zone, iso
from tests.corpus import CORPUS, needs_corpus

BIND = {
    "CreationTime": "2026-06-01T01:02:03",
    "Id": "1",
    "Operation": "MailItemsAccessed",
    "OrganizationId": "o",
    "RecordType": 50,
    "UserId": "a@x.jp",
    "ClientIPAddress": "::ffff:203.0.113.7",
    "MailboxOwnerUPN": "b@x.jp",
    "OperationProperties": [{"Name": "MailAccessType", "Value": "Bind"}, {"Name": "IsThrottled", "Value": "False"}],
    "Folders": [
        {"Path": "\\受信トレイ", "FolderItems": [{"InternetMessageId": "<1@x>"}, {"InternetMessageId": "<2@x>"}]},
        {"Path": "\\社外秘", "FolderItems": [{"InternetMessageId": "<1@x>"}]},
    ],
}


def test_every_message_that_was_read_is_named_once_in_order() -> None:
    found = unified_audit.of_object(BIND)
    assert (found.operation, found.actor, found.actor_ip) == ("MailItemsAccessed", "a@x.jp", "203.0.113.7")
    assert (found.message_ids, found.message_id) == (("<1@x>", "<2@x>"), "")
    assert found.when.ns is not None
    assert (iso(found.when.ns), found.when.zone) == ("2026-06-01T01:02:03Z", Zone.STATED)
    assert found.detail["record"] == BIND


def test_the_time_of_the_record_outranks_the_exporters_text() -> None:
    row = {"CreationDate": "6/1/2026 10:02:03 AM", "AuditData": json.dumps(BIND), "Operations": "x", "UserIds": "y"}
    found = unified_audit.of_object(row)
    assert found.when.ns is not None
    assert iso(found.when.ns) == "2026-06-01T01:02:03Z"


def test_audit_data_that_a_spreadsheet_cut_is_named_and_what_it_still_shows_is_kept() -> None:
    long = {**BIND, "Folders": [{"Path": "p", "FolderItems": [{"InternetMessageId": f"<{n}@x>"} for n in range(2000)]}]}
    text = json.dumps(long, separators=(",", ":"))[:32_767]
    found = unified_audit.of_object(
        {
            "CreationDate": "6/1/2026 10:02:03 AM",
            "UserIds": "a@x.jp",
            "Operations": "MailItemsAccessed",
            "AuditData": text,
        }
    )
    assert "cut short at 32,767 characters" in found.warnings[0]
    assert found.message_ids[:2] == ("<0@x>", "<1@x>")
    assert found.when.ns is not None
    assert iso(found.when.ns) == "2026-06-01T01:02:03Z"
    assert found.detail["audit_data"] == text


def test_names_in_lower_case_are_the_same_names() -> None:
    record = {"creationtime": "2022-12-12 22:19:00", "operation": "Set-Mailbox", "organizationid": "o", "userid": "h"}
    assert unified_audit.claims_object(record)
    found = unified_audit.of_object({**record, "clientip": "1.2.3.4:555"})
    assert (found.operation, found.actor, found.actor_ip) == ("Set-Mailbox", "h", "1.2.3.4")


def _samples(ending: str) -> list[Path]:
    return [] if CORPUS is None else sorted((CORPUS / "logs/blueteam0ps+det-eng-samples/dataset").glob(f"*.{ending}"))


@needs_corpus
@pytest.mark.parametrize("path", _samples("csv"), ids=lambda each: each.stem)
def test_every_row_of_the_samples_is_an_event_with_its_fields(path: Path) -> None:
    data = path.read_bytes()
    rows = read_rows(read_lines(io.BytesIO(data), encoding_of(data)))
    columns = next(rows).cells
    assert unified_audit.claims_columns(columns)
    count = 0
    for row in rows:
        _agrees(unified_audit.of_row(columns, row.cells), dict(zip(columns, row.cells, strict=True)))
        count += 1
    assert count > 0


@needs_corpus
@pytest.mark.parametrize("path", _samples("json"), ids=lambda each: each.stem)
def test_every_object_of_the_samples_is_an_event_with_its_fields(path: Path) -> None:
    found = list(read_objects(io.BytesIO(path.read_bytes())))
    assert found
    for each in found:
        assert each.value is not None, each.broken
        assert unified_audit.claims_object(each.value)
        _agrees(unified_audit.of_object(each.value), each.value)


def _agrees(event: Any, row: dict[str, Any]) -> None:
    record = row.get("AuditData", row)
    record = json.loads(record) if isinstance(record, str) else record
    assert not event.warnings
    assert (event.operation, event.actor) == (record["Operation"], record["UserId"])
    assert event.when.ns is not None
    assert iso(event.when.ns)[:19] == record["CreationTime"][:19]
    for name in ("ClientIP", "ClientIPAddress"):
        assert event.actor_ip in str(record.get(name) or event.actor_ip)


@needs_corpus
def test_records_of_a_forwarder_are_read_like_their_originals() -> None:
    assert CORPUS is not None
    for name in ("exchange", "azureactivedirectory", "sharepoint"):
        for line in (CORPUS / f"logs/derived/panther-microsoft365_audit_{name}.jsonl").read_text().splitlines():
            record = json.loads(line)["log"]
            lowered = {key.lower(): value for key, value in record.items()}
            event = unified_audit.of_object(record)
            assert event.operation == str(lowered["operation"])
            assert event.actor == str(lowered.get("userid", ""))
            assert (event.when.ns is None) == ("creationtime" not in lowered)


@given(
    st.dictionaries(st.sampled_from(["AuditData", "CreationTime", "Operation", "ClientIP", "x"]), st.text(max_size=80))
)
def test_no_record_breaks_the_reader(record: dict[str, str]) -> None:
    unified_audit.of_object(record)
