"""Text that is mail, told by header fields (RFC 5322 2.2, 4.5) or a From_ line (RFC 4155), and logs by time stamps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from forensics.formats.sniff_kinds import BY_NAME, HEAD, LIKELY, STRONG, WEAK, Kind, Look, Sniffed, suffix

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_FROM_DATE = re.compile(rb"^From .{0,300}?(?:" + _DAY + rb",?\s+)?(?:" + _MONTH + rb"\s+\d{1,2}|\d{1,2}\s+" + _MONTH
                        + rb")\b.{0,40}?\d{2}:\d{2}")  # fmt: skip
_FROM_FIELD = re.compile(rb"From[ \t]+:")
_FIELD = re.compile(rb"([!-9;-~]{1,76})[ \t]*:(?!//)[ \t]*(.*)", re.DOTALL)
_STAMP = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^(?:<\d{1,3}>)?(?:\d )?" + _MONTH + rb" [ \d]\d \d\d:\d\d:\d\d"
    rb"|\[?\d{1,2}/(?:" + _MONTH + rb"|\d\d)/\d{2,4}[: ,]|" + _DAY + rb" " + _MONTH + rb" +\d+ \d\d:|^\d{10}(?:\.\d+)? "
)
_PROOF: dict[bytes, re.Pattern[bytes]] = {
    b"from": re.compile(rb"[@<>]|=\?"),
    b"to": re.compile(rb"[@<>;]|=\?"),
    b"cc": re.compile(rb"[@<>;]|=\?"),
    b"date": re.compile(rb"\d{1,2}:\d\d|\d{1,2}[ -]" + _MONTH),
    b"message-id": re.compile(rb"[<@]"),
    b"received": re.compile(rb"\b(?:from|by|with|for|id)\b|;", re.IGNORECASE),
    b"return-path": re.compile(rb"[<@]"),
    b"mime-version": re.compile(rb"\d"),
    b"content-type": re.compile(rb"[a-z0-9]/[a-z0-9*]", re.IGNORECASE),
    b"delivered-to": re.compile(rb"@"),
    b"dkim-signature": re.compile(rb"="),
    b"reply-to": re.compile(rb"@"),
    b"x-mailer": re.compile(rb"\w"),
    b"x-mozilla-status": re.compile(rb"\d"),
}
_KNOWN = _PROOF.keys() | {b"subject", b"bcc", b"sender", b"in-reply-to", b"references", b"content-transfer-encoding"}
_MULTIPART = re.compile(rb"Content-Type:\s*multipart/[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*?boundary=", re.IGNORECASE)
_MAX_LINES = 400


def text(look: Look, name: str) -> Sniffed | None:
    """Mail in text form, a log, or text of another kind."""
    head = look.head[:HEAD]
    for bom in _BOMS:
        head = head.removeprefix(bom)
    return _emlx(head) or _mbox(head, name) or _eml(head, name) or _plain(head, name)


def _emlx(head: bytes) -> Sniffed | None:
    """Apple Mail: a line with the length of the message, the message, then a property list."""
    length, _, rest = head.partition(b"\n")
    number = length.strip()
    if not number.isdigit() or len(number) > 10:
        return None
    if _header(rest).proved < 1:
        return None
    return Sniffed(kind=Kind.EMLX, strength=STRONG, why="a length line, then a message header")


def _mbox(head: bytes, name: str) -> Sniffed | None:
    body = head.lstrip(b"\r\n")
    if not body.startswith(b"From ") or _FROM_FIELD.match(body):
        return None
    first, _, rest = body.partition(b"\n")
    dated, header = bool(_FROM_DATE.match(first)), _header(rest)
    if not dated and not header.fields:
        return None
    if suffix(name) == "eml" and header.proved and not re.search(rb"\n\r?\nFrom ", rest):
        return Sniffed(kind=Kind.EML, strength=LIKELY, why="one message behind a From_ line, named .eml")
    if dated and header.fields:
        return Sniffed(kind=Kind.MBOX, strength=STRONG, why="a From_ line with a date, then header fields")
    return Sniffed(
        kind=Kind.MBOX,
        strength=LIKELY if dated or header.proved else WEAK,
        why="a From_ line with a date" if dated else "a From_ line without a date, then header fields",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    fields: int
    known: int
    proved: int
    junk: int
    ended: bool


def _header(text: bytes) -> _Header:
    """Count the header fields before the first blank line: all, with a known name, and with a value that fits it.

    Blanks may stand before the colon (RFC 5322 4.5), and a line of blanks inside a folded field (4.2), as old mail has.
    """
    fields = known = proved = junk = 0
    ended = False
    lines = re.split(rb"\r\n|\n|\r", text)
    last = min(_MAX_LINES, len(lines) - (not lines[-1]))
    for at, line in enumerate(lines[:last]):
        if not line.strip():
            if fields and line and at + 1 < last and lines[at + 1][:1] in (b" ", b"\t") and lines[at + 1].strip():
                continue
            ended = True
            break
        match = _FIELD.fullmatch(line)
        if match:
            fields += 1
            key = match[1].lower()
            known += key in _KNOWN
            proof = _PROOF.get(key)
            proved += bool(proof and proof.search(match[2]))
        elif line[:1] not in b" \t":
            junk += 1
    return _Header(fields=fields, known=known, proved=proved, junk=junk, ended=ended)


def _eml(head: bytes, name: str) -> Sniffed | None:
    body = head.lstrip(b"\r\n")
    if body.startswith((b"From ", b">From ")) and not _FROM_FIELD.match(body):
        body = body.partition(b"\n")[2]
    if _binary(body[:512]):
        return None
    found = _header(body)
    if found.ended and _MULTIPART.match(body) and found.proved < 2:
        return Sniffed(kind=Kind.EML, strength=WEAK, why="a multipart MIME entity without the header of a mail")
    if found.fields < 2 or found.known < 1 or found.junk > found.fields:
        return _named_eml(found, name)
    if found.proved >= 2 and found.junk <= 1:
        return Sniffed(
            kind=Kind.EML, strength=STRONG, why=f"{found.fields} header fields, {found.proved} as mail has them"
        )
    if found.proved >= 1 and found.known >= 2:
        return Sniffed(kind=Kind.EML, strength=LIKELY, why=f"{found.fields} header fields, {found.known} known to mail")
    return _named_eml(found, name) or (
        Sniffed(kind=Kind.EML, strength=WEAK, why=f"{found.fields} header fields, {found.known} known to mail")
        if found.ended and found.known >= 2
        else None
    )


def _named_eml(found: _Header, name: str) -> Sniffed | None:
    if found.known and suffix(name) == "eml":
        return Sniffed(kind=Kind.EML, strength=WEAK, why="one header field known to mail, and the name ends in .eml")
    return None


def _binary(sample: bytes) -> bool:
    odd = sum(byte < 32 and byte not in (7, 8, 9, 10, 12, 13, 27) for byte in sample)
    return not sample or odd * 20 > len(sample)


def _plain(head: bytes, name: str) -> Sniffed | None:
    if _binary(head[:4096]):
        return None
    lines = [line for line in head.splitlines()[:60] if line.strip()]
    stamped = sum(bool(_STAMP.search(line[:200])) for line in lines)
    if lines and stamped * 2 >= len(lines):
        return Sniffed(kind=Kind.LOG, strength=LIKELY, why=f"{stamped} of {len(lines)} lines bear a time stamp")
    return by_name(name) or Sniffed(kind=Kind.TEXT, strength=WEAK, why="text without the signs of mail or of a log")


_NAMED = {"pst": Kind.PST, "ost": Kind.OST, "mbox": Kind.MBOX, "mbx": Kind.MBOX, "eml": Kind.EML}


def by_name(name: str) -> Sniffed | None:
    """A store by the extension of its name alone."""
    kind = _NAMED.get(suffix(name))
    return (
        Sniffed(kind=kind, strength=BY_NAME, why="the name alone; the start is not what it should be") if kind else None
    )
