"""What may be said to an IMAP server, and the record of what was said: every byte sent passes through here (RFC 9051).

Only commands that leave a mailbox as it is are let through, each held against its whole grammar: EXAMINE and never
SELECT, ``BODY.PEEK[]`` and never ``BODY[]``. STORE, APPEND, COPY, MOVE, EXPUNGE, CREATE and the rest are not on the
list, so no fault elsewhere can send them. The transcript holds each command, without secrets, and what the server
answered, without the content of messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from forensics.errors import ForensicsError

_STRING = rb'"(?:[^"\\\r\n]|\\["\\])*"'
_NAMES = rb"\([A-Z][A-Z ]*\)"
_WANTED = (
    rb"(?:UID|FLAGS|INTERNALDATE|RFC822\.SIZE|MODSEQ|X-GM-LABELS|X-GM-MSGID|X-GM-THRID|EMAILID|THREADID"
    rb"|BODY\.PEEK\[\](?:<\d+\.\d+>)?)"
)
_FETCH = rb"[0-9][0-9:,]* \(" + _WANTED + rb"(?: " + _WANTED + rb")*\)"
_ALLOWED: dict[bytes, bytes] = {
    b"CAPABILITY": b"",
    b"STARTTLS": b"",
    b"LOGIN": _STRING + rb" " + _STRING,
    b"AUTHENTICATE": rb"(?:PLAIN|XOAUTH2|OAUTHBEARER)",
    b"ID": rb"NIL",
    b"NAMESPACE": b"",
    b"LIST": _STRING + rb" " + _STRING,
    b"STATUS": _STRING + rb" " + _NAMES,
    b"EXAMINE": _STRING,
    b"FETCH": _FETCH,
    b"UID FETCH": _FETCH,
    b"NOOP": b"",
    b"LOGOUT": b"",
}
_RULES = {name: re.compile(rule) for name, rule in _ALLOWED.items()}
ALLOWED = tuple(name.decode() for name in _ALLOWED)
"""The commands that are let through."""
_LINE = re.compile(rb"(?P<tag>[A-Z0-9]+) (?P<name>UID [A-Z]+|[A-Z]+)(?: (?P<rest>[^\r\n]*))?\r\n", re.DOTALL)
_SASL = re.compile(rb"[A-Za-z0-9+/=]*|\*")
_LONGEST = 2000
HIDDEN = "<secret>"


class NotAllowed(ForensicsError):
    """This program tried to send a command that could change the mailbox; it was not sent."""


class Transcript:
    """What was said, in order: session, time, who (``C`` client, ``S`` server), text. Content never comes in here."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.session = 0
        self.lines: list[dict[str, Any]] = []
        self.alerts: list[str] = []

    def add(self, who: str, text: bytes | str) -> None:
        """One line; bytes that are no ASCII become visible escapes."""
        shown = text if isinstance(text, str) else text.decode("ascii", "backslashreplace")
        self.lines.append({"session": self.session, "at_ns": self._now(), "who": who, "text": shown[:_LONGEST]})

    def alert(self, line: bytes) -> None:
        """A text that the server wants a person to see (RFC 9051 7.1)."""
        shown = line.decode("ascii", "backslashreplace")[:_LONGEST]
        if shown not in self.alerts:
            self.alerts.append(shown)


class Gate:
    """Stands between the library and the socket: refuses what is not on the list, writes down the rest."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._answering = False
        """Whether the server asked for the next part of an authentication."""

    def sending(self, data: bytes) -> None:
        """Raise :class:`NotAllowed` unless these bytes are one allowed command or part of an authentication."""
        if self._answering and _SASL.fullmatch(data.removesuffix(b"\r\n")):
            if data != b"\r\n":
                self._transcript.add("C", HIDDEN)
            return
        found = _LINE.fullmatch(data)
        name = found["name"] if found else b""
        rule = _RULES.get(name)
        if found is None or rule is None or not rule.fullmatch(found["rest"] or b""):
            shown = "" if name in (b"LOGIN", b"AUTHENTICATE") else f": {data[:80]!r}"
            raise NotAllowed(f"a command that is not on the list of those that change nothing was not sent{shown}")
        self._answering = name == b"AUTHENTICATE"
        secret = name == b"LOGIN"
        tag, rest = found["tag"].decode(), found["rest"] or b""
        shown = rest.decode("ascii", "backslashreplace") if not secret else f"{HIDDEN} {HIDDEN}"
        self._transcript.add("C", f"{tag} {name.decode()} {shown}".rstrip())

    def received(self, line: bytes) -> None:
        """Write down a line of the server, unless it is (part of) a message."""
        if line[:1] == b"+":
            self._transcript.add("S", b"+")
            return
        if line[:2] != b"* ":
            self._answering = False
        if b"[ALERT]" in line[:400]:
            self._transcript.alert(line.rstrip())
        words = line.split(b" ", 3)
        if not (len(words) > 2 and words[0] == b"*" and words[2].upper().startswith(b"FETCH")):
            self._transcript.add("S", line.rstrip())
