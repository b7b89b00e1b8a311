"""The search index on disk: the one module that speaks to SQLite. What it finds is exact and needs no second look.

The terms of :mod:`forensics.findings.searching.keys` stand with their positions in a contentless FTS5 table
(sqlite.org/fts5.html, 4.4.3); each different text of a field is there once, and ``place`` says in which messages.

| table | |
|---|---|
| `message` | `n` counts the messages in the order of their times, the ones without a time last |
| `doc` | `doc` is a number times 8 plus the field; `packed` is the text as it stands in the records, with zlib |
| `place` | which text is in which message |
| `long` | texts with a word that is too long for the index |
| `words` | every word in letters, in sorted lines |
| `only` | for each text the message it is in, 0 where it is in several |
| `parts` | which single characters and pairs of letters a text has, a contentless FTS5 table without positions |
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from forensics.errors import UsageError
from forensics.findings.searching import keys
from forensics.findings.searching.query import FIELDS

VERSION = 1
_TABLES = """
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE message (n INTEGER PRIMARY KEY, id TEXT, utc INTEGER, evidence TEXT, address TEXT, recovery TEXT,
    subject TEXT, sender TEXT);
CREATE TABLE doc (doc INTEGER PRIMARY KEY, packed BLOB);
CREATE TABLE place (doc INTEGER, n INTEGER, note TEXT, PRIMARY KEY (doc, n, note)) WITHOUT ROWID;
CREATE TABLE long (doc INTEGER PRIMARY KEY);
CREATE TABLE words (chunk INTEGER PRIMARY KEY, lines BLOB);
CREATE TABLE only (messages BLOB);
"""
_MARKS = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum()) + keys.GAP
_CHUNK = 1 << 20
_BATCH = 2_000
MESSAGE = ("id", "utc", "evidence", "address", "recovery", "subject", "sender")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _fts(name: str, detail: str) -> str:
    tokenizer = f"ascii tokenchars {_quoted(_MARKS)}"
    shape = f"content='', columnsize=0, detail={detail}, tokenize={_quoted(tokenizer)}"
    return f"CREATE VIRTUAL TABLE {name} USING fts5(terms, {shape})"


class IndexWriter:
    """A new index, in a file beside the old one until it is whole. Messages come first, in the order of their times."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._new = path.with_name(f"{path.name}.new")
        self._new.unlink(missing_ok=True)
        self._base = sqlite3.connect(self._new, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536", "locking_mode=EXCLUSIVE"):
            self._base.execute(f"PRAGMA {pragma}")
        self._base.executescript(_TABLES)
        for name, detail, room in (("found", "full", 1 << 26), ("parts", "none", 1 << 24)):
            self._base.execute(_fts(name, detail))
            self._base.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('hashsize', {room})")  # noqa: S608 - our own names
        self._base.execute("BEGIN")
        self._known: dict[bytes, int] = {}
        self._waiting: list[tuple[int, str]] = []
        self._parts: list[tuple[int, str]] = []
        self._only = array("i")
        self.messages = 0

    def message(self, values: Sequence[Any]) -> int:
        """The next message, with the values of ``MESSAGE``; its number."""
        self.messages += 1
        marks = ", ".join("?" * (len(MESSAGE) + 1))
        self._base.execute(f"INSERT INTO message VALUES ({marks})", [self.messages, *map(_storable, values)])  # noqa: S608 - marks
        return self.messages

    def text(self, field: str, text: str, messages: Iterable[int], note: str = "") -> None:
        """A text of one field, in these messages; ``note`` says where in the field."""
        number = FIELDS.index(field)
        data = text.encode("utf-8", "backslashreplace")
        digest = hashlib.blake2b(data, digest_size=15, key=b"%d" % number).digest()
        doc = self._known.get(digest)
        if doc is None:
            key = keys.key_of(text)
            if not key:
                return
            terms, gaps = keys.terms(key)
            self._parts.append((len(self._known) * 8 + number, " ".join(keys.parts(key))))
            self._only.append(-1)
            doc = self._known[digest] = len(self._known) * 8 + number
            self._base.execute("INSERT INTO doc VALUES (?, ?)", (doc, zlib.compress(data, 1)))
            self._waiting.append((doc, terms))
            if gaps:
                self._base.execute("INSERT INTO long VALUES (?)", (doc,))
        for n in messages:
            self._base.execute("INSERT OR IGNORE INTO place VALUES (?, ?, ?)", (doc, n, _storable(note)))
            known = self._only[doc >> 3]
            self._only[doc >> 3] = n if known in (-1, n) else 0
        if len(self._waiting) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._base.executemany("INSERT INTO found (rowid, terms) VALUES (?, ?)", self._waiting)
        self._base.executemany("INSERT INTO parts (rowid, terms) VALUES (?, ?)", self._parts)
        self._waiting.clear()
        self._parts.clear()

    def finish(self, state: dict[str, str]) -> None:
        """Put the index in the place of the old one."""
        self._flush()
        self._base.execute("INSERT INTO found (found) VALUES ('optimize')")
        self._base.execute("INSERT INTO parts (parts) VALUES ('optimize')")
        self._base.execute("INSERT INTO only VALUES (?)", (self._only.tobytes(),))
        self._base.execute("CREATE INDEX place_of ON place (n)")
        self._base.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, found, 'row')")
        self._base.executemany("INSERT INTO words (lines) VALUES (?)", _chunks(self._base))
        given = {**state, "messages": str(self.messages), "texts": str(len(self._known))}
        self._base.executemany("INSERT INTO state VALUES (?, ?)", given.items())
        self._base.execute("COMMIT")
        self._base.close()
        os.replace(self._new, self.path)

    def abandon(self) -> None:
        """Leave the old index as it is."""
        self._base.close()
        self._new.unlink(missing_ok=True)


