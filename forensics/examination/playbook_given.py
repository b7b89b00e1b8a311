"""What a person gives a run of a playbook: answers, reasons for leaving steps out, sources, tables; and how to ask.

A file of answers is TOML: ``step = "text"``, a table for the entries of a sheet (``[legal-basis]``), and ``[skip]``
with ``step = "reason"``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forensics.errors import UsageError
from forensics.playbooks.model import Does, Field, Playbook, Step

_LONGEST = 1 << 20
_LARGEST = 1 << 22
_SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """One thing that a run wants to know: a step, or one field of its sheet. An empty answer stops the run."""

    step: Step
    field: Field | None = None
    answers: tuple[str, ...] = ()
    why: str = ""
    todo: str = ""
    only_skip: bool = False
    """Whether the step is one of this program, which a person can leave out but not answer."""


Prompt = Callable[[Open], str]
"""Asks a person; ``skip: reason`` leaves the step out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Everything that was given on the command line or in a file."""

    answers: Mapping[str, str] = field(default_factory=dict)
    skips: Mapping[str, str] = field(default_factory=dict)
    sources: Sequence[Path] = ()
    tables: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def of_file(cls, path: Path) -> Given:
        """The answers and reasons of a TOML file."""
        answers: dict[str, str] = {}
        skips: dict[str, str] = {}
        for name, value in _read(path).items():
            if isinstance(value, dict):
                into, start = (skips, "") if name == _SKIP else (answers, f"{name}.")
                into |= {f"{start}{key}": _text(key, text, path) for key, text in value.items()}
            else:
                answers[name] = _text(name, value, path)
        return cls(
            answers={name: text for name, text in answers.items() if text},
            skips={name: text for name, text in skips.items() if text},
        )

    def with_more(
        self, answers: Mapping[str, str], skips: Mapping[str, str], sources: Sequence[Path], tables: Mapping[str, Path]
    ) -> Given:
        """The same, where what is given here counts before what stood there."""
        return Given(
            answers={**self.answers, **answers}, skips={**self.skips, **skips}, sources=tuple(sources), tables=tables
        )


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}", place=str(path), todo="check the path and its spelling")
    with path.open("rb") as handle:
        data = handle.read(_LARGEST + 1)
    try:
        if len(data) > _LARGEST:
            raise ValueError("it is longer than 4 MB")
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        todo = 'write lines such as  lawyer-told = "yes"'
        raise UsageError(f"these answers cannot be read: {error}", place=str(path), todo=todo) from error


def _text(name: str, value: Any, path: Path) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    said = str(value).strip()
    if isinstance(value, (dict, list, float)) or len(said) > _LONGEST:
        raise UsageError(f"the answer to {name} is no text, or too long", place=str(path), todo="put it in quotes")
    return said


def template(playbook: Playbook) -> str:
    """A TOML file of everything that a person has to supply for a playbook, in both languages, to be filled in."""
    lines = [f"# {playbook.title[0]} / {playbook.title[1]}", f"# {playbook.id} {playbook.version}", ""]
    sheets = []
    for step in playbook.in_order():
        if step.does is Does.ASK:
            asked = [*step.title, *step.text, *step.ask]
            choice = f" ({', '.join(step.answers)})" if step.answers else " (YYYY-MM-DD)" if step.is_date else ""
            lines += [*(f"# {text}" for text in asked if text), f'{step.id} = ""  #{choice}', ""]
        if step.does is Does.LEGAL:
            sheets.append(f"[{step.id}]")
            sheets += [f'{each.name} = ""  # {each.title[0]} / {each.title[1]}' for each in playbook.fields]
            sheets += [
                'lawyer = ""  # 弁護士名 / a lawyer',
                'override = ""  # 記入しない理由 / and why the rest is left open',
            ]
    return "\n".join([*lines, *sheets, "", "[skip]", '# step = "理由 / reason"', ""])
