"""The step that discloses parts of some messages in a packet that proves them: docs/reference/disclosure-packet.md.

Every proof is followed back from its files to the signed checkpoint before the packet is handed over.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

from forensics import canonical
from forensics.casefile import checkpoints, disclosure, keyfiles, merkle, notes
from forensics.casefile.acts import Act
from forensics.casefile.disclosed_text import Told, disclosed_text
from forensics.casefile.ledger import Line
from forensics.casefile.message_parts import ATTACHMENT, BODY, Sealed, kind_of, messages
from forensics.casefile.seal import message_leaf, part_leaves, salter
from forensics.casefile.view import CaseView
from forensics.errors import DONE, IntegrityError, UsageError
from forensics.evidence.bag import PAYLOAD, Bag, BagWriter
from forensics.evidence.readback import read_stored
from forensics.examination.body_bytes import Body, body_bytes
from forensics.examination.conductor import Examination
from forensics.examination.sealing import SaltKey, read_seal

FOLDER = "disclosed"
_FIND = "SELECT id, evidence, address FROM message WHERE id = $1 OR address = $1 OR message_id = $1 ORDER BY address"
_DOCUMENTS = ("pdf", "txt", "csv", "docx", "xlsx", "pptx", "doc", "xls", "ppt")
_OTHERS = ("png", "jpg", "jpeg", "gif", "tif", "tiff", "eml", "msg", "zip")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The one time that every file of an archive has, so that the same packet has the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscloseSummary:
    """A packet that was written: where, how many messages, how many of their parts, the hash of its manifest."""

    out: str
    messages: int
    shown: int
    withheld: int
    checkpoint: int
    manifest_sha256: str

    @property
    def exit_code(self) -> int:
        """A step that ends well; one that does not raises."""
        return DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A sealed evidence item, opened: the line of its seal, its tree, its records."""

    line: Line
    leaves: bytes
    tree: merkle.Levels
    manifest: dict[str, Any]
    key: bytes

    def leaf(self, number: int) -> bytes:
        """The leaf of one message, as it was sealed."""
        return self.leaves[number * merkle.SIZE : (number + 1) * merkle.SIZE]


@dataclass(slots=True, kw_only=True)
class _Packet:
    """What goes into the packet: files by name, and what the page says of them."""

    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)


def disclose(
    examination: Examination,
    salt_key: SaltKey,
    wanted: Sequence[str],
    parts: Sequence[str],
    out: Path,
    *,
    view: CaseView | None = None,
) -> DiscloseSummary:
    """Write a packet (a folder, or an archive where ``out`` ends in .zip) that shows these parts of these messages.

    ``view`` is the case as an approval opens it, where bodies and attachments need one.
    """
    view = view or examination.view()
    if out.exists():
        raise UsageError(f"{out} is there already", place=str(out), todo="name a folder or a .zip that does not exist")
    found = [_found(view, each) for each in dict.fromkeys(wanted)]
    items = {name: _opened(view, name, salt_key) for name in dict.fromkeys(row["evidence"] for row in found)}
    checkpoint = _checkpoint(examination, view, max(item.line.number for item in items.values()))
    params = {"messages": [row["id"] for row in found], "parts": list(parts), "checkpoint": checkpoint.path.name}
    inputs = [{"id": each["path"], **each} for item in items.values() for each in item.line.value["out"]]
    with examination.step(Act.DISCLOSE, params=params, inputs=inputs) as step:
        packet = _Packet(name=out.name)
        for number, message in enumerate(_wanted(view, items, found), start=1):
            _add(view, packet, f"{FOLDER}/{number:04d}", message, parts, checkpoint)
        _add_common(view, packet, checkpoint)
        bag = _write(view, packet, checkpoint, out)
        counts = {"shown": sum(len(t.shown) for t in packet.told), "withheld": sum(t.withheld for t in packet.told)}
        step.outputs.append({"id": out.name, "sha256": bag.manifest_sha256, "size": bag.size})
        step.result = {"messages": len(packet.told), **counts}
    return DiscloseSummary(
        out=str(out),
        messages=len(packet.told),
        checkpoint=checkpoint.size,
        manifest_sha256=bag.manifest_sha256,
        **counts,
    )


# -- what is to be shown -----------------------------------------------------------------------------------------------


