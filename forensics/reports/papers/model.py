"""What a paper consists of, whatever it is written as: headings, paragraphs, facts, tables, signatures.

A fact names its evidence and the line of the ledger it comes from. What nobody supplied is a :class:`Missing`, what
only a lawyer can settle is a :class:`Decide`: neither is ever filled with a guess, and both stand out in every form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A fact that has to be there and is not; ``key`` names the point of the checklist, where there is one.

    ``unknown`` marks what may not be known yet to anyone (未確認), not what somebody forgot to write down.
    """

    what: str
    key: str = ""
    unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """A gap that is left to the lawyer on purpose."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Where a fact comes from: lines of the ledger, and the evidence item or another source."""

    lines: tuple[int, ...] = ()
    evidence: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Something to be compared character by character: a hash, a command, an id."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strong:
    """Words that stand out."""

    text: str


Run = str | Missing | Decide | Ref | Code | Strong
Inline = tuple[Run, ...]


def inline(*runs: Run | Iterable[Run]) -> Inline:
    """Runs one after the other; an empty text is left out."""
    found: list[Run] = []
    for run in runs:
        if isinstance(run, (str, Missing, Decide, Ref, Code, Strong)):
            found.append(run)
        else:
            found.extend(run)
    return tuple(run for run in found if run not in ("", Ref()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of level 1 or 2 below the title."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph. ``style``: body, numbered (with ``number``), note, right, centre, line."""

    runs: Inline
    style: str = "body"
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and what it stands for."""

    name: str
    value: Inline


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts one below the other."""

    rows: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with a head that stands on every page. ``widths`` are shares of the width of the page."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Inline, ...], ...]
    widths: tuple[int, ...]
    empty: str = ""
    """What stands in place of rows where there are none."""
    tall: bool = False
    """Rows to be filled in by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A place to sign: in what capacity, and the name where it is known."""

    role: str
    name: Inline
    lines: tuple[str, ...]
    """The names of the blank lines: date, signature, seal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Heading | Paragraph | Facts | Table | Signature | PageBreak


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper in one language. ``made_from`` says in its foot what it was made from."""

    title: str
    language: str
    case_id: str
    made_from: str
    moment_ns: int
    """The time of the newest ledger line it was made from; the paper knows no other present."""
    blocks: tuple[Block, ...]
    subtitle: str = ""
    file_title: str = ""
    """What a print to PDF is named, where that is not the title."""
    draft: bool = True
    bare: bool = False
    """Without the box that says what is missing: a print of evidence, not a paper to be filled in."""
    wide: bool = False

    def missing(self) -> tuple[Missing, ...]:
        """Each missing fact once, in the order of the paper."""
        return tuple(dict.fromkeys(run for run in self._runs() if isinstance(run, Missing)))

    def open(self) -> tuple[Decide, ...]:
        """Each point left to a lawyer once, in the order of the paper."""
        return tuple(dict.fromkeys(run for run in self._runs() if isinstance(run, Decide)))

    def _runs(self) -> Iterator[Run]:
        for block in self.blocks:
            if isinstance(block, Paragraph):
                yield from block.runs
            elif isinstance(block, Facts):
                for fact in block.rows:
                    yield from fact.value
            elif isinstance(block, Table):
                for row in block.rows:
                    for cell in row:
                        yield from cell
            elif isinstance(block, Signature):
                yield from block.name
