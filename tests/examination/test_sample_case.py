"""The sample case against its answer key: every message and attachment of every store, with its hash and its state."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from tests.examination.cases import ROOT, lines, rows, sound, stored_files

_TOP = "SELECT * FROM message WHERE embedded_in IS NULL AND raw_sha256 IS NOT NULL"
"""Every message but those of the Outlook archive, which keeps no raw bytes and has a key of its own."""
_TIERS = {
    "moved": "deleted_folder",
    "hard_deleted": "deleted_node",
    "edited": "older_version",
    "orphaned": "orphan",
}
_DELETED_BY_ITS_OWNER = ("expunged", "trashed", "bin")


@cache
def truth() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "sample_data" / "truth.json").read_text(encoding="utf-8"))
    return found


def items() -> list[dict[str, Any]]:
    """Every message that a store still lists, or that lies in a file which was deleted from the image."""
    return [item for store in truth()["stores"].values() for item in store["items"]]


def path_of(case: Path) -> dict[str, str]:
    """The path of each stored file by its address; a store of the image has its own path before it."""
    return {address: path for address, path, _ in stored_files(case)}


def test_every_message_of_every_store_is_there_once_with_its_hash(sample_case: Path) -> None:
    """The key holds the hash of an mbox message as it was before the store quoted it; the record the hash as stored."""
    found: Counter[tuple[str | None, str]] = Counter()
    for row in rows(sample_case, _TOP):
        evidence, number, _ = row["address"].split("/", 2)
        stored = (sample_case / "evidence" / evidence / "data" / f"{number}.bin").read_bytes()
        whole = stored[row["span_start"] : row["span_end"]]
        if whole.startswith(b"From "):
            whole = whole.partition(b"\n")[2]
        raw = whole[: row["size"]]
        assert hashlib.sha256(raw).hexdigest() == row["raw_sha256"]
        assert whole[row["size"] :].strip() == b""
        unquoted = re.sub(rb"^>(>*From )", rb"\1", raw, flags=re.MULTILINE)
        found[(row["message_id"], hashlib.sha256(unquoted).hexdigest())] += 1
    expected = Counter((item["message_id"] or None, item["sha256"]) for item in items())
    assert (found - expected, expected - found) == (Counter(), Counter())


def test_every_store_holds_as_many_messages_as_it_should(sample_case: Path) -> None:
    paths = path_of(sample_case)
    found: Counter[str] = Counter()
    for row in rows(sample_case, _TOP):
        address = row["address"].rsplit("/", 1)[0]
        found["image" if row["evidence"] != "EV-0001" else paths[address].partition("/")[0]] += 1
    assert found == Counter({name: len(store["items"]) for name, store in truth()["stores"].items()})


def test_what_its_owner_deleted_is_told_from_the_living(sample_case: Path) -> None:
    gone = [row for row in rows(sample_case, _TOP) if row["recovery"] != "live"]
    found = Counter((row["message_id"], row["raw_sha256"]) for row in gone)
    deleted = [item for item in items() if item["state"] in (*_DELETED_BY_ITS_OWNER, "deleted-file")]
    assert found == Counter((item["message_id"], item["sha256"]) for item in deleted)
    states = {row["message_id"]: row["recovery"] for row in gone}
    in_file = [item["message_id"] for item in deleted if item["state"] == "deleted-file"]
    assert {states[name] for name in in_file} == {"deleted_file"}
    assert {row["recovery"] for row in gone if row["message_id"] not in in_file} == {"soft_deleted"}


def test_every_attachment_is_there_under_its_hash_and_each_of_its_names(sample_case: Path) -> None:
    kept = {message["message_id"]: message["attachments"] for message in truth()["logical_messages"]}
    expected = Counter((each["name"], each["sha256"]) for item in items() for each in kept[item["message_id"]])
    sql = (
        "SELECT a.* FROM attachment a JOIN message m ON m.id = a.message_id_ref "
        "WHERE m.embedded_in IS NULL AND m.raw_sha256 IS NOT NULL AND a.disposition = 'attachment'"
    )
    found: Counter[tuple[str, str]] = Counter()
    for row in rows(sample_case, sql):
        data = (sample_case / "content" / row["sha256"][:2] / row["sha256"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row["size"], row["sha256"])
        if row["declared_type"] == "message/rfc822":
            # Attached messages have no transfer encoding: the store's line ends are in them, in the key they are not.
            data = data.replace(b"\r\n", b"\n") + b"\n"
        names = [each.partition("=")[2] for each in row["names"]]
        digest = hashlib.sha256(data).hexdigest()
        found[(next((name for name in names if (name, digest) in expected), row["name"]), digest)] += 1
    assert found == expected
    assert sum(found.values()) == sum(store["attachments"] for store in truth()["stores"].values())


def test_a_message_inside_a_message_stands_apart_and_names_its_carrier(sample_case: Path) -> None:
    found = rows(sample_case, "SELECT e.*, m.address AS carrier FROM message e JOIN message m ON m.id = e.embedded_in")
    assert all(row["address"].startswith(row["carrier"] + "/attachment:") and row["depth"] == 1 for row in found)
    mime = [row for row in found if row["raw_sha256"] is not None]
    assert (len(mime), len(found)) == (5, 6)
    everything = rows(sample_case, "SELECT count(*) AS n FROM message WHERE raw_sha256 IS NOT NULL")[0]["n"]
    assert everything == len(items()) + len(mime)


def test_the_stores_in_the_image_come_out_with_their_hashes_and_their_parent(sample_case: Path) -> None:
    held = {each["path"]: each["sha256"] for each in truth()["image"]["files"]}
    wanted = {path: sha256 for path, sha256 in held.items() if "Maildir" in path or "mail-backup" in path}
    found = {sha256 for address, _, sha256 in stored_files(sample_case) if not address.startswith("EV-0001")}
    assert found == set(wanted.values())
    parents = {line.value["params"].get("parent") for line in lines(sample_case) if line.act == "acquire"}
    assert parents == {"", "EV-0001/000031"}


def test_the_live_mail_of_the_outlook_archive_is_there(sample_case: Path) -> None:
    expected = Counter((name, one["subject"]) for name, items in truth()["outlook"]["live"].items() for one in items)
    found = Counter(
        (row["store_path"].rpartition("/")[2], row["subject"])
        for row in _archive(sample_case, "recovery IN ('live', 'soft_deleted') AND embedded_in IS NULL")
    )
    assert found == expected


def test_what_was_deleted_and_edited_in_the_outlook_archive_comes_back(sample_case: Path) -> None:
    sql = (
        "SELECT tier, m.message_id, m.store_path, m.id FROM recovered_item r JOIN message m ON m.id = r.message_id_ref"
    )
    found = {(row["tier"], row["message_id"]): row for row in rows(sample_case, sql)}
    for one in truth()["outlook"]["changed"]:
        if one["whole"]:
            row = found[(_TIERS[one["deed"]], one["message_id"])]
            if one["deed"] != "moved":
                assert row["store_path"].endswith("/" + one["former_folder"])
            kept = rows(sample_case, f"SELECT name, sha256 FROM attachment WHERE message_id_ref = '{row['id']}'")
            files = [(file["name"], file["sha256"]) for file in one["attachments"] if file["sha256"]]
            assert set(files) <= {(file["name"], file["sha256"]) for file in kept}


def test_every_byte_of_the_outlook_archive_is_accounted_for(sample_case: Path) -> None:
    (account,) = rows(sample_case, "SELECT * FROM byte_account")
    classes = ("header", "page", "live_block", "recovered_block", "free_empty", "free_not_empty", "unreadable")
    assert sum(account[name] for name in classes) == account["size"]
    assert account["recovered_block"] > 0


def _archive(case: Path, condition: str) -> list[dict[str, Any]]:
    """The messages of the Outlook archive."""
    (address,) = (at for at, path in path_of(case).items() if path.endswith(".pst"))
    return rows(case, f"SELECT * FROM message WHERE starts_with(address, '{address}/') AND {condition}")


def test_what_was_overwritten_is_named_with_the_find(sample_case: Path) -> None:
    partly = sum(1 for one in truth()["outlook"]["changed"] if not one["whole"])
    sql = "SELECT * FROM recovered_item WHERE tier = 'deleted_node' AND len(overwritten) > 0"
    assert len(rows(sample_case, sql)) == partly


def test_nothing_of_the_sample_is_a_problem_and_the_case_verifies(sample_case: Path) -> None:
    assert rows(sample_case, "SELECT * FROM problem") == []
    found = sound(sample_case)
    assert found.exit_code == 0
    assert found.unfinished == ()


def test_every_clock_of_every_message_is_on_the_timeline(sample_case: Path) -> None:
    events = rows(sample_case, "SELECT count(*) AS n FROM event WHERE meaning <> 'no_time'")[0]["n"]
    moments = rows(sample_case, "SELECT count(*) AS n FROM moment")[0]["n"]
    logged = rows(sample_case, "SELECT count(*) AS n FROM log_event WHERE utc IS NOT NULL")[0]["n"]
    assert events == moments + logged
    assert moments > 0 < logged
    copies = rows(sample_case, "SELECT count(*) AS n FROM logical")[0]["n"]
    assert copies == rows(sample_case, "SELECT count(*) AS n FROM message")[0]["n"]
