"""``forensics case key``: the key that signs the ledger, and the public keys of the people who sign beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli.keyring import keys_folder, keys_options, passphrase
from forensics.cli.options import PATH, Shared, case_argument, shared
from forensics.cli.screen import fields_of
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.examination.conductor import Examination
    from forensics.examination.keys import KeySummary


@click.command("key", short_help="Make, show and change the keys of a case.")
@case_argument
@click.option("--add", "public", metavar="FILE.pub", type=PATH, help="Put this person's public SSH key on the ledger.")
@click.option("--as", "who", metavar="NAME", default="", help="With --add: who it is, such as examiner@example.jp.")
@click.option("--role", default="examiner", show_default=True, help="With --add: examiner, witness, approver, custodian, counsel or client.")  # fmt: skip # noqa: E501
@click.option("--from", "after", metavar="DATE", default="", help="With --add: valid from this time on (UTC).")
@click.option("--until", "before", metavar="DATE", default="", help="With --add: valid until this time (UTC).")
@click.option("--revoke", metavar="NAME", default="", help="Take the keys of this person off, by name or fingerprint.")
@click.option("--rotate", is_flag=True, help="Replace the key of the ledger; the old one signs the change.")
@click.option("--authority", "pem", metavar="FILE.pem", type=PATH, help="Keep the certificate of a time-stamping authority.")  # fmt: skip # noqa: E501
@click.option("--why", metavar="TEXT", default="", help="With --revoke or --rotate: the reason, which goes on the ledger.")  # fmt: skip # noqa: E501
@click.option("--no-passphrase", is_flag=True, help="Store the secret key readable for this account, without passphrase.")  # fmt: skip # noqa: E501
@keys_options
@shared("case key")
def command(
    shared_: Shared, case: Path, public: Path | None, revoke: str, pem: Path | None, rotate: bool, **more: str | bool
) -> int:
    """Make the key that signs the ledger of the case in DIR, or show the keys that it has.

    The secret key is stored outside the case, under a passphrase, and never travels with it: keep a copy of its folder
    apart. From then on the ledger is signed at the end of each act of custody, and 'forensics case receipt' prints a
    line that somebody outside can keep.

    With --add, a person's public SSH key (made by ssh-keygen) goes on the ledger. Their private key stays with them.
    """
    if sum(map(bool, (public, revoke, rotate, pem))) > 1:
        raise UsageError("--add, --revoke, --rotate and --authority are done one at a time")
    with shared_.opened(case) as examination:
        if public is not None:
            done = _add(examination, public, more)
        elif pem is not None:
            from forensics.examination.keys import add_authority

            done = add_authority(examination, pem.read_bytes())
        else:
            done = _change(examination, case, revoke, rotate, more)
    _show(shared_, done)
    shared_.screen.object(done.exit_code, **fields_of(done))
    return done.exit_code


def _add(examination: Examination, public: Path, more: dict[str, str | bool]) -> KeySummary:
    from forensics.examination.keys import add_person

    try:
        text = public.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            "this is not a public key", place=str(public), todo="give the file that ends in .pub"
        ) from error
    return add_person(
        examination,
        text,
        principal=str(more["who"]),
        role=str(more["role"]),
        after=str(more["after"]),
        before=str(more["before"]),
    )


def _change(examination: Examination, case: Path, revoke: str, rotate: bool, more: dict[str, str | bool]) -> KeySummary:
    from forensics.examination import keys

    why, folder = str(more["why"]), keys.keyring_folder(case, keys_folder())
    if (revoke or rotate) and not why:
        raise UsageError("a key is changed for a reason", todo="give --why TEXT")
    if revoke:
        return keys.revoke(examination, revoke, why)
    known = keys.summary(examination)
    if known.log_key and not rotate:
        return known
    inside = examination.folder.resolve()
    if inside == folder.resolve() or inside in folder.resolve().parents:
        raise UsageError("the secret key would lie inside the case", place=str(folder), todo="name another --keys DIR")
    secret = None if more["no_passphrase"] else passphrase(folder, new=not keys.is_protected(folder))
    if rotate:
        return keys.rotate_log_key(examination, folder, secret, why)
    return keys.make_log_key(examination, folder, secret)


def _show(shared_: Shared, done: KeySummary) -> None:
    screen = shared_.screen
    said = {"added": "The key is on the ledger.", "known": "The key was on the ledger already.",
            "rotated": "The ledger has a new key; the old one counts no more.",
            "revoked": "The key counts no more; what it signed before stays signed."}  # fmt: skip
    if done.done in said:
        screen.line(said[done.done], bold=True)
    screen.line(f"Key of the ledger: {done.log_key or '(none yet)'}")
    if done.stored:
        locked = "under its passphrase" if done.protected else "WITHOUT a passphrase"
        screen.line(f"Its secret half: {done.stored}, {locked}. Keep a copy of that folder apart from the case.")
        screen.line("Give the line above to the other side: with it they can tell this ledger from a forged one.")
    for principal, role, mark in done.people:
        screen.line(f"  {principal} ({role}) {mark}")
