"""When a store took a message in, against the mail's own clocks: moved or imported later, or stored before it was sent.

What came in together is one finding: a migration moves folders, hardly ever a single message.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _adjusted
from forensics.findings.authenticity._clocks import count, rows
from forensics.findings.authenticity._words import DAY, IMPORT, LIMITS, QUEUE, SCHEDULED, SKEW, short, span, when
from forensics.findings.finding import SUBJECTS_KEPT, Because, Confidence, Finding, Looked, Pair

_COPIED: Pair = (
    "コピー、書き出し、ウイルス検査、索引作成などがファイルの時刻を変えた",
    "a copy, an export, a virus scan or an indexer that changed the time of the file",
)
_MOVED: Pair = ("利用者またはルールによるフォルダ間の移動", "a move between folders by the account or by a rule")

# The store's own word counts before that of the file system, which any copy changes.
PLACED = """
CREATE OR REPLACE TEMP TABLE au_placed AS
WITH mail AS (
    SELECT ref, max(fair_us) AS latest_us, max(fair_us) FILTER (kind = 'hop') AS hop_us FROM au_fair
    WHERE kind IN ('date', 'hop', 'server-id', 'signed', 'submitted')
       OR (kind = 'delivered' AND says LIKE 'PR\\_%' ESCAPE '\\')
    GROUP BY ref
), ranked AS (
    SELECT ref, id, address, says, us, kind, row_number() OVER (
               PARTITION BY ref ORDER BY CASE WHEN kind = 'file modified' THEN 2 ELSE 1 END, position) AS rank
    FROM au_fair
    WHERE kind IN ('created', 'file modified') OR (kind = 'delivered' AND says NOT LIKE 'PR\\_%' ESCAPE '\\')
)
SELECT ranked.*, latest_us, hop_us FROM ranked JOIN mail USING (ref) WHERE rank = 1
"""


def _sql(days: int, bulk: int) -> str:
    return f"""
        WITH odd AS (
            SELECT *, CASE WHEN us - latest_us > {days * DAY} THEN 'later' ELSE 'earlier' END AS side,
                   CASE WHEN us - latest_us > {days * DAY} THEN us - latest_us ELSE us - hop_us END AS off
            FROM au_placed WHERE us - latest_us > {days * DAY} OR hop_us - us > {days * DAY}
        ), held AS (
            SELECT evidence, store_path, count(*) AS held FROM au_mail GROUP BY evidence, store_path
        ), counted AS (
            SELECT odd.*, au_mail.evidence, au_mail.store_path, held, logical_id, au_mail.address AS place,
                   count(*) OVER (PARTITION BY au_mail.evidence, au_mail.store_path, side, us // {DAY}) AS together
            FROM odd JOIN au_mail USING (ref)
            JOIN held ON held.evidence = au_mail.evidence AND held.store_path = au_mail.store_path
        )
        , lots AS (
            SELECT *, CASE WHEN together >= {bulk} OR (together >= 3 AND together * 2 >= held)
                           THEN evidence || chr(0) || store_path || chr(0) || side || (us // {DAY}) ELSE ref END AS lot
            FROM counted
        )
        SELECT *, min(abs(off)) OVER (PARTITION BY lot) AS least FROM lots
        ORDER BY evidence, store_path, lot, us, place
    """  # noqa: S608 - filled with constants only


class ImportedLater:
    """The store took the message in long after every clock of the mail, or before the mail had come."""

    name = "imported-later"
    title = "Moved or imported later"
    title_ja = "後日の移動・取込み"
    title_en = "Moved or imported later"
    version = "1"
    needs = ("moment",)
    parameters: ClassVar[dict[str, int]] = {"days": 2, "bulk": 20}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each message, or for all that a folder took in on one day."""
        _adjusted.prepare(case)
        case.connection.execute(PLACED)
        considered = count(case, "SELECT count(*) AS n FROM au_placed")
        messages = count(case, "SELECT count(*) AS n FROM au_mail")
        found = 0
        for lot in _lots(rows(case, _sql(self.parameters["days"], self.parameters["bulk"]))):
            found += 1
            yield self._finding(*lot)
        why: tuple[Pair, ...] = ()
        if messages - considered:
            left = f"{messages - considered:,}"
            why = (
                (f"{left}件は受入れの時刻を持たない", f"{left} messages carry no time at which a store took them in"),
            )
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=considered,
            found=found,
            could_not_read=messages - considered,
            why_not=why,
        )

    def _finding(self, kept: list[dict[str, Any]], number: int) -> Finding:
        first = kept[0]
        later, alone = first["side"] == "later", number == 1
        says, folder, off = short(first["says"]), short(first["store_path"] or first["evidence"]), first["least"]
        if later:
            ja = f"フォルダ {folder} の{number:,}件は、メールのどの時計よりも"
            ja += f"{span(off, 0)}以上後に受け入れられている（{says}）。"
            en = f"{number:,} in the folder {folder}: taken in {span(off, 1)} or more "
            en += f"after every clock of the mail ({says})."
        else:
            ja = f"フォルダ {folder} の{number:,}件は、中継の時刻より{span(off, 0)}前の受入れ時刻を持つ（{says}）。"
            en = f"{number:,} in the folder {folder}: a time of taking in that lies {span(off, 1)} or more "
            en += f"before a relay had it ({says})."
        weak = first["kind"] == "file modified" or not alone
        also = [IMPORT, _COPIED if first["kind"] == "file modified" else _MOVED]
        also += [QUEUE] if later else [SKEW, SCHEDULED]
        return Finding(
            rule=self.name,
            version=self.version,
            subject=tuple(str(row["ref"]) for row in kept),
            claim_ja=ja,
            claim_en=en,
            because=tuple(_reason(row) for row in kept),
            confidence=Confidence.POSSIBLE if weak else Confidence.LIKELY,
            also_possible=tuple(also),
            does_not_show=LIMITS,
        )


def _reason(row: dict[str, Any]) -> Because:
    says, at, mail = short(row["says"]), when(row["us"]), when(row["latest_us"])
    return Because(
        ja=f"{says}: {at}、メールの最後の時計: {mail}",
        en=f"{says}: {at}; the last clock of the mail: {mail}",
        record=str(row["id"]),
        address=str(row["address"]),
    )


def _lots(found: Iterator[dict[str, Any]]) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """Rows that belong together: the first of them, and how many they are."""
    for _, lot in groupby(found, key=lambda row: row["lot"]):
        kept: list[dict[str, Any]] = []
        number = 0
        for number, row in enumerate(lot, start=1):
            if number <= SUBJECTS_KEPT:
                kept.append(row)
        yield kept, number
