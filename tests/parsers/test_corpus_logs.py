"""On the logs of others: each line is an event or is counted as unread, and the fields are those their makers read.

The fields of the Postfix samples are compared in ``tests/formats/logs/test_postfix.py``, those of the audit samples in
``test_unified_audit.py`` and ``test_services.py``, line by line; here whole files go through whole parsers.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from forensics.examination import parsejob
from forensics.examination.presets import generic
from forensics.formats import sniff
from forensics.formats.archives import Budget, list_members
from forensics.formats.logs.lines import encoding_of, read_lines
from forensics.moments import iso
from forensics.parsers.contract import Candidate, Settings, Unit
from forensics.records import LogEvent, Problem, Record
from tests.corpus import CORPUS, corpus, needs_corpus
from tests.parsers import samples
from tests.parsers.samples import AT, Kept

_SETTINGS = Settings(presets=tuple(generic()))
_UNREAD = re.compile(r"(?:(\d+) lines from )?line \d+")
_LOGS = ("server-log", "table-log", "object-log")
# Logs that are no mail server's, or in a form that is not read: web servers, sshd, gateways, Exchange's protocol logs
# without their header, clouds that keep no mail. Nobody may claim them; read by force, no line of them may be lost.
_NOT_OURS = re.compile(
    r"/(exchange-(imap|pop|smtp)-|mailcow-|mailscanner-|mailu-|nginx-mail|sshd|zimbra-|iis|syslog|googlelog_|azure_|aws_|"
    r"gcp_)|/panther-"
)


def _files() -> list[Path]:
    if CORPUS is None:
        return []
    found = (path for path in (CORPUS / "logs").rglob("*") if path.is_file())
    kinds = (".log", ".csv", ".json", ".jsonl", ".INFO", "")
    return sorted(path for path in found if path.suffix in kinds and not path.name.startswith("."))


def unit(data: bytes, name: str) -> Unit:
    return Unit(path=name, size=len(data), sha256="0" * 64, handle=io.BytesIO(data), settings=_SETTINGS)


def claimed(data: bytes, name: str) -> str:
    found = sniff.sniff_handle(io.BytesIO(data), len(data), name)
    head = data[: sniff.HEAD]
    candidate = Candidate(path=name, size=len(data), sniffed=found, head=head, settings=_SETTINGS)
    return parsejob.strongest(candidate, samples.parsers())[0]


def read(parser: str, data: bytes, name: str) -> tuple[list[LogEvent], int]:
    """The events, and how many lines or objects were not read."""
    records = list(samples.parsers()[parser].parse(unit(data, name), AT, Kept()))
    assert all(isinstance(each, LogEvent | Problem) for each in records)
    return [each for each in records if isinstance(each, LogEvent)], sum(_unread(records))


def _unread(records: Iterable[Record]) -> Iterator[int]:
    for each in records:
        if isinstance(each, Problem):
            found = _UNREAD.match(each.what)
            yield int(found[1] or 1) if found else 1


def lines(data: bytes) -> int:
    return sum(bool(each.text.strip()) for each in read_lines(io.BytesIO(data), encoding_of(data[: sniff.HEAD])))


def rows(parser: str, data: bytes) -> int:
    """What the log holds by its form: lines, rows below the header, or objects, however they are laid out."""
    if parser == "server-log":
        return lines(data)
    if parser == "table-log":
        return lines(data) - 1
    text, found = data.decode("utf-8-sig").strip(), 0
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found += len(value) if isinstance(value, list) else 1
        text = text[end:].lstrip(" \r\n\t,")
    return found


@needs_corpus
@pytest.mark.parametrize("path", _files(), ids=lambda each: f"{each.parent.name}/{each.name}")
def test_events_and_unread_lines_are_the_lines_of_the_log(path: Path) -> None:
    data = path.read_bytes()
    parser = claimed(data, path.name)
    if parser not in _LOGS:
        assert parser == ""
        assert _NOT_OURS.search(path.as_posix()), "a log of a mail system that no parser claims"
        events, unread = read("server-log", data, path.name)
        assert len(events) + unread == lines(data)
        return
    events, unread = read(parser, data, path.name)
    assert len(events) + unread == rows(parser, data)
    assert unread == 0
    assert events


@needs_corpus
def test_each_parser_of_logs_finds_its_samples() -> None:
    found = Counter(claimed(path.read_bytes(), path.name) for path in _files())
    assert {name: found[name] for name in _LOGS} == {"server-log": 17, "table-log": 19, "object-log": 21}


_PANTHER = (
    ("microsoft365_audit_exchange", "operation", "userid", "creationtime"),
    ("microsoft365_audit_azureactivedirectory", "operation", "userid", "creationtime"),
    ("microsoft365_audit_sharepoint", "operation", "userid", "creationtime"),
)


@needs_corpus
@pytest.mark.parametrize(("name", "operation", "actor", "time"), _PANTHER, ids=lambda each: str(each))
def test_panthers_samples_of_microsoft_agree_through_the_whole_parser(
    name: str, operation: str, actor: str, time: str
) -> None:
    path = corpus() / f"logs/derived/panther-{name}.jsonl"
    logged = [json.loads(line)["log"] for line in path.read_text(encoding="utf-8").splitlines()]
    told = [{key.lower(): value for key, value in record.items()} for record in logged]
    data = "\n".join(json.dumps(record) for record in logged).encode()
    events, unread = read("object-log", data, "audit.jsonl")
    assert (len(events), unread) == (len(logged), 0)
    for event, record in zip(events, told, strict=True):
        assert event.operation == str(record.get(operation, ""))
        assert (event.actor if isinstance(event.actor, str) else "") == str(record.get(actor, ""))
        assert not isinstance(event.utc, int) or iso(event.utc)[:19] == str(record.get(time, ""))[:19].replace(" ", "T")


@needs_corpus
def test_panthers_samples_of_google_are_events_or_counted() -> None:
    path = corpus() / "logs/derived/panther-gsuite_activityevent.jsonl"
    logged = [json.loads(line)["log"] for line in path.read_text(encoding="utf-8").splitlines()]
    data = "\n".join(json.dumps(record) for record in logged).encode()
    events, unread = read("object-log", data, "activity.jsonl")
    assert len(events) + unread >= len(logged)
    assert len(events) > 30


@needs_corpus
@pytest.mark.parametrize("name", ["OfficeActivityEvents", "AADAuditEvents", "Microsoft365DefenderEvents"])
def test_the_archives_of_a_simulated_attack_hold_logs_of_which_nothing_is_lost(name: str) -> None:
    path = corpus() / f"logs/OTRF+Security-Datasets/datasets/compound/GoldenSAMLADFSMailAccess/{name}.Zip"
    (found,) = list_members(path.read_bytes(), Budget())
    assert found.data is not None
    events, unread = read("object-log", found.data, f"{name}.json")
    assert len(events) + unread == rows("object-log", found.data)
