"""``acquire imap``: the mail of an account on an IMAP server, read without changing it. This verb uses the network."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from forensics.cli import show
from forensics.cli.identities import identity_option
from forensics.cli.options import Shared, case_option, shared
from forensics.cli.path_type import PathType
from forensics.errors import UsageError

XOAUTH2, OAUTHBEARER = "xoauth2", "oauthbearer"


@click.command("imap", short_help="The mail of an account on an IMAP server, over the network, read-only.")
@click.argument("host", metavar="HOST")
@click.option("--user", required=True, metavar="NAME", help="The name to sign in with.")
@click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="993 without it, 143 without implicit TLS.")
@click.option("--starttls", is_flag=True, help="Begin in clear and turn to TLS before anything is said (RFC 3501).")
@click.option("--no-tls", is_flag=True, help="No TLS at all; allowed for this machine itself only.")
@click.option("--ca-file", metavar="FILE", type=PathType(), help="Certificates to trust (PEM).")
@click.option("--folder", "folders", metavar="NAME", multiple=True, help="Only this folder; can be repeated.")
@click.option("--password-fd", metavar="N", type=click.IntRange(0), help="Read the password from this descriptor.")
@click.option("--password-env", metavar="NAME", help="Take the password from this environment variable.")
@click.option("--token-fd", metavar="N", type=click.IntRange(0), help="Read an OAuth 2 bearer token from there.")
@click.option("--token-env", metavar="NAME", help="Take an OAuth 2 bearer token from this environment variable.")
@click.option(
    "--token-kind",
    type=click.Choice([XOAUTH2, OAUTHBEARER]),
    default=XOAUTH2,
    help="How the token is presented: XOAUTH2 (Google, Microsoft) or OAUTHBEARER (RFC 7628).",
)
@click.option("--pause", type=click.FloatRange(0, 3600), default=0.0, metavar="SECONDS", help="Wait between requests.")
@click.option("--timeout", type=click.FloatRange(1, 3600), default=60.0, metavar="SECONDS", help="Wait for an answer.")
@case_option
@identity_option
@shared("acquire imap")
def command(
    shared_: Shared,
    host: str,
    user: str,
    port: int | None,
    starttls: bool,
    no_tls: bool,
    ca_file: Path | None,
    folders: tuple[str, ...],
    case: Path,
    pause: float,
    timeout: float,
    token_kind: str,
    **secrets: int | str | None,
) -> int:
    """Copy every message of the account at HOST into the case, without changing mail or flags there.

    Only EXAMINE, BODY.PEEK[] and other commands that change nothing are sent; each is written down beside the mail.
    The password is typed, or comes from a descriptor or an environment variable, and is kept nowhere. A run that was
    cut off goes on where it stopped. A second run of the same account fetches what is new and names what is gone or
    has other flags, with the evidence item of the first as its base.
    """
    imap = _imap()
    from forensics.examination.overview import overview

    if starttls and no_tls:
        raise UsageError("--starttls and --no-tls exclude each other")
    secret, is_token = _secret(user, secrets)
    account = imap.account(
        host,
        user,
        secret,
        port=port,
        security=imap.STARTTLS if starttls else imap.NONE if no_tls else imap.TLS,
        sign_in=token_kind if is_token else imap.PASSWORD,
        ca_file=str(ca_file or ""),
        folders=folders,
        pause=pause,
        timeout=timeout,
    )
    with shared_.opened(case) as examination:
        acquired = imap.acquire_imap(examination, account)
        held = overview(examination.view())
    screen, code = shared_.screen, int(acquired.exit_code)
    show.head(screen, held)
    show.evidence(screen, held, {acquired.evidence: acquired.state})
    show.refused(screen, [acquired])
    show.ledger(screen, held.lines, held.head_sha256)
    screen.line()
    screen.line(f"Next: forensics parse --case {case}")
    show.end(screen, code)
    screen.object(code, acquired=[acquired], head={"lines": held.lines, "sha256": held.head_sha256})
    return code


def _imap() -> Any:
    """The step, unless the library is missing that does the protocol."""
    try:
        from forensics.examination import acquiring_imap
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "imapclient":
            raise
        todo = "install it with: pip install 'email-forensics[imap]'"
        raise UsageError("reading an IMAP server needs the library imapclient, which is not here", todo=todo) from error
    return acquiring_imap


def _secret(user: str, given: dict[str, int | str | None]) -> tuple[str, bool]:
    """The password or token, from the one place that was named or from a person; and whether it is a token."""
    named = {name: value for name, value in given.items() if value is not None}
    if len(named) > 1:
        raise UsageError("name one place that the password or token comes from", todo="leave out the others")
    for name, value in named.items():
        found = _from_descriptor(value) if isinstance(value, int) else _from_environment(str(value))
        return found, name.startswith("token")
    if not sys.stdin.isatty():
        raise UsageError(
            "the account needs a password, and nobody is there to type it",
            todo="give it with --password-fd or --password-env, or a token with --token-fd or --token-env",
        )
    typed: str = click.prompt(f"Password of {user}", hide_input=True, err=True)
    return typed, False


def _from_descriptor(number: int) -> str:
    try:
        with os.fdopen(number, "r", encoding="utf-8", closefd=False) as handle:
            said = handle.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"nothing can be read from descriptor {number}: {error}") from error
    if not said:
        raise UsageError(f"descriptor {number} gives nothing")
    return said


def _from_environment(name: str) -> str:
    said = os.environ.get(name, "")
    if not said:
        raise UsageError(f"the environment variable {name} is empty or not set")
    return said
