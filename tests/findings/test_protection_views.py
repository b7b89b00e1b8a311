"""What the views on links, names, passwords and marks make of single texts, hostile ones among them."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from forensics.findings.views import attached, links, marks, passwords, receipts

SHORTENERS = frozenset({"bit.ly"})


@pytest.mark.parametrize(
    ("written", "signs"),
    [
        ("https://bit.ly/x", "shortener"),
        ("http://0x7f000001/a", "ip_host"),
        ("http://2130706433/", "ip_host"),
        ("http://0300.0250.1.1/", "ip_host"),
        ("http://[2001:db8::1]/", "ip_host"),
        ("https://bank.example@evil.example/", "at_sign"),
        ("https://xn--pple-43d.com/", "confusable"),
        ("https://xn--wgv71a119e.jp/", ""),
        ("https://a.example/?e=c2F0b0BleGFtcGxlLmNvLmpw", "mail_in_link"),
        ('<a href="https://evil.example/a">https://bank.co.jp/login</a>', "other_host_shown"),
        ('<a href="https://www.bank.co.jp/a">bank.co.jp</a>', ""),
        ('<a href="https://r.example/?url=https://a&next=https://b&redirect=c">go</a>', "redirects"),
        ("<a href=data:text/html,x>go</a>", "data"),
    ],
)
def test_a_link_tells_its_tricks(written: str, signs: str) -> None:
    taken = links.taken_apart(written, SHORTENERS)
    assert taken is not None
    assert taken["signs"] == signs


@pytest.mark.parametrize(
    ("url", "inner", "wrapper"),
    [
        ("https://a.safelinks.protection.outlook.com/?url=https%3A%2F%2Fbit.ly%2Fq", "https://bit.ly/q", "safelinks"),
        ("https://urldefense.com/v3/__https://bit.ly/abc__;!!x$", "https://bit.ly/abc", "urldefense"),
        ("https://urldefense.proofpoint.com/v2/url?u=https-3A__bit.ly_q&d=1", "https://bit.ly/q", "urldefense"),
        ("https://www.example.co.jp/", "https://www.example.co.jp/", ""),
    ],
)  # fmt: skip
def test_wrappers_of_mail_filters_come_off(url: str, inner: str, wrapper: str) -> None:
    assert links.unwrapped(url) == (inner, wrapper)


@pytest.mark.parametrize("written", ["http://[::1", "https://" + "a." * 5000, "<a href=>x</a>", "<a " + "href" * 9999])
def test_a_broken_link_costs_nothing(written: str) -> None:
    began = time.perf_counter()
    links.taken_apart(written, SHORTENERS)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("解凍パスワードは以下の通りです。\n\nab3def9x\n", "ab3def9x"),
        ("パスワード:qw7plm2z", "qw7plm2z"),
        ("password for the attached file: qw7plm2z", "qw7plm2z"),
        ("パスワード: sakurasaku\n", "sakurasaku"),
        ("パスワードは電話でお知らせします。\n\nhttps://www.example.co.jp/", ""),
        ("パスワードは別途ご連絡します。\n----------\nsato@example.co.jp", ""),
        ("password protected files must not be sent", ""),
    ],
)
def test_a_password_is_told_from_words_links_and_rules_of_dashes(text: str, token: str) -> None:
    assert passwords.token_of(text) == token


def test_a_name_tells_that_it_runs_and_how_it_hides_it() -> None:
    assert list(attached.signs_of("請求書.pdf.exe")) == ["ending", "double_ending"]
    assert list(attached.signs_of("list\u202excod.scr")) == ["ending", "turned_name"]
    assert list(attached.signs_of("a.pdf       .js")) == ["ending", "double_ending", "blanks"]
    assert list(attached.signs_of("ＳＥＴＵＰ．ＥＸＥ")) == ["ending"]
    assert list(attached.signs_of("setup.exe.pdf")) == []
    assert attached.shown_name("list\u202excod.scr") == "list<U+202E>xcod.scr"


def _zip(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return made.getvalue()


def test_documents_tell_their_marks() -> None:
    fetched = b'<Relationship Type="http://x/attachedTemplate" Target="http://e/" TargetMode="External"/>'
    link = b'<Relationship Type="http://x/hyperlink" Target="http://e/" TargetMode="External"/>'
    assert list(marks.marks_of(_zip(**{"word/vbaProject.bin": b"x"}))) == ["vba"]
    assert list(marks.marks_of(_zip(**{"xl/macrosheets/sheet1.xml": b"x"}))) == ["excel4_macro"]
    assert list(marks.marks_of(_zip(**{"word/_rels/settings.xml.rels": fetched}))) == ["fetched_template"]
    assert list(marks.marks_of(_zip(**{"word/_rels/document.xml.rels": link}))) == []
    assert list(marks.marks_of(_zip(**{"word/document.xml": b"<w:instrText> DDEAUTO c:\\a</w:instrText>"}))) == ["dde"]
    assert list(marks.marks_of(b"PK\x03\x04 broken")) == []
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    assert list(marks.marks_of(ole + "_VBA_PROJECT".encode("utf-16-le"))) == ["vba"]
    assert list(marks.marks_of(ole)) == []


def test_a_receipt_tells_how_it_came_about() -> None:
    said = receipts.read_receipt(
        b"Final-Recipient: rfc822; Y@out.example\r\nOriginal-Message-ID: <a@b>\r\n"
        b"Disposition: automatic-action/MDN-sent-automatically; displayed\r\n"
    )
    assert (said["mode"], said["what"], said["original"], said["account"]) == (
        "automatic-action",
        "displayed",
        "<a@b>",
        "y@out.example",
    )
    assert receipts.read_receipt(b"\xff\xfe")["mode"] is None
