"""Bad input gets one clear sentence, the place, what to do, and the right exit code; and the case stays sound."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forensics.errors import DONE, FAILED, INTEGRITY_BROKEN, PARTLY_READ, USAGE, ForensicsError
from tests.examination.cases import ROOT, copy_of, examined, forensics, lay_mail, mail, open_case, rows, sound
from tests.examination.conftest import Once


def told(done: subprocess.CompletedProcess[str], code: int, *words: str, place: Path | str = "") -> None:
    """One sentence, the place and what to do, on standard error, and nothing of the program's inside."""
    assert done.returncode == code, done.stdout + done.stderr
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert sum(line.startswith("Error: ") for line in said) == 1, done.stderr
    assert any(line.strip().startswith("What to do: ") for line in said), done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    if place:
        assert str(place) in done.stderr


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    case = tmp_path / "case"
    told(forensics("examine", tmp_path / "no such file.pst", "--case", case), USAGE, place="no such file.pst")
    assert not case.exists()


def test_a_folder_without_mail_is_acquired_and_said_to_hold_none(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "notes.txt").write_bytes(b"nothing of interest\n")
    done = forensics("examine", source, "--case", tmp_path / "case")
    assert done.returncode == PARTLY_READ
    assert "notes.txt" in done.stdout
    assert "not mail" in done.stdout
    assert sound(tmp_path / "case").evidence == ("EV-0001",)


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    done = forensics("examine", tmp_path / "source", "--case", tmp_path / "case")
    assert done.returncode == PARTLY_READ
    sound(tmp_path / "case")


