"""The index of a Dovecot mailbox, version 7: which messages it lists, with flags, keywords and GUIDs (mail-index.h).

``dovecot.index`` is a snapshot, ``dovecot.index.log`` and ``.log.2`` the changes since (mail-transaction-log.h); a new
mailbox has the log alone. All numbers are little-endian, but for the sizes in the log.

    index header  u8 major, minor; u16 base size; u32 header size, record size; u8 compat, 3 unused; u32 indexid, flags,
                  uid_validity, next_uid, messages ...; at 72 u32 log_file_seq, log_file_tail, log_file_head
    extensions    u32 header size, reset id; u16 record offset, size, align, name size; name; data from a multiple of 8
    record        u32 uid, u8 flags (1 answered, 2 flagged, 4 deleted, 8 seen, 10 draft), extensions
    log header    u8 major, minor; u16 header size; u32 indexid, file_seq, prev_file_seq, prev_file_offset ...
    log record    u32 size (4 x 7 bits, most significant first, each byte with its high bit set, in units of 4 bytes),
                  u32 type, data

Of ``expunge`` both the request and, marked external, the deed stand in the log; only the deed removes a message.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from forensics.errors import FormatError

FLAGS = ((0x01, "answered"), (0x02, "flagged"), (0x04, "deleted"), (0x08, "read"), (0x10, "draft"))
_MAJOR = 7
_LOG_MAJOR = 1
_BASE = 120
_EXPUNGE, _APPEND, _FLAGS, _EXT_INTRO, _EXT_REC = 0x1, 0x2, 0x4, 0x40, 0x200
_KEYWORDS, _KEYWORD_RESET, _EXPUNGE_GUID, _HEADER_UPDATE = 0x400, 0x800, 0x2000, 0x20
_EXPUNGE_PROTECTED = 0xCD90
_EXTERNAL = 0x10000000
_EVERY = 0xFFFFFFFF
_MOST = 20_000_000
_GUID = "guid"


@dataclass(slots=True, kw_only=True)
class Listed:
    """One message of the mailbox by its UID."""

    uid: int
    flags: int = 0
    keywords: set[str] = field(default_factory=set)
    guid: str = ""

    def words(self) -> tuple[str, ...]:
        """Flags and keywords as words."""
        return (*(word for bit, word in FLAGS if self.flags & bit), *sorted(self.keywords))


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """What the index says: the messages by UID, those it expunged (GUIDs), and what could not be read of it."""

    uid_validity: int = 0
    messages: dict[int, Listed] = field(default_factory=dict)
    expunged: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Extension:
    name: str
    offset: int = 0
    size: int = 0
    header: bytes = b""


def read_mailbox(index: bytes, logs: list[bytes]) -> Mailbox:
    """The state of the mailbox after the snapshot (may be empty) and all changes of the logs, oldest log first."""
    box = Mailbox()
    names: list[str] = []
    since = (0, 0)
    if index:
        try:
            since = _snapshot(index, box, names)
        except (FormatError, struct.error) as error:
            box.problems.append(f"dovecot.index: {error}")
    for log in logs:
        try:
            _replay(log, box, names, since)
        except (FormatError, struct.error) as error:
            box.problems.append(f"dovecot.index.log: {error}")
    return box


def _snapshot(data: bytes, box: Mailbox, names: list[str]) -> tuple[int, int]:
    """Fill the mailbox from the snapshot; the answer is the log and the offset in it up to which it goes."""
    if len(data) < _BASE or data[0] != _MAJOR:
        raise FormatError("this is no index of version 7")
    base, header_size, record_size = struct.unpack_from("<HII", data, 2)
    if not data[12] & 1:
        raise FormatError("the index was written on a big-endian machine")
    box.uid_validity, _, count = struct.unpack_from("<III", data, 24)
    sequence, _, head = struct.unpack_from("<III", data, 60)
    extensions = list(_extensions(data, base, header_size))
    names += [each.name for each in extensions]
    if record_size < 5 or count > _MOST or header_size + count * record_size > len(data):
        raise FormatError("the index is cut short")
    for number in range(count):
        _record(data, header_size + number * record_size, extensions, box)
    return sequence, head


def _record(data: bytes, at: int, extensions: list[_Extension], box: Mailbox) -> None:
    uid, flags = struct.unpack_from("<IB", data, at)
    listed = box.messages.setdefault(uid, Listed(uid=uid))
    listed.flags = flags
    for each in extensions:
        raw = data[at + each.offset : at + each.offset + each.size]
        if each.name == _GUID and len(raw) == 16:
            listed.guid = raw.hex()
        elif each.name == "keywords":
            known = _keyword_names(each.header)
            listed.keywords |= {
                word for bit, word in enumerate(known) if raw[bit // 8 : bit // 8 + 1] and raw[bit // 8] >> bit % 8 & 1
            }


def _extensions(data: bytes, at: int, end: int) -> Iterator[_Extension]:
    at = (at + 7) & ~7
    while at + 16 <= end:
        hdr_size, _, offset, size, _, name_size = struct.unpack_from("<IIHHHH", data, at)
        name = data[at + 16 : at + 16 + name_size].decode("ascii", "backslashreplace")
        start = (at + 16 + name_size + 7) & ~7
        if start + hdr_size > end or not name_size:
            raise FormatError("an extension of the index is cut short")
        yield _Extension(name=name, offset=offset, size=size, header=data[start : start + hdr_size])
        at = (start + hdr_size + 7) & ~7


def _keyword_names(header: bytes) -> list[str]:
    """u32 count; count x (u32 unused, u32 offset into the names); the names, each ended by a zero byte."""
    if len(header) < 4:
        return []
    count = min(struct.unpack_from("<I", header)[0], (len(header) - 4) // 8)
    text = header[4 + 8 * count :]
    offsets = [struct.unpack_from("<I", header, 8 + 8 * number)[0] for number in range(count)]
    return [text[offset:].partition(b"\0")[0].decode("utf-8", "backslashreplace") for offset in offsets]


# -- the log -------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _State:
    """What the records of a log refer to: the extension that was introduced last."""

    box: Mailbox
    names: list[str]
    now: _Extension = field(default_factory=lambda: _Extension(name=""))


def _replay(log: bytes, box: Mailbox, names: list[str], since: tuple[int, int]) -> None:
    if len(log) < 24 or log[0] != _LOG_MAJOR:
        raise FormatError("this is no transaction log of version 1")
    header_size, _, sequence = struct.unpack_from("<HII", log, 2)
    at = header_size
    if sequence < since[0]:
        return
    state = _State(box=box, names=names)
    while at + 8 <= len(log):
        size, kind = _size(log[at : at + 4]), struct.unpack_from("<I", log, at + 4)[0]
        if size < 8 or at + size > len(log):
            # Space that was reserved and not written yet ends a log as well.
            if any(log[at : at + 8]):
                raise FormatError("a record of the log is cut short", offset=at)
            return
        # An extension that was introduced before the snapshot is referred to behind it.
        if (sequence, at) >= since or kind & 0xFFFF == _EXT_INTRO:
            _apply(state, kind, log[at + 8 : at + size])
        at += size


def _size(raw: bytes) -> int:
    if not all(byte & 0x80 for byte in raw):
        return 0
    value = 0
    for byte in raw:
        value = value << 7 | byte & 0x7F
    return value << 2


def _apply(state: _State, kind: int, data: bytes) -> None:
    plain = kind & 0xFFFF
    if plain in (_EXPUNGE | _EXPUNGE_PROTECTED, _EXPUNGE_GUID | _EXPUNGE_PROTECTED):
        if kind & _EXTERNAL:
            _expunge(state.box, data, with_guid=bool(plain & _EXPUNGE_GUID))
        return
    way = _WAYS.get(plain)
    if way is not None:
        way(state, data)


def _append(state: _State, data: bytes) -> None:
    """Records of u32 uid, u8 flags, in 8 bytes."""
    for at in range(0, len(data) - 7, 8):
        uid, flags = struct.unpack_from("<IB", data, at)
        state.box.messages[uid] = Listed(uid=uid, flags=flags)


def _expunge(box: Mailbox, data: bytes, *, with_guid: bool) -> None:
    if with_guid:
        for at in range(0, len(data) - 19, 20):
            uid = struct.unpack_from("<I", data, at)[0]
            box.messages.pop(uid, None)
            box.expunged[uid] = data[at + 4 : at + 20].hex()
        return
    for first, last in _ranges(data, 8):
        for uid in [each for each in box.messages if first <= each <= last]:
            box.expunged[uid] = box.messages.pop(uid).guid


def _ranges(data: bytes, step: int) -> Iterator[tuple[int, int]]:
    for at in range(0, len(data) - step + 1, step):
        yield struct.unpack_from("<II", data, at)


def _flag_update(state: _State, data: bytes) -> None:
    """u32 uid1, uid2; u8 add, remove; u16 padding."""
    for at in range(0, len(data) - 11, 12):
        first, last, add, remove = struct.unpack_from("<IIBB", data, at)
        for listed in _between(state.box, first, last):
            listed.flags = listed.flags & ~remove | add


def _between(box: Mailbox, first: int, last: int) -> Iterator[Listed]:
    if last - first < len(box.messages):
        yield from (box.messages[uid] for uid in range(first, last + 1) if uid in box.messages)
    else:
        yield from (each for each in box.messages.values() if first <= each.uid <= last)


def _keyword_update(state: _State, data: bytes) -> None:
    """u8 add (0), remove (1) or replace (2), padding; u16 name size; name to a multiple of 4; u32 uid1, uid2 ..."""
    if len(data) < 4:
        return
    how, _, name_size = struct.unpack_from("<BBH", data)
    name = data[4 : 4 + name_size].decode("utf-8", "backslashreplace")
    for first, last in _ranges(data[(4 + name_size + 3) & ~3 :], 8):
        for listed in _between(state.box, first, last):
            listed.keywords = {name} if how == 2 else listed.keywords - {name} if how == 1 else listed.keywords | {name}


def _keyword_reset(state: _State, data: bytes) -> None:
    for first, last in _ranges(data, 8):
        for listed in _between(state.box, first, last):
            listed.keywords = set()


def _ext_intro(state: _State, data: bytes) -> None:
    """u32 ext id, reset id, header size; u16 record size, align, flags, name size; name; several in one record."""
    at = 0
    while at + 20 <= len(data):
        ext_id, _, _, size, _, _, name_size = struct.unpack_from("<IIIHHHH", data, at)
        name = data[at + 20 : at + 20 + name_size].decode("ascii", "backslashreplace")
        if ext_id == _EVERY:
            if name not in state.names:
                state.names.append(name)
        else:
            name = state.names[ext_id] if ext_id < len(state.names) else ""
        state.now = _Extension(name=name, size=size)
        at += (20 + name_size + 3) & ~3


def _ext_records(state: _State, data: bytes) -> None:
    """u32 uid and the extension's bytes, to a multiple of 4."""
    if state.now.name != _GUID or state.now.size != 16:
        return
    for at in range(0, len(data) - 19, 20):
        uid = struct.unpack_from("<I", data, at)[0]
        if uid in state.box.messages:
            state.box.messages[uid].guid = data[at + 4 : at + 20].hex()


def _header_update(state: _State, data: bytes) -> None:
    """u16 offset, size, bytes, to a multiple of 4; ``uid_validity`` is at 24."""
    at = 0
    while at + 4 <= len(data):
        offset, size = struct.unpack_from("<HH", data, at)
        if offset <= 24 and offset + size >= 28 and at + 4 + size <= len(data):
            state.box.uid_validity = struct.unpack_from("<I", data, at + 4 + 24 - offset)[0]
        at += (4 + size + 3) & ~3


_WAYS: dict[int, Callable[[_State, bytes], None]] = {
    _APPEND: _append,
    _FLAGS: _flag_update,
    _KEYWORDS: _keyword_update,
    _KEYWORD_RESET: _keyword_reset,
    _EXT_INTRO: _ext_intro,
    _EXT_REC: _ext_records,
    _HEADER_UPDATE: _header_update,
}
