"""What equals another item is grouped and keeps its own place; of what is gone nothing is said to be the same."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Item, Lost, Property, PropertyBag, tags
from forensics.formats.pst.messaging.store import open_store
from forensics.formats.pst.recovery.fingerprint import fingerprint, sameness
from forensics.formats.pst.recovery.found import Recovered, Tier
from forensics.formats.pst.recovery.recover import Recoverer
from forensics.formats.pst.recovery.rows import agrees
from forensics.formats.pst.writer.layout import DECODE
from sample_data.maker.pst.mutator import Mutator
from tests.tools.pst_stories import store

_SUBJECT = Property(tag=0x0037001F, raw="見積".encode("utf-16-le"))


@dataclass(frozen=True, slots=True)
class _Held:
    data: bytes | None
    size: int = 5

    def chunks(self) -> Iterator[bytes]:
        if self.data is None:
            raise FormatError("Block 0x1c was overwritten.")
        yield self.data


def _with(*things: AttachedThing, problems: tuple[Lost, ...] = (), bag: PropertyBag | None = None) -> Item:
    return Item(properties=bag or PropertyBag([_SUBJECT]), attachments=things, problems=problems)


def _file(data: bytes | None, *, lost: str = "") -> AttachedThing:
    return AttachedThing(properties=PropertyBag(), method=1, data=None if lost else _Held(data), lost=lost)


def test_an_item_of_which_everything_stands_has_a_sameness() -> None:
    assert sameness(_with(_file(b"one"))) == sameness(_with(_file(b"one"))) == fingerprint(_with(_file(b"one")))
    assert sameness(_with(_file(b"one"))) != sameness(_with(_file(b"two")))
    link = AttachedThing(properties=PropertyBag(), method=tags.ATTACH_BY_REFERENCE, lost="a link")
    assert sameness(_with(link)) is not None


def test_an_item_of_which_a_part_or_everything_is_gone_has_none() -> None:
    gone = Lost("properties", "every property and body of the item", "overwritten")
    assert sameness(Item(properties=PropertyBag())) is None
    assert sameness(Item(properties=PropertyBag(), problems=(gone,))) is None
    assert sameness(_with(problems=(gone,))) is None
    assert sameness(_with(_file(None))) is None
    assert sameness(_with(_file(b"", lost="overwritten"))) is None
    inner = AttachedThing(properties=PropertyBag(), method=5, embedded=_with(_file(None)))
    assert sameness(_with(inner)) is None


def test_a_large_attachment_is_compared_byte_by_byte() -> None:
    size = 1 << 27
    one, other = (
        AttachedThing(properties=PropertyBag(), method=1, data=_Held(data, size)) for data in (b"a" * 9, b"b" * 9)
    )
    assert sameness(_with(one)) != sameness(_with(other))


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=9)), max_size=6))
def test_any_properties_have_a_sameness_where_one_of_them_stands(values: list[tuple[int, bytes]]) -> None:
    item = _with(bag=PropertyBag(Property(tag=id_ << 16 | 0x0102, raw=raw) for id_, raw in values) or None)
    assert (sameness(item) is None) is not any(one.raw for one in item.properties.everything)


def test_a_row_agrees_with_an_item_only_where_something_stands_on_both_sides() -> None:
    empty, flag = PropertyBag([Property(tag=0x0E070003, raw=bytes(4))]), Property(tag=0x0E070003, raw=bytes(4))
    assert not agrees(PropertyBag(), PropertyBag([_SUBJECT]))
    assert not agrees(PropertyBag([_SUBJECT]), PropertyBag([flag]))
    assert not agrees(empty, PropertyBag([flag]))
    assert agrees(PropertyBag([_SUBJECT, flag]), PropertyBag([_SUBJECT]))
    assert not agrees(PropertyBag([_SUBJECT]), PropertyBag([Property(tag=0x0037001F, raw=b"x\0")]))


def _recovered(data: bytes) -> list[Recovered]:
    return list(Recoverer(open_store(io.BytesIO(data))).items())


def test_two_items_of_which_nothing_stands_are_not_called_the_same() -> None:
    made = Mutator(store(40))
    folder = made.folders()["受信トレイ"]
    # Messages with embedded messages and files, so that their sub-nodes would be read on their own.
    chosen = [nid for nid in made.messages(folder) if len(made.version(nid).attachments) > 0][:4]
    made.hard_delete(chosen)
    made.overwrite_blocks()
    found = [one for one in _recovered(made.content()) if one.tier is Tier.DELETED_NODE]
    assert {one.found.nid for one in found} == set(chosen)
    assert all(one.overwritten for one in found)
    assert [one.same_as for one in found] == [""] * len(found)


def test_every_place_of_an_old_row_is_kept_and_grouped_with_the_first() -> None:
    made = Mutator(store(30))
    folder = made.folders()["受信トレイ"]
    gone = made.messages(folder)[:6]
    for nid in gone:
        made.hard_delete([nid])
    rows = [one for one in _recovered(made.content()) if one.tier is Tier.TABLE_ROW]
    assert len({one.step for one in rows}) == len(rows)
    freed = [one.raw.translate(DECODE) for one in made.image.freed]
    places = Counter(one.found.nid for one in rows)
    for truth in made.truth():
        assert places[truth.before.nid] >= sum(truth.before.row in raw for raw in freed) > 0
    steps = {one.step for one in _recovered(made.content())}
    live = {f"node:{nid}" for nid in made.messages(folder)}
    for one in rows:
        assert one.same_as == "" or one.same_as in steps | live
        assert one.found.item is not None
    # Deleted nodes that still stand say the same as their rows.
    assert all(one.same_as for one in rows)