@pytest.mark.parametrize("name", ["empty.pst", "empty.mbox", "empty.eml", "empty"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    summary = examined(tmp_path / "case", tmp_path / name)
    assert summary.exit_code == PARTLY_READ
    assert [each.files for each in summary.acquired] == [1]
    sound(tmp_path / "case")


@pytest.mark.parametrize("name", ["cut.pst", "torn.msg", "noise.pst"])
def test_a_file_that_only_looks_like_a_store_is_a_problem(tmp_path: Path, name: str) -> None:
    start = {"cut.pst": b"!BDN" + bytes(4) + b"SM\x17\0", "torn.msg": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}
    (tmp_path / name).write_bytes(start.get(name, b"!BDN") + os.urandom(0) + bytes(range(256)) * 8)
    summary = examined(tmp_path / "case", tmp_path / name)
    assert summary.exit_code == PARTLY_READ
    sound(tmp_path / "case")


def bound(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command line under the modes of files; the superuser gives up the right to pass over them."""
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("the superuser reads everything, and setpriv is not installed to give that up")
        caps = "-dac_override,-dac_read_search"
        prefix = ("setpriv", "--inh-caps", caps, "--bounding-set", caps)
    return forensics(*arguments, prefix=prefix)


def test_an_unreadable_file_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    source = lay_mail(tmp_path / "source")
    (source / "archive.mbox").chmod(0)
    done = bound("examine", source, "--case", tmp_path / "case")
    assert done.returncode == PARTLY_READ, done.stderr
    assert "archive.mbox" in done.stdout
    assert "Traceback" not in done.stderr
    assert rows(tmp_path / "case", "SELECT count(*) AS n FROM message")[0]["n"] == 3
    sound(tmp_path / "case")


def test_a_source_that_cannot_be_read_at_all(tmp_path: Path) -> None:
    source = tmp_path / "box.mbox"
    source.write_bytes(mail(1))
    source.chmod(0)
    told(bound("examine", source, "--case", tmp_path / "case"), FAILED, place="box.mbox")
    source.chmod(0o600)
    assert forensics("examine", source, "--case", tmp_path / "case").returncode == DONE
    sound(tmp_path / "case")


def test_a_place_where_this_account_may_not_write(tmp_path: Path) -> None:
    source = lay_mail(tmp_path / "source")
    (tmp_path / "locked").mkdir(mode=0o555)
    told(bound("examine", source, "--case", tmp_path / "locked" / "case"), FAILED, "may not", place="locked")


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        *((verb, "a folder with other things") for verb in ("verify", "parse", "timeline", "report", "case show")),
        *(("verify", what) for what in ("an empty folder", "a file", "nothing")),
        ("acquire", "an empty folder"),
    ],
)
def test_a_case_that_is_none(tmp_path: Path, verb: str, what: str) -> None:
    place = tmp_path / "case"
    if what == "a file":
        place.write_bytes(b"not a folder")
    elif what != "nothing":
        place.mkdir()
    if what == "a folder with other things":
        (place / "thesis.txt").write_bytes(b"mine")
    if verb == "acquire":
        done = forensics("acquire", lay_mail(tmp_path / "source"), "--case", place)
    else:
        done = forensics(*verb.split(), place) if verb in ("verify", "case show") else _verb(verb, place)
    told(done, USAGE, place=place)
    assert sorted(place.iterdir() if place.is_dir() else []) == sorted(
        place.glob("thesis.txt") if place.is_dir() else []
    )


def _verb(verb: str, place: Path) -> subprocess.CompletedProcess[str]:
    return forensics(verb, "--case", place)


def test_examine_never_puts_a_case_among_somebody_elses_files(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_bytes(b"mine")
    done = forensics("examine", lay_mail(tmp_path / "source"), "--case", tmp_path / "home")
    told(done, USAGE, place=tmp_path / "home")
    assert os.listdir(tmp_path / "home") == ["thesis.txt"]


def test_a_case_inside_its_own_source_leaves_itself_out(tmp_path: Path) -> None:
    source = lay_mail(tmp_path / "source")
    case = source / "case"
    examined(case, source)
    first = examined(case, source)
    assert [each.state for each in first.acquired] == ["unchanged"]
    assert rows(case, "SELECT count(*) AS n FROM message")[0]["n"] == 8
    sound(case)


def test_a_source_inside_the_case_is_refused(tmp_path: Path) -> None:
    case = tmp_path / "case"
    examined(case, lay_mail(tmp_path / "source"))
    told(forensics("examine", case / "evidence", "--case", case), USAGE)
    sound(case)


def test_a_second_examine_while_one_is_at_work_is_refused(tmp_path: Path) -> None:
    case = tmp_path / "case"
    source = lay_mail(tmp_path / "source")
    with open_case(case):
        done = forensics("examine", source, "--case", case)
    told(done, USAGE, "another process", place=case)
    assert forensics("examine", source, "--case", case).returncode == DONE


def test_a_socket_and_a_pipe_as_sources_are_refused_and_block_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))
        for name in ("pipe", "sock"):
            told(forensics("examine", tmp_path / name, "--case", tmp_path / f"case-{name}"), USAGE, place=name)


def test_one_bad_source_of_two_is_named_and_the_other_is_examined(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    summary = examined(tmp_path / "case", tmp_path / "pipe", lay_mail(tmp_path / "source"))
    assert summary.exit_code == USAGE
    assert [(path, code) for path, _, _, code in summary.failed] == [(str(tmp_path / "pipe"), USAGE)]
    assert summary.counts["message"] == 8
    sound(tmp_path / "case")


def test_a_case_whose_facts_cannot_be_read_says_which_file(tmp_path: Path, small_case: Path) -> None:
    case = copy_of(small_case, tmp_path / "case")
    (case / "case.toml").write_bytes(b"this is = not [toml")
    told(forensics("verify", case), INTEGRITY_BROKEN, place="case.toml")
    with pytest.raises(ForensicsError, match=r"case\.toml"):
        open_case(case)


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """A file system of its own, or a skip where this account may not mount one."""
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(place)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this account may not mount a small file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def whole(once: Once) -> tuple[Path, int]:
    """A source, and the kilobytes that its case comes to; on the way there it takes more."""
    folder = once("bad-input-whole", lambda at: examined(at / "case", lay_mail(at / "source", messages=400)))
    return folder / "source", sum(path.stat().st_size for path in (folder / "case").rglob("*")) >> 10


@pytest.mark.parametrize("tenths", [1, 5, 7, 9])
def test_a_disk_that_is_full_at_any_station_is_told_and_the_same_command_goes_on(
    whole: tuple[Path, int], tmp_path: Path, tenths: int
) -> None:
    source, needed = whole
    with small_disk(tmp_path / "disk", f"{needed * tenths // 10}k") as disk:
        case = disk / "case"
        done = forensics("examine", source, "--case", case)
        told(done, FAILED, "no space left", "again", place=disk)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        again = forensics("examine", source, "--case", case)
        assert again.returncode == DONE, again.stderr
        sound(case)
        assert rows(case, "SELECT count(*) AS n FROM message")[0]["n"] == 403


def test_the_sources_are_as_they_were(tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (ROOT / "sample_data").rglob("*")}
    examined(tmp_path / "case", ROOT / "sample_data" / "case" / "eml")
    assert {path: path.stat().st_mtime_ns for path in (ROOT / "sample_data").rglob("*")} == before
