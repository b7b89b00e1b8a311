"""A session that outlives its connections: signs in again after a cut, waits when throttled, holds on to UIDVALIDITY.

A cut is answered with a new connection after 1, 2, 4 ... seconds; a server that asks for patience (RFC 5530 LIMIT,
UNAVAILABLE, INUSE; OVERQUOTA and THROTTLED of large providers) is given it. A folder that is entered again must be the
folder it was: with another UIDVALIDITY its UIDs name other messages (RFC 9051 2.3.1.1).
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from forensics.acquisition.imap import account as kinds
from forensics.acquisition.imap.account import Account
from forensics.acquisition.imap.client import CUT, LOGIN_FAILED, NOT_UNDERSTOOD, SAID_NO, Client
from forensics.acquisition.imap.gate import Gate, Transcript
from forensics.errors import ForensicsError

Result = TypeVar("Result")

_LONGEST_WAIT = 300.0
_MOST_WAITS = 8
_PATIENCE = re.compile(
    r"\[(?:OVERQUOTA|THROTTLED|LIMIT|UNAVAILABLE|INUSE)\b|throttl|bandwidth|too many|rate limit|try again",
    re.IGNORECASE,
)
_BACKOFF = re.compile(r"backoff time:? *(\d+) *(milli)?sec", re.IGNORECASE)


class Unreachable(ForensicsError):
    """The server cannot be reached, or not any more."""


class Cut(Exception):
    """The connection ended during one and the same request each time it was made."""


class Refused(Exception):
    """The server answered NO or BAD, or something that is no answer; the text says what."""


class Renewed(Exception):
    """The folder is another one than before: its UIDVALIDITY changed."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the connections showed of the server."""

    greeting: str = ""
    capabilities_before: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    identity: dict[str, str] | None = None
    connections: list[dict[str, Any]] = field(default_factory=list)
    waits: list[dict[str, Any]] = field(default_factory=list)


