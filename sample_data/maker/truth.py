"""What is in the stores, as the generator knows it and not as any parser read it: the answer key of the sample case."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

from maker import ext2
from maker.deeds import PASSWORD
from maker.incident import Incident
from maker.mail import Attached, Mail
from maker.mailboxes import Stored, Stores
from maker.post import Post

STORES = {
    "mbox": ("mbox/keiko.tanaka", "田中 恵子", "Thunderbird, mboxrd, two folders"),
    "maildir": (
        "maildir/kenta.sato",
        "佐藤 健太",
        "Maildir++ of Dovecot, folder names in modified UTF-7, ';' before the flags",
    ),
    "eml": ("eml/naomi.yamazaki", "山﨑 直美", "EML files, CRLF"),
    "image": ("image/sato-notebook.img", "佐藤 健太", "raw disk image, one ext2 partition at byte 32768"),
}
Value = dict[str, Any]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _attachments(mail: Mail) -> list[Attached]:
    return [item for item in mail.attached if item.name]


def _attached(mail: Mail) -> list[Value]:
    return [
        {
            "name": item.name,
            "also_named": item.shown,
            "size": len(item.data),
            "sha256": sha256(item.data),
            "declared_type": item.kind,
        }
        for item in _attachments(mail)
    ]


def _message(item: Stored) -> Value:
    return {
        "message_id": item.mail.message_id,
        "folder": item.folder,
        "path": item.path,
        "position": item.position,
        "state": item.state,
        "size": len(item.data),
        "sha256": sha256(item.data),
    }


def _store(name: str, stores: Stores) -> Value:
    path, custodian, what = STORES[name]
    every = [item for item in stores.stored if item.store == name]
    live = [item for item in every if item.state != "deleted-file"]
    folders = Counter(item.folder for item in live)
    return {
        "path": f"case/{path}",
        "custodian": custodian,
        "what": what,
        "messages": len(live),
        "attachments": sum(len(_attachments(item.mail)) for item in live),
        "folders": dict(sorted(folders.items())),
        "states": dict(sorted(Counter(item.state for item in every).items())),
        "items": [_message(item) for item in every],
    }


def _logical(stores: Stores, post: Post) -> list[Value]:
    """Every mail that left a copy or a log line, once, with all its places."""
    mails = {copy.mail.message_id: copy.mail for copy in post.copies} | {
        item.mail.message_id: item.mail for item in stores.stored
    }
    places: dict[str, list[str]] = {}
    for item in stores.stored:
        places.setdefault(item.mail.message_id, []).append(f"{item.store}:{item.path}#{item.position}:{item.state}")
    return [
        {
            "message_id": number,
            "key": mail.key,
            "left_at": mail.at.isoformat(),
            "from": mail.sender.address,
            "to": [one.address for one in mail.to],
            "cc": [one.address for one in mail.cc],
            "bcc": [one.address for one in mail.bcc],
            "subject": mail.subject,
            "in_reply_to": mail.answers.message_id if mail.answers else "",
            "attachments": _attached(mail),
            "queue_ids": post.queue_ids.get(number, []),
            "places": places.get(number, []),
        }
        for number, mail in sorted(mails.items(), key=lambda item: (item[1].at, item[1].key))
    ]


def _incident(one: Incident) -> Value:
    ids = [mail.message_id for mail in one.mails]
    return {
        "number": one.number,
        "title": one.title,
        "title_ja": one.title_ja,
        "catalogue": list(one.rows),
        "message_ids": ids,
        "note": one.note,
    }


def _disk(stores: Stores) -> Value:
    files = [
        {
            "path": path,
            "size": len(entry.data),
            "sha256": sha256(entry.data),
            "modified": entry.modified,
            "removed": entry.removed,
        }
        for path, entry in sorted(stores.disk.items())
        if entry.data is not None
    ]
    return {"partition_offset": ext2.FIRST_SECTOR * ext2.SECTOR, "file_system": "ext2", "files": files}


def _logs(stores: Stores, post: Post) -> Value:
    counts = {path: stores.files[path].count(b"\n") for path in sorted(stores.files) if path.startswith("logs/")}
    expunged = [line.split("msgid=")[1].split(",")[0] for _, line in post.dovecot if ": expunge: " in line]
    return {
        "lines": counts,
        "expunge_lines": len(expunged),
        "expunged_message_ids": sorted(expunged),
        "held": len(post.holds),
    }


def truth(stores: Stores, post: Post, incidents: list[Incident]) -> Value:
    return {
        "format": 1,
        "zone": "Asia/Tokyo",
        "passwords": [PASSWORD],
        "stores": {name: _store(name, stores) for name in STORES},
        "image": _disk(stores),
        "logs": _logs(stores, post),
        "incidents": [_incident(one) for one in sorted(incidents, key=lambda one: one.number)],
        "logical_messages": _logical(stores, post),
    }


def truth_json(value: Value) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _places(found: list[str]) -> str:
    if not found:
        return "only in the logs"
    split = [(place.partition(":")[0], place.rpartition(":")[2]) for place in found]
    counts = Counter(store if state == "live" else f"{store} {state}" for store, state in split)
    return ", ".join(name if number == 1 else f"{name} ×{number}" for name, number in counts.items())


_DEEDS = {
    "moved": "moved to the folder of deleted items",
    "hard_deleted": "deleted past that folder",
    "edited": "edited; what it said before",
    "orphaned": "taken out of its folder's list, still in the index",
}


def _outlook_table(store: Value) -> str:
    """What its owner deleted and edited in the Outlook archive, and what of it still stands."""
    rows = ["| mail | what was done | former folder | what still stands |", "|---|---|---|---|"]
    for one in store["changed"]:
        gone = f"{one['blocks_overwritten']} of its blocks overwritten"
        stands = "everything" if one["whole"] else gone
        deed = _DEEDS.get(one["deed"], one["deed"])
        rows.append(f"| {one['subject']}<br>`{one['message_id']}` | {deed} | `{one['former_folder']}` | {stands} |")
    live = "; ".join(f"`{name}` {len(items)}" for name, items in store["live"].items())
    return "\n".join([f"Live: {live}.", "", *rows])


def readme_tables(value: Value) -> dict[str, str]:
    """The tables of the README, so that no number in it is typed by hand."""
    stores = ["| store | whose | what | messages | attachments | folders and states |", "|---|---|---|---|---|---|"]
    for name, store in value["stores"].items():
        folders = "; ".join(f"`{folder}` {count}" for folder, count in store["folders"].items())
        states = "; ".join(f"{state} {count}" for state, count in store["states"].items())
        stores.append(
            f"| **{name}** `{store['path']}` | {store['custodian']} | {store['what']} | {store['messages']} | {store['attachments']} | {folders}<br>{states} |"
        )
    where = {one["message_id"]: _places(one["places"]) for one in value["logical_messages"]}
    found = ["| no. | what | catalogue | messages and where they lie | how to see it |", "|---|---|---|---|---|"]
    for one in value["incidents"]:
        ids = "<br>".join(f"`{number}` ({where[number]})" for number in one["message_ids"])
        found.append(
            f"| {one['number']} | {one['title']}<br>{one['title_ja']} | {' '.join(one['catalogue']) or '–'} | {ids} | {one['note']} |"
        )
    logs = ", ".join(f"`{path}` {count} lines" for path, count in value["logs"]["lines"].items())
    total = f"{len(value['logical_messages'])}"
    outlook = _outlook_table(value["outlook"])
    return {"OUTLOOK": outlook, "STORES": "\n".join(stores), "FOUND": "\n".join(found), "LOGS": logs, "TOTAL": total}
