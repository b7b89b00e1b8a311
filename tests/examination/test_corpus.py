"""Every real store of the corpus through examine: no crash, no unnamed error, and the counts that others found."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile.view import CaseView
from forensics.evidence.item import ROLES
from tests.corpus import corpus, needs_corpus
from tests.examination.cases import examined, lines, parse_errors, rows, sound, stored_files
from tests.examination.conftest import Once

pytestmark = needs_corpus

_FOLDERS = ("pst", "msg", "eml-mbox")
_NOT_MAIL: dict[str, list[str]] = {
    # Hardly a header between them: nobody would call them mail who did not know where they lay.
    ".msg": [
        "eml-mbox/apache+james-mime4j/core/testmsgs/malformedHeader-nocrlfcrlf.msg",
        "eml-mbox/apache+james-mime4j/core/testmsgs/malformedHeader-noheader.msg",
    ],
    ".eml": [],
}
_SEPARATOR = re.compile(rb"^From [^\r\n]*", re.MULTILINE)
_DATED = re.compile(rb"\d{1,2}:\d{2}|\b(?:19|20)\d{2}\b")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|>From |\r?\n|$")


@pytest.fixture(scope="module")
def case(once: Once) -> Path:
    """All stores of the corpus in one case."""
    sources = [corpus() / name for name in _FOLDERS]
    return once("examined-corpus", lambda folder: examined(folder / "case", *sources, workers=2)) / "case"


@cache
def index() -> dict[str, dict[str, str]]:
    """The corpus' own list, by path."""
    with (corpus() / "INDEX.tsv").open(encoding="utf-8", newline="") as handle:
        return {row["path"]: row for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)}


def stored(case: Path) -> dict[str, tuple[str, str]]:
    """The path in the corpus and the hash of each stored file, by its address; not what came out of archives in it."""
    return {
        address: (f"{_FOLDERS[int(address[3:7]) - 1]}/{path}", sha256)
        for address, path, sha256 in stored_files(case)
        if int(address[3:7]) <= len(_FOLDERS)
    }


def by_file(case: Path, sql: str) -> Counter[str]:
    """How many rows of a query that gives addresses belong to each stored file."""
    found = (row["address"].split("/")[:2] for row in rows(case, sql))
    return Counter("/".join(each) for each in found if int(each[0][3:7]) <= len(_FOLDERS))


def test_every_file_of_the_corpus_is_in_the_case_with_the_hash_of_the_index(case: Path) -> None:
    found = dict(stored(case).values())
    expected = {path: row["sha256"] for path, row in index().items() if path.split("/")[0] in _FOLDERS}
    assert found.items() >= expected.items()


def test_no_parser_crashed_hung_or_let_an_unnamed_error_out(case: Path) -> None:
    assert parse_errors(case) == {}
    causes = {row["cause"] for row in rows(case, "SELECT DISTINCT cause FROM problem")}
    assert not {cause for cause in causes if cause in ("error", "reply", "lost", "memory", "cpu")}
    assert not {cause for cause in causes if cause.startswith(("signal", "timeout"))}


def test_the_case_verifies_and_every_step_finished(case: Path) -> None:
    assert sound(case).unfinished == ()
    assert not [line for line in lines(case) if line.phase == "failed"]


def test_messages_and_attachments_of_every_pst_and_ost_are_as_many_as_other_tools_found(case: Path) -> None:
    """Counted as they count: what folders list, without messages inside others and without what only we recover."""
    listed = "embedded_in IS NULL AND m.recovery IN ('live', 'soft_deleted', 'recoverable_items')"
    messages = by_file(case, f"SELECT m.address FROM message m WHERE {listed} AND m.parser LIKE 'pst%'")
    attachments = by_file(
        case,
        "SELECT a.address FROM attachment a JOIN message m ON m.id = a.message_id_ref "
        f"WHERE m.{listed} AND a.parser LIKE 'pst%'",
    )
    stores = {address: each for address, each in stored(case).items() if each[0].lower().endswith((".pst", ".ost"))}
    found, expected = {}, {}
    for address, (path, sha256) in stores.items():
        truth: dict[str, Any] = json.loads((corpus() / "_truth" / "pst" / f"{sha256}.summary.json").read_bytes())
        found[path] = (messages[address], attachments[address])
        expected[path] = (truth["n_messages"], truth["n_attachments"])
    assert len(stores) == 29
    assert found == expected


