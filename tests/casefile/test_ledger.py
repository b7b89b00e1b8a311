"""The ledger: what it promises of a chain, what a crash may leave, and that no changed bit goes unseen."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from forensics import canonical
from forensics.casefile import ledger as ledger_module
from forensics.casefile import merkle
from forensics.casefile.acts import Act, Phase
from forensics.casefile.chain import check
from forensics.casefile.ledger import BATCH, NO_PREVIOUS, Entry, Ledger, entry_id, read_head, read_lines, torn_tails
from forensics.errors import ForensicsError, LedgerError, UsageError

CASE = "019a0000-0000-7000-8000-000000000001"
_NOW = 1_780_275_792 * 10**9


def _entry(number: int = 1, **more: Any) -> Entry:
    given: dict[str, Any] = {"act": Act.PARSE, "phase": Phase.BEGUN, "step": f"step {number}", "ts_ns": _NOW + number}
    return Entry(**{**given, **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ledger of three lines."""
    with Ledger(tmp_path / "ledger", CASE) as ledger:
        for number in (1, 2, 3):
            ledger.append(_entry(number, why="なぜ"))
    return tmp_path / "ledger"


def _events(folder: Path) -> Path:
    return folder / "events.jsonl"


def test_every_line_names_the_hash_of_the_line_before_it(folder: Path) -> None:
    previous = NO_PREVIOUS
    for number, raw in enumerate(_events(folder).read_bytes().splitlines(), start=1):
        value = json.loads(raw)
        assert (value["prev"], value["seq"], value["case"], value["v"]) == (previous, number, CASE, 2)
        assert raw == canonical.encode(value)
        previous = hashlib.sha256(raw).hexdigest()
    data = _events(folder).read_bytes()
    assert read_head(folder) == {"lines": 3, "sha256": previous, "size": len(data)}
    assert check(folder, CASE) == []


def test_a_ledger_goes_on_where_it_ended(folder: Path) -> None:
    with Ledger(folder, CASE) as ledger:
        line = ledger.append(_entry(4))
        assert ledger.head == {"lines": 4, "sha256": line.sha256, "size": _events(folder).stat().st_size}
    assert [line.number for line in read_lines(folder)] == [1, 2, 3, 4]
    assert check(folder, CASE) == []


def test_what_an_entry_does_not_say_does_not_stand_in_its_line(folder: Path) -> None:
    last = list(read_lines(folder))[-1]
    assert set(last.value) == {"v", "case", "seq", "id", "prev", "ts_ns", "act", "phase", "step", "why"}
    assert (last.act, last.phase) == ("parse", "begun")


def test_false_and_zero_are_said_and_only_emptiness_is_left_out(tmp_path: Path) -> None:
    with Ledger(tmp_path, CASE) as ledger:
        value = ledger.append(_entry(params={"again": False, "count": 0}, result={})).value
    assert value["params"] == {"again": False, "count": 0}
    assert "result" not in value


def test_an_id_is_a_uuid_of_version_seven_that_begins_with_the_time() -> None:
    first, second = entry_id(_NOW), entry_id(_NOW)
    assert first != second
    assert int(first.replace("-", "")[:12], 16) == _NOW // 1_000_000
    assert (first[14], first[19] in "89ab") == ("7", True)


# -- after a crash ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_torn_tail_is_set_aside_whole_and_the_chain_goes_on(folder: Path, cut: int) -> None:
    whole = _events(folder).read_bytes()
    tail = whole.splitlines()[-1][:cut]
    with _events(folder).open("ab") as handle:
        handle.write(tail)
    assert check(folder, CASE)[0].what == "the last line is cut short"
    assert len(list(read_lines(folder))) == 3
    with Ledger(folder, CASE) as ledger:
        assert torn_tails(folder) == (ledger.set_aside,)
        assert (folder / "torn" / ledger.set_aside).read_bytes() == tail
        assert _events(folder).read_bytes() == whole
        ledger.append(_entry(4, act=Act.ANOMALY, phase=Phase.DONE))
    assert check(folder, CASE) == []
    with Ledger(folder, CASE) as ledger:
        assert ledger.set_aside == ""


