"""The chosen messages as an Outlook data file: readable by other programs, with every body and attachment as it was."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest

from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError, UsageError
from forensics.examination.reporting import report
from forensics.formats.pst.writer import Party, PstAttachment, PstFolder, PstItem, PstStore, mail, write_pst
from forensics.reports import selection as chosen_messages
from forensics.reports.selection import Selection
from tests.examination.cases import ATTACHED, examined, open_case, sound
from tests.tools.pst_oracles import libpff, pffexport, readpst

_SATO = Party(name="佐藤 健太", address="sato@example.jp")
_TANAKA = Party(name="田中 恵子", address="tanaka@example.jp")
_TIME = 134_000_000_000_000_007
_SHEET = bytes(range(256)) * 200


def _item(subject: str, **more: object) -> PstItem:
    given: dict[str, object] = {
        "sender": _SATO, "to": [_TANAKA], "bcc": [_SATO], "submitted": _TIME, "delivered": _TIME + 10_000_001,
        "created": _TIME + 2, "modified": _TIME + 3, "internet_message_id": f"<{subject}@example.jp>",
        "transport_headers": f"Subject: {subject}\r\nMessage-ID: <{subject}@example.jp>\r\n\r\n",
        "body": f"本文 {subject}\r\n",
        "html": f"<p>{subject}</p>".encode(), "rtf": rb"{\rtf1\ansi hello}",
    }  # fmt: skip
    return mail(subject=subject, **{**given, **more})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("selection")
    sources = folder / "sources"
    sources.mkdir()
    attachments = [PstAttachment(name="見積.xlsx", data=_SHEET), PstAttachment(name="inside", item=_item("inside"))]
    inbox = PstFolder(name="受信トレイ", items=[_item("first", attachments=attachments), _item("second")])
    out = io.BytesIO()
    write_pst(out, PstStore(name="s", folders=[inbox], deleted_items=PstFolder(name="d", items=[_item("third")])))
    (sources / "a.pst").write_bytes(out.getvalue())
    (sources / "b.eml").write_bytes(ATTACHED)
    examined(folder / "case", sources)
    return folder / "case"


def _made(case: Path, **chosen: object) -> Path:
    with open_case(case) as examination:
        (written,) = report(examination, ["pst"], selection=Selection(**chosen) if chosen else None)  # type: ignore[arg-type]
    assert written.files == ("reports/selection.pst", "reports/selection.pst.json")
    return case / "reports" / "selection.pst"


def test_the_usual_reports_do_not_include_it(case: Path) -> None:
    with open_case(case) as examination:
        assert [each.report for each in report(examination)] == ["messages-csv", "timeline-csv", "timeline-html"]
        with pytest.raises(UsageError):
            report(examination, ["timeline-csv"], selection=Selection(where="true"))


def test_libpff_reads_every_message_with_its_times_bodies_and_attachments(case: Path) -> None:
    seen = {one.subject: one for one in libpff(_made(case))}
    assert sorted(seen) == ["first", "second", "third", "with a file"]
    first = seen["first"]
    assert (first.submitted, first.delivered, first.created, first.modified) == (
        _TIME, _TIME + 10_000_001, _TIME + 2, _TIME + 3,
    )  # fmt: skip
    assert (first.body, first.html, first.rtf) == ("本文 first\r\n", b"<p>first</p>", rb"{\rtf1\ansi hello}")
    assert (len(_SHEET), hashlib.sha256(_SHEET).hexdigest()) in first.attachments
    assert "Message-ID: <first@example.jp>" in first.headers
    assert seen["with a file"].attachments == ((10, hashlib.sha256(bytes(range(10))).hexdigest()),)
    sound(case)


def test_reading_the_selection_again_gives_the_same_messages(case: Path, tmp_path: Path) -> None:
    examined(tmp_path / "again", _made(case))
    query = 'SELECT message_id, subject, sender, "to", bcc, date_utc, body_sha256, depth FROM message ORDER BY ALL'
    assert CaseView(tmp_path / "again").rows(query) == CaseView(case).rows(query)
    assert "EV-0001" in CaseView(tmp_path / "again").rows("SELECT string_agg(store_path) AS p FROM message")[0]["p"]


def test_pffexport_and_readpst_read_it_without_complaint(case: Path, tmp_path: Path) -> None:
    made = _made(case)
    assert len(readpst(made, tmp_path / "readpst")) >= 4
    assert len(pffexport(made, tmp_path)["export"]) >= 4


def test_conditions_and_ids_choose(case: Path) -> None:
    seen = libpff(_made(case, where="subject = 'second' OR subject = 'third'"))
    assert sorted(one.subject for one in seen) == ["second", "third"]
    (row,) = CaseView(case).rows("SELECT id FROM message WHERE subject = 'inside'")
    assert [one.subject for one in libpff(_made(case, messages=(row["id"],)))] == ["inside"]
    told = json.loads((case / "reports" / "selection.pst.json").read_text())
    assert [each["id"] for each in told["messages"]] == [row["id"]]


def test_the_same_choice_gives_the_same_bytes(case: Path) -> None:
    first = _made(case, where="subject = 'first'").read_bytes()
    _made(case, where="subject = 'second'")
    assert _made(case, where="subject = 'first'").read_bytes() == first


@pytest.mark.parametrize(
    "condition",
    [
        "id =",
        "1 = 1); SELECT (1",
        "no_such_column = 1",
        "id IN (SELECT content FROM read_text('/etc/passwd'))",
        "false",
    ],
)
def test_a_condition_that_is_none_or_reaches_outside_is_refused(case: Path, condition: str) -> None:
    with open_case(case) as examination, pytest.raises(UsageError):
        report(examination, ["pst"], selection=Selection(where=condition))


def test_too_many_messages_and_unknown_ids_are_refused(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no message 'x'"):
        Selection(messages=("x",)).ids(CaseView(case))
    monkeypatch.setattr(chosen_messages, "MOST", 3)
    with pytest.raises(UsageError, match="takes 3 at the most"):
        Selection().ids(CaseView(case))


def test_content_that_was_changed_is_not_handed_on(case: Path, tmp_path: Path) -> None:
    view = CaseView(case)
    name = hashlib.sha256(_SHEET).hexdigest()
    assert view.content(name) == _SHEET
    path = case / "content" / name[:2] / name
    path.chmod(0o644)
    try:
        path.write_bytes(b"x" + _SHEET[1:])
        with pytest.raises(IntegrityError):
            view.content(name)
    finally:
        path.write_bytes(_SHEET)
