"""Every block that nodes lead to, through their data and their sub-nodes."""

from __future__ import annotations

from collections.abc import Iterable

from forensics.errors import FormatError
from forensics.formats.pst.ndb.blocks import INTERNAL, Blocks
from forensics.formats.pst.ndb.datatree import DataTree, Trail
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.subnodes import Node, subnodes


def reachable(blocks: Blocks, nodes: Iterable[Node]) -> set[int]:
    """The ids of the blocks; each is looked into once, however often it is named."""
    found: set[int] = set()
    for node in nodes:
        todo = [node]
        while todo:
            one = todo.pop()
            found.update(_of_data(blocks, one.data) if one.data & BID_MASK not in found else ())
            if one.sub & BID_MASK and one.sub & BID_MASK not in found:
                trail = Trail()
                todo.extend(subnodes(blocks, one.sub, trail).values())
                found.update(bid & BID_MASK for bid in trail.blocks)
                found.add(one.sub & BID_MASK)
    return found


def _of_data(blocks: Blocks, bid: int) -> set[int]:
    if not bid & INTERNAL:
        return {bid & BID_MASK}
    trail = Trail()
    try:
        tree = DataTree(blocks, bid, trail)
    except FormatError:
        return {bid & BID_MASK}
    return {each & BID_MASK for each in (bid, *tree.bids, *trail.blocks)}
