"""Nothing that could change a mailbox passes the gate, and no secret comes into the transcript."""

from __future__ import annotations

import pytest

from forensics.acquisition.imap.gate import Gate, NotAllowed, Transcript


def gate() -> tuple[Gate, Transcript]:
    transcript = Transcript(lambda: 0)
    return Gate(transcript), transcript


@pytest.mark.parametrize(
    "command",
    [
        b'SELECT "INBOX"',
        b"UID STORE 1 +FLAGS (\\Seen)",
        b"STORE 1 FLAGS ()",
        b"EXPUNGE",
        b"UID EXPUNGE 1",
        b"CLOSE",
        b'APPEND "INBOX" {3}',
        b'UID COPY 1 "Trash"',
        b'UID MOVE 1 "Trash"',
        b'CREATE "x"',
        b'DELETE "x"',
        b'RENAME "x" "y"',
        b'SUBSCRIBE "x"',
        b'SETACL "x" y lrs',
        b"UID FETCH 1 (BODY[])",
        b"UID FETCH 1 (RFC822)",
        b"UID FETCH 1 (BODY.PEEK[] RFC822.TEXT)",
        b"UID FETCH 1 (BINARY[])",
        b"UID FETCH 1 BODY[]",
        b'EXAMINE "a"\r\nA1 EXPUNGE',
        b"EXAMINE INBOX",
        b'LOGIN "a" {3}',
        b"AUTHENTICATE EXTERNAL",
        b"XYZ",
        b"",
    ],
)
def test_a_command_that_is_not_on_the_list_is_not_sent(command: bytes) -> None:
    one, transcript = gate()
    with pytest.raises(NotAllowed):
        one.sending(b"A1 " + command + b"\r\n")
    assert transcript.lines == []


@pytest.mark.parametrize(
    "command",
    [
        b'EXAMINE "a \\"b\\" &-"',
        b"UID FETCH 1:3,7 (UID RFC822.SIZE BODY.PEEK[])",
        b"UID FETCH 1 (UID BODY.PEEK[]<0.4194304>)",
        b"FETCH 1:1000 (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ X-GM-LABELS)",
        b'LIST "" "*"',
        b'STATUS "x" (MESSAGES UIDNEXT)',
        b"LOGOUT",
    ],
)
def test_a_command_that_only_looks_passes_and_is_written_down(command: bytes) -> None:
    one, transcript = gate()
    one.sending(b"A1 " + command + b"\r\n")
    assert [each["text"] for each in transcript.lines] == ["A1 " + command.decode()]


def test_a_secret_passes_only_where_the_server_asks_for_one_and_is_not_written_down() -> None:
    one, transcript = gate()
    one.sending(b'A1 LOGIN "sato" "geheim"\r\n')
    one.received(b"A1 NO wrong\r\n")
    one.sending(b"A2 AUTHENTICATE XOAUTH2\r\n")
    one.received(b"+ \r\n")
    one.sending(b"Z2VoZWlt")
    one.sending(b"\r\n")
    one.received(b"A2 OK\r\n")
    with pytest.raises(NotAllowed) as refused:
        one.sending(b"Z2VoZWlt")
    assert "geheim" not in str(transcript.lines)
    assert "Z2VoZWlt" not in str(transcript.lines)
    assert refused.value.exit_code == 1


def test_texts_of_messages_are_not_in_the_transcript_and_alerts_are_shown_once() -> None:
    one, transcript = gate()
    one.received(b"* 1 FETCH (UID 1 BODY[] {5}\r\n")
    one.received(b"* OK [ALERT] soon over\r\n")
    one.received(b"* OK [ALERT] soon over\r\n")
    assert [each["text"] for each in transcript.lines] == ["* OK [ALERT] soon over"] * 2
    assert transcript.alerts == ["* OK [ALERT] soon over"]