def test_a_head_that_is_one_line_behind_is_caught_up(folder: Path) -> None:
    behind = (folder / "head").read_bytes()
    with Ledger(folder, CASE) as ledger:
        ledger.append(_entry(4))
    new = (folder / "head").read_bytes()
    (folder / "head").write_bytes(behind)
    assert check(folder, CASE)
    with Ledger(folder, CASE) as ledger:
        assert ledger.head["lines"] == 4
    assert (folder / "head").read_bytes() == new
    assert check(folder, CASE) == []


def test_a_lost_head_is_made_again_from_lines_that_follow_each_other(folder: Path) -> None:
    (folder / "head").unlink()
    with Ledger(folder, CASE) as ledger:
        assert ledger.head["lines"] == 3
    assert check(folder, CASE) == []


@pytest.mark.parametrize("line", [b"not JSON", b"{}", b"[]", b'{"prev":[],"seq":4}', b""])
def test_a_line_behind_the_head_that_does_not_follow_is_refused(folder: Path, line: bytes) -> None:
    with _events(folder).open("ab") as handle:
        handle.write(line + b"\n")
    with pytest.raises(LedgerError, match="does not follow"), Ledger(folder, CASE):
        pass
    with pytest.raises(LedgerError), Ledger(folder, CASE):
        pass  # the lock was given back, so that this is not a UsageError


def test_a_head_that_is_ahead_of_the_lines_is_refused(folder: Path) -> None:
    lines = _events(folder).read_bytes().splitlines(keepends=True)
    _events(folder).write_bytes(b"".join(lines[:2]))
    with pytest.raises(LedgerError, match="lines are missing"), Ledger(folder, CASE):
        pass
    assert check(folder, CASE)


def test_a_last_line_that_is_not_the_one_in_the_head_is_refused(folder: Path) -> None:
    data = _events(folder).read_bytes()
    _events(folder).write_bytes(data.replace(b"step 3", b"step 4"))
    with pytest.raises(LedgerError, match="not the one its head names"), Ledger(folder, CASE):
        pass


_NO_HEADS = [b"", b"{", b"[]", b"{}"]
_NO_HEADS += [b'{"lines":%b,"sha256":"","size":1}' % lines for lines in (b'"3"', b"true", b"1.0", b"null")]


@pytest.mark.parametrize("head", _NO_HEADS)
def test_a_head_that_is_none_is_a_broken_ledger_and_no_traceback(folder: Path, head: bytes) -> None:
    (folder / "head").write_bytes(head)
    with pytest.raises(LedgerError), Ledger(folder, CASE):
        pass
    assert check(folder, CASE)[-1].place == "ledger/head"


@pytest.mark.parametrize("written", [0, 1, 50])
def test_a_line_that_a_full_disk_cut_short_does_not_spoil_the_next(
    folder: Path, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[:written])
        raise OSError(errno.ENOSPC, "no space left")

    with Ledger(folder, CASE) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(ledger_module, "write_all", full)
            with pytest.raises(OSError, match="no space"):
                ledger.append(_entry(4))
        ledger.append(_entry(5, phase=Phase.FAILED))
    assert check(folder, CASE) == []
    assert [line.value["step"] for line in read_lines(folder)][-1] == "step 5"


