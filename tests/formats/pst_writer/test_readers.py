"""Other programs read what the writer wrote: folders, subjects, times, bodies and attachments, without a complaint."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.formats.pst.writer import (
    Crypt,
    Party,
    PstAttachment,
    PstFolder,
    PstStore,
    mail,
    write_pst,
)
from tests.tools.pst_oracles import Seen, libpff, pffexport, readpst, run
from tests.tools.pst_stories import FIRST_TIME, STEP, message, store

COUNT = 60


@pytest.fixture(scope="module", params=[Crypt.PERMUTE, Crypt.NONE], ids=lambda crypt: crypt.name.lower())
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("written") / "store.pst"
    path.write_bytes(store(COUNT, crypt=request.param))
    return path


def _expected(number: int) -> Seen:
    item, at = message(number), FIRST_TIME + number * STEP
    files = [one.data for one in item.attachments if one.data is not None]
    return Seen(
        folder="受信トレイ" if number < COUNT * 2 // 3 else "Archive",
        subject=str(item.properties[0x0037001F]),
        sender=str(item.properties[0x0C1A001F]),
        submitted=at,
        delivered=at + 30_000_001,
        created=at + 40_000_000,
        modified=at + 50_000_000,
        headers=str(item.properties[0x007D001F]),
        body=item.body or "",
        html=item.html or b"",
        rtf=item.rtf or b"",
        attachments=tuple((len(data), hashlib.sha256(data).hexdigest()) for data in files),
    )


def test_libpff_reads_every_value_of_every_message_as_it_was_given(written: Path) -> None:
    wanted = [_expected(number) for number in range(COUNT)]
    seen = sorted(libpff(written), key=lambda one: one.submitted)
    # libpff-python shows an embedded message, always the last attachment here, as so many bytes of something.
    pairs = zip(seen, wanted, strict=True)
    files = [replace(one, attachments=one.attachments[: len(want.attachments)]) for one, want in pairs]
    assert files == wanted


def test_pffexport_exports_every_message_with_its_embedded_ones_and_finds_nothing_else(
    written: Path, tmp_path: Path
) -> None:
    made = pffexport(written, tmp_path)
    embedded = sum(number % 25 == 0 for number in range(COUNT))
    assert len(made["export"]) == COUNT + embedded
    assert made["orphans"] == made["recovered"] == []
    inner = [folder for folder in made["export"] if folder.parent.name.startswith("Attachment")]
    assert len(inner) == embedded
    assert all(list((folder / "Attachments").iterdir()) for folder in inner)
    assert {"Inner 25"} <= {_header(folder, "Subject") for folder in inner}


def _header(folder: Path, name: str) -> str:
    lines = (folder / "OutlookHeaders.txt").read_text(encoding="utf-8").splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))


def test_pffexport_shows_recipients_by_kind(written: Path, tmp_path: Path) -> None:
    made = pffexport(written, tmp_path)["export"]
    ten = next(folder for folder in made if _header(folder, "Subject") == "Order 10 注文")
    text = (ten / "Recipients.txt").read_text(encoding="utf-8")
    kinds = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Recipient type")]
    assert kinds == ["To", "BCC"]
    assert "/O=AOBA/CN=TANAKA" in text


def test_readpst_writes_every_message_with_subject_and_body(written: Path, tmp_path: Path) -> None:
    made = readpst(written, tmp_path / "out")
    subjects = []
    for path in made:
        mail_ = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        subjects.append(str(mail_["Subject"]))
    assert sorted(subjects) == sorted(_expected(number).subject for number in range(COUNT))


def test_pffinfo_says_what_kind_of_store_it_is(written: Path) -> None:
    said = run("pffinfo", written)
    assert "64-bit" in said
    assert "Subtree, Wastbox, Finder" in said


def test_long_values_many_attachments_and_many_rows_are_read_back(tmp_path: Path) -> None:
    big = bytes(range(256)) * 36_000  # 9.2 MB: an XXBLOCK
    sender = Party(name="A", address="a@b.example")
    many = [PstAttachment(name=f"{number}.txt", data=b"%d" % number) for number in range(400)]  # a SIBLOCK
    items = [
        mail(subject="big", sender=sender, attachments=[PstAttachment(name="big.bin", data=big)], body="x" * 100_000),
        mail(subject="many", sender=sender, attachments=many),
        # More records than one heap allocation holds: a BTH of two levels.
        mail(subject="wide", sender=sender, more={0x60000003 + (at << 16): at for at in range(900)}),
    ]
    items += [mail(subject=f"row {number}", sender=sender, submitted=FIRST_TIME + number) for number in range(1500)]
    path = tmp_path / "long.pst"
    with path.open("wb") as out:
        write_pst(out, PstStore(name="Long", folders=[PstFolder(name="F", items=items)]))
    seen = libpff(path)
    assert [one.subject for one in seen] == ["big", "many", "wide", *(f"row {number}" for number in range(1500))]
    assert seen[0].attachments == ((len(big), hashlib.sha256(big).hexdigest()),)
    assert seen[0].body == "x" * 100_000
    assert [size for size, _ in seen[1].attachments] == [len(f"{number}") for number in range(400)]
    assert seen[-1].submitted == FIRST_TIME + 1499


def test_an_empty_store_opens(tmp_path: Path) -> None:
    path = tmp_path / "empty.pst"
    out = io.BytesIO()
    write_pst(out, PstStore(name="Empty"))
    path.write_bytes(out.getvalue())
    assert libpff(path) == []
    assert pffexport(path, tmp_path)["export"] == []
    assert readpst(path, tmp_path / "out") == []
