"""What a sender wrote in a message, without what it only carries: quotes, forwarded mail, a signature.

Mailers mark quotes as RFC 3676 (4.5) says, and head what they carry along with a line of their own, each in its way and
language. What stands in every mail of a sender alike is not known here.
"""

from __future__ import annotations

import re

_QUOTE = re.compile(r"[ \t]{0,3}[>＞]")
_CARRIED = re.compile(
    r"[ \t>]{0,4}(?:-{2,} ?(?:Original|Forwarded|Begin forwarded|Reply|元の|転送|返信|オリジナル)[^\n]{0,60}"
    r"|Begin forwarded message:|-+ ?以下(?:、)?(?:転送|引用)[^\n]{0,40}|={3,} ?(?:転送|以下)[^\n]{0,40})[ \t]*",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"[ \t]{0,3}(?:On .{5,200} wrote:|Le .{5,200} a écrit ?:|Am .{5,200} schrieb .{1,120}:"
    r"|\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}日?.{0,200}(?:<[^>]{3,200}>.{0,20}[:：]|wrote:|書きました[:：]?|のメール[:：])"
    r"|.{1,120}(?:さんは|さんが|様は|wrote|書きました|さんwrote)[^\n]{0,20}[:：])[ \t]*",
)
_FROM = re.compile(r"[ \t*]{0,3}(?:From|差出人|送信者)\*?[ \t]?[:：]", re.IGNORECASE)
_NEXT = re.compile(r"[ \t*]{0,3}(?:Sent|Date|To|Subject|送信日時|日時|宛先|件名)\*?[ \t]?[:：]", re.IGNORECASE)
_SIGNATURE = re.compile(r"--[ \t]?|[-=_*━─＿―＝+~#☆★◆◇■□/]{8,}[ \t]*")
_CONTACT = re.compile(r"(?i)tel|fax|〒|電話|e-?mail|@|https?:|株式会社|\d{2,4}-\d{2,4}-\d{3,4}")
_LONGEST_SIGNATURE = 15
_MARKS = ">＞"


def own_words(text: str) -> str:
    """The text without quoted lines, without what is carried along below a heading, and without the signature."""
    kept: list[str] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines):
        # What a line begins and ends with tells most of them apart before any of the slower patterns.
        solid = line.strip()
        first, last = solid[:1], solid[-1:]
        if first and first in _MARKS and _QUOTE.match(line):
            continue
        if first and first in "-=Bb>" and _CARRIED.fullmatch(line):
            break
        if _FROM.match(solid) and any(map(_NEXT.match, lines[number + 1 : number + 4])):
            break
        if last in (":", "：") and _HEADING.fullmatch(line):
            below = next((each for each in lines[number + 1 :] if each.strip()), "")
            if _QUOTE.match(below):
                continue
            break
        kept.append(line)
    return "\n".join(_unsigned(kept)).strip()


def _unsigned(lines: list[str]) -> list[str]:
    """A signature stands at the end, behind a line of dashes or the like, and says how its sender can be reached."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    first = max(len(lines) - _LONGEST_SIGNATURE, 0)
    for number in range(first, len(lines)):
        line = lines[number].strip()
        if line == "--" or (_SIGNATURE.fullmatch(line) and _is_signature(lines[number + 1 :])):
            return lines[:number]
    return lines


def _is_signature(lines: list[str]) -> bool:
    said = "\n".join(lines)
    return bool(_CONTACT.search(said)) or not said.strip()
