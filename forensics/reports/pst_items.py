"""From the records of messages back to items of a store: envelope, times, bodies, recipients and attachments.

Properties are those of [MS-OXOMSG] and [MS-OXCMSG]; two named properties say where in the case an item comes from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from forensics.casefile.view import CaseView
from forensics.formats.pst.writer import NamedProperty, Party, PstAttachment, PstItem, mail
from forensics.formats.pst.writer.names import PS_PUBLIC_STRINGS

DEEPEST = 20
WITHHELD = "its content is under two-person control"
_EPOCH = 116_444_736_000_000_000
"""FILETIME of 1970-01-01."""
_LAST = (1 << 63) - 1
_STRING = 0x1F
_INTERNET_CPID = 0x3FDE0003
_CODE_PAGES = {
    "utf-8": 65001, "cp932": 932, "shift_jis": 932, "iso2022_jp": 50220, "iso-2022-jp": 50220, "euc_jp": 51932,
    "euc-jp": 51932, "cp1252": 1252, "windows-1252": 1252, "iso-8859-1": 28591, "ascii": 20127, "us-ascii": 20127,
}  # fmt: skip
_MEANINGS = {
    "submitted": ("submitted", "sent"),
    "delivered": ("delivered",),
    "created": ("created",),
    "modified": ("modified",),
}
_PARTS = {
    "recipient": "role, name, mail_address, address_type",
    "text": "kind, text, sha256, charset",
    "attachment": "address, name, sha256, declared_type, detected_type, content_id",
    "header": "name, raw",
    "moment": "meaning, utc_ns",
}

Row = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class ItemMaker:
    """Makes items of a store from the records of a case; ``left_out`` names every part that could not go along."""

    case: CaseView
    left_out: list[dict[str, str]] = field(default_factory=list)

    def items(self, ids: Sequence[str]) -> Iterator[PstItem]:
        """The items of some messages, in the order of ``ids``."""
        family = _Family(self.case, ids)
        for one in ids:
            yield self._item(family, family.messages[one], 0)

    def _item(self, family: _Family, row: Row, depth: int) -> PstItem:
        ref = row["id"]
        parties = _parties(family.parts["recipient"][ref])
        sender = parties["sender"] or parties["from"] or [Party(name=row["sender"] or "", address="")]
        bodies = self._bodies(family.parts["text"][ref])
        if self.case.withheld:
            self.left_out.append({"address": row["address"], "name": "", "why": WITHHELD})
        return mail(
            subject=row["subject"] or "",
            sender=sender[0],
            represented=(parties["from"] or sender)[0],
            to=parties["to"],
            cc=parties["cc"],
            bcc=parties["bcc"],
            **_times(family.parts["moment"][ref]),
            transport_headers=_headers(family.parts["header"][ref]),
            internet_message_id=row["message_id"] or "",
            in_reply_to=row["in_reply_to"] or "",
            references=row["references"] or "",
            flags=_flags(row["flags"] or []),
            message_class=row["item_class"] or "IPM.Note",
            body=bodies.plain,
            html=bodies.html,
            rtf=bodies.rtf,
            attachments=list(self._attachments(family, row, depth)),
            more=_origin(row) | ({_INTERNET_CPID: bodies.code_page} if bodies.code_page else {}),
        )

    def _bodies(self, texts: Sequence[Row]) -> _Bodies:
        made = _Bodies()
        plain = [one["text"] for one in texts if one["kind"] == "plain" and one["text"] is not None]
        made.plain = "\r\n".join(plain) if plain else None
        for one in texts:
            if one["sha256"] is None or one["kind"] not in ("html", "rtf"):
                continue
            if one["kind"] == "html" and made.html is None:
                made.html = self.case.content(one["sha256"])
                made.code_page = _CODE_PAGES.get((one["charset"] or "").lower(), 0)
            elif one["kind"] == "rtf" and made.rtf is None:
                made.rtf = self.case.content(one["sha256"])
        return made

    def _attachments(self, family: _Family, row: Row, depth: int) -> Iterator[PstAttachment]:
        inner = family.inside.get(row["id"], [])
        for one in family.parts["attachment"][row["id"]]:
            name, kind = one["name"] or "", one["declared_type"] or one["detected_type"] or ""
            carried = [child for child in inner if child["address"].startswith(f"{one['address']}/")]
            if one["sha256"] is not None and self.case.withheld and not carried:
                self.left_out.append({"address": one["address"], "name": name, "why": WITHHELD})
            elif one["sha256"] is not None and not self.case.withheld:
                data = self.case.content(one["sha256"])
                yield PstAttachment(name=name, data=data, mime_type=kind, content_id=one["content_id"] or "")
            elif carried and depth < DEEPEST:
                yield PstAttachment(name=name, item=self._item(family, carried[0], depth + 1))
            else:
                why = "its content could not be read" if not carried else f"deeper than {DEEPEST} levels"
                self.left_out.append({"address": one["address"], "name": name, "why": why})


@dataclass(slots=True, kw_only=True)
class _Bodies:
    plain: str | None = None
    html: bytes | None = None
    rtf: bytes | None = None
    code_page: int = 0


class _Family:
    """The records of some messages and of all messages inside them."""

    def __init__(self, case: CaseView, ids: Sequence[str]) -> None:
        self.messages: dict[str, Row] = {}
        self.inside: dict[str, list[Row]] = defaultdict(list)
        self.parts: dict[str, dict[str, list[Row]]] = {}
        found = case.rows("SELECT * FROM message WHERE id IN (SELECT unnest($1)) ORDER BY address", [list(ids)])
        for _ in range(DEEPEST + 1):
            self.messages |= {row["id"]: row for row in found}
            outer = [row["id"] for row in found]
            query = "SELECT * FROM message WHERE embedded_in IN (SELECT unnest($1)) ORDER BY address, id"
            found = case.rows(query, [outer]) if outer else []
            for row in found:
                self.inside[row["embedded_in"]].append(row)
        for kind, columns in _PARTS.items():
            self.parts[kind] = defaultdict(list)
            if kind == "text" and case.withheld:
                continue
            query = f"""
                SELECT message_id_ref AS ref, {columns} FROM "{kind}" WHERE message_id_ref IN (SELECT unnest($1))
                ORDER BY message_id_ref, position, id
            """  # noqa: S608 - own names only
            for row in case.rows(query, [list(self.messages)]):
                self.parts[kind][row["ref"]].append(row)


def _parties(rows: Sequence[Row]) -> dict[str, list[Party]]:
    found: dict[str, list[Party]] = defaultdict(list)
    for row in rows:
        address = row["mail_address"] or ""
        kind = row["address_type"] or "SMTP"
        found[row["role"]].append(Party(name=row["name"] or address, address=address, address_type=kind))
    return found


def _times(moments: Sequence[Row]) -> dict[str, Any]:
    """The first reading of each meaning, as FILETIME; one that no FILETIME can say is not written."""
    made = {}
    for name, meanings in _MEANINGS.items():
        wanted = (row for meaning in meanings for row in moments if row["meaning"] == meaning)
        ns = next((row["utc_ns"] for row in wanted if row["utc_ns"] is not None), None)
        if ns is not None and 0 < ns // 100 + _EPOCH <= _LAST:
            made[name] = ns // 100 + _EPOCH
    return made


def _headers(rows: Sequence[Row]) -> str:
    """The header fields as they were written; bytes that are no UTF-8 stand as the characters of the same numbers."""
    data = b"".join(f"{row['name']}:".encode() + (row["raw"] or b"") + b"\r\n" for row in rows)
    if not data:
        return ""
    try:
        return data.decode() + "\r\n"
    except UnicodeDecodeError:
        return data.decode("latin-1") + "\r\n"


def _flags(flags: Sequence[str]) -> int:
    return (0 if "unread" in flags else 0x01) | (0x08 if "unsent" in flags else 0) | (0x20 if "from_me" in flags else 0)


def _origin(row: Row) -> dict[int | NamedProperty, object]:
    """Where in the case the item is, so that each copy leads back to its evidence."""
    said = {"Forensics-Address": row["address"], "Forensics-Recovery": row["recovery"]}
    return {
        NamedProperty(set=PS_PUBLIC_STRINGS, name=name, ptype=_STRING): str(text) for name, text in said.items() if text
    }
