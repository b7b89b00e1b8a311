"""Receipts and personal signatures: what people outside keep of the ledger, and what they sign of it.

A receipt is the cheapest anchor and the strongest: whoever holds one can tell a ledger that was rewritten. It is given
at every handover, as one line, as a QR code (ISO/IEC 18004) and as a page to print.
"""

from __future__ import annotations

import hashlib
import html
import io
from dataclasses import dataclass
from pathlib import Path

import segno

from forensics.casefile import checkpoints, notes, sshsig
from forensics.casefile.acts import Act
from forensics.casefile.ledger import replace_file
from forensics.casefile.notes import Checkpoint, Signer, Verifier
from forensics.errors import UsageError
from forensics.evidence.durable import sync_folder
from forensics.evidence.readback import read_stored
from forensics.examination.conductor import Examination
from forensics.examination.keys import key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSummary:
    """The receipt in one line, and the QR code of that line in text."""

    receipt: str
    size: int
    qr: str
    page: str = ""
    exit_code: int = 0


def give_receipt(examination: Examination, to: str, page: Path | None = None) -> ReceiptSummary:
    """Sign the ledger as it is, put on it who got the receipt of that, and say it."""
    made = checkpoints.receipt(examination.sign(), examination.station.now())
    if page is not None:
        page.write_text(_page(made.text, examination.facts.title, to), encoding="utf-8")
    examination.note(Act.RECEIPT, params={"to": to}, result={"receipt": made.text, "size": made.size})
    return ReceiptSummary(receipt=made.text, size=made.size, qr=_qr(made.text), page=str(page or ""))


