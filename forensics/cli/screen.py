"""The one way to the outside: lines for a person on standard output, or one JSON object for a program (DESIGN 7).

Everything that is written passes :func:`forensics.cli.text.clean`. A reader that has gone away never stops the work:
what was begun is finished, and the rest of the output goes nowhere.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TextIO

import click

from forensics.cli.text import clean, padded, width

SCHEMA = 1
"""The version of the objects that ``--json`` gives."""


class Screen:
    """Where one command shows its result."""

    def __init__(self, command: str, *, as_json: bool = False, quiet: bool = False) -> None:
        self.command = command
        self.as_json = as_json
        self.quiet = quiet

    def line(self, text: str = "", *, bold: bool = False, colour: str = "") -> None:
        """One line of the result."""
        if not (self.as_json or self.quiet):
            write(sys.stdout, styled(sys.stdout, text, bold=bold, colour=colour))

    def heading(self, text: str) -> None:
        """A line that starts a section, with a blank line above it."""
        self.line()
        self.line(text, bold=True)

    def facts(self, pairs: Iterable[tuple[str, str]], indent: int = 2) -> None:
        """Names and what they stand for, one below the other."""
        self.table([], [list(pair) for pair in pairs], indent)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 2) -> None:
        """Columns as wide as their widest cell."""
        cleaned = [[clean(cell) for cell in row] for row in ([headings] if headings else []) + list(rows)]
        if not cleaned:
            return
        widths = [max(width(row[column]) for row in cleaned) for column in range(len(cleaned[0]))]
        for number, row in enumerate(cleaned):
            cells = (padded(cell, columns) for cell, columns in zip(row, widths, strict=True))
            self.line((" " * indent + "  ".join(cells)).rstrip(), bold=bool(headings) and number == 0)

    def object(self, exit_code: int, **values: Any) -> None:
        """The one JSON object, where it was asked for."""
        if self.as_json:
            say_object(self.command, exit_code, values)


def say_object(command: str, exit_code: int, values: dict[str, Any]) -> None:
    """Write one JSON object in ASCII, so that nothing in it can steer a terminal."""
    whole = {"schema": SCHEMA, "command": command, "exit_code": exit_code, **plain(values)}
    write(sys.stdout, json.dumps(whole, ensure_ascii=True).replace("\x7f", "\\u007f"))


def fields_of(summary: Any) -> dict[str, Any]:
    """The fields of a summary, to stand in the one object beside its exit code."""
    return {each.name: getattr(summary, each.name) for each in fields(summary) if each.name != "exit_code"}


def plain(value: Any) -> Any:
    """Summaries as JSON values: an object for each dataclass, with its exit code where it has one."""
    if is_dataclass(value):
        shown = {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        code = getattr(value, "exit_code", None)
        return shown if code is None else {**shown, "exit_code": code}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value


def styled(stream: TextIO, text: str, *, bold: bool = False, colour: str = "") -> str:
    """A cleaned line, with bold type and colour where the stream is a terminal that wants them."""
    cleaned = clean(text)
    if not (bold or colour) or not has_colour(stream):
        return cleaned
    return click.style(cleaned, bold=bold or None, fg=colour or None)


def has_colour(stream: TextIO) -> bool:
    """Whether the stream is a terminal and nothing forbids colour (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def complain(text: str, *, bold: bool = False, colour: str = "") -> None:
    """One line on standard error."""
    write(sys.stderr, styled(sys.stderr, text, bold=bold, colour=colour))


def write(stream: TextIO, line: str) -> None:
    """Write a line and send it off. When nobody reads any more, this and all that follows goes nowhere."""
    try:
        stream.write(line + "\n")
        stream.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
