"""Further deeds, beside those that the sample needs: folders deleted, copies that share blocks, parts edited.

Written from [MS-PST] 2.4 alone, as the mutator that they use is.
"""

from __future__ import annotations

from forensics.formats.pst.writer.blocks import Subnode
from forensics.formats.pst.writer.layout import Nid
from forensics.formats.pst.writer.values import encode
from sample_data.maker.pst.contexts import Node, Table, read_properties, replace_subnodes, rewrite_properties
from sample_data.maker.pst.mutator import Mutator
from sample_data.maker.pst.truth import Version

_RECIPIENTS = 0x692
_SUBJECT, _BODY = 0x0037, 0x1000


def copy(made: Mutator, nid: int) -> int:
    """A second message that shares every block with the first, as a copy within a store does."""
    image = made.image
    data, sub, parent = image.node(nid)
    table = made.table(parent)
    cells = table.cells(table.row(nid))
    image.rgnid[Nid.NORMAL_MESSAGE] += 1
    new = (image.rgnid[Nid.NORMAL_MESSAGE] - 1) << 5 | Nid.NORMAL_MESSAGE
    image.set_node(new, image.hold(data), image.hold(sub), parent)
    table.add(new, cells)
    made.save(parent, table)
    made.recount(parent)
    image.commit()
    return new


def delete_folder(made: Mutator, folder: int) -> None:
    """A folder goes with its three tables, its row in the list of folders, and every message in it."""
    made.hard_delete(made.messages(folder))
    image = made.image
    parent = image.node(folder)[2]
    hierarchy = parent - Nid.NORMAL_FOLDER + Nid.HIERARCHY_TABLE
    data, sub, _ = image.node(hierarchy)
    rows = Table(Node(image, data, sub))
    rows.remove(folder, rows="compacted", cells="freed")
    image.set_node(hierarchy, *rows.save(), 0)
    for kind in (Nid.NORMAL_FOLDER, Nid.HIERARCHY_TABLE, Nid.CONTENTS_TABLE, Nid.ASSOC_CONTENTS_TABLE):
        data, sub, _ = image.node(folder - Nid.NORMAL_FOLDER + kind)
        image.nbt.remove(folder - Nid.NORMAL_FOLDER + kind)
        image.release(data)
        image.release(sub)
    image.commit()


def remove_recipient(made: Mutator, nid: int) -> None:
    """The first recipient of a message goes; its properties stay in the block that they are in."""
    made.begin("edited", [nid])
    image = made.image
    data, sub, parent = image.node(nid)
    node = Node(image, data, sub)
    held = node.subnodes[_RECIPIENTS]
    table = Table(Node(image, held.bid_data, held.bid_sub))
    table.remove(min(table.order), rows="compacted", cells="freed")
    image.hold(held.bid_data)
    image.hold(held.bid_sub)
    _put(made, nid, (data, sub, parent), node, Subnode(held.nid, *table.save()))


def edit_inside(made: Mutator, nid: int, *, subject: str, body: str) -> None:
    """The message that is embedded in another is changed; the outer one keeps its properties."""
    made.begin("edited", [nid])
    image = made.image
    data, sub, parent = image.node(nid)
    node = Node(image, data, sub)
    attached = [one for one in node.subnodes.values() if one.nid & 0x1F == Nid.ATTACHMENT and one.bid_sub]
    inside = ((one, each) for one in attached for each in image.subnodes(one.bid_sub).values())
    outer, inner = next(pair for pair in inside if pair[1].nid & 0x1F == Nid.NORMAL_MESSAGE)
    attachment = Node(image, outer.bid_data, outer.bid_sub)
    message = Node(image, inner.bid_data, inner.bid_sub)
    properties = read_properties(message)
    properties |= {_SUBJECT: encode(0x1F, subject), _BODY: encode(0x1F, body)}
    image.hold(inner.bid_data)
    image.hold(inner.bid_sub)
    written = Subnode(inner.nid, *rewrite_properties(message, properties))
    image.hold(outer.bid_sub)
    below = {**attachment.subnodes, inner.nid: written}
    changed = replace_subnodes(image, outer.bid_sub, attachment.subnodes, below)
    _put(made, nid, (data, sub, parent), node, outer._replace(bid_data=image.hold(outer.bid_data), bid_sub=changed))


def _put(made: Mutator, nid: int, at: tuple[int, int, int], node: Node, one: Subnode) -> None:
    """Write the sub-nodes of a message with one of them changed."""
    data, sub, parent = at
    image = made.image
    new = replace_subnodes(image, sub, node.subnodes, {**node.subnodes, one.nid: one})
    image.set_node(nid, data, new, parent)
    image.commit()


def spoil_pages(made: Mutator, *, every: int = 1, part: int = 240) -> int:
    """Fill the first part of stale pages, as a block that took their room would; the rest of each stands."""
    done = 0
    for page in made.image.stale[::every]:
        at = (page.ib - 0x4400) // 64
        if b"1" not in made.image.bits[at : at + 8]:
            made.image.data[page.ib : page.ib + part] = b"\x5a" * part
            done += 1
    return done


def overwrite_message(made: Mutator, version: Version) -> None:
    """Fill the properties of a deleted message and its block of sub-nodes; what its attachments need stands."""
    for one in version.blocks:
        if one.bid in (*version.context, version.bid_sub):
            made.image.data[one.ib : one.ib + one.size] = b"\xa5" * one.size
