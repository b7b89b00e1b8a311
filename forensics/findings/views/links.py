"""Links in mail, as a view: where each leads, what is shown of it, and by which tricks it hides where it leads.

``link`` has a row for each link of each message: plain texts and the anchors of HTML. Wrappers of mail filters (Safe
Links, URL Defense) are taken off first. Nothing is fetched. A link is taken apart once, however many messages have it
(RFC 3986; RFC 3492 for punycode).
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl, unquote, urlsplit

from forensics.casefile.view import CaseView
from forensics.findings.sql import make_table
from forensics.findings.views import View
from forensics.formats.html_text import to_text

_MOST_CHARACTERS = 200_000
_MOST_LINKS = 200
_LONGEST = 2_000
_REDIRECTS = 3
"""So many parameters that send a reader on are a sign."""

FOUND = f"""
CREATE TEMP TABLE link_found AS
SELECT DISTINCT message_id_ref, 'plain' AS kind, unnest(list_slice(list_distinct(regexp_extract_all(
       substr(text, 1, {_MOST_CHARACTERS}),
       '(?i)\\bhttps?://[^\\s<>"''「」『』（）、。]+')), 1, {_MOST_LINKS})) AS written
FROM text WHERE kind = 'plain' AND contains(text, '://')
UNION ALL
SELECT DISTINCT message_id_ref, 'html', unnest(list_slice(list_distinct(regexp_extract_all(
       substr(text, 1, {_MOST_CHARACTERS}), '(?is)<(?:a|area)\\s[^>]*href[^>]*>.*?</a>')), 1, {_MOST_LINKS}))
FROM text WHERE kind = 'html' AND regexp_matches(text, '(?i)href')
"""  # noqa: S608 - filled with constants only
MADE = """
CREATE TEMP TABLE link AS
SELECT best_copy.logical_id, best_copy.record, link_found.kind, link_known.url, link_known.host, link_known.shown,
       link_known.wrapper, string_split(nullif(link_known.signs, ''), ' ') AS signs
FROM link_found JOIN best_copy ON best_copy.record = link_found.message_id_ref JOIN link_known USING (written)
"""
_HREF = re.compile(r"href\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_HOST_SHOWN = re.compile(r"^\s*(?:https?://)?((?:[\w-]{1,63}\.){1,8}[a-zA-Z]{2,18})(?=[/:?#\s]|$)")
_NEXT = frozenset((
    "url", "u", "redirect", "redirect_uri", "redir", "goto", "next", "target", "dest", "destination", "link", "to",
    "return", "returl", "continue",
))  # fmt: skip
_NUMBERS = re.compile(
    r"0x[0-9a-f]{1,8}|\d{8,10}|(?:0x[0-9a-f]{1,2}|0[0-7]{1,3}|\d{1,3})(?:\.(?:0x[0-9a-f]{1,3}|0[0-7]{1,4}|\d{1,3})){3}"
)
_PIECE = re.compile(r"[A-Za-z0-9+/_-]{12,400}={0,2}")
_MAIL = re.compile(rb"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_JAPANESE = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "KATAKANA-HIRAGANA",
    "DIGIT",
    "LATIN",
    "HYPHEN-MINUS",
    "FULLWIDTH",
    "IDEOGRAPHIC",
)
_SCRIPTS = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")


def unwrapped(url: str) -> tuple[str, str]:
    """The link without the wrapper of a mail filter, and whose wrapper it was."""
    wrapper = ""
    for _ in range(3):
        inner, name = _unwrap(url)
        if not name:
            break
        url, wrapper = inner, wrapper or name
    return url, wrapper


def _unwrap(url: str) -> tuple[str, str]:
    parts = _split(url)
    host = parts[0]
    if host.endswith("safelinks.protection.outlook.com"):
        found = next((value for name, value in parse_qsl(parts[3]) if name.lower() == "url"), "")
        return (found, "safelinks") if found else (url, "")
    if host.startswith("urldefense."):
        if v3 := re.search(r"/v3/__(.+?)__;", url):
            return v3[1], "urldefense"
        found = next((value for name, value in parse_qsl(parts[3]) if name == "u"), "")
        if found:
            return unquote(found.replace("-", "%").replace("_", "/")), "urldefense"
    return url, ""


def _split(url: str) -> tuple[str, str, str, str]:
    """Host in lower case, user part before ``@``, path and query; all empty where it cannot be taken apart."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", "", "", ""
    user, _, rest = parts.netloc.rpartition("@")
    host = rest.partition("]")[0].lstrip("[") if rest.startswith("[") else rest.partition(":")[0]
    return unquote(host).strip(".").lower(), user, parts.path, parts.query


