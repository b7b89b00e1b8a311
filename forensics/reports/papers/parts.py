"""Blocks that several papers share: the case, its evidence, how it was hashed and verified, how to check, who signs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forensics.casefile.view import EvidenceItem
from forensics.evidence.checklist import text
from forensics.reports.papers import acts
from forensics.reports.papers.acts import FACTS
from forensics.reports.papers.material import Material, Step
from forensics.reports.papers.model import (
    Block,
    Code,
    Decide,
    Fact,
    Facts,
    Heading,
    Inline,
    Missing,
    Paragraph,
    Ref,
    Run,
    Signature,
    Table,
    inline,
)
from forensics.reports.words import Pair


def numbered(paragraphs: Iterable[Inline], first: int = 1) -> list[Block]:
    """Paragraphs with numbers."""
    return [
        Paragraph(runs=runs, style="numbered", number=f"{number}.") for number, runs in enumerate(paragraphs, first)
    ]


def woven(material: Material, words: Sequence[Pair], values: Sequence[Inline]) -> Inline:
    """Words in the language of the paper, with a value after each of them but the last ones."""
    runs: list[Run] = []
    for number, pair in enumerate(words):
        runs += [material.say(*pair), *(values[number] if number < len(values) else ())]
    return inline(runs)


def examiner(material: Material, words: Sequence[Pair], able: Sequence[Pair]) -> list[Inline]:
    """Who examined the evidence, and what qualifies that person, in the words of the paper."""
    who = [
        material.fact("examiner", "氏名", "name"),
        material.fact("organisation", "所属", "organisation"),
        material.fact("role", "立場", "role"),
    ]
    return [woven(material, words, who), woven(material, able, [material.answer("qualification")])]


def case_facts(material: Material, *names: str) -> Facts:
    """Facts of ``case.toml`` under their titles."""
    rows = [Fact(name=material.say("事件番号（ケースID）", "Case id"), value=(Code(text=material.facts.id),))]
    rows += [Fact(name=material.say(*FACTS[name]), value=material.fact(name, *FACTS[name])) for name in names]
    return Facts(rows=tuple(rows))


def source_of(item: EvidenceItem) -> str:
    """The source of an item as it was given."""
    source = item.acquisition.get("source", {})
    return str(source.get("given") or source.get("path") or "")


def size_of(item: EvidenceItem) -> tuple[int, int]:
    """How many files of an item are stored, and their bytes."""
    stored = [entry for entry in item.files if entry.number is not None]
    return len(stored), sum(entry.size or 0 for entry in stored)


def files(count: int) -> str:
    """A number of files in English."""
    return f"{count:,} file" if count == 1 else f"{count:,} files"


def acquired_line(material: Material, item: EvidenceItem) -> Ref:
    """The lines of the ledger that tell of an item's acquisition."""
    step = material.acquired(item.name)
    return Ref(lines=step.lines if step else (), evidence=item.name)


def evidence_table(material: Material) -> Table:
    """Every item: source, when it was acquired, how much, and the hash of its manifest."""
    columns = (
        ("証拠番号", "Item"),
        ("取得元", "Source"),
        ("取得日時", "Acquired"),
        ("ファイル数・バイト数", "Files, bytes"),
        ("目録のSHA-256", "SHA-256 of the manifest"),
        ("台帳行", "Ledger"),
    )
    rows = []
    for item in material.items:
        step = material.acquired(item.name)
        count, size = size_of(item)
        when: Inline = (material.calendar.short(step.ended_ns),) if step else (_no_line(material),)
        lines: Inline = (line_text(step.lines),) if step else ()
        rows.append(
            (
                inline(item.name),
                inline(source_of(item)),
                when,
                inline(f"{count:,} / {size:,}"),
                (Code(text=item.manifest_sha256),),
                lines,
            )
        )
    return Table(
        columns=tuple(material.say(*each) for each in columns),
        rows=tuple(rows),
        widths=(11, 21, 17, 15, 26, 10),
        empty=material.say("証拠はまだ取得されていない。", "No evidence has been acquired yet."),
    )


def line_text(numbers: tuple[int, ...]) -> str:
    """The numbers of the lines of a step."""
    return "–".join(str(number) for number in numbers)


def _no_line(material: Material) -> Missing:
    return Missing(what=material.say("取得の台帳行", "ledger line of the acquisition"))


def tool_of(step: Step, material: Material) -> Inline:
    """The program and its hash as the line of a step has them."""
    version, python = step.told("tool.version"), step.told("tool.python")
    name = step.told("tool.name") or "email-forensics"
    runs: list[Run] = [f"{name} {version}", material.say("（Python ", " (Python "), python, material.say("）", ")")]
    if step.told("tool.sha256"):
        runs += [
            material.say("、プログラムのSHA-256 ", ", SHA-256 of the program "),
            Code(text=step.told("tool.sha256")),
        ]
    if step.told("tool.lock_sha256"):
        runs += [
            material.say("、依存ライブラリのSHA-256 ", ", SHA-256 of its dependencies "),
            Code(text=step.told("tool.lock_sha256")),
        ]
    return inline(runs)


