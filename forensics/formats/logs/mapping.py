"""What a mapping of a foreign table may say, and the check that it says nothing else.

A mapping is a plain object: which words head the columns of a hold, approval or endpoint log, which of our actions each
word of its own stands for, and in which zone and encoding it is written. It can extend another: columns that it names
take the place of those of the other, actions that it names are added to them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from forensics.errors import FormatError

TIMES = ("queued_at", "action_at", "viewed_at")
ROLES = (
    *TIMES,
    "action",
    "actor",
    "sender",
    "rcpt",
    "cc",
    "bcc",
    "subject",
    "message_id",
    "queue_id",
    "attachment",
    "rule",
    "size",
    "client_ip",
    "device",
    "app",
    "direction",
    "src_path",
    "dest_path",
    "url",
    "file_sha256",
    "verdict",
    "comment",
)
"""What a column can be."""
HOLD_ACTIONS = (
    "queued",
    "self_checked",
    "approved",
    "auto_released",
    "rejected",
    "cancelled",
    "discarded",
    "expired",
    "blocked",
    "bcc_converted",
    "encrypted",
    "urlized",
    "downloaded",
    "revoked",
    "viewed",
)
ENDPOINT_ACTIONS = (
    "mail_sent",
    "mail_received",
    "file_created",
    "file_opened",
    "file_changed",
    "file_copied",
    "file_moved",
    "file_renamed",
    "file_deleted",
    "printed",
    "usb_connected",
    "usb_disconnected",
    "usb_written",
    "web_posted",
    "web_viewed",
    "web_downloaded",
    "chat_sent",
    "clipboard_copied",
    "screen_captured",
    "app_started",
    "app_ended",
    "logged_on",
    "logged_off",
    "alerted",
    "risk_scored",
)
ACTIONS = (*HOLD_ACTIONS, *ENDPOINT_ACTIONS)
KINDS = ("hold", "endpoint")
ENCODINGS = {
    "auto": "",
    "cp932": "cp932",
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16-le",
    "euc-jp": "euc_jp",
}
CASE_ZONE = "case"
UNKNOWN_ACTION = "keep_and_report"
LONGEST = 200
MOST_WORDS = 200
_TEXTS = ("preset", "system", "kind", "date", "source", "encoding", "timezone", "every_row", "unknown_action", "note")
_KEYS = (*_TEXTS, "extends", "name", "verified", "columns", "actions")


def normal(word: str) -> str:
    """A word as it is compared: one width, one case, no blanks, no mark at its end."""
    plain = unicodedata.normalize("NFKC", word).casefold()
    return "".join(plain.split()).strip("\ufeff:*\"'")


def extended(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` on top of ``base``: a word that both use means what ``over`` says."""
    columns = _without(base.get("columns", {}), over.get("columns", {}))
    actions = _without(base.get("actions", {}), over.get("actions", {}))
    added = {name: [*actions.get(name, ()), *words] for name, words in over.get("actions", {}).items()}
    own = {key: value for key, value in over.items() if key != "extends"}
    return {**base, **own, "columns": {**columns, **over.get("columns", {})}, "actions": {**actions, **added}}


def _without(base: Mapping[str, list[str]], over: Mapping[str, list[str]]) -> dict[str, list[str]]:
    taken = {normal(word) for words in over.values() for word in words}
    return {name: [word for word in words if normal(word) not in taken] for name, words in base.items()}


def check(value: object, *, whole: bool = True) -> dict[str, Any]:
    """The mapping, or :class:`FormatError` with one sentence; one not ``whole`` may leave things to its base."""
    if not isinstance(value, dict):
        raise FormatError("a mapping is an object with keys such as columns and actions, and this is not one")
    strange = sorted(str(key) for key in value if key not in _KEYS)
    if strange:
        raise FormatError(f"a mapping has no key {strange[0][:LONGEST]!r}; it can have {', '.join(sorted(_KEYS))}")
    for key in (*_TEXTS, "extends"):
        if key in value:
            _text(key, value[key])
    _check_name(value.get("name", {}))
    if not isinstance(value.get("verified", False), bool):
        raise FormatError("verified is either true or false")
    _check_words("columns", value.get("columns", {}), ROLES)
    _check_words("actions", value.get("actions", {}), ACTIONS)
    _check_choices(value)
    if whole:
        _check_whole(value)
    return value


def _text(key: str, value: object) -> str:
    most = 2000 if key in ("note", "source") else LONGEST
    if not isinstance(value, str) or len(value) > most:
        raise FormatError(f"{key} is a text of at most {most} characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise FormatError(f"{key} holds a character that no text has") from error
    return value


def _check_name(value: object) -> None:
    if not isinstance(value, dict) or not value.keys() <= {"ja", "en"}:
        raise FormatError("name is an object with the texts ja and en")
    for each in value.values():
        _text("name", each)


def _check_words(key: str, value: object, known: tuple[str, ...]) -> None:
    """Lists of words under names that are known, no word under two of them."""
    if not isinstance(value, dict):
        raise FormatError(f"{key} is an object: a name of ours, and the list of words that stand for it")
    meant: dict[str, str] = {}
    for name, words in value.items():
        if name not in known:
            raise FormatError(f"{key} has no {str(name)[:LONGEST]!r}; it can have {', '.join(known)}")
        if not isinstance(words, list) or len(words) > MOST_WORDS:
            raise FormatError(f"{key}.{name} is a list of at most {MOST_WORDS} words")
        for word in words:
            plain = normal(_text(f"{key}.{name}", word))
            if not plain:
                raise FormatError(f"{key}.{name} has a word without a letter")
            if meant.setdefault(plain, name) != name:
                raise FormatError(
                    f"{word!r} stands under {key}.{meant[plain]} and under {key}.{name}; keep one of them"
                )


def _check_choices(value: Mapping[str, Any]) -> None:
    for key, allowed in (
        ("kind", KINDS),
        ("encoding", tuple(ENCODINGS)),
        ("unknown_action", (UNKNOWN_ACTION,)),
        ("every_row", ACTIONS),
    ):
        if key in value and value[key] not in allowed:
            raise FormatError(f"{key} is one of {', '.join(allowed)}, not {value[key]!r}")
    zone = value.get("timezone", CASE_ZONE)
    if zone != CASE_ZONE:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise FormatError(f"timezone is {CASE_ZONE!r} or a zone such as Asia/Tokyo, not {zone!r}") from error


def _check_whole(value: Mapping[str, Any]) -> None:
    if "extends" in value:
        raise FormatError("what this mapping extends was not put in")
    missing = [key for key in ("system", "kind", "columns") if not value.get(key)]
    if missing:
        raise FormatError(f"this mapping does not say its {missing[0]}, and extends none that does")
    columns = value["columns"]
    if not columns.get("action_at") and not columns.get("queued_at"):
        raise FormatError("this mapping names no column for the time (columns.action_at or columns.queued_at)")
    if not columns.get("action") and not value.get("every_row"):
        raise FormatError("this mapping names no column for the action (columns.action), and no every_row in its place")
