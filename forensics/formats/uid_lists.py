"""Lists of UIDs beside a Maildir: ``dovecot-uidlist`` and ``courierimapuiddb``, and the first field of an mbox.

    version 1 (Courier, Dovecot 1.0)   header  1 <uid validity> <next uid>
                                       entry   <uid> <file name>
    version 2 (a few Dovecot 1.0)      entry   <uid> <flags> <file name>
    version 3 (Dovecot from 1.1 on)    header  3 V<uid validity> N<next uid> G<mailbox guid> ...
                                       entry   <uid> [W<virtual size> S<physical size> G<guid> ...] :<file name>

(Dovecot's "Maildir Mailbox Format" and the head of its maildir-uidlist.c.) File names stand without their flags, or
with those of the time when the list was written. ``X-IMAPbase`` of an mbox is ``<uid validity> <last uid> [keywords]``
(c-client, imap-uw docs/internal.txt).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NEW = re.compile(rb"3( [A-Z][0-9A-Za-z]+)+\s*\Z")
_OLD = re.compile(rb"[12] (\d{1,10}) (\d{1,10})\s*\Z")
_ENTRY = re.compile(rb"(\d{1,10})((?: [A-Z][^ :]*)*) :(.+)")
_OLD_ENTRY = re.compile(rb"(\d{1,10}) (.+)")
_BASE = re.compile(rb"\A0*(\d{1,10}) +0*(\d{1,10})(?: +(.*))?\Z", re.DOTALL)
_FLAGS = re.compile(r"[:;!]2,[A-Za-z]*\Z")
_TIME = re.compile(r"(\d{9,10})\.(?:M(\d{1,6}))?")
_SIZE = re.compile(r",([SW])=(\d{1,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the list says of the folder; ``next_uid`` is the number that the next message gets."""

    version: int
    uid_validity: int | None
    next_uid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message: its UID, the name of its file without flags, and its size where the line or the name tells it."""

    uid: int
    name: str
    size: int | None


def header(line: bytes) -> Header | None:
    """The first line of a list, or ``None`` where it is none."""
    if old := _OLD.match(line):
        return Header(version=int(line[:1]), uid_validity=int(old[1]), next_uid=int(old[2]))
    if not _NEW.match(line):
        return None
    fields = {word[:1]: word[1:] for word in line.split()[1:]}
    validity, following = (_number(fields.get(key, b"")) for key in (b"V", b"N"))
    return Header(version=3, uid_validity=validity, next_uid=following)


def entry(line: bytes, version: int) -> Entry | None:
    """One further line of a list, or ``None`` where it does not have its form."""
    sizes: dict[bytes, int | None] = {}
    if version == 3:
        found = _ENTRY.fullmatch(line)
        if found is None:
            return None
        sizes = {word[:1]: _number(word[1:]) for word in found[2].split()}
        stored = found[3]
    else:
        found = _OLD_ENTRY.fullmatch(line)
        if found is None:
            return None
        stored = found[2] if version == 1 else found[2].partition(b" ")[2]
    name = base_name(stored.decode("utf-8", "backslashreplace"))
    size = sizes.get(b"S")
    return Entry(uid=int(found[1]), name=name, size=stated_sizes(name).get("S") if size is None else size)


def imap_base(value: bytes) -> tuple[int, int, tuple[str, ...]] | None:
    """UID validity, last UID and keywords of an ``X-IMAPbase`` or ``X-IMAP`` field."""
    found = _BASE.match(b" ".join(value.split()))
    if found is None:
        return None
    return int(found[1]), int(found[2]), tuple((found[3] or b"").decode("utf-8", "backslashreplace").split())


def base_name(name: str) -> str:
    """The name of a Maildir file without its flags, which change."""
    return _FLAGS.sub("", name)


def delivered_ns(name: str) -> int | None:
    """The time in the name of a Maildir file: when the delivering program made it; nanoseconds since 1970 UTC."""
    found = _TIME.match(name)
    if found is None:
        return None
    return int(found[1]) * 10**9 + int(found[2] or 0) * 1000


def stated_sizes(name: str) -> dict[str, int]:
    """The sizes in the name of a Maildir file: ``S`` in bytes as stored, ``W`` with CR LF at the end of each line."""
    return {kind: int(digits) for kind, digits in _SIZE.findall(name)}


def lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each line with the place of its first byte, without its end."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield start, data[start:end].rstrip(b"\r")
        start = end + 1


def _number(text: bytes) -> int | None:
    return int(text) if re.fullmatch(rb"\d{1,15}", text) else None
