"""The verb ``formats``: what this installation can read and write."""

from __future__ import annotations

import click

from forensics.cli.options import Shared, shared


@click.command("formats", short_help="List what can be read and which reports can be written.")
@shared("formats")
def command(shared_: Shared) -> int:
    """List every kind of mail store and disk image that can be read and every report that can be written.

    What cannot be used here stays in the list, with what it needs. The SHA-256 is that of the source code, so that a
    result can be traced to the very code that made it.
    """
    from forensics.examination.offering import offered

    found = offered()
    for kind, heading in (("parser", "Read"), ("image", "Disk images opened"), ("report", "Written")):
        of_kind = [each for each in found if each.kind == kind]
        shared_.screen.line(heading, bold=True)
        rows = [[each.name, each.version, each.unavailable or each.title, each.source, each.sha256] for each in of_kind]
        shared_.screen.table(["name", "version", "what it is", "source", "SHA-256 of its code"], rows)
        shared_.screen.line()
    shared_.screen.object(0, offers=found)
    return 0
