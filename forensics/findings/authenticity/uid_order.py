"""The numbers that a store gives in the order in which it takes messages in, against the times of taking in.

UIDs of a mailbox rise (RFC 9051 2.3.1.1), node ids of a PST rise ([MS-PST] 2.2.2.1), and an mbox file grows at its end,
or is an export with the newest first. A box in which much is out of order was sorted, compacted or written anew, and
its order tells nothing; of a PST that was, each folder is then looked at by itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import groupby
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _adjusted
from forensics.findings.authenticity._clocks import count, rows
from forensics.findings.authenticity._sequences import displaced
from forensics.findings.authenticity._words import HOUR, IMPORT, LIMITS, SKEW, short, span, when
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair

_KEPT = 100
_MOVED: Pair = (
    "他のフォルダからの移動・コピー（元の時刻を保ったまま新しい番号を得る）",
    "a move or copy from another folder, which keeps the old time and gets a new number",
)
_SORTED: Pair = ("並べ替えや圧縮によるフォルダの作り直し", "a folder that was sorted, compacted or written anew")
_ORDERS = {
    "uid": ("UID", "UIDs"),
    "node": ("ノードID", "node ids"),
    "folder": ("ノードID", "node ids"),
    "file": ("mbox ファイル内の位置", "places in the mbox file"),
}

# For UIDs and mbox the time is when the message came; a PST makes the node when it makes the item.
PLACES = """
CREATE OR REPLACE TEMP TABLE au_place AS
WITH stored AS (
    SELECT ref, arg_min(us, position) AS us, arg_min(id, position) AS id, arg_min(address, position) AS address,
           arg_min(says, position) AS says
    FROM au_clock WHERE kind = 'delivered' AND says NOT LIKE 'PR\\_%' ESCAPE '\\' GROUP BY ref
), came AS (
    SELECT * FROM stored
    UNION ALL
    SELECT ref, last_us, last_id, last_address, 'Received' FROM au_mail
    WHERE last_us IS NOT NULL AND ref NOT IN (SELECT ref FROM stored)
), numbered AS (
    SELECT message.id AS ref, 'uid' AS kind, coalesce(message.uid, min(index_entry.uid)) AS number
    FROM message LEFT JOIN index_entry ON index_entry.evidence = message.evidence
     AND index_entry.store_path = message.store_path AND index_entry.stored_name = message.stored_name
    WHERE depth = 0 AND (message.uid IS NOT NULL OR index_entry.uid IS NOT NULL) GROUP BY message.id, message.uid
), boxed AS (
    SELECT message.id AS ref, 'file' AS kind, span_start AS number, us, moment.id, moment.address, says
    FROM message JOIN au_clock AS moment ON moment.ref = message.id
    WHERE says = 'From_ line' AND span_start IS NOT NULL AND depth = 0
      AND message.id NOT IN (SELECT ref FROM numbered WHERE number IS NOT NULL)
), nodes AS (
    SELECT message.id AS ref, 'node' AS kind,
           try_cast(regexp_extract(message.address, 'node:(\\d+)$', 1) AS BIGINT) >> 5
           AS number, us, made.id, made.address, says
    FROM message JOIN au_clock AS made ON made.ref = message.id AND made.kind = 'created'
    WHERE depth = 0 AND recovery IN ('live', 'soft_deleted')
), every AS (
    SELECT numbered.ref, kind, number, us, came.id, came.address, says FROM numbered JOIN came USING (ref)
    UNION ALL SELECT * FROM boxed UNION ALL SELECT * FROM nodes
    UNION ALL SELECT * REPLACE ('folder' AS kind) FROM nodes
)
SELECT every.*, CASE kind WHEN 'uid' THEN evidence || chr(0) || store_path
                          ELSE evidence || '/' || split_part(au_mail.address, '/', 2)
                               || CASE kind WHEN 'node' THEN '' ELSE chr(0) || store_path END END AS box,
       store_path, logical_id,
       row_number() OVER (PARTITION BY box, kind ORDER BY number, every.ref) - 1 AS place
