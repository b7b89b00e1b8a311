"""Personal and sensitive data in a text: numbers by their check digits and what stands around them, and who is counted.

One number in ten passes the check of My Number (行政手続法関係 個人番号, total of digits modulo 11) or of a card (Luhn,
ISO/IEC 7812-1) by chance, so each needs its word within fifty characters, or a column of three or more of which four in
five pass. A run of digits is taken whole: a card number holds a valid prefix of twelve. Texts come folded.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from stdnum import luhn
from stdnum.jp import cn, in_

MY_NUMBER, CORPORATE, CARD, LICENCE, ACCOUNT = "my_number", "corporate_number", "card", "licence", "account"
BIRTH, PHONE, POSTAL, MAIL, NAME = "birth_date", "phone", "postal_code", "mail_address", "name"
STRONG = (MY_NUMBER, CARD, LICENCE, ACCOUNT, BIRTH)
_AROUND = 50
_COLUMN, _SHARE = 3, 0.8
_LEAST_ROWS = 10
_D = "[-‐‑‒–−ー ]"
_NUMBER = re.compile(rf"(?<![0-9a-z])(?<![0-9]{_D})[0-9](?:{_D}?[0-9]){{6,18}}(?!{_D}?[0-9])(?![a-z])")
_GROUPED = re.compile(_D)
_WORDS = {
    MY_NUMBER: re.compile("個人番号|マイナンバー|my ?number"),
    CORPORATE: re.compile("法人番号"),
    CARD: re.compile("カード|クレジット|credit|card|visa|master|jcb|amex|有効期限"),
    LICENCE: re.compile("免許"),
    ACCOUNT: re.compile("口座|普通|当座|account no|account number"),
}
_PHONE = re.compile(
    rf"(?<![0-9]{_D})(?<![0-9])(?:0[5789]0{_D}?[0-9]{{4}}{_D}?[0-9]{{4}}|0[1-9][0-9]{{0,3}}[-‐‑‒–−ー(][0-9]{{1,4}}[-‐‑‒–−ー)]"
    rf"[0-9]{{4}}|\(0[1-9][0-9]{{0,3}}\)[0-9]{{1,4}}-[0-9]{{4}})(?!{_D}?[0-9])"
)
_POSTAL = re.compile(
    r"〒 ?[0-9]{3}-?[0-9]{4}(?![0-9])|(?<![-0-9])[0-9]{3}-[0-9]{4}(?![-0-9])(?=[\s,\t]*[^\s0-9,]{2,3}[都道府県])"
)
_MAIL = re.compile(r"[a-z0-9][a-z0-9._%+-]{0,63}@(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}")
_DAY = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9]{2}[-/.年] ?[01]?[0-9][-/.月] ?[0-3]?[0-9]"
    r"|(?:明治|大正|昭和|平成|令和|[mtshr])\.?[0-9元]{1,2}[-/.年] ?[01]?[0-9][-/.月] ?[0-3]?[0-9])(?![0-9])"
)
_BIRTH = re.compile("生年月日|誕生日|生まれ|date of birth|birth ?day|birth date|dob")
_NAME = re.compile(
    "^(?:氏名|名前|お名前|ご氏名|顧客名|会員名|社員名|担当者(?:名)?|患者名|応募者(?:名)?"
    "|full ?name|name|customer name)$"
)
_ROLE = re.compile(
    r"(?:info|support|sales|contact|admin|office|help(?:desk)?|no-?reply|do-?not-?reply|webmaster|postmaster|inquiry"
    r"|soumu|eigyo|recruit|saiyo|jinji|keiri|press|pr|mail|news|order|service|system|toiawase|customer|staff|team)"
    r"[0-9._-]*@"
)


@dataclass(slots=True, kw_only=True)
class Scan:
    """What was found in one file or text: how often each kind, its addresses, and the persons by row."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    addresses: set[str] = field(default_factory=set)
    samples: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    """Lines with two kinds of data or more."""
    people: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def is_list(self) -> bool:
        return self.rows >= _LEAST_ROWS

    def note(self, kind: str, text: str) -> None:
        self.counts[kind] += 1
        self.samples.setdefault(kind, masked(text))

    def persons(self) -> tuple[int, int]:
        """At least and at most so many: rows that share a name, address or telephone may be one person."""
        above: dict[str, str] = {}

        def root(each: str) -> str:
            while above.setdefault(each, each) != each:
                above[each] = above[above[each]]
                each = above[each]
            return each

        for row in self.people:
            keys = [f"{at}:{value}" for at, value in enumerate(row) if value]
            for key in keys[1:]:
                above[root(key)] = root(keys[0])
        return len({root(each) for each in above}), len(self.people)


def masked(text: str) -> str:
    """The first two characters, and a star for each other letter or digit: for papers, never the number itself."""
    return text[:2] + re.sub(r"\w", "*", text[2:])


def is_role(address: str) -> bool:
    """Whether an address is that of an office and not of a person."""
    return _ROLE.match(address) is not None


