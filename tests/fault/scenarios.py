"""What is run and then cut short: ``python -m tests.fault.scenarios NAME FOLDER`` does the work and says what is kept.

Each scenario does its work in a folder, says a line for everything that it acknowledges, and can say of any folder that
a cut left whether what was acknowledged is there and verifies, and whether the same work again completes. The last are
stores that are known to be wrong: a proof that does not fail them proves nothing.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.casefile import checkpoints, keyring
from forensics.casefile.acts import Act, Phase
from forensics.casefile.chain import check
from forensics.casefile.ledger import Entry, Ledger, Line, read_lines
from forensics.casefile.notes import Checkpoint, Signer
from forensics.digests import digest_bytes
from forensics.evidence.content import ContentStore
from forensics.evidence.store import EvidenceStore
from forensics.examination import keys, sealing
from forensics.examination.acquiring import acquire_path
from forensics.examination.conductor import Examination
from forensics.examination.parsing import parse
from forensics.examination.station import Station
from forensics.examination.verifying import verify
from tests.acquisition.stand_in import MemorySource, acquired

Said = list[dict[str, Any]]
"""What was acknowledged before the cut, in order."""
Say = Callable[..., None]
CASE = "019a0000-0000-7000-8000-000000000001"
_NOW = 1_780_000_000 * 10**9
FILES = {b"%02d" % n: b"line %04d\n" % n * (97 * n + 1) for n in range(6)} | {b"empty": b"", b"box": b"!BDN" * 9_000}
BLOBS = [b"blob %d\n" % n * (n * 61 + 1) for n in range(18)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``work`` is what is cut short; ``wrong`` names what is missing afterwards; ``again`` does the same work again."""

    work: Callable[[Path, Say], None]
    wrong: Callable[[Path, Said], Iterator[str]]
    again: bool = True


# -- the ledger, one line at a time and in batches ---------------------------------------------------------------------


def _entry(number: int) -> Entry:
    return Entry(
        act=Act.ANOMALY, phase=Phase.DONE, step=f"step {number}", ts_ns=_NOW + number, why="x" * (number % 700)
    )


def ledger(folder: Path, say: Say) -> None:
    with Ledger(folder / "ledger", CASE) as book:
        for number in range(14):
            say(line=book.append(_entry(number)).number, sha256=book.head["sha256"])
        said = book.append_many([_entry(number) for number in range(120)])
        say(line=said[-1].number, sha256=book.head["sha256"])
        say(line=book.append(_entry(3)).number, sha256=book.head["sha256"])


def ledger_wrong(folder: Path, said: Said) -> Iterator[str]:
    lines = list(read_lines(folder / "ledger"))
    for each in said:
        if len(lines) < each["line"] or lines[each["line"] - 1].sha256 != each["sha256"]:
            yield f"line {each['line']} was acknowledged and is not there"
    with Ledger(folder / "ledger", CASE) as book:
        book.append(_entry(1))
    yield from map(str, check(folder / "ledger", CASE))


# -- checkpoints -------------------------------------------------------------------------------------------------------

SIGNER = Signer(f"email-forensics/{CASE}", bytes(range(32)))


def signed(folder: Path, say: Say) -> None:
    with Ledger(folder / "ledger", CASE) as book:
        for number in range(5):
            line = book.append(_entry(number)).number
            made = Checkpoint(origin=SIGNER.verifier.name, size=line, root=book.root)
            path = checkpoints.write(folder / "ledger", made, SIGNER)
            say(line=line, sha256=book.head["sha256"], note=path.name, data=path.read_bytes().hex())


def signed_wrong(folder: Path, said: Said) -> Iterator[str]:
    known = {each.path.name: each for each in checkpoints.stored(folder / "ledger")}
    for each in said:
        if each["note"] not in known or known[each["note"]].data.hex() != each["data"]:
            yield f"the checkpoint {each['note']} was acknowledged and is not there"
    yield from ledger_wrong(folder, said)
    raws = checkpoints.raw_lines(folder / "ledger")
    roots = checkpoints.roots(raws, [each.size for each in known.values()])
    keys = checkpoints.KeysAt([(SIGNER.verifier.vkey, 0, 0)])
    found = checkpoints.check(list(known.values()), SIGNER.verifier.name, len(raws), roots, keys)
    yield from (f"{place}: {what}" for place, what in found.differences)


# -- the evidence store ------------------------------------------------------------------------------------------------


