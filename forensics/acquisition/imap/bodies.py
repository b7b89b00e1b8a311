"""Message texts by ``UID FETCH ... BODY.PEEK[]``: small ones several at a time, large ones in slices, byte for byte.

A slice is ``BODY.PEEK[]<offset.count>`` (RFC 9051 6.4.5), so no message has to fit into memory. A message that the
server breaks off at is asked for alone, and given up with the reason when that fails too; the others go on.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forensics.acquisition.imap.client import Answer
from forensics.acquisition.imap.listing import Folder, Listed
from forensics.acquisition.imap.session import Cut, Refused, Renewed, Session

SLICE = 1 << 22
_BATCH_BYTES = 1 << 22
_BATCH_MESSAGES = 100
GONE = "gone from the server during the run; its text was not fetched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A message's bytes, and the size that the server stated in the same answer."""

    data: bytes
    stated: int | None


class NotGiven(OSError):
    """The server has the message, or had it, and does not give it; ``said`` says why."""

    def __init__(self, reason: str, number: int = 0) -> None:
        super().__init__(number, reason)
        self.said = reason


class Bodies:
    """Gives the messages of one folder after another, in the order of their UIDs, looking ahead as it goes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._folder: bytes = b""
        self._ahead: dict[int, Text] = {}
        self._missed: set[int] = set()

    def whole(self, folder: Folder, at: int, of: Sequence[Listed]) -> Text:
        """The ``at``-th message of those wanted from the folder; raises :class:`NotGiven`."""
        uid = of[at].uid
        if folder.raw != self._folder:
            self._folder, self._ahead, self._missed = folder.raw, {}, set()
        if uid not in self._ahead and uid not in self._missed:
            self._look_ahead(folder, [each.uid for each in _batch(of, at)])
        if uid in self._ahead:
            return self._ahead.pop(uid)
        return self.alone(folder, uid)

    def alone(self, folder: Folder, uid: int) -> Text:
        """One message by itself."""
        row = self._row(folder, uid, "BODY.PEEK[]")
        return _text_of(row, b"BODY[]")

    def slice(self, folder: Folder, uid: int, offset: int) -> Text:
        """The bytes of a message from an offset on, :data:`SLICE` of them at most."""
        row = self._row(folder, uid, f"BODY.PEEK[]<{offset}.{SLICE}>")
        return _text_of(row, f"BODY[]<{offset}>".encode())

    def _look_ahead(self, folder: Folder, uids: list[int]) -> None:
        """Fetch a batch; what does not come is asked for again one by one."""
        self._session.pause()
        try:
            answer = self._fetch(folder, uids, "BODY.PEEK[]", attempts=2)
        except Cut:
            self._missed.update(uids)
            return
        except Refused:
            self._missed.update(uids)
            return
        except Renewed as error:
            raise NotGiven(f"the folder is another one than before: {error}") from error
        for row in _by_uid(answer).values():
            if isinstance(row.get(b"BODY[]"), bytes) and row[b"UID"] in uids:
                self._ahead[row[b"UID"]] = _text_of(row, b"BODY[]")
        self._missed.update(set(uids) - set(self._ahead))

    def _row(self, folder: Folder, uid: int, item: str) -> dict[bytes, Any]:
        self._session.pause()
        try:
            answer = self._fetch(folder, [uid], item, attempts=3)
        except Cut as error:
            raise NotGiven(f"the server broke off each time it was asked for this message: {error}") from error
        except Refused as error:
            raise NotGiven(str(error)) from error
        except Renewed as error:
            raise NotGiven(f"the folder is another one than before: {error}") from error
        row = _by_uid(answer).get(uid)
        if row is None and answer.said:
            raise NotGiven(f"the server said: {answer.said}")
        if row is None:
            raise NotGiven(GONE, errno.ENOENT)
        return row

    def _fetch(self, folder: Folder, uids: list[int], item: str, *, attempts: int) -> Answer:
        ids, items = joined(uids), ("UID", "RFC822.SIZE", item)
        return self._session.ask(folder.raw, lambda client: client.fetched(ids, items, by_uid=True), attempts=attempts)


def _batch(of: Sequence[Listed], at: int) -> list[Listed]:
    """The next messages that together are small enough to be held in memory."""
    found: list[Listed] = []
    room = _BATCH_BYTES
    for each in of[at : at + _BATCH_MESSAGES]:
        room -= each.size if each.size is not None else SLICE
        if found and (room < 0 or is_large(each)):
            break
        found.append(each)
    return found


def is_large(listed: Listed) -> bool:
    """Whether the message is fetched in slices."""
    return listed.size is None or listed.size > SLICE


def joined(uids: Sequence[int]) -> str:
    """A sequence set: ``1:3,7``."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)


def _by_uid(answer: Answer) -> dict[int, dict[bytes, Any]]:
    """The rows that say which message they are of; answers nobody asked for may not."""
    found: dict[int, dict[bytes, Any]] = {}
    for _, row in answer.rows:
        uid = row.get(b"UID")
        if isinstance(uid, int):
            found[uid] = {**found.get(uid, {}), **row}
    return found


def _text_of(row: dict[bytes, Any], key: bytes) -> Text:
    data, stated = row.get(key), row.get(b"RFC822.SIZE")
    if not isinstance(data, bytes):
        raise NotGiven("the server names this message and gives no text of it")
    return Text(data=data, stated=stated if isinstance(stated, int) else None)
