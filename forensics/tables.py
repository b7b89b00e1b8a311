"""How records become tables of their kind's columns, and what a table's rows hash to (Apache Arrow and Parquet)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics.absent import Absent
from forensics.address import origin_key, record_id
from forensics.records import MomentRecord, Record
from forensics.schemas import COLUMNS, COMMON, Type

__all__ = [
    "ROW_GROUP", "SCHEMAS", "Columns", "digest", "gather", "of_rows", "read_parquet", "read_verified",
    "write_parquet", "write_slices",
]  # fmt: skip

ROW_GROUP = 1 << 17
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_STRING = pa.string()
_INSTANT = pa.timestamp("us", tz="UTC")
_ARROW: dict[Type, pa.DataType] = {
    "text": _STRING,
    "texts": pa.list_(_STRING),
    "bytes": pa.binary(),
    "flag": pa.bool_(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "instant": _INSTANT,
}
SCHEMAS: dict[str, pa.Schema] = {
    kind: pa.schema(
        [*((name, _ARROW[type_]) for name, type_ in (*COMMON, *own)), ("absent", pa.map_(_STRING, _STRING))]
    )
    for kind, own in COLUMNS.items()
}


_OWN = {kind: schema.names[len(COMMON) : -1] for kind, schema in SCHEMAS.items()}
_Why = list[list[tuple[str, str]]]
"""For each row, the columns without a value and the reason of each."""


class Columns:
    """Records of one kind, gathered until they become a table. Work is done column by column, because rows are many."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.schema = SCHEMAS[kind]
        self._records: list[Record] = []
        self._parsers: list[str] = []
        self._files: list[str] = []

    def __len__(self) -> int:
        return len(self._records)

    def append(self, record: Record, parser: str, file_sha256: str) -> None:
        """Add one record; ``parser`` is the name and version that made it, ``file_sha256`` the stored file's hash."""
        self._records.append(record)
        self._parsers.append(parser)
        self._files.append(file_sha256)

    def table(self) -> pa.Table:
        """The gathered records as one Arrow table, in the order in which they came."""
        why: _Why = [[] for _ in self._records]
        own = self._moments(why) if self.kind == "moment" else self._own(_OWN[self.kind], self._records, why)
        # Each column becomes an array before the next is made: the lists are several times as large.
        types = self.schema.types[:-1]
        arrays = [_array(column, kind) for column, kind in zip(chain(self._common(), own), types, strict=True)]
        return pa.Table.from_arrays([*arrays, _absences(why)], schema=self.schema)

    def _common(self) -> Iterator[list[Any]]:
        """The columns of ``COMMON``, in its order."""
        kind, records = self.kind, self._records
        places = [record.address for record in records]
        addresses = [str(place) for place in places]
        spans = [place.span or (None, None) for place in places]
        if kind == "problem":
            yield [record.identity() for record in records]
        else:
            yield [record_id(kind, address) for address in addresses]
        yield [origin_key(kind, file, place.steps[1:]) for file, place in zip(self._files, places, strict=True)]
        yield [place.evidence for place in places]
        yield addresses
        yield [start for start, _ in spans]
        yield [end for _, end in spans]
        yield [record.recovery.value for record in records]
        yield self._parsers

    def _own(self, names: Sequence[str], things: Sequence[Any], why: _Why) -> Iterator[list[Any]]:
        """The columns that the kind itself has; what is missing goes to ``why``."""
        for name in names:
            column = list(map(attrgetter(name), things))
            if Absent in set(map(type, column)):
                column = _without_absent(name, column, why)
            if self.schema.field(name).type == _INSTANT:
                column = [None if ns is None else ns // 1000 for ns in column]
            yield column

    def _moments(self, why: _Why) -> Iterator[list[Any]]:
        """The columns of moment records: the clock reading stands in one field and fills nine of them."""
        moments = [record.moment for record in self._records if isinstance(record, MomentRecord)]
        yield from self._own(_OWN["moment"][:2], self._records, why)
        meaning, basis, says, raw, zone, precision = (
            [str(getattr(moment, name)) for moment in moments]
            for name in ("meaning", "basis", "says", "raw", "zone", "precision")
        )
        instants = _without_absent("utc", [moment.utc for moment in moments], why)
        utc = [None if ns is None else ns // 1000 for ns in instants]
        utc_ns = [ns if ns is not None and _INT64_MIN <= ns <= _INT64_MAX else None for ns in instants]
        offsets = [None if isinstance(moment.offset_minutes, Absent) else moment.offset_minutes for moment in moments]
        yield from (meaning, basis, says, utc, utc_ns, raw, zone, offsets, precision)


def _without_absent(name: str, column: list[Any], why: _Why) -> list[Any]:
    """The column with ``None`` for each missing value, whose reason is noted in ``why``."""
    # By their ids, because the members of an Enum are hashed by slow code.
    reason = {id(each): (name, each.value) for each in Absent}
    for row, value in enumerate(column):
        if value.__class__ is Absent:
            why[row].append(reason[id(value)])
            column[row] = None
    return column


def _absences(why: _Why) -> pa.Array:
    """The map column ``absent``, made of its flat parts: that is several times faster than from lists of pairs."""
    pairs = list(chain.from_iterable(why))
    offsets = pa.array(accumulate(map(len, why), initial=0), pa.int32(), size=len(why) + 1)
    keys, reasons = ([pair[at] for pair in pairs] for at in (0, 1))
    return pa.MapArray.from_arrays(offsets, pa.array(keys, _STRING), pa.array(reasons, _STRING))


def _array(column: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(column, kind)
    except UnicodeEncodeError:
        return pa.array([_printable(value) for value in column], kind)


def _printable(value: Any) -> Any:
    """Lone surrogates cannot be written as UTF-8; they stay visible as their escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return [_printable(each) for each in value] if isinstance(value, tuple) else value


def write_parquet(table: pa.Table, path: Path | BinaryIO) -> None:
    """Write ``table`` to a new file; the same table gives the same bytes."""
    write_slices([table], path)


def write_slices(slices: Iterable[pa.Table], path: Path | BinaryIO) -> None:
    """Write tables of one schema end to end to a new file, one at a time; the same slices give the same bytes."""
    writer: pq.ParquetWriter | None = None
    try:
        for table in slices:
            if writer is None:
                writer = pq.ParquetWriter(
                    path, table.schema, compression="zstd", compression_level=1, store_schema=False
                )
            # In one piece, because the encoder's pages follow the pieces in which a table happens to come.
            writer.write_table(table.combine_chunks(), row_group_size=ROW_GROUP)
    finally:
        if writer is not None:
            writer.close()


def digest(table: pa.Table) -> str:
    """SHA-256 over the rows themselves, whatever the file encoding: ``columns-v1``.

    For each column in order: name, type, then the values. A value column gives its validity (one byte each), then its
    fixed-width values with nulls as zero; texts and bytes give their lengths as int64 and their bytes end to end;
    lists and maps give their lengths and then their items as a column.
    """
    hasher = hashlib.sha256(b"columns-v1\0" + str(table.num_rows).encode())
    for column in table.schema:
        hasher.update(f"\0{column.name}\0{_type_name(column.type)}\0".encode())
        _feed(hasher.update, _one_array(table.column(column.name)))
    return hasher.hexdigest()


def _type_name(kind: pa.DataType) -> str:
    """The type without the names that encoders give to the items of lists and maps."""
    if pa.types.is_map(kind):
        return f"map<{_type_name(kind.key_type)},{_type_name(kind.item_type)}>"
    if pa.types.is_list(kind):
        return f"list<{_type_name(kind.value_type)}>"
    return str(kind)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _feed(update: Callable[[bytes | memoryview], None], array: Any) -> None:
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], type=array.type)
    update(pc.cast(pc.is_valid(array), pa.uint8()).to_numpy(zero_copy_only=False).tobytes())
    kind = array.type
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        _feed_items(update, array)
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        filled = pc.fill_null(array.cast(pa.binary()), b"")
        update(pc.cast(pc.binary_length(filled), pa.int64()).to_numpy(zero_copy_only=False).tobytes())
        update(_end_to_end(filled))
    elif pa.types.is_boolean(kind):
        update(pc.cast(pc.fill_null(array, False), pa.uint8()).to_numpy(zero_copy_only=False).tobytes())
    else:
        plain = array.cast(pa.int64()) if pa.types.is_timestamp(kind) else array
        update(pc.fill_null(plain, 0).to_numpy(zero_copy_only=False).tobytes())


def _end_to_end(array: pa.Array) -> memoryview:
    """The bytes of a binary array without nulls: they lie in one buffer, one value behind the other."""
    _, offsets, data = array.buffers()
    if not len(array) or data is None:
        return memoryview(b"")
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[array.offset] : ends[array.offset + len(array)]]


def _feed_items(update: Callable[[bytes | memoryview], None], array: Any) -> None:
    if pa.types.is_map(array.type):
        items = array.cast(pa.list_(pa.struct([("key", array.type.key_type), ("value", array.type.item_type)])))
    else:
        items = array
    lengths = pc.fill_null(pc.cast(pc.list_value_length(items), pa.int64()), 0)
    update(lengths.to_numpy(zero_copy_only=False).tobytes())
    flat = pc.list_flatten(items)
    if pa.types.is_struct(flat.type):
        for index in range(flat.type.num_fields):
            _feed(update, pc.struct_field(flat, [index]))
    else:
        _feed(update, flat)


def read_verified(path: Path, sha256: str) -> pa.Table | None:
    """The table of a Parquet file whose bytes have the given hash; ``None`` where they do not."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        return None
    return pq.read_table(pa.BufferReader(data))


def read_parquet(path: Path) -> pa.Table:
    """The table of a file that this program has just written."""
    return pq.ParquetFile(path).read()


def gather(kind: str, records: Iterable[Record], parser: str, file_sha256: str) -> pa.Table:
    """A table of the given records, all of one kind."""
    columns = Columns(kind)
    for record in records:
        columns.append(record, parser, file_sha256)
    return columns.table()


def of_rows(columns: Sequence[tuple[str, Type]], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """A table of any rows, each with a value for every column in order."""
    schema = pa.schema([(name, _ARROW[type_]) for name, type_ in columns])
    arrays = [_array([row[at] for row in rows], kind) for at, kind in enumerate(schema.types)]
    return pa.Table.from_arrays(arrays, schema=schema)
