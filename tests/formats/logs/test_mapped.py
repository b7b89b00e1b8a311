"""Tables of hold, approval and endpoint logs by mapping: every preset, what it does not know, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import FormatError
from forensics.examination import presets
from forensics.formats.logs.event import Logged
from forensics.formats.logs.mapped import Mapped
from forensics.formats.logs.mapping import ACTIONS, ENDPOINT_ACTIONS, HOLD_ACTIONS, ROLES, check, extended
from forensics.formats.sniff import sniff
from forensics.moments import iso
from forensics.parsers.contract import Candidate, Settings
from forensics.parsers.logs.mapped import MappedLogParser
from tests.parsers.samples import AT, Kept

NAMES = sorted(presets.built_in())
PRODUCTS = {
    "safeattach", "active-gate", "ciphercraft-mail", "mail-defender", "wise-alert", "mail-zipper", "securemail-plus",
    "iij-securemx", "relation", "ping32", "ss1", "ss1-risk-analyzer", "generic-dlp-ja",
}  # fmt: skip
GENERIC = {"hold": "generic-hold-ja", "endpoint": "generic-endpoint-ja"}
VALUES = {
    "queued_at": "2026/06/01 10:00:00",
    "action_at": "令和8年6月1日 午前10時5分",
    "viewed_at": "2026年6月1日 10時04分",
    "sender": "佐藤 太郎 <sato@example.co.jp>",
    "rcpt": "b@y.example; c@y.example",
    "cc": "d@y.example",
    "bcc": "e@y.example",
    "attachment": "見積.xlsx|図面.pdf",
    "size": "12,345",
    "client_ip": "192.0.2.10:51000",
}


def table_of(preset: str, action: str) -> list[list[str]]:
    """A header with the first word of every role, and a row that fits it."""
    columns = {role: words[0] for role, words in presets.preset(preset)["columns"].items() if words}
    values = [action if role == "action" else VALUES.get(role, f"{role} 値") for role in columns]
    return [list(columns.values()), values]


def written(rows: list[list[str]], encoding: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def settings(*mappings: dict[str, Any], generic: bool = True) -> Settings:
    told = tuple({"pattern": "*.csv", "sha256": "ab" * 32, "mapping": each} for each in mappings)
    return Settings(zone="UTC", mappings=told, presets=tuple(presets.generic()) if generic else ())


def strength(data: bytes, given: Settings, path: str = "log/hold.csv") -> int:
    head = data[:65536]
    candidate = Candidate(path=path, size=len(data), sniffed=sniff(head, len(data)), head=head, settings=given)
    return MappedLogParser().claims(candidate)


def parse(data: bytes, given: Settings) -> list[Any]:
    from forensics.parsers.contract import Unit

    unit = Unit(path="log/hold.csv", size=len(data), sha256="", handle=io.BytesIO(data), settings=given)
    return list(MappedLogParser().parse(unit, AT, Kept()))


def row_of(preset: str, cells: dict[str, str]) -> Logged:
    mapped = Mapped(presets.preset(preset))
    return mapped.of_row(mapped.header(list(cells)), list(cells.values()), "UTC")


# -- the presets ---------------------------------------------------------------------------------------------------


def test_every_product_of_the_catalogue_has_a_preset_that_says_that_it_is_not_verified() -> None:
    assert set(NAMES) >= PRODUCTS | set(presets.WITHOUT_ASKING)
    for name in NAMES:
        mapping = presets.preset(name)
        assert mapping["preset"] == name
        assert mapping["verified"] is False
        assert "未検証" in mapping["note"]
        assert mapping["date"]
        assert mapping["source"]
        assert mapping["name"].keys() == {"ja", "en"}
        assert check(mapping) == mapping


def test_the_preset_of_a_product_names_itself_as_the_source_and_knows_what_its_base_knows() -> None:
    for name in PRODUCTS:
        mapping = presets.preset(name)
        assert mapping["system"] == name
        assert set(presets.preset(GENERIC[mapping["kind"]])["actions"]) <= set(mapping["actions"])


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_each_preset_is_read_in_every_encoding(name: str, encoding: str) -> None:
    mapping = presets.preset(name)
    known = next(iter(mapping["actions"]))
    rows = table_of(name, mapping["actions"][known][0])
    data = written(rows, encoding)
    assert strength(data, settings(mapping)) == 95
    [event] = parse(data, settings(mapping))
    assert (event.source, event.operation) == (f"{mapping['kind']}:{mapping['system']}", known)
    assert iso(event.utc).startswith("2026-06-01T01:05:00")
    assert event.utc_raw == VALUES["action_at"]
    assert (event.zone, event.assumed, event.warnings) == ("assumed", ("zone",), ())
    assert event.sender == "sato@example.co.jp"
    assert event.recipients[:2] == ("b@y.example", "c@y.example")
    detail = json.loads(event.detail)
    assert (detail["preset"], detail["verified"], detail["mapping_sha256"]) == (name, False, "ab" * 32)
    assert detail["attachments"] == ["見積.xlsx", "図面.pdf"]
    assert detail["times"]["action_at"]["zone_basis"] == "assumed: Asia/Tokyo, as the mapping says"


@pytest.mark.parametrize("name", presets.WITHOUT_ASKING)
def test_a_generic_table_is_recognised_without_a_mapping_and_never_as_a_product(name: str) -> None:
    mapping = presets.preset(name)
    data = written(table_of(name, next(iter(mapping["actions"].values()))[0]), "cp932")
    assert strength(data, settings()) == 60
    [event] = parse(data, settings())
    assert event.source.partition(":")[2] in ("generic", "generic-approval")
    assert "mapping_sha256" not in json.loads(event.detail)


@pytest.mark.parametrize("name", presets.WITHOUT_ASKING)
def test_every_action_is_known_by_each_of_its_words(name: str) -> None:
    mapped = Mapped(presets.preset(name))
    for action, words in presets.preset(name)["actions"].items():
        assert action in ACTIONS
        assert {mapped.action(word) for word in (action, *words)} == {action}


def test_the_canonical_actions_of_the_catalogue_can_all_be_said() -> None:
    assert set(presets.preset("generic-hold-ja")["actions"]) == set(HOLD_ACTIONS)
    assert set(presets.preset("generic-endpoint-ja")["actions"]) >= set(ENDPOINT_ACTIONS) - {"risk_scored"}


# -- a row ---------------------------------------------------------------------------------------------------------


def test_an_unknown_action_is_kept_as_written_and_named() -> None:
    found = row_of("generic-hold-ja", {"処理": "＝特別ルート送信", "処理日時": "2026/06/01 10:00", "差出人": "a@x.jp"})
    assert (found.operation, found.status) == ("＝特別ルート送信", "＝特別ルート送信")
    assert any("＝特別ルート送信" in each for each in found.warnings)


def test_the_time_is_that_of_the_action_else_that_of_the_hold_and_says_so() -> None:
    both = {"受付日時": "2026/06/01 10:00", "処理日時": "2026/06/01 10:05", "処理": "承認"}
    assert json.loads(json.dumps(row_of("generic-hold-ja", both).detail))["time_is"] == "action_at"
    held = row_of("generic-hold-ja", {**both, "処理日時": ""})
    assert held.detail["time_is"] == "queued_at"
    assert held.warnings
    assert row_of("generic-hold-ja", {**both, "処理日時": "", "処理": "保留"}).warnings == ()
    unread = row_of("generic-hold-ja", {"処理日時": "06/01/2026 10:00", "処理": "承認"})
    assert (unread.when.ns, unread.when.raw) == (None, "06/01/2026 10:00")
    assert unread.warnings


def test_a_time_with_its_zone_is_stated_and_the_zone_of_the_case_is_used_where_the_mapping_says_so() -> None:
    row = {"処理日時": "2026/06/01 10:00 +09:00", "処理": "承認"}
    assert row_of("generic-hold-ja", row).detail["times"]["action_at"]["zone_basis"] == "stated"
    mapped = Mapped({**presets.preset("generic-hold-ja"), "timezone": "case"})
    found = mapped.of_row(mapped.header(["処理日時", "処理"]), ["2026/06/01 10:00", "承認"], "UTC")
    assert found.detail["times"]["action_at"] == {
        "raw": "2026/06/01 10:00", "utc": "2026-06-01T10:00:00Z", "zone_basis": "assumed: UTC, as the case says",
        "offset_minutes": 0,
    }  # fmt: skip


def test_columns_that_nobody_knows_are_kept_with_their_place_and_name() -> None:
    row = {"処理日時": "2026/06/01 10:00", "処理": "承認", "部署": "総務", "空": ""}
    assert row_of("generic-hold-ja", row).detail["other_columns"] == {"3 部署": "総務"}


def test_a_file_name_with_a_comma_is_one_name_and_a_list_with_commas_is_many() -> None:
    row = {"処理日時": "2026/06/01 10:00", "処理": "承認"}
    assert row_of("generic-hold-ja", {**row, "添付ファイル": "甲,乙.pdf"}).detail["attachments"] == ["甲,乙.pdf"]
    assert row_of("generic-hold-ja", {**row, "添付ファイル": "甲.pdf,乙.pdf"}).detail["attachments"] == [
        "甲.pdf",
        "乙.pdf",
    ]


def test_formulas_and_control_characters_are_kept_as_text() -> None:
    nasty = "=cmd|' /C calc'!A0\x1b[31m\u202e\x07"
    found = row_of("generic-hold-ja", {"処理日時": "2026/06/01 10:00", "処理": nasty, "件名": nasty, "差出人": nasty})
    assert (found.operation, found.subject, found.sender) == (nasty, nasty, nasty)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6), st.lists(st.text(max_size=40), max_size=8))
def test_no_row_is_too_strange(names: list[str], cells: list[str]) -> None:
    mapped = Mapped(presets.preset("generic-hold-ja"))
    header = mapped.header(["処理日時", "処理", *names])
    assert isinstance(mapped.of_row(header, cells, "UTC"), Logged)


# -- what is not certain -------------------------------------------------------------------------------------------

ROW = "2026/06/01 10:00,承認,a@x.jp\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "処理日時,承認日時,処理,差出人\r\n2026/06/01 10:00," + ROW,
        "処理日時,処理,件名\r\n" + ROW,
        "処理日時,区分,差出人\r\n" + ROW,
        "いつ,処理,差出人\r\n" + ROW,
        "処理日時,処理,差出人\r\n",
        "処理日時,処理,差出人\r\n" + ROW + "2026/06/01 10:00,未知,a@x.jp\r\n" * 2,
        "処理日時,処理,差出人\r\n" + "昨日,承認,a@x.jp\r\n",
        "date,action,sender\r\n2026/06/01 10:00,walk,a@x.jp\r\n",
    ],
)
def test_a_table_that_is_not_certain_is_left_to_a_person(text: str) -> None:
    assert strength(text.encode("cp932"), settings()) == 0


def test_an_ambiguous_header_is_refused_with_what_to_do() -> None:
    data = ("処理日時,承認日時,処理,差出人\r\n2026/06/01 10:00," + ROW).encode("cp932")
    mapping = presets.preset("generic-hold-ja")
    assert strength(data, settings(mapping)) == 95
    [problem] = parse(data, settings(mapping))
    assert "'処理日時' and '承認日時' could each be action_at" in problem.cause
    assert "name the right one alone under columns.action_at" in problem.cause
    chosen = extended(mapping, {"columns": {"action_at": ["承認日時"]}})
    [event] = parse(data, settings(chosen))
    assert event.operation == "approved"


def test_a_mapping_of_the_case_decides_alone_and_only_for_its_files() -> None:
    data = ("処理日時,処理,差出人\r\n" + ROW).encode()
    mapping = presets.preset("safeattach")
    assert strength(data, settings(mapping)) == 95
    assert strength(data, settings(mapping, generic=False), "log/other.txt") == 0
    assert strength(data, settings(mapping), "log/other.txt") == 60
    assert (
        strength(b"From: a@x.jp\r\nTo: b@x.jp\r\nDate: Mon, 1 Jun 2026 10:00:00 +0900\r\n\r\nx", settings(mapping)) == 0
    )


def test_rows_that_are_none_are_named_and_every_line_is_accounted_for() -> None:
    text = (
        "ログ一覧\r\n処理日時,処理,差出人\r\n" + ROW + '"broken\r\n' + ROW + "合計,,\r\n処理日時,処理,差出人\r\n" + ROW
    )
    found = parse(text.encode("cp932"), settings())
    assert [each.KIND for each in found] == ["problem", "log_event", "problem", "log_event", "problem", "log_event"]


# -- what a mapping may say ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colums": {}}, "no key 'colums'"),
        ({"columns": []}, "columns is an object"),
        ({"columns": {"when": ["日時"]}}, "columns has no 'when'"),
        ({"columns": {"action_at": "日時"}}, "a list of at most"),
        ({"columns": {"action_at": [1]}}, "a text of at most"),
        ({"columns": {"action_at": ["日時"], "action": ["日 時"]}}, "stands under columns.action_at and under"),
        ({"columns": {"action_at": ["日時"]}}, "no column for the action"),
        ({"columns": {"action": ["処理"]}}, "no column for the time"),
        ({"columns": {"action_at": [" "]}}, "a word without a letter"),
        ({"actions": {"sent": ["送信"]}}, "actions has no 'sent'"),
        ({"kind": "mail"}, "kind is one of hold, endpoint"),
        ({"encoding": "ebcdic"}, "encoding is one of"),
        ({"timezone": "Asia/Nowhere"}, "timezone is 'case' or a zone"),
        ({"timezone": "../../etc/passwd"}, "timezone is 'case' or a zone"),
        ({"verified": "yes"}, "verified is either"),
        ({"name": {"fr": "x"}}, "name is an object"),
        ({"unknown_action": "drop"}, "unknown_action is one of"),
        ({"system": ""}, "does not say its system"),
        ({"system": "x" * 300}, "at most 200 characters"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_in_one_sentence(change: dict[str, Any], said: str) -> None:
    base = {"system": "x", "kind": "hold", "columns": {"action_at": ["日時"], "action": ["処理"]}}
    check(base)
    with pytest.raises(FormatError) as caught:
        check({**base, **change})
    assert said in caught.value.what
    assert "\n" not in caught.value.what


def test_a_base_gives_up_the_words_that_the_mapping_above_it_uses_otherwise() -> None:
    base = {
        "columns": {"action": ["処理", "状態"], "rule": ["理由"]},
        "actions": {"discarded": ["削除"], "blocked": ["拒否"]},
    }
    over = {"columns": {"verdict": ["状態"]}, "actions": {"rejected": ["拒否"], "blocked": ["遮断"]}, "extends": "base"}
    assert extended(base, over) == {
        "columns": {"action": ["処理"], "rule": ["理由"], "verdict": ["状態"]},
        "actions": {"discarded": ["削除"], "blocked": ["遮断"], "rejected": ["拒否"]},
    }


def test_every_role_is_used_by_some_preset() -> None:
    assert {role for name in NAMES for role in presets.preset(name)["columns"]} == set(ROLES)
