"""``forensics case answer``: what only a person can know about an acquisition, put on the ledger (IDF 7 and 8)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli.options import PATH, Shared, case_argument, shared
from forensics.cli.screen import fields_of
from forensics.cli.text import clean
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.examination.answering import Question

_ITEM = re.compile(r"EV-[0-9]{4,}")


@click.command("answer", short_help="Answer what only a person can know.")
@case_argument
@click.argument("words", metavar="[ITEM] [NAME=VALUE]...", nargs=-1)
@click.option("--answers", "file", metavar="FILE", type=PATH, help="Take the answers from this TOML or JSON file.")
@click.option("--ask", is_flag=True, help="Ask for what is missing, one question at a time.")
@click.option("--template", is_flag=True, help="Print a file of all questions, with the answers known so far.")
@shared("case answer")
def command(shared_: Shared, case: Path, words: tuple[str, ...], file: Path | None, ask: bool, template: bool) -> int:
    """Put on the ledger of the case in DIR what no machine can know: consent, custodian, place, witness, proofs.

    With ITEM (EV-0001) the answers hold for that evidence item, without it for all of them. NAME= with nothing behind
    it takes an answer back. What nobody answers stays missing, and the papers say so.
    """
    from forensics.examination import answering
    from forensics.examination.conductor import Examination

    if template:
        text = answering.template(Examination(case).view())
        for line in text.splitlines():
            shared_.screen.line(line)
        shared_.screen.object(0, template=text)
        return 0
    item, pairs = _read(words)
    given = answering.read_file(file) if file is not None else {}
    for name, values in answering.from_words(item, pairs).items():
        given[name] = {**given.get(name, {}), **values}
    if ask:
        for name, text in _asked(answering.questions(Examination(case).view(), item)).items():
            given.setdefault(item, {}).update(answering.from_words(item, {name: text})[item])
        if not any(given.values()):
            shared_.screen.line("Nothing was answered.")
            shared_.screen.object(0, answered={})
            return 0
    if not any(given.values()):
        raise UsageError("nothing was answered", todo="give NAME=VALUE or --answers FILE; --template shows the names")
    with shared_.opened(case) as examination:
        done = answering.answer(examination, given)
    _show(shared_, done)
    return done.exit_code


def _read(words: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    item = words[0] if words and _ITEM.fullmatch(words[0]) else ""
    pairs = {}
    for word in words[1 if item else 0 :]:
        name, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"{word!r} is not of the form NAME=VALUE", todo="write custodian='Name', for instance")
        pairs[name.strip().replace("-", "_")] = value.strip()
    return item, pairs


def _asked(questions: Iterable[Question]) -> dict[str, str]:
    """What a person types; an empty answer leaves the question open, and the end of the input all that follow."""
    found: dict[str, str] = {}
    for each in questions:
        shown = clean(f"{each.key} {each.title}" + (f" ({each.hint})" if each.hint else ""))
        try:
            said: str = click.prompt(shown, default="", show_default=False, err=True)
        except click.Abort:
            break
        if said.strip():
            found[each.name] = said.strip()
    return found


def _show(shared_: Shared, done: object) -> None:
    values = fields_of(done)
    answered, missing = values["answered"], values["missing"]
    for item, given in answered.items():
        for name, value in given.items():
            shared_.screen.line(f"{item or 'all items'}  {name}: {_said(value)}")
    if not answered:
        shared_.screen.line("Nothing changed: it was answered so already.")
    for item, keys in missing.items():
        state = f"INCOMPLETE, {len(keys)} missing: {', '.join(keys)}" if keys else "complete"
        shared_.screen.line(f"Checklist A of {item}: {state}")
    shared_.screen.object(0, **values)


def _said(value: object) -> str:
    if value is None:
        return "(taken back)"
    return "; ".join(value) if isinstance(value, list) else str(value)
