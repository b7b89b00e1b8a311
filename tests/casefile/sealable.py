"""A case of three messages for the tests of seals: one with body and attachment, an Outlook item, almost nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.absent import Absent
from forensics.address import Address, Span
from forensics.casefile.view import CaseView
from forensics.records import Attachment, BodyText, Header, Message, Record, Recovery
from tests.casebuilder import CaseBuilder

KEY = bytes(range(32))
A, B, C = ("aa" * 32, "bb" * 32, "cc" * 32)


def records() -> list[Record]:
    at = Address(evidence="EV-0001", steps=("000001", "message:1"), span=Span(0, 120))
    first = Message(address=at, item_class="IPM.Note", store_path="/受信トレイ", raw_sha256=A, size=120, subject="見積")
    ref = first.identity()
    raws = ((1, "Subject", b" =?iso-2022-jp?B?GyRCOCtAURsoQg==?="), (2, "X-Odd", b" one,\r\n\ttwo \xff"))
    headers = [
        Header(address=at.child(f"header:{n}"), message_id_ref=ref, position=n, name=name, raw=raw, decoded="")
        for n, name, raw in raws
    ]
    text = BodyText(
        address=at.child("text:1"),
        message_id_ref=ref,
        position=1,
        kind="plain",
        text="秘密",
        sha256=B,
        size=6,
        charset="utf-8",
        part="1",
    )
    attachment = Attachment(
        address=at.child("attachment:1"),
        message_id_ref=ref,
        position=1,
        name='見積"1\\.pdf',
        size=3,
        sha256=C,
        declared_type="application/pdf",
        part="2",
    )
    other = Address(evidence="EV-0001", steps=("000001", "node:2097252"))
    item = Message(
        address=other,
        recovery=Recovery.SOFT_DELETED,
        item_class="IPM.Note",
        store_path="/削除済み",
        subject="会議\x01",
        sender="佐藤 <sato@example.jp>",
        to="tanaka@example.jp",
        date_raw="FILETIME 133600000000000000",
        received_utc=1_780_275_792_123_456_700,
        canonical_sha256=B,
        size=Absent.NOT_RECORDED,
    )
    last = Message(
        address=other.child("attachment:1").child("message:1"), item_class=Absent.NOT_RECORDED, store_path=""
    )
    return [first, *headers, text, attachment, item, last]


def case(folder: Path) -> CaseBuilder:
    made = CaseBuilder(folder)
    made.evidence()
    made.parsed(records())
    return made


def manifest(view: CaseView) -> dict[str, Any]:
    found: dict[str, Any] = canonical.decode((view.folder / "records/EV-0001.json").read_bytes())
    return found
