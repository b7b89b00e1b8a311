"""The sections of a summary, in words that a lawyer understands; every verb puts its own together from these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from forensics.cli.screen import Screen
from forensics.cli.text import many, size
from forensics.errors import DONE, INTEGRITY_BROKEN, LEDGER_BROKEN, PARTLY_READ

if TYPE_CHECKING:
    from forensics.examination.acquiring import AcquireSummary
    from forensics.examination.overview import Account, Item, NotMail, Overview
    from forensics.examination.second_opinion import OpinionSummary, StoreOpinion
    from forensics.examination.verifying import VerifySummary

FEW_FILES = 5
FIRST = 20
ALWAYS = ("messages and other items", "problems")
TIERS = {
    "live": "live: in its folder, as its owner saw it",
    "soft_deleted": "deleted by the user, still listed",
    "recoverable_items": "in the recoverable items",
    "deleted_file": "recovered: in a file that was deleted from its disk",
    "orphaned": "recovered: indexed, but without a folder",
    "stale": "recovered: from a superseded index",
    "remnant": "recovered: from blocks that no index names",
    "carved": "recovered: by content alone",
}
KINDS = {
    "message": "messages and other items",
    "attachment": "attachments",
    "folder": "folders",
    "header": "header fields",
    "recipient": "people named in messages",
    "moment": "times",
    "text": "body texts",
    "associated_item": "hidden items of folders",
    "mail_rule": "rules and delegates",
    "recovered_item": "ways in which items were recovered",
    "log_event": "events of logs",
    "byte_account": "stores with an account of every byte",
    "problem": "problems",
}


USES = {
    "header": "header",
    "page": "pages",
    "live_block": "live",
    "recovered_block": "recovered",
    "free_empty": "free, empty",
    "free_not_empty": "free, not empty",
    "unreadable": "unreadable",
}
"""What the bytes of a store can be, from the records' own columns."""
VERDICTS = {
    "matches": "holds: the whole medium was read and gives the hash that the image states",
    "differs": "DOES NOT HOLD: the image states another hash than its medium gives",
    "damaged": "DOES NOT HOLD: chunks of the image are damaged; they and every file that touches one are named",
    "not stored": "the image states none",
}


ENDS = {
    DONE: ("Done.", "green"),
    PARTLY_READ: ("Done, but some of it could not be read or is not mail; each place is named above.", "yellow"),
    INTEGRITY_BROKEN: ("Something is not what it was; each difference is named above.", "red"),
    LEDGER_BROKEN: ("The ledger is broken: what it says cannot be relied on.", "red"),
}


def end(screen: Screen, code: int, said: str = "") -> None:
    """The last line: how it ended, with the exit code."""
    sentence, colour = ENDS.get(code, ("Not all of it could be done; the reasons are named above.", "red"))
    sentence = said or sentence
    screen.line()
    screen.line(f"{sentence} (exit code {code})" if code else sentence, bold=True, colour=colour)


def head(screen: Screen, case: Overview) -> None:
    """Which case this is, and which facts nobody has given yet."""
    screen.line(f"Case {case.case}" + (f": {case.facts['title']}" if case.facts["title"] else ""), bold=True)
    if case.missing:
        screen.line(
            f"  Not given yet: {', '.join(case.missing)}. 'forensics case set {case.case} NAME=VALUE' adds them."
        )


def evidence(screen: Screen, case: Overview, states: dict[str, str] | None = None) -> None:
    """Each item with the hash that stands for all of it, and its files with theirs where they are few."""
    screen.heading(f"Evidence: {many(len(case.evidence), 'item')}")
    for item in case.evidence:
        state = (states or {}).get(item.evidence, "")
        screen.line(f"  {item.evidence}  {item.source}" + (f"  [{state}]" if state else ""), bold=True)
        screen.facts(_item_facts(item), indent=4)
        _files(screen, item)
        _special(screen, item)


def _item_facts(item: Item) -> list[tuple[str, str]]:
    facts = [("holds", f"{many(item.files, 'file')}, {size(item.size)}")]
    if item.parent:
        facts.append(("found in", item.parent))
    return [*facts, ("SHA-256 of its manifest", item.manifest_sha256)]


def _files(screen: Screen, item: Item) -> None:
    if item.files > FEW_FILES:
        screen.line(f"    the hashes of all its files: evidence/{item.evidence}/manifest-sha256.txt")
        return
    for file in item.first_files:
        screen.line(f"    {file.path} ({size(file.size)})")
        screen.facts([("SHA-256", file.sha256), ("MD5", file.md5)], indent=6)


