"""The verbs of custody: receipt, transfer, return, dispose, witness, correct, clock, timestamp (ISO/IEC 27037 6.1)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.cli import show
from forensics.cli.keyring import keys_options
from forensics.cli.options import PATH, Shared, case_argument, shared
from forensics.cli.screen import fields_of
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.examination.handing_over import TransferSummary

_place = click.option("--place", metavar="TEXT", default="", help="Where it happens.")
_items = click.option("--item", "items", metavar="EV-0001", multiple=True, help="Which evidence item; can be repeated.")
_signed = click.option("--sign", "key", metavar="FILE", type=PATH, help="Sign the ledger with this private SSH key, or its .pub file if ssh-agent has it.")  # fmt: skip # noqa: E501
_who = click.option("--as", "who", metavar="NAME", default="", help="With --sign: the name under which the key is on the ledger.")  # fmt: skip # noqa: E501


@click.command("receipt", short_help="Print a line that proves the ledger of today.")
@case_argument
@click.option("--to", "to", metavar="TEXT", default="", help="Who gets it: name, organisation.")
@click.option("--page", metavar="FILE.html", type=PATH, help="Also write a page to print and sign.")
@keys_options
@shared("case receipt")
def receipt(shared_: Shared, case: Path, to: str, page: Path | None) -> int:
    """Sign the ledger of the case in DIR as it is, and print the receipt: one line and its QR code.

    Whoever keeps that line outside (a lawyer, the client, a witness, the court) can tell later whether the ledger they
    are shown goes on from it. It is the cheapest protection there is: give one at every handover.
    """
    from forensics.examination.receipts import give_receipt

    with shared_.opened(case) as examination:
        done = give_receipt(examination, to, page)
    shared_.screen.line(done.receipt, bold=True)
    for line in done.qr.splitlines():
        shared_.screen.line(line)
    if done.page:
        shared_.screen.line(f"To print: {done.page}")
    shared_.screen.object(done.exit_code, **fields_of(done))
    return done.exit_code


@click.group("transfer", short_help="Evidence changes hands.")
def transfer() -> None:
    """Put a handover on the ledger: 'out' before the items go, 'in' when they have arrived.

    Between the two the items are in transit, and 'forensics case show' says so.
    """


@transfer.command("out", short_help="Items leave our hands.")
@case_argument
@_items
@click.option("--from", "from_", metavar="TEXT", default="", help="Who hands over: name, organisation, contact.")
@click.option("--to", "to", metavar="TEXT", required=True, help="Who receives: name, organisation, contact.")
@click.option("--purpose", metavar="TEXT", default="", help="What for, and by which authority.")
@click.option("--method", metavar="TEXT", default="", help="By hand, courier, upload address.")
@click.option("--tracking", metavar="TEXT", default="", help="The tracking number of the courier.")
@click.option("--medium", metavar="TEXT", default="", help="Make and serial number of the medium.")
@click.option("--seal-no", metavar="TEXT", default="", help="The number of the seal on the package.")
@click.option("--encryption", metavar="TEXT", default="", help="How the medium is encrypted, and how the key goes.")
@click.option("--return-by", metavar="DATE", default="", help="When the items come back or are destroyed.")
@_place
@_signed
@_who
@keys_options
@shared("case transfer out")
def out(shared_: Shared, case: Path, items: tuple[str, ...], key: Path | None, who: str, **facts: str) -> int:
    """Put on the ledger of the case in DIR that items leave: which, with their hashes, from whom to whom, how.

    Without --item it is all of them. Facts that are not given are shown as missing, here and on every paper. Hand the
    receipt that is printed over with the items; with --sign, the giver signs the ledger at this moment.
    """
    from forensics.examination.handing_over import transfer_out

    place, facts["from"] = facts.pop("place"), facts.pop("from_")
    with shared_.opened(case) as examination:
        done = transfer_out(examination, items, facts, place)
        signed = _sign(examination, "transfer", key, who)
    shared_.screen.line(f"In transit since line {done.line}: {', '.join(done.items)}", bold=True)
    return _show_transfer(shared_, done, signed)


@transfer.command("in", short_help="Items have arrived.")
@case_argument
@click.option("--answers", metavar="LINE", default="", help="The line of the 'transfer out', if several are open.")
@click.option("--received", metavar="FOLDER", type=PATH, help="Where the items lie now (the folder that holds EV-0001). Without it, the case's own.")  # fmt: skip # noqa: E501
@click.option("--condition", metavar="TEXT", default="", help="How package, seal and medium arrived.")
@_place
@_signed
@_who
@keys_options
@shared("case transfer in")
def in_(shared_: Shared, case: Path, answers: str, key: Path | None, who: str, **facts: Any) -> int:
    """Put on the ledger of the case in DIR that items have arrived, after reading every file of them again.

    It ends with 4, and the ledger says so, if what arrived is not what left.
    """
    from forensics.examination.handing_over import transfer_in

    with shared_.opened(case) as examination:
        done = transfer_in(examination, answers, **facts)
        signed = _sign(examination, "transfer", key, who)
    verdict = "with differences" if done.differences else "every hash is the one that left"
    shared_.screen.line(f"Arrived (line {done.line}): {', '.join(done.items)}; {verdict}", bold=True)
    return _show_transfer(shared_, done, signed)


@click.command("return", short_help="Items go back.")
@case_argument
@_items
@click.option("--to", "to", metavar="TEXT", required=True, help="To whom they go back.")
@click.option("--why", metavar="TEXT", default="", help="For what reason.")
@_place
@keys_options
@shared("case return")
def return_(shared_: Shared, case: Path, items: tuple[str, ...], to: str, why: str, place: str) -> int:
    """Put on the ledger of the case in DIR that items went back to where they came from."""
    from forensics.examination.handing_over import give_back

    with shared_.opened(case) as examination:
        done = give_back(examination, items, to, why, place)
    shared_.screen.line(f"Returned (line {done.line}): {', '.join(done.items)}", bold=True)
    return _show_transfer(shared_, done, None)


@click.command("dispose", short_help="Items were destroyed.")
@case_argument
@_items
@click.option("--how", metavar="TEXT", required=True, help="How: overwritten, shredded, degaussed.")
@click.option("--why", metavar="TEXT", required=True, help="Why, and by whose leave.")
@click.option("--witness", "witnesses", metavar="NAME", multiple=True, help="Who saw it; can be repeated.")
@_place
@keys_options
@shared("case dispose")
def dispose(shared_: Shared, case: Path, items: tuple[str, ...], witnesses: tuple[str, ...], **facts: str) -> int:
    """Put on the ledger of the case in DIR that items were destroyed. It destroys nothing itself."""
    from forensics.examination import handing_over

    with shared_.opened(case) as examination:
        done = handing_over.dispose(examination, items, witnesses=witnesses, **facts)
    shared_.screen.line(f"Disposed of (line {done.line}): {', '.join(done.items)}", bold=True)
    return _show_transfer(shared_, done, None)


@click.command("witness", short_help="Somebody else signs the ledger.")
@case_argument
@click.option("--as", "who", metavar="NAME", default="", help="The name under which the key is on the ledger.")
@click.option("--sign", "key", metavar="FILE", type=PATH, help="The witness signs here, with this private SSH key.")
@click.option("--signature", metavar="FILE", type=PATH, help="A signature that the witness made elsewhere.")
@click.option("--size", metavar="LINES", type=click.IntRange(1), default=None, help="With --signature: of which checkpoint.")  # fmt: skip # noqa: E501
@click.option("--cosigned", metavar="FILE", type=PATH, help="A checkpoint that another office co-signed (C2SP tlog-cosignature).")  # fmt: skip # noqa: E501
@click.option("--vkey", metavar="KEY", default="", help="With --cosigned: the public key of that office.")
@keys_options
@shared("case witness")
def witness(shared_: Shared, case: Path, who: str, size: int | None, vkey: str, **files: Path | None) -> int:
    """A witness signs the ledger of the case in DIR as it is now, so that it cannot be rewritten without them.

    Elsewhere they sign the file of a checkpoint: ssh-keygen -Y sign -f KEY -n email-forensics-witness@v1
    DIR/ledger/checkpoints/00000123, and --signature FILE --size 123 brings the result in. Another office may co-sign
    that file instead: --cosigned FILE --vkey KEY.
    """
    from forensics.examination import receipts

    key, signature, cosigned = files["key"], files["signature"], files["cosigned"]
    if sum(each is not None for each in files.values()) != 1:
        raise UsageError("a witness signs in one way", todo="give one of --sign, --signature and --cosigned")
    if (signature is not None and size is None) or (cosigned is not None and not vkey) or (not cosigned and not who):
        todo = "give --as NAME, with --signature also --size LINES, and with --cosigned only --vkey KEY"
        raise UsageError("it is not said whose signature this is, or over what", todo=todo)
    given = signature.read_bytes().decode("ascii", "backslashreplace") if signature is not None else ""
    with shared_.opened(case) as examination:
        if cosigned is not None:
            done = receipts.take_cosignature(examination, cosigned.read_bytes(), vkey)
        else:
            done = receipts.witness(examination, who, key, given, size or 0)
    shared_.screen.line(f"{done.who} has signed the first {done.size:,} lines: {done.path}", bold=True)
    shared_.screen.line(done.receipt)
    shared_.screen.object(done.exit_code, **fields_of(done))
    return done.exit_code


@click.command("correct", short_help="Say that a line of the ledger is wrong.")
@case_argument
@click.argument("line", metavar="LINE", type=click.IntRange(1))
@click.option("--why", metavar="TEXT", required=True, help="What is wrong with it, and why.")
@click.option("--right", metavar="TEXT", default="", help="What is right instead.")
@keys_options
@shared("case correct")
def correct(shared_: Shared, case: Path, line: int, why: str, right: str) -> int:
    """Say on the ledger of the case in DIR that LINE is wrong. The line itself stays: nothing is ever changed."""
    from forensics.examination import correcting

    with shared_.opened(case) as examination:
        done = correcting.correct(examination, line, why, right)
    shared_.screen.line(f"Line {done.line} corrects line {done.about}.")
    shared_.screen.object(done.exit_code, **fields_of(done))
    return done.exit_code


@click.command("clock", short_help="Put on the ledger how the clock stands.")
@case_argument
@click.option("--offset-ms", metavar="N", type=int, default=None, help="By how much this clock is ahead, in ms.")
@click.option("--source", metavar="TEXT", default="", help="With --offset-ms: what it was compared with.")
@click.option("--why", metavar="TEXT", default="", help="The reason, such as a clock that was set right.")
@keys_options
@shared("case clock")
def clock(shared_: Shared, case: Path, offset_ms: int | None, source: str, why: str) -> int:
    """Put on the ledger of the case in DIR how the clock of this machine stands, as the system knows it or as you
    compared it.
    """
    from forensics.examination.correcting import check_clock

    with shared_.opened(case) as examination:
        done = check_clock(examination, offset_ms, source, why)
    said = done.clock or {}
    follows = "follows" if said.get("synchronised") else "does not follow"
    shared_.screen.line(f"Line {done.line}: {said['offset_ms']} ms by {said['source']}; it {follows} a time server.")
    shared_.screen.object(done.exit_code, **fields_of(done))
    return done.exit_code


@click.command("timestamp", short_help="Have the ledger stamped by a third party.")
@case_argument
@click.option("--tsa", "url", metavar="URL", default="", help="Ask this authority over the network (RFC 3161).")
@click.option("--query", metavar="FILE", type=PATH, help="Without network: write the query to this file.")
@click.option("--reply", metavar="FILE", type=PATH, help="Without network: take in the reply to it.")
@click.option("--root", "roots", metavar="FILE.pem", type=PATH, multiple=True, help="The certificate that the authority's chain ends at.")  # fmt: skip # noqa: E501
@keys_options
@shared("case timestamp")
def timestamp(
    shared_: Shared, case: Path, url: str, query: Path | None, reply: Path | None, roots: tuple[Path, ...]
) -> int:
    """Have a time-stamping authority confirm when the ledger of the case in DIR was as it is.

    Only --tsa uses the network, and all that leaves is a hash. Without --root nobody vouches for the reply yet: it is
    kept, and whoever has the root can check it later.
    """
    from forensics.examination import stamping

    if sum(map(bool, (url, query, reply))) != 1:
        raise UsageError("a time stamp comes one way at a time", todo="give one of --tsa, --query and --reply")
    pems = [path.read_bytes() for path in roots]
    with shared_.opened(case) as examination:
        if query is not None:
            done = stamping.export_query(examination, query)
        elif reply is not None:
            done = stamping.take_reply(examination, reply.read_bytes(), pems)
        else:
            done = stamping.stamp_over_network(examination, url, pems)
    if done.query:
        shared_.screen.line(f"The query over {done.size:,} lines: {done.query}. Bring the reply in with --reply FILE.")
    else:
        trust = "checked up to its root" if done.trusted else "kept; no root was given to check it with"
        when = show.moment(done.time_ns)
        shared_.screen.line(f"The first {done.size:,} lines were stamped at {when}, {done.lag_s:,} s later; {trust}.")
    shared_.screen.object(done.exit_code, **fields_of(done))
    return done.exit_code


def _sign(examination: Any, purpose: str, key: Path | None, who: str) -> Any:
    from forensics.examination.receipts import sign_personally

    if key is None:
        return None
    if not who:
        raise UsageError("a signature says whose it is", todo="give --as NAME beside --sign")
    return sign_personally(examination, purpose, who, key)


def _show_transfer(shared_: Shared, done: TransferSummary, signed: Any) -> int:
    screen = shared_.screen
    for item, sha256 in done.items.items():
        screen.line(f"  {item}  {sha256}")
    for each in done.differences:
        screen.line(f"  {each}", colour="red")
    if done.missing:
        screen.line(f"  Not said: {', '.join(done.missing)}", colour="yellow")
    if signed is not None:
        screen.line(f"  Signed by {signed.who}: {signed.path}")
    if done.receipt:
        screen.line("Receipt, to go with the items:")
        screen.line(f"  {signed.receipt if signed is not None else done.receipt}")
    screen.object(done.exit_code, **fields_of(done), signature=signed)
    return done.exit_code
