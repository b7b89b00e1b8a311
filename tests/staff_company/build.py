"""Makes the whole: people, plants, day after day of mail; then the logs, the client's tables and the truth."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.staff_company import (
    cloud,
    plants_behaviour,
    plants_content,
    plants_control,
    plants_destination,
    plants_protection,
    traffic,
)
from tests.staff_company.people import DAYS, FIRST_DAY, HOLIDAYS, OWN, OWN_ABROAD, at, make_company
from tests.staff_company.stage import PLANTS, Stage
from tests.staff_company.traffic import BATCH, BROCHURE, GUARDED, MANAGED, MANUAL, NEWS, RECRUIT, SUPPORT
from tests.staff_company.world import Truth, World

_PLANTS = (plants_behaviour, plants_content, plants_control, plants_destination, plants_protection)
SMALL = (
    "D01",
    "D02",
    "D03",
    "D04",
    "D05a",
    "D06",
    "D07",
    "D10",
    "D13a",
    "C01",
    "C03",
    "C05",
    "P01",
    "P06",
    "T01",
    "T05",
    "T06",
    "X1",
    "X3",
    "X4",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was written: mails sent, copies in mailboxes, lines of the server's log, plants by row."""

    mails: int
    copies: int
    lines: int
    planted: dict[str, int]
    innocent: dict[str, int]


def build(
    seed: int,
    out: Path,
    *,
    people: int = 200,
    messages: int = 300_000,
    planted: bool = True,
    plants: Sequence[str] = (),
) -> Built:
    """Writes ``sources/``, ``tables/`` and ``truth.jsonl``; the same arguments give the same bytes."""
    assert all(_PLANTS)
    world = World(seed, make_company(seed, people), out)
    ordinary = traffic.prepare(world, seed, messages)
    stage = Stage(world, ordinary, seed)
    _tables(world)
    plants_behaviour.tables_of_networks(stage)
    plants_behaviour.tables_of_hours(stage)
    if planted:
        for name in sorted(plants or PLANTS, key=lambda each: (each not in ("D02", "T04"), each)):
            PLANTS[name](stage)
    _staff(world)
    for day in range(DAYS):
        mails = [*traffic.day_mails(ordinary, day), *world.planned.pop(day, ())]
        for mail in sorted(mails, key=lambda each: (each.at, each.mid)):
            world.deliver(mail)
        traffic.logins(ordinary, day)
        if day % 7 == 6:
            world.flush(at(day, 0))
    world.flush(at(DAYS + 60, 0))
    _logs(world)
    _write_tables(world)
    _truth(world)
    kinds = Counter(each.row for each in world.truths if not each.innocent)
    innocent = Counter(each.row for each in world.truths if each.innocent)
    return Built(
        mails=world.mails,
        copies=world.copies,
        lines=world.lines,
        planted=dict(sorted(kinds.items())),
        innocent=dict(sorted(innocent.items())),
    )


def _tables(world: World) -> None:
    add, company = world.table, world.company
    add("own_domains", domain=OWN, since="2005-04-01", until="", note="本社")
    add("own_domains", domain=OWN_ABROAD, since="2005-04-01", until="", note="海外営業")
    for each in company.partners:
        add(
            "partners",
            domain=each.domain,
            name=each.name,
            address="",
            terms=each.term,
            since="2020-04-01",
            until="",
            note="",
        )
        add("clients", domain=each.domain, term=each.term, note="")
        add("clients", domain=each.domain, term=each.name, note="")
    for person in company.traders:
        add(
            "partners",
            domain=person.domain,
            name=person.name,
            address=person.address,
            terms="",
            since="2020-04-01",
            until="",
            note="個人事業者",
        )
    add("consumer_desks", address=SUPPORT, note="お客様窓口")
    add("consumer_desks", address=RECRUIT, note="採用窓口")
    add("bulk_senders", address=NEWS, note="広報")
    add("bulk_senders", address=BATCH, note="バッチ")
    for file in (BROCHURE, MANUAL):
        add("public_files", sha256=file.sha256, name=file.name, note="")
    for holiday in sorted(HOLIDAYS):
        add("calendar", day=str(holiday), kind="holiday", name="休日")
    add(
        "cc_rules",
        kind="manager",
        scope=MANAGED,
        address="",
        since="2025-09-01",
        until="",
        note="購買部の社外メールは上長を Cc に入れる",
    )
    add(
        "protection_rules",
        scope=GUARDED,
        method="password",
        since="2025-09-01",
        until="",
        note="経理部の社外添付はパスワード付き",
    )
    add(
        "approval_rules",
        scope="*",
        approver="manager",
        applies="attachments",
        since="2025-09-01",
        until="",
        note="社外宛て添付は上長承認",
    )
    add(
        "systems",
        system="generic",
        hold_seconds="300",
        scope="*",
        exceptions="kogaisha-hoshikawa.example",
        since="2025-09-01",
        until="",
        note="社外宛てはすべて保留",
    )


