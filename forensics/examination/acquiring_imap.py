"""The step that acquires an IMAP account; a second one of the same account takes the item before as its base.

What was acquired before is held against what the server lists now: nothing new, gone or changed, then nothing is made;
otherwise a new item holds what is new, and names where the rest lies.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from forensics.acquisition import compare
from forensics.acquisition.acquire import Acquired, Told, acquire
from forensics.acquisition.imap import account as kinds
from forensics.acquisition.imap import papers
from forensics.acquisition.imap.account import Account, Secret, is_loopback
from forensics.acquisition.imap.differences import Base, summed
from forensics.acquisition.imap.source import ImapSource
from forensics.errors import FormatError, IntegrityError, UsageError
from forensics.evidence.writer import ItemWriter
from forensics.examination.acquiring import AcquireSummary, acquire_by
from forensics.examination.conductor import Examination
from forensics.examination.station import tool

PASSWORD, XOAUTH2, OAUTHBEARER = kinds.PASSWORD, kinds.XOAUTH2, kinds.OAUTHBEARER
TLS, STARTTLS, NONE = kinds.TLS, kinds.STARTTLS, kinds.NONE
PORTS = {TLS: 993, STARTTLS: 143, NONE: 143}
_MOST_CHANGES = 200


def account(host: str, user: str, secret: str, **options: Any) -> Account:
    """The account to acquire, with what may not be asked refused in words."""
    security = options.get("security", TLS)
    options["port"] = options.get("port") or PORTS[security]
    if security == NONE and not is_loopback(host):
        raise UsageError(
            "without TLS everybody on the way could read the password and change the mail",
            place=host,
            todo="leave out --no-tls, or use --starttls; without TLS only this machine itself may be asked",
        )
    if not host or not user or any(each in host + user for each in "\r\n\0"):
        raise UsageError("a host and a user are needed, without line ends in them")
    if not secret:
        raise UsageError("the password or token is empty")
    return Account(host=host, user=user, secret=Secret(secret), **options)


def acquire_imap(
    examination: Examination, account: Account, *, sleep: Callable[[float], None] = time.sleep
) -> AcquireSummary:
    """Acquire the account, or what is new in it."""
    folders = sorted(set(account.folders))
    params = {"source": account.url, "resolved": account.url, "parent": "", "folders": folders}
    with ImapSource(account, now=examination.station.now, sleep=sleep) as source:
        wanted = {"resolved": account.url, "parent": "", "folders": folders}
        return acquire_by(examination, _ByMessages(source), params, wanted=wanted)


@dataclass(frozen=True, slots=True)
class _ByMessages:
    source: ImapSource

    def compare(self, examination: Examination, item: str) -> compare.Comparison:
        self.source.base = base_of(examination, item)
        changes = summed(self.source.since_base())
        state = compare.CHANGED if changes else compare.UNCHANGED
        if len(changes) > _MOST_CHANGES:
            changes = (*changes[:_MOST_CHANGES], f"and {len(changes) - _MOST_CHANGES:,} folders more")
        return compare.Comparison(state=state, changes=changes)

    def acquire(self, writer: ItemWriter, *, about: dict[str, Any], examination: Examination, told: Told) -> Acquired:
        self.source.listing()
        return acquire(self.source, writer, now=examination.station.now, tool=tool(), about=about, told=told)


def base_of(examination: Examination, item: str) -> Base:
    """An item that was made of an account, as the base of the next one."""
    numbers = {each.path: each.number for each in examination.evidence.entries(item) if each.number is not None}
    try:
        folders, messages = (_paper(examination, item, numbers[path]) for path in (papers.FOLDERS, papers.MESSAGES))
        shown = {path.decode("utf-8", "backslashreplace"): number for path, number in numbers.items()}
        return Base.read(item, folders, messages, shown)
    except (KeyError, TypeError, ValueError, FormatError) as error:
        raise IntegrityError(
            f"the papers of {item} are not those of an IMAP account: {error}", place=item, todo="run 'forensics verify'"
        ) from error


def _paper(examination: Examination, item: str, number: int) -> list[dict[str, Any]]:
    with examination.evidence.open(item, number) as handle:
        return papers.read(handle.read())
