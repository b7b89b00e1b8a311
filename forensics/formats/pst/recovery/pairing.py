"""Which block of sub-nodes belongs to which property context or table, where no page of the node tree says it any more.

Block ids are given out in turn ([MS-PST] 2.2.2.2), so all blocks of one save lie next to each other. A message never
gets sub-nodes that may be another's: what cannot be told stays apart.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from forensics.errors import FormatError
from forensics.formats.mapi import PropertyBag, tags
from forensics.formats.pst.ltp.heap import Heap
from forensics.formats.pst.messaging.objects import NID_RECIPIENT_TABLE, TYPE_ATTACHMENT, TYPE_MASK, NodeObject, rows_of
from forensics.formats.pst.ndb.datatree import DataTree, Trail
from forensics.formats.pst.ndb.subnodes import Node, subnodes
from forensics.formats.pst.recovery.reach import reachable
from forensics.formats.pst.recovery.view import RecoveryView

_NEAR = 8192
"""How far apart the ids of the parts of one message may be: what its attachments take lies between."""
_STRANGERS = 1
"""How many ids between may be those of blocks that are not its own, where the recipients agree."""
_HAS_ATTACHMENTS = 0x10
# TCINFO, [MS-PST] 2.3.4.1: hnidRows.
_ROWS_AT = 14


class _Pair(NamedTuple):
    """A property context and its would-be sub-nodes; the pairs with the fewest ids of others between come first."""

    strangers: int
    distance: int
    root: int
    sub: int


def pairs(
    view: RecoveryView, roots: list[int], subs: dict[int, dict[int, Node]], live: dict[int, tuple[int, int]]
) -> dict[int, int]:
    """Roots of property contexts to their blocks of sub-nodes; those of live items may serve their former versions."""
    used = {sub for _, sub in live.values() if sub}
    order = sorted({*subs, *used})
    own: dict[int, set[int]] = {}
    found: list[_Pair] = []
    for root in roots:
        lone = reachable(view, [Node(0, root, 0)])
        for sub in order[bisect_left(order, root - _NEAR) : bisect_right(order, root + _NEAR)]:
            pair = _pair(view, root, sub, lone, own)
            most = 0 if sub in used else _STRANGERS
            if pair is not None and pair.strangers <= most:
                found.extend(_agreeing(view, pair, subs.get(sub)))
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for pair in sorted(found):
        if pair.root not in matched and pair.sub not in taken:
            matched[pair.root] = pair.sub
            taken.add(pair.sub)
    return matched


def _pair(view: RecoveryView, root: int, sub: int, lone: set[int], own: dict[int, set[int]]) -> _Pair | None:
    """The pair, and how many ids between the two are neither's; ``None`` where that is plain without counting."""
    low, high = sorted((root >> 2, sub >> 2))
    between = high - low - 1
    if between > _STRANGERS:
        if sub not in own:
            own[sub] = {bid >> 2 for bid in reachable(view, [Node(0, 0, sub)])}
        if between > len(own[sub]) + len(lone) + _STRANGERS:
            return None
        known = own[sub] | {bid >> 2 for bid in lone}
        between = sum(number not in known for number in range(low + 1, high))
    return _Pair(between, high - low, root, sub)


def _agreeing(view: RecoveryView, pair: _Pair, held: dict[int, Node] | None) -> Iterator[_Pair]:
    """The pair, if what the two say of each other does not speak against it."""
    try:
        context = NodeObject(view, Node(0, pair.root, 0), Trail()).context()
    except FormatError:
        return
    nodes = subnodes(view, pair.sub, Trail()) if held is None else held
    wanted = {value for _, type_, value in context.records if _is_reference(type_, value)}
    if wanted <= nodes.keys():
        agrees = _agrees(view, PropertyBag(context.properties({}, [])), nodes)
        if agrees or (agrees is None and not pair.strangers):
            yield pair


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


def sub_of_table(view: RecoveryView, root: int, near: Iterable[tuple[int, dict[int, Node]]]) -> int:
    """The block of sub-nodes whose rows are those that the index of a table names; 0 if it needs none or none is."""
    try:
        heap = Heap(DataTree(view, root, Trail()), view.layout.heap_index_bits)
        (rows,) = struct.unpack_from("<I", heap.item(heap.root), _ROWS_AT)
    except (FormatError, struct.error):
        return 0
    if rows & TYPE_MASK:
        for bid, subs in near:
            if rows in subs and _is_indexed(view, Node(0, root, bid)):
                return bid
    return 0


def _is_indexed(view: RecoveryView, node: Node) -> bool:
    """Whether each row of a table stands at the number that the index says; every row begins with its id."""
    try:
        table = NodeObject(view, node, Trail()).table()
        return all(int.from_bytes(row.raw[:4], "little") == row.id for row in table.rows())
    except FormatError:
        return False
