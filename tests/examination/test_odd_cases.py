"""Sources and circumstances that nobody plans for, taken the whole way."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

import pytest

from forensics.casefile.view import CaseView
from forensics.errors import InterruptedWork, UsageError
from forensics.examination.overview import overview
from forensics.examination.setting import converted
from forensics.examination.tasks import Done, Runner, Task
from forensics.workers import Job, Limits
from tests.examination.cases import examined, lay_mail, mail, sound


def test_a_message_that_is_linked_into_two_folders_is_found_in_both(tmp_path: Path) -> None:
    source = lay_mail(tmp_path / "source")
    (source / "Maildir/.Sent/cur").mkdir(parents=True)
    (source / "Maildir/.Sent/new").mkdir()
    name = "1780000009.M1P1.host:2,S"
    (source / "Maildir/cur" / name).write_bytes(mail(50))
    os.link(source / "Maildir/cur" / name, source / "Maildir/.Sent/cur" / name)
    examined(tmp_path / "case", source)
    sql = "SELECT store_path FROM message WHERE message_id = '<50@example.jp>' ORDER BY store_path"
    assert [row["store_path"] for row in CaseView(tmp_path / "case").rows(sql)] == ["Maildir", "Maildir/Sent"]
    sound(tmp_path / "case")


def test_whoever_stops_the_work_does_not_wait_for_the_task_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[BaseException | None] = []

    def hang(runner: Runner, task: Task) -> Done:
        def stop(progress: object) -> None:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

        long = Limits(wall=300.0, cpu=300)
        future = runner.engine.submit(
            Job(call="tests.workers.jobs:linger", spool=runner.work, limits=long), listener=stop
        )
        ended.append(future.exception())
        raise InterruptedWork("the task was ended")

    monkeypatch.setattr(Runner, "run", hang)
    with pytest.raises(KeyboardInterrupt):
        examined(tmp_path / "case", lay_mail(tmp_path / "source"), workers=1)
    assert isinstance(ended[0], InterruptedWork)


def test_a_case_whose_path_is_no_text_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    case = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    with pytest.raises(UsageError, match="not text"):
        examined(case, lay_mail(tmp_path / "source"))
    assert not case.exists()


@pytest.mark.parametrize("number", ["99999", "0", "9" * 5000])
def test_a_code_page_that_does_not_exist_is_refused(number: str) -> None:
    with pytest.raises(UsageError, match="no code page"):
        converted({"code_page": number})
    assert converted({"code_page": "1251"}) == {"code_page": 1251}


def test_links_that_were_not_followed_are_named_in_the_summary_and_in_the_report(tmp_path: Path) -> None:
    source = lay_mail(tmp_path / "source")
    (source / "Maildir/cur/1780000077.M1P1.host").symlink_to("/elsewhere/mail")
    os.mkfifo(source / "pipe")
    examined(tmp_path / "case", source)
    item = overview(CaseView(tmp_path / "case")).evidence[0]
    assert item.special == 2
    assert item.first_special == ("Maildir/cur/1780000077.M1P1.host (link to /elsewhere/mail)", "pipe (fifo)")
    page = (tmp_path / "case/reports/timeline.html").read_text("utf-8")
    assert "not followed) 2" in re.sub("<[^>]*>", "", page)
    assert "1780000077.M1P1.host" in page
