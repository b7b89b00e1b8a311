"""What a file says in words: its texts with their places, whether it is locked, and what could not be read of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from forensics.formats.archives import Budget

MOST_TEXT = 1 << 24
"""So many characters are kept of one attachment with everything in it."""


class State(StrEnum):
    """Whether a file opens without a password. ``owner_only`` is a PDF that does, and restricts printing or copying."""

    OPEN = "open"
    ENCRYPTED = "encrypted"
    OWNER_ONLY = "owner_only"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One text and where in the file it stands: a page, a sheet with its cells, a header, a member of an archive."""

    place: str
    text: str


@dataclass(slots=True, kw_only=True)
class Room:
    """What is left for one attachment, shared by every file in it."""

    text: int = MOST_TEXT
    budget: Budget = field(default_factory=Budget)
    depth: int = 1


@dataclass(slots=True, kw_only=True)
class Document:
    """What was read of one file. ``detail`` says what locks it or restricts it."""

    kind: str
    state: State = State.OPEN
    detail: str = ""
    parts: list[Part] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, place: str, text: str, room: Room) -> None:
        """Keep a text as far as there is room for it; an empty one is none."""
        text = text.strip("\n\r \t\f\0")
        if not text:
            return
        if len(text) > room.text:
            self.trouble(f"its text has more than {MOST_TEXT} characters; the rest was not kept")
            text = text[: room.text]
        room.text -= len(text)
        if text:
            self.parts.append(Part(place=place, text=text))

    def trouble(self, what: str) -> None:
        """Say once what could not be read."""
        if what not in self.problems:
            self.problems.append(what)

    def within(self, name: str) -> Iterator[Part]:
        """The parts as those of a member of an archive."""
        for part in self.parts:
            yield Part(place=f"{name} > {part.place}" if part.place else name, text=part.text)


def locked(kind: str, detail: str) -> Document:
    """A file that needs a password."""
    return Document(kind=kind, state=State.ENCRYPTED, detail=detail)


def without(kind: str, library: str) -> Document:
    """A file whose library is not installed here."""
    return Document(kind=kind, state=State.UNKNOWN, problems=[f"needs the library {library}"])
