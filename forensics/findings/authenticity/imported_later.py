"""When a store took a message in, against the mail's own clocks: moved or imported later, or stored before it was sent.

What came in together is one finding: a migration moves folders, hardly ever a single message. The log of a mailbox
tells of moves and copies that the copy itself does not show. In a store of Outlook an item that was changed long after
it came counts only where hardly any other was.
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
_FLAGGED: Pair = (
    "既読、フラグ、分類、編集など、内容を移さない変更",
    "a change that moves nothing: read, flagged, categorised, edited, synchronised",
)
_MOVED: Pair = ("利用者またはルールによるフォルダ間の移動", "a move between folders by the account or by a rule")

# The store's own word counts before that of the file system, which any copy changes.
PLACED = """
CREATE OR REPLACE TEMP TABLE au_placed AS
WITH told AS (
    SELECT ref, max(fair_us) AS latest_us, max(fair_us) FILTER (kind = 'hop') AS hop_us FROM au_fair
    WHERE kind IN ('date', 'hop', 'server-id', 'signed', 'submitted')
       OR (kind = 'delivered' AND says LIKE 'PR\\_%' ESCAPE '\\')
    GROUP BY ref
), mail AS (
    -- Where another copy was relayed at the time at which this one was taken in, it was sent then.
    SELECT told.ref, greatest(latest_us, max(hop_us) OVER (PARTITION BY coalesce(message_id, told.ref))) AS latest_us,
           hop_us
    FROM told JOIN au_mail USING (ref)
), logged AS (
    SELECT message_ref AS ref, arg_max(log_event.id, log_event.utc) AS id, any_value(logical_id) AS logical_id,
           arg_max(log_event.address, log_event.utc) AS address,
           arg_max(log_event.source || ': ' || operation, log_event.utc) AS says,
           epoch_us(max(log_event.utc)) AS us, 'logged' AS kind, 1 AS rank
    FROM log_event JOIN log_join ON log_join.log_event_id = log_event.id
    WHERE lower(operation) IN ('copy', 'append', 'save', 'move') AND strength = 'exact' AND message_ref IS NOT NULL
      AND log_event.source IN ('dovecot', 'm365_audit') AND log_event.utc IS NOT NULL
    GROUP BY message_ref
), changed AS (
    SELECT ref, id, address, says, us, kind, 1 AS rank FROM au_fair WHERE says = 'PR_LAST_MODIFICATION_TIME'
), ranked AS (
    SELECT ref, id, address, says, us, kind, row_number() OVER (
               PARTITION BY ref ORDER BY CASE WHEN kind = 'file modified' THEN 2 ELSE 1 END, position) AS rank
    FROM au_fair
    WHERE kind IN ('created', 'file modified') OR (kind = 'delivered' AND says NOT LIKE 'PR\\_%' ESCAPE '\\')
)
SELECT ranked.*, latest_us, hop_us FROM ranked JOIN mail USING (ref) WHERE rank = 1
UNION ALL SELECT logged.* EXCLUDE (logical_id), latest_us, hop_us FROM logged JOIN mail USING (ref)
UNION ALL SELECT changed.*, latest_us, hop_us FROM changed JOIN mail USING (ref)
"""


# Of one copy the store's time of taking in says most, then the log's, then that of the last change.
def _sql(days: int, bulk: int, percent: int) -> str:
    return f"""
        WITH late AS (
            SELECT au_placed.*, au_mail.logical_id, evidence || '/' || split_part(au_mail.address, '/', 2) AS file,
                   CASE kind WHEN 'logged' THEN 2 WHEN 'modified' THEN 3 ELSE 1 END AS weight,
                   CASE WHEN us - latest_us > {days * DAY} THEN 'later' ELSE 'earlier' END AS side,
                   CASE WHEN us - latest_us > {days * DAY} THEN us - latest_us ELSE us - hop_us END AS off
            FROM au_placed JOIN au_mail USING (ref)
            WHERE us - latest_us > {days * DAY} OR (hop_us - us > {days * DAY} AND kind NOT IN ('logged', 'modified'))
        ), often AS (
            SELECT file FROM late WHERE kind = 'modified' GROUP BY file
            HAVING count(*) * 100 > {percent} * (
                SELECT count(*) FROM au_mail AS every
                WHERE every.evidence || '/' || split_part(every.address, '/', 2) = late.file)
        ), odd AS (
            SELECT * EXCLUDE (logical_id, file) FROM late
            WHERE kind <> 'modified' OR file NOT IN (SELECT file FROM often)
            QUALIFY weight = min(weight) OVER (PARTITION BY ref)
                AND (kind <> 'logged' OR min(weight) OVER (PARTITION BY coalesce(logical_id, ref)) = 2)
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
    version = "2"
    needs = ("moment",)
    parameters: ClassVar[dict[str, int]] = {"days": 2, "bulk": 20, "changed_percent": 5}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each message, or for all that a folder took in on one day."""
        _adjusted.prepare(case)
        case.connection.execute(PLACED)
        considered = count(
            case, "SELECT count(DISTINCT ref) AS n FROM au_placed WHERE kind NOT IN ('logged', 'modified')"
        )
        messages = count(case, "SELECT count(*) AS n FROM au_mail")
        found = 0
        for lot in _lots(
            rows(case, _sql(self.parameters["days"], self.parameters["bulk"], self.parameters["changed_percent"]))
        ):
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
        if first["kind"] == "modified":
            ja = f"フォルダ {folder} の{number:,}件は、受入れの{span(off, 0)}以上後に変更されている（{says}）。"
            ja += "同じ格納庫の他のメールはほとんどそうでない。"
            en = f"{number:,} in the folder {folder}: changed {span(off, 1)} or more after it came ({says}), "
            en += "as hardly any other of its store was."
        elif later:
            ja = f"フォルダ {folder} の{number:,}件は、メールのどの時計よりも"
            ja += f"{span(off, 0)}以上後に受け入れられている（{says}）。"
            en = f"{number:,} in the folder {folder}: taken in {span(off, 1)} or more "
            en += f"after every clock of the mail ({says})."
        else:
            ja = f"フォルダ {folder} の{number:,}件は、中継の時刻より{span(off, 0)}前の受入れ時刻を持つ（{says}）。"
            en = f"{number:,} in the folder {folder}: a time of taking in that lies {span(off, 1)} or more "
            en += f"before a relay had it ({says})."
        weak = first["kind"] in ("file modified", "modified") or not alone
        also = [IMPORT, _COPIED if first["kind"] == "file modified" else _MOVED]
        also += [_FLAGGED] if first["kind"] == "modified" else []
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
