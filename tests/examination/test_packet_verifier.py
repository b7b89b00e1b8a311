"""``verify.py`` checks a packet alone: an honest one holds as far as its anchors reach, a forged one fails."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile import checkpoints, disclosure, keyring, notes
from forensics.casefile.disclosure import Disclosure, ShownPart
from tests.examination.cases import ROOT
from tests.examination.packets import FILE_MAIL, Sealed, list_again, sealed_case

VERIFIER = ROOT / "forensics/evidence/handover/verify.py"
VERIFIED, FAILED, CONSISTENT, UNREADABLE = 0, 10, 11, 13
PROOF = "data/disclosed/0001/packet.tlog-proof"


def run(packet: Path, *arguments: str, python: str = sys.executable) -> dict[str, Any]:
    command = [python, "-I", str(VERIFIER), str(packet), "--json", *arguments]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["exit"] == done.returncode
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A sealed case."""
    return sealed_case(tmp_path_factory.mktemp("verifier"))


@pytest.fixture(scope="module")
def honest(made: Sealed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packet of two messages."""
    out = tmp_path_factory.mktemp("honest") / "packet"
    made.disclose(out, FILE_MAIL, "<1@example.jp>", parts="headers")
    shutil.rmtree(out)
    made.disclose(out, FILE_MAIL, parts="headers,attachment:1")
    return out


@pytest.fixture
def packet(honest: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    shutil.copytree(honest, tmp_path / "packet")
    return tmp_path / "packet"


def receipt(packet: Path) -> str:
    (path,) = (each for each in packet.glob("data/ledger/checkpoints/*") if each.name.isdigit())
    point = notes.Checkpoint.of(notes.parse_note(path.read_bytes()).text)
    return checkpoints.receipt(point, 1_790_000_000 * 10**9).text


def key(made: Sealed) -> str:
    return made.keys.signer.verifier.vkey


def test_a_packet_alone_is_consistent_and_with_key_and_receipt_it_is_verified(honest: Path, made: Sealed) -> None:
    alone = run(honest)
    assert (alone["exit"], alone["findings"]) == (CONSISTENT, [])
    assert "message" in alone["disclosed"][0]
    assert run(honest, "--log-key", key(made))["exit"] == CONSISTENT
    assert run(honest, "--log-key", key(made), "--receipt", receipt(honest))["exit"] == VERIFIED


@pytest.mark.skipif(shutil.which("python3.8") is None, reason="there is no Python 3.8 here")
def test_the_oldest_python_that_is_promised_verifies_a_packet(honest: Path, made: Sealed) -> None:
    arguments = ("--log-key", key(made), "--receipt", receipt(honest))
    try:
        found = run(honest, *arguments, python="python3.8")
    except json.JSONDecodeError:
        pytest.skip("the Python 3.8 here does not start")
    assert found["exit"] == VERIFIED


def test_a_wrong_key_and_a_receipt_of_another_ledger_fail(honest: Path, made: Sealed) -> None:
    other = keyring.new(made.keys.case).signer.verifier.vkey
    assert [each["code"] for each in run(honest, "--log-key", other)["findings"]] == ["foreign-key"]
    words = receipt(honest).split()
    words[2] = base64.b64encode(bytes(32)).decode()
    found = run(honest, "--log-key", key(made), "--receipt", " ".join(words))
    assert (found["exit"], [each["code"] for each in found["findings"]]) == (FAILED, ["root"])
    words[1] = "1"
    assert run(honest, "--log-key", key(made), "--receipt", " ".join(words))["exit"] == CONSISTENT


# -- attacks: each is listed anew, as a forger would do ----------------------------------------------------------------


def _subject(packet: Path) -> Path:
    return next(
        path for path in packet.glob("data/disclosed/0001/parts/*-header.txt") if b"Subject" in path.read_bytes()
    )


def _proof(packet: Path, change: Callable[[notes.Proof], notes.Proof]) -> str:
    path = packet / PROOF
    path.write_bytes(notes.write_proof(change(notes.parse_proof(path.read_bytes()))))
    return PROOF


def _told(packet: Path, change: Callable[[Disclosure], Disclosure]) -> str:
    return _proof(packet, lambda proof: replace(proof, extra=change(disclosure.decode(proof.extra)).encode()))


def swapped_part(packet: Path, made: Sealed) -> str:
    path = _subject(packet)
    path.write_bytes(path.read_bytes().replace(b"with a file", b"about money"))
    return PROOF


def altered_salt(packet: Path, made: Sealed) -> str:
    def change(told: Disclosure) -> Disclosure:
        first = told.parts[0]
        assert isinstance(first, ShownPart)
        return replace(told, parts=(replace(first, salt=bytes(16)), *told.parts[1:]))

    return _told(packet, change)


def part_of_another_message(packet: Path, made: Sealed) -> str:
    other = packet.with_name("other")
    made.disclose(other, "<1@example.jp>", parts="header:Subject")
    _subject(packet).write_bytes(_subject(other).read_bytes())
    return PROOF


def whole_message_in_anothers_place(packet: Path, made: Sealed) -> str:
    return _told(packet, lambda told: replace(told, place=replace(told.place, index=told.place.index ^ 1)))


def guessed_part_for_a_withheld_one(packet: Path, made: Sealed) -> str:
    guess = packet / "data/disclosed/0001/parts/guess.txt"
    guess.write_bytes(b'message-part-v1\nbody\n{"sha256":""}')
    at = 1

    def change(told: Disclosure) -> Disclosure:
        shown = ShownPart(salt=bytes(16), file="parts/guess.txt")
        return replace(told, parts=(*told.parts[:at], shown, *told.parts[at + 1 :]))

    return _told(packet, change)


def swapped_content(packet: Path, made: Sealed) -> str:
    path = next(packet.glob("data/disclosed/0001/content/*"))
    path.write_bytes(b"something else")
    return path.relative_to(packet).as_posix()


def smuggled_file(packet: Path, made: Sealed) -> str:
    path = packet / "data/disclosed/0001/content/confession.txt"
    path.write_bytes(b"it was me")
    return path.relative_to(packet).as_posix()


def wrong_checkpoint(packet: Path, made: Sealed) -> str:
    (path,) = (each for each in packet.glob("data/ledger/checkpoints/*") if each.name.isdigit())
    point = notes.Checkpoint.of(notes.parse_note(path.read_bytes()).text)
    forged = notes.sign_checkpoint(replace(point, root=bytes(32)), made.keys.signer)
    path.write_bytes(forged)
    return _proof(packet, lambda proof: replace(proof, checkpoint=forged))


def checkpoint_of_another_key(packet: Path, made: Sealed) -> str:
    (path,) = (each for each in packet.glob("data/ledger/checkpoints/*") if each.name.isdigit())
    point = notes.Checkpoint.of(notes.parse_note(path.read_bytes()).text)
    stranger = keyring.new(made.keys.case).signer
    forged = notes.sign_checkpoint(point, stranger)
    path.write_bytes(forged)
    (packet / "data/keys/log.vkey").write_text(stranger.verifier.vkey + "\n")
    _proof(packet, lambda proof: replace(proof, checkpoint=forged))
    return path.relative_to(packet).as_posix()


def truncated_proof(packet: Path, made: Sealed) -> str:
    return _proof(packet, lambda proof: replace(proof, hashes=proof.hashes[:-1]))


def truncated_path(packet: Path, made: Sealed) -> str:
    return _told(packet, lambda told: replace(told, place=replace(told.place, path=told.place.path[:-1])))


def proof_cut_in_the_middle(packet: Path, made: Sealed) -> str:
    path = packet / PROOF
    path.write_bytes(path.read_bytes()[:500])
    return PROOF


def hidden_part_dropped(packet: Path, made: Sealed) -> str:
    return _told(packet, lambda told: replace(told, parts=tuple(p for p in told.parts if isinstance(p, ShownPart))))


def another_line_in_the_place_of_the_seal(packet: Path, made: Sealed) -> str:
    line = (made.case / "ledger/events.jsonl").read_bytes().split(b"\n")[0]
    return _told(packet, lambda told: replace(told, line=line))


ATTACKS = [
    swapped_part,
    altered_salt,
    part_of_another_message,
    whole_message_in_anothers_place,
    guessed_part_for_a_withheld_one,
    swapped_content,
    smuggled_file,
    wrong_checkpoint,
    checkpoint_of_another_key,
    truncated_proof,
    truncated_path,
    proof_cut_in_the_middle,
    hidden_part_dropped,
    another_line_in_the_place_of_the_seal,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_a_forged_packet_fails_and_the_place_is_named(
    attack: Callable[[Path, Sealed], str], packet: Path, honest: Path, made: Sealed
) -> None:
    place = attack(packet, made)
    list_again(packet)
    found = run(packet, "--log-key", key(made), "--receipt", receipt(honest))
    assert found["exit"] == FAILED
    assert place in [each["place"] for each in found["findings"]], found["findings"]


def test_a_change_without_a_new_list_is_found_by_the_list(packet: Path, made: Sealed) -> None:
    swapped_part(packet, made)
    (changed, proof) = run(packet)["findings"]
    assert (changed["code"], proof["code"]) == ("changed", "proof")


def test_a_packet_without_its_proofs_is_none(packet: Path) -> None:
    shutil.rmtree(packet / "data/disclosed")
    list_again(packet)
    assert run(packet)["exit"] == FAILED
