"""Drafts of the certifications of Federal Rules of Evidence 902(13) and 902(14), in the form of 28 U.S.C. § 1746.

They are not conclusory: they say what process made the records, what was hashed, with what, and what it was compared
with. Whether that is enough is for counsel and the court; nothing here says that a record is authentic or admissible.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from forensics.reports.papers import acts, parts
from forensics.reports.papers.exhibits import chosen_table
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Inline, Missing, Paragraph, Ref, Run, inline
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection

_VALIDATED = ("使用した版の検証（既知解試験）：", "Validation of the version used (known-answer test): ")
_PROCESS = ("acquire", "image.examine", "parse", "timeline", "report", "seal", "replay")


def _declarant(material: Material) -> list[Inline]:
    """Who certifies, and what qualifies that person."""
    say = material.say
    words = (("私の氏名は ", "My name is "), ("、所属は ", ". I work at "), ("、立場は ", " as "), ("である。", "."))
    able = (("資格・経験：", "My qualifications: "), ("。", "."))
    asked = inline(
        say("依頼者と目的：", "I was engaged by "),
        material.fact("client", "依頼者", "client"),
        say("、", " for this purpose: "),
        material.fact("purpose", "目的", "purpose"),
        say("。根拠：", ". Authority: "),
        material.fact("legal_basis", "法的根拠", "legal basis"),
        say("。", "."),
    )
    know = (
        say(
            "以下は、私自身の知識と、私が管理する台帳の記載に基づく。括弧内は、その事実を記録した台帳の行と証拠番号である。",
            "The following is based on my own knowledge and on the custody ledger of the case; the lines of the ledger "
            "and the numbers of the evidence that record each fact stand in parentheses. ",
        ),
        parts.decide(
            material,
            "本人の知識に基づくと言えるか、誰が証明者となるか",
            "whether the declarant has this knowledge, and who the qualified person is",
        ),
    )
    return [*parts.examiner(material, words, able), asked, know]


def _oath(material: Material) -> Iterator[Block]:
    yield Paragraph(
        runs=inline(
            material.say(
                "以上が真実かつ正確であることを、偽証罪の制裁の下に宣言する（米国法典28編1746条）。",
                "I declare under penalty of perjury under the laws of the United States of America that the foregoing "
                "is true and correct (28 U.S.C. § 1746). ",
            ),
            parts.decide(
                material,
                "米国外で署名する場合の1746条(1)の文言か、米国内の(2)の文言か。902(11)の事前通知の時期",
                "form of § 1746(1), executed outside the United States, or (2); time of the notice under Rule 902(11)",
            ),
        )
    )
    yield parts.signature(material, ("証明者", "Declarant"), sworn=True)


def _caption(material: Material) -> Paragraph:
    return Paragraph(
        runs=inline(
            parts.decide(
                material, "裁判所・事件番号・当事者の表示", "court, case number and parties of the proceeding"
            ),
        ),
        style="centre",
    )


class _Certificate(Paper):
    """What both certifications have in common: who declares, the programs, what is not certified, the oath."""

    continuous = True

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """Declarant, what the rule asks for, tools, oath."""
        heading = parts.heading
        made: list[Block] = [_caption(material), heading(material, "証明者", "Declarant")]
        made += [*parts.numbered(_declarant(material)), *self.certified(material, selection)]
        made += [heading(material, "使用したプログラム", "Programs used"), *parts.numbered(parts.tools(material))]
        made += self.validated(material)
        made += [heading(material, "証明しないこと", "What is not certified"), *_not_certified(material)]
        return [*made, heading(material, "宣言", "Declaration"), *_oath(material)]

    @abstractmethod
    def certified(self, material: Material, selection: Selection | None) -> list[Block]:
        """What the rule asks for."""

    def validated(self, material: Material) -> list[Block]:
        """How the programs were validated, where it is not said elsewhere."""
        return []


class Certificate14(_Certificate):
    """FRE 902(14): what data was copied, with what it was hashed, what it was compared with, message by message."""

    name = "fre-902-14"
    title = "FRE 902(14) certificate (draft)"
    version = "1"
    heading = ("米国連邦証拠規則902(14)に基づく証明書（案）", "Certification under Fed. R. Evid. 902(14)")
    below = (
        "電子機器・記憶媒体・ファイルから複製されたデータ（和文は参考訳）",
        "Certified data copied from an electronic device, storage medium, or file",
    )

    def certified(self, material: Material, selection: Selection | None) -> list[Block]:
        """What was copied, how it was hashed and compared, the proffered items."""
        say, heading = material.say, parts.heading
        made: list[Block] = [
            heading(material, "複製したデータ", "Data that was copied"),
            parts.evidence_table(material),
        ]
        made += [heading(material, "デジタル識別の方法", "Process of digital identification")]
        made += parts.numbered(parts.hashed(material))
        known = say(
            "SHA-256とMD5は、データから計算される値であり、データが変われば、実際上、値も変わる。"
            "同一性の判断にはSHA-256を用い、MD5は他の資料との照合のために併記する。",
            "SHA-256 and MD5 are values computed from data; if the data changes, so, for practical purposes, does the "
            "value. Identity is judged by SHA-256. MD5 is given for comparison with other records only.",
        )
        made.append(Paragraph(runs=(known,), style="note"))
        made += [heading(material, "取得元の読み直し", "The source, read again", 2), *_source(material)]
        made += [heading(material, "その後の検証", "Verification since then", 2), parts.verifications(material)]
        return [*made, heading(material, "提出する項目", "Items proffered"), *_proffered(material, selection)]

    def validated(self, material: Material) -> list[Block]:
        """The known-answer test of the version used."""
        said = material.say(*_VALIDATED)
        return [Paragraph(runs=inline(said, material.answer("validation")))]


def _source(material: Material) -> Iterator[Block]:
    """Whether the source itself was read a second time; without it the comparison rests on the first reading."""
    rows: list[Inline] = []
    for item in material.items:
        parent = str(item.acquisition.get("source", {}).get("parent", ""))
        if parent:
            said = material.say(
                f"{item.name}は、保管中の{parent}の中から取り出した。元のデータは{parent}である。",
                f"{item.name} was taken out of {parent}, which is in store and is its source.",
            )
            rows.append(inline(said, parts.acquired_line(material, item)))
            continue
        found = next(each for each in material.checked(item) if each.point.key == "A9.source")
        line = Ref(lines=(found.line,) if found.line else (), evidence=item.name)
        rows.append((found.value, line) if found.value else (item.name, " ", material.missing(found.point)))
    yield from parts.numbered(rows)


def _proffered(material: Material, selection: Selection | None) -> Iterator[Block]:
    say = material.say
    if selection is None or not (selection.where or selection.messages):
        missing = Missing(
            what=say("提出する項目（--message または --where で選ぶ）", "items proffered (--message or --where)")
        )
        yield Paragraph(runs=(missing,))
    else:
        yield chosen_table(material, selection)
    told = say(
        "私は、提出する複製のSHA-256を計算し、上の値（項目を選んでいない場合は目録の値）と比べた。結果：",
        "I computed the SHA-256 of the copy that is proffered and compared it with the value above, or, where no item "
        "is listed, with the value in the manifest. Result: ",
    )
    result = Missing(
        what=say(
            "提出する複製について計算した日時・値・一致したか", "date and time, value, and whether it was identical"
        ),
        key="902(14)",
    )
    yield Paragraph(runs=(told, result))


def _not_certified(material: Material) -> Iterator[Block]:
    said = material.say(
        "この書面は、取得の後にデータが変わったかどうかを検知できる手順（改ざん検知）の結果を述べるものである。"
        "取得の前に誰がデータを作成または変更したか、アカウントを誰が操作したか、内容が真実かについては述べない。"
        "証拠能力の判断は裁判所による。",
        "This certification states the result of steps that detect whether data changed after acquisition. It does not "
        "state who wrote or altered the data before that, which person used an account, or whether the content is "
        "true. Whether the items are admitted is for the court.",
    )
    yield Paragraph(runs=(said,))
    yield from parts.numbered(parts.limits(material))


class Certificate13(_Certificate):
    """FRE 902(13): by what process and system the records were made, step by step, with program, version and hashes."""

    name = "fre-902-13"
    title = "FRE 902(13) certificate (draft)"
    version = "1"
    heading = ("米国連邦証拠規則902(13)に基づく証明書（案）", "Certification under Fed. R. Evid. 902(13)")
    below = (
        "電子的な処理またはシステムにより生成された記録（和文は参考訳）",
        "Certified records generated by an electronic process or system",
    )

    def certified(self, material: Material, selection: Selection | None) -> list[Block]:
        """The process step by step, and checks of its accuracy."""
        heading = parts.heading
        made: list[Block] = [
            heading(material, "記録と入力", "Records and their inputs"),
            parts.evidence_table(material),
        ]
        made += [heading(material, "処理の内容", "The process"), *parts.numbered(_process(material))]
        made += [heading(material, "正確さを示す事実", "Facts that bear on accuracy")]
        return [*made, *parts.numbered(_accuracy(material)), parts.verifications(material)]


def _process(material: Material) -> list[Inline]:
    """Each step that made a record: when, what, what came of it, the hashes of what it made."""
    found = []
    for step in material.steps:
        if step.act in _PROCESS and step.done:
            where = Ref(lines=step.lines, evidence=step.told("params.evidence"))
            outcome = acts.outcome(step, material)
            colon: list[Run] = [material.say("：", ": ")] if outcome else []
            used, made = acts.hashes(step, "in"), acts.hashes(step, "out")
            into: list[Run] = [material.say("。入力のSHA-256 ", ". SHA-256 of its input: "), *used] if used else []
            into += [material.say("。できたもののSHA-256 ", ". SHA-256 of what it made: "), *made] if made else []
            when = material.calendar.moment(step.ended_ns)
            found.append(inline(f"{when} ", acts.act(step, material), colon, outcome, into, where))
    return found


def _accuracy(material: Material) -> list[Inline]:
    say = material.say
    replays = material.acts("replay")
    again: Inline = (
        inline(*(inline(acts.outcome(step, material), Ref(lines=step.lines)) for step in replays))
        if replays
        else (
            Missing(
                what=say("同じ入力からの再実行とその結果", "a run again from the same inputs, and its result"),
                key="replay",
            ),
        )
    )
    failed = [step for step in material.steps if step.phase in ("failed", "begun")]
    numbers = tuple(number for step in failed for number in step.lines)
    ended: Inline = (
        inline(
            say(f"途中で終わった工程が{len(failed)}件ある。", f"{len(failed)} steps did not come to their end."),
            Ref(lines=numbers),
        )
        if failed
        else (say("途中で終わった工程はない。", "No step failed or was left unfinished."),)
    )
    problems = material.case.counts()["problem"]
    unread = say("読み取れなかった箇所は記録されていない。", "No place that could not be read is on record.")
    if problems:
        unread = say(
            f"読み取れなかった箇所は{problems:,}件であり、すべて所在とともに記録されている（records/problem）。",
            f"{problems:,} places could not be read; each is recorded with its address (records/problem).",
        )
    tested = inline(say(*_VALIDATED), material.answer("validation"))
    return [inline(say("再実行：", "Run again: "), again), ended, (unread,), tested]
