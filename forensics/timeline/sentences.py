"""What an event says in one plain sentence, Japanese and English. An account does things here, never a person.

``{actor}`` is the account, host or store that acts, ``{to}`` the recipients, ``{says}`` the field or the log
that holds the time, ``{operation}`` what a log says was done.
"""

from __future__ import annotations

import re

from forensics.moments import Meaning

Pair = tuple[str, str]

SENTENCES: dict[Meaning, Pair] = {
    Meaning.SENT: (
        "{actor} のアカウントから {to} へ送信された記録がある",
        "It is recorded that the account {actor} sent this to {to}",
    ),
    Meaning.SUBMITTED: (
        "{actor} のアカウントから {to} 宛ての送信操作がされた記録がある",
        "It is recorded that the account {actor} submitted this for {to}",
    ),
    Meaning.RELAYED: ("サーバ {actor} が受け渡した記録がある", "It is recorded that the server {actor} passed this on"),
    Meaning.DELIVERED: ("{actor} に届いた記録がある", "It is recorded that this was delivered to {actor}"),
    Meaning.CREATED: ("{actor} に作成された記録がある", "It is recorded that this was created in {actor}"),
    Meaning.MODIFIED: ("{actor} で変更された記録がある", "It is recorded that this was modified in {actor}"),
    Meaning.CHANGED: (
        "{actor} で管理情報が変わった記録がある",
        "It is recorded that the metadata of this changed in {actor}",
    ),
    Meaning.ACCESSED: ("{actor} で読み出された記録がある", "It is recorded that this was accessed in {actor}"),
    Meaning.READ: ("{actor} で開封された記録がある", "It is recorded that this was read in {actor}"),
    Meaning.REPLIED: ("{actor} で返信された記録がある", "It is recorded that this was replied to in {actor}"),
    Meaning.REPLIED_TO_ALL: (
        "{actor} で全員に返信された記録がある",
        "It is recorded that this was replied to, to all, in {actor}",
    ),
    Meaning.FORWARDED: ("{actor} で転送された記録がある", "It is recorded that this was forwarded in {actor}"),
    Meaning.DELETED: ("{actor} で削除された記録がある", "It is recorded that this was deleted in {actor}"),
    Meaning.ACTED_ON: (
        "{actor} で何らかの操作がされた記録がある（種別は不明）",
        "It is recorded that something was done with this in {actor}, of a kind that is not stated",
    ),
    Meaning.DEFERRED: ("{actor} で送信が延期された記録がある", "It is recorded that sending was deferred in {actor}"),
    Meaning.LOGGED: (
        "{says} のログに {actor} の操作 {operation} が記録されている",
        "The log {says} records the operation {operation} of {actor}",
    ),
    Meaning.REPORTED: ("{actor} に配信報告の時刻がある", "{actor} holds the time of a delivery report"),
    Meaning.EXPIRES: ("有効期限として書かれた時刻である", "This is the time at which the message is said to expire"),
    Meaning.STARTS: ("予定の開始として書かれた時刻である", "This is the time at which the item is said to start"),
    Meaning.ENDS: ("予定の終了として書かれた時刻である", "This is the time at which the item is said to end"),
    Meaning.REPLY_DUE: ("返信期限として書かれた時刻である", "This is the time by which a reply is said to be due"),
    Meaning.DELIVER_BY: ("配信期限として書かれた時刻である", "This is the time by which delivery was asked for"),
    Meaning.ORIGINAL_SUBMITTED: (
        "元のメールの送信時刻として書かれた時刻である",
        "This is stated as the time at which the original message was submitted",
    ),
    Meaning.ORIGINAL_DELIVERED: (
        "元のメールの到着時刻として書かれた時刻である",
        "This is stated as the time at which the original message was delivered",
    ),
    Meaning.FLAG_COMPLETED: (
        "{actor} でフラグが完了にされた記録がある",
        "It is recorded that the flag was set to complete in {actor}",
    ),
    Meaning.COMPLETED: ("{actor} で完了にされた記録がある", "It is recorded that this was completed in {actor}"),
    Meaning.STAMPED: (
        "{says} に埋め込まれた時刻である（それを作ったプログラムが書いたもの）",
        "This is the time inside the {says}, written by the program that made it",
    ),
    Meaning.SIGNED: ("{says} に署名の時刻として書かれた時刻である", "This is stated as the time of signing in {says}"),
    Meaning.THREAD_STARTED: (
        "{says} によるスレッドの開始時刻である",
        "This is when the thread began, by the {says}",
    ),
    Meaning.THREAD_ANSWERED: (
        "{says} によるスレッド内の返信または転送の時刻である",
        "This is when the thread was answered or forwarded, by the {says}",
    ),
    Meaning.RETAINED_UNTIL: ("保存期限として書かれた時刻である", "This is the time until which the item is retained"),
    Meaning.ARCHIVE_DUE: ("書庫への移動予定の時刻である", "This is the time at which the item is due for archiving"),
}
OTHER: Pair = ("{actor} に時刻 {says} の記録がある", "{actor} holds the time {says}")
UNREADABLE: Pair = ("（時刻は読み取れない）", " (the time itself cannot be read)")
TIMELESS: Pair = (
    "{actor} にこのメールがあるが、読み取れる時刻が一つも記録されていない",
    "{actor} holds this item, but no time that can be read is recorded for it",
)
FILE = "file_claim"
CLAIMED: Pair = (
    "添付ファイルが自らについて述べる時刻である（{says}）",
    "This is what an attached file says of itself: {says}",
)
"""For the embedded times of files, which say nothing of the message or of its store."""
_OF_FILES = "'created', 'modified', 'accessed', 'changed'"
NO_TIME = "no_time"
"""The meaning of the one event of an item without any time."""
UNKNOWN_ACTOR: Pair = ("（不明）", "(unknown)")
UNKNOWN_RECIPIENT: Pair = ("（宛先の記録なし）", "(no recipient recorded)")


def as_sql(language: int) -> str:
    """The SQL expression of an event's sentence; ``language`` 0 is Japanese, 1 English."""
    names = {
        "actor": f"coalesce(actor, {_text(UNKNOWN_ACTOR[language])})",
        "to": f"coalesce(recipients, {_text(UNKNOWN_RECIPIENT[language])})",
        "says": "says",
        "operation": "coalesce(operation, '?')",
    }
    choices = {**{str(meaning): pair for meaning, pair in SENTENCES.items()}, NO_TIME: TIMELESS}
    whens = f"WHEN '{FILE}' THEN {_filled(CLAIMED[language], names)} "
    whens += " ".join(f"WHEN '{word}' THEN {_filled(pair[language], names)}" for word, pair in choices.items())
    unreadable = f"CASE WHEN utc IS NULL AND meaning <> '{NO_TIME}' THEN {_text(UNREADABLE[language])} ELSE '' END"
    stop = _text(("", ".")[language])
    kind = f"CASE WHEN basis = 'embedded' AND meaning IN ({_OF_FILES}) THEN '{FILE}' ELSE meaning END"
    return f"CASE {kind} {whens} ELSE {_filled(OTHER[language], names)} END || {unreadable} || {stop}"


def _filled(template: str, names: dict[str, str]) -> str:
    pieces = re.split(r"\{(\w+)\}", template)
    return " || ".join(names[piece] if index % 2 else _text(piece) for index, piece in enumerate(pieces) if piece)


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
