"""Our engine on real stores: the folders, items and attachments that other tools found, and what they missed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from forensics.formats import mapi
from forensics.formats.mapi import AttachedThing, Item, tags
from forensics.formats.pst.messaging.found import FoundItem
from forensics.formats.pst.messaging.rules import rule_of
from forensics.formats.pst.messaging.store import Store, open_store, outline, read
from forensics.formats.pst.recovery.recover import Recoverer
from forensics.records import Integrity
from tests.corpus import CORPUS, needs_corpus

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_STORES = sorted((*CORPUS.glob("pst/**/*.pst"), *CORPUS.glob("pst/**/*.ost"))) if CORPUS else []
_TIMES = {
    "submit": tags.PR_CLIENT_SUBMIT_TIME,
    "delivery": tags.PR_MESSAGE_DELIVERY_TIME,
    "created": tags.PR_CREATION_TIME,
    "modified": tags.PR_LAST_MODIFICATION_TIME,
}
each_store = pytest.mark.parametrize("path", _STORES, ids=lambda path: f"{path.parent.name}-{path.name}")


@cache
def _opened(path: Path) -> Store:
    return open_store(path.open("rb"))


def _named(name: str) -> Store:
    return _opened(next(path for path in _STORES if path.name == name))


def _truth(path: Path, part: str) -> Any:
    assert CORPUS is not None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return json.loads((CORPUS / "_truth" / "pst" / f"{digest}.{part}.json").read_text(encoding="utf-8"))


def _items(store: Store) -> Iterator[FoundItem]:
    for one in outline(store):
        for start in range(0, one.items, 7):
            yield from read(store, one.nid, start, start + 7)


def _as_libpff(text: str, store: Store) -> str:
    """The truth was written with libpff's own default: a Japanese ANSI store read as Western."""
    if store.codepage is not None and store.codepage.number == 932:
        return text.encode("cp932").decode("cp1252", errors="replace")
    return text


def _shown(path: tuple[str, ...], store: Store) -> str:
    return _as_libpff("/" + "".join(f"/{name}" for name in path) if path else "/", store)


