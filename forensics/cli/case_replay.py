"""``forensics case replay``: run every recorded step again from the sealed evidence and compare what it makes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.cli.identities import identity_option, session_for
from forensics.cli.keyring import keyring_for, keys_options
from forensics.cli.options import PATH, Shared, case_argument, placed, shared
from forensics.cli.screen import Screen, fields_of

if TYPE_CHECKING:
    from forensics.examination.replaying import ReplaySummary

_PINS = {"TZ": "UTC", "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
"""What the environment is while steps are run again; workers always have it."""


@click.command("replay", short_help="Run every recorded step again and compare.")
@case_argument
@click.option(
    "--step", "steps", metavar="LINE|ACT", multiple=True, help="This step only, by its line in the ledger or its act."
)
@click.option("--keep", metavar="FOLDER", type=PATH, help="Keep what is made in this new folder, outside the case.")
@click.option("--read-only", is_flag=True, help="Write nothing to the case, not even the line that tells of it.")
@keys_options
@identity_option
@shared("case replay", parallel=True)
def replay(shared_: Shared, case: Path, steps: tuple[str, ...], keep: Path | None, read_only: bool) -> int:
    """Run the recorded steps of the case in DIR again, from its sealed evidence, in a fresh folder outside the case,
    and compare what they make with what was recorded.

    Each step is found to be MATCH, DIFFERS with the first record that differs, or NOT REPLAYABLE with the reason. Where
    another version of this program or of its libraries made the step, that is said. The result goes on the ledger.

    It ends with 0 if everything is the same, with 4 if something differs, with 3 if something could have been run again
    and was not: a seal without the keys of the case, or evidence whose bytes are not here.
    """
    _pin()
    done = _replayed(shared_, case, steps, keep, read_only)
    screen = shared_.screen
    _table(screen, done)
    screen.line()
    screen.line(", ".join(f"{count:,} {name}" for name, count in done.counts.items()), bold=True)
    if done.kept:
        screen.line(f"What was made is in {done.kept}")
    screen.line(f"Line {done.line:,} of the ledger tells of this." if done.line else "Nothing was written to the case.")
    screen.object(done.exit_code, **fields_of(done), counts=done.counts)
    return done.exit_code


def _replayed(shared_: Shared, case: Path, steps: tuple[str, ...], keep: Path | None, read_only: bool) -> ReplaySummary:
    from forensics.examination import replaying

    given: dict[str, Any] = {"wanted": steps, "keep": keep}
    if not read_only:
        with shared_.opened(case) as examination:
            return replaying.replay_and_note(
                examination,
                environment={name: os.environ.get(name, "") for name in _PINS},
                **given,
            )
    session = session_for(case)
    with placed(case), shared_.station() as station:
        keys = replaying.salt_key_from(keyring_for(case), session, case)
        return replaying.replay(case, station, salt_key=keys, session=session, **given)


def _table(screen: Screen, done: ReplaySummary) -> None:
    rows = []
    for each in done.steps:
        said = [each.reason, f"TOOL DIFFERS: {each.tool_differs}" if each.tool_differs else ""]
        rows.append([str(each.line), each.act, each.about, each.verdict, "; ".join(text for text in said if text)])
    screen.table(["line", "act", "about", "verdict", "reason"], rows)


def _pin() -> None:
    """Start this very command again in a pinned environment: the seed of hashes is set before an interpreter starts."""
    pinned = all(os.environ.get(name) == value for name, value in _PINS.items())
    if os.name == "posix" and "replay" in sys.argv[1:] and not pinned:
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **_PINS})  # noqa: S606 - the same command
