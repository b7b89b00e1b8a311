"""Disk images through the whole of examine: their stores come out with the hashes they went in with, and are parsed."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from forensics.errors import INTEGRITY_BROKEN, PARTLY_READ
from tests.corpus import CORPUS
from tests.examination.cases import examined, forensics, lay_mail, lines, open_case, rows, sound, stored_files
from tests.tools import images

READABLE = (0, 0 if CORPUS is not None else PARTLY_READ)
"""Without the corpus the PST of the image is only a header, and reading it is a problem."""


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A user's folders, and the SHA-256 of every mail file by its path."""
    folder = tmp_path_factory.mktemp("mail")
    laid = images.lay_mail(folder)
    return folder, {name: hashlib.sha256(data).hexdigest() for name, data in laid.items()}


def came_out(case: Path, image: str, expected: dict[str, str], *, parse: bool = True) -> None:
    """Every store of the image is in the case, under the image, with its hash; and each was read."""
    held = {path: sha256 for address, path, sha256 in stored_files(case) if sha256 in expected.values()}
    assert sorted(held.values()) == sorted(expected.values())
    parents = {line.value["params"].get("parent") for line in lines(case) if line.act == "acquire"}
    assert parents - {""} == {image}
    sound(case)
    if not parse:
        return
    live = "embedded_in IS NULL AND recovery IN ('live', 'soft_deleted')"
    found = rows(case, f"SELECT parser, count(*) AS n FROM message WHERE {live} GROUP BY parser")
    counts = {row["parser"].split()[0]: row["n"] for row in found}
    assert counts["mbox"] == 200
    assert counts["maildir"] + counts.get("eml", 0) == 5
    if CORPUS is not None:
        assert counts["pst"] == 1


def opened_once(case: Path, source: Path) -> None:
    count = len(lines(case))
    again = examined(case, source)
    assert {each.state for each in again.acquired} == {"unchanged"}
    assert len(lines(case)) == count + 1


