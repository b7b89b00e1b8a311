"""What extract-msg says of MSG files, one JSON line each; run as a process of its own, because it is GPL."""

from __future__ import annotations

import hashlib
import json
import sys

import extract_msg
from extract_msg.enums import ErrorBehavior


def _attachment(one: object) -> str:
    data = getattr(one, "data", None)
    return hashlib.sha256(data).hexdigest() if isinstance(data, bytes) else "not bytes"


def _said(path: str) -> dict[str, object]:
    with extract_msg.openMsg(path, errorBehavior=ErrorBehavior.SUPPRESS_ALL) as found:
        parts = [
            one for one in found.listDir(False, True) if len(one) == 1 and one[0].startswith("__recip_version1.0_#")
        ]
        return {
            "subject": found.getStringStream("__substg1.0_0037") or "",
            "sender": found.getStringStream("__substg1.0_0C1A") or "",
            "recipients": len(found.recipients) if hasattr(found, "recipients") else len(parts),
            "attachments": sorted(_attachment(one) for one in found.attachments),
            "body": found.getStringStream("__substg1.0_1000") or "",
        }


for name in sys.argv[1:]:
    try:
        said = _said(name)
    except Exception as error:
        said = {"error": repr(error)}
    sys.stdout.write(json.dumps({"path": name, **said}) + "\n")
