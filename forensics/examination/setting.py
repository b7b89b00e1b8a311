"""The step that changes facts of a case: ``case.toml`` is replaced between ``begun`` and ``finished``.

``begun`` carries the hash of the old facts and ``finished`` that of the new ones, so ``verify`` knows both. A run that
was killed between them is put right by the same command: it states the new hash again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from forensics.casefile.acts import Act
from forensics.casefile.case import CaseFacts, check_facts, write_facts
from forensics.errors import UsageError
from forensics.examination.conductor import Examination
from forensics.formats.codepages import charset_of

FIXED = ("id", "version", "review", "people_sha256")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSummary:
    """What was changed: for each fact its old and its new value, and the facts that are still missing."""

    changed: dict[str, tuple[Any, Any]]
    missing: tuple[str, ...]
    case_toml_sha256: str
    exit_code: int = 0


def settable() -> tuple[str, ...]:
    """The names of the facts that a person can change."""
    return tuple(name for name in CaseFacts.__dataclass_fields__ if name not in FIXED)


def converted(given: Mapping[str, str]) -> dict[str, Any]:
    """Facts as typed by a person, in the types that the case keeps; a name or value that cannot be is refused."""
    return {name: _converted(name, text) for name, text in given.items()}


def _converted(name: str, text: str) -> str | int | bool:
    if name not in settable():
        raise UsageError(f"there is no fact named {name!r}", todo=f"name one of: {', '.join(settable())}")
    kind = CaseFacts.__dataclass_fields__[name].type
    if kind == "bool":
        if text.lower() not in _TRUTH:
            raise UsageError(f"{name} is either true or false, not {text!r}", todo=f"give {name}=true or {name}=false")
        return _TRUTH[text.lower()]
    if kind == "int":
        if not text.isascii() or not text.isdigit():
            raise UsageError(f"{name} is a whole number, not {text!r}", todo=f"give {name}=932, for instance")
        if name == "code_page" and (len(text) > 5 or not charset_of(int(text))):
            raise UsageError(f"there is no code page {text}", todo="give 932 for Japanese or 1252 for Western European")
        return int(text)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"the value of {name} is not text in UTF-8", todo="set the terminal to UTF-8") from error
    return text


def set_facts(examination: Examination, given: Mapping[str, str]) -> SetSummary:
    """Change these facts, unless they are so already and the ledger knows it."""
    before = examination.facts
    after = replace(before, **converted(given))
    check_facts(after)
    changed = {name: (getattr(before, name), getattr(after, name)) for name in given}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    if changed or not _known(examination):
        params = {"changes": {name: {"from": old, "to": new} for name, (old, new) in changed.items()}}
        with examination.step(Act.CASE_SET, params=params) as step:
            examination.facts_sha256 = write_facts(examination.folder, after)
            examination.facts = after
            step.params["case_toml_sha256"] = examination.facts_sha256
    return SetSummary(changed=changed, missing=after.missing(), case_toml_sha256=examination.facts_sha256)


def _known(examination: Examination) -> bool:
    """Whether the last hash of ``case.toml`` on the ledger is that of the facts as they are."""
    stated = (line.value.get("params", {}).get("case_toml_sha256") for line in examination.view().lines)
    return [each for each in stated if each][-1:] == [examination.facts_sha256]
