"""The logs of transport against the clocks of the mail: the same Message-ID, at another time.

Where the log is of a host that wrote a Received field, both say when that host had the message. Elsewhere a log must
not have handled the message before it was written, nor a day and more after the last relay had it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from forensics.casefile.view import CaseView
from forensics.findings.authenticity import _adjusted, _logs
from forensics.findings.authenticity._clocks import count, rows
from forensics.findings.authenticity._words import (
    DST,
    HOUR,
    LIMITS,
    MINUTE,
    QUEUE,
    SECOND,
    SKEW,
    ZONE_SLIP,
    is_slip,
    short,
    span,
    unique,
    when,
)
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair

_FEWEST = 5
_DUPLICATE: Pair = ("同じ Message-ID を持つ別のメールのログである", "a log of another message with the same Message-ID")
_YEAR: Pair = (
    "ログの行が年または時差を記さず、読取りの際に補われた",
    "a line that states no year or zone, which the reader supplied",
)

# ``off`` is what the log says less what the mail says; 0 where they agree. Of the lines of one host the nearest counts.
COMPARED = """
CREATE OR REPLACE TEMP TABLE au_compared AS
WITH hop AS (
    SELECT message_id, split_part(host, '.', 1) AS short, host, fair_us, au_fair.id, au_fair.address, au_fair.says,
           au_mail.ref, logical_id
    FROM au_fair JOIN au_mail USING (ref) WHERE kind = 'hop' AND host IS NOT NULL AND message_id IS NOT NULL
), same AS (
    SELECT au_log.message_id, au_log.evidence, au_log.source, true AS same_host, au_log.id AS log_id,
           au_log.address AS log_address, au_log.us AS log_us, len(coalesce(assumed, [])) > 0 AS assumed,
           hop.id, hop.address, hop.says, hop.fair_us, ref, logical_id, au_log.us - fair_us AS off
    FROM au_log JOIN hop ON hop.message_id = au_log.message_id
         AND (hop.host = au_log.host OR (hop.short = au_log.host AND NOT contains(au_log.host, '.')))
    WHERE au_log.us IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY au_log.message_id, au_log.evidence, au_log.source
        ORDER BY abs(au_log.us - fair_us), au_log.address) = 1
), mail AS (
    SELECT au_date.message_id, min(least(au_date.fair_us, coalesce(first.us, au_date.fair_us))) AS begins,
           max(greatest(au_date.fair_us, coalesce(first.latest, au_date.fair_us))) AS ends,
           arg_min(au_date.date_id, au_date.address) AS id,
           min(date_address) AS address, arg_min(au_date.ref, au_date.address) AS ref,
           any_value(au_date.logical_id) AS logical_id
    FROM au_date LEFT JOIN (
        SELECT ref, min(fair_us) AS us, max(fair_us) AS latest FROM au_fair WHERE kind = 'hop' GROUP BY ref
    ) AS first USING (ref)
    WHERE au_date.message_id IS NOT NULL GROUP BY au_date.message_id
), logs AS (
    SELECT message_id, evidence, source, min(us) AS least, max(us) AS most, arg_min(id, us) AS least_id,
           arg_max(id, us) AS most_id, arg_min(address, us) AS least_address, arg_max(address, us) AS most_address,
           bool_or(len(coalesce(assumed, [])) > 0) AS assumed
    FROM au_log WHERE us IS NOT NULL GROUP BY message_id, evidence, source
), other AS (
    SELECT logs.message_id, logs.evidence, logs.source, false AS same_host,
           CASE WHEN most < begins THEN most_id ELSE least_id END AS log_id,
           CASE WHEN most < begins THEN most_address ELSE least_address END AS log_address,
           CASE WHEN most < begins THEN most ELSE least END AS log_us, assumed, mail.id, mail.address, 'Date' AS says,
           CASE WHEN most < begins THEN begins ELSE ends END AS fair_us, ref, logical_id,
           CASE WHEN most < begins THEN most - begins WHEN least > ends THEN least - ends ELSE 0 END AS off
    FROM logs JOIN mail USING (message_id)
    WHERE (logs.message_id, logs.evidence, logs.source) NOT IN (SELECT (message_id, evidence, source) FROM same)
)
SELECT * FROM same UNION ALL SELECT * FROM other
"""
# A log whose clock is off by a steady amount is one finding.
STEADY = f"""
CREATE OR REPLACE TEMP TABLE au_log_skew AS
WITH middle AS (
    SELECT evidence, source, median(off) AS middle, count(*) AS readings FROM au_compared GROUP BY evidence, source
    HAVING count(*) >= {_FEWEST}
)
SELECT evidence, source, CAST(any_value(middle) AS BIGINT) AS us, any_value(readings) AS readings,
       CAST(median(abs(off - middle)) AS BIGINT) AS spread
