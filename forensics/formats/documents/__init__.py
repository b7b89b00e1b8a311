"""Attachments as text: what each file says, where in it, and whether it is locked."""

from __future__ import annotations

from forensics.formats.documents.found import Document, Part, Room, State
from forensics.formats.documents.reading import read

__all__ = ["Document", "Part", "Room", "State", "read"]
