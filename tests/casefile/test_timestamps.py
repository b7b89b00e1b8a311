"""Time stamps of a local authority: accepted by both judges, and everything that must not pass."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from forensics.casefile import timestamps
from forensics.errors import ForensicsError, FormatError, IntegrityError, UsageError
from tests.casefile.tsa import Authority, needs_openssl

pytestmark = needs_openssl
_DATA = b"email-forensics/x\n3\nAAAA\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def namesake(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "two")


@pytest.fixture(scope="module")
def chained(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "three", chain=True)


def test_a_reply_is_accepted_by_both_judges_and_says_when(authority: Authority) -> None:
    asked = timestamps.query(_DATA)
    found = timestamps.check(authority.reply(asked), _DATA, asked, [authority.root])
    assert (found.trusted, found.openssl, found.policy) == (True, "good", "1.3.6.1.4.1.13762.3")
    assert found.time_ns > 1_700_000_000 * 10**9
    assert (found.accuracy_ms, bool(found.serial)) == (1000, True)


def test_without_a_root_nobody_vouches_for_a_reply_and_its_imprint_is_checked_still(
    authority: Authority,
) -> None:
    asked = timestamps.query(_DATA)
    reply = authority.reply(asked)
    assert timestamps.check(reply, _DATA, asked).trusted is False
    with pytest.raises(IntegrityError, match="other bytes"):
        timestamps.check(reply, _DATA + b"x", asked)


def test_a_chain_that_openssl_did_not_sort_is_read_from_a_sorted_copy(chained: Authority) -> None:
    asked = timestamps.query(_DATA)
    replies = [chained.reply(asked) for _ in range(2)]
    for reply in replies:
        sorted_ = timestamps.normalised(reply)
        assert len(sorted_) == len(reply)
        assert timestamps.normalised(sorted_) == sorted_
        first, last = timestamps._certificates(reply)
        turned = [reply[a:b] for a, _, b in timestamps._whole(reply, first, last)][::-1]
        assert len(turned) == 2
        for raw in (reply, reply[:first] + b"".join(turned) + reply[last:]):
            assert timestamps.check(raw, _DATA, asked, [chained.root]).openssl == "good"


def test_another_root_of_the_same_name_another_query_and_other_bytes_are_refused(
    authority: Authority, namesake: Authority
) -> None:
    asked, again = timestamps.query(_DATA), timestamps.query(_DATA)
    reply = authority.reply(asked)
    with pytest.raises(IntegrityError, match="does not hold"):
        timestamps.check(reply, _DATA, asked, [namesake.root])
    with pytest.raises(IntegrityError, match="nonce"):
        timestamps.check(reply, _DATA, again, [authority.root])
    with pytest.raises(IntegrityError, match="other bytes"):
        timestamps.check(authority.reply(timestamps.query(b"x")), _DATA, asked, [authority.root])


def test_of_every_seventh_byte_with_a_flipped_bit_only_what_no_signature_covers_passes(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = timestamps.query(_DATA)
    reply = authority.reply(asked)
    good = timestamps.check(reply, _DATA, asked, [authority.root])
    # One process for each of two hundred flips says nothing that the library does not.
    monkeypatch.setattr(timestamps, "_second_verdict", lambda *given: "")
    passed, tried = [], 0
    for at in range(0, len(reply), 7):
        changed = bytearray(reply)
        changed[at] ^= 1 << at % 8
        tried += 1
        try:
            found = timestamps.check(bytes(changed), _DATA, asked, [authority.root])
        except (FormatError, IntegrityError):
            continue
        passed.append(at)
        assert (found.time_ns, found.serial) == (good.time_ns, good.serial)
    assert tried >= 180
    assert len(passed) <= 5, passed


@pytest.mark.parametrize(
    "reply", [b"", b"x", b"0\x03\x02\x01\x00", b"0\x05" + b"0\x03\x02\x01\x02", b"\x30\x84\xff\xff"]
)
def test_what_is_no_reply_is_refused_with_a_sentence(reply: bytes) -> None:
    with pytest.raises((FormatError, IntegrityError)):
        timestamps.check(reply, _DATA)


def test_a_query_that_is_none_is_refused() -> None:
    assert timestamps.nonce_of(timestamps.query(_DATA))
    for data in (b"", b"\x02\x01\x01", b"0\x80"):
        with pytest.raises(FormatError):
            timestamps.nonce_of(data)


def test_a_root_that_is_no_certificate_is_a_usage_error(authority: Authority) -> None:
    asked = timestamps.query(_DATA)
    with pytest.raises(UsageError, match="no certificate"):
        timestamps.check(authority.reply(asked), _DATA, asked, [b"nothing"])


@pytest.fixture
def server(authority: Authority) -> Iterator[str]:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            good = self.path == "/tsa" and self.headers["Content-Type"] == "application/timestamp-query"
            body = authority.reply(asked) if good else b""
            self.send_response(200 if good else 500)
            self.end_headers()
            self.wfile.write(body if self.path != "/long" else b"x" * (2 << 20))

        def log_message(self, *given: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def test_a_reply_is_fetched_over_http_and_an_authority_that_fails_is_told(authority: Authority, server: str) -> None:
    asked = timestamps.query(_DATA)
    reply = timestamps.fetch(f"{server}/tsa", asked)
    assert timestamps.check(reply, _DATA, asked, [authority.root]).trusted
    with pytest.raises(ForensicsError, match="did not answer"):
        timestamps.fetch(f"{server}/other", asked)
    with pytest.raises(UsageError):
        timestamps.fetch("file:///etc/passwd", asked)
