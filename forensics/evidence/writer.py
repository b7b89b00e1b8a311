"""Writes one evidence item: its name appears when all of it is on the disk, and a killed run goes on where it stopped.

    evidence/EV-0001.work/copies/000001   copies, in the order they were made
    evidence/EV-0001.work/journal.jsonl   one line per copy that was synced and read back
    evidence/EV-0001.part/                the item as it will be, linked together from the copies
    evidence/EV-0001/                     EV-0001.part, renamed: the one commit point

A copy counts only when its line is in the journal, and the line is written only after the copy was synced, read back
through a new descriptor and compared, and its folder was synced. What has no line is deleted and copied again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from forensics import canonical
from forensics.digests import MD5, SHA256, Fill, Hashed, Hasher, digest_bytes
from forensics.errors import ForensicsError, FormatError, IntegrityError, UsageError
from forensics.evidence import direct
from forensics.evidence import item as layout
from forensics.evidence.durable import (
    full_disk_told,
    link_again,
    link_new,
    need_space,
    open_new,
    sync_folder,
    write_all,
    write_new,
)
from forensics.evidence.item import Ciphertext, Entry
from forensics.evidence.protection import make_read_only
from forensics.evidence.readback import hash_again
from forensics.evidence.sealing import Pending
from forensics.evidence.vault import EVIDENCE, Vault, sealed_size

_BATCH_FILES = 128
_BATCH_BYTES = 1 << 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Bytes that were read once and written once; not evidence yet. ``sealed`` is the ciphertext, where it is that."""

    serial: int
    descriptor: int
    hashed: Hashed
    sealed: Hashed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A finished item: its name, how much it holds, and the digest that the ledger pins."""

    item: str
    files: int
    size: int
    manifest_sha256: str


class ItemWriter:
    """Takes copies one at a time, keeps them in batches, and makes the item of them in the end."""

    def __init__(self, root: Path, item: str, vault: Vault | None = None) -> None:
        self.item = item
        self._vault = vault
        self._root = root
        self._work = root / f"{item}.work"
        self._copies = self._work / "copies"
        self._journal = self._work / "journal.jsonl"
        self._waiting: list[tuple[Copy, Entry]] = []
        self._waiting_bytes = 0
        self._hasher = Hasher()
        self._syncing = ThreadPoolExecutor(4, thread_name_prefix="fsync")
        self.resumed = self._work.is_dir()
        self._copies.mkdir(parents=True, exist_ok=True)
        self._serials = self._read_journal()
        self.damaged = self._check_copies()
        self._next = max((serial for serial, _ in self._serials.values()), default=0) + 1
        sync_folder(self._work)
        sync_folder(root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of threads and of copies that were never kept; what is in the journal stays for the next run."""
        for copy, _ in self._waiting:
            self.discard(copy)
        self._waiting = []
        self._syncing.shutdown()
        self._hasher.close()

    @property
    def kept(self) -> dict[bytes, Entry]:
        """What is safely copied so far, this run or an earlier one, by path."""
        return {path: entry for path, (_, entry) in self._serials.items()}

    def need_space(self, wanted: int) -> None:
        """Refuse at the start what cannot end well."""
        need_space(self._root, wanted)

    def copy(self, fill: Fill, *, expected: int = 0, sparse: bool = False) -> Copy:
        """Write what ``fill`` reads to a new file and hash it on the way; ``keep`` or ``discard`` decides about it."""
        path = self._copies / f"{self._next:06d}"
        descriptor = open_new(path)
        serial, self._next = self._next, self._next + 1
        if self._vault is not None:
            return self._seal(fill, serial, descriptor, expected)
        sink = _Sink(descriptor, self._root, expected, sparse)
        try:
            hashed = self._hasher.hash(fill, sink.write)
            sink.end(hashed.size)
        except BaseException:
            os.close(descriptor)
            os.unlink(path)
            raise
        return Copy(serial=serial, descriptor=descriptor, hashed=hashed)

    def _seal(self, fill: Fill, serial: int, descriptor: int, expected: int) -> Copy:
        """The same for a copy that is ciphertext; only its digests are those of what was read."""
        assert self._vault is not None
        path = self._copies / f"{serial:06d}"
        try:
            with (
                full_disk_told(self._root, sealed_size(expected)),
                Pending(path.with_name(f"{path.name}.open")) as held,
            ):
                hashed = self._hasher.hash(fill, held.write)
                key = self._vault.key(EVIDENCE, hashed.hex(SHA256))
                sealed = held.seal(key, lambda data: write_all(descriptor, data))
        except BaseException:
            os.close(descriptor)
            os.unlink(path)
            raise
        return Copy(serial=serial, descriptor=descriptor, hashed=hashed, sealed=sealed)

    def discard(self, copy: Copy) -> None:
        os.close(copy.descriptor)
        os.unlink(self._copies / f"{copy.serial:06d}")

    def keep(self, copy: Copy, entry: Entry) -> Entry:
        """Take the copy as the bytes of this entry. It is acknowledged with its batch, by ``commit``."""
        hashed = copy.hashed
        entry = replace(entry, size=hashed.size, sha256=hashed.hex(SHA256), md5=hashed.hex(MD5))
        if copy.sealed is not None:
            entry = replace(entry, ciphertext=Ciphertext(sha256=copy.sealed.hex(SHA256), size=copy.sealed.size))
        self._waiting.append((copy, entry))
        self._waiting_bytes += hashed.size
        if len(self._waiting) >= _BATCH_FILES or self._waiting_bytes >= _BATCH_BYTES:
            self.commit()
        return entry

    def commit(self) -> None:
        """Sync, read back and journal the batch: after this, a power cut takes none of it away."""
        if not self._waiting:
            return
        with full_disk_told(self._root, 1):
            list(self._syncing.map(os.fsync, [copy.descriptor for copy, _ in self._waiting]))
        for copy, entry in self._waiting:
            self._read_back(copy, entry)
        sync_folder(self._copies)
        lines = [canonical.encode({"copy": copy.serial, "entry": entry.to_json()}) for copy, entry in self._waiting]
        self._append(b"".join(line + b"\n" for line in lines))
        for copy, entry in self._waiting:
            os.close(copy.descriptor)
            self._serials[entry.path] = (copy.serial, entry)
        self._waiting, self._waiting_bytes = [], 0

    def workshop(self, name: str) -> Path:
        """A folder for whoever makes a large file over several runs; it goes away when the item is finished."""
        if self._vault is not None:
            raise UsageError(
                "a case under two-person control keeps nothing in clear, and a file made piece by piece would be",
                todo="image into a case of its own and acquire the image into this one",
            )
        folder = self._work / name
        folder.mkdir(exist_ok=True)
        sync_folder(self._work)
        return folder

    def adopt(self, made: Path, entry: Entry) -> Entry:
        """Keep a file of the workshop that its maker synced, read back and compared; the entry bears its digests."""
        serial, self._next = self._next, self._next + 1
        link_new(made, self._copies / f"{serial:06d}")
        sync_folder(self._copies)
        self._append(canonical.encode({"copy": serial, "entry": entry.to_json()}) + b"\n")
        self._serials[entry.path] = (serial, entry)
        return entry

    def finish(self, entries: Sequence[Entry], acquisition: Mapping[str, Any]) -> Sealed:
        """Make the item of the kept copies and put it under its name; ``entries`` are all lines of ``files.jsonl``."""
        self.commit()
        part = self._root / f"{self.item}.part"
        if part.exists():
            shutil.rmtree(part)
        (part / layout.DATA).mkdir(parents=True)
        entries = [self._as_stored(entry) for entry in entries]
        stored = [entry for entry in entries if entry.number is not None]
        with full_disk_told(self._root, 1):
            digests = self._place(part, stored)
            manifest = _write_papers(part, entries, acquisition, digests)
            sync_folder(part / layout.DATA)
            sync_folder(part)
        _rename_new(part, self._root / self.item)
        sync_folder(self._root)
        shutil.rmtree(self._work)
        size = sum(entry.size or 0 for entry in stored)
        return Sealed(item=self.item, files=len(stored), size=size, manifest_sha256=digest_bytes(manifest).hex)

    def _as_stored(self, entry: Entry) -> Entry:
        """Another hard link is stored as the first one is: in clear, or as the same ciphertext."""
        if self._vault is None or entry.number is None or entry.ciphertext is not None:
            return entry
        same = (kept.ciphertext for _, kept in self._serials.values() if kept.sha256 == entry.sha256)
        return replace(entry, ciphertext=next(same, None))

    def _place(self, part: Path, stored: Sequence[Entry]) -> dict[str, str]:
        digests: dict[str, str] = {}
        for expected, entry in enumerate(stored, start=1):
            name = layout.payload_name(expected)
            if entry.number == expected and entry.same_as is not None and entry.same_as < expected:
                digests[name] = self._place_again(part, layout.payload_name(entry.same_as), name, digests)
                continue
            if entry.number != expected or entry.path not in self._serials:
                raise ForensicsError(f"file {entry.number} of {self.item} was not copied or is out of order")
            serial, kept = self._serials[entry.path]
            link_new(self._copies / f"{serial:06d}", part / name)
            make_read_only(part / name)
            digests[name] = str(kept.on_disk[0])
        return digests

    def _place_again(self, part: Path, first: str, name: str, digests: Mapping[str, str]) -> str:
        """Another hard link of the source: the same bytes under the next number, held against the first digest."""
        link_again(part / first, part / name)
        make_read_only(part / name)
        if not (part / first).samefile(part / name) and (
            hash_again(part / name, self._hasher).hex(SHA256) != digests[first]
        ):
            raise IntegrityError("what was written reads back differently", place=str(part / name))
        return digests[first]

    def _read_back(self, copy: Copy, entry: Entry) -> None:
        path = self._copies / f"{copy.serial:06d}"
        found = hash_again(path, self._hasher)
        written = copy.sealed or copy.hashed
        if (found.size, found.hex(SHA256)) != (written.size, written.hex(SHA256)):
            raise IntegrityError(
                f"what was written for {os.fsdecode(entry.path)!r} reads back differently",
                place=str(path),
                todo="do not trust this disk or this memory; acquire onto another machine",
                differences=(f"written {written.hex(SHA256)}, read back {found.hex(SHA256)}",),
            )

    def _append(self, data: bytes) -> None:
        fresh = not self._journal.exists()
        descriptor = os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            with full_disk_told(self._root, len(data)):
                write_all(descriptor, data)
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            sync_folder(self._work)

    def _read_journal(self) -> dict[bytes, tuple[int, Entry]]:
        """The acknowledged copies; a torn last line is cut off, because its copy was never acknowledged."""
        if not self._journal.exists():
            return {}
        found: dict[bytes, tuple[int, Entry]] = {}
        data = self._journal.read_bytes()
        good = 0
        while (end := data.find(b"\n", good)) >= 0:
            try:
                line = canonical.decode(data[good:end])
                entry = Entry.from_json(line["entry"])
                found[entry.path] = (int(line["copy"]), entry)
            except (FormatError, KeyError, TypeError, ValueError):
                break
            good = end + 1
        os.truncate(self._journal, good)
        return found

    def _check_copies(self) -> tuple[bytes, ...]:
        """Delete copies without a line; hash the others again and forget, by path, what is not as it was written."""
        acknowledged = {f"{serial:06d}" for serial, _ in self._serials.values()}
        for name in os.listdir(self._copies):
            if name not in acknowledged:
                os.unlink(self._copies / name)
        damaged = []
        for path, (serial, entry) in list(self._serials.items()):
            copy = self._copies / f"{serial:06d}"
            if not copy.exists() or hash_again(copy, self._hasher).hex(SHA256) != entry.on_disk[0]:
                damaged.append(path)
                del self._serials[path]
                copy.unlink(missing_ok=True)
        return tuple(damaged)


