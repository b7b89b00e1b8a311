"""What no real server does on demand: throttle, break off, state other sizes, answer what nobody asked."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forensics.acquisition.imap import bodies
from forensics.acquisition.imap.session import Unreachable
from forensics.acquisition.imap.source import ImapSource
from forensics.errors import UsageError
from forensics.evidence.store import EvidenceStore
from forensics.examination.acquiring_imap import account
from tests.acquisition.imap.speaker import Speaker, message, ok, spoken, usual
from tests.acquisition.stand_in import acquired, clock

TEXTS = {3: b"Subject: three\r\n\r\nx\r\n", 5: b"Subject: five\r\n\r\n\x00\xff\r\nno end", 9: b""}


@contextmanager
def source_of(speaker: Speaker, slept: list[float] | None = None) -> Iterator[ImapSource]:
    with spoken(speaker) as port:
        of = account("127.0.0.1", "sato", "geheim", security="none", port=port, timeout=5)
        with ImapSource(of, now=clock(), sleep=(slept if slept is not None else []).append) as source:
            yield source


def stored(store: EvidenceStore) -> dict[int, bytes]:
    found = {}
    for each in store.entries("EV-0001"):
        if each.number is not None and each.path.startswith(b"mail/"):
            with store.open("EV-0001", each.number) as handle:
                found[int(each.path[-14:-4])] = handle.read()
    return found


def test_bytes_come_as_they_are_whatever_they_are(tmp_path: Path) -> None:
    with source_of(usual(TEXTS)) as source:
        store, done = acquired(source, tmp_path)
    assert stored(store) == TEXTS
    assert done.receipt.complete


def test_a_large_message_comes_in_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SLICE", 10)
    monkeypatch.setattr("forensics.acquisition.imap.source.SLICE", 10)
    speaker = usual({1: bytes(range(256)) * 2, 2: b"0123456789"})

    def slice_(tag: str, command: str) -> bytes:
        uid, start = int(command.split()[2]), int(command.rpartition("<")[2].partition(".")[0])
        data = ({1: bytes(range(256)) * 2, 2: b"0123456789"})[uid]
        part = data[start : start + 10]
        row = b"* 1 FETCH (UID %d RFC822.SIZE %d BODY[]<%d> {%d}\r\n%s)" % (uid, len(data), start, len(part), part)
        return ok(row)(tag, command)

    speaker.on(r"UID FETCH .*<", slice_)
    with source_of(speaker) as source:
        store, done = acquired(source, tmp_path)
    assert stored(store) == {1: bytes(range(256)) * 2, 2: b"0123456789"}
    assert done.receipt.complete


Rule = Callable[[str, str], bytes | None]


def once(answer: Rule, then: Rule, times: int = 1) -> Rule:
    left = [times]

    def chosen(tag: str, command: str) -> bytes | None:
        left[0] -= 1
        return answer(tag, command) if left[0] >= 0 else then(tag, command)

    return chosen


def test_a_server_that_asks_for_patience_is_given_it(tmp_path: Path) -> None:
    speaker, slept = usual(TEXTS), list[float]()
    usual_fetch = next(answer for pattern, answer in speaker.rules if pattern == "UID FETCH")
    examine = next(answer for pattern, answer in speaker.rules if pattern == "EXAMINE")

    def throttled(tag: str, command: str) -> bytes:
        return f"{tag} NO [OVERQUOTA] too much at once\r\n".encode()

    def told(tag: str, command: str) -> bytes:
        return f"{tag} BAD Request is throttled. Suggested Backoff Time: 1500 milliseconds\r\n".encode()

    speaker.on("EXAMINE", once(told, examine))
    speaker.on("UID FETCH", once(throttled, usual_fetch, 2))
    with source_of(speaker, slept) as source:
        store, done = acquired(source, tmp_path)
        waits = source.describe()["waits"]
    assert stored(store) == TEXTS
    assert slept[0] == 1.5
    assert [each["ms"] for each in waits][:1] == [1500]
    assert done.receipt.complete


def test_a_message_at_which_the_server_breaks_off_costs_itself_alone(tmp_path: Path) -> None:
    speaker = usual(TEXTS)
    speaker.on(r"UID FETCH (\S*,)?(3:)?5\D", lambda tag, command: None)
    speaker.on(r"UID FETCH 3,5,9", lambda tag, command: None)
    with source_of(speaker) as source:
        store, done = acquired(source, tmp_path)
    assert stored(store) == {3: TEXTS[3], 9: TEXTS[9]}
    assert [each.path[-14:] for each in done.receipt.refused] == [b"0000000005.eml"]
    assert "broke off" in done.receipt.refused[0].reason


def test_a_message_that_is_gone_is_missing_and_one_without_a_text_is_refused(tmp_path: Path) -> None:
    speaker = usual(TEXTS)
    rows = {3: b"* 1 FETCH (UID 3 RFC822.SIZE 20 BODY[] NIL)", 9: message(9, b"")}
    speaker.on(r"UID FETCH 3 ", ok(rows[3]))
    speaker.on(r"UID FETCH 5 ", ok())
    speaker.on(r"UID FETCH 3,5,9", ok(rows[3], rows[9]))
    with source_of(speaker) as source:
        store, done = acquired(source, tmp_path)
    assert stored(store) == {9: b""}
    assert [each.path[-14:] for each in done.receipt.missing] == [b"0000000005.eml"]
    assert [each.path[-14:] for each in done.receipt.refused] == [b"0000000003.eml"]


def test_an_answer_that_nobody_asked_for_is_not_taken_for_another_message(tmp_path: Path) -> None:
    speaker = usual({1: b"one", 2: b"two"})
    speaker.on(r"UID FETCH 1:2", ok(b"* 2 FETCH (FLAGS (\\Seen))", message(1, b"one"), message(2, b"two")))
    with source_of(speaker) as source:
        store, _ = acquired(source, tmp_path)
    assert stored(store) == {1: b"one", 2: b"two"}


def test_a_size_that_the_server_always_states_wrongly_is_counted_and_no_difference(tmp_path: Path) -> None:
    speaker = usual({1: b"one"})
    speaker.on("FETCH", ok(b'* 1 FETCH (UID 1 FLAGS () INTERNALDATE "01-Jun-2026 10:00:00 +0900" RFC822.SIZE 4)'))
    speaker.on("UID FETCH", ok(message(1, b"one", size=4)))
    with source_of(speaker) as source:
        _, done = acquired(source, tmp_path)
        counts = source.describe()["counts"]
    assert done.receipt.complete
    assert counts["sizes_stated_wrongly"] == 1


def test_fewer_messages_than_the_server_counts_are_named(tmp_path: Path) -> None:
    speaker = usual(TEXTS)
    speaker.on("EXAMINE", ok(b"* 4 EXISTS", b"* OK [UIDVALIDITY 7] valid", b"* FLAGS ()"))
    with source_of(speaker) as source:
        _, done = acquired(source, tmp_path)
    assert [each.reason for each in done.receipt.flagged] == ["the server counts 4 messages and lists 3"]


def test_a_folder_that_cannot_be_opened_is_named_and_the_others_come(tmp_path: Path) -> None:
    speaker = usual(TEXTS)
    speaker.on("LIST", ok(b'* LIST () "/" INBOX', b'* LIST () "/" 2024', b'* LIST (\\Noselect) "/" x'))
    speaker.on('EXAMINE "2024"', lambda tag, command: f"{tag} NO not for you\r\n".encode())
    with source_of(speaker) as source:
        store, done = acquired(source, tmp_path)
    assert stored(store) == TEXTS
    assert [(each.path, each.reason) for each in done.receipt.refused] == [
        (b"mail/2024", "EXAMINE failed: not for you")
    ]


def test_another_uidvalidity_in_the_middle_is_not_taken_for_the_same_folder(tmp_path: Path) -> None:
    speaker = usual(TEXTS)
    before = next(answer for pattern, answer in speaker.rules if pattern == "EXAMINE")
    speaker.on("EXAMINE", once(before, ok(b"* 3 EXISTS", b"* OK [UIDVALIDITY 8] valid", b"* FLAGS ()")))
    fetch = next(answer for pattern, answer in speaker.rules if pattern == "UID FETCH")
    speaker.on("UID FETCH", once(lambda tag, command: None, fetch))
    with source_of(speaker) as source:
        store, done = acquired(source, tmp_path)
    assert stored(store) == {}
    assert all("another one than before" in each.reason for each in done.receipt.refused)
    assert any("UIDVALIDITY was 7 and is 8" in each.reason for each in done.receipt.flagged)


def test_a_wrong_password_is_said_at_once_and_not_tried_again(tmp_path: Path) -> None:
    speaker = usual(TEXTS)
    speaker.on("LOGIN", lambda tag, command: f"{tag} NO [AUTHENTICATIONFAILED] no\r\n".encode())
    with source_of(speaker) as source, pytest.raises(Unreachable, match="did not let 'sato' in") as error:
        acquired(source, tmp_path)
    assert error.value.exit_code == 1
    assert sum(each.split()[1] == "LOGIN" for each in speaker.heard) == 1


def test_without_tls_only_this_machine_may_be_asked() -> None:
    with pytest.raises(UsageError):
        account("imap.example.jp", "sato", "geheim", security="none")
    assert "geheim" not in repr(account("localhost", "sato", "geheim", security="none"))


@pytest.mark.parametrize("kind", ["xoauth2", "oauthbearer"])
def test_a_token_is_presented_where_it_is_asked_for_and_kept_nowhere(kind: str, tmp_path: Path) -> None:
    speaker = usual(TEXTS)
    speaker.on("AUTHENTICATE", lambda tag, command: b"+ \r\n")
    speaker.on("$", lambda tag, command: f"{speaker.heard[-2].split()[0]} OK in\r\n".encode())
    with spoken(speaker) as port:
        of = account("127.0.0.1", "sato", "geheim", security="none", port=port, sign_in=kind)
        with ImapSource(of, now=clock(), sleep=lambda seconds: None) as source:
            store, done = acquired(source, tmp_path)
    said = next(line for line in speaker.heard if " " not in line)
    assert b"auth=Bearer geheim" in base64.b64decode(said)
    assert done.receipt.complete
    for each in store.entries("EV-0001"):
        if each.number is not None:
            with store.open("EV-0001", each.number) as handle:
                data = handle.read()
            assert said.encode() not in data
            assert b"geheim" not in data
