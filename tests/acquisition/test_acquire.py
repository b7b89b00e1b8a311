from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from forensics.acquisition.acquire import acquire
from forensics.acquisition.tree import TreeSource
from forensics.errors import ForensicsError
from forensics.evidence.store import EvidenceStore
from tests.acquisition.stand_in import TOOL, MemorySource, acquired, clock

BIG = bytes(range(256)) * 40_000


def numbers(store: EvidenceStore) -> dict[bytes, int | None]:
    return {entry.path: entry.number for entry in store.entries("EV-0001")}


def test_a_complete_acquisition_says_so(tmp_path: Path) -> None:
    store, done = acquired(MemorySource({b"a": b"1", b"b": BIG}), tmp_path)
    assert done.receipt.complete
    assert (done.receipt.asked, done.receipt.received, done.receipt.received_bytes) == (2, 2, 1 + len(BIG))
    assert done.sealed.manifest_sha256 == store.manifest_sha256("EV-0001")
    told = store.acquisition("EV-0001")
    assert told["receipt"] == done.receipt.to_json()
    assert told["about"] == {"case": "K-1"}
    assert told["ended_ns"] > told["started_ns"]


def test_a_bad_sector_costs_its_file_and_names_the_place(tmp_path: Path) -> None:
    source = MemorySource({b"a": b"1", b"b": BIG, b"c": b"3"}, fails_at={b"b": 5_000_000})
    store, done = acquired(source, tmp_path)
    (refusal,) = done.receipt.refused
    assert (refusal.path, refusal.errno, refusal.offset) == (b"b", errno.EIO, 5_000_000)
    assert numbers(store) == {b"a": 1, b"b": None, b"c": 2}
    notes = {entry.path: entry.note for entry in store.entries("EV-0001")}
    assert notes[b"b"] == "not read at byte 5,000,000: Input/output error"
    assert store.verify("EV-0001") == []


def test_a_file_that_vanished_is_missing_and_not_refused(tmp_path: Path) -> None:
    _, done = acquired(MemorySource({b"a": b"1", b"b": b"2"}, vanishing={b"b"}), tmp_path)
    assert [each.path for each in done.receipt.missing] == [b"b"]
    assert done.receipt.refused == ()
    assert not done.receipt.complete


def test_a_file_that_changes_while_it_is_read_is_read_once_more(tmp_path: Path) -> None:
    source = MemorySource({b"a": b"1"}, restless={b"a": 1})
    _, done = acquired(source, tmp_path)
    assert source.reads == [b"a", b"a"]
    assert done.receipt.complete


def test_a_file_that_does_not_come_to_rest_is_stored_and_flagged(tmp_path: Path) -> None:
    store, done = acquired(MemorySource({b"a": b"1"}, restless={b"a": 9}), tmp_path)
    assert [each.path for each in done.receipt.flagged] == [b"a"]
    assert "changed while it was read, twice" in next(store.entries("EV-0001")).note


def test_a_log_that_grows_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_bytes(b"x" * 100)
    source = TreeSource(log)
    (found,) = source.entries()
    with source.read(found.entry) as reading:
        reading.readinto(memoryview(bytearray(200)))
        with log.open("ab") as handle:
            handle.write(b"more")
        assert "size" in reading.changed()


def test_a_source_of_which_nothing_can_be_read_makes_no_item(tmp_path: Path) -> None:
    with pytest.raises(ForensicsError, match="nothing of 'stand-in' could be read: Input/output error"):
        acquired(MemorySource({b"a": b"1"}, fails_at={b"a": 0}), tmp_path)
    assert EvidenceStore(tmp_path / "evidence").items() == ()


def test_an_empty_folder_is_an_item_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    store, done = acquired(TreeSource(tmp_path / "source"), tmp_path / "case")
    assert (done.receipt.asked, done.sealed.files) == (0, 0)
    assert store.verify("EV-0001") == []


def test_progress_ends_at_all_of_it(tmp_path: Path) -> None:
    seen: list[tuple[int, int, int, int]] = []
    store = EvidenceStore(tmp_path)
    source = MemorySource({b"a": b"1", b"b": BIG})
    acquire(source, store.begin("EV-0001"), now=clock(), tool=TOOL, told=lambda *args: seen.append(args))
    assert seen[-1] == (1 + len(BIG), 2, 1 + len(BIG), 2)
    assert [each[0] for each in seen] == sorted(each[0] for each in seen)


