"""Turns the associated contents of a folder into records: hidden items, and the rules and delegates that they hold."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.absent import Absent
from forensics.address import Address
from forensics.formats import mapi
from forensics.formats.mapi import tags
from forensics.formats.pst.messaging.found import FoundItem
from forensics.formats.pst.messaging.rules import StoredRule, delegates_of, rule_of
from forensics.moments import filetime_to_ns, is_sensible
from forensics.parsers.contract import Keep
from forensics.records import AssociatedItem, Count, MailRule, Record, Text


def of_item(found: FoundItem, item: mapi.Item, at: Address, keep: Keep) -> Iterator[Record]:
    """The hidden item, then what it orders."""
    yield AssociatedItem(
        address=at,
        recovery=found.place.recovery,
        store_path=_path(found),
        item_class=mapi.item_class(item) or Absent.NOT_RECORDED,
        subject=mapi.subject(item) or Absent.NOT_RECORDED,
        created_utc=_time(item, tags.PR_CREATION_TIME),
        modified_utc=_time(item, tags.PR_LAST_MODIFICATION_TIME),
        integrity=found.integrity,
    )
    rule = rule_of(found)
    if rule is not None:
        yield _rule(found, rule, at, keep)
    yield from delegates(found, item, at)


def delegates(found: FoundItem, item: mapi.Item, at: Address) -> Iterator[MailRule]:
    """Who may act for the owner, where an item names them; the free/busy item does."""
    for number, delegate in enumerate(delegates_of(item), start=1):
        yield MailRule(
            address=at.child(f"delegate:{number}"),
            recovery=found.place.recovery,
            store_path=_path(found),
            rule_kind="delegate",
            name=delegate.name or Absent.NOT_RECORDED,
            integrity=found.integrity,
        )


def _rule(found: FoundItem, rule: StoredRule, at: Address, keep: Keep) -> MailRule:
    return MailRule(
        address=at.child("rule:1"),
        recovery=found.place.recovery,
        store_path=_path(found),
        rule_kind="rule",
        name=rule.name or Absent.NOT_RECORDED,
        provider=rule.provider or Absent.NOT_RECORDED,
        sequence=Absent.NOT_RECORDED if rule.sequence is None else rule.sequence,
        enabled=Absent.NOT_RECORDED if rule.enabled is None else rule.enabled,
        condition_sha256=_kept(rule.condition, keep),
        actions_sha256=_kept(rule.actions or rule.stream, keep),
        texts=rule.texts,
        integrity=found.integrity,
    )


def _kept(raw: bytes, keep: Keep) -> Text:
    return keep(raw) if raw else Absent.NOT_RECORDED


def _time(item: mapi.Item, key: int) -> Count:
    ticks = item.properties.filetime(key)
    if ticks is None or not mapi.is_set(ticks):
        return Absent.NOT_RECORDED
    ns = filetime_to_ns(ticks)
    return ns if is_sensible(ns) else Absent.UNPARSABLE


def _path(found: FoundItem) -> str:
    return "/" + "/".join(found.path)
