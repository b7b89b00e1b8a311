"""The step that takes down what only a person can know: checklist A and E, by item, from a file or from the command.

The answers go under their own hash into ``ledger/attached/``, and one ``case.set`` line names them. Nothing is guessed:
what is not answered stays missing, and an answer that is given empty on the command line is taken back.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.casefile.acts import Act
from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.evidence import answers as kept
from forensics.evidence import checklist
from forensics.evidence.answers import WHOLE_CASE, Answer, Answers
from forensics.evidence.durable import sync_folder, write_all
from forensics.evidence.points import Point, askable
from forensics.examination.conductor import Examination

Given = dict[str, dict[str, Answer]]
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_LONGEST = 20_000
_FILES = ("photos",)
"""Answers that name files: each is hashed, and its name, size and SHA-256 are what is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What only a person can answer and nobody has yet: the name of the answer, the point of the list, a hint."""

    name: str
    key: str
    title: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSummary:
    """What was answered, and which MUST points of checklist A each item still lacks."""

    answered: dict[str, dict[str, Answer]]
    missing: dict[str, tuple[str, ...]]
    sha256: str = ""
    exit_code: int = 0


def read_file(path: Path) -> Given:
    """The answers of a TOML or JSON file: names at the top hold for every item, those below ``[EV-0001]`` for that one.

    An empty text is a question that nobody has answered yet, so a half-filled template can be given.
    """
    parsed = _parsed(path)
    given: Given = {WHOLE_CASE: {}}
    for name, value in parsed.items():
        if isinstance(value, dict):
            given[name] = {key: _typed(key, each, path.parent) for key, each in value.items() if each not in ("", [])}
        elif value not in ("", []):
            given[WHOLE_CASE][name] = _typed(name, value, path.parent)
    return {item: values for item, values in given.items() if values}


def _parsed(path: Path) -> dict[str, Any]:
    """The object in the file: JSON where it begins with a brace, TOML otherwise."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        parsed = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except OSError as error:
        raise UsageError(
            f"the answers cannot be read: {error.strerror}", place=str(path), todo="check the path"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"the answers cannot be read: {error}", place=str(path), todo="see 'forensics case answer --template'"
        ) from error
    return dict(parsed)


def answer_from_file(examination: Examination, path: Path) -> AnswerSummary:
    """Put the answers of a TOML or JSON file on the ledger; what stands there already is not written twice."""
    return answer(examination, read_file(path))


def from_words(item: str, pairs: Mapping[str, str]) -> Given:
    """Answers typed on the command line; an empty one takes back what was answered."""
    return {item: {name: _typed(name, text, Path()) if text else None for name, text in pairs.items()}}


def _typed(name: str, value: Any, folder: Path) -> Answer:
    if name not in askable():
        raise UsageError(f"there is no question named {name!r}", todo=f"name one of: {', '.join(askable())}")
    each = value if isinstance(value, list) else [value]
    if not all(isinstance(text, (str, int)) for text in each):
        raise UsageError(f"the answer to {name} is neither a text nor a list of texts", todo="put it in quotes")
    said = ["yes" if v is True else "no" if v is False else str(v).strip() for v in each]
    if any(len(text) > _LONGEST for text in said):
        raise UsageError(f"the answer to {name} is longer than {_LONGEST:,} characters", todo="refer to a document")
    if name in _FILES:
        return [_hashed(text, folder) for text in said]
    return said if isinstance(value, list) else said[0]


