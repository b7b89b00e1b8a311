"""The program that a message names against the layouts of its Message-ID and boundaries: does it write them so?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _mailers
from forensics.findings.authenticity._clocks import by_message, count, prepare, rows, subjects
from forensics.findings.authenticity._words import GATEWAY, NO_INTENT, NO_PERSON, short
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair

_MAILER = "lower(name) IN ('x-mailer', 'user-agent')"
_WORN = ", ".join(f"'{each}'" for each in _mailers.LAYOUT_FAMILY)
_SQL = f"""
    SELECT au_mail.ref, any_value(logical_id) AS logical_id, any_value(au_mail.address) AS place,
           any_value(header.id) AS id, any_value(header.address) AS address, any_value(header.decoded) AS said,
           list(DISTINCT {{'id': au_clock.id, 'address': au_clock.address,
                           'layout': layout, 'says': says, 'kind': kind}})
               AS marks
    FROM header JOIN au_mail ON au_mail.ref = message_id_ref JOIN au_clock ON au_clock.ref = au_mail.ref
    WHERE {_MAILER} AND kind IN ('message-id', 'boundary') AND layout IN ({_WORN})
    GROUP BY au_mail.ref ORDER BY logical_id, place
"""  # noqa: S608 - filled with constants only
_SERVICE: Pair = (
    "送信サービスや一括送信プログラムが識別子を付け直した、または X-Mailer を写した",
    "a service or a bulk mailer that gave identifiers of its own or copied the X-Mailer field",
)
_PLUGIN: Pair = ("転送・再送・署名のための追加プログラム", "an add-on that re-sends, signs or forwards")


class MailerMismatch:
    """The message names one program, and its identifiers have the layout that another one alone writes."""

    name = "mailer-mismatch"
    title = "Identifiers are not of the mailer named"
    title_ja = "名乗るメールソフトと識別子の不一致"
    title_en = "Identifiers are not of the mailer named"
    version = "1"
    needs = ("header", "moment")
    parameters: ClassVar[dict[str, int]] = {}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each logical message."""
        prepare(case)
        named = count(case, f"SELECT count(DISTINCT message_id_ref) AS n FROM header WHERE {_MAILER}")  # noqa: S608
        considered = found = 0
        for copies in by_message(rows(case, _SQL)):
            told = []
            for row in copies:
                family = _mailers.family(row["said"] or "")
                considered += bool(family)
                against = [each for each in row["marks"] if _mailers.LAYOUT_FAMILY[each["layout"]] != family]
                # A boundary of the named program speaks for it: then a server gave the Message-ID.
                if family and against and not any(e["kind"] == "boundary" and e not in against for e in row["marks"]):
                    told.append((row, against))
            if told:
                found += 1
                yield self._finding([row for row, _ in told], *told[0])
        left = f"{named - considered:,}"
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=considered,
            found=found,
            could_not_read=named - considered,
            why_not=(
                (
                    f"{left}件は、知られた書式の識別子またはメールソフトを持たない",
                    f"{left} have no mailer or no layout that is known",
                ),
            )
            if named - considered
            else (),
        )

    def _finding(self, copies: list[dict[str, Any]], row: dict[str, Any], against: list[dict[str, Any]]) -> Finding:
        against.sort(key=lambda each: (each["kind"], each["says"], each["id"]))
        families = sorted({_mailers.LAYOUT_FAMILY[each["layout"]] for each in against})
        said, worn = short(row["said"]), ", ".join(families)
        both = {each["kind"] for each in against} == {"message-id", "boundary"} and len(families) == 1
        here = Because(
            ja=f"メールソフトの名乗り: {said}",
            en=f"the mailer that the message names: {said}",
            record=str(row["id"]),
            address=str(row["address"]),
        )
        marks = (
            Because(
                ja=f"{short(each['says'])} の書式",
                en=f"the layout of {short(each['says'])}",
                record=str(each["id"]),
                address=str(each["address"]),
            )
            for each in against
        )
        return Finding(
            rule=self.name,
            version=self.version,
            subject=subjects(copies),
            claim_ja=f"メールは「{said}」を名乗るが、識別子は {worn} の書式である。",
            claim_en=f"The message names “{said}”, but its identifiers have the layout of {worn}.",
            because=(here, *marks),
            confidence=Confidence.LIKELY if both else Confidence.POSSIBLE,
            also_possible=(_SERVICE, _PLUGIN, GATEWAY),
            does_not_show=(NO_PERSON, NO_INTENT),
        )
