"""A real Dovecot on loopback over a Maildir, as the current user or, for root, as nobody; and a cable to cut."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="there is no Dovecot here: install dovecot-imapd")
USER, PASSWORD = "sato@example.jp", 'pass "word" \\ 1'
_NOBODY = 65534
_COMMON = """
protocols = imap
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
ssl = no
default_internal_user = {name}
default_login_user = {name}
default_internal_group = {group}
first_valid_uid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    {listen} = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""
_OLD = """
disable_plaintext_auth = no
mail_location = maildir:{mail}
mail_max_userip_connections = 100
namespace inbox {{
  inbox = yes
  separator = .
  mailbox Trash {{
    special_use = \\Trash
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {root}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home
}}
"""
_NEW = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {mail}
namespace inbox {{
  inbox = yes
  separator = .
}}
passdb passwd-file {{
  passwd_file_path = {root}/passwd
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {root}/home
  }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    root: Path
    mail: Path
    port: int

    def log(self) -> str:
        return (self.root / "log").read_text(errors="backslashreplace")


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the server may enter as another user, which below pytest's own it may not."""
    with tempfile.TemporaryDirectory(prefix="forensics-dovecot-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def dovecot(root: Path, mail: Path) -> Iterator[Server]:
    """The server over a Maildir++ tree, until the block ends."""
    assert DOVECOT is not None
    uid, gid = (os.getuid(), os.getgid()) if os.getuid() else (_NOBODY, _NOBODY)
    _own(mail, uid, gid)
    port = _free_port()
    version = subprocess.run([DOVECOT, "--version"], capture_output=True, check=True).stdout.decode()
    config = _config(version, root=root, mail=mail, uid=uid, gid=gid, port=port)
    (root / "dovecot.conf").write_text(config)
    (root / "passwd").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    process = subprocess.Popen(
        [DOVECOT, "-F", "-c", str(root / "dovecot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _wait(port, process)
        yield Server(root=root, mail=mail, port=port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()


def _config(version: str, *, root: Path, mail: Path, uid: int, gid: int, port: int) -> str:
    import grp
    import pwd

    new = tuple(int(each) for each in re.findall(r"\d+", version)[:2]) >= (2, 4)
    text = (_NEW + _COMMON) if new else (_COMMON + _OLD)
    name, group = pwd.getpwuid(uid).pw_name, grp.getgrgid(gid).gr_name
    listen = "listen" if new else "address"
    return text.format(root=root, mail=mail, uid=uid, gid=gid, port=port, name=name, group=group, listen=listen)


def _own(mail: Path, uid: int, gid: int) -> None:
    if uid != os.getuid():
        for path in (mail, *mail.rglob("*")):
            os.chown(path, uid, gid)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            said = process.stderr.read().decode(errors="backslashreplace") if process.stderr else ""
            pytest.skip(f"this Dovecot does not start with the configuration of the tests: {said[:300]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as probe:
            if probe.recv(4) == b"* OK":
                return
        time.sleep(0.05)  # a server needs a moment to start, and nothing tells when it has
    pytest.skip("this Dovecot did not answer within ten seconds")


class Maildir:
    """Writes messages straight into a Maildir++ tree; names say when they came and what their flags are."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._count = 0
        root.mkdir(parents=True)
        self.folder("")

    def folder(self, name: str) -> Path:
        """A folder by its raw (modified UTF-7) name, ``""`` for INBOX."""
        path = self.root / f".{name}" if name else self.root
        for part in ("cur", "new", "tmp"):
            (path / part).mkdir(parents=True, exist_ok=True)
        return path

    def add(self, folder: str, data: bytes, *, flags: str = "", at: int = 1_780_000_000) -> Path:
        """One message; its INTERNALDATE is the time of the file."""
        self._count += 1
        base = self.root / f".{folder}" if folder else self.root
        path = base / "cur" / f"{at}.M{self._count}P1.host:2,{flags}"
        path.write_bytes(data)
        os.utime(path, (at, at))
        if os.getuid() == 0:
            os.chown(path, _NOBODY, _NOBODY)
        return path


def letter(number: int, subject: str = "", body: str = "") -> bytes:
    """A small message with lines that end as in a Maildir of Unix."""
    return (
        f"From: Sato <sato@example.jp>\nTo: tanaka@example.jp\nSubject: {subject or f'letter {number}'}\n"
        f"Message-ID: <{number}@example.jp>\nDate: Mon, 1 Jun 2026 10:00:00 +0900\n\n{body or f'hello {number}'}\n"
    ).encode()


def on_the_wire(stored: bytes) -> bytes:
    """The message as IMAP sends it: with CRLF."""
    return stored.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def mail_tree(root: Path) -> dict[str, str]:
    """Name (flags among it) and hash of every message file; what Dovecot keeps for itself stands apart."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.parent.name in ("cur", "new", "tmp")
    }


def index_tree(root: Path) -> dict[str, str]:
    """The server's own files: indexes, lists of UIDs, subscriptions."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.parent.name not in ("cur", "new", "tmp")
    }


@contextmanager
def cable(port: int, on_bytes: Callable[[int], bool]) -> Iterator[int]:
    """A way to the server that is cut whenever ``on_bytes(bytes from the server so far, in all)`` says so."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    total = [0]
    threads: list[threading.Thread] = []

    def pump(source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 14):
                target.sendall(data)
                if counted:
                    total[0] += len(data)
                    if on_bytes(total[0]):
                        break
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def join(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=pump, args=(server, client, True), daemon=True)
            back.start()
            pump(client, server, False)
            back.join()

    def serve() -> None:
        while not over.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=join, args=(client,), daemon=True))
            threads[-1].start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        over.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for each in (thread, *threads):
            each.join(10)
