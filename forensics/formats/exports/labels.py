"""The labels of Gmail in three spellings, and what they say of the state of a message.

Takeout writes ``X-Gmail-Labels: Inbox,Unread,"a, b"``, with quotes around a label that holds a comma; Vault joins its
labels with commas and quotes nothing (``^INBOX,^UNREAD,ubuntu``), so that there a comma in a label cannot be told from
one between two; the API of Gmail, and with it got-your-back, gives each label by itself (``INBOX``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable

LABEL = "label:"
"""How a label begins among the flags of a message."""
_STATES = {
    "unread": "unread", "未読": "unread", "opened": "read", "開封済み": "read",
    "starred": "flagged", "スター付き": "flagged", "スター": "flagged",
    "draft": "draft", "drafts": "draft", "下書き": "draft",
    "sent": "sent", "送信済み": "sent", "送信済みメール": "sent",
    "trash": "trashed", "ゴミ箱": "trashed", "ごみ箱": "trashed", "bin": "trashed",
    "spam": "spam", "迷惑メール": "spam",
}  # fmt: skip


def of_header(text: str) -> tuple[str, ...]:
    """The labels of a decoded ``X-Gmail-Labels``; quotes hold a comma together."""
    try:
        rows = list(csv.reader([" ".join(text.split())], skipinitialspace=True))
    except csv.Error:
        return tuple(filter(None, (each.strip() for each in text.split(","))))
    return tuple(filter(None, (each.strip() for row in rows for each in row)))


def of_vault(text: str) -> tuple[str, ...]:
    """The labels of one ``TagValue``; the circumflex before the names of the system is taken off."""
    return tuple(filter(None, (each.strip().removeprefix("^") for each in text.split(","))))


def flags(labels: Iterable[str]) -> tuple[str, ...]:
    """The state that the labels tell (``read`` where no label says unread), and each label as ``label:NAME``."""
    named = list(dict.fromkeys(labels))
    states = dict.fromkeys(_STATES[each.lower()] for each in named if each.lower() in _STATES)
    if named and "unread" not in states:
        states.setdefault("read")
    return (*(each for each in states if each != "unread"), *(f"{LABEL}{each}" for each in named))
