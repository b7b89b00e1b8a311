"""Drafts of the reports to the 個人情報保護委員会: 速報 and 確報, with the nine items and their deadlines (規則8条).

The authority takes reports by its own web form only, so this is a draft to copy from. Whether there is anything to be
reported is left to counsel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from forensics.reports.papers import parts
from forensics.reports.papers.deadlines import Deadline, Rule, day_of, deadlines, rule_on, rules
from forensics.reports.papers.incident import Incident
from forensics.reports.papers.incident_blocks import facts, note, titles
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Heading, Inline, Missing, Paragraph, Strong, Table, inline
from forensics.reports.papers.nine_items import Item, nine
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection
from forensics.reports.words import Pair

_NAMES: dict[str, Pair] = {
    "preliminary_from": ("速報（目安の始め）", "Preliminary report, from"),
    "preliminary_to": ("速報（目安の終わり）", "Preliminary report, to"),
    "final": ("確報", "Final report"),
    "final_improper": ("確報（不正の目的のおそれ）", "Final report, improper purpose"),
}
_CLOSED = {"土曜日": "Saturday", "日曜日": "Sunday", "年末年始": "New Year closing"}


def rule_for(incident: Incident) -> Rule:
    """The rule that held on the day of knowledge, or the newest where that day is not known."""
    known = day_of(incident.stated("incident_known"))
    return (rule_on(known) if known else None) or rules()[0]


def reporter(incident: Incident) -> Block:
    """Who reports; the organisation is the client of the case unless somebody stated another."""
    material = incident.material
    name = incident.said("reporter")
    if not incident.stated("reporter") and material.facts.client:
        name = material.fact("client", "依頼者", "client")
    return facts(
        material,
        (
            (("名称", "Name"), name),
            (("住所", "Address"), incident.said("reporter_address")),
            (("代表者", "Representative"), incident.said("reporter_representative")),
            (("事務連絡者", "Contact"), incident.said("reporter_contact")),
            (("業種", "Line of business"), incident.said("reporter_industry")),
        ),
    )


def deadline_blocks(incident: Incident) -> Iterator[Block]:
    """The deadlines with how they were counted, or why they could not be."""
    material, stated = incident.material, incident.stated("incident_known")
    known = day_of(stated)
    rule = rule_for(incident)
    if known is None or rule_on(known) is None:
        yield Paragraph(runs=_no_start(incident, stated, known))
    else:
        yield facts(material, ((("知った日（1日目）", "Day of knowledge (day 1)"), incident.said("incident_known")),))
        yield _table(material, known, rule, incident.stated("incident_category"))
    basis = material.say(*rule.basis)
    yield note(
        material,
        f"規則ファイル {rule.id}（{rule.holds_from}から適用）。根拠：{basis}。"
        f"知った日を{rule.first_day}日目とし、休日も数える。"
        "確報の末日が土日・祝日・12月29日から1月3日に当たるときは、次の開庁日とする。残日数は台帳の最新の記載の日から数えた。",
        f"Rule file {rule.id}, in force from {rule.holds_from}. {basis}. The day of knowledge is day "
        f"{rule.first_day}, and days off count. Where the last day of the final report is a Saturday, "
        "Sunday, holiday or 29 December to 3 January, the next open day takes its place. "
        "Days left count from the day of the newest ledger line.",
    )
    checks = material.say("；", "; ").join(material.say(*each) for each in rule.to_check)
    ja, en = f"提出前に公式の資料で確認する：{checks}", f"to be checked against the official text: {checks}"
    yield Paragraph(runs=(parts.decide(material, ja, en),), style="note")


def _no_start(incident: Incident, stated: str, known: date | None) -> Inline:
    say = incident.material.say
    if known is not None:
        return (
            say(f"{known}に適用される規則がないため、期限を計算していない。", f"No rule of the file held on {known}."),
        )
    unread = say(f"「{stated}」は日付として読めない。", f"{stated!r} cannot be read as a day. ") if stated else ""
    said = say(
        "起算日が分からないため、期限を計算していない。", " The start is not known, so no deadline was computed."
    )
    what = say("知った日（2026-06-01 の形で）", "day of knowledge, such as 2026-06-01")
    return inline(unread, Missing(what=what, key="F1.known", unknown=True), said)


def _table(material: Material, known: date, rule: Rule, stated: str) -> Table:
    today = material.calendar.date_of(material.source_line()[2])
    columns = (
        ("報告", "Report"),
        ("日数", "Day"),
        ("計算上の日", "By counting"),
        ("期限", "Due"),
        ("繰下げの理由", "Moved because of"),
        ("残日数", "Days left"),
    )
    chosen = _chosen(stated, rule)
    rows = tuple(_row(each, material, today, chosen) for each in deadlines(known, rule))
    return Table(columns=titles(material, *columns), rows=rows, widths=(24, 10, 20, 20, 14, 12))


def _chosen(stated: str, rule: Rule) -> str:
    """Which final report applies by the numbers that counsel decided; empty where nothing was decided."""
    if not stated:
        return ""
    return "final_improper" if rule.improper in _numbers(stated) else "final"


def _numbers(stated: str) -> set[str]:
    return {str(int(each)) for each in re.findall(r"[0-9０-９]+", stated)}


def _row(each: Deadline, material: Material, today: date, chosen: str) -> tuple[Inline, ...]:
    name = material.say(*_NAMES[each.name])
    if each.name == chosen:
        name += material.say("【適用】", " [applies]")
    named = [material.say(name, _CLOSED.get(name, f"{name} (holiday)")) for name in each.moved_by]
    moved = material.say("、", ", ").join(dict.fromkeys(named)) or "—"
    left = (each.due - today).days
    passed = material.say(f"{-left}日経過", f"{-left} past") if left < 0 else str(left)
    due = material.calendar.date(each.due, weekday=True)
    return (
        (name,),
        (material.say(f"{each.number}日目", f"day {each.number}"),),
        (material.calendar.date(each.counted, weekday=True),),
        (Strong(text=due),),
        (moved,),
        (Strong(text=passed) if left < 0 else passed,),
    )


def _categories(incident: Incident, rule: Rule) -> Table:
    material = incident.material
    stated = incident.stated("incident_category")
    rows = []
    for number, words in rule.categories:
        ja, en = "該当性は弁護士判断", "for counsel"
        decided: Inline = (parts.decide(material, ja, en),)
        if stated:
            hit = number in _numbers(stated)
            said = material.say("該当（弁護士の判断）" if hit else "—", "applies, as counsel decided" if hit else "—")
            decided = (said, *incident.said("incident_category")[1:])
        rows.append(((number,), (material.say(*words),), decided))
    columns = (("号", "No."), ("事態（おそれを含む）", "Event (or danger of it)"), ("該当性", "Whether it applies"))
    return Table(columns=titles(material, *columns), rows=tuple(rows), widths=(8, 56, 36))


class PpcReport(Paper):
    """個人情報保護委員会への速報の案：期限、該当性、報告者、規則8条の9項目（報告時点で把握しているもの）。"""

    name = "ppc-report"
    title = "個人情報保護委員会への速報 / preliminary report to the PPC (draft)"
    version = "1"
    heading = (
        "個人情報保護委員会への報告（速報）の案",
        "Preliminary report to the Personal Information Protection Commission",
    )
    below = (
        "個人情報保護法26条1項・施行規則8条1項",
        "Act on the Protection of Personal Information, art. 26(1); Rules, art. 8(1)",
    )
    follows = False
    kind: Pair = ("速報", "preliminary")
    remark: Pair = (
        "速報は、報告をしようとする時点において把握している事項を報告する。未確認の事項は、確認の時期とともに書く。",
        "A preliminary report tells what is known when it is made. What is not known is written with when it will be.",
    )

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """Deadlines, whether it applies, who reports, the nine items."""
        incident, heading = Incident(material, selection), parts.heading
        rule = rule_for(incident)
        web_form = (
            "報告は個人情報保護委員会のウェブフォームから行う。これは転記のための案であり、報告書そのものではない。",
            "Reports go by the web form of the authority. This is a draft to copy from, not the report.",
        )
        made: list[Block] = [note(material, *web_form), note(material, *self.remark)]
        made += [heading(material, "期限", "Deadlines"), *deadline_blocks(incident)]
        made += [
            heading(material, "報告対象事態への該当性（施行規則7条）", "Whether it must be reported (Rules, art. 7)")
        ]
        made += [_categories(incident, rule), heading(material, "報告者", "Reporter"), self._kind(incident)]
        made += [reporter(incident), heading(material, "報告事項（施行規則8条1項各号）", "Items (Rules, art. 8(1))")]
        for item in nine(incident, rule):
            made += item_blocks(item, material)
        return made

    def _kind(self, incident: Incident) -> Block:
        material = incident.material
        rows: list[tuple[Pair, Inline]] = [(("報告の別", "Kind of report"), (material.say(*self.kind),))]
        if self.follows:
            rows.append((("前回の報告", "Earlier report"), incident.said("previous_report")))
        return facts(material, rows)


class PpcReportFinal(PpcReport):
    """個人情報保護委員会への確報の案：期限、該当性、報告者、規則8条の9項目（全項目）。"""

    name = "ppc-report-final"
    title = "個人情報保護委員会への確報 / final report to the PPC (draft)"
    version = "1"
    heading = (
        "個人情報保護委員会への報告（確報）の案",
        "Final report to the Personal Information Protection Commission",
    )
    below = (
        "個人情報保護法26条1項・施行規則8条2項",
        "Act on the Protection of Personal Information, art. 26(1); Rules, art. 8(2)",
    )
    follows = True
    kind = ("確報", "final")
    remark = (
        "確報は、9項目のすべてを報告する。合理的努力を尽くしても判明しない事項は、その時点で把握しているものを報告し、判明次第追完する。",
        "A final report tells all nine items. What cannot be known in spite of reasonable efforts is added once it is.",
    )


def item_blocks(item: Item, material: Material) -> list[Block]:
    """One of the nine items under its number."""
    title = material.say(f"{item.number}　{item.title[0]}", f"{item.number}. {item.title[1]}")
    return [Heading(text=title, level=2), facts(material, item.rows)]
