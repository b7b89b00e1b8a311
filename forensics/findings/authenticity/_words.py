"""How findings write times and spans, and the innocent explanations and limits that several rules share."""

from __future__ import annotations

from forensics.findings.finding import Pair
from forensics.moments import is_sensible, iso

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
"""Microseconds."""
WIDEST_ZONE = 14 * HOUR + 30 * MINUTE
_WIDEST_SLIP = 26 * HOUR + 15 * MINUTE
"""From the easternmost zone to the westernmost: where a clock is set to one and its machine stands in the other."""
_SLIP_TOLERANCE = 3 * MINUTE
_CUT = 120

SKEW: Pair = (
    "時計のずれ（このホストの記録が少なく、ずれを推定できない場合を含む）",
    "a clock that is off, too seldom seen to be estimated",
)
ZONE_SLIP: Pair = (
    "時差の設定の誤り（差がほぼ整数時間である）",
    "a wrong time zone setting: the difference is close to whole hours",
)
DST: Pair = (
    "夏時間の切替えや移動先の時差が端末に反映されていなかった",
    "travel or a change to or from summer time that a device had not taken over",
)
SCHEDULED: Pair = ("予約送信、下書きの再利用", "scheduled sending, or a draft that was used again")
QUEUE: Pair = (
    "送信待ち、グレイリスト、配送の遅延や保留",
    "a queue: an outbox that was offline, greylisting, a delayed or held delivery",
)
IMPORT: Pair = ("移行、取込み、バックアップからの復元", "a migration, an import, or a restore from a backup")
GATEWAY: Pair = (
    "中継するゲートウェイやメーリングリストによる書換え",
    "a gateway or a mailing list that rewrites what passes through",
)
NO_PERSON: Pair = ("誰が操作したかは示さない", "it does not show which person acted")
NO_INTENT: Pair = ("意図的な改変かどうかは示さない", "it does not show whether anything was altered on purpose")
NO_TRUE_TIME: Pair = (
    "どの時計が正しいかを単独では示さない",
    "it does not show by itself which of the clocks was right",
)
LIMITS = (NO_PERSON, NO_INTENT, NO_TRUE_TIME)


def when(us: int | None) -> str:
    """``2026-06-01T01:03:12Z``, cut to whole seconds."""
    if us is None or not is_sensible(us * 1000):
        return "?"
    return iso(us // SECOND * 10**9)


def span(us: int, language: int) -> str:
    """How long: ``3 d 4 h``, ``7 min``; at most two units."""
    rest = abs(us)
    said: list[str] = []
    units = ((DAY, "日", " d"), (HOUR, "時間", " h"), (MINUTE, "分", " min"), (SECOND, "秒", " s"))
    for size, ja, en in units:
        number, rest = divmod(rest, size)
        if number and len(said) < 2:
            said.append(f"{number:,}{(ja, en)[language]}")
    return ("" if language == 0 else " ").join(said) or ("1秒未満", "less than 1 s")[language]


def is_slip(us: int) -> bool:
    """Whether a difference could be a wrong zone: whole hours, no more than lie between two zones."""
    size = abs(us)
    near = (size + HOUR // 2) // HOUR
    return near >= 1 and size <= _WIDEST_SLIP and abs(size - near * HOUR) <= _SLIP_TOLERANCE


def short(text: object) -> str:
    """A text from evidence, cut to what fits into a sentence."""
    plain = " ".join(str(text or "").split())
    return plain if len(plain) <= _CUT else plain[: _CUT - 1] + "…"


def unique(pairs: list[Pair]) -> tuple[Pair, ...]:
    """Each once, in the order given."""
    return tuple(dict.fromkeys(pairs))
