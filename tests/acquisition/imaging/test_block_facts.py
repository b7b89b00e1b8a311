"""What is told of a block device, from trees as Linux shows them; a loop device where this machine lends one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.acquisition.imaging.block_facts import BlockDevice, Places, number_of
from forensics.acquisition.imaging.device import open_medium
from forensics.acquisition.imaging.image import Settings
from tests.acquisition.imaging.stand_in import MIB, imaged, stored


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A SATA disk behind a USB bridge, with one partition that is mounted and a mapped volume on it."""
    usb = tmp_path / "sys" / "devices" / "usb1"
    disk = usb / "host0" / "target" / "block" / "sdb"
    for name, text in {
        "dev": "8:16\n",
        "removable": "1\n",
        "queue/rotational": "1\n",
        "device/vendor": "Toshiba \n",
        "device/model": "External USB 3.0\n",
        "device/rev": "5438\n",
        "sdb1/partition": "1\n",
        "sdb1/dev": "8:17\n",
        "sdb1/start": "2048\n",
    }.items():
        write(disk / name, text)
    (disk / "device" / "vpd_pg80").write_bytes(b"\0\x80\0\x0c  SERIAL0042 ")
    write(usb / "idVendor", "0480\n")
    write(usb / "serial", "BRIDGE\n")
    volume = tmp_path / "sys" / "devices" / "virtual" / "dm-0"
    write(volume / "dev", "253:0\n")
    (disk / "sdb1" / "holders").mkdir()
    (disk / "sdb1" / "holders" / "dm-0").symlink_to(volume)
    numbers = tmp_path / "sys" / "dev" / "block"
    numbers.mkdir(parents=True)
    for number, folder in {"8:16": disk, "8:17": disk / "sdb1", "253:0": volume}.items():
        (numbers / number).symlink_to(folder)
    lines = [
        "30 1 253:0 / /media/my\\040disk rw,relatime shared:1 - ext4 /dev/mapper/v rw",
        "31 1 8:17 / /mnt/ro ro,relatime - ext4 /dev/sdb1 ro",
        "32 1 8:1 / / rw - ext4 /dev/sda1 rw",
    ]
    write(tmp_path / "mounts", "\n".join(lines))
    return Places(sys=tmp_path / "sys", udev=tmp_path / "udev", mounts=tmp_path / "mounts", swaps=tmp_path / "no-swaps")


def test_make_model_and_serial_are_told(places: Places) -> None:
    facts = BlockDevice("8:16", places).facts()
    told = {"make": "Toshiba", "model": "External USB 3.0", "firmware": "5438", "serial": "SERIAL0042"}
    assert facts.known.items() >= told.items()
    assert facts.known["removable"] is True
    assert facts.unknown == {"wwn": "the device does not say, or this system does not pass it on"}


def test_a_partition_has_the_facts_of_its_disk(places: Places) -> None:
    facts = BlockDevice("8:17", places).facts()
    assert facts.known["partition_of"] == "sdb"
    assert facts.known["begins_at_sector_of_512"] == 2048
    assert facts.known["serial"] == "SERIAL0042"


def test_without_a_serial_of_its_own_the_one_of_the_bridge_is_named_as_such(places: Places) -> None:
    (places.sys / "devices/usb1/host0/target/block/sdb/device/vpd_pg80").unlink()
    assert BlockDevice("8:16", places).facts().known["serial"] == "BRIDGE (of the USB device)"


def test_udev_tells_what_sysfs_does_not(places: Places) -> None:
    write(places.udev / "b8:16", "S:disk\nE:ID_WWN=0x5000\nE:ID_SERIAL_SHORT=X_1\n")
    (places.sys / "devices/usb1/host0/target/block/sdb/device/vpd_pg80").unlink()
    facts = BlockDevice("8:16", places).facts()
    assert (facts.known["wwn"], facts.known["serial"]) == ("0x5000", "X_1")


def test_mounts_of_partitions_and_of_what_stands_on_them_are_found(places: Places) -> None:
    found = [(each.where, each.writable) for each in BlockDevice("8:16", places).mounts()]
    assert found == [("/media/my disk", True), ("/mnt/ro", False)]


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A loop device over a file of a size that is no multiple of a piece."""
    backing = tmp_path / "backing.img"
    backing.write_bytes(os.urandom(3 * MIB + 512 * 9))
    if shutil.which("losetup") is None or os.geteuid() != 0:
        pytest.skip("loop devices need losetup and the rights of root")
    asked = subprocess.run(["losetup", "-r", "-f", "--show", str(backing)], capture_output=True, text=True)
    if asked.returncode:
        pytest.skip(f"this machine lends no loop device: {asked.stderr.strip()}")
    device = Path(asked.stdout.strip())
    yield device, backing
    subprocess.run(["losetup", "-d", str(device)], check=True)


def test_a_loop_device_is_imaged_and_described(loop: tuple[Path, Path], tmp_path: Path) -> None:
    path, backing = loop
    medium = open_medium(path, tmp_path / "case")
    store, done = imaged(medium, tmp_path / "case", Settings(piece=MIB))
    medium.close()
    assert stored(store) == backing.read_bytes()
    assert done.receipt.complete
    source = store.acquisition("EV-0001")["source"]
    assert source["kind"] == "block device"
    assert source["write_protection"] == "the system refuses every write to it (BLKROGET 1)"
    assert source["device"].items() >= {"read_only": True, "logical_sector": 512, "stands_for": str(backing)}.items()
    assert "serial" in source["not_recorded"]


def test_a_folder_on_a_partition_of_the_device_lies_on_it(places: Places, tmp_path: Path) -> None:
    partition = places.sys / "devices/usb1/host0/target/block/sdb/sdb1"
    assert not BlockDevice("8:16", places).holds(tmp_path / "case")
    write(partition / "dev", number_of(tmp_path.stat().st_dev))
    assert BlockDevice("8:16", places).holds(tmp_path / "case")
