"""Writes small MSG files ([MS-OXMSG]) for samples and tests: texts in UTF-16 or a code page, parties, attachments."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forensics.formats.mapi import tags
from tests.formats.compound_builder import Tree, compound_file

TO, CC, BCC = 1, 2, 3
_LONG, _BOOLEAN, _TIME = tags.PTYP_INTEGER32, tags.PTYP_BOOLEAN, tags.PTYP_TIME
_TOP, _EMBEDDED, _PART = 32, 24, 8


@dataclass(frozen=True, kw_only=True)
class Party:
    """One recipient."""

    kind: int
    name: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Attached:
    """One attachment: bytes by value, or a whole message."""

    name: str
    content: bytes | Msg
    mime_type: str = ""
    content_id: str = ""
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class Msg:
    """A message to write. ``code_page`` 0 writes UTF-16 texts, any other 8-bit texts in that page."""

    texts: Mapping[int, str]
    numbers: Mapping[int, int] = field(default_factory=dict)
    times: Mapping[int, int] = field(default_factory=dict)
    blobs: Mapping[int, bytes] = field(default_factory=dict)
    parties: Sequence[Party] = ()
    attached: Sequence[Attached] = ()
    code_page: int = 0


def build(message: Msg) -> bytes:
    """The bytes of the file."""
    return compound_file(_message(message, _TOP))


def _message(message: Msg, header: int) -> dict[str, bytes | Tree]:
    fixed = {key << 16 | _LONG: struct.pack("<i", value) for key, value in message.numbers.items()}
    fixed |= {key << 16 | _TIME: struct.pack("<Q", value) for key, value in message.times.items()}
    if message.code_page:
        fixed[tags.PR_MESSAGE_CODEPAGE << 16 | _LONG] = struct.pack("<i", message.code_page)
    tree = _storage(message.texts, fixed, message.blobs, header, message.code_page)
    for at, party in enumerate(message.parties):
        texts = {tags.PR_DISPLAY_NAME: party.name, tags.PR_EMAIL_ADDRESS: party.address, tags.PR_ADDRTYPE: "SMTP"}
        kind = {tags.PR_RECIPIENT_TYPE << 16 | _LONG: struct.pack("<i", party.kind)}
        tree[f"__recip_version1.0_#{at:08X}"] = _storage(texts, kind, {}, _PART, message.code_page)
    for at, one in enumerate(message.attached):
        tree[f"__attach_version1.0_#{at:08X}"] = _attachment(one, at, message.code_page)
    if header == _TOP:
        tree["__nameid_version1.0"] = {f"__substg1.0_000{at}0102": b"" for at in (2, 3, 4)}
    return tree


def _attachment(one: Attached, at: int, code_page: int) -> dict[str, bytes | Tree]:
    texts = {tags.PR_ATTACH_LONG_FILENAME: one.name}
    texts |= {tags.PR_ATTACH_MIME_TAG: one.mime_type} if one.mime_type else {}
    texts |= {tags.PR_ATTACH_CONTENT_ID: one.content_id} if one.content_id else {}
    by_value = isinstance(one.content, bytes)
    method = tags.ATTACH_BY_VALUE if by_value else tags.ATTACH_EMBEDDED_MESSAGE
    fixed = {
        tags.PR_ATTACH_NUM << 16 | _LONG: struct.pack("<i", at),
        tags.PR_ATTACH_METHOD << 16 | _LONG: struct.pack("<i", method),
    }
    if one.hidden:
        fixed[tags.PR_ATTACHMENT_HIDDEN << 16 | _BOOLEAN] = b"\1\0"
    tree = _storage(texts, fixed, {}, _PART, code_page)
    if isinstance(one.content, bytes):
        tree[f"__substg1.0_{tags.PR_ATTACH_DATA:04X}{tags.PTYP_BINARY:04X}"] = one.content
    else:
        tree[f"__substg1.0_{tags.PR_ATTACH_DATA:04X}{tags.PTYP_OBJECT:04X}"] = _message(one.content, _EMBEDDED)
    return tree


def _storage(
    texts: Mapping[int, str], fixed: Mapping[int, bytes], blobs: Mapping[int, bytes], header: int, code_page: int
) -> dict[str, bytes | Tree]:
    """Variable values stand in streams of their own; the property stream lists them with their size (2.4.2.2)."""
    kind = tags.PTYP_STRING8 if code_page else tags.PTYP_STRING
    codec = f"cp{code_page}" if code_page else "utf-16-le"
    streams = {key << 16 | kind: text.encode(codec) for key, text in texts.items()}
    streams |= {key << 16 | tags.PTYP_BINARY: raw for key, raw in blobs.items()}
    listed = bytearray(header)
    for tag, raw in streams.items():
        ending = {tags.PTYP_STRING: 2, tags.PTYP_STRING8: 1}.get(tag & 0xFFFF, 0)
        listed += struct.pack("<IIII", tag, 6, len(raw) + ending, 0)
    for tag, raw in fixed.items():
        listed += struct.pack("<II8s", tag, 6, raw)
    tree: dict[str, bytes | Tree] = {f"__substg1.0_{tag:08X}": raw for tag, raw in streams.items()}
    tree["__properties_version1.0"] = bytes(listed)
    return tree
