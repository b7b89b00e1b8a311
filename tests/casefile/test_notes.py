"""Signed notes against the reference vector of the form's first implementation, and every rule of the C2SP pages."""

from __future__ import annotations

import base64

import pytest

from forensics.casefile.merkle import EMPTY_ROOT, Levels, check_inclusion, leaf_hash
from forensics.casefile.notes import (
    COSIGNATURE,
    Checkpoint,
    Proof,
    Signer,
    Verifier,
    cosign_checkpoint,
    open_checkpoint,
    open_note,
    parse_note,
    parse_proof,
    sign_checkpoint,
    write_note,
    write_proof,
)
from forensics.errors import FormatError, IntegrityError

# golang.org/x/mod/sumdb/note, from which C2SP's signed-note was written down: key, secret, note.
_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
_NOTE = (
    f"{_TEXT}\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
# The example of the C2SP page on notes, and of its page on checkpoints.
_ITALIAN = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
).encode()
_SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
).encode()

_ROOT = "A" * 43 + "="
_LOG = Signer("email-forensics/019a", bytes(range(32)))
_OTHER = Signer("office.example/w", bytes(32), COSIGNATURE)


def test_the_reference_note_opens_with_its_key_and_is_made_again_with_its_secret() -> None:
    key = Verifier.of(_VKEY)
    note, signed = open_note(_NOTE, [key])
    assert (note.text, signed, key.vkey) == (_TEXT, (key,), _VKEY)
    signer = Signer("PeterNeumann", _SEED)
    assert signer.verifier == key
    assert write_note(_TEXT, [signer.sign(_TEXT)]) == _NOTE


def test_the_examples_of_the_pages_are_read_and_written_as_they_stand() -> None:
    for data in (_ITALIAN, _SOFA):
        note = parse_note(data)
        assert write_note(note.text, note.signatures) == data
    assert parse_note(_ITALIAN).text.endswith("\n\ned è subito sera.\n")
    sofa = Checkpoint.of(parse_note(_SOFA).text)
    assert (sofa.origin, sofa.size, sofa.root.hex()[:8]) == ("example.com/behind-the-sofa", 20852163, "0ac5186a")
    assert sofa.text.encode() + b"\n" == _SOFA[: len(sofa.text) + 1]


def test_signatures_of_unknown_keys_are_ignored_even_with_the_name_or_the_id_of_a_known_one() -> None:
    text = "a text\n"
    namesake = Signer(_LOG.verifier.name, bytes(32)).sign(text)
    note = write_note(text, [namesake, _LOG.sign(text), Signer("stranger", bytes(32)).sign(text)])
    assert open_note(note, [_LOG.verifier])[1] == (_LOG.verifier,)
    with pytest.raises(IntegrityError, match="no known key"):
        open_note(write_note(text, [namesake]), [_LOG.verifier])


def test_one_signature_of_a_known_key_that_does_not_hold_spoils_the_note() -> None:
    other = Signer("second", bytes(32))
    note = write_note("a\n", [_LOG.sign("a\n"), other.sign("b\n")])
    assert open_note(note, [_LOG.verifier])[0].text == "a\n"
    with pytest.raises(IntegrityError, match="second"):
        open_note(note, [_LOG.verifier, other.verifier])


