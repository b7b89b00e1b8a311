"""The one encoding of values to bytes: ids, ledger lines and record digests are made from it and nothing else.

JSON (RFC 8259) in UTF-8 without blanks, keys sorted by code point, integers only, no duplicate keys. Floats and lone
surrogates are refused, because two programs would not write them alike.
"""

from __future__ import annotations

import hashlib
import json
from json.encoder import encode_basestring
from typing import Any

from forensics.errors import FormatError

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_SCALARS = frozenset((str, int, bool, type(None)))


def encode(value: Any) -> bytes:
    """The canonical bytes of a JSON value made of dict, list, tuple, str, int, bool and None."""
    _refuse_floats(value)
    return _ENCODER.encode(value).encode()


def quote(text: str) -> bytes:
    """The canonical bytes of a text, for whoever puts an object together piece by piece."""
    return encode_basestring(text).encode()


def decode(data: bytes) -> Any:
    """The value of JSON bytes; duplicate keys, bad UTF-8 and numbers too long to read raise :class:`FormatError`."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this is not JSON: {error}") from error


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical bytes, in lower-case hexadecimal."""
    return hashlib.sha256(encode(value)).hexdigest()


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormatError("this JSON object names a key twice")
    return found


def _refuse_floats(value: Any) -> None:
    """Every ledger line comes through here, so plain values are told by their exact type and not by a call each."""
    if isinstance(value, float):
        raise TypeError("a float has no canonical form; store an integer with its unit")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError("the keys of a canonical object are texts")
            if type(item) not in _SCALARS:
                _refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            if type(item) not in _SCALARS:
                _refuse_floats(item)
