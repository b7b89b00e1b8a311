"""``forensics case seal`` and ``forensics case disclose``: the tree over all messages, and proofs of parts of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli.identities import given, identities, identity_option
from forensics.cli.keyring import keys_options
from forensics.cli.options import PATH, Shared, case_argument, case_option, shared
from forensics.cli.screen import fields_of
from forensics.errors import UsageError, worst

if TYPE_CHECKING:
    from forensics.examination.conductor import Examination
    from forensics.examination.reviewing import CaseView


@click.command("seal", short_help="Seal every message of a case under one hash.")
@case_argument
@click.argument("items", metavar="[ITEM]...", nargs=-1)
@click.option("--sign-with", "key", metavar="SSHKEY", type=PATH, help="A person signs the ledger with the seal on it.")
@click.option("--as", "who", metavar="NAME", default="", help="Who signs. Without it, the examiner on the ledger.")
@identity_option
@keys_options
@shared("case seal")
def seal(shared_: Shared, case: Path, items: tuple[str, ...], key: Path | None, who: str) -> int:
    """Seal the evidence items of the case in DIR, or those that are named (EV-0001): every part of every message goes
    into one Merkle tree, and its root onto the ledger.

    Later one part of one message can be disclosed and proved, while the rest stays hidden. It needs the keys of the
    case, because every part has a secret salt.
    """
    from forensics.examination import sealing

    with shared_.opened(case) as examination:
        done = sealing.seal(examination, sealing.salt_key_of(examination), items)
        signed = sealing.sign_seal(examination, key, who) if key is not None else None
    for each in done:
        again = " (sealed already)" if each.unchanged else ""
        shared_.screen.line(f"{each.evidence}: {each.messages:,} messages, root {each.root}{again}")
        if each.same_root is not None:
            shared_.screen.line(f"  the root is {'the same as' if each.same_root else 'another than'} that before it")
    if signed is not None:
        shared_.screen.line(f"Signed by {signed.who}: {signed.path}")
        shared_.screen.line(f"Receipt: {signed.receipt}")
    code = worst(*(each.exit_code for each in done))
    about = {} if signed is None else {"signature": fields_of(signed)}
    shared_.screen.object(code, seals=[fields_of(each) for each in done], **about)
    return code


@click.command("disclose", short_help="Prove parts of single messages and show no others.")
@click.argument("messages", metavar="MESSAGE...", nargs=-1, required=True)
@case_option
@click.option(
    "--parts",
    metavar="LIST",
    default="headers",
    show_default=True,
    help="What is shown, with commas between: headers, header:NAME, folder, body, body:N, attachments, attachment:N, "
    "original (the hash of the whole message), all.",
)
@click.option("--request", metavar="ID", default="", help="Under two-person control: the request that was approved.")
@click.option("--out", metavar="PACKET", type=PATH, required=True, help="The folder, or the .zip, to write.")
@identity_option
@keys_options
@shared("case disclose")
def disclose(shared_: Shared, messages: tuple[str, ...], case: Path, parts: str, request: str, out: Path) -> int:
    """Write a packet that shows some parts of each MESSAGE (the id of its record, its address or its Message-ID), and
    proves that they are in the sealed case. Of all other parts it holds nothing but salted hashes.

    Under two-person control a body or an attachment takes an approval (--request) and counts as an export.

    The packet says in Japanese and English what is proved and what is not, and holds verify.py, which checks it
    without this program.
    """
    from forensics.examination import disclosing, sealing

    wanted = [word.strip() for word in parts.split(",") if word.strip()]
    if not wanted:
        raise UsageError("no parts were named", todo="give --parts headers, for instance")
    with shared_.opened(case) as examination:
        view = _approved(examination, request) if request else None
        salts = sealing.salt_key_of(examination)
        done = disclosing.disclose(examination, salts, messages, wanted, out, view=view)
    shared_.screen.line(f"{done.out}: {done.messages} messages, {done.shown} parts shown, {done.withheld} withheld")
    shared_.screen.line(f"Proved against the checkpoint of {done.checkpoint:,} lines.")
    first = "unpack it, then " if out.suffix == ".zip" else ""
    shared_.screen.line(f"To check it: {first}python3 {out.with_suffix('') if first else out}/verify.py")
    shared_.screen.object(done.exit_code, **fields_of(done))
    return done.exit_code


def _approved(examination: Examination, request: str) -> CaseView:
    """The case as far as the approval of this request goes."""
    from forensics.examination.reviewing import open_under, together_of

    return open_under(examination, request, together_of(examination, request, identities(given())))