def _storable(value: Any) -> Any:
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _chunks(base: sqlite3.Connection) -> Iterator[tuple[bytes]]:
    lines, size = [b""], 0
    for (term,) in base.execute("SELECT term FROM temp.vocabulary"):
        if keys.is_word(term):
            lines.append(term.encode())
            size += len(lines[-1]) + 1
            if size >= _CHUNK:
                yield (b"\n".join([*lines, b""]),)
                lines, size = [b""], 0
    yield (b"\n".join([*lines, b""]),)


class Index:
    """An index that is read. Every answer maps the number of a message to the fields in which something is, as bits."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    @property
    def state(self) -> dict[str, str]:
        """What the writer said of it, and how much it holds."""
        return dict(self._base.execute("SELECT name, value FROM state"))

    def phrase(self, terms: Sequence[str], field: str = "", *, open_end: bool = False) -> dict[int, int]:
        """Where these terms stand side by side; with ``open_end`` the last is the beginning of one."""
        return self._places(self._docs("found", _match(terms, open_end), field))

    def part(self, part: str, field: str = "") -> dict[int, int]:
        """Where one character is, or two letters side by side."""
        return self._places(self._docs("parts", _match([part], False), field))

    def _docs(self, table: str, match: str, field: str = "") -> Iterator[tuple[int]]:
        only = f" AND rowid & 7 = {FIELDS.index(field)}" if field else ""
        sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ?{only}"  # noqa: S608 - our own names and numbers
        yield from self._base.execute(sql, (match,))

    @cached_property
    def _single(self) -> array[int]:
        found = array("i")
        found.frombytes(self._base.execute("SELECT messages FROM only").fetchone()[0])
        return found

    def _places(self, docs: Iterable[tuple[int]]) -> dict[int, int]:
        """The messages of some texts; most texts are in one, and are not looked up."""
        single, found, several = self._single, dict[int, int](), list[int]()
        for (doc,) in docs:
            n = single[doc >> 3]
            if n > 0:
                found[n] = found.get(n, 0) | 1 << (doc & 7)
            else:
                several.append(doc)
        for doc in several:
            bit = 1 << (doc & 7)
            for (n,) in self._base.execute("SELECT n FROM place WHERE doc = ?", (doc,)):
                found[n] = found.get(n, 0) | bit
        return found

    def docs(self, terms: Sequence[str], *, open_end: bool = False) -> set[int]:
        """The texts in which these terms stand side by side."""
        return {doc for (doc,) in self._docs("found", _match(terms, open_end))}

    def long_docs(self) -> set[int]:
        """The texts with a word that is too long for the index."""
        return {doc for (doc,) in self._base.execute("SELECT doc FROM long")}

    def looked_at(self, docs: Iterable[int], wanted: Callable[[str], bool], field: str = "") -> dict[int, int]:
        """Those of some texts whose key is wanted."""
        number = FIELDS.index(field) if field else -1
        chosen = (doc for doc in sorted(docs) if number in (-1, doc & 7))
        return self._places((doc,) for doc in chosen if wanted(keys.key_of(self.text(doc))))

    def text(self, doc: int) -> str:
        """A text as it stands in the records."""
        (packed,) = self._base.execute("SELECT packed FROM doc WHERE doc = ?", (doc,)).fetchone()
        return zlib.decompress(packed).decode()

    def texts_of(self, n: int) -> list[tuple[str, str, int]]:
        """The texts of a message: field, where in it, number of the text; in the order of the fields."""
        rows = self._base.execute("SELECT doc, note FROM place WHERE n = ? ORDER BY doc & 7, doc, note", (n,))
        return [(FIELDS[doc & 7], note, doc) for doc, note in rows]

    def message(self, n: int) -> dict[str, Any]:
        """What is known of a message."""
        sql = f"SELECT {', '.join(MESSAGE)} FROM message WHERE n = ?"  # noqa: S608 - our own names
        return dict(zip(MESSAGE, self._base.execute(sql, (n,)).fetchone(), strict=True))

    def between(self, since: int | None, until: int | None) -> range:
        """The messages with a time from ``since`` on and before ``until``, in microseconds; all without either."""
        if since is None and until is None:
            return range(1, int(self.state["messages"]) + 1)
        low, high = -(1 << 62) if since is None else since, 1 << 62 if until is None else until
        sql = "SELECT min(n), max(n) FROM message WHERE utc >= ? AND utc < ?"
        first, last = self._base.execute(sql, (low, high)).fetchone()
        return range(first, last + 1) if first is not None else range(0)

    def words(self, part: str, *, begins: bool = False, ends: bool = False) -> list[str]:
        """The words in letters that hold this part; ``begins`` and ``ends`` where it must stand at an end of them."""
        wanted = (b"\n" if begins else b"") + part.encode() + (b"\n" if ends else b"")
        found: list[str] = []
        for (lines,) in self._base.execute("SELECT lines FROM words ORDER BY chunk"):
            at = lines.find(wanted)
            while at >= 0:
                inside = at + (1 if begins else 0)
                last = lines.find(b"\n", inside)
                found.append(lines[lines.rfind(b"\n", 0, inside) + 1 : last].decode())
                at = lines.find(wanted, last)
        return found


def _match(terms: Sequence[str], open_end: bool) -> str:
    joined = " ".join(terms).replace('"', '""')
    return f'"{joined}"' + (" *" if open_end else "")


@contextmanager
def opened(path: Path) -> Iterator[Index]:
    """An index for reading; what is no index, or a damaged one, is a :class:`UsageError`."""
    try:
        base = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, isolation_level=None)
        try:
            base.execute("PRAGMA cache_size = -65536")
            base.execute("PRAGMA mmap_size = 1073741824")
            yield Index(base)
        finally:
            base.close()
    except sqlite3.Error as error:
        raise UsageError(
            f"the search index cannot be read: {error}",
            place=str(path),
            todo="make it anew with 'forensics search --again'",
        ) from error


def state_of(path: Path) -> dict[str, str]:
    """What an index says of itself; nothing where there is none that can be read."""
    if not path.is_file():
        return {}
    try:
        with opened(path) as index:
            return index.state
    except UsageError:
        return {}
