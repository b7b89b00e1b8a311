"""What is checked about a path on the command line before anything is made: that it can name something at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import click

from forensics.errors import UsageError

_CANNOT_BE = {
    errno.ELOOP: ("the links in this path lead in a circle", "name the place that the link was meant to lead to"),
    errno.ENAMETOOLONG: ("this path, or a name in it, is longer than the system allows", "give a shorter path"),
    errno.ENOTDIR: ("a part of this path is a file and not a folder", "check the path and its spelling"),
}


class PathType(click.Path):
    """A path as given. With ``folder``, what is there already must be one; whether it can be read comes out later."""

    def __init__(self, *, folder: bool = False) -> None:
        super().__init__(path_type=Path, readable=False)
        self._folder = folder

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or :class:`UsageError` with what is wrong with it."""
        given = os.fspath(value)
        if not given:
            raise UsageError("an empty path names nothing", todo="write '.' for the folder you are in")
        try:
            found = os.stat(given)
        except OSError as error:
            if error.errno in _CANNOT_BE and not (error.errno == errno.ELOOP and not self._folder):
                what, todo = _CANNOT_BE[error.errno]
                raise UsageError(what, place=given, todo=todo) from error
            return Path(given)
        if self._folder and not stat.S_ISDIR(found.st_mode):
            kind = "a file" if stat.S_ISREG(found.st_mode) else "a device or a pipe"
            raise UsageError(
                f"{given} is there already and is {kind}, not a folder",
                place=given,
                todo="name a folder that does not exist yet, or an existing case",
            )
        return Path(given)
