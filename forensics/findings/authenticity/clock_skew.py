"""A clock that is off by about the same in every message that passed it is one finding, not one for each message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _skew
from forensics.findings.authenticity._clocks import count
from forensics.findings.authenticity._words import DST, LIMITS, QUEUE, ZONE_SLIP, is_slip, short, span, when
from forensics.findings.finding import Because, Confidence, Finding, Looked


class ClockSkew:
    """The clock of a relay, or of the programs of an account, stands off against its neighbours by a steady amount."""

    name = "clock-skew"
    title = "Clock of a host is off"
    title_ja = "ホストの時計のずれ"
    title_en = "Clock of a host is off"
    version = "1"
    needs = ("moment",)
    parameters: ClassVar[dict[str, int]] = {"fewest_messages": _skew.FEWEST, "shown": 5}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each clock that is off."""
        found = _skew.skews(case)
        nodes = count(case, "SELECT count(*) AS n FROM (SELECT a FROM au_edge UNION SELECT b FROM au_edge)")
        every = count(
            case, "SELECT count(DISTINCT host) AS n FROM au_clock WHERE kind = 'hop' AND host IS NOT NULL"
        ) + count(case, "SELECT count(DISTINCT sender) AS n FROM au_mail WHERE date_us IS NOT NULL")
        for each in found:
            yield self._finding(case, each)
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=nodes,
            found=len(found),
            could_not_read=max(0, every - nodes),
        )

    def _finding(self, case: CaseView, skew: _skew.Skew) -> Finding:
        readings = _skew.readings_of(case, skew.node, self.parameters["shown"])
        ja, en = _named(skew.node)
        side = ("進んで", "ahead of") if skew.us > 0 else ("遅れて", "behind")
        beside = ", ".join(short(_named(each)[1]) for each in skew.neighbours[:5])
        slip = is_slip(skew.us)
        tied = bool(skew.others)
        also = [ZONE_SLIP, DST] if slip else [QUEUE]
        if tied:
            names = ", ".join(short(_named(each)[1]) for each in skew.others[:5])
            also.insert(
                0, (f"ずれているのは相手側の時計である（{names}）", f"the clock that is off is the other one ({names})")
            )
        return Finding(
            rule=self.name,
            version=self.version,
            subject=tuple(dict.fromkeys(str(row["ref"]) for row in readings)),
            claim_ja=f"{ja}の時計は、隣り合う記録（{beside}）に対して約{span(skew.us, 0)}{side[0]}いる"
            f"（ばらつき {span(skew.spread, 0)}、{skew.readings:,}件）。",
            claim_en=f"The clock of {en} stands about {span(skew.us, 1)} {side[1]} its neighbours ({beside}); "
            f"spread {span(skew.spread, 1)} over {skew.readings:,} readings.",
            because=tuple(
                Because(
                    ja=f"{ja}の記録: {when(row['us'])}",
                    en=f"a reading of {en}: {when(row['us'])}",
                    record=str(row["id"]),
                    address=str(row["address"]),
                )
                for row in readings
            ),
            confidence=Confidence.POSSIBLE if tied else Confidence.LIKELY,
            also_possible=tuple(also),
            does_not_show=LIMITS,
        )


def _named(node: str) -> tuple[str, str]:
    kind, _, name = node.partition(" ")
    if kind == "host":
        return f"ホスト {short(name)} ", f"the host {short(name)}"
    return f"アカウント {short(name)} の送信プログラム", f"the programs of the account {short(name)}"
