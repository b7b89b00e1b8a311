"""The ledger: one JSON line for each custody event and phase, each naming the hash of the line before it.

On disk (``ledger/``):

    events.jsonl   UTF-8, LF, canonical JSON, append-only; ``prev`` is the SHA-256 of the previous raw line without LF
    head           ``{"lines":n,"sha256":<of the last line>,"size":bytes}``, replaced after each append
    lock           held by the one writer
    torn/          a last line that a crash cut short is moved here, and an ``anomaly`` line tells of it
    checkpoints/   signed notes of the ledger's size and root, time stamps and personal signatures over them
    attached/      payloads that lines name in ``attach``, each under its SHA-256

The order of an append is: line, fsync, head beside, fsync, rename, fsync of the folder. Many lines at once go in
batches of up to 100, each with its fsync, then the head. So after any crash the head is at most one append behind,
never ahead; a head ahead of the lines means that lines were taken away. The leaves of the ledger's tree (RFC 9162) are
the raw lines without LF.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from forensics import canonical
from forensics.casefile import merkle
from forensics.casefile.acts import VERSION, Act, Phase
from forensics.casefile.lock import FileLock
from forensics.errors import FormatError, IntegrityError, LedgerError
from forensics.evidence.durable import sync_folder, write_all
from forensics.evidence.readback import open_stored, read_stored

NO_PREVIOUS = "0" * 64
BATCH = 100
"""The most lines that share one fsync."""
_EMPTY_HEAD = {"lines": 0, "sha256": NO_PREVIOUS, "size": 0}
_ALIKE = frozenset(("actor", "argv", "authority", "host", "tool"))
"""Fields of one session that hold nothing but texts, so that equal values have equal bytes."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_HEAD_TYPES = {"lines": int, "sha256": str, "size": int}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one line says beside its place in the chain. Digests are SHA-256, ``ts_ns`` nanoseconds since 1970 UTC."""

    act: Act
    phase: Phase
    step: str
    ts_ns: int
    actor: dict[str, str] = field(default_factory=dict)
    host: dict[str, str] = field(default_factory=dict)
    tool: dict[str, str] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[dict[str, Any], ...] = ()
    outputs: tuple[dict[str, Any], ...] = ()
    result: dict[str, Any] = field(default_factory=dict)
    why: str = ""
    authority: str = ""
    corrects: str = ""
    clock: dict[str, Any] = field(default_factory=dict)
    change: dict[str, Any] = field(default_factory=dict)
    place: str = ""
    witness: tuple[dict[str, Any], ...] = ()
    approvals: tuple[dict[str, Any], ...] = ()
    attach: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as read back: its number from 1, its own hash, and what it says."""

    number: int
    sha256: str
    value: dict[str, Any]

    @property
    def act(self) -> str:
        """The act as written."""
        return str(self.value.get("act", ""))

    @property
    def phase(self) -> str:
        """The phase as written."""
        return str(self.value.get("phase", ""))


def entry_id(ts_ns: int) -> str:
    """A UUID of version 7 (RFC 9562 5.7): 48 bits of milliseconds, the rest random."""
    chance = secrets.randbits(74)
    number = (ts_ns // 1_000_000) << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Ledger:
    """The ledger of one case, opened for writing by one process at a time; a context manager."""

    def __init__(self, folder: Path, case_id: str) -> None:
        self._folder = folder
        self._case_id = case_id
        self._path = folder / "events.jsonl"
        self._lock = FileLock(folder / "lock")
        self._fd = -1
        self._head: dict[str, Any] = dict(_EMPTY_HEAD)
        self._tree: merkle.Tree | None = None
        self._alike: dict[str, tuple[Any, bytes]] = {}
        self.set_aside = ""
        """The name in ``torn/`` of the tail that opening found cut short; the caller writes an ``anomaly`` of it."""

    def __enter__(self) -> Ledger:
        self._folder.mkdir(parents=True, exist_ok=True)
        sync_folder(self._folder.parent)
        self._lock.take()
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _NO_LINK, 0o644)
            if not os.fstat(self._fd).st_size:
                # The name of the head must not reach the disk before that of the lines.
                sync_folder(self._folder)
            self._head = self._find_end()
        except BaseException:
            self._lock.give_back()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)
        self._lock.give_back()

    @property
    def head(self) -> dict[str, Any]:
        """Lines, size in bytes and the hash of the last line."""
        return dict(self._head)

    @property
    def root(self) -> bytes:
        """The root of the tree over all lines (RFC 9162), made when it is first asked for and kept up from then on."""
        if self._tree is None:
            tree = merkle.Tree()
            for raw in read_stored(self._path)[: self._head["size"]].split(b"\n")[:-1]:
                tree.append(merkle.leaf_hash(raw))
            self._tree = tree
        return self._tree.root()

    def append(self, entry: Entry) -> Line:
        """Write one line; when this returns, the line survives a power cut."""
        return self.append_many([entry])[0]

    def append_many(self, entries: Sequence[Entry]) -> list[Line]:
        """Write many lines, one fsync for each :data:`BATCH`, then the head; when this returns, all are kept.

        Where it raises, whole batches may be on the ledger, and nothing of the others.
        """
        lines: list[Line] = []
        before = self._head
        try:
            for at in range(0, len(entries), BATCH):
                lines += self._append(entries[at : at + BATCH])
        finally:
            if self._head is not before:
                write_head(self._folder, self._head)
        return lines

    def _append(self, entries: Sequence[Entry]) -> list[Line]:
        lines, raws, head = [], [], self._head
        for entry in entries:
            value = _line(entry, self._case_id, head)
            raw = self._encoded(value)
            head = _behind(head, raw)
            lines.append(Line(number=head["lines"], sha256=head["sha256"], value=value))
            raws.append(raw)
        self._write(b"\n".join([*raws, b""]))
        self._head = head
        if self._tree is not None:
            for raw in raws:
                self._tree.append(merkle.leaf_hash(raw))
        return lines

    def _encoded(self, value: dict[str, Any]) -> bytes:
        """The canonical bytes of a line. What stands alike in every line of a session is encoded once."""
        parts = []
        for key in sorted(value):
            item = value[key]
            if key in _ALIKE:
                known = self._alike.get(key)
                if known is None or known[0] != item:
                    known = self._alike[key] = (item, canonical.encode(item))
                raw = known[1]
            elif type(item) is str:
                raw = canonical.quote(item)
            else:
                raw = b"%d" % item if type(item) is int else canonical.encode(item)
            parts.append(b'"%b":%b' % (key.encode(), raw))
        return b"{%b}" % b",".join(parts)

    def _write(self, raw: bytes) -> None:
        """Whole lines on the disk, or nothing of them: half a line would spoil the next one (a full disk)."""
        try:
            write_all(self._fd, raw)
            os.fsync(self._fd)
        except BaseException:
            os.ftruncate(self._fd, self._head["size"])
            raise

    def _find_end(self) -> dict[str, Any]:
        """Where the chain ends on disk: after a crash, a torn tail is set aside and a late head is caught up."""
        head = read_head(self._folder)
        data = read_stored(self._path)
        whole = _whole(data, head["size"])
        if head["size"] > whole:
            raise LedgerError(
                f"the ledger ends at byte {whole}, but its head was already at byte {head['size']}: lines are missing",
                place=str(self._path),
                todo="run 'forensics verify' and compare with a receipt or a copy of the ledger",
            )
        if whole < len(data):
            self._set_torn_aside(data[whole:], whole)
        known = data[: head["size"]]
        if _last_hash(known) != head["sha256"]:
            raise LedgerError(
                "the last line of the ledger is not the one its head names",
                place=str(self._path),
                todo="run 'forensics verify' to see which line differs",
            )
        for raw in data[head["size"] : whole].split(b"\n")[:-1]:
            head = self._follow(head, raw)
        if head["size"] > len(known):
            write_head(self._folder, head)
        return head

    def _follow(self, head: dict[str, Any], raw: bytes) -> dict[str, Any]:
        """The head behind one more line, which must be the one that a crash kept from being counted."""
        try:
            value = canonical.decode(raw)
        except FormatError:
            value = None
        if not isinstance(value, dict) or (value.get("prev"), value.get("seq")) != (head["sha256"], head["lines"] + 1):
            raise LedgerError(
                f"line {head['lines'] + 1} of the ledger is not in its head and does not follow from the line before",
                place=str(self._path),
                todo="run 'forensics verify' and compare with a receipt or a copy of the ledger",
            )
        return _behind(head, raw)

    def _set_torn_aside(self, tail: bytes, offset: int) -> None:
        torn = self._folder / "torn"
        torn.mkdir(exist_ok=True)
        sync_folder(self._folder)
        name = f"{offset:012d}-{hashlib.sha256(tail).hexdigest()[:16]}"
        replace_file(torn / name, tail)
        os.ftruncate(self._fd, offset)
        os.fsync(self._fd)
        self.set_aside = name


def torn_tails(folder: Path) -> tuple[str, ...]:
    """The names of the tails that crashes left, set aside in ``torn/``."""
    torn = folder / "torn"
    return tuple(sorted(path.name for path in torn.iterdir())) if torn.is_dir() else ()


def read_lines(folder: Path) -> Iterator[Line]:
    """The whole lines in order, as written; raises :class:`LedgerError` at one that is not a JSON object.

    What a power cut left behind the last line is left out, as whoever opens the ledger to write sets it aside.
    """
    path = folder / "events.jsonl"
    if not path.exists():
        return
    offset = 0
    with _opened(path) as handle:
        for number, raw in enumerate(handle, start=1):
            offset += len(raw)
            if not raw.endswith(b"\n") or (b"\x00" in raw and offset > read_head(folder)["size"]):
                return
            try:
                value = canonical.decode(raw[:-1])
            except FormatError as error:
                raise LedgerError(
                    f"line {number} of the ledger cannot be read: {error}",
                    place=str(path),
                    todo="compare it with a copy of the ledger",
                ) from error
            if not isinstance(value, dict):
                raise LedgerError(f"line {number} of the ledger is not an object", place=str(path))
            yield Line(number=number, sha256=hashlib.sha256(raw[:-1]).hexdigest(), value=value)


def _opened(path: Path) -> BinaryIO:
    try:
        return io.BufferedReader(open_stored(path), 1 << 16)
    except (IntegrityError, IsADirectoryError) as error:
        raise LedgerError(f"the ledger cannot be read: {error}", place=str(path)) from error


def read_head(folder: Path) -> dict[str, Any]:
    """The head as stored; the head of an empty ledger where there is none yet."""
    path = folder / "head"
    try:
        data = read_stored(path)
        value = canonical.decode(data)
    except FileNotFoundError:
        return dict(_EMPTY_HEAD)
    except (OSError, IntegrityError, FormatError) as error:
        raise LedgerError(f"the head of the ledger cannot be read: {error}", place=str(path)) from error
    if not isinstance(value, dict) or {key: type(each) for key, each in value.items()} != _HEAD_TYPES:
        raise LedgerError("the head of the ledger does not have its three fields", place=str(path))
    if canonical.encode(value) != data:
        raise LedgerError("the head of the ledger is not in canonical form", place=str(path))
    return value


def write_head(folder: Path, head: dict[str, Any]) -> None:
    """Replace the head in one step."""
    replace_file(folder / "head", canonical.encode(head))


def replace_file(path: Path, data: bytes) -> None:
    """Write ``data`` under ``path`` so that a crash leaves the old file or the new one, whole."""
    beside = path.with_name(path.name + ".new")
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    beside.replace(path)
    sync_folder(path.parent)


def _whole(data: bytes, known: int) -> int:
    """Where the last whole line ends. A page that never reached the disk reads as zeros, which no line has in it."""
    zeros = data.find(b"\x00", known)
    return data.rfind(b"\n", 0, len(data) if zeros < 0 else zeros) + 1


def _behind(head: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """The head after one more line."""
    size = head["size"] + len(raw) + 1
    return {"lines": head["lines"] + 1, "sha256": hashlib.sha256(raw).hexdigest(), "size": size}


def _line(entry: Entry, case_id: str, head: dict[str, Any]) -> dict[str, Any]:
    return {
        "v": VERSION,
        "case": case_id,
        "seq": head["lines"] + 1,
        "id": entry_id(entry.ts_ns),
        "prev": head["sha256"],
        "ts_ns": entry.ts_ns,
        **{key: item for key, item in _fields(entry).items() if item},
    }


def _last_hash(data: bytes) -> str:
    if not data:
        return NO_PREVIOUS
    start = data.rfind(b"\n", 0, len(data) - 1) + 1
    return hashlib.sha256(data[start:-1]).hexdigest()


def _fields(entry: Entry) -> dict[str, Any]:
    return {
        "act": entry.act.value,
        "phase": entry.phase.value,
        "step": entry.step,
        "actor": entry.actor,
        "host": entry.host,
        "tool": entry.tool,
        "argv": list(entry.argv),
        "params": entry.params,
        "in": list(entry.inputs),
        "out": list(entry.outputs),
        "result": entry.result,
        "why": entry.why,
        "authority": entry.authority,
        "corrects": entry.corrects,
        "clock": entry.clock,
        "change": entry.change,
        "place": entry.place,
        "witness": list(entry.witness),
        "approvals": list(entry.approvals),
        "attach": list(entry.attach),
    }
