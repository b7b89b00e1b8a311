"""漏えい等の範囲の報告: by what way what went to whom, and of how many persons at least and at most (catalogue R13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from forensics.findings.reference import rows_of
from forensics.reports.papers import parts
from forensics.reports.papers.families import FAMILIES, PERSONAL
from forensics.reports.papers.incident import Incident
from forensics.reports.papers.incident_blocks import facts, findings_table, messages_table, note, titles
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Inline, Paragraph, Ref, Table, inline
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection

MOST_RECIPIENTS = 300


class LeakReport(Paper):
    """漏えい等の範囲（経路、項目、本人の数の最小・最大、受信者）の報告の案。所見から、または選んだメールから作る。"""

    name = "leak-report"
    title = "漏えい等の範囲 / extent of a leak (draft)"
    version = "1"
    heading = ("漏えい等の範囲に関する報告（案）", "Extent of the leak (draft)")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """Summary, route, items, persons, recipients, what remains open."""
        incident, heading = Incident(material, selection), parts.heading
        messages = incident.messages
        made: list[Block] = [parts.case_facts(material, "title", "client"), _basis(incident)]
        made += [heading(material, "１　経路", "1. Route"), *_route(incident, messages)]
        made += [heading(material, "２　情報の項目", "2. Items of data"), _items(incident, messages)]
        made += [heading(material, "３　本人の数", "3. Persons"), *_persons(incident)]
        made += [heading(material, "４　受信者", "4. Recipients"), *_recipients(incident, messages)]
        made += [heading(material, "５　回収・拡散の状況", "5. Recovery and spread"), *_after(incident)]
        return made


def _basis(incident: Incident) -> Paragraph:
    material = incident.material
    if incident.selected:
        return note(
            material,
            "対象は、作成時に選択されたメールである。",
            "This is about the messages that were chosen when it was written.",
        )
    return note(
        material,
        "対象は、漏えいに関わるルールの所見が指すメールである。所見には確度があり、すべてが漏えいであるとは限らない。",
        "This is about the messages that findings on leaks point to. Each has its confidence; not every one is a leak.",
    )


def _route(incident: Incident, messages: Sequence[dict[str, Any]]) -> Iterator[Block]:
    material, some = incident.material, False
    for name, found in incident.families():
        if FAMILIES[name].leak and name != PERSONAL:
            some = True
            yield parts.heading(material, *FAMILIES[name].title, 2)
            yield from findings_table(found, material)
    if not some:
        yield note(material, "経路に関する所見はない。", "There is no finding on the route.")
    yield parts.heading(material, "対象のメール", "The messages", 2)
    empty = ("対象のメールは特定されていない。", "No message has been singled out.")
    yield from messages_table(incident, messages, empty=empty)


def _items(incident: Incident, messages: Sequence[dict[str, Any]]) -> Block:
    attached = incident.attached(messages)
    files = [each for row in messages for each in attached.get(str(row["id"]), ())]
    count, size = len(files), sum(int(each["size"] or 0) for each in files)
    say = incident.material.say
    said = say(f"{count:,}個、{size:,}バイト", f"{count:,} with {size:,} bytes")
    return facts(
        incident.material,
        (
            (("個人データの項目", "Items of personal data"), incident.said("incident_items")),
            (("媒体・形式", "Medium and form"), incident.said("incident_media")),
            (("メール", "Messages"), (f"{len(messages):,}",)),
            (("添付ファイル", "Attached files"), (said,)),
        ),
    )


def _persons(incident: Incident) -> Iterator[Block]:
    material = incident.material
    least, most = incident.persons()
    yield facts(
        material,
        (
            (("最小", "At least"), least),
            (("最大", "At most"), most),
            (("数え方", "How counted"), incident.said("persons_basis")),
        ),
    )
    found = incident.of(PERSONAL)
    if found:
        yield from findings_table(found, material)
    else:
        yield note(
            material,
            "人数を数える所見（C03、C09、D06）はない。",
            "There is no finding that counts persons (C03, C09, D06).",
        )
    yield note(
        material,
        "最小は、確度が確実または推定の所見のうち最も多いもの（すべての所見が同じ人々に関する場合）。"
        "最大は、要確認を含む全所見の合計（重なりがない場合）。人数を述べない所見があるときは、最大は算出しない。",
        "The least is the largest count of a finding that is certain or likely, as if all were about the same persons. "
        "The most is the sum of all findings, as if none were. Where a finding states no count there is no sum.",
    )


def _recipients(incident: Incident, messages: Sequence[dict[str, Any]]) -> Iterator[Block]:
    material = incident.material
    own = {row["domain"].lower() for row in rows_of(material.case, "own_domains")}
    named: dict[str, tuple[set[str], set[str]]] = {}
    evidence = {str(row["id"]): str(row["evidence"]) for row in messages}
    for message, rows in incident.recipients(messages).items():
        for row in rows:
            roles, ids = named.setdefault(str(row["mail_address"] or row["name"] or ""), (set(), set()))
            roles.add(str(row["role"]))
            ids.add(message)
    outside = {who: each for who, each in named.items() if not _is_own(who, own)}
    rows_made: list[tuple[Inline, ...]] = []
    for who, (roles, ids) in sorted(outside.items(), key=lambda each: (-len(each[1][1]), each[0]))[:MOST_RECIPIENTS]:
        items = ", ".join(sorted({evidence[each] for each in ids}))
        rows_made.append(((who,), (", ".join(sorted(roles)),), (f"{len(ids):,}",), (Ref(evidence=items),)))
    yield facts(material, ((("依頼者の述べる漏えい先", "As the client states"), incident.said("leak_recipients")),))
    columns = (("アドレス", "Address"), ("欄", "Field"), ("通数", "Messages"), ("証拠", "Evidence"))
    yield Table(
        columns=titles(material, *columns),
        rows=tuple(rows_made),
        widths=(50, 16, 12, 22),
        empty=material.say("受信者は特定されていない。", "No recipient has been singled out."),
    )
    if len(outside) > MOST_RECIPIENTS:
        more = len(outside) - MOST_RECIPIENTS
        yield note(material, f"ほか{more:,}件。", f"{more:,} more addresses.")
    if own:
        yield note(material, f"自社のアドレス{len(named) - len(outside)}件を除く。", "Own addresses are left out.")
    else:
        yield note(
            material,
            "自社ドメインの表（own_domains）がないため、社内の受信者を含む。",
            "The table own_domains is missing, so own addresses are among them.",
        )


def _is_own(address: str, own: set[str]) -> bool:
    domain = address.rpartition("@")[2].lower()
    return any(domain == each or domain.endswith("." + each) for each in own)


def _after(incident: Incident) -> list[Block]:
    material = incident.material
    ja = "第三者に閲覧される前にすべて回収したと言えるか（漏えいに当たるか）。該当性は弁護士判断"
    en = "whether all was recovered before anyone read it, so that it is no leak; this is for counsel"
    rows = (
        (("未閲覧・削除の確認", "Word that it was not read and was deleted"), incident.said("recovered")),
        (("二次被害", "Secondary harm"), incident.said("secondary_harm")),
        (("漏えいへの該当性", "Whether this is a leak"), inline(parts.decide(material, ja, en))),
    )
    return [facts(material, rows)]
