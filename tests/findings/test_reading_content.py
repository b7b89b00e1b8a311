"""Attachments are read once for a case, and again only when something is different; a file that fails costs itself."""

from __future__ import annotations

import base64
import zipfile
from pathlib import Path

import pytest

from forensics.examination import reading_content
from forensics.examination.finding import find
from forensics.examination.timelining import timeline
from forensics.examination.verifying import verify
from tests.examination.cases import examined, open_case

HEAD = (
    b"From: a@example.jp\r\nTo: b@out.example\r\nSubject: list\r\nDate: Mon, 1 Jun 2026 1%d:00:00 +0900\r\n"
    b"Message-ID: <%d@example.jp>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n--x\r\nContent-Type: application/octet-stream\r\n"
    b'Content-Disposition: attachment; filename="%s"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
)


def lay(folder: Path) -> Path:
    folder.mkdir()
    docx = folder / "x.zip"
    with zipfile.ZipFile(docx, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document><p><t>社外秘の顧客リスト</t></p></document>")
    data = docx.read_bytes()
    docx.unlink()
    for number, (name, content) in enumerate(
        ((b"a.docx", data), (b"again.docx", data), (b"b.csv", "氏名,電話".encode()))
    ):
        text = HEAD % (number, number, name) + base64.encodebytes(content) + b"\r\n--x--\r\n"
        (folder / f"{number}.eml").write_bytes(text)
    return folder


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    examined(folder, lay(tmp_path / "mail"))
    with open_case(folder) as examination:
        timeline(examination)
    return folder


def test_each_attachment_is_read_once_and_only_when_something_changed(case: Path) -> None:
    with open_case(case) as examination:
        find(examination, ["C01"])
        view = examination.view()
        states = view.rows("SELECT kind, state FROM file_content WHERE position = 0 ORDER BY kind")
        assert states == [{"kind": "csv", "state": "open"}, {"kind": "docx", "state": "open"}]
        (text,) = view.rows("SELECT key FROM file_content WHERE contains(text, '社外秘')")
        assert text["key"] == "社外秘の顧客リスト"
        before = len(view.lines)
        find(examination, ["C01"])
        assert len(examination.view().lines) == before
    assert verify(case).exit_code == 0


def test_a_rule_that_asks_nothing_of_files_has_none_read(case: Path) -> None:
    with open_case(case) as examination:
        find(examination, ["T01"])
        assert not (case / "findings" / "content.parquet").exists()


def test_a_file_that_ends_its_worker_costs_itself_alone(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_content, "_MODULE", "tests.findings.doomed_reader")
    with open_case(case) as examination:
        find(examination, ["C01"])
        rows = examination.view().rows("SELECT kind, state, problem FROM file_content WHERE position = 0 ORDER BY kind")
    assert [row["kind"] for row in rows] == ["csv", None]
    assert rows[1]["state"] == "unknown"
    assert "reading it ended" in rows[1]["problem"]
