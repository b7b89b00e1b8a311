"""Google Takeout: numbered parts, the page ``archive_browser.html`` that names the files, mailboxes with labels.

Takeout states no number of messages and no digest of one: an archive's own CRC finds a changed byte, the numbers of the
parts a missing part, and a reply whose ``In-Reply-To`` names a message of the same thread that is not there is a hint,
not a proof, because people delete mail.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass, field

from forensics.acquisition.exports.delivery import Delivery, by_path, check_lists, check_numbers, messages_of
from forensics.acquisition.exports.statement import MISSING, UNREAD
from forensics.formats import words
from forensics.formats.exports import labels
from forensics.formats.headers import HeaderBlock, split
from forensics.formats.identity import message_id

_PART = re.compile(r"(?P<series>.*takeout.*?)[-_](?P<number>\d{3})\.(?:zip|tgz|tar\.gz)", re.IGNORECASE)
_NAMED = re.compile(r">\s*([^<>\r\n]{1,255}\.(?:mbox|json|csv|vcf|ics|html))\s*<", re.IGNORECASE)
_HEADER = 1 << 18
_MOST_HINTS = 200


@dataclass(slots=True, kw_only=True)
class _Seen:
    """Message ids by thread, and the ids that replies name."""

    messages: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    wanted: dict[str, tuple[str, str]] = field(default_factory=dict)
    unlabelled: int = 0


def check(delivery: Delivery) -> None:
    """Hold a Takeout against its parts, its own page and the threads of its mail."""
    statement = delivery.statement
    check_lists(delivery)
    names = [file.name for file in delivery.files]
    statement.arrived["parts"] = check_numbers(delivery, names, _PART, start=1)
    _browser(delivery)
    seen = _Seen()
    boxes = delivery.named(".mbox")
    for box in boxes:
        before = seen.messages
        for number, _, _, raw in messages_of(box):
            _look(seen, split(raw, 0, min(len(raw), _HEADER)), f"{box.at}/message:{number}")
        if box.size and seen.messages == before:
            delivery.lack(UNREAD, box.path, "no message was found in this mailbox", box.at)
    statement.arrived |= {"messages": seen.messages, "mailbox files": len(boxes)}
    statement.arrived["messages by label"] = dict(seen.labels.most_common(1000))
    if seen.unlabelled:
        statement.notes.append(f"{seen.unlabelled:,} messages have no X-Gmail-Labels")
    statement.notes += _hints(seen)


def _browser(delivery: Delivery) -> None:
    """The files that the page of the export names; those that are not there are missing."""
    for page in delivery.named("archive_browser.html"):
        text = page.read().decode("utf-8", "backslashreplace")
        named = list(dict.fromkeys(html.unescape(each) for each in _NAMED.findall(text)))
        named = [each for each in named if each.lower() != "archive_browser.html"]
        delivery.statement.stated["files named by archive_browser.html"] = len(named)
        for name in named:
            if not by_path(delivery.files, name):
                delivery.lack(MISSING, name, f"{page.name} names it, and it is not there")


def _look(seen: _Seen, block: HeaderBlock, at: str) -> None:
    seen.messages += 1
    written = block.first("X-Gmail-Labels")
    if written:
        seen.labels.update(set(labels.of_header(words.decode_header(written).text)))
    else:
        seen.unlabelled += 1
    own = message_id(_text(block, "Message-ID"))
    thread = _text(block, "X-GM-THRID")
    if own:
        seen.ids.add(own)
    answered = message_id(_text(block, "In-Reply-To"))
    if answered and thread:
        seen.wanted.setdefault(answered, (thread, at))


def _text(block: HeaderBlock, name: str) -> str:
    return block.first(name).decode("utf-8", "backslashreplace").strip()


def _hints(seen: _Seen) -> list[str]:
    """A sentence for each message that a reply in the export answers and that is not in it."""
    gone = [(wanted, thread, at) for wanted, (thread, at) in seen.wanted.items() if wanted not in seen.ids]
    said = [f"{at} (thread {thread}) answers {wanted}, which is not in the export" for wanted, thread, at in gone]
    more = [f"{len(said) - _MOST_HINTS:,} more replies answer messages that are not in the export"]
    return said if len(said) <= _MOST_HINTS else said[:_MOST_HINTS] + more
