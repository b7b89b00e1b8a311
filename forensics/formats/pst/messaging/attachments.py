"""Attachments of every method: by value, by reference, OLE objects, embedded messages ([MS-PST] 2.4.6)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Data, HeldData, Lost, NamedId, PropertyBag, tags
from forensics.formats.pst.ltp.property_context import PropertyContext
from forensics.formats.pst.messaging.objects import (
    NID_ATTACHMENT_TABLE,
    TYPE_ATTACHMENT,
    TYPE_ATTACHMENT_TABLE,
    TYPE_MASK,
    NodeObject,
)
from forensics.formats.pst.ndb.blocks import Blocks
from forensics.formats.pst.ndb.datatree import DataTree, Trail
from forensics.formats.pst.ndb.subnodes import Node

_NOT_READ = frozenset({tags.PR_ATTACH_DATA})
_REFERENCES = frozenset(
    {tags.ATTACH_BY_REFERENCE, tags.ATTACH_BY_REFERENCE_RESOLVE, tags.ATTACH_BY_REFERENCE_ONLY}
    | {tags.ATTACH_BY_WEB_REFERENCE}
)
_LINK = "The attachment is a link; the bytes that it points to are not in this store."
_NAMED_ONE_BY_ONE = 1000
_UNLISTED = "no row of the attachment table names it"
# The value of a PtypObject, [MS-PST] 2.3.3.5: nid of the sub-node, its size.
_OBJECT = struct.Struct("<II")


class Parts(NamedTuple):
    """The sub-nodes of a message, in which its recipients and attachments lie."""

    blocks: Blocks
    subs: dict[int, Node]
    trail: Trail


class Opened(NamedTuple):
    """An attachment, and the node of the message inside it that is still to be read."""

    thing: AttachedThing
    embedded: Node | None = None


@dataclass(frozen=True, slots=True)
class NodeData:
    """The bytes of a node, read from the store a block at a time; valid while the store is open."""

    blocks: Blocks
    bid: int
    size: int
    trail: Trail

    def chunks(self) -> Iterator[bytes]:
        yield from DataTree(self.blocks, self.bid, self.trail).chunks()


def attachment_nodes(message: Parts, lost: list[Lost]) -> list[Node]:
    """The nodes of a message's attachments in the order of its table, then those that no row names."""
    listed: list[int] = []
    held = message.subs.get(NID_ATTACHMENT_TABLE) or _of_type(message.subs, TYPE_ATTACHMENT_TABLE)
    if held is not None:
        try:
            table = NodeObject(message.blocks, held, message.trail).table()
            listed = [id_ for id_, _ in sorted(table.index, key=lambda each: each[1])]
        except FormatError as error:
            lost.append(Lost("attachment table", "the order of the attachments", error.what))
    found = []
    for nid in listed:
        node = message.subs.get(nid)
        if node is None:
            lost.append(Lost(f"attachment {nid:#x}", "this attachment", "its node is not there"))
        found.append(node or Node(nid, 0, 0))
    known = set(listed)
    for nid, node in message.subs.items():
        if nid & TYPE_MASK == TYPE_ATTACHMENT and nid not in known:
            if len(found) < _NAMED_ONE_BY_ONE:
                lost.append(Lost(f"attachment {nid:#x}", "its place in the order", _UNLISTED))
            found.append(node)
    return found


def _of_type(subs: dict[int, Node], type_: int) -> Node | None:
    return next((node for nid, node in subs.items() if nid & TYPE_MASK == type_), None)


def open_attachment(
    blocks: Blocks, node: Node, trail: Trail, named: dict[int, NamedId], codepage: int | None, lost: list[Lost]
) -> Opened:
    """One attachment; what cannot be read says why in ``lost``."""
    try:
        found = NodeObject(blocks, node, trail)
        context = found.context()
        bag = context.bag(named, codepage, lost, _NOT_READ)
    except FormatError as error:
        lost.append(Lost(f"attachment {node.nid:#x}", "this attachment", error.what))
        return Opened(AttachedThing(properties=PropertyBag(), method=tags.ATTACH_NONE, lost=error.what))
    method = bag.integer(tags.PR_ATTACH_METHOD)
    method = tags.ATTACH_NONE if method is None else method
    try:
        data, inner = _content(found, context)
    except FormatError as error:
        return Opened(AttachedThing(properties=bag, method=method, lost=error.what))
    if inner is not None and method == tags.ATTACH_EMBEDDED_MESSAGE:
        return Opened(AttachedThing(properties=bag, method=method), inner)
    if inner is not None:
        data = _of_node(blocks, inner, trail)
    if data is None and method in _REFERENCES:
        return Opened(AttachedThing(properties=bag, method=method, lost=_LINK))
    if data is None and method == tags.ATTACH_EMBEDDED_MESSAGE:
        return Opened(AttachedThing(properties=bag, method=method, lost="The attachment names no message."))
    return Opened(AttachedThing(properties=bag, method=method, data=data))


def _content(found: NodeObject, context: PropertyContext) -> tuple[Data | None, Node | None]:
    """The bytes of PR_ATTACH_DATA, or the node of the object that stands in its place."""
    said = context.reference(tags.PR_ATTACH_DATA)
    if said is None:
        return None, None
    type_, hnid = said
    if type_ == tags.PTYP_OBJECT:
        raw = found.values.at(hnid)
        if len(raw) < _OBJECT.size:
            raise FormatError("The attachment does not say which object it holds.")
        nid, _ = _OBJECT.unpack_from(raw)
        node = found.subs.get(nid)
        if node is None:
            raise FormatError(f"The object of the attachment, sub-node {nid:#x}, is not there.")
        return None, node
    if hnid & TYPE_MASK == 0:
        return HeldData(found.heap.item(hnid)), None
    node = found.subs.get(hnid)
    if node is None:
        raise FormatError(f"The data of the attachment, sub-node {hnid:#x}, is not there.")
    return _of_node(found.blocks, node, found.trail), None


def _of_node(blocks: Blocks, node: Node, trail: Trail) -> NodeData:
    return NodeData(blocks, node.data, DataTree(blocks, node.data, trail).size, trail)
