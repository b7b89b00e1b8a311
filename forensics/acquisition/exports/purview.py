"""Microsoft Purview and Exchange: reports in CSV and an EDRM manifest, items in PST files, as .msg, or loose.

``Results.csv`` (classic) and ``Items.csv`` name each item with its target path; what follows ``NAME.pst`` there lies
inside that store, so items are counted for each store. ``Unindexed items`` were delivered and not searched; those of
``Errors and warnings`` and rows with a status of failure were not delivered.
"""

from __future__ import annotations

import re
from collections import Counter

from forensics.acquisition.exports import pst_count
from forensics.acquisition.exports.delivery import Delivery, File, by_path, check_lists, digest, unread
from forensics.acquisition.exports.statement import CHANGED, MISSING, REPORTED
from forensics.errors import FormatError
from forensics.formats.exports import checksums, edrm, sheets

_TARGETS = (
    "targetpath",
    "exportitempath",
    "exportpath",
    "exportedfilepath",
    "exportedpath",
    "nativepath",
    "exportnativepath",
)
_NAMES = ("subjectortitle", "subject", "title", "itemidentity", "documentid", "immutableid", "id")
_STATES = ("status", "exportstatus", "itemstatus", "error", "errormessage", "errors", "reason", "failurereason")
_FAILED = re.compile(r"fail|error|skipp|not exported|unable|denied|corrupt", re.IGNORECASE)
_INSIDE = re.compile(r"(?P<store>.*?\.pst)[\\/]", re.IGNORECASE)
_EXPORTED = ("itemsexported", "exporteditems", "totalexporteditems", "downloadeditems", "totalitemsexported")
_ITEM_REPORTS = re.compile(r"(?:results|items|unindexed[ _]?items.*)\.csv", re.IGNORECASE)
_ERROR_REPORTS = re.compile(r"(?:errors?( and warnings)?|.*[ _]errors?|skipped[ _]items)\.csv", re.IGNORECASE)
_SUMMARY = re.compile(r"(?:export[ _])?summary.*\.csv", re.IGNORECASE)
_OK = frozenset(("", "none", "no", "false", "0", "success", "succeeded", "exported", "ok", "no error"))


def check(delivery: Delivery) -> None:
    """Hold an export against its manifest and its reports."""
    check_lists(delivery)
    for file in delivery.named("manifest.xml"):
        _manifest(delivery, file)
    inside: Counter[str] = Counter()
    for file in delivery.files:
        if _ITEM_REPORTS.fullmatch(file.name):
            _items(delivery, file, inside)
        elif _ERROR_REPORTS.fullmatch(file.name):
            _errors(delivery, file)
    stores: Counter[str] = Counter()
    total = pst_count.add(delivery, delivery.named(".pst"), stores)
    loose = len(delivery.named(".msg", ".eml"))
    delivery.statement.arrived |= {"items in PST files": total, "loose messages": loose}
    delivery.statement.arrived["PST files"] = len(delivery.named(".pst"))
    for store, number in inside.items():
        found = by_path(delivery.files, store)
        if not found:
            delivery.lack(MISSING, store, f"the reports place {number:,} items in it, and it is not there")
        elif found[0].name in stores:
            delivery.statement.count(f"items in {found[0].path}", number, stores[found[0].name])
    for file in delivery.files:
        if _SUMMARY.fullmatch(file.name):
            _summary(delivery, file, total + loose)


def _manifest(delivery: Delivery, file: File) -> None:
    stated = 0
    try:
        with file.open() as handle:
            for document in edrm.read_documents(handle):
                stated += len(document.files)
                for external in document.files:
                    _external(delivery, external, file.name)
    except FormatError as error:
        unread(delivery, file, error)
    delivery.statement.stated["files in the manifest"] = stated


def _external(delivery: Delivery, external: edrm.ExternalFile, manifest: str) -> None:
    path = "/".join(filter(None, (external.path.replace("\\", "/").strip("/"), external.name)))
    if _INSIDE.match(path + "/") and not path.lower().endswith(".pst"):
        return
    found = by_path(delivery.files, path)
    if not found:
        delivery.lack(MISSING, path, f"{manifest} states it, and it is not there")
        return
    file = found[0]
    algorithm = checksums.ALGORITHMS.get(len(external.hash), "")
    if algorithm and digest(file, algorithm) != external.hash:
        why = f"its {algorithm.upper()} is {digest(file, algorithm)}, and {manifest} states {external.hash}"
        delivery.lack(CHANGED, path, why, file.at)
    elif external.size >= 0 and external.size != file.size:
        delivery.lack(CHANGED, path, f"it has {file.size:,} bytes, and {manifest} states {external.size:,}", file.at)
    else:
        delivery.statement.met(algorithm or "size")


def _items(delivery: Delivery, file: File, inside: Counter[str]) -> None:
    try:
        sheet = sheets.read_sheet(file.read())
    except FormatError as error:
        unread(delivery, file, error)
        return
    delivery.statement.stated[f"items in {file.name}"] = len(sheet.rows)
    for row in sheet.dicts():
        state = next((row[each] for each in _STATES if row.get(each)), "")
        if state.lower() not in _OK and _FAILED.search(state):
            delivery.lack(REPORTED, _name(row), f"{file.name} says: {state}", file.at)
            continue
        target = next((row[each] for each in _TARGETS if row.get(each)), "")
        store = _INSIDE.match(target)
        if store:
            inside[store["store"].replace("\\", "/")] += 1
        elif target and not by_path(delivery.files, target):
            delivery.lack(MISSING, target, f"{file.name} names it ({_name(row)}), and it is not there")


def _name(row: dict[str, str]) -> str:
    return next((row[each] for each in _NAMES if row.get(each)), "an item without a name")


def _errors(delivery: Delivery, file: File) -> None:
    try:
        sheet = sheets.read_sheet(file.read())
    except FormatError as error:
        unread(delivery, file, error)
        return
    for row in sheet.dicts():
        what = "; ".join(f"{name}: {value}" for name, value in row.items() if value)
        delivery.lack(REPORTED, _name(row), f"{file.name} says: {what}", file.at)


def _summary(delivery: Delivery, file: File, arrived: int) -> None:
    """The numbers of the summary, as names and values in a row or in two columns."""
    try:
        rows = sheets.read_rows(file.read())
    except FormatError as error:
        unread(delivery, file, error)
        return
    pairs = [(row[0], row[1]) for row in rows if len(row) == 2]
    if len(rows) == 2 and len(rows[0]) > 2:
        pairs = list(zip(rows[0], rows[1], strict=False))
    for name, value in pairs:
        if name and value:
            delivery.statement.stated[name] = value
        if sheets.folded(name) in _EXPORTED:
            delivery.statement.count(f"{name} ({file.name})", sheets.whole(value), arrived)
