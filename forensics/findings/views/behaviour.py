"""Days and hours of work, what an account usually does, and where its logins come from, as views.

``day_off`` has every day on which mail was sent and nobody had to work: weekends, Japanese holidays with their
substitutes (国民の祝日に関する法律, by jpholiday), the days from 29 December to 3 January, and what the table
``calendar`` says, which goes first. ``sent_by`` is mail that an own account sent by hand, with its hour of the day.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from ipaddress import ip_address, ip_network

import jpholiday

from forensics.casefile.view import CaseView
from forensics.findings.sql import make_table
from forensics.findings.views import View, by_sql

_NEW_YEAR = ((12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3))
_WORKS = ("work", "workday", "営業日", "出勤日")


def day_off(day: date) -> str:
    """What the day is called where nobody has to work; "" on a working day."""
    holiday = jpholiday.is_holiday_name(day)
    if holiday:
        return str(holiday)
    if (day.month, day.day) in _NEW_YEAR:
        return "年末年始"
    return ("土曜日", "日曜日")[day.weekday() - 5] if day.weekday() > 4 else ""


def _days(case: CaseView) -> None:
    stated = {row["day"]: row for row in case.rows("SELECT day, kind, name FROM calendar WHERE day IS NOT NULL")}
    rows = []
    for row in case.rows("SELECT DISTINCT day FROM mail WHERE day IS NOT NULL ORDER BY day"):
        day = row["day"]
        said = stated.get(day)
        name = day_off(day) if said is None else "" if said["kind"] in _WORKS else said["name"] or said["kind"]
        if name:
            rows.append({"day": day.isoformat(), "name": name})
    make_table(case, "day_off_known", ("day", "name"), rows)
    case.connection.execute("CREATE TEMP TABLE day_off AS SELECT day::DATE AS day, name FROM day_off_known")


SENT_BY = """
CREATE TEMP TABLE sent_by AS
SELECT mail.*, hour(local)::INTEGER AS hour_of_day
FROM mail
WHERE sender_internal AND NOT automatic AND utc IS NOT NULL
  AND sender NOT IN (SELECT lower(address) FROM bulk_senders)
  AND record NOT IN (SELECT message_id_ref FROM moment WHERE meaning = 'deferred')
  AND record NOT IN (SELECT message_id_ref FROM header WHERE lower(name) IN (
      'deferred-delivery', 'x-deferred-delivery', 'x-ms-exchange-organization-deferreddelivery'))
"""


def _networks(case: CaseView) -> None:
    """Which named network each address of a login is in; the narrowest goes first. What is no network is left out."""
    named = []
    for row in case.rows("SELECT network, label, country FROM networks"):
        with suppress(ValueError):
            named.append((ip_network(row["network"].strip(), strict=False), row))
    named.sort(key=lambda each: each[0].prefixlen, reverse=True)
    rows = []
    for row in case.rows("SELECT DISTINCT ip FROM login WHERE ip IS NOT NULL ORDER BY ip"):
        with suppress(ValueError):
            ip = ip_address(row["ip"].strip())
            known = next((said for network, said in named if ip.version == network.version and ip in network), None)
            if known is not None:
                rows.append({"ip": row["ip"], "label": known["label"], "country": known["country"]})
    make_table(case, "ip_named", ("ip", "label", "country"), rows)


VIEWS = {
    "ip_named": View(
        title=("ネットワークの名称", "named networks"), needs=("login", "networks"), make=_networks, optional=True
    ),
    "day_off": View(title=("休日", "days off"), needs=("mail", "calendar"), make=_days, optional=True),
    "sent_by": View(title=("送信メール", "sent mail"), needs=("mail", "bulk_senders"), make=by_sql(SENT_BY)),
}
