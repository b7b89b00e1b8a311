"""Packs of rule cards: the one that this program brings, those of installed packages, and folders that a person names.

A pack is a set of YAML files; its digest is over the digests of its cards. A folder gives cards in SQL only: detectors,
which are Python, come from installed packages alone (entry points of the group ``forensics.rules``), never from a
folder or a case.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Protocol

from forensics import discovery
from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.findings.card import Card, Value, read_card
from forensics.findings.finding import Finding, Looked
from forensics.findings.plain_yaml import LARGEST

BUILT_IN = "forensics"
ENTRY_POINTS = "forensics.rules"
DETECTORS = "forensics.findings.detectors"
_MOST_CARDS = 2000


class Detector(Protocol):
    """A rule in Python that a card names. It gets the values of the card's parameters, by name."""

    def look(self, case: CaseView, card: Card, values: Mapping[str, Value]) -> Iterator[Finding | Looked]:
        """Every finding, then one :class:`Looked`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One pack: its cards in order of their ids, and SHA-256 over what they are."""

    name: str
    cards: tuple[Card, ...]
    sha256: str


@cache
def built_in() -> Pack:
    """The cards of this program."""
    return _pack(BUILT_IN, _files(resources.files("forensics.findings") / "cards"))


@cache
def installed() -> tuple[Pack, ...]:
    """The pack of this program and those of other installed packages."""
    found = [built_in()]
    for entry in sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda each: each.name):
        folder = resources.files(importlib.import_module(entry.module))
        files = list(_files(folder))
        if files:
            found.append(_pack(entry.name, files))
    return tuple(found)


def from_folder(folder: Path) -> Pack:
    """The cards of a folder, without its subfolders. None of them may name a detector."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {str(folder)!r}", place=str(folder), todo="name a folder of rule cards")
    pack = _pack(folder.resolve().name, _files(folder))
    if not pack.cards:
        raise UsageError("this folder has no rule cards", place=str(folder), todo="a card is a file that ends in .yaml")
    for card in pack.cards:
        if card.detector:
            raise UsageError(
                f"the card {card.id} names a detector, and Python is taken from installed packages only",
                place=str(folder),
                todo="write it in SQL, or install the package that offers it",
            )
    return pack


def cards(packs: Iterable[Pack]) -> dict[str, Card]:
    """Every card by its id, in order; an id that two packs have is refused."""
    found: dict[str, Card] = {}
    for pack in packs:
        for card in pack.cards:
            if card.id in found:
                raise UsageError(
                    f"the packs {found[card.id].pack} and {pack.name} both have a rule {card.id}",
                    todo="give one of them another id",
                )
            found[card.id] = card
    return dict(sorted(found.items()))


def detector(card: Card) -> Any:
    """The detector that a card names, ready to look; :class:`UsageError` where no installed package has it."""
    for offer in discovery.offers(DETECTORS, "forensics.detectors"):
        if offer.name == card.detector and offer.maker is not None:
            return offer.maker()
    raise UsageError(f"there is no detector named {card.detector!r}", place=card.pack, todo="install what offers it")


def _files(folder: Traversable | Path) -> Iterator[tuple[str, bytes]]:
    named = sorted((each for each in folder.iterdir() if each.name.endswith(".yaml")), key=lambda each: each.name)
    if len(named) > _MOST_CARDS:
        raise UsageError(f"a pack has at most {_MOST_CARDS:,} cards", place=folder.name, todo="make several packs")
    for each in named:
        with each.open("rb") as handle:
            yield each.name, handle.read(LARGEST + 1)


def _pack(name: str, files: Iterable[tuple[str, bytes]]) -> Pack:
    found = [read_card(data, f"{name}/{file}", name) for file, data in files]
    ordered = tuple(sorted(found, key=lambda card: card.id))
    ids = [card.id for card in ordered]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise UsageError(f"the pack {name} has the rule {twice} twice", place=name, todo="give one of them another id")
    whole = "".join(f"{card.id} {card.sha256}\n" for card in ordered)
    return Pack(name=name, cards=ordered, sha256=hashlib.sha256(whole.encode()).hexdigest())
