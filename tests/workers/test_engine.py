"""One bad job costs that job only, ends with the right cause, and its neighbours do not notice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from forensics.errors import InterruptedWork, UsageError
from forensics.workers import Job, Limits, LocalEngine, Outcome, frames, slot

LIMITS = Limits(wall=20.0, cpu=10)


def job(name: str, spool: Path, *reads: Path, limits: Limits | None = None, **args: Any) -> Job:
    return Job(call=f"tests.workers.jobs:{name}", args=args, reads=reads, spool=spool, limits=limits)


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with LocalEngine(2, LIMITS, ("tests.workers.jobs",)) as running:
        yield running


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    place = tmp_path / "spool"
    place.mkdir()
    return place


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    file = tmp_path / "evidence" / "000001.bin"
    file.parent.mkdir()
    file.write_bytes(b"as it was found")
    return file


def run(engine: LocalEngine, job: Job) -> Outcome:
    return engine.submit(job).result(timeout=60)


def test_a_job_gets_its_arguments_and_its_answer_comes_back(engine: LocalEngine, spool: Path) -> None:
    outcome = run(engine, job("echo", spool, subject="請求書", sizes=[1, 2.5, None, True]))
    assert outcome.value == {"subject": "請求書", "sizes": [1, 2.5, None, True]}
    assert (outcome.cause, outcome.detail) == ("", "")
    assert outcome.usage.memory > 0


def test_a_job_reads_its_evidence_and_writes_to_its_spool(engine: LocalEngine, spool: Path, evidence: Path) -> None:
    assert run(engine, job("copy", spool, evidence)).value == {"size": 15}
    assert (spool / "part.bin").read_bytes() == b"as it was found"
    assert run(engine, job("read_below", spool, evidence.parent)).value == {"000001.bin": "as it was found"}


def test_a_path_that_is_not_text_reaches_the_job(engine: LocalEngine, spool: Path, tmp_path: Path) -> None:
    file = tmp_path / "\udc83\udc81\udc81[\udc83\udc8b.mbox"
    file.write_bytes(b"From ")
    assert run(engine, job("copy", spool, file)).value == {"size": 5}


def test_a_job_starts_in_minimal_and_constant_surroundings(
    engine: LocalEngine, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "of the examiner")
    with LocalEngine(1, LIMITS) as other:
        first, second = run(other, job("surroundings", spool)).value, run(engine, job("surroundings", spool)).value
    assert first is not None
    assert second is not None
    assert "SECRET" not in first["environment"]
    assert (first["environment"]["TZ"], first["environment"]["LC_ALL"]) == ("UTC", "C.UTF-8")
    assert first["hash"] == second["hash"]
    assert first["cwd"] == str(spool)
    assert first["files"] == [0, 1, 2, 3]
    assert first["pid"] != second["pid"]


CONTAINED = [
    ("crash", {}, "signal 11", "Segmentation fault"),
    ("abort", {}, "signal 6", "Aborted"),
    ("hang", {"limits": Limits(wall=0.2)}, "timeout", "not done after 0.2 seconds"),
    ("spin", {"limits": Limits(cpu=1)}, "cpu", "more than 1 seconds of processor time"),
    ("swell", {}, "memory", "MemoryError"),
    ("swell_natively", {}, "memory", "bad_alloc"),
    ("fill_disk", {"size": 1 << 30, "limits": Limits(file_size=1 << 20)}, "error", "File too large"),
    ("fork", {}, "error", "PermissionError"),
    ("execute", {}, "error", "PermissionError"),
    ("call_out", {}, "error", "PermissionError"),
    ("kill_parent", {}, "error", "PermissionError"),
    ("write_outside", {}, "error", "PermissionError"),
    ("overwrite", {}, "error", "PermissionError"),
    ("delete", {}, "error", "PermissionError"),
    ("touch", {}, "error", "PermissionError"),
    ("link_out", {}, "error", "PermissionError"),
    ("link_evidence", {}, "error", "PermissionError"),
    ("raise_limits", {}, "error", "Error"),
    ("answer_at_length", {"size": 65 << 20}, "reply", "more than the 67108864 allowed"),
    ("answer_at_length", {"size": 5000, "limits": Limits(reply=4096)}, "reply", "more than the 4096 allowed"),
    ("answer_wrongly", {}, "reply", "PosixPath"),
    ("claim", {"length": 1 << 31, "tag": frames.VALUE, "body": "{"}, "reply", "2147483648 bytes"),
    ("claim", {"length": 100, "tag": frames.VALUE, "body": "{"}, "reply", "broke off"),
    ("claim", {"length": 2, "tag": frames.END, "body": "{}"}, "reply", "unknown kind"),
    ("claim", {"length": 2, "tag": frames.VALUE, "body": "{}" * 2}, "reply", "broke off"),
    ("claim", {"length": 2, "tag": frames.VALUE, "body": "{}\0\0\0\2V{}"}, "reply", "more than one answer"),
    ("claim", {"length": 5, "tag": frames.VALUE, "body": "{'a':"}, "reply", "not the JSON"),
    ("claim", {"length": 4, "tag": frames.VALUE, "body": "null"}, "reply", "object was expected"),
    ("claim", {"length": 13, "tag": frames.VALUE, "body": '{"a":1,"a":2}'}, "reply", "twice"),
    ("claim", {"length": 2, "tag": frames.FAILURE, "body": "{}"}, "reply", "text"),
    ("claim", {"length": 2, "tag": frames.VALUE, "body": "{}", "status": 3}, "reply", "status 3"),
    ("claim", {"length": 9, "tag": frames.VALUE, "body": "{", "wait": True, "limits": Limits(wall=0.2)}, "timeout", ""),
    ("flood", {"limits": Limits(wall=0.3)}, "timeout", ""),
    ("leave", {}, "error", "SystemExit"),
    ("recurse", {}, "error", "RecursionError"),
    ("refuse", {}, "error", "FormatError: the header is torn"),
    ("not_there", {}, "error", "AttributeError"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "cause", "said"), CONTAINED, ids=lambda value: str(value)[:30])
def test_what_a_hostile_job_does_is_contained_and_named(
    engine: LocalEngine, spool: Path, evidence: Path, name: str, args: dict[str, Any], cause: str, said: str
) -> None:
    bad = engine.submit(job(name, spool, evidence, **args))
    good = [engine.submit(job("echo", spool, number=number)) for number in range(4)]
    outcome = bad.result(timeout=60)
    assert outcome.cause == cause, outcome.detail
    assert said in outcome.detail
    assert outcome.value is None
    assert [each.result(timeout=60).value for each in good] == [{"number": number} for number in range(4)]
    assert evidence.read_bytes() == b"as it was found"
    assert evidence.stat().st_mtime != 0
    assert not list(spool.parent.glob("outside"))


def test_after_a_crash_the_item_is_known(engine: LocalEngine, spool: Path) -> None:
    outcome = run(engine, job("items", spool, count=500, fatal=321))
    assert (outcome.cause, outcome.at) == ("signal 11", "item 321")
    assert run(engine, job("hang", spool, limits=Limits(wall=0.2))).at == "before the silence"
    assert run(engine, job("swell", spool)).at == "the bomb"
    assert run(engine, job("echo", spool)).at == ""


def test_last_words_are_kept_without_what_a_terminal_would_obey(engine: LocalEngine, spool: Path) -> None:
    outcome = run(engine, job("chatter", spool))
    assert outcome.cause == "reply"
    assert outcome.detail.splitlines()[-1] == "last words \\x1b]52;c;x\\x07\\xff"
    assert len(outcome.detail.splitlines()) == 21


def test_progress_is_heard_and_rationed(engine: LocalEngine, spool: Path) -> None:
    heard: list[dict[str, Any]] = []
    engine.submit(job("progress", spool, count=20_000), listener=heard.append).result(timeout=60)
    assert heard[0] == {"done": 0}
    assert len(heard) < 200


def test_sixty_jobs_with_bad_ones_among_them_all_come_back(engine: LocalEngine, spool: Path) -> None:
    bad = {7: "crash", 19: "abort", 23: "swell", 31: "refuse", 42: "execute"}
    jobs = [job(bad.get(number, "echo"), spool, number=number) for number in range(60)]
    outcomes = [future.result(timeout=60) for future in [engine.submit(each) for each in jobs]]
    assert [number for number, outcome in enumerate(outcomes) if outcome.cause] == sorted(bad)
    assert [outcome.value for number, outcome in enumerate(outcomes) if number not in bad] == [
        {"number": number} for number in range(60) if number not in bad
    ]


def test_one_worker_and_three_give_the_same(spool: Path) -> None:
    def values(workers: int) -> list[Any]:
        with LocalEngine(workers, LIMITS, ("tests.workers.jobs",)) as engine:
            jobs = [job("crash" if number == 5 else "echo", spool, number=number) for number in range(12)]
            outcomes = [future.result(timeout=60) for future in [engine.submit(each) for each in jobs]]
        return [(outcome.value, outcome.cause, outcome.at, outcome.guards) for outcome in outcomes]

    assert values(1) == values(3)


def test_the_guards_in_force_are_named(engine: LocalEngine, spool: Path) -> None:
    assert "limit on memory" in run(engine, job("echo", spool)).guards
    assert run(engine, job("crash", spool)).guards == run(engine, job("echo", spool)).guards


def test_a_module_that_does_not_exist_costs_its_job_only(engine: LocalEngine, spool: Path) -> None:
    assert "ModuleNotFoundError" in run(engine, Job(call="no.such:thing", spool=spool)).detail
    with LocalEngine(1, LIMITS, ("no.such.module",)) as other:
        assert run(other, job("echo", spool, a=1)).value == {"a": 1}


def test_arguments_that_json_cannot_say_are_the_callers_mistake(engine: LocalEngine, spool: Path) -> None:
    with pytest.raises(frames.BrokenFrame):
        run(engine, job("echo", spool, path=spool))
    assert run(engine, job("echo", spool)).value == {}


def test_a_listener_that_fails_does_not_hang_the_caller(engine: LocalEngine, spool: Path) -> None:
    def fails(progress: dict[str, Any]) -> None:
        raise LookupError("in the caller's own code")

    with pytest.raises(LookupError):
        engine.submit(job("progress", spool, count=10), listener=fails).result(timeout=60)
    assert [run(engine, job("echo", spool, number=n)).value for n in range(4)] == [{"number": n} for n in range(4)]


def test_leaving_the_block_waits_for_what_was_submitted(spool: Path) -> None:
    with LocalEngine(2, LIMITS) as engine:
        futures: list[Future[Outcome]] = [engine.submit(job("echo", spool, number=n)) for n in range(6)]
    assert [future.result(timeout=0).value for future in futures] == [{"number": n} for n in range(6)]


def test_an_engine_without_workers_is_refused() -> None:
    with pytest.raises(UsageError):
        LocalEngine(0, LIMITS)


def test_a_closed_engine_takes_no_more(spool: Path) -> None:
    engine = LocalEngine(1, LIMITS)
    engine.close()
    with pytest.raises(InterruptedWork):
        engine.submit(job("echo", spool))


def test_without_a_process_handle_the_end_of_a_job_is_seen_all_the_same(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forensics.workers.slot._BOOT", f"import os; del os.pidfd_open; {slot._BOOT}")
    with LocalEngine(1, LIMITS) as engine:
        outcomes = [run(engine, job(name, spool, a=1)) for name in ("echo", "crash", "refuse", "chatter", "echo")]
        hung = run(engine, job("hang", spool, limits=Limits(wall=0.2)))
    assert [outcome.cause for outcome in outcomes] == ["", "signal 11", "error", "reply", ""]
    assert hung.cause == "timeout"


def test_thousands_of_files_can_be_read_by_one_job(engine: LocalEngine, spool: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{number:05d}.eml" for number in range(3000)]
    for file in files:
        file.write_bytes(b"x")
    assert run(engine, job("sizes", spool, *files)).value == {"bytes": 3000}


def test_without_fork_the_worker_does_one_job_and_is_replaced(spool: Path, evidence: Path) -> None:
    with LocalEngine(1, LIMITS, mode="inline") as engine:
        assert run(engine, job("copy", spool, evidence)).value == {"size": 15}
        assert run(engine, job("crash", spool)).cause == "lost"
        assert run(engine, job("hang", spool, limits=Limits(wall=0.2))).cause == "timeout"
        assert "FormatError" in run(engine, job("refuse", spool)).detail
        assert run(engine, job("echo", spool, a=1)).value == {"a": 1}
