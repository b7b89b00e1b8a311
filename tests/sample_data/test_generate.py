"""The sample case is what its generator makes, and its answer key agrees with Python's ``email`` and ``mailbox``."""

from __future__ import annotations

import csv
import email
import hashlib
import io
import json
import mailbox
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
CASE = SAMPLE / "case"
GENERATOR = SAMPLE / "generate.py"
Counted = Counter[tuple[str, str]]


@cache
def truth() -> Any:
    return json.loads((SAMPLE / "truth.json").read_bytes())


def committed() -> dict[str, bytes]:
    made = [path for name in ("case", "tables") for path in (SAMPLE / name).rglob("*") if path.is_file()]
    made += [SAMPLE / "truth.json", SAMPLE / "README.md"]
    return {path.relative_to(SAMPLE).as_posix(): path.read_bytes() for path in made}


def expected(store: str, folder: str | None = None) -> Counted:
    items = truth()["stores"][store]["items"]
    wanted = [item for item in items if item["state"] != "deleted-file" and folder in (None, item["folder"])]
    return Counter((item["message_id"], item["sha256"]) for item in wanted)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def counted(messages: list[bytes]) -> Counted:
    return Counter((str(email.message_from_bytes(data)["Message-ID"]), sha256(data)) for data in messages)


def unquoted(data: bytes) -> bytes:
    return re.sub(rb"(?m)^>(>*From )", rb"\1", data)


def mbox_messages(path: Path) -> list[bytes]:
    box = mailbox.mbox(path, create=False)
    try:
        return [unquoted(box.get_bytes(key)) for key in box.iterkeys()]
    finally:
        box.close()


def maildir_messages(path: Path) -> list[bytes]:
    box = mailbox.Maildir(path, create=False)
    return [box.get_bytes(key) for key in box.iterkeys()]


def attached(message: Message) -> Iterator[Message]:
    """The attachments of a message, without those of an attached message."""
    for part in message.get_payload() if message.is_multipart() else ():
        assert isinstance(part, Message)
        if part.get_content_disposition() == "attachment":
            yield part
        elif part.get_content_maintype() == "multipart":
            yield from attached(part)


