"""Exports of providers: what they state agrees with what came, and whatever does not is named, each thing by itself."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics.acquisition.exports import jobs, recognised
from forensics.acquisition.exports.delivery import Delivery, File
from forensics.acquisition.exports.recognised import Delivered
from forensics.acquisition.exports.statement import CHANGED, COUNT, EXTRA, MISSING, REPORTED, UNREAD, Statement
from tests.acquisition.exports import made
from tests.corpus import corpus, needs_corpus

GMAIL = "eml-mbox/GAM-team+got-your-back/samples"


def files_in(root: Path) -> tuple[File, ...]:
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return tuple(
        File(at=f"EV-0001/{n:06d}", path=p.relative_to(root).as_posix(), size=p.stat().st_size, stored=p)
        for n, p in enumerate(paths, start=1)
    )


def kinds_in(root: Path) -> list[str]:
    files = {file.path: file for file in files_in(root)}
    given = [Delivered(at=file.at, path=file.path, size=file.size) for file in files.values()]
    return [
        each.kind for each in recognised.recognised(given, lambda each: files[each.path].stored.read_bytes()[:8192])
    ]


def checked(root: Path, kind: str) -> Statement:
    assert kinds_in(root) == [kind]
    delivery = Delivery(files=files_in(root), statement=Statement(export=kind))
    jobs.CHECKS[kind](delivery)
    return delivery.statement


def lacks(statement: Statement) -> list[tuple[str, str]]:
    return [(lack.kind, lack.what) for lack in statement.lacks]


def flags_of(statement: Statement) -> Iterator[tuple[int, tuple[str, ...]]]:
    return ((said.message, said.flags) for said in statement.said)


# -- Google Vault --------------------------------------------------------------------------------------------------


def lay_vault(folder: Path, held: list[int], stated: list[int]) -> Path:
    folder.mkdir()
    (folder / f"m_{made.ACCOUNT}_0.mbox").write_bytes(made.vault_box(held))
    (folder / "m-metadata.xml").write_bytes(made.vault_xml(stated))
    (folder / "m-results-count.csv").write_bytes(f"{made.ACCOUNT},{len(stated)}\n".encode())
    return folder


def test_a_vault_export_that_is_whole_agrees_with_itself_and_gives_each_message_its_labels(tmp_path: Path) -> None:
    found = checked(lay_vault(tmp_path / "v", [1, 2, 3], [3, 1, 2]), recognised.VAULT)
    assert lacks(found) == []
    assert found.stated["messages"] == found.arrived["messages"] == found.verified["md5 of messages"] == 3
    assert found.stated["UserQuery"] == "工事"
    unread, read = ("label:INBOX", "label:UNREAD"), ("read", "label:ARCHIVED", "label:工事")
    assert list(flags_of(found)) == [(1, unread), (2, read), (3, unread)]


def test_a_message_that_was_removed_from_a_vault_export_is_named(tmp_path: Path) -> None:
    found = checked(lay_vault(tmp_path / "v", [1, 3], [1, 2, 3]), recognised.VAULT)
    assert (MISSING, made.name_of(2)) in lacks(found)
    assert [kind for kind, _ in lacks(found)] == [MISSING, COUNT, COUNT]
    assert "line 5" in found.lacks[0].why
    assert "export 2" in found.lacks[0].why


def test_a_changed_byte_in_a_vault_export_is_named_with_its_message(tmp_path: Path) -> None:
    folder = lay_vault(tmp_path / "v", [1, 2, 3], [1, 2, 3])
    box = folder / f"m_{made.ACCOUNT}_0.mbox"
    box.write_bytes(box.read_bytes().replace(b"body 2", b"body 7"))
    found = checked(folder, recognised.VAULT)
    assert lacks(found) == [(CHANGED, made.name_of(2))]
    assert found.lacks[0].at.endswith("/message:2")


def test_a_message_that_the_vault_does_not_state_is_named(tmp_path: Path) -> None:
    found = checked(lay_vault(tmp_path / "v", [1, 2, 9], [1, 2]), recognised.VAULT)
    assert lacks(found)[0] == (EXTRA, made.name_of(9))


def test_a_message_that_holds_a_line_beginning_with_from_still_has_its_md5(tmp_path: Path) -> None:
    folder = lay_vault(tmp_path / "v", [1], [1])
    plain = made.mail(1) + b"From here on\r\n"
    xml = folder / "m-metadata.xml"
    stated = xml.read_bytes().replace(
        hashlib.md5(made.mail(1)).hexdigest().encode(), hashlib.md5(plain).hexdigest().encode()
    )
    xml.write_bytes(stated.replace(f"'{len(made.mail(1))}'".encode(), f"'{len(plain)}'".encode()))
    box = folder / f"m_{made.ACCOUNT}_0.mbox"
    box.write_bytes(made.vault_box([1]).rstrip(b"\r\n") + b"\r\n>From here on\r\n\r\n")
    assert lacks(checked(folder, recognised.VAULT)) == []


def test_a_part_that_the_list_of_checksums_names_and_a_part_that_changed_are_named(tmp_path: Path) -> None:
    folder = made.vault(tmp_path / "v", {1: [1], 2: [2], 3: [3]}, [1, 2, 3])
    (folder / "matter-2.zip").unlink()
    changed = folder / "matter-3.zip"
    changed.write_bytes(changed.read_bytes() + b"\0")
    found = checked(folder, recognised.VAULT)
    assert (MISSING, "matter-2.zip") in lacks(found)
    assert (CHANGED, "matter-3.zip") in lacks(found)
    assert (MISSING, "matter part 2") in lacks(found)
    assert found.verified["md5"] == 3


def test_errors_that_the_vault_itself_reports_are_named(tmp_path: Path) -> None:
    folder = lay_vault(tmp_path / "v", [1], [1])
    (folder / "m-account-exceptions.csv").write_bytes(b"account,reason\nsuzuki@example.com,Account is suspended\n")
    assert lacks(checked(folder, recognised.VAULT)) == [(REPORTED, "suzuki@example.com")]


def test_a_metadata_xml_that_breaks_off_is_named_and_what_came_before_is_used(tmp_path: Path) -> None:
    folder = lay_vault(tmp_path / "v", [1, 2], [1, 2])
    xml = folder / "m-metadata.xml"
    xml.write_bytes(xml.read_bytes()[:-60])
    found = checked(folder, recognised.VAULT)
    assert lacks(found) == [(UNREAD, "m-metadata.xml")]
    assert found.verified["md5 of messages"] == 2


@needs_corpus
def test_the_vault_sample_agrees_with_its_own_xml_and_csv() -> None:
    found = checked(corpus() / GMAIL / "vault-export-mbox", recognised.VAULT)
    assert lacks(found) == []
    assert found.stated["messages"] == found.arrived["messages"] == found.verified["md5 of messages"] == 53
    assert found.stated["accounts"] == {"me@u.jaylee.us": 53}
    assert sum("label:ubuntu" in flags for _, flags in flags_of(found)) == 18


@needs_corpus
@pytest.mark.parametrize("change", ["removed", "byte"])
def test_one_message_of_the_vault_sample_is_named_among_fifty_three(change: str, tmp_path: Path) -> None:
    folder = tmp_path / "v"
    shutil.copytree(corpus() / GMAIL / "vault-export-mbox", folder)
    box = next(folder.glob("*.mbox"))
    data = box.read_bytes()
    starts = [found.start() for found in re.finditer(rb"(?m)^From 16\d+", data)]
    first, last = starts[20], starts[21]
    name = data[first + 5 : data.index(b"@xxx", first)].decode()
    if change == "removed":
        box.write_bytes(data[:first] + data[last:])
    else:
        box.write_bytes(data[: last - 40] + bytes([data[last - 40] ^ 1]) + data[last - 39 :])
    found = checked(folder, recognised.VAULT)
    assert lacks(found)[0] == ((MISSING if change == "removed" else CHANGED), name)
    assert {kind for kind, _ in lacks(found)[1:]} <= {COUNT}
    assert found.verified["md5 of messages"] == 52


# -- Google Takeout ------------------------------------------------------------------------------------------------


def lay_takeout(folder: Path, members: dict[str, bytes]) -> Path:
    for name, data in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_a_takeout_tells_its_labels_and_that_a_reply_answers_what_is_not_there(tmp_path: Path) -> None:
    members = {made.BOX: made.takeout_box([2, 3, 5]), "Takeout/archive_browser.html": made.browser([made.BOX])}
    found = checked(lay_takeout(tmp_path / "t", members), recognised.TAKEOUT)
    assert lacks(found) == []
    assert found.arrived["messages"] == 3
    assert found.arrived["messages by label"] == {"Inbox": 3, "Unread": 2, "a, b": 1}
    assert [note.split()[4] for note in found.notes] == ["<m1@example.co.jp>,", "<m4@example.co.jp>,"]


def test_a_file_that_the_page_of_a_takeout_names_and_a_part_between_two_others_are_missing(tmp_path: Path) -> None:
    page = made.browser(["All mail Including Spam and Trash.mbox", "Chat.mbox"])
    parts = {f"takeout-20260601T000000Z-{number:03d}.zip": b"PK" for number in (1, 2, 4)}
    members = {made.BOX: made.takeout_box([1]), "Takeout/archive_browser.html": page, **parts}
    found = checked(lay_takeout(tmp_path / "t", members), recognised.TAKEOUT)
    assert lacks(found) == [(MISSING, "takeout-20260601T000000Z part 3"), (MISSING, "Chat.mbox")]


@needs_corpus
def test_the_takeout_sample_is_counted_with_its_labels() -> None:
    found = checked(corpus() / GMAIL / "google-takeout", recognised.TAKEOUT)
    assert lacks(found) == []
    assert found.arrived["messages"] == 39
    assert found.arrived["messages by label"]["takeout"] == 37


@needs_corpus
def test_a_message_removed_from_the_takeout_sample_is_named_by_the_reply_to_it(tmp_path: Path) -> None:
    data = (corpus() / GMAIL / "google-takeout" / "takeout.mbox").read_bytes()
    before = checked(corpus() / GMAIL / "google-takeout", recognised.TAKEOUT).notes
    starts = [found.start() for found in re.finditer(rb"(?m)^From 16\d+", data)]
    (tmp_path / "t").mkdir()
    named = 0
    for first, last in zip(starts, [*starts[1:], len(data)], strict=True):
        message_id = next(
            (line for line in data[first:last].splitlines() if line.lower().startswith(b"message-id:")), b""
        ).split()
        if len(message_id) == 2 and b"In-Reply-To: " + message_id[1] in data:
            (tmp_path / "t" / "takeout.mbox").write_bytes(data[:first] + data[last:])
            notes = checked(tmp_path / "t", recognised.TAKEOUT).notes
            named += any(message_id[1].decode() in note for note in notes) and len(notes) > len(before)
            break
    assert named == 1


# -- got-your-back -------------------------------------------------------------------------------------------------


def test_a_backup_is_held_against_its_database_and_its_labels_are_joined(tmp_path: Path) -> None:
    found = checked(made.gyb(tmp_path / "g", [1, 2, 3]), recognised.GYB)
    assert lacks(found) == []
    assert found.stated == {"email_address": made.ACCOUNT, "messages": 3}
    assert found.said[0].flags == ("read", "label:INBOX", "label:工事")
    assert found.said[0].received_ns == 1_780_308_060 * 10**9
    assert found.said[0].zone_unknown


def test_files_missing_from_and_unknown_to_the_database_are_named(tmp_path: Path) -> None:
    folder = made.gyb(tmp_path / "g", [1, 2, 3])
    (folder / "2026/6/1/2.eml").rename(folder / "2026/6/1/7.eml")
    (folder / "2026/6/1/3.eml").write_bytes(b"")
    assert lacks(checked(folder, recognised.GYB)) == [
        (MISSING, "2026/6/1/2.eml"),
        (COUNT, "2026/6/1/3.eml"),
        (EXTRA, "2026/6/1/7.eml"),
    ]


def test_a_database_that_is_damaged_or_was_being_written_is_named(tmp_path: Path) -> None:
    folder = made.gyb(tmp_path / "g", [1])
    (folder / "msg-db.sqlite-wal").write_bytes(b"x" * 4096)
    database = folder / "msg-db.sqlite"
    database.write_bytes(database.read_bytes()[:4096] + b"\xff" * 4096)
    assert {(UNREAD, "msg-db.sqlite"), (UNREAD, "msg-db.sqlite-wal")} <= set(lacks(checked(folder, recognised.GYB)))


@needs_corpus
def test_the_backup_in_the_corpus_agrees_with_its_database() -> None:
    found = checked(corpus() / GMAIL / "gyb-format", recognised.GYB)
    assert lacks(found) == []
    assert found.stated["messages"] == found.arrived["messages"] == 11
    assert any("label:💩💩💩💩" in said.flags for said in found.said)


# -- Microsoft Purview ---------------------------------------------------------------------------------------------


def lay_purview(folder: Path) -> Path:
    msg = b"not really a message"
    (folder / "Exchange").mkdir(parents=True)
    (folder / "Exchange" / "1.msg").write_bytes(msg)
    (folder / "Results.csv").write_bytes(
        "\ufeffItem Identity,Target Path,Subject or Title,Status\r\n"
        "1,Exchange\\1.msg,見積,\r\n2,Exchange\\2.msg,gone,\r\n3,,broken,Failed: item is corrupt\r\n"
        '4,"Exchange\\sato.pst\\Inbox\\4.msg",inside,\r\n'.encode("utf-8")
    )
    (folder / "manifest.xml").write_bytes(
        b"<?xml version='1.0'?><Root DataInterchangeType='Update'><Batch><Documents><Document DocID='1'><Files><File>"
        b"<ExternalFile FilePath='Exchange' FileName='1.msg' FileSize='20' Hash='%s'/></File></Files></Document>"
        b"</Documents></Batch></Root>" % hashlib.sha256(msg).hexdigest().encode()
    )
    (folder / "Errors and Warnings.csv").write_bytes(b"Item,Error\r\nx,Mailbox was not found\r\n")
    (folder / "Export Summary 06.01.2026-1000.csv").write_bytes(b"Export Name,sato\r\nItems exported,2\r\n")
    return folder


def test_the_reports_of_a_purview_export_are_held_against_its_files(tmp_path: Path) -> None:
    found = checked(lay_purview(tmp_path / "p"), recognised.PURVIEW)
    assert found.stated["items in Results.csv"] == 4
    assert found.verified == {"sha256": 1}
    assert set(lacks(found)) == {
        (MISSING, "Exchange\\2.msg"),
        (REPORTED, "broken"),
        (REPORTED, "an item without a name"),
        (MISSING, "Exchange/sato.pst"),
        (COUNT, "Items exported (Export Summary 06.01.2026-1000.csv)"),
    }


def test_a_changed_byte_in_a_purview_export_is_named(tmp_path: Path) -> None:
    folder = lay_purview(tmp_path / "p")
    (folder / "Exchange" / "1.msg").write_bytes(b"not really a massage")
    assert (CHANGED, "Exchange/1.msg") in lacks(checked(folder, recognised.PURVIEW))


# -- Zimbra --------------------------------------------------------------------------------------------------------


def test_a_zimbra_export_is_held_against_its_meta_files(tmp_path: Path) -> None:
    found = checked(lay_takeout(tmp_path / "z", made.zimbra([1, 2])), recognised.ZIMBRA)
    assert lacks(found) == []
    assert found.verified == {"sha256": 2}
    assert found.said[0].folder == "Inbox"
    assert found.said[0].flags == ("flagged", "answered", "label:工事", "label:a:b")
    assert found.said[1].flags == ("read",)
    assert found.said[0].received_ns == 1_780_000_001 * 10**9


def test_a_message_removed_from_and_one_changed_in_a_zimbra_export_are_named(tmp_path: Path) -> None:
    members: dict[str, Any] = made.zimbra([1, 2, 3])
    del members["Inbox/0000000002-export 2.eml"]
    members["Inbox/0000000003-export 3.eml"] += b"\r\n"
    found = checked(lay_takeout(tmp_path / "z", members), recognised.ZIMBRA)
    assert lacks(found) == [(MISSING, "Inbox/0000000002-export 2.eml"), (CHANGED, "Inbox/0000000003-export 3.eml")]
