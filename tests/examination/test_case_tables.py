"""Reference tables of a client: checked line by line, kept in versions, on the ledger, and verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.examination.case_tables import add_table, faults_of, tables_of, write_templates
from forensics.examination.conductor import Examination
from forensics.examination.verifying import verify
from forensics.findings import reference
from tests.cli.command import here
from tests.examination.cases import station


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    with Examination.create(folder, {"examiner": "Aoki"}, station()):
        pass
    return folder


def written(folder: Path, text: str, name: str = "given.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_a_table_is_read_as_it_was_put_in_and_the_newest_version_counts(case: Path, tmp_path: Path) -> None:
    first = written(tmp_path, "domain,note\nexample.co.jp,本社\n")
    second = written(tmp_path, "\ufeffdomain,since\r\nexample.co.jp,2026-04-01\r\n例え.jp,\r\n", "b.csv")
    with Examination(case, station()) as examination:
        one = add_table(examination, "own_domains", first)
        two = add_table(examination, "own_domains", second)
        again = add_table(examination, "own_domains", second)
        rows = reference.rows_of(examination.view(), "own_domains")
    assert (one.path, two.path, again.unchanged) == ("tables/own_domains/0001.csv", two.path, True)
    assert [(row["domain"], row["since"]) for row in rows] == [("example.co.jp", "2026-04-01"), ("例え.jp", "")]
    assert verify(case).exit_code == 0
    assert next(each.rows for each in tables_of(case) if each.table == "own_domains") == 2


def test_a_table_that_somebody_changed_is_found_and_not_read(case: Path, tmp_path: Path) -> None:
    with Examination(case, station()) as examination:
        add_table(examination, "competitors", written(tmp_path, "domain\nrival.example\n"))
    path = case / "tables" / "competitors" / "0001.csv"
    path.chmod(0o644)
    path.write_bytes(b"domain\nfriend.example\n")
    found = verify(case)
    assert (found.exit_code, [each.place for each in found.differences]) == (4, ["tables/competitors/0001.csv"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nA\n", "lacks the column domain"),
        ("domain,colour\na.example,red\n", "has the column 'colour'"),
        ("domain,since\na.example,2026-02-30\n", "has '2026-02-30' as since"),
        ("domain\n\" \"\n", "has no domain"),
        ("domain,domain\na,b\n", "has the column domain twice"),
        ("domain\na,b\n", "has more values than columns"),
        ("", "lacks the column domain"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_nothing_is_put_in(case: Path, tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    assert any(said in each for each in faults_of("own_domains", path))
    with Examination(case, station()) as examination, pytest.raises(UsageError, match="line"):
        add_table(examination, "own_domains", path)
    assert not (case / "tables").exists()


def test_what_is_no_text_in_utf_8_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("domain\n日本.jp\n".encode("cp932"))
    assert faults_of("own_domains", path) == ("line 1 cannot be read, because the file is not in UTF-8",)


def test_templates_have_every_table_and_overwrite_nothing(tmp_path: Path) -> None:
    paths = write_templates(tmp_path / "t")
    assert {path.stem for path in paths} == set(reference.KINDS)
    assert all(faults_of(path.stem, path) == () for path in paths)
    with pytest.raises(UsageError):
        write_templates(tmp_path / "t")


def test_the_verb_lists_adds_and_checks(case: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "domain\nexample.co.jp\n")
    done = here("case", "tables", str(case), "--add", f"own_domains={path}")
    assert (done.code, "1 row, put in" in done.out) == (0, True)
    assert "own_domains" in here("case", "tables", str(case)).out
    bad = written(tmp_path, 'domain\n\n""\n', "bad.csv")
    assert here("case", "tables", str(case), "--check", f"own_domains={bad}").code == 2
    assert here("case", "tables", str(case), "--add", "nothing").code == 2