def test_an_ext4_image_as_the_source_itself(mail: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    image = images.ext4(tmp_path / "disk.img", mail[0])
    done = examined(tmp_path / "case", image)
    assert done.exit_code in READABLE
    came_out(tmp_path / "case", "EV-0001/000001", mail[1])
    opened_once(tmp_path / "case", image)


def test_a_fat_image_in_a_folder_beside_loose_mail(mail: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    source = tmp_path / "seized"
    source.mkdir()
    (source / "a note.txt").write_bytes(b"the notebook of room 3\n")
    images.fat(source / "notebook.dd", mail[0])
    done = examined(tmp_path / "case", source)
    assert done.exit_code in READABLE
    came_out(tmp_path / "case", "EV-0001/000002", mail[1])
    opened_once(tmp_path / "case", source)


def test_an_ntfs_image_with_a_partition_table(mail: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    volume = images.ntfs(tmp_path / "volume", mail[0], tmp_path)
    image = images.partitioned(tmp_path / "disk.raw", (7, volume))
    done = examined(tmp_path / "case", image)
    assert done.exit_code in READABLE
    came_out(tmp_path / "case", "EV-0001/000001", mail[1])


def test_an_e01_in_segments_is_proved_whole_and_opened(mail: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    raw = images.ext4(tmp_path / "disk.img", mail[0])
    first = images.e01(raw, tmp_path / "disk", segment=2 << 20)
    assert len(list(tmp_path.glob("disk.E*"))) > 1
    done = examined(tmp_path / "case", first)
    assert done.exit_code in READABLE
    came_out(tmp_path / "case", "EV-0001/000001", mail[1])
    opened = [line for line in lines(tmp_path / "case") if line.act == "image.examine" and line.phase == "finished"]
    assert [line.value["result"]["verdict"] for line in opened] == ["matches"]
    opened_once(tmp_path / "case", first)


def test_an_image_that_lies_twice_is_opened_twice(mail: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    source = tmp_path / "seized"
    source.mkdir()
    images.ext4(source / "one.img", mail[0])
    shutil.copyfile(source / "one.img", source / "two.img")
    examined(tmp_path / "case", source)
    parents = {line.value["params"].get("parent") for line in lines(tmp_path / "case") if line.act == "acquire"}
    assert parents == {"", "EV-0001/000001", "EV-0001/000002"}
    assert rows(tmp_path / "case", "SELECT count(*) AS n FROM message WHERE parser LIKE 'mbox%'")[0]["n"] == 400
    sound(tmp_path / "case")


def e01_with_another_hash(mail: Path, folder: Path) -> Path:
    """An E01 whose chunks are whole and whose medium is not the one whose hash it holds."""
    first = images.other_hash(images.e01(images.ext4(folder / "disk.img", mail), folder / "disk"))
    (folder / "disk.img").unlink()
    return first


def test_an_e01_with_another_hash_stops_with_4_and_the_other_sources_go_on(
    mail: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Nothing is read out of an image that is not what was imaged; what was acquired before stays verified."""
    image = e01_with_another_hash(mail[0], tmp_path)
    case = tmp_path / "case"
    done = forensics("examine", lay_mail(tmp_path / "other"), image, "--case", case)
    assert done.returncode == INTEGRITY_BROKEN
    assert "Traceback" not in done.stdout + done.stderr
    assert "disk.E01" in done.stdout + done.stderr
    sound(case)
    assert rows(case, "SELECT count(*) AS n FROM message")[0]["n"] == 8
    assert not [line for line in lines(case) if line.value.get("params", {}).get("parent")]
    again = forensics("examine", tmp_path / "other", image, "--case", case)
    assert again.returncode == INTEGRITY_BROKEN
    assert len([line for line in lines(case) if line.act == "acquire" and line.phase == "begun"]) == 2


def test_an_e01_with_another_hash_as_the_only_source_stops_with_4_and_a_sentence(
    mail: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    image = e01_with_another_hash(mail[0], tmp_path)
    done = forensics("examine", image, "--case", tmp_path / "case")
    assert done.returncode == INTEGRITY_BROKEN
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout + done.stderr != ""
    sound(tmp_path / "case")


def test_what_is_damaged_inside_an_image_is_named_and_the_rest_is_acquired(
    mail: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    image = images.loop(images.ext4(tmp_path / "disk.img", mail[0]), "/Users", "/Users/again")
    with open_case(tmp_path / "case") as examination:
        from forensics.examination.examining import examine

        examine(examination, [image])
    came_out(tmp_path / "case", "EV-0001/000001", mail[1])


def test_acquire_goes_on_after_a_damaged_image_and_names_each_one(
    mail: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Two images that cannot be read, one whole one behind them in the same source, and a mailbox in the next."""
    source = tmp_path / "seized"
    source.mkdir()
    (source / "a.E01").write_bytes(b"EVF\x09\x0d\x0a\xff\x00\x01\x01\x00\x00\x00" + bytes(5000))
    (source / "b.E01").write_bytes((source / "a.E01").read_bytes() + b"more")
    images.ext4(source / "c.img", mail[0])
    done = forensics("acquire", source, lay_mail(tmp_path / "other"), "--case", new_case(tmp_path / "case"))
    said = done.stdout + done.stderr
    assert done.returncode == PARTLY_READ, said
    assert "Failed: 2 sources" in said
    assert "EV-0001/000001 a.E01: this image could not be read: " in said
    assert "EV-0001/000002 b.E01: this image could not be read: " in said
    assert "Traceback" not in said
    assert "child.py" not in said
    came_out(tmp_path / "case", "EV-0001/000003", mail[1], parse=False)


def test_acquire_of_an_e01_with_another_hash_ends_with_4_and_goes_on(
    mail: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    image = e01_with_another_hash(mail[0], tmp_path)
    done = forensics("acquire", image, lay_mail(tmp_path / "other"), "--case", new_case(tmp_path / "case"))
    said = done.stdout + done.stderr
    assert done.returncode == INTEGRITY_BROKEN
    assert "disk.E01: the medium in this image differs from the hash stored when it was acquired; " in said
    assert "EV-0002" in said


def test_an_image_with_a_broken_partition_table_says_what_was_tried_and_what_to_do(
    mail: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    image = images.partitioned(tmp_path / "disk.raw", (0x83, images.ext4(tmp_path / "volume", mail[0])))
    data = bytearray(image.read_bytes())
    data[446:510] = bytes(64)
    image.write_bytes(data)
    done = forensics("acquire", image, "--case", new_case(tmp_path / "case"))
    said = done.stdout + done.stderr
    assert done.returncode == PARTLY_READ, said
    for words in ("neither a partition table nor a file system could be read", "Tried: GPT (", "; MBR (",
                  "a bare file system from the first sector", "What to do: rebuild the partition table"):  # fmt: skip
        assert words in said
    assert forensics("examine", image, "--case", tmp_path / "case").returncode == PARTLY_READ


def new_case(folder: Path) -> Path:
    with open_case(folder):
        return folder


def test_a_damaged_e01_is_read_on_with_3_and_its_chunk_and_the_files_that_touch_it_are_named(
    mail: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    raw = images.ext4(tmp_path / "disk.img", mail[0])
    first = images.e01(raw, tmp_path / "disk")
    chunk = raw.read_bytes().index(b"<100@example.jp>") // 32768
    images.damaged_chunk(first, chunk)
    done = forensics("acquire", first, "--case", new_case(tmp_path / "case"))
    said = done.stdout + done.stderr
    assert done.returncode == PARTLY_READ, said
    assert f"chunk {chunk} of the image being damaged" in said
    assert "Users/田中/mail/archive.bin: " in said
    assert "stand in damaged chunks of the image" in said
    sound(tmp_path / "case")
    again = forensics("acquire", first, "--case", tmp_path / "case")
    assert again.returncode == PARTLY_READ
