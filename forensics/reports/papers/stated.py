"""What providers of exports state, what arrived and what lacks, for the acquisition report (checklist A4, A10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from forensics.evidence.checklist import text
from forensics.reports.papers import parts
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Inline, Paragraph, Strong, Table, inline

_LACKS = {
    "missing": ("届いていない", "missing"),
    "changed": ("申告と異なる", "changed"),
    "unreadable": ("読めない", "unreadable"),
    "reported": ("提供者がエラーを報告", "reported as failed by the provider"),
    "extra": ("申告にない", "not stated"),
    "count": ("件数が異なる", "another number"),
}
_VERIFIED = {
    "md5 of messages": ("メッセージのMD5", "MD5 of messages"),
    "md5": ("ファイルのMD5", "MD5 of files"),
    "sha1": ("SHA-1", "SHA-1"),
    "sha256": ("SHA-256", "SHA-256"),
    "size": ("大きさ", "size"),
}
_MOST_NOTES = 50


def stated_blocks(material: Material) -> Iterator[Block]:
    """A table of the exports, and what was noticed of each; nothing where the case has none."""
    exports = [(item.name, item.acquisition["source"]) for item in material.items if _export(item.acquisition)]
    if not exports:
        return
    yield parts.heading(material, "提供者の申告との照合", "Held against what the provider states")
    columns = (
        ("証拠", "Item"),
        ("書き出し", "Export"),
        ("申告", "Stated"),
        ("届いたもの", "Arrived"),
        ("結果", "Result"),
    )
    yield Table(
        columns=tuple(material.say(*each) for each in columns),
        rows=tuple(_row(name, source, material) for name, source in exports),
        widths=(9, 23, 24, 22, 22),
    )
    for name, source in exports:
        for note in source["export"].get("notes", ())[:_MOST_NOTES]:
            yield Paragraph(runs=(f"{name}: ", str(note)), style="note")


def _export(acquisition: Mapping[str, Any]) -> bool:
    found = acquisition.get("source", {}).get("export")
    return isinstance(found, Mapping) and "lacks" in found


def _row(name: str, source: Mapping[str, Any], material: Material) -> tuple[Inline, ...]:
    export = source["export"]
    of = ", ".join(str(each) for each in source.get("items", ()))
    return (
        (name,),
        inline(f"{source.get('given', '')} ({of})"),
        inline(text(export.get("stated"))),
        inline(text(export.get("arrived"))),
        _result(export, material),
    )


def _result(export: Mapping[str, Any], material: Material) -> Inline:
    verified = [
        f"{material.say(*_VERIFIED.get(what, (what, what)))}: {number:,}"
        for what, number in export.get("verified", {}).items()
    ]
    met = material.say("一致: ", "met: ") + "; ".join(verified) if verified else ""
    lacks = [f"{material.say(*_LACKS.get(kind, (kind, kind)))}: {number:,}" for kind, number in export["lacks"].items()]
    if not lacks:
        return inline("; ".join(filter(None, (material.say("相違なし", "nothing differs"), met))))
    return (Strong(text="; ".join(lacks)), f"; {met}" if met else "")
