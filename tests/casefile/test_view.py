"""CaseView: only what the newest finished step lists counts, every file is checked first, and no query gets out."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError, UsageError
from tests.casebuilder import CaseBuilder, mail, problem


@pytest.fixture
def case(tmp_path: Path) -> CaseBuilder:
    """A case with one evidence item of two messages and a problem."""
    made = CaseBuilder(tmp_path / "case")
    made.evidence()
    made.parsed([*mail(1), *mail(2), problem()])
    return made


def _part(case: CaseBuilder, kind: str = "message") -> Path:
    return case.folder / f"records/{kind}/EV-0001-000001.parquet"


def test_records_are_counted_and_queried(case: CaseBuilder) -> None:
    view = case.view()
    assert (view.counts()["message"], view.counts()["problem"], view.counts()["folder"]) == (2, 1, 0)
    assert view.rows("select subject from message order by id limit 1")[0]["subject"].startswith("件名")
    assert view.rows("select count(*) as n from message where address like $1", ["EV-0001/%"]) == [{"n": 2}]
    assert view.rows("select * from folder") == []
    assert list(view.frame("select * from problem")["what"]) == ["a header could not be read"]


def test_the_evidence_is_described_as_acquired(case: CaseBuilder) -> None:
    (item,) = case.view().evidence
    assert (item.name, len(item.files), len(item.manifest_sha256)) == ("EV-0001", 1, 64)


def test_only_the_newest_finished_parse_counts(case: CaseBuilder) -> None:
    case.parsed([*mail(7)])
    assert [row["message_id"] for row in case.view().rows("select message_id from message")] == ["<7@example.jp>"]


def test_a_changed_part_is_refused_before_it_is_decoded(case: CaseBuilder) -> None:
    data = bytearray(_part(case).read_bytes())
    data[len(data) // 2] ^= 1
    _part(case).write_bytes(data)
    with pytest.raises(IntegrityError, match="is not what the ledger lists") as caught:
        case.view().rows("select * from message")
    assert caught.value.place == str(_part(case))


def test_a_missing_part_is_named(case: CaseBuilder) -> None:
    _part(case).unlink()
    with pytest.raises(IntegrityError, match="cannot be read"):
        case.view().rows("select * from message")


def test_a_changed_list_of_parts_is_refused(case: CaseBuilder) -> None:
    path = case.folder / "records/EV-0001.json"
    path.write_bytes(path.read_bytes().replace(b'"rows":2', b'"rows":3'))
    with pytest.raises(IntegrityError):
        case.view().counts()


def test_a_file_that_no_step_lists_is_not_read(case: CaseBuilder) -> None:
    _part(case).with_name("EV-0001-000002.parquet").write_bytes(_part(case).read_bytes())
    assert case.view().rows("select count(*) as n from message") == [{"n": 2}]


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "copy message to '/tmp/never-written.csv'",
        "attach '/tmp/never-written.db'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "select * from glob('/*')",
    ],
)
def test_no_query_reaches_files_the_network_or_the_configuration(case: CaseBuilder, query: str) -> None:
    view = case.view()
    with pytest.raises(duckdb.Error):
        view.connection.execute(query)
    assert not Path("/tmp/never-written.csv").exists()


@pytest.mark.parametrize("how", ["", "; SELECT 2"])
def test_a_question_is_one_select_and_writes_nothing(case: CaseBuilder, how: str) -> None:
    view, part = case.view(), _part(case)
    before = part.read_bytes()
    for query in (f"COPY (SELECT 1) TO '{part}' (FORMAT csv, USE_TMP_FILE false)", "SELECT 1"):
        if query.startswith("COPY") or how:
            with pytest.raises(duckdb.Error):
                view.rows(query + how)
    assert part.read_bytes() == before


def test_only_what_a_question_names_is_opened(case: CaseBuilder) -> None:
    part = _part(case)
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    view = case.view()
    assert view.rows("SELECT 1 AS one FROM folder") == []
    with pytest.raises(IntegrityError):
        view.rows("SELECT 1 AS one FROM Message")


def test_parts_of_an_older_schema_are_read_with_the_columns_that_they_lack(case: CaseBuilder) -> None:
    part = _part(case)
    table = pq.read_table(part).drop_columns(["subject"])
    pq.write_table(table, part)
    view = case.view()
    view.checked_path = lambda output: view.folder / str(output["path"])  # type: ignore[method-assign]
    assert view.rows("SELECT DISTINCT subject FROM message") == [{"subject": None}]


def test_a_folder_whose_name_is_a_pattern_is_read_as_itself(case: CaseBuilder) -> None:
    folder = case.folder.rename(case.folder.with_name("case[1]=*"))
    assert CaseView(folder).rows("SELECT count(*) AS n FROM message") == [{"n": 2}]


def test_a_query_does_not_see_the_variables_of_python(case: CaseBuilder) -> None:
    secret = case.view().frame("select 1 as x")
    assert len(secret) == 1
    with pytest.raises(duckdb.Error):
        case.view().rows("select * from secret")


def test_a_folder_that_is_no_case_is_refused(tmp_path: Path) -> None:
    from forensics.casefile.view import CaseView

    with pytest.raises(UsageError):
        CaseView(tmp_path)


def test_a_long_query_draws_nothing_on_standard_output(tmp_path: Path) -> None:
    view = CaseBuilder(tmp_path / "case").view()
    assert view.rows("SELECT current_setting('enable_progress_bar') AS shown") == [{"shown": False}]