class _Sink:
    """Writes blocks to a new file; leaves holes where a sparse source has nothing but zeros."""

    def __init__(self, descriptor: int, folder: Path, expected: int, sparse: bool) -> None:
        self._descriptor = descriptor
        self._folder = folder
        self._expected = expected
        self._sparse = sparse
        self._done = 0
        self._direct = expected >= direct.WORTH_IT and direct.go_direct(descriptor)

    def write(self, view: memoryview) -> None:
        if self._sparse and not any(view):
            os.lseek(self._descriptor, len(view), os.SEEK_CUR)
        else:
            with full_disk_told(self._folder, self._expected - self._done):
                self._write(view)
        self._done += len(view)

    def _write(self, view: memoryview) -> None:
        if self._direct and direct.fits(len(view)):
            try:
                count = os.write(self._descriptor, view)
            except OSError as error:
                if not direct.refused(error):
                    raise
                count = 0
            if count == len(view):
                return
            view = view[count:]
        if self._direct:
            direct.go_ordinary(self._descriptor)
            self._direct = False
        write_all(self._descriptor, view)

    def end(self, size: int) -> None:
        if self._sparse:
            os.ftruncate(self._descriptor, size)


def _write_papers(
    part: Path, entries: Sequence[Entry], acquisition: Mapping[str, Any], digests: dict[str, str]
) -> bytes:
    papers = {layout.FILES: layout.dump_entries(entries), layout.ACQUISITION: canonical.encode(acquisition) + b"\n"}
    digests |= {name: digest_bytes(data).hex for name, data in papers.items()}
    manifest = layout.dump_manifest(digests)
    for name, data in (papers | {layout.MANIFEST: manifest}).items():
        write_new(part / name, data)
        make_read_only(part / name)
    return manifest


def _rename_new(part: Path, final: Path) -> None:
    if os.path.lexists(final):
        raise IntegrityError(f"{final.name} is stored already and evidence is never replaced", place=str(final))
    os.rename(part, final)
