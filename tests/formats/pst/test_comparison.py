"""The second opinion: a disagreement is what differs in what both could read; the rest is named as what it is."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Item, Lost, Property, PropertyBag, tags
from forensics.formats.pst import libpff
from forensics.formats.pst.comparison import second_opinion
from forensics.formats.pst.folders import LIVE, FolderNode
from forensics.formats.pst.items import StoredItem
from sample_data.maker.pst.mutator import Mutator
from tests.formats.pst.forge import ROOT, Forge, context, small, text
from tests.tools.pst_stories import store

INBOX, NID = 0x8022, 0x200004


def test_an_orphan_that_libpff_counts_and_cannot_open_is_named_as_such() -> None:
    made = Mutator(store(6))
    nid = made.messages(made.folders()["受信トレイ"])[0]
    made.orphan([nid])
    found = second_opinion(io.BytesIO(made.content()))
    assert found.disagreements == ()
    (one,) = found.unopened
    assert "libpff counts and cannot open" in one.what
    assert f"node {nid}" in one.why


class _Stub:
    """What libpff might say of a store, by folder."""

    def __init__(self, nodes: Sequence[FolderNode], listed: dict[int, list[StoredItem]]) -> None:
        self._nodes, self._listed = nodes, listed

    def __enter__(self) -> _Stub:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def folders(self) -> Iterator[FolderNode]:
        yield from self._nodes

    def items(self, nid: int) -> Iterator[StoredItem]:
        yield from self._listed.get(nid, [])


class _Bytes:
    def __init__(self, data: bytes | None) -> None:
        self._data = data
        self.size = len(data or b"")

    def chunks(self) -> Iterator[bytes]:
        if self._data is None:
            raise FormatError("libpff cannot read this attachment: it says so")
        yield self._data


def _forge() -> Forge:
    forge = small(messages=1)
    held = forge.block(context({0x37010102: b"the bytes", 0x37050003: 1}))
    forge.message(NID, "subject 0", parent=INBOX, sub=forge.slblock([(0x8025, held, 0)]))
    return forge


def _folder(nid: int, path: tuple[str, ...], live: int, associated: int = 0) -> FolderNode:
    bag = PropertyBag()
    return FolderNode(path=path, nid=nid, parent_nid=0, properties=bag, live=live, associated=associated)


def _item(subject: str = "subject 0", data: _Bytes | None = None, problems: tuple[Lost, ...] = ()) -> Item:
    values = text(tags.PR_MESSAGE_CLASS, "IPM.Note") | (text(tags.PR_SUBJECT, subject) if subject else {})
    bag = PropertyBag(Property(tag=tag, raw=raw) for tag, raw in values.items())
    thing = AttachedThing(properties=PropertyBag(), method=1, data=data or _Bytes(b"the bytes"))
    return Item(properties=bag, attachments=(thing,), problems=problems)


def _opinion(monkeypatch: pytest.MonkeyPatch, items: list[StoredItem], live: int, associated: int = 0) -> Any:
    nodes = [_folder(ROOT, (), 0), _folder(INBOX, ("Inbox",), live, associated)]
    monkeypatch.setattr(libpff, "open_store", lambda _: _Stub(nodes, {INBOX: items}))
    return second_opinion(io.BytesIO(_forge().build()))


def _read(item: Item | None, error: Lost | None = None, nid: int | None = NID) -> StoredItem:
    return StoredItem(nid, 0, False, LIVE, item, error)


def test_what_both_read_alike_is_no_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _opinion(monkeypatch, [_read(_item())], 1)
    assert (found.disagreements, found.unopened, found.items, found.attachments) == ((), (), 1, 1)


def test_what_both_read_differently_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _opinion(monkeypatch, [_read(_item("another", _Bytes(b"other bytes")))], 1)
    assert [one.what for one in found.disagreements] == ["PR_SUBJECT", "SHA-256"]
    assert found.disagreements[1].ours == hashlib.sha256(b"the bytes").hexdigest()


def test_an_item_that_libpff_lists_and_we_do_not_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _opinion(monkeypatch, [_read(_item()), _read(_item(), nid=NID + 32)], 2)
    assert [one.what for one in found.disagreements] == ["folder", "its items"]


def test_an_item_that_we_list_and_libpff_does_not_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _opinion(monkeypatch, [], 0)
    assert [one.what for one in found.disagreements] == ["folder", "its items"]


@pytest.mark.parametrize("nid", [NID, None])
def test_an_item_that_libpff_counts_and_refuses_is_none(monkeypatch: pytest.MonkeyPatch, nid: int | None) -> None:
    found = _opinion(monkeypatch, [_read(None, Lost("item 0", "the whole item", "it says so"), nid)], 1)
    assert found.disagreements == ()
    assert [one.why for one in found.unopened] == ["it says so"]


def test_a_value_or_content_that_libpff_refuses_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Lost("property 0x0037001f", "its value", "it says so")
    found = _opinion(monkeypatch, [_read(_item("", _Bytes(None), (lost,)))], 1)
    assert found.disagreements == ()
    assert [one.what for one in found.unopened] == ["PR_SUBJECT", "the content of the attachment"]


def test_a_value_that_libpff_does_not_have_at_all_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _opinion(monkeypatch, [_read(_item(""))], 1)
    assert [one.what for one in found.disagreements] == ["PR_SUBJECT"]