def evidence(folder: Path, say: Say) -> None:
    store = EvidenceStore(folder / "evidence")
    if "EV-0001" not in store.items():
        store, _ = acquired(MemorySource(FILES), folder)
        store.protect("EV-0001")
    say(item="EV-0001", manifest=store.manifest_sha256("EV-0001"))


def evidence_wrong(folder: Path, said: Said) -> Iterator[str]:
    store = EvidenceStore(folder / "evidence")
    for each in said:
        if each["item"] not in store.items():
            yield f"{each['item']} was acknowledged and is not there"
        elif store.manifest_sha256(each["item"]) != each["manifest"]:
            yield f"{each['item']} is another than was acknowledged"
    for item in store.items():
        yield from map(str, store.verify(item))


# -- the content store -------------------------------------------------------------------------------------------------


def content(folder: Path, say: Say) -> None:
    store = ContentStore(folder / "content")
    store.begin()
    for start in range(0, len(BLOBS), 6):
        names = [store.put(io.BytesIO(blob))[0].hex for blob in BLOBS[start : start + 6]]
        store.commit()
        say(blobs=names)


def content_wrong(folder: Path, said: Said) -> Iterator[str]:
    store = ContentStore(folder / "content")
    for name in itertools.chain.from_iterable(each["blobs"] for each in said):
        if not store.has(name):
            yield f"the content {name} was acknowledged and is not there"
    yield from map(str, store.verify())


# -- a whole case: made, a source acquired, sealed, signed -------------------------------------------------------------


def _station(folder: Path) -> Station:
    # The power that went does not set the clock back.
    last = [line.value["ts_ns"] for line in read_lines(folder / "ledger")][-1:] or [_NOW]
    ticks = itertools.count(last[0] + 10**9, 10**9)
    return Station(now=lambda: next(ticks), argv=("a test",), workers=1)


def case(folder: Path, say: Say) -> None:
    """Whoever made it is told of the case, then of its key, then of each item."""
    there = (folder / "case" / "case.toml").exists()
    station = _station(folder / "case")
    opened = (
        Examination(folder / "case", station)
        if there
        else Examination.create(folder / "case", {"title": "架空の件"}, station)
    )
    with opened as examination:
        say(line=examination.head["lines"], sha256=examination.head["sha256"])
        made = keys.make_log_key(examination, folder / "keys", None)
        say(line=examination.head["lines"], sha256=examination.head["sha256"], log_key=made.log_key)
        for name in ("one", "two"):
            done = acquire_path(examination, folder / "source" / name)
            say(line=examination.head["lines"], sha256=examination.head["sha256"], item=done.evidence)


def seal(folder: Path, say: Say) -> None:
    """Of a case that is parsed already (see ``prepared``)."""
    with Examination(folder / "case", _station(folder / "case"), _keyring(folder)) as examination:
        for done in sealing.seal(examination, sealing.salt_key_of(examination)):
            say(line=examination.head["lines"], sha256=examination.head["sha256"], root=done.root)
    newest = checkpoints.newest(folder / "case" / "ledger")
    assert newest is not None
    say(line=newest.size, note=newest.path.name, data=newest.data.hex())


def _keyring(folder: Path) -> Any:
    return keyring.read(folder / "keys", json.loads((folder / "id").read_text()), None)


def case_wrong(folder: Path, said: Said) -> Iterator[str]:
    book = folder / "case" / "ledger"
    lines = list(read_lines(book)) if book.exists() else []
    for each in said:
        if "sha256" in each and (len(lines) < each["line"] or lines[each["line"] - 1].sha256 != each["sha256"]):
            yield f"line {each['line']} was acknowledged and is not there"
        if "item" in each and not (folder / "case" / "evidence" / each["item"]).is_dir():
            yield f"{each['item']} was acknowledged and is not there"
        if "sha256" in each and each["line"] <= len(lines):
            yield from _files_wrong(folder / "case", lines[: each["line"]])
        path = book / "checkpoints" / each.get("note", "")
        if "note" in each and not (path.is_file() and path.read_bytes().hex() == each["data"]):
            yield f"the checkpoint {each['note']} was acknowledged and is not there"
    roots = {str(line.value["result"]["root"]) for line in lines if line.act == Act.SEAL and line.phase == "finished"}
    vkeys = [str(line.value["params"].get("vkey", "")) for line in lines if line.act == Act.KEY_ADD]
    if vkeys and keyring.read(folder / "keys", str(lines[0].value["case"]), None).signer.verifier.vkey not in vkeys:
        yield "the ledger names a key that nobody has"
    yield from (f"the seal {each['root']} is gone" for each in said if "root" in each and each["root"] not in roots)


