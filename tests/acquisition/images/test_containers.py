"""Every container gives the medium that was put into it, or says in a sentence what it lacks."""

from __future__ import annotations

import hashlib
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from forensics.acquisition import containers
from forensics.acquisition.images import image_at
from forensics.errors import FormatError
from forensics.examination import opening_images
from forensics.examination.station import Station
from forensics.workers import LocalEngine
from tests.acquisition.images.taking import look, take
from tests.tools import images

pytest.importorskip("pyqcow", reason="the libraries of the extra 'images' are not installed")

MADE = [
    ("qcow", "disk.qcow2", ("-O", "qcow2")),
    ("qcow", "packed.qcow2", ("-c", "-O", "qcow2")),
    ("vmdk", "disk.vmdk", ("-O", "vmdk")),
    ("vmdk", "stream.vmdk", ("-O", "vmdk", "-o", "subformat=streamOptimized")),
    ("vmdk", "split.vmdk", ("-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse")),
    ("vmdk", "flat.vmdk", ("-O", "vmdk", "-o", "subformat=monolithicFlat")),
    ("vhd", "disk.vhd", ("-O", "vpc")),
    ("vhd", "fixed.vhd", ("-O", "vpc", "-o", "subformat=fixed,force_size=on")),
    ("vhd", "disk.vhdx", ("-O", "vhdx")),
]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("raw")
    laid = images.lay_mail(folder / "mail")
    return images.ext4(folder / "disk.dd", folder / "mail"), laid


def qemu_img(*command: str) -> None:
    images.need("qemu-img")
    subprocess.run(["qemu-img", *command], check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)


def medium_of(path: Path) -> bytes:
    """Every byte of the medium, through the container alone."""
    image = image_at(path)
    assert image is not None
    with ExitStack() as stack:
        files = tuple(stack.enter_context(each.open("rb")) for each in image.segments)
        medium = containers.open_layers([containers.Layer(container=image.container, names=image.names, files=files)])
        return b"".join(medium.read_at(at, 50_001) for at in range(0, medium.size, 50_001))


@pytest.mark.parametrize(("container", "name", "how"), MADE, ids=[each[1] for each in MADE])
def test_mail_comes_out_of_a_container_as_it_was_laid(
    container: str,
    name: str,
    how: tuple[str, ...],
    engine: LocalEngine,
    raw: tuple[Path, dict[str, bytes]],
    tmp_path: Path,
) -> None:
    qemu_img("convert", "-f", "raw", *how, str(raw[0]), str(tmp_path / name))
    assert medium_of(tmp_path / name)[: raw[0].stat().st_size] == raw[0].read_bytes()
    report = look(engine, tmp_path / name, tmp_path / "spool")
    assert report.image.container == container
    taken = take(engine, report, tmp_path / "spool", deleted=False)
    came = {path: hashlib.sha256(each.data).hexdigest() for path, each in taken.items()}
    assert came == {path: hashlib.sha256(data).hexdigest() for path, data in raw[1].items()}


def test_an_overlay_is_read_through_its_backing_file_and_says_so_where_that_is_missing(
    engine: LocalEngine, raw: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    qemu_img("convert", "-f", "raw", "-O", "qcow2", str(raw[0]), str(tmp_path / "base.qcow2"))
    overlay = tmp_path / "snapshot.qcow2"
    qemu_img("create", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", str(overlay))
    found = image_at(overlay)
    assert found is not None
    assert [layer.names for layer in found.layers] == [("snapshot.qcow2",), ("base.qcow2",)]
    taken = take(engine, look(engine, overlay, tmp_path / "spool"), tmp_path / "spool", deleted=False)
    assert {path: each.data for path, each in taken.items()} == raw[1]
    (tmp_path / "base.qcow2").unlink()
    with pytest.raises(FormatError, match=r"it lacks the image that it builds on, base\.qcow2: put every file"):
        look(engine, overlay, tmp_path / "spool")


def test_a_vmdk_whose_extent_is_missing_says_which(
    engine: LocalEngine, raw: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    qemu_img(
        "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=monolithicFlat", str(raw[0]), str(tmp_path / "d.vmdk")
    )
    (tmp_path / "d-flat.vmdk").unlink()
    with pytest.raises(FormatError, match=r"it lacks its extent d-flat\.vmdk"):
        look(engine, tmp_path / "d.vmdk", tmp_path / "spool")


def test_an_overlay_over_a_raw_image_is_read_through_it(
    engine: LocalEngine, raw: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    (tmp_path / "base.dd").write_bytes(raw[0].read_bytes())
    qemu_img("create", "-f", "qcow2", "-b", "base.dd", "-F", "raw", str(tmp_path / "top.qcow2"))
    report = look(engine, tmp_path / "top.qcow2", tmp_path / "spool")
    taken = take(engine, report, tmp_path / "spool", deleted=False)
    assert {path: each.data for path, each in taken.items()} == raw[1]


def test_an_aff4_is_met_with_a_sentence(engine: LocalEngine, tmp_path: Path) -> None:
    (tmp_path / "case.aff4").write_bytes(b"PK\x03\x04" + bytes(22) + b"\x15\0\0\0container.description" + bytes(600))
    with pytest.raises(FormatError, match="AFF images are not read"):
        look(engine, tmp_path / "case.aff4", tmp_path / "spool")


def test_a_missing_library_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers.importlib.util, "find_spec", lambda name: None)
    assert containers.container("vmdk").unavailable == (
        "needs the library pyvmdk, which is not installed: install libvmdk-python"
    )
    assert not containers.container("raw").unavailable


def test_what_would_be_taken_is_listed_without_a_case(raw: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    image = tmp_path / "disk.dd"
    image.write_bytes(raw[0].read_bytes())
    images.need("debugfs")
    subprocess.run(
        ["debugfs", "-w", "-R", "rm Users/田中/Desktop/second.eml", str(image)], check=True, capture_output=True
    )
    found = opening_images.list_images(Station(), image)
    assert {(each.kind, each.path, each.allocated, each.files) for each in found} == {
        ("pst", "Users/田中/メール/受信トレイの控え.pst", True, 1),
        ("mbox", "Users/田中/mail/archive.bin", True, 1),
        ("eml", "Users/田中/Desktop", True, 1),
        ("eml", "Users/田中/Desktop", False, 1),
        ("maildir", "home/mail/Maildir", True, 3),
    }
    assert all(each.size and each.why and each.volume == "0: ext4, the whole medium" for each in found)
