"""MAPI properties: typed readings of good and bad bytes, times, people, conversations."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.mapi import (
    Item,
    NamedId,
    Property,
    PropertyBag,
    bodies,
    conversation_index,
    is_set,
    message_flags,
    recipients,
    represented_sender,
    sender,
    subject,
    tags,
    times,
)
from forensics.formats.mapi.parties import entry_address
from forensics.moments import FILETIME_EPOCH_TICKS, filetime_to_ns


def _text(number: int, text: str) -> Property:
    return Property(tag=number << 16 | tags.PTYP_STRING, raw=text.encode("utf-16-le"))


def _number(number: int, value: int) -> Property:
    return Property(tag=number << 16 | tags.PTYP_INTEGER32, raw=struct.pack("<i", value))


def _time(number: int, ticks: int) -> Property:
    return Property(tag=number << 16 | tags.PTYP_TIME, raw=struct.pack("<Q", ticks))


def _item(*properties: Property) -> Item:
    return Item(properties=PropertyBag(properties))


def test_a_filetime_keeps_its_hundred_nanoseconds() -> None:
    assert filetime_to_ns(FILETIME_EPOCH_TICKS + 7) == 700
    assert filetime_to_ns(0) == int(datetime(1601, 1, 1, tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize("ticks", [0, 0x0CB34557A3DD4000, 2**63 - 1])
def test_the_ways_of_writing_no_time_are_not_times(ticks: int) -> None:
    assert not is_set(ticks)
    assert times(_item(_time(tags.PR_CREATION_TIME, ticks))) == ()


def test_of_a_string_in_two_types_the_unicode_one_counts_and_both_are_kept() -> None:
    narrow = Property(tag=tags.PR_SUBJECT << 16 | tags.PTYP_STRING8, raw=b"?")
    bag = PropertyBag([narrow, _text(tags.PR_SUBJECT, "件名")])
    assert bag.text(tags.PR_SUBJECT) == "件名"
    assert len(bag.everything) == 2


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ([_number(tags.PR_MESSAGE_CODEPAGE, 932)], "見積"),
        ([_number(tags.PR_MESSAGE_CODEPAGE, 1200), _number(tags.PR_MESSAGE_LOCALE_ID, 0x411)], "見積"),
        ([_number(tags.PR_INTERNET_CPID, 932)], "見積"),
    ],
)
def test_eight_bit_text_is_read_by_the_code_page_that_the_item_states(properties: list[Property], text: str) -> None:
    raw = Property(tag=tags.PR_SUBJECT << 16 | tags.PTYP_STRING8, raw="見積".encode("cp932") + b"\0")
    assert PropertyBag([*properties, raw]).text(tags.PR_SUBJECT) == text


def test_what_is_not_utf_16_is_shown_as_its_bytes_and_can_be_stored() -> None:
    bag = PropertyBag([Property(tag=tags.PR_SUBJECT << 16 | tags.PTYP_STRING, raw=b"a\0\0\xd8b\0!")])
    text = bag.text(tags.PR_SUBJECT)
    assert text == "a\\x00\\xd8b\\x21"
    assert text.encode()


@given(st.integers(0, 0xFFFFFFFF), st.binary(max_size=40), st.integers(-(2**31), 2**31 - 1))
def test_no_reading_of_any_bytes_raises(tag: int, raw: bytes, codepage: int) -> None:
    bag = PropertyBag([Property(tag=tag, raw=raw), _number(tags.PR_MESSAGE_CODEPAGE, codepage)])
    key = tag >> 16
    bag.text(key), bag.texts(key), bag.integer(key), bag.boolean(key), bag.binary(key), bag.filetime(key), bag.guid(key)
    bag.floating(key), bag.integers(key), bag.binaries(key), bag.filetimes(key)


@given(st.sampled_from(sorted(tags.NAMES)), st.sampled_from(sorted({*tags.WIDTHS, 0x1E, 0x1F, 0x102})), st.binary())
def test_no_question_to_an_item_of_any_bytes_raises(number: int, kind: int, raw: bytes) -> None:
    bag = PropertyBag([Property(tag=number << 16 | kind, raw=raw)])
    item = Item(properties=bag, recipients=(bag,))
    subject(item), sender(item), represented_sender(item), recipients(item), times(item), bodies(item)
    message_flags(item)


def test_a_torn_last_element_of_a_multi_valued_property_is_left_out() -> None:
    bag = PropertyBag([Property(tag=0x1234_1003, raw=struct.pack("<ii", 1, 2) + b"\0")])
    assert bag.integers(0x1234) == (1, 2)


def test_a_named_property_is_asked_for_by_name() -> None:
    name = NamedId(guid=tags.PSETID_APPOINTMENT, number=0x820D)
    ticks = FILETIME_EPOCH_TICKS + 10**10
    item = _item(Property(tag=0x8005_0040, raw=struct.pack("<Q", ticks), named=name))
    assert item.properties.filetime(name) == ticks
    assert [(one.meaning, one.says) for one in times(item)] == [("starts", "PidLidAppointmentStartWhole")]


@pytest.mark.parametrize(("verb", "meaning"), [(102, "replied"), (104, "forwarded"), (4, "acted_on")])
def test_the_last_verb_says_what_was_done_at_its_time(verb: int, meaning: str) -> None:
    item = _item(
        _time(tags.PR_LAST_VERB_EXECUTION_TIME, FILETIME_EPOCH_TICKS + 1), _number(tags.PR_LAST_VERB_EXECUTED, verb)
    )
    assert [one.meaning for one in times(item)] == [meaning]


def test_the_mark_before_a_subject_is_no_part_of_it() -> None:
    assert subject(_item(_text(tags.PR_SUBJECT, "\x01\x05RE: a"))) == "RE: a"
    assert subject(_item(_text(tags.PR_SUBJECT_PREFIX, "RE: "), _text(tags.PR_NORMALIZED_SUBJECT, "a"))) == "RE: a"


def test_flags_are_read_bit_by_bit() -> None:
    flags = message_flags(_item(_number(tags.PR_MESSAGE_FLAGS, 0x419)))
    assert flags is not None
    assert (flags.read, flags.unsent, flags.has_attachments, flags.ever_read) == (True, True, True, True)
    assert not flags.submitted
    assert flags.everything == 0x419


_EX = "/o=First/ou=Site/cn=Recipients/cn=sato"


def test_a_sender_of_an_exchange_server_has_both_his_addresses() -> None:
    item = _item(
        _text(tags.PR_SENDER_NAME, "佐藤"),
        _text(tags.PR_SENDER_ADDRTYPE, "EX"),
        _text(tags.PR_SENDER_EMAIL_ADDRESS, _EX),
        _text(tags.PR_SENDER_SMTP_ADDRESS, "sato@example.jp"),
        _text(tags.PR_SENT_REPRESENTING_ADDRTYPE, "SMTP"),
        _text(tags.PR_SENT_REPRESENTING_EMAIL_ADDRESS, "boss@example.jp"),
    )
    assert (sender(item).smtp, sender(item).x500) == ("sato@example.jp", _EX)
    assert represented_sender(item).smtp == "boss@example.jp"


def test_an_entry_id_gives_the_address_that_the_properties_lack() -> None:
    provider = bytes.fromhex("812b1fa4bea310199d6e00dd010f5402")
    wide = bytes(4) + provider + b"\0\0\1\x80" + "佐藤\0SMTP\0sato@example.jp\0".encode("utf-16-le")
    narrow = bytes(4) + provider + b"\0\0\1\0" + b"Sato\0SMTP\0sato@example.jp\0"
    exchange = bytes(4) + bytes.fromhex("dca740c8c042101ab4b908002b2fe182") + bytes(8) + _EX.encode() + b"\0"
    assert entry_address(wide) == ("佐藤", "SMTP", "sato@example.jp")
    assert entry_address(narrow) == ("Sato", "SMTP", "sato@example.jp")
    assert entry_address(exchange) == ("", "EX", _EX)
    bag = PropertyBag([Property(tag=tags.PR_SENDER_ENTRYID << 16 | 0x102, raw=wide)])
    assert sender(Item(properties=bag)).smtp == "sato@example.jp"


@given(st.binary(max_size=80))
def test_any_entry_id_is_read(raw: bytes) -> None:
    entry_address(raw)


@pytest.mark.parametrize(
    ("stored", "kind"), [(0, "originator"), (1, "to"), (2, "cc"), (3, "bcc"), (0x10000001, "to"), (9, "unknown")]
)
def test_blind_copies_stay_and_resent_recipients_keep_their_kind(stored: int, kind: str) -> None:
    bag = PropertyBag([_number(tags.PR_RECIPIENT_TYPE, stored), _text(tags.PR_DISPLAY_NAME, "a")])
    assert recipients(Item(properties=PropertyBag(), recipients=(bag,)))[0].kind == kind


def test_a_conversation_index_gives_the_time_of_the_first_message_and_of_each_reply() -> None:
    guid = UUID("0a0b0c0d-0e0f-1011-1213-141516171819")
    ticks = 132_223_104_000_000_000 >> 16 << 16
    fine = (3_000_000_000 >> 18).to_bytes(4, "big") + b"\x9c"
    coarse = ((1 << 31) | (40_000_000_000 >> 23)).to_bytes(4, "big") + b"\x00"
    found = conversation_index((ticks >> 16).to_bytes(6, "big") + guid.bytes + fine + coarse + b"\x01")
    assert found is not None
    assert (found.ticks, found.guid, found.rest) == (ticks, guid, b"\x01")
    first, second = found.levels
    assert (first.delta_code, first.random, first.level) == (0, 9, 12)
    assert 0 <= 3_000_000_000 - first.delta < 1 << 18
    assert first.other_delta == first.delta << 5
    assert 0 <= 40_000_000_000 - second.delta < 1 << 23
    assert found.times() == (ticks, ticks + first.delta, ticks + first.delta + second.delta)


@given(st.binary(max_size=60))
def test_any_conversation_index_is_read_or_refused(raw: bytes) -> None:
    found = conversation_index(raw)
    assert (found is None) == (len(raw) < 22 or raw[0] != 1)
