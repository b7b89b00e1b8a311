"""The head of every report: case, evidence with its hashes, ledger line, counts, problems, and what is not covered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from forensics import __version__
from forensics.casefile.view import CaseView, EvidenceItem
from forensics.reports.inputs import input_line, receipt_line
from forensics.reports.words import USES

PROBLEMS_SHOWN = 500
FILES_SHOWN = 200
_LOGICAL = "SELECT count(*) AS n, count(*) FILTER (same_id_other_body > 0) AS x FROM logical WHERE is_first"
_PROBLEMS = "SELECT evidence, address, what, lost, cause FROM problem ORDER BY evidence, address, what, id LIMIT ?"

_NOT_CARVED = (
    "未使用領域からの復元（カービング）は行っていない。",
    "Nothing was carved from unallocated space.",
)
NOT_COVERED = (
    (
        "PST・OST 内部の復元は、上書きされていないブロックに限られる。上書きされた部分は記録に明示する。",
        "Inside PST and OST files only what was not overwritten is recovered; parts that were are named.",
    ),
    (
        "暗号化されたメールや添付ファイルは復号していない。",
        "Encrypted messages and attachments were not decrypted.",
    ),
    (
        "時刻はそれぞれの記録元の主張であり、正確さは検証していない。",
        "Times are the claims of those who recorded them; their accuracy was not checked.",
    ),
    (
        "アカウントの操作の記録であり、誰が操作したかを示すものではない。",
        "The records show what accounts did, not which person did it.",
    ),
)


def head(case: CaseView) -> dict[str, Any]:
    """Everything that the head shows, as plain values."""
    facts = case.facts
    return {
        "case": {
            "id": facts.id,
            "title": facts.title,
            "client": facts.client,
            "examiner": facts.examiner,
            "organisation": facts.organisation,
            "legal_basis": facts.legal_basis,
            "scope": facts.scope,
            "purpose": facts.purpose,
            "time_zone": facts.time_zone,
            "language": facts.language,
            "case_toml_sha256": case.facts_sha256,
        },
        "tool": {"name": "email-forensics", "version": __version__},
        "ledger": input_line(case),
        "receipt": receipt_line(case),
        "evidence": [_evidence(item) for item in case.evidence],
        "counts": counts(case),
        "problems": case.rows(_PROBLEMS, [PROBLEMS_SHOWN]),
        "files": list(_unread(case)),
        "accounts": accounts(case),
        "not_covered": [*([] if _carved(case) else [_NOT_CARVED]), *NOT_COVERED, *_withheld(case)],
    }


def _carved(case: CaseView) -> bool:
    return any(item.acquisition["source"].get("kind") == "carved" for item in case.evidence)


def _withheld(case: CaseView) -> list[tuple[str, str]]:
    """What two-person control keeps out of every report, in numbers."""
    if not case.withheld:
        return []
    texts, blobs = case.withheld["text"], case.withheld["content"]
    return [
        (
            f"二者承認の管理下にあるため、本文 {texts:,} 件と本文・添付の内容 {blobs:,} 件は示さない。",
            f"Under two-person control: {texts:,} body texts and {blobs:,} bodies and attachments are withheld.",
        )
    ]


def accounts(case: CaseView) -> list[dict[str, Any]]:
    """For each PST and OST what every byte of it is: (class, bytes, share in percent), which sum to its size."""
    paths = {
        f"{item.name}/{entry.number:06d}": entry.path.decode("utf-8", "backslashreplace")
        for item in case.evidence
        for entry in item.files
        if entry.number is not None
    }
    found = []
    for row in case.rows("SELECT * FROM byte_account ORDER BY evidence, address"):
        uses = [(use, row[use], f"{row[use] * 100 / max(row['size'], 1):.2f}") for use in USES]
        at = row["address"]
        found.append({"address": at, "path": paths.get(at, ""), "size": row["size"], "uses": uses})
    return found


def counts(case: CaseView) -> dict[str, Any]:
    """How many records of each kind, messages for each recovery, and, with a timeline, events and logical messages."""
    found = dict(case.counts())
    recoveries = case.rows("SELECT recovery, count(*) AS n FROM message GROUP BY recovery ORDER BY recovery")
    made: dict[str, Any] = {"records": found, "recovery": {row["recovery"]: row["n"] for row in recoveries}}
    if any(line.act == "timeline" and line.phase == "finished" for line in case.lines):
        row = case.rows("SELECT count(*) AS n, count(*) FILTER (is_repeat) AS r, count(utc) AS t FROM event")[0]
        made |= {"event": row["n"], "repeats": row["r"], "timeless": row["n"] - row["t"]}
        row = case.rows(_LOGICAL)[0]
        made |= {"logical": row["n"], "same_id_other_body": row["x"]}
    return made


def _evidence(item: EvidenceItem) -> dict[str, Any]:
    stored = [entry for entry in item.files if entry.number is not None]
    special = [entry for entry in item.files if entry.special]
    receipt = item.acquisition.get("receipt", {})
    source = item.acquisition.get("source", {})
    return {
        "name": item.name,
        "source": str(source.get("given", "")),
        "kind": str(source.get("kind", "")),
        "parent": str(source.get("parent", "")),
        "files": len(stored),
        "size": sum(entry.size or 0 for entry in stored),
        "manifest_sha256": item.manifest_sha256,
        "sha256": stored[0].sha256 if len(stored) == 1 else "",
        "md5": stored[0].md5 if len(stored) == 1 else "",
        "complete": receipt.get("complete") is True,
        "not_received": [_refusal(kind, each) for kind in _LACKS for each in receipt.get(kind, [])][:FILES_SHOWN],
        "not_followed": [entry.path.decode("utf-8", "backslashreplace") for entry in special[:FILES_SHOWN]],
        "special": len(special),
        "lacking": sum(len(receipt.get(kind, [])) for kind in _LACKS),
    }


_LACKS = ("refused", "missing", "flagged")


def _refusal(kind: str, each: Mapping[str, Any]) -> dict[str, str]:
    return {"kind": kind, "path": str(each.get("path", "")), "reason": str(each.get("reason", ""))}


def _unread(case: CaseView) -> Iterator[dict[str, Any]]:
    """Every stored file that no parser read, with its name as found."""
    items = {item.name: item for item in case.evidence}
    for manifest in case.manifests:
        entries = {f"{entry.number:06d}": entry for entry in items[manifest["evidence"]].files if entry.number}
        for file in manifest["files"]:
            if not file["parser"]:
                entry = entries.get(file["number"])
                yield {
                    "evidence": manifest["evidence"],
                    "number": file["number"],
                    "path": entry.path.decode("utf-8", "backslashreplace") if entry else "",
                    "size": entry.size if entry else None,
                    "kind": str(file.get("kind", "")),
                    "why": str(file.get("why", "")),
                }
