"""Exhibit numbers (号証, 枝番) and file names for the filing system of the courts (mints: PDF, at most 50 characters).

The permanent number of a message is its address in the evidence. An exhibit number is given when a list is written, and
the sidecar of the list, whose hash stands in the ledger, records which number went to what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from forensics.reports.papers.material import Material

LONGEST = 50
"""Characters of a file name with its ending, whether full width or half."""
_UNSAFE = re.compile(r"[^0-9A-Za-z\u3041-\u30ff\u3400-\u9fff々〇_]")
_ATTACHED = (
    "SELECT message_id_ref, position, name, size, sha256 FROM attachment "
    "WHERE message_id_ref IN (SELECT unnest($1)) ORDER BY message_id_ref, position"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """One exhibit: a message, or a file attached to it (枝番 2 and up; the message is then 枝番 1)."""

    prefix: str
    number: int
    branch: int
    message: dict[str, Any]
    attachment: dict[str, Any] | None = None

    def label(self, language: str) -> str:
        """``甲第1号証`` or ``甲第1号証の2``."""
        if language == "en":
            return f"{self.prefix} {self.number}" + (f"-{self.branch}" if self.branch else "")
        return f"{self.prefix}第{self.number}号証" + (f"の{self.branch}" if self.branch else "")

    def short(self) -> str:
        """``甲1`` or ``甲1の2``."""
        return f"{self.prefix}{self.number}" + (f"の{self.branch}" if self.branch else "")


def numbered(material: Material, messages: Sequence[dict[str, Any]]) -> list[Exhibit]:
    """An exhibit for each message and each file attached to it, in the order of the messages."""
    prefix = material.options.exhibit
    attached = _attached(material, messages)
    found: list[Exhibit] = []
    for number, message in enumerate(messages, material.options.first):
        files = attached.get(str(message["id"]), [])
        found.append(Exhibit(prefix=prefix, number=number, branch=1 if files else 0, message=message))
        for branch, each in enumerate(files, 2):
            found.append(Exhibit(prefix=prefix, number=number, branch=branch, message=message, attachment=each))
    return found


def _attached(material: Material, messages: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    ids = [str(row["id"]) for row in messages]
    found: dict[str, list[dict[str, Any]]] = {}
    if ids and material.case.has("attachment"):
        for row in material.case.rows(_ATTACHED, [ids]):
            found.setdefault(str(row["message_id_ref"]), []).append(row)
    return found


def file_name(exhibit: Exhibit, material: Material, *, redacted: bool = False) -> str:
    """``甲001の1_メール20260601.pdf``: letters that any system takes, no longer than the courts allow."""
    branch = f"の{exhibit.branch}" if exhibit.branch else ""
    kind = "添付" if exhibit.attachment else "メール"
    sent = exhibit.message["sent_ns"]
    day = f"{material.calendar.date_of(sent):%Y%m%d}" if sent is not None else "日付なし"
    end = ("_マスキング" if redacted else "") + ".pdf"
    name = ""
    if exhibit.attachment and not redacted:
        stem, dot, rest = str(exhibit.attachment["name"] or "").rpartition(".")
        name = "_" + _UNSAFE.sub("", stem if dot else rest)
    whole = f"{exhibit.prefix}{exhibit.number:03d}{branch}_{kind}{day}{'' if name == '_' else name}"
    return whole[: LONGEST - len(end)] + end


def recorded(exhibits: Iterable[Exhibit], material: Material) -> Iterator[dict[str, Any]]:
    """What the sidecar keeps: which number went to what, by its permanent number and hash."""
    for each in exhibits:
        row, file = each.message, each.attachment
        yield {
            "exhibit": each.label("ja"),
            "file_name": file_name(each, material),
            "address": str(row["address"]),
            "message": str(row["id"]),
            "attachment": int(file["position"]) if file else None,
            "sha256": str((file["sha256"] if file else row["raw_sha256"] or row["canonical_sha256"]) or ""),
        }
