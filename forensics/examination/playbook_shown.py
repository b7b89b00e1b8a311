"""Playbooks as they are listed and shown, for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forensics.errors import UsageError
from forensics.examination.playbook_given import template
from forensics.playbooks import checklist
from forensics.playbooks.model import Playbook
from forensics.playbooks.shelf import playbook, playbooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One playbook in the list."""

    id: str
    ja: str
    en: str
    version: str
    steps: int
    sha256: str
    origin: str


def playbook_named(name: str, folder: Path | None = None) -> Playbook:
    """The playbook with this id."""
    return playbook(name, folder)


def listed(folder: Path | None = None) -> tuple[Listed, ...]:
    """Every playbook at hand."""
    return tuple(
        Listed(
            id=each.id,
            ja=each.title[0],
            en=each.title[1],
            version=each.version,
            steps=len(each.steps),
            sha256=each.sha256,
            origin=each.origin,
        )
        for each in playbooks(folder).values()
    )


def text_of(name: str, folder: Path | None, language: str) -> str:
    """The checklist as text."""
    return "\n".join(checklist.lines(playbook(name, folder), _number(language)))


def template_of(name: str, folder: Path | None) -> str:
    """The file of answers to be filled in."""
    return template(playbook(name, folder))


def write_page(name: str, folder: Path | None, language: str, path: Path) -> None:
    """The checklist as a page to print; a file that is there already is not replaced."""
    page = checklist.page(playbook(name, folder), _number(language))
    try:
        with path.open("x", encoding="utf-8") as handle:
            handle.write(page)
    except FileExistsError as error:
        raise UsageError("this file is there already", place=str(path), todo="give a new name") from error


def _number(language: str) -> int:
    return 0 if language == "ja" else 1
