"""exFAT, HFS+ and ISO 9660, partitions inside an extended one, and mail in known places."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from forensics.acquisition.known_places import place_of
from forensics.workers import LocalEngine
from tests.acquisition.images.taking import letter, look, noise, take
from tests.tools import images


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


def test_exfat_gives_back_live_and_deleted_letters(engine: LocalEngine, tmp_path: Path) -> None:
    images.need("mkfs.exfat", "mount.exfat-fuse", "losetup", "fusermount")
    image, mount = tmp_path / "exfat.dd", tmp_path / "mount"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(8 << 20)
    run("mkfs.exfat", str(image))
    made = subprocess.run(["losetup", "-f", "--show", str(image)], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip("this machine does not allow a loop device, which exfat-fuse needs")
    try:
        done = subprocess.run(["mount.exfat-fuse", made.stdout.strip(), str(mount)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("this machine does not allow an exFAT mount")
        try:
            for number in range(4):
                (mount / f"letter {number}.eml").write_bytes(letter(number, 30_000))
            (mount / "letter 1.eml").unlink()
            (mount / "letter 2.eml").unlink()
            (mount / "new.bin").write_bytes(noise(1, 3 * 4096))
        finally:
            run("fusermount", "-u", str(mount))
    finally:
        run("losetup", "-d", made.stdout.strip())
    report = look(engine, image, tmp_path / "spool")
    live = take(engine, report, tmp_path / "spool", deleted=False)
    assert {name: each.data for name, each in live.items()} == {
        f"letter {number}.eml": letter(number, 30_000) for number in (0, 3)
    }
    deleted = take(engine, report, tmp_path / "spool", deleted=True)
    # The new file has taken the directory entry of one of them; the other one is whole, and known to be in one piece.
    assert deleted
    for name, each in deleted.items():
        assert each.data == letter(int(name.split(".")[0].split()[1]), 30_000)
        assert each.facts["placement"] == "recorded"


@pytest.mark.parametrize(("how", "system"), [("-hfsplus", "HFS+"), ("-J", "ISO9660")])
def test_mail_comes_out_of_hfs_plus_and_of_a_disc(how: str, system: str, engine: LocalEngine, tmp_path: Path) -> None:
    images.need("xorriso")
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "letter.eml").write_bytes(letter(1, 30_000))
    image = tmp_path / "disc.dd"
    run("xorriso", "-as", "mkisofs", "-quiet", how, "-o", str(image), str(mail))
    if system == "HFS+":  # the disc has a partition of each kind, with the same files
        data = image.read_bytes()
        image.write_bytes(data[data.index(b"H+\0\x04") - 1024 :])
    report = look(engine, image, tmp_path / "spool")
    found = take(engine, report, tmp_path / "spool", deleted=False)
    assert letter(1, 30_000) in [each.data for each in found.values()]
    assert system in {volume["file_system"] for volume in report.checked["volumes"]}


def test_a_partition_inside_an_extended_one_is_walked(engine: LocalEngine, tmp_path: Path) -> None:
    images.need("mke2fs")
    images.lay_mail(tmp_path / "mail")
    volume = images.ext4(tmp_path / "ext4.dd", tmp_path / "mail").read_bytes()
    sectors = len(volume) // 512
    image = tmp_path / "disk.dd"
    outer = table((0x05, 2048, 2048 + sectors))
    inner = table((0x83, 2048, sectors))
    image.write_bytes(outer.ljust(1 << 20, b"\0") + inner.ljust(1 << 20, b"\0") + volume)
    report = look(engine, image, tmp_path / "spool")
    found = {(each["start"], each["file_system"]) for each in report.checked["volumes"]}
    assert (2 << 20, "ext4") in found
    assert len(take(engine, report, tmp_path / "spool", deleted=False)) == 7


def table(entry: tuple[int, int, int]) -> bytes:
    kind, start, sectors = entry
    first = struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start, sectors)
    return (bytes(446) + first).ljust(510, b"\0") + b"\x55\xaa"


PLACES = [
    ("Users/a/AppData/Local/Microsoft/Outlook/a@example.jp.ost", "outlook"),
    ("Users/a/AppData/Local/Microsoft/Windows Live Mail/Example/Inbox/0A.eml", "windows live mail"),
    ("Users/a/AppData/Roaming/Thunderbird/Profiles/x.default/ImapMail/imap.example.jp/INBOX", "thunderbird"),
    ("home/a/.thunderbird/x.default/Mail/Local Folders/Sent.msf", "thunderbird"),
    ("Users/a/Library/Mail/V10/1234/INBOX.mbox/x/Data/Messages/1.emlx", "apple mail"),
    ("Becky!/1234.mb/!!!!Inbox/12.bmf", "becky"),
    ("var/mail/root", "mail spool"),
    ("var/spool/postfix/deferred/A/ABC", "mail queue"),
    ("var/log/mail.log.2.gz", "mail log"),
    ("var/log/maillog-20260101", "mail log"),
    ("Program Files/Microsoft/Exchange Server/V15/TransportRoles/Logs/MessageTracking/MSGTRK1.LOG", "mail log"),
    ("Users/a/Downloads/takeout-20260101T000000Z-001.zip", "server export"),
    ("home/a/mdbox/storage/m.1", "dovecot dbox"),
]


@pytest.mark.parametrize(("path", "kind"), PLACES, ids=[each[0].rsplit("/", 1)[-1] for each in PLACES])
def test_known_places_are_known(path: str, kind: str) -> None:
    place = place_of(tuple(name.encode() for name in path.split("/")))
    assert place is not None
    assert place.kind == kind


def test_other_places_are_not() -> None:
    for path in ("Users/a/Documents/report.docx", "var/log/syslog", "etc/mail.rc", "home/a/notes.txt"):
        assert place_of(tuple(name.encode() for name in path.split("/"))) is None


def test_a_mail_log_is_taken_for_its_place(engine: LocalEngine, tmp_path: Path) -> None:
    images.need("mke2fs")
    logs = tmp_path / "mail/var/log"
    logs.mkdir(parents=True)
    (logs / "mail.log").write_bytes(b"Jan  1 00:00:01 mx postfix/smtpd[1]: connect from a.example.jp\n" * 20)
    (logs / "syslog").write_bytes(b"Jan  1 00:00:01 mx kernel: nothing\n")
    image = images.ext4(tmp_path / "ext4.dd", tmp_path / "mail")
    report = look(engine, image, tmp_path / "spool")
    assert [(store.kind, store.path, store.files) for store in report.stores] == [("mail log", b"var/log", 1)]
