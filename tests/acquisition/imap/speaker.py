"""A small IMAP server in the test's process, for what no real one does on demand: throttle, lie, break off, alert."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

GREETING = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"


@dataclass
class Speaker:
    """Answers each command by the first rule that matches; a rule gives bytes, or ``None`` to break off."""

    rules: list[tuple[str, Callable[[str, str], bytes | None]]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    connections: int = 0

    def on(self, pattern: str, answer: Callable[[str, str], bytes | None]) -> None:
        """The newest rule comes first."""
        self.rules.insert(0, (pattern, answer))

    def answer(self, line: str) -> bytes | None:
        tag, _, command = line.partition(" ")
        for pattern, answer in self.rules:
            if re.match(pattern, command):
                return answer(tag, command)
        return f"{tag} BAD what?\r\n".encode()

    def serve(self, client: socket.socket, context: ssl.SSLContext | None, begin_clear: bool) -> None:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            stack.enter_context(client)
            if context is not None and not begin_clear:
                client = stack.enter_context(context.wrap_socket(client, server_side=True))
            client.sendall(GREETING)
            stream = stack.enter_context(client.makefile("rb"))
            while raw := stream.readline():
                line = raw.decode().rstrip("\r\n")
                self.heard.append(line)
                if context is not None and begin_clear and line.endswith("STARTTLS"):
                    client.sendall(f"{line.split()[0]} OK now\r\n".encode())
                    client = stack.enter_context(context.wrap_socket(client, server_side=True))
                    stream = stack.enter_context(client.makefile("rb"))
                    continue
                said = self.answer(line)
                if said is None:
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(said)


def ok(*lines: bytes) -> Callable[[str, str], bytes]:
    """These untagged lines and a tagged OK."""
    return lambda tag, command: b"".join(each + b"\r\n" for each in lines) + f"{tag} OK done\r\n".encode()


def message(uid: int, data: bytes, *, size: int | None = None) -> bytes:
    """The answer to a fetch of one message's text."""
    stated = len(data) if size is None else size
    return b"* %d FETCH (UID %d RFC822.SIZE %d BODY[] {%d}\r\n%s)" % (uid, uid, stated, len(data), data)


def usual(messages: dict[int, bytes]) -> Speaker:
    """A server with one folder that holds these messages."""
    speaker = Speaker()
    listed = [
        b'* %d FETCH (UID %d FLAGS () INTERNALDATE "01-Jun-2026 10:00:00 +0900" RFC822.SIZE %d)' % (n, uid, len(data))
        for n, (uid, data) in enumerate(messages.items(), start=1)
    ]

    def fetch(tag: str, command: str) -> bytes:
        wanted = [uid for uid in messages if _holds(command.split()[2], uid)]
        return ok(*(message(uid, messages[uid]) for uid in wanted))(tag, command)

    counts = (b"MESSAGES %d" % len(messages), b"UIDNEXT 99", b"UIDVALIDITY 7")
    speaker.on("UID FETCH", fetch)
    speaker.on("FETCH", ok(*listed))
    speaker.on("EXAMINE", ok(b"* %d EXISTS" % len(messages), b"* OK [UIDVALIDITY 7] valid", b"* FLAGS ()"))
    speaker.on("STATUS", ok(b"* STATUS INBOX (" + b" ".join(counts) + b")"))
    speaker.on("LIST", ok(b'* LIST () "/" INBOX'))
    speaker.on("CAPABILITY", ok(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN"))
    speaker.on("LOGIN", ok())
    speaker.on("LOGOUT", ok(b"* BYE"))
    return speaker


def _holds(ids: str, uid: int) -> bool:
    runs = (each.partition(":") for each in ids.split(","))
    return any(int(first) <= uid <= int(last or first) for first, _, last in runs)


@contextmanager
def spoken(speaker: Speaker, context: ssl.SSLContext | None = None, *, begin_clear: bool = False) -> Iterator[int]:
    """The server on loopback, until the block ends; with a context it speaks TLS, from the start or when asked."""
    if begin_clear:
        speaker.on("CAPABILITY", ok(b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN"))
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        threads = []
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                break
            speaker.connections += 1
            threads.append(threading.Thread(target=speaker.serve, args=(client, context, begin_clear), daemon=True))
            threads[-1].start()
        for each in threads:
            each.join(5)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
