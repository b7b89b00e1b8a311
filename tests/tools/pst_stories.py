"""Generated stores with known deletions: so many messages, so many of them deleted, so many blocks overwritten."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import BinaryIO, Literal

from forensics.formats.pst.writer import (
    Crypt,
    Party,
    PstAttachment,
    PstFolder,
    PstItem,
    PstStore,
    Written,
    mail,
    write_pst,
)
from sample_data.maker.pst.mutator import Mutator
from sample_data.maker.pst.truth import Truth

Overwritten = Literal["none", "some", "all"]

FIRST_TIME = 134_000_000_000_000_000
"""FILETIME of the first message; each further one is 61 s and 7 units of 100 ns later."""
STEP = 610_000_007

PEOPLE = (
    Party(name="佐藤 健太", address="kenta.sato@aoba-denki.example"),
    Party(name="Emma Clarke", address="emma.clarke@harrow-pike.example"),
    Party(
        name="田中 恵子", address="/O=AOBA/CN=TANAKA", address_type="EX", smtp_address="keiko.tanaka@aoba-denki.example"
    ),
)


def noise(seed: str, size: int) -> bytes:
    """Bytes that look like chance and are always the same."""
    made = b"".join(hashlib.sha256(f"{seed}/{at}".encode()).digest() for at in range(size // 32 + 1))
    return made[:size]


def message(number: int) -> PstItem:
    """A message unlike every other: kinds of bodies, recipients and attachments go round with its number."""
    at = FIRST_TIME + number * STEP
    attachments = []
    if number % 4 == 0:
        attachments.append(PstAttachment(name=f"memo-{number}.txt", data=f"memo {number}\r\n".encode() * 9))
    if number % 9 == 0:
        data = noise(f"sheet {number}", 30_000)
        attachments.append(PstAttachment(name=f"見積-{number}.xlsx", data=data, mime_type="application/octet-stream"))
    if number % 25 == 0:
        attachments.append(PstAttachment(name=f"Forwarded {number}", item=_inner(number)))
    text = f"Message {number}. 本文 {number}。\r\n" * (1 + number % 60)
    return mail(
        subject=f"{'RE: ' if number % 3 == 0 else ''}Order {number} 注文",
        sender=PEOPLE[number % 3],
        to=[PEOPLE[(number + 1) % 3]],
        cc=[PEOPLE[(number + 2) % 3]] if number % 2 else [],
        bcc=[PEOPLE[0]] if number % 10 == 0 else [],
        submitted=at,
        delivered=at + 30_000_001,
        created=at + 40_000_000,
        modified=at + 50_000_000,
        transport_headers=f"Message-ID: <{number}@aoba-denki.example>\r\nX-Order: {number}\r\n\r\n",
        internet_message_id=f"<{number}@aoba-denki.example>",
        conversation_index=(at >> 16).to_bytes(6, "big") + noise(f"thread {number // 5}", 16),
        flags=number & 1,
        body=text,
        html=f"<html><body><p>{text}</p></body></html>".encode() if number % 2 else None,
        rtf=rb"{\rtf1\ansi Order " + str(number).encode() + b"}" if number % 5 == 0 else None,
        attachments=attachments,
    )


def _inner(number: int) -> PstItem:
    at = FIRST_TIME - number * STEP
    return mail(
        subject=f"Inner {number}",
        sender=PEOPLE[1],
        to=[PEOPLE[0]],
        submitted=at,
        created=at,
        modified=at,
        body=f"inner body {number}",
        attachments=[PstAttachment(name="deep.bin", data=noise(f"deep {number}", 5000))],
    )


def store(count: int, *, crypt: Crypt = Crypt.PERMUTE) -> bytes:
    """A store of ``count`` messages: two thirds in 受信トレイ, the rest in its subfolder; Contacts is empty."""
    cut = count * 2 // 3
    archive = PstFolder(name="Archive", items=(message(number) for number in range(cut, count)))
    inbox = PstFolder(name="受信トレイ", items=(message(number) for number in range(cut)), children=(archive,))
    contacts = PstFolder(name="Contacts", container_class="IPF.Contact")
    out = io.BytesIO()
    write_pst(out, PstStore(name="Generated", folders=(inbox, contacts), crypt=crypt))
    return out.getvalue()


def write_large(out: BinaryIO, messages: int, *, folders: int = 20, attachment: int = 0, every: int = 10) -> Written:
    """A store for measurements, streamed; each ``every``-th message has a file of so many bytes, all different."""
    tail = noise("large", attachment)

    def one(number: int) -> PstItem:
        made = message(number)
        if not attachment or number % every:
            return made
        file = PstAttachment(name=f"file-{number}.bin", data=number.to_bytes(8, "little") + tail)
        return replace(made, attachments=(*made.attachments, file))

    cuts = [messages * at // folders for at in range(folders + 1)]
    parts = [PstFolder(name=f"{a:06d}", items=map(one, range(a, b))) for a, b in pairwise(cuts)]
    return write_pst(out, PstStore(name="Large", folders=parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A store after its deletions, with the truth about each, and the subjects that are alive by folder."""

    data: bytes
    truth: tuple[Truth, ...]
    live: dict[str, list[str]]
    mutator: Mutator


def deleted(
    messages: int = 1000, deletions: int = 300, overwritten: Overwritten = "none", *, edits: int = 20, orphans: int = 20
) -> Case:
    """Messages deleted in the four ways, some edited; then none, some or all of what was freed is filled.

    "some" fills all freed blocks of each third item, every other block of each fourth, and each fifth stale page.

    Of the deletions a tenth goes to Deleted Items and stays, a tenth goes there and is emptied, the rest is deleted at
    once, in transactions of seven.
    """
    made = Mutator(store(messages))
    folders = made.folders()
    every = made.messages(folders["受信トレイ"]) + made.messages(folders["Archive"])
    step = max(1, len(every) // (deletions + edits + orphans))
    chosen = every[::step][: deletions + edits + orphans]
    tenth = deletions // 10
    cuts = (tenth, 2 * tenth, deletions, deletions + edits)
    binned, emptied, hard = chosen[: cuts[0]], chosen[cuts[0] : cuts[1]], chosen[cuts[1] : cuts[2]]
    made.move(binned + emptied)
    made.hard_delete(emptied)
    for at in range(0, len(hard), 7):
        made.hard_delete(hard[at : at + 7])
    for number, nid in enumerate(chosen[cuts[2] : cuts[3]]):
        made.edit(nid, subject=f"Edited {number}", body=f"Rewritten {number}", modified=FIRST_TIME * 2)
    made.orphan(chosen[cuts[3] :])
    if overwritten == "all":
        made.overwrite_blocks()
        made.overwrite_pages()
    elif overwritten == "some":
        made.overwrite_blocks(chosen[::3])
        made.overwrite_blocks(chosen[1::4], every=2)
        made.overwrite_pages(every=5)
    live = {name: [made.version(nid).subject for nid in made.messages(folder)] for name, folder in folders.items()}
    return Case(data=made.content(), truth=tuple(made.truth()), live=live, mutator=made)
