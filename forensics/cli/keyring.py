"""Where the secrets of a case are looked for, and how their passphrase is given; several verbs share it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.cli.path_type import PathType
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.examination.keys import HeldKeys

_KEPT = "forensics.keys"
_PASSPHRASE = "FORENSICS_PASSPHRASE"  # noqa: S105 - the name of a variable


def keys_options(function: Any) -> Any:
    """``--keys`` and ``--passphrase-fd``, kept beside the command, so that opening the case finds them."""

    def keep(context: click.Context, option: click.Parameter, given: Any) -> None:
        context.meta.setdefault(_KEPT, {})[option.name] = given

    made = click.option(
        "--passphrase-fd",
        metavar="N",
        type=click.IntRange(0),
        expose_value=False,
        callback=keep,
        help="Read the passphrase of the keys from this file descriptor. Without it, FORENSICS_PASSPHRASE or a prompt.",
    )(function)
    return click.option(
        "--keys",
        metavar="DIR",
        type=PathType(folder=True),
        envvar="FORENSICS_KEYS",
        expose_value=False,
        callback=keep,
        help="The folder with the secret keys of all cases, outside of them. Also FORENSICS_KEYS.",
    )(made)


def keys_folder() -> Path:
    """The folder below which each case has one of its own."""
    given = _given().get("keys") or os.environ.get("FORENSICS_KEYS")
    return Path(given) if given else Path(click.get_app_dir("forensics")) / "keys"


def keyring_for(case: Path) -> HeldKeys | None:
    """The secrets of the case where there are any; a verb that has ``--keys`` asks for their passphrase."""
    base = keys_folder()
    if not base.is_dir():
        return None
    from forensics.examination.keys import open_keyring

    return open_keyring(case, base, passphrase)


def passphrase(folder: Path, *, new: bool = False) -> str | None:
    """As given, or typed by a person; ``None`` where a verb that can do without it would have to ask."""
    descriptor = _given().get("passphrase_fd")
    if descriptor is not None:
        kept = _meta()[_KEPT]
        kept["said"] = kept.get("said") or _read(descriptor)
        return str(kept["said"])
    if os.environ.get(_PASSPHRASE):
        return os.environ[_PASSPHRASE]
    if _KEPT not in _meta():
        return None
    if not sys.stdin.isatty():
        todo = f"give it with --passphrase-fd or in {_PASSPHRASE}" + (", or choose --no-passphrase" if new else "")
        raise UsageError("the keys need a passphrase, and nobody is there to type it", place=str(folder), todo=todo)
    asked = "New passphrase for the keys of this case" if new else "Passphrase of the keys of this case"
    answer: str = click.prompt(asked, hide_input=True, confirmation_prompt=new, err=True)
    return answer


def _read(descriptor: int) -> str:
    try:
        with os.fdopen(descriptor, "r", encoding="utf-8", closefd=False) as handle:
            said = handle.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"no passphrase can be read from descriptor {descriptor}: {error}") from error
    if not said:
        raise UsageError(f"descriptor {descriptor} gives an empty passphrase")
    return said


def _meta() -> dict[str, Any]:
    context = click.get_current_context(silent=True)
    return context.meta if context is not None else {}


def _given() -> dict[str, Any]:
    found = _meta().get(_KEPT, {})
    return dict(found)