def _staff(world: World) -> None:
    for address, members in world.groups.items():
        for member in members:
            world.table(
                "groups", address=address, member=member.address, since="2025-09-01", until=str(member.left or "")
            )
    for each in world.company.staff:
        world.table(
            "staff",
            address=each.address,
            name=each.name,
            name_kana="",
            department=each.department,
            title=each.title,
            manager=each.manager.address if each.manager else "",
            hired_on=str(each.hired),
            notice_on=str(each.notice or ""),
            left_on=str(each.left or ""),
            role="",
            aliases="",
            note="",
        )


def _csv(path: Path, columns: Sequence[str], rows: Sequence[dict[str, str]], encoding: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="", errors="strict") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(columns), restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


_HOLD = [
    "管理番号",
    "受付日時",
    "処理",
    "処理日時",
    "承認者",
    "差出人",
    "宛先",
    "件名",
    "Message-ID",
    "添付ファイル",
    "サイズ",
    "閲覧日時",
    "ルール名",
    "コメント",
]
_PC = ["日時", "端末名", "ユーザー名", "操作", "ファイル名", "ファイルパス", "操作先", "URL", "SHA256", "サイズ"]
_DLP = [
    "検知日時",
    "アラートID",
    "イベント",
    "ユーザー名",
    "差出人",
    "宛先",
    "件名",
    "Message-ID",
    "添付ファイル",
    "ルール名",
]


_MAPPING = """extends: generic-dlp-ja
system: generic-dlp-ja
source: "made for a test"
"""
"""What a person says of the table of the DLP: by itself it would be read as that of any agent."""


def _logs(world: World) -> None:
    """The tables of the gateway, the computers and the cloud, a file for each month."""
    shapes = {
        "hold": (_HOLD, "utf-8-sig"),
        "pc": (_PC, "cp932"),
        "dlp": (_DLP, "utf-8-sig"),
        "audit": (cloud.COLUMNS, "utf-8-sig"),
    }
    for kind, (columns, encoding) in shapes.items():
        months: dict[str, list[tuple[float, dict[str, str], Truth | None]]] = {}
        for each in sorted(world.rows[kind], key=lambda row: row[0]):
            months.setdefault(_month(each[0]), []).append(each)
        for month, held in months.items():
            name = f"{kind}/{kind}-{month}.csv"
            _csv(world.out / "sources" / name, columns, [row for _, row, _ in held], encoding)
            for number, (_, _, truth) in enumerate(held, start=2):
                if truth is not None:
                    truth.lines.append((name, number))
    world.lines += sum(map(len, world.rows.values()))


def _month(when: float) -> str:
    return f"{FIRST_DAY + timedelta(days=int((when - at(0, 0)) // 86400)):%Y-%m}"


def _write_tables(world: World) -> None:
    for name, rows in sorted(world.tables.items()):
        _csv(world.out / "tables" / f"{name}.csv", list(rows[0]), rows, "utf-8")


def _truth(world: World) -> None:
    lines = []
    for number, each in enumerate(world.truths, start=1):
        value = {
            "id": number,
            "row": each.row,
            "innocent": each.innocent,
            "guard": each.guard,
            "say": each.say,
            "accounts": each.accounts,
            "message_ids": each.message_ids,
            "window": [round(t) for t in each.window],
            "also": list(each.also),
            "lines": [{"file": file, "line": line} for file, line in each.lines],
        }
        lines.append(json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n")
    (world.out / "truth.jsonl").write_text("".join(lines), encoding="utf-8")
    expected = json.dumps(world.expected, ensure_ascii=False, sort_keys=True)
    (world.out / "expected.json").write_text(expected + "\n", encoding="utf-8")
    (world.out / "dlp.yaml").write_text(_MAPPING, encoding="utf-8")
