"""Which decoder a charset label means: an alias table and an allow-list, so that a hostile label never picks a codec.

Labels follow the IANA registry and RFC 2231 section 5 (a ``*language`` suffix), as real mailers misspell them.
"""

from __future__ import annotations

import re
from encodings.aliases import aliases
from functools import lru_cache

_LONGEST = 100
_NOT_ALNUM = re.compile(r"[^a-z0-9]+")

# Codecs of Python that are safe on any bytes (no punycode, idna, unicode_escape, zlib); EBCDIC is not used in mail.
_SAFE = (
    "ascii utf_8 utf_8_sig utf_7 utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be latin_1 hz gb18030 cp949 johab "
    "iso2022_kr cp950 big5hkscs koi8_r koi8_u koi8_t kz1048 ptcp154 tis_620 mac_roman mac_cyrillic mac_greek "
    "mac_latin2 mac_turkish mac_iceland hp_roman8 "
    + " ".join(f"iso8859_{part}" for part in (*range(2, 12), *range(13, 17)))
    + " "
    + " ".join(f"cp{page}" for page in range(1250, 1259))
    + " cp437 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 "
    "cp864 cp865 cp866 cp869 cp874 cp1006 cp1125"
).split()

# A wider codec reads everything the named one does, and what real mailers put under the name as well.
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "big5": "cp950",
    "shift_jis": "cp932",
    "shift_jis_2004": "cp932",
    "shift_jisx0213": "cp932",
    "euc_jp": "euc-jp",
    "euc_jis_2004": "euc-jp",
    "euc_jisx0213": "euc-jp",
    **{f"iso2022_jp{kind}": "iso-2022-jp" for kind in ("", "_1", "_2", "_2004", "_3", "_ext")},
}

_OURS = {
    "cp932": "cp932 windows-31j cswindows31j ms932 mskanji x-sjis sjis shift-jis shiftjis shift_jis x-shift-jis "
    "xsjis ms-kanji csshiftjis cp943 cp943c ibm-943 ibm-932 cp942 x-ms-cp932 windows-932 sjis-win pck shift_jis-2004",
    "euc-jp": "euc-jp eucjp x-euc-jp x-eucjp xeucjp ujis cp51932 windows-51932 cseucpkdfmtjapanese eucjp-win "
    "extended_unix_code_packed_format_for_japanese",
    "eucjp-ms": "eucjp-ms euc-jp-ms eucjp-open eucjpms",
    "iso-2022-jp": "iso-2022-jp iso2022jp csiso2022jp jis jis7 cp50220 cp50221 cp50222 iso-2022-jp-ms "
    "x-windows-iso2022jp x-windows-50220 x-windows-50221 iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 "
    "iso-2022-jp-2004 iso-2022-jp-ext windows-iso2022jp x-iso-2022-jp iso-2022-jp-windows",
    "ascii": "us-ascii ascii ansi_x3.4-1968 iso646-us 7bit us",
    "utf-8": "utf-8 utf8 utf_8 u8 utf-8-sig utf8mb4 unicode-1-1-utf-8 x-utf-8 utf-8n",
    "utf-7": "utf-7 utf7 unicode-1-1-utf-7 x-unicode-2-0-utf-7",
    "utf-16": "utf-16 unicode ucs-2 iso-10646-ucs-2",
    "latin-1": "iso-8859-1 latin1 latin-1 l1 iso8859-1 iso-8859-1-windows iso8859_1 x-ansi",
    "cp1252": "windows-1252 cp1252 x-cp1252 ansi",
    "gb18030": "gb18030 gb2312 gbk cp936 ms936 x-gbk gb_2312-80 euc-cn csgb2312 chinese windows-936 gb-2312",
    "cp949": "ks_c_5601-1987 ks_c_5601 ksc5601 euc-kr cp949 ms949 uhc windows-949 korean x-windows-949 ks_c_5601-1989",
    "cp950": "big5 cp950 x-big5 csbig5 windows-950 big-5 big5-eten",
    "cp874": "windows-874 cp874 x-windows-874 iso-8859-11",
    "hz": "hz hz-gb-2312 hz-gb",
}


def _key(label: str) -> str:
    return _NOT_ALNUM.sub("", label.lower())


def _table() -> dict[str, str]:
    public = {name: name.replace("_", "-") for name in _SAFE} | {"latin_1": "latin-1", "utf_8_sig": "utf-8"}
    table = {_key(name): shown for name, shown in public.items()}
    for alias, codec in aliases.items():
        if shown := _WIDER.get(codec) or public.get(codec):
            table[_key(alias)] = shown
    for codec, shown in _WIDER.items():
        table[_key(codec)] = shown
    for shown, labels in _OURS.items():
        table.update({_key(label): shown for label in labels.split()})
    return table


_TABLE = _table()


@lru_cache(maxsize=1024)
def resolve(label: str) -> str:
    """The name of the decoder that a declared label means, or "" for a label that names none of ours."""
    if len(label) > _LONGEST:
        return ""
    return _TABLE.get(_key(label.partition("*")[0]), "")
