"""The verb ``map``: what the columns of a foreign table may be, and a mapping put into the case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli.identities import identity_option
from forensics.cli.options import CASE, PATH, Shared, shared
from forensics.cli.screen import fields_of
from forensics.cli.text import clean, many
from forensics.errors import DONE, UsageError

if TYPE_CHECKING:
    from forensics.examination.mapping import MapSummary
    from forensics.examination.proposing import Proposal

_SHOWN = 40


@click.command("map", short_help="Say what the columns of a hold, approval or endpoint log are.")
@click.argument("file", metavar="[FILE]", type=PATH, required=False)
@click.option("--case", "case", metavar="DIR", type=CASE, help="The folder of the case.")
@click.option(
    "--preset", metavar="NAME", default="", help="The preset to start from. Without it, the likeliest generic one."
)
@click.option("--add", "mapping", metavar="MAPPING", type=PATH, help="Put this mapping (YAML) into the case.")
@click.option("--for", "pattern", metavar="PATTERN", help="With --add: the files that it is for, such as 'hold_*.csv'.")
@identity_option
@shared("map")
def command(
    shared_: Shared, file: Path | None, case: Path | None, preset: str, mapping: Path | None, pattern: str | None
) -> int:
    """Say what the columns of a hold, approval or endpoint log are.

    With FILE (a CSV), its columns are shown with what each is taken for and why, and a mapping is proposed. The whole
    output is YAML: save it, correct it, and put it into the case with --add MAPPING --for PATTERN. The next parse reads
    the files by it. A pattern without a slash is held against the name of a file, one with a slash against its whole
    path as found. Without FILE and --add, the presets are listed, and the mappings of the case.

    Nothing of the presets is verified: no vendor publishes the columns of its logs.
    """
    if mapping is not None or pattern is not None:
        if mapping is None or pattern is None or case is None or file is not None or preset:
            raise UsageError(
                "a mapping is put into a case with --case DIR --add MAPPING --for PATTERN, and nothing else",
                todo="give all three, and no FILE and no --preset",
            )
        return _add(shared_, case, mapping, pattern)
    if file is None:
        return _list(shared_, case)
    return _propose(shared_, file, case, preset)


def _propose(shared_: Shared, file: Path, case: Path | None, preset: str) -> int:
    from forensics.examination.mapping import settings_of
    from forensics.examination.proposing import propose

    found = propose(file, settings_of(case), preset)
    screen = shared_.screen
    for text in _comments(found):
        screen.line(f"# {text}".rstrip())
    for text in found.yaml.splitlines():
        screen.line(text)
    screen.object(found.exit_code, **fields_of(found))
    return found.exit_code


def _comments(found: Proposal) -> list[str]:
    """Everything that a person has to know beside the mapping, as comments of the YAML."""
    lines = [f"Proposed by 'forensics map' from {found.rows:,} rows. 未検証: check every line before you use it.", ""]
    for each in found.columns:
        values = " | ".join(_short(value) for value in each.samples)
        lines.append(f"{each.number:>3}  {_short(each.name)}  ->  {each.role or '?'}  ({_short(each.why, 200)})")
        lines.append(f"     such as: {values}")
    lines.append("")
    for text, count in found.unknown_actions:
        lines.append(
            f"The action {_short(text)!r} ({many(count, 'row')}) is not known: put it below one under actions."
        )
    if found.missing:
        lines.append(f"NOT USABLE YET: {_short(found.missing, 400)}")
    if found.recognised:
        lines.append(f"A parse reads this file without a mapping, by the preset {found.preset}.")
    return [clean(line) for line in lines]


def _short(text: str, most: int = _SHOWN) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _add(shared_: Shared, case: Path, mapping: Path, pattern: str) -> int:
    from forensics.examination.mapping import add_mapping, read_mapping

    # A mapping that cannot be used is refused before the case is opened for work.
    read_mapping(mapping)
    with shared_.opened(case) as examination:
        found = add_mapping(examination, mapping, pattern)
    _show(shared_, case, found)
    return DONE


def _show(shared_: Shared, case: Path, found: MapSummary) -> None:
    screen = shared_.screen
    screen.line(
        "This mapping stands in the case already." if found.unchanged else "The mapping is in the case.", bold=True
    )
    screen.facts(
        [
            ("file", found.path),
            ("SHA-256", found.sha256),
            ("for", found.pattern),
            ("source of its events", found.source),
            ("files that it is for", f"{len(found.files):,}"),
        ]
    )
    for name in found.files[:_SHOWN]:
        screen.line(f"    {name}")
    if not found.files:
        screen.line("  No file of the evidence fits the pattern yet.", colour="yellow")
    screen.line(f"  Read them with: forensics parse --case {case}")
    screen.object(found.exit_code, **fields_of(found))


def _list(shared_: Shared, case: Path | None) -> int:
    from forensics.examination.mapping import listed

    found = listed(case)
    screen = shared_.screen
    screen.heading("Presets, none of them verified (未検証)")
    screen.table(
        ["name", "events", "日本語", "English"], [[each.name, each.source, each.ja, each.en] for each in found.presets]
    )
    if case is not None:
        screen.heading(f"Mappings of the case: {len(found.mappings):,}")
        rows = [
            [each.pattern, each.mapping["kind"] + ":" + each.mapping["system"], each.sha256] for each in found.mappings
        ]
        screen.table(["for", "events", "SHA-256"], rows)
    screen.object(DONE, presets=found.presets, mappings=found.mappings)
    return DONE
