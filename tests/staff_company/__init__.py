# ruff: noqa: E501 - a line of a log or a letter stays one line
"""A Japanese company of some hundred people with nine months of ordinary mail, and incidents planted in it.

``python -m tests.staff_company --seed N --out DIR [--people 200] [--messages 300000] [--unplanted]`` writes under DIR

    sources/      home/<account>/mail/{INBOX,Sent} (mbox), log/maillog-*, hold/, audit/, pc/, dlp/ (a CSV a month)
    tables/       the client's tables: own_domains, staff, partners, competitors ...
    truth.jsonl   one object for each plant: row (of the catalogue), innocent, guard, say, accounts, message_ids,
                  window (seconds), lines (file, line), also (other rows that it is a case of)
    expected.json by row, ordinary mails that the row asks for all the same, such as locked archives for P03
    dlp.yaml      the mapping for the alerts of the DLP

``messages`` counts what is stored in mailboxes; each mail is stored about twice. It is written from the catalogue alone, apart from the rules that are held against it. :mod:`tests.staff_company.judge` holds them.
"""

from __future__ import annotations

from tests.staff_company.build import SMALL, Built, build

__all__ = ["SMALL", "Built", "build"]
