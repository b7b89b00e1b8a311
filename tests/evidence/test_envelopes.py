"""Pair envelopes: both people together open one, neither does alone, and the stock ``age`` command opens it as well."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest

from forensics.errors import IntegrityError, UsageError
from forensics.evidence import envelopes

SECRET = b"the data key of a case"
needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="the command 'age' is not installed")


def _person() -> tuple[envelopes.Identity, bytes]:
    key = pyrage.x25519.Identity.generate()
    text = f"# created: today\n# public key: {key.to_public()}\n{key}\n".encode()
    return envelopes.read_identity(text), text


def test_both_together_open_it() -> None:
    (a, _), (b, _) = _person(), _person()
    envelope = envelopes.seal_pair(SECRET, inner=a.recipient, outer=b.recipient)
    assert a.open(b.open(envelope)) == SECRET


def test_one_alone_or_the_wrong_order_opens_nothing() -> None:
    (a, _), (b, _), (c, _) = _person(), _person(), _person()
    envelope = envelopes.seal_pair(SECRET, inner=a.recipient, outer=b.recipient)
    assert SECRET not in envelope
    assert SECRET not in b.open(envelope)
    for who in (a, c):
        with pytest.raises(IntegrityError, match="does not open with the identity"):
            who.open(envelope, "keys/envelopes/01-02.age")
    for who in (b, c):
        with pytest.raises(IntegrityError, match="does not open"):
            who.open(b.open(envelope))


@needs_age
def test_the_stock_command_opens_it_twice(tmp_path: Path) -> None:
    (a, a_file), (b, b_file) = _person(), _person()
    (tmp_path / "a.txt").write_bytes(a_file)
    (tmp_path / "b.txt").write_bytes(b_file)
    data = envelopes.seal_pair(SECRET, inner=a.recipient, outer=b.recipient)
    for name in ("b.txt", "a.txt"):
        command = ["age", "--decrypt", "--identity", str(tmp_path / name)]
        data = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    assert data == SECRET


@needs_age
def test_an_envelope_made_by_the_stock_command_opens_here() -> None:
    (a, _), (b, _) = _person(), _person()
    data = SECRET
    for recipient in (a.recipient, b.recipient):
        command = ["age", "--encrypt", "--recipient", recipient]
        data = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    assert a.open(b.open(data)) == SECRET


def test_an_identity_file_may_have_a_passphrase() -> None:
    a, text = _person()
    locked = pyrage.passphrase.encrypt(text, "long and secret")
    assert envelopes.is_encrypted(locked)
    assert not envelopes.is_encrypted(text)
    assert envelopes.read_identity(locked, "long and secret").recipient == a.recipient
    with pytest.raises(UsageError, match="passphrase does not open"):
        envelopes.read_identity(locked, "wrong")


@pytest.mark.parametrize(
    "data", [b"", b"# only\n", b"\xff\xfe", b"AGE-SECRET-KEY-1NONSENSE\n", b"age1abc\n", b"a\nb\n"]
)
def test_what_is_no_identity_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        envelopes.read_identity(data, place="a.txt")


def test_what_is_no_recipient_is_refused() -> None:
    with pytest.raises(UsageError, match="not an age recipient"):
        envelopes.check_recipient("age1nonsense")
