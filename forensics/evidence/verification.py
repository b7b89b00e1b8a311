"""Compare a stored item with what it says about itself, and name every difference, as bagit does.

Three witnesses speak about each byte: the file, ``files.jsonl`` and the manifest; the ledger pins the manifest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from forensics import canonical
from forensics.digests import SHA256, Hashed, Hasher, digest_bytes
from forensics.errors import FormatError, IntegrityError
from forensics.evidence import item as layout
from forensics.evidence.item import Entry
from forensics.evidence.readback import hash_again, open_stored

Told = Callable[[int, int], object]
"""Progress: so many more bytes, so many more files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was stored: where, and what is wrong with it."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def verify_item(folder: Path, *, manifest_sha256: str | None = None, told: Told | None = None) -> list[Difference]:
    """Every difference of one item, in order of place; an empty list is a verified item."""
    return sorted(_Check(folder, told).run(manifest_sha256), key=lambda each: each.place)


class _Check:
    def __init__(self, folder: Path, told: Told | None) -> None:
        self._folder = folder
        self._told = told

    def run(self, manifest_sha256: str | None) -> Iterator[Difference]:
        if not self._folder.is_dir() or self._folder.is_symlink():
            yield Difference(place=self._folder.name, what="the item is missing")
            return
        text = self._paper(layout.MANIFEST)
        if text is None:
            yield self._differs(layout.MANIFEST, "missing, or not a regular file")
            text = b""
        elif manifest_sha256 is not None and digest_bytes(text).hex != manifest_sha256:
            yield self._differs(layout.MANIFEST, "changed: its SHA-256 is not the one that the ledger holds")
        manifest, wrong = layout.load_manifest(text)
        yield from (self._differs(layout.MANIFEST, each) for each in wrong)
        yield from self._papers(manifest)
        entries = yield from self._entries()
        names = set(manifest) | set(entries) | {layout.FILES, layout.ACQUISITION}
        yield from self._payloads(manifest, entries)
        yield from self._unlisted(names | {layout.MANIFEST})

    def _papers(self, manifest: dict[str, str]) -> Iterator[Difference]:
        for name in (layout.FILES, layout.ACQUISITION):
            data = self._paper(name)
            if data is None:
                yield self._differs(name, "missing, or not a regular file")
            elif name not in manifest:
                yield self._differs(layout.MANIFEST, f"has no line for {name}")
            elif digest_bytes(data).hex != manifest[name]:
                yield self._differs(name, f"changed: its SHA-256 is not the one in {layout.MANIFEST}")
        data = self._paper(layout.ACQUISITION)
        try:
            if data is not None:
                canonical.decode(data)
        except FormatError as error:
            yield self._differs(layout.ACQUISITION, error.what)

    def _entries(self) -> Generator[Difference, None, dict[str, Entry]]:
        """The stored files that ``files.jsonl`` names, as far as it can be read (the value of the generator)."""
        found: dict[str, Entry] = {}
        try:
            for entry in layout.load_entries(self._paper(layout.FILES) or b""):
                if entry.number is not None:
                    found[layout.payload_name(entry.number)] = entry
        except FormatError as error:
            yield self._differs(layout.FILES, f"{error.place or layout.FILES} cannot be read: {error.what}")
        return found

    def _payloads(self, manifest: dict[str, str], entries: dict[str, Entry]) -> Iterator[Difference]:
        names = sorted(name for name in set(manifest) | set(entries) if name.startswith(layout.DATA))
        with ThreadPoolExecutor(2, thread_name_prefix="verify") as pool:
            for name, found in zip(names, pool.map(self._hash, names), strict=True):
                yield from self._payload(name, found, manifest.get(name), entries.get(name))

    def _payload(self, name: str, found: Hashed | str, listed: str | None, entry: Entry | None) -> Iterator[Difference]:
        if isinstance(found, str):
            yield self._differs(name, found)
            return
        digest = found.hex(SHA256)
        stored, size = entry.on_disk if entry is not None else (None, None)
        by_entry = entry is not None and stored == digest
        if listed != digest and not by_entry:
            yield self._differs(name, f"changed: its SHA-256 is {digest}, not {listed or stored}")
        elif listed != digest:
            yield self._differs(
                layout.MANIFEST, f"the line for {name} is missing or does not fit file and {layout.FILES}"
            )
        elif not by_entry:
            yield self._differs(layout.FILES, f"what it says of {name} is missing or does not fit file and manifest")
        if entry is not None and size != found.size:
            yield self._differs(name, f"has {found.size:,} bytes and should have {size:,}")

    def _hash(self, name: str) -> Hashed | str:
        """Size and SHA-256, or why there is none."""
        try:
            with Hasher((SHA256,)) as hasher:
                found = hash_again(self._folder / name, hasher)
        except FileNotFoundError:
            return "missing"
        except IntegrityError as error:
            return error.what
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        if self._told is not None:
            self._told(found.size, 1)
        return found

    def _unlisted(self, names: set[str]) -> Iterator[Difference]:
        for folder, inner, files in os.walk(self._folder):
            at = Path(folder).relative_to(self._folder).as_posix()
            here = [*files, *(name for name in inner if (at, name) != (".", layout.DATA))]
            for name in (each if at == "." else f"{at}/{each}" for each in here):
                if name not in names:
                    yield self._differs(name, "was not stored by the acquisition")

    def _paper(self, name: str) -> bytes | None:
        try:
            with open_stored(self._folder / name) as handle:
                return handle.read()
        except (OSError, IntegrityError):
            return None

    def _differs(self, name: str, what: str) -> Difference:
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        return Difference(place=f"{self._folder.name}/{shown}", what=what)
