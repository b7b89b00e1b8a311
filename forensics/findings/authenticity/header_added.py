"""Trace fields out of the order of relays: each writes above what it got (RFC 5321 4.4, RFC 5322 3.6.7).

So from below to above time runs forwards, no Received field stands below the author's fields while others stand above,
and fields that a message has once are there once. A field that only another program writes was added by another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _adjusted, _mailers
from forensics.findings.authenticity._clocks import by_message, count, rows, subjects
from forensics.findings.authenticity._words import (
    DST,
    GATEWAY,
    IMPORT,
    LIMITS,
    SECOND,
    SKEW,
    ZONE_SLIP,
    is_slip,
    short,
    span,
    unique,
    when,
)
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair

_ONCE = ("date", "from", "message-id", "subject", "in-reply-to", "references")
_NAMES = ", ".join(f"'{each}'" for each in _ONCE)
_FOREIGN = ", ".join(f"'{each}'" for each in _mailers.FOREIGN_FIELDS)
_KEPT = 20


def _sql(tolerance: int) -> str:
    return f"""
        WITH step AS (
            SELECT ref, id, address, says, us, hop, fair_us, lag(fair_us) OVER line AS before_us,
                   lag(says) OVER line AS before_says
            FROM au_fair WHERE kind = 'hop' AND hop IS NOT NULL WINDOW line AS (PARTITION BY ref ORDER BY hop)
        ), backwards AS (
            SELECT ref, list({{'id': id, 'address': address, 'says': says, 'us': us, 'before': before_says,
                               'off': fair_us - before_us}} ORDER BY hop)[:{_KEPT}] AS backwards
            FROM step WHERE fair_us - before_us < {-tolerance} GROUP BY ref
        ), field AS (
            SELECT message_id_ref AS ref, id, address, position, lower(name) AS name, decoded FROM header
            WHERE lower(name) IN ({_NAMES}, {_FOREIGN}, 'received', 'x-mailer', 'user-agent')
        ), placed AS (
            SELECT ref, min(position) FILTER (name = 'received') AS highest,
                   greatest(min(position) FILTER (name = 'from'), min(position) FILTER (name = 'subject')) AS authored,
                   least(min(position) FILTER (name = 'from'), min(position) FILTER (name = 'subject')) AS begun
            FROM field GROUP BY ref
        ), below AS (
            SELECT ref,
                   list({{'id': id, 'address': address, 'position': position}} ORDER BY position)[:{_KEPT}] AS below
            FROM field JOIN placed USING (ref)
            WHERE name = 'received' AND position > authored AND highest < begun GROUP BY ref
        ), twice AS (
            SELECT ref, name, list({{'id': id, 'address': address, 'name': name}} ORDER BY position)[:{_KEPT}] AS fields
            FROM field WHERE name IN ({_NAMES}) GROUP BY ref, name HAVING count(*) > 1
        ), doubled AS (
            SELECT ref, flatten(list(fields ORDER BY name)) AS doubled FROM twice GROUP BY ref
        ), mixed AS (
            SELECT ref, any_value(decoded) FILTER (name IN ('x-mailer', 'user-agent')) AS mailer,
                   list({{'id': id, 'address': address, 'name': name}} ORDER BY position)
                       FILTER (name IN ({_FOREIGN}))[:{_KEPT}] AS foreigners
            FROM field GROUP BY ref
            HAVING count(*) FILTER (name IN ({_FOREIGN})) > 0 AND mailer IS NOT NULL
        ), odd AS (
            SELECT ref FROM backwards UNION SELECT ref FROM below UNION SELECT ref FROM doubled
            UNION SELECT ref FROM mixed
        )
        SELECT au_mail.ref, logical_id, au_mail.address AS place, backwards, below, doubled, mailer, foreigners
        FROM odd JOIN au_mail USING (ref) LEFT JOIN backwards USING (ref) LEFT JOIN below USING (ref)
             LEFT JOIN doubled USING (ref) LEFT JOIN mixed USING (ref)
        ORDER BY logical_id, place
    """  # noqa: S608 - filled with constants only


class HeaderAdded:
    """A header whose fields do not stand in the order, or not as often, as relays and mail programs write them."""

    name = "header-added"
    title = "Header fields out of order or foreign"
    title_ja = "ヘッダー欄の順序・由来の矛盾"
    title_en = "Header fields out of order or foreign"
    version = "1"
    needs = ("header",)
    parameters: ClassVar[dict[str, int]] = {"tolerance_seconds": 300}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each logical message, with every field that is odd."""
        _adjusted.prepare(case)
        with_header = count(case, "SELECT count(DISTINCT message_id_ref) AS n FROM header")
        messages = count(case, "SELECT count(*) AS n FROM au_mail")
        found = 0
        for copies in by_message(rows(case, _sql(self.parameters["tolerance_seconds"] * SECOND))):
            told = [(row, reasons) for row in copies if (reasons := _reasons(row))]
            if told:
                found += 1
                yield self._finding([row for row, _ in told], *told[0])
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=with_header,
            found=found,
            could_not_read=messages - with_header,
        )

    def _finding(self, copies: list[dict[str, Any]], row: dict[str, Any], reasons: list[Because]) -> Finding:
        what: list[Pair] = []
        also: list[Pair] = []
        back = row["backwards"] or []
        slip = bool(back) and all(is_slip(each["off"]) for each in back)
        if back:
            what.append(("中継の時刻が逆行している", "time runs backwards between relays"))
            also += [ZONE_SLIP, DST, SKEW] if slip else [SKEW]
        if row["below"]:
            what.append(("作成者の欄より下に Received 欄がある", "a Received field stands below the author's fields"))
            also += [GATEWAY, IMPORT]
        if row["doubled"]:
            what.append(("一度だけの欄が重複している", "a field that a message has once is there more often"))
            also.append(GATEWAY)
        if _strangers(row):
            what.append(
                ("名乗るメールソフトが書かない欄がある", "there is a field that the mailer named does not write")
            )
            also.append(("下書きを別のメールソフトで送った", "a draft of one program that another one sent"))
        strong = (bool(back) and not slip) or bool(row["below"])
        return Finding(
            rule=self.name,
            version=self.version,
            subject=subjects(copies),
            claim_ja="、".join(ja for ja, _ in what) + "。",
            claim_en="In this header " + "; ".join(en for _, en in what) + ".",
            because=tuple(reasons),
            confidence=Confidence.LIKELY if strong else Confidence.POSSIBLE,
            also_possible=unique(also),
            does_not_show=LIMITS,
        )


