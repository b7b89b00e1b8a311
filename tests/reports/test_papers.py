"""Papers are filled from the ledger, name their lines, and show what is missing as missing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from forensics.casefile.acts import Act, Phase
from forensics.casefile.ledger import Entry, Ledger
from forensics.errors import UsageError
from forensics.evidence.answers import payload
from forensics.reports import papers
from forensics.reports.papers import dates, web, word
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import (
    Code,
    Decide,
    Document,
    Fact,
    Facts,
    Heading,
    Missing,
    Paragraph,
    Ref,
    Signature,
    Table,
)
from forensics.reports.papers.options import PaperOptions
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection
from forensics.reports.sink import Sink
from tests.casebuilder import CASE_ID, JUNE, SECOND, CaseBuilder, mail, sent
from tests.cli.command import here
from tests.reports.cases import ATTACKS

EVERY = [kind for name in papers.__all__ if issubclass(kind := getattr(papers, name), Paper)]
FORBIDDEN = ("改ざん不可能", "proves admissible", "court-certified", "tamper-proof")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


class Custody:
    """Writes lines of custody to the ledger of a made-up case."""

    def __init__(self, builder: CaseBuilder) -> None:
        self.builder = builder
        self.clock = JUNE + 3600 * SECOND

    def add(self, act: Act, **fields: Any) -> str:
        self.clock += SECOND
        actor = {"name": "山田 花子", "org": "Example Forensics"}
        given: dict[str, Any] = {"phase": Phase.DONE, "step": f"s{self.clock}", "actor": actor, "authority": "委任契約"}
        with Ledger(self.builder.folder / "ledger", CASE_ID) as ledger:
            return str(ledger.append(Entry(act=act, ts_ns=self.clock, **{**given, **fields})).value["id"])

    def answer(self, item: str = "", **answers: Any) -> None:
        data = payload({item: answers})
        sha256 = hashlib.sha256(data).hexdigest()
        folder = self.builder.folder / "ledger/attached"
        folder.mkdir(exist_ok=True)
        (folder / sha256).write_bytes(data)
        self.add(Act.CASE_SET, params={"answers": {"sha256": sha256, "names": {item: sorted(answers)}}})


@pytest.fixture
def case(tmp_path: Path) -> CaseBuilder:
    builder = CaseBuilder(tmp_path / "case", legal_basis="委任契約 2026年6月1日")
    builder.evidence(source="/media/seized")
    builder.parsed(
        [
            *mail(1, moments=[sent()], date_utc=JUNE, raw_sha256="ab" * 32),
            *mail(2, sender="", sender_address="", subject=""),
        ]
    )
    return builder


def paper(kind: type[Paper], case: CaseBuilder, language: str = "ja", **options: Any) -> Document:
    selection = options.pop("selection", None)
    return kind().document(Material(case.view(), PaperOptions(language=language, **options)), selection)


def text_of(document: Document) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", web.page(document).decode().partition("<body")[2])))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_each_paper_says_what_it_was_made_from_and_what_is_missing(
    kind: type[Paper], language: str, case: CaseBuilder
) -> None:
    document = paper(kind, case, language)
    text = text_of(document)
    assert case.view().lines[-1].sha256 in text
    assert document.missing() or document.open()
    for gap in document.missing():
        assert gap.what in text
    assert not [words for words in FORBIDDEN if words in text]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_a_case_with_nothing_in_it_gives_every_paper_too(kind: type[Paper], tmp_path: Path) -> None:
    assert paper(kind, CaseBuilder(tmp_path / "empty"), "en").missing() or kind.name == "exhibit-list"


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_a_paper_written_twice_is_the_same_bytes(kind: type[Paper], case: CaseBuilder, tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        sink = Sink(tmp_path / name)
        kind().write(case.view(), sink)
        written.append(sink.written)
    assert written[0] == written[1]
    assert [each.name.removeprefix(f"{kind.name}.ja.") for each in written[0]] == ["docx", "html", "html.json"]


def test_what_is_missing_stands_in_the_sidecar_by_its_key(case: CaseBuilder, tmp_path: Path) -> None:
    papers.AcquisitionReport().write(case.view(), Sink(tmp_path))
    facts = json.loads((tmp_path / "acquisition-report.ja.html.json").read_bytes())
    assert {"A3.custodian", "A6.proof", "A8.skew"} <= {each["key"] for each in facts["missing"]}
    assert facts["ledger"]["sha256"] == case.view().lines[-1].sha256


def test_an_answer_fills_the_paper_and_names_its_line(case: CaseBuilder) -> None:
    custody = Custody(case)
    custody.answer(custodian="佐藤 健太")
    document = paper(papers.CustodyForm, case)
    assert "佐藤 健太（台帳4行）" in text_of(document)
    assert "A3.custodian" not in {gap.key for gap in document.missing()}


def test_every_event_of_an_item_stands_in_the_custody_form(case: CaseBuilder) -> None:
    custody = Custody(case)
    custody.add(Act.STORE_IN, params={"evidence": "EV-0001"}, place="金庫 2")
    wrong = custody.add(Act.STORE_OUT, params={"evidence": "EV-0001"}, why="解析のため")
    custody.add(Act.CORRECT, corrects=wrong, why="日時の誤り", params={"evidence": "EV-0001"})
    text = text_of(paper(papers.CustodyForm, case))
    for words in ("取得", "保管庫への収納", "金庫 2", "解析のため", "（6行で訂正された）", "（5行を訂正する）"):
        assert words in text


def test_events_that_do_not_fit_are_counted_and_named_by_their_lines(
    case: CaseBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    custody = Custody(case)
    for _ in range(6):
        custody.add(Act.STORE_IN, params={"evidence": "EV-0001"})
    monkeypatch.setattr("forensics.reports.papers.custody_form.EVENTS_SHOWN", 3)
    assert "ほか5件は台帳5–9行にある。" in text_of(paper(papers.CustodyForm, case))


def test_a_hand_over_without_an_arrival_is_in_transit(case: CaseBuilder) -> None:
    custody = Custody(case)
    items = [{"id": "EV-0001", "sha256": "cd" * 32}]
    parties = {"from": {"name": "山田 花子"}, "to": {"name": "鈴木 一郎", "org": "鈴木法律事務所"}}
    out = custody.add(Act.TRANSFER_OUT, params={**parties, "method": "手渡し"}, inputs=items)
    document = paper(papers.CustodyForm, case)
    assert "輸送中（受取りの記録なし）" in text_of(document)
    assert {"C.in", "C.seal", "C.medium"} <= {gap.key for gap in document.missing()}
    checked = [{"id": "EV-0001", "sha256": "cd" * 32, "holds": True}]
    custody.add(Act.TRANSFER_IN, params={"answers": out, "condition": "封印異常なし"}, result={"checked": checked})
    signature = case.folder / "ledger/checkpoints/00000004.yamada@example.jp.transfer.sshsig"
    signature.parent.mkdir()
    signature.write_bytes(b"")
    document = paper(papers.CustodyForm, case)
    text = text_of(document)
    assert "EV-0001: 一致" in text
    assert "yamada@example.jp" in text
    assert [gap.what for gap in document.missing() if gap.key == "C.signature"] == ["受け取った者の署名"]
    assert "引渡し 1：受取り済み" in text
    assert "鈴木 一郎, 鈴木法律事務所" in text
    assert "封印異常なし" in text


def test_a_view_of_content_names_viewer_reason_and_approval_or_says_that_they_are_missing(case: CaseBuilder) -> None:
    custody = Custody(case)
    custody.add(
        Act.CONTENT_VIEW, params={"request": "R-1", "message": "M-1", "part": "本文", "viewers": ["甲野", "乙野"]}
    )
    document = paper(papers.CustodyForm, case)
    text = text_of(document)
    assert "内容の閲覧と書出し" in text
    assert "甲野; 乙野" in text
    assert {gap.key for gap in document.missing()} >= {"D.reason"}


def test_keys_seals_and_witnesses_stand_in_words_of_their_own(case: CaseBuilder) -> None:
    custody = Custody(case)
    custody.add(Act.KEY_ADD, params={"vkey": "email-forensics/x+12345678+AAAA"})
    custody.add(
        Act.SEAL, phase=Phase.FINISHED, params={"evidence": "EV-0001"}, result={"messages": 2, "root": "ef" * 32}
    )
    custody.add(Act.WITNESS, params={"who": "witness@example.jp", "size": 5, "fingerprint": "SHA256:abc"})
    text = text_of(paper(papers.CustodyForm, case))
    assert "email-forensics/x+12345678+AAAA" in text
    assert f"メッセージ2件、根ハッシュ {'ef' * 32}" in text
    assert "witness@example.jp が台帳5行までに署名（SHA256:abc）" in text
    report = paper(papers.AcquisitionReport, case)
    assert "A11.seal" not in {gap.key for gap in report.missing()}
    assert "witness@example.jp" in text_of(report)


def test_a_time_stamp_stands_with_the_time_and_number_of_its_authority(case: CaseBuilder) -> None:
    result = {"serial": "77", "policy": "1.2.3", "time_ns": JUNE, "trusted": True}
    Custody(case).add(Act.CHECKPOINT_STAMP, params={"size": 3, "tsa": "http://tsa.example.jp"}, result=result)
    text = text_of(paper(papers.CustodyForm, case, "en"))
    assert "lines 1–3, stamped 1 June 2026, 10:03:12 JST (2026-06-01 01:03:12 UTC), serial 77, policy 1.2.3" in text


def test_a_receipt_is_printed_as_it_was_given(case: CaseBuilder) -> None:
    line = f"email-forensics/{CASE_ID} 3 AAAA 2026-06-01T02:03:12Z"
    Custody(case).add(Act.RECEIPT, params={"to": "弁護士"}, result={"receipt": line})
    for kind in (papers.CustodyForm, papers.Statement):
        assert line in text_of(paper(kind, case))


def test_a_later_report_does_not_change_a_paper(case: CaseBuilder) -> None:
    before = web.page(paper(papers.CustodyForm, case))
    Custody(case).add(Act.REPORT, phase=Phase.FINISHED, params={"report": "timeline-csv"})
    assert web.page(paper(papers.CustodyForm, case)) == before


def test_the_exhibit_list_has_the_columns_of_the_courts_and_leaves_the_point_to_the_lawyer(case: CaseBuilder) -> None:
    chosen = Selection(where="subject = '件名 1'")
    document = paper(papers.ExhibitList, case, selection=chosen, era=True, exhibit="乙", first=3)
    table = next(block for block in document.blocks if isinstance(block, Table))
    assert table.columns == ("号証", "標目", "原本・写しの別", "作成年月日", "作成者", "立証趣旨", "備考")
    (row,) = table.rows
    assert row[0] == ("乙第3号証",)
    assert row[1] == ("メール（件名「件名 1」）を印刷した書面",)
    assert row[3] == ("令和8年6月1日",)
    assert isinstance(row[5][0], Decide)
    assert Code(text="ab" * 32) in row[6]


def test_a_message_without_sender_or_date_is_shown_as_lacking_them(case: CaseBuilder) -> None:
    document = paper(papers.ExhibitList, case, "en", selection=Selection(where="subject = ''"))
    said = {gap.what for gap in document.missing()}
    assert {"author (the message names no sender)", "date (the message states none)"} <= said


def test_the_certificate_lists_the_proffered_messages_with_their_hashes(case: CaseBuilder) -> None:
    text = text_of(paper(papers.Certificate14, case, "en", selection=Selection(where="subject = '件名 1'")))
    assert "ab" * 32 in text
    assert "[MISSING: date and time, value, and whether it was identical (902(14))]" in text
    assert "under penalty of perjury" in text


def test_a_certificate_without_papers_of_the_acquisition_claims_nothing_of_it(case: CaseBuilder) -> None:
    keys = {gap.key for gap in paper(papers.Certificate14, case, "en").missing()}
    assert {"A9.algorithms", "A9.copy", "A9.source"} <= keys


def test_text_from_evidence_stays_text(tmp_path: Path) -> None:
    builder = CaseBuilder(tmp_path / "case", title=ATTACKS[0], legal_basis=ATTACKS[3])
    builder.evidence(source="".join(ATTACKS[:6]).replace("\0", ""))
    builder.parsed([each for n, attack in enumerate(ATTACKS) for each in mail(n, subject=attack, sender=attack)])
    chosen = Selection(where="true")
    document = paper(papers.ExhibitList, builder, selection=chosen)
    page = web.page(document).decode()
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert "⟦U+202E⟧" in page
    ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(word.file(document))).read("word/document.xml"))


def test_options_that_cannot_be_are_refused(case: CaseBuilder, tmp_path: Path) -> None:
    for options in (PaperOptions(language="fr"), PaperOptions(exhibit="<b>"), PaperOptions(first=0)):
        with pytest.raises(UsageError):
            papers.CustodyForm().write(case.view(), Sink(tmp_path), options=options)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 6, 1), "令和8年6月1日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1873, 1, 1), "明治6年1月1日"),
        (date(1872, 12, 31), "1872年12月31日"),
    ],
)
def test_a_day_stands_in_its_era(day: date, said: str) -> None:
    assert dates.in_era(day) == said


def test_a_moment_names_its_zone_and_utc() -> None:
    ja, en = (dates.Calendar(zone="Asia/Tokyo", language=language) for language in ("ja", "en"))
    assert ja.moment(JUNE) == "2026年6月1日(月) 10時03分12秒 JST（UTC 2026-06-01 01:03:12）"
    assert en.moment(JUNE) == "1 June 2026, 10:03:12 JST (2026-06-01 01:03:12 UTC)"
    assert dates.Calendar(zone="Asia/Tokyo", language="ja", era=True).day(JUNE) == "令和8年6月1日"


SAMPLE = Document(
    title="題",
    language="ja",
    case_id=CASE_ID,
    made_from="台帳",
    moment_ns=JUNE,
    blocks=(
        Heading(text="見出し"),
        Paragraph(runs=("本文", Missing(what="氏名", key="A3.holder"), Decide(what="裁判所"), Ref(lines=(3, 4, 9)))),
        Facts(rows=(Fact(name="名", value=(Code(text="ab"),)),)),
        Table(columns=("甲", "乙"), rows=((("1",), ("2",)),), widths=(1, 2)),
        Signature(role="作業者", name=("山田",), lines=("署名",)),
    ),
)


def test_gaps_stand_out_in_html() -> None:
    page = web.page(SAMPLE).decode()
    assert '<span class="missing">【未記入：氏名（A3）】</span>' in page
    assert '<span class="open">【要判断：裁判所】</span>' in page
    assert "（台帳3–4, 9行）" in page


def test_the_page_names_nothing_outside_itself() -> None:
    page = web.page(SAMPLE).decode()
    assert not re.search(r"( src=|href|url\(|@import|https?:)", page)
    digest = re.search(r"style-src 'sha256-([^']+)'", page)
    style = re.search(r"<style>(.*)</style>", page, re.DOTALL)
    assert digest is not None
    assert style is not None
    assert base64.b64decode(digest[1]) == hashlib.sha256(style[1].encode()).digest()


def test_gaps_stand_out_in_a_word_processor() -> None:
    parts = zipfile.ZipFile(io.BytesIO(word.file(SAMPLE)))
    assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    tree = ElementTree.fromstring(parts.read("word/document.xml"))
    marked = {
        "".join(each.text or "" for each in run.iter(f"{W}t")): mark.get(f"{W}val")
        for run in tree.iter(f"{W}r")
        for mark in run.iter(f"{W}highlight")
    }
    assert marked == {"【未記入：氏名（A3）】": "yellow", "【要判断：裁判所】": "cyan"}
    size = next(tree.iter(f"{W}pgSz"))
    assert (size.get(f"{W}w"), size.get(f"{W}h")) == ("11906", "16838")
    assert b"\xef\xbc\xad\xef\xbc\xb3 \xe6\x98\x8e\xe6\x9c\x9d" in parts.read("word/styles.xml")
    assert b"2026-06-01T01:03:12Z" in parts.read("docProps/core.xml")


def test_the_verb_writes_a_paper_in_the_language_that_is_asked_for(case: CaseBuilder) -> None:
    here("case", "set", case.folder, "role=鑑定人")
    done = here("report", "custody-form", "--case", case.folder, "--language", "en", "--json")
    assert done.code == 0
    assert done.object["reports"][0]["report"] == "custody-form.en"
    again = here("report", "custody-form", "--case", case.folder, "--language", "en", "--json").object
    assert again["reports"][0]["unchanged"] is True
    assert here("report", "custody-form", "--case", case.folder, "--json").object["reports"][0]["unchanged"] is False


def test_a_paper_needs_no_timeline_and_a_timeline_report_does(case: CaseBuilder) -> None:
    here("case", "set", case.folder, "role=鑑定人")
    assert here("report", "statement", "--case", case.folder).code == 0
    assert here("report", "timeline-csv", "--case", case.folder).code == 2
