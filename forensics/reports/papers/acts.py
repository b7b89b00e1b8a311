"""The acts of the ledger in the words of a custody form: what was done, and what came of it.

Acts of a later version of the ledger are shown under their own names, so that none is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forensics.evidence.checklist import dig, text
from forensics.evidence.points import askable
from forensics.reports.papers.material import Material, Step
from forensics.reports.papers.model import Code, Inline, Run, inline
from forensics.reports.words import Pair

ACTS: dict[str, Pair] = {
    "case.open": ("事件の開始", "case opened"),
    "case.set": ("事件の記載事項の変更", "facts of the case changed"),
    "key.add": ("鍵の登録", "key added"),
    "key.revoke": ("鍵の失効", "key revoked"),
    "acquire": ("取得", "acquired"),
    "acquire.verify": ("取得元との照合", "compared with the source"),
    "image.examine": ("ディスクイメージの検査", "disk image examined"),
    "seal": ("封印", "sealed"),
    "checkpoint.stamp": ("タイムスタンプの付与", "checkpoint time-stamped"),
    "receipt": ("受領証の発行", "receipt issued"),
    "transfer.out": ("引渡し", "handed over"),
    "transfer.in": ("受取り", "received"),
    "witness": ("立会い", "witnessed"),
    "correct": ("訂正", "corrected"),
    "return": ("返還", "returned"),
    "dispose": ("廃棄", "disposed of"),
    "store.in": ("保管庫への収納", "put into store"),
    "store.out": ("保管庫からの持出し", "taken out of store"),
    "bundle": ("引渡し用一式の作成", "bundle written"),
    "disclose": ("一部の開示", "partly disclosed"),
    "replay": ("工程の再実行", "steps run again"),
    "clock.check": ("時計の照合", "clock compared"),
    "parse": ("読取り（記録の作成）", "read into records"),
    "timeline": ("時系列の作成", "timeline made"),
    "find": ("検索・分析", "questions asked"),
    "map": ("対応付け", "mapped"),
    "table": ("参照表の登録", "reference table"),
    "suppress": ("所見の除外・取消", "finding set aside or taken up"),
    "playbook": ("手順書の実行", "playbook run"),
    "report": ("報告書の作成", "report written"),
    "verify": ("全体の検証", "whole case verified"),
    "meta.review": ("メタデータの閲覧", "metadata reviewed"),
    "approval.request": ("閲覧承認の申請", "approval requested"),
    "approval.grant": ("閲覧の承認", "approval granted"),
    "approval.deny": ("閲覧の不承認", "approval denied"),
    "approval.expire": ("閲覧承認の失効", "approval expired"),
    "content.view": ("内容の閲覧", "content viewed"),
    "content.export": ("内容の書出し", "content exported"),
    "anomaly": ("異常の記録", "anomaly noted"),
}
FACTS: dict[str, Pair] = {
    "title": ("事件名", "Case"),
    "client": ("依頼者", "Client"),
    "examiner": ("作業者", "Examiner"),
    "organisation": ("所属", "Organisation"),
    "role": ("立場", "Role"),
    "legal_basis": ("法的根拠", "Legal basis"),
    "scope": ("対象範囲", "Scope"),
    "purpose": ("目的・鑑定事項", "Question asked"),
}
VERDICTS: dict[str, Pair] = {
    "damaged": ("不一致（損傷チャンクを特定済み）", "it differs; the damaged chunks are named"),
    "not stored": ("内蔵ハッシュなし", "it holds none"),
    "same": ("一致", "same"),
    "differs": ("不一致", "differs"),
}
PHASES: dict[str, Pair] = {
    "begun": ("未完了", "not finished"),
    "failed": ("失敗", "failed"),
}
_NOT_SHOWN = frozenset(
    ("case_toml_sha256", "tool_sha256", "facts_sha256", "libraries", "settings", "inputs", "answers", "manifest_sha256")
)


def act(step: Step, material: Material) -> str:
    """What was done, and whether it came to its end."""
    name = material.say(*ACTS.get(step.act, (step.act, step.act)))
    if step.phase in PHASES:
        ended = material.say(*PHASES[step.phase])
        return f"{name}（{ended}）" if material.language == "ja" else f"{name} ({ended})"
    return name


def person(step: Step, material: Material) -> Inline:
    """Who did it, with organisation and role as the ledger has them."""
    said = [str(step.get(f"actor.{name}") or "") for name in ("name", "org", "role")]
    whole = material.say("、", ", ").join(each for each in said if each)
    return inline(whole)


def outcome(step: Step, material: Material) -> Inline:
    """What came of a step, in the words of its own result."""
    if step.phase == "failed":
        return inline(step.told("result.error") or step.told("result"))
    known = _KNOWN.get(step.act)
    said = known(step, material) if known else _given(step)
    later = [number for line in step.lines for number in material.corrected.get(line, ())]
    earlier = [line for line, by in material.corrected.items() if set(by) & set(step.lines)]
    runs = [said, step.told("why"), step.told("change")]
    if later:
        runs.append(material.say(f"（{text(later)}行で訂正された）", f"(corrected by line {text(later)})"))
    if earlier:
        runs.append(material.say(f"（{text(earlier)}行を訂正する）", f"(corrects line {text(earlier)})"))
    return inline(" ".join(run for run in runs if run))


def party(value: Any) -> str:
    """A person or an office as a line names it: a text, or name, organisation and contact."""
    if not isinstance(value, Mapping):
        return text(value)
    known = [text(value[name]) for name in ("name", "org", "organisation", "contact") if value.get(name)]
    rest = {key: each for key, each in value.items() if key not in ("name", "org", "organisation", "contact")}
    return ", ".join([*known, *([text(rest)] if text(rest) else [])])


def hashes(step: Step, *fields: str) -> Inline:
    """The SHA-256 that the step wrote down for what it used (``in``) and made (``out``)."""
    found: list[Run] = []
    for each in (each for field in fields or ("in", "out") for each in step.get(field) or ()):
        sha256, name = str(each.get("sha256", "")), str(each.get("id") or each.get("path") or "")
        if sha256:
            found += [f"{name} ", Code(text=sha256), " "]
    more = len(found) // 3 - _MOST_HASHES
    return inline(found[: _MOST_HASHES * 3], f"… (+{more})" if more > 0 else "")


_MOST_HASHES = 12
"""So many hashes of one step are shown; the line of the ledger has them all."""


def _given(step: Step) -> str:
    """The params and the result of an act that has no sentence of its own."""
    parts: dict[str, Any] = {}
    for field in ("params", "result"):
        value = step.get(field)
        if isinstance(value, Mapping):
            parts |= {key: each for key, each in value.items() if key not in _NOT_SHOWN}
    return text(parts)


def _acquire(step: Step, material: Material) -> str:
    receipt = step.get("result.receipt") or {}
    asked, got, size = (int(receipt.get(name, 0)) for name in ("asked", "received", "received_bytes"))
    lacks = sum(len(receipt.get(name, ())) for name in ("refused", "missing", "flagged"))
    source, item = step.told("params.source"), step.told("params.evidence")
    ja = f"{item}：取得元「{source}」。対象{asked:,}ファイルのうち{got:,}ファイル、{size:,}バイト"
    en = f"{item} from {source}: {got:,} of {asked:,} files, {size:,} bytes"
    if lacks:
        return material.say(f"{ja}。取得できないか留保のあるもの{lacks:,}件", f"{en}; {lacks:,} not read or flagged")
    return material.say(f"{ja}", f"{en}")


def _verify(step: Step, material: Material) -> str:
    files, size = int(step.get("result.files") or 0), int(step.get("result.size") or 0)
    wrong = len(step.get("result.differences") or ()) + len(step.get("result.unsettled") or ())
    ja, en = f"{files:,}ファイル、{size:,}バイトを読み直し", f"{files:,} files, {size:,} bytes read again"
    if wrong:
        return material.say(f"{ja}、相違{wrong:,}件", f"{en}; {wrong:,} differences")
    return material.say(f"{ja}、相違なし", f"{en}; no difference")


def _changed(step: Step, material: Material) -> str:
    names = dig(step.value, "params.answers.names")
    changes = step.get("params.changes")
    if isinstance(names, Mapping):
        each = [
            f"{item or material.say('全証拠', 'all items')}: {_asked(given, material)}" for item, given in names.items()
        ]
        return material.say("人が答えた事項 ", "Answered by a person: ") + "; ".join(each)
    return _titles(changes, material) if isinstance(changes, Mapping) else ""


def _asked(given: Iterable[Any], material: Material) -> str:
    points = askable()
    said = (points[name].title(material.language) if name in points else str(name) for name in given)
    return material.say("、", ", ").join(said)


def _titles(names: Iterable[Any], material: Material) -> str:
    return material.say("、", ", ").join(material.say(*FACTS.get(str(name), (str(name), str(name)))) for name in names)


def _image(step: Step, material: Material) -> str:
    verdict, name = step.told("result.verdict"), step.told("params.name")
    verdict = material.say(*VERDICTS.get(verdict, (verdict, verdict)))
    return material.say(
        f"「{name}」。内蔵ハッシュとの照合：{verdict}", f"{name}. Check against its own hash: {verdict}"
    )


def _parse(step: Step, material: Material) -> str:
    counts = step.get("result.counts") or step.get("result.records") or {}
    number = counts.get("message") if isinstance(counts, Mapping) else None
    return material.say(f"メッセージ{number:,}件", f"{number:,} messages") if isinstance(number, int) else ""


def _handed(step: Step, material: Material) -> str:
    giver, taker = party(step.get("params.from")), party(step.get("params.to"))
    return material.say(f"{giver} から {taker} へ", f"From {giver} to {taker}") if giver or taker else _given(step)


def checked(step: Step, material: Material) -> str:
    """What the receiver's own hashes said of each item."""
    found = [each for each in step.get("result.checked") or () if isinstance(each, Mapping)]
    words = {True: material.say("一致", "same"), False: material.say("不一致", "differs")}
    said = [f"{each.get('id')}: {words.get(each.get('holds') is True, '')}" for each in found]
    return material.say("SHA-256の照合 ", "SHA-256 checked: ") + "; ".join(said) if said else step.told("result")


