"""How the runs of a paper read in both languages: what is missing or open, references, and the state of a draft."""

from __future__ import annotations

from collections.abc import Sequence

from forensics.reports.papers.model import Code, Decide, Document, Missing, Ref, Run, Strong
from forensics.reports.visible import visible

PLAIN, MISSING, OPEN, REFERENCE, CODE, STRONG = "plain", "missing", "open", "ref", "code", "strong"


def told(run: Run, language: str) -> tuple[str, str]:
    """The kind of a run and its words; nothing from evidence can hide or turn the text."""
    ja = language == "ja"
    match run:
        case str():
            return PLAIN, visible(run)
        case Missing():
            key = run.key.partition(".")[0]
            what = visible(run.what) + (f"（{key}）" if key and ja else f" ({key})" if key else "")
            word = ("未確認" if ja else "NOT KNOWN") if run.unknown else ("未記入" if ja else "MISSING")
            return MISSING, f"【{word}：{what}】" if ja else f"[{word}: {what}]"
        case Decide():
            return OPEN, f"【要判断：{visible(run.what)}】" if ja else f"[COUNSEL: {visible(run.what)}]"
        case Ref():
            return REFERENCE, _reference(run, ja)
        case Code():
            return CODE, visible(run.text)
        case Strong():
            return STRONG, visible(run.text)


def _reference(ref: Ref, ja: bool) -> str:
    parts = [ref.evidence, ref.source]
    if ref.lines:
        numbers = lines(ref.lines)
        parts.append(f"台帳{numbers}行" if ja else f"ledger {'line' if len(ref.lines) == 1 else 'lines'} {numbers}")
    inner = ("・" if ja else ", ").join(visible(part) for part in parts if part)
    if not inner:
        return ""
    return f"（{inner}）" if ja else f" ({inner})"


def lines(numbers: Sequence[int]) -> str:
    """``3``, ``3–5``, ``3, 7``: runs of numbers are drawn together."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in found)


def state(document: Document) -> tuple[str, ...]:
    """What stands in the box at the top: that this is a draft, and what is missing and open in it."""
    ja = document.language == "ja"
    missing, decide = document.missing(), document.open()
    said = []
    if document.draft:
        said.append(
            "草案。署名の前に、内容を確認し、弁護士の判断を受けること。"
            if ja
            else "Draft. To be checked by the person who signs, and by counsel, before it is signed."
        )
    if missing:
        names = ("、" if ja else ", ").join(visible(each.what) for each in missing)
        ja_said = f"未完成（INCOMPLETE）。未記入・未確認 {len(missing)}件：{names}"
        said.append(ja_said if ja else f"INCOMPLETE. Facts missing or not known ({len(missing)}): {names}")
    else:
        said.append("未記入・未確認の事項はない。" if ja else "No fact is missing.")
    if decide:
        said.append(
            f"弁護士の判断を要する箇所 {len(decide)}件（本文に印がある）。"
            if ja
            else f"Points for counsel to decide: {len(decide)}, marked in the text."
        )
    return tuple(said)