def scan(key: str, into: Scan | None = None) -> Scan:
    """Look through one folded text; ``into`` gathers the texts of one file."""
    found = into if into is not None else Scan()
    if not any(char in "0123456789@" for char in key):
        return found
    numbers = list(_NUMBER.finditer(key))
    if not numbers and "@" not in key and not _DAY.search(key) and not _POSTAL.search(key):
        # A telephone number is one of the numbers.
        return found
    lines = key.split("\n")
    columns = _columns(lines)
    for hit in numbers:
        digits = _GROUPED.sub("", hit.group())
        kind = _kind(digits, hit.group(), key[max(hit.start() - _AROUND, 0) : hit.end() + _AROUND], columns)
        if kind:
            found.note(kind, hit.group())
    _rows(lines, columns, found)
    return found


_CHECKS: dict[str, Callable[[str], bool]] = {
    MY_NUMBER: lambda digits: len(digits) == 12 and bool(in_.is_valid(digits)),
    CORPORATE: lambda digits: len(digits) == 13 and bool(cn.is_valid(digits)),
    CARD: lambda digits: is_card(digits),
    LICENCE: lambda digits: len(digits) == 12,
    ACCOUNT: lambda digits: len(digits) == 7,
}


def is_card(digits: str) -> bool:
    """Whether prefix, length and check digit are those of an issuer's cards."""
    size, two, four = len(digits), int(digits[:2]), int(digits[:4])
    fits = (
        (digits[0] == "4" and size in (13, 16, 19))
        or (size == 16 and (51 <= two <= 55 or 2221 <= four <= 2720 or 3528 <= four <= 3589))
        or (size == 15 and two in (34, 37))
        or (size == 14 and (two in (36, 38, 39) or 3000 <= four <= 3059))
        or (16 <= size <= 19 and (two in (62, 65) or four == 6011 or 6440 <= four <= 6499))
    )
    return fits and bool(luhn.is_valid(digits))


def _kind(digits: str, written: str, around: str, columns: _Columns) -> str:
    for kind, check in _CHECKS.items():
        if check(digits) and (_WORDS[kind].search(around) or digits in columns.passing[kind]):
            # A number of twelve digits near 免許 is a licence even if it happens to pass the other check.
            if kind == MY_NUMBER and _WORDS[LICENCE].search(around) and not _WORDS[MY_NUMBER].search(around):
                continue
            return kind
    return ""


@dataclass(slots=True, kw_only=True)
class _Columns:
    """A table in a text: how its lines are cut, which column is which, and the numbers of columns that pass."""

    mark: str = ""
    names: frozenset[int] = frozenset()
    births: frozenset[int] = frozenset()
    passing: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def _columns(lines: list[str]) -> _Columns:
    mark = next((each for each in "\t,;" if sum(each in line for line in lines[:50]) >= min(3, len(lines))), "")
    found = _Columns(mark=mark)
    if not mark:
        return found
    values: defaultdict[int, list[str]] = defaultdict(list)
    names: set[int] = set()
    births: set[int] = set()
    for number, line in enumerate(lines):
        for at, cell in enumerate(line.split(mark)[:60]):
            cell = cell.strip(' "')
            if number < 5 and _NAME.match(cell):
                names.add(at)
            elif number < 5 and _BIRTH.match(cell):
                births.add(at)
            elif 12 <= len(cell) <= 23 and _NUMBER.fullmatch(cell):
                values[at].append(_GROUPED.sub("", cell))
    found.names, found.births = frozenset(names), frozenset(births)
    for numbers in values.values():
        for kind in (MY_NUMBER, CORPORATE, CARD):
            passed = [each for each in numbers if _CHECKS[kind](each)]
            if len(set(passed)) >= _COLUMN and len(passed) >= _SHARE * len(numbers):
                found.passing[kind].update(passed)
    return found


def _rows(lines: list[str], columns: _Columns, found: Scan) -> None:
    for number, line in enumerate(lines):
        cells = [cell.strip(' "') for cell in line.split(columns.mark)] if columns.mark else []
        names = [cells[at] for at in columns.names if at < len(cells) and cells[at] and not _NAME.match(cells[at])]
        mails = [each for each in _MAIL.findall(line) if "@" in line] if "@" in line else []
        phones = [_GROUPED.sub("", hit) for hit in _PHONE.findall(line)]
        kinds = {kind for kind, each in ((NAME, names), (MAIL, mails), (PHONE, phones)) if each}
        for kind, every in ((NAME, names), (MAIL, mails), (PHONE, phones)):
            for each in every:
                found.note(kind, each)
        for postal in _POSTAL.findall(line):
            found.note(POSTAL, postal)
            kinds.add(POSTAL)
        if _DAY.search(line):
            for day in _births(line, cells, columns, lines[number - 1] if number else ""):
                found.note(BIRTH, day)
                kinds.add(BIRTH)
        found.addresses.update(mails)
        found.rows += len(kinds) >= 2
        people = [each for each in mails if not is_role(each)]
        if names or people or (phones and len(kinds) > 1):
            found.people.add((names[0] if names else "", people[0] if people else "", phones[0] if phones else ""))
            found.people.update(("", each, "") for each in people[1:])


def _births(line: str, cells: list[str], columns: _Columns, before: str) -> Iterator[str]:
    for at in columns.births:
        if at < len(cells) and _DAY.match(cells[at]):
            yield cells[at]
    if not columns.births:
        whole = f"{before[-_AROUND:]}\n{line}"
        for hit in _DAY.finditer(whole, max(len(whole) - len(line), 0)):
            if _BIRTH.search(whole[max(hit.start() - _AROUND, 0) : hit.end() + _AROUND]):
                yield hit.group()
