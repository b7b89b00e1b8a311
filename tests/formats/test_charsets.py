"""Charsets: what real Japanese mailers sent, row by row, wrong declarations, and hostile bytes and labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.charset_labels import resolve
from forensics.formats.charsets import decode
from forensics.formats.japanese import decode_euc, decode_iso2022, read_euc, read_iso2022

# Bytes that Windows mailers send under ISO-2022-JP (CP50221), NEC-selected IBM rows included.
CP50221 = [
    ("1b2442 467c4b5c386c2546253925481b2842", "日本語テスト"),
    ("1b24422d212d6a2d622d372d562d5f1b2842", "①㈱№Ⅲ㎡㍻"),
    ("1b24427c627975792c797e7c711b2842", "髙﨑彅德ⅰ"),
    ("1b2849313233 1b2842", "ｱｲｳ"),
    ("1b2442 2141 215d 2142 2171 2172 224c 1b2842", "～－∥￠￡￢"),
    ("1b2442 2d21 2d6a 7c62 7975 2141 215d 1b2849313233 1b2842", "①㈱髙﨑～－ｱｲｳ"),
]


@pytest.mark.parametrize(("raw", "text"), CP50221)
@pytest.mark.parametrize("label", ["ISO-2022-JP", "cp50220", "iso-2022-jp-ms", "ISO-2022-JP*ja", "", "ascii", "x-new"])
def test_iso_2022_jp_is_read_as_windows_writes_it_under_any_label(raw: str, text: str, label: str) -> None:
    result = decode(bytes.fromhex(raw), label)
    assert (result.text, result.charset, result.bad) == (text, "iso-2022-jp", ())


CP932 = ["①㈱髙﨑", "～－∥￠￡￢", "表示能力十分ソ", "日本語テスト", "ｱｲｳ㍻ⅲ"]


@pytest.mark.parametrize("text", CP932)
@pytest.mark.parametrize("label", ["Shift_JIS", "x-sjis", "sjis", "windows-31j", "CP932", "shift_jis_2004"])
def test_every_shift_jis_label_means_code_page_932(text: str, label: str) -> None:
    result = decode(text.encode("cp932"), label)
    assert (result.text, result.charset, result.method, result.bad) == (text, "cp932", "declared", ())


EUC = [
    ("ada1 adea", "①㈱"),
    ("fce2 f9f5", "髙﨑"),
    ("c6fccbdcb8ec 8eb18eb28eb3", "日本語ｱｲｳ"),
    ("a1c1 a1dd a1c2 a1f1 a1f2 a2cc", "～－∥￠￡￢"),
    ("8fb0a1 8fa2b7", "丂～"),
    ("8ff4fb 8ff3fd 8ff4fe", "髙Ⅰ黑"),
]


@pytest.mark.parametrize(("raw", "text"), EUC)
@pytest.mark.parametrize("label", ["EUC-JP", "x-euc-jp", "cp51932", "euc_jis_2004"])
def test_euc_is_read_as_cp51932_with_the_additions_of_eucjp_ms(raw: str, text: str, label: str) -> None:
    result = decode(bytes.fromhex(raw), label)
    assert (result.text, result.charset, result.bad) == (text, "euc-jp", ())


def test_eucjp_ms_keeps_rows_85_to_94_for_user_defined_characters() -> None:
    assert decode(b"\xf5\xa1\xf9\xa1\x8f\xf5\xa1", "eucJP-ms").text == "\ue000\ue178\ue3ac"
    assert decode(b"\xf5\xa1\xf9\xa1", "EUC-JP").text == "\ue000纊"


def test_characters_of_the_ibm_table_are_the_compatibility_ideographs_themselves() -> None:
    table = "".join(decode(bytes((0x8F, 0xF4, cell)), "eucjp-ms").text for cell in range(0xA1, 0xFF))
    assert len(table) == 94
    assert all(char.encode("cp932")[0] >= 0x81 for char in table)


@pytest.mark.parametrize(
    ("raw", "text", "note"),
    [
        (b"\x1b$BF|\x1b(B\xb1\xb2\xb3", "日ｱｲｳ", "8-bit-kana"),
        (b"\x0e123\x0f abc", "ｱｲｳ abc", "so-si"),
        (b"\x1b$(D0!\x1b(B", "丂", "jis-x-0212"),
        (b"\x1b$(Q-!\x1b(B", "①", "jis-x-0213"),
        (b"\x1b$AVPND\x1b(B", "中文", "gb-2312"),
        (b"\x1b$BF|K\\\r\nabc", "日本\r\nabc", "line-ends-outside-ascii"),
        (b"\x1b$BF|\x1b(B\xe6\x9c\xac", "日本", "mixed-utf-8"),
        (b"\x1b(JYen\\\x1b(B", "Yen\\", ""),
        (b"\x1b$@F|K\\\x1b(J", "日本", ""),
        (b"\x1b&@\x1b$BF|\x1b(B", "日", ""),
    ],
)
def test_rarer_forms_of_iso_2022_jp_are_read_and_named(raw: bytes, text: str, note: str) -> None:
    result = decode(raw, "iso-2022-jp")
    assert (result.text, result.bad) == (text, ())
    assert not note or note in result.notes


def test_user_defined_rows_of_cp50221_come_back_as_private_use_and_say_so() -> None:
    result = decode(b"\x1b$B\x7f!\x1b(B", "iso-2022-jp")
    assert result.text == "\ue000"
    assert "private-use" in result.notes


PROSE = "お世話になっております。山田です。会議の件、ご確認ください。"


@pytest.mark.parametrize(
    ("codec", "label", "charset"),
    [
        ("iso2022_jp", "us-ascii", "iso-2022-jp"),
        ("iso2022_jp", "iso-8859-1", "iso-2022-jp"),
        ("iso2022_jp", "utf-8", "iso-2022-jp"),
        ("cp932", "iso-8859-1", "cp932"),
        ("cp932", "us-ascii", "cp932"),
        ("cp932", "utf-8", "cp932"),
        ("cp932", "iso-2022-jp", "cp932"),
        ("cp932", "euc-jp", "cp932"),
        ("cp932", "gb2312", "cp932"),
        ("cp932", "ks_c_5601-1987", "cp932"),
        ("euc_jp", "shift_jis", "euc-jp"),
        ("euc_jp", "utf-8", "euc-jp"),
        ("euc_jp", "", "euc-jp"),
        ("utf-8", "iso-2022-jp", "utf-8"),
        ("utf-8", "shift_jis", "utf-8"),
        ("utf-8", "euc-jp", "utf-8"),
        ("utf-8", "gb2312", "utf-8"),
        ("utf-8", "unknown-8bit", "utf-8"),
        ("utf-8", "iso-8859-1", "utf-8"),
    ],
)
def test_a_declaration_that_the_bytes_contradict_is_replaced_and_reported(codec: str, label: str, charset: str) -> None:
    result = decode(PROSE.encode(codec), label)
    assert (result.text, result.charset, result.method, result.bad) == (PROSE, charset, "detected", ())
    if resolve(label):
        assert "wrong-declaration" in result.notes


SHORT = [
    "会議",
    "請求書",
    "田中です",
    "了解",
    "見積書の件",
    "山田太郎",
    "資料送付",
    "本日は",
    "テスト",
    "株式会社",
    "明日",
]
SHORT += ["よろしく", "東京", "契約書", "お疲れ様"]


@pytest.mark.parametrize("codec", ["utf-8", "cp932"])
def test_short_undeclared_japanese_is_guessed_right(codec: str) -> None:
    assert [decode(word.encode(codec)).text for word in SHORT] == SHORT


def test_at_least_eleven_of_thirteen_short_euc_words_are_guessed_right() -> None:
    assert sum(decode(word.encode("euc_jp")).text == word for word in SHORT[:13]) >= 11


@pytest.mark.parametrize("label", ["", "iso-8859-1", "us-ascii"])
@pytest.mark.parametrize("text", ["Résumé à été reçu", "Müller & Söhne GmbH", "Où êtes-vous? français", "señor año"])
def test_western_text_is_never_taken_for_japanese(text: str, label: str) -> None:
    result = decode(text.encode("latin-1"), label)
    assert result.text == text
    assert result.method == ("declared" if label == "iso-8859-1" else "guessed")


def test_windows_bytes_under_iso_8859_1_are_read_as_windows_1252() -> None:
    assert decode(b"\x93quoted\x94 \x96 5 \x80", "iso-8859-1").text == "\u201cquoted\u201d \u2013 5 \u20ac"


def test_bad_bytes_show_as_replacement_characters_with_their_ranges() -> None:
    result = decode("日本".encode() + b"\xff\xfe" + "語".encode() + b"\xe3", "utf-8")
    assert result.bad == ((6, 8), (11, 12))
    assert result.text.count("\ufffd") >= 2
    jis = decode(b"\x1b$BF|!\x01K\\\x7e\x7e\x1b(B", "iso-2022-jp")
    assert jis.bad == ((5, 6), (9, 11))


@pytest.mark.parametrize("label", ["punycode", "idna", "unicode_escape", "rot13", "zlib", "hex", "mbcs", "undefined"])
def test_codecs_that_are_not_charsets_are_never_used(label: str) -> None:
    assert resolve(label) == ""
    assert decode(b"abc\\x41-", label).text == "abc\\x41-"


def test_utf_7_is_used_only_where_it_is_declared() -> None:
    assert decode(b"+ZeVnLIqe-", "utf-7").text == "日本語"
    assert decode(b"+ZeVnLIqe-", "us-ascii").text == "+ZeVnLIqe-"


def test_a_utf_16_label_on_plain_ascii_is_not_believed() -> None:
    assert decode(b"plain text here!", "utf-16").text == "plain text here!"
    assert decode("日本".encode("utf-16"), "utf-16").text == "日本"


LABELS = [
    "",
    "iso-2022-jp",
    "shift_jis",
    "euc-jp",
    "eucjp-ms",
    "utf-8",
    "utf-16",
    "utf-7",
    "hz",
    "iso-2022-kr",
    "gb2312",
]
LABELS += ["big5", "ks_c_5601-1987", "iso-8859-1", "utf-32", "cp437", "us-ascii"]
ESCAPES = [b"\x1b$B", b"\x1b(B", b"\x1b(I", b"\x0e", b"\x0f", b"\x1b", b"\x1b$(D", b"F|", b"\xb1", b"\n", b"a", b"\xe3"]


@given(st.binary(max_size=300), st.sampled_from(LABELS))
def test_any_bytes_under_any_charset_give_text_and_ranges_inside_the_bytes(raw: bytes, label: str) -> None:
    result = decode(raw, label)
    assert all(0 <= start < end <= len(raw) for start, end in result.bad)
    assert bool(result.bad) <= ("\ufffd" in result.text)


@given(st.binary(max_size=40), st.text(max_size=30))
def test_any_label_is_survived(raw: bytes, label: str) -> None:
    decode(raw, label)


@given(
    st.lists(
        st.sampled_from([*ESCAPES, b"!A", b"!]", b"\xa1\xc1", b"\x8e\xb1", b"\xa1\xc0", b"\\~", b"!@"]), max_size=12
    )
)
def test_the_quick_way_and_the_thorough_way_agree(parts: list[bytes]) -> None:
    raw = b"".join(parts)
    assert decode_iso2022(raw) == read_iso2022(raw)
    assert decode_euc(raw) == read_euc(raw)


def test_every_two_byte_code_is_read_the_same_in_the_quick_way() -> None:
    pairs = [bytes((lead, trail)) for lead in range(0x21, 0x75) for trail in range(0x21, 0x7F)]
    for pair in pairs:
        assert decode_iso2022(b"\x1b$B" + pair + b"\x1b(B") == read_iso2022(b"\x1b$B" + pair + b"\x1b(B")
        euc = bytes(byte | 0x80 for byte in pair)
        assert decode_euc(euc) == read_euc(euc)


@given(st.lists(st.sampled_from(ESCAPES), max_size=40))
def test_any_mixture_of_escapes_is_survived(parts: list[bytes]) -> None:
    raw = b"".join(parts)
    assert all(0 <= start < end <= len(raw) for start, end in decode(raw, "iso-2022-jp").bad)
