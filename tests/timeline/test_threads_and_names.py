"""Threads, identities and the way of an attachment: what belongs together, and what only looks like it."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forensics.absent import Absent
from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.records import ArchiveMember, Attachment, Message, Recipient
from forensics.timeline.identities import read_stated
from tests.casebuilder import JUNE, SECOND, attached, mail
from tests.timeline.lines import HOUR, Rows, case_of, line, rows

_NUMBERED = """
    SELECT thread.*, message.message_id AS number FROM thread
    JOIN logical USING (logical_id) JOIN message ON message.id = logical.message_ref ORDER BY thread_id, position
"""


def threads(view: CaseView) -> dict[str, Rows]:
    """The rows of each thread, by the number of its first message."""
    found: dict[str, Rows] = {}
    for row in rows(view, f"({_NUMBERED})"):
        found.setdefault(row["thread_id"], []).append(row)
    return {min(row["number"] for row in each): each for each in found.values()}


def test_a_chain_of_answers_is_one_thread_in_order_of_time(tmp_path: Path) -> None:
    chain = [
        record
        for n in range(1, 30)
        for record in mail(n, date_utc=JUNE + n * HOUR, subject="別" * n, in_reply_to=f"<{n - 1}@example.jp>")
    ]
    found = threads(case_of(tmp_path / "case", [*chain, *mail(99)]))
    assert sorted(len(each) for each in found.values()) == [1, 29]
    longest = max(found.values(), key=len)
    assert [row["position"] for row in longest] == list(range(1, 30))
    assert longest[0]["missing_ids"] == ["<0@example.jp>"]
    assert longest[1]["parent_logical_id"] == longest[0]["logical_id"]


def test_siblings_of_a_message_that_is_not_there_are_one_thread(tmp_path: Path) -> None:
    both = [*mail(1, references="<lost@example.jp>"), *mail(2, references="<lost@example.jp> <0@example.jp>")]
    (found,) = threads(case_of(tmp_path / "case", both)).values()
    assert [row["missing"] for row in sorted(found, key=lambda row: row["number"])] == [1, 2]
    assert {tuple(row["grounds"]) for row in found} == {("references",)}


def test_the_same_subject_is_named_and_never_merges(tmp_path: Path) -> None:
    alike = [
        *mail(1, subject="Re: 見積の件について"),
        *mail(2, subject="FW: 見積の件について"),
        *mail(3, subject="Re:"),
    ]
    found = threads(case_of(tmp_path / "case", alike))
    assert len(found) == 3
    weak = found["<1@example.jp>"][0]
    assert (weak["base_subject"], weak["same_subject"]) == ("見積の件について", 1)
    assert weak["same_subject_threads"] == [found["<2@example.jp>"][0]["thread_id"]]
    assert found["<3@example.jp>"][0]["same_subject"] == 0


def test_one_conversation_index_is_a_thread_and_another_is_not(tmp_path: Path) -> None:
    index = [
        base64.b64encode(bytes([1, kind]) * 11 + tail).decode() for kind, tail in ((7, b""), (7, b"child"), (8, b""))
    ]
    records = [record for n, each in enumerate(index) for record in mail(n, thread_index=each)]
    found = threads(case_of(tmp_path / "case", records))
    assert sorted(len(each) for each in found.values()) == [1, 2]
    assert found["<0@example.jp>"][0]["grounds"] == ["thread_index"]


X500 = "/o=Example/ou=A/cn=Recipients/cn=sato"


def named(
    number: int, address: str, raw: str, kind: str = "EX", name: str = "佐藤", evidence: str = "EV-0001"
) -> list[object]:
    """A message whose recipient is given in this way."""
    records = mail(number, to=["x"], evidence=evidence)
    return [
        replace(each, mail_address=address, raw=raw, address_type=kind, name=name)
        if isinstance(each, Recipient)
        else each
        for each in records
    ]


def belongs(view: CaseView, value: str) -> set[tuple[str, str, str]]:
    """Identity, ground and strength of a name."""
    found = rows(view, "identity", f"value = '{value}'")
    return {(row["identity"], row["ground"], row["strength"]) for row in found}


def test_an_x500_name_belongs_to_the_mail_address_of_the_same_entry(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", named(1, "sato@example.jp", X500))  # type: ignore[arg-type]
    assert belongs(view, X500.lower()) == {("sato@example.jp", "same_entry", "exact")}


def test_an_x500_name_belongs_to_the_address_that_a_copy_has_for_the_same_name(tmp_path: Path) -> None:
    one, two = named(1, X500, X500), named(1, "sato@example.jp", "sato@example.jp", "SMTP", evidence="EV-0002")
    view = case_of(tmp_path / "case", one, two)  # type: ignore[arg-type]
    assert ("sato@example.jp", "copies", "strong") in belongs(view, X500.lower())
    other = named(1, "ito@example.jp", "ito@example.jp", "SMTP", name="伊藤", evidence="EV-0002")
    apart = case_of(tmp_path / "apart", one, other)  # type: ignore[arg-type]
    assert belongs(apart, X500.lower()) == {(X500.lower(), "itself", "exact")}


def test_a_subaddress_needs_its_plain_address_to_be_known(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", mail(1, to=["a+x@example.jp", "a@example.jp", "b+x@example.jp"]))
    assert ("a@example.jp", "subaddress", "probable") in belongs(view, "a+x@example.jp")
    assert belongs(view, "b+x@example.jp") == {("b+x@example.jp", "itself", "exact")}


def test_a_group_with_one_member_is_that_account_and_with_two_a_group(tmp_path: Path) -> None:
    lines = [
        line(1, to=["sato@example.jp"], detail={"orig_to": "info@example.jp"}),
        line(2, to=["sato@example.jp"], detail={"orig_to": "all@example.jp"}),
        line(3, to=["tanaka@example.jp"], detail={"orig_to": "all@example.jp"}),
    ]
    view = case_of(tmp_path / "case", [*mail(1, to=["info@example.jp", "all@example.jp"]), *lines])
    assert ("sato@example.jp", "itself", "exact") in belongs(view, "info@example.jp")
    assert ("all@example.jp", "itself", "exact") in belongs(view, "all@example.jp")
    assert {row["shared_by"] for row in rows(view, "identity", "value = 'all@example.jp' AND kind = 'group'")} == {2}


def test_one_name_of_two_accounts_says_so_and_joins_nothing(tmp_path: Path) -> None:
    records = [*named(1, "a@example.jp", "a", "SMTP"), *named(2, "b@example.jp", "b", "SMTP")]
    view = case_of(tmp_path / "case", records)  # type: ignore[arg-type]
    assert {row["shared_by"] for row in rows(view, "identity", "value = '佐藤'")} == {2}
    assert belongs(view, "a@example.jp") == {("a@example.jp", "itself", "exact")}


def test_what_a_person_states_wins(tmp_path: Path) -> None:
    said = "\ufeffidentity,value\nsato@example.jp,Kenta@Private.example\n"
    view = case_of(tmp_path / "case", mail(1, to=["kenta@private.example"]), stated=said)
    assert ("sato@example.jp", "itself", "exact") in belongs(view, "kenta@private.example")
    assert ("sato@example.jp", "stated", "stated") in belongs(view, "kenta@private.example")


@pytest.mark.parametrize("text", ["identity,value\na@x.jp,\n", "value\nx\n", "identity,value,kind\na,b,person\n"])
def test_a_line_that_says_nothing_is_refused_with_its_number(text: str) -> None:
    with pytest.raises(UsageError, match="line 2"):
        read_stated(text.encode())


def test_the_same_content_under_another_name_is_followed_in_order_of_time(tmp_path: Path) -> None:
    one, two, three = (mail(n, date_utc=JUNE - n * SECOND) for n in (1, 2, 3))
    message = [next(each for each in records if isinstance(each, Message)) for records in (one, two, three)]
    carried = [attached(message[0], 1, "顧客.xlsx"), attached(message[1], 1, "写真.jpg")]
    other = replace(attached(message[2], 1, "顧客.xlsx"), sha256="ef" * 32)
    gmail = line(
        1, source="gmail_log", detail={"attachments": [{"name": "out.bin", "sha256": "CD" * 32}, {"sha256": "0" * 64}]}
    )
    view = case_of(tmp_path / "case", [*one, *two, *three, *carried, other, gmail])
    found = rows(view, "lineage")
    assert [(row["position"], row["name"], row["how"]) for row in found] == [
        (1, "写真.jpg", "attachment"),
        (2, "顧客.xlsx", "attachment"),
        (3, "out.bin", "logged"),
    ]
    assert {(row["messages"], row["names"]) for row in found} == {(3, 3)}


def zipped(carrier: Attachment, number: int, **fields: Any) -> ArchiveMember:
    given: dict[str, Any] = {"name": "顧客.xlsx", "size": 10, "crc32": "7e6899d7"}
    return ArchiveMember(
        address=carrier.address.child(f"member:{number}"),
        message_id_ref=carrier.message_id_ref,
        position=number,
        attachment_ref=carrier.identity(),
        within=carrier.identity(),
        depth=1,
        raw_name=b"",
        **{**given, **fields},
    )


def test_a_file_is_followed_into_archives_and_by_its_crc_into_locked_ones(tmp_path: Path) -> None:
    letters = [mail(n, date_utc=JUNE + n * SECOND) for n in range(1, 7)]
    message = [next(each for each in records if isinstance(each, Message)) for records in letters]
    opened = replace(attached(message[0], 1, "顧客.xlsx"), crc32="7e6899d7", size=10)
    carriers = [replace(attached(each, 1, f"{n}.zip"), sha256=f"{n:064x}") for n, each in enumerate(message[1:], 2)]
    inside = [
        zipped(carriers[0], 1, sha256="cd" * 32),
        zipped(carriers[1], 1, locked="ZipCrypto"),
        zipped(carriers[1], 2, locked="ZipCrypto", size=11),
        zipped(carriers[2], 1, locked="AES-256 (AE-2)", crc32=Absent.NOT_RECORDED),
        zipped(carriers[3], 1, locked="ZipCrypto", crc32="00000001"),
        zipped(carriers[4], 1, locked="ZipCrypto", crc32="00000001", name="a.bin"),
    ]
    records = [*(each for letter in letters for each in letter), opened, *carriers, *inside]
    found = rows(case_of(tmp_path / "case", records), "lineage")
    assert [(row["position"], row["how"], row["archive"], row["messages"]) for row in found if row["sha256"]] == [
        (1, "attachment", None, 3),
        (2, "archive_member", "2.zip", 3),
        (3, "locked_member", "3.zip", 3),
    ]
    assert [(row["how"], row["archive"], row["crc32"]) for row in found if not row["sha256"]] == [
        ("locked_member", "5.zip", "00000001"),
        ("locked_member", "6.zip", "00000001"),
    ]