def _files_wrong(folder: Path, lines: list[Line]) -> Iterator[str]:
    """What finished lines list, as long as no other step is replacing it."""
    store = EvidenceStore(folder / "evidence")
    for line in lines:
        for output in line.value.get("out", []) if line.phase == "finished" else []:
            path = folder / str(output.get("path", ""))
            if "path" in output and not (path.is_file() and digest_bytes(path.read_bytes()).hex == output["sha256"]):
                yield f"{output['path']} was acknowledged and is not there"
            if line.act == Act.ACQUIRE and (output["id"] not in store.items() or store.verify(output["id"])):
                yield f"{output['id']} was acknowledged and is not there"


def case_sound(folder: Path) -> Iterator[str]:
    """After the same work was done again, nothing is left to complain about."""
    found = verify(folder / "case")
    yield from map(str, (*found.ledger, *found.differences, *found.unsettled))


# -- stores that are known to be wrong ---------------------------------------------------------------------------------


def _known_wrong(write: Callable[[Path, bytes], None]) -> Callable[[Path, Say], None]:
    def work(folder: Path, say: Say) -> None:
        (folder / "store").mkdir(exist_ok=True)
        index: list[str] = []
        for blob in BLOBS[:12]:
            name = hashlib.sha256(blob).hexdigest()
            write(folder / "store" / name, blob)
            index.append(name)
            write(folder / "index.json", json.dumps(index).encode())
            say(blobs=[name])

    return work


def _naive(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _renamed(path: Path, data: bytes, *, sync: bool = False) -> None:
    beside = path.with_name(f"{path.name}.new")
    with beside.open("wb") as handle:
        handle.write(data)
        if sync:
            handle.flush()
            os.fsync(handle.fileno())
    beside.rename(path)


def _synced_file_only(path: Path, data: bytes) -> None:
    _renamed(path, data, sync=True)


def _proper(path: Path, data: bytes) -> None:
    """The same with both syncs: what the wrong ones lack."""
    _renamed(path, data, sync=True)
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _index_wrong(folder: Path, said: Said) -> Iterator[str]:
    try:
        index = json.loads((folder / "index.json").read_bytes()) if said else []
    except (OSError, ValueError) as error:
        yield f"the index cannot be read: {error}"
        return
    for name in itertools.chain.from_iterable(each["blobs"] for each in said):
        path = folder / "store" / name
        if name not in index or not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != name:
            yield f"{name} was acknowledged and is not there"


SCENARIOS = {
    "ledger": Scenario(work=ledger, wrong=ledger_wrong),
    "signed": Scenario(work=signed, wrong=signed_wrong),
    "evidence": Scenario(work=evidence, wrong=evidence_wrong),
    "content": Scenario(work=content, wrong=content_wrong),
    "case": Scenario(work=case, wrong=case_wrong),
    "seal": Scenario(work=seal, wrong=case_wrong),
    "naive": Scenario(work=_known_wrong(_naive), wrong=_index_wrong, again=False),
    "renamed": Scenario(work=_known_wrong(_renamed), wrong=_index_wrong, again=False),
    "file-synced": Scenario(work=_known_wrong(_synced_file_only), wrong=_index_wrong, again=False),
    "proper": Scenario(work=_known_wrong(_proper), wrong=_index_wrong, again=False),
}


def start(name: str, folder: Path) -> None:
    """What has to lie in the folder before the work begins."""
    folder.mkdir(parents=True)
    if name == "case":
        for part in ("one", "two"):
            (folder / "source" / part).mkdir(parents=True)
            for number in range(3):
                (folder / "source" / part / f"{number}.eml").write_bytes(b"Subject: %d\r\n\r\nbody\r\n" % number * 40)
    if name == "seal":
        _prepared(folder)


def _prepared(folder: Path) -> None:
    source = folder / "source" / "mail.mbox"
    source.parent.mkdir()
    mail = b"From a@example.jp Mon Jun  1 10:00:00 2026\nSubject: %d\nMessage-ID: <%d@example.jp>\n\nbody\n\n"
    source.write_bytes(b"".join(mail % (number, number) for number in range(5)))
    with Examination.create(folder / "case", {"title": "架空の件"}, _station(folder / "case")) as examination:
        keys.make_log_key(examination, folder / "keys", None)
        acquire_path(examination, source.parent)
        parse(examination)
        (folder / "id").write_text(json.dumps(examination.facts.id))


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])

    def say(**values: Any) -> None:
        os.write(1, json.dumps(values).encode() + b"\n")

    SCENARIOS[name].work(folder, say)


if __name__ == "__main__":
    main()
