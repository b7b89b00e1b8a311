"""An IMAP account as a source: its messages are files, and what the server said of them are papers beside them.

The account is listed, then read in the order of the listing; when the papers are asked for, which sort behind all
mail, it is listed once more, so that whatever changed meanwhile is named. Nothing is ever written to the server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from types import TracebackType
from typing import Any, Self

from forensics.acquisition.imap import differences, papers
from forensics.acquisition.imap.account import Account
from forensics.acquisition.imap.bodies import SLICE, Bodies, is_large
from forensics.acquisition.imap.differences import Base, Difference, Held, State
from forensics.acquisition.imap.gate import ALLOWED, Transcript
from forensics.acquisition.imap.listing import Account as Listing
from forensics.acquisition.imap.listing import Folder, Listed, look
from forensics.acquisition.imap.session import Cut, Refused, Session
from forensics.acquisition.receipt import Refusal
from forensics.acquisition.source import Found
from forensics.errors import ForensicsError
from forensics.evidence import item as layout
from forensics.evidence.item import Entry
from forensics.formats.internal_date import parse_internal_date

_LIMITS = (
    "Only what the server shows to this account was read: no deleted messages, no other accounts, no server logs.",
    "Messages were asked for as the server keeps them now; what it changed when it took them in cannot be told.",
    "The server may write of our visit in its own logs and indexes; no command that changes mail or flags was sent.",
)
_RESUMED = "What was said to the server before an interrupted run was resumed is not in the transcript."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    folder: Folder
    listed: Listed
    at: int
    """Its place among the messages that are fetched from the folder."""


class ImapSource:
    """One account. With a ``base`` only what is new is fetched. A context manager that signs out at its end."""

    def __init__(
        self,
        account: Account,
        *,
        now: Callable[[], int],
        sleep: Callable[[float], None],
        base: Base | None = None,
    ) -> None:
        self._account = account
        self._now = now
        self._transcript = Transcript(now)
        self._session = Session(account, now=now, sleep=sleep, transcript=self._transcript)
        self._bodies = Bodies(self._session)
        self.base = base
        self._listing: Listing | None = None
        self._places: dict[bytes, _Place] = {}
        self._wanted: dict[bytes, list[Listed]] = {}
        self._unchanged: dict[bytes, Held] = {}
        self._got: dict[bytes, tuple[str, int]] = {}
        self._remarks: list[Refusal] = []
        self._during: tuple[Difference, ...] | None = None
        self._resumed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    # -- what is there -------------------------------------------------------------------------------------------------

    def listing(self) -> Listing:
        """The first look at the account, made once."""
        if self._listing is None:
            try:
                self._listing = look(self._session, self._account.folders)
            except (Cut, Refused) as error:
                raise ForensicsError(
                    f"the folders of {self._account.user!r} could not be listed: {error}", place=self._account.url
                ) from error
            for folder in self._listing.folders:
                self._place(folder)
        return self._listing

    def since_base(self) -> tuple[Difference, ...]:
        """What differs from the item before; nothing where there is none."""
        if self.base is None:
            return ()
        return tuple(differences.between(self.base.state, State.of(self.listing())))

    def _place(self, folder: Folder) -> None:
        wanted = self._wanted.setdefault(folder.raw, [])
        for listed in folder.messages:
            path = papers.message_path(folder, listed.uid)
            held = self._held(folder, listed)
            if held is not None:
                self._unchanged[path] = held
            self._places[path] = _Place(folder=folder, listed=listed, at=len(wanted))
            if held is None:
                wanted.append(listed)

    def _held(self, folder: Folder, listed: Listed) -> Held | None:
        if self.base is None or self.base.state.folders.get(folder.raw) != folder.uidvalidity:
            return None
        before = self.base.state.marks[folder.raw].get(listed.uid)
        if before is None or (before.size, before.internaldate) != (listed.size, listed.internaldate):
            return None
        return self.base.held.get((folder.raw, folder.uidvalidity, listed.uid))

    def entries(self) -> Iterator[Found]:
        """Folders, the messages that are to be fetched, and the papers."""
        for folder in self.listing().folders:
            path = papers.folder_path(folder)
            entry = Entry(path=path, type=layout.FOLDER, facts={"imap": papers.folder_facts(folder)})
            refusal = Refusal(path=path, reason=folder.trouble) if folder.trouble else None
            yield Found(entry=entry.noted(refusal.sentence()) if refusal else entry, refusal=refusal)
            for listed in folder.messages:
                found = papers.message_path(folder, listed.uid)
                if found not in self._unchanged:
                    yield Found(entry=_entry(found, folder, listed))
        for path in papers.ALL:
            # The list of folders is read as records too.
            facts = None if path == papers.FOLDERS else {"role": layout.PAPER}
            yield Found(entry=Entry(path=path, type=layout.FILE, facts=facts))

    def taken_over(self, kept: Entry, seen: Entry) -> Entry | None:
        """What an interrupted run fetched is still the message if the server says of it what it said then."""
        before, now = ((each.facts or {}).get("imap", {}) for each in (kept, seen))
        self._resumed = True
        if seen.path in papers.ALL or any(before.get(key) != now.get(key) for key in ("internaldate", "size_stated")):
            return None
        self._got[seen.path] = (str(kept.sha256), int(kept.size or 0))
        return replace(kept, facts=seen.facts)

    # -- reading -------------------------------------------------------------------------------------------------------

    @contextmanager
    def read(self, entry: Entry) -> Iterator[_Reading]:
        """One message, or one paper, which ends the run."""
        if entry.path in papers.ALL:
            yield _Reading(entry, [self._paper(entry.path)])
            return
        place = self._places[entry.path]
        reading = _Reading(entry, self._chunks(entry.path, place))
        yield reading
        self._got[entry.path] = reading.digest()

    def _chunks(self, path: bytes, place: _Place) -> Iterator[bytes]:
        folder, uid = place.folder, place.listed.uid
        if not is_large(place.listed):
            text = self._bodies.whole(folder, place.at, self._wanted[folder.raw])
            self._compare(path, place.listed, text.stated)
            yield text.data
            return
        offset = 0
        while True:
            text = self._bodies.slice(folder, uid, offset)
            if not offset:
                self._compare(path, place.listed, text.stated)
            yield text.data
            offset += len(text.data)
            if len(text.data) < SLICE:
                return

    def _compare(self, path: bytes, listed: Listed, stated: int | None) -> None:
        if None not in (listed.size, stated) and listed.size != stated:
            self._remark(
                path,
                f"it changed during the run: {listed.size:,} bytes by the server's word when it was listed, "
                f"{stated:,} when it was fetched; what was fetched is stored",
            )

    def _remark(self, path: bytes, reason: str, number: int = 0) -> None:
        self._remarks.append(Refusal(path=path, reason=reason, errno=number))

    # -- the end of the run --------------------------------------------------------------------------------------------

    def _paper(self, path: bytes) -> bytes:
        if self._during is None:
            self._during = self._look_again()
            self._session.close()
        if path == papers.DIFFERENCES:
            since = (
                {"when": f"since {self.base and self.base.evidence}", **each.to_json()} for each in self.since_base()
            )
            during = ({"when": "during the run", **each.to_json()} for each in self._during)
            return papers.written("differences", [*since, *during])
        if path == papers.FOLDERS:
            return papers.written("folders", map(self._folder_row, self.listing().folders))
        if path == papers.MESSAGES:
            return papers.written("messages", (self._message_row(*each) for each in sorted(self._places.items())))
        return papers.written("transcript", self._transcript.lines)

    def _look_again(self) -> tuple[Difference, ...]:
        """List the account a second time and name what is not as it was at the start."""
        before = self.listing()
        for folder in before.folders:
            if folder.exists != len(folder.messages) and not folder.trouble:
                said = f"the server counts {folder.exists:,} messages and lists {len(folder.messages):,}"
                self._remark(papers.folder_path(folder), said)
        try:
            after = look(self._session, self._account.folders)
        except (Cut, Refused, ForensicsError) as error:
            self._remark(papers.FOLDER, f"the account could not be listed again at the end: {error}")
            return ()
        read = {each.raw for each in after.folders if not each.trouble}
        for folder in after.folders:
            if folder.trouble and folder.raw in self._wanted:
                self._remark(papers.folder_path(folder), f"it could not be listed again at the end: {folder.trouble}")
        listed = {each.raw: each for each in before.folders}
        found = differences.between(State.of(before), State.of(after))
        during = tuple(each for each in found if each.raw in read or each.raw not in self._wanted)
        for each in during:
            self._told(each, listed.get(each.raw))
        return during

    def _told(self, each: Difference, folder: Folder | None) -> None:
        if folder is None or not each.uid:
            where = b"mail/" + papers.safe(each.raw)
            self._remark(where, f"during the run: {each.sentence()}; what came with it was not acquired")
            return
        path = papers.message_path(folder, each.uid)
        if each.kind == differences.GONE:
            if path in self._got or path in self._unchanged:
                self._remark(path, "gone from the server during the run; its text was fetched before and is stored")
        elif each.kind == differences.NEW:
            self._remark(path, "it came during the run and was not acquired; acquire again to have it")
        else:
            self._remark(path, f"during the run: {each.sentence()}")

    def remarks(self) -> tuple[Refusal, ...]:
        """Everything that was noticed beside messages that could not be read."""
        return tuple(self._remarks)

    def limits(self) -> tuple[str, ...]:
        """What was not acquired, and why."""
        chosen: tuple[str, ...] = ()
        if self._account.folders:
            chosen = (f"Only these folders were asked for: {', '.join(self._account.folders)}.",)
        return (*_LIMITS, *chosen, *((_RESUMED,) if self._resumed else ()))

    # -- what is said of it --------------------------------------------------------------------------------------------

    def _message_row(self, path: bytes, place: _Place) -> dict[str, Any]:
        row: dict[str, Any] = papers.message_facts(place.folder, place.listed)
        held = self._unchanged.get(path)
        sha256, size = (held.sha256, held.size) if held else self._got.get(path, (None, None))
        row |= {"path": path.decode(), "sha256": sha256, "size": size, "fetched": path in self._got}
        if held is not None:
            row["base"] = {"evidence": held.evidence, "number": held.number, "sha256": held.sha256}
        return row

    def _folder_row(self, folder: Folder) -> dict[str, Any]:
        paths = [papers.message_path(folder, each.uid) for each in folder.messages]
        return papers.folder_facts(folder) | {
            "fetched": sum(path in self._got for path in paths),
            "unchanged": sum(path in self._unchanged for path in paths),
        }

    def describe(self) -> dict[str, Any]:
        """The server, the account and the counts, for ``acquisition.json``."""
        account, seen = self._account, self._session.seen
        return {
            "kind": "imap",
            "given": account.url,
            "host": account.host,
            "port": account.port,
            "account": account.user,
            "security": account.security,
            "signed_in_with": account.sign_in,
            "opened": "EXAMINE and BODY.PEEK[] only; each command was held against a list of those that change nothing",
            "commands_allowed": list(ALLOWED),
            "library": f"imapclient {metadata.version('imapclient')}",
            "greeting": seen.greeting,
            "server_id": seen.identity,
            "capabilities_before_sign_in": list(seen.capabilities_before),
            "capabilities": list(seen.capabilities),
            "namespaces": [dict(each) for each in self._listing.namespaces] if self._listing else [],
            "connections": [dict(each) for each in seen.connections],
            "waits": [dict(each) for each in seen.waits],
            "alerts": list(self._transcript.alerts),
            "clock": self._clock(),
            "base": self.base.evidence if self.base else "",
            "counts": self._counts(),
        }

    def _counts(self) -> dict[str, Any]:
        folders = self._listing.folders if self._listing else ()
        sizes = ((self._places[path].listed.size, size) for path, (_, size) in self._got.items())
        return {
            "folders": len(folders),
            "folders_without_messages": sum(not each.selectable for each in folders),
            "folders_not_asked_for": sum(not each.wanted for each in folders),
            "folders_not_read": sum(bool(each.trouble) for each in folders),
            "messages_stated": sum(each.exists for each in folders),
            "messages_listed": len(self._places),
            "messages_fetched": len(self._got),
            "messages_unchanged_since_base": len(self._unchanged),
            "sizes_stated_wrongly": sum(stated != size for stated, size in sizes),
            "differences_since_base": len(self.since_base()),
            "differences_during_run": len(self._during or ()),
        }

    def _clock(self) -> dict[str, Any]:
        """IMAP tells no time of day; the newest date that the server gave a message is all there is to hold ours to."""
        dates = (parse_internal_date(place.listed.internaldate) for place in self._places.values())
        newest = max((found[0] for found in dates if found), default=None)
        ahead = None if newest is None else max(0, (newest - self._now()) // 10**6)
        return {"server": "not offered", "newest_internaldate_ns": newest, "newest_ahead_of_ours_ms": ahead}


class _Reading:
    """One message or paper, open: its bytes as they come, hashed on the way."""

    def __init__(self, entry: Entry, chunks: Iterator[bytes] | list[bytes]) -> None:
        self.entry = replace(entry, size=None)
        self._chunks = iter(chunks)
        self._rest = b""
        self._sha256 = hashlib.sha256()
        self._size = 0

    def readinto(self, view: memoryview, /) -> int:
        """The next bytes; 0 at the end."""
        while not self._rest:
            found = next(self._chunks, None)
            if found is None:
                return 0
            self._rest = found
        count = min(len(view), len(self._rest))
        view[:count] = self._rest[:count]
        self._sha256.update(view[:count])
        self._size += count
        self._rest = self._rest[count:]
        return count

    def digest(self) -> tuple[str, int]:
        """SHA-256 and size of what was read."""
        return self._sha256.hexdigest(), self._size

    def changed(self) -> str:
        """What the server changed is told in the remarks."""
        return ""


def _entry(path: bytes, folder: Folder, listed: Listed) -> Entry:
    facts = {"imap": papers.message_facts(folder, listed)}
    return Entry(path=path, type=layout.FILE, size=listed.size, facts=facts)
