"""The secrets of a case: where they lie, who can read them, and that salts survive a new key of the log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forensics.casefile import keyring
from forensics.casefile.keyring import hkdf_sha256
from forensics.errors import UsageError

_CASE = "019a0000-0000-7000-8000-000000000001"


def test_hkdf_is_that_of_the_rfc() -> None:
    # RFC 5869 A.3: no salt, no info; the first 32 bytes of OKM.
    assert hkdf_sha256(b"\x0b" * 22, b"").hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"


def test_a_keyring_is_read_as_it_was_written_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    made = keyring.new(_CASE)
    assert not keyring.exists(tmp_path / "k")
    path = keyring.write(tmp_path / "k", made)
    assert keyring.exists(tmp_path / "k")
    assert keyring.read(tmp_path / "k", _CASE) == made
    assert path.name == "keyring.json"
    if os.name != "nt":
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert made.log_seed.hex() not in repr(made)


def test_a_passphrase_locks_it_and_takes_the_open_form_away(tmp_path: Path) -> None:
    made = keyring.new(_CASE)
    keyring.write(tmp_path, made)
    path = keyring.write(tmp_path, made, "secret words")
    assert [each.name for each in tmp_path.iterdir()] == ["keyring.age"]
    assert path.read_bytes().startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert keyring.read(tmp_path, _CASE, "secret words") == made
    for wrong in ("other words", "", None):
        with pytest.raises(UsageError, match="passphrase"):
            keyring.read(tmp_path, _CASE, wrong)


def test_salts_differ_by_item_and_case_and_stay_when_the_key_of_the_log_changes(tmp_path: Path) -> None:
    made = keyring.new(_CASE)
    after = made.rotated()
    assert after.log_seed != made.log_seed
    assert after.salt_key("EV-0001") == made.salt_key("EV-0001") != made.salt_key("EV-0002")
    assert after.signer.verifier.name == made.signer.verifier.name == f"email-forensics/{_CASE}"
    assert after.signer.verifier.key_id != made.signer.verifier.key_id


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"case":"x","log_seed":"zz","salt_master":"","v":1}', b"\xff"])
def test_what_is_no_keyring_is_refused_with_a_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "keyring.json").write_bytes(data)
    with pytest.raises(UsageError, match="cannot be read"):
        keyring.read(tmp_path, _CASE)


def test_a_missing_keyring_and_that_of_another_case_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no keys"):
        keyring.read(tmp_path, _CASE)
    keyring.write(tmp_path, keyring.new("another"))
    with pytest.raises(UsageError, match="another case"):
        keyring.read(tmp_path, _CASE)
