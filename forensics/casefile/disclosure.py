"""The proof that parts of one message belong to a sealed case: C2SP tlog-proof v1 with what leads from part to ledger.

docs/reference/disclosure-packet.md describes the packet. The proof shows the ledger line of the seal in the tree of the
ledger under a checkpoint; its ``extra`` is base64 of canonical JSON that leads from each shown part up to that line:

    v, tree        1, message-tree-v1
    line           base64 of the raw line "seal finished", without its line feed
    message        index (from 0), of (how many messages the tree has), path (the hashes of the inclusion proof, hex)
    parts          in order, each {"salt": hex, "file": name[, "content": name]} for a shown part, {"leaf": hex} else
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from forensics import canonical
from forensics.casefile import merkle, notes
from forensics.casefile.message_parts import ATTACHMENT, BODY, FIELD, HEADER, ORIGINAL, RECORD, kind_of
from forensics.casefile.seal import SALT_SIZE, TREE, message_leaf, part_leaves
from forensics.errors import FormatError, IntegrityError, UsageError

VERSION = 1
PROOF = "packet.tlog-proof"
_HASH, _LINE = merkle.SIZE, "the line of the seal"
Read = Callable[[str], bytes]
"""The bytes of a file of the packet by its name, beside the proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """A part that is shown: its salt, the file with its bytes, and the file that it names by hash, where it does."""

    salt: bytes
    file: str
    content: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message stands in the tree of its item, with the hashes from its leaf to the root."""

    index: int
    of: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What one proof says beside the tree of the ledger. ``parts`` holds the leaf of each part that is withheld."""

    line: bytes
    place: Place
    parts: tuple[ShownPart | bytes, ...]

    def encode(self) -> bytes:
        """The bytes of ``extra``."""
        parts = [_told(part) for part in self.parts]
        path = [each.hex() for each in self.place.path]
        message = {"index": self.place.index, "of": self.place.of, "path": path}
        line = base64.b64encode(self.line).decode("ascii")
        return canonical.encode({"v": VERSION, "tree": TREE, "line": line, "message": message, "parts": parts})


def _told(part: ShownPart | bytes) -> dict[str, str]:
    if isinstance(part, bytes):
        return {"leaf": part.hex()}
    told = {"salt": part.salt.hex(), "file": part.file}
    return {**told, "content": part.content} if part.content else told


def decode(data: bytes) -> Disclosure:
    """The disclosure of an ``extra``; :class:`FormatError` where it is none of this version."""
    value = canonical.decode(data)
    try:
        if value["v"] != VERSION or value["tree"] != TREE or set(value) != {"v", "tree", "line", "message", "parts"}:
            raise FormatError("this is no disclosure that this version knows")
        message = value["message"]
        index, of = message["index"], message["of"]
        if type(index) is not int or type(of) is not int:
            raise FormatError("the place of the message is no number")
        place = Place(index=index, of=of, path=tuple(_hex(each, _HASH) for each in message["path"]))
        parts = tuple(_part(each) for each in value["parts"])
        line = base64.b64decode(value["line"], validate=True)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"the disclosure lacks a field, or one is of the wrong kind: {error!r}") from error
    return Disclosure(line=line, place=place, parts=parts)


def _part(value: dict[str, Any]) -> ShownPart | bytes:
    if set(value) == {"leaf"}:
        return _hex(value["leaf"], _HASH)
    if not {"salt", "file"} <= set(value) <= {"salt", "file", "content"}:
        raise FormatError("a part is neither shown nor withheld")
    return ShownPart(salt=_hex(value["salt"], SALT_SIZE), file=value["file"], content=value.get("content", ""))


def _hex(text: str, size: int) -> bytes:
    found = bytes.fromhex(text)
    if len(found) != size or found.hex() != text:
        raise FormatError(f"{text[:20]!r} is not {size} bytes in hexadecimal")
    return found


# -- which parts -------------------------------------------------------------------------------------------------------


