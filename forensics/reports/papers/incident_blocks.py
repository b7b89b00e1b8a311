"""Blocks that the papers about an incident share: findings, messages, notes, rows to fill in by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from forensics.reports.findings_words import CONFIDENCES
from forensics.reports.papers.incident import MOST_MESSAGES, Found, Incident
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Fact, Facts, Inline, Paragraph, Ref, Strong, Table, inline
from forensics.reports.words import Pair

MOST_FINDINGS = 60
"""So many findings of a rule or family stand in one table; ``findings.csv`` has all."""


def titles(material: Material, *columns: Pair) -> tuple[str, ...]:
    """The heads of a table in the language of the paper."""
    return tuple(material.say(*each) for each in columns)


def note(material: Material, ja: str, en: str) -> Paragraph:
    """A remark in small type."""
    return Paragraph(runs=(material.say(ja, en),), style="note")


def facts(material: Material, rows: Iterable[tuple[Pair, Inline]]) -> Facts:
    """Names and values one below the other."""
    return Facts(rows=tuple(Fact(name=material.say(*name), value=value) for name, value in rows))


def confidence(found: Found, material: Material) -> str:
    """How sure a finding is, in one word."""
    return material.say(*CONFIDENCES[found.confidence])


def also_possible(found: Found, material: Material) -> str:
    """What else could explain a finding."""
    index = 0 if material.language == "ja" else 1
    return material.say("、", "; ").join(str(pair[index]) for pair in found.value["also_possible"])


def findings_table(found: Sequence[Found], material: Material) -> list[Block]:
    """Findings with confidence, other explanations and where they come from; what does not fit is counted."""
    columns = (
        ("番号", "No."),
        ("認められた事項（アカウントの記録）", "Finding (of accounts, not persons)"),
        ("確度", "Confidence"),
        ("ほかに考えられる説明", "Also possible"),
        ("根拠", "Source"),
    )
    rows = tuple(
        (
            (str(number),),
            (each.claim(material.language),),
            (confidence(each, material),),
            inline(also_possible(each, material)),
            _source(each, material),
        )
        for number, each in enumerate(found[:MOST_FINDINGS], 1)
    )
    made: list[Block] = [Table(columns=titles(material, *columns), rows=rows, widths=(5, 36, 12, 22, 25))]
    if len(found) > MOST_FINDINGS:
        more = len(found) - MOST_FINDINGS
        made.append(note(material, f"ほか{more:,}件は findings.csv にある。", f"{more:,} more stand in findings.csv."))
    return made


def _source(found: Found, material: Material) -> Inline:
    because = list(dict.fromkeys(str(each["address"]) for each in found.value["because"]))
    places = material.say("、", ", ").join(because[:2])
    more = len(because) - 2 + int(found.value.get("because_not_shown", 0))
    left = material.say(f" ほか{more}か所", f" and {more} more") if more > 0 else ""
    return inline(places, left, Ref(lines=found.ref.lines, source=found.ref.source))


def messages_table(
    incident: Incident, messages: Sequence[dict[str, Any]], *, places: bool = True, empty: Pair = ("", "")
) -> list[Block]:
    """The messages of an incident: when, from whom, to whom, subject and files, and where they lie in the evidence."""
    material = incident.material
    attached, recipients = incident.attached(messages), incident.recipients(messages)
    columns: list[Pair] = [("送信日時", "Sent"), ("差出人", "Sender"), ("件名・添付ファイル", "Subject, files")]
    widths: tuple[int, ...] = (20, 30, 50)
    if places:
        columns += [("宛先", "Recipients"), ("証拠の中の所在", "Place in the evidence")]
        widths = (14, 18, 24, 25, 19)
    rows = []
    for row in messages[:MOST_MESSAGES]:
        to = [str(each["mail_address"] or each["name"] or "") for each in recipients.get(str(row["id"]), ())]
        names = [str(each["name"] or "") for each in attached.get(str(row["id"]), ())]
        cells: list[Inline] = [incident.sent(row), (str(row["sender_address"] or row["sender"] or ""),)]
        cells.append((_subject(row, names, material),))
        # A letter names no other recipient: some may have been Bcc.
        rows.append((*cells, (_listed(to, 12, material),), incident.at(row)) if places else tuple(cells))
    said = material.say(*empty)
    made: list[Block] = [Table(columns=titles(material, *columns), rows=tuple(rows), widths=widths, empty=said)]
    if len(messages) > MOST_MESSAGES:
        more = len(messages) - MOST_MESSAGES
        made.append(note(material, f"ほか{more:,}通。", f"{more:,} more messages."))
    return made


def _listed(values: Sequence[str], most: int, material: Material) -> str:
    left = len(values) - most
    more = material.say(f" ほか{left}件", f" and {left} more") if left > 0 else ""
    return ", ".join(values[:most]) + more


def _subject(row: dict[str, Any], files: Sequence[str], material: Material) -> str:
    subject = str(row["subject"] or material.say("（件名なし）", "(no subject)"))
    listed = _listed(files, 6, material)
    return subject + material.say(f"［添付：{listed}］", f" [files: {listed}]") if files else subject


def blank_rows(columns: Sequence[str], widths: tuple[int, ...], count: int) -> Table:
    """Rows to be filled in by hand."""
    return Table(columns=tuple(columns), rows=(((),) * len(columns),) * count, widths=widths, tall=True)


def strong(material: Material, ja: str, en: str) -> Paragraph:
    """A sentence that stands out."""
    return Paragraph(runs=(Strong(text=material.say(ja, en)),))
