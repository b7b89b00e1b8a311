"""The verb ``bundle``: write a case into a bag that the other side can verify without us."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli.keyring import keys_options
from forensics.cli.options import PATH, Shared, case_argument, shared
from forensics.cli.screen import fields_of

if TYPE_CHECKING:
    from forensics.examination.conductor import Examination


@click.command("bundle", short_help="Write a case into a bag that others can verify.")
@case_argument
@click.option("--out", metavar="FOLDER", type=PATH, required=True, help="The new folder of the bundle.")
@click.option("--without", default="", metavar="PARTS", help="Leave these out: evidence, content, or both, by comma.")
@click.option("--stamp", default="", metavar="URL", help="Have the ledger stamped by this authority, over the network.")
@keys_options
@shared("bundle")
def command(shared_: Shared, case: Path, out: Path, without: str, stamp: str) -> int:
    """Write the case in DIR into a new folder that travels with a verifier of its own (BagIt 1.0, RFC 8493).

    The case is verified first, and what is handed over goes on its ledger. The other side runs 'python3 verify.py .' in
    the folder; VERIFY.txt says how, in Japanese and English. Tell them the SHA-256 of verify.py, the key of the ledger
    and a receipt by another way than the bundle: only with these does the verdict become VERIFIED.

    With '--without evidence,content' the bytes stay here, and the papers that hold their hashes go.
    """
    from forensics.examination.bundling import bundle
    from forensics.examination.stamping import stamp_over_network

    def anchor(opened: Examination) -> object:
        return stamp_over_network(opened, stamp, [])

    parts = [part for part in without.replace(",", " ").split() if part]
    with shared_.opened(case) as examination:
        made = bundle(examination, out, without=parts, anchor=anchor if stamp else None)
        head = examination.head
    screen = shared_.screen
    screen.line(f"Bundle {made.folder}", bold=True)
    screen.line(f"  {made.files} files, {made.size:,} bytes; the ledger in it has {made.lines} lines")
    if made.without:
        screen.line(f"  left out: {', '.join(made.without)}")
    screen.line(f"  SHA-256 of manifest-sha256.txt  {made.manifest_sha256}")
    screen.line(f"  SHA-256 of verify.py            {made.verifier_sha256}")
    if made.receipt:
        screen.line("Give these to the receiver by another way than the bundle:")
        screen.line(f"  log key  {made.log_key}")
        screen.line(f"  receipt  {made.receipt}")
    screen.line(f"Verify it: python3 {made.folder}/verify.py {made.folder}")
    screen.object(0, **fields_of(made), head=head)
    return 0
