"""``forensics review`` and the options of two-person control, as two people use them at their machines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyrage
import pytest

from tests.casefile.two_people import Actor, actor, people_toml
from tests.cli.command import Answer, here

STEERS = "\x1b[31mred\x1b[0m \u202eevil"
LETTER = (
    "From: Aoki <a@example.jp>\nTo: b@example.jp\nSubject: with a file\nDate: Mon, 1 Jun 2026 11:00:00 +0900\n"
    'Message-ID: <file@example.jp>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="x"\n\n'
    f"--x\nContent-Type: text/plain; charset=utf-8\n\nfirst line\nsecond SECRET {STEERS}\n"
    "--x\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=list.bin\n"
    "Content-Transfer-Encoding: base64\n\nAAECAwQFBgcICQ==\n--x--\n"
)


def _readable(folder: Path) -> list[str]:
    """The files in which the secret can be read; names, because nobody wants to see two long bytes compared."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and b"SECRET" in path.read_bytes()]


class Office:
    """Two people, their files, and a case that was made in one go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.case = folder / "case"
        self.sato: Actor = actor(folder / "home", "sato", "requester")
        self.tanaka: Actor = actor(folder / "home", "tanaka", "approver")
        self.people = folder / "people.toml"
        self.people.write_bytes(people_toml(self.sato, self.tanaka))
        self.both = ("--identity", self.sato.identity_file, "--identity", self.tanaka.identity_file)
        (folder / "letter.eml").write_text(LETTER, encoding="utf-8")

    def request(self, *more: object, out: str = "request.json") -> Answer:
        target = self.folder / out
        target.unlink(missing_ok=True)
        told = ("--as", "sato", "--purpose", "question 3", "--basis", "order of 1 June", "--out", target)
        return here("review", "request", self.case, *told, *(more or ("--where", "true")), "--json")

    def approve(self, *more: object, who: str = "tanaka") -> Answer:
        key = (self.tanaka if who == "tanaka" else self.sato).ssh_file
        return here("review", "approve", self.folder / "request.json", "--as", who, "--ssh-key", key, *more, "--json")

    def open(self, *more: object) -> Answer:
        return here("review", "open", self.case, self.message, *more)

    @property
    def message(self) -> str:
        from forensics.casefile.view import CaseView

        return CaseView(self.case).chosen("")[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = Office(tmp_path_factory.mktemp("review"))
    told = ("--review", "two-person", "--people", office.people)
    done = here("examine", office.folder / "letter.eml", "--case", office.case, *told, "--json")
    assert done.code == 0, done.err
    return office


@pytest.fixture
def office(made: Office, tmp_path: Path) -> Office:
    found = Office.__new__(Office)
    found.__dict__.update(made.__dict__)
    found.folder, found.case = tmp_path, tmp_path / "case"
    shutil.copytree(made.case, found.case, symlinks=True)
    return found


def test_from_the_request_to_the_view_and_the_log(office: Office) -> None:
    asked = office.request()
    assert asked.object["messages"] == 1
    assert office.approve("--case", office.case).object["line"] == asked.object["line"] + 1
    shown = office.open("--request", asked.object["request"], *office.both)
    assert shown.code == 0, shown.err
    assert "second SECRET" in shown.out
    assert "first line\n" in shown.out
    assert "19 views left" in shown.out
    log = here("review", "log", office.case, "--json").object["reviews"][0]
    assert (log["state"], log["approver"], len(log["views"])) == ("granted", "tanaka", 1)
    text = here("review", "log", office.case).out
    assert "sato" in text
    assert "question 3" in text
    assert here("verify", office.case).code == 0


def test_nothing_of_a_message_steers_the_terminal(office: Office) -> None:
    asked = office.request()
    office.approve("--case", office.case)
    shown = office.open("--request", asked.object["request"], *office.both)
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    assert "\\x1b[31mred" in shown.out


def test_the_approver_answers_from_elsewhere_and_the_requester_opens_alone(office: Office) -> None:
    office.request()
    answer = office.folder / "approval.json"
    done = office.approve("--out", answer, "--identity", office.tanaka.identity_file)
    assert done.object["handed_over"] is True
    assert oct(answer.stat().st_mode & 0o777) == "0o600"
    shown = office.open("--approval", answer, "--identity", office.sato.identity_file)
    assert "SECRET" in shown.out, shown.err
    wrong = office.open("--approval", answer, "--identity", office.tanaka.identity_file)
    assert wrong.code != 0
    assert "SECRET" not in wrong.out


def test_an_approval_without_a_handover_still_takes_both(office: Office) -> None:
    office.request()
    answer = office.folder / "approval.json"
    assert office.approve("--out", answer).object["handed_over"] is False
    alone = office.open("--approval", answer, "--identity", office.sato.identity_file)
    assert alone.code == 2
    assert "one person alone" in alone.error
    assert "SECRET" in office.open("--approval", answer, *office.both).out


def test_an_attachment_goes_to_a_new_file_and_onto_the_ledger(office: Office) -> None:
    asked = office.request()
    office.approve("--case", office.case)
    told = ("--request", asked.object["request"], "--attachment", "1", "--to", office.folder / "out.bin", *office.both)
    done = office.open(*told)
    assert done.code == 0, done.err
    assert (office.folder / "out.bin").read_bytes() == bytes(range(10))
    assert "SECRET" not in done.out
    assert office.open(*told).code == 2
    views = here("review", "log", office.case, "--json").object["reviews"][0]["views"]
    assert [(each["export"], each["file"]) for each in views] == [(True, "out.bin")]


def test_an_excerpt_shows_the_hit_and_nothing_else(office: Office) -> None:
    asked = office.request("--hits", "secret", "--stage", "excerpt", *office.both)
    assert asked.object["messages"] == 1
    office.approve("--case", office.case)
    told = ("--request", asked.object["request"], *office.both)
    assert "second SECRET" in office.open("--around", "secret", *told).out
    assert "SECRET" not in office.open(*told).out


def test_what_one_person_asks_for_alone_is_refused_with_exit_code_2(office: Office) -> None:
    one = ("--identity", office.sato.identity_file)
    for words in (
        ("parse", "--case", office.case, "--again"),
        ("parse", "--case", office.case, "--again", *one),
        ("acquire", office.folder / "case.toml.copy", "--case", office.case),
        ("review", "request", office.case, "--as", "sato", "--purpose", "p", "--basis", "b", "--hits", "secret",
         "--out", office.folder / "x.json"),
        ("verify", office.case, "--second-opinion"),
    ):  # fmt: skip
        (office.folder / "case.toml.copy").write_text("x")
        done = here(*words)
        assert done.code == 2, (words, done.out, done.err)
        assert "two-person control" in done.error or "one person alone" in done.error
    shown = office.open()
    assert shown.code == 0
    assert "with a file" in shown.out
    assert "SECRET" not in shown.out


def test_both_parse_again_and_verify_everything(office: Office) -> None:
    assert here("parse", "--case", office.case, "--again", *office.both).code == 0
    alone = here("verify", office.case)
    assert alone.code == 0
    assert "Not checked" in alone.out
    both = here("verify", office.case, *office.both)
    assert both.code == 0
    assert "Not checked" not in both.out


def test_identities_may_come_from_the_environment(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = (office.sato.identity_file, office.tanaka.identity_file)
    monkeypatch.setenv("FORENSICS_IDENTITIES", os.pathsep.join(map(str, paths)))
    assert here("parse", "--case", office.case, "--again").code == 0


def test_a_passphrase_is_asked_for_where_an_identity_has_one(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    locked = tmp_path / "locked.age"
    locked.write_bytes(pyrage.passphrase.encrypt(office.sato.identity_file.read_bytes(), "open sesame"))
    monkeypatch.setattr("click.prompt", lambda *_, **__: "open sesame")
    told = ("--identity", locked, "--identity", office.tanaka.identity_file)
    assert here("parse", "--case", office.case, "--again", *told).code == 0


def test_a_request_is_denied_with_a_reason(office: Office) -> None:
    asked = office.request()
    assert office.approve("--deny", "not needed", "--case", office.case).object["decision"] == "deny"
    shown = office.open("--request", asked.object["request"], *office.both)
    assert shown.code == 2
    assert "tanaka denied it: not needed" in shown.error


MISTAKES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("go together", ("case", "new", "CASE2", "--review", "two-person")),
    ("go together", ("case", "new", "CASE2", "--people", "PEOPLE")),
    ("cannot be read", ("case", "new", "CASE2", "--review", "two-person", "--people", "NOTHING")),
    ("no message is asked for", ("review", "request", "CASE", "--as", "sato", "--purpose", "p", "--basis", "b",
                                 "--where", "false", "--out", "NEW")),
    ("none of the people", ("review", "request", "CASE", "--as", "x", "--purpose", "p", "--basis", "b",
                            "--where", "true", "--out", "NEW")),
    ("answer would go nowhere", ("review", "approve", "PEOPLE", "--as", "tanaka", "--ssh-key", "PEOPLE")),
    ("not JSON", ("review", "approve", "PEOPLE", "--as", "tanaka", "--ssh-key", "PEOPLE", "--case", "CASE")),
    ("go together", ("review", "open", "CASE", "x", "--attachment", "1")),
    ("no message 'x'", ("review", "open", "CASE", "x")),
    ("no request", ("review", "open", "CASE", "x", "--request", "12345678")),
    ("is not a case", ("review", "log", "NOTHING")),
)  # fmt: skip


@pytest.mark.parametrize(("what", "words"), MISTAKES)
def test_mistakes_are_told_in_a_sentence(office: Office, what: str, words: tuple[str, ...]) -> None:
    places = {"CASE": office.case, "PEOPLE": office.people, "NOTHING": office.folder / "nothing"}
    places |= {"CASE2": office.folder / "case2", "NEW": office.folder / "new.json"}
    done = here(*(places.get(word, word) for word in words))
    assert done.code == 2, done.err
    assert what in done.error
    assert not (office.folder / "new.json").exists()


def test_an_ordinary_case_has_no_reviews(tmp_path: Path) -> None:
    assert here("case", "new", tmp_path / "case", "--json").code == 0
    assert b"review" not in (tmp_path / "case/case.toml").read_bytes()
    assert "review" not in here("case", "show", tmp_path / "case", "--json").out
    done = here("review", "log", tmp_path / "case")
    assert done.code == 2
    assert "not under two-person control" in done.error


def test_a_bundle_of_ciphertext_is_verified_by_anyone(office: Office) -> None:
    asked = office.request()
    office.approve("--case", office.case)
    assert office.open("--request", asked.object["request"], *office.both).code == 0
    bag = office.folder / "bag"
    assert here("bundle", office.case, "--out", bag).code == 0
    command = [sys.executable, str(bag / "verify.py"), str(bag), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # 12: facts are missing that nobody has supplied here; 10 would be a contradiction.
    assert done.returncode == 12, done.stdout
    assert _readable(bag) == []


def test_a_replay_takes_both(office: Office) -> None:
    alone = here("case", "replay", office.case)
    assert alone.code == 2
    kept = office.folder / "kept"
    both = here("case", "replay", office.case, "--keep", kept, *office.both)
    assert both.code == 0, both.out + both.err
    assert any(kept.rglob("*.parquet"))
    assert _readable(kept) == []
    assert here("verify", office.case).code == 0
