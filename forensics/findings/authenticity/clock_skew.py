"""A clock that is off by about the same in every message that passed it is one finding, not one for each message.

It may be off always, or for some days only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _episodes, _skew
from forensics.findings.authenticity._clocks import count
from forensics.findings.authenticity._words import DST, LIMITS, QUEUE, ZONE_SLIP, is_slip, short, span, when
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair


class ClockSkew:
    """The clock of a relay, or of the programs of an account, stands off against its neighbours by a steady amount."""

    name = "clock-skew"
    title = "Clock of a host is off"
    title_ja = "ホストの時計のずれ"
    title_en = "Clock of a host is off"
    version = "2"
    needs = ("moment",)
    parameters: ClassVar[dict[str, int]] = {
        "fewest_messages": _skew.FEWEST,
        "fewest_backwards": _episodes.FEWEST_BACKWARDS,
        "shown": 5,
    }

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each clock that is off, and for each time in which one was."""
        found = _skew.skews(case)
        times = _episodes.episodes(case)
        nodes = count(case, "SELECT count(*) AS n FROM (SELECT a FROM au_edge UNION SELECT b FROM au_edge)")
        every = count(
            case, "SELECT count(DISTINCT host) AS n FROM au_clock WHERE kind = 'hop' AND host IS NOT NULL"
        ) + count(case, "SELECT count(DISTINCT sender) AS n FROM au_mail WHERE date_us IS NOT NULL")
        for each in found:
            yield self._finding(case, each)
        for time in times:
            yield self._for_a_time(time)
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=nodes,
            found=len(found) + len(times),
            could_not_read=max(0, every - nodes),
        )

    def _finding(self, case: CaseView, skew: _skew.Skew) -> Finding:
        readings = _skew.readings_of(case, skew.node, self.parameters["shown"])
        ja, en = _named(skew.node)
        side = ("進んで", "ahead of") if skew.us > 0 else ("遅れて", "behind")
        return Finding(
            rule=self.name,
            version=self.version,
            subject=tuple(dict.fromkeys(str(row["ref"]) for row in readings)),
            claim_ja=f"{ja}の時計は、隣り合う記録（{_beside(skew.neighbours)}）に対して"
            f"約{span(skew.us, 0)}{side[0]}いる（ばらつき {span(skew.spread, 0)}、{skew.readings:,}件）。",
            claim_en=f"The clock of {en} stands about {span(skew.us, 1)} {side[1]} its neighbours "
            f"({_beside(skew.neighbours)}); spread {span(skew.spread, 1)} over {skew.readings:,} readings.",
            because=tuple(
                Because(
                    ja=f"{ja}の記録: {when(row['us'])}",
                    en=f"a reading of {en}: {when(row['us'])}",
                    record=str(row["id"]),
                    address=str(row["address"]),
                )
                for row in readings
            ),
            confidence=Confidence.POSSIBLE if skew.others else Confidence.LIKELY,
            also_possible=_also(skew.us, skew.others),
            does_not_show=LIMITS,
        )

    def _for_a_time(self, time: _episodes.Episode) -> Finding:
        ja, en = _named(time.node)
        side = ("進んで", "ahead of") if time.us > 0 else ("遅れて", "behind")
        first, last, number = when(time.first), when(time.last), len(time.steps)
        return Finding(
            rule=self.name,
            version=self.version,
            subject=tuple(dict.fromkeys(step.ref for step in time.steps)),
            claim_ja=f"{ja}の時計は、少なくとも {first} から {last} まで、"
            f"隣り合う記録（{_beside(time.neighbours)}）に対して約{span(time.us, 0)}{side[0]}いた"
            f"（ばらつき {span(time.spread, 0)}、{number:,}件）。",
            claim_en=f"The clock of {en} stood about {span(time.us, 1)} {side[1]} its neighbours "
            f"({_beside(time.neighbours)}) at least from {first} to {last}; spread {span(time.spread, 1)} over "
            f"{number:,} readings.",
            because=tuple(
                Because(
                    ja=f"{_named(step.a)[0]}から{_named(step.b)[0]}へ: {when(step.us)}、通常より{span(step.off, 0)}"
                    + ("遅い" if step.off > 0 else "早い"),
                    en=f"from {_named(step.a)[1]} to {_named(step.b)[1]}: {when(step.us)}, {span(step.off, 1)} "
                    + ("later than usual" if step.off > 0 else "earlier than usual"),
                    record=step.id,
                    address=step.address,
                )
                for step in sorted(time.steps, key=lambda each: each.off)[: self.parameters["shown"]]
            ),
            confidence=Confidence.POSSIBLE if time.others else Confidence.LIKELY,
            also_possible=_also(time.us, time.others),
            does_not_show=LIMITS,
        )


def _beside(neighbours: tuple[str, ...]) -> str:
    return ", ".join(short(_named(each)[1]) for each in neighbours[:5])


def _also(us: int, others: tuple[str, ...]) -> tuple[Pair, ...]:
    also = [ZONE_SLIP, DST] if is_slip(us) else [QUEUE]
    if others:
        names = _beside(others)
        also.insert(
            0, (f"ずれているのは相手側の時計である（{names}）", f"the clock that is off is the other one ({names})")
        )
    return tuple(also)


def _named(node: str) -> tuple[str, str]:
    kind, _, name = node.partition(" ")
    if kind == "host":
        return f"ホスト {short(name)} ", f"the host {short(name)}"
    return f"アカウント {short(name)} の送信プログラム", f"the programs of the account {short(name)}"
