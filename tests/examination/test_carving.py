"""Carving as a step of a case: an item with the image as its parent, its counts on the ledger, its records CARVED."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from forensics import canonical
from forensics.errors import ForensicsError, UsageError
from forensics.examination.acquiring import acquire_path
from forensics.examination.carving import carve_image
from forensics.examination.conductor import Examination
from forensics.examination.parsing import parse
from tests.examination.cases import lines, mail, mbox, open_case, rows, sound
from tests.formats.carving.medium import Medium
from tests.tools import images


def disk(folder: Path) -> Path:
    """An ext4 image from which a mailbox and two of three messages were deleted."""
    images.need("mke2fs", "debugfs")
    laid = folder / "mail"
    laid.mkdir()
    (laid / "box.mbox").write_bytes(mbox(range(20)))
    for number in (51, 52, 53):
        (laid / f"{number}.eml").write_bytes(mail(number))
    image = images.ext4(folder / "disk.dd", laid)
    for name in ("box.mbox", "51.eml", "53.eml"):
        command = ["debugfs", "-w", "-R", f"rm /{name}", str(image)]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return image


def carved(examination: Examination, image: Path) -> str:
    item = acquire_path(examination, image).evidence
    (summary,) = carve_image(examination, item)
    assert (summary.parent, summary.refused, summary.exit_code) == (f"{item}/000001", (), 0)
    return summary.evidence


def test_a_carved_image_gives_one_item_whose_records_say_that_they_were_carved(tmp_path: Path) -> None:
    image = disk(tmp_path)
    with open_case(tmp_path / "case") as examination:
        item = carved(examination, image)
        parse(examination)
        assert [each.state for each in carve_image(examination, "EV-0001")] == ["unchanged"]
        names = [entry.path.decode() for entry in examination.evidence.entries(item)]
        with examination.evidence.open(item, 4) as listing:
            listed = [canonical.decode(line) for line in listing.read().splitlines()]
    assert sorted(each["name"] for each in listed) == [name for name in names if name != "carving.jsonl"]
    found = rows(tmp_path / "case", "SELECT recovery, count(*) AS n FROM message GROUP BY recovery")
    assert found == [{"recovery": "carved", "n": 22}]
    assert {row["recovery"] for row in rows(tmp_path / "case", "SELECT recovery FROM header")} == {"carved"}
    line = next(each for each in lines(tmp_path / "case") if "carving" in each.value.get("result", {}))
    told = line.value["result"]["carving"]
    assert (told["objects"], told["kinds"], told["messages"]) == (3, {"mbox": 1, "message": 2}, 22)
    assert told["starts"] == told["objects"] + sum(told["false_starts"].values())
    sound(tmp_path / "case")


def test_a_file_without_a_file_system_is_carved_as_a_bare_medium(tmp_path: Path) -> None:
    medium = Medium(random.Random(1))
    medium.noise().lay(mail(1))
    medium.noise().lay(mbox(range(3)))
    image = tmp_path / "device.bin"
    image.write_bytes(medium.noise().data)
    with open_case(tmp_path / "case") as examination:
        item = carved(examination, image)
        stored = set()
        for number in (1, 2):
            with examination.evidence.open(item, number) as handle:
                stored.add(handle.read())
    assert stored == set(medium.laid.values())


def test_an_e01_whose_stored_hash_is_damaged_is_not_carved(tmp_path: Path) -> None:
    raw = tmp_path / "raw.dd"
    raw.write_bytes(Medium(random.Random(2)).noise(200).data)
    image = images.e01(raw, tmp_path / "raw")
    data = bytearray(image.read_bytes())
    data[data.rindex(b"hash\0") + 80] ^= 1
    image.write_bytes(data)
    with open_case(tmp_path / "case") as examination:
        item = acquire_path(examination, image).evidence
        with pytest.raises(ForensicsError):
            carve_image(examination, item)


def test_an_item_without_content_is_nothing_to_carve(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with open_case(tmp_path / "case") as examination:
        item = acquire_path(examination, tmp_path / "empty").evidence
        with pytest.raises(UsageError, match="nothing to carve"):
            carve_image(examination, item)