def signs_of(url: str, shown: str, shorteners: frozenset[str]) -> Iterator[str]:
    """Every trick of a link that is not wrapped any more."""
    if url.lower().startswith("data:"):
        yield "data"
        return
    host, user, path, query = _split(url)
    if host in shorteners or host.removeprefix("www.") in shorteners:
        yield "shortener"
    if is_confusable(host):
        yield "confusable"
    if user:
        yield "at_sign"
    if _is_number(host):
        yield "ip_host"
    if (
        sum(1 for name, value in parse_qsl(query, max_num_fields=None) if name.lower() in _NEXT or "://" in value)
        >= _REDIRECTS
    ):
        yield "redirects"
    if _hides_mail(f"{path}?{query}"):
        yield "mail_in_link"
    seen = _HOST_SHOWN.match(shown)
    if seen and host and not _same(seen[1].lower(), host):
        yield "other_host_shown"


def is_confusable(host: str) -> bool:
    """Whether a label has letters of a script that looks like Latin, or mixes one with it; a Japanese name is none."""
    for label in host.split("."):
        if label.startswith("xn--"):
            try:
                label = label[4:].encode("ascii").decode("punycode")
            except (UnicodeError, ValueError):
                return True
        if label.isascii():
            continue
        scripts = {unicodedata.name(each, "UNKNOWN").split()[0] for each in label}
        if scripts & set(_SCRIPTS) or not scripts <= set(_JAPANESE):
            return True
        if "LATIN" in scripts and any(
            ord(each) > 127 and unicodedata.name(each, "").startswith("LATIN") for each in label
        ):
            return True
    return False


def _is_number(host: str) -> bool:
    """Whether the host is an address in digits: dotted, hexadecimal, octal or one decimal number."""
    if ":" in host:
        try:
            return ipaddress.ip_address(host).version == 6
        except ValueError:
            return False
    return bool(_NUMBERS.fullmatch(host))


def _hides_mail(text: str) -> bool:
    for piece in _PIECE.findall(unquote(text))[:20]:
        plain = piece.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        if _MAIL.fullmatch(data):
            return True
    return False


def _same(one: str, other: str) -> bool:
    """Whether two hosts are of one owner, as far as their last labels tell."""
    labels = [each.removeprefix("www.").split(".") for each in (one, other)]
    wanted = 3 if len(labels[0]) > 2 and len(labels[0][-2]) <= 3 and len(labels[0][-1]) == 2 else 2
    return labels[0][-wanted:] == labels[1][-wanted:]


def taken_apart(written: str, shorteners: frozenset[str]) -> dict[str, str | None] | None:
    """One link as it is written, plain or as an anchor; ``None`` where it leads nowhere on the web."""
    shown, url = "", written
    if written.startswith("<"):
        found = _HREF.search(written)
        if found is None:
            return None
        url = unescape(found[1].strip("\"'")).strip()
        shown = to_text(written[found.end() : found.end() + _LONGEST].partition(">")[2])[:200]
    url, wrapper = unwrapped(url.rstrip(".,;:!?)]}>'")[:_LONGEST])
    if not re.match(r"(?i)https?://|data:", url):
        return None
    host = _split(url)[0]
    signs = " ".join(dict.fromkeys(signs_of(url, shown, shorteners)))
    return {"written": written, "url": url[:500], "host": host, "shown": shown, "wrapper": wrapper, "signs": signs}


def _make(case: CaseView) -> None:
    shorteners = frozenset(str(row["host"]) for row in case.rows("SELECT host FROM shorteners"))
    case.connection.execute(FOUND)
    known = []
    for row in case.rows("SELECT DISTINCT written FROM link_found"):
        taken = taken_apart(str(row["written"]), shorteners)
        if taken is not None:
            known.append(taken)
    make_table(case, "link_known", ("written", "url", "host", "shown", "wrapper", "signs"), known)
    case.connection.execute(MADE)


VIEWS = {
    "link": View(
        title=("本文のリンク", "links in texts"), needs=("best_copy", "shorteners"), make=_make, optional=True
    ),
}