FROM au_compared JOIN middle USING (evidence, source) GROUP BY evidence, source
HAVING abs(any_value(middle)) > {MINUTE} AND median(abs(off - middle)) <= greatest({MINUTE}, abs(any_value(middle)) / 5)
"""  # noqa: S608 - filled with constants only


class LogAgainstMail:
    """A log of transport has the message at a time that its own clocks contradict."""

    name = "log-against-mail"
    title = "Log contradicts the mail"
    title_ja = "ログとメールの時刻の矛盾"
    title_en = "Log contradicts the mail"
    version = "1"
    needs = ("log_event", "message")
    parameters: ClassVar[dict[str, int]] = {"tolerance_seconds": 600, "late_hours": 24}

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """One finding for each message and log, and one for each log whose clock is off."""
        _adjusted.prepare(case)
        _logs.prepare(case)
        case.connection.execute(COMPARED)
        case.connection.execute(STEADY)
        considered = count(case, "SELECT count(*) AS n FROM au_compared")
        logged = count(case, "SELECT count(*) AS n FROM (SELECT DISTINCT message_id, evidence, source FROM au_log)")
        found = 0
        for row in case.rows("SELECT * FROM au_log_skew ORDER BY evidence, source"):
            found += 1
            yield self._skewed(case, row)
        for row in rows(case, self._sql()):
            found += 1
            yield self._finding(row)
        left = f"{logged - considered:,}"
        yield Looked(
            rule=self.name,
            version=self.version,
            considered=considered,
            found=found,
            could_not_read=logged - considered,
            why_not=(
                (
                    f"ログの {left}通はこの事件のメールにない",
                    f"{left} messages of the logs are not among the mail of this case",
                ),
            )
            if logged - considered
            else (),
        )

    def _sql(self) -> str:
        tolerance, late = self.parameters["tolerance_seconds"] * SECOND, self.parameters["late_hours"] * HOUR
        return f"""
            SELECT au_compared.*, off - coalesce(au_log_skew.us, 0) AS rest
            FROM au_compared LEFT JOIN au_log_skew USING (evidence, source)
            WHERE rest < {-tolerance} OR rest > CASE WHEN same_host THEN {tolerance} ELSE {late} END
            ORDER BY message_id, evidence, source
        """  # noqa: S608 - filled with numbers and constants only

    def _skewed(self, case: CaseView, row: dict[str, Any]) -> Finding:
        sql = "SELECT * FROM au_compared WHERE evidence = $1 AND source = $2 ORDER BY message_id LIMIT 5"
        kept = case.rows(sql, [row["evidence"], row["source"]])
        side = ("進んで", "ahead of") if row["us"] > 0 else ("遅れて", "behind")
        name, slip = f"{row['evidence']} {short(row['source'])}", is_slip(row["us"])
        return Finding(
            rule=self.name,
            version=self.version,
            subject=tuple(str(each["log_id"]) for each in kept),
            claim_ja=f"ログ {name} の時計は、メールの時計に対して"
            f"約{span(row['us'], 0)}{side[0]}いる（{row['readings']:,}件）。",
            claim_en=f"The clock of the log {name} stands about {span(row['us'], 1)} {side[1]} the clocks of the mail, "
            f"over {row['readings']:,} messages.",
            because=tuple(reason for each in kept for reason in _reasons(each, each["off"])),
            confidence=Confidence.POSSIBLE if slip else Confidence.LIKELY,
            also_possible=(ZONE_SLIP, DST, _YEAR) if slip else (QUEUE, _YEAR),
            does_not_show=LIMITS,
        )

    def _finding(self, row: dict[str, Any]) -> Finding:
        off, slip = row["rest"], is_slip(row["rest"])
        side = ("後", "after") if off > 0 else ("前", "before")
        weak = slip or row["assumed"] or (off > 0 and not row["same_host"])
        also: list[Pair] = [ZONE_SLIP, DST] if slip else []
        also += [_YEAR] if row["assumed"] else []
        also += [SKEW, _DUPLICATE, *([QUEUE] if off > 0 else [])]
        log, name = short(row["source"]), short(row["message_id"])
        return Finding(
            rule=self.name,
            version=self.version,
            subject=tuple(str(row[key]) for key in ("logical_id", "ref", "log_id") if row[key]),
            claim_ja=f"ログ {log} は {name} を、メールの時計より{span(off, 0)}{side[0]}に扱ったと記録している。",
            claim_en=f"The log {log} has {name} {span(off, 1)} {side[1]} the clocks of the mail.",
            because=tuple(_reasons(row, off)),
            confidence=Confidence.POSSIBLE if weak else Confidence.LIKELY,
            also_possible=unique(also),
            does_not_show=LIMITS,
        )


def _reasons(row: dict[str, Any], off: int) -> Iterator[Because]:
    log, at, mail = short(row["source"]), when(row["log_us"]), when(row["fair_us"])
    yield Because(
        ja=f"ログ {log}: {at}", en=f"the log {log}: {at}", record=str(row["log_id"]), address=str(row["log_address"])
    )
    says = short(row["says"])
    yield Because(
        ja=f"{says}: {mail}（差 {span(off, 0)}）",
        en=f"{says}: {mail}, {span(off, 1)} apart",
        record=str(row["id"]),
        address=str(row["address"]),
    )
