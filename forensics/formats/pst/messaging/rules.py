"""Inbox rules and delegates in the associated contents of a folder: [MS-OXORULE] 2.2.4, [MS-OXODLGT] 2.2.2.

The conditions and actions of a rule are kept as they are stored; of them only the texts are read out, such as the
addresses that mail is sent on to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forensics.formats import mapi
from forensics.formats.mapi import Item, PropertyBag
from forensics.formats.pst.messaging.found import FoundItem

# [MS-OXPROPS]: the properties of a rule's message.
PR_RULE_MSG_STATE = 0x65E9
PR_RULE_MSG_PROVIDER = 0x65EB
PR_RULE_MSG_NAME = 0x65EC
PR_RULE_MSG_PROVIDER_DATA = 0x65EE
PR_RULE_MSG_ACTIONS = 0x65EF
PR_RULE_MSG_CONDITION = 0x65F0
PR_RULE_MSG_SEQUENCE = 0x65F3
PR_EXTENDED_RULE_MSG_ACTIONS = 0x0E99
PR_EXTENDED_RULE_MSG_CONDITION = 0x0E9A
PR_RW_RULES_STREAM = 0x6802

# [MS-OXODLGT] 2.2.2.2: the delegates, on the message LocalFreebusy.
PR_SCHDINFO_DELEGATE_NAMES = 0x6844
PR_SCHDINFO_DELEGATE_ENTRYIDS = 0x6845
PR_DELEGATE_FLAGS = 0x686B

_ST_ENABLED = 0x01
_ORGANIZER = "IPM.RuleOrganizer"
_RULES = ("IPM.Rule.", "IPM.ExtendedRule.", _ORGANIZER)
# Two ASCII letters side by side would read as one Chinese character, so those that look so are left out.
_WIDE = re.compile(rb"(?:[\x20-\x7e]\x00|[^\x00\x20-\x7e][\x30\x4e-\x9f]){3,}")
_NARROW = re.compile(rb"[\x20-\x7e]{6,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRule:
    """A rule as its message holds it; ``texts`` are the readable texts in ``condition``, ``actions`` and ``stream``."""

    nid: int
    item_class: str
    name: str
    provider: str
    sequence: int | None
    enabled: bool | None
    condition: bytes
    actions: bytes
    stream: bytes
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate:
    """Somebody who may act for the owner of the mailbox. ``flags`` are those of PidTagDelegateFlags."""

    name: str
    entry_id: bytes
    flags: int | None


def rule_of(found: FoundItem) -> StoredRule | None:
    """The rule that an associated item holds, or ``None`` if it holds none."""
    if found.item is None or not found.associated:
        return None
    class_ = mapi.item_class(found.item)
    if not class_.startswith(_RULES):
        return None
    bag = found.item.properties
    state = bag.integer(PR_RULE_MSG_STATE)
    condition = _first(bag, PR_EXTENDED_RULE_MSG_CONDITION, PR_RULE_MSG_CONDITION)
    actions = _first(bag, PR_EXTENDED_RULE_MSG_ACTIONS, PR_RULE_MSG_ACTIONS)
    stream = _first(bag, PR_RW_RULES_STREAM, PR_RULE_MSG_PROVIDER_DATA)
    return StoredRule(
        nid=found.nid,
        item_class=class_,
        name=bag.text(PR_RULE_MSG_NAME) or mapi.subject(found.item),
        provider=bag.text(PR_RULE_MSG_PROVIDER) or "",
        sequence=bag.integer(PR_RULE_MSG_SEQUENCE),
        enabled=None if state is None else bool(state & _ST_ENABLED),
        condition=condition,
        actions=actions,
        stream=stream,
        texts=tuple(dict.fromkeys(text for raw in (condition, actions, stream) for text in texts_in(raw))),
    )


def delegates_of(item: Item) -> tuple[Delegate, ...]:
    """The delegates that an item names, in its order."""
    bag = item.properties
    names = bag.texts(PR_SCHDINFO_DELEGATE_NAMES)
    entries = bag.binaries(PR_SCHDINFO_DELEGATE_ENTRYIDS)
    flags = bag.integers(PR_DELEGATE_FLAGS)
    return tuple(
        Delegate(
            name=name,
            entry_id=entries[index] if index < len(entries) else b"",
            flags=flags[index] if index < len(flags) else None,
        )
        for index, name in enumerate(names)
    )


def texts_in(raw: bytes) -> tuple[str, ...]:
    """The texts that stand in a structure, as UTF-16LE or ASCII, in the order found."""
    found = [(match.start(), match[0].decode("utf-16-le", "backslashreplace")) for match in _WIDE.finditer(raw)]
    found += [(match.start(), match[0].decode("ascii")) for match in _NARROW.finditer(raw)]
    return tuple(text for _, text in sorted(found))


def _first(bag: PropertyBag, *ids: int) -> bytes:
    return next((raw for each in ids if (raw := bag.binary(each))), b"")
