"""再発防止策の表: for each kind of cause that findings point to, measures to choose from, and what was done (R17)."""

from __future__ import annotations

from forensics.reports.papers import parts
from forensics.reports.papers.families import FAMILIES
from forensics.reports.papers.incident import Found, Incident
from forensics.reports.papers.incident_blocks import facts, note, titles
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Inline, Missing, Ref, Table, inline
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection


class PreventionTable(Paper):
    """再発防止策の表（原因、根拠となる所見、措置の候補、担当・時期）。採否は会社が決める。"""

    name = "prevention-table"
    title = "再発防止策 / measures against recurrence"
    version = "1"
    wide = True
    heading = ("再発防止策（案）", "Measures against recurrence (draft)")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """What was stated, then cause and measure row by row."""
        incident = Incident(material, selection)
        rows = tuple(
            row
            for name, found in incident.families()
            if FAMILIES[name].measures
            for row in _rows(name, found, material)
        )
        columns = (
            ("原因・所見の種類", "Cause, kind of finding"),
            ("根拠", "Source"),
            ("措置の候補", "Measure to consider"),
            ("採否", "Taken up"),
            ("担当・時期", "Who, when"),
            ("実施・確認の証跡", "Proof"),
        )
        stated = (
            (("原因", "Cause"), incident.said("incident_cause")),
            (("実施済みの措置", "Measures taken"), incident.said("prevention_done")),
            (("予定する措置", "Measures planned"), incident.said("prevention_planned")),
        )
        empty = material.say("原因を示す所見はない。", "No finding points to a cause.")
        return [
            parts.case_facts(material, "title", "client"),
            facts(material, stated),
            Table(columns=titles(material, *columns), rows=rows, widths=(17, 17, 28, 10, 14, 14), empty=empty),
            note(
                material,
                "措置は候補であり、採否・懲戒その他の人事上の措置は、会社と弁護士が判断する。",
                "Measures are proposals. What is taken up, and any disciplinary step, is for the company and counsel.",
            ),
        ]


def _rows(name: str, found: list[Found], material: Material) -> list[tuple[Inline, ...]]:
    family = FAMILIES[name]
    rules = ", ".join(sorted({each.rule.rule for each in found}))
    lines = tuple(sorted({each.rule.line for each in found}))
    title = material.say(*(family.cause if family.cause[0] else family.title))
    count = material.say(f"所見{len(found)}件", f"{len(found)} findings")
    choose = parts.decide(material, "採否", "to be decided")
    who = Missing(what=material.say("担当・時期", "who and when"), unknown=True)
    return [
        ((title,), inline(count, Ref(lines=lines, source=rules)), (material.say(*each),), (choose,), (who,), ())
        for each in family.measures
    ]