FROM every JOIN au_mail USING (ref) WHERE number IS NOT NULL
"""


class UidOrder:
    """A message whose number says that it came last, and whose time says that it came long before."""

    name = "uid-order"
    title = "Order of the store is broken"
    title_ja = "格納順序の矛盾"
    title_en = "Order of the store is broken"
    version = "2"
    needs = ("message", "moment")
    parameters: ClassVar[dict[str, int]] = {"tolerance_hours": 24, "most_percent": 20, "fewest": 3}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each message out of order; boxes that are no order are counted."""
        _adjusted.prepare(case)
        case.connection.execute(PLACES)
        considered = count(case, "SELECT count(DISTINCT ref) AS n FROM au_place")
        without = count(case, "SELECT count(*) AS n FROM au_mail") - considered
        # All boxes are read before any row is fetched, because a second query would end the first.
        boxes = list(self._boxes(case))
        broken = {box for box, _, odd in boxes if not odd}
        found = 0
        for box, kind, odd in boxes:
            if kind == "folder" and box.partition("\0")[0] not in broken:
                continue
            for pair in _fetched(case, box, kind, odd[:_KEPT]):
                found += 1
                yield self._finding(kind, pair)
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=considered,
            found=found,
            could_not_read=max(0, without),
            why_not=tuple(_why(without, sum(kind != "node" and not odd for _, kind, odd in boxes))),
        )

    def _boxes(self, case: CaseView) -> Iterator[tuple[str, str, list[tuple[int, int]]]]:
        """Each box with what stands out of order in it, or with nothing where much does; of a box only its times are
        in memory."""
        stream = rows(case, "SELECT box, kind, us FROM au_place ORDER BY kind DESC, box, place")
        for (box, kind), group in groupby(stream, key=lambda row: (row["box"], row["kind"])):
            times = array("q", (row["us"] for row in group))
            if len(times) >= self.parameters["fewest"]:
                odd = _out_of_order(times, self.parameters["tolerance_hours"] * HOUR)
                whole = len(odd) * 100 > len(times) * self.parameters["most_percent"] and len(odd) > 2
                if odd:
                    yield box, kind, [] if whole else odd

    def _finding(self, kind: str, pair: tuple[dict[str, Any], dict[str, Any]]) -> Finding:
        row, beside = pair
        ja, en = _ORDERS[kind]
        folder, off = short(row["store_path"] or row["box"].partition("\0")[0]), row["us"] - beside["us"]
        side = ("後", "after") if off > 0 else ("前", "before")
        return Finding(
            rule=self.name,
            version=self.version,
            subject=(str(row["ref"]),),
            claim_ja=f"フォルダ {folder} で、{ja}の順序と受入れの時刻が合わない（隣より{span(off, 0)}{side[0]}）。",
            claim_en=f"In the folder {folder} the order of the {en} and the time of coming in disagree; "
            f"it lies {span(off, 1)} {side[1]} its neighbour.",
            because=tuple(_reasons(kind, row, beside)),
            confidence=Confidence.POSSIBLE,
            also_possible=(_MOVED, IMPORT, _SORTED, SKEW),
            does_not_show=LIMITS,
        )


def _out_of_order(times: array[int], tolerance: int) -> list[tuple[int, int]]:
    """What is out of order, rising or falling, whichever the box is nearer to."""
    rising = displaced(times, tolerance)
    if len(rising) * 2 < len(times):
        return rising
    last = len(times) - 1
    falling = [(last - place, last - beside) for place, beside in displaced(times[::-1], tolerance)]
    return min(rising, falling, key=len)


def _why(without: int, broken: int) -> Iterator[Pair]:
    if without:
        yield (
            f"{without:,}件は順番の番号または時刻がない",
            f"{without:,} messages have no number or no time of coming in",
        )
    if broken:
        yield (
            f"{broken:,}個のフォルダは並べ替えまたは作り直されており、その順序は何も示さない",
            f"{broken:,} folders were sorted or written anew, and their order tells nothing",
        )


def _reasons(kind: str, row: dict[str, Any], beside: dict[str, Any]) -> Iterator[Because]:
    ja, en = _ORDERS[kind]
    for each in (row, beside):
        says, at = short(each["says"]), when(each["us"])
        yield Because(
            ja=f"{ja} {each['number']}: {says} {at}",
            en=f"{en}: {each['number']} has {says} {at}",
            record=str(each["id"]),
            address=str(each["address"]),
        )


def _fetched(
    case: CaseView, box: str, kind: str, odd: list[tuple[int, int]]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    wanted = sorted({place for pair in odd for place in pair})
    sql = "SELECT * FROM au_place WHERE box = $1 AND kind = $2 AND list_contains($3, place)"
    found = {row["place"]: row for row in case.rows(sql, [box, kind, wanted])}
    return [(found[place], found[beside]) for place, beside in odd]
