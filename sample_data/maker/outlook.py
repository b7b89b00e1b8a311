"""The Outlook archive of 佐藤's notebook: his mail from 20 May on as a PST, with what he deleted and edited before he left.

It needs the toolkit's writer beside the standard library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from typing import Any

from forensics.formats.pst.writer import Party, PstAttachment, PstFolder, PstItem, PstStore, mail, write_pst
from maker import deletion
from maker.mail import ZONE, Mail
from maker.people import EMMA, KOBAYASHI, SATO, Person
from maker.post import Copy, Post
from sample_data.maker.pst.mutator import Mutator
from sample_data.maker.pst.truth import Truth

SINCE = datetime(2026, 5, 20, tzinfo=ZONE)
PATH = "outlook/kenta.sato/archive.pst"
INBOX, SENT, DRAFTS = "受信トレイ", "送信済みアイテム", "下書き"
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
EDITED = {
    "home3": ("引き継ぎメモ", "引き継ぎの件、とくに添付はありません。\r\n"),
    "weekly11": ("【週報】第11週 佐藤（修正）", "今週は社内で資料整理のみ。訪問なし。\r\n"),
}
"""What two of his sent mails say since the night of the burst: subject and body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookStore:
    """The bytes of the store and the answer key: every item that lives in it, and what became of the others."""

    data: bytes
    truth: dict[str, Any]


def build_store(post: Post) -> OutlookStore:
    """The archive after the last day: moved, deleted in the burst, edited, and a draft that took some of the freed room."""
    copies = [copy for copy in post.copies if copy.holder is SATO and copy.at >= SINCE]
    made = Mutator(_first_state(copies))
    nids = {
        made.version(nid).text(0x1035001F): nid for folder in made.folders().values() for nid in made.messages(folder)
    }
    key_of = {copy.mail.message_id: copy.mail.key for copy in copies}
    by_key = {key: nids[message_id] for message_id, key in key_of.items()}
    made.move([by_key["stopped"]])
    gone = [by_key[copy.mail.key] for copy in copies if deletion.is_gone(copy.mail, sent=copy.sent)]
    for at in range(0, len(gone), 5):
        made.hard_delete(gone[at : at + 5])
    for key, (subject, body) in EDITED.items():
        made.edit(by_key[key], subject=subject, body=body, modified=_filetime(deletion.BURST))
    made.orphan([by_key["news307"]])
    made.add([_draft()], made.folders()[DRAFTS], reuse=True)
    return OutlookStore(data=made.content(), truth=_answers(made))


def _first_state(copies: list[Copy]) -> bytes:
    partners = {KOBAYASHI: "緑商事", EMMA: "Harrow & Pike"}
    filed: dict[str, list[Copy]] = {name: [] for name in (INBOX, SENT, *partners.values())}
    for copy in copies:
        filed[SENT if copy.sent else partners.get(copy.mail.sender, INBOX)].append(copy)
    folders = {name: PstFolder(name=name, items=[_item(copy) for copy in some]) for name, some in filed.items()}
    customers = PstFolder(name="取引先", children=[folders[name] for name in partners.values()])
    store = PstStore(
        name="佐藤_2026",
        folders=[folders[INBOX], folders[SENT], PstFolder(name=DRAFTS), customers],
        deleted_items=PstFolder(name="削除済みアイテム"),
        top_name="個人用フォルダーの先頭",
    )
    out = BytesIO()
    write_pst(out, store)
    return out.getvalue()


def _item(copy: Copy) -> PstItem:
    one = copy.mail
    head, _, _ = copy.data.partition(b"\n\n")
    stored = _filetime(copy.at)
    return mail(
        subject=one.subject,
        sender=_party(one.sender),
        to=[_party(person) for person in one.to],
        cc=[_party(person) for person in one.cc],
        bcc=[_party(person) for person in one.bcc] if copy.sent else [],
        submitted=_filetime(one.at),
        delivered=stored,
        created=stored,
        modified=stored,
        transport_headers="" if copy.sent else _lines(head.decode("utf-8", "surrogateescape")) + "\r\n\r\n",
        internet_message_id=one.message_id,
        in_reply_to=one.answers.message_id if one.answers else "",
        conversation_index=_conversation(one),
        flags=0x21 if copy.sent else 0x01,
        body=_lines(one.text),
        html=one.html.encode() if one.html else None,
        attachments=list(_attachments(copy)),
    )


def _attachments(copy: Copy) -> Iterator[PstAttachment]:
    for one in copy.mail.attached:
        if one.kind == "message/rfc822" and copy.mail.answers is not None:
            answered = copy.mail.answers
            inner = Copy(mail=answered, holder=copy.holder, sent=False, at=answered.at, data=one.data)
            yield PstAttachment(name=answered.subject, item=_item(inner))
        elif one.name:
            yield PstAttachment(name=one.name, data=one.data, mime_type=one.kind)


def _draft() -> PstItem:
    saved = _filetime(deletion.BURST) + 15 * 60 * 10_000_000
    return mail(
        subject="ご挨拶",
        sender=_party(SATO),
        created=saved,
        modified=saved,
        flags=0x08 | 0x01,
        body="在職中は大変お世話になりました。\r\n" * 40,
    )


def _party(person: Person) -> Party:
    return Party(name=person.name or person.address, address=person.address)


def _filetime(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _conversation(one: Mail) -> bytes:
    """PR_CONVERSATION_INDEX, [MS-OXOMSG] 2.2.1.3: the first mail's time and a GUID, then five bytes for each answer."""
    first = (*one.thread, one)[0]
    index = (_filetime(first.at) >> 16).to_bytes(6, "big")
    index += first.message_id.encode().ljust(16, b"\0")[1:17]
    for before, answer in pairwise((*one.thread, one)):
        # Real Outlook counts each answer from the one before.
        delta = _filetime(answer.at) - _filetime(before.at)
        index += (delta >> 18 & 0x7FFFFFFF).to_bytes(4, "big") + b"\0"
    return index


def _answers(made: Mutator) -> dict[str, Any]:
    live = {
        name: [_named(made, nid) for nid in made.messages(folder)]
        for name, folder in made.folders().items()
        if made.messages(folder)
    }
    return {"live": live, "changed": [_changed(one, made) for one in made.truth()]}


def _named(made: Mutator, nid: int) -> dict[str, str]:
    version = made.version(nid)
    return {"node": f"{nid:X}", "message_id": version.text(0x1035001F), "subject": version.subject}


def _changed(one: Truth, made: Mutator) -> dict[str, Any]:
    names = {nid: name for name, nid in made.folders().items()}
    return {
        "node": f"{one.before.nid:X}",
        "message_id": one.before.text(0x1035001F),
        "subject": one.before.subject,
        "deed": one.deed,
        "tier": one.tier,
        "former_folder": names[one.former_parent],
        "whole": one.whole,
        "blocks_standing": len(one.standing),
        "blocks_overwritten": len(one.overwritten),
        "attachments": [{"name": file.name, "sha256": file.sha256} for file in one.before.attachments],
    }