def _instant(ticks: int | None) -> str | None:
    if ticks is None:
        return None
    try:
        return (_EPOCH + timedelta(microseconds=ticks // 10)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return None


def _attached(thing: AttachedThing) -> dict[str, Any]:
    held = b"".join(thing.data.chunks()) if thing.data is not None else None
    digest = None if held is None else hashlib.sha256(held).hexdigest()
    size = None if thing.data is None else thing.data.size
    return {"name": thing.name, "method": thing.method, "size": size, "sha256": digest}


@needs_corpus
@each_store
class TestAgainstOtherTools:
    def test_folders_and_their_counts_are_the_same_in_the_same_order(self, path: Path) -> None:
        store = _opened(path)
        found = [[_shown(node.path, store), node.live] for node in store.folders()]
        assert found == _truth(path, "summary")["folders"]

    def test_each_item_has_the_same_values_and_attachments(self, path: Path) -> None:
        store = _opened(path)
        live = [found for found in _items(store) if not found.associated]
        differences = []
        for found, truth in zip(live, _truth(path, "messages"), strict=True):
            differences += [(truth.get("id"), *each) for each in _differences(found, truth, store)]
        assert differences == []

    def test_every_page_and_block_is_verified_and_nothing_is_lost(self, path: Path) -> None:
        store = _opened(path)
        items = list(_items(store))
        assert [found.nid for found in items if found.integrity is not Integrity.VERIFIED] == []
        assert [found.item.problems for found in items if found.item is not None and found.item.problems] == []
        held = (one for found in items if found.item is not None for one in found.item.properties.everything)
        assert {one.integrity for one in held} <= {Integrity.VERIFIED}
        assert store.problems == ()

    def test_every_byte_is_exactly_one_thing(self, path: Path) -> None:
        recoverer = Recoverer(_opened(path))
        for _ in recoverer.items():
            pass
        account = recoverer.account()
        assert account.total == account.size == path.stat().st_size
        assert account.unreadable == 0

    def test_as_many_messages_are_recovered_as_by_pffexport(self, path: Path) -> None:
        truth = _truth(path, "recovered-pffexport20180714")
        theirs = [one for one in truth["ignore_alloc"]["items"] if one["item"].startswith(("Message", "Contact"))]
        ours = [one for one in Recoverer(_opened(path)).items() if one.found.item is not None]
        assert len(ours) >= len(theirs)
        subjects = {mapi.subject(one.found.item) for one in ours if one.found.item is not None}
        assert {one["subject"] for one in theirs if "subject" in one} <= subjects


def _differences(found: FoundItem, truth: dict[str, Any], store: Store) -> list[tuple[str, Any, Any]]:
    assert found.item is not None
    if "err" in truth:
        # The tool behind the truth could not read items that are no messages; we can.
        return [] if mapi.item_class(found.item) == "IPM.Microsoft.ScheduleData.FreeBusy" else [("class", "", "")]
    bag = found.item.properties
    pairs: list[tuple[str, Any, Any]] = [
        ("folder", _shown(found.path, store), truth["folder"]),
        ("id", found.nid, truth["id"]),
        ("class", mapi.item_class(found.item), truth["class"]),
        ("subject", _as_libpff(mapi.subject(found.item), store), truth["subject"] or ""),
        ("sender", _as_libpff(bag.text(tags.PR_SENDER_NAME) or "", store), truth["sender"] or ""),
        ("message_id", bag.text(tags.PR_INTERNET_MESSAGE_ID), truth["message_id"]),
        ("headers", len(bag.text(tags.PR_TRANSPORT_MESSAGE_HEADERS) or ""), truth["headers"]),
        ("html", len((bag.binary(tags.PR_HTML) or b"").rstrip(b"\0")), truth["html"]),
        ("plain", len((bag.text(tags.PR_BODY) or "").encode("utf-8", "surrogatepass")), truth["plain"]),
        ("rtf", bool(bag.binary(tags.PR_RTF_COMPRESSED)), bool(truth["rtf"])),
        ("attachments", len(found.item.attachments), len(truth["attachments"])),
    ]
    pairs += [(name, _instant(bag.filetime(key)), truth[name]) for name, key in _TIMES.items()]
    for thing, known in zip(found.item.attachments, truth["attachments"], strict=False):
        ours = _attached(thing)
        pairs += [(key, ours[key], known[key]) for key in ours if key in known]
    return [(key, ours, theirs) for key, ours, theirs in pairs if ours != theirs]


def _embedded(item: Item) -> Iterator[Item]:
    for thing in item.attachments:
        if thing.embedded is not None:
            yield thing.embedded
            yield from _embedded(thing.embedded)


@needs_corpus
def test_the_seven_embedded_messages_that_libpff_cannot_open_are_read() -> None:
    carriers = [found.item for path in _STORES for found in _items(_opened(path)) if found.item is not None]
    things = [thing for item in carriers for thing in item.attachments if thing.method == tags.ATTACH_EMBEDDED_MESSAGE]
    assert len(things) == 7
    assert all(thing.embedded is not None and mapi.item_class(thing.embedded) for thing in things)
    (inner,) = (
        one for item in carriers for one in _embedded(item) if mapi.subject(one) == "This is an embedded message"
    )
    assert mapi.bodies(inner)


@needs_corpus
def test_associated_contents_are_read_and_their_rules_found() -> None:
    store = _named("pstextractortest@outlook.com.ost")
    rules = [rule for found in _items(store) if (rule := rule_of(found)) is not None]
    assert [rule.name for rule in rules] == ["Junk E-mail Rule"]
    assert rules[0].condition or rules[0].actions or rules[0].stream


@needs_corpus
def test_a_store_with_4_kib_pages_and_compressed_blocks_is_read() -> None:
    store = _named("pstextractortest@outlook.com.ost")
    assert store.kind == "OST, Unicode 4 KiB pages (wVer 36), encoding none"
    assert sum(node.live for node in store.folders()) == 183


@needs_corpus
def test_a_japanese_ansi_store_is_read_in_cp932() -> None:
    store = _named("contacts97-2002.pst")
    assert store.codepage is not None
    assert store.codepage.number == 932
    first = next(_items(store)).item
    assert first is not None
    assert mapi.subject(first) == "コム ドット イグザンプル 殿"
