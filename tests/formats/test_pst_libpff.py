"""PST and OST through libpff: the same folders, items and attachments as other tools found in real stores."""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import FormatError
from forensics.formats.mapi import NamedId, tags
from forensics.formats.pst import codepage, names, ndb
from forensics.formats.pst.libpff import open_store
from tests.corpus import CORPUS, needs_corpus

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_ROOT = Path(__file__).resolve().parents[2]
_STORES = sorted((*CORPUS.glob("pst/**/*.pst"), *CORPUS.glob("pst/**/*.ost"))) if CORPUS else []

# Native code may crash or hang, so every store is read in a process of its own, as the workers do.
_READER = """
import hashlib, json, sys
from forensics.formats import mapi
from forensics.formats.mapi import tags
from forensics.formats.pst.libpff import open_store, outline, read

TIMES = {"submit": tags.PR_CLIENT_SUBMIT_TIME, "delivery": tags.PR_MESSAGE_DELIVERY_TIME,
         "created": tags.PR_CREATION_TIME, "modified": tags.PR_LAST_MODIFICATION_TIME}

def attached(thing):
    digest = hashlib.sha256()
    for piece in thing.data.chunks() if thing.data else ():
        digest.update(piece)
    return {"name": thing.name, "method": thing.method, "lost": thing.lost,
            "size": thing.data.size if thing.data else None, "sha256": digest.hexdigest() if thing.data else None}

def described(found, path):
    item = found.item
    if item is None:
        return {"id": found.nid, "path": path, "error": str(found.error)}
    bag = item.properties
    return {"id": found.nid, "path": path, "associated": found.associated, "error": None,
            "class": mapi.item_class(item), "subject": mapi.subject(item), "recovery": found.place.recovery,
            "sender": bag.text(tags.PR_SENDER_NAME), "message_id": bag.text(tags.PR_INTERNET_MESSAGE_ID),
            "plain": len((bag.text(tags.PR_BODY) or "").encode("utf-8", "surrogatepass")),
            "has_rtf": bool(bag.binary(tags.PR_RTF_COMPRESSED)),
            "headers": len(bag.text(tags.PR_TRANSPORT_MESSAGE_HEADERS) or ""),
            "html": len((bag.binary(tags.PR_HTML) or b"").rstrip(bytes(1))),
            "recipients": len(item.recipients), "problems": item.problems,
            "attachments": [attached(thing) for thing in item.attachments],
            **{name: bag.filetime(key) for name, key in TIMES.items()}}

with open(sys.argv[1], "rb") as handle, open_store(handle) as store:
    nodes = [{"path": node.path, "nid": node.nid, "live": node.live, "associated": node.associated,
              "search": node.is_search, "stated": node.stated_count, "stated_associated": node.stated_associated,
              "place": node.place, "problems": node.problems} for node in store.folders()]
    items = [described(found, one.path) for one in outline(store)
             for start in range(0, one.items, 7) for found in read(store, one.nid, start, start + 7)]
    print(json.dumps({"kind": store.kind, "codepage": store.codepage, "folders": nodes, "items": items,
                      "problems": store.problems, "orphans": store.orphan_count}))
"""
_READ: dict[Path, dict[str, Any]] = {}


def _read(path: Path) -> dict[str, Any]:
    if path not in _READ:
        command = [sys.executable, "-c", _READER, str(path)]
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        _READ[path] = json.loads(done.stdout)
    return _READ[path]


def _truth(path: Path, part: str) -> Any:
    assert CORPUS is not None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return json.loads((CORPUS / "_truth" / "pst" / f"{digest}.{part}.json").read_text(encoding="utf-8"))


def _shown(path: list[str], codepage: Any) -> str:
    return _as_libpff("/" + "".join(f"/{name}" for name in path) if path else "/", codepage)


def _as_libpff(text: str, codepage: Any) -> str:
    """The truth was written with libpff's own default: a Japanese ANSI store read as Western."""
    if codepage and codepage[0] == 932:
        return text.encode("cp932").decode("cp1252", errors="replace")
    return text


