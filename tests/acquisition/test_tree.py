from __future__ import annotations

import errno
import json
import os
import socket
import stat
from pathlib import Path

import pytest

from forensics.acquisition.tree import TreeSource
from forensics.errors import UsageError
from forensics.evidence.item import Entry
from tests.acquisition.stand_in import acquired

NAMES = [
    b"a\nb",
    b"\xff\xfe.eml",
    "議事録.eml".encode(),
    "がぎぐ".encode("cp932"),
    b"x" * 255,
    b"-n",
    b" ",
    b"a:2,S",
    b"$(rm)",
]


def entries(source: Path, case: Path) -> dict[bytes, Entry]:
    store, _ = acquired(TreeSource(source), case)
    return {entry.path: entry for entry in store.entries("EV-0001")}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept_byte_for_byte_and_used_for_nothing(tmp_path: Path, name: bytes) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (Path(os.fsdecode(os.fsencode(source) + b"/" + name))).write_bytes(b"mail")
    found = entries(source, tmp_path / "case")
    assert found[name].name == name
    assert found[name].number == 1
    assert os.listdir(tmp_path / "case/evidence/EV-0001/data") == ["000001.bin"]


def test_metadata_is_that_of_the_file_as_found(tmp_path: Path) -> None:
    path = tmp_path / "source" / "mail.eml"
    path.parent.mkdir()
    path.write_bytes(b"mail")
    path.chmod(0o604)
    os.utime(path, ns=(1_600_000_000_000_000_001, 1_500_000_000_123_456_789))
    before = path.stat()
    found = entries(path.parent, tmp_path / "case")[b"mail.eml"]
    assert (found.times.accessed, found.times.modified) == (before.st_atime_ns, before.st_mtime_ns)
    assert (found.times.changed, found.inode, found.size) == (before.st_ctime_ns, before.st_ino, 4)
    assert stat.S_IMODE(found.mode or 0) == 0o604
    assert found.times.born is None or found.times.born <= before.st_ctime_ns


def test_what_is_no_regular_file_is_listed_and_never_opened(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    (source / "loop").symlink_to(".")
    (source / "inner/up").symlink_to("../..")
    (source / "secret").symlink_to("/etc/passwd")
    (source / "nowhere").symlink_to("gone")
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(source / "socket"))
    found = entries(source, tmp_path / "case")
    types = {path: entry.type for path, entry in found.items()}
    assert types == {
        b".": "folder",
        b"inner": "folder",
        b"inner/up": "symlink",
        b"loop": "symlink",
        b"nowhere": "symlink",
        b"pipe": "fifo",
        b"secret": "symlink",
        b"socket": "socket",
    }
    assert found[b"secret"].target == b"/etc/passwd"
    assert all(entry.number is None and entry.sha256 is None for entry in found.values())


