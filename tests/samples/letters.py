"""The message files among the samples: one habit of real mail, or one trick, in each."""

from __future__ import annotations

import base64
import binascii

from tests.formats.archives.makers import LOCKED, PLAIN, entry
from tests.formats.attachment_clocks.makers import pdf

_PDF = pdf(b"/CreationDate (D:20260601100313+09'00') /ModDate (D:20260602100313) /Author (Sato)")
_RECEIVED = """\
Received: from mail.example.co.jp (mail.example.co.jp [192.0.2.10])
\tby mx.example.com (Postfix) with ESMTPS id 4ABCDE1234
\tfor <suzuki@example.com>; Mon,  1 Jun 2026 10:03:15 +0900 (JST)
Received: from pc01 (unknown [198.51.100.7])
\tby mail.example.co.jp (Postfix) with ESMTPA id 9F8E7D6C5B; Mon,  1 Jun 2026 10:03:13 +0900 (JST)
"""
_HEAD = """\
From: =?UTF-8?B?5L2Q6Jek?= <sato@example.co.jp>
To: suzuki@example.com
Date: Mon, 1 Jun 2026 10:03:12 +0900
Message-ID: <{name}@example.co.jp>
MIME-Version: 1.0
"""


def _mail(name: str, rest: str | bytes, received: str = "", codec: str = "ascii") -> bytes:
    head = (received + _HEAD.format(name=name)).encode()
    return (head + (rest if isinstance(rest, bytes) else rest.encode(codec))).replace(b"\n", b"\r\n")


def _b64(data: bytes) -> str:
    return base64.encodebytes(data).decode()


def _word(text: str, codec: str, label: str) -> str:
    return f"=?{label}?B?{base64.b64encode(text.encode(codec)).decode()}?="


def _plain() -> bytes:
    rest = "Subject: Order 42\nIn-Reply-To: <41@example.com>\nReferences: <40@example.com>\n <41@example.com>\n"
    rest += 'Thread-Index: AdwQ0000000000000000000000000001\nCc: a@example.com, "B, C" <b@example.com>\n'
    return _mail("plain", rest + "Content-Type: text/plain; charset=us-ascii\n\nThe goods leave today.\n", _RECEIVED)


def _iso_2022_jp() -> bytes:
    subject = "\n ".join(_word(part, "iso-2022-jp", "ISO-2022-JP") for part in ("見積書の", "送付について"))
    body = "佐藤です。\n見積書を送ります。\n".encode("iso-2022-jp") + b"\x1b(I6@6E\x1b(B\n\x1b$B-!-j\x1b(B\n"
    head = f"Subject: {subject}\nContent-Type: text/plain; charset=ISO-2022-JP\nContent-Transfer-Encoding: 7bit\n\n"
    return _mail("iso-2022-jp", head.encode() + body)


def _shift_jis() -> bytes:
    subject = _word("①㈱髙橋商店", "cp932", "Shift_JIS")
    head = f"Subject: {subject}\nContent-Type: text/plain; charset=Shift_JIS\nContent-Transfer-Encoding: 8bit\n\n"
    return _mail("shift-jis", head.encode() + "髙橋様 ①番の表です。ｶﾅ\n".encode("cp932"))


def _euc_jp() -> bytes:
    head = f"Subject: {_word('会議の件', 'euc-jp', 'EUC-JP')}\nContent-Type: text/plain; charset=EUC-JP\n"
    return _mail(
        "euc-jp", head.encode() + b"Content-Transfer-Encoding: 8bit\n\n" + "会議は十時です。\n".encode("euc-jp")
    )


def _split_character() -> bytes:
    raw = "顧客名簿の件".encode()
    words = "\n ".join(f"=?utf-8?B?{base64.b64encode(piece).decode()}?=" for piece in (raw[:7], raw[7:]))
    return _mail("split-character", f"Subject: {words}\n\nsee the subject\n")


def _eight_bit_header() -> bytes:
    head = b"Subject: " + "売上の報告".encode("cp932") + b"\nX-Note: " + "内部用".encode() + b"\n"
    return _mail("eight-bit-header", head + b"Content-Type: text/plain\n\n" + "本文\n".encode("cp932"))


def _nested() -> bytes:
    inner = _mail("inner", "Subject: the first letter\nContent-Type: text/plain\n\nfor your eyes only\n").decode()
    inner = inner.replace("\r\n", "\n")
    rest = 'Subject: Fwd: the first letter\nContent-Type: multipart/mixed; boundary="b1"\n\n'
    rest += "--b1\nContent-Type: text/plain\n\nSee below.\n--b1\nContent-Type: message/rfc822\n\n"
    return _mail("nested", f"{rest}{inner}\n--b1--\n")


def _uuencode() -> bytes:
    data = b"name,phone\nTanaka,03-0000-0000\n"
    lines = b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    rest = b"Subject: list\n\nHere it is.\n\nbegin 644 customers.csv\n" + lines + b"`\nend\n\nregards\n"
    return _mail("uuencode", rest)


