"""Kinds are told from content; the corpus is the measure, and every file told otherwise is accounted for here."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.sniff import BY_NAME, HEAD, LIKELY, STRONG, WEAK, Kind, Sniffed, sniff
from tests.corpus import corpus, needs_corpus

MAIL = b"From: a@example.jp\r\nTo: b@example.jp\r\nSubject: hello\r\n\r\nbody\r\n"


def kind(data: bytes, name: str = "") -> Kind:
    return sniff(data[:HEAD], len(data), lambda at, n: data[at : at + n], name).kind


def sniff_file(path: Path) -> Sniffed:
    with path.open("rb") as file:

        def read_at(at: int, length: int) -> bytes:
            file.seek(at)
            return file.read(length)

        return sniff(file.read(HEAD), path.stat().st_size, read_at, path.name)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", Kind.EMPTY),
        (b"!BDN\0\0\0\0SM", Kind.PST),
        (b"!BDN\0\0\0\0SO", Kind.OST),
        (b"\x78\x9f\x3e\x22" + bytes(20), Kind.TNEF),
        (b"\xcf\xad\x12\xfe" + bytes(20), Kind.DBX),
        (b"*mbx*\r\n" + bytes(20), Kind.MBX),
        (b"EVF\t\r\n\xff\x00\x01\x01\x00\x00\x00", Kind.E01),
        (b"EVF\t\r\n\xff\x00\x01\x02\x00\x00\x00", Kind.EWF_SEGMENT),
        (b"PK\x03\x04" + bytes(40), Kind.ZIP),
        (b"\x1f\x8b\x08" + bytes(40), Kind.GZIP),
        (MAIL, Kind.EML),
        (b"\xef\xbb\xbf" + MAIL, Kind.EML),
        (b"\r\n" + MAIL, Kind.EML),
        (b"From nobody\n" + MAIL, Kind.MBOX),
        (b"From a@b Thu Jan  1 00:00:00 2026\n" + MAIL, Kind.MBOX),
        (b"63\n" + MAIL + b"<?xml", Kind.EMLX),
        (b"Dear all,\nFrom: here on it is text.\n", Kind.TEXT),
        (b"title: rule\nid: 7\ndate: 2020/05/10\nreferences:\n  - x\n", Kind.TEXT),
        (b"Jan  1 00:00:01 mx postfix/smtpd[1]: connect\n" * 3, Kind.LOG),
        (bytes(range(256)) * 8, Kind.UNKNOWN),
    ],
)
def test_a_kind_is_told_from_its_bytes_alone(data: bytes, expected: Kind) -> None:
    assert kind(data) is expected


def test_the_name_decides_nothing_where_the_content_speaks() -> None:
    assert kind(MAIL, "mail.pst") is Kind.EML
    assert kind(b"%PDF-1.7", "mail.eml") is Kind.UNKNOWN


def test_a_store_whose_header_is_destroyed_is_claimed_by_its_name_with_the_lowest_strength() -> None:
    found = sniff(bytes(4096), 4096, None, "backup.PST")
    assert (found.kind, found.strength) == (Kind.PST, BY_NAME)


def test_one_message_behind_a_from_line_is_a_message_only_where_the_name_says_so() -> None:
    data = b"From a@b Thu Jan  1 00:00:00 2026\n" + MAIL
    assert kind(data, "a.eml") is Kind.EML
    assert kind(data + b"\n" + data, "a.eml") is Kind.MBOX


def test_header_fields_with_values_that_no_mail_has_are_weak_at_most() -> None:
    found = sniff(b"subject: x\nreferences: y\n\n", 25, None)
    assert found.strength <= WEAK


OBSOLETE = (
    b"Subject :old mail\r\n       \r\n with a line of blanks in its folding\r\nDate    :     whenever\r\n\r\nbody\r\n"
)


@pytest.mark.parametrize(
    ("data", "strength"),
    [
        (OBSOLETE, WEAK),
        (
            b"From : a@example.jp\nTo : b@example.jp\nDate : Mon, 1 Jun 2026 10:00:00 +0900\nSubject : x\n\nbody\n",
            STRONG,
        ),
        (b"Subject : x\nFrom : a@example.jp\n \n and on\n\nbody\n", LIKELY),
    ],
    ids=["folded over a line of blanks", "blanks before every colon", "both"],
)
def test_mail_in_the_obsolete_syntax_is_mail(data: bytes, strength: int) -> None:
    found = sniff(data, len(data), None, "obsolete.msg")
    assert (found.kind, found.strength) == (Kind.EML, strength)


@pytest.mark.parametrize(
    "data",
    [
        b"Subject : of this note\n \n is the garden\nPlant : rose\n\nwater it\n",
        b"Name : Sato\n\nTo : nobody\nDate : none\n",
        b"Date : today\n \n\n Subject : no field, but a list\n",
    ],
)
def test_a_list_with_blanks_before_its_colons_is_no_mail(data: bytes) -> None:
    assert kind(data, "list.txt") is Kind.TEXT


@given(st.binary(max_size=2048), st.text(max_size=12))
def test_any_bytes_get_an_answer_and_no_exception(data: bytes, name: str) -> None:
    for start in (b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"From ", b"PK\x03\x04"):
        found = sniff(start + data, len(start + data), None, name)
        assert 0 <= found.strength <= 100
        assert found.why


EXPECTED = {
    "pst": {Kind.PST},
    "ost": {Kind.OST},
    "msg": {Kind.MSG},
    "mbox": {Kind.MBOX},
    "emlx": {Kind.EMLX},
    "olm": {Kind.OLM},
    # a single message behind a From_ line is, by its bytes, a mailbox of one message
    "eml": {Kind.EML, Kind.MBOX},
}
# kind in the index, kind told, how many: each line is explained, and one more fails the test
EXPLAINED: Counter[tuple[str, str]] = Counter({
    ("ost", "pst"): 1,  # a file named .ost whose header says SM: a PST
    ("msg", "eml"): 8,  # RFC 5322 text in files named .msg and .eml of a folder indexed as msg
    ("mbox", "eml"): 5,  # the single messages into which a project had split its mailbox
    ("emlx", "text"): 1,  # invalid.emlx: one line of prose, made to be refused
    # decoded attachments, pictures, keys, certificates, licence texts and databases stored beside the messages: 41 and
    # 43; the others are one-field or no-field messages of a parser's malformed set (5) and a lone number in a file (1)
    ("eml", "unknown"): 41,
    ("eml", "text"): 49,
})  # fmt: skip


@needs_corpus
def test_the_corpus_is_told_as_its_index_says_but_for_the_files_named_here() -> None:
    with (corpus() / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        rows = list(csv.DictReader(index, delimiter="\t", quoting=csv.QUOTE_NONE))
    wrong: Counter[tuple[str, str]] = Counter()
    for row in rows:
        found = sniff_file(corpus() / row["path"]).kind
        if row["kind"] in EXPECTED and found not in EXPECTED[row["kind"]]:
            wrong[row["kind"], found.value] += 1
    assert wrong == EXPLAINED


@needs_corpus
def test_no_log_and_no_other_text_of_the_corpus_is_taken_for_a_store_of_mail() -> None:
    taken = [
        (path.name, found)
        for path in (corpus() / "logs").rglob("*")
        if path.is_file() and (found := sniff_file(path)).kind in {Kind.EML, Kind.MBOX, Kind.EMLX}
    ]
    assert taken == []


@needs_corpus
def test_every_real_store_is_told_at_least_with_likely_strength() -> None:
    for path in (corpus() / "pst").rglob("*.pst"):
        assert sniff_file(path).strength >= LIKELY
    for path in (corpus() / "msg").rglob("*.msg"):
        assert sniff_file(path).strength >= STRONG
