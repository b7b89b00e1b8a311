"""The verb ``search``: words in subjects, texts, names, people and attachments, and counts of listed words."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.cli.options import PATH, Shared, again_option, case_option, shared
from forensics.cli.screen import write
from forensics.cli.text import many
from forensics.errors import DONE, UsageError

if TYPE_CHECKING:
    from forensics.examination.searching import Hit, Limits, Searched

_CUT = 50
_COLUMNS = ("utc", "message", "evidence", "address", "recovery", "subject", "sender", "fields", "hits", "excerpt")


@click.command("search", short_help="Find words in subjects, texts, names, people and attachments.")
@case_option
@click.argument("query", metavar="[QUERY]...", nargs=-1)
@click.option("--list", "file", metavar="FILE", type=PATH, help="Count each word of this file, one on each line.")
@click.option("--words", is_flag=True, help="Count each word of the table 'words' of the case.")
@click.option("--between", metavar="FROM TO", nargs=2, help="Days or times; a day counts whole: 2026-06-01 2026-06-30.")
@click.option(
    "--person", metavar="TEXT", default="", help="Messages from or to somebody whose name or address holds this."
)
@click.option(
    "--order", type=click.Choice(["date", "rank"]), default="date", help="By time, or subjects and names first."
)
@click.option("--zone", metavar="ZONE", default="", help="The zone of what is shown and asked; else that of the case.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), default=50, help="Messages that are shown (50).")
@click.option(
    "--csv", "as_csv", is_flag=True, help="Every message that answers as CSV on standard output, times in UTC."
)
@again_option
@shared("search")
def command(
    shared_: Shared,
    case: Path,
    query: tuple[str, ...],
    file: Path | None,
    words: bool,
    again: bool,
    **asked: Any,
) -> int:
    """Find words in subjects, body texts, names and texts of attachments, senders and recipients.

    A word is found wherever its characters stand side by side, in any width and case, in words of any length:
    'search 顧客', 'search invoice'. Words with a blank between them must all be in the message; '"A B"' side by side,
    'A OR B' either, '-A' not, '=A' a whole word, 'A*' a word that begins so, and 'subject:A', 'body:A', 'name:A' (names
    of attachments), 'file:A' (their texts), 'from:A', 'to:A' only there. Put '--' before a query that begins with '-'.

    The index is made when it is first needed, as 'work.sqlite' in the case, and anew when the records have changed.
    Texts of attachments are in it once 'forensics find' has read them.
    """
    from forensics.examination import searching

    if bool(query) + bool(file) + words != 1:
        raise UsageError("there must be one of a query, --list and --words", todo="give one of them")
    if asked["as_csv"] and shared_.screen.as_json:
        raise UsageError("--json and --csv cannot stand together", todo="leave one of them out")
    said = " ".join(query)
    lists = searching.lists_of(case, file) if file or words else {}
    if said:
        # Told before an index is made for it.
        searching.check(said)
    with shared_.station() as station:
        searched = searching.prepared(case, station.progress, again=again)
        zone = str(asked["zone"] or searched.zone)
        limits = searching.limits_of(zone, asked["between"], str(asked["person"]), str(asked["order"]))
        if lists:
            _lists(shared_, searched, lists, limits, asked, station.progress)
        else:
            _query(shared_, searched, said, limits, asked, zone)
    if not searched.attachments:
        shared_.screen.line("Texts of attachments were not read: run 'forensics find', then search again.")
    return DONE


def _query(shared_: Shared, searched: Searched, said: str, limits: Limits, asked: dict[str, Any], zone: str) -> None:
    from forensics.examination import searching

    answer = searching.found_by(searched, said, limits, limit=None if asked["as_csv"] else int(asked["limit"]))
    if asked["as_csv"]:
        _csv([_COLUMNS, *(_row(hit) for hit in answer.shown)])
        shared_.screen.quiet = True
        return
    rows = [[_when(hit, zone), _cut(hit.sender), _cut(hit.subject), _excerpt(hit), hit.address] for hit in answer.shown]
    shared_.screen.table([f"time ({zone})", "from", "subject", "found", "address"], rows, indent=0)
    if answer.messages > len(answer.shown):
        left = many(answer.messages - len(answer.shown), "more message")
        shared_.screen.line(f"... and {left}; --limit or --csv shows them.")
    shared_.screen.line(f"{many(answer.messages, 'message')} of {searched.messages:,}.")
    shown = [_plain(hit) for hit in answer.shown]
    shared_.screen.object(
        DONE, query=said, messages=answer.messages, searched=searched.messages, attachments=searched.attachments,
        shown=shown,
    )  # fmt: skip


def _lists(
    shared_: Shared, searched: Searched, lists: Any, limits: Limits, asked: dict[str, Any], progress: Any
) -> None:
    from forensics.examination import searching

    rows: list[list[str]] = []
    told: list[dict[str, Any]] = []
    lines: list[Any] = [("list", "word", *_COLUMNS)]
    for count, hits in searching.counted(searched, lists, limits, progress):
        rows.append([count.list, count.word, f"{count.messages:,}", f"{count.hits:,}", count.why_not])
        per_message = [{"message": hit.message, "hits": hit.hits} for hit in hits[: int(asked["limit"])]]
        told.append({**asdict(count), "shown": per_message})
        if asked["as_csv"]:
            lines += [(count.list, count.word, *_row(hit)) for hit in hits]
    if asked["as_csv"]:
        _csv(lines)
        shared_.screen.quiet = True
        return
    shared_.screen.table(["list", "word", "messages", "hits", ""], rows, indent=0)
    shared_.screen.object(DONE, searched=searched.messages, attachments=searched.attachments, words=told)


def _csv(rows: Any) -> None:
    for row in rows:
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(row)
        write(sys.stdout, text.getvalue())


def _row(hit: Hit) -> tuple[object, ...]:
    utc = _instant(hit).isoformat() if hit.utc is not None else ""
    fields = " ".join(hit.fields)
    known = (hit.message, hit.evidence, hit.address, hit.recovery, hit.subject, hit.sender, fields, hit.hits)
    return (utc, *known, _excerpt(hit))


def _plain(hit: Hit) -> dict[str, Any]:
    return {**asdict(hit), "utc": _instant(hit).isoformat() if hit.utc is not None else None}


def _instant(hit: Hit) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=hit.utc or 0)


def _when(hit: Hit, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return _instant(hit).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") if hit.utc is not None else "-"


def _excerpt(hit: Hit) -> str:
    """The first hit, marked, with the field that it stands in."""
    for each in hit.excerpts:
        place = f"{each.field} ({each.where})" if each.where and each.field == "file" else each.field
        return f"{place}: {each.before}«{each.hit}»{each.after}"
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else text[: _CUT - 1] + "…"
