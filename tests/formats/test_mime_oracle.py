"""The walker against Python's ``email`` (compat32) on every message of the corpus: same parts, types and content."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from hashlib import sha256

import pytest

from forensics.formats.mime import parse
from forensics.formats.transfer import content
from tests.corpus import corpus, needs_corpus

Outline = list[tuple[str, str]]

# Where the two differ, and why ours is right. No reason covers a well formed message.
REASONS = {
    "a field behind a damaged line is a field still, not body": [
        "core/testmsgs/malformedHeader-nocrlfcrlf.msg",
        "core/testmsgs/obsolete.msg",
        "html/Gimhae_Kim_clan.tokens",
        "html/papercut-4.4.tokens",
        "html/papercut.tokens",
        "messages/issue358.txt",
        "smime/dsa/smime.pfx",
        "smime/rsa/smime.pfx",
        "yenc/state-changes.ntx",
        "plain_emails/raw_email_incorrect_header.eml",
        "rfc2822/example13.eml",
        "mailbox/size-1",
        "malformed/007.eml",
        "malformed/019.eml",
    ],
    "email takes the whole message for body when the first line is a From line behind a byte order mark": [
        "messages/feedback-report.txt",
        "mbox/unmunged.mbox.txt",
    ],
    "white space around the encoding or the boundary makes email leave the part as it is": [
        "mimetools-testmsgs/twopart.out",
        "mimetools-testmsgs/twopart.msg",
        "thirdparty/003.eml",
        "mimetools-testmsgs/multi-badnames.msg",
        "mimetools-testmsgs/multi-badnames.out",
        "mimetools-testmsgs/multi-clen.msg",
        "mimetools-testmsgs/multi-digest.msg",
        "mimetools-testmsgs/multi-simple.msg",
        "thirdparty/012.eml",
    ],
    "white space before the colon is the obsolete syntax of a field, not a body": ["core/testmsgs/obsolete.out"],
    "a closing line right behind a boundary line ends the multipart": ["core/testmsgs/multipartemptypart.msg"],
    "white space inside a type": ["malformed/017.eml"],
}


def theirs(raw: bytes, *, trim: bool = False) -> Outline:
    found: Outline = []
    stack: list[Message] = [message_from_bytes(raw)]
    while stack:
        part = stack.pop()
        kind, payload = part.get_content_type(), part.get_payload()
        if kind.startswith("multipart/") and isinstance(payload, list):
            found.append((kind, ""))
            stack += [each for each in reversed(payload) if isinstance(each, Message)]
        elif kind.startswith(("message/", "multipart/")):
            found.append((kind, ""))
        else:
            found.append((kind, digest(part.get_payload(decode=True), trim)))
    return found


def ours(raw: bytes, *, trim: bool = False) -> Outline:
    return [
        (part.content_type, "")
        if part.content_type.startswith(("message/", "multipart/"))
        else (part.content_type, digest(content(raw, part).data, trim))
        for part in parse(raw).parts
    ]


def is_unclosed(raw: bytes) -> bool:
    """Email takes the last line end off a part whose closing boundary is missing."""
    return any(defect.what == "no closing boundary" for defect in parse(raw).defects)


def digest(data: object, trim: bool) -> str:
    assert isinstance(data, bytes)
    return sha256(data.rstrip(b"\r\n") if trim else data).hexdigest()


@needs_corpus
def test_parts_types_and_contents_equal_those_of_email_on_every_message_of_the_corpus() -> None:
    excused = tuple(path for paths in REASONS.values() for path in paths)
    index = (corpus() / "INDEX.tsv").read_text("utf-8").splitlines()
    paths = [row.split("\t")[0] for row in index if row.split("\t")[1] == "eml"]
    wrong, equal = [], 0
    for path in paths:
        raw = (corpus() / path).read_bytes()
        trim = is_unclosed(raw)
        if ours(raw, trim=trim) == theirs(raw, trim=trim):
            equal += 1
        elif not path.endswith(excused):
            wrong.append(path)
    assert wrong == []
    assert equal > 0.985 * len(paths)


@needs_corpus
@pytest.mark.parametrize("path", sorted(path for paths in REASONS.values() for path in paths))
def test_no_exception_is_listed_that_is_none(path: str) -> None:
    (row,) = (
        line for line in (corpus() / "INDEX.tsv").read_text("utf-8").splitlines() if line.split("\t")[0].endswith(path)
    )
    raw = (corpus() / row.split("\t")[0]).read_bytes()
    assert ours(raw) != theirs(raw)