class Session:
    """Requests to one account. ``sleep`` and ``now`` are handed in, so that a test need not wait."""

    def __init__(
        self, account: Account, *, now: Callable[[], int], sleep: Callable[[float], None], transcript: Transcript
    ) -> None:
        self.account = account
        self.transcript = transcript
        self.seen = Seen()
        self._now = now
        self._sleep = sleep
        self._client: Client | None = None
        self._folder: bytes | None = None
        self._validity: dict[bytes, int] = {}

    @property
    def generation(self) -> int:
        """Counts connections: message numbers mean something within one of them only."""
        return len(self.seen.connections)

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the server offers to who has signed in."""
        self._connected()
        return self.seen.capabilities

    def ask(self, folder: bytes | None, work: Callable[[Client], Result], *, attempts: int = 3) -> Result:
        """Do ``work`` on a connection, in a folder unless that is ``None``.

        Raises :class:`Cut` after so many attempts, :class:`Refused`, :class:`Renewed` or :class:`Unreachable`.
        """
        cuts = waits = 0
        while True:
            client = self._connected()
            try:
                if folder is not None:
                    self._enter(client, folder)
                return work(client)
            except CUT as error:
                cuts += 1
                self._drop(_words(error))
                if _PATIENCE.search(str(error)) and waits < _MOST_WAITS:
                    waits, cuts = waits + 1, cuts - 1
                    self._wait(waits, str(error))
                elif cuts >= attempts:
                    raise Cut(_words(error)) from error
                else:
                    self._sleep(2.0 ** (cuts - 1))
            except SAID_NO as error:
                waits += 1
                if not _PATIENCE.search(str(error)) or waits > _MOST_WAITS:
                    raise Refused(_words(error)) from error
                self._wait(waits, str(error))
            except NOT_UNDERSTOOD as error:
                self._drop(f"an answer that is not understood: {_words(error)}")
                raise Refused(f"the server gave an answer that is not understood: {_words(error)}") from error

    def examine(self, folder: bytes) -> dict[bytes, Any]:
        """Enter a folder anew, and what the server says of it; from now on its UIDVALIDITY must stay."""

        def enter(client: Client) -> dict[bytes, Any]:
            self._folder = None
            found = client.examined(folder)
            self._folder = folder
            return found

        found = self.ask(None, enter)
        self._validity[folder] = int(found.get(b"UIDVALIDITY", 0))
        return found

    def pause(self) -> None:
        """The wait between requests that was asked for."""
        if self.account.pause > 0:
            self._sleep(self.account.pause)

    def close(self) -> None:
        """Sign out, if the connection is still there."""
        if self._client is not None:
            try:
                self._client.logout()
            except (*CUT, *SAID_NO, *NOT_UNDERSTOOD):
                self._drop("it was gone when we signed out")
            self._client = None

    def _enter(self, client: Client, folder: bytes) -> None:
        if self._folder == folder:
            return
        self._folder = None
        validity = int(client.examined(folder).get(b"UIDVALIDITY", 0))
        if self._validity.setdefault(folder, validity) != validity:
            raise Renewed(f"UIDVALIDITY was {self._validity[folder]} and is {validity}")
        self._folder = folder

    def _connected(self) -> Client:
        failures = 0
        while self._client is None:
            try:
                self._client = self._connect()
            except LOGIN_FAILED as error:
                if isinstance(error.__context__, CUT):
                    failures = self._failed(failures, error.__context__)
                    continue
                if not (self.generation and _PATIENCE.search(str(error)) and failures < self.account.tries):
                    raise self._not_let_in(error) from error
                failures += 1
                self._wait(failures, str(error))
            except (*CUT, *SAID_NO, *NOT_UNDERSTOOD) as error:
                failures = self._failed(failures, error)
        return self._client

    def _failed(self, failures: int, error: BaseException) -> int:
        """One more attempt to connect has failed: wait, or give up; the first connection is tried once."""
        if not self.generation or failures + 1 >= self.account.tries:
            raise self._unreachable(error) from error
        self._sleep(min(2.0**failures, 60.0))
        return failures + 1

    def _connect(self) -> Client:
        account, gate = self.account, Gate(self.transcript)
        self.transcript.session = self.generation + 1
        context = None if account.security == kinds.NONE else ssl.create_default_context(cafile=account.ca_file or None)
        first = context if account.security == kinds.TLS else None
        client = Client(gate, account.host, account.port, context=first, timeout=account.timeout)
        try:
            if account.security == kinds.STARTTLS:
                client.starttls(context)
            before = _texts(client.capabilities())
            facts = _facts(client.socket())
            self._sign_in(client)
            self._note(client, before, facts)
        except BaseException:
            _shut(client)
            raise
        return client

    def _sign_in(self, client: Client) -> None:
        account, secret = self.account, self.account.secret.reveal()
        if account.sign_in == kinds.XOAUTH2:
            client.oauth2_login(account.user, secret)
        elif account.sign_in == kinds.OAUTHBEARER:
            client.oauthbearer_login(account.user, secret)
        else:
            client.sign_in(account.user, secret)

    def _note(self, client: Client, before: tuple[str, ...], facts: dict[str, Any]) -> None:
        seen = self.seen
        if not seen.connections:
            seen.greeting = bytes(client.welcome or b"").decode("ascii", "backslashreplace")
            seen.capabilities_before = before
            seen.capabilities = _texts(client.capabilities())
            if "ID" in seen.capabilities:
                seen.identity = _identity(client.id_())
        seen.connections.append({"number": self.generation + 1, "at_ns": self._now(), **facts, "ended": ""})

    def _drop(self, why: str) -> None:
        if self._client is not None:
            _shut(self._client)
            self.seen.connections[-1]["ended"] = why
            self.transcript.add("-", f"the connection ended: {why}")
        self._client = self._folder = None

    def _wait(self, times: int, said: str) -> None:
        seconds = min(5.0 * 2.0 ** (times - 1), _LONGEST_WAIT)
        asked = _BACKOFF.search(said)
        if asked:
            seconds = min(max(int(asked[1]) / (1000 if asked[2] else 1), 0.1), _LONGEST_WAIT)
        self.seen.waits.append({"at_ns": self._now(), "ms": int(seconds * 1000), "said": said[:300]})
        self._sleep(seconds)

    def _not_let_in(self, error: Exception) -> Unreachable:
        what = f"the server {self.account.host} did not let {self.account.user!r} in: {_words(error)}"
        return Unreachable(
            what, place=self.account.url, todo="check name and secret, and whether the account allows IMAP"
        )

    def _unreachable(self, error: BaseException) -> Unreachable:
        account = self.account
        if isinstance(error, ssl.SSLCertVerificationError):
            what = f"the certificate of {account.host} is not one to trust: {error.verify_message}"
            return Unreachable(what, place=account.url, todo="give the authority that signed it with --ca-file")
        if self.generation:
            what = f"the connection to {account.host} was lost and could not be made again: {_words(error)}"
            return Unreachable(what, place=account.url, todo="run the same command again: it goes on where it stopped")
        what = f"{account.host} cannot be reached on port {account.port}: {_words(error)}"
        return Unreachable(what, place=account.url, todo="check host and port, and whether this machine has a network")


def _facts(sock: socket.socket) -> dict[str, Any]:
    """The connection as the system shows it: addresses, and of TLS its version, cipher and certificate."""
    found: dict[str, Any] = {"server": _address(sock.getpeername()), "ours": _address(sock.getsockname()), "tls": None}
    if isinstance(sock, ssl.SSLSocket):
        der = sock.getpeercert(binary_form=True) or b""
        named = sock.getpeercert() or {}
        cipher = sock.cipher()
        found["tls"] = {
            "version": sock.version() or "",
            "cipher": cipher[0] if cipher else "",
            "certificate_sha256": hashlib.sha256(der).hexdigest(),
            "certificate_der_hex": der.hex(),
            **{key: str(named.get(key, "")) for key in ("subject", "issuer", "notBefore", "notAfter", "serialNumber")},
        }
    return found


def _address(found: Any) -> str:
    return f"{found[0]}:{found[1]}" if isinstance(found, tuple) else str(found)


def _texts(capabilities: Any) -> tuple[str, ...]:
    return tuple(bytes(each).decode("ascii", "backslashreplace") for each in capabilities)


def _identity(found: Any) -> dict[str, str]:
    """What the server says it is (RFC 2971); nothing where it says nothing."""
    pairs = found[0] if found and isinstance(found[0], tuple) else ()
    texts = [each.decode("utf-8", "backslashreplace") if isinstance(each, bytes) else str(each) for each in pairs]
    return dict(zip(texts[::2], texts[1::2], strict=False))


def _shut(client: Client) -> None:
    try:
        client.shutdown()
    except OSError:
        return


def _words(error: BaseException) -> str:
    """What an error says, as one short line."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    said = str(error) or type(error).__name__
    # imaplib makes texts of bytes as Python shows them.
    said = said.replace("select failed:", "EXAMINE failed:", 1)
    said = said[2:-1] if re.fullmatch(r"b'.*'|b\".*\"", said) else said
    return " ".join(said.split())[:300]
