"""A playbook read from YAML and checked as a whole: both languages, every step reachable, no circle, ends that exist.

spec_version, type   cacao-2.0 and playbook: the structure, not a claim that any CACAO tool could run it
id, version, name, description, when_to_use
acquire_first        names from the sheet of what expires, or entries of the same form
legal_basis          names from the sheet of the legal basis, or entries of the same form
counted_from         the step that asks for the day from which expiry is counted
workflow_start, workflow
                     steps by id: type, name, description, level (1 to 4), commands, leads_to, on_completion;
                     an if-condition has condition, on_true, on_false
commands             one a step: {type: manual, ask: {ja, en}, answers: [yes, no], date: true},
                     {type: manual, command: legal-basis}, {type: forensics, command: find, rules: [D01]}
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from forensics.errors import UsageError
from forensics.findings.plain_yaml import read_yaml
from forensics.playbooks.checking import fault
from forensics.playbooks.model import Condition, Does, Expiry, Field, LeadsTo, Pair, Playbook, Step

TODO = "mend the file; docs/how-to/playbooks.md shows what a playbook looks like"
TYPES = ("start", "end", "action", "if-condition")
_KEYS = frozenset((
    "spec_version", "type", "id", "version", "name", "description", "when_to_use", "acquire_first", "legal_basis",
    "counted_from", "workflow_start", "workflow",
))  # fmt: skip
_STEP_KEYS = {
    "start": {"type", "on_completion"},
    "end": {"type", "name"},
    "action": {"type", "name", "description", "level", "commands", "leads_to", "on_completion"},
    "if-condition": {"type", "name", "description", "level", "condition", "on_true", "on_false"},
}
_COMMAND_KEYS = {"type", "command", "ask", "answers", "date", "rules", "reports", "tables"}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_Entry = TypeVar("_Entry", Field, Expiry)


class Sheets:
    """The sheets that playbooks take entries from: the fields of the legal basis, and what expires."""

    def __init__(self, legal: bytes, expiry: bytes) -> None:
        self.sha256 = hashlib.sha256(hashlib.sha256(legal).digest() + hashlib.sha256(expiry).digest()).hexdigest()
        self.fields = {each.name: each for each in map(_field, _list(legal, "legal-basis.yaml"))}
        self.expiry = {each.name: each for each in map(_expiry, _list(expiry, "expires.yaml"))}


def read_playbook(data: bytes, place: str, sheets: Sheets, origin: str = "") -> Playbook:
    """The playbook of a YAML text, or :class:`UsageError` with the place and what is wrong with it."""
    value = read_yaml(data, place, "playbook", TODO)
    try:
        made = _playbook(value, hashlib.sha256(data).hexdigest(), sheets, origin)
        what = fault(made)
    except _Wrong as error:
        what = str(error)
    if what:
        raise UsageError(f"this playbook cannot be used: {what}", place=place, todo=TODO)
    return made


class _Wrong(ValueError):
    """One sentence that says what is wrong."""


def _playbook(value: Any, sha256: str, sheets: Sheets, origin: str) -> Playbook:
    if not isinstance(value, dict):
        raise _Wrong("it is no object with type, id, workflow and so on")
    _only(value, _KEYS, "it")
    if (value.get("type"), value.get("spec_version")) != ("playbook", "cacao-2.0"):
        raise _Wrong("its type is not playbook, or its spec_version not cacao-2.0")
    workflow = value.get("workflow")
    if not isinstance(workflow, dict) or not workflow:
        raise _Wrong("it has no workflow")
    return Playbook(
        id=_name(value.get("id"), "its id"),
        version=_text(value.get("version"), "its version"),
        title=_pair(value.get("name"), "its name"),
        when=tuple(_pair(each, "when_to_use") for each in _items(value, "when_to_use")),
        description=_pair(value.get("description"), "its description"),
        expires=_entries(value, "acquire_first", sheets.expiry, _expiry),
        fields=_entries(value, "legal_basis", sheets.fields, _field),
        start=_text(value.get("workflow_start"), "its workflow_start"),
        steps={str(name): _step(str(name), step) for name, step in workflow.items()},
        since=str(value.get("counted_from") or ""),
        sha256=sha256,
        sheets_sha256=sheets.sha256,
        origin=origin,
    )


def _step(name: str, value: Any) -> Step:
    _name(name, f"the name of the step {name!r}")
    at = f"the step {name}"
    if not isinstance(value, dict) or value.get("type") not in TYPES:
        raise _Wrong(f"the type of {at} is none of {', '.join(TYPES)}")
    kind = str(value["type"])
    _only(value, _STEP_KEYS[kind], at)
    level = str(value.get("level", "0"))
    if level not in ("0", "1", "2", "3", "4"):
        raise _Wrong(f"the level of {at} is not 1, 2, 3 or 4")
    wanted = {"start": ("on_completion",), "end": (), "action": ("on_completion",)}.get(kind, ("on_true", "on_false"))
    return Step(
        id=name,
        type=kind,
        title=_pair(value.get("name"), f"the name of {at}") if "name" in _STEP_KEYS[kind] else ("", ""),
        text=_described(value, at),
        ask=_asked(value, at),
        level=int(level),
        condition=_condition(value.get("condition"), at) if kind == "if-condition" else None,
        leads_to=tuple(_leads_to(each, at) for each in _items(value, "leads_to")),
        following=tuple(_text(value.get(key), f"{key} of {at}") for key in wanted),
        **(_command(value, at) if kind == "action" else {}),
    )


def _command(value: Mapping[str, Any], at: str) -> dict[str, Any]:
    given = _items(value, "commands")
    if len(given) != 1 or not isinstance(given[0], dict):
        raise _Wrong(f"{at} has not just one command")
    command = given[0]
    _only(command, _COMMAND_KEYS, f"the command of {at}")
    manual = command.get("type") == "manual"
    word = "ask" if manual and "ask" in command else str(command.get("command", ""))
    if command.get("type") not in ("manual", "forensics") or word not in tuple(Does):
        raise _Wrong(f"the command of {at} is none that is known")
    does = Does(word)
    if manual != (does in (Does.ASK, Does.LEGAL)):
        raise _Wrong(f"the command of {at} has the wrong type")
    return {
        "does": does,
        "answers": _texts(command, "answers", at),
        "is_date": command.get("date") is True,
        **{key: _texts(command, key, at) for key in ("rules", "reports", "tables")},
    }


def _asked(value: Mapping[str, Any], at: str) -> Pair:
    asked = [each["ask"] for each in _items(value, "commands") if isinstance(each, dict) and "ask" in each]
    return _pair(asked[0], f"ask of {at}") if asked else ("", "")


def _described(value: Mapping[str, Any], at: str) -> Pair:
    return _pair(value["description"], f"the description of {at}") if "description" in value else ("", "")


def _condition(value: Any, at: str) -> Condition:
    if not isinstance(value, dict) or set(value) not in ({"found"}, {"answered", "equals"}):
        raise _Wrong(f"the condition of {at} is neither found nor answered with equals")
    if "found" in value:
        return Condition(found=_texts(value, "found", at))
    return Condition(answered=_text(value["answered"], at), equals=_text(value["equals"], at))


def _leads_to(value: Any, at: str) -> LeadsTo:
    if not isinstance(value, dict) or set(value) != {"when", "then"}:
        raise _Wrong(f"leads_to of {at} is not when and then")
    return LeadsTo(when=_pair(value["when"], f"when of {at}"), then=_pair(value["then"], f"then of {at}"))


def _entries(
    value: Mapping[str, Any], key: str, known: Mapping[str, _Entry], make: Callable[[Any], _Entry]
) -> tuple[_Entry, ...]:
    """Entries by name from the sheet, or written out."""
    found = []
    for each in _items(value, key):
        if isinstance(each, str) and each not in known:
            raise _Wrong(f"{key} names {each!r}, which the sheet does not have")
        found.append(known[each] if isinstance(each, str) else make(each))
    return tuple(found)


def _field(value: Any) -> Field:
    _only(value, {"name", "ja", "en", "fact"}, "a field of the legal basis")
    name = _name(value.get("name"), "a field of the legal basis")
    return Field(name=name, title=_pair({k: value.get(k) for k in ("ja", "en")}, name), fact=str(value.get("fact", "")))


def _expiry(value: Any) -> Expiry:
    _only(value, {"name", "what", "days", "note", "source"}, "an entry of what expires")
    name = _name(value.get("name"), "an entry of what expires")
    days = str(value.get("days", "0"))
    if not days.isdigit() or len(days) > 5:
        raise _Wrong(f"the days of {name} are no number")
    return Expiry(
        name=name,
        what=_pair(value.get("what"), name),
        days=int(days),
        note=_pair(value["note"], name) if "note" in value else ("", ""),
        source=_text(value.get("source"), f"the source of {name}"),
    )


def _list(data: bytes, place: str) -> list[Any]:
    value = read_yaml(data, place, "sheet", TODO)
    return list(value) if isinstance(value, list) else []


def _only(value: Any, known: Iterable[str], at: str) -> None:
    if not isinstance(value, dict):
        raise _Wrong(f"{at} is no object")
    odd = sorted(set(value) - set(known))
    if odd:
        raise _Wrong(f"{at} has {odd[0]!r}, which is not known there")


def _items(value: Mapping[str, Any], key: str) -> list[Any]:
    found = value.get(key) or []
    if not isinstance(found, list):
        raise _Wrong(f"{key} is no list")
    return found


def _texts(value: Mapping[str, Any], key: str, at: str) -> tuple[str, ...]:
    found = _items(value, key)
    if not all(isinstance(each, str) for each in found):
        raise _Wrong(f"{key} of {at} is no list of texts")
    return tuple(found)


def _name(value: Any, at: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise _Wrong(f"{at} is missing, or is not small letters, digits and '-'")
    return value


def _text(value: Any, at: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"{at} is missing or is no text")
    return value.strip()


def _pair(value: Any, at: str) -> Pair:
    if not isinstance(value, dict) or not all(isinstance(value.get(each), str) for each in ("ja", "en")):
        raise _Wrong(f"{at} is not said in ja and en")
    if len(value) > 2:
        odd = next(str(each) for each in value if each not in ("ja", "en"))
        raise _Wrong(f"{at} has {odd!r} beside ja and en; a text with a comma or colon stands in quotes")
    if not all(value[each].strip() for each in ("ja", "en")):
        raise _Wrong(f"{at} is empty in ja or en")
    return str(value["ja"]).strip(), str(value["en"]).strip()
