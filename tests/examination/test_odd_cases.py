"""Sources and circumstances that nobody plans for, taken the whole way."""

from __future__ import annotations

import os
from pathlib import Path

from forensics.casefile.view import CaseView
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
