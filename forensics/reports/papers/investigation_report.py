"""調査報告書: what was examined and how, what the rules found and with what confidence, what was not run, the limits.

Fact, inference and the unknown are kept apart (ISO/IEC 27042; checklist E): a finding is about an account, and its
innocent explanations stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics.casefile.view import EvidenceItem
from forensics.evidence.checklist import dig, text
from forensics.findings.reading import Told
from forensics.reports.findings_words import CONFIDENCE_MEANS, CONFIDENCES
from forensics.reports.papers import parts
from forensics.reports.papers.incident import Found, Incident, not_run, remarks
from forensics.reports.papers.incident_blocks import findings_table, note, titles
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Inline, Paragraph, Ref, Strong, Table, inline
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection

_COVERAGE = (
    "SELECT kind, place, min(first)::TIMESTAMP AS since, max(last)::TIMESTAMP AS until, sum(events)::BIGINT AS events, "
    "coalesce(sum(len(silent_days)), 0)::BIGINT AS silent, coalesce(sum(missing), 0)::BIGINT AS missing, "
    "coalesce(sum(len(gaps)), 0)::BIGINT AS gaps FROM coverage WHERE kind <> 'account' GROUP BY ALL "
    "ORDER BY kind, place LIMIT 200"
)
_GAPS = (("silent", "記録のない日", "silent days"), ("missing", "欠落", "missing"), ("gaps", "欠番", "gaps"))
_KINDS = {
    "store": ("保存メール", "store"),
    "log": ("ログ", "log"),
    "hours": ("ログの空白（1時間以上）", "silence of an hour or more"),
    "uids": ("欠番のUID", "UIDs without a line"),
    "rows": ("監査ログの欠行", "rows missing from an export"),
    "lines": ("読めない行", "lines that could not be read"),
    "queue_ids": ("ログにないキューID", "queue ids without a line"),
    "queues": ("途中からのキュー", "queues cut off"),
    "sequence": ("欠番の配送番号", "numbers of deliveries missing"),
    "uncollected": ("ログが取得されていないサーバ", "servers whose log is not in the case"),
}


class InvestigationReport(Paper):
    """調査報告書の案：事実、証拠、方法、所見と確度、調べて見つからなかったこと、実行していないこと、網羅性、限界。"""

    name = "investigation-report"
    title = "調査報告書 / investigation report (draft)"
    version = "1"
    heading = ("調査報告書（案）", "Investigation report (draft)")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """The report, section by section."""
        incident, heading = Incident(material, selection), parts.heading
        names = ("title", "client", "purpose", "scope", "legal_basis", "examiner", "organisation", "role")
        made: list[Block] = [heading(material, "第１　事案の概要", "1. The case"), parts.case_facts(material, *names)]
        made += parts.numbered([_dates(incident), *_stated(incident)])
        made += [heading(material, "第２　証拠", "2. Evidence"), parts.evidence_table(material)]
        made += [
            heading(material, "機器・媒体・アカウントの一覧", "Devices, media and accounts", 2),
            _devices(material),
        ]
        made += [heading(material, "第３　調査の方法", "3. Method"), *_method(incident)]
        made += [heading(material, "第４　調査の結果", "4. Findings"), *_findings(incident)]
        made += [
            heading(material, "第５　調べたが認められなかった事項", "5. Looked for and not found"),
            *_nothing(incident),
        ]
        made += [heading(material, "第６　実行していない調査", "6. Not run"), *_not_run(incident)]
        made += [heading(material, "第７　記録の網羅性", "7. Coverage"), *_coverage(material)]
        made += [heading(material, "第８　限界", "8. Limits"), *_limits(material)]
        made += [heading(material, "第９　確認の方法", "9. How this can be checked"), *parts.how_to_check(material)]
        return [*made, *_independence(material), parts.signature(material, ("調査者", "Examiner"))]


def _dates(incident: Incident) -> Inline:
    """When the work was done, by the ledger."""
    material = incident.material
    steps = material.steps
    if not steps:
        return (material.say("台帳に記載がない。", "There is nothing on the ledger."),)
    first, last = material.calendar.moment(steps[0].begun_ns), material.calendar.moment(material.source_line()[2])
    said = material.say(f"調査の期間は、{first}から{last}まで。", f"The work was done from {first} to {last}.")
    return inline(said, Ref(lines=(steps[0].first, material.source_line()[0])))


def _stated(incident: Incident) -> Iterator[Inline]:
    say = incident.material.say
    for name, ja, en in (
        ("incident_summary", "依頼者の述べる事実経過：", "What happened, as the client states it: "),
        ("incident_known", "発覚日時：", "It became known: "),
    ):
        yield inline(say(ja, en), incident.said(name))


def _devices(material: Material) -> Table:
    columns = (
        ("証拠番号", "Item"),
        ("種類", "Kind"),
        ("機器・媒体・サーバ", "Device, medium, server"),
        ("アカウント", "Account"),
        ("使用者・管理者", "Custodian"),
        ("取得時の限界", "Limits"),
    )
    rows = tuple(_device(item, material) for item in material.items)
    empty = material.say("証拠はまだ取得されていない。", "No evidence has been acquired yet.")
    return Table(columns=titles(material, *columns), rows=rows, widths=(10, 12, 24, 17, 17, 20), empty=empty)


def _device(item: EvidenceItem, material: Material) -> tuple[Inline, ...]:
    source = item.acquisition.get("source", {})
    answers = material.answers.of(item.name)
    device = text(source.get("device")) or text(source.get("host")) or text(answers.get("source_device"))
    account = text(source.get("account")) or text(source.get("user")) or text(answers.get("account"))
    unknown = material.say("—", "—")
    limits = len(item.acquisition.get("limits", ()))
    return (
        (item.name,),
        inline(text(dig(item.acquisition, "source.kind"))),
        inline(device or unknown),
        inline(account or unknown),
        material.answer("custodian", item.name),
        inline(material.say(f"{limits}件（第８）", f"{limits} (section 8)") if limits else unknown),
    )


def _method(incident: Incident) -> list[Block]:
    material = incident.material
    rules = ", ".join(f"{told.rule} {told.version}" for told in incident.told)
    lines = tuple(told.line for told in incident.told)
    asked = (
        inline(
            material.say("適用したルール（名称と版）：", "Rules that were applied (name and version): "),
            rules,
            Ref(lines=lines),
        )
        if incident.told
        else (material.say("ルールはまだ適用されていない。", "No rule has been applied yet."),)
    )
    said = [*parts.hashed(material), asked]
    said += [inline(material.say("使用した道具：", "Tool: "), each) for each in parts.tools(material)]
    return parts.numbered(said)


def _findings(incident: Incident) -> Iterator[Block]:
    material = incident.material
    index = 0 if material.language == "ja" else 1
    means = "　".join(f"{CONFIDENCES[key][index]}：{said[index]}" for key, said in CONFIDENCE_MEANS.items())
    yield Paragraph(runs=(means,), style="note")
    some = False
    for told in incident.told:
        found = [Found(rule=told, value=each) for each in told.findings]
        if not found:
            continue
        some = True
        title = (told.title_ja, told.title_en)[index]
        yield parts.heading(
            material, f"{told.rule}　{title}（{len(found)}件）", f"{told.rule}: {title} ({len(found)})", 2
        )
        yield from findings_table(found, material)
        not_shown = dict.fromkeys(str(pair[index]) for each in found for pair in each.value["does_not_show"])
        if not_shown:
            said = material.say("この所見が示さないこと：", "What this does not show: ") + "; ".join(not_shown)
            yield Paragraph(runs=(said,), style="note")
    if not some:
        yield note(material, "ルールによる所見はない。", "The rules found nothing.")


def _nothing(incident: Incident) -> Iterator[Block]:
    material = incident.material
    index = 0 if material.language == "ja" else 1
    looked = [told for told in incident.told if not told.findings and not not_run(told)]
    rows = tuple(
        (
            (told.rule,),
            ((told.title_ja, told.title_en)[index],),
            (f"{told.looked['considered']:,}",),
            (f"{told.looked['could_not_read']:,}",),
            inline("; ".join(pair[index] for pair in remarks(told)), Ref(lines=(told.line,))),
        )
        for told in looked
    )
    columns = (
        ("ルール", "Rule"),
        ("調べた事項", "Looked for"),
        ("検討数", "Considered"),
        ("検討できなかった数", "Not readable"),
        ("留保", "Remarks"),
    )
    yield Table(
        columns=titles(material, *columns),
        rows=rows,
        widths=(12, 30, 10, 12, 36),
        empty=material.say("該当するルールはない。", "There is no such rule."),
    )
    yield note(
        material,
        "「認められなかった」とは、取得した記録の範囲で該当がなかったことをいう。存在しなかったことを意味しない。",
        "Not found means: not found in the records that were acquired. It does not mean that it did not happen.",
    )


def _not_run(incident: Incident) -> Iterator[Block]:
    material = incident.material
    rows = tuple(_skipped(told, material) for told in incident.told if not_run(told))
    yield Table(
        columns=titles(
            material, ("ルール", "Rule"), ("調べる事項", "It would look for"), ("実行していない理由", "Why")
        ),
        rows=rows,
        widths=(14, 32, 54),
        empty=material.say("適用したルールはすべて実行された。", "Every rule that was applied did run."),
    )


def _skipped(told: Told, material: Material) -> tuple[Inline, ...]:
    index = 0 if material.language == "ja" else 1
    why = "; ".join(pair[index] for pair in not_run(told))
    return (told.rule,), ((told.title_ja, told.title_en)[index],), inline(why, Ref(lines=(told.line,)))


def _coverage(material: Material) -> Iterator[Block]:
    columns = (
        ("種類", "Kind"),
        ("場所", "Place"),
        ("期間（UTC）", "Period (UTC)"),
        ("件数", "Number"),
        ("空白・欠落", "Gaps"),
    )
    found: list[dict[str, Any]] = material.case.rows(_COVERAGE) if material.case.has("coverage") else []
    rows = tuple(_covered(row, material) for row in found)
    yield Table(
        columns=titles(material, *columns),
        rows=rows,
        widths=(18, 30, 24, 10, 18),
        empty=material.say(
            "網羅性は計算されていない（時系列がまだない）。", "Coverage was not computed: there is no timeline yet."
        ),
    )


def _covered(row: dict[str, Any], material: Material) -> tuple[Inline, ...]:
    since, until = (f"{row[name]:%Y-%m-%d}" if row[name] else "" for name in ("since", "until"))
    gaps = []
    for name, ja, en in (
        ("silent", "記録のない日", "silent days"),
        ("missing", "欠落", "missing"),
        ("gaps", "欠番", "gaps"),
    ):
        if row[name]:
            gaps.append(material.say(f"{ja} {row[name]:,}", f"{row[name]:,} {en}"))
    told: Inline = (Strong(text=material.say("、", ", ").join(gaps)),) if gaps else ("—",)
    kind = material.say(*_KINDS.get(str(row["kind"]), (str(row["kind"]),) * 2))
    return (kind,), (str(row["place"]),), (f"{since} – {until}" if since else "—",), (f"{row['events'] or 0:,}",), told


def _limits(material: Material) -> list[Block]:
    problems = material.case.counts()["problem"]
    unread = material.say(
        f"読み取れなかった箇所は{problems:,}件であり、所在とともに記録されている（records/problem）。",
        f"{problems:,} places could not be read; each is recorded with its address (records/problem).",
    )
    account = material.say(
        "所見はアカウントの記録に関するものであり、誰が操作したかを示すものではない。法的な評価は弁護士の判断による。",
        "Findings are about the records of accounts. They do not show which person acted; the law is for counsel.",
    )
    return parts.numbered([(account,), (unread,), *parts.limits(material)])


def _independence(material: Material) -> list[Block]:
    said = material.say("当事者との利害関係：", "Relation to the parties: ")
    return [Paragraph(runs=inline(said, material.answer("independence")))]
