"""A disk that may lose what was not synced: replays a trace and gives the folders that a power cut could leave.

The model is the weakest that POSIX allows. Bytes are durable when their file was synced after them; a name when its own
folder was synced after it, and nothing else makes it so: neither the sync of the file, nor that of a folder above. What
was not synced is lost or kept piece by piece: bytes are absent, zero, or torn at a sector of 512; names all or none,
all but one, or any of them. The two names of a rename are one change, until one of its folders is synced.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fault.trace import Op

SECTOR = 512
Tree = dict[str, bytes | None]
"""Files by path; ``None`` is a folder."""


@dataclass(eq=False, slots=True)
class File:
    """Bytes as a reader sees them, as they are on the disk for certain, and the changes in between."""

    now: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    changes: list[tuple[int, int]] = field(default_factory=list)
    """Ranges that were written since the last sync; a truncation has none and is lost with the rest."""

    def sync(self) -> None:
        self.durable, self.changes = bytes(self.now), []

    @property
    def clean(self) -> bool:
        return not self.changes and len(self.now) == len(self.durable)


@dataclass(eq=False, slots=True)
class Folder:
    """Names as a reader sees them, and those that are on the disk for certain."""

    now: dict[str, Node] = field(default_factory=dict)
    durable: dict[str, Node] = field(default_factory=dict)


Node = File | Folder


@dataclass(eq=False, slots=True)
class Change:
    """One change of names that is not durable: for each folder and name, what it will be, or ``None`` for nothing."""

    halves: list[tuple[Folder, str, Node | None]]


Bytes = Callable[[File], bytes]
Names = Callable[[list[Change]], list[Change]]


def whole(file: File) -> bytes:
    return bytes(file.now)


def absent(file: File) -> bytes:
    return file.durable


def zero(file: File) -> bytes:
    """The file has its length, and nothing that was written reached the disk."""
    found = bytearray(file.now)
    for start, end in file.changes:
        found[start:end] = bytes(end - start)
    found[: len(file.durable)] = file.durable[: len(found)]
    return bytes(found)


def _cut(file: File) -> int:
    """A sector in the middle of what was written since the last sync."""
    start = min((start for start, _ in file.changes), default=len(file.now))
    middle = (start + len(file.now)) // 2
    return max(start, middle - middle % SECTOR)


def torn(file: File) -> bytes:
    """The sectors up to one in the middle, and the length that belongs to them."""
    return file.durable if file.clean else bytes(file.now[: _cut(file)])


def torn_zero(file: File) -> bytes:
    """The same sectors, and zeros up to the length."""
    at = len(file.now) if file.clean else _cut(file)
    return bytes(file.now[:at]).ljust(len(file.now), b"\0")


def tail_only(file: File) -> bytes:
    """The sectors behind one in the middle, and zeros before it: sectors are not written in order."""
    at = _cut(file)
    found = bytearray(file.now)
    for start, end in file.changes:
        found[start : min(end, at)] = bytes(max(0, min(end, at) - start))
    return bytes(found)


class Disk:
    """Replays operations; ``states`` gives the folders that a cut right now could leave."""

    def __init__(self, start: Path) -> None:
        self.root = Folder()
        self._changes: list[Change] = []
        self._offsets: dict[int, int] = {}
        self._append: dict[int, bool] = {}
        for path in sorted(start.rglob("*")):
            node: Node = Folder() if path.is_dir() else File(now=bytearray(path.read_bytes()))
            if isinstance(node, File):
                node.sync()
            above = self._folder(path.parent.relative_to(start).as_posix())
            above.now[path.name] = above.durable[path.name] = node

    # -- replaying -----------------------------------------------------------------------------------------------------

    def _folder(self, path: str) -> Folder:
        node = self._node(path)
        assert isinstance(node, Folder), path
        return node

    def _node(self, path: str) -> Node:
        node: Node = self.root
        for name in path.split("/") if path not in ("", ".") else ():
            assert isinstance(node, Folder), path
            node = node.now[name]
        return node

    def _place(self, path: str) -> tuple[Folder, str]:
        above, _, name = path.rpartition("/")
        return self._folder(above), name

    def _change(self, *halves: tuple[tuple[Folder, str], Node | None]) -> None:
        self._changes.append(Change([(folder, name, node) for (folder, name), node in halves]))
        for (folder, name), node in halves:
            if node is None:
                del folder.now[name]
            else:
                folder.now[name] = node

    def apply(self, op: Op) -> bool:
        """Replay one call; whether it changed anything that a power cut could show."""
        if op.path.endswith(" (deleted)"):
            return False
        done: bool = getattr(self, f"_{op.call}")(op)
        return done

    def _open(self, op: Op) -> bool:
        self._offsets[op.fd], self._append[op.fd] = 0, "O_APPEND" in op.flags
        changed = False
        folder, name = self._place(op.path) if op.path else (self.root, "")
        if "O_CREAT" in op.flags and name not in folder.now:
            self._change(((folder, name), File()))
            changed = True
        if "O_TRUNC" in op.flags:
            changed = self._cut_to(op.path, 0) or changed
        return changed

    def _write(self, op: Op) -> bool:
        file = self._node(op.path)
        assert isinstance(file, File)
        at = len(file.now) if self._append[op.fd] else self._offsets[op.fd]
        self._offsets[op.fd] = at + len(op.data)
        return self._put(file, at, op.data)

    def _pwrite64(self, op: Op) -> bool:
        file = self._node(op.path)
        assert isinstance(file, File)
        return self._put(file, op.number, op.data)

    def _put(self, file: File, at: int, data: bytes) -> bool:
        if len(file.now) < at:
            file.now += bytes(at - len(file.now))
        file.now[at : at + len(data)] = data
        file.changes.append((at, at + len(data)))
        return True

    def _lseek(self, op: Op) -> bool:
        self._offsets[op.fd] = op.number
        return False

    def _truncate(self, op: Op) -> bool:
        return self._cut_to(op.path, op.number)

    def _cut_to(self, path: str, size: int) -> bool:
        file = self._node(path)
        assert isinstance(file, File)
        changed = len(file.now) != size
        file.now[:] = file.now[:size].ljust(size, b"\0")
        file.changes = [(start, min(end, size)) for start, end in file.changes if start < size]
        if len(file.durable) > size:
            file.changes.append((size, size))
        return changed

    def _fsync(self, op: Op) -> bool:
        node = self._node(op.path)
        if isinstance(node, File):
            node.sync()
        else:
            self._sync_names([node])
        return True

    def _syncfs(self, op: Op) -> bool:
        nodes = list(_all(self.root))
        for node in nodes:
            if isinstance(node, File):
                node.sync()
        self._sync_names([node for node in nodes if isinstance(node, Folder)])
        return True

    def _sync_names(self, folders: list[Folder]) -> None:
        known = {id(folder) for folder in folders}
        for change in self._changes:
            for folder, name, node in change.halves:
                if id(folder) in known:
                    _set(folder.durable, name, node)
            change.halves = [half for half in change.halves if id(half[0]) not in known]
        self._changes = [change for change in self._changes if change.halves]

    def _rename(self, op: Op) -> bool:
        node = self._node(op.path)
        self._change((self._place(op.path), None), (self._place(op.other), node))
        return True

    def _link(self, op: Op) -> bool:
        self._change((self._place(op.other), self._node(op.path)))
        return True

    def _mkdir(self, op: Op) -> bool:
        self._change((self._place(op.path), Folder()))
        return True

    def _unlink(self, op: Op) -> bool:
        self._change((self._place(op.path), None))
        return True

    _rmdir = _unlink

    # -- the cut -------------------------------------------------------------------------------------------------------

    def tree(self) -> Tree:
        """What a reader sees now."""
        return self._tree(whole, lambda changes: changes)

    def states(self, seed: int) -> Iterator[tuple[str, Tree]]:
        """Each way in which the power could go right now, with its name."""
        chance = random.Random(seed)
        kinds = (whole, absent, zero, torn, torn_zero, tail_only)
        for kind in kinds:
            yield f"all names, bytes {kind.__name__}", self._tree(kind, lambda changes: changes)
        yield "no names, bytes whole", self._tree(whole, lambda changes: [])
        yield "no names, bytes torn", self._tree(torn, lambda changes: [])
        yield "all names but the first", self._tree(whole, lambda changes: changes[1:])
        yield "all names but the last", self._tree(whole, lambda changes: changes[:-1])
        yield "the last name only", self._tree(whole, lambda changes: changes[-1:])
        for turn in range(2):
            of = {id(node): chance.choice(kinds) for node in _all(self.root)}
            yield (
                f"any names, any bytes ({turn})",
                self._tree(
                    lambda file, of=of: of.get(id(file), whole)(file),  # type: ignore[misc]
                    lambda changes: [change for change in changes if chance.random() < 0.5],
                ),
            )

    def _tree(self, read: Bytes, kept: Names) -> Tree:
        names: dict[int, dict[str, Node]] = {}
        for change in kept(self._changes):
            for folder, name, node in change.halves:
                _set(names.setdefault(id(folder), dict(folder.durable)), name, node)
        found: Tree = {}
        stack = [("", self.root)]
        while stack:
            at, folder = stack.pop()
            for name, node in names.get(id(folder), folder.durable).items():
                path = f"{at}/{name}" if at else name
                if isinstance(node, Folder):
                    found[path] = None
                    stack.append((path, node))
                else:
                    found[path] = read(node)
        return found


def _set(names: dict[str, Node], name: str, node: Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _all(folder: Folder) -> Iterator[Node]:
    yield folder
    seen = {id(node): node for node in (*folder.now.values(), *folder.durable.values())}
    for node in seen.values():
        if isinstance(node, Folder):
            yield from _all(node)
        else:
            yield node


def lay(tree: Tree, folder: Path) -> None:
    """Write a tree into a folder that does not exist."""
    folder.mkdir(parents=True)
    for path in sorted(tree):
        data = tree[path]
        if data is None:
            (folder / path).mkdir(exist_ok=True)
        else:
            (folder / path).write_bytes(data)


def read(folder: Path, leave_out: Iterable[str] = ()) -> Tree:
    """The tree of a real folder."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: None if path.is_dir() else path.read_bytes() for name, path in found.items() if name not in leave_out}
