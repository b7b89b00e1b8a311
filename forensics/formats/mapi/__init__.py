"""MAPI properties and items, shared by the readers of MSG files and PST stores ([MS-OXCDATA], [MS-OXPROPS])."""

from __future__ import annotations

from forensics.formats.mapi import tags
from forensics.formats.mapi.bodies import Body, bodies
from forensics.formats.mapi.conversation import ConversationIndex, ResponseLevel, conversation_index
from forensics.formats.mapi.item import (
    AttachedThing,
    Data,
    HeldData,
    Item,
    Lost,
    MessageFlags,
    StoredTime,
    item_class,
    message_flags,
    subject,
    times,
)
from forensics.formats.mapi.parties import Party, received_by, recipients, represented_sender, sender
from forensics.formats.mapi.properties import Key, NamedId, Property, PropertyBag, is_set

__all__ = [
    "AttachedThing",
    "Body",
    "ConversationIndex",
    "Data",
    "HeldData",
    "Item",
    "Key",
    "Lost",
    "MessageFlags",
    "NamedId",
    "Party",
    "Property",
    "PropertyBag",
    "ResponseLevel",
    "StoredTime",
    "bodies",
    "conversation_index",
    "is_set",
    "item_class",
    "message_flags",
    "received_by",
    "recipients",
    "represented_sender",
    "sender",
    "subject",
    "tags",
    "times",
]
