"""削除の依頼状と回答書: a letter to whoever got mail by mistake, and the form on which the answer comes back (R16).

What the recipient states (not read, deleted, not passed on) bears on whether there was a leak; that is for counsel.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics.reports.papers import parts
from forensics.reports.papers.incident import Incident
from forensics.reports.papers.incident_blocks import facts, messages_table, note, titles
from forensics.reports.papers.material import Material
from forensics.reports.papers.model import Block, Fact, Facts, Missing, PageBreak, Paragraph, Signature, Table
from forensics.reports.papers.paper import Paper
from forensics.reports.selection import Selection
from forensics.reports.words import Pair

_ASKED: tuple[Pair, ...] = (
    ("メール及び添付ファイルを開かず、内容を閲覧しないこと。", "Do not open the message or its files."),
    ("受信箱、ごみ箱、端末、共有フォルダー、バックアップから削除すること。",
     "Delete it from inbox, bin, devices, shared folders and backups."),
    ("転送、複製、印刷、第三者への提供をしないこと。既にした場合はその内容を知らせること。",
     "Do not forward, copy, print or pass it on; if that was done, say how."),
    ("別紙の回答書に記入し、返送すること。", "Fill in the reply form and send it back."),
)  # fmt: skip
_REPLY: tuple[tuple[Pair, Pair], ...] = (
    (("閲覧", "Read"), ("□ 閲覧していない　□ 件名・本文のみ閲覧した　□ 添付ファイルも閲覧した",
                       "□ not read   □ subject and body only   □ the files too")),
    (("閲覧した者・日時", "Read by whom, when"), ("", "")),
    (("削除", "Deleted"), ("□ すべて削除した　□ 一部残っている　□ 削除していない",
                        "□ all   □ some is left   □ not deleted")),
    (("削除の日時・場所（受信箱、ごみ箱、端末、バックアップ）",
      "Deleted when, and where (inbox, bin, devices, backups)"), ("", "")),
    (("転送・複製・印刷・提供", "Forwarded, copied, printed, passed on"),
     ("□ していない　□ した（相手・内容：　　　　　　　　　　）", "□ no   □ yes (to whom, what:                    )")),
    (("自動転送・共有の設定", "Automatic forwarding or sharing"),
     ("□ ない　□ ある（内容：　　　　　　　　　　）", "□ none   □ yes (which:                    )")),
    (("残っているものと理由", "What is left, and why"), ("", "")),
)  # fmt: skip


class DeletionRequest(Paper):
    """誤送信メールの削除依頼状と回答書の案。対象のメールは選ぶか、所見から取る。"""

    name = "deletion-request"
    title = "削除依頼状・回答書 / request to delete and reply form (draft)"
    version = "1"
    heading = ("電子メールの削除のお願い（案）", "Request to delete an e-mail (draft)")

    def blocks(self, material: Material, selection: Selection | None) -> list[Block]:
        """The letter, the reply form, and the sheet that is kept."""
        incident = Incident(material, selection)
        # What went to others has no place in this letter: without a choice it names no message.
        messages = incident.messages if incident.selected else []
        made: list[Block] = [*_head(incident), *_letter(incident)]
        made += [parts.heading(material, "対象の電子メール", "The message", 2)]
        made += _named(incident, messages)
        made += [parts.heading(material, "お願いする事項", "What we ask", 2)]
        made += parts.numbered([(material.say(*each),) for each in _ASKED])
        made += [PageBreak(), *_form(material), PageBreak(), *_kept(incident)]
        return [*made, *messages_table(incident, messages, empty=("選択されていない。", "None was chosen."))]


def _head(incident: Incident) -> Iterator[Block]:
    material = incident.material
    day = parts.decide(material, "依頼の日付、送付の方法", "date and way of sending")
    yield Paragraph(runs=(day,), style="right")
    to = incident.said("leak_recipients", ref=False)
    yield Paragraph(runs=(*to, material.say("　御中・様", "")))
    yield Paragraph(runs=incident.said("letter_sender", ref=False), style="right")


def _named(incident: Incident, messages: list[dict[str, Any]]) -> Iterator[Block]:
    material = incident.material
    if not messages:
        what = material.say("対象のメール（--message または --where で選ぶ）", "the message (--message or --where)")
        yield Paragraph(runs=(Missing(what=what),))
        return
    yield from messages_table(incident, messages, places=False)
    to = {row["mail_address"] for rows in incident.recipients(messages).values() for row in rows}
    if len(to) > 1:
        ja = f"受信者が{len(to)}者ある。受信者ごとに、その者に届いたメールだけの依頼状に分けるか"
        en = f"{len(to)} recipients: whether to write to each of them, about what that one received only"
        yield Paragraph(runs=(parts.decide(material, ja, en),), style="note")


def _letter(incident: Incident) -> Iterator[Block]:
    said = incident.material.say(
        "下記の電子メールを、誤って貴殿（貴社）に送信しました。お手数をおかけし申し訳ございませんが、次の事項をお願いいたします。",
        "The message below was sent to you by mistake. We are sorry for the trouble and ask you for the following.",
    )
    ja, en = "文言、法的根拠を書くか、電話等による先行連絡", "wording, whether to name a legal basis, calling first"
    yield Paragraph(runs=(said, parts.decide(incident.material, ja, en)))


def _form(material: Material) -> Iterator[Block]:
    yield parts.heading(material, "回答書", "Reply form")
    yield Paragraph(
        runs=(
            material.say(
                "依頼を受けた電子メールについて、次のとおり回答します。", "On the message named in your letter I state:"
            ),
        )
    )
    rows = tuple(Fact(name=material.say(*name), value=(material.say(*value),)) for name, value in _REPLY)
    yield Facts(rows=rows)
    signed = tuple(
        material.say(*each)
        for each in (("会社名・部署", "Organisation"), ("日付", "Date"), ("署名・押印", "Signature"))
    )
    yield Signature(role=material.say("回答者氏名", "Name"), name=(), lines=signed)


def _kept(incident: Incident) -> Iterator[Block]:
    material = incident.material
    yield parts.heading(material, "控え（送付しない）", "Kept on file (not sent)")
    ja = "未閲覧・削除の回答を得た場合に、漏えいに当たらないと言えるか。該当性は弁護士判断"
    en = "whether it is no leak once the recipient states that it was not read and was deleted"
    rows = (
        (("回答の内容", "What was answered"), incident.said("recovered")),
        (("評価", "Assessment"), (parts.decide(material, ja, en),)),
    )
    yield facts(material, rows)
    columns: tuple[Pair, ...] = (
        ("相手", "To"),
        ("依頼した日時・方法", "Asked when, how"),
        ("回答の日時", "Answered"),
        ("証跡（回答書の所在）", "Proof"),
    )
    yield Table(columns=titles(material, *columns), rows=(((),) * 4,) * 3, widths=(28, 26, 20, 26), tall=True)
    yield note(
        material, "以下は、依頼状の対象の証拠上の所在である。", "Where the messages of the letter lie in the evidence:"
    )
