"""Personal signatures: ours before OpenSSH's judge, OpenSSH's before ours, and everything that must not pass."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from forensics.casefile import sshsig
from forensics.casefile.signing import load_ssh_key
from forensics.errors import ForensicsError, FormatError, IntegrityError

needs_openssh = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH's ssh-keygen is not installed")
_MESSAGE = b"a checkpoint\n"
_WHO = "examiner@example.jp"
_NOW = 1_780_275_792 * 10**9
_KINDS = {"ed25519": [], "rsa": ["-b", "3072"], "ecdsa": ["-b", "256"], "ecdsa ": ["-b", "521"]}


def _make(folder: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    path = folder / f"key-{kind.strip()}{len(list(folder.iterdir()))}"
    command = [
        "ssh-keygen",
        "-q",
        "-t",
        kind.strip(),
        *_KINDS[kind],
        "-N",
        passphrase,
        "-C",
        "a comment",
        "-f",
        str(path),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return path


def _public(key: Path) -> str:
    return key.with_name(key.name + ".pub").read_text()


def _signers(folder: Path, line: str) -> Path:
    path = folder / "allowed_signers"
    path.write_text(line + "\n")
    return path


def _judge(folder: Path, signature: str, signers: Path, purpose: str = "seal", message: bytes = _MESSAGE, at: str = "") -> bool:  # fmt: skip # noqa: E501
    (folder / "signature").write_text(signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", _WHO, "-n", sshsig.namespace(purpose),
               "-s", str(folder / "signature"), *(["-Overify-time=" + at] if at else [])]  # fmt: skip
    return subprocess.run(command, input=message, capture_output=True, check=False).returncode == 0


@needs_openssh
@pytest.mark.parametrize("kind", _KINDS)
def test_openssh_accepts_ours_and_we_accept_openssh(tmp_path: Path, kind: str) -> None:
    key = _make(tmp_path, kind)
    signers = _signers(tmp_path, f"{_WHO} {_public(key)}")
    allowed = sshsig.allowed_signers(signers.read_text())
    ours = sshsig.sign_with(_MESSAGE, "seal", key)
    assert _judge(tmp_path, ours, signers)
    assert not _judge(tmp_path, ours, signers, purpose="approve")
    assert not _judge(tmp_path, ours, signers, message=b"another\n")
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", sshsig.namespace("seal")]
    theirs = subprocess.run(command, input=_MESSAGE, capture_output=True, check=True).stdout.decode()
    shown = subprocess.run(["ssh-keygen", "-lf", str(key)], capture_output=True, check=True, text=True).stdout
    for each in (ours, theirs):
        assert sshsig.verify(each, _MESSAGE, "seal", allowed, _WHO, _NOW) == shown.split()[1]
        for message, purpose, who in ((b"x", "seal", _WHO), (_MESSAGE, "approve", _WHO), (_MESSAGE, "seal", "other")):
            with pytest.raises(IntegrityError):
                sshsig.verify(each, message, purpose, allowed, who, _NOW)


@needs_openssh
def test_a_key_counts_only_for_its_person_its_namespaces_and_its_time(tmp_path: Path) -> None:
    key = _make(tmp_path)
    public = sshsig.public_line(_public(key))
    options = 'namespaces="email-forensics-seal@v1",valid-after="20260101Z",valid-before="20270101120000Z"'
    signers = _signers(tmp_path, f"{_WHO} {options} {public} with a comment")
    (allowed,) = sshsig.allowed_signers("# a remark\n\n" + signers.read_text())
    signature = sshsig.sign_with(_MESSAGE, "seal", key)
    assert sshsig.stamp(allowed.valid_before_ns or 0) == "20270101120000Z"
    for at, good in (("20251231235959Z", False), ("20260101000000Z", True), ("20270101115959Z", True), ("20270102000000Z", False)):  # fmt: skip # noqa: E501
        when = sshsig.time_ns(at)
        assert allowed.permits(_WHO, sshsig.namespace("seal"), when) is good
        assert _judge(tmp_path, signature, signers, at=at) is good
    assert not allowed.permits(_WHO, sshsig.namespace("witness"), sshsig.time_ns("20260201Z"))
    assert not _judge(tmp_path, sshsig.sign_with(_MESSAGE, "witness", key), signers, "witness", at="20260201Z")


@needs_openssh
def test_for_a_protected_key_openssh_asks_for_the_passphrase_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = _make(tmp_path, passphrase="secret words")
    assert load_ssh_key(key) is None
    answer = tmp_path / "answer"
    answer.write_text("#!/bin/sh\necho secret words\n")
    answer.chmod(0o755)
    monkeypatch.setenv("SSH_ASKPASS", str(answer))
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    signature = sshsig.sign_with(_MESSAGE, "transfer", key)
    assert _judge(tmp_path, signature, _signers(tmp_path, f"{_WHO} {_public(key)}"), "transfer")
    answer.write_text("#!/bin/sh\necho wrong\n")
    with pytest.raises(ForensicsError, match="did not sign"):
        sshsig.sign_with(_MESSAGE, "transfer", key)


@needs_openssh
def test_for_a_public_file_the_agent_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = _make(tmp_path)
    socket = tmp_path / "s"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE)
    try:
        assert agent.stdout is not None
        agent.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        public = key.with_name(key.name + ".pub")
        subprocess.run(["ssh-add", "-q", str(key)], check=True, capture_output=True)
        key.unlink()
        signature = sshsig.sign_with(_MESSAGE, "witness", public)
        assert sshsig.holds(sshsig.parse(signature), _MESSAGE, "witness")
        subprocess.run(["ssh-add", "-q", "-D"], check=True, capture_output=True)
        with pytest.raises(ForensicsError, match="did not sign"):
            sshsig.sign_with(_MESSAGE, "witness", public)
    finally:
        agent.terminate()
        agent.communicate()


@needs_openssh
def test_every_single_bit_of_a_signature_that_is_flipped_is_seen(tmp_path: Path) -> None:
    key = _make(tmp_path)
    allowed = sshsig.allowed_signers(f"{_WHO} {_public(key)}")
    good = sshsig.sign_with(_MESSAGE, "seal", key)
    unseen = []
    for at in range(len(good) * 8):
        changed = bytearray(good.encode())
        changed[at // 8] ^= 1 << at % 8
        try:
            text = bytes(changed).decode()
            sshsig.verify(text, _MESSAGE, "seal", allowed, _WHO, _NOW)
        except (FormatError, IntegrityError, UnicodeDecodeError):
            continue
        if text.split() != good.split():  # another kind of blank around the armour changes nothing that is signed
            unseen.append(at)
    assert unseen == []


def test_patterns_of_principals_are_those_of_openssh() -> None:
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    (allowed,) = sshsig.allowed_signers(f"*@example.jp,!bad@example.jp {public}")
    for who, good in (("a@example.jp", True), ("bad@example.jp", False), ("a@example.com", False)):
        assert allowed.permits(who, "any", 0) is good
    assert sshsig.allowed_signers(f"* cert-authority {public}") == ()


@pytest.mark.parametrize(
    "line",
    ["a", "a b", "a ssh-ed25519", "a ssh-ed25519 !!!!", "a ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA",
     'a valid-after="2026" ssh-ed25519 AAAA', 'a unknown="1" ssh-ed25519 AAAA',
     'a valid-before="20260101" ssh-ed25519 AAAA'],
)  # fmt: skip
def test_a_line_of_allowed_signers_that_is_none_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(FormatError, match="line 1"):
        sshsig.allowed_signers(line)


@pytest.mark.parametrize("text", ["", "x", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----"])
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        sshsig.parse(text)
