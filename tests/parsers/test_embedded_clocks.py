"""The clocks hidden in a message become moments of their own, told apart from what the sender claims."""

from __future__ import annotations

import base64
import hashlib
import io

from forensics.absent import Absent
from forensics.moments import Basis, Meaning, Moment, Zone, iso
from forensics.parsers.contract import Unit
from forensics.parsers.eml import EmlParser
from forensics.records import MomentRecord
from tests.parsers.samples import AT

# A message that claims 2020-01-01; whatever a program wrote into it says 2020-03-12.
FORGED = b"""\
DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s1; t=1584046144; x=1584650944; h=from; bh=MTIz; b=dzdVyOf=
Received: from pc by mx.example.net with ESMTPS id g9181AK15555 for <b@y.example>; Thu, 12 Mar 2020 20:49:05 +0000
Date: Wed, 1 Jan 2020 10:00:00 +0900
Message-ID: <20200313054903.9F4C.USER@example.co.jp>
Thread-Index: AdX4sJRoAAAAAAAAAAAAAAAAAAAAAA==
Content-Type: multipart/mixed; boundary="000000000000b6809105a0ae7b18"

--000000000000b6809105a0ae7b18
Content-Type: image/png
Content-ID: <image001.png@01D5F8B0.94680000>

--000000000000b6809105a0ae7b18--
"""


def moments_of(data: bytes) -> list[Moment]:
    unit = Unit(path="a.eml", size=len(data), sha256=hashlib.sha256(data).hexdigest(), handle=io.BytesIO(data))
    records = EmlParser().parse(unit, AT, lambda blob: hashlib.sha256(blob).hexdigest())
    return [each.moment for each in records if isinstance(each, MomentRecord)]


def test_every_hidden_clock_of_a_message_is_a_moment_of_its_own() -> None:
    found = [each for each in moments_of(FORGED) if each.basis is Basis.EMBEDDED]
    told = {(each.meaning, each.says): iso(each.utc)[:19] for each in found if isinstance(each.utc, int)}
    assert told == {
        (Meaning.STAMPED, "Message-ID (Becky!)"): "2020-03-12T20:49:03",
        (Meaning.STAMPED, "id of Received 1/1 by mx.example.net (sendmail queue id)"): "2002-10-01T08:01:10",
        (Meaning.SIGNED, "DKIM-Signature of example.net"): "2020-03-12T20:49:04",
        (Meaning.EXPIRES, "DKIM-Signature of example.net"): "2020-03-19T20:49:04",
        (Meaning.THREAD_STARTED, "Thread-Index"): "2020-03-12T20:55:36",
        (Meaning.STAMPED, "boundary (Google boundary)"): "2020-03-12T20:49:03",
        (Meaning.STAMPED, "Content-ID (Outlook Content-ID)"): "2020-03-12T20:55:36",
    }


def test_a_local_time_is_read_with_the_zone_of_the_date_and_says_so() -> None:
    [found] = [each for each in moments_of(FORGED) if each.says == "Message-ID (Becky!)"]
    assert (found.zone, found.offset_minutes) == (Zone.ASSUMED, 540)


def test_without_a_date_the_zone_of_a_local_time_is_unknown() -> None:
    data = b"Message-ID: <20200313054903.9F4C.USER@example.co.jp>\nFrom: a@x\n\nbody\n"
    [found] = [each for each in moments_of(data) if each.basis is Basis.EMBEDDED]
    assert (found.zone, found.offset_minutes) == (Zone.UNKNOWN, Absent.NOT_RECORDED)


def test_an_answer_in_a_thread_is_given_by_both_readings() -> None:
    header = bytes.fromhex("01d5f8b09468") + bytes(16)
    index = base64.b64encode(header + (1 << 10).to_bytes(4, "big") + b"\x10").decode()
    data = f"Date: Thu, 12 Mar 2020 20:49:05 +0000\nFrom: a@x\nThread-Index: {index}\n\nbody\n".encode()
    found = [each for each in moments_of(data) if each.meaning is Meaning.THREAD_ANSWERED]
    assert [each.says for each in found] == ["Thread-Index, answer 1", "Thread-Index, answer 1, read the other way"]
    assert len({each.utc for each in found}) == 2
