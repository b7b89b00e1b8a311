"""証拠説明書: the description of exhibits in the columns of 民事訴訟規則 137条1項, as a draft for the lawyer.

A message is offered as a print of what is stored; its hash and its place in the evidence stand in the last column. The
fact to be proved (立証趣旨) is the lawyer's and stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forensics.casefile.view import EvidenceItem
from forensics.errors import UsageError
from forensics.reports.papers import parts
from forensics.reports.papers.exhibit_numbers import Exhibit, file_name, numbered, recorded
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import (
    Block,
    Code,
    Fact,
    Facts,
    Inline,
    Missing,
    Paragraph,
    Ref,
    Run,
    Table,
    inline,
)
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection

MOST = 500
"""So many messages at the most stand in one paper."""
_COLUMNS = (
    ("号証", "Exhibit"),
    ("標目", "Title"),
    ("原本・写しの別", "Original or copy"),
    ("作成年月日", "Date made"),
    ("作成者", "Author"),
    ("立証趣旨", "To prove"),
    ("備考", "Remarks"),
)
_SQL = (
    "SELECT id, evidence, address, span_start, span_end, recovery, subject, sender, sender_address, date_utc, "
    "epoch_ns(date_utc) AS sent_ns, date_raw, size, raw_sha256, canonical_sha256, message_id, store_path "
    "FROM message WHERE id IN (SELECT unnest($1)) ORDER BY date_utc NULLS LAST, evidence, address, id"
)


def chosen(material: Material, selection: Selection) -> list[dict[str, Any]]:
    """The chosen messages, oldest first."""
    ids = selection.ids(material.case)
    if len(ids) > MOST:
        raise UsageError(
            f"{len(ids):,} messages meet the condition, and one paper takes {MOST} at the most",
            todo="choose fewer with --where or --message",
        )
    return material.case.rows(_SQL, [ids])


def digest_of(row: dict[str, Any], material: Material) -> Inline:
    """The SHA-256 of a message as it is stored, or of its canonical form where the store keeps no such bytes."""
    if row["raw_sha256"]:
        return (Code(text=row["raw_sha256"]),)
    if row["canonical_sha256"]:
        return (Code(text=row["canonical_sha256"]), " (mapi-canonical-v1)")
    return (Missing(what=material.say("メッセージのSHA-256", "SHA-256 of the message"), key="A11"),)


def place_of(row: dict[str, Any], material: Material) -> Inline:
    """Where in the evidence a message lies: its address, and its bytes where it has a range."""
    span = ""
    if row["span_start"] is not None:
        span = material.say(
            f"、{row['span_start']:,}–{row['span_end']:,}バイト目", f", bytes {row['span_start']:,}–{row['span_end']:,}"
        )
    step = material.acquired(row["evidence"])
    return inline(row["address"], span, Ref(lines=step.lines if step else (), evidence=row["evidence"]))


def chosen_table(material: Material, selection: Selection) -> Table:
    """The chosen messages with the hash that each is compared by."""
    columns = (
        ("日時", "Date"),
        ("件名", "Subject"),
        ("証拠の中の所在", "Place in the evidence"),
        ("SHA-256", "SHA-256"),
    )
    rows = tuple(
        (
            _sent(row, material),
            inline(row["subject"] or material.say("（件名なし）", "(no subject)")),
            place_of(row, material),
            digest_of(row, material),
        )
        for row in chosen(material, selection)
    )
    return Table(columns=tuple(material.say(*each) for each in columns), rows=rows, widths=(17, 25, 30, 28))


def _sent(row: dict[str, Any], material: Material) -> Inline:
    if row["sent_ns"] is None:
        return (Missing(what=material.say("送信日時（記載なし）", "date (the message states none)")),)
    return (material.calendar.day(row["sent_ns"]),)


class ExhibitList(Paper):
    """証拠説明書の案：号証・標目・原本写しの別・作成年月日・作成者・立証趣旨・備考。選んだメールごと、または証拠ごと。"""

    name = "exhibit-list"
    title = "証拠説明書 / description of exhibits (draft)"
    version = "2"
    heading = ("証拠説明書（案）", "Description of exhibits (draft)")
    wide = True

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """Caption, one row for each chosen message or evidence item, notes for the lawyer."""
        rows = (
            [((each.label(material.language),), *_exhibit(each, material)) for each in _exhibits(material, selection)]
            if selection is not None and (selection.where or selection.messages)
            else _numbered([_item(item, material) for item in material.items], material)
        )
        table = Table(
            columns=tuple(material.say(*each) for each in _COLUMNS),
            rows=tuple(rows),
            widths=(9, 18, 12, 11, 14, 13, 23),
            empty=material.say("証拠はまだ取得されていない。", "No evidence has been acquired yet."),
        )
        return [*_caption(material), table, *_notes(material)]

    def recorded(self, material: Material, selection: Selection | None) -> dict[str, Any]:
        """Which number went to what."""
        return {"exhibits": list(recorded(_exhibits(material, selection), material))}


def _exhibits(material: Material, selection: Selection | None) -> list[Exhibit]:
    if selection is None or not (selection.where or selection.messages):
        return []
    return numbered(material, chosen(material, selection))


def _exhibit(exhibit: Exhibit, material: Material) -> tuple[Inline, ...]:
    name = material.say("。ファイル名 ", ". File name "), Code(text=file_name(exhibit, material))
    if exhibit.attachment is None:
        *cells, remarks = _message(exhibit.message, material)
        return (*cells, inline(remarks, name))
    return _file(exhibit, exhibit.attachment, material, name)


def _file(exhibit: Exhibit, file: dict[str, Any], material: Material, name: Inline) -> tuple[Inline, ...]:
    say = material.say
    called = file["name"] or say("名称なし", "no name")
    first = f"{exhibit.prefix}{exhibit.number}" + say("の1", "-1")
    title = say(
        f"{first}のメールに添付されたファイル（「{called}」）を印刷した書面",
        f"Print of a file attached to {first} ({called})",
    )
    author = parts.decide(material, "作成者。送信者とは限らない", "author, who need not be the sender")
    digest: Run = Code(text=file["sha256"]) if file["sha256"] else _no_content(material)
    remarks = inline(say("元データ ", "Stored at "), place_of(exhibit.message, material), " SHA-256 ", digest, name)
    made = parts.decide(material, "作成年月日", "date made")
    return (title,), _copy(material), (made,), (author,), (_purpose(material),), remarks


def _no_content(material: Material) -> Missing:
    return Missing(what=material.say("添付ファイルの内容", "content of the attached file"))


def _caption(material: Material) -> list[Block]:
    decide = parts.decide
    rows = (
        (("裁判所", "Court"), decide(material, "裁判所・部", "court and division")),
        (("事件の表示", "Case number"), decide(material, "事件番号・事件名", "case number and name")),
        (("当事者", "Parties"), decide(material, "原告・被告", "claimant and defendant")),
        (("提出者", "Submitted by"), decide(material, "提出する側・代理人", "party and its counsel")),
        (("作成日", "Date"), decide(material, "提出日", "date of submission")),
    )
    return [Facts(rows=tuple(Fact(name=material.say(*name), value=(value,)) for name, value in rows))]


def _numbered(rows: Sequence[tuple[Inline, ...]], material: Material) -> list[tuple[Inline, ...]]:
    prefix, first = material.options.exhibit, material.options.first
    numbers = range(first, first + len(rows))
    said = [material.say(f"{prefix}第{number}号証", f"{prefix} {number}") for number in numbers]
    return [((number,), *row) for number, row in zip(said, rows, strict=True)]


def _message(row: dict[str, Any], material: Material) -> tuple[Inline, ...]:
    say = material.say
    subject = row["subject"] or say("件名なし", "no subject")
    title = say(f"メール（件名「{subject}」）を印刷した書面", f"Print of an e-mail (subject: {subject})")
    sender = " ".join(each for each in (row["sender"], row["sender_address"]) if each)
    if row["sender_address"] and row["sender"] and row["sender_address"] in row["sender"]:
        sender = row["sender"]
    shown: Run = say(f"{sender}（差出人の表示）", f"{sender} (sender as shown)") if sender else _no_sender(material)
    remarks: list[Run] = [say("元データ ", "Stored at "), *place_of(row, material)]
    remarks += [" SHA-256 ", *digest_of(row, material)]
    if row["recovery"] != "live":
        remarks.append(say(f"。復元された項目（{row['recovery']}）", f". Recovered item ({row['recovery']})"))
    return (title,), _copy(material), _sent(row, material), (shown,), (_purpose(material),), inline(remarks)


def _no_sender(material: Material) -> Missing:
    return Missing(what=material.say("作成者（差出人の記載なし）", "author (the message names no sender)"))


def _copy(material: Material) -> Inline:
    said = parts.decide(material, "原本か写しか", "original or copy")
    return (material.say("写し", "copy "), said)


def _purpose(material: Material) -> Run:
    return parts.decide(material, "立証趣旨", "fact to be proved")


def _item(item: EvidenceItem, material: Material) -> tuple[Inline, ...]:
    say, step = material.say, material.acquired(item.name)
    count, size = parts.size_of(item)
    title = say(f"電磁的記録（{parts.source_of(item)}）", f"Electronic record ({parts.source_of(item)})")
    when: Inline = (material.calendar.day(step.ended_ns), say("（取得日）", " (acquired)")) if step else ()
    author = (
        parts.decide(material, "作成者。取得した作業者ではなく、元の記録の作成者", "author of the record itself"),
    )
    remarks = inline(
        say(
            f"{count:,}ファイル、{size:,}バイト。目録のSHA-256 ",
            f"{parts.files(count)}, {size:,} bytes. SHA-256 of the manifest ",
        ),
        Code(text=item.manifest_sha256),
        parts.acquired_line(material, item),
    )
    return (title,), _copy(material), when, author, (_purpose(material),), remarks


def _notes(material: Material) -> list[Block]:
    said = (
        material.say(
            "作成年月日は、メールの送信日時のヘッダー（Date）の記載による。送信側の時計によるものであり、正確さは検証していない。",
            "The date is that of the header field Date. It is by the sender's clock, and its accuracy was not checked.",
        ),
        material.say(
            "作成者は、差出人として表示された名称とアドレスである。そのアカウントを誰が操作したかを示すものではない。",
            "The author is the name and address shown as sender. It does not show which person used the account.",
        ),
        material.say(
            "電磁的記録そのものを証拠とする場合（民事訴訟法231条の2、231条の3）は、備考のSHA-256により元データと照合できる。",
            "Where the electronic record itself is offered (Code of Civil Procedure, arts. 231-2, 231-3), the SHA-256 "
            "in the remarks compares it with what is stored.",
        ),
    )
    return [Paragraph(runs=(each,), style="note") for each in said]
