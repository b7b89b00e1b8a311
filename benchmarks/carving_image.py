"""Makes a medium for the measurement of carving: known mail among noise, text that is no mail, and zeros."""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from forensics.formats.mapi import tags
from tests.tools.make_msg import Msg, build
from tests.tools.pst_stories import write_large

_CLUSTER = 4096
_WORDS = 3000
_FIRST = ("Return-Path", "Received", "From", "Date", "Message-ID", "MIME-Version", "Delivered-To")
_STORE_MESSAGES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One message that lies there: of a mailbox or a store, ``start`` is its own From_ line or that of the store."""

    kind: str
    start: int
    end: int
    messages: int = 1


class Maker:
    """Generates everything from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        letters = "abcdefghijklmnopqrstuvwxyz"
        lengths = (self._random.randint(2, 10) for _ in range(_WORDS))
        self._words = ["".join(self._random.choices(letters, k=length)) for length in lengths]

    def write(self, path: Path, size: int, share: float = 0.15) -> tuple[Truth, ...]:
        """Fill a file of ``size`` bytes; about ``share`` of it is mail."""
        truths: list[Truth] = []
        objects = self._objects()
        mail = 0
        with path.open("wb") as out:
            while out.tell() < size:
                self._filler(out)
                while mail < out.tell() * share:
                    mail += self._lay(out, *next(objects), truths)
            out.truncate(-(-out.tell() // _CLUSTER) * _CLUSTER)
        return tuple(truths)

    def _lay(self, out: BinaryIO, kind: str, data: bytes, parts: list[int], count: int, truths: list[Truth]) -> int:
        start = out.tell()
        out.write(data + bytes(-len(data) % 512))
        out.write(self._random.randbytes(-out.tell() % _CLUSTER))
        ends = [*parts[1:], len(data)]
        truths += [
            Truth(kind=kind, start=start + a, end=start + b, messages=count) for a, b in zip(parts, ends, strict=True)
        ]
        return len(data)

    def _filler(self, out: BinaryIO) -> None:
        size = self._random.randint(16, 512) * _CLUSTER
        what = self._random.random()
        if what < 0.45:
            out.write(self._random.randbytes(size))
        elif what < 0.85:
            text = self._text(1 << 15).encode()
            out.write((text * (size // len(text) + 1))[: size - 1] + b"\0")
        else:
            out.write(bytes(size))

    def _text(self, size: int) -> str:
        """Prose, mark-up and lines of logs, with words that headers begin with."""
        lines, held = [], 0
        while held < size:
            lines.append(self._line())
            held += len(lines[-1]) + 1
        return "\n".join(lines)

    def _line(self) -> str:
        words = " ".join(self._random.choices(self._words, k=self._random.randint(4, 14)))
        what = self._random.random()
        if what < 0.3:
            return f"<p class={self._random.choice(self._words)}>{words}</p>"
        if what < 0.6:
            return f"2026-06-{self._random.randint(1, 28):02d} 10:{self._random.randint(0, 59):02d}:00 host {words}"
        if what < 0.62:
            return f"{self._random.choice(('From: ', 'From ', 'Date: ', 'Subject: ', 'To: '))}{words}"
        return words

    def _objects(self) -> Iterator[tuple[str, bytes, list[int], int]]:
        """Kind, bytes, where the messages in them begin, how many messages each of these stands for."""
        number = 0
        while True:
            for _ in range(40):
                number += 1
                yield "eml", self._message(number), [0], 1
            box, starts = bytearray(), []
            for _ in range(60):
                number += 1
                starts.append(len(box))
                box += b"From a@example.jp Mon Jun  1 10:00:00 2026\n" + self._message(number, "\n") + b"\n"
            yield "mbox", bytes(box), starts, 1
            for _ in range(4):
                number += 1
                yield "msg", self._item(number), [0], 1
            if number % 416 == 0:
                store = io.BytesIO()
                write_large(store, _STORE_MESSAGES)
                yield "pst", store.getvalue(), [0], _STORE_MESSAGES

    def _message(self, number: int, end: str = "\r\n") -> bytes:
        first = self._random.choice(_FIRST)
        fields = {
            "Return-Path": f"<a{number}@example.jp>",
            "Delivered-To": "b@example.jp",
            "Received": f"from a.example by b.example with ESMTP id {number};{end}\tMon, 1 Jun 2026 10:00:00 +0900",
            "Message-ID": f"<{number}@example.jp>",
            "Date": "Mon, 1 Jun 2026 10:00:00 +0900",
            "From": f"Aoki <a{number}@example.jp>",
            "To": "b@example.jp",
            "Subject": " ".join(self._random.choices(self._words, k=4)),
            "MIME-Version": "1.0",
        }
        names = [first, *(name for name in fields if name != first)]
        body = self._text(self._random.randint(200, 6000)).replace("\nFrom ", "\n>From ").replace("\n", end) + end
        if self._random.random() < 0.5:
            names.append("Content-Type")
            boundary = f"=_{number:08x}_{self._random.getrandbits(64):016x}"
            fields["Content-Type"] = f'multipart/mixed; boundary="{boundary}"'
            file = base64.encodebytes(self._random.randbytes(self._random.randint(500, 60_000))).decode()
            parts = (f"Content-Type: text/plain{end}{end}{body}", _attachment(file.replace("\n", end), end))
            body = "".join(f"--{boundary}{end}{part}" for part in parts) + f"--{boundary}--{end}"
        return ("".join(f"{name}: {fields[name]}{end}" for name in names) + end + body).encode()

    def _item(self, number: int) -> bytes:
        body = self._text(self._random.randint(2000, 30_000))
        return build(
            Msg(texts={tags.PR_SUBJECT: f"item {number}", tags.PR_BODY: body, tags.PR_MESSAGE_CLASS: "IPM.Note"})
        )


def _attachment(data: str, end: str) -> str:
    return f"Content-Type: application/octet-stream{end}Content-Transfer-Encoding: base64{end}{end}{data}"
