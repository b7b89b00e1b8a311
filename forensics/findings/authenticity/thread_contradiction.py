"""A message against its thread: the index of its conversation ([MS-OXOMSG] 2.2.1.3) and the message that it answers.

A thread cannot have begun, and its answers cannot have been written, after a message that is in it; and nothing answers
what was not yet written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _adjusted
from forensics.findings.authenticity._clocks import by_message, count, rows, subjects
from forensics.findings.authenticity._words import (
    DST,
    LIMITS,
    SCHEDULED,
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

_HEAD = 29
"""So many base64 digits of an index are wholly of its first 22 bytes, which all messages of a thread share."""
_ODD: Pair = (
    "Outlook 以外のプログラムが索引を写した、または作り直した",
    "a program other than Outlook that copied the index or made a new one",
)


def _sql(tolerance: int) -> str:
    # Of an answer's two readings the earlier one counts, because only that one is sure to be too late.
    return f"""
        WITH indexed AS (
            SELECT ref, regexp_replace(says, ', read the other way$', '') AS place, arg_min(id, us) AS id,
                   arg_min(address, us) AS address, min(us) AS us, any_value(kind) AS kind
            FROM au_clock WHERE kind IN ('thread_started', 'thread_answered') GROUP BY ref, place
        ), late AS (
            SELECT au_date.ref, list({{'id': id, 'address': indexed.address, 'says': place, 'us': us,
                                       'off': us - fair_us}} ORDER BY us, id)[:20] AS late
            FROM au_date JOIN indexed USING (ref) WHERE us - fair_us > {tolerance} GROUP BY au_date.ref
        ), parent AS (
            SELECT message_id, min(fair_us) AS us, arg_min(date_id, date_address) AS id,
                   min(date_address) AS address, arg_min(ref, date_address) AS parent_ref
            FROM au_date WHERE message_id IS NOT NULL GROUP BY message_id
        ), reply AS (
            SELECT au_date.ref, {{'id': parent.id, 'address': parent.address, 'says': parent.message_id,
                                  'us': parent.us,
                                  'off': parent.us - fair_us}} AS parent, parent_ref
            FROM au_date JOIN message ON message.id = au_date.ref
            JOIN parent ON parent.message_id = regexp_extract(message.in_reply_to, '<[^<>]+>')
            WHERE parent.message_id <> coalesce(message.message_id, '')
        ), early AS (SELECT ref, parent FROM reply WHERE parent.off > {tolerance}),
        other AS (
            SELECT ref,
                   {{'id': question.id, 'address': question.address, 'says': question.message_id}} AS other
            FROM reply JOIN message AS answer ON answer.id = reply.ref
            JOIN message AS question ON question.id = parent_ref
            WHERE left(answer.thread_index, {_HEAD}) <> left(question.thread_index, {_HEAD})
        ), odd AS (SELECT ref FROM late UNION SELECT ref FROM early UNION SELECT ref FROM other)
        SELECT au_date.ref, logical_id, au_date.address AS place, date_us, date_id, date_address, late, parent, other
        FROM odd JOIN au_date USING (ref) LEFT JOIN late USING (ref)
             LEFT JOIN early USING (ref) LEFT JOIN other USING (ref)
        ORDER BY logical_id, place
    """  # noqa: S608 - filled with constants only


class ThreadContradiction:
    """The message is dated before its thread began, was answered, or before what it answers was written."""

    name = "thread-contradiction"
    title = "Thread contradicts the date"
    title_ja = "スレッドの記録と日付の矛盾"
    title_en = "Thread contradicts the date"
    version = "1"
    needs = ("message", "moment")
    parameters: ClassVar[dict[str, int]] = {"tolerance_seconds": 600}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each logical message."""
        _adjusted.prepare(case)
        threaded = """SELECT count(*) AS n FROM au_date JOIN message ON message.id = ref
                      WHERE thread_index IS NOT NULL OR in_reply_to IS NOT NULL"""
        considered, found = count(case, threaded), 0
        undated = "SELECT count(*) AS n FROM message WHERE thread_index IS NOT NULL OR in_reply_to IS NOT NULL"
        could_not = count(case, undated) - considered
        for copies in by_message(rows(case, _sql(self.parameters["tolerance_seconds"] * SECOND))):
            found += 1
            yield self._finding(copies, copies[0])
        yield Looked(rule=self.name, version=self.version, considered=considered, found=found, could_not_read=could_not)

    def _finding(self, copies: list[dict[str, Any]], row: dict[str, Any]) -> Finding:
        late, parent, other = row["late"] or [], row["parent"], row["other"]
        offs = [each["off"] for each in (*late, *([parent] if parent else []))]
        slip = bool(offs) and all(is_slip(off) for off in offs)
        what: list[Pair] = []
        if late:
            what.append(
                ("スレッドの索引の時刻が Date より後である", "its conversation index holds times after its Date")
            )
        if parent:
            what.append(("返信元より前の Date を持つ", "it is dated before the message that it answers"))
        if other:
            what.append(
                (
                    "返信元と別のスレッドの索引を持つ",
                    "its index is of another thread than that of the message it answers",
                )
            )
        also: list[Pair] = [ZONE_SLIP, DST] if slip else []
        also += [SKEW, SCHEDULED] if offs else []
        also += [_ODD] if late or other else []
        likely = bool(offs) and not slip
        return Finding(
            rule=self.name,
            version=self.version,
            subject=subjects(copies),
            claim_ja="このメールは" + "、".join(ja for ja, _ in what) + "。",
            claim_en="Of this message: " + "; ".join(en for _, en in what) + ".",
            because=tuple(_reasons(row)),
            confidence=Confidence.LIKELY if likely else Confidence.POSSIBLE,
            also_possible=unique(also),
            does_not_show=LIMITS,
        )


def _reasons(row: dict[str, Any]) -> Iterator[Because]:
    at = when(row["date_us"])
    yield Because(ja=f"Date 欄: {at}", en=f"the Date field: {at}", record=row["date_id"], address=row["date_address"])
    for each in row["late"] or []:
        says, time = short(each["says"]), when(each["us"])
        ja, en = (
            f"{says}: {time}、Date の{span(each['off'], 0)}後",
            f"{says}: {time}, {span(each['off'], 1)} after Date",
        )
        yield Because(ja=ja, en=en, record=each["id"], address=each["address"])
    if row["parent"]:
        each = row["parent"]
        says, time = short(each["says"]), when(each["us"])
        ja, en = f"返信元 {says} の Date: {time}", f"Date of {says}, which it answers: {time}"
        yield Because(ja=ja, en=en, record=each["id"], address=each["address"])
    if row["other"]:
        each = row["other"]
        says = short(each["says"])
        ja, en = (
            f"返信元 {says} の索引は別のスレッドのもの",
            f"the index of {says}, which it answers, is of another thread",
        )
        yield Because(ja=ja, en=en, record=each["id"], address=each["address"])
