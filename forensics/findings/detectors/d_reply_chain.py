"""Later answers that carried on a recipient which the cards of D05 tell of as a slip (catalogue D08)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from forensics.casefile.view import CaseView
from forensics.findings import packs, running, views
from forensics.findings.asking import shown
from forensics.findings.card import Card, Value
from forensics.findings.finding import Because, Confidence, Finding, Looked

_CHAIN = """
WITH wrong AS (
    SELECT DISTINCT unnest($1::VARCHAR[]) AS thread_id
)
SELECT mail.thread_id, mail.logical_id, mail.record, mail.address, mail.utc, mail.message_id, mail.in_reply_to,
       mail.sender, mail.subject, mail.files, thread.parent_logical_id, thread.missing,
       list(rcpt.address) FILTER (rcpt.address IS NOT NULL) AS recipients
FROM wrong JOIN mail USING (thread_id) JOIN thread ON thread.logical_id = mail.logical_id
LEFT JOIN rcpt ON rcpt.logical_id = mail.logical_id
WHERE mail.utc IS NOT NULL GROUP BY ALL ORDER BY mail.utc, mail.logical_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A message that went to a recipient who was probably not meant."""

    logical_id: str
    recipient: str
    rule: str
    confidence: Confidence


class ReplyChain:
    """Answers in the tree below a slip that went to the same recipient."""

    name = "reply-chain"
    title = "Replies to all that carried a wrong recipient on"
    version = "1"

    def look(self, case: CaseView, card: Card, values: Mapping[str, Value]) -> Iterator[Finding | Looked]:
        """One finding for each slip and recipient with later answers."""
        slips = list(_slips(case))
        threads = _threads(case, slips)
        found = 0
        for slip in slips:
            chain = threads.get(slip.logical_id)
            later = list(_carried(slip, chain)) if chain else []
            if chain and len(later) >= int(str(values["replies"])):
                found += 1
                first = next(row for row in chain if row["logical_id"] == slip.logical_id)
                yield _finding(case, card, slip, first, later)
        yield Looked(rule=card.id, version=card.version, considered=len(slips), found=found)


def _slips(case: CaseView) -> Iterator[Slip]:
    """What the cards of D05 find, in their order, each message and recipient once."""
    seen = set()
    for card in packs.built_in().cards:
        if "D05" not in card.answers or not card.sql or (case.vault is not None and card.stage > 1):
            continue
        views.prepare(case, (*card.needs, *card.uses, *card.requires))
        if running.lacking(case, card.needs, card.requires):
            continue
        values: Any = {name: each.value for name, each in card.parameters.items() if f"${name}" in card.sql}
        for row in case.arrow(card.sql, values or None).to_pylist():
            here = row["logical_id"], row["recipient"]
            if row["logical_id"] is not None and here not in seen:
                seen.add(here)
                stated = Confidence(row.get("confidence") or card.confidence)
                yield Slip(logical_id=here[0], recipient=here[1], rule=card.id, confidence=stated)


def _threads(case: CaseView, slips: list[Slip]) -> dict[str, list[dict[str, Any]]]:
    """The whole conversation of each slip, by the slip's message."""
    wanted = sorted({slip.logical_id for slip in slips})
    if not wanted:
        return {}
    sql = "SELECT logical_id, thread_id FROM thread WHERE list_contains($1, logical_id)"
    of = {row["logical_id"]: row["thread_id"] for row in case.rows(sql, [wanted])}
    whole = defaultdict(list)
    for row in case.arrow(_CHAIN, [sorted(set(of.values()))]).to_pylist():
        whole[row["thread_id"]].append(row)
    return {logical: whole[thread] for logical, thread in of.items() if thread in whole}


def _carried(slip: Slip, chain: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The messages below a slip in the tree of answers that went to the same recipient, but not from it."""
    by_message = {row["message_id"]: row["logical_id"] for row in chain if row["message_id"]}
    below = {slip.logical_id}
    for row in chain:
        parent = row["parent_logical_id"] or by_message.get(row["in_reply_to"])
        if parent in below and row["logical_id"] not in below:
            below.add(row["logical_id"])
            if slip.recipient in (row["recipients"] or []) and row["sender"] != slip.recipient:
                yield row


def _finding(case: CaseView, card: Card, slip: Slip, first: dict[str, Any], later: list[dict[str, Any]]) -> Finding:
    zone = ZoneInfo(case.facts.time_zone)
    files = sum(int(row["files"]) for row in later)
    senders = sorted({str(row["sender"]) for row in later})
    gaps = max(int(row["missing"] or 0) for row in (first, *later))
    began, subject = first["utc"], first["subject"]
    return Finding(
        rule=card.id,
        version=card.version,
        subject=tuple(str(row["logical_id"]) for row in (first, *later)),
        claim_ja=f"{shown(began, 0, zone)} のメール「{shown(subject, 0, zone)}」が {slip.recipient} へ送られた後"
        f"（{slip.rule}）、同じ会話の {len(later):,} 件がこの宛先を含んだまま、{shown(senders, 0, zone)} から送られた"
        f"（添付 {files:,} 件）。会話のうち証拠にないメール: {gaps:,} 件。",
        claim_en=f"After the message of {shown(began, 1, zone)}, subject {shown(subject, 1, zone)}, had gone to"
        f" {slip.recipient} ({slip.rule}), {len(later):,} later messages of the conversation went to it too, from"
        f" {shown(senders, 1, zone)}, with {files:,} files. Messages of the conversation that are missing: {gaps:,}.",
        because=tuple(
            Because(
                ja=f"{shown(row['utc'], 0, zone)} {row['sender']}、添付 {row['files']} 件",
                en=f"{shown(row['utc'], 1, zone)} {row['sender']}, {row['files']} files",
                record=str(row["record"]),
                address=str(row["address"]),
            )
            for row in (first, *later)
        ),
        confidence=slip.confidence,
        also_possible=card.also_possible,
        does_not_show=card.does_not_show,
    )