def tools(material: Material) -> list[Inline]:
    """Each program that worked on the case, once, with the lines that name it."""
    used: dict[Inline, list[int]] = {}
    for step in material.steps:
        if step.told("tool.version"):
            used.setdefault(tool_of(step, material), []).extend(step.lines)
    return [inline(runs, Ref(lines=tuple(lines))) for runs, lines in used.items()]


def verifications(material: Material) -> Table:
    """Every time the case was read again, and what came of it."""
    rows = [
        (
            (material.calendar.short(step.ended_ns),),
            inline(acts.act(step, material)),
            acts.outcome(step, material),
            (line_text(step.lines),),
        )
        for step in material.steps
        if step.act in ("verify", "acquire.verify", "replay") and step.done
    ]
    columns = (("日時", "Time"), ("行為", "Act"), ("結果", "Result"), ("台帳行", "Ledger"))
    return Table(
        columns=tuple(material.say(*each) for each in columns),
        rows=tuple(rows),
        widths=(22, 20, 46, 12),
        empty=material.say(
            "取得の後に全体を検証した記録はない。", "No verification after the acquisition is on record."
        ),
    )


def receipts(material: Material) -> Table:
    """The receipts that were given out: the anchor outside the hands of whoever keeps the case."""
    rows = []
    for step in material.acts("receipt", "checkpoint.stamp"):
        said = step.told("params.receipt", "result.receipt", "params.text", "params.line", "result.text")
        whom = step.told("params.to", "params.given_to", "params.recipient")
        rows.append(
            (
                (material.calendar.short(step.ended_ns),),
                inline(acts.act(step, material)),
                inline(whom),
                (Code(text=said),) if said else (acts.stamped(step, material),),
                (line_text(step.lines),),
            )
        )
    columns = (
        ("日時", "Time"),
        ("行為", "Act"),
        ("相手", "Given to"),
        ("受領証の文字列", "Receipt"),
        ("台帳行", "Ledger"),
    )
    return Table(
        columns=tuple(material.say(*each) for each in columns),
        rows=tuple(rows),
        widths=(18, 14, 16, 43, 9),
        empty=material.say(
            "受領証も時刻認証も、まだ台帳にない。台帳全体の書換えは、外部に控えた受領証との比較によらなければ検知できない。",
            "No receipt and no time stamp is on the ledger yet. A ledger that was rewritten as a whole is detected "
            "only by a receipt that was kept outside.",
        ),
    )


def keys(material: Material) -> list[Block]:
    """The fingerprints of the keys that sign, to be compared with those given outside the case."""
    rows = []
    for step in material.acts("key.add", "key.revoke"):
        if step.told("params.vkey", "params.fingerprint"):
            who = step.told("params.principal") or material.say("台帳", "ledger")
            role, key = step.told("params.role"), step.told("params.vkey", "params.fingerprint")
            act = acts.act(step, material)
            rows.append(((act,), inline(who), inline(role), inline(Code(text=key)), (line_text(step.lines),)))
    columns = (("行為", "Act"), ("誰の", "Whose"), ("役割", "Role"), ("鍵", "Key"), ("台帳行", "Ledger"))
    titles = tuple(material.say(*each) for each in columns)
    return [Table(columns=titles, rows=tuple(rows), widths=(16, 20, 12, 43, 9))] if rows else []


def how_to_check(material: Material) -> list[Block]:
    """How anyone checks the case without the person who signs, and what that does not show."""
    number, sha256, _ = material.source_line()
    steps = (
        inline(
            material.say(
                "証拠の各フォルダーで目録と照合する：",
                "In the folder of each item, check the files against the manifest: ",
            ),
            Code(text="sha256sum -c manifest-sha256.txt"),
        ),
        inline(
            material.say("台帳・証拠・記録・報告書の全体を検証する：", "Check ledger, evidence, records and reports: "),
            Code(text="forensics verify DIR"),
        ),
        inline(
            material.say(
                f"台帳{number}行のSHA-256を、この書面の値と比べる：",
                f"Compare the SHA-256 of line {number} of the ledger with the one on this paper: ",
            ),
            Code(text=f"sed -n {number}p ledger/events.jsonl | tr -d '\\n' | sha256sum"),
            " → ",
            Code(text=sha256),
        ),
    )
    limits = material.say(
        "以上は改ざん検知のための手順であり、記録がその値の計算以後に変わったかどうかを示す。取得前の改変、ツールの外で行われたこと、"
        "誤って入力された事実、アカウントを誰が操作したかは、これによっては分からない。",
        "These steps detect a change made after the values were computed. They do not show whether anything was "
        "altered before acquisition, what was done outside the tool, whether a fact was typed in wrongly, or which "
        "person used an account.",
    )
    return [*numbered(steps), Paragraph(runs=(limits,), style="note")]