def separators(data: bytes) -> tuple[int, int]:
    """Lines that look like separators, strictly and loosely: a date in them, an empty line before, a header after."""
    strict = loose = 0
    for found in _SEPARATOR.finditer(data):
        before = data[max(0, found.start() - 4) : found.start()]
        after = data[found.end() : found.end() + 200].lstrip(b"\r").removeprefix(b"\n")
        blank = found.start() == 0 or before.endswith((b"\n\n", b"\n\r\n"))
        loose += 1
        strict += bool(blank and _DATED.search(found.group()) and _HEADER.match(after))
    return strict, loose


def test_messages_and_problems_of_every_mbox_are_as_many_as_its_separators(case: Path) -> None:
    """Counted here with nothing but a regular expression; where both counts agree there is no room for opinion."""
    messages = by_file(case, "SELECT address FROM message WHERE embedded_in IS NULL AND parser LIKE 'mbox%'")
    items = by_file(case, "SELECT address FROM problem WHERE parser LIKE 'mbox%' AND address LIKE '%/message:%'")
    paths = {path: address for address, (path, _) in stored(case).items()}
    plain = different = 0
    for path, row in index().items():
        if row["kind"] != "mbox" or path not in paths:
            continue
        strict, loose = separators((corpus() / path).read_bytes())
        count = messages[paths[path]]
        if strict == loose:
            plain += 1
            assert count == strict, path
        else:
            different += 1
            assert strict - items[paths[path]] <= count <= loose, path
    assert plain > 40


def test_every_maildir_file_is_a_message_or_a_problem(case: Path) -> None:
    read = by_file(case, "SELECT address FROM message WHERE embedded_in IS NULL")
    lost = by_file(case, "SELECT address FROM problem")
    wanted = {path for path, row in index().items() if row["kind"] == "maildir"}
    found = {path: read[address] or min(lost[address], 1) for address, (path, _) in stored(case).items()}
    assert {path: found[path] for path in wanted} == dict.fromkeys(wanted, 1)


@pytest.mark.parametrize("ending", [".msg", ".eml"])
def test_every_message_file_is_one_message_or_has_a_problem(case: Path, ending: str) -> None:
    """By name, because the corpus' list calls every file of a collection of messages one."""
    read = by_file(case, "SELECT address FROM message WHERE embedded_in IS NULL")
    lost = by_file(case, "SELECT address FROM problem")
    files = {address: path for address, (path, _) in stored(case).items() if path.endswith(ending)}
    assert len(files) > 100
    assert [path for address, path in files.items() if not read[address] and not lost[address]] == _NOT_MAIL[ending]


def test_no_file_vanishes_each_is_read_or_is_a_problem_or_is_named_as_not_mail(case: Path) -> None:
    records = "SELECT address FROM message UNION ALL SELECT address FROM problem UNION ALL SELECT address FROM folder"
    known = {"/".join(row["address"].split("/")[:2]) for row in rows(case, records)}
    listed = {
        f"{item['evidence']}/{file['number']}": file for item in CaseView(case).manifests for file in item["files"]
    }
    assert listed.keys() == {address for address, _, _ in stored_files(case)}
    unclaimed = {address for address, file in listed.items() if not file["parser"]}
    # What a provider states is no mail: it gives records only where something is missing.
    stated = {address for address, file in listed.items() if file["parser"].startswith("provider-statement")}
    assert listed.keys() - known <= unclaimed | stated
    told = {address for address, file in listed.items() if file["kind"] in ROLES or (file["kind"] and file["why"])}
    assert unclaimed <= told


def test_no_message_and_no_clock_is_lost_between_the_records_and_the_timeline(case: Path) -> None:
    copies = rows(case, "SELECT count(*) AS n FROM logical")[0]["n"]
    assert copies == rows(case, "SELECT count(*) AS n FROM message")[0]["n"]
    silent = "SELECT count(*) AS n FROM message WHERE id NOT IN (SELECT message_id_ref FROM moment)"
    clocks = rows(case, "SELECT count(*) AS n FROM moment")[0]["n"]
    assert rows(case, "SELECT count(*) AS n FROM event")[0]["n"] == clocks + rows(case, silent)[0]["n"]


def test_a_part_of_the_corpus_gives_the_same_rows_in_another_case(case: Path, tmp_path: Path) -> None:
    """With one worker, and another number for the evidence: the same rows under the same origin."""
    examined(tmp_path / "case", corpus() / "msg", workers=1)
    sql = "SELECT origin_key, subject, raw_sha256, date_utc FROM message WHERE parser LIKE 'msg%' ORDER BY ALL"
    assert rows(tmp_path / "case", sql) == rows(case, f"SELECT * FROM ({sql})")
