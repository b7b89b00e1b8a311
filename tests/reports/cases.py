"""Cases with a timeline, for the tests of the reports: an ordinary one and one whose mail attacks its reader."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from forensics.casefile.view import CaseView
from forensics.moments import Meaning
from forensics.records import Record, Recovery
from forensics.timeline.build import build
from tests.casebuilder import JUNE, SECOND, CaseBuilder, attached, mail, problem, relayed, sent, stored

HOUR = 3600 * SECOND
ATTACKS = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<!--<script>",
    "請求書\u202egpj.exe",
    "\x1b[31mred\x1b]52;c;ZXZpbA==\x07",
    '=HYPERLINK("http://track.invalid/","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\0=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    " =1+1",
    "zero\u200bwidth\ufeff",
    '"quoted","cells"\r\nnew,row',
    "[link=file:///etc/passwd]x[/link] {{ 7*7 }} ${7*7}",
    "http://track.invalid/pixel.png",
)


def with_timeline(folder: Path, records: Iterable[Record], unclaimed: Iterable[str] = (), **facts: Any) -> CaseView:
    """A case of one evidence item, parsed and laid on a timeline."""
    case = CaseBuilder(folder, **facts)
    case.evidence(files={"mail/受信トレイ.mbox": b"From - ", "memo.bin": b"?"})
    case.parsed(records, unclaimed=unclaimed)
    return finished(case)


def finished(case: CaseBuilder) -> CaseView:
    """The case with its timeline built and listed."""
    case.timeline_listed(build(case.view(), case.folder / "timeline").files)
    return case.view()


def ordinary() -> list[Record]:
    """A week of mail: live, deleted, attached, embedded, undated, one problem."""
    records: list[Record] = []
    for n in range(40):
        at = JUNE + n * 5 * HOUR
        moments = [sent(at), relayed(at + SECOND), stored(at + 3 * SECOND + 100)]
        deleted = n % 9 == 4
        message = mail(
            n,
            moments=moments,
            to=["tanaka@example.jp", "suzuki@example.com"][: 1 + n % 2],
            recovery=Recovery.SOFT_DELETED if deleted else Recovery.LIVE,
            store_path="/削除済みアイテム" if deleted else ("/受信トレイ", "/送信済み")[n % 2],
            date_utc=at,
            attachment_count=int(n % 3 == 0),
            has_attachments=n % 3 == 0,
            body=f"本文 {n}\n\nよろしくお願いいたします。",
        )
        records += message
        if n % 3 == 0:
            records.append(attached(message[0], 1, f"見積書{n}.xlsx"))
    records += mail(90, store_path="/下書き")
    created = stored(JUNE, Meaning.CREATED, "PR_CREATION_TIME")
    again = {"message_id": "<9@example.jp>", "body": "本文 9\n\nよろしくお願いいたします。"}
    records += mail(91, moments=[created], store_path="/受信トレイ/案件", depth=1, **again)
    records.append(problem())
    return records


def hostile() -> list[Record]:
    """Mail whose every text field attacks whoever shows it."""
    records: list[Record] = []
    for n, attack in enumerate(ATTACKS):
        fields = {"subject": attack, "sender": attack, "sender_address": attack, "store_path": f"/{attack}"}
        moment = sent(JUNE + n * HOUR, raw=attack, says=attack)
        records += mail(n, moments=[moment], to=[attack], body=attack * 3, **fields)
    records += mail(99, moments=[sent(JUNE)], subject="長" * 1_000_000)
    return records
