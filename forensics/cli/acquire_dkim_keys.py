"""``acquire dkim-keys``: the DNS records that the acquired mail names, kept as evidence. This verb uses the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from forensics.cli import show
from forensics.cli.identities import identity_option
from forensics.cli.options import Shared, case_option, shared
from forensics.errors import UsageError


@click.command("dkim-keys", short_help="The DKIM, SPF and DMARC records that the mail names, from the DNS.")
@click.option("--resolver", default="", metavar="IP[:PORT]", help="Ask this resolver, not the one of this system.")
@case_option
@identity_option
@shared("acquire dkim-keys")
def command(shared_: Shared, resolver: str, case: Path) -> int:
    """Ask the DNS for the records that the parsed mail of the case names, and keep the answers as evidence.

    These are the keys of DKIM and ARC signatures, and the SPF and DMARC records of the senders' domains. Each answer is
    kept whole, with the time and the resolver. Keys rotate away, so do this soon; 'forensics find' uses all keys that
    the evidence holds. The resolver, and whoever sees its traffic, learns the names that are asked for.
    """
    keys = _keys()
    from forensics.examination.overview import overview

    with shared_.opened(case) as examination:
        acquired = keys.acquire_keys(examination, resolver)
        held = overview(examination.view())
    screen, code = shared_.screen, int(acquired.exit_code)
    show.head(screen, held)
    show.evidence(screen, held, {acquired.evidence: acquired.state})
    show.refused(screen, [acquired])
    show.ledger(screen, held.lines, held.head_sha256)
    screen.line()
    screen.line(f"Next: forensics find --case {case}")
    show.end(screen, code)
    screen.object(code, acquired=[acquired], head={"lines": held.lines, "sha256": held.head_sha256})
    return code


def _keys() -> Any:
    """The step, unless the library is missing that asks the DNS."""
    try:
        from forensics.examination import acquiring_keys
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "dns":
            raise
        todo = "install it with: pip install 'email-forensics[imap]'"
        raise UsageError("asking the DNS needs the library dnspython, which is not here", todo=todo) from error
    return acquiring_keys
