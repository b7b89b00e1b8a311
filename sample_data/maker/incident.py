"""What a planted incident is: a few mails, the rows of the catalogue it belongs to, and a sentence on how to see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from maker.mail import ZONE, Mail

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One thing that is planted, with the mails that show it."""

    number: str
    title: str
    title_ja: str
    rows: tuple[str, ...]
    mails: tuple[Mail, ...]
    note: str


def at(month: int, day: int, hour: int, minute: int, second: int = 7) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=ZONE)
