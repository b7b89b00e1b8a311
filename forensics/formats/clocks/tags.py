"""The times that signatures state: ``t=`` and ``x=`` of DKIM (RFC 6376 3.5) and of the ARC fields (RFC 8617 4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from forensics.formats.clocks.embedded import sensible

_FOLD = re.compile(r"\s+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SECONDS = re.compile(r"\d{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureTimes:
    """What a signature says of itself: signing domain, selector, instance (ARC), and its times in ns since 1970 UTC."""

    domain: str = ""
    selector: str = ""
    instance: str = ""
    signed_ns: int | None = None
    signed_raw: str = ""
    expires_ns: int | None = None
    expires_raw: str = ""


def tag_list(value: str) -> dict[str, str]:
    """The tags of a DKIM tag list (RFC 6376 3.2); of a tag that stands twice the first counts, blanks are taken out."""
    found: dict[str, str] = {}
    for pair in value.split(";"):
        name, equals, text = pair.partition("=")
        if equals and _NAME.fullmatch(name.strip()):
            found.setdefault(name.strip(), _FOLD.sub("", text))
    return found


def signature_times(value: str) -> SignatureTimes:
    """The times of one DKIM-Signature, ARC-Seal or ARC-Message-Signature field; never raises."""
    tags = tag_list(value)
    return SignatureTimes(
        domain=tags.get("d", ""),
        selector=tags.get("s", ""),
        instance=tags.get("i", ""),
        signed_ns=_ns(tags.get("t", "")),
        signed_raw=tags.get("t", ""),
        expires_ns=_ns(tags.get("x", "")),
        expires_raw=tags.get("x", ""),
    )


def _ns(text: str) -> int | None:
    return sensible(int(text) * 10**9) if _SECONDS.fullmatch(text) else None
