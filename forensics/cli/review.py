"""The verb ``review``: ask for content of a case under two-person control, approve it, open it, see who saw what."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli import show
from forensics.cli.identities import given, identities, identity_option
from forensics.cli.options import PATH, Shared, case_argument, shared
from forensics.cli.screen import Screen
from forensics.cli.text import many
from forensics.errors import ForensicsError, UsageError

if TYPE_CHECKING:
    from forensics.examination.conductor import Examination
    from forensics.examination.reviewing import Answered, Asked, CaseView, Shown, Told

_DAY = 86_400 * 10**9
STAGES = ("metadata", "excerpt", "full")


@click.group("review", short_help="Two-person control: ask for content, approve, open, see who saw what.")
def command() -> None:
    """Ask for content of a case under two-person control, approve it, open it, see who saw what.

    Only a case that was made with 'forensics case new --review two-person' needs this.
    """


@command.command("request", short_help="Ask to see content.")
@case_argument
@click.option("--as", "requester", metavar="NAME", required=True, help="Who asks.")
@click.option("--message", "messages", metavar="ID", multiple=True, help="This message; can be repeated.")
@click.option("--where", metavar="SQL", help="The messages that meet one condition over the columns of 'message'.")
@click.option("--hits", metavar="TERM", help="The messages whose text has the term; this takes both --identity.")
@click.option("--stage", type=click.Choice(STAGES), default="full", help="How far: the words around a hit, or all.")
@click.option("--purpose", metavar="TEXT", required=True, help="What it is needed for.")
@click.option("--basis", metavar="TEXT", required=True, help="What permits it: order, consent, engagement.")
@click.option("--days", type=click.IntRange(1, 366), default=7, help="So many days it can be used. Without it, 7.")
@click.option("--max-views", type=click.IntRange(1, 1_000_000), default=20, help="So many openings. Without it, 20.")
@click.option("--out", metavar="FILE", type=PATH, required=True, help="Write the request here, for the approver.")
@identity_option
@shared("review request")
def request_(
    shared_: Shared,
    case: Path,
    requester: str,
    messages: tuple[str, ...],
    where: str | None,
    hits: str | None,
    stage: str,
    purpose: str,
    basis: str,
    days: int,
    max_views: int,
    out: Path,
) -> int:
    """Ask to see content of some messages of the case in DIR; FILE goes to the approver.

    The request names the messages, how far, what for, with what right, for how long and how often. It is on the ledger
    before anybody answers it.
    """
    from forensics.examination.reviewing import Wish, request

    with shared_.opened(case) as examination:
        view = examination.view()
        ids = set(messages)
        ids |= set(view.chosen(where)) if where is not None else set()
        ids |= set(view.hits(hits)) if hits is not None else set()
        if not ids:
            raise UsageError("no message is asked for", todo="give --message, --where or --hits that meet some")
        now = examination.station.now()
        wish = Wish(
            requester=requester,
            stage=stage,
            purpose=purpose,
            basis=basis,
            from_ns=now,
            until_ns=now + days * _DAY,
            max_views=max_views,
        )
        _free(out)
        made = request(examination, wish, sorted(ids))
        _write(out, made.file)
    shared_.screen.line(f"Request {made.request} for {many(made.messages, 'message')}, line {made.line} of the ledger")
    shared_.screen.line(f"Next: {' or '.join(made.approvers)}: forensics review approve {out} --as NAME ...")
    told = {"request": made.request, "messages": made.messages, "root": made.root, "line": made.line, "file": str(out)}
    shared_.screen.object(0, **told)
    return 0


@command.command("approve", short_help="Approve or deny a request.")
@click.argument("file", metavar="REQUEST", type=PATH)
@click.option("--as", "approver", metavar="NAME", required=True, help="Who approves.")
@click.option("--ssh-key", metavar="FILE", type=PATH, required=True, help="The key that signs, or its .pub file.")
@click.option("--deny", metavar="WHY", default="", help="Deny it, and say why.")
@click.option("--case", metavar="DIR", type=PATH, help="Put the answer on the ledger of this case.")
@click.option("--out", metavar="FILE", type=PATH, help="Write the answer here, for the requester.")
@identity_option
@shared("review approve")
def approve(
    shared_: Shared, file: Path, approver: str, ssh_key: Path, deny: str, case: Path | None, out: Path | None
) -> int:
    """Answer the request in the file REQUEST with a signature.

    With --identity the approver hands over what lets the requester open the case alone under this approval; that is in
    the file of --out, which is to be sent by a way that nobody else reads, and it never enters the case. Without it
    both have to be there when content is opened.
    """
    from forensics.examination.reviewing import answer, read_asked, record

    if case is None and out is None:
        raise UsageError("the answer would go nowhere", todo="give --case DIR, --out FILE or both")
    asked = read_asked(_read(file), str(file))
    own = identities(given())
    if len(own) > 1:
        raise UsageError("an approver has one identity", todo="give --identity once, or not at all")
    _asked(shared_.screen, asked)
    found = answer(asked, approver, ssh_key, time.time_ns(), deny=deny, identity=own[0] if own else None)
    line = 0
    if out is not None:
        _free(out)
    if case is not None:
        with shared_.opened(case, control=False) as examination:
            noted = record(examination, found)
            line = noted.number if noted is not None else 0
    if out is not None:
        _write(out, found.encode())
    said = "Denied" if deny else "Approved"
    shared_.screen.line(f"{said} by {approver}" + (f", line {line} of the ledger" if line else ""))
    shared_.screen.object(
        0, request=asked.request.id, decision=found.approval.decision, line=line, handed_over=bool(found.handover)
    )
    return 0


@command.command("open", short_help="Open a message under an approval.")
@case_argument
@click.argument("message", metavar="MESSAGE")
@click.option("--request", "request_name", metavar="ID", default="", help="The request that was approved.")
@click.option("--approval", metavar="FILE", type=PATH, help="The answer as the approver sent it.")
@click.option("--around", metavar="TERM", default="", help="Only the words around each hit of the term.")
@click.option("--attachment", type=click.IntRange(1), help="Export the attachment of this number.")
@click.option("--to", "target", metavar="FILE", type=PATH, help="With --attachment: the file to write it to.")
@identity_option
@shared("review open")
def open_(
    shared_: Shared,
    case: Path,
    message: str,
    request_name: str,
    approval: Path | None,
    around: str,
    attachment: int | None,
    target: Path | None,
) -> int:
    """Show a MESSAGE of the case in DIR: its records always, its content as far as an approval goes.

    Give both --identity, or with --approval that of the requester alone where the approver handed over. The view is on
    the ledger before anything is shown; --attachment counts as an export. Without --request and --approval nothing but
    the records is shown.
    """
    from forensics.examination.reviewing import read_answered
    from forensics.examination.reviewing import show as show_message

    if (attachment is None) != (target is None):
        raise UsageError("--attachment N and --to FILE go together", todo="give both, or neither")
    found = read_answered(_read(approval), str(approval)) if approval is not None else None
    with shared_.opened(case, control=False) as examination:
        view = _view(examination, request_name, found)
        if target is not None and attachment is not None:
            _free(target)
            _write(target, view.attachment(message, attachment, export=target.name))
        whole = view.session is not None and target is None and view.session.reaches("full")
        shown = show_message(view, message, around if target is None else "", whole=whole)
    _shown(shared_.screen, shown, target)
    shared_.screen.object(0, shown=shown, exported=str(target) if target else "")
    return 0


def _view(examination: Examination, name: str, found: Answered | None) -> CaseView:
    """The case under an approval, or as it is without one."""
    from forensics.examination.reviewing import open_under, record, together_of

    if found is not None:
        record(examination, found)
        name = found.approval.request.id
    if not name:
        return examination.view()
    return open_under(examination, name, together_of(examination, name, identities(given()), found))


@command.command("log", short_help="Show who saw what, when, under which approval.")
@case_argument
@shared("review log")
def log_(shared_: Shared, case: Path) -> int:
    """Show every request of the case in DIR with its answer and every opening: who, what, when. It takes no key."""
    from forensics.examination.reviewing import log

    reviews = log(case)
    for each in reviews:
        _told(shared_.screen, each)
    if not reviews:
        shared_.screen.line("Nobody has asked to see content of this case.")
    shared_.screen.object(0, reviews=reviews)
    return 0


# -- showing -------------------------------------------------------------------------------------------------------


def _asked(screen: Screen, asked: Asked) -> None:
    one = asked.request
    screen.line(f"Request {one.id}", bold=True)
    screen.facts(
        [
            ("case", one.case),
            ("by", one.requester),
            ("asks for", f"{many(one.count, 'message')}, {one.stage}, {many(one.max_views, 'view')} at the most"),
            ("until", show.moment(one.until_ns)),
            ("purpose", one.purpose),
            ("basis", one.basis),
        ]
    )


def _shown(screen: Screen, shown: Shown, target: Path | None) -> None:
    screen.line(f"Message {shown.message}", bold=True)
    screen.facts(list(shown.head))
    if shown.attachments:
        screen.heading("Attachments")
        rows = [[str(n), name, f"{size or 0:,} bytes", sha256] for n, name, size, sha256 in shown.attachments]
        screen.table(["no.", "name", "size", "SHA-256"], rows)
    for kind, text in shown.texts:
        screen.heading(f"Body ({kind})")
        # Line by line, because the screen shows any other control character as what it is.
        for line in text.splitlines():
            screen.line(f"  {line}")
    for number, text in enumerate(shown.excerpts, start=1):
        screen.heading(f"Hit {number}")
        screen.line(f"  … {text} …")
    if target is not None:
        screen.line(f"Written to {target}")
    if shown.line:
        screen.line(f"On line {shown.line} of the ledger; {many(shown.left, 'view')} left under this approval.")


def _told(screen: Screen, each: Told) -> None:
    screen.heading(f"Request {each.request}: {each.state}")
    used = f"{len(each.views)} of {many(each.max_views, 'view')}"
    facts = [("by", each.requester), ("for", f"{many(each.messages, 'message')}, {each.stage}, {used} used")]
    facts += [("answered by", each.approver)] if each.approver else []
    facts += [("until", show.moment(each.until_ns)), ("purpose", each.purpose), ("basis", each.basis)]
    screen.facts(facts)
    rows = [
        [
            str(view["line"]),
            show.moment(view["ts_ns"]),
            ", ".join(view["viewers"]),
            view["message"],
            view["part"] + (f" -> {view['file']}" if view["export"] else ""),
        ]
        for view in each.views
    ]
    if rows:
        screen.table(["line", "time", "who", "message", "what"], rows)


# -- files ---------------------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"this file cannot be read: {error.strerror}", place=str(path)) from error


def _free(path: Path) -> None:
    """Asked before the ledger is written, so that no line tells of a file that could not be made."""
    if os.path.lexists(path):
        raise UsageError("this file is there already and is never replaced", place=str(path), todo="name another one")
    if not path.absolute().parent.is_dir():
        raise UsageError("there is no such folder to write to", place=str(path.absolute().parent))


def _write(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags, 0o600), "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        raise ForensicsError(f"it could not be written: {error.strerror}", place=str(path)) from error
