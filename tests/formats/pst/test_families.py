"""Every family and encoding of stores, written without the reader: read the same by our reader and by libpff."""

from __future__ import annotations

import io
from functools import cache

import pytest

from forensics.errors import FormatError
from forensics.formats import mapi
from forensics.formats.mapi import Item, tags
from forensics.formats.pst.comparison import second_opinion
from forensics.formats.pst.messaging.store import Store, open_store
from forensics.formats.pst.recovery.recover import Recoverer
from forensics.records import Integrity
from tests.tools.pst_families import CYCLIC, FAMILIES, NONE, PERMUTE, Family, relaid
from tests.tools.pst_stories import store

each_kind = pytest.mark.parametrize("crypt", [NONE, PERMUTE, CYCLIC], ids=["none", "permute", "cyclic"])
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: f"wVer {family.version}")


@cache
def _plain() -> bytes:
    return store(6)


@cache
def _made(family: Family, crypt: int) -> bytes:
    return relaid(_plain(), family, crypt)


def _said(item: Item) -> list[object]:
    """What an item says, whatever bytes say it."""
    bags = [item.properties, *item.recipients]
    keys = (tags.PR_BODY, tags.PR_SENDER_NAME, tags.PR_DISPLAY_TO, tags.PR_DISPLAY_NAME, tags.PR_INTERNET_MESSAGE_ID)
    said: list[object] = [mapi.subject(item), item.properties.binary(tags.PR_HTML)]
    said += [bag.text(key) for bag in bags for key in keys]
    said += [item.properties.filetime(key) for key in (tags.PR_CLIENT_SUBMIT_TIME, tags.PR_LAST_MODIFICATION_TIME)]
    for thing in item.attachments:
        said += [thing.name, b"".join(thing.data.chunks()) if thing.data is not None else b""]
        said += _said(thing.embedded) if thing.embedded is not None else []
    return said


def _everything(opened: Store) -> list[tuple[tuple[str, ...], list[object]]]:
    found = [one for node in opened.folders() for one in opened.items(node.nid)]
    assert all(one.integrity is Integrity.VERIFIED for one in found)
    return [(one.path, _said(one.item)) for one in found if one.item is not None]


@each_family
@each_kind
def test_a_store_of_every_family_and_encoding_says_the_same(family: Family, crypt: int) -> None:
    opened = open_store(io.BytesIO(_made(family, crypt)))
    assert opened.header.version == family.version
    assert opened.header.crypt == crypt
    assert opened.problems == ()
    found = _everything(opened)
    assert len(found) == 6
    assert found == _everything(open_store(io.BytesIO(_plain())))


@each_family
@each_kind
def test_libpff_reads_the_same_in_it(family: Family, crypt: int) -> None:
    pytest.importorskip("pypff", reason="libpff-python is not installed, so it cannot be asked")
    opinion = second_opinion(io.BytesIO(_made(family, crypt)))
    assert opinion.refused == ""
    assert opinion.disagreements == ()
    assert opinion.items == 6


@each_family
@each_kind
def test_without_its_header_and_after_damage_it_is_recognised_and_every_byte_is_one_thing(
    family: Family, crypt: int
) -> None:
    data = bytes(0x400) + _made(family, crypt)[0x400:]
    opened = open_store(io.BytesIO(data))
    assert opened.header.crypt == crypt
    assert len(_everything(opened)) == 6
    recoverer = Recoverer(opened)
    assert [one for one in recoverer.items() if not one.same_as] == []
    account = recoverer.account()
    assert account.total == account.size == len(data)


@each_family
def test_any_cut_raises_nothing_but_format_errors(family: Family) -> None:
    data = _made(family, CYCLIC)
    for size in range(0, len(data), len(data) // 12):
        try:
            opened = open_store(io.BytesIO(data[:size]))
            recoverer = Recoverer(opened)
            list(recoverer.items())
        except FormatError:
            continue
        assert recoverer.account().total == size
