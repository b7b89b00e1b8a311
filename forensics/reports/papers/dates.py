"""Times as courts read them: in the zone of the case with UTC beside it, and with the Japanese era where it is wanted.

Eras by their first day in the Gregorian calendar (元号を改める政令; for 明治 the first day of that calendar in Japan).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from forensics.moments import to_datetime

ERAS = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),
    (date(1873, 1, 1), "明治"),
)
_MEIJI_BEGAN = 1868
_WEEKDAYS = "月火水木金土日"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def in_era(day: date) -> str:
    """``令和8年6月1日``; the first year is 元年, and a day before all eras stands in the Gregorian calendar."""
    for first, name in ERAS:
        if day >= first:
            began = _MEIJI_BEGAN if name == "明治" else first.year
            year = day.year - began + 1
            return f"{name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return gregorian(day)


def gregorian(day: date) -> str:
    """``2026年6月1日``."""
    return f"{day.year}年{day.month}月{day.day}日"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """How a paper writes its times."""

    zone: str
    language: str
    era: bool = False

    def moment(self, ns: int) -> str:
        """``2026年6月1日(月) 10時03分12秒 JST（UTC 2026-06-01 01:03:12）`` or its English form."""
        local, utc = self._local(ns), to_datetime(ns)
        beside = utc.strftime("%Y-%m-%d %H:%M:%S")
        zone = local.tzname() or self.zone
        if self.language == "ja":
            clock = f"{local.hour}時{local.minute:02d}分{local.second:02d}秒"
            return f"{self.day(ns)}({_WEEKDAYS[local.weekday()]}) {clock} {zone}（UTC {beside}）"
        return f"{self.day(ns)}, {local:%H:%M:%S} {zone} ({beside} UTC)"

    def short(self, ns: int) -> str:
        """For narrow columns: day and clock in the zone of the case."""
        return f"{self.day(ns)} {self._local(ns):%H:%M:%S}"

    def day(self, ns: int) -> str:
        """The day in the zone of the case."""
        return self.date(self.date_of(ns))

    def date_of(self, ns: int) -> date:
        """The day in the zone of the case, to count with."""
        return self._local(ns).date()

    def date(self, day: date, *, weekday: bool = False) -> str:
        """A day as this paper writes days, with its day of the week where that matters."""
        if self.language == "ja":
            said = in_era(day) if self.era else gregorian(day)
            return f"{said}({_WEEKDAYS[day.weekday()]})" if weekday else said
        said = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        return f"{day:%a} {said}" if weekday else said

    def zone_note(self, ns: int) -> str:
        """In which zone the times stand, and how far it is from UTC."""
        local = self._local(ns)
        offset = local.strftime("%z")
        told = f"{local.tzname()}, UTC{offset[:3]}:{offset[3:5]}, {self.zone}"
        if self.language == "ja":
            return f"時刻は {told} で示し、必要な箇所に協定世界時（UTC）を併記する。作業機の時計による。"
        return f"Times are in {told}, by the clock of the workstation, with UTC beside them where it matters."

    def _local(self, ns: int) -> datetime:
        return to_datetime(ns).astimezone(ZoneInfo(self.zone))
