"""Questions to a resolver on loopback: answers are kept whole, a long one comes by TCP, a missing one is named."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from forensics.acquisition.dns_records import DMARC, SPF, DnsSource, Question, Resolver, dkim_key
from forensics.errors import ForensicsError, UsageError
from forensics.formats.dkim_keys import read_keys
from tests.acquisition.stand_in import acquired, clock

_LONG = "v=DKIM1; k=rsa; p=" + "A" * 2000
_ZONE = {
    "s1._domainkey.example.jp.": ['"v=DKIM1; k=rsa; " "p=MIIB"'],
    "long._domainkey.example.jp.": [" ".join(f'"{_LONG[at : at + 250]}"' for at in range(0, len(_LONG), 250))],
    "example.jp.": ['"v=spf1 include:_spf.example.net -all"', '"other text"'],
    "_spf.example.net.": ['"v=spf1 ip4:192.0.2.0/24 include:example.jp -all"'],
    "_dmarc.example.jp.": ['"v=DMARC1; p=none"'],
}


def _answer(wire: bytes, by_udp: bool) -> bytes | None:
    query = dns.message.from_wire(wire)
    name = query.question[0].name.to_text()
    if name.startswith("silent."):
        return None
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA | dns.flags.AD
    if name in _ZONE:
        response.answer.append(dns.rrset.from_text(name, 300, "IN", "TXT", *_ZONE[name]))
    else:
        response.set_rcode(dns.rcode.NXDOMAIN)
    if by_udp and name.startswith("long."):
        response.answer.clear()
        response.flags |= dns.flags.TC
    return response.to_wire(max_size=65535)


@contextmanager
def resolver() -> Iterator[Resolver]:
    """A resolver that knows the zone above, by UDP and TCP on one port, until the block ends."""
    tcp = socket.create_server(("127.0.0.1", 0))
    port = int(tcp.getsockname()[1])
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", port))
    udp.settimeout(0.2)
    over = threading.Event()

    def by_udp() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                wire, sender = udp.recvfrom(65535)
                said = _answer(wire, True)
                if said is not None:
                    udp.sendto(said, sender)

    def by_tcp() -> None:
        while True:
            try:
                client, _ = tcp.accept()
            except OSError:
                return
            with client, client.makefile("rb") as stream:
                (size,) = struct.unpack("!H", stream.read(2))
                said = _answer(stream.read(size), False) or b""
                client.sendall(struct.pack("!H", len(said)) + said)

    threads = [threading.Thread(target=each, daemon=True) for each in (by_udp, by_tcp)]
    for each in threads:
        each.start()
    try:
        yield Resolver(address="127.0.0.1", port=port, timeout=0.5)
    finally:
        over.set()
        with contextlib.suppress(OSError):
            tcp.shutdown(socket.SHUT_RDWR)
        tcp.close()
        for each in threads:
            each.join(5)
        udp.close()


def source_of(server: Resolver, *questions: Question) -> DnsSource:
    return DnsSource(questions, server, by="Yamada, email-forensics 0", now=clock())


def test_keys_are_kept_in_the_form_in_which_find_takes_them(tmp_path: Path) -> None:
    wanted = [dkim_key("s1", "example.jp"), dkim_key("Long", "Example.JP"), dkim_key("gone", "example.jp")]
    with resolver() as server:
        store, done = acquired(source_of(server, *wanted), tmp_path)
    assert done.receipt.complete
    files = {each.path: each.number for each in store.entries("EV-0001")}
    with store.open("EV-0001", files[b"dkim-keys.json"] or 0) as handle:
        keys = {(key.selector, key.domain): key for key in read_keys(handle.read())}
    assert keys["s1", "example.jp"].record == "v=DKIM1; k=rsa; p=MIIB"
    assert keys["long", "example.jp"].record == _LONG
    assert len(keys) == 2
    assert keys["s1", "example.jp"].source.startswith("fetched 2023-11-14T")
    assert "by Yamada, email-forensics 0 from 127.0.0.1:" in keys["s1", "example.jp"].source
    with store.open("EV-0001", files[b"dns-answers.jsonl"] or 0) as handle:
        answers = {row["name"]: row for row in map(json.loads, handle.read().splitlines()[1:])}
    assert answers["gone._domainkey.example.jp"]["rcode"] == "NXDOMAIN"
    assert answers["long._domainkey.example.jp"]["transport"] == "tcp"
    kept = answers["s1._domainkey.example.jp"]
    assert kept["ad"]
    assert kept["records"][0]["ttl"] == 300
    assert dns.message.from_wire(bytes.fromhex(kept["wire_hex"])).answer[0][0].strings[1] == b"p=MIIB"


def test_what_an_spf_record_leads_to_is_asked_for_too_and_a_circle_ends() -> None:
    with resolver() as server:
        source = source_of(server, Question(purpose=SPF, name="example.jp"))
        found = list(source.entries())
    assert len(found) == 2
    assert source.describe()["questions"] == 2
    assert source.describe()["answers"] == {"NOERROR": 2}


def test_a_question_without_an_answer_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    wanted = [
        dkim_key("s1", "example.jp"),
        Question(purpose=DMARC, name="silent.example.jp"),
        dkim_key("a" * 70, "x.jp"),
    ]
    with resolver() as server:
        _, done = acquired(source_of(server, *wanted), tmp_path)
    assert len(done.receipt.flagged) == 2
    assert any("no answer for silent.example.jp" in each.reason for each in done.receipt.flagged)
    assert any("no name that can be asked for" in each.reason for each in done.receipt.flagged)


def test_a_resolver_that_gives_no_answer_at_all_is_one_sentence() -> None:
    with resolver() as server, pytest.raises(ForensicsError, match="gave no answer") as error:
        list(source_of(server, Question(purpose=SPF, name="silent.example.jp")).entries())
    assert error.value.exit_code == 1


@pytest.mark.parametrize(
    ("given", "address", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("192.0.2.1:5353", "192.0.2.1", 5353),
        ("::1", "::1", 53),
        ("[::1]:54", "::1", 54),
    ],
)
def test_a_resolver_is_named_by_its_address(given: str, address: str, port: int) -> None:
    found = Resolver.of(given)
    assert (found.address, found.port) == (address, port)


@pytest.mark.parametrize("given", ["dns.example.jp", "192.0.2.1:0", "300.1.1.1", "192.0.2.1:99999", "[::1"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(UsageError):
        Resolver.of(given)
