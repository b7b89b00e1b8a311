"""The nine items of 施行規則 8条1項, from what persons stated and what rules found; five of them go to persons (10条).

Whether and what has to be reported is never concluded here: 該当性は弁護士判断.
"""

from __future__ import annotations

from dataclasses import dataclass

from forensics.reports.papers import parts
from forensics.reports.papers.deadlines import Rule
from forensics.reports.papers.families import FAMILIES, PERSONAL
from forensics.reports.papers.incident import Found, Incident
from forensics.reports.papers.model import Inline, Ref, Run, inline
from forensics.reports.words import Pair

TO_PERSONS = (1, 2, 4, 5, 9)
"""The items that a notice to persons has (施行規則 第10条)."""
TITLES: dict[int, Pair] = {
    1: ("概要", "Summary"),
    2: ("漏えい等が発生し、又は発生したおそれがある個人データの項目", "Items of personal data concerned"),
    3: ("漏えい等が発生し、又は発生したおそれがある個人データに係る本人の数", "Number of persons concerned"),
    4: ("原因", "Cause"),
    5: ("二次被害又はそのおそれの有無及びその内容", "Secondary harm, or the danger of it"),
    6: ("本人への対応の実施状況", "Response to the persons concerned"),
    7: ("公表の実施状況", "Publication"),
    8: ("再発防止のための措置", "Measures against recurrence"),
    9: ("その他参考となる事項", "Other matters"),
}
MOST_CLAIMS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One of the nine items with its fields."""

    number: int
    title: Pair
    rows: tuple[tuple[Pair, Inline], ...]


def nine(incident: Incident, rule: Rule) -> tuple[Item, ...]:
    """All nine items, in their order."""
    rows: dict[int, tuple[tuple[Pair, Inline], ...]] = {
        1: _summary(incident, rule),
        2: (
            (("媒体・形式", "Medium and form"), incident.said("incident_media")),
            (("項目", "Items"), incident.said("incident_items")),
            (("所見（個人情報の検出）", "Findings on personal data"), claims(incident, incident.of(PERSONAL))),
        ),
        3: _persons(incident, rule),
        4: (
            (("原因", "Cause"), incident.said("incident_cause")),
            (("所見から考えられる種別", "Kinds that findings point to"), causes(incident)),
        ),
        5: ((("有無・内容", "Whether, and what"), incident.said("secondary_harm")),),
        6: (
            (("通知日・方法・件数・代替措置", "Day, means, number, substitutes"), incident.said("response_to_persons")),
        ),
        7: ((("公表の日・方法・文", "Day, means, text"), incident.said("publication")),),
        8: (
            (("実施済み", "Taken"), incident.said("prevention_done")),
            (("予定と時期", "Planned, and when"), incident.said("prevention_planned")),
        ),
        9: (
            (("警察・他の監督官庁・海外など", "Police, other authorities, abroad"), incident.said("incident_other")),
            (("未閲覧・削除の確認", "Word that it was not read and was deleted"), incident.said("recovered")),
        ),
    }
    return tuple(Item(number=number, title=TITLES[number], rows=rows[number]) for number in TITLES)


def _summary(incident: Incident, rule: Rule) -> tuple[tuple[Pair, Inline], ...]:
    return (
        (("発生日時", "Happened on"), _occurred(incident)),
        (("発覚日時（知った日）", "Became known on"), incident.said("incident_known")),
        (("発見者", "Found by"), incident.said("incident_found_by")),
        (("規則7条の該当号", "Number of art. 7 of the Rules"), category(incident, rule)),
        (("委託の有無", "Entrusted"), incident.said("incident_entrusted")),
        (("事実経過", "What happened"), incident.said("incident_summary")),
    )


def _occurred(incident: Incident) -> Inline:
    stated = incident.said("incident_occurred")
    if incident.stated("incident_occurred"):
        return stated
    dated = [row for row in incident.messages if row["sent_ns"] is not None]
    if not dated:
        return stated
    first = dated[0]
    when = incident.material.calendar.moment(first["sent_ns"])
    said = incident.material.say(f"。対象メールの最も早い送信日時：{when}", f". Earliest message concerned: {when}")
    return inline(stated, said, Ref(evidence=str(first["address"])))


def category(incident: Incident, rule: Rule) -> Inline:
    """The numbers of art. 7 as counsel decided them, or the mark that this is for counsel."""
    if incident.stated("incident_category"):
        return incident.said("incident_category")
    numbers = "・".join(number for number, _ in rule.categories)
    return (
        parts.decide(
            incident.material,
            f"該当性は弁護士判断（規則7条{numbers}号のいずれに当たるか）",
            f"whether and under which of nos. {numbers} of art. 7 of the Rules this falls",
        ),
    )


def _persons(incident: Incident, rule: Rule) -> tuple[tuple[Pair, Inline], ...]:
    least, most = incident.persons()
    over = parts.decide(
        incident.material,
        f"{rule.persons_over:,}人を超えるか。おそれを含めて弁護士判断",
        f"whether it is more than {rule.persons_over:,}, the possible ones included",
    )
    return (
        (("最小", "At least"), least),
        (("最大", "At most"), most),
        (("数え方", "How counted"), incident.said("persons_basis")),
        ((f"{rule.persons_over:,}人超", f"More than {rule.persons_over:,}"), (over,)),
    )


def claims(incident: Incident, found: list[Found]) -> Inline:
    """The first claims of findings, each with its source."""
    material = incident.material
    if not found:
        return (material.say("該当する所見はない。", "There is no such finding."),)
    runs: list[Run] = []
    for each in found[:MOST_CLAIMS]:
        runs += [each.claim(material.language), each.ref, " "]
    left = len(found) - MOST_CLAIMS
    return inline(runs, material.say(f"ほか{left}件。", f"{left} more.") if left > 0 else "")


def causes(incident: Incident) -> Inline:
    """The kinds of cause that the findings point to, with their number; never which of them it was."""
    material = incident.material
    runs: list[Run] = []
    for name, found in incident.families():
        if FAMILIES[name].cause[0]:
            lines = tuple(sorted({each.rule.line for each in found}))
            rules = ", ".join(sorted({each.rule.rule for each in found}))
            cause = material.say(*FAMILIES[name].cause)
            said = material.say(f"{cause}：所見{len(found)}件", f"{cause}: {len(found)} findings")
            runs += [" " if runs else "", said, Ref(lines=lines, source=rules)]
    return inline(runs) or (material.say("原因を示す所見はない。", "No finding points to a cause."),)
