"""The timeline page: self-contained, dead to hostile mail, usable; the last tests look at it in a headless Chromium."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from forensics.records import Record
from forensics.reports import timeline_html
from forensics.reports.sink import Sink
from forensics.reports.timeline_html import TimelineHtml
from tests.casebuilder import JUNE, CaseBuilder, mail, sent
from tests.reports.browser import Browser, needs_chromium
from tests.reports.cases import HOUR, finished, hostile, ordinary, with_timeline


def page(tmp_path: Path, records: list[Record], **facts: str) -> Path:
    case = with_timeline(tmp_path / "case", records, unclaimed=["000002"], **facts)
    out = Sink(tmp_path / "out")
    TimelineHtml().write(case, out)
    return out.folder / "timeline.html"


def elements(html: str, name: str) -> list[str]:
    return re.findall(rf"<{name}>(.*?)</{name}>", html, re.DOTALL)


def test_the_page_allows_nothing_but_its_own_script_and_style(tmp_path: Path) -> None:
    html = page(tmp_path, hostile()).read_text(encoding="utf-8")
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[0].replace("&#39;", "'")
    allowed = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert allowed["default-src"] == "'none'"
    for name, rule in (("script", "script-src"), ("style", "style-src")):
        (text,) = elements(html, name)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert allowed[rule] == f"'sha256-{digest}'"


def test_the_page_names_nothing_outside_itself(tmp_path: Path) -> None:
    html = page(tmp_path, ordinary()).read_text(encoding="utf-8")
    html = re.sub(r'(<script type="text/plain" id="\w+">)[A-Za-z0-9+/=]*</script>', r"\1</script>", html)
    assert not re.search(r"https?:|//[a-z]|\b(src|href|action|style|on\w+)=", html)


def test_nothing_from_evidence_becomes_markup(tmp_path: Path) -> None:
    title = "</title><script>document.title='owned'</script>"
    html = page(tmp_path, hostile(), title=title, examiner="\u202eevil").read_text(encoding="utf-8")
    assert html.count("<script") == 3
    assert "owned" not in html.replace("&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;", "")
    assert "⟦U+202E⟧evil" in html


def test_the_head_says_where_everything_comes_from(tmp_path: Path) -> None:
    target = page(tmp_path, ordinary())
    case = CaseBuilder.__new__(CaseBuilder)
    case.folder = tmp_path / "case"
    view = case.view()
    html = target.read_text(encoding="utf-8")
    for said in (
        "架空商事 情報漏えい調査",
        "山田 花子",
        view.facts.id,
        view.lines[-1].sha256,
        view.evidence[0].manifest_sha256,
        "Asia/Tokyo / UTC",
        "EV-0001/000001/message:000009",
        "cut short at byte 77",
        "memo.bin",
    ):
        assert said in html


def test_the_same_case_gives_the_same_page(tmp_path: Path) -> None:
    case = with_timeline(tmp_path / "case", ordinary())
    made = []
    for name in ("one", "two"):
        TimelineHtml().write(case, out := Sink(tmp_path / name))
        made.append(out.written)
    assert made[0] == made[1]


def test_too_many_events_become_an_index_and_a_page_a_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_html, "EVENTS_PER_PAGE", 10)
    months = [r for n in range(25) for r in mail(n, moments=[sent(JUNE + n * 48 * HOUR)])]
    case = with_timeline(tmp_path / "case", [*months, *mail(99)])
    TimelineHtml().write(case, out := Sink(tmp_path / "out"))
    names = [entry.name for entry in out.written]
    assert names == [
        "timeline-2026-06-1.html",
        "timeline-2026-06-2.html",
        "timeline-2026-07.html",
        "timeline-no-time.html",
        "timeline.html",
    ]
    index = (tmp_path / "out" / "timeline.html").read_text(encoding="utf-8")
    assert [f'href="{name}"' in index for name in names[:4]] == [True] * 4


def test_too_much_body_text_is_left_out_and_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.reports.timeline_rows.EXCERPTS_IN_ALL", 10)
    assert "it carries none" in page(tmp_path, ordinary()).read_text(encoding="utf-8")


def test_a_case_without_mail_has_its_page(tmp_path: Path) -> None:
    assert "EV-0001" in page(tmp_path, []).read_text(encoding="utf-8")


@needs_chromium
def test_hostile_mail_runs_nothing_and_asks_for_nothing(tmp_path: Path) -> None:
    target = page(tmp_path, hostile(), title="<img src=x onerror=\"document.title='owned'\">")
    with Browser() as browser:
        browser.open(target)
        for number in range(len(hostile()) // 4):
            browser.run(f"document.querySelectorAll('.r')[{number}]?.click()")
        browser.settle()
        assert "owned" in browser.run("document.getElementById('rows').textContent")
        assert browser.run("document.title").startswith("<img")
        assert (
            browser.run("document.querySelectorAll('#rows script, #rows img, #rows a, #detail img, #detail a').length")
            == 0
        )
        assert browser.run("document.body.innerText").count("⟦U+202E⟧") > 0
        assert "\u202e" not in browser.run("document.body.innerText")
        # The browser draws the calendar of its own date fields from a data: address; the page is all it asks for.
        assert [each for each in browser.requests if not each.startswith("data:image/svg+xml")] == [target.as_uri()]
        assert browser.errors == browser.dialogs == []


def status(browser: Browser) -> int:
    browser.settle()
    text = browser.run("document.getElementById('status').textContent")
    return int(re.findall(r"[\d,]+", text)[1].replace(",", ""))


def enter(browser: Browser, name: str, value: str) -> int:
    browser.run(
        f"document.getElementById('clear').click(); var e = document.getElementById('f-{name}'); e.value = {value!r};"
        "e.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    return status(browser)


@needs_chromium
def test_filters_sort_details_and_language_work(tmp_path: Path) -> None:
    with Browser() as browser:
        browser.open(page(tmp_path, ordinary()))
        assert enter(browser, "person", "SUZUKI＠example.com") == 60
        assert enter(browser, "text", "件名 7") == 3
        assert enter(browser, "from", "2026-06-09") == 9
        assert enter(browser, "to", "2026-06-01") == 10
        assert enter(browser, "meaning", "relayed") == 40
        assert enter(browser, "recovery", "*") == 12
        assert enter(browser, "person", "nobody") == 0
        assert enter(browser, "person", "") == 122
        browser.run("document.querySelectorAll('#gridhead button')[1].click()")
        assert "時刻不明" in browser.run("document.querySelector('.r').textContent")
        browser.run("document.querySelectorAll('#gridhead button')[1].click(); document.querySelector('.r').click()")
        browser.settle()
        detail = browser.run("document.getElementById('detail').textContent")
        assert "本文 0" in detail
        assert "見積書0.xlsx" in detail
        browser.run("document.getElementById('language').click()")
        assert "It is recorded that the account sato@example.jp" in browser.run(
            "document.getElementById('detail').textContent"
        )
        assert browser.run("getComputedStyle(document.querySelector('header .ja')).display") == "none"
        assert browser.errors == []


@needs_chromium
def test_dragging_over_the_chart_chooses_days(tmp_path: Path) -> None:
    with Browser() as browser:
        browser.open(page(tmp_path, ordinary()))
        box = browser.run("JSON.parse(JSON.stringify(document.getElementById('chart').getBoundingClientRect()))")
        y, first, last = box["y"] + 50, box["x"] + 60, box["x"] + box["width"] / 2
        for kind, x in (("mousePressed", first), ("mouseMoved", last), ("mouseReleased", last)):
            browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        assert 0 < status(browser) < 122
        assert browser.run("document.getElementById('f-from').value") == "2026-06-01"


@needs_chromium
def test_repeats_of_copies_can_be_folded(tmp_path: Path) -> None:
    case = CaseBuilder(tmp_path / "case")
    for name in ("EV-0001", "EV-0002"):
        case.evidence(name)
        case.parsed(mail(1, evidence=name, moments=[sent()]), name)
    TimelineHtml().write(finished(case), out := Sink(tmp_path / "out"))
    with Browser() as browser:
        browser.open(out.folder / "timeline.html")
        assert status(browser) == 1
        browser.run("document.getElementById('f-fold').click()")
        assert status(browser) == 2
        assert "同一記録" in browser.run("document.querySelectorAll('.r')[1].textContent")


@needs_chromium
def test_paper_carries_the_filtered_rows_as_a_plain_table(tmp_path: Path) -> None:
    with Browser() as browser:
        browser.open(page(tmp_path, ordinary()))
        enter(browser, "recovery", "*")
        browser.pdf(tmp_path / "page.pdf")
        assert browser.run("document.querySelectorAll('#print tbody tr').length") == 12
        assert "12 件" in browser.run("document.getElementById('print').textContent")
        assert (tmp_path / "page.pdf").stat().st_size > 10_000
