"""Modified UTF-7, in which IMAP servers write folder names (RFC 3501 5.1.3)."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


def decode_modified(name: str) -> str:
    """The folder name as people see it; what is not modified UTF-7 stays as it is."""
    return _SHIFTED.sub(_decode_run, name)


def _decode_run(found: re.Match[str]) -> str:
    coded = found.group(1)
    if not coded:
        return "&"
    try:
        raw = a2b_base64(coded.replace(",", "/") + "=" * (-len(coded) % 4))
        return raw.decode("utf-16-be")
    except (Error, UnicodeDecodeError):
        return found.group()
