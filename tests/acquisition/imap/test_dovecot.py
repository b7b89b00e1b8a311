"""A whole account on a real Dovecot: 20 folders, 5,000 messages, a cut, a message that grows and one that vanishes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics.acquisition.acquire import acquire
from forensics.acquisition.imap.source import ImapSource
from forensics.evidence.item import Entry
from forensics.evidence.store import EvidenceStore
from forensics.examination.acquiring_imap import account
from forensics.formats.internal_date import parse_internal_date
from forensics.formats.utf7 import decode_modified
from tests.acquisition.imap.dovecot import (
    PASSWORD,
    USER,
    Maildir,
    Server,
    cable,
    dovecot,
    index_tree,
    letter,
    mail_tree,
    needs_dovecot,
    on_the_wire,
    open_folder,
)
from tests.acquisition.stand_in import TOOL, acquired, clock
from tests.cli.command import here

pytestmark = needs_dovecot

FOLDERS = {
    "": 2500,
    "Sent": 300,
    "&U9dP4TDIMOwwpA-": 300,
    "&W1hnTw-.2026&XnQ-": 200,
    "Trash": 100,
    **{f"Kunden.{number:02d}": 100 for number in range(15)},
    "&ZeVnLIqe-": 100,
}
ITS_OWN = {
    *("dovecot.index", "dovecot.index.cache", "dovecot.index.log", "dovecot-uidlist"),
    *("dovecot.list.index", "dovecot.list.index.log"),
}
"""What the server writes for itself when a client looks at a mailbox without changing it; no mail and no flags."""
TOTAL = sum(FOLDERS.values())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with open_folder() as root:
        box = Maildir(root / "mail")
        for folder, count in FOLDERS.items():
            if folder:
                box.folder(folder)
            for number in range(count):
                flags = ("", "S", "RS", "FS", "T", "D")[number % 6]
                subject = f"{folder} {number}"
                box.add(folder, letter(number, subject=subject), flags=flags, at=1_770_000_000 + number * 60)
        with dovecot(root, root / "mail") as running:
            yield running


def source_of(port: int, **options: Any) -> ImapSource:
    return ImapSource(
        account("127.0.0.1", USER, PASSWORD, security="none", port=port, timeout=20, **options),
        now=clock(),
        sleep=lambda seconds: time.sleep(min(seconds, 0.05)),
    )


def paper(store: EvidenceStore, name: str, item: str = "EV-0001") -> list[dict[str, Any]]:
    number = next(each.number for each in store.entries(item) if each.path == f"papers/{name}.jsonl".encode())
    assert number is not None
    with store.open(item, number) as handle:
        return [json.loads(line) for line in handle.read().splitlines()[1:]]


def mails(store: EvidenceStore, item: str = "EV-0001") -> list[Entry]:
    return [each for each in store.entries(item) if each.path.startswith(b"mail/") and each.number is not None]


def test_all_of_it_comes_through_a_cut_and_every_difference_is_named_and_the_mail_stays(
    server: Server, tmp_path: Path
) -> None:
    with source_of(server.port) as first:
        first.listing()  # the server makes its indexes on the first visit
    mail, index = mail_tree(server.mail), index_tree(server.mail)
    growing = server.mail / ".Sent" / "cur" / sorted(p.name for p in (server.mail / ".Sent" / "cur").iterdir())[-1]
    vanishing = sorted((server.mail / ".Trash" / "cur").iterdir())[-1]
    arriving = Maildir.__new__(Maildir)
    arriving.root, arriving._count = server.mail, 900_000
    cuts = iter((200_000, 1_300_000))
    next_cut = [next(cuts)]

    def cut(total: int) -> bool:
        if total < next_cut[0]:
            return False
        next_cut[0] = next(cuts, 1 << 60)
        return True

    with cable(server.port, cut) as port, source_of(port) as source:
        source.listing()
        assert next_cut == [1_300_000], "the first cut came while the account was listed"
        growing.write_bytes(growing.read_bytes() + b"one more line\n")
        # With the old size in its cache, Dovecot sends a grown file cut to that size, and no client can tell.
        (server.mail / ".Sent" / "dovecot.index.cache").unlink()
        vanishing.unlink()
        arriving.add("", letter(9_999), flags="")
        store, done = acquired(source, tmp_path / "case")
        described = source.describe()
    receipt = done.receipt
    assert len(described["connections"]) >= 3
    assert [bool(each["ended"]) for each in described["connections"]] == [True, True, False]
    assert described["counts"]["messages_listed"] == TOTAL
    assert described["counts"]["messages_fetched"] == TOTAL - 1
    assert [each.path for each in receipt.missing] == [_path(store, "Trash", 100)]
    assert not receipt.refused
    told: dict[bytes, str] = {}
    for each in receipt.flagged:
        told[each.path] = f"{told.get(each.path, '')} {each.reason}"
    assert "changed during the run" in told[_path(store, "Sent", 300)]
    assert "came during the run" in told[_path(store, "INBOX", 2501)]
    assert {path.split(b"/")[1] for path in told} == {b"Sent", b"INBOX"}
    during = {(each["folder"], each["uid"], each["kind"]) for each in paper(store, "differences")}
    assert {("Trash", 100, "gone"), ("INBOX", 2501, "new"), ("Sent", 300, "changed")} == during
    folders = {each["folder"]: each for each in paper(store, "folders")}
    assert {name: each["exists"] for name, each in folders.items() if each["exists"]} == {
        _shown(folder): count for folder, count in FOLDERS.items()
    }
    assert folders["Trash"]["fetched"] == 99
    after = mail_tree(server.mail)
    assert {name for name in {*mail, *after} if mail.get(name) != after.get(name)} == {
        str(path.relative_to(server.mail)) for path in (growing, vanishing)
    } | {name for name in after if name not in mail}
    touched = {name for name, sha256 in index_tree(server.mail).items() if index.get(name) != sha256}
    assert {Path(name).name for name in touched} <= ITS_OWN
    stored = {each.path for each in mails(store)}
    assert len(stored) == TOTAL - 1


def _shown(folder: str) -> str:
    return decode_modified(folder).replace(".", "/") or "INBOX"


def _path(store: EvidenceStore, folder: str, uid: int) -> bytes:
    validity = {each["folder"]: each["uidvalidity"] for each in paper(store, "folders")}
    return b"mail/%s/%d/%010d.eml" % (folder.encode(), validity[folder], uid)


def test_every_message_is_stored_byte_for_byte_with_its_date_and_flags(server: Server, tmp_path: Path) -> None:
    with source_of(server.port, folders=("日本語", "Sent")) as source:
        store, done = acquired(source, tmp_path / "case")
    assert done.receipt.complete
    for folder, raw in (("日本語", "&ZeVnLIqe-"), ("Sent", "Sent")):
        stored = {}
        for each in mails(store):
            facts = (each.facts or {})["imap"]
            if facts["folder"] == folder:
                with store.open("EV-0001", each.number or 0) as handle:
                    stored[facts["uid"]] = (handle.read(), facts)
        files = sorted((server.mail / f".{raw}" / "cur").iterdir(), key=lambda path: int(path.name.split(".")[0]))
        assert len(stored) == len(files) == FOLDERS[raw]
        for uid, path in enumerate(files, start=1):
            data, facts = stored[uid]
            assert data == on_the_wire(path.read_bytes())
            assert ("\\Seen" in facts["flags"]) == ("S" in path.name.rpartition(",")[2])
            assert (parse_internal_date(facts["internaldate"]) or (0,))[0] == int(path.stat().st_mtime) * 10**9


def test_a_second_run_fetches_what_is_new_and_names_the_rest_by_the_item_before(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PW", PASSWORD)
    case = tmp_path / "case"
    words = ("acquire", "imap", "127.0.0.1", "--no-tls", "--port", server.port, "--user", USER, "--password-env", "PW")
    words = (*words, "--folder", "Trash", "--folder", "日本語", "--case", case, "--json")
    assert here("case", "new", case, "--title", "t").code == 0
    assert here(*words).object["acquired"][0]["state"] == "acquired"
    assert here(*words).object["acquired"][0]["state"] == "unchanged"
    files = sorted((server.mail / ".Trash" / "cur").iterdir())
    files[0].unlink()
    read = files[1].with_name(files[1].name.partition(",")[0] + ",FS")
    files[1].rename(read)
    box = Maildir.__new__(Maildir)
    box.root, box._count = server.mail, 800_000
    box.add("&ZeVnLIqe-", letter(8_888), at=1_775_000_000)
    done = here(*words)
    assert done.code == 0
    found = done.object["acquired"][0]
    assert (found["evidence"], found["changes"]) == (
        "EV-0002",
        ["Trash: 1 gone, 1 with other flags", "日本語: 1 new"],
    )
    store = EvidenceStore(case / "evidence")
    assert [(each.facts or {})["imap"]["uid"] for each in mails(store, "EV-0002")] == [101]
    rows = paper(store, "messages", "EV-0002")
    unchanged = [each for each in rows if "base" in each]
    assert len(unchanged) == len(rows) - 1
    for each in unchanged[:5]:
        with store.open(each["base"]["evidence"], each["base"]["number"]) as handle:
            assert hashlib.sha256(handle.read()).hexdigest() == each["base"]["sha256"] == each["sha256"]
    named = {(each["kind"], each["uid"]) for each in paper(store, "differences", "EV-0002")}
    assert named == {("gone", 1), ("flags", 2), ("new", 101)}
    assert PASSWORD not in (case / "ledger" / "events.jsonl").read_text()
    for item in store.items():
        for each in store.entries(item):
            if each.number is not None:
                with store.open(item, each.number) as handle:
                    assert PASSWORD.encode() not in handle.read()


def test_a_killed_run_goes_on_with_what_it_kept(server: Server, tmp_path: Path) -> None:
    class Killed(BaseException):
        """What a kill leaves behind, without one."""

    folder = "Kunden.03"
    store = EvidenceStore(tmp_path / "evidence")
    count = [0]

    def told(*_: int) -> None:
        count[0] += 1
        if count[0] > 700:
            raise Killed

    with source_of(server.port, folders=(folder, "Sent")) as source, pytest.raises(Killed):
        acquire(source, store.begin("EV-0001"), now=clock(), tool=TOOL, told=told)
    writer = store.begin("EV-0001")
    kept = len(writer.kept)
    assert 0 < kept < 400
    with source_of(server.port, folders=(folder, "Sent")) as source:
        done = acquire(source, writer, now=clock(), tool=TOOL)
        fetched = sum("BODY.PEEK" in each["text"] for each in source._transcript.lines)
        counts = source.describe()["counts"]
    assert done.resumed
    assert done.receipt.complete
    assert counts["messages_fetched"] == counts["messages_listed"] == len(mails(store))
    assert fetched <= (400 - kept) // 100 + 3
    assert not store.verify("EV-0001")
