"""Receipts of reading, as a view: what a disposition notification says of how it came about (RFC 8098).

``receipt`` has a row for each of them: ``mode`` (manual or automatic), ``sending`` and ``what`` (displayed, deleted and
so on) from its field Disposition, and the message that it answers. The part is an attachment of a few lines; where it
cannot be opened, as under two-person control, only that there is one is known.
"""

from __future__ import annotations

import re

from forensics.casefile.view import CaseView
from forensics.findings.sql import make_table
from forensics.findings.views import View

_LARGEST = 65_536
_PARTS = f"""
SELECT attachment.id AS record, attachment.address, best_copy.logical_id, attachment.sha256
FROM attachment JOIN best_copy ON best_copy.record = attachment.message_id_ref
WHERE lower(attachment.declared_type) = 'message/disposition-notification'
  AND coalesce(attachment.size, 0) <= {_LARGEST}
ORDER BY attachment.id
"""  # noqa: S608 - filled with constants only
_COLUMNS = ("record", "address", "logical_id", "mode", "sending", "what", "original", "account")
_DISPOSITION = re.compile(rb"^disposition:\s*([\w-]+)/([\w-]+)\s*;\s*([\w-]+)", re.IGNORECASE | re.MULTILINE)
_ORIGINAL = re.compile(rb"^original-message-id:\s*(<[^>\r\n]{1,900}>)", re.IGNORECASE | re.MULTILINE)
_FINAL = re.compile(rb"^final-recipient:\s*[\w-]+\s*;\s*([^\s;]{1,320})", re.IGNORECASE | re.MULTILINE)


def read_receipt(data: bytes) -> dict[str, str | None]:
    """What the fields of a notification say; what is not there stays empty."""
    said, original, final = (each.search(data) for each in (_DISPOSITION, _ORIGINAL, _FINAL))
    words = [word.decode("latin-1").lower() for word in said.groups()] if said else [None, None, None]
    return {
        "mode": words[0],
        "sending": words[1],
        "what": words[2],
        "original": original[1].decode("latin-1") if original else None,
        "account": final[1].decode("latin-1").lower() if final else None,
    }


def _make(case: CaseView) -> None:
    rows = []
    for row in case.rows(_PARTS):
        data = case.content(str(row["sha256"])) if row["sha256"] and case.vault is None else b""
        rows.append({name: row[name] for name in ("record", "address", "logical_id")} | read_receipt(data))
    make_table(case, "receipt", _COLUMNS, rows)


VIEWS = {
    "receipt": View(title=("開封通知", "receipts of reading"), needs=("best_copy",), make=_make, optional=True),
}
