from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import canonical
from forensics.errors import FormatError, UsageError
from forensics.evidence.item import (
    Entry,
    Times,
    dump_entries,
    dump_manifest,
    item_name,
    item_number,
    load_entries,
    load_manifest,
)

HASH = "0" * 64


@given(st.binary(min_size=1), st.none() | st.binary(), st.none() | st.integers(min_value=0), st.text(alphabet="abc"))
def test_every_name_comes_back_as_it_was_found(path: bytes, target: bytes | None, size: int | None, note: str) -> None:
    entry = Entry(path=path, type="file", target=target, size=size, note=note, times=Times(modified=5))
    assert list(load_entries(dump_entries([entry]))) == [entry]


def test_a_name_that_is_no_text_has_its_bytes_beside_it() -> None:
    line = Entry(path=b"INBOX/\x83\x81.eml", type="file").to_json()
    assert line["name"] == "\\x83\\x81.eml"
    assert line["name_bytes"] == "83812e656d6c"
    assert line["path_bytes"] == b"INBOX/\x83\x81.eml".hex()


def test_a_name_with_a_line_break_stays_on_its_line() -> None:
    assert dump_entries([Entry(path=b"a\nb", type="file")]).count(b"\n") == 1


def edited(**changes: object) -> bytes:
    return canonical.encode(Entry(path=b"a", type="file").to_json() | changes) + b"\n"


NOT_OURS = {
    "cut": edited()[:-1],
    "half a line": edited()[:30] + b"\n",
    "not an object": b"[]\n",
    "a number as text": edited(number="1"),
    "a stored file without digest": edited(number=1),
    "number zero": edited(number=0, sha256=HASH, size=1),
    "a digest that is none": edited(sha256="xyz"),
    "something more": edited(more=1),
    "true as a size": edited(size=True),
    "a name that does not fit the path": edited(name="b"),
}


@pytest.mark.parametrize("data", NOT_OURS.values(), ids=NOT_OURS.keys())
def test_a_line_we_would_not_have_written_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        list(load_entries(data))


def test_a_manifest_comes_back_as_it_was_written() -> None:
    digests = {"data/000001.bin": HASH, "files.jsonl": "f" * 64}
    assert load_manifest(dump_manifest(digests)) == (digests, [])


WRONG = {
    "a path that escapes": f"{HASH}  ../../etc/passwd\n",
    "upper case": f"{'A' * 64}  files.jsonl\n",
    "one blank": f"{HASH} files.jsonl\n",
    "out of order": f"{HASH}  files.jsonl\n{HASH}  data/000001.bin\n",
    "twice": f"{HASH}  files.jsonl\n{HASH}  files.jsonl\n",
    "cut": f"{HASH}  files.jsonl",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_a_manifest_we_would_not_have_written_is_named(text: str) -> None:
    assert load_manifest(text.encode())[1]


def test_items_are_numbered_with_four_digits_and_more_when_needed() -> None:
    assert (item_name(1), item_name(12_345), item_number("EV-0042")) == ("EV-0001", "EV-12345", 42)


@pytest.mark.parametrize("name", ["EV-1", "../EV-0001", "EV-0001/..", "ev-0001", "", "EV-0001\n"])
def test_what_is_not_the_name_of_an_item_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        item_number(name)
