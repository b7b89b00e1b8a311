"""Makes an mbox of a wanted size from the corpus: every message of it in turn, round after round, until it is full.

Nothing is chosen: each file that the corpus' index calls ``eml`` or ``mbox`` below ``eml-mbox`` is taken, spam and test
messages of other mail software included. From the second round on the Message-ID of each message is changed, so that
no two are the same message; bodies and attachments repeat. Lines that begin with "From " are quoted as mboxrd does, so
that both sides must find the same messages.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

_FROM_LINE = b"From mailer@example.org Thu Jan  1 00:00:00 2004\n"
_ENVELOPE = re.compile(rb"\A(?:\xef\xbb\xbf)?From [^\r\n]*(?:\r\n|\n|\r)")
_SEPARATOR = re.compile(rb"(?m)^From (?=[^\n]*\d\d:\d\d)")
_TO_QUOTE = re.compile(rb"(?m)^(?=>*From )")
_MESSAGE_ID = re.compile(rb"(?im)^(Message-ID:[ \t]*(?:\r?\n[ \t]+)?<)")
_LENGTH = re.compile(rb"(?im)^Content-Length:[^\n]*\n")


@dataclass(slots=True, kw_only=True)
class Box:
    """What went into the box: messages and bytes, and how many messages of one round come from each collection."""

    path: Path
    messages: int = 0
    size: int = 0
    rounds: int = 0
    origins: Counter[str] = field(default_factory=Counter)


def make_box(corpus: Path, path: Path, size: int) -> Box:
    """Write the box: whole messages until it has ``size`` bytes."""
    box = Box(path=path)
    found = list(_messages(corpus))
    box.origins.update(origin for origin, _ in found)
    with path.open("wb") as handle:
        while box.size < size:
            box.rounds += 1
            for _, raw in found:
                box.size += handle.write(_FROM_LINE + _changed(raw, box.rounds) + b"\n")
                box.messages += 1
                if box.size >= size:
                    break
    return box


def _messages(corpus: Path) -> Iterator[tuple[str, bytes]]:
    with (corpus / "INDEX.tsv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle, delimiter="\t") if row["path"].startswith("eml-mbox/")]
    for row in rows:
        if row["kind"] not in ("eml", "mbox"):
            continue
        data = (corpus / row["path"]).read_bytes()
        origin = row["path"].split("/")[1]
        for raw in [data] if row["kind"] == "eml" else _split(data):
            whole = _ENVELOPE.sub(b"", raw)
            if whole.strip():
                yield origin, _quoted(whole)


def _split(data: bytes) -> list[bytes]:
    starts = [found.start() for found in _SEPARATOR.finditer(data)]
    return [data[start:end] for start, end in pairwise([*starts, len(data)])]


def _quoted(raw: bytes) -> bytes:
    """As an mboxrd writer leaves it: quoted, with a line end behind it, and without lengths that no longer hold."""
    quoted = _TO_QUOTE.sub(b">", _LENGTH.sub(b"", raw))
    return quoted if quoted.endswith(b"\n") else quoted + b"\n"


def _changed(raw: bytes, number: int) -> bytes:
    return raw if number == 1 else _MESSAGE_ID.sub(rb"\g<1>r%d." % number, raw, count=1)
