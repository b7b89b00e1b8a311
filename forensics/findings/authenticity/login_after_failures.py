"""Logins that succeeded after failures, from an address from which nobody had logged in as usual (catalogue T05, T06).

What was opened from that address afterwards is counted from the table ``access``; where the address lies is left to the
reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity._clocks import count, rows
from forensics.findings.authenticity._words import MINUTE, NO_INTENT, NO_PERSON, short, when
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair

_GOOD = "('login', 'userloggedin', 'sign_in', 'login_success')"
_BAD = "('login_failed', 'userloginfailed', 'sign_in_failed', 'login_failure')"
_NEW_PLACE: Pair = (
    "出張、在宅、携帯回線、VPN、新しい端末で、最初にパスワードを誤った",
    "travel, home, a mobile network, a VPN or a new device, and a password mistyped at first",
)
_OLD_PASSWORD: Pair = (
    "パスワード変更後に古いものを保存していた端末",
    "a device that still had an old password after a change",
)
_NO_READER: Pair = (
    "開かれたメールが読まれたことは示さない",
    "it does not show that what was opened was read",
)

# An address counts as usual where it was logged in from without failures just before, by whomever.
_SQL = f"""
    WITH told AS (
        SELECT id, address, lower(trim(actor)) AS account, actor_ip AS ip, epoch_us(utc) AS us,
               lower(operation) IN {_GOOD} AS good
        FROM log_event
        WHERE (lower(operation) IN {_GOOD} OR lower(operation) IN {_BAD}) AND actor_ip IS NOT NULL AND utc IS NOT NULL
    ), counted AS (
        SELECT *, count(*) FILTER (NOT good) OVER (
                   PARTITION BY account, ip ORDER BY us RANGE BETWEEN $WINDOW PRECEDING AND CURRENT ROW) AS failures
        FROM told
    ), usual AS (
        SELECT ip, min(us) AS since FROM counted WHERE good AND failures < $FAILURES GROUP BY ip
    ), first AS (
        SELECT account, min(us) AS us FROM told WHERE good GROUP BY account
    ), opened AS (
        SELECT counted.*, lag(counted.us) OVER (PARTITION BY counted.account, counted.ip ORDER BY counted.us) AS before
        FROM counted LEFT JOIN usual ON usual.ip = counted.ip AND usual.since < counted.us
        WHERE good AND failures >= $FAILURES AND usual.ip IS NULL
    )
    SELECT opened.account, opened.ip, opened.us, opened.id, opened.address, opened.failures,
           first.us < opened.us AS is_known,
           list({{'id': told.id, 'address': told.address, 'us': told.us}} ORDER BY told.us, told.id) AS tries
    FROM opened JOIN first USING (account) JOIN told ON told.account = opened.account AND told.ip = opened.ip
         AND NOT told.good AND told.us BETWEEN opened.us - $WINDOW AND opened.us
    WHERE before IS NULL OR opened.us - before > $WINDOW
    GROUP BY ALL ORDER BY opened.us, opened.account, opened.ip
"""  # noqa: S608 - filled with constants only
_READ = """
    SELECT count(DISTINCT coalesce(logical_id, message_id)) AS mails, count(DISTINCT folder) AS folders,
           coalesce(max(len(cannot_say)), 0) AS open
    FROM access WHERE account = $1 AND ip = $2 AND coalesce(last, first) >= to_timestamp($3 / 1000000)
"""


class LoginAfterFailures:
    """An account was logged in to after several failures, from an address that was not used as usual before."""

    name = "login-after-failures"
    title = "Login after failures from a new address"
    title_ja = "失敗後に新しいアドレスからログイン"
    title_en = "Login after failures from a new address"
    version = "1"
    needs = ("log_event",)
    parameters: ClassVar[dict[str, int]] = {"failures": 3, "window_minutes": 60, "many_failures": 5}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each account and address, and each time it was tried anew."""
        either = f"lower(operation) IN {_GOOD} OR lower(operation) IN {_BAD}"
        every = count(case, f"SELECT count(*) AS n FROM log_event WHERE {either}")  # noqa: S608 - constants
        dark = f"SELECT count(*) AS n FROM log_event WHERE ({either}) AND (actor_ip IS NULL OR utc IS NULL)"  # noqa: S608
        sql = _SQL.replace("$WINDOW", str(self.parameters["window_minutes"] * MINUTE))
        found = list(rows(case, sql.replace("$FAILURES", str(self.parameters["failures"]))))
        for row in found:
            (read,) = case.rows(_READ, [row["account"], row["ip"], row["us"]])
            yield self._finding(row, read)
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=every,
            found=len(found),
            could_not_read=count(case, dark),
        )

    def _finding(self, row: dict[str, Any], read: dict[str, Any]) -> Finding:
        account, ip, at, number = short(row["account"]), short(row["ip"]), when(row["us"]), row["failures"]
        sure = number >= self.parameters["many_failures"] and row["is_known"]
        ja = (
            f"アカウント {account} に、{number}回の失敗の後、それまで通常の利用のないアドレス {ip} からログインがあった"
        )
        en = f"The account {account} was logged in to at {at} from {ip}, after {number} failures and with no usual "
        return Finding(
            rule=self.name,
            version=self.version,
            subject=(str(row["id"]), *(str(each["id"]) for each in row["tries"])),
            claim_ja=f"{ja}（{at}）。以後このアドレスから開かれたと記録されるメールは{read['mails']:,}通。",
            claim_en=f"{en}login from there before; the logs have {read['mails']:,} messages opened from it since.",
            because=(
                Because(
                    ja=f"ログイン: {at}", en=f"a login at {at}", record=str(row["id"]), address=str(row["address"])
                ),
                *(_tried(each) for each in row["tries"]),
            ),
            confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
            also_possible=(_NEW_PLACE, _OLD_PASSWORD),
            does_not_show=(NO_PERSON, NO_INTENT, _NO_READER),
        )


def _tried(each: dict[str, Any]) -> Because:
    at = when(each["us"])
    return Because(ja=f"失敗: {at}", en=f"a failure at {at}", record=str(each["id"]), address=str(each["address"]))