def signature(material: Material, role: tuple[str, str], *, sworn: bool = False) -> Signature:
    """A place to sign for the examiner."""
    lines = [material.say("作成年月日", "Date"), material.say("署名", "Signature")]
    if sworn:
        lines.insert(1, material.say("作成地", "Place"))
    if material.language == "ja":
        lines[-1] = "署名・押印"
    name: Inline = (material.facts.examiner,) if material.facts.examiner else (_examiner(material),)
    return Signature(role=material.say(*role), name=name, lines=tuple(lines))


def _examiner(material: Material) -> Missing:
    return Missing(what=material.say("作業者の氏名", "name of the examiner"), key="A5.operator")


def hashed(material: Material) -> list[Inline]:
    """For each item what was hashed, with what, and what it was compared with, as its own papers say."""
    return [_hashed(item, material) for item in material.items]


def _hashed(item: EvidenceItem, material: Material) -> Inline:
    stated = item.acquisition.get("hashes", {})
    names = ", ".join(HASH_NAMES.get(str(each), str(each)) for each in stated.get("algorithms", ()))
    back = str(stated.get("read_back", ""))
    count, size = size_of(item)
    algorithms: Run = names or Missing(what=material.say("ハッシュの種類", "hash algorithms"), key="A9.algorithms")
    again: Run = (READ_BACK_JA.get(back, back) if material.language == "ja" else back) or Missing(
        what=material.say("複製の読み直し", "reading of the copy"), key="A9.copy"
    )
    return inline(
        material.say(
            f"{item.name}：{count:,}ファイル、{size:,}バイト。取得元から読みながら一度に計算したハッシュ：",
            f"{item.name}: {files(count)}, {size:,} bytes. Computed in one pass while the source was read: ",
        ),
        algorithms,
        material.say(
            "。同じ値になることを確かめるために読み直したもの：", ". Read again and found to give the same values: "
        ),
        again,
        material.say("。各ファイルの値を載せた目録のSHA-256：", ". SHA-256 of the manifest that lists each file: "),
        Code(text=item.manifest_sha256),
        acquired_line(material, item),
    )


HASH_NAMES = {"sha256": "SHA-256", "md5": "MD5", "sha1": "SHA-1"}
READ_BACK_JA = {
    "every copy, after fsync, through a new descriptor": "すべての複製（媒体への書込み完了後、新しい記述子による）"
}


def limits(material: Material) -> list[Inline]:
    """The limits that the papers of each item state, and those that a person added."""
    said: dict[str, list[str]] = {}
    for item in material.items:
        for each in item.acquisition.get("limits", ()):
            said.setdefault(str(each), []).append(item.name)
    found = [
        inline(LIMITS_JA.get(each, each) if material.language == "ja" else each, Ref(evidence=", ".join(items)))
        for each, items in said.items()
    ]
    for name in ("", *(item.name for item in material.items)):
        value = text(material.answers.values.get(name, {}).get("limits"))
        if value:
            found.append(inline(value, Ref(lines=(material.answers.lines[name]["limits"],), evidence=name)))
    return found


def listed_limits(value: str, material: Material) -> Inline:
    """The limits that stand in one value, in the language of the paper."""
    if material.language == "en":
        return (value,)
    return inline(*(f"{LIMITS_JA.get(each, each)}" for each in value.split("; ")))


LIMITS_JA = {
    "Only what the file system shows was read: no deleted files, no slack, no snapshots.": (
        "ファイルシステムが示すものだけを読み取った。削除されたファイル、スラック、スナップショットは読み取っていない。"
    ),
    "Links were not followed; pipes, sockets and devices were not opened.": (
        "リンクはたどらず、パイプ、ソケット、デバイスは開いていない。"
    ),
    "Extended attributes, access control lists and alternate streams were not recorded.": (
        "拡張属性、アクセス制御リスト、代替データストリームは記録していない。"
    ),
    "Links, devices and other special members of the archive were listed, not followed.": (
        "書庫内のリンク、デバイスなどの特殊な項目は一覧に載せるだけで、たどっていない。"
    ),
    "The times of a zip have no zone and stand here as if they were UTC.": (
        "zipの時刻には時間帯がなく、ここではUTCとして扱っている。"
    ),
    "Only what the provider states can be missed: what it left out without a word cannot be found here.": (
        "欠落が分かるのは提供者が申告したものに限られる。申告なしに除かれたものは、ここでは分からない。"
    ),
    "A provider's own digests show that the files arrived as it sent them, not that they are what users wrote.": (
        "提供者のハッシュ値が示すのは送られたままに届いたことであり、利用者が書いたとおりであることではない。"
    ),
}


def heading(material: Material, ja: str, en: str, level: int = 1) -> Heading:
    """A heading in the language of the paper."""
    return Heading(text=material.say(ja, en), level=level)


def decide(material: Material, ja: str, en: str) -> Decide:
    """A gap for a lawyer in the language of the paper."""
    return Decide(what=material.say(ja, en))
