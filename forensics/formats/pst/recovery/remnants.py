"""Free blocks with a valid trailer that nothing names any more: property contexts, tables, fragments ([MS-PST] 2.3).

A property context knows the sub-nodes of its large values, and a block of sub-nodes knows what it holds; where the two
agree they are put together, and what agrees with nothing stays by itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.errors import FormatError
from forensics.formats.mapi import tags
from forensics.formats.pst.ltp.heap import PROPERTY_CONTEXT, SIGNATURE, TABLE_CONTEXT
from forensics.formats.pst.messaging.objects import TYPE_ATTACHMENT, TYPE_MASK, TYPE_RECIPIENT_TABLE, NodeObject
from forensics.formats.pst.ndb.blocks import INTERNAL
from forensics.formats.pst.ndb.datatree import Trail, x_entries
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.subnodes import Node, s_entries, subnodes
from forensics.formats.pst.recovery import pairing
from forensics.formats.pst.recovery.view import HEAD, RecoveryView

_MESSAGE_MARKS = frozenset({tags.PR_MESSAGE_CLASS})
_ATTACHMENT_MARKS = frozenset({tags.PR_ATTACH_FILENAME, tags.PR_ATTACH_LONG_FILENAME, tags.PR_ATTACH_DATA})
_TRIED = 32
"""How many blocks of sub-nodes before and behind a table are looked into for its rows."""


@dataclass(slots=True)
class Remnants:
    """What free blocks turned out to be, by their ids."""

    contexts: dict[int, int] = field(default_factory=dict)
    """Property contexts of items: the block to the root of its data, itself or an X-block."""
    attached: dict[int, int] = field(default_factory=dict)
    """Property contexts of attachments, in the same way."""
    tables: dict[int, int] = field(default_factory=dict)
    subs: dict[int, dict[int, Node]] = field(default_factory=dict)
    below: set[int] = field(default_factory=set)
    """Blocks of sub-nodes that another one names."""
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
            if stray.bid & INTERNAL:
                _internal(view, stray.bid, found, roots, inner)
                continue
            head = view.head(stray)
        except FormatError:
            continue
        if len(head) == HEAD and head[2] == SIGNATURE:
            heaps.append((stray.bid, head[3]))
        else:
            found.fragments.append(stray.bid)
    for bid, client in heaps:
        if bid in inner and bid not in roots:
            continue
        ids = _ids(view, roots.get(bid, bid)) if client == PROPERTY_CONTEXT else frozenset()
        if not ids.isdisjoint(_MESSAGE_MARKS):
            found.contexts[bid] = roots.get(bid, bid)
        elif tags.PR_ATTACH_METHOD in ids and not ids.isdisjoint(_ATTACHMENT_MARKS):
            found.attached[bid] = roots.get(bid, bid)
        elif client == TABLE_CONTEXT:
            found.tables[bid] = roots.get(bid, bid)
        else:
            found.fragments.append(bid)
    return found


def _internal(view: RecoveryView, bid: int, found: Remnants, roots: dict[int, int], inner: set[int]) -> None:
    block = view.read(bid)
    try:
        level, rows = s_entries(view, block)
        found.subs[bid] = subnodes(view, bid, Trail())
        if level:
            found.below.update(row[1] & BID_MASK for row in rows)
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


def _ids(view: RecoveryView, bid: int) -> frozenset[int]:
    """The ids of the properties in a context, which say what it is one of."""
    try:
        context = NodeObject(view, Node(0, bid, 0), Trail()).context()
    except FormatError:
        return frozenset()
    return frozenset(id_ for id_, _, _ in context.records)


def nodes_of(view: RecoveryView, found: Remnants, live: dict[int, tuple[int, int]]) -> Iterator[tuple[Node, bool]]:
    """The items among the remnants, with the sub-nodes that belong to them; whether another item held them.

    What no other block names comes first, so that an item is not shown a second time by itself when the one that
    holds it was read. Sub-nodes whose item is gone come with what they hold of it.
    """
    every = [node for subs in found.subs.values() for node in subs.values()]
    held_by = {node.data & BID_MASK: node for node in every}
    found.below.update(node.sub & BID_MASK for node in every)
    roots = [root for root in found.contexts.values() if root not in held_by]
    matched = pairing.pairs(
        view, roots, {bid: subs for bid, subs in found.subs.items() if bid not in found.below}, live
    )
    for root in roots:
        yield Node(0, root, matched.get(root, 0), 0), False
    for root in found.contexts.values():
        if root in held_by:
            yield held_by[root], True
    taken = set(matched.values()) | found.below
    for bid, subs in found.subs.items():
        if bid not in taken and any(nid & TYPE_MASK == TYPE_ATTACHMENT for nid in subs):
            yield Node(0, 0, bid, 0), False


def attachments_of(view: RecoveryView, found: Remnants, used: set[int]) -> Iterator[Node]:
    """Attachments of which neither the message nor its block of sub-nodes is left, each with the block of its own."""
    left = [root for bid, root in found.attached.items() if bid not in used and root & BID_MASK not in used]
    free = {bid: subs for bid, subs in found.subs.items() if bid not in used and not _of_message(subs)}
    matched = pairing.pairs(view, [root for root in left if pairing.refers(view, root)], free, {})
    for root in left:
        yield Node(0, root, matched.get(root, 0), 0)


def _of_message(subs: dict[int, Node]) -> bool:
    return any(nid & TYPE_MASK in (TYPE_ATTACHMENT, TYPE_RECIPIENT_TABLE) for nid in subs)


def rows_of_tables(view: RecoveryView, found: Remnants, read: set[int]) -> Iterator[Node]:
    """The tables among the remnants, each with the block of sub-nodes in which its rows lie."""
    order = sorted(found.subs)
    # Tables of recipients and attachments are sub-nodes; those of folders never are.
    inner = {node.data & BID_MASK for subs in found.subs.values() for node in subs.values()}
    for root in found.tables.values():
        if root not in read and root not in inner:
            at = bisect_left(order, root)
            near = sorted(order[max(0, at - _TRIED) : at + _TRIED], key=lambda bid: abs(bid - root))
            yield Node(0, root, pairing.sub_of_table(view, root, ((bid, found.subs[bid]) for bid in near)), 0)
