"""悪用防止の対応一覧: what has to be done now, why, until when, with columns for time and proof (rows R16 and C07)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forensics.reports.papers import parts
from forensics.reports.papers.deadlines import day_of, deadlines, rule_on
from forensics.reports.papers.families import rule_of
from forensics.reports.papers.incident import Found, Incident
from forensics.reports.papers.incident_blocks import note, titles
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Inline, Ref, Strong, Table, inline
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection
from forensics.reports.words import Pair

MOST_CREDENTIALS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Action:
    """One thing to do, the rules that call for it (none: always), and until when."""

    what: Pair
    rules: frozenset[str] = frozenset()
    due: Pair = ("直ちに", "at once")


def _rules(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ACTIONS = (
    _Action(what=("証拠の保全（自動削除の停止、ログの保存期間の確認、端末の確保）",
                  "preserve evidence (stop automatic deletion, look at how long logs are kept, secure devices)")),
    _Action(what=("パスワードの変更、セッションと更新トークンの失効", "change passwords, end sessions, revoke tokens"),
            rules=_rules("C07 T05 T06 T07 D13 P11 P12 P14")),
    _Action(what=("アカウント・API鍵・VPNの停止又はロック", "stop or lock accounts, API keys, VPN"),
            rules=_rules("C07 T04 T05 T06 D13 P14")),
    _Action(what=("転送設定・受信ルール・委任の確認と削除（削除前に記録）",
                  "look at forwarding, inbox rules and delegates; record them, then remove them"),
            rules=_rules("D13 T05 T06 P14")),
    _Action(what=("誤送信先への削除の依頼と回答の取得（deletion-request）",
                  "ask recipients to delete, get the reply (deletion-request)"),
            rules=_rules("D01 D02 D03 D05 D06 D07 D08 D09 C03 C05 C06 C09")),
    _Action(what=("URL化した添付・共有リンクの公開停止、ダウンロード記録の確認",
                  "revoke links to files, look at who downloaded"), rules=_rules("P04 P06 D01 D02 D05")),
    _Action(what=("マルウェアの隔離、開封した端末の切離し、受信者への注意喚起",
                  "quarantine malware, take devices off the network, warn recipients"),
            rules=_rules("P08 P09 P10 P13 P14")),
    _Action(what=("カード会社・金融機関への連絡と監視", "tell card companies and banks, watch for misuse"),
            rules=_rules("C03")),
    _Action(what=("悪用・なりすましの監視（ログイン、送信、検索エンジン、名称の悪用）",
                  "watch for misuse (logins, outgoing mail, public places, use of names)"),
            due=("継続", "ongoing")),
    _Action(what=("本人への通知（person-notice）", "notify the persons (person-notice)"),
            due=("速やかに", "promptly")),
    _Action(what=("取引先・関係者への連絡、公表の要否の検討", "tell partners; consider publication"),
            due=("速やかに", "promptly")),
    _Action(what=("警察・監督官庁への相談", "talk to the police and other authorities"),
            due=("要判断", "to be decided")),
)  # fmt: skip


class ActionChecklist(Paper):
    """悪用防止の対応一覧：対応、理由となる所見、期限、担当、実施日時、証跡。"""

    name = "action-checklist"
    title = "対応一覧 / action checklist"
    version = "1"
    wide = True
    heading = ("悪用防止・初動対応の一覧", "Action checklist")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """What to do, the credentials to change, what was done."""
        incident, heading = Incident(material, selection), parts.heading
        made: list[Block] = [parts.case_facts(material, "title", "client")]
        made += [heading(material, "対応", "To do"), _table(incident)]
        made += [heading(material, "変更を要する認証情報", "Credentials to be changed"), _credentials(incident)]
        made += [heading(material, "実施した対応", "What was done"), *_done(incident)]
        return made


def _table(incident: Incident) -> Table:
    material = incident.material
    found = [Found(rule=told, value=each) for told in incident.told for each in told.findings]
    why = {action: [each for each in found if rule_of(each.rule.rule) in action.rules] for action in _ACTIONS}
    ordered = sorted(_ACTIONS, key=lambda action: bool(action.rules) and not why[action])
    told = [_row(action, why[action], material) for action in ordered]
    told.insert(1, _report(incident))
    rows = [((f"□ {number}",), *cells) for number, cells in enumerate(told, 1)]
    columns = (
        ("番号", "No."),
        ("対応", "Action"),
        ("理由（所見）", "Why (findings)"),
        ("期限", "Due"),
        ("担当", "Who"),
        ("実施日時", "Done at"),
        ("証跡", "Proof"),
    )
    return Table(columns=titles(material, *columns), rows=tuple(rows), widths=(6, 31, 19, 12, 9, 11, 12), tall=True)


def _row(action: _Action, why: list[Found], material: Material) -> tuple[Inline, ...]:
    reason: Inline = (material.say("常に", "always"),)
    if why:
        rules = ", ".join(sorted({each.rule.rule for each in why}))
        lines = tuple(sorted({each.rule.line for each in why}))
        reason = inline(material.say(f"所見{len(why)}件", f"{len(why)} findings"), Ref(lines=lines, source=rules))
    elif action.rules:
        reason = (material.say("所見なし。要否を確認", "no finding; consider whether needed"),)
    return (material.say(*action.what),), reason, (material.say(*action.due),), (), (), ()


def _report(incident: Incident) -> tuple[Inline, ...]:
    material = incident.material
    known = day_of(incident.stated("incident_known"))
    rule = rule_on(known) if known else None
    due: Inline = (incident.unknown("incident_known"),)
    if known is not None and rule is not None:
        _, early, final, improper = deadlines(known, rule)
        days = [material.calendar.date(each.due) for each in (early, final, improper)]
        due = (
            Strong(
                text=material.say("速報 {} 確報 {}（不正目的 {}）", "first {}, final {} (improper {})").format(*days)
            ),
        )
    what = material.say("個人情報保護委員会への報告（ppc-report）", "report to the authority (ppc-report)")
    ja, en = "該当性は弁護士判断", "whether it must be reported"
    return (what,), (parts.decide(material, ja, en),), due, (), (), ()


def _credentials(incident: Incident) -> Table:
    material = incident.material
    found = [
        Found(rule=told, value=each) for told in incident.told if rule_of(told.rule) == "C07" for each in told.findings
    ]
    columns = (("番号", "No."), ("記録", "Record"), ("根拠", "Source"), ("変更日時", "Changed at"), ("証跡", "Proof"))
    rows: tuple[tuple[Inline, ...], ...] = tuple(
        ((f"□ {number}",), (each.claim(material.language),), (each.ref,), (), ())
        for number, each in enumerate(found[:MOST_CREDENTIALS], 1)
    )
    return Table(
        columns=titles(material, *columns),
        rows=rows,
        widths=(7, 45, 18, 15, 15),
        empty=material.say(
            "認証情報の所見（C07）はない。実行していない場合を含む。",
            "There is no finding of C07, which may not have been run.",
        ),
        tall=True,
    )


def _done(incident: Incident) -> Iterator[Block]:
    material = incident.material
    listed = incident.listed("actions_taken")
    if not listed:
        yield parts.numbered([(incident.unknown("actions_taken"),)])[0]
        return
    line = Ref(lines=(material.answers.lines_of()["actions_taken"],))
    yield from parts.numbered([inline(each, line) for each in listed])
    yield note(
        material,
        "上は申告による。証跡と照合して確かめる。",
        "This is as stated; hold it against the proof.",
    )
