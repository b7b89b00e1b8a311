from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from forensics.digests import filler
from forensics.errors import ForensicsError, IntegrityError, UsageError
from forensics.evidence import durable, protection
from forensics.evidence.item import Entry, payload_name
from forensics.evidence.store import EvidenceStore
from tests.acquisition.stand_in import MemorySource, acquired

FILES = {b"b.eml": b"second", b"a.eml": b"first", b"a/z.eml": b""}


def test_an_item_is_laid_out_as_the_design_says(tmp_path: Path) -> None:
    store, _ = acquired(MemorySource(FILES), tmp_path)
    found = {str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file()}
    papers = {"files.jsonl", "acquisition.json", "manifest-sha256.txt"}
    assert found == {f"EV-0001/{name}" for name in papers | {payload_name(n) for n in (1, 2, 3)}}


def test_stored_files_are_numbered_in_byte_order_of_their_paths(tmp_path: Path) -> None:
    store, _ = acquired(MemorySource(FILES), tmp_path)
    assert [(entry.number, entry.path) for entry in store.entries("EV-0001")] == [
        (1, b"a.eml"),
        (2, b"a/z.eml"),
        (3, b"b.eml"),
    ]
    with store.open("EV-0001", 3) as handle:
        assert handle.read() == b"second"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_sha256sum_checks_an_item_without_us(tmp_path: Path) -> None:
    store, _ = acquired(MemorySource(FILES), tmp_path)
    command = ["sha256sum", "-c", "--strict", "manifest-sha256.txt"]
    done = subprocess.run(command, cwd=store.root / "EV-0001", capture_output=True, text=True, check=True)
    assert done.stdout.count(": OK") == 5


def test_a_handle_is_read_only_and_seekable(tmp_path: Path) -> None:
    store, _ = acquired(MemorySource(FILES), tmp_path)
    with store.open("EV-0001", 1) as handle:
        assert handle.seekable()
        assert not handle.writable()
        with pytest.raises(io.UnsupportedOperation):
            handle.write(b"x")


def test_every_file_is_read_only_and_the_store_says_what_holds(tmp_path: Path) -> None:
    store, _ = acquired(MemorySource(FILES), tmp_path)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (store.root / "EV-0001").rglob("*") if path.is_file()}
    assert modes == {0o444}
    assert store.holds("EV-0001") == protection.READONLY
    store.path("EV-0001", 2).chmod(0o644)
    assert store.holds("EV-0001") == protection.NONE


def test_the_immutable_attribute_is_set_when_asked_and_what_holds_is_reported(tmp_path: Path) -> None:
    store, _ = acquired(MemorySource(FILES), tmp_path)
    held = store.protect("EV-0001", protection.IMMUTABLE)
    try:
        assert held == store.holds("EV-0001")
        if held != protection.IMMUTABLE:
            pytest.skip("this account or file system has no immutable attribute; the store said so")
        with pytest.raises(PermissionError):
            store.path("EV-0001", 1).unlink()
    finally:
        store.release("EV-0001")
    assert store.holds("EV-0001") == protection.READONLY


def test_a_finished_item_is_never_written_again(tmp_path: Path) -> None:
    store, _ = acquired(MemorySource(FILES), tmp_path)
    with pytest.raises(IntegrityError):
        store.begin("EV-0001")


def test_a_stored_name_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "stored").write_bytes(b"old")
    with pytest.raises(IntegrityError):
        durable.link_new(tmp_path / "new", tmp_path / "stored")
    with pytest.raises(FileExistsError):
        durable.open_new(tmp_path / "stored")
    assert (tmp_path / "stored").read_bytes() == b"old"


def test_without_hard_links_a_stored_name_is_not_replaced_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*names: object, **options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "stored").write_bytes(b"old")
    with pytest.raises(IntegrityError):
        durable.link_new(tmp_path / "new", tmp_path / "stored")
    durable.link_new(tmp_path / "new", tmp_path / "free")
    assert (tmp_path / "free").read_bytes() == b"new"


def test_nothing_stands_under_the_name_of_an_item_until_it_is_finished(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    with store.begin("EV-0001") as writer:
        writer.keep(writer.copy(filler(io.BytesIO(b"one"))), Entry(path=b"one", type="file"))
        writer.commit()
        assert (store.items(), store.unfinished(), store.next_item()) == ((), ("EV-0001",), "EV-0002")


def test_what_reads_back_differently_is_not_taken(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    with store.begin("EV-0001") as writer:
        copy = writer.copy(filler(io.BytesIO(b"one")))
        writer.keep(copy, Entry(path=b"one", type="file"))
        (tmp_path / "EV-0001.work/copies/000001").write_bytes(b"two")
        with pytest.raises(IntegrityError, match="reads back differently"):
            writer.commit()
        assert writer.kept == {}


def test_a_torn_line_of_the_journal_costs_its_copy_and_no_other(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    for name in (b"one", b"two"):
        with store.begin("EV-0001") as writer:
            writer.keep(writer.copy(filler(io.BytesIO(name))), Entry(path=name, type="file"))
            writer.commit()
    journal = tmp_path / "EV-0001.work/journal.jsonl"
    os.truncate(journal, journal.stat().st_size - 5)
    with store.begin("EV-0001") as writer:
        assert set(writer.kept) == {b"one"}
        assert sorted(os.listdir(tmp_path / "EV-0001.work/copies")) == ["000001"]


def test_a_copy_that_was_damaged_between_two_runs_is_not_taken_over(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path)
    with store.begin("EV-0001") as writer:
        writer.keep(writer.copy(filler(io.BytesIO(b"one"))), Entry(path=b"one", type="file"))
        writer.commit()
    (tmp_path / "EV-0001.work/copies/000001").write_bytes(b"0ne")
    with store.begin("EV-0001") as writer:
        assert (writer.kept, writer.damaged) == ({}, (b"one",))


def test_a_large_file_with_an_odd_tail_is_stored_exactly(tmp_path: Path) -> None:
    data = os.urandom(1 << 20) * 9 + b"tail"
    store, _ = acquired(MemorySource({b"a.pst": data}), tmp_path)
    assert store.path("EV-0001", 1).read_bytes() == data
    assert store.verify("EV-0001") == []


def test_too_little_space_is_said_before_the_first_byte(tmp_path: Path) -> None:
    with pytest.raises(ForensicsError, match=r"no space left: at least [0-9,]+ more bytes are needed"):
        durable.need_space(tmp_path, 1 << 62)


def test_what_does_not_belong_to_the_store_is_named(tmp_path: Path) -> None:
    store, _ = acquired(MemorySource(FILES), tmp_path)
    (store.root / "notes.txt").touch()
    (store.root / "EV-0002.work").mkdir()
    assert store.strangers() == ("notes.txt",)


def test_an_item_that_is_not_there_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no evidence item EV-0009"):
        EvidenceStore(tmp_path).open("EV-0009", 1)
