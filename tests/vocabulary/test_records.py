"""Records: an id for each, no value that is nothing, and a column for every field."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from forensics import records, tables
from forensics.absent import Absent
from forensics.address import Address
from forensics.records import Message, Problem, Record

_AT = Address(evidence="EV-0001", steps=("000001", "message:1"))


def _kinds() -> dict[str, type[Record]]:
    made = [thing for thing in vars(records).values() if isinstance(thing, type) and issubclass(thing, Record)]
    return {maker.KIND: maker for maker in made if maker.KIND}


def test_every_kind_has_a_table_and_every_field_a_column() -> None:
    assert set(_kinds()) == set(tables.SCHEMAS)
    for kind, maker in _kinds().items():
        named = {each.name for each in fields(maker)} - {"address", "moment"}
        assert named <= set(tables.SCHEMAS[kind].names), kind


def test_a_record_cannot_be_changed_and_has_no_other_fields() -> None:
    message = Message(address=_AT, item_class="IPM.Note", store_path="")
    with pytest.raises((FrozenInstanceError, AttributeError)):
        message.subject = "another"  # type: ignore[misc]
    for maker in _kinds().values():
        assert "__slots__" in vars(maker)


def test_no_default_is_nothing() -> None:
    for maker in _kinds().values():
        assert all(each.default is not None for each in fields(maker))
    assert Message(address=_AT, item_class="x", store_path="").subject is Absent.NOT_RECORDED


def test_an_id_follows_from_kind_and_place_and_not_from_what_is_there() -> None:
    one = Message(address=_AT, item_class="IPM.Note", store_path="/a", subject="one")
    other = Message(address=_AT, item_class="IPM.Note", store_path="/b", subject="other")
    assert one.identity() == other.identity()
    assert one.identity() != Problem(address=_AT, what="", lost="", cause="").identity()


def test_two_problems_of_one_place_have_two_ids() -> None:
    given = [("a", "b", "c"), ("a", "b", "d"), ("a", "x", "c"), ("y", "b", "c")]
    made = [Problem(address=_AT, what=what, lost=lost, cause=cause) for what, lost, cause in given]
    assert len({each.identity() for each in made}) == len(given)


def test_the_reasons_for_a_missing_value_are_four_and_are_no_texts() -> None:
    assert {each.value for each in Absent} == {"unreadable", "unparsable", "not_recorded", "not_applicable"}
    assert not any(isinstance(each, str) for each in Absent)
