"""Is a source still what was acquired from it? Decided from names, sizes and times, or by reading it all again."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.acquisition.acquire import fingerprint
from forensics.acquisition.source import Source
from forensics.digests import SHA256, Hasher
from forensics.evidence import item as layout
from forensics.evidence.item import Entry
from forensics.evidence.store import EvidenceStore

UNCHANGED = "unchanged"
CHANGED = "changed"
UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The verdict, and one sentence for each thing that differs."""

    state: str
    changes: tuple[str, ...] = ()


def compare(store: EvidenceStore, item: str, source: Source, *, content: bool = False) -> Comparison:
    """Hold a source against an item made from it earlier. ``content`` reads every stored file of the source again."""
    if item in store.unfinished():
        return Comparison(state=UNFINISHED)
    before = {entry.path: entry for entry in store.entries(item)}
    after = {found.entry.path: found.entry for found in source.entries()}
    changes = [f"{_shown(path)}: gone" for path in before.keys() - after.keys()]
    changes += [f"{_shown(path)}: new" for path in after.keys() - before.keys()]
    for path in before.keys() & after.keys():
        changes += [f"{_shown(path)}: {what}" for what in _differs(before[path], after[path])]
    if content and not changes:
        changes = _reread(source, before)
    return Comparison(state=CHANGED if changes else UNCHANGED, changes=tuple(sorted(changes)))


def _differs(before: Entry, after: Entry) -> list[str]:
    """A folder is its name: its times say only that something was in it for a while."""
    if before.type == after.type == layout.FOLDER:
        return []
    names = ("type", "size", "inode", "time of modification", "time of change", "target")
    pairs = zip(names, fingerprint(before), fingerprint(after), strict=True)
    words = ", ".join(name for name, old, new in pairs if old != new)
    return [f"another {words}"] if words else []


def _reread(source: Source, before: dict[bytes, Entry]) -> list[str]:
    changes = []
    with Hasher((SHA256,)) as hasher:
        for path, entry in before.items():
            if entry.number is None:
                continue
            try:
                with source.read(entry) as reading:
                    found = hasher.hash(reading.readinto)
            except OSError as error:
                changes.append(f"{_shown(path)}: cannot be read again: {error.strerror}")
                continue
            if found.hex(SHA256) != entry.sha256:
                changes.append(f"{_shown(path)}: other content under the same times")
    return changes


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