def _two_names() -> bytes:
    rest = "Subject: invoice\nContent-Type: multipart/mixed; boundary=b1\n\n--b1\n"
    rest += 'Content-Type: application/pdf; name="invoice.pdf"\nContent-Transfer-Encoding: base64\n'
    rest += "Content-Disposition: attachment; filename=\"invoice.pdf\";\n filename*=utf-8''invoice%2Eexe\n\n"
    rest += _b64(b"MZ\x90\0this is no PDF") + "--b1\nContent-Type: application/octet-stream\n"
    rest += "Content-Disposition: attachment; filename*0*=utf-8''%E9%A1%A7%E5%AE%A2; filename*1*=%E5%90%8D%E7%B0%BF.csv"
    return _mail("two-names", rest + "\n\na,b\n--b1--\n")


def _hidden_base64() -> bytes:
    rest = "Subject: picture\nContent-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: base64\n\n"
    return _mail("hidden-base64", rest + _b64(b"what readers show!") + "==\n" + _b64(b"what hides behind"))


def _no_date() -> bytes:
    return b"From: someone@example.jp\nTo: other@example.jp\nSubject: no date\n\nWhen was this?\n"


def _bad_dates() -> bytes:
    head = "Received: from a (a (b \\) c); d) by b.example.jp id x; Mon, 1 Jun 2026 25:61:00 +0900\n"
    head += "Received: (qmail 4242 invoked by uid 501); 1 Jun 2026 01:03:12 -0000\n"
    head += "From: a@example.jp\nTo: b@example.jp\nDate: the day before yesterday\nResent-Date: 1 Jun 26 10:03 JST\n"
    return (head + "Subject: dates\n\n.\n").encode()


def _broken_multipart() -> bytes:
    rest = "Subject: broken\nContent-Type: multipart/mixed; boundary=outer\n\npreamble\n--outer\n"
    rest += "Content-Type: multipart/alternative; boundary=inner\n\n--inner\nContent-Type: text/plain\n\nplain\n"
    rest += "--inner\nContent-Type: text/html; charset=utf-8\n\n<p>html</p>\n--outer\nContent-Type: multipart/mixed\n\n"
    return _mail("broken-multipart", rest + "no boundary here\n--outer\nContent-Type: text/plain\n\nnever closed\n")


def _unknown_encodings() -> bytes:
    part = "--b1\nContent-Type: application/x-secret\nContent-Transfer-Encoding: x-rot13\n\nuryyb\n"
    return _mail(
        "unknown-encodings", f"Subject: two\nContent-Type: multipart/mixed; boundary=b1\n\n{part}{part}--b1--\n"
    )


def _html() -> bytes:
    rest = (
        "Subject: news\nContent-Type: multipart/related; boundary=b1\n\n--b1\nContent-Type: text/html; charset=utf-8\n"
    )
    page = (
        "<html><head><style>p{}</style></head><body><p>1&nbsp;&lt;&nbsp;2<br>see <img src='cid:logo'></p></body></html>"
    )
    rest += (
        f"Content-Transfer-Encoding: quoted-printable\n\n{page.replace('=', '=3D')}\n--b1\nContent-Type: image/png\n"
    )
    png = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
    rest += "Content-ID: <logo>\nContent-Disposition: inline\nContent-Transfer-Encoding: base64\n\n" + _b64(png)
    return _mail("html", rest + "--b1--\n")


def _too_deep() -> bytes:
    rest = "Subject: matryoshka\nContent-Type: multipart/mixed; boundary=d0\n\n"
    for level in range(105):
        rest += f"--d{level}\nContent-Type: multipart/mixed; boundary=d{level + 1}\n\n"
    return _mail("too-deep", rest + "--d105\n\ninnermost\n")


def _header_only() -> bytes:
    head = b"From: a@example.jp\r\nTo: undisclosed-recipients:;\r\nDate: Mon, 1 Jun 2026 10:03:12 +0900\r\n"
    return head + b"Subject: no body"


def _files() -> bytes:
    """A locked archive, its content beside it, an archive with a Japanese name in it, a PDF, and a broken archive."""
    rest = "Subject: the list\nContent-Type: multipart/mixed; boundary=b1\n\n"
    packed = entry("見積書表.pdf".encode("cp932"), _PDF)
    files = {"a.zip": LOCKED, "meibo.csv": PLAIN, "b.zip": packed, "c.pdf": _PDF, "d.zip": packed[:-30]}
    for name, data in files.items():
        rest += f"--b1\nContent-Type: application/octet-stream; name={name}\n"
        rest += "Content-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n" + _b64(data)
    return _mail("files", rest + "--b1--\n")


LETTERS = {
    "files.eml": _files(),
    "plain.eml": _plain(),
    "iso-2022-jp.eml": _iso_2022_jp(),
    "shift-jis.eml": _shift_jis(),
    "euc-jp.eml": _euc_jp(),
    "split-character.eml": _split_character(),
    "eight-bit-header.eml": _eight_bit_header(),
    "nested.eml": _nested(),
    "uuencode.eml": _uuencode(),
    "two-names.eml": _two_names(),
    "hidden-base64.eml": _hidden_base64(),
    "no-date.eml": _no_date(),
    "bad-dates.eml": _bad_dates(),
    "broken-multipart.eml": _broken_multipart(),
    "unknown-encodings.eml": _unknown_encodings(),
    "html.eml": _html(),
    "too-deep.eml": _too_deep(),
    "header-only.eml": _header_only(),
}
