"""What finds the same message again in another store: the EDRM message hash and a digest of the folded body.

Neither proves integrity. The EDRM Message Identification Hash is the MD5 of the Message-ID with its angle brackets,
case kept (EDRM MIH 1.0; the published vector is in the tests).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

_BLANK = re.compile(r"\s+")

# NFKC leaves these apart, and Japanese mailers use them for each other (JIS X 0208 1-33, 1-61, 1-29 ...).
_SAME = (("〜", "~"), ("～", "~"), ("−", "-"), ("‖", "∥"), ("—", "-"), ("―", "-"), ("\u00ad", ""))


def search_key(text: str) -> str:
    """``text`` folded for comparing and finding, never for display: NFKC, one case, one dash, one wave."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text)
    for written, read in _SAME:
        folded = folded.replace(written, read)
    return folded.casefold()


def body_digest(text: str) -> str:
    """SHA-256 of the folded text without any white space, which gateways and clients change."""
    solid = "".join(search_key(text).split())
    return hashlib.sha256(solid.encode("utf-8", "backslashreplace")).hexdigest()


def message_id(raw: str) -> str:
    """The Message-ID up to its first closing bracket, without folding and outer blanks; ``""`` where there is none."""
    text = _BLANK.sub("", raw)
    end = text.find(">")
    return text[: end + 1] if end >= 0 else text


def edrm_mih(raw: str) -> str:
    """The EDRM Message Identification Hash of a Message-ID field; ``""`` where there is none."""
    known = message_id(raw)
    return hashlib.md5(known.encode("utf-8", "backslashreplace"), usedforsecurity=False).hexdigest() if known else ""
