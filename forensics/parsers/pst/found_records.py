"""Turns what the PST engine found into records, each with its node, its first block and whether its checks held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from forensics.absent import Absent
from forensics.address import Address
from forensics.formats.mapi import Lost
from forensics.formats.pst.accounting import ByteAccount as Account
from forensics.formats.pst.folders import FolderNode
from forensics.formats.pst.messaging.found import FoundItem
from forensics.formats.pst.messaging.store import Store
from forensics.formats.pst.recovery.found import Confidence, Recovered, Tier
from forensics.parsers import mapi_records
from forensics.parsers.contract import Keep, Unit
from forensics.parsers.pst import associated_records
from forensics.records import (
    ByteAccount,
    Folder,
    Integrity,
    Message,
    Problem,
    Record,
    RecoveredItem,
    Recovery,
    Text,
)

_UNSURE = "whether the bytes of this item are as they were written"
_TIERS = {
    Recovery.SOFT_DELETED: Tier.DELETED_FOLDER,
    Recovery.RECOVERABLE_ITEMS: Tier.DELETED_FOLDER,
    Recovery.ORPHANED: Tier.ORPHAN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Inside what the store itself was found."""

    embedded_in: Text
    depth: int

    @classmethod
    def of(cls, unit: Unit) -> Around:
        return cls(embedded_in=unit.embedded_in or Absent.NOT_APPLICABLE, depth=unit.depth)


def of_folders(store: Store, at: Address) -> Iterator[Record]:
    """The folders of a store, and what could not be read of the store itself."""
    nodes = list(store.folders())
    for lost in store.problems:
        yield _problem(at, Recovery.LIVE, lost)
    for node in nodes:
        yield from of_folder(node, at.child(f"node:{node.nid}"))


def of_folder(node: FolderNode, at: Address) -> Iterator[Record]:
    """One folder, live or recovered."""
    yield Folder(
        address=at,
        recovery=node.place.recovery,
        store_path="/" + "/".join(node.path),
        name=node.name or Absent.NOT_RECORDED,
        container_class=node.container_class or Absent.NOT_RECORDED,
        stored_count=Absent.NOT_RECORDED if node.stated_count is None else node.stated_count,
        associated_count=node.associated,
        is_search=node.is_search,
    )
    for lost in node.problems:
        yield _problem(at, node.place.recovery, lost)


def of_item(found: FoundItem, at: Address, around: Around, keep: Keep) -> Iterator[Record]:
    """An item that a folder lists or that is an orphan."""
    address = at.child(f"node:{found.nid}", found.span)
    tier = _TIERS.get(found.place.recovery)
    if tier is None:
        yield from _records(found, address, around, keep)
        return
    records = list(_records(found, address, around, keep))
    yield from records
    yield _how(found, address, tier, Confidence.CERTAIN, _message_ref(records))


def of_recovered(one: Recovered, at: Address, around: Around, keep: Keep) -> Iterator[Record]:
    """A recovered item and how it was found; a row that only repeats another item gives no message of its own.

    What of it is gone is no problem of reading: it was overwritten, and the record of how it was found names it.
    """
    found = one.found
    address = at.child(one.step, found.span)
    ref = ""
    if found.item is None or not (one.same_as and one.tier is Tier.TABLE_ROW):
        records = [each for each in _records(found, address, around, keep) if not isinstance(each, Problem)]
        yield from records
        ref = _message_ref(records)
    overwritten = dict.fromkeys((*one.overwritten, *found.trail.faults))
    yield replace(
        _how(found, address, one.tier, one.confidence, ref),
        page_offset=Absent.NOT_APPLICABLE if one.page is None else one.page,
        same_as=str(at.child(one.same_as)) if one.same_as else Absent.NOT_APPLICABLE,
        overwritten=tuple(overwritten),
    )


def of_account(account: Account, at: Address) -> ByteAccount:
    """The account of every byte of the stored file."""
    return ByteAccount(
        address=at,
        size=account.size,
        header=account.header,
        page=account.page,
        live_block=account.live_block,
        recovered_block=account.recovered_block,
        free_empty=account.free_empty,
        free_not_empty=account.free_not_empty,
        unreadable=account.unreadable,
    )


def _records(found: FoundItem, address: Address, around: Around, keep: Keep) -> Iterator[Record]:
    recovery = found.place.recovery
    if found.item is None:
        lost = found.error or Lost("an item", "the whole item", "nothing of it could be read")
        yield _problem(address, recovery, lost)
        return
    if found.associated:
        yield from associated_records.of_item(found, found.item, address, keep)
        return
    place = mapi_records.Place(
        store_path="/" + "/".join(found.path),
        recovery=recovery,
        integrity=found.integrity,
        embedded_in=around.embedded_in,
        depth=around.depth,
    )
    # The content of attachments is checked while it is read, so what the item is worth is known at its end.
    records = list(mapi_records.records_of(found.item, address, place, keep))
    if found.integrity is place.integrity:
        yield from records
    else:
        for record in records:
            yield replace(record, integrity=found.integrity) if isinstance(record, Message) else record
    yield from associated_records.delegates(found, found.item, address)
    for fault in found.trail.faults:
        yield _problem(address, recovery, Lost(fault, _UNSURE, "the checks of the store do not hold"))


def _message_ref(records: list[Record]) -> str:
    """The id of the message that the item gave, if it gave one."""
    return records[0].identity() if records and isinstance(records[0], Message) else ""


def _how(found: FoundItem, address: Address, tier: Tier, confidence: Confidence, ref: str) -> RecoveredItem:
    return RecoveredItem(
        address=address,
        recovery=found.place.recovery,
        message_id_ref=ref or Absent.UNREADABLE,
        store_path="/" + "/".join(found.path),
        tier=tier.value,
        confidence=confidence.value,
        basis=found.place.basis,
        block=found.node.data or Absent.NOT_APPLICABLE,
        integrity=found.integrity if found.trail.blocks else Integrity.NONE,
    )


def _problem(address: Address, recovery: Recovery, lost: Lost) -> Problem:
    return Problem(address=address, recovery=recovery, what=lost.what, lost=lost.lost, cause=lost.cause)
