"""Items with their recipients, attachments and the messages inside those, to any depth ([MS-PST] 2.4.5).

Nothing here calls itself: what lies inside is put on a list and built from the innermost outwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Item, Lost, NamedId, PropertyBag
from forensics.formats.pst.messaging.attachments import Parts, attachment_nodes, open_attachment
from forensics.formats.pst.messaging.objects import (
    NID_RECIPIENT_TABLE,
    TYPE_ATTACHMENT,
    TYPE_MASK,
    TYPE_RECIPIENT_TABLE,
    NodeObject,
    rows_of,
)
from forensics.formats.pst.ndb.blocks import Blocks
from forensics.formats.pst.ndb.datatree import Trail
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.subnodes import Node, subnodes

MAX_EMBEDDED = 32
MOST_INSIDE = 2000
"""How many messages inside one item are read, so that messages that hold each other cannot unfold."""
MOST_RECIPIENTS = 100_000
MOST_ATTACHMENTS = 20_000
_PARTS = frozenset({TYPE_ATTACHMENT, TYPE_RECIPIENT_TABLE})
_TOO_DEEP = f"The message is embedded more than {MAX_EMBEDDED} deep and is not read."
_TOO_MANY = f"The item holds more than {MOST_INSIDE} messages; this one is not read."
_RING = "The message holds itself and is read once."


@dataclass(slots=True)
class _Draft:
    """An item while what lies inside it is still being read."""

    node: Node
    depth: int = 0
    above: frozenset[int] = frozenset()
    carrier: tuple[int, int] | None = None
    """The draft and the attachment that this one lies in."""
    properties: PropertyBag = field(default_factory=PropertyBag)
    recipients: tuple[PropertyBag, ...] = ()
    attachments: list[AttachedThing] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    unread: str = ""


class ItemReader:
    """Makes items of nodes, with the named properties and the code page of their store."""

    def __init__(self, blocks: Blocks, named: dict[int, NamedId], codepage: int | None = None) -> None:
        self.blocks = blocks
        self.named = named
        self.codepage = codepage

    def item(self, node: Node, trail: Trail) -> Item:
        """The item of a node; ``FormatError`` where not even its properties can be read."""
        drafts = [_Draft(node)]
        self._fill(drafts[0], drafts, trail, 0)
        at = 1
        while at < len(drafts):
            draft = drafts[at]
            try:
                self._fill(draft, drafts, trail, at)
            except FormatError as error:
                draft.unread = error.what
            at += 1
        return _built(drafts)

    def bag(self, node: Node, trail: Trail, lost: list[Lost]) -> PropertyBag:
        """The properties of a node that is no item."""
        context = NodeObject(self.blocks, node, trail).context()
        return context.bag(self.named, self.codepage, lost)

    def _fill(self, draft: _Draft, drafts: list[_Draft], trail: Trail, index: int) -> None:
        subs = subnodes(self.blocks, draft.node.sub, trail)
        try:
            context = NodeObject(self.blocks, draft.node, trail, subs).context()
            draft.properties = context.bag(self.named, self.codepage, draft.lost)
        except FormatError as error:
            # Recipients and attachments lie in blocks of their own and may still stand.
            if not any(nid & TYPE_MASK in _PARTS for nid in subs):
                raise
            draft.lost.append(Lost("properties", "every property and body of the item", error.what))
        message = Parts(self.blocks, subs, trail)
        draft.recipients = self._recipients(message, draft.lost)
        above = draft.above | {draft.node.data & BID_MASK}
        nodes = attachment_nodes(message, draft.lost)
        if len(nodes) > MOST_ATTACHMENTS:
            more = f"{len(nodes) - MOST_ATTACHMENTS} further attachments"
            draft.lost.append(Lost("attachments", more, f"an item has no more than {MOST_ATTACHMENTS}"))
        for node in nodes[:MOST_ATTACHMENTS]:
            opened = open_attachment(self.blocks, node, trail, self.named, self.codepage, draft.lost)
            thing = opened.thing
            if opened.embedded is not None:
                why = _refusal(draft.depth, len(drafts), opened.embedded, above)
                if why:
                    thing = replace(thing, lost=why)
                else:
                    drafts.append(_Draft(opened.embedded, draft.depth + 1, above, (index, len(draft.attachments))))
            draft.attachments.append(thing)

    def _recipients(self, message: Parts, lost: list[Lost]) -> tuple[PropertyBag, ...]:
        held = message.subs.get(NID_RECIPIENT_TABLE)
        if held is None:
            held = next((one for nid, one in message.subs.items() if nid & TYPE_MASK == TYPE_RECIPIENT_TABLE), None)
        if held is None:
            return ()
        found: list[PropertyBag] = []
        try:
            table = NodeObject(self.blocks, held, message.trail).table()
            found.extend(islice(rows_of(table, self.named, self.codepage, lost), MOST_RECIPIENTS))
            if len(table.index) > MOST_RECIPIENTS:
                more = f"{len(table.index) - MOST_RECIPIENTS} further recipients"
                lost.append(Lost("recipients", more, f"an item has no more than {MOST_RECIPIENTS}"))
        except FormatError as error:
            lost.append(Lost("recipients", "every recipient" if not found else "further recipients", error.what))
        return tuple(found)


def _refusal(depth: int, drafts: int, node: Node, above: frozenset[int]) -> str:
    if depth >= MAX_EMBEDDED:
        return _TOO_DEEP
    if drafts > MOST_INSIDE:
        return _TOO_MANY
    return _RING if node.data & BID_MASK in above else ""


def _built(drafts: list[_Draft]) -> Item:
    """What lies inside stands behind what carries it, so that building from the end finds every part ready."""
    item = Item(properties=PropertyBag())
    for draft in reversed(drafts):
        item = Item(
            properties=draft.properties,
            recipients=draft.recipients,
            attachments=tuple(draft.attachments),
            problems=tuple(draft.lost),
        )
        if draft.carrier is not None:
            outer, position = draft.carrier
            things = drafts[outer].attachments
            if draft.unread:
                things[position] = replace(things[position], lost=draft.unread)
            else:
                things[position] = replace(things[position], embedded=item)
    return item
