"""Papers about an incident: every item is there, what nobody knows is marked, deadlines are as the rule says."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zipfile
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from forensics import canonical
from forensics.casefile.acts import Act, Phase
from forensics.casefile.ledger import Entry, Ledger
from forensics.errors import UsageError
from forensics.findings.finding import Because, Confidence, Finding, Looked
from forensics.reports import papers
from forensics.reports.papers import deadlines, web
from forensics.reports.papers.exhibit_numbers import LONGEST, Exhibit, file_name
from forensics.reports.papers.families import FAMILIES
from forensics.reports.papers.incident import Incident
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Document, Table
from forensics.reports.papers.nine_items import TITLES, TO_PERSONS
from forensics.reports.papers.options import PaperOptions
from forensics.reports.papers.paper import Paper
from forensics.reports.papers.redaction import BOX, Redactor
from forensics.reports.papers.words_of_html import words_of
from forensics.reports.selection import Selection
from forensics.reports.sink import Sink
from tests.casebuilder import CASE_ID, JUNE, SECOND, CaseBuilder, attached, mail, sent
from tests.reports.cases import ATTACKS

NEW = (
    papers.InvestigationReport,
    papers.LeakReport,
    papers.PpcReport,
    papers.PpcReportFinal,
    papers.PersonNotice,
    papers.InterviewSheets,
    papers.DeletionRequest,
    papers.PreventionTable,
    papers.ActionChecklist,
)
ALL = Selection(where="true")


def found(builder: CaseBuilder, rule: str, *claims: tuple[str, Confidence], subject: str = "", why: str = "") -> None:
    """Put findings of a rule on the ledger of a made-up case, as the examination does."""
    because = Because(ja="理由", en="reason", record=subject, address="EV-0001/000001/message:1")
    findings = [
        Finding(
            rule=rule,
            version="1",
            subject=(subject,),
            claim_ja=claim,
            claim_en=f"{rule}: {claim}",
            because=(because,),
            confidence=confidence,
            also_possible=(("誤解", "a misunderstanding"),),
            does_not_show=(("誰が操作したか", "who acted"),),
        ).plain()
        for claim, confidence in claims
    ]
    reasons = ((f"実行していない: {why}", f"not run, because {why}"),) if why else ()
    looked = Looked(rule=rule, version="1", considered=7, found=len(findings), why_not=reasons).plain()
    data = b"".join(canonical.encode(each) + b"\n" for each in [*findings, looked])
    path = builder.folder / "findings" / f"{rule}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    params = {"rule": rule, "title_ja": f"規則{rule}", "title_en": f"Rule {rule}", "version": "1"}
    listed = {"path": f"findings/{rule}.jsonl", "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    with Ledger(builder.folder / "ledger", CASE_ID) as ledger:
        ledger.append(
            Entry(act=Act.FIND, phase=Phase.FINISHED, step=f"find {rule}", ts_ns=JUNE, params=params, outputs=(listed,))
        )


def id_of(builder: CaseBuilder, subject: str) -> str:
    return str(builder.view().rows("SELECT id FROM message WHERE subject = $1", [subject])[0]["id"])


@pytest.fixture
def case(tmp_path: Path) -> CaseBuilder:
    builder = CaseBuilder(tmp_path / "case", client="青葉電機株式会社")
    builder.evidence(source="/media/seized")
    first = mail(1, moments=[sent()], to=["x@other.example", "y@other.example"], date_utc=JUNE, body="田中\n恵子です。")
    builder.parsed(
        [*first, attached(first[0], 1, "顧客 一覧.xlsx"), *mail(2, moments=[sent()], date_utc=JUNE + SECOND)]
    )
    one = id_of(builder, "件名 1")
    found(builder, "D05a", ("誤った宛先への送信の記録がある。", Confidence.LIKELY), subject=one)
    found(
        builder,
        "C03",
        ("1,200 人分の名簿がある。", Confidence.LIKELY),
        ("30名の表がある。", Confidence.POSSIBLE),
        subject=one,
    )
    found(builder, "C07", ("メール本文にパスワードの記載がある（******）。", Confidence.LIKELY), subject=one)
    found(builder, "T02")
    found(builder, "D02", why="この事件に社員名簿がない")
    return builder


def material(case: CaseBuilder, language: str = "ja", **options: Any) -> Material:
    return Material(case.view(), PaperOptions(language=language, **options))


def paper(kind: type[Paper], case: CaseBuilder, language: str = "ja", selection: Selection | None = None) -> Document:
    return kind().document(material(case, language), selection)


def text_of(document: Document) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", web.page(document).decode().partition("<body")[2])))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", [papers.PpcReport, papers.PpcReportFinal], ids=lambda kind: kind.name)
def test_a_report_to_the_authority_has_its_nine_items_in_their_order(
    kind: type[Paper], language: str, case: CaseBuilder
) -> None:
    text = text_of(paper(kind, case, language))
    places = [text.index(f"{n} {ja}" if language == "ja" else f"{n}. {en}") for n, (ja, en) in TITLES.items()]
    assert len(places) == 9
    assert places == sorted(places)
    assert ("該当性は弁護士判断" if language == "ja" else "for counsel") in text
    assert ("未完成（INCOMPLETE）" if language == "ja" else "INCOMPLETE. Facts missing") in text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_notice_to_persons_has_its_five_items_and_no_evidence_in_the_letter(language: str, case: CaseBuilder) -> None:
    text = text_of(paper(papers.PersonNotice, case, language))
    letter, _, kept = text.partition("控え（本人には送付しない）" if language == "ja" else "Kept on file (not sent)")
    assert TO_PERSONS == (1, 2, 4, 5, 9)
    for number in TO_PERSONS:
        assert TITLES[number][0 if language == "ja" else 1] in letter
    for number in (3, 6, 7, 8):
        assert TITLES[number][0 if language == "ja" else 1] not in letter
    assert "EV-0001" not in letter
    assert ("台帳" if language == "ja" else "ledger line") not in letter.partition("】")[2]
    assert "青葉電機株式会社" in letter
    assert kept


@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_nobody_knows_is_marked_as_not_known(language: str, case: CaseBuilder) -> None:
    document = paper(papers.PpcReportFinal, case, language)
    text = text_of(document)
    assert ("【未確認：発見者" if language == "ja" else "[NOT KNOWN: found by") in text
    unknown = {gap.key for gap in document.missing() if gap.unknown}
    assert {"F1.known", "F2.items", "F4.cause", "F5.harm", "F6.persons", "F7.public", "F8.done", "F9.other"} <= unknown


def test_without_the_day_of_knowledge_no_deadline_is_computed(case: CaseBuilder) -> None:
    text = text_of(paper(papers.PpcReport, case))
    assert "起算日が分からないため、期限を計算していない。" in text
    case.answered({"": {"incident_known": "たぶん先週"}})
    assert "「たぶん先週」は日付として読めない。" in text_of(paper(papers.PpcReport, case))
    case.answered({"": {"incident_known": "2021-05-01"}})
    assert "2021-05-01に適用される規則がない" in text_of(paper(papers.PpcReport, case))


def test_an_answer_gives_the_deadlines_and_says_which_applies(case: CaseBuilder) -> None:
    case.answered({"": {"incident_known": "2026-06-01 09:30", "incident_category": "１、３"}})
    text = text_of(paper(papers.PpcReport, case))
    for said in ("2026年6月3日(水)", "2026年6月5日(金)", "2026年6月30日(火)", "2026年7月30日(木)"):
        assert said in text
    assert "確報（不正の目的のおそれ）【適用】" in text
    assert "ppc-jp-2024-04" in text
    assert "該当（弁護士の判断）" in text


@pytest.mark.parametrize(
    ("known", "final", "improper", "moved"),
    [
        (date(2026, 6, 1), date(2026, 6, 30), date(2026, 7, 30), ()),
        (date(2026, 12, 1), date(2027, 1, 4), date(2027, 1, 29), ("年末年始", "元日")),
        (date(2026, 12, 5), date(2027, 1, 4), date(2027, 2, 2), ("年末年始",)),
        (date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 30), ()),
        (date(2028, 2, 1), date(2028, 3, 1), date(2028, 3, 31), ()),
        (date(2027, 1, 31), date(2027, 3, 1), date(2027, 3, 31), ()),
        (date(2026, 4, 4), date(2026, 5, 7), date(2026, 6, 2), ("憲法記念日", "みどりの日", "こどもの日")),
    ],
)
def test_the_final_report_is_due_on_an_open_day(
    known: date, final: date, improper: date, moved: tuple[str, ...]
) -> None:
    rule = deadlines.rule_on(known)
    assert rule is not None
    due = {each.name: each for each in deadlines.deadlines(known, rule)}
    assert (due["final"].due, due["final_improper"].due) == (final, improper)
    assert set(moved) <= set(due["final"].moved_by)
    assert (due["preliminary_to"].due - known).days == 4


def test_days_are_read_in_the_forms_that_people_write() -> None:
    for text in ("2026-06-01", "2026-06-01T09:30", "2026/6/1 9:30", "2026年6月1日"):
        assert deadlines.day_of(text) == date(2026, 6, 1)
    for text in ("", "2026-13-01", "6月1日", "2026-06-011"):
        assert deadlines.day_of(text) is None


def test_the_rule_file_is_dated_and_the_rule_of_the_day_holds() -> None:
    assert deadlines.rule_on(date(2022, 3, 31)) is None
    before, after = deadlines.rule_on(date(2024, 3, 31)), deadlines.rule_on(date(2024, 4, 1))
    assert before is not None
    assert after is not None
    assert (before.id, after.id) == ("ppc-jp-2022-04", "ppc-jp-2024-04")
    with pytest.raises(UsageError, match="this rule file cannot be used"):
        deadlines.read_rules(b"rules: [{id: x}]", "here")


def test_persons_have_a_least_and_a_most(case: CaseBuilder) -> None:
    assert Incident(material(case)).numbers() == (1200, 1230)
    text = text_of(paper(papers.LeakReport, case))
    assert "1,200" in text
    assert "1,230" in text
    found(case, "C09", ("件数の分からない一覧がある。", Confidence.LIKELY))
    assert Incident(material(case)).numbers() == (1200, None)
    case.answered({"": {"persons_maximum": "1,500"}})
    assert "1,500" in text_of(paper(papers.LeakReport, case))


def test_a_leak_report_names_route_messages_and_recipients(case: CaseBuilder) -> None:
    text = text_of(paper(papers.LeakReport, case))
    for said in ("誤った宛先への送信の記録がある。", "x@other.example", "y@other.example", "顧客 一覧.xlsx", "EV-0001"):
        assert said in text


def test_a_selection_leaves_out_findings_on_other_messages(case: CaseBuilder) -> None:
    text = text_of(paper(papers.LeakReport, case, selection=Selection(where="subject = '件名 2'")))
    assert "誤った宛先への送信の記録がある。" not in text
    assert "作成時に選択されたメール" in text


def test_the_investigation_report_tells_findings_what_was_not_found_and_what_was_not_run(case: CaseBuilder) -> None:
    document = paper(papers.InvestigationReport, case)
    text = text_of(document)
    for said in ("推定", "誤解", "この所見が示さないこと", "誰が操作したか"):
        assert said in text
    nothing = text[text.index("第５") : text.index("第６")]
    not_run = text[text.index("第６") : text.index("第７")]
    assert "T02" in nothing
    assert "D02" not in nothing
    assert "この事件に社員名簿がない" in not_run
    assert "網羅性は計算されていない" in text


def test_a_letter_to_a_recipient_names_only_what_was_chosen_and_no_other_recipient(case: CaseBuilder) -> None:
    assert "対象のメール（--message または --where で選ぶ）" in text_of(paper(papers.DeletionRequest, case))
    text = text_of(paper(papers.DeletionRequest, case, selection=Selection(where="subject = '件名 1'")))
    letter = text[: text.index("控え（送付しない）")]
    assert "件名 1" in letter
    assert "件名 2" not in text
    assert "y@other.example" not in letter
    assert "受信者が2者ある" in letter
    assert "□ 閲覧していない" in letter


def test_interviews_ask_for_each_innocent_explanation(case: CaseBuilder) -> None:
    text = text_of(paper(papers.InterviewSheets, case))
    assert "「誤解」ではないか。" in text
    assert "ヒアリング記録" in text


def test_causes_lead_to_measures_and_actions(case: CaseBuilder) -> None:
    measures = text_of(paper(papers.PreventionTable, case))
    assert FAMILIES["misdirected"].measures[0][0] in measures
    assert FAMILIES["malware"].measures[0][0] not in measures
    actions = text_of(paper(papers.ActionChecklist, case))
    for said in ("パスワードの変更", "実施日時", "証跡", "パスワードの記載がある（******）"):
        assert said in actions
    assert actions.index("パスワードの変更") < actions.index("マルウェアの隔離")
    case.answered({"": {"actions_taken": "2026-06-02 10:00／停止／画面"}})
    assert "2026-06-02 10:00／停止／画面（台帳" in text_of(paper(papers.ActionChecklist, case)).replace(" （", "（")


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", NEW, ids=lambda kind: kind.name)
def test_a_hostile_text_stays_text(kind: type[Paper], language: str, tmp_path: Path) -> None:
    builder = CaseBuilder(tmp_path / "case", client=ATTACKS[0])
    builder.evidence()
    records = [mail(n, subject=each, sender=each, sender_address=each, to=[each]) for n, each in enumerate(ATTACKS)]
    builder.parsed([record for message in records for record in message])
    for rule in ("D05", "C03", "C07", "T05"):
        found(builder, rule, *((each, Confidence.LIKELY) for each in ATTACKS), subject=id_of(builder, ATTACKS[0]))
    builder.answered({"": {"incident_summary": ATTACKS[0], "incident_known": ATTACKS[3], "recovered": ATTACKS[4]}})
    page = web.page(paper(kind, builder, language, ALL)).decode()
    assert "<script" not in page
    assert "<img" not in page
    assert not set("\u202e\x1b\0") & set(page)


def exhibit(name: str, number: int = 1, branch: int = 2) -> Exhibit:
    return Exhibit(prefix="甲", number=number, branch=branch, message={"sent_ns": JUNE}, attachment={"name": name})


def test_a_file_name_is_what_the_courts_take(case: CaseBuilder) -> None:
    made = material(case)
    assert file_name(exhibit("見積書.xlsx"), made) == "甲001の2_添付20260601_見積書.pdf"
    for name in ("長" * 300 + ".xlsx", '../../x:*?"<>|.pdf', "請求書\u202egpj.exe", "", "…"):
        said = file_name(exhibit(name, 99_999, 12), made)
        assert len(said) <= LONGEST
        assert re.fullmatch(r"甲[0-9]+の12_添付20260601[0-9A-Za-z_\u3041-\u9fff]*\.pdf", said)


def test_an_attachment_is_a_branch_and_the_numbers_are_recorded(case: CaseBuilder, tmp_path: Path) -> None:
    options, sink = PaperOptions(exhibit="乙", first=4), Sink(tmp_path / "out")
    papers.ExhibitList().write(case.view(), sink, options=options, selection=ALL)
    told = json.loads((tmp_path / "out/exhibit-list.ja.html.json").read_bytes())["exhibits"]
    assert [each["exhibit"] for each in told] == ["乙第4号証の1", "乙第4号証の2", "乙第5号証"]
    assert told[0]["file_name"] == "乙004の1_メール20260601.pdf"
    assert told[1]["address"].startswith("EV-0001/")
    document = papers.ExhibitList().document(material(case, exhibit="乙", first=4), ALL)
    table = next(block for block in document.blocks if isinstance(block, Table))
    assert [row[0][0] for row in table.rows] == ["乙第4号証の1", "乙第4号証の2", "乙第5号証"]


def opened(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_print_is_named_after_its_exhibit_and_tells_from_which_bytes_it_was_made(
    case: CaseBuilder, tmp_path: Path
) -> None:
    papers.ExhibitPages().write(case.view(), Sink(tmp_path), selection=ALL)
    page = opened(tmp_path / "exhibit-pages.ja.zip")["甲001の1_メール20260601.html"]
    assert "<title>甲001の1_メール20260601</title>" in page
    for said in ("甲第1号証の1", "田中", "顧客 一覧.xlsx", "EV-0001/", "SHA-256"):
        assert said in page
    assert "INCOMPLETE" not in page
    with pytest.raises(UsageError, match="no message was chosen"):
        papers.ExhibitPages().write(case.view(), Sink(tmp_path))


def test_the_redacted_set_hides_what_the_key_tells_and_names_the_key_by_its_hash(
    case: CaseBuilder, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="nothing can be blacked out"):
        papers.RedactedPages().write(case.view(), Sink(tmp_path), selection=ALL)
    case.answered({"": {"redaction_terms": ["田中恵子", "X@OTHER.example", "顧客一覧"]}})
    pages, key = Sink(tmp_path / "pages"), Sink(tmp_path / "key")
    papers.RedactedPages().write(case.view(), pages, selection=ALL)
    papers.RedactionKey().write(case.view(), key, selection=ALL)
    told_texts = opened(tmp_path / "pages/exhibit-pages-redacted.ja.zip")
    assert BOX in told_texts["甲001の1_メール20260601_マスキング.html"]
    for name in ("exhibit-pages-redacted.ja.csv", "exhibit-pages-redacted.ja.csv.json"):
        told_texts[name] = (tmp_path / "pages" / name).read_text(encoding="utf-8")
    for name, text in told_texts.items():
        assert not [term for term in ("田中", "恵子", "x@other.example", "顧客") if term in text], name
    data = (tmp_path / "key/redaction-key.ja.csv").read_bytes()
    told = json.loads((tmp_path / "pages/exhibit-pages-redacted.ja.csv.json").read_bytes())
    assert told["key_sha256"] == hashlib.sha256(data).hexdigest()
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert [row[1] for row in rows] == [
        "term",
        "田中恵子",
        "'X@OTHER.example" if rows[2][1][0] == "'" else "X@OTHER.example",
        "顧客一覧",
    ]
    assert not [each.name for each in pages.written if "key" in each.name]


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("田中", "田 中"),
        ("田中", "田\u200b中"),
        ("ガス", "ｶﾞｽ"),
        ("山崎", "山﨑"),
        ("Tanaka", "ＴＡＮＡＫＡ"),
        ("tanaka@x.jp", "TANAKA@\r\nx.jp"),
        ("a+b(c", "A+B(C"),
    ],
)
def test_a_term_is_found_whatever_its_width_case_and_line_breaks(term: str, text: str) -> None:
    assert Redactor([term]).text(f"前{text}後", "甲1") == f"前{BOX}〔M1〕後"


def test_the_longest_term_goes_first_and_short_ones_are_refused() -> None:
    redactor = Redactor(["田中", "田中恵子"])
    assert redactor.text("田中恵子と田中", "甲1") == f"{BOX}〔M2〕と{BOX}〔M1〕"
    assert redactor.counts == {2: {"甲1": 1}, 1: {"甲1": 1}}
    with pytest.raises(UsageError, match="too short"):
        Redactor(["田"])


def test_an_html_body_becomes_its_words() -> None:
    markup = "<p>一行目<br>二行目</p><script>x()</script><style>p{}</style>&lt;b&gt;"
    assert words_of(markup) == "一行目\n二行目\n<b>"
