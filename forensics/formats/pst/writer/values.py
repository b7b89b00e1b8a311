"""Property values as they lie in property and table contexts: [MS-PST] 2.3.3.2, [MS-OXCDATA] 2.11.1."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from forensics.formats.mapi.tags import (
    MULTIVALUED,
    PTYP_BINARY,
    PTYP_BOOLEAN,
    PTYP_CURRENCY,
    PTYP_ERROR_CODE,
    PTYP_FLOATING32,
    PTYP_FLOATING64,
    PTYP_FLOATING_TIME,
    PTYP_GUID,
    PTYP_INTEGER16,
    PTYP_INTEGER32,
    PTYP_INTEGER64,
    PTYP_OBJECT,
    PTYP_STRING,
    PTYP_STRING8,
    PTYP_TIME,
    WIDTHS,
)

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_VARIABLE: Final = (PTYP_STRING, PTYP_STRING8, PTYP_BINARY)


class Encoded(NamedTuple):
    """A value ready to be stored: its type and its bytes."""

    ptype: int
    raw: bytes


def filetime(at: datetime) -> int:
    """A moment as FILETIME: 100 ns since 1601, UTC."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be written: give it a zone, or a FILETIME")
    return (at - _EPOCH) // timedelta(microseconds=1) * 10


def _integer(size: int) -> Callable[[object], bytes]:
    def encode(value: object) -> bytes:
        if not isinstance(value, int):
            raise TypeError(f"an integer is wanted, not {value!r}")
        return (value % (1 << 8 * size)).to_bytes(size, "little")

    return encode


def _time(value: object) -> bytes:
    return _integer(8)(filetime(value) if isinstance(value, datetime) else value)


def _text(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"text is wanted, not {value!r}")
    # Evidence holds lone surrogates; they are written as they are.
    return value.encode("utf-16-le", "surrogatepass")


def _octets(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"bytes are wanted, not {value!r}")
    return value


def _guid(value: object) -> bytes:
    return value.bytes_le if isinstance(value, UUID) else _octets(value)


def _float(form: str) -> Callable[[object], bytes]:
    return lambda value: struct.pack(form, value)


_ENCODERS: Final[dict[int, Callable[[object], bytes]]] = {
    PTYP_INTEGER16: _integer(2),
    PTYP_INTEGER32: _integer(4),
    PTYP_FLOATING32: _float("<f"),
    PTYP_FLOATING64: _float("<d"),
    PTYP_FLOATING_TIME: _float("<d"),
    PTYP_CURRENCY: _integer(8),
    PTYP_ERROR_CODE: _integer(4),
    PTYP_BOOLEAN: lambda value: b"\1" if value else b"\0",
    PTYP_INTEGER64: _integer(8),
    PTYP_STRING8: _octets,
    PTYP_STRING: _text,
    PTYP_TIME: _time,
    PTYP_GUID: _guid,
    PTYP_BINARY: _octets,
    PTYP_OBJECT: _octets,
}


def encode(ptype: int, value: object) -> Encoded:
    """A plain value in the form of its property type."""
    single = _ENCODERS.get(ptype & ~MULTIVALUED)
    if single is None:
        raise ValueError(f"property type {ptype:04X} cannot be written")
    if not ptype & MULTIVALUED:
        return Encoded(ptype, single(value))
    if not isinstance(value, list | tuple):
        raise TypeError(f"several values are wanted, not {value!r}")
    parts = [single(one) for one in value]
    return Encoded(ptype, _several(parts) if ptype & ~MULTIVALUED in _VARIABLE else b"".join(parts))


def _several(parts: Sequence[bytes]) -> bytes:
    """Values of variable size: ulCount, rgulDataOffsets, then the values (2.3.3.4.2)."""
    offsets, at = [], 4 + 4 * len(parts)
    for part in parts:
        offsets.append(at)
        at += len(part)
    return struct.pack(f"<I{len(parts)}I", len(parts), *offsets) + b"".join(parts)


def inline_width(ptype: int) -> int:
    """Bytes of a value that a table row can hold itself (up to 8); 0 where the row holds a HNID.

    A boolean has one byte in a store ([MS-PST] 2.3.3.3), and two in other places.
    """
    if ptype == PTYP_BOOLEAN:
        return 1
    width = WIDTHS.get(ptype, 0)
    return width if width <= 8 else 0
