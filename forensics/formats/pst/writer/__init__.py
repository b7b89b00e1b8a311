"""Writes valid Unicode stores from plain values: [MS-PST], wVer 23. ``write_pst`` is the way in."""

from __future__ import annotations

from forensics.formats.pst.writer.layout import Crypt
from forensics.formats.pst.writer.mail import Party, mail, recipients
from forensics.formats.pst.writer.model import (
    PstAttachment,
    PstFolder,
    PstItem,
    PstRecipient,
    PstStore,
    RecipientKind,
    Written,
)
from forensics.formats.pst.writer.names import NamedProperty
from forensics.formats.pst.writer.store import write_pst

__all__ = [
    "Crypt",
    "NamedProperty",
    "Party",
    "PstAttachment",
    "PstFolder",
    "PstItem",
    "PstRecipient",
    "PstStore",
    "RecipientKind",
    "Written",
    "mail",
    "recipients",
    "write_pst",
]
