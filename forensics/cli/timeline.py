"""The verb ``timeline``: from records to one ordered account, and questions to it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.cli.options import Shared, again_option, case_option, shared
from forensics.cli.screen import Screen, write
from forensics.cli.text import many
from forensics.errors import DONE, UsageError

if TYPE_CHECKING:
    from forensics.examination.querying import Answer, CaseView, Question

TABLES = {
    "presence": "Where each message lies, should lie and does not, and where nobody can know.",
    "access": "Which messages an account, an address or a session got to see.",
    "sessions": "Logins by account and IP address, with the failures before.",
    "coverage": "What the evidence covers, month by month, and its gaps.",
    "threads": "Which messages answer one another.",
    "identities": "Which addresses and names belong to one account.",
    "places": "The stores and logs, and whose they are.",
    "lineage": "The same attachment in different messages.",
    "joins": "Which message each line of a log is about, and why.",
}
FORMATS = ("table", "csv", "jsonl", "timesketch", "timesketch-csv", "l2tcsv", "parquet")
_CUT = 60
_LISTED = 3


def _table_options(function: Any) -> Any:
    """One flag for each table beside the events."""
    for name, about in reversed(TABLES.items()):
        function = click.option(f"--{name}", "table", flag_value=name, help=about)(function)
    return function


@click.command("timeline", short_help="Lay every event of every source on one timeline, and ask it.")
@case_option
@again_option
@click.option("--where", metavar="SQL", default="", help="One SQL condition over the columns shown.")
@click.option("--person", metavar="TEXT", default="", help="Events whose account, sender or recipients hold this text.")
@click.option("--between", metavar="FROM TO", nargs=2, help="Days or times; a day counts whole: 2026-06-01 2026-06-30.")
@click.option("--thread", metavar="MESSAGE", default="", help="Everything of the thread that this message belongs to.")
@click.option(
    "--message", metavar="MESSAGE", default="", help="Everything of one message: its Message-ID or record id."
)
@_table_options
@click.option("--zone", metavar="ZONE", default="", help="The zone of what is shown and asked; else that of the case.")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="How the answer is given; a table if not said.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the answer into this new file.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), default=100, help="Rows of the table (100).")
@shared("timeline")
def command(shared_: Shared, case: Path, again: bool, **asked: str | tuple[str, str] | Path | int | None) -> int:
    """Lay every event of every source on one timeline, and ask it.

    Each clock reading of each message and each line of each log is an event: what it means, who says so, and in which
    zone it was written. The same message in several places is one logical message with all its copies.

    With any of the options that ask, name a table or give a format, the timeline answers; it must have been built
    before. The tables (--presence and so on) take the same questions as the events and are given as table, csv, jsonl
    or parquet; their columns and words are in docs/reference/timeline-tables.md.
    """
    if any(asked[name] for name in ("where", "person", "between", "thread", "message", "table", "kind", "out")):
        return _answer(shared_, case, asked)
    from forensics.examination.timelining import timeline

    with shared_.opened(case) as examination:
        built = timeline(examination, again=again)
        head = examination.head
    state = " It was built from the newest records already." if built.unchanged else ""
    different = many(built.logical, "different message")
    shared_.screen.line(f"The timeline has {many(built.events, 'event')} of {different}.{state}")
    shared_.screen.line(f"Next: forensics report --case {case}")
    shared_.screen.object(
        built.exit_code, events=built.events, logical=built.logical, unchanged=built.unchanged, head=head
    )
    return built.exit_code


def _answer(shared_: Shared, case: Path, asked: dict[str, str | tuple[str, str] | Path | int | None]) -> int:
    from forensics.examination import querying

    view = querying.opened(case)
    zone = str(asked["zone"] or view.facts.time_zone)
    between = asked["between"]
    words = {name: str(asked[name] or "") for name in ("where", "person", "thread", "message")}
    question = querying.question_of(zone, between=between if isinstance(between, tuple) else ("", ""), **words)
    if asked["table"]:
        return _table_answer(shared_, view, question, zone, asked)
    kind, out = asked["kind"] or "table", asked["out"]
    language = view.facts.language
    if isinstance(out, Path):
        kind = str(asked["kind"] or _by_name(out))
        count = querying.export(view, question, kind, out, language=language, zone=zone)
        shared_.screen.line(f"{out}: {many(count, 'event')} as {kind}")
        shared_.screen.object(DONE, events=count, format=kind, out=str(out))
    elif kind == "table":
        limit = asked["limit"]
        answer = querying.ask(view, question, limit=limit if isinstance(limit, int) else 100)
        _table(shared_.screen, answer, zone, language)
        shared_.screen.object(DONE, events=answer.events, shown=[_plain(event) for event in answer.shown])
    elif kind == querying.PARQUET:
        raise UsageError("a Parquet file cannot be shown", todo="name a file with --out")
    elif shared_.screen.as_json:
        raise UsageError("--json and --format cannot stand together", todo="leave one of them out")
    else:
        for line in querying.lines(view, question, str(kind), language=language, zone=zone):
            write(sys.stdout, line.removesuffix("\n"))
    return DONE


def _table_answer(shared_: Shared, view: CaseView, question: Question, zone: str, asked: dict[str, Any]) -> int:
    from forensics.examination import querying

    name, out, kind = str(asked["table"]), asked["out"], str(asked["kind"] or "table")
    if isinstance(out, Path):
        kind = str(asked["kind"] or _by_name(out))
        count = querying.export_table(view, name, question, kind, out)
        shared_.screen.line(f"{out}: {many(count, 'row')} of {name} as {kind}")
        shared_.screen.object(DONE, table=name, rows=count, format=kind, out=str(out))
    elif kind == "table":
        answer = querying.ask_table(view, name, question, limit=int(asked["limit"] or 100))
        rows = [[_shown(row[column], zone) for column in answer.columns] for row in answer.shown]
        shared_.screen.table([_heading(column, zone) for column in answer.columns], rows, indent=0)
        if answer.rows > len(answer.shown):
            left = many(answer.rows - len(answer.shown), "more row")
            shared_.screen.line(f"... and {left}; --limit or --out shows them.")
        shared_.screen.line(f"{many(answer.rows, 'row')} in all.")
        shared_.screen.object(DONE, table=name, rows=answer.rows, shown=[_plain(row) for row in answer.shown])
    elif kind == querying.PARQUET:
        raise UsageError("a Parquet file cannot be shown", todo="name a file with --out")
    elif shared_.screen.as_json:
        raise UsageError("--json and --format cannot stand together", todo="leave one of them out")
    else:
        for line in querying.table_lines(view, name, question, kind):
            write(sys.stdout, line.removesuffix("\n"))
    return DONE


def _heading(column: str, zone: str) -> str:
    return f"{column} ({zone})" if column in ("utc", "first", "last") else column


def _shown(value: object, zone: str) -> str:
    """One cell for a terminal; of a list its first members."""
    from zoneinfo import ZoneInfo

    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list):
        more = f" (+{len(value) - _LISTED})" if len(value) > _LISTED else ""
        return _cut("; ".join(str(each) for each in value[:_LISTED])) + more
    return "" if value is None else _cut(str(value))


def _by_name(out: Path) -> str:
    found = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}.get(out.suffix.lower())
    if found is None:
        raise UsageError(f"the name {out.name} does not tell the format", todo="add --format")
    return found


def _table(screen: Screen, answer: Answer, zone: str, language: str) -> None:
    from zoneinfo import ZoneInfo

    rows = []
    for event in answer.shown:
        when = event["utc"].astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") if event["utc"] else "-"
        cells = (event["actor"], event["action"], event["subject"], event["address"])
        rows.append([when, *(_cut(str(cell or "")) for cell in cells)])
    screen.table([f"time ({zone})", "account or host", "what", "subject", "address"], rows, indent=0)
    if answer.events > len(answer.shown):
        screen.line(f"... and {many(answer.events - len(answer.shown), 'more event')}; --limit or --out shows them.")
    screen.line(f"{many(answer.events, 'event')} in all.")


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else text[: _CUT - 1] + "…"


def _plain(row: dict[str, object]) -> dict[str, object]:
    """Values that JSON knows."""
    known = (str, int, float, bool, list, type(None))
    return {name: value if isinstance(value, known) else str(value) for name, value in row.items()}
