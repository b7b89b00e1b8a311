"""Trees of sdbox and mdbox that Dovecot itself wrote: exactly its mail comes back, with dates, flags and UIDs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.errors import PARTLY_READ
from forensics.examination.conductor import Examination
from tests.acquisition.exports import made
from tests.examination.cases import station
from tests.examination.test_exports import acquired, messages

DOVEADM = shutil.which("doveadm")
NOBODY = 65534
CONFIGURATION = """
mail_location = {kind}:{folder}/mail
mail_home = {folder}
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
ssl = no
namespace inbox {{
  inbox = yes
  separator = /
}}
mail_uid = {owner}
mail_gid = {owner}
first_valid_uid = 0
first_valid_gid = 0
"""
pytestmark = pytest.mark.skipif(DOVEADM is None, reason="doveadm is not installed (Debian: dovecot-core)")


class Server:
    """``doveadm`` on a tree of its own, as an account that it accepts."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder
        self.mail = folder / "mail"
        root = os.geteuid() == 0
        owner = NOBODY if root else os.geteuid()
        (folder / "run").mkdir()
        self._configuration = folder / "dovecot.conf"
        self._configuration.write_text(CONFIGURATION.format(kind=kind, folder=folder, owner=owner))
        self._environment = {**os.environ, "USER": "nobody" if root else os.environ.get("USER", "nobody")}
        if root:
            folder.chmod(0o711)
            for path in (folder, folder / "run"):
                os.chown(path, NOBODY, NOBODY)

    def tell(self, *words: str, given: bytes = b"") -> str:
        call = [DOVEADM or "doveadm", "-c", str(self._configuration), *words]
        done = subprocess.run(
            call, input=given, capture_output=True, cwd=self.folder, env=self._environment, check=False
        )
        if done.returncode:
            pytest.skip(f"doveadm does not work here: {done.stderr.decode(errors='backslashreplace')[:200]}")
        return done.stdout.decode()

    def listed(self) -> dict[tuple[str, str], tuple[int, frozenset[str], int]]:
        """UID, flags and time of delivery of each message, by mailbox and subject, as Dovecot says them."""
        fields = "mailbox uid flags date.received.unixtime hdr.subject"
        found = {}
        for line in self.tell("-f", "tab", "fetch", fields, "all").splitlines()[1:]:
            mailbox, uid, flags, received, subject = line.split("\t")
            words = {"seen": "read"}
            said = (words.get(flag.lower().lstrip("\\"), flag.lstrip("\\").lower()) for flag in flags.split())
            found[mailbox, subject] = int(uid), frozenset(said) - {"recent"}, int(received)
        return found


@pytest.fixture(params=["sdbox", "mdbox"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    # Not below the folder of the tests, which only its owner may enter, and Dovecot refuses to be root.
    with tempfile.TemporaryDirectory() as folder:
        made_server = Server(Path(folder), request.param)
        yield made_server


def fill(server: Server) -> None:
    server.tell("mailbox", "create", "工事/現場")
    for number in range(1, 8):
        server.tell("save", "-m", "INBOX" if number < 5 else "工事/現場", given=made.mail(number))
    server.tell("flags", "add", "\\Seen \\Flagged important", "mailbox", "INBOX", "subject", "export 2")
    server.tell("flags", "add", "\\Answered", "mailbox", "工事/現場", "all")
    server.tell("flags", "remove", "\\Answered", "mailbox", "工事/現場", "subject", "export 6")
    server.tell("copy", "工事/現場", "mailbox", "INBOX", "subject", "export 1")
    server.tell("expunge", "mailbox", "INBOX", "subject", "export 3")


def test_exactly_the_mail_comes_back_with_dates_and_flags(server: Server, tmp_path: Path) -> None:
    fill(server)
    listed = server.listed()
    found = acquired(tmp_path / "case", server.mail)
    assert [each.exit_code for each in found] == [0, 0]
    rows = messages(tmp_path / "case")
    live = {(str(row["store_path"]), str(row["subject"])): row for row in rows if row["recovery"] == "live"}
    assert {subject for _, subject in live} == {subject for _, subject in listed}
    for key, row in live.items():
        assert (row["uid"], frozenset(row["flags"])) == listed[key][:2]  # type: ignore[arg-type]
    expunged = [row["subject"] for row in rows if row["recovery"] == "orphaned"]
    assert expunged == (["export 3"] if (server.mail / "storage").is_dir() else [])
    with Examination(tmp_path / "case", station()) as examination:
        sql = (
            "SELECT m.subject, epoch(o.utc) AS at FROM moment o JOIN message m ON o.message_id_ref = m.id "
            "WHERE o.says = 'dbox R'"
        )
        times = {str(row["subject"]): int(row["at"]) for row in examination.view().rows(sql)}
    assert len(times) == len({row["subject"] for row in rows})
    for (_, subject), (_, _, received) in listed.items():
        assert times[subject] == received


def test_a_mail_file_that_is_gone_is_named_by_the_index(server: Server, tmp_path: Path) -> None:
    fill(server)
    tree = tmp_path / "mail"
    shutil.copytree(server.mail, tree)
    for path in (*tree.glob("mailboxes/INBOX/dbox-Mails/u.2"), *tree.glob("storage/m.*")):
        path.unlink()
    stated = acquired(tmp_path / "case", tree)[-1]
    assert stated.exit_code == PARTLY_READ
    assert any(each.startswith(("INBOX, u.2", "INBOX, UID 2")) for each in stated.refused)
