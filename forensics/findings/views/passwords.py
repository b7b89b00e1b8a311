"""Mail that tells a password for a file, as a view: the token that stands behind the word, and by whose text.

``password_mail`` has a row for each message of an own account to the outside in whose subject or text one of the words
stands and a token of 6 to 32 characters follows. The token itself is not kept: its length is.
"""

from __future__ import annotations

import re

from forensics.casefile.view import CaseView
from forensics.findings.sql import make_table
from forensics.findings.views import View
from forensics.formats.identity import search_key

_WORDS = "パスワード|解凍|復号|開封キー|password|passcode|ﾊﾟｽﾜｰﾄﾞ|Ｐａｓｓｗｏｒｄ"
_MOST = 20_000
"""So many characters of a text are looked at: a password stands in a short mail."""

CANDIDATES = f"""
SELECT mail.record, mail.logical_id, coalesce(mail.subject, '') AS subject, text.kind,
       substr(text.text, 1, {_MOST}) AS body
FROM mail LEFT JOIN text ON text.message_id_ref = mail.record
WHERE mail.sender_internal AND (
    regexp_matches(coalesce(text.text, ''), '(?i){_WORDS}') OR regexp_matches(mail.subject, '(?i){_WORDS}|\\bpw\\b'))
ORDER BY mail.logical_id, text.position
"""  # noqa: S608 - filled with constants only

# All of it is looked for in folded text: lower case, one width.
_TOKEN = re.compile(
    r"(?:パスワード|解凍キー|解凍|復号キー|復号|開封キー|password|passcode|\bpw\b)"
    r"(?:[^!-~]{0,40}?|(?:\s+[a-z]{1,12}){0,8}?)(?:は|が|:|=|is|\n|「|『|【|】|\s|-)\s*[\s:=「『【\[(<\"'‐-]*(?![a-z]+[.,;:!?]?(?:\s|$))([!-~]{6,80})"
)
_ALONE = re.compile(r"(?:パスワード|キー|password)\s*[:=は]\s*[「『]?([a-z]{6,32})[」』]?[ \t]*(?:\n|$)")
_LINE = re.compile(r"(?:^|\n)[ \t>]*[「『【\[(\"']?([!-~]{6,32})[」』】\])\"']?[ \t]*(?=\n|$)")
_PLAIN = re.compile(r"[a-z]+[.,;:!?]?")
_RESET = re.compile(
    r"再設定|リセット|パスワードを忘れ|パスワードの変更|パスワード変更|有効期限|ログインパスワード|reset|forgot"
    r"|change your password|expire"
)
_FILE = re.compile(r"添付|ファイル|解凍|zip|attach|file|復号|開封|別メール|先ほど|先程|先に")
_GATEWAY = re.compile(
    r"このメール(?:は|に).{0,30}(?:自動|システム)|自動(?:的に)?(?:送信|配信|通知)|添付ファイルのパスワード(?:通知|のお知らせ)"
    r"|パスワード(?:通知|のお知らせ|のご連絡)|automatically (?:sent|generated)|this is an automat"
)


def token_of(text: str) -> str:
    """The password that a folded text tells; ``""`` where there is none."""
    for match in _TOKEN.finditer(text):
        token = match[1].strip("[]()<>\"'「」『』【】.,;")
        if 6 <= len(token) <= 32 and _is_token(token):
            return token
    if alone := _ALONE.search(text):
        return alone[1]
    where = re.search(r"パスワード|解凍|復号|開封キー|password", text)
    if where is None:
        return ""
    for match in _LINE.finditer(text, where.end(), where.end() + 300):
        if _is_token(match[1]):
            return match[1]
    return ""


def _is_token(token: str) -> bool:
    """Whether it looks like a password: no address, no link, no word of a sentence, no rule of dashes."""
    if "://" in token or ("@" in token and "." in token.partition("@")[2]) or token.startswith("www."):
        return False
    return not _PLAIN.fullmatch(token) and len(set(token)) > 2 and bool(re.search(r"[a-z0-9]", token))


def kind_of(subject: str, body: str) -> str:
    """``reset`` where a password of an account is renewed, ``gateway`` for the text of a product, else ``hand``."""
    whole = f"{subject}\n{body}"
    if _RESET.search(whole) and not _FILE.search(whole):
        return "reset"
    return "gateway" if _GATEWAY.search(whole) else "hand"


def _make(case: CaseView) -> None:
    seen: dict[str, dict[str, str | None]] = {}
    for row in case.rows(CANDIDATES):
        subject, body = search_key(str(row["subject"])), search_key(str(row["body"] or ""))
        if row["kind"] == "html":
            body = re.sub(r"<[^>]{0,2000}>", "\n", body)
        token = token_of(subject) or token_of(body)
        if token and row["record"] not in seen:
            seen[row["record"]] = {
                "record": row["record"],
                "logical_id": row["logical_id"],
                "kind": kind_of(subject, body),
                "length": str(len(token)),
            }
    make_table(case, "password_mail", ("record", "logical_id", "kind", "length"), list(seen.values()))


VIEWS = {
    "password_mail": View(title=("本文", "body texts"), needs=("mail",), make=_make, optional=True),
}
