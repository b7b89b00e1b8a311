"""Makes the whole case: traffic, plants, journeys, deeds; then the sources, the tables and the truth."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.company import google, microsoft, postfix
from tests.company.deeds import do
from tests.company.journey import deliver
from tests.company.logfiles import write_logs
from tests.company.people import ACCOUNTS, EVERYONE, OUTSIDERS
from tests.company.plants import Plan, choose
from tests.company.stamps import iso
from tests.company.stores import write_stores
from tests.company.traffic import END, make_traffic
from tests.company.world import Truth, World, make_world


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was written: counts of messages sent, of copies and of log lines, and of what was planted, by kind."""

    mails: int
    copies: int
    lines: int
    planted: dict[str, int]


def build(seed: int, out: Path, *, scale: float = 1, planted: bool = True) -> Built:
    """Writes ``sources/``, ``tables/`` and ``truth.jsonl`` under ``out``; the same arguments give the same bytes."""
    mails = make_traffic(seed, scale)
    world = make_world(seed, OUTSIDERS)
    plan = choose(seed, mails) if planted else Plan()
    plan.before(world)
    for mail in mails:
        deliver(world, mail)
    for system in (postfix, microsoft, google):
        system.daily(world)
    do(world, plan)
    sources = out / "sources"
    places = write_stores(world, sources)
    write_logs(world, sources)
    _tables(world, out / "tables", places)
    _truth(world, out / "truth.jsonl")
    return Built(
        mails=len(mails),
        copies=sum(not each.gone for each in world.copies),
        lines=len(world.lines),
        planted=dict(sorted(Counter(each.kind for each in world.truths).items())),
    )


def _tables(world: World, out: Path, places: dict[str, str]) -> None:
    """The signing keys as a person would have fetched them, and where the mailbox of each account stands."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "dkim-keys.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(("selector", "domain", "record", "fetched", "by"))
        writer.writerows(
            (key.selector, key.domain, key.record(), iso(END)[:19] + "Z", "examiner") for key in world.keys.values()
        )
    with (out / "accounts.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(("address", "name", "system", "client", "mailbox"))
        writer.writerows((a.address, a.name, a.system, a.client, places[a.address]) for a in ACCOUNTS)
    with (out / "people.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(("address", "name", "inside"))
        writer.writerows((e.address, e.name, "yes" if e in ACCOUNTS else "no") for e in EVERYONE.values())


def _truth(world: World, path: Path) -> None:
    text = "".join(
        json.dumps(_as_object(number, each), ensure_ascii=False, sort_keys=True) + "\n"
        for number, each in enumerate(world.truths, start=1)
    )
    path.write_text(text, encoding="utf-8")


def _as_object(number: int, truth: Truth) -> dict[str, object]:
    return {
        "id": number,
        "kind": truth.kind,
        "innocent": truth.innocent,
        "accounts": truth.accounts,
        "message_ids": truth.message_ids,
        "lines": [{"file": line.file, "line": line.number, "what": line.what} for line in truth.lines],
        "say": truth.say,
        "facts": truth.facts,
    }
