"""Whose mailbox on which server, how to get there, and how patient to be. Secrets show themselves to nobody."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

TLS, STARTTLS, NONE = "tls", "starttls", "none"
PASSWORD, XOAUTH2, OAUTHBEARER = "password", "xoauth2", "oauthbearer"


class Secret:
    """A password or a token; only ``reveal`` gives it out."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Secret()"

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account. ``folders`` are names as people see them; empty means every folder of every namespace."""

    host: str
    user: str
    secret: Secret
    port: int = 993
    security: str = TLS
    sign_in: str = PASSWORD
    ca_file: str = ""
    folders: tuple[str, ...] = ()
    pause: float = 0.0
    """Seconds to wait between two requests for messages."""
    timeout: float = 60.0
    tries: int = 6
    """So often a connection is tried again before the work is given up."""

    @property
    def url(self) -> str:
        """The account in the form of RFC 5092, without a secret."""
        scheme = "imaps" if self.security == TLS else "imap"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{self.user}@{host}:{self.port}/"


def is_loopback(host: str) -> bool:
    """Whether nothing that is sent to this host leaves the machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