def _arrived(step: Step, material: Material) -> str:
    said = [checked(step, material), step.told("params.condition")]
    return material.say("。", ". ").join(each for each in said if each)


def _sealed(step: Step, material: Material) -> str:
    number, root = int(step.get("result.messages") or 0), step.told("result.root")
    return material.say(f"メッセージ{number:,}件、根ハッシュ {root}", f"{number:,} messages, root {root}")


def _witnessed(step: Step, material: Material) -> str:
    who, size, key = (step.told(f"params.{name}") for name in ("who", "size", "fingerprint"))
    return material.say(
        f"{who} が台帳{size}行までに署名（{key}）", f"{who} signed the ledger up to line {size} ({key})"
    )


def _key(step: Step, material: Material) -> str:
    said = [step.told(f"params.{name}") for name in ("principal", "role", "fingerprint", "vkey")]
    return " ".join(each for each in said if each)


def _receipt(step: Step, material: Material) -> str:
    return step.told("result.receipt")


def stamped(step: Step, material: Material) -> str:
    """Which lines an authority stamped, when by its clock, and under which serial and policy."""
    size, serial, policy = (step.told(path) for path in ("params.size", "result.serial", "result.policy"))
    time = step.get("result.time_ns")
    when = material.calendar.moment(time) if isinstance(time, int) else ""
    trusted = step.get("result.trusted") is True
    roots = material.say("信頼する証明書で確認", "checked against a trusted certificate") if trusted else ""
    ja = f"台帳1–{size}行、認証時刻 {when}、番号 {serial}、ポリシー {policy}"
    en = f"lines 1–{size}, stamped {when}, serial {serial}, policy {policy}"
    return material.say("、", ", ").join(
        each for each in (material.say(ja, en), roots, step.told("params.tsa")) if each
    )


def _opened(step: Step, material: Material) -> str:
    lacking = _titles(step.get("params.missing") or (), material)
    return material.say(f"この時点で未記入：{lacking}", f"Not given then: {lacking}") if lacking else ""


def _report(step: Step, material: Material) -> str:
    return step.told("params.report")


def _nothing(step: Step, material: Material) -> str:
    return ""


_KNOWN = {
    "acquire": _acquire,
    "verify": _verify,
    "case.set": _changed,
    "case.open": _opened,
    "image.examine": _image,
    "parse": _parse,
    "timeline": _nothing,
    "report": _report,
    "transfer.out": _handed,
    "transfer.in": _arrived,
    "seal": _sealed,
    "witness": _witnessed,
    "key.add": _key,
    "key.revoke": _key,
    "receipt": _receipt,
    "checkpoint.stamp": stamped,
}
