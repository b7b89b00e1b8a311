"""Rules and settings that send an account's mail on to another domain, as the audit logs have them (catalogue D13).

Microsoft 365 logs New-InboxRule, Set-InboxRule and Set-Mailbox with their parameters, Google an event of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity._clocks import count
from forensics.findings.authenticity._words import NO_INTENT, NO_PERSON, short, when
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair

_OPERATIONS = ("new-inboxrule", "set-inboxrule", "updateinboxrules", "set-mailbox", "email_forwarding_out_of_domain")
_NAMES = "|".join(
    (
        *("ForwardTo", "RedirectTo", "ForwardAsAttachmentTo", "ForwardingSmtpAddress", "ForwardingAddress"),
        "email_forwarding_destination_address",
    )
)
# {"Name": "ForwardTo", "Value": "..."} and {"name": "...", "value": "..."}, in either order of their keys.
_PARAMETER = re.compile(rf'"name": "(?:{_NAMES})", "value": "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_BARE = re.compile(rf'"(?:{_NAMES})": "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s;,:<>\"'\[\]()]+@[^\s;,:<>\"'\[\]()]+")
_WANTED: Pair = (
    "本人または管理者が業務のために設定した転送（不在、共有、退職者の引継ぎ）",
    "forwarding that the account's owner or an administrator set for work: absence, sharing, a hand-over",
)
_GROUP: Pair = ("転送先が同じ組織の別ドメインである", "a target that is another domain of the same organisation")
_SQL = f"""
    SELECT id, address, lower(trim(actor)) AS account, actor_ip AS ip, epoch_us(utc) AS us, operation, detail
    FROM log_event WHERE list_contains({list(_OPERATIONS)}, lower(operation)) AND actor IS NOT NULL
    ORDER BY utc NULLS LAST, address
"""  # noqa: S608 - filled with constants only
_SENT = """
    SELECT id, address, epoch_us(utc) AS us, source FROM log_event
    WHERE list_contains(list_transform(recipients, lambda each: lower(each)), $1)
      AND (utc IS NULL OR utc >= to_timestamp($2 / 1000000))
    ORDER BY utc, address
"""


class ForwardingSet:
    """A rule or a setting that sends mail of an account to an address of another domain."""

    name = "forwarding-set"
    title = "Forwarding to outside was set"
    title_ja = "社外への転送設定"
    title_en = "Forwarding to outside was set"
    version = "1"
    needs = ("log_event",)
    parameters: ClassVar[dict[str, int]] = {"shown": 20}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each setting and target."""
        found = 0
        told = case.rows(_SQL)
        for row in told:
            for target in _targets(row):
                found += 1
                yield self._finding(row, target, case.rows(_SENT, [target, row["us"] or 0]))
        every = count(case, "SELECT count(*) AS n FROM log_event WHERE actor IS NOT NULL")
        yield Looked(rule=self.name, version=self.version, considered=every, found=found)

    def _finding(self, row: dict[str, Any], target: str, sent: list[dict[str, Any]]) -> Finding:
        account, ip, at, verb = short(row["account"]), short(row["ip"] or "?"), when(row["us"]), short(row["operation"])
        here = Because(ja=f"{verb}: {at}", en=f"{verb} at {at}", record=str(row["id"]), address=str(row["address"]))
        return Finding(
            rule=self.name,
            version=self.version,
            subject=(str(row["id"]), *(str(each["id"]) for each in sent)),
            claim_ja=f"アカウント {account} のメールを {short(target)} へ送る設定が、{ip} からなされた（{at}）。"
            f"以後この宛先へのメールは、ログに{len(sent):,}件ある。",
            claim_en=f"The account {account} was set at {at} from {ip} to send mail on to {short(target)}; "
            f"the logs have {len(sent):,} entries of mail to it since.",
            because=(here, *(_gone(each) for each in sent[: self.parameters["shown"]])),
            confidence=Confidence.LIKELY,
            also_possible=(_WANTED, _GROUP),
            does_not_show=(NO_PERSON, NO_INTENT),
        )


def _gone(each: dict[str, Any]) -> Because:
    source, at = short(each["source"]), when(each["us"])
    return Because(
        ja=f"ログ {source}: {at}", en=f"the log {source}: {at}", record=str(each["id"]), address=str(each["address"])
    )


def _targets(row: dict[str, Any]) -> list[str]:
    """The addresses of other domains that the record names as targets."""
    detail = str(row["detail"] or "")
    texts = [*_PARAMETER.findall(detail), *_BARE.findall(detail)]
    named = {address.lower() for text in texts for address in _ADDRESS.findall(re.sub(r"(?i)smtp:", "", text))}
    own = str(row["account"]).rpartition("@")[2]
    return sorted(each for each in named if each.rpartition("@")[2] != own)