def interrupted(source: MemorySource, case: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        acquired(source, case)


def test_an_interrupted_acquisition_goes_on_where_it_stopped(tmp_path: Path) -> None:
    files = {b"%d" % n: BIG * 4 for n in range(4)}
    interrupted(MemorySource(files, stop_at=b"2"), tmp_path)
    again = MemorySource(files)
    store, done = acquired(again, tmp_path)
    assert again.reads == [b"2", b"3"]
    assert done.resumed
    assert done.receipt.complete
    assert store.verify("EV-0001") == []
    assert os.listdir(store.root) == ["EV-0001"]


def test_what_changed_between_two_runs_is_copied_again_and_named(tmp_path: Path) -> None:
    files = {b"a": BIG * 4, b"b": b"2"}
    interrupted(MemorySource(files, stop_at=b"b"), tmp_path)
    store, done = acquired(MemorySource(files | {b"a": b"new"}), tmp_path)
    assert store.path("EV-0001", 1).read_bytes() == b"new"
    again = store.acquisition("EV-0001")["resumed"]["copied_again"]
    assert [(each["path"], each["reason"]) for each in again] == [("a", "changed since the interrupted run copied it")]
    assert done.receipt.complete


def test_what_vanished_between_two_runs_is_kept_and_flagged(tmp_path: Path) -> None:
    interrupted(MemorySource({b"a": BIG * 4, b"b": b"2"}, stop_at=b"b"), tmp_path)
    store, done = acquired(MemorySource({b"b": b"2"}), tmp_path)
    assert numbers(store) == {b"a": 1, b"b": 2}
    assert store.path("EV-0001", 1).read_bytes() == BIG * 4
    assert [each.path for each in done.receipt.flagged] == [b"a"]


def test_a_run_that_was_resumed_numbers_files_like_one_that_was_not(tmp_path: Path) -> None:
    files = {b"b": BIG * 4, b"c": b"3"}
    interrupted(MemorySource(files, stop_at=b"c"), tmp_path / "one")
    later = {b"a": b"1"} | files
    assert numbers(acquired(MemorySource(later), tmp_path / "one")[0]) == numbers(
        acquired(MemorySource(later), tmp_path / "two")[0]
    )


LIMITED = """
import resource, sys
from pathlib import Path
from tests.acquisition.stand_in import acquired
from forensics.acquisition.tree import TreeSource
from forensics.errors import ForensicsError
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    acquired(TreeSource(Path(sys.argv[1])), Path(sys.argv[2]))
except ForensicsError as error:
    sys.exit(f"{error} | {error.todo}")
"""


def child(script: str, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=120)


def test_a_file_larger_than_allowed_gets_one_sentence_and_the_rest_waits(tmp_path: Path) -> None:
    (tmp_path / "box.pst").write_bytes(b"x" * 2_000_000)
    done = child(LIMITED, tmp_path / "box.pst", tmp_path / "case")
    assert done.returncode == 1
    assert "does not allow a file of this size" in done.stderr
    assert "Traceback" not in done.stderr
    assert EvidenceStore(tmp_path / "case/evidence").items() == ()


def full_disk(tmp_path: Path, size: str) -> Path:
    """A mounted file system of a few megabytes, or a skip where this account may not mount."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this account may not mount a small file system")
    return place


def test_a_full_disk_is_told_at_the_start_with_the_bytes_that_are_missing(tmp_path: Path) -> None:
    place = full_disk(tmp_path, "4m")
    try:
        with pytest.raises(ForensicsError, match=r"no space left: at least [0-9,]+ more bytes are needed") as caught:
            acquired(MemorySource({b"a": BIG}), place)
        assert "run the same command again" in caught.value.todo
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_on_the_way_is_told_and_the_run_can_go_on(tmp_path: Path) -> None:
    place = full_disk(tmp_path, "24m")
    try:
        source = MemorySource({b"a": BIG, b"b": BIG})

        def fill_up(done: int, *rest: int) -> None:
            if done > len(BIG) and not (place / "other").exists():
                (place / "other").write_bytes(b"x" * 8_000_000)

        store = EvidenceStore(place / "evidence")
        with pytest.raises(ForensicsError, match="no space left"):
            acquire(source, store.begin("EV-0001"), now=clock(), tool=TOOL, told=fill_up)
        (place / "other").unlink()
        assert acquired(source, place)[1].receipt.complete
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_no_thread_and_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    acquired(MemorySource({b"a": BIG}), tmp_path / "one")
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    acquired(MemorySource({b"a": BIG}), tmp_path / "two")
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_folder_that_may_not_be_listed_and_a_file_that_may_not_be_read_are_refused_by_name(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "closed").mkdir(parents=True)
    (source / "open.eml").write_bytes(b"1")
    (source / "shut.eml").write_bytes(b"2")
    (source / "closed").chmod(0)
    (source / "shut.eml").chmod(0)
    tmp_path.chmod(0o777)
    script = "import os, sys\nfrom pathlib import Path\nfrom tests.acquisition.stand_in import acquired\n"
    script += "from forensics.acquisition.tree import TreeSource\n"
    script += "os.setegid(65534)\nos.seteuid(65534)\n" if os.geteuid() == 0 else ""
    script += "_, done = acquired(TreeSource(Path(sys.argv[1])), Path(sys.argv[2]))\n"
    script += "print([(each.path, each.reason) for each in done.receipt.refused], done.receipt.received)\n"
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o1:
            folder.chmod(0o755)
    done = child(script, source, tmp_path / "case")
    (source / "closed").chmod(0o755)
    assert done.stdout.strip() == "[(b'closed', 'Permission denied'), (b'shut.eml', 'Permission denied')] 1", (
        done.stderr
    )


def test_the_limit_of_open_files_is_not_reached_by_many_small_files(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        _, done = acquired(MemorySource({b"%05d" % n: b"mail" for n in range(1_000)}), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert done.receipt.received == 1_000
