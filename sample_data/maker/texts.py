"""Japanese text as old and new mailers write it: CP50221, CP51932, encoded words (RFC 2047), RFC 2231 parameters, IMAP folder names.

Python's own ISO-2022-JP and EUC-JP codecs cannot write the characters of NEC row 13 (①㈱) or the NEC-selected IBM rows (髙﨑), which
Windows mailers send every day, so the two are computed here from CP932.
"""

from __future__ import annotations

import base64
from urllib.parse import quote

KANJI, ASCII, KANA = b"\x1b$B", b"\x1b(B", b"\x1b(I"
# Windows writes 髙 and its kind in rows 89 to 92 (0xED40 to 0xEEFC), while Python's cp932 encodes them to 0xFA40 and above.
_NEC_SELECTED = {
    bytes((lead, trail)).decode("cp932"): bytes((lead, trail))
    for lead in (0xED, 0xEE)
    for trail in [*range(0x40, 0x7F), *range(0x80, 0xFD)]
    if not (lead == 0xEE and trail in (0xED, 0xEE))
}


def _windows(char: str) -> bytes:
    return _NEC_SELECTED.get(char) or char.encode("cp932")


def _jis(pair: bytes) -> bytes:
    lead, trail = pair
    row = (lead - (0x71 if lead < 0xA0 else 0xB1)) * 2 + 1
    if trail >= 0x9F:
        return bytes((row + 1, trail - 0x7E))
    return bytes((row, trail - (0x20 if trail >= 0x80 else 0x1F)))


def iso_2022_jp(text: str) -> bytes:
    """ISO-2022-JP as Windows mailers write it (CP50221): returns to ASCII before each line end and at the end."""
    out, mode = bytearray(), ASCII
    for char in text:
        raw = _windows(char)
        want = KANJI if len(raw) == 2 else KANA if raw[0] >= 0x80 else ASCII
        if want != mode:
            out += want
            mode = want
        out += _jis(raw) if want == KANJI else bytes((raw[0] & 0x7F,)) if want == KANA else raw
    return bytes(out if mode == ASCII else out + ASCII)


def euc_jp(text: str) -> bytes:
    """EUC-JP as Windows mailers write it (CP51932)."""
    out = bytearray()
    for char in text:
        raw = _windows(char)
        if len(raw) == 2:
            out += bytes(byte | 0x80 for byte in _jis(raw))
        else:
            out += b"\x8e" + raw if raw[0] >= 0x80 else raw
    return bytes(out)


def encode(text: str, charset: str) -> bytes:
    own = {"iso-2022-jp": iso_2022_jp, "euc-jp": euc_jp}
    if charset in own:
        return own[charset](text)
    return text.encode("cp932" if charset == "shift_jis" else charset)


def _words(text: str, charset: str) -> list[str]:
    chunks = [text[at : at + 14] for at in range(0, len(text), 14)]
    return [f"=?{charset.upper()}?B?{base64.b64encode(encode(chunk, charset)).decode()}?=" for chunk in chunks]


def header(text: str, charset: str) -> bytes:
    """A header value: plain where it is ASCII, else encoded words, folded one to a line."""
    return (
        text.encode()
        if text.isascii()
        else "\n ".join(_words(text, "utf-8" if charset == "us-ascii" else charset)).encode()
    )


def split_word_header(text: str) -> bytes:
    """UTF-8 encoded words cut inside a character, as several gateways do: only joining the bytes first gives the text back."""
    raw = text.encode()
    chunks = [raw[at : at + 32] for at in range(0, len(raw), 32)]
    return b"\n ".join(b"=?UTF-8?B?" + base64.b64encode(chunk) + b"?=" for chunk in chunks)


def rfc2231(name: str, text: str, charset: str = "utf-8") -> bytes:
    return f"{name}*={charset.upper()}''{quote(encode(text, charset), safe='')}".encode()


def imap_folder(name: str) -> str:
    """Modified UTF-7 of RFC 3501, section 5.1.3."""
    out, run = "", ""
    for char in name + "\0":
        if char.isascii():
            if run:
                coded = base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
                out, run = f"{out}&{coded}-", ""
            out += "&-" if char == "&" else "" if char == "\0" else char
        else:
            run += char
    return out
