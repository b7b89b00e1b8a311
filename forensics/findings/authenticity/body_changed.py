"""What the signatures of a message say when they are checked offline: its body or its header is not what was signed.

The check itself runs before this rule, in guarded workers, and leaves the table ``signature``
(:mod:`forensics.findings.dkim_check`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity._clocks import by_message, count, prepare, rows, subjects
from forensics.findings.authenticity._words import GATEWAY, IMPORT, NO_INTENT, NO_PERSON, short
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair

_CHANGED = (
    "body_changed",
    "header_changed",
    "body_and_header_changed",
    "key_not_valid_then",
    "expired",
    "chain_broken",
)
_WORDS: dict[str, Pair] = {
    "valid": ("署名は有効", "the signature holds"),
    "body_changed": ("本文が署名時のものと異なる", "the body is not the one that was signed"),
    "header_changed": (
        "署名されたヘッダーまたは署名自体が署名時と異なる",
        "the signed header fields, or the signature, changed",
    ),
    "body_and_header_changed": ("本文とヘッダーが署名時と異なる", "neither the body nor the header is what was signed"),
    "key_missing": ("鍵が証拠にない", "the key is not among the evidence"),
    "key_not_valid_then": (
        "この鍵はこの署名に使えなかった",
        "this key could not have been used for this signature",
    ),
    "expired": ("配送の時点で署名の期限が切れていた", "the signature had expired when the message was delivered"),
    "changed_on_the_way": (
        "途中で変更され、後の ARC の署名者がそれを認めている",
        "it was changed on the way, and a later ARC instance vouches for the change",
    ),
    "chain_holds": ("ARC の連鎖は有効", "the ARC chain holds"),
    "chain_broken": ("ARC の連鎖が切れている", "the ARC chain is broken"),
    "chain_unproven": ("ARC の連鎖は鍵がなく確かめられない", "the ARC chain cannot be proven without its keys"),
    "unsupported": ("この署名は検証できない", "this signature cannot be checked"),
}
_FOOTER: Pair = (
    "メーリングリストやゲートウェイが本文に署名・注意書きを加えた",
    "a mailing list or a gateway that added a footer or a warning",
)
_STORED: Pair = (
    "メールボックスへの格納の際に改行や文字が変えられた",
    "a store that changed line ends or characters when it took the message in",
)
_ROTATED: Pair = (
    "証拠の鍵は署名の後に取り替えられたものである",
    "the key in evidence is a later one under the same selector",
)
_KEY: Pair = (
    "鍵が署名の時点で公開されていたことは、取得者の記録による",
    "that the key was published at the time of signing rests on the record of whoever fetched it",
)
_SIGNATURES = "signature"
_SQL = f"""
    WITH listed AS (SELECT DISTINCT message_id_ref AS ref FROM header WHERE lower(name) IN ('list-id', 'list-post')),
    odd AS (SELECT DISTINCT ref FROM signature WHERE list_contains({list(_CHANGED)}, result))
    SELECT au_mail.ref, any_value(logical_id) AS logical_id, any_value(au_mail.address) AS place,
           bool_or(listed.ref IS NOT NULL) AS listed,
           list({{'record': record, 'address': signature.address, 'field': field, 'domain': domain,
                  'selector': selector,
                  'result': result, 'detail': detail, 'key': key_source}} ORDER BY number) AS signatures
    FROM odd JOIN au_mail USING (ref) JOIN signature USING (ref) LEFT JOIN listed ON listed.ref = au_mail.ref
    GROUP BY au_mail.ref ORDER BY logical_id, place
"""  # noqa: S608 - filled with constants only


class BodyChanged:
    """A DKIM or ARC signature of the message does not hold, or its body hash does not."""

    name = "body-changed"
    title = "Changed after signing"
    title_ja = "署名後の変更"
    title_en = "Changed after signing"
    version = "1"
    needs = (_SIGNATURES,)
    parameters: ClassVar[dict[str, int]] = {}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each logical message; what could not be checked is counted by its reason."""
        prepare(case)
        results = case.rows("SELECT result, count(*) AS n FROM signature GROUP BY result ORDER BY result")
        checked = count(case, "SELECT count(DISTINCT ref) AS n FROM signature")
        found = 0
        for copies in by_message(rows(case, _SQL)):
            # One copy that holds shows that another was changed where it is stored, so every copy counts for itself.
            for row in copies:
                found += 1
                yield self._finding(row)
        unread = {
            row["result"]: row["n"] for row in results if row["result"] in ("key_missing", "unsupported", "unreadable")
        }
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=checked,
            found=found,
            could_not_read=sum(unread.values()),
            why_not=tuple(_why(result, number) for result, number in unread.items()),
        )

    def _finding(self, row: dict[str, Any]) -> Finding:
        odd = [each for each in row["signatures"] if each["result"] in _CHANGED]
        results = list(dict.fromkeys(each["result"] for each in odd))
        holds = any(each["result"] in ("valid", "chain_holds") for each in row["signatures"])
        body_proven = any(each["result"] == "body_changed" and each["key"] for each in odd)
        also = [_FOOTER, _STORED, GATEWAY] if any("body" in result for result in results) else [GATEWAY, IMPORT]
        if any(result in ("header_changed", "body_and_header_changed", "key_not_valid_then") for result in results):
            also.append(_ROTATED)
        weak = row["listed"] or holds or set(results) <= {"expired", "key_not_valid_then", "chain_broken"}
        sure = Confidence.CERTAIN if body_proven else Confidence.LIKELY
        return Finding(
            rule=self.name,
            version=self.version,
            subject=subjects([row]),
            claim_ja="、".join(_WORDS[result][0] for result in results) + "。",
            claim_en="; ".join(_WORDS[result][1] for result in results).capitalize() + ".",
            because=tuple(_reason(each) for each in row["signatures"]),
            confidence=Confidence.POSSIBLE if weak else sure,
            also_possible=tuple(also),
            does_not_show=(
                NO_PERSON,
                NO_INTENT,
                _KEY,
                ("何が変わったかは示さない", "it does not show what was changed"),
            ),
        )


def _reason(each: dict[str, Any]) -> Because:
    name = f"{short(each['field'])} ({short(each['domain'])}, {short(each['selector'])})"
    ja, en = _WORDS.get(each["result"], (each["result"], each["result"]))
    more = "; ".join(text for text in (short(each["detail"]), short(each["key"])) if text)
    return Because(
        ja=f"{name}: {ja}" + (f"（{more}）" if more else ""),
        en=f"{name}: {en}" + (f" ({more})" if more else ""),
        record=str(each["record"]),
        address=str(each["address"]),
    )


def _why(result: str, number: int) -> Pair:
    if result == "unreadable":
        return (f"{number:,}件のメールは読めなかった", f"{number:,} messages could not be read")
    ja, en = _WORDS[result]
    return (f"署名 {number:,}件: {ja}", f"{number:,} signatures: {en}")