def test_line_head_and_folder_reach_the_disk_in_the_order_that_a_power_cut_cannot_break(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    write, fsync, replace = os.write, os.fsync, Path.replace
    names = lambda descriptor: os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: E731
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell the name behind a descriptor")
    monkeypatch.setattr(os, "write", lambda fd, data: (done.append(f"write {names(fd)}"), write(fd, data))[1])
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append(f"sync {names(fd)}"), fsync(fd))[1])
    monkeypatch.setattr(Path, "replace", lambda a, b: (done.append(f"rename {a.name} {b.name}"), replace(a, b))[1])
    with Ledger(folder, CASE) as ledger:
        done.clear()
        ledger.append(_entry(4))
    assert done == [
        "write events.jsonl",
        "sync events.jsonl",
        "write head.new",
        "sync head.new",
        "rename head.new head",
        "sync ledger",
    ]


# -- many lines at once -------------------------------------------------------------------------------------------


def _many(first: int, count: int) -> list[Entry]:
    return [_entry(number, why="なぜ") for number in range(first, first + count)]


def test_many_lines_are_the_lines_that_one_by_one_would_have_written(folder: Path) -> None:
    with Ledger(folder, CASE) as ledger:
        lines = ledger.append_many(_many(4, 2 * BATCH + 5))
        assert ledger.append_many([]) == []
        assert ledger.head["lines"] == lines[-1].number == 2 * BATCH + 8
    assert check(folder, CASE) == []
    assert [line.sha256 for line in read_lines(folder)][3:] == [line.sha256 for line in lines]


