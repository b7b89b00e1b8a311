"""The columnar schema of every record kind, and how records become tables, in one place (Apache Arrow and Parquet).

A missing value is null, and the map column ``absent`` of its row says why. Instants stand twice: as ``timestamp[us]``
in UTC for queries (cut, not rounded) and, for clocks, as whole nanoseconds since 1970.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics.absent import Absent
from forensics.address import origin_key
from forensics.records import Record

_STRING = pa.string()
_INSTANT = pa.timestamp("us", tz="UTC")
_WHY = pa.map_(_STRING, _STRING)
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1

_COMMON: tuple[tuple[str, pa.DataType], ...] = (
    ("id", _STRING),
    ("origin_key", _STRING),
    ("evidence", _STRING),
    ("address", _STRING),
    ("span_start", pa.int64()),
    ("span_end", pa.int64()),
    ("recovery", _STRING),
    ("parser", _STRING),
)
_PART: tuple[tuple[str, pa.DataType], ...] = (("message_id_ref", _STRING), ("position", pa.int32()))


def _schema(*own: tuple[str, pa.DataType]) -> pa.Schema:
    return pa.schema([*_COMMON, *own, ("absent", _WHY)])


SCHEMAS: dict[str, pa.Schema] = {
    "message": _schema(
        ("item_class", _STRING),
        ("store_path", _STRING),
        ("message_id", _STRING),
        ("edrm_mih", _STRING),
        ("subject", _STRING),
        ("sender", _STRING),
        ("sender_address", _STRING),
        ("to", _STRING),
        ("cc", _STRING),
        ("bcc", _STRING),
        ("date_utc", _INSTANT),
        ("date_raw", _STRING),
        ("received_utc", _INSTANT),
        ("in_reply_to", _STRING),
        ("references", _STRING),
        ("has_attachments", pa.bool_()),
        ("attachment_count", pa.int32()),
        ("size", pa.int64()),
        ("raw_sha256", _STRING),
        ("body_sha256", _STRING),
        ("thread_index", _STRING),
        ("flags", pa.list_(_STRING)),
        ("defects", pa.list_(_STRING)),
        ("integrity", _STRING),
        ("embedded_in", _STRING),
        ("depth", pa.int32()),
    ),
    "header": _schema(
        *_PART,
        ("name", _STRING),
        ("raw", pa.binary()),
        ("decoded", _STRING),
        ("charset", _STRING),
        ("method", _STRING),
        ("bad_bytes", pa.int32()),
    ),
    "recipient": _schema(
        *_PART,
        ("role", _STRING),
        ("name", _STRING),
        ("mail_address", _STRING),
        ("address_type", _STRING),
        ("raw", _STRING),
    ),
    "moment": _schema(
        *_PART,
        ("meaning", _STRING),
        ("basis", _STRING),
        ("says", _STRING),
        ("utc", _INSTANT),
        ("utc_ns", pa.int64()),
        ("raw", _STRING),
        ("zone", _STRING),
        ("offset_minutes", pa.int32()),
        ("precision", _STRING),
    ),
    "text": _schema(
        *_PART,
        ("kind", _STRING),
        ("text", _STRING),
        ("sha256", _STRING),
        ("size", pa.int64()),
        ("charset", _STRING),
        ("declared_charset", _STRING),
        ("method", _STRING),
        ("bad_bytes", pa.int32()),
        ("part", _STRING),
    ),
    "attachment": _schema(
        *_PART,
        ("name", _STRING),
        ("names", pa.list_(_STRING)),
        ("size", pa.int64()),
        ("sha256", _STRING),
        ("declared_type", _STRING),
        ("detected_type", _STRING),
        ("disposition", _STRING),
        ("content_id", _STRING),
        ("part", _STRING),
    ),
    "folder": _schema(
        ("store_path", _STRING),
        ("name", _STRING),
        ("container_class", _STRING),
        ("stored_count", pa.int64()),
        ("associated_count", pa.int64()),
        ("is_search", pa.bool_()),
    ),
    "recovered_item": _schema(
        ("message_id_ref", _STRING),
        ("store_path", _STRING),
        ("tier", _STRING),
        ("confidence", _STRING),
        ("basis", _STRING),
        ("page_offset", pa.int64()),
        ("block", pa.int64()),
        ("same_as", _STRING),
        ("overwritten", pa.list_(_STRING)),
        ("integrity", _STRING),
    ),
    "byte_account": _schema(
        ("size", pa.int64()),
        ("header", pa.int64()),
        ("page", pa.int64()),
        ("live_block", pa.int64()),
        ("recovered_block", pa.int64()),
        ("free_empty", pa.int64()),
        ("free_not_empty", pa.int64()),
        ("unreadable", pa.int64()),
    ),
    "problem": _schema(("what", _STRING), ("lost", _STRING), ("cause", _STRING)),
}

_MOMENT_COLUMNS = frozenset(("meaning", "basis", "says", "utc", "utc_ns", "raw", "zone", "offset_minutes", "precision"))


class Columns:
    """Records of one kind, gathered column by column until they become a table."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.schema = SCHEMAS[kind]
        own = [name for name in self.schema.names if name not in {n for n, _ in _COMMON} and name != "absent"]
        self._fields = [name for name in own if not (kind == "moment" and name in _MOMENT_COLUMNS)]
        self._lists: dict[str, list[Any]] = {name: [] for name in self.schema.names}
        self._appends = [
            (name, self._lists[name].append, _converter(self.schema.field(name).type)) for name in self._fields
        ]

    def __len__(self) -> int:
        return len(self._lists["id"])

    def append(self, record: Record, parser: str, file_sha256: str) -> None:
        """Add one record; ``parser`` is the name and version that made it, ``file_sha256`` the stored file's hash."""
        lists = self._lists
        place = record.address
        span = place.span
        lists["id"].append(record.identity())
        lists["origin_key"].append(origin_key(self.kind, file_sha256, place.steps[1:]))
        lists["evidence"].append(place.evidence)
        lists["address"].append(str(place))
        lists["span_start"].append(None if span is None else span.start)
        lists["span_end"].append(None if span is None else span.end)
        lists["recovery"].append(record.recovery.value)
        lists["parser"].append(parser)
        why: list[tuple[str, str]] = []
        for name, append, convert in self._appends:
            value = getattr(record, name)
            if value.__class__ is Absent:
                why.append((name, value.value))
                append(None)
            else:
                append(convert(value) if convert else value)
        if self.kind == "moment":
            self._append_moment(record, why)
        lists["absent"].append(why)

    def _append_moment(self, record: Any, why: list[tuple[str, str]]) -> None:
        lists, moment = self._lists, record.moment
        for name in ("meaning", "basis", "says", "raw", "zone", "precision"):
            lists[name].append(str(getattr(moment, name)))
        if isinstance(moment.utc, Absent):
            why.append(("utc", moment.utc.value))
            lists["utc"].append(None)
            lists["utc_ns"].append(None)
        else:
            lists["utc"].append(moment.utc // 1000)
            lists["utc_ns"].append(moment.utc if _INT64_MIN <= moment.utc <= _INT64_MAX else None)
        known = not isinstance(moment.offset_minutes, Absent)
        lists["offset_minutes"].append(moment.offset_minutes if known else None)

    def table(self) -> pa.Table:
        """The gathered records as one Arrow table, in the order in which they came."""
        arrays = [pa.array(self._lists[column.name], type=column.type) for column in self.schema]
        return pa.Table.from_arrays(arrays, schema=self.schema)


def _converter(kind: pa.DataType) -> Callable[[Any], Any] | None:
    if kind == _INSTANT:
        return lambda ns: ns // 1000
    if pa.types.is_list(kind):
        return list
    if kind == _STRING:
        return _printable
    return None


def _printable(text: str) -> str:
    """Lone surrogates cannot be written as UTF-8; they stay visible as their escape."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write ``table`` to a new file; the same table gives the same bytes."""
    pq.write_table(table, path, compression="zstd", compression_level=3, store_schema=False, row_group_size=1 << 17)


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


def _feed(update: Callable[[bytes], None], array: Any) -> None:
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], type=array.type)
    update(pc.cast(pc.is_valid(array), pa.uint8()).to_numpy(zero_copy_only=False).tobytes())
    kind = array.type
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        _feed_items(update, array)
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        filled = pc.fill_null(array.cast(pa.binary()), b"")
        update(pc.cast(pc.binary_length(filled), pa.int64()).to_numpy(zero_copy_only=False).tobytes())
        update(b"".join(filled.to_pylist()))
    elif pa.types.is_boolean(kind):
        update(pc.cast(pc.fill_null(array, False), pa.uint8()).to_numpy(zero_copy_only=False).tobytes())
    else:
        plain = array.cast(pa.int64()) if pa.types.is_timestamp(kind) else array
        update(pc.fill_null(plain, 0).to_numpy(zero_copy_only=False).tobytes())


def _feed_items(update: Callable[[bytes], None], array: Any) -> None:
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


def gather(kind: str, records: Iterable[Record], parser: str, file_sha256: str) -> pa.Table:
    """A table of the given records, all of one kind."""
    columns = Columns(kind)
    for record in records:
        columns.append(record, parser, file_sha256)
    return columns.table()
