"""Google Vault: an XML states each message with size and MD5, a CSV the number for each account, a list MD5s of files.

The bytes of a message in the mbox, without the blank line behind it, are those that the XML has the MD5 of; its From_
line carries the name that the XML gives it (``NAME.mbox@xxx``). Messages of a PST cannot be joined to the XML, so there
only the numbers are compared.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field

from forensics.acquisition.exports import pst_count
from forensics.acquisition.exports.delivery import Delivery, File, check_lists, check_numbers, messages_of, unread
from forensics.acquisition.exports.statement import CHANGED, EXTRA, MISSING, REPORTED, Said
from forensics.errors import FormatError
from forensics.formats.exports import edrm, labels, sheets
from forensics.formats.headers import split
from forensics.formats.mbox_lines import Variant, unquote

_NAME = re.compile(rb"From (\S+?)@xxx\b")
_ZIP = re.compile(r"(?P<series>.+)[-_](?P<number>\d+)\.zip", re.IGNORECASE)
_SHOWN = 200


@dataclass(slots=True, kw_only=True)
class _Stated:
    """The documents of the XML and of the metadata CSV, by the name of their file."""

    documents: dict[str, edrm.Document] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    repeats: Counter[str] = field(default_factory=Counter)
    met: set[str] = field(default_factory=set)


def check(delivery: Delivery) -> None:
    """Hold a Vault export against its own statement."""
    statement = delivery.statement
    stated = _documents(delivery)
    statement.stated["messages"] = len(stated.documents)
    check_lists(delivery)
    parts = [file.name for file in delivery.files if file.lower.endswith(".zip")]
    check_numbers(delivery, parts, _ZIP, start=1)
    boxes = delivery.named(".mbox")
    accounts: Counter[str] = Counter()
    total = 0
    for box in boxes:
        here = _box(delivery, box, stated)
        accounts[box.name] = here
        total += here
    stores = delivery.named(".pst")
    total += pst_count.add(delivery, stores, accounts)
    statement.arrived |= {"messages": total, "mailbox files": len(boxes), "PST files": len(stores)}
    if boxes:
        _missing(delivery, stated)
    elif stores and stated.documents:
        statement.count("messages in the XML", len(stated.documents), total)
    _counts(delivery, accounts, total)
    _errors(delivery)


def _documents(delivery: Delivery) -> _Stated:
    stated, reading = _Stated(), edrm.Reading()
    for file in delivery.named("-metadata.xml"):
        try:
            with file.open() as handle:
                for document in edrm.read_documents(handle, reading):
                    for external in document.files:
                        stated.documents.setdefault(external.name, document)
                        stated.repeats[external.name] += 1
        except FormatError as error:
            unread(delivery, file, error)
    for name, value in sorted(reading.query.items()):
        delivery.statement.stated[name] = " ".join(value.split())
    for file in delivery.named("-metadata.csv"):
        _metadata_rows(delivery, file, stated)
    return stated


def _metadata_rows(delivery: Delivery, file: File, stated: _Stated) -> None:
    """The newer exports have a CSV of the same; it gives labels where the XML has none."""
    try:
        sheet = sheets.read_sheet(file.read())
    except FormatError as error:
        unread(delivery, file, error)
        return
    delivery.statement.stated["rows of metadata"] = len(sheet.rows)
    for row in sheet.dicts():
        name = row.get("filename") or row.get("externalfilename") or ""
        if name and row.get("labels"):
            stated.labels[name] = labels.of_vault(row["labels"])


def _box(delivery: Delivery, box: File, stated: _Stated) -> int:
    count = 0
    for number, _, line, raw in messages_of(box):
        count += 1
        found = _NAME.match(line)
        name = found[1].decode("ascii", "backslashreplace") if found else ""
        document = stated.documents.get(name)
        at = f"{box.at}/message:{number}"
        if document is None:
            if stated.documents:
                delivery.lack(EXTRA, name or _subject(raw), f"it is in {box.name}, and the XML does not state it", at)
            continue
        stated.met.add(name)
        _same(delivery, document, name, raw, at)
        said = stated.labels.get(name) or labels.of_vault(document.tags.get("Labels", ""))
        delivery.statement.said.append(Said(file=box.at, message=number, labels=said, flags=labels.flags(said)))
    return count


def _same(delivery: Delivery, document: edrm.Document, name: str, raw: bytes, at: str) -> None:
    """Whether the message has the size and the MD5 that the XML states."""
    external = next(each for each in document.files if each.name == name)
    if len(external.hash) != 32:
        return
    for form in (raw, unquote(raw, Variant.MBOXRD)):
        for data in (form, form[: max(0, external.size)]):
            left = form[len(data) :]
            if not left.strip() and hashlib.md5(data, usedforsecurity=False).hexdigest() == external.hash:
                delivery.statement.met("md5 of messages")
                return
    shown = document.tags.get("#Subject", "")[:_SHOWN]
    size = "" if external.size in (-1, len(raw)) else f", {len(raw):,} bytes instead of {external.size:,}"
    why = f"its bytes are not those of the MD5 in the XML{size}; subject {shown!r}"
    delivery.lack(CHANGED, name, why, at)


def _missing(delivery: Delivery, stated: _Stated) -> None:
    for name, document in stated.documents.items():
        if name not in stated.met:
            shown = document.tags.get("#Subject", "")[:_SHOWN]
            sent = document.tags.get("#DateSent", "")
            why = f"the XML states it (line {document.line}), and it is in no mailbox; sent {sent}, subject {shown!r}"
            delivery.lack(MISSING, name, why)


def _counts(delivery: Delivery, boxes: Counter[str], total: int) -> None:
    """``account,number`` a row; the name of each mailbox file holds the account."""
    for file in delivery.named("-results-count.csv"):
        try:
            rows = sheets.read_rows(file.read())
        except FormatError as error:
            unread(delivery, file, error)
            continue
        accounts = {row[0]: sheets.whole(row[-1]) for row in rows if len(row) > 1 and sheets.whole(row[-1]) >= 0}
        delivery.statement.stated["accounts"] = dict(sorted(accounts.items()))
        delivery.statement.count(f"messages of all accounts ({file.name})", sum(accounts.values()), total)
        for account, number in accounts.items():
            here = sum(count for name, count in boxes.items() if account.lower() in name.lower())
            if len(accounts) > 1 or here:
                delivery.statement.count(f"messages of {account} ({file.name})", number, here)


def _errors(delivery: Delivery) -> None:
    """Reports that are there only where the export met errors."""
    for file in delivery.files:
        if not file.lower.endswith(("error.csv", "errors.csv", "-account-exceptions.csv")):
            continue
        try:
            rows = sheets.read_rows(file.read())[1:]
        except FormatError as error:
            unread(delivery, file, error)
            continue
        for row in rows:
            delivery.lack(REPORTED, row[0], f"{file.name} says: {'; '.join(filter(None, row[1:]))}", file.at)


def _subject(raw: bytes) -> str:
    subject = split(raw, 0, len(raw)).first("Subject")
    return subject.decode("utf-8", "backslashreplace").strip()[:_SHOWN] or "a message without a name"
