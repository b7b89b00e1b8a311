"""ヒアリング票: questions that follow from the findings, one sheet for each kind, and the form of the record (R12).

Each innocent explanation of a finding is asked for as a question of its own, so that it is looked into and not assumed.
"""

from __future__ import annotations

from collections.abc import Iterator

from forensics.reports.papers import parts
from forensics.reports.papers.families import FAMILIES
from forensics.reports.papers.incident import Found, Incident
from forensics.reports.papers.incident_blocks import blank_rows, confidence, note, strong, titles
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Fact, Facts, Inline, PageBreak, Paragraph, Signature, Table, inline
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection
from forensics.reports.words import Pair

MOST = 15
"""So many findings of a kind stand on a sheet."""
_FREE_ROWS = 4
_OPENING: tuple[Pair, ...] = (
    ("担当業務、使用しているアカウント・端末・共有アドレスを教えてください。",
     "Which work do you do, and which accounts, devices and shared addresses do you use?"),
    ("アカウントや端末をほかの人が使うことはありますか（代行、共有、パスワードの共有）。",
     "Does anyone else use your account or device (delegates, shared passwords)?"),
    ("この件について、いつ、どのように知りましたか。", "When and how did you hear of this matter?"),
    ("手元に残っているメール、ファイル、メモがありますか。削除・変更したものはありますか。",
     "Do you still have mail, files or notes? Did you delete or change any?"),
)  # fmt: skip


class InterviewSheets(Paper):
    """ヒアリング票：所見ごとの質問、ほかの説明の確認、回答欄、記録の様式。"""

    name = "interview-sheets"
    title = "ヒアリング票 / interview sheets"
    version = "1"
    heading = ("ヒアリング票（案）", "Interview sheets (draft)")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """How to ask, a sheet for each kind of finding, the record."""
        incident = Incident(material, selection)
        made: list[Block] = [parts.case_facts(material, "title", "client"), *_before(material), _who(material)]
        made += [parts.heading(material, "共通の質問", "Questions to everyone"), _asked(_OPENING, material)]
        for name, found in incident.families():
            made += [PageBreak(), *_sheet(name, found, material)]
        if not incident.families():
            made.append(
                note(material, "所見がないため、所見に基づく質問はない。", "There are no findings to ask about.")
            )
        return [*made, PageBreak(), *_record(material)]


def _before(material: Material) -> list[Block]:
    return [
        note(
            material,
            "所見は、アカウントの記録に関するものであり、誰が操作したかを示すものではない。決めつけず、ほかの説明を必ず確認する。"
            "資料は、質問の前に見せない。",
            "Findings are about records of accounts and do not show who acted. Ask for other explanations, accuse "
            "nobody, and show no paper before the question is asked.",
        ),
        Paragraph(
            runs=(
                parts.decide(
                    material,
                    "対象者・順序・同席者・録音・告知事項（任意性、守秘、労働組合等）",
                    "whom to ask, in which order, who attends, recording, what to tell the person first",
                ),
            )
        ),
    ]


def _who(material: Material) -> Facts:
    rows = (
        ("対象者（氏名・所属・アカウント）", "Person (name, department, accounts)"),
        ("日時・場所", "Date, time, place"),
        ("聴取者・同席者", "Asked by, present"),
        ("録音の有無・同意", "Recorded, with consent"),
    )
    return Facts(rows=tuple(Fact(name=material.say(*each), value=()) for each in rows))


def _asked(questions: tuple[Pair, ...], material: Material) -> Table:
    columns = (("番号", "No."), ("質問", "Question"), ("回答", "Answer"))
    rows = tuple(((str(n),), (material.say(*each),), ()) for n, each in enumerate(questions, 1))
    return Table(columns=titles(material, *columns), rows=rows, widths=(7, 43, 50), tall=True)


def _sheet(name: str, found: list[Found], material: Material) -> Iterator[Block]:
    family = FAMILIES[name]
    yield parts.heading(material, *family.title)
    columns = (
        ("番号", "No."),
        ("記録にある事項", "What the records say"),
        ("確認すること", "To be asked"),
        ("回答", "Answer"),
    )
    rows = tuple(
        ((str(n),), inline(each.claim(material.language), each.ref), _questions(each, material), ())
        for n, each in enumerate(found[:MOST], 1)
    )
    yield Table(columns=titles(material, *columns), rows=rows, widths=(6, 36, 30, 28), tall=True)
    if len(found) > MOST:
        left = len(found) - MOST
        yield note(material, f"ほか{left}件は調査報告書にある。", f"{left} more: see the investigation report.")
    if family.questions:
        yield parts.heading(material, "この種類の質問", "Questions of this kind", 2)
        yield _asked(family.questions, material)


def _questions(found: Found, material: Material) -> Inline:
    index = 0 if material.language == "ja" else 1
    first = material.say(
        f"この記録に心当たりはあるか（確度：{confidence(found, material)}）。",
        f"Is this familiar? (confidence: {confidence(found, material)}) ",
    )
    others = [
        material.say(f"「{pair[index]}」ではないか。", f"Could it be {pair[index]}? ")
        for pair in found.value["also_possible"]
    ]
    return inline(first, *others)


def _record(material: Material) -> Iterator[Block]:
    yield parts.heading(material, "ヒアリング記録", "Record of the interview")
    yield _who(material)
    columns = (("番号", "No."), ("述べたこと", "What was said"), ("裏付け資料", "What supports it"))
    yield blank_rows(titles(material, *columns), (8, 62, 30), _FREE_ROWS * 2)
    yield strong(
        material,
        "上の記載は、私が述べたとおりです。訂正したい箇所は、訂正のうえ署名しました。",
        "This is what I said. Where it was not, I corrected it before I signed.",
    )
    signed = tuple(material.say(*each) for each in (("日付", "Date"), ("署名", "Signature")))
    yield Signature(role=material.say("対象者", "Person"), name=(), lines=signed)
    yield Signature(role=material.say("聴取者", "Asked by"), name=(), lines=signed)
