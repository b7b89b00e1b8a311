"""What the events of a case should be, worked out row by row in plain Python beside the SQL that makes them."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from typing import Any

from forensics.casefile.view import CaseView
from forensics.timeline import sentences
from forensics.timeline.joins import STRENGTHS

Row = dict[str, Any]
_RANKS = {"message_id": 1, "network_message_id": 2, "queue_id": 3, "queued_as": 4, "envelope": 5}


def expected(case: CaseView) -> list[Row]:
    """Every event, in order, with all its columns."""
    assert len(STRENGTHS) == len(_RANKS)
    copies = {row["message_ref"]: row for row in case.rows("SELECT * FROM logical")}
    messages = {row["id"]: row for row in case.rows("SELECT * EXCLUDE (absent) FROM message")}
    recipients = _recipients(case)
    moments = [row for row in case.rows("SELECT * EXCLUDE (absent) FROM moment") if row["message_id_ref"] in messages]
    repeats = _repeats(moments, copies)
    found = []
    for moment in moments:
        message = messages[moment["message_id_ref"]]
        found.append(_of_message(moment, message, copies, recipients) | {"is_repeat": moment["id"] in repeats})
    timed = {moment["message_id_ref"] for moment in moments}
    for message in messages.values():
        if message["id"] not in timed:
            bare = dict.fromkeys(("utc", "utc_ns", "basis", "says", "zone", "offset_minutes", "precision", "raw"))
            moment = {**bare, "meaning": "no_time", "position": 0, "id": message["id"], "address": message["address"]}
            found.append(_of_message(moment, message, copies, recipients) | {"is_repeat": False})
    named = _named(case)
    held = {row["logical_id"]: row["copies"] for row in copies.values()}
    found += [_of_log(row, named, held) for row in case.rows("SELECT * EXCLUDE (absent) FROM log_event")]
    found.sort(key=_key)
    return [_told(row) for row in found]


def _key(row: Row) -> tuple[Any, ...]:
    utc, ns = row["utc"], row["utc_ns"]
    when = (utc is None, 0 if utc is None else utc, ns is None, ns or 0)
    return (*when, row["evidence"].encode(), row["address"].encode(), row["position"], row["_reading"])


def _of_message(moment: Row, message: Row, copies: dict[str, Row], recipients: dict[str, str]) -> Row:
    sender = message["sender_address"] if message["sender_address"] is not None else message["sender"]
    subject = message["subject"]
    if subject is not None and len(subject) > 1000:
        subject = subject[:1000] + "…"
    store = message["evidence"] + (f" {message['store_path']}" if message["store_path"] else "")
    if moment["meaning"] in ("sent", "submitted"):
        actor = sender
    else:
        actor = _host(moment["says"]) or moment["says"] if moment["basis"] == "relay" else store
    copy = copies[message["id"]]
    given = ("utc", "utc_ns", "meaning", "basis", "says", "zone", "offset_minutes", "precision", "raw", "position")
    of_message = ("evidence", "address", "store_path", "recovery", "depth", "attachment_count")
    return {
        **{name: moment[name] for name in given},
        **{name: message[name] for name in of_message},
        "message_ref": message["id"],
        "logical_id": copy["logical_id"],
        "seen_in": copy["copies"],
        "sender": sender,
        "subject": subject,
        "recipients": recipients.get(message["id"]),
        "actor": actor,
        "_operation": None,
        "_reading": moment["id"],
        "_own": moment["address"],
    }


def _of_log(row: Row, named: dict[str, str], held: dict[str, int]) -> Row:
    detail = json.loads(row["detail"]) if row["detail"] else {}
    host = detail.get("host") if isinstance(detail, dict) else None
    said = (row["actor"], row["actor_ip"], row["sender"], host, row["source"])
    actor = next((each for each in said if each is not None), None) if row["operation"] is not None else row["evidence"]
    logical = named.get(row["id"])
    given = ("utc", "zone", "precision", "evidence", "address", "recovery", "sender")
    return {
        **{name: row[name] for name in given},
        "utc_ns": None,
        "meaning": "no_time" if row["utc"] is None else "logged",
        "basis": "service",
        "says": row["source"],
        "offset_minutes": None,
        "raw": row["utc_raw"],
        "position": 0,
        "message_ref": None,
        "logical_id": logical,
        "store_path": None,
        "depth": 0,
        "actor": actor,
        "attachment_count": 0,
        "subject": row["subject"] and row["subject"][:1000],
        "recipients": row["recipient"] and row["recipient"][:1000],
        "seen_in": held.get(logical or "", 0),
        "is_repeat": False,
        "_operation": row["operation"],
        "_reading": row["id"],
        "_own": row["address"],
    }


def _told(row: Row) -> Row:
    known = {str(meaning): pair for meaning, pair in sentences.SENTENCES.items()} | {"no_time": sentences.TIMELESS}
    for number, language in enumerate(("ja", "en")):
        words = {
            "actor": sentences.UNKNOWN_ACTOR[number] if row["actor"] is None else row["actor"],
            "to": sentences.UNKNOWN_RECIPIENT[number] if row["recipients"] is None else row["recipients"],
            "says": row["says"],
            "operation": "?" if row["_operation"] is None else row["_operation"],
        }
        of_file = row["basis"] == "embedded" and row["meaning"] in ("created", "modified", "accessed", "changed")
        pair = sentences.CLAIMED if of_file else known.get(row["meaning"], sentences.OTHER)
        text = pair[number].format(**words)
        if row["utc"] is None and row["meaning"] != "no_time":
            text += sentences.UNREADABLE[number]
        row[f"sentence_{language}"] = text + ("", ".")[number]
    row["event_id"] = hashlib.sha256(f"event\0{row['_own']}".encode()).hexdigest()[:32]
    row["action"] = row["meaning"] if row["_operation"] is None else row["_operation"]
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _host(says: str | None) -> str | None:
    found = re.search(r" by (.+)$", says or "")
    return found[1] if found else None


def _recipients(case: CaseView) -> dict[str, str]:
    piles: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in case.rows("SELECT * EXCLUDE (absent) FROM recipient ORDER BY position, id"):
        who = next((each for each in (row["mail_address"], row["name"], row["raw"]) if each is not None), "?")
        piles[row["message_id_ref"], row["role"]].append(who[:120])
    found: defaultdict[str, list[str]] = defaultdict(list)
    for message in {message for message, _ in piles}:
        for role in ("to", "cc", "bcc"):
            if pile := piles.get((message, role)):
                more = f" (+{len(pile) - 5})" if len(pile) > 5 else ""
                found[message].append(("" if role == "to" else f"{role}: ") + ", ".join(pile[:5]) + more)
    return {message: "; ".join(pieces) for message, pieces in found.items()}


def _repeats(moments: list[Row], copies: dict[str, Row]) -> set[str]:
    """A reading that an earlier copy of the same logical message has as often."""
    seen: set[tuple[Any, ...]] = set()
    found = set()
    counts: Counter[tuple[Any, ...]] = Counter()
    ordered = sorted(moments, key=lambda row: (copies[row["message_id_ref"]]["copy"], row["position"], row["id"]))
    for moment in ordered:
        if moment["basis"] is None:
            continue
        copy = copies[moment["message_id_ref"]]
        host = _host(moment["says"]) if moment["basis"] == "relay" else None
        reading = next((moment[name] for name in ("utc_ns", "utc", "raw") if moment[name] is not None), None)
        clock = (moment["meaning"], moment["basis"], host or moment["says"], reading)
        counts[copy["message_ref"], clock] += 1
        mark = (copy["logical_id"], clock, counts[copy["message_ref"], clock])
        if mark in seen:
            found.add(moment["id"])
        seen.add(mark)
    return found


def _named(case: CaseView) -> dict[str, str]:
    """The one message that the best ground of a line leads to."""
    best: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
    for row in case.rows("SELECT log_event_id, logical_id, ground FROM log_join WHERE logical_id IS NOT NULL"):
        best[row["log_event_id"]].add((_RANKS[row["ground"]], row["logical_id"]))
    found = {}
    for line, ways in best.items():
        least = min(rank for rank, _ in ways)
        if len(things := {logical for rank, logical in ways if rank == least}) == 1:
            found[line] = things.pop()
    return found
