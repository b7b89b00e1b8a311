"""case.toml: what is written comes back, its hash is that of its bytes, and what is no case gets one clear sentence."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.casefile.case import FILE_NAME, CaseFacts, check_facts, read_facts, write_facts
from forensics.errors import IntegrityError, UsageError

_FACTS = CaseFacts(
    id="019a0000-0000-7000-8000-000000000001", title='架空"商事"\\', scope="a\tb\nc\x7f", immutable_flag=True
)


def test_facts_come_back_as_they_were_with_the_hash_of_the_file(tmp_path: Path) -> None:
    sha256 = write_facts(tmp_path, _FACTS)
    assert read_facts(tmp_path) == (_FACTS, sha256)
    assert hashlib.sha256((tmp_path / FILE_NAME).read_bytes()).hexdigest() == sha256


@given(st.text())
def test_any_text_can_be_a_fact(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("case")
    facts = replace(_FACTS, title=text)
    write_facts(folder, facts)
    assert read_facts(folder)[0] == facts


def test_the_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    assert write_facts(tmp_path, _FACTS) == write_facts(tmp_path, _FACTS)


def test_facts_that_a_person_still_owes_are_named() -> None:
    assert "examiner" in _FACTS.missing()
    assert "title" not in _FACTS.missing()


def test_a_folder_without_case_toml_is_not_a_case(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a case") as caught:
        read_facts(tmp_path)
    assert "case new" in caught.value.todo


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("language", "tongue"),
        lambda text: text.replace("code_page = 932", 'code_page = "932"'),
        lambda text: text.replace("immutable_flag = true", "immutable_flag = 1"),
        lambda text: "[" + text,
        lambda text: text.replace("架", "\udc80"),
    ],
    ids=["cut", "renamed", "text for a number", "number for a truth", "no TOML", "no UTF-8"],
)
def test_a_damaged_case_toml_breaks_the_integrity_and_nothing_else(tmp_path: Path, change: object) -> None:
    write_facts(tmp_path, _FACTS)
    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    (tmp_path / FILE_NAME).write_bytes(change(text).encode("utf-8", "surrogateescape"))  # type: ignore[operator]
    with pytest.raises(IntegrityError, match="cannot be read"):
        read_facts(tmp_path)


def test_a_case_of_a_later_format_is_refused_as_such_whatever_else_it_has(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('[format]\nversion = 2\nid = "x"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="format 2"):
        read_facts(tmp_path)


@pytest.mark.parametrize("change", [{"time_zone": "Mars/Base"}, {"time_zone": "../etc"}, {"time_zone": ""},
                                    {"language": "xx"}])  # fmt: skip
def test_facts_that_nothing_could_work_with_are_refused(change: dict[str, str]) -> None:
    check_facts(_FACTS)
    with pytest.raises(UsageError):
        check_facts(replace(_FACTS, **change))


def test_the_file_is_toml_with_a_heading_for_each_group(tmp_path: Path) -> None:
    write_facts(tmp_path, _FACTS)
    parsed = tomllib.loads((tmp_path / FILE_NAME).read_text(encoding="utf-8"))
    assert list(parsed) == ["format", "case", "examiner", "authority", "policy"]
