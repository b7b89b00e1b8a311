"""The IBM extension characters that eucJP-ms keeps in rows 83 and 84 of code set 3 (0x8F 0xF3F3 to 0x8F 0xF4FE).

Follows the eucJP-ms mapping of the TOG/JVC CDE/Motif working group; every other row is arithmetic or JIS X 0212.
"""

from __future__ import annotations

ROW_83_FIRST_CELL = 83
ROW_83 = "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅠⅡ"
ROW_84 = (
    "ⅢⅣⅤⅥⅦⅧⅨⅩ＇＂㈱№℡炻仼僴凬匇匤﨎咊坙﨏塚增寬峵嵓﨑德悅愠"
    "敎昻晥晴朗栁﨓﨔橫櫢淸淲瀨凞猪甁皂皞益礰礼神祥福竧靖精綠緖羽荢﨟"
    "薰蘒﨡蠇諸譿賴赶﨣﨤逸郞都鄕﨧﨨閒隆﨩霻靍靑飯飼館馞髙魲鶴黑"
)


def extension(row: int, cell: int) -> str:
    """The character at a row and cell (both counted from 1) of code set 3, or "" outside rows 83 and 84."""
    if row == 83 and cell >= ROW_83_FIRST_CELL:
        return ROW_83[cell - ROW_83_FIRST_CELL]
    if row == 84:
        return ROW_84[cell - 1 : cell]
    return ""
