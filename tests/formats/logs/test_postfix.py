"""Lines of Postfix, by the texts of its sources and by the samples of whyscream/postfix-grok-patterns."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.logs import postfix
from forensics.formats.logs.event import Logged
from forensics.formats.logs.times import Assumed
from forensics.moments import Zone, iso
from tests.corpus import CORPUS, needs_corpus

ASSUMED = Assumed(zone="Asia/Tokyo", year=2026)


def parsed(message: str, service: str = "smtpd") -> Logged:
    found = postfix.parse(f"Jun  1 10:00:00 mx postfix/{service}[12]: {message}", ASSUMED)
    assert found is not None
    return found


def test_the_five_lines_of_a_message_say_who_what_and_where_to() -> None:
    accepted = parsed("4Tx1Yz2Abc: client=pc1.x.jp[192.0.2.10], sasl_method=LOGIN, sasl_username=a@x.jp")
    named = parsed("4Tx1Yz2Abc: message-id=<1@x.jp>", "cleanup")
    queued = parsed("4Tx1Yz2Abc: from=<a@x.jp>, size=12345, nrcpt=2 (queue active)", "qmgr")
    sent = parsed(
        "4Tx1Yz2Abc: to=<b@y.jp>, relay=mx.y.jp[198.51.100.5]:25, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, "
        "status=sent (250 2.0.0 Ok: queued as ABC)",
        "smtp",
    )
    removed = parsed("4Tx1Yz2Abc: removed", "qmgr")
    assert {each.queue_id for each in (accepted, named, queued, sent, removed)} == {"4Tx1Yz2Abc"}
    assert (accepted.operation, accepted.actor, accepted.actor_ip) == ("accepted", "a@x.jp", "192.0.2.10")
    assert (named.operation, named.message_id) == ("message_id", "<1@x.jp>")
    assert (queued.operation, queued.sender, queued.size) == ("queued", "a@x.jp", 12345)
    assert (sent.operation, sent.recipients, sent.status) == ("sent", ("b@y.jp",), "sent")
    assert (sent.detail["relay_ip"], sent.detail["queued_as"]) == ("198.51.100.5", "ABC")
    assert removed.operation == "removed"


def test_a_time_without_year_and_zone_says_what_was_assumed() -> None:
    when = parsed("connect from unknown[192.0.2.1]").when
    assert when.ns is not None
    assert (iso(when.ns), when.zone, when.assumed) == ("2026-06-01T01:00:00Z", Zone.ASSUMED, ("year", "zone"))


def test_a_subject_of_a_header_check_is_decoded() -> None:
    found = parsed(
        "D8B07E3DB6: warning: header Subject: =?ISO-2022-JP?B?GyRCOFw1UhsoQg==?= from mx[192.0.2.1]; "
        "from=<a@x.jp> to=<b@y.jp> proto=ESMTP helo=<mx>",
        "cleanup",
    )
    assert (found.operation, found.subject, found.sender) == ("header_check", "顧客", "a@x.jp")


def test_a_failed_login_names_the_address_it_came_from() -> None:
    found = parsed(
        "warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=a@x.jp"
    )
    assert (found.operation, found.actor, found.actor_ip) == ("login_failed", "a@x.jp", "203.0.113.7")


def test_an_empty_envelope_sender_is_said_to_be_empty() -> None:
    found = parsed("4Tx1Yz2Abc: from=<>, size=1, nrcpt=1 (queue active)", "qmgr")
    assert (found.sender, found.detail["null_sender"]) == ("", True)


def test_lines_of_other_programs_are_not_claimed() -> None:
    assert postfix.parse("Jun  1 10:00:00 mx sshd[1]: Accepted publickey", ASSUMED) is None
    assert postfix.parse("not a log", ASSUMED) is None


def _grok() -> list[Path]:
    return [] if CORPUS is None else sorted((CORPUS / "logs/whyscream+postfix-grok-patterns/test").glob("*.yaml"))


NAMES = {
    "postfix_queueid": lambda e: e.queue_id or "NOQUEUE",
    "postfix_client_ip": lambda e: e.actor_ip,
    "postfix_client_hostname": lambda e: e.detail.get("client"),
    "postfix_status": lambda e: e.status,
    "postfix_smtp_response": lambda e: e.detail.get("response"),
    "postfix_smtp_stage": lambda e: e.detail.get("stage"),
    "postfix_relay_ip": lambda e: e.detail.get("relay_ip"),
    "postfix_message-id": lambda e: e.message_id.strip("<>"),
}


@needs_corpus
@pytest.mark.parametrize("path", _grok(), ids=lambda each: each.stem)
def test_the_fields_that_others_read_are_read_here(path: Path) -> None:
    sample: dict[str, Any] = yaml.safe_load(path.read_text())
    service = re.match(r"\^%\{POSTFIX_([A-Z_]+)\}", sample["pattern"])
    if service is None or service[1] in ("COMMAND_COUNTER_DATA", "DELAYS", "RELAY_INFO", "KEYVALUE_DATA", "TLSCONN"):
        pytest.skip("this sample is a part of a line")
    found = parsed(sample["data"], service[1].lower())
    everything = json.dumps([found.detail, found.actor_ip, found.status, found.operation], ensure_ascii=False)
    for name, value in sample["results"].items():
        if name in NAMES:
            assert NAMES[name](found) == str(value), name
        elif name != "postfix_keyvalue_data":
            assert json.dumps(str(value), ensure_ascii=False)[1:-1] in everything, name


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = parsed(text.replace("\n", " "))
    json.dumps(dict(found.detail))
