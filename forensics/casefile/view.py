"""The read-only view of a case that everything downstream reads: facts, ledger, evidence items, records, timeline.

Only what the newest finished step lists counts, and each file's SHA-256 is checked before it is decoded. Queries run in
an embedded DuckDB over these tables: access to no other file and no network, configuration locked, nothing but SELECT.

In a case under two-person control this is the only place where content is opened, and as far as the approval of the
session goes: not at all without one, the words around a hit, everything. The table ``text`` is not there to be queried.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics import tables
from forensics.casefile.acts import Act
from forensics.casefile.approvals import EXCERPT, FULL
from forensics.casefile.listed import EvidenceItem as EvidenceItem
from forensics.casefile.listed import Listed
from forensics.casefile.sessions import Session, vault_of
from forensics.casefile.timeline_tables import TIMELINE_TABLES as TIMELINE_TABLES
from forensics.errors import IntegrityError, UsageError
from forensics.evidence.content import ContentStore
from forensics.evidence.readback import open_stored
from forensics.evidence.sealed_content import SealedContentStore
from forensics.evidence.vault import TEXT, Locked

if TYPE_CHECKING:
    import pandas as pd

MEMORY_LIMIT = "2GB"
SPILL = ".spill"
CONTENT, FILE_CONTENT = "content", "file_content"
"""The step that reads attachments for their text, and the table that it makes."""
_WORKSPACE = f"{SPILL}/workspace.duckdb"
_QUESTIONS = ([duckdb.StatementType.SELECT], [duckdb.StatementType.EXPLAIN])
_CATALOGUE = {"information_schema", "duckdb_tables", "duckdb_views", "duckdb_columns", "show", "describe", "pg_class"}


class CaseView(Listed):
    """A case, read only. Opening it checks nothing; each part is checked when it is first used."""

    def __init__(self, folder: Path, session: Session | None = None) -> None:
        super().__init__(folder)
        self.session = session
        self.vault = vault_of(self.facts.review, session)
        """What opens the ciphertext of this case; ``None`` where there is none, locked where two people are missing."""
        self._known: set[str] = set()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection with one view for each record kind, and ``event`` and ``logical`` once there is a timeline."""
        self._know(self._offered)
        return self._database

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        """The connection; what a query names is checked and made known to it when the first one names it."""
        connection = duckdb.connect(config={"python_enable_replacements": "false"})
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("SET TimeZone = 'UTC'")
        # It would draw on standard output, where a program expects one JSON object.
        connection.execute("SET enable_progress_bar = false")
        # What does not fit into memory is evidence too and stays inside the case; the folder is made when it is needed.
        connection.execute("SET temp_directory = $1", [str(self.folder.resolve() / SPILL)])
        paths = [self._path(output) for listed in self._offered.values() for output in listed]
        paths += [str(self.folder.resolve() / f"{_WORKSPACE}{end}") for end in ("", ".wal")]
        connection.execute("SET allowed_paths = $1", [paths])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    @contextmanager
    def workspace(self) -> Iterator[None]:
        """Tables that are not temporary lie in a file of the case meanwhile, and are gone afterwards.

        There they are compressed; temporary ones are not, and millions of rows of them would be spilled and read again.
        """
        path = self.folder.resolve() / _WORKSPACE
        path.parent.mkdir(exist_ok=True)
        _forget(path)
        self._database.execute("ATTACH '" + str(path).replace("'", "''") + "' AS workspace")
        self._database.execute("USE workspace")
        try:
            yield
        finally:
            self._database.execute("USE memory")
            self._database.execute("DETACH workspace")
            _forget(path)

    @cached_property
    def _offered(self) -> dict[str, list[dict[str, Any]]]:
        """The tables that a query may name, each with the files that the ledger lists for it."""
        found = {kind: list(self._parts(kind)) for kind in tables.SCHEMAS if kind != "text" or self.vault is None}
        line = self.newest(Act.TIMELINE)
        listed = {output["path"]: output for output in line.value["out"]} if line is not None else {}
        found |= {name: [listed[path]] for name, path in TIMELINE_TABLES.items() if path in listed}
        line = self.newest(Act.FIND, rule=CONTENT)
        return found | ({FILE_CONTENT: list(line.value["out"])} if line is not None else {})

    def _path(self, output: dict[str, Any]) -> str:
        return str(self.folder.resolve() / str(output["path"]))

    def _know(self, names: Iterable[str]) -> None:
        """Check the files of these tables against their hashes and lay a view over them, unless that was done."""
        for name in [name for name in names if name not in self._known]:
            files = self._offered[name]
            for output in files:
                self.checked_path(output)
            paths, schema = [self._path(output) for output in files], tables.SCHEMAS.get(name)
            if _is_native(paths, schema):
                # The database's own reader leaves out what the statistics of a file say cannot match.
                listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
                self._database.execute(
                    f'CREATE TEMP VIEW "{name}" AS SELECT * FROM read_parquet([{listed}], hive_partitioning = false)'  # noqa: S608
                )
            else:
                self._database.register(name, _dataset(paths, schema))
            self._known.add(name)

    def _parts(self, kind: str) -> Iterable[dict[str, Any]]:
        for manifest in self.manifests:
            yield from (part for part in manifest["parts"] if part["kind"] == kind)

    def columns(self, part: dict[str, Any], names: Sequence[str], rows: int = 20_000) -> Iterator[list[list[Any]]]:
        """The named columns of one listed part file as lists, a batch of rows in memory at a time, in stored order.

        Instants are microseconds since 1970 UTC.
        """
        if "plain_sha256" in part and "text" in names:
            raise self._withheld()
        with self._opened(part) as file:
            for batch in file.iter_batches(rows, columns=list(names)):
                yield [_numbered(batch.column(name)).to_pylist() for name in names]

    def _opened(self, part: dict[str, Any]) -> pq.ParquetFile:
        """A part file, decrypted as it is read where it is ciphertext."""
        path = self.checked_path(part)
        if "plain_sha256" not in part:
            return pq.ParquetFile(path)
        vault = self.vault or Locked()
        vault.ready()
        return pq.ParquetFile(vault.open(TEXT, str(part["plain_sha256"]), open_stored(path), str(path)))

    def _withheld(self) -> UsageError:
        return UsageError(
            "this case is under two-person control, and its texts are not there to be queried",
            todo="see 'forensics review': request, approve, open",
        )

    def _ask(self, sql: str, parameters: list[Any] | None = None) -> duckdb.DuckDBPyRelation:
        statements = duckdb.extract_statements(sql)
        if [each.type for each in statements] not in _QUESTIONS:
            raise duckdb.PermissionException("a question is one SELECT")
        words = set(re.findall(r"\w+", sql.lower()))
        # Any word may be a name: one that is none costs a look at a file, one that is overlooked an answer.
        self._know(self._offered if words & _CATALOGUE else words & self._offered.keys())
        try:
            return self._database.sql(sql, params=parameters)
        except duckdb.CatalogException as error:
            # No rows would be taken for "nothing was found".
            if self.vault is not None and re.search(r"\btext\b", str(error).partition("\n")[0]):
                raise self._withheld() from error
            raise

    def has(self, table: str) -> bool:
        """Whether a query may name this table of the case."""
        return table in self._offered

    def arrow(self, sql: str, parameters: list[Any] | None = None) -> pa.Table:
        """The answer to a query, as an Arrow table."""
        return self._ask(sql, parameters).to_arrow_table()

    def batches(self, sql: str, rows: int = 100_000, parameters: list[Any] | None = None) -> pa.RecordBatchReader:
        """The answer to a query, a batch at a time."""
        return self._ask(sql, parameters).to_arrow_reader(rows)

    def slices(self, sql: str, rows: int = tables.ROW_GROUP, parameters: list[Any] | None = None) -> Iterator[pa.Table]:
        """The answer to a query, so many rows at a time and at least one table, however it happens to come."""
        reader = self._ask(sql, parameters).to_arrow_reader(rows)
        waiting = reader.schema.empty_table()
        for batch in reader:
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
            while len(waiting) > rows:
                yield waiting.slice(0, rows)
                waiting = waiting.slice(rows)
        yield waiting

    def frame(self, sql: str, parameters: list[Any] | None = None) -> pd.DataFrame:
        """The answer to a query, as a pandas frame."""
        found: pd.DataFrame = self.arrow(sql, parameters).to_pandas()
        return found

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """The answer to a query, one dict a row."""
        found: list[dict[str, Any]] = self.arrow(sql, parameters).to_pylist()
        return found

    def chosen(self, condition: str) -> list[str]:
        """The ids of the messages that meet one SQL condition, all of them where it is empty, in a fixed order."""
        sql = f"SELECT id FROM message WHERE {self.condition(condition)} ORDER BY evidence, address, id"  # noqa: S608
        return [str(row["id"]) for row in self.asked(sql)]

    @staticmethod
    def condition(text: str) -> str:
        """One SQL condition that a person gave, in brackets; ``(TRUE)`` where it is empty, and never two statements."""
        try:
            if text and len(duckdb.extract_statements(f"SELECT ({text}\n)")) != 1:
                raise UsageError("the condition is more than one statement", todo="give one condition")
        except duckdb.Error as error:
            raise _not_understood(error) from error
        return f"({text}\n)" if text else "(TRUE)"

    def asked(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """The answer to a query with a condition in it that a person gave: what cannot be understood is their usage."""
        try:
            return self.rows(sql, parameters)
        except duckdb.Error as error:
            raise _not_understood(error) from error

    def each_asked(self, sql: str, parameters: list[Any] | None = None) -> Iterator[dict[str, Any]]:
        """The same, a row at a time; no other question may be asked of this view meanwhile."""
        try:
            for batch in self.batches(sql, 20_000, parameters):
                yield from batch.to_pylist()
        except (duckdb.Error, pa.ArrowException) as error:
            raise _not_understood(error) from error

    def content(self, sha256: str) -> bytes:
        """A body or attachment by its hash, or :class:`IntegrityError` where the stored bytes are not those.

        Under two-person control nobody may open bytes without saying whose they are: see :meth:`attachment`.
        """
        if self.vault is not None:
            raise self._withheld()
        return self._stored(ContentStore(self.folder / "content"), sha256)

    def _stored(self, store: ContentStore, sha256: str) -> bytes:
        with store.open(sha256) as handle:
            data = handle.read()
        if hashlib.sha256(data).hexdigest() != sha256:
            place = f"{self.folder}/content/{sha256[:2]}/{sha256}"
            raise IntegrityError("this content is not what it was", place=place, todo="run 'forensics verify'")
        return data

    @property
    def withheld(self) -> dict[str, int]:
        """How many texts and contents this view does not show; empty for an ordinary case."""
        if self.vault is None:
            return {}
        blobs = sum(len(manifest["content"]) for manifest in self.manifests)
        return {"text": self.counts()["text"], "content": blobs}

    def texts(self, message: str) -> list[dict[str, Any]]:
        """The body texts of a message, whole: ``kind`` and ``text``, in their order."""
        self._show(message, "body", FULL)
        return [row for row in self._text_rows(message) if row["text"] is not None]

    def excerpts(self, message: str, term: str, around: int = 80) -> list[str]:
        """The words around each hit in the texts of a message, in the form in which they were compared."""
        wanted = _wanted(term)
        self._show(message, "excerpt", EXCERPT, {"term": term})
        found = []
        for row in self._text_rows(message):
            text = unicodedata.normalize("NFKC", row["text"] or "")
            found += [text[max(0, hit.start() - around) : hit.end() + around] for hit in wanted.finditer(text)]
        return found

    def attachment(self, message: str, position: int, export: str = "") -> bytes:
        """The bytes of an attachment; ``export`` names the file by which they leave the case."""
        sql = "SELECT sha256 FROM attachment WHERE message_id_ref = $1 AND position = $2"
        rows = self.rows(sql, [message, position])
        if not rows or rows[0]["sha256"] is None:
            todo = "see the list of attachments: 'forensics review open' without --attachment"
            raise UsageError(f"the message {message} has no attachment {position} with content", todo=todo)
        sha256 = str(rows[0]["sha256"])
        if self.vault is None:
            return self.content(sha256)
        self._show(message, f"attachment:{position}", FULL, sha256=sha256, export=export)
        return self._stored(SealedContentStore(self.folder / "content", self.vault), sha256)

    def announce(self, message: str, part: str, export: str) -> None:
        """Refuse, or have it on the ledger, that a part of a message is about to leave the case in this file."""
        self._show(message, part, FULL, export=export)

    def hits(self, term: str) -> dict[str, int]:
        """How often the texts of each message have the term; it takes two people, and shows nothing but numbers."""
        wanted = _wanted(term)
        found: dict[str, int] = {}
        for row in self._text_rows():
            count = sum(1 for _ in wanted.finditer(unicodedata.normalize("NFKC", row["text"] or "")))
            if count:
                found[row["message_id_ref"]] = found.get(row["message_id_ref"], 0) + count
        return found

    def _show(
        self,
        message: str,
        part: str,
        stage: str,
        more: dict[str, Any] | None = None,
        sha256: str = "",
        export: str = "",
    ) -> None:
        """Refuse, or have it on the ledger before anything is decrypted."""
        rows = self.rows("SELECT body_sha256 FROM message WHERE id = $1", [message])
        if not rows:
            raise UsageError(f"there is no message {message!r} in this case", todo="see column id of messages.csv")
        if self.vault is not None:
            self.vault.ready()
            if self.session is not None:
                digest = sha256 or rows[0]["body_sha256"] or ""
                self.session.show(message, part, stage, [digest] if digest else [], export=export, more=more or {})

    def _text_rows(self, message: str = "") -> Iterator[dict[str, Any]]:
        if self.vault is not None:
            self.vault.ready()
        for part in self._parts("text"):
            with self._opened(part) as file:
                for batch in file.iter_batches(20_000, columns=["message_id_ref", "position", "kind", "text"]):
                    rows = batch.filter(pc.equal(batch["message_id_ref"], message)) if message else batch
                    yield from rows.to_pylist()

    def counts(self) -> dict[str, int]:
        """How many records of each kind the case holds."""
        found = dict.fromkeys(tables.SCHEMAS, 0)
        for manifest in self.manifests:
            for part in manifest["parts"]:
                found[part["kind"]] += part["rows"]
        return found


def _numbered(column: Any) -> Any:
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column


def _wanted(term: str) -> re.Pattern[str]:
    """Compared without regard to case and to the widths of Japanese characters (Unicode NFKC)."""
    if not term.strip():
        raise UsageError("there is nothing to look for", todo="give one word or more")
    return re.compile(re.escape(unicodedata.normalize("NFKC", term)), re.IGNORECASE)


def _forget(path: Path) -> None:
    for each in (path, path.with_name(f"{path.name}.wal")):
        each.unlink(missing_ok=True)


def _is_native(paths: list[str], schema: pa.Schema | None) -> bool:
    """Whether the database may read these files by name: they are all of the schema, and no name is a pattern."""
    if not paths or any(set(path) & set("*?[") for path in paths):
        return False
    return schema is None or all(pq.read_schema(path).equals(schema) for path in paths)


def _dataset(paths: list[str], schema: pa.Schema | None) -> Any:
    if not paths:
        assert schema is not None
        return schema.empty_table()
    # Late, because it loads pandas, and hardly any question needs either.
    import pyarrow.dataset as ds

    return ds.dataset(paths, format="parquet", schema=schema)


def _not_understood(error: Exception) -> UsageError:
    said = str(error).partition("\n")[0]
    return UsageError(f"the condition cannot be understood: {said}", todo="see docs/reference/records.md")
