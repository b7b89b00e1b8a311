"""``selection.pst``: chosen messages as an Outlook data file ([MS-PST]), for whoever reads mail in Outlook.

It is a copy to read, not evidence: the evidence is the stored file that each item names. Folders are those of the
evidence; recovered items stand in folders of their own, so that nobody takes them for living ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from forensics import __version__
from forensics.casefile.view import CaseView
from forensics.formats.pst.writer import PstFolder, PstItem, PstStore, write_pst
from forensics.reports.inputs import input_line
from forensics.reports.pst_items import ItemMaker
from forensics.reports.selection import Selection
from forensics.reports.sink import Sink

FILE_NAME = "selection.pst"
AT_ONCE = 500
"""So many messages are in memory at a time."""
_LIVE = frozenset(("live", "soft_deleted", "recoverable_items"))


class PstReport:
    """Chosen messages with recipients, bodies and attachments as a PST; written only when it is asked for by name."""

    name = "pst"
    title = "Chosen messages as an Outlook data file"
    version = "1"
    on_request = True

    def write(self, case: CaseView, out: Sink, selection: Selection | None = None) -> None:
        """Write ``selection.pst`` and what stands beside it."""
        chosen = selection or Selection()
        rows = _rows(case, chosen.ids(case))
        maker = ItemMaker(case=case)
        with out.seekable(FILE_NAME) as handle:
            written = write_pst(handle, PstStore(name=case.facts.title or "forensics", folders=_folders(rows, maker)))
        out.sidecar(
            FILE_NAME,
            {
                "report": f"{self.name} {self.version}",
                "tool": f"email-forensics {__version__}",
                "case": {"id": case.facts.id, "case_toml_sha256": case.facts_sha256},
                "ledger": input_line(case),
                "where": chosen.where,
                "items": written.items,
                "messages": [{"id": row["id"], "address": row["address"]} for row in rows],
                "left_out": maker.left_out,
            },
        )


def _rows(case: CaseView, ids: Sequence[str]) -> list[dict[str, Any]]:
    """The messages that become items; one inside another that is chosen too goes along as its attachment."""
    rows = case.rows(
        "SELECT id, evidence, address, store_path, recovery, embedded_in FROM message WHERE id IN (SELECT unnest($1)) "
        "ORDER BY evidence, store_path, address, id",
        [list(ids)],
    )
    known = set(ids)
    return [row for row in rows if row["embedded_in"] not in known]


@dataclass(slots=True, kw_only=True)
class _Branch:
    """A folder in the making: the messages in it and the folders below it."""

    ids: list[str] = field(default_factory=list)
    below: dict[str, _Branch] = field(default_factory=dict)


def _folders(rows: Sequence[dict[str, Any]], maker: ItemMaker) -> list[PstFolder]:
    top = _Branch()
    for row in rows:
        first = row["evidence"] if row["recovery"] in _LIVE else f"{row['evidence']} 復元 (recovered)"
        branch = top
        for name in (first, *(part for part in (row["store_path"] or "").split("/") if part)):
            branch = branch.below.setdefault(name, _Branch())
        branch.ids.append(row["id"])
    return [_folder(name, branch, maker) for name, branch in top.below.items()]


def _folder(name: str, branch: _Branch, maker: ItemMaker) -> PstFolder:
    children = [_folder(each, below, maker) for each, below in branch.below.items()]
    return PstFolder(name=name, items=_items(branch.ids, maker), children=children)


def _items(ids: Sequence[str], maker: ItemMaker) -> Iterator[PstItem]:
    for start in range(0, len(ids), AT_ONCE):
        yield from maker.items(ids[start : start + AT_ONCE])
