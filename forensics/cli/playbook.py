"""The verb ``playbook``: from a question to papers, step by step, each ticked off on the ledger."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli.identities import session_for
from forensics.cli.options import PATH, Shared, case_option, shared
from forensics.cli.screen import Screen, fields_of
from forensics.cli.text import clean, many
from forensics.errors import DONE, UsageError

if TYPE_CHECKING:
    from forensics.examination.playbook_given import Given, Open
    from forensics.examination.playbook_status import Expiring, RoundState
    from forensics.examination.playbooks import PlaybookSummary

_LANGUAGE = click.option("--language", type=click.Choice(["ja", "en"]), default="ja", help="ja (as a rule) or en.")
_FOLDER = click.option(
    "--folder", metavar="DIR", type=PATH, default=None, help="Take the playbooks of this folder too."
)
_MARKS = {"next": ">", "open": " ", "not taken": "-", "skipped": "s", "overridden": "o"}


@click.group("playbook", short_help="Go from a question to papers, step by step.")
def command() -> None:
    """Playbooks: what to acquire first, what must be allowed, which rule answers what, and which papers are due.

    Each step that is behind you is a line of the ledger with the hash of the playbook. A run can be stopped at any
    time; the same command goes on where it stopped. Nothing is skipped without a reason.
    """


@command.command("list", short_help="List the playbooks.")
@_FOLDER
@shared("playbook list")
def list_(shared_: Shared, folder: Path | None) -> int:
    """List the playbooks of this program, and those of a folder of your own."""
    from forensics.examination.playbook_shown import listed

    found = listed(folder)
    shared_.screen.table(
        ["name", "日本語", "what", "version", "steps"],
        [[each.id, each.ja, each.en, each.version, str(each.steps)] for each in found],
        indent=0,
    )
    shared_.screen.object(DONE, playbooks=found)
    return DONE


@command.command("show", short_help="Show a playbook as a checklist.")
@click.argument("name", metavar="NAME")
@_FOLDER
@_LANGUAGE
@click.option("--html", metavar="FILE", type=PATH, default=None, help="Write the checklist as a page to print.")
@click.option("--template", is_flag=True, help="Print a file of everything a person has to answer, for --answers.")
@shared("playbook show")
def show(shared_: Shared, name: str, folder: Path | None, language: str, html: Path | None, template: bool) -> int:
    """Show the steps of a playbook, what expires first, and what each answer leads to."""
    from forensics.examination import playbook_shown

    text = playbook_shown.template_of(name, folder) if template else playbook_shown.text_of(name, folder, language)
    if html is not None:
        playbook_shown.write_page(name, folder, language, html)
        shared_.screen.line(f"The checklist is in {html}")
    else:
        for line in text.splitlines():
            shared_.screen.line(line)
    shared_.screen.object(DONE, name=name, text=text, html=html)
    return DONE


@command.command("run", short_help="Go on with a playbook.")
@click.argument("name", metavar="NAME")
@case_option
@_FOLDER
@click.option("--source", "sources", metavar="PATH", type=PATH, multiple=True, help="Acquire this; can be repeated.")
@click.option("--table", "tables", metavar="NAME=FILE", multiple=True, help="Put in this reference table.")
@click.option("--answer", "answers", metavar="STEP=TEXT", multiple=True, help="Answer a step; can be repeated.")
@click.option("--answers", "file", metavar="FILE", type=PATH, default=None, help="Take answers from this TOML file.")
@click.option("--skip", "skips", metavar="STEP=REASON", multiple=True, help="Leave a step out, and say why.")
@click.option("--again", is_flag=True, help="Begin a new round from the start; what was ticked stays on the ledger.")
@shared("playbook run", parallel=True)
def run(
    shared_: Shared,
    name: str,
    case: Path,
    folder: Path | None,
    sources: tuple[Path, ...],
    tables: tuple[str, ...],
    answers: tuple[str, ...],
    file: Path | None,
    skips: tuple[str, ...],
    again: bool,
) -> int:
    """Go on with the playbook NAME on the case in DIR: do what this program can do, ask what a person must know.

    At a terminal each open question is asked; 'skip: REASON' leaves a step out, an empty answer stops. Elsewhere the
    run stops at the first question without an answer, names it, and ends with 3.
    """
    from forensics.examination.playbook_given import Given
    from forensics.examination.playbook_shown import playbook_named
    from forensics.examination.playbooks import run_playbook

    chosen = playbook_named(name, folder)
    given: Given = Given.of_file(file) if file is not None else Given()
    given = given.with_more(
        _pairs(answers, "STEP=TEXT"),
        _pairs(skips, "STEP=REASON"),
        sources,
        {table: Path(path) for table, path in _pairs(tables, "NAME=FILE").items()},
    )
    asks = sys.stdin.isatty() and not (shared_.screen.as_json or shared_.quiet)
    with shared_.opened(case) as examination:
        language = 0 if examination.facts.language == "ja" else 1
        done = run_playbook(
            examination, chosen, given, prompt=_Asking(shared_.screen, language) if asks else None, again=again
        )
    _ran(shared_.screen, done, language, case)
    shared_.screen.object(done.exit_code, **fields_of(done))
    return done.exit_code


@command.command("status", short_help="Show how the playbooks of a case stand.")
@case_option
@_FOLDER
@shared("playbook status")
def status(shared_: Shared, case: Path, folder: Path | None) -> int:
    """Show what is done, what was skipped and why, what is next, and what expires when. Nothing is written."""
    from forensics.examination.playbook_status import status as status_of

    with shared_.station() as station:
        found = status_of(case, station.now(), session_for(case), folder)
    if not found.rounds:
        shared_.screen.line("No playbook was begun on this case; 'forensics playbook list' names them.")
    for each in found.rounds:
        _stands(shared_.screen, each)
    shared_.screen.object(found.exit_code, rounds=found.rounds)
    return found.exit_code


def _pairs(words: tuple[str, ...], form: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in words:
        name, equals, text = each.partition("=")
        if not (name and equals and text.strip()):
            raise UsageError(f"{each!r} is not of the form {form}", todo=f"write it as {form}")
        if name in found:
            raise UsageError(f"{name!r} is given twice", todo="give each name once")
        found[name] = text
    return found


class _Asking:
    """Asks a person at the terminal."""

    def __init__(self, screen: Screen, language: int) -> None:
        self._screen = screen
        self._language = language

    def __call__(self, asked: Open) -> str:
        step, number = asked.step, self._language
        self._screen.heading(f"{step.id}: {step.title[number]}")
        for text in (step.text[number], step.ask[number], asked.why, asked.todo):
            if text:
                self._screen.line(f"  {text}")
        for each in step.leads_to:
            self._screen.line(f"    {each.when[number]} → {each.then[number]}")
        if asked.field is not None:
            self._screen.line(f"  {asked.field.name}: {asked.field.title[number]}")
        choice = asked.answers or step.answers or (("YYYY-MM-DD",) if step.is_date else ())
        hint = f" ({' / '.join(choice)})" if choice else ""
        return str(click.prompt(clean(f"  answer{hint}"), default="", show_default=False)).strip()


def _ran(screen: Screen, done: PlaybookSummary, language: int, case: Path) -> None:
    screen.line(f"{done.playbook} {done.version}, round {done.round}, SHA-256 {done.sha256}", bold=True)
    rows = [[each.outcome, each.step, (each.ja, each.en)[language], each.said[:160]] for each in done.done]
    screen.table(["", "step", "what", "came to"], rows, indent=2)
    for path in (path for each in done.done for path in each.files):
        screen.line(f"    {case / path}")
    if done.ended:
        screen.line("The playbook has come to its end.")
    else:
        screen.line()
        screen.line(f"Stopped: {done.why}", bold=True)
        screen.line(f"  What to do: {done.todo}")


def _stands(screen: Screen, each: RoundState) -> None:
    state = "ended" if each.ended else f"next: {each.next}" if each.next else "not ended"
    screen.heading(f"{each.playbook} {each.version} ({each.en}), round {each.round}: {state}")
    if each.changed:
        screen.line("  The playbook has changed since this round was begun; 'run' refuses to go on without --again.")
    if not each.known:
        screen.line("  This playbook is not at hand; name its folder with --folder.")
    rows = []
    for step in each.steps:
        said = "; ".join(text for text in (step.said, f"why: {step.why}" if step.why else "") if text)
        line = f"line {step.line}" if step.line else ""
        rows.append([_MARKS.get(step.state, "x"), step.step, step.en, step.state, line, said[:160]])
    screen.table(["", "step", "what", "state", "", ""], rows)
    if each.expires and not each.ended:
        screen.line(f"  What expires ({many(len(each.expires), 'source')}):")
        screen.table([], [[one.en, _left(one), one.note_en] for one in each.expires], indent=4)


def _left(one: Expiring) -> str:
    if not one.days:
        return "not known: ask today"
    if one.days_left is None:
        return f"after {one.days} days"
    if one.days_left < 0:
        return f"{one.days} days: gone since {one.gone_on}"
    return f"{one.days} days: gone on {one.gone_on}, {one.days_left} left"