def test_a_fresh_generation_equals_what_is_committed(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-I", str(GENERATOR), "--out", str(tmp_path)], check=True)
    fresh = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert fresh.keys() == committed().keys()
    assert [name for name, data in committed().items() if fresh[name] != data] == []


def test_the_check_names_a_changed_a_missing_and_a_foreign_file(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / "case", tmp_path / "case")
    (tmp_path / "case" / "logs" / "maillog").write_bytes(b"")
    (tmp_path / "case" / "foreign").write_bytes(b"")
    done = subprocess.run(
        [sys.executable, "-I", str(GENERATOR), "--check", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert set(done.stderr.splitlines()) >= {
        "case/logs/maillog differs",
        "truth.json is missing",
        "case/foreign is not made by the generator",
    }


def test_the_whole_sample_is_under_five_megabytes() -> None:
    assert sum(len(data) for data in committed().values()) < 5_000_000


def test_every_name_can_be_checked_out_on_windows() -> None:
    assert [name for name in committed() if re.search(r'[:*?"<>|\\]|[. ](/|$)', name) or len(name) > 160] == []


def test_every_domain_is_a_reserved_one() -> None:
    text = b"\n".join(data for name, data in committed().items() if not name.endswith((".img", ".pst")))
    domains = {found.decode() for found in re.findall(rb"@([a-z0-9-]+(?:\.[a-z0-9-]+)+)", text)}
    assert {name for name in domains if not name.endswith((".example", ".invalid"))} == set()


@pytest.mark.parametrize("folder", ["INBOX", "Sent"])
def test_each_mbox_folder_holds_the_messages_of_the_truth(folder: str, tmp_path: Path) -> None:
    where = CASE / "mbox" / "keiko.tanaka" / "ImapMail" / "mail.aoba-denki.example" / folder
    messages = mbox_messages(Path(shutil.copy(where, tmp_path)))
    assert counted(messages) == expected("mbox", folder)
    marked = sum(int(str(email.message_from_bytes(data)["X-Mozilla-Status"]), 16) & 0x0008 > 0 for data in messages)
    stated = [
        item for item in truth()["stores"]["mbox"]["items"] if item["folder"] == folder and item["state"] == "expunged"
    ]
    assert marked == len(stated)


def test_the_maildir_holds_the_messages_of_the_truth(tmp_path: Path) -> None:
    root = tmp_path / "maildir"
    shutil.copytree(CASE / "maildir" / "kenta.sato", root, ignore=shutil.ignore_patterns(".keep"))
    folders = [root, *(path for path in root.iterdir() if path.is_dir() and path.name.startswith("."))]
    assert sum((counted(maildir_messages(folder)) for folder in folders), Counter()) == expected("maildir")
    assert len(folders) == len(truth()["stores"]["maildir"]["folders"])
    trashed = [path.name for path in root.rglob("*;2,*T*")]
    assert len(trashed) == truth()["stores"]["maildir"]["states"]["trashed"]


def test_the_eml_folder_holds_the_messages_of_the_truth() -> None:
    messages = [path.read_bytes() for path in (CASE / "eml").rglob("*.eml")]
    assert counted(messages) == expected("eml")
    assert all(b"\n" not in data.replace(b"\r\n", b"") for data in messages)


def test_the_image_holds_the_files_and_messages_of_the_truth(tmp_path: Path) -> None:
    pytsk3 = pytest.importorskip("pytsk3", reason="reading the disk image needs pytsk3")
    stated = truth()["image"]
    image = pytsk3.Img_Info(str(CASE / "image" / "sato-notebook.img"))
    system = pytsk3.FS_Info(image, stated["partition_offset"])
    live = [one for one in stated["files"] if not one["removed"]]
    messages: list[bytes] = []
    for one in live:
        entry = system.open("/" + one["path"])
        data = entry.read_random(0, one["size"])
        assert (sha256(data), entry.info.meta.size, entry.info.meta.mtime) == (
            one["sha256"],
            one["size"],
            one["modified"],
        )
        if "/cur/" in one["path"]:
            messages.append(data)
        elif "mail-backup" in one["path"]:
            copy = tmp_path / "mbox"
            copy.write_bytes(data)
            messages += mbox_messages(copy)
    assert counted(messages) == expected("image")


def test_the_deleted_file_of_the_image_can_still_be_read() -> None:
    pytsk3 = pytest.importorskip("pytsk3", reason="reading the disk image needs pytsk3")
    (gone,) = [one for one in truth()["image"]["files"] if one["removed"]]
    folder, _, name = gone["path"].rpartition("/")
    image = pytsk3.Img_Info(str(CASE / "image" / "sato-notebook.img"))
    entries = pytsk3.FS_Info(image, truth()["image"]["partition_offset"]).open_dir("/" + folder)
    (found,) = [entry for entry in entries if entry.info.name.name.decode() == name]
    assert found.info.meta.flags & pytsk3.TSK_FS_META_FLAG_UNALLOC
    assert sha256(found.read_random(0, gone["size"])) == gone["sha256"]


@pytest.mark.skipif(shutil.which("e2fsck") is None, reason="checking the file system of the image needs e2fsck")
def test_the_file_system_of_the_image_is_clean(tmp_path: Path) -> None:
    partition = tmp_path / "partition"
    whole = (CASE / "image" / "sato-notebook.img").read_bytes()
    partition.write_bytes(whole[truth()["image"]["partition_offset"] :])
    subprocess.run(["e2fsck", "-f", "-n", str(partition)], check=True, capture_output=True)


def test_the_attachments_are_those_of_the_truth() -> None:
    by_id = {one["message_id"]: one["attachments"] for one in truth()["logical_messages"]}
    seen = 0
    for path in (CASE / "eml").rglob("*.eml"):
        message = email.message_from_bytes(path.read_bytes())
        parts = list(attached(message))
        stated = by_id[str(message["Message-ID"])]
        seen += len(parts)
        assert len(parts) == len(stated), path
        for part, one in zip(parts, stated, strict=True):
            if part.get_content_type() != "message/rfc822":
                data = part.get_payload(decode=True)
                assert isinstance(data, bytes)
                assert sha256(data) == one["sha256"]
    assert seen == truth()["stores"]["eml"]["attachments"]


def test_the_attachment_counts_of_mbox_and_maildir_are_those_of_the_truth() -> None:
    for store, pattern in (("mbox", "mbox/**/mail.aoba-denki.example/*"), ("maildir", "maildir/**/S=*")):
        files = [path for path in CASE.glob(pattern.replace("S=*", "*S=*")) if path.is_file()]
        blob = b"\n".join(path.read_bytes() for path in files)
        inner = blob.count(b"\nContent-Disposition: attachment")
        assert inner == truth()["stores"][store]["attachments"]


def logical(key: str) -> Any:
    (one,) = [one for one in truth()["logical_messages"] if one["key"] == key]
    return one


def first_copy(key: str) -> bytes:
    wanted = logical(key)["message_id"].encode()
    for path in sorted(CASE.rglob("*")):
        if path.is_file() and path.suffix not in (".img", ".pst") and path.parent.name != "logs":
            for data in mbox_split(path.read_bytes()):
                if b"\nMessage-ID: " + wanted in data.replace(b"\r\n", b"\n"):
                    return data
    raise AssertionError(f"{key} lies in no store")


def mbox_split(data: bytes) -> list[bytes]:
    return [part for part in re.split(rb"(?m)^From - .*\n", data) if part] if data.startswith(b"From - ") else [data]


def test_the_password_of_the_second_mail_opens_the_archive_of_the_first() -> None:
    (part,) = attached(email.message_from_bytes(first_copy("ppap1")))
    payload = part.get_payload(decode=True)
    text = email.message_from_bytes(first_copy("ppap2")).get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert isinstance(text, bytes)
    (password,) = re.findall(r"パスワード: (\S+)", text.decode())
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        (member,) = archive.infolist()
        assert member.flag_bits & 1
        assert archive.read(member, pwd=password.encode()).startswith(b"PK")
        with pytest.raises(RuntimeError):
            archive.read(member, pwd=b"wrong")


def test_the_planted_oddities_are_there() -> None:
    assert email.message_from_bytes(first_copy("undated"))["Date"] is None
    assert str(email.message_from_bytes(first_copy("zoneless"))["Date"]).endswith("10:15:07")
    forged = email.message_from_bytes(first_copy("forged"))
    assert "10 Jun" in str(forged["Date"])
    assert "25 Jun" in str(forged["Received"])
    spoof = first_copy("spoof")
    assert b'filename="invoice.pdf"' in spoof
    assert b"filename*=UTF-8''" in spoof
    assert b"dmarc=fail" in first_copy("phish1")
    assert b"From: " in first_copy("phish2").partition(b"message/rfc822")[2]
    assert "表示ソフトの更新".encode("cp932") in first_copy("raw8")
    quoted = first_copy("shipping1-481")
    assert b"\n>From Yokohama" in quoted
    assert b"\n>>From our side" in quoted


def test_bcc_stands_only_in_the_sent_copy(tmp_path: Path) -> None:
    wanted = logical("home3")["message_id"].encode()
    copies = [path.read_bytes() for path in (CASE / "maildir").rglob("*S=*") if wanted in path.read_bytes()]
    image = (CASE / "image" / "sato-notebook.img").read_bytes()
    assert [b"\nBcc: " in data for data in copies] == [True]
    assert wanted in image
    assert image.count(b"\nBcc: ") == 0


def test_the_logs_tell_of_every_message_that_the_server_carried() -> None:
    maillog = (CASE / "logs" / "maillog").read_text()
    accepted = set(re.findall(r": (\w+): message-id=(<\S+>)", maillog))
    stated = {(queue, one["message_id"]) for one in truth()["logical_messages"] for queue in one["queue_ids"]}
    assert accepted == stated
    assert len({queue for queue, _ in stated}) == len(stated)
    for path, lines in truth()["logs"]["lines"].items():
        assert (CASE / path).read_bytes().count(b"\n") == lines


def test_dovecot_logs_the_expunges_and_the_maildir_lacks_them() -> None:
    log = (CASE / "logs" / "dovecot.log").read_text(encoding="utf-8")
    expunged = sorted(re.findall(r": expunge: .*msgid=(<\S+>)", log))
    assert expunged == truth()["logs"]["expunged_message_ids"]
    burst = next(one for one in truth()["incidents"] if one["number"] == "I09")
    assert len(burst["message_ids"]) >= 20
    assert set(burst["message_ids"]) <= set(expunged)
    sent_copies = {item["message_id"] for item in truth()["stores"]["maildir"]["items"]}
    assert not set(burst["message_ids"]) & sent_copies


def test_the_approval_log_is_cp932_and_the_rejected_mail_was_never_carried_out() -> None:
    text = (CASE / "logs" / "approval_hold.csv").read_bytes().decode("cp932")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == truth()["logs"]["held"]
    (rejected,) = [row for row in rows if row["処理"] == "否認"]
    assert rejected["Message-ID"] == logical("stopped")["message_id"]
    assert len(logical("stopped")["queue_ids"]) == 1


def test_the_readme_names_every_incident_and_message_of_the_truth() -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for one in truth()["incidents"]:
        assert f"| {one['number']} |" in readme
        assert [number for number in one["message_ids"] if number not in readme] == []
