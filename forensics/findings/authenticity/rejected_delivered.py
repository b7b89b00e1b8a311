"""A message that a log says was refused or cancelled for an account, and that reached that account after all.

Reconciliation X1 of a hold or approval system, and of any relay: rejected, but delivered. A temporary refusal (a reply
code that begins with 4) is how greylisting works and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _logs
from forensics.findings.authenticity._clocks import count, prepare, rows
from forensics.findings.authenticity._words import NO_INTENT, NO_PERSON, SKEW, short, when
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair

_REFUSED = (
    "rejected", "reject", "refused", "cancelled", "canceled", "discarded", "expired", "blocked", "bounced", "failed",
    "fail", "undeliverable", "undelivered", "denied",
)  # fmt: skip
_DELIVERED = ("sent", "delivered", "deliver", "success")
_RELEASED: Pair = ("保留が後から承認・解除された", "a hold that was released or approved afterwards")
_RESENT: Pair = (
    "同じメールの再送、または別の経路での配送",
    "the same message sent again, or delivered by another way",
)
_OTHER: Pair = ("同じアカウントの別名宛てが拒否された", "an alias of the account was refused, and another one was not")

# A stored copy tells of the account that it was delivered to, or that it alone was sent to: To names all of them.
# One row for each refusal that was followed by a delivery to the same account: in a log, or as a stored copy with hops.
_SQL = f"""
    WITH told AS (
        SELECT *, lower(unnest(CASE WHEN len(coalesce(recipients, [])) > 0 THEN recipients
                                    ELSE [recipient] END)) AS account
        FROM au_log
    ), refused AS (
        SELECT * FROM told
        WHERE (list_contains({list(_REFUSED)}, operation)
               OR regexp_matches(status, '^({"|".join(_REFUSED)})\\b'))
          AND NOT regexp_matches(status, '^4\\d\\d\\b|\\b4\\d\\d [45]\\.\\d|\\b4\\.\\d\\.\\d|greylist')
    ), logged AS (
        SELECT refused.id AS refusal, arg_min(told.id, told.us) AS id, arg_min(told.address, told.us) AS address,
               min(told.us) AS us, arg_min(told.source, told.us) AS says
        FROM refused JOIN told ON told.message_id = refused.message_id AND told.account = refused.account
        WHERE list_contains({list(_DELIVERED)}, told.operation)
           OR regexp_matches(told.status, '^({"|".join(_DELIVERED)})\\b')
        GROUP BY refused.id
    ), addressed AS (
        SELECT message_id_ref AS ref, lower(mail_address) AS account, max(role = 'delivered_to') AS named
        FROM recipient WHERE role IN ('to', 'cc', 'bcc', 'delivered_to') AND mail_address IS NOT NULL
        GROUP BY message_id_ref, lower(mail_address)
    ), alone AS (SELECT ref, count(*) = 1 AS alone FROM addressed GROUP BY ref),
    stored AS (
        SELECT refused.id AS refusal, arg_max(au_mail.last_id, named) AS id,
               arg_max(au_mail.last_address, named) AS address, arg_max(au_mail.last_us, named) AS us,
               arg_max(au_mail.ref, named) AS ref, arg_max(au_mail.logical_id, named) AS logical_id
        FROM refused JOIN au_mail ON au_mail.message_id = refused.message_id AND hops > 0
        JOIN addressed ON addressed.ref = au_mail.ref AND addressed.account = refused.account
        JOIN alone ON alone.ref = au_mail.ref
        WHERE named OR alone
        GROUP BY refused.id
    ), mail AS (
        SELECT message_id, arg_min(ref, address) AS ref, arg_min(logical_id, address) AS logical_id FROM au_mail
        WHERE message_id IS NOT NULL GROUP BY message_id
    )
    SELECT refused.message_id, refused.account, arg_min(refused.id, refused.us) AS id,
           arg_min(refused.address, refused.us) AS address, min(refused.us) AS us,
           arg_min(refused.operation, refused.us) AS operation, arg_min(refused.source, refused.us) AS source,
           any_value(logged.id) AS log_id, any_value(logged.address) AS log_address, any_value(logged.us) AS log_us,
           any_value(logged.says) AS log_says, any_value(stored.id) AS hop_id, any_value(stored.address) AS hop_address,
           any_value(stored.us) AS hop_us, coalesce(any_value(stored.ref), any_value(mail.ref)) AS ref,
           coalesce(any_value(stored.logical_id), any_value(mail.logical_id)) AS logical_id
    FROM refused LEFT JOIN logged ON logged.refusal = refused.id LEFT JOIN stored ON stored.refusal = refused.id
    LEFT JOIN mail ON mail.message_id = refused.message_id
    WHERE (logged.id IS NOT NULL OR stored.id IS NOT NULL) AND refused.account IS NOT NULL
    GROUP BY refused.message_id, refused.account ORDER BY refused.message_id, refused.account
"""  # noqa: S608 - filled with constants only


class RejectedDelivered:
    """A log says that the message was refused for an account, and it was delivered to that account."""

    name = "rejected-but-delivered"
    title = "Rejected but delivered"
    title_ja = "拒否の記録があるのに配送"
    title_en = "Rejected but delivered"
    version = "1"
    needs = ("log_event", "message")
    parameters: ClassVar[dict[str, int]] = {}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each message and account."""
        prepare(case)
        _logs.prepare(case)
        considered = count(case, "SELECT count(DISTINCT message_id) AS n FROM au_log")
        every = count(case, "SELECT count(*) AS n FROM log_event")
        joined = count(case, "SELECT count(*) AS n FROM au_log")
        found = 0
        for row in rows(case, _SQL):
            found += 1
            yield self._finding(row)
        left = f"{every - joined:,}"
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=considered,
            found=found,
            could_not_read=every - joined,
            why_not=((f"ログ {left}行は配送のメールを特定しない", f"{left} log lines name no message in transport"),)
            if every - joined
            else (),
        )

    def _finding(self, row: dict[str, Any]) -> Finding:
        account, message, verb = short(row["account"]), short(row["message_id"]), short(row["operation"])
        return Finding(
            rule=self.name,
            version=self.version,
            subject=tuple(str(row[key]) for key in ("logical_id", "ref", "id") if row[key]),
            claim_ja=f"アカウント {account} 宛ての {message} は、ログで {verb} とされた後も配送された記録がある。",
            claim_en=f"{message} for the account {account} is logged as {verb}, "
            "and is recorded as delivered all the same.",
            because=tuple(_reasons(row)),
            confidence=Confidence.LIKELY,
            also_possible=(_RELEASED, _RESENT, _OTHER, SKEW),
            does_not_show=(NO_PERSON, NO_INTENT, ("開封されたかは示さない", "it does not show whether it was read")),
        )


def _reasons(row: dict[str, Any]) -> Iterator[Because]:
    verb, at, source = short(row["operation"]), when(row["us"]), short(row["source"])
    ja, en = f"ログ {source}: {verb} {at}", f"the log {source}: {verb} at {at}"
    yield Because(ja=ja, en=en, record=row["id"], address=row["address"])
    if row["log_id"]:
        says, at = short(row["log_says"]), when(row["log_us"])
        ja, en = f"ログ {says}: 配送 {at}", f"the log {says}: delivered at {at}"
        yield Because(ja=ja, en=en, record=row["log_id"], address=row["log_address"])
    if row["hop_id"]:
        at = when(row["hop_us"])
        ja, en = f"中継の記録のある写しがある: {at}", f"a stored copy that was relayed: {at}"
        yield Because(ja=ja, en=en, record=row["hop_id"], address=row["hop_address"])