def test_a_device_is_listed_and_never_opened(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    try:
        os.mknod(source / "zero", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this account may not make a device")
    assert entries(source, tmp_path / "case")[b"zero"].type == "character device"


def linked(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    (source / "b").write_bytes(b"once")
    os.link(source / "b", source / "a")
    (source / "c").write_bytes(b"once")
    return source


def test_each_hard_link_is_a_stored_file_and_its_bytes_take_their_place_once(tmp_path: Path) -> None:
    store, done = acquired(TreeSource(linked(tmp_path)), tmp_path / "case")
    found = {entry.path: entry for entry in store.entries("EV-0001")}
    numbers = [(found[name].number, found[name].same_as) for name in (b"a", b"b", b"c")]
    assert numbers == [(1, None), (2, 1), (3, None)]
    assert found[b"b"].sha256 == found[b"a"].sha256
    assert store.path("EV-0001", 1).samefile(store.path("EV-0001", 2))
    assert (done.receipt.asked, done.receipt.received, done.receipt.links) == (3, 3, 1)
    assert store.verify("EV-0001") == []


def test_where_a_disk_has_no_hard_links_each_of_them_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = linked(tmp_path)

    def no_links(*args: object, **named: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    store, _ = acquired(TreeSource(source), tmp_path / "case")
    first, second = store.path("EV-0001", 1), store.path("EV-0001", 2)
    assert first.read_bytes() == second.read_bytes() == b"once"
    assert not first.samefile(second)
    assert store.verify("EV-0001") == []


def test_a_sparse_file_is_stored_exactly_and_stays_sparse(tmp_path: Path) -> None:
    path = tmp_path / "source" / "box.pst"
    path.parent.mkdir()
    with path.open("wb") as handle:
        handle.seek(40_000_000)
        handle.write(b"end")
    if path.stat().st_blocks * 512 >= path.stat().st_size:
        pytest.skip("this file system has no sparse files")
    store, _ = acquired(TreeSource(path), tmp_path / "case")
    copy = store.path("EV-0001", 1)
    assert copy.read_bytes() == path.read_bytes()
    assert copy.stat().st_blocks * 512 < 20_000_000
    assert "sparse" in next(store.entries("EV-0001")).note


def test_a_tree_deeper_than_a_path_may_be_long_is_read_to_the_bottom(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    folder = os.open(source, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=folder)
        inner = os.open("d" * 200, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("mail", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    found = entries(source, tmp_path / "case")
    assert [entry.path[-5:] for entry in found.values() if entry.number] == [b"/mail"]
    assert len(found) == 32


def test_a_maildir_keeps_the_flags_in_its_names(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp", ".Sent/cur"):
        (tmp_path / "Maildir" / folder).mkdir(parents=True)
    (tmp_path / "Maildir/cur/1700000000.M1P2.host:2,RS").write_bytes(b"Subject: a\n\n")
    (tmp_path / "Maildir/new/1700000001.M1P2.host").write_bytes(b"Subject: b\n\n")
    found = entries(tmp_path / "Maildir", tmp_path / "case")
    stored = [path for path, entry in found.items() if entry.number]
    assert stored == [b"cur/1700000000.M1P2.host:2,RS", b"new/1700000001.M1P2.host"]
    assert b".Sent/cur" in found


def test_a_single_file_is_an_item_of_one_file(tmp_path: Path) -> None:
    (tmp_path / "inbox.mbox").write_bytes(b"From - \n")
    assert list(entries(tmp_path / "inbox.mbox", tmp_path / "case")) == [b"inbox.mbox"]


def test_the_case_folder_inside_the_source_is_left_out_and_listed(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(b"mail")
    case = tmp_path / "case"
    case.mkdir()
    store, done = acquired(TreeSource(tmp_path, leave_out=[case]), case)
    found = {entry.path: entry for entry in store.entries("EV-0001")}
    assert set(found) == {b".", b"mail.eml", b"case"}
    assert "left out" in found[b"case"].note
    assert done.receipt.received == 1


def test_a_source_inside_the_case_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    with pytest.raises(UsageError, match="lies inside the case folder"):
        TreeSource(tmp_path / "evidence", leave_out=[tmp_path])


def test_a_source_that_is_not_there_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be found: No such file"):
        TreeSource(tmp_path / "gone")


def test_a_pipe_as_a_source_is_refused_and_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        TreeSource(tmp_path / "pipe")


def test_a_file_that_became_a_pipe_or_a_link_after_the_listing_is_not_read(tmp_path: Path) -> None:
    source = TreeSource(tmp_path)
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").write_bytes(b"")
    listed = {found.entry.path: found.entry for found in source.entries()}
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    (tmp_path / "b").unlink()
    (tmp_path / "b").symlink_to("/etc/passwd")
    for name in (b"a", b"b"):
        with pytest.raises(OSError, match=r"no longer a regular file|symbolic links"), source.read(listed[name]):
            pass


def test_what_a_source_says_of_itself_is_json(tmp_path: Path) -> None:
    told = TreeSource(tmp_path).describe()
    assert json.loads(json.dumps(told))["kind"] == "folder"
    assert told["access_times_kept"] is True
