"""The evidence of a case on disk: items that are written once and then only read and verified (DESIGN 4)."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from forensics import canonical
from forensics.digests import digest_bytes
from forensics.errors import FormatError, IntegrityError, UsageError
from forensics.evidence import item as layout
from forensics.evidence import protection
from forensics.evidence.durable import make_folder
from forensics.evidence.item import Entry, item_name, item_number
from forensics.evidence.readback import open_stored
from forensics.evidence.vault import EVIDENCE, Vault, open_sealed
from forensics.evidence.verification import Difference, Told, verify_item
from forensics.evidence.writer import ItemWriter

_NAME = re.compile(r"(EV-[0-9]{4,})(\.work|\.part)?")


class EvidenceStore:
    """The folder ``evidence`` of a case. One writer at a time: the case's lock sees to that."""

    def __init__(self, root: Path, vault: Vault | None = None) -> None:
        self.root = root
        self._vault = vault
        self._listed: dict[str, dict[int, Entry]] = {}

    def items(self) -> tuple[str, ...]:
        """The finished items, in order of their numbers."""
        return self._named(None)

    def unfinished(self) -> tuple[str, ...]:
        """Items whose acquisition was interrupted; ``begin`` with the same name goes on."""
        finished = set(self.items())
        return tuple(name for name in self._named(".work") if name not in finished)

    def next_item(self) -> str:
        """The first name that was never used."""
        used = [item_number(name) for name in (*self.items(), *self._named(".work"))]
        return item_name(max(used, default=0) + 1)

    def begin(self, item: str) -> ItemWriter:
        """Start an item, or go on with an interrupted one; a finished one is never opened again for writing."""
        item_number(item)
        if self._vault is not None:
            self._vault.ready()
        self._sweep()
        if os.path.lexists(self.root / item):
            raise IntegrityError(
                f"{item} is finished and evidence is never written twice", place=str(self.root / item), todo="verify it"
            )
        make_folder(self.root)
        return ItemWriter(self.root, item, self._vault)

    def path(self, item: str, number: int) -> Path:
        """Where a stored file lies, for readers that need a name; they get no right to write."""
        return self._folder(item) / layout.payload_name(number)

    def open(self, item: str, number: int) -> BinaryIO:
        """A read-only, seekable handle of a stored file; of its plaintext where it is encrypted."""
        path, sha256 = self.path(item, number), self.sealed(item, number)
        if self._vault is None or not sha256:
            return io.BufferedReader(open_stored(path), 1 << 16)
        key = self._vault.key(EVIDENCE, sha256)
        return open_sealed(open_stored(path), key, f"{item}/{layout.payload_name(number)}")

    def sealed(self, item: str, number: int) -> str:
        """The plaintext SHA-256 of a stored file that is encrypted, or an empty text."""
        if self._vault is None:
            return ""
        if item not in self._listed:
            self._listed[item] = {entry.number: entry for entry in self.entries(item) if entry.number is not None}
        entry = self._listed[item].get(number)
        return str(entry.sha256) if entry is not None and entry.ciphertext is not None else ""

    def entries(self, item: str) -> Iterator[Entry]:
        """Everything that was found in the source, stored or listed only, in byte order of the paths."""
        try:
            yield from layout.load_entries(self._paper(item, layout.FILES))
        except FormatError as error:
            raise IntegrityError(error.what, place=f"{item}/{error.place}", todo="run verify") from error

    def acquisition(self, item: str) -> dict[str, Any]:
        """What was written about the acquisition when it ended."""
        try:
            found: dict[str, Any] = canonical.decode(self._paper(item, layout.ACQUISITION))
        except FormatError as error:
            raise IntegrityError(error.what, place=f"{item}/{layout.ACQUISITION}", todo="run verify") from error
        return found

    def manifest_sha256(self, item: str) -> str:
        """The digest that stands for the whole item."""
        return digest_bytes(self._paper(item, layout.MANIFEST)).hex

    def verify(self, item: str, *, manifest_sha256: str | None = None, told: Told | None = None) -> list[Difference]:
        """Read everything again and name what differs; the digest from the ledger catches a rewritten manifest."""
        item_number(item)
        return verify_item(self.root / item, manifest_sha256=manifest_sha256, told=told)

    def strangers(self) -> tuple[str, ...]:
        """What lies beside the items and was not put there by an acquisition."""
        return tuple(name for name in self._listing() if not _NAME.fullmatch(name))

    def protect(self, item: str, wanted: str = protection.READONLY) -> str:
        """Protect every file of an item as far as asked and possible; the answer is what really holds for all."""
        return protection.weakest([protection.protect(path, wanted) for path in self._files(item)])

    def holds(self, item: str) -> str:
        """The protection that holds for every file of the item now."""
        return protection.weakest([protection.holds(path) for path in self._files(item)])

    def release(self, item: str) -> None:
        """Take the immutable attribute off again, so that a case may be deleted when its time has come."""
        for path in self._files(item):
            protection.release(path)

    def _files(self, item: str) -> list[Path]:
        folder = self._folder(item)
        return [
            *sorted((folder / layout.DATA).iterdir()),
            *(each for each in sorted(folder.iterdir()) if each.is_file()),
        ]

    def _folder(self, item: str) -> Path:
        item_number(item)
        folder = self.root / item
        if not folder.is_dir():
            raise UsageError(
                f"there is no evidence item {item} in this case", place=str(folder), todo="see `case show`"
            )
        return folder

    def _paper(self, item: str, name: str) -> bytes:
        path = self._folder(item) / name
        try:
            with open_stored(path) as handle:
                return handle.read()
        except OSError as error:
            raise IntegrityError(f"{item}/{name} cannot be read: {error.strerror}", place=str(path)) from error

    def _sweep(self) -> None:
        """Remove what a run that was killed after its commit point could no longer remove itself."""
        for item in self.items():
            for ending in (".work", ".part"):
                if (self.root / f"{item}{ending}").is_dir():
                    shutil.rmtree(self.root / f"{item}{ending}")

    def _named(self, ending: str | None) -> tuple[str, ...]:
        matches = (_NAME.fullmatch(name) for name in self._listing())
        return tuple(sorted((each[1] for each in matches if each and each[2] == ending), key=item_number))

    def _listing(self) -> list[str]:
        return sorted(os.listdir(self.root)) if self.root.is_dir() else []
