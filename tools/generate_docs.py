"""Writes the pages of docs/reference that follow from the code; ``make docs`` runs it and tests/docs compares.

Nothing in these pages depends on the machine: no version of Python, no path, no hash of code.
"""

from __future__ import annotations

import ast
import enum
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import click  # noqa: E402

from forensics import absent, discovery, errors, moments, records, schemas, tables  # noqa: E402
from forensics.casefile import acts, ledger  # noqa: E402
from forensics.cli.main import VERBS, toolkit  # noqa: E402
from forensics.examination import parsejob, reporting  # noqa: E402
from forensics.findings import lists, packs  # noqa: E402
from forensics.findings.card import Card  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
_WIDTH = 100
_MADE = "<!-- Written by tools/generate_docs.py from the code: change it there, then run `make docs`. -->"
_BUILT_IN = "built in"


def page(title: str, about: str, *sections: str) -> str:
    """A whole page."""
    return "\n\n".join([_MADE, f"# {title}", about, *sections]) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [list(headings), ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def prose(text: str | None) -> str:
    """A docstring as Markdown: unwrapped within its paragraphs, with roles and double backticks made plain."""
    paragraphs = inspect.cleandoc(text or "").replace("``", "`").split("\n\n")
    whole = "\n\n".join(" ".join(each.split()) for each in paragraphs)
    for role in (":class:", ":func:", ":mod:"):
        whole = whole.replace(role, "")
    return whole.replace("`~forensics.", "`forensics.")


def attribute_docs(thing: type) -> dict[str, str]:
    """The texts that stand below the fields or members of a class."""
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(thing)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for before, node in pairwise(body):
        target = before.targets[0] if isinstance(before, ast.Assign) else getattr(before, "target", None)
        text = node.value if isinstance(node, ast.Expr) else None
        if isinstance(target, ast.Name) and isinstance(text, ast.Constant) and isinstance(text.value, str):
            found[target.id] = prose(text.value)
    return found


# -- cli.md ------------------------------------------------------------------------------------------------------------


def cli() -> str:
    """Every help text, as the command gives it."""
    about = (
        "Every verb has `--json`: then standard output holds exactly one JSON object, with `schema` (the version of "
        "these objects), `command` and `exit_code` beside the fields of the result, and everything else goes to "
        "standard error. "
        "Long work shows its progress on standard error: a live line on a terminal, else a line every ten seconds. "
        "`NO_COLOR` is respected. What the exit codes mean is in [exit-codes.md](exit-codes.md)."
    )
    return page("The command line", about, *(_help_section(*each) for each in _commands()))


def _commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    settings = {**toolkit.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}
    top = click.Context(toolkit, info_name="forensics", **settings)
    yield "forensics", toolkit, top
    for verb in VERBS:
        command = toolkit.get_command(top, verb)
        assert command is not None
        yield from _below(f"forensics {verb}", command, click.Context(command, info_name=verb, parent=top))


def _below(
    name: str, command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield name, command, context
    if isinstance(command, click.Group):
        for word, each in command.commands.items():
            yield from _below(f"{name} {word}", each, click.Context(each, info_name=word, parent=context))


def _help_section(name: str, command: click.Command, context: click.Context) -> str:
    return f"## {name}\n\n```text\n{command.get_help(context)}\n```"


# -- formats.md --------------------------------------------------------------------------------------------------------


def formats() -> str:
    """Every parser and every report of this distribution."""
    about = (
        "What can be read and what can be written. `forensics formats` lists the same for the installation at hand, "
        "with the SHA-256 of the code, with what other distributions add, and with what a missing library makes "
        "unavailable. "
        "How much of a file is a store of some kind is decided by its content, not by its name."
    )
    parsers = _offers(parsejob.PARSERS)
    written = _offers(reporting.REPORTS)
    rows = [[f"`{each.name}`", each.title, each.version] for each in parsers]
    return page(
        "Formats",
        about,
        "## Read",
        table(["name", "what it is", "version"], rows),
        *(_offer_section(each) for each in parsers),
        "## Written",
        *(_offer_section(each) for each in written),
    )


def _offers(package: str) -> list[discovery.Offer]:
    return [each for each in discovery.offers(package) if each.source == _BUILT_IN and each.maker is not None]


def _offer_section(offer: discovery.Offer) -> str:
    lines = [f"### {offer.name}: {offer.title}", f"Version {offer.version}, `{offer.module}`."]
    lines.append(prose(sys.modules[offer.maker.__module__].__doc__))
    if offer.maker.__doc__:
        lines.append(prose(offer.maker.__doc__))
    for method, label in (("claims", "Claims"), ("ranges", "Cut into parts"), ("parse", "Gives")):
        text = prose(getattr(getattr(offer.maker, method, None), "__doc__", ""))
        if text:
            lines.append(f"*{label}:* {text}")
    return "\n\n".join(lines)


# -- exit-codes.md -----------------------------------------------------------------------------------------------------


def exit_codes() -> str:
    """The codes, in the order in which they outrank each other."""
    about = (
        "One run can meet several of these; the number that is returned is the one that outranks the others: "
        f"{' before '.join(str(code) for code in sorted(_MEANINGS, key=_rank, reverse=True))}."
    )
    rows = [[str(code), meaning, _class_of(code)] for code, meaning in sorted(_MEANINGS.items())]
    tree = inspect.cleandoc(errors.__doc__ or "").split("\n\n")[1]
    return page(
        "Exit codes",
        about,
        table(["code", "meaning", "error"], rows),
        "## The errors behind them",
        f"```text\n{tree}\n```",
        "Each error is one sentence that says what happened, the place, and what to do next. A fault of the program "
        "itself also ends with 1, and says so; `--debug` shows where it happened.",
    )


_MEANINGS = {
    errors.DONE: "Everything was done and could be read.",
    errors.FAILED: "Something was tried and failed: nothing of the source could be read, no space left, a fault.",
    errors.USAGE: "Nothing was tried: a wrong option, a source that is not there, a folder that is not a case, a case "
    "that another process is working on.",
    errors.PARTLY_READ: "Done, but some of it could not be read, or nothing in an evidence item is mail that is known, "
    "or results are unsettled because a step was cut short. The summary, `records/problem` and the reports name "
    "every place.",
    errors.INTEGRITY_BROKEN: "Something in the case is not what was stored, or an image differs from its own hash.",
    errors.LEDGER_BROKEN: "The chain of the ledger does not hold.",
    errors.INTERRUPTED: "Stopped by Ctrl-C or a signal; the same command again goes on where it stopped.",
}


def _rank(code: int) -> int:
    return sum(errors.worst(code, other) == code for other in _MEANINGS)


def _class_of(code: int) -> str:
    named = [thing for thing in vars(errors).values() if inspect.isclass(thing) and issubclass(thing, Exception)]
    return ", ".join(f"`{each.__name__}`" for each in named if getattr(each, "exit_code", None) == code)


# -- ledger.md ---------------------------------------------------------------------------------------------------------

_LINE = {
    "v": "Version of the line format and of the list of acts.",
    "case": "The id of the case.",
    "seq": "The number of the line, from 1, without gaps.",
    "id": "The id of the line (UUID version 7).",
    "prev": "SHA-256 of the line before it, its raw bytes without the line feed; 64 zeros in the first line.",
    "ts_ns": "When, by the clock of the machine: nanoseconds since 1970-01-01 00:00 UTC.",
    "act": "What was done, see below.",
    "phase": "How far it came, see below.",
    "step": "The same for all lines of one step.",
    "actor": "Who: name, organisation and role, as `case.toml` states them; `key` is the fingerprint of the SSH key.",
    "host": "The machine: name, system, id of its boot.",
    "tool": "This program: version, SHA-256 over its source, Python, libraries that read evidence; `lock_sha256` is "
    "the SHA-256 over the sorted lines `name==version sha256(RECORD)` of every installed library it needs to run.",
    "argv": "The command as typed.",
    "params": "What the step was given; in `begun` with `case_toml_sha256`, the hash of `case.toml`.",
    "in": "The inputs, each with its SHA-256.",
    "out": "The outputs, each with its SHA-256. Only what the newest `finished` line of a step lists counts.",
    "result": "What came of it; in `failed` the reason (`error`), its `place` and the exit code (`rc`).",
    "why": "A reason given by a person, or an explanation.",
    "authority": "The legal basis, as `case.toml` stated it at that time.",
    "corrects": "The id of an earlier line that this one corrects; no line is ever changed.",
    "clock": "How the clock of the machine stood: `offset_ms` from `source`, and whether it was `synchronised`.",
    "change": "A change of the evidence that could not be avoided: `what`, `who` and `why`.",
    "place": "Where it was done, as a person names it.",
    "witness": "Who was present: `name`, `org`, `role`.",
    "approvals": "The approvals under which it was done: the id of each, and the SHA-256 of its paper.",
    "attach": "Papers, photos and other payloads: `path` (`ledger/attached/<sha256>`), `sha256`, `size`.",
}


def ledger_page() -> str:
    """The files of the ledger, the fields of a line, the acts and the phases."""
    return page(
        "The ledger",
        prose(acts.__doc__).split("\n\n")[0] + f" This is version {acts.VERSION}. "
        "Lines of version 1 stay readable; they know the first eleven acts below, and no field from `clock` on.",
        "## On disk",
        _indented(ledger.__doc__ or ""),
        "## The fields of a line",
        "A field that has no value is left out.",
        table(["field", "meaning"], [[f"`{name}`", meaning] for name, meaning in _LINE.items()]),
        "## Acts",
        _members(acts.Act),
        "## Phases",
        _members(acts.Phase),
    )


def _members(kind: type[enum.Enum]) -> str:
    said = attribute_docs(kind)
    if not said:
        return ", ".join(f"`{each.value}`" for each in kind)
    return table(["value", "meaning"], [[f"`{each.value}`", said.get(each.name, "")] for each in kind])


def _indented(text: str) -> str:
    """A docstring that has an indented table in it: the table stays as it is written."""
    parts = inspect.cleandoc(text).split("\n\n")
    shown = (f"```text\n{inspect.cleandoc(part)}\n```" if part.startswith("    ") else prose(part) for part in parts)
    return "\n\n".join(shown)


# -- records.md --------------------------------------------------------------------------------------------------------

_COMMON = {
    "id": "The id of the record within the case; follows from its kind and its address.",
    "origin_key": "SHA-256 of the kind, the hash of the stored file and the steps inside it: two examiners with the "
    "same bytes can compare line by line.",
    "evidence": "The evidence item.",
    "address": "Where it was found, from the evidence item through every level of nesting.",
    "span_start": "The first byte in the stored file, where there is a byte range.",
    "span_end": "The byte after the last one.",
    "recovery": "Where a thing was found, from the living to the carved; see below.",
    "parser": "Name and version of the parser that read it.",
    "absent": "Why a value is null: the name of the column and the reason; see below.",
}


def records_page() -> str:
    """Every table with its columns."""
    about = (
        "One table for each kind of record, in Parquet files under `records/<kind>/`. "
        + prose(schemas.__doc__).split("\n\n")[1]
        + " Every table begins with the same columns and ends with `absent`."
    )
    kinds = {cls.KIND: cls for cls in _record_classes(records)}
    schema = next(iter(tables.SCHEMAS.values()))
    common = [[f"`{name}`", type_name(schema.field(name).type), meaning] for name, meaning in _COMMON.items()]
    return page(
        "Records",
        about,
        "## In every table",
        table(["column", "type", "meaning"], common),
        *(_kind_section(kind, kinds[kind]) for kind in tables.SCHEMAS),
        "## Values",
        "### recovery",
        prose(records.Recovery.__doc__),
        _members(records.Recovery),
        "### absent",
        prose(absent.Absent.__doc__),
        _members(absent.Absent),
        "### integrity",
        prose(records.Integrity.__doc__),
        _members(records.Integrity),
        *_moment_values(),
    )


def type_name(kind: Any) -> str:
    """The type of a column without the names that versions of Arrow give to the items of lists."""
    return re.sub(r"<\w+: ", "<", str(kind))


def _record_classes(module: ModuleType) -> Iterator[Any]:
    for thing in vars(module).values():
        if inspect.isclass(thing) and issubclass(thing, records.Record) and thing.KIND:
            yield thing


def _kind_section(kind: str, cls: type) -> str:
    said = attribute_docs(cls)
    if kind == "moment":
        said = {**attribute_docs(moments.Moment), **said}
    rows = [
        [f"`{each.name}`", type_name(each.type), said.get(each.name, "")]
        for each in tables.SCHEMAS[kind]
        if each.name not in _COMMON
    ]
    extra = [prose(moments.Moment.__doc__)] if kind == "moment" else []
    part = [prose(records.Part.__doc__)] if issubclass(cls, records.Part) else []
    headings = ["column", "type", "meaning"] if any(row[2] for row in rows) else ["column", "type"]
    shown = [row[: len(headings)] for row in rows]
    return "\n\n".join([f"## {kind}", prose(cls.__doc__), *part, *extra, table(headings, shown)])


def _moment_values() -> Iterator[str]:
    for name in ("meaning", "basis", "zone", "precision"):
        kind = getattr(moments, name.capitalize(), None)
        if inspect.isclass(kind) and issubclass(kind, enum.Enum):
            yield f"### {name} of a moment"
            yield prose(kind.__doc__)
            yield _members(kind)


# -- rules.md ----------------------------------------------------------------------------------------------------------


def rules_page() -> str:
    """Every row of the catalogue and where it is answered, then every card with what it needs and its guards."""
    about = (
        "Every question of the catalogue and where it is answered, then every rule card: what it finds, the tables "
        "that it needs, its parameters with the values that they have by default, what keeps it from being wrong, what "
        "else could explain what it finds, and what that does not show. `forensics find --rule ID` asks one of them, "
        "`--set ID.name=value` with another value. A finding says that an account did something, never a person."
    )
    cards = packs.built_in().cards
    rows = [[row.id, row.item, _answer(row, cards)] for row in lists.catalogue()]
    whole = table(["row", "question", "answered by"], rows)
    return page("Rules", about, whole, *(_card_section(card) for card in cards))


def _answer(row: lists.Row, cards: Sequence[Card]) -> str:
    named = [f"[{card.id}](#{card.id.lower()})" for card in cards if row.id in card.answers]
    return "; ".join(filter(None, [", ".join(named), row.where[1]]))


def _card_section(card: Card) -> str:
    facts = [f"stage {card.stage}", f"confidence {card.confidence}", f"version {card.version}"]
    values = [
        [f"`{name}`", str(each.value), each.unit, " / ".join(each.means)] for name, each in card.parameters.items()
    ]
    lists_ = {
        "Guards": card.guards,
        "What else may explain it": card.also_possible,
        "What it does not show": card.does_not_show,
    }
    parts = [f"**{card.title[0]} / {card.title[1]}** ({', '.join(facts)})", card.explanation[0], card.explanation[1]]
    parts.append("Reads: " + ", ".join(f"`{name}`" for name in card.needs))
    if values:
        parts.append(table(["parameter", "value", "unit", "meaning"], values))
    parts += [f"{name}:\n\n" + "\n".join(f"- {ja} / {en}" for ja, en in said) for name, said in lists_.items() if said]
    return "\n\n".join([f"## {card.id}", *parts])


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli,
    "formats.md": formats,
    "exit-codes.md": exit_codes,
    "ledger.md": ledger_page,
    "records.md": records_page,
    "rules.md": rules_page,
}


def main() -> None:
    """Write every page that is not as it should be."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        path, text = REFERENCE / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