def test_every_single_bit_of_a_note_that_is_flipped_is_seen() -> None:
    data = sign_checkpoint(Checkpoint(origin=_LOG.verifier.name, size=7, root=leaf_hash(b"x")), _LOG)
    unseen = []
    for at in range(len(data) * 8):
        changed = bytearray(data)
        changed[at // 8] ^= 1 << at % 8
        try:
            open_checkpoint(bytes(changed), [_LOG.verifier])
        except (FormatError, IntegrityError):
            continue
        unseen.append(at)
    assert unseen == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        "text\n\n— name AAAAAAA=".encode(),
        b"text\n\n- name AAAAAAA=\n",
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— name AAAAAAB=\n".encode(),
        "text\n\n— na+me AAAAAAA=\n".encode(),
        "text\n\n—  AAAAAAA=\n".encode(),
        "text\t\n\n— name AAAAAAA=\n".encode(),
        "text\n\n— name AAAAAAA=\n\n".encode(),
        b"\xff\n\n",
        ("text\n\n" + "— name AAAAAAA=\n" * 101).encode(),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_note(data)


@pytest.mark.parametrize(
    "vkey",
    ["", "a+b", "name+00000000+AAAA", _VKEY.replace("c74f20a3", "c74f20a4"), _VKEY.replace("+ARpc", "+AhpC"),
     _VKEY.replace("Peter", "Pe ter"), _VKEY[:-1]],
)  # fmt: skip
def test_what_is_no_key_of_a_log_is_refused(vkey: str) -> None:
    with pytest.raises(FormatError):
        Verifier.of(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\n"])
def test_a_name_with_a_space_or_a_plus_cannot_sign(name: str) -> None:
    with pytest.raises(FormatError):
        Signer(name, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "", "o\n1\n", "o\n01\nAA==\n", f"o\n-1\n{_ROOT}\n", f"o\n１\n{_ROOT}\n", f"\n1\n{_ROOT}\n", f"o\n1\n{_ROOT}",
        f"o\n1\n{_ROOT}\n\n", "o\n1\nAAAA\n", f"o\n1{'0' * 20}\n{_ROOT}\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        Checkpoint.of(text)


def test_an_empty_log_and_extension_lines_are_checkpoints_too() -> None:
    empty = Checkpoint(origin="o", size=0, root=EMPTY_ROOT)
    assert Checkpoint.of(empty.text) == empty
    assert Checkpoint.of(empty.text + "more\n").extensions == ("more",)


def test_a_witness_adds_a_line_that_says_when_and_the_key_of_a_log_is_no_witness() -> None:
    data = sign_checkpoint(Checkpoint(origin=_LOG.verifier.name, size=7, root=leaf_hash(b"x")), _LOG)
    seen = cosign_checkpoint(data, _OTHER, 1_780_275_792)
    note, signed = open_note(seen, [_LOG.verifier, _OTHER.verifier])
    assert signed == (_LOG.verifier, _OTHER.verifier)
    assert int.from_bytes(note.signatures[1].value[:8], "big") == 1_780_275_792
    assert Verifier.of(_OTHER.verifier.vkey) == _OTHER.verifier
    later = bytearray(note.signatures[1].value)
    later[7] ^= 1
    assert not _OTHER.verifier.accepts(note.text, bytes(later))
    assert open_checkpoint(seen, [_LOG.verifier]).size == 7


def test_a_proof_is_written_as_its_page_shows_and_read_back() -> None:
    levels = Levels([leaf_hash(bytes([n])) for n in range(11)])
    head = sign_checkpoint(Checkpoint(origin=_LOG.verifier.name, size=11, root=levels.root), _LOG)
    proof = Proof(index=10, hashes=tuple(levels.inclusion_proof(10)), checkpoint=head, extra=b"salt")
    data = write_proof(proof)
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nextra c2FsdA==\nindex 10\n")
    assert data.endswith(b"\n\n" + head)
    found = parse_proof(data)
    assert found == proof
    said = open_checkpoint(found.checkpoint, [_LOG.verifier])
    assert check_inclusion(leaf_hash(bytes([10])), found.index, said.size, found.hashes, said.root)
    bare = Proof(index=0, hashes=(), checkpoint=head)
    assert parse_proof(write_proof(bare)) == bare


@pytest.mark.parametrize(
    "data",
    [b"", b"wrong\nindex 0\n\nc\n", b"c2sp.org/tlog-proof@v1\n\nc\n", b"c2sp.org/tlog-proof@v1\nindex 01\n\nc\n",
     b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nc\n", b"c2sp.org/tlog-proof@v1\nextra !!\nindex 0\n\nc\n",
     b"c2sp.org/tlog-proof@v1\nindex 0\n", b"c2sp.org/tlog-proof@v1\nextra AAAA\n\nc\n"],
)  # fmt: skip
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_proof(data)
