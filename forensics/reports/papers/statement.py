"""陳述書: the draft of a written statement of the examiner, in the first person, filled from the ledger."""

from __future__ import annotations

from forensics.evidence.checklist import State
from forensics.evidence.points import ACQUISITION_POINTS
from forensics.reports.papers import parts
from forensics.reports.papers.custody_form import transfers
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Code, Inline, Paragraph, Ref, Run, inline
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection

_ASKED = (
    "A2.consent",
    "A3.custodian",
    "A3.holder",
    "A3.place",
    "A3.present",
    "A3.witness",
    "A6.protection",
    "A6.proof",
)


class Statement(Paper):
    """陳述書の案：経歴、関与、取得、同一性の検証、保管、道具、限界、確認の方法。署名する本人と弁護士が確認する。"""

    name = "statement"
    title = "陳述書 / written statement (draft)"
    version = "1"
    heading = ("陳述書（案）", "Written statement (draft)")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """The statement, section by section."""
        heading = parts.heading
        made: list[Block] = [_addressed(material)]
        made += [heading(material, "第１　経歴・資格", "1. Who I am"), *_self(material)]
        made += [heading(material, "第２　関与の経緯", "2. How I came to this case"), *_engaged(material)]
        made += [heading(material, "第３　証拠の取得", "3. How the evidence was acquired"), *_acquired(material)]
        made += [heading(material, "第４　同一性の検証", "4. How identity was checked")]
        made += [*parts.numbered(parts.hashed(material)), parts.verifications(material)]
        made += [heading(material, "第５　保管と引渡し", "5. Custody and hand-overs"), *transfers(material)]
        made += [parts.receipts(material), *parts.keys(material)]
        made += [heading(material, "第６　使用した道具", "6. Tools"), *parts.numbered(parts.tools(material))]
        made += [heading(material, "第７　限界", "7. Limits"), *parts.numbered(parts.limits(material))]
        made += [heading(material, "第８　確認の方法", "8. How this can be checked"), *parts.how_to_check(material)]
        made += [_independent(material), _closing(material)]
        return [*made, parts.signature(material, ("陳述者", "Signed by"))]


def _addressed(material: Material) -> Paragraph:
    court = parts.decide(material, "裁判所・事件番号・当事者・号証番号", "court, case number, parties, exhibit number")
    return Paragraph(runs=(court,), style="right")


def _self(material: Material) -> list[Block]:
    words = (
        ("私は、", "I am "),
        ("と申します。", ", of "),
        ("に所属し、", ", acting as "),
        ("として本件に関与しました。", "."),
    )
    able = (("資格・経験は次のとおりです。", "My qualifications and experience: "),)
    return parts.numbered(parts.examiner(material, words, able))


def _engaged(material: Material) -> list[Block]:
    say = material.say
    return parts.numbered(
        (
            inline(
                say("私は、", "I was engaged by "),
                material.fact("client", "依頼者", "client"),
                say("から、次の事項の調査を依頼されました。", " to examine the following: "),
                material.fact("purpose", "目的・鑑定事項", "question asked"),
            ),
            inline(
                say("調査の根拠は次のとおりです。", "The legal basis is: "),
                material.fact("legal_basis", "法的根拠", "legal basis"),
            ),
            inline(say("調査の範囲は次のとおりです。", "The scope is: "), material.fact("scope", "対象範囲", "scope")),
        )
    )


def _acquired(material: Material) -> list[Block]:
    copied = []
    for item in material.items:
        step = material.acquired(item.name)
        when = material.calendar.moment(step.ended_ns) if step else ""
        count, size = parts.size_of(item)
        source = parts.source_of(item)
        told = material.say(
            f"{item.name}は、「{source}」から{count:,}ファイル、{size:,}バイトを複製したものです。複製は{when}に終わりました。",
            f"{item.name} was copied from {source}: {parts.files(count)}, {size:,} bytes. This ended on {when}.",
        )
        copied.append(inline(told, parts.acquired_line(material, item)))
    note = material.say(
        "複製の操作をした者、場所、立会人が上と異なる場合は、陳述者が訂正すること。",
        "Where operator, place or witness were others, the person who signs corrects this.",
    )
    paragraphs = parts.numbered([*copied, *_circumstances(material)])
    return [parts.evidence_table(material), *paragraphs, Paragraph(runs=(note,), style="note")]


def _circumstances(material: Material) -> list[Inline]:
    """Who, where and how, said once for all items that have it in common."""
    found: dict[tuple[str, Run, int], list[str]] = {}
    for item in material.items:
        for each in material.checked(item):
            if each.point.key in _ASKED and each.state != State.NOT_APPLICABLE:
                value: Run = each.value if each.state == State.GIVEN else material.missing(each.point)
                found.setdefault((each.point.label(material.language), value, each.line), []).append(item.name)
    order = {point.label(material.language): number for number, point in enumerate(ACQUISITION_POINTS)}
    colon = material.say("：", ": ")
    return [
        inline(title, colon, value, Ref(lines=(line,) if line else (), evidence=", ".join(items)))
        for (title, value, line), items in sorted(found.items(), key=lambda each: order[each[0][0]])
    ]


def _independent(material: Material) -> Paragraph:
    said = material.say("当事者との利害関係：", "My relation to the parties: ")
    return Paragraph(runs=inline(said, material.answer("independence")))


def _closing(material: Material) -> Paragraph:
    number, sha256, _ = material.source_line()
    said = material.say(
        f"以上のとおり相違ありません。この陳述書は、台帳の{number}行までの記載に基づきます。同行のSHA-256は",
        f"The above is true to the best of my knowledge. It rests on the ledger up to line {number}, whose SHA-256 is ",
    )
    end = material.say("です。", ".")
    return Paragraph(runs=inline(said, Code(text=sha256), end))
