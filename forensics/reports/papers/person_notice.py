"""本人通知: a letter to the persons concerned with the five items of 施行規則 10条, and a sheet of its own to be kept.

The letter names no evidence and no other person; where its facts come from stands on the sheet that is not sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from forensics.reports.papers import parts
from forensics.reports.papers.incident import Incident
from forensics.reports.papers.incident_blocks import blank_rows, facts, note, titles
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Heading, Inline, PageBreak, Paragraph, inline
from forensics.reports.papers.nine_items import TITLES, TO_PERSONS
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection

_ANSWERS: dict[int, tuple[str, ...]] = {
    1: ("incident_occurred", "incident_known", "incident_summary"),
    2: ("incident_items",),
    4: ("incident_cause",),
    5: ("secondary_harm",),
    9: ("incident_other",),
}
_ROWS = 8


class PersonNotice(Paper):
    """本人への通知の案：規則10条の5項目、問合せ窓口、送らない控え（根拠、送付記録）。"""

    name = "person-notice"
    title = "本人への通知 / notice to persons (draft)"
    version = "1"
    heading = ("個人データの漏えい等に関するお知らせ（案）", "Notice of a leak of personal data (draft)")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """The letter, and the sheet that is kept."""
        incident = Incident(material, selection)
        made: list[Block] = [*_head(incident), *_opening(incident)]
        for place, number in enumerate(TO_PERSONS, 1):
            title = TITLES[number]
            made.append(Heading(text=material.say(f"{place}　{title[0]}", f"{place}. {title[1]}"), level=2))
            made += _item(incident, number)
        contact = ("お問合せ窓口", "Where to ask")
        made += [parts.heading(material, *contact, 2), Paragraph(runs=incident.said("enquiry_contact", ref=False))]
        return [*made, PageBreak(), *_kept(incident)]


def _head(incident: Incident) -> list[Block]:
    material = incident.material
    day = parts.decide(material, "通知の日・宛名", "date, and to whom")
    sender: Inline = incident.said("reporter", ref=False)
    if not incident.stated("reporter") and material.facts.client:
        sender = (material.facts.client,)
    return [Paragraph(runs=(day,), style="right"), Paragraph(runs=sender, style="right")]


def _opening(incident: Incident) -> list[Block]:
    material = incident.material
    said = material.say(
        "このたび、お客様の個人データの漏えい等が発生し、又は発生したおそれがあることが判明しましたので、"
        "個人情報保護法26条2項に基づき、次のとおりお知らせいたします。",
        "We have learnt that your personal data was, or may have been, leaked. Under art. 26(2) of the Act on the "
        "Protection of Personal Information we tell you the following.",
    )
    apology = parts.decide(material, "お詫びの文言を入れるか", "whether to add words of apology")
    return [Paragraph(runs=(said, apology))]


def _item(incident: Incident, number: int) -> Iterator[Block]:
    names = _ANSWERS[number]
    if len(names) == 1:
        yield Paragraph(runs=incident.said(names[0], ref=False))
        return
    titles_of = {
        "incident_occurred": ("発生日時", "Happened on"),
        "incident_known": ("判明した日", "Became known on"),
        "incident_summary": ("経過", "What happened"),
    }
    yield facts(incident.material, ((titles_of[name], incident.said(name, ref=False)) for name in names))


def _kept(incident: Incident) -> Iterator[Block]:
    material = incident.material
    yield parts.heading(material, "控え（本人には送付しない）", "Kept on file (not sent)")
    yield Paragraph(
        runs=(
            parts.decide(
                material,
                "通知の要否・時期・方法・困難な場合の代替措置（公表、窓口の設置）。該当性は弁護士判断",
                "whether, when and how to notify, or what to do in its place (publication, a desk)",
            ),
        )
    )
    names = [name for number in TO_PERSONS for name in _ANSWERS[number]]
    pairs = [((incident.unknown(name).what,) * 2, incident.said(name)) for name in (*names, "enquiry_contact")]
    yield facts(material, pairs)
    least, most = incident.persons()
    yield facts(
        material,
        (
            (("通知先の数（最小）", "Persons to be told, at least"), least),
            (("通知先の数（最大）", "At most"), most),
            (("本人への対応", "Response so far"), incident.said("response_to_persons")),
        ),
    )
    yield from _sent_log(material)


def _sent_log(material: Material) -> Iterator[Block]:
    yield parts.heading(material, "送付記録", "What was sent", 2)
    columns = (
        ("番号", "No."),
        ("宛先（氏名・管理番号）", "To (name or number)"),
        ("方法", "Means"),
        ("送付日時", "Sent"),
        ("到達・不達", "Arrived or not"),
        ("証跡", "Proof"),
    )
    yield blank_rows(titles(material, *columns), (7, 27, 14, 18, 16, 18), _ROWS)
    yield note(
        material,
        "通知文は、郵便・電子メールなど本人に分かりやすい方法で送る。通知文に他の本人の情報を載せない。",
        "The notice goes by post, e-mail or another way that is clear to the person. It names no other person.",
    )
    yield Paragraph(
        runs=inline(material.say("送付の承認：", "Approved by: "), parts.decide(material, "承認者", "by whom"))
    )
