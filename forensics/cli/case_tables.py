"""``forensics case tables``: what the client knows and no mail tells (own domains, staff, partners), as CSV files."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.cli.options import PATH, Shared, case_argument, shared
from forensics.cli.text import many
from forensics.errors import DONE, USAGE, UsageError


@click.command("tables", short_help="Put reference tables of the client into a case.")
@case_argument
@click.option("--add", "added", metavar="NAME=FILE", multiple=True, help="Check this CSV file and put it in as NAME.")
@click.option("--check", "checked", metavar="NAME=FILE", multiple=True, help="Name every fault; put nothing in.")
@click.option("--templates", metavar="FOLDER", type=PATH, help="Write an empty file for each table, with its columns.")
@shared("case tables")
def command(
    shared_: Shared, case: Path, added: tuple[str, ...], checked: tuple[str, ...], templates: Path | None
) -> int:
    """Put into the case in DIR what the client knows: own domains, staff, partners, calendars, public files and so on.

    Without an option, every table is listed with what the case has of it. A newer version of a table is kept beside the
    older ones, and rules read the newest. Rules that need a table which is not there say so.
    """
    from forensics.examination import case_tables

    if templates is not None:
        written = case_tables.write_templates(templates)
        shared_.screen.line(f"{len(written)} empty tables are in {templates}")
        shared_.screen.object(DONE, templates=[str(path) for path in written])
        return DONE
    if checked:
        return _check(shared_, checked)
    done = []
    if added:
        pairs = [_pair(each) for each in added]
        with shared_.opened(case) as examination:
            done = [case_tables.add_table(examination, name, path) for name, path in pairs]
    for each in done:
        state = "unchanged" if each.unchanged else "put in"
        shared_.screen.line(f"{each.table}: {many(each.rows, 'row')}, {state}, {each.path}, SHA-256 {each.sha256}")
    held = case_tables.tables_of(case)
    if not added:
        rows = [[one.table, one.ja, one.en, f"{one.rows:,}" if one.path else ""] for one in held]
        shared_.screen.table(["table", "日本語", "what", "rows"], rows, indent=0)
    shared_.screen.object(DONE, added=done, tables=held)
    return DONE


def _check(shared_: Shared, checked: tuple[str, ...]) -> int:
    from forensics.examination import case_tables

    found = {}
    for name, path in map(_pair, checked):
        found[str(path)] = case_tables.faults_of(name, path)
        for fault in found[str(path)]:
            shared_.screen.line(f"{path}: {fault}")
        if not found[str(path)]:
            shared_.screen.line(f"{path}: no fault")
    code = USAGE if any(found.values()) else DONE
    shared_.screen.object(code, faults=found)
    return code


def _pair(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise UsageError(f"{text!r} names no table and file", todo="write NAME=FILE, such as own_domains=domains.csv")
    return name, Path(path)