def test_a_batch_shares_one_fsync_and_all_of_them_one_head(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, head = os.fsync, ledger_module.write_head
    with Ledger(folder, CASE) as ledger:
        events = ledger._fd
        monkeypatch.setattr(os, "fsync", lambda fd: (done.append("sync") if fd == events else None, fsync(fd))[1])
        monkeypatch.setattr(ledger_module, "write_head", lambda *given: (done.append("head"), head(*given))[1])
        ledger.append_many(_many(4, BATCH + 1))
    assert done == ["sync", "sync", "head"]


@pytest.mark.parametrize("whole", [0, 1, 57, BATCH])
@pytest.mark.parametrize("torn", [0, 1, 60])
def test_a_crash_in_a_batch_keeps_the_lines_that_reached_the_disk(folder: Path, whole: int, torn: int) -> None:
    behind, before = (folder / "head").read_bytes(), _events(folder).read_bytes()
    with Ledger(folder, CASE) as ledger:
        ledger.append_many(_many(4, BATCH))
    written = _events(folder).read_bytes()[len(before) :].splitlines(keepends=True)
    kept = b"".join(written[:whole]) + (written[whole][:torn] if whole < BATCH else b"")
    _events(folder).write_bytes(before + kept)
    (folder / "head").write_bytes(behind)
    with Ledger(folder, CASE) as ledger:
        assert ledger.head["lines"] == 3 + whole
        assert bool(ledger.set_aside) is (torn > 0 and whole < BATCH)
    assert check(folder, CASE) == []


def test_pages_that_never_reached_the_disk_are_set_aside_with_all_that_follows_them(folder: Path) -> None:
    behind, before = (folder / "head").read_bytes(), _events(folder).read_bytes()
    with Ledger(folder, CASE) as ledger:
        lines = ledger.append_many(_many(4, BATCH))
    data = bytearray(_events(folder).read_bytes())
    page = slice(8192, 12288)
    assert page.start > len(before)
    data[page] = bytes(4096)
    _events(folder).write_bytes(data)
    (folder / "head").write_bytes(behind)
    with Ledger(folder, CASE) as ledger:
        kept = ledger.head["lines"]
        assert 3 < kept < 3 + BATCH
        assert ledger.head["sha256"] == lines[kept - 4].sha256
        assert ledger.set_aside
    assert check(folder, CASE) == []


def test_no_power_cut_in_a_batch_loses_an_acknowledged_line_or_keeps_the_ledger_from_opening(folder: Path) -> None:
    behind, before = (folder / "head").read_bytes(), _events(folder).read_bytes()
    with Ledger(folder, CASE) as ledger:
        ledger.append_many([_entry(number, params={"x": "y" * number}) for number in range(BATCH)])
    whole = _events(folder).read_bytes()
    chance = random.Random(4)
    pages = range(len(before) // 4096 + 1, len(whole) // 4096 + 1)
    for _ in range(250):
        data = bytearray(whole[: chance.randrange(len(before), len(whole) + 1)])
        for page in (each for each in pages if chance.random() < 0.3):
            data[page * 4096 : (page + 1) * 4096] = bytes(len(data[page * 4096 : (page + 1) * 4096]))
        if chance.random() < 0.3:
            data[len(before) : 4096] = bytes(len(data[len(before) : 4096]))
        _events(folder).write_bytes(data)
        (folder / "head").write_bytes(behind)
        with Ledger(folder, CASE):
            pass
        assert _events(folder).read_bytes().startswith(before)
        assert check(folder, CASE) == []


def test_a_full_disk_takes_the_whole_batch_back_and_leaves_those_before_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = iter((True, False, True, True, True))  # the second batch fails; the head and the next line do not

    def full(descriptor: int, data: bytes) -> None:
        good = next(batches)
        os.write(descriptor, data if good else data[:1000])
        if not good:
            raise OSError(errno.ENOSPC, "no space left")

    with Ledger(folder, CASE) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(ledger_module, "write_all", full)
            with pytest.raises(OSError, match="no space"):
                ledger.append_many(_many(4, 2 * BATCH))
        assert read_head(folder) == ledger.head
        assert ledger.head["lines"] == 3 + BATCH
        ledger.append(_entry(1, phase=Phase.FAILED))
    assert check(folder, CASE) == []


def test_the_root_is_that_of_the_tree_over_the_raw_lines(folder: Path) -> None:
    def expected() -> bytes:
        return merkle.root([merkle.leaf_hash(raw) for raw in _events(folder).read_bytes().split(b"\n")[:-1]])

    with Ledger(folder, CASE) as ledger:
        assert ledger.root == expected()
        ledger.append(_entry(4))
        ledger.append_many(_many(5, 7))
        assert ledger.root == expected()


# -- versions -----------------------------------------------------------------------------------------------------


def _lines_of(folder: Path, *values: dict[str, Any]) -> None:
    """A ledger of these lines, chained, with its head."""
    previous, data = NO_PREVIOUS, b""
    for number, value in enumerate(values, start=1):
        whole = {"case": CASE, "seq": number, "id": f"{number}", "prev": previous, "ts_ns": _NOW, "step": "s", **value}
        raw = canonical.encode(whole)
        previous, data = hashlib.sha256(raw).hexdigest(), data + raw + b"\n"
    folder.mkdir(exist_ok=True)
    _events(folder).write_bytes(data)
    (folder / "head").write_bytes(canonical.encode({"lines": len(values), "sha256": previous, "size": len(data)}))


_V1 = {"v": 1, "act": "parse", "phase": "begun"}
_V2 = {"v": 2, "act": "seal", "phase": "begun"}


def test_lines_of_version_one_are_read_and_followed_by_those_of_version_two(tmp_path: Path) -> None:
    _lines_of(tmp_path, _V1, _V1)
    with Ledger(tmp_path, CASE) as ledger:
        ledger.append(_entry(3, act=Act.SEAL, clock={"offset_ms": 3}, place="東京"))
    assert check(tmp_path, CASE) == []
    assert [line.value["v"] for line in read_lines(tmp_path)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ((_V2, _V1), "a line before it has version 2"),
        (({**_V2, "v": 1},), "not on the list of version 1"),
        (({**_V2, "v": 3},), "its version 3 is not one of 1, 2"),
        (({**_V1, "v": True},), "its version True"),
        (({**_V2, "act": "invented"},), "not on the list of version 2"),
    ],
)
def test_a_version_that_falls_back_or_knows_no_such_act_is_named(
    tmp_path: Path, lines: tuple[dict[str, Any], ...], what: str
) -> None:
    _lines_of(tmp_path, *lines)
    assert what in check(tmp_path, CASE)[0].what


# -- one writer ---------------------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_with_a_sentence(folder: Path) -> None:
    with Ledger(folder, CASE), pytest.raises(UsageError, match="another process") as caught, Ledger(folder, CASE):
        pass
    assert caught.value.todo
    with Ledger(folder, CASE):
        pass


def test_a_writer_in_another_process_is_refused_and_a_killed_one_is_not_in_the_way(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from forensics.casefile.ledger import Ledger\n"
        f"with Ledger(Path(sys.argv[1]), {CASE!r}): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UsageError), Ledger(folder, CASE):
            pass
        other.kill()
        other.wait()
    with Ledger(folder, CASE) as ledger:
        assert ledger.head["lines"] == 3


# -- changes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["events.jsonl", "head"])
def test_check_finds_every_single_bit_that_is_flipped(tmp_path: Path, name: str) -> None:
    folder, path = tmp_path, tmp_path / name
    with Ledger(folder, CASE) as ledger:
        ledger.append(_entry(1))
        ledger.append(_entry(2, why="なぜ"))
    data = path.read_bytes()
    unseen = []
    for at in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[at] ^= 1 << bit
            path.write_bytes(changed)
            if not check(folder, CASE):
                unseen.append((at, bit))
    assert unseen == []


def test_check_finds_lines_taken_away_doubled_or_changed_round(folder: Path) -> None:
    a, b, c = _events(folder).read_bytes().splitlines(keepends=True)
    for changed in ((a, b), (b, c), (a, c), (a, b, c, c), (b, a, c), (a, b, c[:-1]), (a, b"\n", b, c), ()):
        _events(folder).write_bytes(b"".join(changed))
        assert check(folder, CASE), changed
    _events(folder).unlink()
    assert check(folder, CASE)


def test_check_finds_a_line_of_another_case_and_an_act_that_is_not_on_the_list(folder: Path) -> None:
    assert "belongs to another case" in check(folder, "another")[0].what
    _rewrite(folder, {"act": "invented"})
    assert "not on the list" in check(folder, CASE)[0].what


@pytest.mark.parametrize("change", [{"act": []}, {"act": {}}, {"phase": None}, {"ts_ns": "x"}, {"seq": "3"}, {"v": 1.5},
                                    {"why": "\ud800"}])  # fmt: skip
def test_check_names_even_what_no_ledger_could_have_written(folder: Path, change: dict[str, Any]) -> None:
    _rewrite(folder, change)
    found = check(folder, CASE)
    assert found
    assert all(each.place.startswith("ledger/") for each in found)


def test_check_reads_numbers_of_any_length(folder: Path) -> None:
    with _events(folder).open("ab") as handle:
        handle.write(b"1" * 10_000 + b"\n")
    assert "line 4" in check(folder, CASE)[0].place


def test_read_lines_stops_with_the_number_of_a_line_that_cannot_be_read(folder: Path) -> None:
    _events(folder).write_bytes(_events(folder).read_bytes() + b"garbage\n")
    with pytest.raises(LedgerError, match="line 4"):
        list(read_lines(folder))


def _rewrite(folder: Path, change: dict[str, Any]) -> None:
    """Change the last line and re-chain the head, as one would who wants it to hold."""
    *before, last = _events(folder).read_bytes().splitlines(keepends=True)
    text = json.dumps({**json.loads(last), **change}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    raw = text.encode("utf-8", "backslashreplace")
    _events(folder).write_bytes(b"".join(before) + raw + b"\n")
    size = _events(folder).stat().st_size
    head = {"lines": 3, "sha256": hashlib.sha256(raw).hexdigest(), "size": size}
    (folder / "head").write_bytes(canonical.encode(head))


def test_a_ledger_error_ends_with_its_own_exit_code() -> None:
    assert LedgerError("x").exit_code == 5
    assert issubclass(LedgerError, ForensicsError)
