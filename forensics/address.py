"""Where in which evidence something stands, through any nesting, with the byte range where there is one.

Written ``EV-0001/000001/node:2097252/attachment:1``: the evidence item, the number of the stored file in it, then one
step for each level. ``%``, ``/``, blanks, control characters and lone surrogates inside a step are percent-encoded as
UTF-8, so that the text splits back into the same steps and can always be written.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import unquote

_UNSAFE = re.compile(r"[%/\x00-\x20\x7f\ud800-\udfff]")


class Span(NamedTuple):
    """A byte range of the stored file: ``start`` inclusive, ``end`` exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A place in the evidence. ``steps[0]`` is the number of the stored file; ``span`` is its byte range there."""

    evidence: str
    steps: tuple[str, ...] = ()
    span: Span | None = None

    def __str__(self) -> str:
        return "/".join((self.evidence, *self.steps))

    def child(self, step: str, span: Span | None = None) -> Address:
        """One level further in; ``span`` is the child's own byte range, where it has one."""
        return Address(evidence=self.evidence, steps=(*self.steps, quote(step)), span=span)

    def parent(self) -> Address:
        """One level further out, without a byte range."""
        return Address(evidence=self.evidence, steps=self.steps[:-1])

    def within(self, span: Span) -> Address:
        """The same place with its byte range."""
        return replace(self, span=span)


def quote(step: str) -> str:
    """``step`` with the characters that would break the written form percent-encoded."""
    if _UNSAFE.search(step) is None:
        return step
    return _UNSAFE.sub(
        lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass")), step
    )


def parse(text: str) -> Address:
    """The address that ``str(address)`` wrote, without its byte range."""
    evidence, *steps = text.split("/")
    return Address(evidence=evidence, steps=tuple(steps))


def plain(step: str) -> str:
    """A step as it was before :func:`quote`."""
    return unquote(step, errors="surrogatepass")


def record_id(kind: str, address: str) -> str:
    """The id of the record of ``kind`` at ``address``: 32 hexadecimal digits, the same on every machine."""
    return hashlib.sha256(f"{kind}\0{address}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def origin_key(kind: str, file_sha256: str, steps: tuple[str, ...]) -> str:
    """What names the same record in anybody's case: SHA-256 over kind, hash of the stored file and the inner steps."""
    return hashlib.sha256("\0".join((kind, file_sha256, *steps)).encode()).hexdigest()
