"""Times in MIME boundaries (RFC 2046 5.1.1) and Content-IDs (RFC 2045 7), which rewriters of a header rarely touch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from forensics.formats.clocks.embedded import EmbeddedTime, filetime, google, unix
from forensics.formats.clocks.message_ids import times_in_message_id
from forensics.moments import Precision

_LONGEST = 250
_Read = Callable[[re.Match[str]], int | None]

_BOUNDARIES: tuple[tuple[str, re.Pattern[str], _Read, Precision], ...] = (
    # Google: as in its Message-IDs.
    (
        "Google boundary",
        re.compile(r"(?:_+)?[0-9a-f]{12}([0-9a-f]{6})(0[3-9][0-9a-f]{6})[0-9a-f]{2}"),
        lambda m: google(m[1], m[2]),
        Precision.MICROSECOND,
    ),
    # Outlook, Outlook Express, Exchange: ----=_NextPart_000_0001_01C7A5B1.5B2B5D40
    (
        "Outlook boundary",
        re.compile(r"-*=_NextPart_[0-9A-F]{3}_[0-9A-F]{4}_(01[0-9A-F]{6})\.([0-9A-F]{8})"),
        lambda m: filetime(m[1], m[2]),
        Precision.TICK,
    ),
    # JavaMail: ----=_Part_12_345.1584046143864
    (
        "JavaMail boundary",
        re.compile(r"-*=_Part_\d+_-?\d+\.(\d{13})"),
        lambda m: unix(m[1], 10, 10**6),
        Precision.MILLISECOND,
    ),
    # MIME::Lite, MIME::Tools: _----------=_ seconds, process id or counter; ------------=_seconds-pid-count
    ("MIME::Lite boundary", re.compile(r"_-+=_(\d{10})\d*"), lambda m: unix(m[1]), Precision.SECOND),
    ("MIME::Tools boundary", re.compile(r"-+=_(\d{9,10})-\d+-\d+"), lambda m: unix(m[1]), Precision.SECOND),
    # Becky!: ------_3E43EB00000000000A1B_MULTIPART_MIXED_
    (
        "Becky! boundary",
        re.compile(r"-*_([3-6][0-9A-F]{7})[0-9A-F]{0,16}_MULTIPART_"),
        lambda m: unix(m[1], 16),
        Precision.SECOND,
    ),
)
_OUTLOOK_CONTENT_ID = re.compile(r"<?[^@<>]+@(01[0-9A-F]{6})\.([0-9A-F]{8})>?", re.IGNORECASE)
_MOZILLA_CONTENT_ID = re.compile(r"<?part\d+\.[0-9A-F]{8}\.([3-6][0-9A-F]{7})@")


def times_in_boundary(boundary: str) -> Iterator[EmbeddedTime]:
    """The time that a multipart boundary carries, at most one."""
    for name, pattern, read, precision in _BOUNDARIES:
        match = pattern.fullmatch(boundary[:_LONGEST]) or (
            pattern.match(boundary[:_LONGEST]) if name.startswith("Becky") else None
        )
        ns = read(match) if match else None
        if match is not None and ns is not None:
            yield EmbeddedTime(layout=name, ns=ns, raw=".".join(match.groups()), precision=precision)
            return


def times_in_content_id(content_id: str) -> Iterator[EmbeddedTime]:
    """The time that a Content-ID carries, at most one: Outlook's, Mozilla's, or one in the layout of a Message-ID."""
    text = content_id.strip()[:_LONGEST]
    match = _OUTLOOK_CONTENT_ID.fullmatch(text)
    ns = filetime(match[1], match[2]) if match else None
    if match is not None and ns is not None:
        raw = ".".join(match.groups())
        yield EmbeddedTime(layout="Outlook Content-ID", ns=ns, raw=raw, precision=Precision.TICK)
        return
    match = _MOZILLA_CONTENT_ID.match(text)
    ns = unix(match[1], 16) if match else None
    if match is not None and ns is not None:
        yield EmbeddedTime(layout="Mozilla Content-ID", ns=ns, raw=match[1])
        return
    yield from times_in_message_id(text)
