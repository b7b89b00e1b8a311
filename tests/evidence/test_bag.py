"""A bag is whole or it is not there, holds what was read, and never lies over another folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from forensics.errors import IntegrityError, UsageError
from forensics.evidence.bag import DECLARATION, BagWriter, manifest_bytes, names_below

LARGE = bytes(range(256)) * 8192


def _made(target: Path, source: Path) -> None:
    with BagWriter(target) as writer:
        for name, data in {"case.toml": b"facts", "evidence/EV-0001/data/000001.bin": LARGE}.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(data)
            assert writer.add(name, source / name) == hashlib.sha256(data).hexdigest()
        writer.put("note.txt", b"")
        writer.finish({"External-Identifier": "x\ny"}, {"VERIFY.txt": b"how"})


def test_a_bag_has_its_declaration_counts_and_sums(tmp_path: Path) -> None:
    _made(tmp_path / "bag", tmp_path / "source")
    bag = tmp_path / "bag"
    assert (bag / "bagit.txt").read_bytes() == DECLARATION
    assert f"Payload-Oxum: {len(LARGE) + 5}.3\n" in (bag / "bag-info.txt").read_text()
    assert "External-Identifier: x y\n" in (bag / "bag-info.txt").read_text()
    for manifest, payload in (("manifest-sha256.txt", True), ("tagmanifest-sha256.txt", False)):
        names = [path.relative_to(bag).as_posix() for path in bag.rglob("*") if path.is_file()]
        named = [n for n in names if n.startswith("data/") == payload and n != "tagmanifest-sha256.txt"]
        sums = {name: hashlib.sha256((bag / name).read_bytes()).hexdigest() for name in named}
        assert (bag / manifest).read_bytes() == manifest_bytes(sums)


@pytest.mark.parametrize("there", ["bag", "bag.partial"])
def test_nothing_is_written_over_a_folder_that_is_there(tmp_path: Path, there: str) -> None:
    (tmp_path / there).mkdir()
    with pytest.raises(UsageError, match="there already"):
        BagWriter(tmp_path / "bag")


def test_a_bag_that_was_not_finished_does_not_have_its_name(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as writer:
        writer.put("a", b"")
    assert not (tmp_path / "bag").exists()


@pytest.mark.parametrize("name", ["a%b", "見積", "../a", "/a", "a//b", "a b", "..", "a\n"])
def test_names_that_tools_read_differently_are_refused(tmp_path: Path, name: str) -> None:
    with BagWriter(tmp_path / "bag") as writer, pytest.raises(UsageError):
        writer.put(name, b"")


def test_a_source_that_is_not_what_it_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"changed")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with BagWriter(tmp_path / "bag") as writer:
        with pytest.raises(IntegrityError):
            writer.add("a", tmp_path / "file", sha256="0" * 64)
        with pytest.raises(IntegrityError):
            writer.add("b", tmp_path / "link")


def test_links_in_a_folder_are_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in" / "skipped").mkdir(parents=True)
    (tmp_path / "in" / "skipped" / "x").touch()
    (tmp_path / "in" / "a").touch()
    assert names_below(tmp_path / "in", ("skipped",)) == ["a"]
    (tmp_path / "in" / "away").symlink_to("/")
    with pytest.raises(IntegrityError, match="away"):
        names_below(tmp_path / "in")
