"""Seals a made-up item of a million messages from its records: time, processor and memory, with the root at the end.

The records are those of 20,000 messages with seven header fields, a body and an attachment each (12 parts), listed over
and over; ``--headers 20`` makes the messages as long as those of today's relays.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measured import measured
from forensics import tables
from forensics.address import Address, record_id
from forensics.casefile import merkle, seal
from forensics.casefile.case import CaseFacts, write_facts
from forensics.casefile.message_parts import messages
from forensics.casefile.view import CaseView
from forensics.digests import digest_bytes
from forensics.records import Attachment, BodyText, Header, Message, Record

A_PART = 20_000
KEY = b"a benchmark has no secret salt key"
_NAMES = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
_KINDS = ("message", "header", "text", "attachment")


def _records(headers: int) -> Iterator[Record]:
    for number in range(A_PART):
        at = Address(evidence="EV-0001", steps=("000001", f"message:{number + 1}"))
        ref, sha256 = record_id("message", str(at)), f"{number:064x}"
        yield Message(address=at, item_class="IPM.Note", store_path="/Inbox", raw_sha256=sha256, size=4321)
        for position in range(1, headers + 1):
            name = _NAMES[(position - 1) % len(_NAMES)]
            raw = f" {name} of message {number} <{number}.{position}@mail.example.jp>".encode()
            here = at.child(f"header:{position}")
            yield Header(address=here, message_id_ref=ref, position=position, name=name, raw=raw, decoded="")
        common: dict[str, Any] = {"message_id_ref": ref, "position": 1, "sha256": sha256, "size": 3210}
        yield BodyText(address=at.child("text:1"), kind="plain", text="", charset="utf-8", **common)
        yield Attachment(address=at.child("attachment:1"), name="見積.pdf", declared_type="application/pdf", **common)


def _lay(folder: Path, count: int, headers: int) -> dict[str, Any]:
    """The files of one part, and a manifest that lists them as often as it takes."""
    columns = {kind: tables.Columns(kind) for kind in _KINDS}
    for record in _records(headers):
        columns[record.KIND].append(record, "synthetic 1", "0" * 64)
    listed = []
    for kind in _KINDS:
        path = folder / f"records/{kind}/first.parquet"
        path.parent.mkdir(parents=True)
        tables.write_parquet(columns.pop(kind).table(), path)
        sha256 = digest_bytes(path.read_bytes()).hex
        for number in range(count // A_PART):
            again = path.with_name(f"EV-0001-{number:06d}.parquet")
            again.hardlink_to(path)
            listed.append({"kind": kind, "path": f"records/{kind}/{again.name}", "sha256": sha256})
    return {"evidence": "EV-0001", "parts": listed}


def _seal(folder: Path) -> None:
    """The measured part, in a process of its own."""
    manifest = json.loads((folder / "manifest.json").read_text())
    began, used = time.perf_counter(), time.process_time()
    leaves = seal.leaves_of(messages(CaseView(folder), manifest), KEY)
    root = merkle.root(leaves)
    took = {"seconds": time.perf_counter() - began, "processor": time.process_time() - used}
    sys.stderr.write(f"{len(leaves) // 32} messages, root {root.hex()}\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**took, "counts": {"messages": len(leaves) // 32, "peak": peak}}))


def main() -> None:
    """Make the records, seal them, say what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--headers", type=int, default=7)
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--sealing", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sealing:
        _seal(given.sealing)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_facts(folder, CaseFacts(id="019a0000-0000-7000-8000-000000000001", title="benchmark"))
        manifest = _lay(folder, given.messages, given.headers)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        command = [sys.executable, "-m", "benchmarks.message_tree", "--sealing", name]
        found = measured(command, {given.core})
    each = found.processor / found.counts["messages"] * 1e6
    print(
        f"{found.counts['messages']:,} messages, {given.headers + 5} parts each: {found.seconds:.1f} s on the clock, "
        f"{found.processor:.1f} s of one processor ({each:.1f} us a message), {found.memory / 1e6:.0f} MB at most"
    )


if __name__ == "__main__":
    main()