def _hashed(text: str, folder: Path) -> str:
    """A file as its name, size and SHA-256; a text that holds a SHA-256 as it is."""
    if _HASH.search(text):
        return text
    path = folder / text
    try:
        with path.open("rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
            return f"{path.name} ({handle.tell()} bytes) sha256:{sha256}"
    except OSError as error:
        todo = "name a file that is there, or write its SHA-256 in lower-case hexadecimal beside its name"
        raise UsageError(f"{text!r} cannot be read: {error.strerror}", place=str(path), todo=todo) from error


def answer(examination: Examination, given: Given) -> AnswerSummary:
    """Put these answers on the ledger, unless they stand there already."""
    view = examination.view()
    items = view.evidence_names()
    for item in given:
        if item and item not in items:
            raise UsageError(
                f"there is no evidence item {item!r} in this case", todo=f"name one of: {', '.join(items)}"
            )
    before = known(view)
    new = {item: _new(values, before.values.get(item, {})) for item, values in given.items()}
    new = {item: values for item, values in new.items() if values}
    sha256 = ""
    if new:
        data = kept.payload(new)
        sha256 = _attach(examination.folder / "ledger", data)
        named = {"path": f"ledger/{kept.ATTACHED}/{sha256}", "sha256": sha256, "size": len(data)}
        names = {item: sorted(values) for item, values in new.items()}
        examination.note(Act.CASE_SET, params={"answers": {**named, "names": names}}, attach=(named,))
    return AnswerSummary(answered=new, missing=missing(examination.view()), sha256=sha256)


def _new(values: Mapping[str, Answer], before: Mapping[str, Answer]) -> dict[str, Answer]:
    return {name: value for name, value in values.items() if before.get(name) != value}


def _attach(ledger: Path, data: bytes) -> str:
    """The payload under its own hash, on the disk before its line is written."""
    sha256 = hashlib.sha256(data).hexdigest()
    folder = ledger / kept.ATTACHED
    folder.mkdir(exist_ok=True)
    sync_folder(ledger)
    beside = folder / f"{sha256}.new"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(folder / sha256)
    sync_folder(folder)
    return sha256


def known(view: CaseView) -> Answers:
    """The answers that the ledger holds."""
    return kept.read_answers(view.folder / "ledger", ((line.number, line.value) for line in view.lines))


def missing(view: CaseView) -> dict[str, tuple[str, ...]]:
    """For each evidence item the keys of the MUST points of checklist A that nothing and nobody has supplied."""
    answers = known(view)
    found = {}
    for item in view.evidence:
        lines = checklist.about(item.name, ((line.number, line.value) for line in view.lines))
        record = checklist.Record(
            facts={name: getattr(view.facts, name) for name in type(view.facts).__dataclass_fields__},
            acquisition=item.acquisition,
            answers=answers.of(item.name),
            answer_lines=answers.lines_of(item.name),
            lines=lines,
        )
        found[item.name] = tuple(point.key for point in checklist.incomplete(checklist.acquisition_state(record)))
    return found


def questions(view: CaseView, item: str = "") -> tuple[Question, ...]:
    """The MUST points that a person has to answer still, for one item or for any, in the order of the list."""
    lacking = {key for name, keys in missing(view).items() for key in keys if item in ("", name)}
    language = view.facts.language
    return tuple(
        Question(
            name=name,
            key=point.key,
            title=point.title(language),
            hint=point.hint_ja if language == "ja" else point.hint_en,
        )
        for name, point in askable().items()
        if point.key in lacking
    )


def template(view: CaseView | None = None) -> str:
    """A TOML file of all questions in both languages, with the answers that are known already."""
    answers = known(view) if view is not None else Answers(values={}, lines={})
    whole = answers.values.get(WHOLE_CASE, {})
    lines = [
        "# 人が記入する事項（チェックリストA・E）。空欄は「未記入」のまま扱い、推測しない。",
        "# What a person has to supply (checklists A and E). An empty answer stays missing; nothing is guessed.",
        "# 登録 / to record it: forensics case answer DIR --answers FILE.toml",
        "",
    ]
    for name, point in askable().items():
        lines += [*_question(point), f"{name} = {_literal(whole.get(name, ''))}", ""]
    for item in view.evidence_names() if view is not None else ("EV-0001",):
        own = answers.values.get(item, {})
        lines += [f"[{item}]", "# この証拠だけに当てはまる答え / answers that hold for this item only"]
        lines += [*(f"{name} = {_literal(value)}" for name, value in own.items()), ""]
    return "\n".join(lines)


def _question(point: Point) -> list[str]:
    must = " (MUST)" if point.must else ""
    hints = [f"#   {hint}" for hint in (point.hint_ja, point.hint_en) if hint]
    return [f"# {point.key}{must} {point.ja} / {point.en}", *hints]


def _literal(value: Answer) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_literal(each) for each in value)}]"
    escaped = (value or "").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