def _special(screen: Screen, item: Item) -> None:
    if item.special:
        screen.line(f"    listed and not followed, so what lies behind is not here: {item.special:,}", colour="yellow")
        for text in item.first_special:
            screen.line(f"      {text}")
        if item.special > len(item.first_special):
            screen.line(f"      these are the first; every one is named in evidence/{item.evidence}/files.jsonl")


def images(screen: Screen, case: Overview) -> None:
    """Each disk image that was opened: whether its own hash holds, what was found, what of it could not be read."""
    if case.images:
        screen.heading(f"Disk images: {len(case.images):,}")
    for image in case.images:
        screen.line(f"  {image.address}  {image.name}", bold=True)
        found = ", ".join(image.evidence) or "none that this program knows"
        screen.facts([("its own hash", VERDICTS.get(image.verdict, image.verdict)), ("mail stores in it", found)], 4)
        for each in image.unread[:FIRST]:
            screen.line(f"    not read: {each.get('path', '')}: {each.get('reason', '')}", colour="yellow")
        _rest(screen, len(image.unread), "all of them are in ledger/events.jsonl, act image.examine")


def refused(screen: Screen, acquired: list[AcquireSummary]) -> None:
    """Everything that was asked for and could not be read, or changed while it was."""
    named = [(each.evidence, text) for each in acquired for text in each.refused]
    if not named:
        return
    screen.heading(f"Not acquired, or not as a whole: {many(len(named), 'file')}")
    for item, text in named[:FIRST]:
        screen.line(f"  {item}  {text}", colour="yellow")
    _rest(screen, len(named), "every one is named in evidence/EV-*/acquisition.json, in its receipt")


def counts(screen: Screen, case: Overview) -> None:
    """How many records of each kind, and where the messages were found."""
    if not case.parsed:
        return
    screen.heading("What was found")
    rows = [(f"{case.counts.get(kind, 0):>10,}", name) for kind, name in KINDS.items()]
    rows += [(f"{n:>10,}", kind) for kind, n in case.counts.items() if kind not in KINDS]
    screen.facts(rows)
    screen.heading("Where the messages were found")
    screen.facts(
        [(f"{n:>10,}", TIERS.get(tier, tier)) for tier, n in case.recovered.items()] or [("", "there are none")]
    )
    accounts(screen, case)


def accounts(screen: Screen, case: Overview) -> None:
    """One line for each store: what every byte of it is."""
    if case.accounts:
        screen.heading("Every byte of each store, in percent")
        screen.table(["store", "bytes", *USES.values(), "name as found"], [_account(each) for each in case.accounts])


def _account(each: Account) -> list[str]:
    shares = (getattr(each, name) * 100 / max(each.size, 1) for name in USES)
    return [each.address, f"{each.size:,}", *(f"{share:.2f}" for share in shares), each.name]


def problems(screen: Screen, case: Overview) -> None:
    """What could not be read: the place, what happened, what is lost by it and why."""
    total = case.counts.get("problem", 0)
    if not total:
        return
    screen.heading(f"Could not be read: {many(total, 'problem')}")
    for each in case.problems:
        screen.line(f"  {each['address']}" + (f"  {each['name']}" if each["name"] else ""), colour="yellow")
        screen.facts([("what", each["what"]), ("lost", each["lost"]), ("cause", each["cause"])], indent=4)
    _rest(screen, total, "all of them are in records/problem and in reports/timeline.html")


def not_mail(screen: Screen, case: Overview) -> None:
    """The files that were acquired and hashed, and that no parser knows."""
    for each in case.evidence:
        if not each.files:
            screen.line(f"  {each.evidence} holds no file at all.", colour="yellow")
    if not case.not_mail:
        return
    total = sum(item.files for item in case.evidence)
    screen.heading(f"Acquired and hashed, but not mail that is known: {len(case.not_mail):,} of {many(total, 'file')}")
    for name in _without_mail(case):
        screen.line(f"  Nothing in {name} is a mail store that this program knows.", colour="yellow")
    screen.table(["place", "kind", "name as found"], [_row(file) for file in case.not_mail[:FIRST]])
    _rest(
        screen, len(case.not_mail), "every one is named in records/EV-*.json; 'forensics formats' lists what is known"
    )


def _row(file: NotMail) -> list[str]:
    return [f"{file.evidence}/{file.number}", file.kind, file.path + (f" ({file.why})" if file.why else "")]