def _reasons(row: dict[str, Any]) -> list[Because]:
    made = []
    for each in row["backwards"] or []:
        says, before, at = short(each["says"]), short(each["before"]), when(each["us"])
        ja = f"{says}: {at}、その前の {before} より{span(each['off'], 0)}前"
        made.append(_because(each, ja, f"{says}: {at}, {span(each['off'], 1)} before {before}, which comes first"))
    made += [
        _because(each, f"{each['position']}番目の欄は Received", f"field {each['position']} is a Received field")
        for each in row["below"] or []
    ]
    made += [_because(each, f"{each['name']} 欄", f"a field {each['name']}") for each in row["doubled"] or []]
    for each in _strangers(row):
        owner, said = _mailers.FOREIGN_FIELDS[each["name"]], short(row["mailer"])
        ja = f"{each['name']} は {owner} の欄、名乗りは {said}"
        made.append(_because(each, ja, f"{each['name']} is a field of {owner}; the mailer named is {said}"))
    return made


def _strangers(row: dict[str, Any]) -> list[dict[str, Any]]:
    family = _mailers.family(row["mailer"] or "")
    if not family:
        return []
    return [each for each in row["foreigners"] or [] if _mailers.FOREIGN_FIELDS[each["name"]] != family]


def _because(each: dict[str, Any], ja: str, en: str) -> Because:
    return Because(ja=ja, en=en, record=str(each["id"]), address=str(each["address"]))
