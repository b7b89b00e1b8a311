"""The Date field against every other clock of the message: relays, signatures, identifiers, the store's own times.

A relay, a signature or a store cannot have had a message before it was written, and a program writes the identifiers of
a message when it writes its Date. A relay that is late only waited, up to the days that a queue keeps a message; where
nothing of the program bears the Date out, a wait of more than a day is shown, as no more than possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _adjusted
from forensics.findings.authenticity._clocks import by_message, count, rows, subjects
from forensics.findings.authenticity._words import (
    DAY,
    DST,
    HOUR,
    IMPORT,
    LIMITS,
    QUEUE,
    SCHEDULED,
    SECOND,
    SKEW,
    WIDEST_ZONE,
    ZONE_SLIP,
    is_slip,
    short,
    span,
    unique,
    when,
)
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair

_GROUPS = {
    "hop": "relay", "server-id": "relay", "queue-id": "relay", "signed": "signature", "message-id": "writer",
    "boundary": "writer", "content-id": "writer", "submitted": "store", "delivered": "store",
}  # fmt: skip
_WRITERS = ", ".join(f"'{each}'" for each, group in _GROUPS.items() if group == "writer")
_KINDS = ", ".join(f"'{each}'" for each in _GROUPS if each != "hop")


_COMPARED = "SELECT count(*) AS n FROM au_date WHERE ref IN (SELECT ref FROM au_fair WHERE kind <> 'date')"


def _sql(tolerance: int) -> str:
    # Of the hops the first and the last are witnesses: what lies between them is for the order of the Received fields.
    return f"""
        WITH ends AS (
            SELECT ref, min(hop) AS first_hop, max(hop) AS last_hop FROM au_fair WHERE kind = 'hop' GROUP BY ref
        ), witness AS (
            SELECT * FROM au_fair WHERE kind IN ({_KINDS})
            UNION ALL
            SELECT au_fair.* FROM au_fair JOIN ends USING (ref) WHERE kind = 'hop' AND hop IN (first_hop, last_hop)
        )
        SELECT au_date.ref, any_value(au_date.logical_id) AS logical_id, any_value(au_date.date_us) AS date_us,
               any_value(au_date.fair_us) AS fair_us, any_value(date_id) AS date_id, any_value(date_raw) AS date_raw,
               any_value(date_zone) AS date_zone, any_value(date_says) AS date_says,
               bool_or(kind IN ({_WRITERS}) AND abs(witness.fair_us - au_date.fair_us) <= {tolerance}) AS borne_out,
               any_value(date_address) AS date_address, any_value(au_date.address) AS place,
               count(*) FILTER (abs(witness.fair_us - au_date.fair_us) <= {tolerance}) AS agree,
               list({{'id': witness.id, 'address': witness.address, 'kind': kind, 'us': us, 'says': says, 'zone': zone,
                      'host': host,
                      'off': witness.fair_us - au_date.fair_us}} ORDER BY witness.position)
                   FILTER (abs(witness.fair_us - au_date.fair_us) > {tolerance}) AS against
        FROM au_date JOIN witness USING (ref)
        GROUP BY au_date.ref
        HAVING count(*) FILTER (abs(witness.fair_us - au_date.fair_us) > {tolerance}) > 0
        ORDER BY logical_id, place
    """  # noqa: S608 - filled with constants only


class DateForged:
    """The Date field states a time at which the message, by its other clocks, was not written."""

    name = "date-forged"
    title = "Date contradicts the other clocks"
    title_ja = "Date欄と他の時計の矛盾"
    title_en = "Date contradicts the other clocks"
    version = "2"
    needs = ("moment",)
    parameters: ClassVar[dict[str, int]] = {"tolerance_seconds": 600, "queue_days": 5, "wait_hours": 24}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each logical message whose Date is contradicted."""
        _adjusted.prepare(case)
        dated = count(case, "SELECT count(*) AS n FROM au_date")
        compared = count(
            case, "SELECT count(*) AS n FROM au_date WHERE ref IN (SELECT ref FROM au_fair WHERE kind <> 'date')"
        )
        messages = count(case, "SELECT count(*) AS n FROM au_mail")
        found = 0
        for copies in by_message(rows(case, _sql(self.parameters["tolerance_seconds"] * SECOND))):
            told = [(row, self._contradictions(row)) for row in copies]
            told = [(row, against) for row, against in told if against]
            if told:
                found += 1
                yield self._finding([row for row, _ in told], *told[0])
        why: tuple[Pair, ...] = ()
        if dated - compared:
            why = (
                (
                    f"{dated - compared:,}件は Date 以外の時計がない",
                    f"{dated - compared:,} messages carry no clock but Date",
                ),
            )
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=compared,
            found=found,
            could_not_read=messages - compared,
            why_not=why,
        )

    def _contradictions(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """The clocks that no ordinary delay and no unknown zone explains; then those that only bear them out."""
        against = row["against"]
        clear = [each for each in against if self._contradicts(each, row["date_zone"])]
        if not clear and not row["borne_out"]:
            wait = self.parameters["wait_hours"] * HOUR
            clear = [each for each in against if _GROUPS[each["kind"]] == "relay" and each["off"] > wait]
        near = [
            each
            for each in against
            if each not in clear and any(abs(each["off"] - other["off"]) <= HOUR for other in clear)
        ]
        return clear + near if clear else []

    def _waited(self, against: list[dict[str, Any]]) -> bool:
        """Whether a wait in a queue or an outbox could be all that there is."""
        queue = self.parameters["queue_days"] * DAY
        return all(0 < each["off"] <= queue and _GROUPS[each["kind"]] != "writer" for each in against)

    def _contradicts(self, clock: dict[str, Any], date_zone: str) -> bool:
        kind, off, queue = clock["kind"], clock["off"], self.parameters["queue_days"] * DAY
        if not clock["zone"] == date_zone == "stated" and abs(off) <= WIDEST_ZONE:
            return False
        group = _GROUPS[kind]
        if group == "writer":
            # A draft keeps its identifiers, so only those made after the Date contradict it.
            return bool(off > 0)
        if kind == "submitted":
            return True
        if kind == "delivered":
            return bool(off < 0)
        return bool(off < 0 or off > queue)

    def _finding(self, copies: list[dict[str, Any]], row: dict[str, Any], against: list[dict[str, Any]]) -> Finding:
        widest = max((each["off"] for each in against), key=abs)
        slip = all(is_slip(each["off"]) for each in against)
        side = ("より前", "earlier than") if widest > 0 else ("より後", "later than")
        here = Because(
            ja=f"{short(row['date_says'])} 欄: {when(row['date_us'])}（{short(row['date_raw'])}）",
            en=f"the {short(row['date_says'])} field: {when(row['date_us'])} ({short(row['date_raw'])})",
            record=str(row["date_id"]),
            address=str(row["date_address"]),
        )
        return Finding(
            rule=self.name,
            version=self.version,
            subject=subjects(copies),
            claim_ja=f"Date 欄は、{len(against)}個の他の時計が示す時刻{side[0]}"
            f"（最大 {span(widest, 0)}）の時刻を示している。",
            claim_en=f"The Date field states a time {side[1]} what {len(against)} other clocks of the message say, "
            f"by up to {span(widest, 1)}.",
            because=(here, *(_reason(each) for each in against)),
            confidence=Confidence.POSSIBLE if self._waited(against) else _confidence(against, slip),
            also_possible=_also(against, slip, row["agree"]),
            does_not_show=LIMITS,
        )


def _reason(clock: dict[str, Any]) -> Because:
    side = ("後", "after") if clock["off"] > 0 else ("前", "before")
    says, at = short(clock["says"]), when(clock["us"])
    return Because(
        ja=f"{says}: {at}、Date の{span(clock['off'], 0)}{side[0]}",
        en=f"{says}: {at}, {span(clock['off'], 1)} {side[1]} Date",
        record=str(clock["id"]),
        address=str(clock["address"]),
    )


def _confidence(against: list[dict[str, Any]], slip: bool) -> Confidence:
    groups = {_GROUPS[each["kind"]] for each in against}
    # What one host wrote twice, as its queue id and as its Received field, is one clock.
    clocks = {each["host"] or each["says"] for each in against}
    if slip or len(groups) == 1 == len(clocks):
        return Confidence.POSSIBLE
    return Confidence.CERTAIN if len(groups) >= 3 else Confidence.LIKELY


def _also(against: list[dict[str, Any]], slip: bool, agree: int) -> tuple[Pair, ...]:
    also: list[Pair] = [ZONE_SLIP, DST] if slip else []
    also.append(SKEW)
    if any(each["off"] > 0 for each in against):
        also += [SCHEDULED, QUEUE, IMPORT]
    if agree:
        also.append((f"{agree}個の時計は Date と一致している", f"{agree} clocks of the message agree with Date"))
    return unique(also)
