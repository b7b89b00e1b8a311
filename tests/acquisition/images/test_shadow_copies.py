"""A volume shadow copy is a volume of its own: mail that was deleted since comes out of it whole."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from forensics.workers import LocalEngine
from tests.acquisition.images.shadow_writer import with_shadow
from tests.acquisition.images.taking import letter, look, noise, take
from tests.tools import images

pytest.importorskip("pyvshadow", reason="the libraries of the extra 'images' are not installed")


def test_mail_that_was_deleted_and_overwritten_comes_out_of_the_shadow_copy(
    engine: LocalEngine, tmp_path: Path
) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "gone.eml").write_bytes(letter(1, 60_000))
    (mail / "stays.eml").write_bytes(letter(2, 30_000))
    image = images.ntfs(tmp_path / "ntfs.dd", mail, tmp_path, 16 << 20)
    before = image.read_bytes()
    mount = tmp_path / "again"
    mount.mkdir()
    done = subprocess.run(["ntfs-3g", str(image), str(mount)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this machine does not allow an ntfs-3g mount")
    try:
        (mount / "gone.eml").write_bytes(noise(1, 60_000))
        (mount / "gone.eml").unlink()
    finally:
        subprocess.run(["fusermount", "-u", str(mount)], check=True)
    image.write_bytes(with_shadow(before, image.read_bytes(), 134_000_000_000_000_000))
    report = look(engine, image, tmp_path / "spool")
    names = [volume["description"] for volume in report.checked["volumes"]]
    assert names == ["the whole medium", "shadow copy 1 of 1 of the whole medium, made 2025-08-18 14:13:20 UTC"]
    found = take(engine, report, tmp_path / "spool", deleted=False)
    assert found["gone.eml"].data == letter(1, 60_000)
    assert found["gone.eml"].facts["shadow_copy"] == 1
    # What did not change since the copy was made is taken once, from the volume as it stands.
    assert "shadow_copy" not in found["stays.eml"].facts
    assert next(each["same"] for each in report.walked if each["volume"] == 1) > 0
