"""The acquisition report: how each item was acquired, and checklist A: what is given, by whom, and what is not."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.casefile.view import EvidenceItem
from forensics.evidence import checklist
from forensics.evidence.checklist import Finding, State
from forensics.evidence.points import Origin
from forensics.reports.papers import parts
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Code, Inline, Paragraph, Strong, Table, inline
from forensics.reports.papers.paper import Paper
from forensics.reports.papers.stated import stated_blocks
from forensics.reports.selection import Selection

_LACKS = {
    "refused": ("読めなかった", "refused"),
    "missing": ("失われていた", "vanished"),
    "flagged": ("留保あり", "stored with a reservation"),
}
_SHOWN = 200
_HEX = 64
_TIMES = ("A10.start", "A10.end")
_YES = {"yes": ("はい", "yes"), "no": ("いいえ", "no")}


class AcquisitionReport(Paper):
    """How each item was acquired and verified, completeness, limits, and the state of checklist A in words."""

    name = "acquisition-report"
    title = "Acquisition report with checklist"
    version = "1"
    draft = False
    heading = ("証拠取得報告書", "Acquisition report")
    below = ("チェックリストA（取得記録）の充足状況つき", "With the state of checklist A")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """Case, verdict, items, verification, limits, checklist of each item."""
        zone = material.calendar.zone_note(material.source_line()[2])
        names = ("title", "client", "examiner", "organisation", "role", "legal_basis", "scope", "purpose")
        made: list[Block] = [parts.case_facts(material, *names), Paragraph(runs=(zone,), style="note")]
        found = {item.name: material.checked(item) for item in material.items}
        made += [parts.heading(material, "記録の充足状況", "State of the record"), *_verdicts(found, material)]
        made += [parts.heading(material, "取得した証拠", "Items acquired"), parts.evidence_table(material)]
        made += [*stated_blocks(material), *_completeness(material)]
        made += [
            parts.heading(material, "検証", "Verification"),
            *parts.numbered(parts.hashed(material)),
            parts.verifications(material),
        ]
        made += [parts.heading(material, "使用したツール", "Tools"), *parts.numbered(parts.tools(material))]
        made += [parts.heading(material, "限界", "Limits"), *parts.numbered(parts.limits(material))]
        for item in material.items:
            made += _checklist(item, found[item.name], material)
        made += [parts.heading(material, "確認の方法", "How to check"), *parts.how_to_check(material)]
        return [*made, parts.signature(material, ("作業者", "Examiner"))]


def _verdicts(found: dict[str, tuple[Finding, ...]], material: Material) -> Iterator[Block]:
    rows = []
    for name, findings in found.items():
        points = checklist.incomplete(findings)
        state = material.say("不完全（INCOMPLETE）", "INCOMPLETE") if points else material.say("充足", "complete")
        named = material.say("、", "; ").join(f"{p.key.partition('.')[0]} {p.title(material.language)}" for p in points)
        count = f"{len(points)}" if points else "0"
        rows.append(((name,), (Strong(text=state),), (count,), inline(named)))
    columns = (
        ("証拠", "Item"),
        ("状態", "State"),
        ("件数", "Number"),
        ("未記入の必須事項", "MUST points that are missing"),
    )
    yield Table(columns=tuple(material.say(*each) for each in columns), rows=tuple(rows), widths=(12, 20, 8, 60))


def _completeness(material: Material) -> Iterator[Block]:
    """What was asked for and what came, and each file that did not."""
    rows: list[tuple[Inline, ...]] = []
    for item in material.items:
        receipt = item.acquisition.get("receipt", {})
        for kind, words in _LACKS.items():
            for each in receipt.get(kind, ()):
                reason = (str(each.get("reason", "")),)
                rows.append(((item.name,), (material.say(*words),), inline(str(each.get("path", ""))), reason))
    if len(rows) > _SHOWN:
        more = material.say(f"ほか{len(rows) - _SHOWN:,}件", f"{len(rows) - _SHOWN:,} more")
        rows = [*rows[:_SHOWN], (("…",), (), (more,), ())]
    columns = (("証拠", "Item"), ("状態", "State"), ("ファイル", "File"), ("理由", "Reason"))
    yield parts.heading(material, "取得できなかったもの", "What was not received")
    yield Table(
        columns=tuple(material.say(*each) for each in columns),
        rows=tuple(rows),
        widths=(12, 16, 40, 32),
        empty=material.say(
            "見えたファイルはすべて取得され、読取り中の変化もなかった。",
            "Every file that was seen was received, and none changed while it was read.",
        ),
    )


def _checklist(item: EvidenceItem, findings: tuple[Finding, ...], material: Material) -> Iterator[Block]:
    columns = (("", ""), ("項目", "Point"), ("内容", "Value"), ("出所", "From"))
    rows = tuple(_row(found, material) for found in findings if found.state != State.NOT_APPLICABLE)
    yield parts.heading(material, f"チェックリストA：{item.name}", f"Checklist A: {item.name}")
    yield Table(columns=tuple(material.say(*each) for each in columns), rows=rows, widths=(6, 30, 43, 21))
    skipped = [f.point.title(material.language) for f in findings if f.state == State.NOT_APPLICABLE]
    if skipped:
        keys = material.say("、", "; ").join(skipped)
        said = material.say(f"この証拠に当てはまらない項目：{keys}", f"Points that do not apply to this item: {keys}")
        yield Paragraph(runs=(said,), style="note")


def _row(found: Finding, material: Material) -> tuple[Inline, ...]:
    point, key = found.point, (found.point.key.partition(".")[0],)
    title = point.label(material.language)
    must: Inline = (title, material.say("（必須）", " (MUST)")) if point.must else (title,)
    if found.state == State.MISSING:
        gap: Inline = (material.missing(point),) if point.must else (material.say("記録なし", "not on record"),)
        return key, must, gap, ()
    return key, must, _value(found, material), (_origin(found, material),)


def _value(found: Finding, material: Material) -> Inline:
    if found.point.key in _TIMES:
        return (material.calendar.moment(int(found.value.replace(",", ""))),)
    if len(found.value) == _HEX and set(found.value) <= set("0123456789abcdef"):
        return (Code(text=found.value),)
    if found.point.key == "A14.limits":
        return parts.listed_limits(found.value, material)
    if found.point.key == "A9.copy" and material.language == "ja":
        return (parts.READ_BACK_JA.get(found.value, found.value),)
    return (material.say(*_YES[found.value]) if found.value in _YES else found.value,)


def _origin(found: Finding, material: Material) -> str:
    line = material.say(f"・台帳{found.line}行", f", line {found.line}") if found.line else ""
    names = {
        Origin.MEASURED: ("測定（acquisition.json）", "measured (acquisition.json)"),
        Origin.CASE: ("case.toml", "case.toml"),
        Origin.ANSWER: ("人の回答", "a person's answer"),
        Origin.LEDGER: ("台帳", "ledger"),
    }
    said = material.say(*names[found.origin]) if found.origin else ""
    if found.origin == Origin.LEDGER and found.line:
        return material.say(f"台帳{found.line}行", f"ledger, line {found.line}")
    return said + line
