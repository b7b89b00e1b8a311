"""TLS: the certificate is checked, its fingerprint kept, and nothing is said before it holds."""

from __future__ import annotations

import datetime
import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from forensics.acquisition.imap.session import Unreachable
from forensics.acquisition.imap.source import ImapSource
from forensics.examination.acquiring_imap import account
from tests.acquisition.imap.speaker import spoken, usual
from tests.acquisition.stand_in import acquired, clock


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A certificate of localhost that only whoever is given it trusts; its key; its fingerprint."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begins = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    der = made.public_bytes(serialization.Encoding.DER)
    return folder / "cert.pem", folder / "key.pem", hashlib.sha256(der).hexdigest()


def context(certificate: tuple[Path, Path, str]) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(certificate[0], certificate[1])
    return found


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_the_certificate_of_the_server_is_kept(
    security: str, certificate: tuple[Path, Path, str], tmp_path: Path
) -> None:
    speaker = usual({1: b"one"})
    with spoken(speaker, context(certificate), begin_clear=security == "starttls") as port:
        of = account("localhost", "sato", "geheim", security=security, port=port, ca_file=str(certificate[0]))
        with ImapSource(of, now=clock(), sleep=lambda seconds: None) as source:
            _, done = acquired(source, tmp_path)
            tls = source.describe()["connections"][0]["tls"]
    assert done.receipt.complete
    assert tls["certificate_sha256"] == certificate[2]
    assert tls["version"].startswith("TLSv1.")
    assert speaker.heard.index(next(each for each in speaker.heard if "LOGIN" in each)) > 0


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for_ends_it_before_the_password_is_sent(
    security: str, certificate: tuple[Path, Path, str], tmp_path: Path
) -> None:
    speaker = usual({1: b"one"})
    with spoken(speaker, context(certificate), begin_clear=security == "starttls") as port:
        of = account("localhost", "sato", "geheim", security=security, port=port)
        with (
            ImapSource(of, now=clock(), sleep=lambda seconds: None) as source,
            pytest.raises(Unreachable, match="is not one to trust"),
        ):
            acquired(source, tmp_path)
    assert not any("LOGIN" in each for each in speaker.heard)


def test_a_server_without_starttls_is_not_spoken_to_in_clear(tmp_path: Path) -> None:
    speaker = usual({1: b"one"})
    with spoken(speaker) as port:
        of = account("localhost", "sato", "geheim", security="starttls", port=port)
        with (
            ImapSource(of, now=clock(), sleep=lambda seconds: None) as source,
            pytest.raises(Unreachable, match="STARTTLS"),
        ):
            acquired(source, tmp_path)
    assert not any("LOGIN" in each for each in speaker.heard)
