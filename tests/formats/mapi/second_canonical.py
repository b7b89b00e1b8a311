"""``mapi-canonical-v1`` a second time, from docs/reference/mapi-canonical-v1.md alone and importing nothing of ours.

Items are given as that page gives them in its vectors.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

_WIDTHS = {0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}


def layout(item: dict[str, Any]) -> bytes:
    """The bytes that are hashed."""
    out = bytes.fromhex("6d6170692d63616e6f6e6963616c2d763100")
    out += bag(item["properties"])
    out += n8(len(item["recipients"])) + b"".join(map(bag, item["recipients"]))
    out += n8(len(item["attachments"]))
    for attachment in item["attachments"]:
        out += bag(attachment["properties"]) + content(attachment["content"])
    return out


def digest(item: dict[str, Any]) -> str:
    return hashlib.sha256(layout(item)).hexdigest()


def n8(number: int) -> bytes:
    return number.to_bytes(8, "big")


def sized(raw: bytes) -> bytes:
    return n8(len(raw)) + raw


def bag(properties: list[list[Any]]) -> bytes:
    kept = [each for each in properties if int(each[0], 16) >> 16 not in (0x3701, 0x67F2, 0x67F3)]
    return n8(len(kept)) + b"".join(sorted(map(one, kept)))


def one(given: list[Any]) -> bytes:
    tag, raw, name, values = (*given, None, None)[:4]
    id_, type_ = int(tag[:4], 16), int(tag[4:], 16)
    if name is None:
        head = bytes([3 if id_ >= 0x8000 else 0]) + id_.to_bytes(2, "big")
    elif isinstance(name[1], int):
        head = b"\x01" + uuid.UUID(name[0]).bytes + name[1].to_bytes(4, "big")
    else:
        head = b"\x02" + uuid.UUID(name[0]).bytes + sized(name[1].encode("utf-8", "surrogatepass"))
    return head + type_.to_bytes(2, "big") + value(type_, bytes.fromhex(raw), values)


def value(type_: int, raw: bytes, values: list[str] | None) -> bytes:
    if not type_ & 0x1000:
        return sized(raw)
    width = _WIDTHS.get(type_ & 0x0FFF)
    split = [bytes.fromhex(each) for each in values or []]
    if width and not split and len(raw) % width == 0:
        split = [raw[at : at + width] for at in range(0, len(raw), width)]
    if raw and not split:
        return b"\xff" * 8 + sized(raw)
    return n8(len(split)) + b"".join(map(sized, split))


def content(given: Any) -> bytes:
    if given is None:
        return b"\x00"
    if given == "lost":
        return b"\x04"
    if "item" in given:
        return b"\x02" + hashlib.sha256(layout(given["item"])).digest()
    if "streams" in given:
        streams = [(path.encode(), bytes.fromhex(raw)) for path, raw in given["streams"]]
        listed = b"".join(sized(path) + n8(len(raw)) for path, raw in streams)
        return b"\x03" + n8(len(streams)) + listed + hashlib.sha256(b"".join(raw for _, raw in streams)).digest()
    data = bytes.fromhex(given["data"])
    return b"\x01" + n8(len(data)) + hashlib.sha256(data).digest()
