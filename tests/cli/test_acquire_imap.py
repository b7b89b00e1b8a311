"""``acquire imap`` and ``acquire dkim-keys`` as a person gives them: secrets, refusals, a sentence for each failure."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.acquisition.imap.speaker import spoken, usual
from tests.acquisition.test_dns_records import resolver
from tests.cli.command import here

_SIGNED = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.jp; s=s1; h=from; bh=AA==; b=AA==\r\n"
MAIL = {1: b"From: a@example.jp\r\n" + _SIGNED + b"\r\nx\r\n"}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    assert here("case", "new", tmp_path / "case", "--title", "t").code == 0
    return tmp_path / "case"


def test_an_account_is_acquired_and_the_keys_that_its_mail_names_after_it(case: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"geheim\n")
    os.close(writing)
    with spoken(usual(MAIL)) as port:
        words = ("acquire", "imap", "localhost", "--no-tls", "--port", port, "--user", "sato", "--case", case, "--json")
        done = here(*words, "--password-fd", reading)
    os.close(reading)
    assert done.code == 0, done.err
    assert done.object["acquired"][0]["files"] == 5
    assert "geheim" not in (case / "ledger" / "events.jsonl").read_text()
    assert here("parse", "--case", case).code == 0
    with resolver() as server:
        asked = here("acquire", "dkim-keys", "--case", case, "--resolver", server.shown, "--json")
    assert asked.code == 0, asked.err
    papers = asked.object["acquired"][0]
    assert papers["evidence"] == "EV-0002"
    keys = (case / "evidence" / "EV-0002" / "data" / "000001.bin").read_text()
    assert '"selector": "s1"' in keys
    assert "MIIB" in keys


def test_keys_before_anything_was_parsed_are_a_question_of_usage(case: Path) -> None:
    done = here("acquire", "dkim-keys", "--case", case, "--resolver", "127.0.0.1")
    assert done.code == 2
    assert "nothing of this case has been parsed yet" in done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--no-tls", "--password-env", "EMPTY"), "the environment variable EMPTY is empty or not set"),
        (("--no-tls", "--starttls"), "--starttls and --no-tls exclude each other"),
        (("--password-env", "A", "--token-env", "B"), "name one place"),
        (("--no-tls",), "nobody is there to type it"),
        (("--no-tls", "--password-fd", "99"), "nothing can be read from descriptor 99"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_sentence(
    case: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    done = here("acquire", "imap", "imap.example.jp", "--user", "sato", "--case", case, *words)
    assert done.code == 2
    assert said in done.err


def test_a_server_that_is_not_there_is_one_sentence_and_exit_code_1(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PW", "geheim")
    words = ("acquire", "imap", "127.0.0.1", "--no-tls", "--port", "1", "--user", "sato", "--password-env", "PW")
    done = here(*words, "--case", case)
    assert done.code == 1
    assert done.error == "Error: 127.0.0.1 cannot be reached on port 1: Connection refused"
