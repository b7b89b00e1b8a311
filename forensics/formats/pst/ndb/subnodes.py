"""The sub-nodes of a node: SL-blocks, below SI-blocks where there are many ([MS-PST] 2.2.2.8.3.3)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from forensics.errors import FormatError
from forensics.formats.pst.ndb.blocks import Block, Blocks
from forensics.formats.pst.ndb.datatree import Trail
from forensics.formats.pst.ndb.pages import BID_MASK

# offset  bytes  name in [MS-PST] 2.2.2.8.3.3
#   0       1    btype   0x02
#   1       1    cLevel  0 SLBLOCK, 1 SIBLOCK
#   2       2    cEnt
#   4 or 8       rgentries
_HEAD = struct.Struct("<BBH")
_STYPE = 0x02
_HIGHEST = 1


class Node(NamedTuple):
    """A node or sub-node: the blocks of its data and of its sub-nodes, and its parent where it is in the node tree."""

    nid: int
    data: int
    sub: int
    parent: int = 0


def subnodes(blocks: Blocks, bid: int, trail: Trail) -> dict[int, Node]:
    """Every sub-node by its id; what cannot be read leaves a fault in the trail."""
    found: dict[int, Node] = {}
    if not bid & BID_MASK:
        return found
    todo, seen = [(bid, _HIGHEST + 1)], {bid & BID_MASK}
    while todo:
        here, above = todo.pop()
        try:
            block = blocks.read(here)
            trail.note(block)
            level, rows = s_entries(blocks, block)
        except FormatError as error:
            trail.fault(error.what)
            continue
        if level >= above:
            trail.fault(f"block {here:#x} of level {level} lies below one of its own level")
        elif level == 0:
            for nid, data, sub in rows:
                found.setdefault(nid & 0xFFFFFFFF, Node(nid & 0xFFFFFFFF, data, sub))
        else:
            for _, below in reversed(rows):
                if below & BID_MASK in seen:
                    trail.fault(f"block {here:#x} names block {below:#x} a second time")
                    continue
                seen.add(below & BID_MASK)
                todo.append((below, level))
    return found


def s_entries(blocks: Blocks, block: Block) -> tuple[int, list[tuple[int, ...]]]:
    """Level and entries of an SLBLOCK (level 0) or SIBLOCK."""
    data, layout = block.data, blocks.layout
    if len(data) < _HEAD.size:
        raise FormatError(f"Block {block.bid:#x} is too short for a block of sub-nodes.")
    kind, level, count = _HEAD.unpack_from(data)
    form = layout.sub_leaf if level == 0 else layout.sub_branch
    end = layout.sub_at + count * form.size
    if kind != _STYPE or level > _HIGHEST or end > len(data):
        raise FormatError(f"Block {block.bid:#x} is no block of sub-nodes.", offset=block.place.at)
    return level, list(form.iter_unpack(data[layout.sub_at : end]))
