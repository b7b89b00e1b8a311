"""What an attacker can do to a bundle: rewrite lines, chain them anew, sign with a key, stamp, and make the bag fit.

Every attack that is worth the name makes the sums of the bag anew, because anyone can; what detects it is the ledger.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile import checkpoints, merkle
from forensics.casefile.notes import Checkpoint, Signer
from forensics.evidence.bag import manifest_bytes

Line = dict[str, Any]


class Forger:
    """A copy of a bundle in the hands of somebody who means to change it."""

    def __init__(self, bundle: Path, copy: Path) -> None:
        shutil.copytree(bundle, copy)
        self.folder = copy
        for path in copy.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        self.ledger = copy / "data" / "ledger"
        self.events = self.ledger / "events.jsonl"
        self.lines: list[Line] = [canonical.decode(raw) for raw in self.events.read_bytes().splitlines()]

    def line(self, act: str, phase: str = "") -> Line:
        """The last line of an act."""
        return next(each for each in reversed(self.lines) if each["act"] == act and phase in ("", each["phase"]))

    def append(self, like: str, **changed: Any) -> None:
        """One more line, of the time of the last, like the last one of an act but for what is given."""
        self.lines.append({**deepcopy(self.line(like)), "ts_ns": self.lines[-1]["ts_ns"], **changed})

    def shift(self, seconds: float) -> None:
        """Move every claimed time."""
        for each in self.lines:
            each["ts_ns"] += int(seconds * 10**9)

    def write(self) -> None:
        """The lines as they are now, chained and numbered anew, and the head that fits."""
        previous, raw = "0" * 64, []
        for number, each in enumerate(self.lines, 1):
            each.update(seq=number, prev=previous)
            raw.append(canonical.encode(each))
            previous = hashlib.sha256(raw[-1]).hexdigest()
        data = b"".join(each + b"\n" for each in raw)
        self.put_events(data)
        head = {"lines": len(raw), "sha256": previous, "size": len(data)}
        (self.ledger / "head").write_bytes(canonical.encode(head))

    def put_events(self, data: bytes) -> None:
        """Bytes in the place of the lines."""
        self.events.write_bytes(data)

    def drop_checkpoints(self, above: int = -1) -> None:
        """Take away checkpoints, with what lies beside them."""
        for path in (self.ledger / "checkpoints").iterdir():
            if int(path.name.partition(".")[0]) > above:
                path.unlink()

    def sign(self, signer: Signer, stamp: Callable[[Path], object] | None = None) -> Path:
        """A checkpoint over all lines as they are, stamped if somebody stamps."""
        leaves = [merkle.leaf_hash(raw) for raw in self.events.read_bytes().splitlines()]
        origin = f"email-forensics/{self.lines[0]['case']}"
        made = Checkpoint(origin=origin, size=len(leaves), root=merkle.root(leaves))
        path = checkpoints.write(self.ledger, made, signer)
        if stamp is not None:
            stamp(path)
        return path

    def pin_payload(self) -> None:
        """Make the line of the bundle fit what the bag holds now."""
        data = manifest_bytes({n: s for n, s in self.sums(True).items() if not n.startswith("data/ledger/")})
        self.line("bundle", "finished")["out"][0].update(sha256=hashlib.sha256(data).hexdigest(), size=len(data))

    def sums(self, payload: bool) -> dict[str, str]:
        """The sums of all payload files, or of all tag files."""
        found = {}
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and name.startswith("data/") == payload and name != "tagmanifest-sha256.txt":
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def rebag(self) -> Path:
        """Make manifests and counts fit; the answer is the bundle to be verified."""
        payload = self.sums(True)
        (self.folder / "manifest-sha256.txt").write_bytes(manifest_bytes(payload))
        info = self.folder / "bag-info.txt"
        size = sum((self.folder / name).stat().st_size for name in payload)
        kept = [line for line in info.read_text().splitlines() if not line.startswith(("Payload-Oxum", "Ledger-Head"))]
        raw = self.events.read_bytes().splitlines()
        head = f"Ledger-Head: {len(raw)} {hashlib.sha256(raw[-1]).hexdigest()}"
        info.write_text("\n".join([*kept, head, f"Payload-Oxum: {size}.{len(payload)}"]) + "\n")
        (self.folder / "tagmanifest-sha256.txt").write_bytes(manifest_bytes(self.sums(False)))
        return self.folder

    def rewrite(self, signer: Signer, stamp: Callable[[Path], object] | None = None) -> Path:
        """What the holder of the log key does: everything anew, in one piece, with no old signature left."""
        self.drop_checkpoints()
        for each in self.lines:
            if each["act"] == "checkpoint.stamp":  # a line that tells of a stamp would be missed the stamp
                each.update(act="verify", out=[])
        self.write()
        self.sign(signer, stamp)
        return self.rebag()
