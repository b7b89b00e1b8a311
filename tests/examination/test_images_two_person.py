"""A disk image in a case under two-person control: its stores are acquired, and nothing of them lies about in clear."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile import two_person
from forensics.examination.conductor import Examination
from forensics.examination.examining import examine
from tests.casefile.two_people import people_toml
from tests.examination.cases import lines, rows, station
from tests.examination.test_two_person import LETTER, PLAIN, _office, _readable
from tests.tools import images


def test_the_mail_of_an_image_passes_through_a_sealed_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    remove = shutil.rmtree

    def keep_spools(path: Path, *given: Any, **named: Any) -> None:
        if ".images" not in Path(path).parts:
            remove(path, *given, **named)

    monkeypatch.setattr(shutil, "rmtree", keep_spools)
    office = _office(tmp_path)
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "letter.eml").write_bytes(LETTER)
    (mail / "box.mbox").write_bytes(b"From a@example.jp Mon Jun  1 10:00:00 2026\n" + PLAIN + b"\n")
    image = images.ext4(tmp_path / "disk.dd", mail)
    people = two_person.declared(people_toml(office.sato, office.tanaka))
    with Examination.create(office.case, {"title": "架空の件"}, station(), people) as examination:
        done = examine(examination, (image,))
    assert done.failed == ()
    assert {line.value["params"].get("parent") for line in lines(office.case) if line.act == "acquire"} == {
        "",
        "EV-0001/000001",
    }
    assert sorted(each["subject"] for each in rows(office.case, "SELECT subject FROM message")) == [
        "plain",
        "with a file",
    ]
    spooled = [path for path in (office.case / "evidence/.images").rglob("*.bin") if path.is_file()]
    assert len(spooled) == 2
    assert _readable(office.case, scratch) == []
    assert _readable(mail) != []