def _without_mail(case: Overview) -> list[str]:
    left = {item.evidence: item.files for item in case.evidence}
    for file in case.not_mail:
        left[file.evidence] -= 1
    named = {file.evidence for file in case.not_mail}
    return [item for item, files in left.items() if not files and item in named]


def _rest(screen: Screen, total: int, where: str) -> None:
    if total > FIRST:
        screen.line(f"  These are the first {FIRST} of {total:,}; {where}.")


def verified(screen: Screen, found: VerifySummary) -> None:
    """What was read again, every difference, and what crashes have left."""
    wrong = [*found.ledger, *found.differences]
    read = f"{many(found.files, 'file')}, {size(found.size)} and {many(found.lines, 'line')} of the ledger"
    screen.heading("Verified: " + ("everything is as it was stored" if not wrong else many(len(wrong), "difference")))
    screen.line(f"  Read again: {read}.")
    for each in wrong:
        screen.line(f"  {each.place}: {each.what}", colour="red")
    for each in found.unsettled:
        screen.line(f"  Unsettled: {each.place}: {each.what}", colour="yellow")
    for text in found.unfinished:
        screen.line(f"  Unfinished: {text}; the same command again completes it.", colour="yellow")
    for each in found.warnings:
        screen.line(f"  To know: {each.place}: {each.what}", colour="yellow")
    for text in found.unchecked:
        screen.line(f"  Not checked: {text}.", colour="yellow")
    for name in found.torn:
        screen.line(f"  A line that a crash cut short was set aside: ledger/torn/{name}", colour="yellow")


def opinion(screen: Screen, found: OpinionSummary) -> None:
    """What libpff read of each store beside our own reader, and every point on which the two differ."""
    differing = sum(each.differing for each in found.stores)
    said = many(differing, "disagreement") if differing else "no disagreement"
    screen.heading(f"Second opinion by libpff on {many(len(found.stores), 'store')}: {said}")
    for each in found.stores:
        screen.line(f"  {each.address}  {each.path}", bold=True)
        screen.line(f"    {_compared(each)}", colour="yellow" if each.failed else "")
        for one in each.disagreements[:FIRST]:
            said = f"ours {one.ours[:200]!r}, libpff {one.theirs[:200]!r}"
            screen.line(f"    {one.where}, {one.what}: {said}", colour="red")
        if each.differing > FIRST:
            screen.line(f"    These are the first {FIRST} of {each.differing:,}; --json gives up to 1,000 of a store.")
        for closed in each.unopened[:FIRST]:
            screen.line(f"    libpff cannot open {closed.where}, {closed.what}: {closed.why[:200]}")
        if each.not_opened > FIRST:
            screen.line(f"    libpff cannot open {each.not_opened:,} in all; --json gives up to 1,000 of a store.")


def _compared(each: StoreOpinion) -> str:
    if each.failed or each.refused:
        return each.failed or f"Not compared, because libpff refuses the store: {each.refused}"
    parts = (many(each.folders, "folder"), many(each.items, "item"), many(each.attachments, "attachment"))
    only = f"; {many(each.only_ours, 'embedded message')} that libpff cannot open" if each.only_ours else ""
    return f"Compared {', '.join(parts)}{only}."


def ledger(screen: Screen, lines: int, sha256: str) -> None:
    """Where the ledger stands: whoever keeps this line can tell later whether the ledger was rewritten."""
    if not lines:
        screen.heading("Ledger: nothing can be said about it; compare it with a copy")
        return
    screen.heading(f"Ledger: {many(lines, 'line')}; the SHA-256 of the last one, to be kept outside this case:")
    screen.line(f"  {sha256}")


def where_next(screen: Screen, case: Path, reports: list[str]) -> None:
    """The files to open, and the command that checks everything again."""
    screen.heading("Where to look next")
    shown = [path for path in reports if not path.endswith(".csv.json")]
    for path in sorted(shown, key=lambda path: (not path.endswith(".html"), path)):
        screen.line(f"  {case / path}")
    screen.line(f"  forensics verify {case}")


def moment(ns: int) -> str:
    """A time of the ledger, in UTC."""
    return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def failed_sources(screen: Screen, failed: Sequence[tuple[str, str, str, int]]) -> None:
    """The sources that gave nothing, while others did."""
    if failed:
        screen.heading(f"Failed: {many(len(failed), 'source')}")
    for path, what, todo, _ in failed:
        screen.line(f"  {path}: {what}", colour="red")
        screen.line(f"    What to do: {todo or 'see the reason'}")