def _found(view: CaseView, wanted: str) -> dict[str, Any]:
    rows = view.rows(_FIND, [wanted])
    if len(rows) == 1:
        return rows[0]
    todo = "give the id of its record, its address, or its Message-ID where only one message has it"
    what = f"there are {len(rows)} messages {wanted!r}" if rows else f"there is no message {wanted!r}"
    more = f": {', '.join(row['address'] for row in rows[:5])}" if rows else ""
    raise UsageError(what + more, place=str(view.folder), todo=todo)


def _opened(view: CaseView, name: str, salt_key: SaltKey) -> _Item:
    parsed = view.newest(Act.PARSE, evidence=name)
    assert parsed is not None  # a message was found in its records
    output = parsed.value["out"][0]
    line = view.newest(Act.SEAL, evidence=name, records_sha256=output["sha256"])
    if line is None:
        raise UsageError(
            f"the records of {name} are not sealed", place=str(view.folder), todo="run 'forensics case seal' first"
        )
    _, leaves = read_seal(view, line)
    manifest = canonical.decode(view.read_output(output))
    return _Item(line=line, leaves=leaves, tree=merkle.Levels(leaves), manifest=manifest, key=salt_key(name))


def _wanted(
    view: CaseView, items: dict[str, _Item], found: Sequence[dict[str, Any]]
) -> Iterator[tuple[_Item, Sealed, str]]:
    """The messages in the order in which they were asked for, each with its parts."""
    ids = {row["id"] for row in found}
    there: dict[str, Sealed] = {}
    for item in items.values():
        there.update({each.id: each for each in messages(view, item.manifest) if each.id in ids})
    for row in found:
        yield items[row["evidence"]], there[row["id"]], row["evidence"]


def _add(
    view: CaseView,
    packet: _Packet,
    folder: str,
    message: tuple[_Item, Sealed, str],
    wanted: Sequence[str],
    checkpoint: checkpoints.Stored,
) -> None:
    """Put one message into the packet, and follow its proof once before anybody else does."""
    item, sealed, evidence = message
    salts = salter(item.key)(sealed.number, len(sealed.parts))
    leaves = part_leaves(salts, sealed.parts)
    if message_leaf(leaves) != item.leaf(sealed.number):
        what = f"the records give another leaf for message {sealed.number} of {evidence} than was sealed"
        raise IntegrityError(what, place=str(view.folder), todo="run 'forensics verify', and check the keys")
    chosen = disclosure.choose(sealed.parts, wanted)
    files = dict(_files(view, sealed, chosen, packet.name))
    parts = tuple(
        disclosure.ShownPart(salt=salt, file=_part_name(number, part), content=_content_name(number, part, files))
        if number in chosen
        else leaves[number]
        for number, (salt, part) in enumerate(zip(salts, sealed.parts, strict=True))
    )
    path = tuple(item.tree.inclusion_proof(sealed.number))
    place = disclosure.Place(index=sealed.number, of=item.tree.size, path=path)
    lines = checkpoints.raw_lines(view.folder / "ledger")[: checkpoint.size]
    told = disclosure.Disclosure(line=lines[item.line.number - 1], place=place, parts=parts)
    hashes = merkle.inclusion_proof([merkle.leaf_hash(raw) for raw in lines], item.line.number - 1)
    proof = notes.write_proof(
        notes.Proof(index=item.line.number - 1, hashes=tuple(hashes), checkpoint=checkpoint.data, extra=told.encode())
    )
    disclosure.check(proof, files.__getitem__, _verifiers(view))
    packet.files |= {f"{folder}/{name}": data for name, data in files.items()}
    packet.files[f"{folder}/{disclosure.PROOF}"] = proof
    shown = [each.file for each in parts if isinstance(each, disclosure.ShownPart)]
    packet.told.append(
        Told(
            folder=f"{PAYLOAD}/{folder}",
            evidence=evidence,
            index=sealed.number,
            of=item.tree.size,
            shown=shown,
            withheld=len(parts) - len(shown),
        )
    )