def _qr(text: str) -> str:
    out = io.StringIO()
    segno.make(text, error="m", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue().replace("\x1b[0m", "").replace("\x1b[7m", "").replace("\x1b[49m", "")


def _page(text: str, title: str, to: str) -> str:
    """One page for paper, in both languages; nothing in it comes from elsewhere."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", scale=5, xmldecl=False, svgns=True)
    drawn = out.getvalue().decode("utf-8")
    return f"""<!doctype html>
<html lang="ja"><meta charset="utf-8"><title>受領証 / Receipt</title>
<style>body{{font:12pt/1.6 serif;margin:25mm}}code{{font-size:10pt;word-break:break-all}}
td{{padding:8mm 4mm 0 0}}</style>
<h1>受領証 / Receipt</h1>
<p>{html.escape(title)}</p>
<p>この一行は、証拠台帳のこの時点の状態を示す。後日示される台帳がこれに続くものかを、誰でも検証できる（改ざん検知）。<br>
This line states the ledger of the case as it was at this time. Whoever keeps it can check later whether the ledger
that is shown goes on from it: <code>python3 verify.py BUNDLE --receipt "..."</code></p>
<p><code>{html.escape(text)}</code></p>
{drawn}
<table><tr><td>受領者 / Received by: {html.escape(to)}</td><td>署名 / Signature: ______________________</td>
<td>日付 / Date: ______________</td></tr></table>
</html>
"""


# -- signatures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureSummary:
    """A signature over a checkpoint: who, for what, over how many lines, the file."""

    who: str
    purpose: str
    size: int
    path: str
    receipt: str
    fingerprint: str = ""
    exit_code: int = 0


def sign_personally(examination: Examination, purpose: str, who: str, key: Path) -> SignatureSummary:
    """A person signs the ledger as it is now; the key must be theirs on the ledger."""
    now = examination.station.now()
    person = key_of(examination.keys_changed(), who, now)
    checkpoint = examination.sign()
    note = read_stored(_note_path(examination, checkpoint))
    armoured = sshsig.sign_with(note, purpose, key)
    return _keep(examination, checkpoint, note, purpose, who, armoured, person.line())


def take_signature(examination: Examination, purpose: str, who: str, size: int, armoured: str) -> SignatureSummary:
    """A signature that a person made elsewhere, over a checkpoint that was given to them as a file."""
    person = key_of(examination.keys_changed(), who, examination.station.now())
    path = examination.folder / "ledger" / checkpoints.FOLDER / checkpoints.note_name(size)
    if not path.is_file():
        raise UsageError(f"there is no checkpoint of {size:,} lines", place=str(path), todo="name one that there is")
    note = read_stored(path)
    checkpoint = Checkpoint.of(notes.parse_note(note).text)
    return _keep(examination, checkpoint, note, purpose, who, armoured, person.line())


def _keep(
    examination: Examination, checkpoint: Checkpoint, note: bytes, purpose: str, who: str, armoured: str, line: str
) -> SignatureSummary:
    """Checked before it is stored, as of the last line that it covers: one that does not hold would spoil the case."""
    when = int(examination.view().lines[checkpoint.size - 1].value["ts_ns"])
    mark = sshsig.verify(armoured, note, purpose, sshsig.allowed_signers(line), who, when)
    path = checkpoints.signature_path(examination.folder / "ledger", checkpoint.size, who, purpose)
    replace_file(path, armoured.encode("ascii"))
    return SignatureSummary(
        who=who,
        purpose=purpose,
        size=checkpoint.size,
        path=path.relative_to(examination.folder).as_posix(),
        receipt=checkpoints.receipt(checkpoint, examination.station.now()).text,
        fingerprint=mark,
    )


def _note_path(examination: Examination, checkpoint: Checkpoint) -> Path:
    return examination.folder / "ledger" / checkpoints.FOLDER / checkpoints.note_name(checkpoint.size)


def witness(examination: Examination, who: str, key: Path | None, given: str, size: int) -> SignatureSummary:
    """A witness signs a checkpoint, here or elsewhere; a line tells of it."""
    if key is not None:
        done = sign_personally(examination, "witness", who, key)
    else:
        done = take_signature(examination, "witness", who, size, given)
    params = {"who": who, "size": done.size, "fingerprint": done.fingerprint}
    examination.note(Act.WITNESS, params=params, outputs=(_output(examination, done.path),))
    return done


def cosign(note: bytes, office: str, seed: bytes, time_s: int) -> bytes:
    """What another office does to a checkpoint that it was sent: its line is added (C2SP tlog-cosignature)."""
    return notes.cosign_checkpoint(note, Signer(office, seed, notes.COSIGNATURE), time_s)


def take_cosignature(examination: Examination, data: bytes, vkey: str) -> SignatureSummary:
    """Keep a checkpoint that another office co-signed, as a payload: the file that was stamped stays as it is."""
    verifier = Verifier.of(vkey)
    note, _ = notes.open_note(data, [verifier])
    checkpoint = Checkpoint.of(note.text)
    path = _note_path(examination, checkpoint)
    if not path.is_file() or notes.parse_note(read_stored(path)).text != note.text:
        raise UsageError("this co-signed note is no checkpoint of this case", todo="send the office one of these files")
    attached = attach(examination, data)
    params = {"who": verifier.name, "size": checkpoint.size, "vkey": verifier.vkey}
    examination.note(Act.WITNESS, params=params, attach=(attached,))
    return SignatureSummary(
        who=verifier.name,
        purpose="witness",
        size=checkpoint.size,
        path=str(attached["path"]),
        receipt=checkpoints.receipt(checkpoint, examination.station.now()).text,
    )


def attach(examination: Examination, data: bytes) -> dict[str, object]:
    """Store a payload under its own hash; the answer is what a line says of it in ``attach``."""
    sha256 = hashlib.sha256(data).hexdigest()
    folder = examination.folder / "ledger" / "attached"
    if not folder.is_dir():
        folder.mkdir()
        sync_folder(folder.parent)
    if not (folder / sha256).is_file():
        replace_file(folder / sha256, data)
    return {"path": f"ledger/attached/{sha256}", "sha256": sha256, "size": len(data)}


def _output(examination: Examination, path: str) -> dict[str, object]:
    data = read_stored(examination.folder / path)
    return {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
