"""Bad input gets one clear sentence, the place, what to do, and the right exit code; each as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.casefile.lock import FileLock
from tests.cli.command import Answer, forensics, mailbox, tree

# Root may read and write everything; this takes that from the process, and leaves it an ordinary account's rights.
ORDINARY = """
import ctypes, os
if os.geteuid() == 0:
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None).capset(header, none):
        os._exit(77)
"""


def ordinary(*words: object) -> Answer:
    """Run a command line with no more rights than an ordinary account has."""
    if os.geteuid() == 0 and sys.platform != "linux":
        pytest.skip("root may read everything, and only Linux lets it give that up")
    answer = forensics(*words, before=ORDINARY)
    if answer.code == 77:
        pytest.skip("root may read everything, and could not give that up here")
    return answer


def test_a_missing_source_is_a_usage_error_and_makes_no_case(tmp_path: Path) -> None:
    answer = forensics("examine", tmp_path / "missing.pst", "--case", tmp_path / "case")
    assert answer.code == 2
    first, where, todo = answer.err.splitlines()
    assert first == f"Error: the source '{tmp_path / 'missing.pst'}' cannot be found"
    assert where == f"  Where: {tmp_path / 'missing.pst'}"
    assert todo.startswith("  What to do: check the path")
    assert not (tmp_path / "case").exists()


def test_a_folder_without_mail_is_acquired_and_named(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "note.txt").write_text("hello\n")
    (tmp_path / "docs" / "list.bin").write_bytes(bytes(range(256)))
    answer = forensics("examine", tmp_path / "docs", "--case", tmp_path / "case")
    assert answer.code == 3, answer.err
    assert "Acquired and hashed, but not mail that is known: 2 of 2 files" in answer.out
    assert "Nothing in EV-0001 is a mail store that this program knows." in answer.out
    assert "note.txt" in answer.out
    assert forensics("verify", tmp_path / "case").code == 0


def test_an_empty_folder_is_said_to_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    answer = forensics("examine", tmp_path / "docs", "--case", tmp_path / "case")
    assert answer.code == 3
    assert "EV-0001 holds no file at all." in answer.out


def test_an_empty_file_is_acquired_and_named(tmp_path: Path) -> None:
    (tmp_path / "empty.mbox").touch()
    answer = forensics("examine", tmp_path / "empty.mbox", "--case", tmp_path / "case")
    assert answer.code == 3
    assert "empty  empty.mbox (no bytes)" in answer.out


def test_an_unreadable_file_alone_fails(tmp_path: Path) -> None:
    mailbox(tmp_path / "a.mbox").chmod(0)
    answer = ordinary("examine", tmp_path / "a.mbox", "--case", tmp_path / "case")
    assert answer.code == 1
    assert "could be read" in answer.error
    assert "What to do: run as an account that may read it" in answer.err


def test_an_unreadable_file_among_others_is_named(tmp_path: Path) -> None:
    mailbox(tmp_path / "mail" / "a.mbox")
    mailbox(tmp_path / "mail" / "b.mbox").chmod(0)
    answer = ordinary("examine", tmp_path / "mail", "--case", tmp_path / "case")
    assert answer.code == 3, answer.err
    assert "Not acquired, or not as a whole: 1 file" in answer.out
    assert "b.mbox" in answer.out


def test_a_case_that_cannot_be_written_is_verified_all_the_same(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert forensics("examine", mailbox(tmp_path / "a.mbox"), "--case", case).code == 0
    for path in (case, *case.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = tree(case)
    answer = ordinary("verify", case)
    assert answer.code == 0, answer.err
    assert "everything is as it was stored" in answer.out
    assert "this verification is not in the ledger" in answer.out
    assert tree(case) == before
    for path in (case, *case.rglob("*")):
        path.chmod(0o755)


def test_a_full_disk_is_told_with_its_place(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can mount the small disk that this test fills")
    try:
        answer = forensics("examine", mailbox(tmp_path / "a.mbox", *("x" * 900,) * 9), "--case", place / "case")
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert answer.code == 1, answer.err
    assert "space" in answer.error
    assert str(place) in answer.err
    assert "What to do:" in answer.err
    assert "fault" not in answer.err


@pytest.mark.parametrize("verb", [["verify"], ["case", "show"], ["parse", "--case"], ["timeline", "--case"]])
def test_a_folder_that_is_not_a_case_is_a_usage_error(tmp_path: Path, verb: list[str]) -> None:
    answer = forensics(*verb, tmp_path)
    assert answer.code == 2
    assert answer.error == f"Error: {tmp_path} is not a case: it has no case.toml"
    assert list(tmp_path.iterdir()) == []


def test_a_full_folder_does_not_become_a_case(tmp_path: Path) -> None:
    mailbox(tmp_path / "docs" / "something.else")
    answer = forensics("examine", mailbox(tmp_path / "a.mbox"), "--case", tmp_path / "docs")
    assert answer.code == 2
    assert "is not an empty folder" in answer.err


def test_a_case_that_another_process_works_on_is_a_usage_error(tmp_path: Path) -> None:
    assert forensics("case", "new", tmp_path / "case").code == 0
    lock = FileLock(tmp_path / "case" / "ledger" / "lock")
    lock.take()
    try:
        answer = forensics("case", "set", tmp_path / "case", "title=x")
    finally:
        lock.give_back()
    assert answer.code == 2
    assert answer.error == "Error: another process is working on this case"
    assert "wait until it has finished" in answer.err


def test_a_case_inside_the_source_would_change_the_source(tmp_path: Path) -> None:
    mailbox(tmp_path / "mail" / "a.mbox")
    answer = forensics("examine", tmp_path / "mail", "--case", tmp_path / "mail" / "case")
    assert answer.code == 2
    assert "lies inside the source" in answer.err
    assert sorted(tree(tmp_path / "mail")) == ["a.mbox"]


def test_a_source_inside_the_case_is_a_usage_error(tmp_path: Path) -> None:
    assert forensics("case", "new", tmp_path / "case").code == 0
    answer = forensics("acquire", tmp_path / "case" / "case.toml", "--case", tmp_path / "case")
    assert answer.code == 2
    assert "inside the case folder" in answer.err


def test_one_missing_source_among_others_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    box = mailbox(tmp_path / "a.mbox")
    answer = forensics("examine", tmp_path / "gone", box, "--case", tmp_path / "case")
    assert answer.code == 2
    assert "Failed: 1 source" in answer.out
    assert "EV-0001" in answer.out


def test_a_verb_that_does_not_exist_is_a_usage_error() -> None:
    answer = forensics("exmine")
    assert answer.code == 2
    assert answer.err.splitlines()[1] == "  What to do: see 'forensics --help'"


def test_an_error_is_one_json_object_too(tmp_path: Path) -> None:
    answer = forensics("verify", tmp_path, "--json")
    assert answer.object["exit_code"] == answer.code == 2
    assert answer.object["command"] == "verify"
    assert answer.object["error"]["todo"]
