"""Every layout with a real or a documented identifier, and what is no clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.clocks import (
    signature_times,
    times_in_boundary,
    times_in_content_id,
    times_in_message_id,
    times_in_queue_id,
)
from forensics.moments import iso

# identifier, layout, time as its digits say, whether that is UTC. Each stands in a message of the corpus whose Date and
# Received fields agree with it, or in the documentation that the comment names.
MESSAGE_IDS = [
    ("<000000000000b6809105a0ae7b18@google.com>", "Google", "2020-03-12T20:49:03.864977Z", True),  # issue text
    ("<009601c813c6$19df3510$0437d30a@mikel091a>", "Outlook", "2007-10-21T09:38:13.857Z", True),
    ("<200210010801.g9181AK15555@dogma.slashnull.org>", "sendmail queue id", "2002-10-01T08:01:10Z", True),
    ("<200104061723.JAB03225@zinfandel.lacita.com>", "sendmail", "2001-04-06T17:23:00Z", True),
    ("<E1XsaNj-0006ay-9N@smtp23.mail.ru>", "Exim message id", "2014-11-23T16:51:27Z", True),
    ("<Pine.LNX.4.44.0207241609280.27125-100000@isolnetsux.techmonkeys.net>", "Pine", "2002-07-24T16:09:28Z", False),
    ("<20240626062858.76875.qmail@email.example.jp>", "qmail", "2024-06-26T06:28:58Z", True),
    ("<1027203479.5354.14.camel@athena>", "Evolution", "2002-07-20T22:17:59Z", True),
    ("<20020730110032.A19970@fiachra.ucd.ie>", "Mutt before 1.5", "2002-07-30T11:00:32Z", False),
    ("<20020808103749.GB1853@jinny.ie>", "Mutt", "2002-08-08T10:37:49Z", True),
    ("<15613.28051.707126.569693@dom.ain>", "VM", "2002-06-05T01:46:59Z", True),
    ("<6359883.1026378322268.JavaMail.root@abv-sfo1-ac-agent1>", "JavaMail", "2002-07-11T09:05:22.268Z", True),
    ("<200207291944.52213.nickm@go2.ie>", "KMail", "2002-07-29T19:44:00Z", False),
    ("<16828.1033599653@dimebox.bmc.com>", "MH", "2002-10-02T23:00:53Z", True),
    ("<3.0.32.19961213150855.009172e0@mail.craswell.com>", "Eudora", "1996-12-13T15:08:55Z", False),
    ("<3D986033.2060903@permafrost.net>", "Mozilla", "2002-09-30T14:31:15Z", True),
    ("<33D89532.29EA@atl.mindspring.com>", "Mozilla", "1997-07-25T11:59:46Z", True),
    ("<1003227260.20020811144109@magnesium.net>", "The Bat!", "2002-08-11T14:41:09Z", False),
    ("<20190416150004.74D1026C000B@sharky3.deepsoft.com>", "Postfix", "2019-04-16T15:00:04Z", True),
    ("<courier.4D02EDDF.0000C65A@marutamachi.example.org>", "Courier", "2010-12-11T03:19:59Z", True),
    (
        "<000001321defcde6-79aad533-d383-11e0-ba2a-37b595feadb9-000000@email.amazonses.com>",
        "Amazon SES",
        "2011-08-31T03:44:07.654Z",
        True,
    ),
    ("<20030208014131.00fd30ce.teo.55@home.ro>", "Sylpheed", "2003-02-08T01:41:31Z", False),
    ("<20141229021705.Horde.ht6XOg3pMXT2XD9vNBMt1A6@mail.example.com>", "Horde", "2014-12-29T02:17:05Z", False),
    ("<20040301123456.9F4C.USER@example.co.jp>", "Becky!", "2004-03-01T12:34:56Z", False),  # its manual
    ("<20040301.123456.12345678.user@example.co.jp>", "Mew", "2004-03-01T12:34:56Z", False),  # mew-header.el
    # docs.python.org, email.utils.make_msgid: int(time*100), process id, random
    ("<158404614386.1234.12345678901234567890@host>", "Python", "2020-03-12T20:49:03.86Z", True),
    # RFC 9562 A.1, A.5, A.6: one instant in three versions
    ("<C232AB00-9414-11EC-B3C8-9F6BDECED846@a.example>", "UUID with a time", "2022-02-22T19:22:22Z", True),
    ("<1EC9414C-232A-6B00-B3C8-9F6BDECED846@a.example>", "UUID with a time", "2022-02-22T19:22:22Z", True),
    ("<017F22E2-79B0-7CC3-98C4-DC0C0C07398F@a.example>", "UUID with a time", "2022-02-22T19:22:22Z", True),
]


@pytest.mark.parametrize(("identifier", "layout", "time", "is_utc"), MESSAGE_IDS)
def test_a_message_id_gives_the_time_that_its_writer_put_there(
    identifier: str, layout: str, time: str, is_utc: bool
) -> None:
    [found] = times_in_message_id(identifier)
    assert (found.layout, iso(found.ns), found.is_utc) == (layout, time, is_utc)


@pytest.mark.parametrize(
    "identifier",
    [
        "<a@b>",
        "",
        "<>",
        "no at sign",
        "<9169D984-4E0B-45EF-82D4-8F5E53AD7012@example.com>",  # a random UUID
        "<CAMTenCGRpKN61AKpSvaoDsiszB500oihD=K3dPOT6wK3Td9i3A@mail.gmail.com>",
        "<00000000000000.5529.qmail@nijo.example.jp>",
        "<20159999000000.GA1@example.co.jp>",
        "<0000000000.0000000@mx5.example.com>",
        "<54AD68C9E3B0184CAC6041320424FD1B5B81E74D@localhost.localdomain>",
        "<FFFFFFFF.1234567@example.com>",
        "<1234@local.machine.example>",
    ],
)
def test_chance_digits_and_random_ids_are_no_clock(identifier: str) -> None:
    assert list(times_in_message_id(identifier)) == []


def test_a_sendmail_year_is_told_by_a_time_near_it() -> None:
    [early] = times_in_queue_id("u35MXGSs012345")
    [late] = times_in_queue_id("u35MXGSs012345", near_ns=1_460_000_000 * 10**9)
    assert (iso(early.ns), iso(late.ns)) == ("2016-04-05T22:33:16Z", "2016-04-05T22:33:16Z")
    [wrapped] = times_in_queue_id("535MXGSs012345", near_ns=1_680_000_000 * 10**9)
    assert iso(wrapped.ns).startswith("2025-04-05")


def test_a_long_postfix_queue_id_gives_microseconds() -> None:
    [found] = times_in_queue_id("4dJF1r4PPvz20Q4D")
    assert (found.layout, iso(found.ns)[:10]) == ("Postfix long queue id", "2025-11-29")


@pytest.mark.parametrize("queue_id", ["", "ABCDEF0123", "4dJF1r4PPv", "EE6A8400EE", "1DAB234"])
def test_short_queue_ids_carry_no_time(queue_id: str) -> None:
    assert list(times_in_queue_id(queue_id)) == []


@pytest.mark.parametrize(
    ("boundary", "layout", "time"),
    [
        ("000000000000b6809105a0ae7b18", "Google boundary", "2020-03-12T20:49:03.864977Z"),
        ("----=_NextPart_000_0093_01C81419.EBA6BC00", "Outlook boundary", "2007-10-21T19:38:14.036992Z"),
        ("----=_Part_0_1957617.1026378322268", "JavaMail boundary", "2002-07-11T09:05:22.268Z"),
        ("_----------=_102637832212345", "MIME::Lite boundary", "2002-07-11T09:05:22Z"),
        ("----------=_1026378322-1234-5", "MIME::Tools boundary", "2002-07-11T09:05:22Z"),
        ("------_3E43EB00000000000A1B_MULTIPART_MIXED_", "Becky! boundary", "2003-02-07T17:21:04Z"),
    ],
)
def test_a_boundary_gives_its_time(boundary: str, layout: str, time: str) -> None:
    [found] = times_in_boundary(boundary)
    assert (found.layout, iso(found.ns)) == (layout, time)


def test_a_content_id_of_outlook_gives_its_time() -> None:
    [found] = times_in_content_id("<image001.jpg@01C81419.EBA6BC00>")
    assert (found.layout, iso(found.ns)) == ("Outlook Content-ID", "2007-10-21T19:38:14.036992Z")


def test_a_content_id_of_mozilla_gives_its_time() -> None:
    [found] = times_in_content_id("<part1.04030201.3D986033@permafrost.net>")
    assert (found.layout, iso(found.ns)) == ("Mozilla Content-ID", "2002-09-30T14:31:15Z")


def test_a_signature_says_when_it_was_made_and_when_it_ends() -> None:
    # RFC 6376 3.5, the example of the section.
    field = (
        "v=1; a=rsa-sha256; d=example.net; s=brisbane;\r\n c=simple; q=dns/txt; i=@eng.example.net;\r\n"
        " t=1117574938; x=1118006938; h=from:to:subject:date; bh=MTIz; b=dzdVyOf="
    )
    found = signature_times(field)
    assert (found.domain, found.selector) == ("example.net", "brisbane")
    assert found.signed_ns is not None
    assert found.expires_ns is not None
    assert (iso(found.signed_ns), iso(found.expires_ns)) == ("2005-05-31T21:28:58Z", "2005-06-05T21:28:58Z")


@given(st.text(max_size=200))
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in (times_in_message_id, times_in_boundary, times_in_content_id, times_in_queue_id):
        for found in read(text):
            assert isinstance(found.ns, int)
    signature_times(text)
