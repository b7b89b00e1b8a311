"""The digest ``mapi-canonical-v1`` of a MAPI item: SHA-256 over its stored values in a fixed order.

A store of Outlook keeps no RFC 5322 message that could be hashed as it stands, so the values that it keeps are laid out
by a frozen rule, docs/reference/mapi-canonical-v1.md, which names all that is left out and why. All numbers are
big-endian.

    size  field of an item                        size  field of a property
    18    mapi-canonical-v1, one zero             1     0 tag, 1 named by a number, 2 named by a text, 3 name unknown
    8     number of its properties                      0, 3: id (2); 1: GUID (16), number (4);
          its properties, sorted as bytes               2: GUID (16), bytes of the name (8), the name in UTF-8
    8     number of recipients                    2     type, as in the tag
          each: number (8), its properties        8     bytes of the value; of a list the number of its values
    8     number of attachments                         the value; of a list each value with its bytes (8) before it
          each: number (8), its properties, its content
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from forensics.formats.mapi import tags
from forensics.formats.mapi.item import AttachedThing, Item
from forensics.formats.mapi.properties import NamedId, PropertyBag

MARK = b"mapi-canonical-v1\0"
LEFT_OUT = frozenset({tags.PR_ATTACH_DATA, 0x67F2, 0x67F3})
"""Content of an attachment, which stands in the layout by its hash; PidTagLtpRowId and PidTagLtpRowVer."""

_NO_CONTENT, _DATA, _EMBEDDED, _STREAMS, _NOT_READ = (bytes([number]) for number in range(5))
_COUNT = struct.Struct(">Q")
_PLAIN = struct.Struct(">BIQ")
_FIRST_NAMED = 0x8000
_NOT_A_LIST = (1 << 64) - 1
_MOST_NAMES = 10_000
_NAMES: dict[tuple[int, int], tuple[NamedId, bytes]] = {}
"""What stands before the value of a named property, by the identity of its name, because names are hashed slowly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the layout says of the bytes of one attachment; each field that is empty is not there.

    ``sha256`` and ``size`` are of its bytes, of an OLE object in several streams of those end to end; ``embedded`` is
    the digest of the message inside.
    """

    sha256: str = ""
    size: int = 0
    embedded: str = ""
    lost: bool = False


def digest(item: Item, contents: Iterable[Content]) -> str:
    """The digest in lower-case hexadecimal; ``contents`` has one entry for each attachment, in order."""
    parts = [MARK, *_bag(item.properties), _COUNT.pack(len(item.recipients))]
    for bag in item.recipients:
        parts += _bag(bag)
    parts.append(_COUNT.pack(len(item.attachments)))
    for thing, content in zip(item.attachments, contents, strict=True):
        parts += _bag(thing.properties)
        parts += _content(thing, content)
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _bag(bag: PropertyBag) -> list[bytes]:
    """The number of the properties, and each of them, sorted as bytes."""
    pack = _PLAIN.pack
    found = [
        pack(0, tag, len(raw)) + raw
        if tag < _FIRST_NAMED << 16 and not tag & tags.MULTIVALUED
        else _head(tag, bag.name_of(tag >> 16)) + _value(tag, raw, values)
        for tag, raw, values, _ in bag.stored_values()
        if tag >> 16 not in LEFT_OUT
    ]
    found.sort()
    return [_COUNT.pack(len(found)), *found]


def _head(tag: int, named: NamedId | None) -> bytes:
    """What stands before the value of a property that has a name or is a list."""
    if named is None:
        kind = 3 if tag >> 16 >= _FIRST_NAMED else 0
        return bytes([kind]) + tag.to_bytes(4, "big")
    key = (id(named), tag & 0xFFFF)
    held = _NAMES.get(key)
    if held is None or held[0] is not named:
        if len(_NAMES) >= _MOST_NAMES:
            _NAMES.clear()
        held = _NAMES[key] = (named, _name(named) + key[1].to_bytes(2, "big"))
    return held[1]


def _name(named: NamedId) -> bytes:
    if named.number is not None:
        return b"\x01" + named.guid.bytes + named.number.to_bytes(4, "big")
    # A name may hold half of a surrogate pair, which the store keeps and UTF-8 proper does not know.
    return b"\x02" + named.guid.bytes + _sized(named.name.encode("utf-8", "surrogatepass"))


def _value(tag: int, raw: bytes, values: tuple[bytes, ...]) -> bytes:
    if not tag & tags.MULTIVALUED:
        return _sized(raw)
    width = tags.WIDTHS.get(tag & 0xFFFF & ~tags.MULTIVALUED)
    if width is not None and not values and not len(raw) % width:
        values = tuple(raw[at : at + width] for at in range(0, len(raw), width))
    if raw and not values:
        # The store's own division of the list does not hold: its bytes as they are, and no list can have this number.
        return _COUNT.pack(_NOT_A_LIST) + _sized(raw)
    return _COUNT.pack(len(values)) + b"".join(map(_sized, values))


def _content(thing: AttachedThing, content: Content) -> Iterator[bytes]:
    if content.embedded:
        yield _EMBEDDED + bytes.fromhex(content.embedded)
    elif content.sha256 and thing.streams:
        yield _STREAMS + _COUNT.pack(len(thing.streams))
        for path, data in thing.streams:
            yield _sized(path.encode("utf-8", "surrogatepass")) + _COUNT.pack(data.size)
        yield bytes.fromhex(content.sha256)
    elif content.sha256:
        yield _DATA + _COUNT.pack(content.size) + bytes.fromhex(content.sha256)
    else:
        yield _NOT_READ if content.lost else _NO_CONTENT


def _sized(raw: bytes) -> bytes:
    return _COUNT.pack(len(raw)) + raw
