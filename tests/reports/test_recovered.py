"""What the reports say of recovered items and of every byte of a store."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from forensics.address import Address
from forensics.casefile.view import CaseView
from forensics.records import ByteAccount, Integrity, Record, RecoveredItem, Recovery
from forensics.reports import timeline_rows, words
from forensics.reports.messages_csv import MessagesCsv
from forensics.reports.sink import Sink
from forensics.reports.timeline_html import TimelineHtml
from tests.casebuilder import JUNE, mail, sent
from tests.reports.browser import Browser, needs_chromium
from tests.reports.cases import with_timeline

_GROUND = "a superseded page of the node tree names other blocks for it"
_STORE = Address(evidence="EV-0001", steps=("000001",))


def _records() -> list[Record]:
    live = mail(1, moments=[sent(JUNE)])
    older = mail(2, moments=[sent(JUNE)], recovery=Recovery.STALE, store_path="/送信済み", integrity=Integrity.FAILED)
    at = older[0].address
    found = RecoveredItem(
        address=at,
        recovery=Recovery.STALE,
        message_id_ref=older[0].identity(),
        store_path="/送信済み",
        tier="older_version",
        confidence="certain",
        basis=_GROUND,
        page_offset=4096,
        block=88,
        overwritten=("every recipient",),
    )
    twin = RecoveredItem(
        address=_STORE.child("row:1"),
        recovery=Recovery.REMNANT,
        message_id_ref="",
        store_path="/受信トレイ",
        tier="table_row",
        confidence="probable",
        basis="a row",
        same_as=str(live[0].address),
    )
    account = ByteAccount(
        address=_STORE, size=1000, header=10, page=90, live_block=400, recovered_block=100,
        free_empty=300, free_not_empty=95, unreadable=5,
    )  # fmt: skip
    return [*live, *older, found, twin, account]


def _case(folder: Path) -> CaseView:
    return with_timeline(folder / "case", _records())


def test_the_page_shows_what_every_byte_of_a_store_is(tmp_path: Path) -> None:
    out = Sink(tmp_path / "out")
    TimelineHtml().write(_case(tmp_path), out)
    html = (out.folder / "timeline.html").read_text(encoding="utf-8")
    start = 'バイト会計</span><span class="en" lang="en">Byte account</span> (1)'
    section = html.partition(start)[2].partition("</details>")[0]
    cells = re.findall(r'<td class="num">([\d,]+)(?:<br>([\d.]+) %)?</td>', section)
    assert [int(size.replace(",", "")) for size, _ in cells] == [10, 90, 400, 100, 300, 95, 5, 1000]
    assert [share for _, share in cells][:7] == ["1.00", "9.00", "40.00", "10.00", "30.00", "9.50", "0.50"]
    assert "旧版・削除" in html


def test_a_case_without_stores_has_no_such_section(tmp_path: Path) -> None:
    out = Sink(tmp_path / "out")
    TimelineHtml().write(with_timeline(tmp_path / "case", mail(1, moments=[sent(JUNE)])), out)
    assert "バイト会計</span>" not in (out.folder / "timeline.html").read_text(encoding="utf-8").partition("件数")[0]


def test_the_details_say_how_an_item_was_found_and_what_is_the_same(tmp_path: Path) -> None:
    case = _case(tmp_path)
    ids = {row["subject"]: row["id"] for row in case.rows("SELECT id, subject FROM message")}
    messages = timeline_rows.details(case, list(ids.values()), [])[0]["messages"]
    older, live = messages[ids["件名 2"]], messages[ids["件名 1"]]
    assert older[10:] == ["older_version", "certain", _GROUND, "4096", "88", "", "every recipient", ""]
    assert live[10:] == ["", "", "", "", "", "", "", "1"]


def test_the_table_of_messages_names_tier_confidence_and_what_is_gone(tmp_path: Path) -> None:
    out = Sink(tmp_path / "out")
    MessagesCsv().write(_case(tmp_path), out)
    with (out.folder / "messages.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = {row["subject"]: row for row in csv.DictReader(handle)}
    assert (rows["件名 2"]["tier"], rows["件名 2"]["confidence"]) == ("older_version", "certain")
    assert (rows["件名 2"]["overwritten"], rows["件名 1"]["tier"]) == ("every recipient", "")
    told = json.loads((out.folder / "messages.csv.json").read_text())
    assert sum(size for _, size, _ in told["byte_accounts"][0]["uses"]) == told["byte_accounts"][0]["size"] == 1000


def test_every_tier_and_confidence_of_the_engine_has_words() -> None:
    from forensics.formats.pst.recovery.found import Confidence, Tier

    assert set(words.TIERS) == set(Tier)
    assert set(words.CONFIDENCES) == set(Confidence)


def test_every_ground_that_the_engine_gives_has_words() -> None:
    import ast
    import inspect

    from forensics.formats.pst import folders
    from forensics.formats.pst.messaging import store
    from forensics.formats.pst.recovery import recover

    given = set()
    for module in (folders, store, recover):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Place" and len(node.args) == 2:
                given |= {node.args[1].value} if isinstance(node.args[1], ast.Constant) else set()
    assert given - {""} <= set(words.GROUNDS)
    assert len(given) > 4


@needs_chromium
def test_the_detail_pane_shows_the_former_folder_and_the_confidence(tmp_path: Path) -> None:
    out = Sink(tmp_path / "out")
    TimelineHtml().write(_case(tmp_path), out)
    with Browser() as browser:
        browser.open(out.folder / "timeline.html")
        browser.settle()
        browser.run("document.querySelector('.r.gone').click()")
        browser.settle()
        detail = browser.run("document.getElementById('detail').textContent")
        for text in (
            "元のフォルダ/送信済み",
            "現存アイテムの旧版",
            "確実",
            "旧いノード索引の頁が別のブロックを指す",
            "every recipient",
            "4096",
        ):
            assert text in detail
        assert browser.errors == []
