"""The verb ``acquire``: from the world into the write-once store of a case, one module for each kind of source."""

from __future__ import annotations

import importlib
from typing import Any

import click

FILES = "files"
KINDS = (FILES, "imap", "dkim-keys")
"""What can be acquired; ``acquire dkim-keys`` is the module ``acquire_dkim_keys``."""


class Kinds(click.Group):
    """The kinds of source. Where none is named, the words that follow are files, folders and images."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every kind."""
        return list(KINDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of the kind."""
        if cmd_name not in KINDS:
            return None
        found = importlib.import_module(f"forensics.cli.acquire_{cmd_name.replace('-', '_')}").command
        assert isinstance(found, click.Command)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in ``files`` where no kind is named; asking for help alone is about all of them."""
        if args and args[0] not in (*KINDS, *ctx.help_option_names):
            args = [FILES, *args]
        return super().parse_args(ctx, args)


@click.group("acquire", cls=Kinds, short_help="Copy sources into the case, write-once and hashed.")
def command(**_: Any) -> None:
    """Copy sources into the case, write-once, hashed while reading and read back.

    'forensics acquire SOURCE... --case DIR' takes files, folders and disk images; its options are those of
    'forensics acquire files'. A file that bears the name of a kind is given as './imap'.
    """
