"""Free blocks with a valid trailer that nothing names any more: property contexts, tables, fragments ([MS-PST] 2.3).

A property context knows the sub-nodes of its large values, and a block of sub-nodes knows what it holds; where the two
agree they are put together, and what agrees with nothing stays by itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.errors import FormatError
from forensics.formats.mapi import PropertyBag, tags
from forensics.formats.pst.ltp.heap import PROPERTY_CONTEXT, SIGNATURE, TABLE_CONTEXT
from forensics.formats.pst.messaging.objects import NID_RECIPIENT_TABLE, TYPE_ATTACHMENT, TYPE_MASK, NodeObject, rows_of
from forensics.formats.pst.ndb.blocks import INTERNAL
from forensics.formats.pst.ndb.datatree import Trail, x_entries
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.subnodes import Node, s_entries
from forensics.formats.pst.recovery.view import RecoveryView

_MESSAGE_MARKS = frozenset({tags.PR_MESSAGE_CLASS})
_NEAR = 2048
"""How far apart the ids of the parts of one message may be: they are given out in turn, while it is saved."""
_NEXT = 64
"""How near they must be where nothing else says that they belong together."""
_HAS_ATTACHMENTS = 0x10


@dataclass(slots=True)
class Remnants:
    """What free blocks turned out to be, by their ids."""

    contexts: dict[int, int] = field(default_factory=dict)
    """Property contexts of items: the block to the root of its data, itself or an X-block."""
    tables: dict[int, int] = field(default_factory=dict)
    subs: dict[int, dict[int, Node]] = field(default_factory=dict)
    fragments: list[int] = field(default_factory=list)


def sort_out(view: RecoveryView, used: set[int]) -> Remnants:
    """Read every free block that nothing used, and say what it is."""
    found = Remnants()
    roots: dict[int, int] = {}
    inner: set[int] = set()
    heaps: list[tuple[int, int]] = []
    for stray in view.strays:
        if stray.bid in used:
            continue
        try:
            block = view.read(stray.bid)
        except FormatError:
            continue
        if stray.bid & INTERNAL:
            _internal(view, stray.bid, found, roots, inner)
        elif len(block.data) > 12 and block.data[2] == SIGNATURE:
            heaps.append((stray.bid, block.data[3]))
        else:
            found.fragments.append(stray.bid)
    for bid, client in heaps:
        if bid in inner and bid not in roots:
            continue
        if client == PROPERTY_CONTEXT and _is_item(view, roots.get(bid, bid)):
            found.contexts[bid] = roots.get(bid, bid)
        elif client == TABLE_CONTEXT:
            found.tables[bid] = roots.get(bid, bid)
        else:
            found.fragments.append(bid)
    return found


def _internal(view: RecoveryView, bid: int, found: Remnants, roots: dict[int, int], inner: set[int]) -> None:
    block = view.read(bid)
    try:
        level, rows = s_entries(view, block)
        if level == 0:
            found.subs[bid] = {row[0] & 0xFFFFFFFF: Node(row[0] & 0xFFFFFFFF, row[1], row[2]) for row in rows}
        return
    except FormatError:
        pass
    try:
        level, _, bids = x_entries(view, block)
    except FormatError:
        found.fragments.append(bid)
        return
    if level == 1 and bids:
        roots[bids[0] & BID_MASK] = bid
        inner.update(each & BID_MASK for each in bids)


def _is_item(view: RecoveryView, bid: int) -> bool:
    """Whether a property context is that of a message or another item."""
    try:
        context = NodeObject(view, Node(0, bid, 0), Trail()).context()
    except FormatError:
        return False
    return any(id_ in _MESSAGE_MARKS for id_, _, _ in context.records)


def nodes_of(view: RecoveryView, found: Remnants) -> Iterator[tuple[Node, bool]]:
    """The items among the remnants, with the sub-nodes that belong to them; whether another item held them.

    What no other block names comes first, so that an item is not shown a second time by itself when the one that
    holds it was read.
    """
    held_by = {node.data & BID_MASK: node for subs in found.subs.values() for node in subs.values()}
    taken: set[int] = set()
    order = sorted(found.subs)
    inside = []
    for root in found.contexts.values():
        named = held_by.get(root)
        if named is not None:
            inside.append(named)
            continue
        near = order[bisect_left(order, root - _NEAR) : bisect_right(order, root + _NEAR)]
        sub = _sub_of(view, root, {bid: found.subs[bid] for bid in near if bid not in taken})
        if sub:
            taken.add(sub)
        yield Node(0, root, sub, 0), False
    for node in inside:
        yield node, True


def _sub_of(view: RecoveryView, root: int, near: dict[int, dict[int, Node]]) -> int:
    """The block of sub-nodes that holds what a property context points to, or 0 where that cannot be told."""
    try:
        context = NodeObject(view, Node(0, root, 0), Trail()).context()
    except FormatError:
        return 0
    wanted = {value for _, type_, value in context.records if _is_reference(type_, value)}
    bag = PropertyBag(context.properties({}, []))
    for distance, bid in sorted((abs(bid - root), bid) for bid in near):
        subs = near[bid]
        agrees = _agrees(view, bag, subs) if wanted <= subs.keys() else False
        if agrees or (agrees is None and (wanted or distance <= _NEXT)):
            return bid
    return 0


def _agrees(view: RecoveryView, bag: PropertyBag, subs: dict[int, Node]) -> bool | None:
    """Whether a message and its would-be sub-nodes speak of the same recipients; ``None`` where neither says."""
    flags = bag.integer(tags.PR_MESSAGE_FLAGS)
    attached = any(nid & TYPE_MASK == TYPE_ATTACHMENT for nid in subs)
    if flags is not None and bool(flags & _HAS_ATTACHMENTS) is not attached:
        return False
    shown = ";".join(bag.text(key) or "" for key in (tags.PR_DISPLAY_TO, tags.PR_DISPLAY_CC, tags.PR_DISPLAY_BCC))
    expected = {name.strip(" '\"") for name in shown.split(";")} - {""}
    listed = subs.get(NID_RECIPIENT_TABLE)
    if listed is None or not expected:
        return None if listed is not None or attached or not expected else False
    try:
        table = NodeObject(view, listed, Trail()).table()
        names = {row.text(tags.PR_DISPLAY_NAME) or "" for row in rows_of(table, {}, None, [])}
    except FormatError:
        return None
    return expected <= {name.strip(" '\"") for name in names}


def _is_reference(type_: int, value: int) -> bool:
    """Whether the value of a property is a sub-node."""
    width = tags.WIDTHS.get(type_)
    return (width is None or width > 4) and value & TYPE_MASK != 0
