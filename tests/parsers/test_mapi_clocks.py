"""The clocks hidden in Outlook items: the conversation index ([MS-OXOMSG] 2.2.1.3), the Message-ID, the headers."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

from forensics.formats.mapi import tags
from forensics.moments import Basis, Meaning, Moment, iso
from forensics.parsers.contract import Unit
from forensics.parsers.msg import MsgParser
from forensics.records import MomentRecord
from tests.parsers.samples import AT
from tests.tools.make_msg import Msg, build

# The 48 high bits of the FILETIME of 2026-06-01T01:00:00Z, a GUID, and one answer: 8,584,881 units of 2^18 ticks are
# 225,047.5 s (62 h 30 min 47.5 s); the same bits in units of 2^23 ticks are 32 times as long.
_HEADER = (134_247_492_000_000_000 >> 16).to_bytes(6, "big") + bytes(range(16))
_ANSWER = (8_584_881).to_bytes(4, "big") + b"\x10"
_ITEM = Msg(
    texts={
        tags.PR_MESSAGE_CLASS: "IPM.Note",
        tags.PR_SUBJECT: "RE: plans",
        tags.PR_INTERNET_MESSAGE_ID: "<000001d5f8b0$94680000$bd380000$@example.co.jp>",
    },
    blobs={tags.PR_CONVERSATION_INDEX: _HEADER + _ANSWER},
)


def told(item: Msg) -> dict[tuple[str, str], str]:
    data = build(item)
    unit = Unit(path="a.msg", size=len(data), sha256=hashlib.sha256(data).hexdigest(), handle=io.BytesIO(data))
    records = MsgParser().parse(unit, AT, lambda blob: hashlib.sha256(blob).hexdigest())
    moments: list[Moment] = [each.moment for each in records if isinstance(each, MomentRecord)]
    found = [each for each in moments if each.basis is Basis.EMBEDDED and isinstance(each.utc, int)]
    return {(each.meaning, each.says): iso(each.utc)[:19] for each in found if isinstance(each.utc, int)}


def test_the_index_of_an_item_tells_the_start_of_its_thread_and_each_answer_by_both_readings() -> None:
    found = told(_ITEM)
    assert found == {
        (Meaning.STAMPED, "PR_INTERNET_MESSAGE_ID (Outlook)"): "2020-03-12T20:55:36",
        (Meaning.THREAD_STARTED, "PR_CONVERSATION_INDEX"): "2026-06-01T00:59:59",
        (Meaning.THREAD_ANSWERED, "PR_CONVERSATION_INDEX, answer 1"): "2026-06-03T15:30:47",
        (Meaning.THREAD_ANSWERED, "PR_CONVERSATION_INDEX, answer 1, read the other way"): "2026-08-23T09:25:20",
    }


def test_the_message_id_of_the_transport_headers_is_told_once_and_their_signatures_too() -> None:
    headers = (
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s1; t=1584046144; h=from; bh=MTIz; b=dzdVyOf=\r\n"
        "Message-ID: <000001d5f8b0$94680000$bd380000$@example.co.jp>\r\n"
    )
    item = replace(_ITEM, texts={**_ITEM.texts, tags.PR_TRANSPORT_MESSAGE_HEADERS: headers}, blobs={})
    assert told(item) == {
        (Meaning.STAMPED, "Message-ID (Outlook)"): "2020-03-12T20:55:36",
        (Meaning.SIGNED, "DKIM-Signature of example.net"): "2020-03-12T20:49:04",
    }


def test_an_index_that_is_cut_short_tells_nothing() -> None:
    assert told(replace(_ITEM, blobs={tags.PR_CONVERSATION_INDEX: _HEADER[:20]}, texts={})) == {}
