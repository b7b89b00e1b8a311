"""The chain-of-custody form: every event of each item, with hand-overs and receipts (ISO/IEC 27037 6.1)."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.casefile.view import EvidenceItem
from forensics.evidence import checklist
from forensics.evidence.checklist import State
from forensics.evidence.points import ARRIVAL_POINTS, EVENT_POINTS, TRANSFER_POINTS, VIEW_POINTS, Point
from forensics.reports.papers import acts, marks, parts
from forensics.reports.papers.material import Material, Step
from forensics.reports.papers.model import (
    Block,
    Code,
    Fact,
    Facts,
    Inline,
    Missing,
    PageBreak,
    Paragraph,
    Ref,
    Strong,
    Table,
    inline,
)
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection

_WANTED = ("A3.custodian", "A3.holder", "A3.place", "A3.present", "A3.witness", "A6.protection", "A12.medium")
_BLANK_ROWS = 4
EVENTS_SHOWN = 1_000
"""So many events stand in one table; of the others it says which lines of the ledger they are."""


class CustodyForm(Paper):
    """Every custody event of each evidence item with its hashes and ledger lines, hand-overs, receipts, blank rows."""

    name = "custody-form"
    title = "Chain-of-custody form"
    version = "1"
    wide = True
    draft = False
    heading = ("証拠保管継続記録", "Chain-of-custody form")
    below = ("チェーン・オブ・カストディ（台帳からの写し）", "Drawn from the custody ledger")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """Case, items with their events, hand-overs, receipts, the case as a whole, rows to fill in by hand."""
        facts = parts.case_facts(material, "title", "client", "legal_basis", "scope", "examiner", "organisation")
        zone = material.calendar.zone_note(material.source_line()[2])
        made: list[Block] = [facts, Paragraph(runs=(zone,), style="note")]
        for number, item in enumerate(material.items):
            made += [*([PageBreak()] if number else []), *_item(item, material)]
        made += [parts.heading(material, "引渡しと受取り", "Hand-overs"), *transfers(material)]
        made += _views(material)
        made += [parts.heading(material, "受領証・時刻認証", "Receipts and time stamps"), parts.receipts(material)]
        made += parts.keys(material)
        made += [parts.heading(material, "事件全体に関する行為", "Events of the case as a whole")]
        made += [_events(material.whole(), material), *_gaps(material), *_by_hand(material)]
        made += [parts.heading(material, "確認の方法", "How to check"), *parts.how_to_check(material)]
        return [*made, parts.signature(material, ("記録の管理者", "Keeper of the record"))]


def _item(item: EvidenceItem, material: Material) -> Iterator[Block]:
    count, size = parts.size_of(item)
    source = item.acquisition.get("source", {})
    ref = parts.acquired_line(material, item)
    told: list[tuple[str, Inline]] = [
        (material.say("取得元", "Source"), inline(parts.source_of(item), ref)),
        (material.say("種類・親", "Kind, parent"), inline(" / ".join(_said(source, "kind", "parent")))),
        (material.say("ファイル数・バイト数", "Files, bytes"), (f"{count:,} / {size:,}",)),
        (material.say("目録のSHA-256", "SHA-256 of the manifest"), (Code(text=item.manifest_sha256),)),
    ]
    for found in material.checked(item):
        if found.point.key in _WANTED and found.state != State.NOT_APPLICABLE:
            line = Ref(lines=(found.line,) if found.line else ())
            given: Inline = (found.value, line) if found.state == State.GIVEN else (material.missing(found.point),)
            told.append((found.point.label(material.language), given))
    yield parts.heading(material, f"証拠 {item.name}", f"Item {item.name}")
    yield Facts(rows=tuple(Fact(name=name, value=value) for name, value in told))
    yield _events(material.about(item.name), material)


def _said(source: object, *names: str) -> list[str]:
    return [str(source[name]) for name in names if isinstance(source, dict) and source.get(name)]


def _events(steps: tuple[Step, ...], material: Material) -> Table:
    columns = (
        ("日時", "Time"),
        ("行為", "Act"),
        ("担当者", "Person"),
        ("機器・場所", "Host, place"),
        ("結果・理由", "Result, reason"),
        ("SHA-256", "SHA-256"),
        ("台帳行", "Ledger"),
    )
    rows: list[tuple[Inline, ...]] = []
    for step in steps[:EVENTS_SHOWN]:
        who = acts.person(step, material) or (_nobody(material),)
        rows.append(
            (
                (material.calendar.short(step.begun_ns),),
                (acts.act(step, material),),
                who,
                inline(
                    " / ".join(each for each in (step.told("host.name"), step.told("place", "params.place")) if each)
                ),
                acts.outcome(step, material),
                () if step.act == "report" else acts.hashes(step),
                (parts.line_text(step.lines),),
            )
        )
    if len(steps) > EVENTS_SHOWN:
        first, last, left = steps[EVENTS_SHOWN].first, steps[-1].last, len(steps) - EVENTS_SHOWN
        more = material.say(
            f"ほか{left:,}件は台帳{first}–{last}行にある。", f"{left:,} more: ledger, lines {first}–{last}."
        )
        rows.append(((), (Strong(text=more),), (), (), (), (), ()))
    return Table(
        columns=tuple(material.say(*each) for each in columns),
        rows=tuple(rows),
        widths=(13, 10, 12, 9, 26, 23, 6),
        empty=material.say("記録はない。", "Nothing is on record."),
    )


def _nobody(material: Material) -> Missing:
    return material.missing(next(point for point in EVENT_POINTS if point.key == "B.person"))


def transfers(material: Material) -> Iterator[Block]:
    """Each hand-over with its arrival, and what its record lacks (list C)."""
    out = [step for step in material.steps if step.act == "transfer.out" and step.done]
    arrived = [step for step in material.steps if step.act == "transfer.in" and step.done]
    if not out and not arrived:
        yield Paragraph(runs=(material.say("引渡しの記録はない。", "No hand-over is on record."),), style="note")
    for number, step in enumerate(out, start=1):
        other = next((each for each in arrived if _belongs(each, step)), None)
        if other is not None:
            arrived.remove(other)
        yield from _transfer(number, step, other, material)
    for step in arrived:
        said = material.say("引渡しの記録がない受取り", "A receipt of evidence without a hand-over")
        yield Paragraph(runs=inline(Strong(text=said), Ref(lines=step.lines)))


def _belongs(arrival: Step, out: Step) -> bool:
    """Whether an arrival answers the hand-over, whose id it names."""
    return bool(arrival.told("params.answers")) and arrival.told("params.answers") == str(out.value.get("id"))


def _transfer(number: int, out: Step, arrival: Step | None, material: Material) -> Iterator[Block]:
    state = (
        material.say("受取り済み", "received") if arrival else material.say("輸送中（受取りの記録なし）", "in transit")
    )
    yield parts.heading(material, f"引渡し {number}：{state}", f"Hand-over {number}: {state}", 2)
    rows = [_fact(point, out, material) for point in TRANSFER_POINTS]
    rows.append(_signed(material.say("渡した者の署名", "Signature of the giver"), out, material))
    if arrival is not None:
        when = material.calendar.moment(arrival.ended_ns)
        rows.append(Fact(name=material.say("受取日時", "Received"), value=(when, Ref(lines=arrival.lines))))
        rows += [_fact(point, arrival, material) for point in ARRIVAL_POINTS]
        rows.append(_signed(material.say("受け取った者の署名", "Signature of the receiver"), arrival, material))
    else:
        missing = Missing(what=material.say("受取りの記録", "record of the receipt"), key="C.in")
        rows.append(Fact(name=material.say("受取日時", "Received"), value=(missing,)))
    when = material.calendar.moment(out.ended_ns)
    first = Fact(name=material.say("引渡日時", "Handed over"), value=(when, Ref(lines=out.lines)))
    yield Facts(rows=(first, *(row for row in rows if row.value)))


def _signed(title: str, step: Step, material: Material) -> Fact:
    """The personal signatures over the ledger as it stood right after this line."""
    folder = material.case.folder / "ledger" / "checkpoints"
    names = sorted(path.name for path in folder.glob(f"{step.last:08d}.*.transfer.sshsig"))
    said = [f"{name.split('.', 1)[1].removesuffix('.transfer.sshsig')} (ledger/checkpoints/{name})" for name in names]
    return Fact(name=title, value=("; ".join(said),) if said else (Missing(what=title, key="C.signature"),))


def _fact(point: Point, step: Step, material: Material) -> Fact:
    if point.key == "C.checked" and step.get("result.checked"):
        return Fact(name=point.label(material.language), value=(acts.checked(step, material),))
    if point.key == "C.items" and acts.hashes(step):
        return Fact(name=point.label(material.language), value=acts.hashes(step))
    said = next((each for _, path in point.sources if (each := acts.party(step.get(path)))), "")
    value: Inline = (said,) if said else ((material.missing(point),) if point.must else ())
    return Fact(name=point.label(material.language), value=value)


def _views(material: Material) -> Iterator[Block]:
    """Who opened content or took it out, what, why, and under which approval (list D)."""
    seen = material.acts("content.view", "content.export")
    if not seen:
        return
    rows: list[tuple[Inline, ...]] = []
    for step in seen:
        cells: list[Inline] = [(material.calendar.short(step.ended_ns),), (acts.act(step, material),)]
        cells += [_fact(point, step, material).value for point in VIEW_POINTS]
        rows.append((*cells, (parts.line_text(step.lines),)))
    asked = tuple(point.label(material.language) for point in VIEW_POINTS)
    columns = (material.say("日時", "Time"), material.say("行為", "Act"), *asked, material.say("台帳行", "Ledger"))
    yield parts.heading(material, "内容の閲覧と書出し", "Content viewed and exported")
    yield Table(columns=columns, rows=tuple(rows), widths=(13, 10, 13, 20, 14, 14, 10, 6))


def _gaps(material: Material) -> Iterator[Block]:
    """Which lines lack what every line must have (list B), said once for each point."""
    lacking: dict[str, list[int]] = {}
    for number, line in material.lines:
        for point in checklist.gaps(EVENT_POINTS, line):
            lacking.setdefault(point.key, []).append(number)
    if not lacking:
        return
    yield parts.heading(material, "台帳の行に欠けている事項", "What lines of the ledger lack", 2)
    for point in EVENT_POINTS:
        if point.key in lacking:
            numbers = marks.lines(lacking[point.key])
            where = material.say(f"：{numbers}行", f": lines {numbers}")
            yield Paragraph(runs=(material.missing(point), where), style="note")


def _by_hand(material: Material) -> Iterator[Block]:
    columns = (
        ("日時・場所", "Time, place"),
        ("渡した者（署名）", "Handed over by (signature)"),
        ("受け取った者（署名）", "Received by (signature)"),
        ("目的・方法・封印番号", "Purpose, method, seal no."),
        ("証拠番号・媒体の番号", "Items, serial of the medium"),
        ("照合したSHA-256・結果・状態", "SHA-256 checked, result, condition"),
    )
    blank = tuple(() for _ in columns)
    yield PageBreak()
    yield parts.heading(material, "以後の引渡し（手書き用）", "Further hand-overs (to be filled in by hand)")
    note = material.say(
        "ここに書いたことは、後に forensics case transfer で台帳に登録すること。",
        "What is written here has to go on the ledger afterwards, with 'forensics case transfer'.",
    )
    yield Paragraph(runs=(note,), style="note")
    yield Table(
        columns=tuple(material.say(*each) for each in columns),
        rows=tuple(blank for _ in range(_BLANK_ROWS)),
        widths=(14, 16, 16, 18, 16, 20),
        tall=True,
    )
