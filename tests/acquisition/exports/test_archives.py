"""Archives are unpacked with names as data: what is broken, changed, encrypted or too large is named."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from forensics.acquisition.exports import archives
from tests.acquisition.exports import made


def unpacked(path: Path, spool: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    spool.mkdir()
    answer = archives.unpack({"size": path.stat().st_size}, (path,), spool, lambda said: None)
    return answer, [json.loads(line) for line in (spool / archives.MEMBERS).read_bytes().splitlines()]


def stored(folder: Path, data: bytes) -> Path:
    path = folder / "stored.bin"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("way", [made.zipped, made.tarred])
def test_members_come_out_as_they_went_in_and_no_name_becomes_a_path(way: Any, tmp_path: Path) -> None:
    members = {"a.mbox": b"one", "../../up.eml": b"two", "/etc/passwd.eml": b"three", "日本/件.eml": b"four"}
    answer, found = unpacked(stored(tmp_path, way(members)), tmp_path / "s")
    assert answer == {"members": 4, "bytes": 15, "broken": ""}
    assert sorted(path.name for path in (tmp_path / "s").iterdir() if path.suffix == ".bin") == [
        f"{n:06d}.bin" for n in range(1, 5)
    ]
    for line, (name, data) in zip(found, members.items(), strict=True):
        assert line["path"].lstrip("/") == name.lstrip("/")
        assert (tmp_path / "s" / f"{line['number']:06d}.bin").read_bytes() == data


def test_two_members_of_one_name_are_two_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z", "w") as archive:
        archive.writestr("a.eml", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.eml", b"two")
    _, found = unpacked(tmp_path / "z", tmp_path / "s")
    assert [line["path"] for line in found] == ["a.eml", "a.eml (2)"]


def test_a_changed_byte_in_a_zip_is_named_and_the_member_is_kept(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.eml", b"body of the message")
        archive.writestr("b.eml", b"another")
    (tmp_path / "z").write_bytes((tmp_path / "z").read_bytes().replace(b"body of the message", b"body of the massage"))
    _, found = unpacked(tmp_path / "z", tmp_path / "s")
    assert "CRC-32" in found[0]["note"]
    assert (tmp_path / "s" / "000001.bin").read_bytes() == b"body of the massage"
    assert not found[1].get("note")


def test_a_changed_byte_in_a_tar_gz_is_named(tmp_path: Path) -> None:
    data = bytearray(made.tarred({"a.eml": bytes(range(256)) * 40}))
    data[-8] ^= 1
    answer, found = unpacked(stored(tmp_path, bytes(data)), tmp_path / "s")
    assert "CRC" in answer["broken"]
    assert len(found) == 1


def test_a_tar_gz_that_was_cut_short_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    whole = made.tarred({f"{n}.eml": made.mail(n) * 50 for n in range(40)})
    answer, found = unpacked(stored(tmp_path, whole[: len(whole) // 2]), tmp_path / "s")
    assert answer["broken"]
    assert 0 < len(found) < 40


def test_an_archive_that_expands_without_end_stops_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "FREE_BYTES", 1 << 16)
    data = made.zipped({"bomb.mbox": b"\0" * (1 << 24), "after.mbox": b"after"})
    answer, found = unpacked(stored(tmp_path, data), tmp_path / "s")
    assert "expands" in answer["broken"] or "limit" in found[0]["note"]
    assert sum(path.stat().st_size for path in (tmp_path / "s").glob("*.bin")) < 1 << 23


def test_a_member_that_is_encrypted_is_named(tmp_path: Path) -> None:
    data = bytearray(made.zipped({"a.eml": b"secret", "b.eml": b"plain"}))
    data[6] |= 1
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1
    _, found = unpacked(stored(tmp_path, bytes(data)), tmp_path / "s")
    assert "encrypted" in found[0]["note"]
    assert found[1]["number"] == 2


@pytest.mark.parametrize("names", [["word/document.xml", "[Content_Types].xml"], ["photo.jpg"]])
def test_a_zip_without_mail_is_left_alone(names: list[str], tmp_path: Path) -> None:
    path = stored(tmp_path, made.zipped(dict.fromkeys(names, b"x")))
    assert not archives.look({}, (path,), tmp_path, lambda said: None)["mail"]