def _files(view: CaseView, sealed: Sealed, chosen: set[int], export: str) -> Iterator[tuple[str, bytes]]:
    """The files of the parts that are shown, each followed by the content that it names."""
    seen = {BODY: 0, ATTACHMENT: 0}
    for number, part in enumerate(sealed.parts):
        kind = kind_of(part)
        if kind in seen:
            seen[kind] += 1
        if number not in chosen:
            continue
        yield _part_name(number, part), part
        said = canonical.decode(disclosure.content_of(part)) if kind in seen else {}
        if said.get("sha256") is None:
            continue
        if kind == BODY:
            data = body_bytes(view, Body(message=sealed.id, position=seen[BODY], said=said), export)
        else:
            data = view.attachment(sealed.id, seen[ATTACHMENT], export)
        yield _content_file(number, part), data


def _part_name(number: int, part: bytes) -> str:
    return f"parts/{number:03d}-{kind_of(part)}.txt"


def _content_file(number: int, part: bytes) -> str:
    kind, said = kind_of(part), canonical.decode(disclosure.content_of(part))
    if kind == BODY:
        # No ending that a double click would hand to a program that runs or loads something.
        return f"content/{number:03d}-body-{said['kind']}.txt"
    ending = PurePosixPath(said["name"] or "").suffix[1:].lower()
    return f"content/{number:03d}-attachment.{ending if ending in (*_DOCUMENTS, *_OTHERS) else 'bin'}"


def _content_name(number: int, part: bytes, files: dict[str, bytes]) -> str:
    if kind_of(part) not in (BODY, ATTACHMENT):
        return ""
    name = _content_file(number, part)
    return name if name in files else ""


# -- what goes with it -------------------------------------------------------------------------------------------------


def _verifiers(view: CaseView) -> list[notes.Verifier]:
    try:
        lines = read_stored(view.folder / keyfiles.LOG).decode().splitlines()
    except FileNotFoundError as error:
        todo = "make a key with 'forensics case key', then seal the case"
        raise UsageError("the ledger of this case has no key yet", place=str(view.folder), todo=todo) from error
    return [notes.Verifier.of(line) for line in lines if line.strip()]


def _checkpoint(examination: Examination, view: CaseView, line: int) -> checkpoints.Stored:
    """Of the checkpoints that cover the line: one that has a time stamp, else one with a receipt, else the first."""
    if not any(each.size >= line for each in checkpoints.stored(view.folder / "ledger")):
        examination.sign()
    covering = [each for each in checkpoints.stored(view.folder / "ledger") if each.size >= line]
    stamped = [each for each in covering if each.path.with_name(each.path.name + ".tsr").is_file()]
    given = {each.value.get("result", {}).get("size") for each in view.lines if each.act == Act.RECEIPT}
    received = [each for each in covering if each.size in given]
    both = [each for each in stamped if each in received]
    return next(iter([*both, *stamped, *received, *covering]))


def _add_common(view: CaseView, packet: _Packet, checkpoint: checkpoints.Stored) -> None:
    """The checkpoint with what stands beside it, and the public keys, in the places that a bundle gives them."""
    name = checkpoint.path.name
    beside = [path for path in checkpoint.path.parent.glob(f"{name}.*") if checkpoints.BESIDE.fullmatch(path.name)]
    keys = [view.folder / name for name in (keyfiles.LOG, keyfiles.SIGNERS)]
    certificates = sorted((view.folder / keyfiles.TSA).glob("*.pem"))
    for path in (checkpoint.path, *beside, *keys, *certificates):
        if path.is_file():
            packet.files[path.relative_to(view.folder).as_posix()] = read_stored(path)


def _write(view: CaseView, packet: _Packet, checkpoint: checkpoints.Stored, out: Path) -> Bag:
    head = " ".join(notes.parse_note(checkpoint.data).text.split("\n")[:3])
    handover = resources.files("forensics.evidence").joinpath("handover")
    tags = {
        "DISCLOSED.txt": disclosed_text(case=view.facts.id, receipt=head, messages=packet.told).encode(),
        "verify.py": handover.joinpath("verify.py").read_bytes(),
    }
    info = {"External-Identifier": view.facts.id, "External-Description": "disclosure packet"}
    folder = out.with_name(f"{out.stem}.unpacked") if out.suffix == ".zip" else out
    with BagWriter(folder) as writer:
        for name, data in packet.files.items():
            writer.put(name, data)
        bag = writer.finish(info, tags)
    if out.suffix == ".zip":
        _pack(folder, out)
        shutil.rmtree(folder)
    return bag


def _pack(folder: Path, out: Path) -> None:
    with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(f"{out.stem}/{path.relative_to(folder).as_posix()}", _LONG_AGO)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
