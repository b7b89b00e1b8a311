"""imapclient (BSD) behind the gate: the library does the protocol, and each byte that it sends is looked at first.

Two things of it are not used: its FETCH parser makes dates of INTERNALDATE and mixes unasked-for answers with those
that were asked for, so answers are taken apart here with its lexer alone; and folder names stay the bytes they are.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imapclient import IMAPClient, tls
from imapclient.exceptions import IMAPClientError, LoginError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.response_parser import parse_response

from forensics.acquisition.imap.gate import Gate

CUT = (imaplib.IMAP4.abort, OSError, EOFError)
"""The connection is gone, or of no more use."""
SAID_NO = (IMAPClientError, imaplib.IMAP4.error)
"""The server refused a command; an abort is one of these too, so :data:`CUT` comes first."""
NOT_UNDERSTOOD = (ValueError, KeyError, IndexError, TypeError, AssertionError, AttributeError)
"""The answer breaks the rules of the protocol so that the library stumbled over it."""
LOGIN_FAILED = LoginError
LARGEST_LITERAL = 1 << 27
_LONGEST_LINE = 1 << 24


class _Gated(imaplib.IMAP4):
    """An IMAP connection with a gate in it."""

    gate: Gate

    def send(self, data: Any) -> None:
        self.gate.sending(bytes(data))
        super().send(data)

    def readline(self) -> bytes:
        line = bytes(self.file.readline(_LONGEST_LINE + 1))  # type: ignore[arg-type]
        if len(line) > _LONGEST_LINE:
            raise self.abort("the server sends a line without end")
        self.gate.received(line)
        return line

    def read(self, size: int) -> bytes:
        if size > LARGEST_LITERAL:
            raise self.abort(f"the server announces {size} bytes at once")
        data = super().read(size)
        if len(data) != size:
            raise self.abort("the connection ended inside a message")
        return data


class _GatedPlain(_Gated, IMAP4WithTimeout):  # type: ignore[misc]
    def __init__(self, gate: Gate, host: str, port: int, timeout: float) -> None:
        self.gate = gate
        IMAP4WithTimeout.__init__(self, host, port, timeout)


class _GatedTls(_Gated, tls.IMAP4_TLS):  # type: ignore[misc]
    def __init__(self, gate: Gate, host: str, port: int, context: ssl.SSLContext, timeout: float) -> None:
        self.gate = gate
        tls.IMAP4_TLS.__init__(self, host, port, context, timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one FETCH gave: a pair of message number and items for each, and what the server said if not OK."""

    rows: tuple[tuple[int, dict[bytes, Any]], ...]
    said: str = ""


class Client(IMAPClient):  # type: ignore[misc]
    """One connection. Folder names are bytes in both directions."""

    def __init__(self, gate: Gate, host: str, port: int, *, context: ssl.SSLContext | None, timeout: float) -> None:
        self._gate = gate
        self._seconds = timeout
        super().__init__(host, port, ssl=context is not None, ssl_context=context, timeout=timeout)
        # At its usual level it formats every line for a log that nobody reads, passwords among them.
        self._imap.debug = 0
        self.folder_encode = False

    def _create_IMAP4(self) -> imaplib.IMAP4:
        if self.ssl:
            return _GatedTls(self._gate, self.host, self.port, self.ssl_context, self._seconds)
        return _GatedPlain(self._gate, self.host, self.port, self._seconds)

    def _normalise_folder(self, folder_name: bytes) -> bytes:
        return quoted(folder_name)

    def sign_in(self, user: str, password: str) -> None:
        """LOGIN, or PLAIN where LOGIN may not be used or cannot carry the characters."""
        plain = self.has_capability("AUTH=PLAIN")
        if plain and (self.has_capability("LOGINDISABLED") or not (user + password).isascii()):
            self.plain_login(user, password)
            return
        # The library quotes the password and not the name.
        self.login(quoted(user.encode()).decode(), password)

    def examined(self, folder: bytes) -> dict[bytes, Any]:
        """EXAMINE, and what the server says of the folder."""
        found: dict[bytes, Any] = self.select_folder(folder, readonly=True)
        return found

    def fetched(self, ids: str, items: Sequence[str], *, by_uid: bool) -> Answer:
        """FETCH; messages that came before a NO are kept."""
        wanted = f"({' '.join(items)})"
        status, data = self._imap.uid("FETCH", ids, wanted) if by_uid else self._imap.fetch(ids, wanted)
        if status != "OK":
            said = b" ".join(each for each in data if isinstance(each, bytes)).decode("ascii", "backslashreplace")
            rows = _rows(self._imap.untagged_responses.pop("FETCH", None) or [])
            if not rows:
                raise IMAPClientError(said or status)
            return Answer(rows=rows, said=said or status)
        return Answer(rows=_rows(data))


def _rows(data: list[Any]) -> tuple[tuple[int, dict[bytes, Any]], ...]:
    """``1 (UID 5 FLAGS (\\Seen)) 2 (...)`` as pairs; the items keep the server's bytes."""
    if not data or data == [None]:
        return ()
    parsed = parse_response(data)
    rows = []
    for number, items in zip(parsed[::2], parsed[1::2], strict=True):
        if not isinstance(number, int) or not isinstance(items, tuple):
            raise ValueError("this is no answer to FETCH")
        pairs = zip(items[::2], items[1::2], strict=True)
        rows.append((number, {bytes(name).upper(): value for name, value in pairs}))
    return tuple(rows)


def quoted(text: bytes) -> bytes:
    """A quoted string (RFC 9051 4.3)."""
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
