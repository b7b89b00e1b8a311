"""libpff reads the same stores in a worker; what it cannot read is said, what it reads otherwise is named."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.casefile.acts import Act
from forensics.errors import DONE, PARTLY_READ, UsageError
from forensics.examination.second_opinion import opinions, opinions_and_note
from forensics.formats.pst.writer import Crypt, Party, PstAttachment, PstFolder, PstStore, mail, write_pst
from tests.cli.command import here
from tests.examination.cases import examined, lay_mail, lines, open_case, station

_SATO = Party(name="佐藤", address="sato@example.jp")
_TIME = 134_000_000_000_000_000


def _store(crypt: Crypt = Crypt.PERMUTE) -> bytearray:
    inner = mail(subject="inside", sender=_SATO, submitted=_TIME, body="inner")
    attachments = [PstAttachment(name="a.bin", data=b"x" * 9000), PstAttachment(name="inside", item=inner)]
    items = [mail(subject="UNMISTAKABLE", sender=_SATO, submitted=_TIME, body="text", attachments=attachments)]
    out = io.BytesIO()
    write_pst(out, PstStore(name="s", folders=[PstFolder(name="受信トレイ", items=items)], crypt=crypt))
    return bytearray(out.getvalue())


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound store, one whose header libpff refuses, and one with a changed subject in a block."""
    folder = tmp_path_factory.mktemp("opinion")
    sources = folder / "sources"
    sources.mkdir()
    (sources / "a_sound.pst").write_bytes(_store())
    refused = _store()
    refused[100] ^= 1
    (sources / "b_refused.pst").write_bytes(refused)
    altered = bytes(_store(Crypt.NONE))
    assert "UNMISTAKABLE".encode("utf-16-le") in altered
    made = altered.replace("UNMISTAKABLE".encode("utf-16-le"), "UNNOTICEABLE".encode("utf-16-le"))
    (sources / "c_altered.pst").write_bytes(made)
    examined(folder / "case", sources)
    return folder / "case"


def test_what_libpff_cannot_read_is_said_and_is_no_disagreement(case: Path) -> None:
    sound, refused, _ = opinions(case, station()).stores
    assert (sound.path.rpartition("/")[2], sound.items, sound.attachments, sound.only_ours) == ("a_sound.pst", 1, 2, 1)
    assert (sound.disagreements, sound.failed, sound.refused) == ((), "", "")
    assert refused.refused
    assert refused.disagreements == ()
    assert refused.failed == ""


def test_only_disagreements_and_broken_comparisons_end_with_three(case: Path) -> None:
    summary = opinions(case, station())
    sound, refused, altered = summary.stores
    assert replace(summary, stores=(sound, refused)).exit_code == DONE
    assert replace(summary, stores=(replace(sound, differing=1),)).exit_code == PARTLY_READ
    assert replace(summary, stores=(replace(sound, failed="signal 11"),)).exit_code == PARTLY_READ
    assert altered.differing == len(altered.disagreements)


def test_the_result_is_noted_in_the_ledger(case: Path) -> None:
    with open_case(case) as examination:
        summary = opinions_and_note(examination)
    last = lines(case)[-1]
    assert (last.act, last.value["params"]) == (Act.VERIFY, {"second_opinion": "libpff"})
    assert [each["items"] for each in last.value["result"]["stores"]] == [each.items for each in summary.stores]


def test_the_verb_tells_a_person_and_a_program(case: Path) -> None:
    told = here("verify", case, "--read-only", "--second-opinion", "--json")
    names = [each["path"].rpartition("/")[2] for each in told.object["second_opinion"]["stores"]]
    assert names == ["a_sound.pst", "b_refused.pst", "c_altered.pst"]
    assert told.code == told.object["exit_code"]
    shown = here("verify", case, "--read-only", "--second-opinion")
    assert "1 embedded message that libpff cannot open" in shown.out
    assert "libpff refuses the store" in shown.out
    assert shown.code == told.code
    assert "second_opinion" in here("verify", case, "--read-only", "--json").object


def test_a_case_without_stores_or_without_a_parse_says_so(tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    examined(tmp_path / "case", lay_mail(tmp_path / "mail"))
    assert opinions(tmp_path / "case", station()).stores == ()
    with open_case(tmp_path / "empty"), pytest.raises(UsageError):
        opinions(tmp_path / "empty", station())
