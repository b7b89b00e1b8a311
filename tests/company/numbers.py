"""Numbers of the messages in their folders, as an IMAP server gives them: upwards in the order of arrival."""

from __future__ import annotations

from tests.company.people import System
from tests.company.world import Copy, World

VALIDITY = 1_700_000_000
_FIRST = {"INBOX": 2001, "Sent": 501, "Trash": 101}


def number(world: World) -> None:
    """Gives every copy its number and writes it into the lines that name it."""
    folders: dict[tuple[str, str], list[Copy]] = {}
    for copy in world.copies:
        folders.setdefault((copy.account.address, copy.folder), []).append(copy)
    for (_, folder), copies in folders.items():
        copies.sort(key=lambda each: each.stored_at)
        for at, copy in enumerate(copies):
            copy.uid = _FIRST.get(folder, 1) + at
    for line in world.lines:
        if line.copy is not None:
            line.text = line.text.replace("{uid}", str(line.copy.uid))


def in_folders(world: World, system: System) -> dict[str, dict[str, list[Copy]]]:
    """The copies that are there, by account and folder, in the order of the store."""
    found: dict[str, dict[str, list[Copy]]] = {}
    for copy in sorted(world.copies, key=lambda each: each.stored_at):
        if copy.account.system is system and not copy.gone:
            found.setdefault(copy.account.address, {}).setdefault(copy.folder, []).append(copy)
    return found
