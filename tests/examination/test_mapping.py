"""A mapping in a case: what a parse says of it, what verify sees, and that a case without one is what it was."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest

from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError, UsageError
from forensics.examination import presets
from forensics.examination.acquiring import acquire_path
from forensics.examination.mapping import add_mapping, case_mappings, read_mapping
from forensics.examination.parsing import parse
from forensics.examination.proposing import propose
from forensics.examination.verifying import verify
from forensics.parsers.contract import Settings
from tests.examination.cases import lines, mail, open_case, rows, sound

UNSURE = "いつ,区分,差出人,宛先\r\n2026/06/01 10:00,可,a@x.jp,b@y.jp\r\n2026/06/01 10:05,不可,a@x.jp,b@y.jp\r\n"
CERTAIN = "日時,端末名,ユーザー名,操作\r\n2026/06/01 10:00,PC-1,sato,印刷\r\n"
MAPPING = """\
extends: safeattach
system: our-gateway
columns:
  action_at: [いつ]
  action: [区分]
actions:
  approved: [可]
  rejected: [不可]
"""


def source_in(folder: Path) -> Path:
    (folder / "source").mkdir()
    (folder / "source/hold_june.csv").write_bytes(UNSURE.encode("cp932"))
    (folder / "source/device.csv").write_bytes(CERTAIN.encode("cp932"))
    (folder / "source/one.eml").write_bytes(mail(1))
    return folder / "source"


def mapping_in(folder: Path, text: str = MAPPING) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def params_of_parses(case: Path) -> list[dict[str, object]]:
    return [each.value["params"] for each in lines(case) if (each.act, each.phase) == ("parse", "finished")]


def test_a_mapping_is_put_into_the_case_and_the_next_parse_reads_by_it(tmp_path: Path) -> None:
    case, source, mapping = tmp_path / "case", source_in(tmp_path), mapping_in(tmp_path)
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/two.eml").write_bytes(mail(2))
    with open_case(case) as examination:
        acquire_path(examination, source)
        acquire_path(examination, tmp_path / "mail")
        parse(examination)
        before = rows(case, "SELECT source, operation FROM log_event")
        assert before == [{"source": "endpoint:generic", "operation": "printed"}]
        added = add_mapping(examination, mapping, "hold_*.csv")
        assert (added.files, added.unchanged, added.source) == (("EV-0001/hold_june.csv",), False, "hold:our-gateway")
        assert add_mapping(examination, mapping, "hold_*.csv").unchanged
        assert [each.unchanged for each in parse(examination)] == [False, True]
        assert [each.unchanged for each in parse(examination)] == [True, True]
    found = rows(case, "SELECT operation, detail FROM log_event WHERE source = 'hold:our-gateway' ORDER BY line")
    assert [each["operation"] for each in found] == ["approved", "rejected"]
    assert {json.loads(each["detail"])["mapping_sha256"] for each in found} == {added.sha256}
    *_, last = params_of_parses(case)
    assert last["mappings"] == [{"pattern": "hold_*.csv", "sha256": added.sha256}]
    assert (case / added.path).read_bytes() == mapping.read_bytes()
    [told] = [each for each in lines(case) if (each.act, each.phase) == ("map", "finished")]
    assert told.value["out"] == [{"path": added.path, "sha256": added.sha256, "size": mapping.stat().st_size}]
    sound(case)


def test_a_case_without_mappings_says_nothing_of_them(tmp_path: Path) -> None:
    case, source = tmp_path / "case", source_in(tmp_path)
    with open_case(case) as examination:
        acquire_path(examination, source)
        parse(examination)
    [params] = params_of_parses(case)
    assert params.keys() == {"evidence", "manifest_sha256", "tool_sha256", "libraries", "settings"}
    assert params["settings"] == {"zone": "Asia/Tokyo", "code_page": 932}
    assert not (case / "tables").exists()


def test_a_newer_mapping_for_the_same_files_counts_and_the_older_file_stays(tmp_path: Path) -> None:
    case = tmp_path / "case"
    with open_case(case) as examination:
        one = add_mapping(examination, mapping_in(tmp_path), "*.csv")
        two = add_mapping(examination, mapping_in(tmp_path, MAPPING + "note: revised\n"), "*.csv")
        other = add_mapping(examination, mapping_in(tmp_path), "logs/*.txt")
    assert [(each.pattern, each.sha256) for each in case_mappings(CaseView(case))] == [
        ("logs/*.txt", other.sha256), ("*.csv", two.sha256),
    ]  # fmt: skip
    assert (case / one.path).is_file()
    sound(case)


def test_verify_sees_a_mapping_that_was_changed_removed_or_slipped_in(tmp_path: Path) -> None:
    case = tmp_path / "case"
    with open_case(case) as examination:
        added = add_mapping(examination, mapping_in(tmp_path), "*.csv")
    (case / "tables/mappings/strange.yaml").write_text("columns: {}\n")
    (case / added.path).write_text(MAPPING + "# x\n", encoding="utf-8")
    found = {each.place: each.what for each in verify(case).differences}
    assert found["tables/mappings/strange.yaml"] == "is listed by no finished step"
    assert "changed" in found[added.path]
    (case / added.path).unlink()
    assert "is missing" in {each.place: each.what for each in verify(case).differences}[added.path]


def test_a_file_for_which_the_mapping_does_not_decide_becomes_a_problem_that_says_what_to_do(tmp_path: Path) -> None:
    case, source = tmp_path / "case", tmp_path / "source"
    source.mkdir()
    text = "処理日時,承認日時,処理,差出人\r\n2026/06/01 10:00,2026/06/01 10:01,承認,a@x.jp\r\n"
    (source / "hold.csv").write_text(text, encoding="utf-8")
    with open_case(case) as examination:
        acquire_path(examination, source)
        add_mapping(examination, mapping_in(tmp_path, "extends: active-gate\n"), "hold.csv")
        parse(examination)
    [problem] = rows(case, "SELECT cause FROM problem")
    assert "could each be action_at" in problem["cause"]
    assert "columns.action_at" in problem["cause"]


def test_a_ledger_whose_line_holds_no_mapping_is_not_believed(tmp_path: Path) -> None:
    case = tmp_path / "case"
    with open_case(case) as examination:
        add_mapping(examination, mapping_in(tmp_path), "*.csv")
    view = CaseView(case)
    for line in view.lines:
        line.value.get("params", {}).pop("mapping", None)
    with pytest.raises(IntegrityError, match="holds no mapping"):
        case_mappings(view)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a: &x [1, 1]\nb: &y [*x, *x]\nc: [*y, *y]\n", "an anchor"),
        (b"columns: *x\n", "an alias"),
        (b"[" * 3000, "nested"),
        (b"{a: " * 3000, "nested"),
        (b"x" * 200_000, "at most"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"columns: {\n", "not YAML"),
        (b"a: 1\n---\nb: 2\n", "not YAML"),
        (b"!!python/object/apply:os.system ['true']\n", "not YAML"),
        (b"system: x\nsystem: y\n", "twice"),
        (b"? [a, b]\n: c\n", "not a text"),
        (b"", "is an object"),
        (b"- 1\n", "is an object"),
        (b"columns: 5\n", "columns is an object"),
        (b"extends: nothing\n", "no such preset"),
        (b"extends: [a]\n", "extends is a text"),
        (b"extends: safeattach\nextra: 1\n", "no key 'extra'"),
        (b"extends: safeattach\nverified: maybe\n", "verified is either"),
        (b"extends: safeattach\nactions: {approved: [a], rejected: [a]}\n", "keep one of them"),
        (b"system: x\nkind: hold\ncolumns: {action_at: [t]}\n", "no column for the action"),
        (b"extends: safeattach\nsystem: \"a\\uD800\"\n", ""),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_mapping(path)
    assert said in caught.value.what
    assert "\n" not in caught.value.what
    assert len(caught.value.what) < 1000
    assert caught.value.todo


def test_what_a_mapping_writes_it_reads_again(tmp_path: Path) -> None:
    for name in presets.built_in():
        mapping = presets.preset(name)
        assert presets.resolved(presets.read_yaml(presets.written(mapping).encode(), "x")) == mapping
    odd = {"preset": "a\u202eb\x1b[31m=1+1\U000e0001", "note": "1", "source": "no"}
    text = presets.written(odd)
    assert all(each.isprintable() or each == "\n" for each in text)
    assert presets.read_yaml(text.encode(), "x") == odd


@pytest.mark.parametrize("encoding", ["cp932", "utf-8-sig", "utf-16"])
def test_a_proposal_says_of_each_column_what_it_is_taken_for_and_why(tmp_path: Path, encoding: str) -> None:
    text = (
        "処理日時\tステータス詳細\t差出人\tメモ欄\t相手\r\n"
        "2026/06/01 10:00\t承認\ta@x.jp\tx\tb@y.jp\r\n"
        "2026/06/01 10:01\t特別\ta@x.jp\ty\tb@y.jp\r\n"
    )
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    found = propose(path, Settings(zone="Asia/Tokyo"))
    assert [each.role for each in found.columns] == ["action_at", "action", "sender", "", ""]
    assert "contains" in found.columns[1].why
    assert "address" in found.columns[4].why
    assert found.unknown_actions == (("特別", 1),)
    assert (found.missing, found.recognised, found.exit_code) == ("", False, 0)
    mapping = presets.resolved(presets.read_yaml(found.yaml.encode(), "x"))
    assert mapping["columns"]["action"] == ["ステータス詳細"]
    assert mapping["verified"] is False


def test_a_proposal_leaves_open_what_two_columns_could_be(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("処理日時,承認日時,処理\n2026/06/01 10:00,2026/06/01 10:00,承認\n", encoding="utf-8")
    found = propose(path, Settings(zone="Asia/Tokyo"), "safeattach")
    assert [each.role for each in found.columns] == ["", "", "action"]
    assert "could each be action_at" in found.missing
    assert found.exit_code == 3
    assert found.preset == "safeattach"


@pytest.mark.parametrize("data", [b"", b"\x00" * 300, b"one line\n", b"a,b"])
def test_a_file_that_is_no_table_is_refused_or_left_open(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with suppress(UsageError):
        assert propose(path, Settings(zone="Asia/Tokyo")).missing
