"""Packets: what is shown is proved, what is withheld stays hidden, what is changed in one is found with its place."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.casefile import disclosure, keyring, merkle, notes
from forensics.casefile.disclosure import Disclosure, ShownPart
from forensics.casefile.seal import salter
from forensics.casefile.view import CaseView
from forensics.errors import FormatError, IntegrityError, UsageError
from tests.examination.cases import lines
from tests.examination.packets import FILE_MAIL, Sealed, sealed_case

SECRET = b"see the file"
"""The body of the message with an attachment, without its line end."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A sealed case."""
    return sealed_case(tmp_path_factory.mktemp("disclosing"))


@pytest.fixture(scope="module")
def packet(made: Sealed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packet of two messages whose bodies are withheld; the first has an attachment, which is shown."""
    out = tmp_path_factory.mktemp("packet") / "packet"
    made.disclose(out, FILE_MAIL, parts="headers,attachment:1")
    return out


def check(packet: Path, made: Sealed, folder: str = "0001") -> dict[str, object]:
    at = packet / "data/disclosed" / folder
    return disclosure.check((at / disclosure.PROOF).read_bytes(), lambda name: (at / name).read_bytes(), made.verifiers)


def everything(packet: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(packet.rglob("*")) if path.is_file())


def test_headers_are_shown_while_the_body_stays_hidden(packet: Path, made: Sealed) -> None:
    assert check(packet, made)["act"] == "seal"
    text = everything(packet)
    assert b"message-part-v1\nheader\nSubject: with a file" in text
    assert SECRET not in text
    (attachment,) = (packet / "data/disclosed/0001/content").iterdir()
    assert attachment.read_bytes() == bytes(range(10))


def test_neither_body_nor_its_hash_nor_that_of_the_message_can_be_read_from_the_packet(
    packet: Path, made: Sealed
) -> None:
    (row,) = CaseView(made.case).rows("SELECT id, raw_sha256 FROM message WHERE message_id = $1", [FILE_MAIL])
    (text,) = CaseView(made.case).rows("SELECT sha256 FROM text WHERE message_id_ref = $1", [row["id"]])
    extra = notes.parse_proof((packet / "data/disclosed/0001" / disclosure.PROOF).read_bytes()).extra
    whole = everything(packet) + extra
    for secret in (row["raw_sha256"], text["sha256"]):
        assert secret.encode() not in whole
        assert bytes.fromhex(secret) not in whole


def test_the_packet_is_listed_and_says_what_is_proved_in_two_languages(packet: Path) -> None:
    told = (packet / "DISCLOSED.txt").read_text(encoding="utf-8")
    assert all(words in told for words in ("証明されないこと", "What is not proved", "改ざん検知"))
    assert "改ざん不可能" not in told
    assert (packet / "verify.py").is_file()
    if shutil.which("sha256sum"):
        command = ["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
        assert subprocess.run(command, cwd=packet, check=False).returncode == 0
    bagit = pytest.importorskip("bagit")
    assert bagit.Bag(str(packet)).is_valid()


def test_the_ledger_tells_what_was_disclosed_and_an_archive_holds_the_same(made: Sealed, tmp_path: Path) -> None:
    done = made.disclose(tmp_path / "one")
    again = made.disclose(tmp_path / "one.zip")
    last = lines(made.case)[-1]
    assert (last.act, last.value["result"]["messages"], last.value["out"][0]["sha256"]) == (
        "disclose",
        1,
        again.manifest_sha256,
    )
    assert done.manifest_sha256 == again.manifest_sha256
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    assert everything(tmp_path / "unpacked/one") == everything(tmp_path / "one")


def test_all_parts_of_every_message_can_be_shown(made: Sealed, tmp_path: Path) -> None:
    ids = [row["id"] for row in CaseView(made.case).rows("SELECT id FROM message")]
    done = made.disclose(tmp_path / "all", *ids, parts="all")
    assert (done.messages, done.withheld) == (len(ids), 0)
    for number in range(1, len(ids) + 1):
        check(tmp_path / "all", made, f"{number:04d}")
    assert SECRET in everything(tmp_path / "all")


def test_words_that_name_no_part_no_message_or_too_many_are_refused(made: Sealed, tmp_path: Path) -> None:
    for words in ("attachment:2", "attachment:0", "attachment:x", "bodies", "header:X-None", "body:-1"):
        with pytest.raises(UsageError, match="no part"):
            made.disclose(tmp_path / "none", parts=words)
    with pytest.raises(UsageError, match="no message"):
        made.disclose(tmp_path / "none", "<nobody@example.jp>")
    (tmp_path / "there").mkdir()
    with pytest.raises(UsageError, match="already"):
        made.disclose(tmp_path / "there")
    assert not (tmp_path / "none").exists()


def test_another_salt_key_or_an_unsealed_case_gives_no_packet(made: Sealed, tmp_path: Path) -> None:
    other = Sealed(case=made.case, keys=keyring.new(made.keys.case))
    with pytest.raises(IntegrityError, match="another leaf"):
        other.disclose(tmp_path / "none")


# -- attacks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def forged(packet: Path, tmp_path: Path) -> Path:
    """A copy of the packet to change."""
    shutil.copytree(packet, tmp_path / "packet")
    return tmp_path / "packet"


def _subject(packet: Path) -> Path:
    return next(
        path for path in packet.glob("data/disclosed/0001/parts/*-header.txt") if b"\nSubject:" in path.read_bytes()
    )


def _rewrite(packet: Path, change: object, folder: str = "0001") -> None:
    """Put another disclosure into the proof."""
    path = packet / "data/disclosed" / folder / disclosure.PROOF
    proof = notes.parse_proof(path.read_bytes())
    assert callable(change)
    path.write_bytes(notes.write_proof(replace(proof, extra=change(disclosure.decode(proof.extra)).encode())))


def test_a_swapped_part_is_found(forged: Path, made: Sealed) -> None:
    path = _subject(forged)
    path.write_bytes(path.read_bytes().replace(b"with", b"sans"))
    with pytest.raises(IntegrityError, match="do not lead") as caught:
        check(forged, made)
    assert caught.value.place.startswith("message ")


def test_two_parts_in_each_others_place_are_found(forged: Path, made: Sealed) -> None:
    one, two = sorted(forged.glob("data/disclosed/0001/parts/*-header.txt"))[:2]
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    with pytest.raises(IntegrityError, match="do not lead"):
        check(forged, made)


def test_a_part_shown_as_another_kind_is_found(forged: Path, made: Sealed) -> None:
    path = _subject(forged)
    path.write_bytes(path.read_bytes().replace(b"\nheader\n", b"\nfield\n"))
    with pytest.raises(IntegrityError, match="do not lead"):
        check(forged, made)
    path.write_bytes(b"Subject: with a file")
    with pytest.raises(IntegrityError, match="no part") as caught:
        check(forged, made)
    assert caught.value.place == f"parts/{path.name}"


def test_an_altered_salt_is_found(forged: Path, made: Sealed) -> None:
    def change(told: Disclosure) -> Disclosure:
        first = told.parts[0]
        assert isinstance(first, ShownPart)
        return replace(told, parts=(replace(first, salt=bytes(16)), *told.parts[1:]))

    _rewrite(forged, change)
    with pytest.raises(IntegrityError, match="do not lead"):
        check(forged, made)


def test_changed_content_beside_its_part_is_found(forged: Path, made: Sealed) -> None:
    (path,) = (forged / "data/disclosed/0001/content").iterdir()
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(IntegrityError, match="not the content") as caught:
        check(forged, made)
    assert caught.value.place == f"content/{path.name}"


def test_the_part_of_another_message_is_found(made: Sealed, tmp_path: Path) -> None:
    made.disclose(tmp_path / "two", FILE_MAIL, "<1@example.jp>", parts="header:Subject")
    one, two = (
        next((tmp_path / "two/data/disclosed" / folder).glob("parts/*-header.txt")) for folder in ("0001", "0002")
    )
    one.write_bytes(two.read_bytes())
    with pytest.raises(IntegrityError, match="do not lead"):
        check(tmp_path / "two", made)
    shutil.copy(
        tmp_path / "two/data/disclosed/0002/packet.tlog-proof", tmp_path / "two/data/disclosed/0001/packet.tlog-proof"
    )
    with pytest.raises((IntegrityError, OSError)):
        check(tmp_path / "two", made)


def test_a_whole_message_in_anothers_place_is_found(forged: Path, made: Sealed) -> None:
    _rewrite(forged, lambda told: replace(told, place=replace(told.place, index=told.place.index ^ 1)))
    with pytest.raises(IntegrityError, match="do not lead"):
        check(forged, made)


def test_a_withheld_part_cannot_be_guessed_from_the_proof(packet: Path, made: Sealed) -> None:
    told = disclosure.decode(notes.parse_proof((packet / "data/disclosed/0001" / disclosure.PROOF).read_bytes()).extra)
    withheld = {part for part in told.parts if isinstance(part, bytes)}
    shown = [part.salt for part in told.parts if isinstance(part, ShownPart)]
    (row,) = CaseView(made.case).rows(
        "SELECT charset, kind, part, sha256, size FROM text WHERE message_id_ref = "
        "(SELECT id FROM message WHERE message_id = $1)",
        [FILE_MAIL],
    )
    guess = b"message-part-v1\nbody\n" + json.dumps(row, sort_keys=True, separators=(",", ":")).encode()
    tried = {merkle.leaf_hash(salt + guess) for salt in [b"", bytes(16), *shown]}
    assert not tried & withheld
    # The guess is right: with the secret salt its leaf is one of those that stand in the proof.
    salts = salter(made.keys.salt_key("EV-0001"))(told.place.index, len(told.parts))
    assert {merkle.leaf_hash(salt + guess) for salt in salts} & withheld


def test_a_wrong_checkpoint_is_found(forged: Path, made: Sealed) -> None:
    path = forged / "data/disclosed/0001" / disclosure.PROOF
    proof = notes.parse_proof(path.read_bytes())
    stranger = keyring.new(made.keys.case).signer
    point = notes.Checkpoint.of(notes.parse_note(proof.checkpoint).text)
    path.write_bytes(notes.write_proof(replace(proof, checkpoint=notes.sign_checkpoint(point, stranger))))
    with pytest.raises(IntegrityError, match="no known key"):
        check(forged, made)
    other = notes.sign_checkpoint(replace(point, root=bytes(32)), made.keys.signer)
    path.write_bytes(notes.write_proof(replace(proof, checkpoint=other)))
    with pytest.raises(IntegrityError, match="does not lead to the root of the checkpoint"):
        check(forged, made)


def test_a_truncated_proof_is_found(forged: Path, made: Sealed) -> None:
    path = forged / "data/disclosed/0001" / disclosure.PROOF
    data = path.read_bytes()
    proof = notes.parse_proof(data)
    path.write_bytes(notes.write_proof(replace(proof, hashes=proof.hashes[:-1])))
    with pytest.raises(IntegrityError, match="checkpoint"):
        check(forged, made)
    path.write_bytes(data)
    _rewrite(forged, lambda told: replace(told, place=replace(told.place, path=told.place.path[:-1])))
    with pytest.raises(IntegrityError, match="do not lead"):
        check(forged, made)
    path.write_bytes(data)
    _rewrite(forged, lambda told: replace(told, parts=told.parts[:-1]))
    with pytest.raises(IntegrityError, match="do not lead"):
        check(forged, made)
    for size in range(0, len(data), 97):
        path.write_bytes(data[:size])
        with pytest.raises((IntegrityError, FormatError)):
            check(forged, made)


def test_another_line_of_the_ledger_in_the_place_of_the_seal_is_found(forged: Path, made: Sealed) -> None:
    _rewrite(forged, lambda told: replace(told, line=told.line.replace(b'"messages":', b'"messages": ')))
    with pytest.raises(IntegrityError):
        check(forged, made)
    first = (made.case / "ledger/events.jsonl").read_bytes().split(b"\n")[0]
    _rewrite(forged, lambda told: replace(told, line=first))
    with pytest.raises(IntegrityError, match="not that of a finished seal"):
        check(forged, made)
