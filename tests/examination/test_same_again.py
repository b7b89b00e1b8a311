"""The same input gives the same bytes: a second time, with other workers, in another case; a rerun adds nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from forensics import canonical
from forensics.examination.parsing import parse
from forensics.examination.timelining import timeline
from tests.examination.cases import (
    ATTACHED,
    SAMPLES,
    copy_of,
    examined,
    files_of,
    lay_mail,
    lines,
    mail,
    mbox,
    newer,
    open_case,
    rows,
    sound,
    stored_files,
)


def manifest(case: Path, evidence: str = "EV-0001") -> Any:
    return canonical.decode((case / "records" / f"{evidence}.json").read_bytes())


def test_a_second_parse_and_a_second_timeline_give_the_same_bytes(sample_case: Path, tmp_path: Path) -> None:
    case = copy_of(sample_case, tmp_path / "case")
    before = files_of(case, "records", "timeline", "content")
    with open_case(case) as examination:
        assert [each.identical for each in parse(examination, again=True)] == [True, True, True, True]
        assert not timeline(examination, again=True).unchanged
    assert files_of(case, "records", "timeline", "content") == before
    sound(case)


def test_one_worker_and_two_workers_give_the_same_bytes(sample_case: Path, tmp_path: Path) -> None:
    one = tmp_path / "one"
    examined(one, SAMPLES, workers=1)
    for evidence in ("EV-0001", "EV-0002", "EV-0003"):
        assert manifest(one, evidence) == manifest(sample_case, evidence)
    assert files_of(one, "records", "timeline", "content") == files_of(sample_case, "records", "timeline", "content")


def test_a_store_that_is_cut_into_ranges_is_the_same_with_one_worker_or_more(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    padding = b"".join(b"%06d of many lines that only take up room\r\n" % n for n in range(25_000))
    (source / "large.mbox").write_bytes(
        b"".join(b"From a@example.jp Mon Jun  1 10:00:00 2026\n" + mail(n) + padding + b"\n" for n in range(20))
    )
    made = []
    for workers in (1, 3):
        case = tmp_path / f"with-{workers}"
        examined(case, source, workers=workers)
        made.append(files_of(case, "records", "timeline", "content"))
    assert made[0] == made[1]
    assert len({name for name in made[0] if name.startswith("records/message/")}) > 1
    assert rows(tmp_path / "with-1", "SELECT count(*) AS n FROM message")[0]["n"] == 20


def test_a_case_tells_nothing_of_the_zone_or_the_hash_seed_of_the_session(tmp_path: Path) -> None:
    from tests.examination.cases import forensics

    source = lay_mail(tmp_path / "source")
    made = []
    for zone, seed in (("Asia/Tokyo", "1"), ("America/St_Johns", "2")):
        case = tmp_path / seed
        done = forensics("examine", source, "--case", case, env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed})
        assert done.returncode == 0, done.stderr
        made.append(files_of(case, "records", "timeline", "content"))
    assert made[0] == made[1]


def test_examine_of_an_unchanged_source_adds_nothing_but_the_line_of_the_verification(tmp_path: Path) -> None:
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    examined(case, source)
    before, count = files_of(case, "evidence", "content", "records", "timeline", "reports"), len(lines(case))
    again = examined(case, source)
    assert newer(case, count) == ["verify done"]
    assert files_of(case, "evidence", "content", "records", "timeline", "reports") == before
    assert [each.state for each in again.acquired] == ["unchanged"]
    assert all(each.unchanged for each in (*again.parsed, again.timeline, *again.reports))


def test_examine_of_the_unchanged_sample_with_its_image_adds_nothing_either(sample_case: Path, tmp_path: Path) -> None:
    case = copy_of(sample_case, tmp_path / "case")
    before, count = files_of(case, "evidence", "content", "records", "timeline", "reports"), len(lines(case))
    again = examined(case, SAMPLES)
    assert newer(case, count) == ["verify done"]
    assert files_of(case, "evidence", "content", "records", "timeline", "reports") == before
    assert [each.evidence for each in again.acquired] == ["EV-0001", "EV-0002", "EV-0003", "EV-0004"]


@pytest.mark.parametrize("change", ["content", "added", "removed", "renamed"])
def test_a_changed_source_is_a_new_item_and_the_old_one_stays(tmp_path: Path, change: str) -> None:
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    examined(case, source)
    before, count = files_of(case, "evidence/EV-0001", "records"), len(lines(case))
    if change == "content":
        (source / "archive.mbox").write_bytes(mbox(range(1, 8)))
    elif change == "added":
        (source / "late.eml").write_bytes(ATTACHED)
    elif change == "removed":
        (source / "見積.eml").unlink()
    else:
        (source / "archive.mbox").rename(source / "renamed.mbox")
    again = examined(case, source)
    assert [(each.evidence, each.state) for each in again.acquired] == [("EV-0002", "acquired")]
    assert again.acquired[0].changes
    assert {each.evidence: each.unchanged for each in again.parsed} == {"EV-0001": True, "EV-0002": False}
    assert newer(case, count)[:2] == ["acquire begun", "acquire finished"]
    assert files_of(case, "evidence/EV-0001", "records").items() >= before.items()
    sound(case)
    assert [each.state for each in examined(case, source).acquired] == ["unchanged"]


def test_a_source_that_changes_back_is_acquired_once_more(tmp_path: Path) -> None:
    """The newest item decides: the source is not what was taken last, whatever it was before."""
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    for text in (ATTACHED, mail(77), ATTACHED):
        (source / "見積.eml").write_bytes(text)
        examined(case, source)
    hashes = {address[:7]: sha256 for address, path, sha256 in stored_files(case) if path == "見積.eml"}
    assert len(hashes) == 3
    assert hashes["EV-0001"] == hashes["EV-0003"] != hashes["EV-0002"]


def test_two_sources_are_two_items_and_one_that_changed_leaves_the_other_alone(tmp_path: Path) -> None:
    first, second = lay_mail(tmp_path / "first"), lay_mail(tmp_path / "second", messages=2)
    case = tmp_path / "case"
    examined(case, first, second)
    (second / "archive.mbox").write_bytes(mbox([9]))
    again = examined(case, first, second)
    assert [(each.evidence, each.state) for each in again.acquired] == [
        ("EV-0001", "unchanged"),
        ("EV-0003", "acquired"),
    ]
    assert examined(case, second, first).exit_code == 0
    sound(case)


def test_a_part_that_is_gone_or_changed_is_made_again(tmp_path: Path) -> None:
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    examined(case, source)
    before = files_of(case, "records", "timeline", "reports")
    next((case / "records" / "message").iterdir()).unlink()
    with open_case(case) as examination:
        parse(examination)
    assert files_of(case, "records", "timeline", "reports") == before
    (case / "timeline" / "events.parquet").unlink()
    with open_case(case) as examination:
        timeline(examination)
    assert files_of(case, "records", "timeline", "reports") == before
    sound(case)
