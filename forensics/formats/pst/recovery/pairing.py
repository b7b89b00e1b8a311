"""Which block of sub-nodes belongs to which property context or table, where no page of the node tree says it any more.

Block ids are given out in turn ([MS-PST] 2.2.2.2), so all blocks of one save lie next to each other. A message never
gets sub-nodes that may be another's: what cannot be told stays apart.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from forensics.errors import FormatError
from forensics.formats.mapi import PropertyBag, tags
from forensics.formats.pst.ltp.heap import Heap
from forensics.formats.pst.ltp.stored_bag import StoredBag
from forensics.formats.pst.ltp.table_context import Row, TableContext
from forensics.formats.pst.messaging.objects import NID_RECIPIENT_TABLE, TYPE_ATTACHMENT, TYPE_MASK, NodeObject
from forensics.formats.pst.ndb.datatree import DataTree, Trail
from forensics.formats.pst.ndb.subnodes import Node, subnodes
from forensics.formats.pst.recovery.reach import reachable
from forensics.formats.pst.recovery.view import RecoveryView

_NEAR = 8192
"""How far apart the ids of the parts of one message may be: what its attachments take lies between."""
_STRANGERS = 1
"""How many ids between may be those of blocks that are not its own, where the recipients agree."""
_HAS_ATTACHMENTS = 0x10
_TOLD = frozenset({tags.PR_MESSAGE_FLAGS, tags.PR_DISPLAY_TO, tags.PR_DISPLAY_CC, tags.PR_DISPLAY_BCC})
"""What a message itself says of its recipients and attachments."""
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
    around = _Around(view, roots, sorted({*subs, *used}))
    near = [pair for root in roots for pair in around.pairs(root)]
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for pair in sorted(near):
        if pair.root in matched or pair.sub in taken or pair.strangers > (0 if pair.sub in used else _STRANGERS):
            continue
        # Only now, because to read both costs more than all else here.
        if _agree(view, pair, subs.get(pair.sub)):
            matched[pair.root] = pair.sub
            taken.add(pair.sub)
    return matched


class _Around:
    """The blocks of sub-nodes that can be those of a root, found by the ids next to the root and not by trying all."""

    def __init__(self, view: RecoveryView, roots: Iterable[int], order: list[int]) -> None:
        self._view = view
        self._own: dict[int, set[int]] = {}
        self._by_id: dict[int, list[int]] = {}
        for sub in _near(roots, order):
            numbers = {bid >> 2 for bid in reachable(view, [Node(0, 0, sub)])} | {sub >> 2}
            self._own[sub] = numbers
            for number in numbers:
                self._by_id.setdefault(number, []).append(sub)

    def pairs(self, root: int) -> Iterator[_Pair]:
        """The root with each block of sub-nodes from which no more than so many ids of others part it."""
        lone = {bid >> 2 for bid in reachable(self._view, [Node(0, root, 0)])}
        for sub in sorted({*self._beside(root, lone, 1), *self._beside(root, lone, -1)}):
            low, high = sorted((root >> 2, sub >> 2))
            if abs(root - sub) > _NEAR:
                continue
            own = self._own[sub]
            strangers = 0
            for number in range(low + 1, high):
                strangers += number not in own and number not in lone
                if strangers > _STRANGERS:
                    break
            else:
                yield _Pair(strangers, high - low, root, sub)

    def _beside(self, root: int, lone: set[int], step: int) -> Iterator[int]:
        """Of the ids next to the root that are not its own, one of the first few must belong to its sub-nodes."""
        number, left = root >> 2, _STRANGERS + 1
        while left:
            number += step
            if number not in lone:
                left -= 1
                yield from self._by_id.get(number, ())


def _near(roots: Iterable[int], order: list[int]) -> Iterator[int]:
    """The blocks of sub-nodes whose ids are near that of some root, each once."""
    done = 0
    for root in sorted(roots):
        start = max(done, bisect_left(order, root - _NEAR))
        done = max(done, bisect_right(order, root + _NEAR))
        yield from order[start:done]


def _agree(view: RecoveryView, pair: _Pair, held: dict[int, Node] | None) -> bool:
    """Whether what the two say of each other does not speak against the pair."""
    try:
        context = NodeObject(view, Node(0, pair.root, 0), Trail()).context()
    except FormatError:
        return False
    nodes = subnodes(view, pair.sub, Trail()) if held is None else held
    wanted = {value for _, type_, value in context.records if _is_reference(type_, value)}
    if not wanted <= nodes.keys():
        return False
    others = frozenset(id_ for id_, _, _ in context.records if id_ not in _TOLD)
    agrees = _agrees(view, context.bag({}, None, [], others), nodes)
    return agrees or (agrees is None and not pair.strangers)


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
        names = {_name(table, row) for row in table.rows()}
    except FormatError:
        return None
    return expected <= {name.strip(" '\"") for name in names}


def refers(view: RecoveryView, root: int) -> bool:
    """Whether a property context has a value that lies in a sub-node."""
    try:
        context = NodeObject(view, Node(0, root, 0), Trail()).context()
    except FormatError:
        return False
    return any(_is_reference(type_, value) for _, type_, value in context.records)


def _name(table: TableContext, row: Row) -> str:
    """The name in a row of recipients; its other values are not looked at."""
    named = (one for one in table.stored(row, []) if one[0] >> 16 == tags.PR_DISPLAY_NAME)
    return StoredBag(islice(named, 1), {}).text(tags.PR_DISPLAY_NAME) or ""


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
