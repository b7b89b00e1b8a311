"""What one line of a log says, in the same words for every kind of log, and when it says that it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forensics.moments import Precision, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A time of a log. ``ns`` since 1970 UTC, ``None`` where the text is no time; ``zone`` says how the zone is known.

    ``assumed`` names what the line does not state and the reader supplied: ``year``, ``zone``.
    """

    raw: str
    ns: int | None
    zone: Zone
    offset_minutes: int | None = None
    precision: Precision = Precision.SECOND
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One event. A text that the line does not have is ``""``; ``recipients`` and ``message_ids`` may be empty.

    ``operation`` is the word of the log itself where it has one (``Send``, ``UserLoggedIn``), else a plain verb
    (``connect``, ``queued``, ``sent``). ``message_id`` is the one message that the line is about, ``message_ids`` all
    that it names. ``status`` is the outcome as written. ``detail`` holds everything else that the line says, as JSON
    values; ``warnings`` say what is doubtful about the line (cut short, a time that cannot be).
    """

    source: str
    operation: str
    when: When
    actor: str = ""
    actor_ip: str = ""
    message_id: str = ""
    message_ids: tuple[str, ...] = ()
    network_message_id: str = ""
    queue_id: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    size: int | None = None
    status: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def whole_number(text: str) -> int | None:
    """The number, if the text is one of at most 18 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def bare(text: str) -> str:
    """An address without its angle brackets and blanks."""
    return text.strip().removeprefix("<").removesuffix(">")


def bare_ip(text: str) -> str:
    """An IP address out of the forms that logs use: with a port, in brackets, IPv4 mapped into IPv6."""
    found = text.strip()
    if found.startswith("["):
        found = found[1:].partition("]")[0]
    elif found.count(":") == 1:
        found = found.partition(":")[0]
    found = found.removeprefix("IPv6:").partition("%")[0]
    lowered = found.lower()
    return found[7:] if lowered.startswith("::ffff:") and "." in found else found