def choose(parts: Sequence[bytes], wanted: Sequence[str]) -> set[int]:
    """The numbers of the parts that these words name; the record, which says where the message was found, always.

    headers (with what an Outlook item says in their place), header:NAME, folder, body, body:N, attachments,
    attachment:N, original (the hash of the whole message), all.
    """
    kinds = [kind_of(part) for part in parts]
    chosen = {number for number, kind in enumerate(kinds) if kind == RECORD}
    for word in wanted:
        found = _named(parts, kinds, word)
        if not found:
            raise UsageError(f"the message has no part {word!r}", todo=f"it has: {', '.join(kinds)}")
        chosen |= found
    return chosen


def _named(parts: Sequence[bytes], kinds: Sequence[str], word: str) -> set[int]:
    name, colon, which = word.partition(":")
    every = {kind: [number for number, each in enumerate(kinds) if each == kind] for kind in set(kinds)}
    folder, *told = every.get(FIELD, [0])
    if colon and name in (BODY, ATTACHMENT):
        number = int(which) - 1 if which.isascii() and which.isdigit() else -1
        return set(every.get(name, [])[number : number + 1]) if number >= 0 else set()
    if colon and name == HEADER:
        return {number for number in every.get(HEADER, []) if header_name(parts[number]) == which.lower()}
    plain = {
        "headers": [*every.get(HEADER, []), *told],
        "folder": [folder],
        "body": every.get(BODY, []),
        "attachments": every.get(ATTACHMENT, []),
        "original": every.get(ORIGINAL, []),
        "all": range(len(parts)),
    }
    return set() if colon else set(plain.get(name, []))


def header_name(part: bytes) -> str:
    """The name of the field that a header part holds, in lower case."""
    return content_of(part).partition(b":")[0].decode("ascii", "backslashreplace").lower()


def content_of(part: bytes) -> bytes:
    """What stands in a part behind its two first lines."""
    return part.split(b"\n", 2)[2]


# -- checking ----------------------------------------------------------------------------------------------------------


def check(proof: bytes, read: Read, verifiers: Sequence[notes.Verifier]) -> dict[str, Any]:
    """Follow one proof from its files to the signed checkpoint; the answer is what the ledger line says.

    The first step that does not hold raises :class:`IntegrityError` or :class:`FormatError`, with its place.
    """
    found = notes.parse_proof(proof)
    told = decode(found.extra)
    leaves = [part if isinstance(part, bytes) else _leaf(part, read) for part in told.parts]
    line = canonical.decode(told.line)
    root = _sealed_root(line, told.place.of)
    leaf = message_leaf(leaves) if leaves else b""
    if not merkle.check_inclusion(leaf, told.place.index, told.place.of, told.place.path, root):
        what = "the parts, shown and withheld, do not lead to the root that the ledger sealed"
        raise IntegrityError(what, place=f"message {told.place.index}")
    checkpoint = notes.open_checkpoint(found.checkpoint, verifiers)
    entry = merkle.leaf_hash(told.line)
    if not merkle.check_inclusion(entry, found.index, checkpoint.size, found.hashes, checkpoint.root):
        raise IntegrityError("the line of the seal does not lead to the root of the checkpoint", place=_LINE)
    if line.get("seq") != found.index + 1:
        raise IntegrityError("the line of the seal has another number than its place in the tree", place=_LINE)
    answer: dict[str, Any] = line
    return answer


def _leaf(part: ShownPart, read: Read) -> bytes:
    data = read(part.file)
    kind = kind_of(data)
    if not kind:
        raise IntegrityError("is no part of a message", place=part.file)
    if part.content:
        said = canonical.decode(content_of(data)).get("sha256") if kind in (BODY, ATTACHMENT) else ""
        if hashlib.sha256(read(part.content)).hexdigest() != said:
            raise IntegrityError(f"is not the content that {part.file} names", place=part.content)
    return part_leaves([part.salt], [data])[0]


def _sealed_root(line: Any, messages: int) -> bytes:
    if not isinstance(line, dict) or (line.get("act"), line.get("phase")) != ("seal", "finished"):
        raise IntegrityError("the line is not that of a finished seal", place=_LINE)
    result = line.get("result")
    if not isinstance(result, dict) or result.get("messages") != messages:
        raise IntegrityError("the line seals another number of messages", place=_LINE)
    return _hex(str(result.get("root")), _HASH)
