"""Zimbra (``fmt=tgz``): each item as a file, beside it ``NAME.meta`` with its folder, flags, tags, size and digest."""

from __future__ import annotations

from collections import Counter

from forensics.acquisition.exports.delivery import Delivery, File, check_lists, digest
from forensics.acquisition.exports.statement import CHANGED, MISSING, UNREAD, Said
from forensics.errors import FormatError
from forensics.formats.exports import labels, zimbra

_META = ".meta"
_MOST_META = 1 << 22


def check(delivery: Delivery) -> None:
    """Hold each item against its ``.meta``."""
    check_lists(delivery)
    files = {file.path: file for file in delivery.files}
    kinds: Counter[str] = Counter()
    described: set[str] = set()
    for path, file in files.items():
        if not path.endswith(_META):
            continue
        try:
            meta = zimbra.read_meta(file.read(_MOST_META))
        except FormatError as error:
            delivery.lack(UNREAD, path, error.what, file.at)
            continue
        message = meta.type in zimbra.MESSAGE_TYPES
        kinds["messages" if message else "other items"] += 1
        item = path.removesuffix(_META)
        described.add(item)
        if item in files:
            _item(delivery, files[item], meta, message=message)
        elif message:
            delivery.lack(MISSING, item, f"{file.name} describes it (item {meta.id}), and it is not there", file.at)
    arrived = [path for path in files if path.lower().endswith(".eml")]
    delivery.statement.stated |= dict(kinds)
    delivery.statement.arrived["messages"] = len(arrived)
    bare = sorted(set(arrived) - described)
    if bare:
        delivery.statement.notes.append(f"{len(bare):,} messages have no .meta beside them; the first: {bare[0]}")


def _item(delivery: Delivery, file: File, meta: zimbra.Meta, *, message: bool) -> None:
    if meta.digest:
        found = digest(file, meta.algorithm)
        if found == meta.digest:
            delivery.statement.met(meta.algorithm)
        else:
            why = f"its {meta.algorithm.upper()} is {found}, and its .meta states {meta.digest}"
            delivery.lack(CHANGED, file.path, why, file.at)
    elif meta.size > 0 and meta.size != file.size:
        delivery.lack(CHANGED, file.path, f"it has {file.size:,} bytes, and its .meta states {meta.size:,}", file.at)
    if message:
        delivery.statement.said.append(
            Said(
                file=file.at,
                message=1,
                labels=meta.tags,
                flags=(*meta.flags, *(f"{labels.LABEL}{tag}" for tag in meta.tags)),
                folder=meta.folder,
                uid=meta.imap_id,
                received_ns=meta.date_ns or None,
                received_raw=str(meta.date_ns // 10**9) if meta.date_ns else "",
            )
        )