def _instant(ticks: int | None) -> str | None:
    """FILETIME as the truth writes it, to the microsecond; what cannot be written so is left out there as well."""
    if ticks is None:
        return None
    try:
        return (_EPOCH + timedelta(microseconds=ticks // 10)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return None


@needs_corpus
def test_the_corpus_has_the_stores_that_these_tests_speak_of() -> None:
    assert len(_STORES) == 29


@needs_corpus
@pytest.mark.parametrize("path", _STORES, ids=lambda path: f"{path.parent.name}-{path.name}")
class TestAgainstOtherTools:
    def test_folders_and_their_counts_are_the_same_in_the_same_order(self, path: Path) -> None:
        store = _read(path)
        found = [[_shown(one["path"], store["codepage"]), one["live"]] for one in store["folders"]]
        assert found == _truth(path, "summary")["folders"]

    def test_items_and_attachments_are_as_many(self, path: Path) -> None:
        store, truth = _read(path), _truth(path, "summary")
        live = [one for one in store["items"] if not one["error"] and not one["associated"]]
        assert not [one for one in store["items"] if one["error"]]
        assert len(live) == truth["n_messages"]
        assert sum(len(one["attachments"]) for one in live) == truth["n_attachments"]
        assert store["orphans"] == truth["orphans"]

    def test_each_item_has_the_same_values(self, path: Path) -> None:
        store = _read(path)
        live = [one for one in store["items"] if not one["associated"]]
        differences = []
        for one, truth in zip(live, _truth(path, "messages"), strict=True):
            differences += [(truth.get("id"), *d) for d in _differences(one, truth, store["codepage"])]
        assert differences == []


def _differences(one: dict[str, Any], truth: dict[str, Any], codepage: Any) -> list[tuple[str, Any, Any]]:
    if "err" in truth:
        # The tool behind the truth could not read items that pypff gives as a plain ``item``; we can.
        return [] if one["class"] == "IPM.Microsoft.ScheduleData.FreeBusy" else [("class", one["class"], "")]
    pairs: list[tuple[str, Any, Any]] = [("folder", _shown(one["path"], codepage), truth["folder"])]
    pairs += [(key, one[key], truth[key]) for key in ("id", "class", "message_id", "headers", "html", "plain")]
    pairs += [("rtf", one["has_rtf"], bool(truth["rtf"]))]
    pairs += [(key, _as_libpff(one[key] or "", codepage), truth[key] or "") for key in ("subject", "sender")]
    pairs += [(key, _instant(one[key]), truth[key]) for key in ("submit", "delivery", "created", "modified")]
    pairs += [("attachments", len(one["attachments"]), len(truth["attachments"]))]
    for found, known in zip(one["attachments"], truth["attachments"], strict=False):
        pairs += [(key, found[key], known[key]) for key in ("name", "method", "size", "sha256") if key in known]
    return [(key, ours, theirs) for key, ours, theirs in pairs if ours != theirs]


def _by_name(name: str) -> dict[str, Any]:
    return _read(next(path for path in _STORES if path.name == name))


@needs_corpus
def test_an_embedded_message_that_libpff_cannot_open_says_what_is_lost() -> None:
    (thing,) = _by_name("submessage.pst")["items"][0]["attachments"]
    assert thing["method"] == 5
    assert thing["name"] == "This is an embedded message"
    assert "its text, recipients and attachments are not read" in thing["lost"]


@needs_corpus
def test_associated_contents_are_read_and_marked() -> None:
    classes = {one["class"] for one in _by_name("Outlook.pst")["items"] if one["associated"]}
    assert "IPM.Configuration.RssRule" in classes


@needs_corpus
def test_search_folders_hold_nothing_of_their_own() -> None:
    searches = [one for path in _STORES for one in _read(path)["folders"] if one["search"]]
    assert searches
    assert not [one for one in searches if one["live"] or one["associated"]]


@needs_corpus
def test_deleted_items_are_known_by_entry_id_and_else_by_name() -> None:
    japanese = {one["path"][-1]: one["place"] for one in _by_name("contacts97-2002.pst")["folders"] if one["path"]}
    assert japanese["削除済みアイテム"] == ["soft_deleted", "PR_IPM_WASTEBASKET_ENTRYID of the store"]
    mailbox = _by_name("pstextractortest@outlook.com.ost")
    deleted = [one for one in mailbox["items"] if one["path"] and one["path"][-1] == "Deleted Items"]
    assert [one["recovery"] for one in deleted] == ["soft_deleted"]


@needs_corpus
def test_a_japanese_ansi_store_is_read_in_cp932() -> None:
    store = _by_name("contacts97-2002.pst")
    assert store["kind"] == "PST, ANSI (wVer 14), encoding permute"
    assert store["codepage"][0] == 932
    assert store["items"][0]["subject"] == "コム ドット イグザンプル 殿"


_DAMAGER = """
import io, random, sys
from forensics.errors import FormatError
from forensics.formats.pst.libpff import open_store

good = open(sys.argv[1], "rb").read()
for seed in range(40):
    dice, data = random.Random(seed), bytearray(good)
    for _ in range(8):
        at = dice.randrange(len(data)) // 512 * 512
        if seed % 2:
            data[at : at + 512] = bytes(512)
        else:
            data[at + dice.randrange(512)] ^= 1 << dice.randrange(8)
    try:
        with open_store(io.BytesIO(bytes(data[: len(data) - dice.randrange(2) * 9_000]))) as store:
            for node in store.folders():
                for found in store.items(node.nid):
                    for thing in found.item.attachments if found.item else ():
                        try:
                            sum(len(piece) for piece in thing.data.chunks()) if thing.data else 0
                        except FormatError:
                            pass
            list(store.items(0))
    except FormatError:
        pass
print("survived")
"""


@needs_corpus
@pytest.mark.parametrize("name", ["submessage.pst", "test_ansi.pst", "PersonalStorageFile1.pst", "passworded.pst"])
def test_damaged_stores_raise_nothing_but_format_errors(name: str) -> None:
    path = next(path for path in _STORES if path.name == name)
    command = [sys.executable, "-c", _DAMAGER, str(path)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, timeout=120, check=False)
    assert done.stdout == b"survived\n", done.stderr.decode()[-2000:]


def test_the_calls_of_pypff_that_return_datetime_are_never_made() -> None:
    for name in ("libpff.py", "items.py"):
        source = (_ROOT / "forensics/formats/pst" / name).read_text(encoding="utf-8")
        assert re.findall(r"\.(?:get_)?(?:\w+_time|data_as_datetime|value_as_datetime)\b", source) == []


@pytest.mark.parametrize("data", [b"", b"!BDN", bytes(600), b"!BDN" + bytes(600)])
def test_what_is_not_a_store_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(FormatError):
        open_store(io.BytesIO(data))


def _header(version: int) -> bytearray:
    data = bytearray(564)
    data[0:4], data[8:10], data[512], data[513] = b"!BDN", b"SO", 0x80, 2
    data[460], data[461] = 0x80, 1
    data[10:12] = version.to_bytes(2, "little")
    data[184:192] = (123_456).to_bytes(8, "little")
    data[524:528] = ndb.crc(bytes(data[8:524])).to_bytes(4, "little")
    data[4:8] = ndb.crc(bytes(data[8:479])).to_bytes(4, "little")
    return data


def test_the_header_says_kind_version_encoding_and_size() -> None:
    header = ndb.parse_header(bytes(_header(36)))
    assert header.kind == "OST, Unicode 4 KiB pages (wVer 36), encoding cyclic"
    assert header.stated_size == 123_456
    assert header.problems == ()
    assert ndb.parse_header(bytes(_header(15))).kind == "OST, ANSI (wVer 15), encoding permute"


def test_a_changed_bit_in_the_header_is_named() -> None:
    data = _header(23)
    data[190] ^= 1
    assert len(ndb.parse_header(bytes(data)).problems) == 2


def test_named_properties_have_their_number_or_name() -> None:
    guid = tags.PSETID_COMMON
    strings = struct.pack("<I", 4) + "ab".encode("utf-16-le")
    entries = struct.pack("<IHH", 0x8501, 3 << 1, 0) + struct.pack("<IHH", 0, 2 << 1 | 1, 1)
    broken = struct.pack("<IHH", 0, 9 << 1, 2) + struct.pack("<IHH", 999, 2 << 1 | 1, 3) + b"torn"
    assert names.named_ids(guid.bytes_le, entries + broken, strings) == {
        0x8000: NamedId(guid=guid, number=0x8501),
        0x8001: NamedId(guid=tags.PS_PUBLIC_STRINGS, name="ab"),
    }


def test_values_are_split_only_where_their_offsets_hold() -> None:
    good = struct.pack("<III", 2, 12, 14) + b"abc"
    assert names.split_values(good) == (b"ab", b"c")
    assert names.split_values(b"") == ()
    for bad in (b"\1", b"\xff\xff\xff\xff", struct.pack("<III", 2, 14, 12) + b"abc", struct.pack("<II", 1, 4)):
        assert names.split_values(bad) is None


@given(st.binary(max_size=64))
def test_any_bytes_are_split_or_not_without_an_error(raw: bytes) -> None:
    names.split_values(raw)
    names.named_ids(raw, raw, raw)


def test_the_code_page_is_stated_or_recognised_or_from_locales_or_assumed() -> None:
    kana = "削除済みアイテム".encode("cp932")
    french = "Éléments supprimés".encode("cp1252")
    assert codepage.choose(1251, [kana], []).number == 1251
    assert codepage.choose(None, [french, kana], [0x409]).number == 932
    assert codepage.choose(None, [french], [0x419, 0x419, 0x409]).number == 1251
    assert codepage.choose(None, [french], [0x804]).number == 936
    assert codepage.choose(None, [], []) == (1252, "assumed: nothing in the store says")
