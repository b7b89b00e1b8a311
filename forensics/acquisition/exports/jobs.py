"""What a guarded worker does with an export: hold what arrived against what the provider states, into a spool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from forensics.acquisition.exports import dovecot, gyb, purview, recognised, takeout, vault, zimbra
from forensics.acquisition.exports.delivery import Delivery, files_of
from forensics.acquisition.exports.statement import STATEMENT, Statement

CHECKS: dict[str, Callable[[Delivery], None]] = {
    recognised.VAULT: vault.check,
    recognised.TAKEOUT: takeout.check,
    recognised.GYB: gyb.check,
    recognised.PURVIEW: purview.check,
    recognised.ZIMBRA: zimbra.check,
    recognised.DOVECOT: dovecot.check,
}
MOST_NAMED = 1000
"""So many lacks are handed back one by one; all of them stand in the file."""


def check(
    args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Compare ``args["files"]`` as an export of ``args["kind"]``; ``reads`` are the folders of the evidence items."""
    statement = Statement(export=args["kind"])
    delivery = Delivery(files=files_of(args["files"], reads), statement=statement)
    CHECKS[args["kind"]](delivery)
    names = {file.at for file in delivery.files if recognised.is_paper(args["kind"], file.name)}
    statement.papers = sorted(names | delivery.lists)
    with (spool / STATEMENT).open("wb") as out:
        for line in statement.lines():
            out.write(line)
    lacks = [each.to_json() for each in statement.lacks[:MOST_NAMED]]
    return {"head": statement.head(), "lacks": lacks, "more": len(statement.lacks) - len(lacks)}
