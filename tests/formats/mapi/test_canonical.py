"""The digest of an Outlook item, held against its page, its vectors and a second implementation made from that page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from forensics.address import Address
from forensics.formats.mapi import AttachedThing, HeldData, Item, NamedId, Property, PropertyBag, canonical
from forensics.formats.msg import read_msg
from forensics.formats.pst.messaging.store import open_store
from forensics.parsers import mapi_records
from forensics.records import Message
from tests.formats.mapi import second_canonical

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/reference/mapi-canonical-v1.md"
SAMPLES = ROOT / "tests/samples"


def _vectors() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(PAGE.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0])
    return found


VECTORS = {each["name"]: each for each in _vectors()}


def _bag(given: list[list[Any]]) -> PropertyBag:
    return PropertyBag(_property(*each) for each in given)


def _property(tag: str, raw: str, name: list[Any] | None = None, values: list[str] | None = None) -> Property:
    named = None
    if name is not None:
        guid = UUID(name[0])
        number = isinstance(name[1], int)
        named = NamedId(guid=guid, number=name[1]) if number else NamedId(guid=guid, name=name[1])
    split = tuple(map(bytes.fromhex, values or ()))
    return Property(tag=int(tag, 16), raw=bytes.fromhex(raw), named=named, values=split)


def _thing(given: dict[str, Any]) -> AttachedThing:
    bag, held = _bag(given["properties"]), given["content"]
    if held == "lost":
        return AttachedThing(properties=bag, method=7, lost="a link")
    if held is None:
        return AttachedThing(properties=bag, method=0)
    if "item" in held:
        return AttachedThing(properties=bag, method=5, embedded=_item(held["item"]))
    if "streams" in held:
        streams = tuple((path, HeldData(bytes.fromhex(raw))) for path, raw in held["streams"])
        return AttachedThing(properties=bag, method=6, streams=streams)
    return AttachedThing(properties=bag, method=1, data=HeldData(bytes.fromhex(held["data"])))


def _item(given: dict[str, Any]) -> Item:
    return Item(
        properties=_bag(given["properties"]),
        recipients=tuple(map(_bag, given["recipients"])),
        attachments=tuple(map(_thing, given["attachments"])),
    )


def _keep(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _recorded(item: Item) -> Message:
    place = mapi_records.Place(store_path="/")
    first = next(mapi_records.records_of(item, Address(evidence="EV-0001", steps=("000001",)), place, _keep))
    assert isinstance(first, Message)
    return first


@pytest.mark.parametrize("name", VECTORS)
def test_the_vectors_of_the_page_hold_in_both_implementations(name: str) -> None:
    given = VECTORS[name]
    laid = second_canonical.layout(given["item"])
    assert laid.hex() == given["layout"]
    assert hashlib.sha256(laid).hexdigest() == given["sha256"]
    assert _recorded(_item(given["item"])).canonical_sha256 == given["sha256"]


def _given(item: Item) -> dict[str, Any]:
    """An item in the form of the page."""
    return {
        "properties": _properties(item.properties),
        "recipients": [_properties(bag) for bag in item.recipients],
        "attachments": [
            {"properties": _properties(each.properties), "content": _held(each)} for each in item.attachments
        ],
    }


def _properties(bag: PropertyBag) -> list[list[Any]]:
    return [[f"{one.tag:08x}", one.raw.hex(), _name(one), [v.hex() for v in one.values]] for one in bag.everything]


def _name(one: Property) -> list[Any] | None:
    named = one.named
    if named is None:
        return None
    return [str(named.guid), named.name if named.number is None else named.number]


def _held(thing: AttachedThing) -> Any:
    if thing.lost:
        return "lost"
    if thing.embedded is not None:
        return {"item": _given(thing.embedded)}
    if thing.streams:
        return {"streams": [[path, b"".join(data.chunks()).hex()] for path, data in thing.streams]}
    return None if thing.data is None else {"data": b"".join(thing.data.chunks()).hex()}


def _items_of(path: Path) -> Iterator[Item]:
    with path.open("rb") as handle:
        if path.suffix == ".msg":
            yield read_msg(handle)
            return
        with open_store(handle) as store:
            for node in store.folders():
                found = store.contents(node.nid, node.path, node.place, 0, node.live)
                yield from (each.item for each in found if each.item is not None)


STORES = [
    *sorted(SAMPLES.glob("msg/*.msg")),
    *sorted(SAMPLES.glob("pst/*.pst")),
    ROOT / "sample_data/case/outlook/kenta.sato/archive.pst",
]


@pytest.mark.parametrize("path", STORES, ids=lambda path: path.name)
def test_a_second_implementation_gives_the_same_digest_for_every_item_of_a_store(path: Path) -> None:
    for item in _items_of(path):
        assert _recorded(item).canonical_sha256 == second_canonical.digest(_given(item))


def test_every_changed_value_changes_the_digest() -> None:
    given = VECTORS["plain"]["item"]
    seen = {second_canonical.digest(given)}
    for number, (tag, raw) in enumerate(given["properties"]):
        changed = [list(each) for each in given["properties"]]
        changed[number] = [tag, f"{int(raw[:2], 16) ^ 1:02x}{raw[2:]}"]
        seen.add(str(_recorded(_item({**given, "properties": changed})).canonical_sha256))
    assert len(seen) == len(given["properties"]) + 1


def test_the_order_of_properties_does_not_count_but_that_of_recipients_does() -> None:
    given = VECTORS["plain"]["item"]
    turned = {**given, "properties": given["properties"][::-1]}
    assert canonical.digest(_item(turned), ()) == canonical.digest(_item(given), ())
    other = [["3001001f", "4100"]]
    one, two = (
        {**given, "recipients": both} for both in ([*given["recipients"], other], [other, *given["recipients"]])
    )
    assert canonical.digest(_item(one), ()) != canonical.digest(_item(two), ())


def test_row_numbers_of_the_store_and_local_ids_of_named_properties_do_not_count() -> None:
    given = VECTORS["plain"]["item"]
    renumbered = [[*row[:-1], ["67f20003", "09000000"]] for row in given["recipients"]]
    assert canonical.digest(_item({**given, "recipients": renumbered}), ()) == VECTORS["plain"]["sha256"]
    named = VECTORS["named and lists"]["item"]
    moved = [
        [f"{0x8100 + n:04x}{each[0][4:]}", *each[1:]] if len(each) > 2 else each
        for n, each in enumerate(named["properties"])
    ]
    assert canonical.digest(_item({**named, "properties": moved}), ()) == VECTORS["named and lists"]["sha256"]
