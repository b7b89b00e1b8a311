"""``timeline.csv``: the whole timeline for a spreadsheet, one row for each event, in the columns a lawyer expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics.casefile.view import CaseView
from forensics.reports import inputs, words
from forensics.reports.sidecars import facts_of
from forensics.reports.sink import Sink

FILE_NAME = "timeline.csv"

# Field, Japanese heading, English heading; the first column is the row's number.
COLUMNS = (
    ("number", "番号", "No."),
    ("local", "日時（{zone}）", "Time ({zone})"),
    ("utc", "日時（UTC）", "Time (UTC)"),
    ("meaning", "時刻の意味", "Meaning"),
    ("actor", "行為者（アカウント等）", "Account or host"),
    ("sentence", "行為", "What is recorded"),
    ("recipients", "相手方", "Counterpart"),
    ("subject", "件名", "Subject"),
    ("store_path", "フォルダ", "Folder"),
    ("evidence", "証拠番号", "Evidence"),
    ("address", "位置", "Address"),
    ("recovery", "所在・復元の別", "Recovery"),
    ("seen_in", "写しの数", "Copies"),
    ("is_repeat", "写しの同一記録", "Repeat"),
    ("basis", "時刻の根拠", "Basis"),
    ("says", "記録元の項目", "Field"),
    ("zone", "元の時差の記載", "Zone"),
    ("offset_minutes", "元の時差（分）", "Offset (min)"),
    ("raw", "原表記", "As written"),
    ("precision", "精度", "Precision"),
    ("sender", "差出人", "Sender"),
    ("attachment_count", "添付数", "Attachments"),
    ("message_ref", "メール記録ID", "Message record"),
    ("logical_id", "論理メールID", "Logical message"),
    ("event_id", "記録ID", "Event"),
)


class TimelineCsv:
    """Every event of the timeline as a table for spreadsheets."""

    name = "timeline-csv"
    title = "Timeline as CSV"
    version = "1"

    def write(self, case: CaseView, out: Sink) -> None:
        """Write ``timeline.csv`` and what stands beside it."""
        inputs.need_timeline(case)
        language = words.index(case.facts.language)
        headings = {row[1 + language].format(zone=case.facts.time_zone): row[0] for row in COLUMNS}
        table = out.excel(FILE_NAME, list(headings), _rows(case, language))
        out.sidecar(FILE_NAME, facts_of(case, f"{self.name} {self.version}", table, headings))


def _rows(case: CaseView, language: int) -> Iterator[list[Any]]:
    fields = [name for name, _, _ in COLUMNS]
    tables = {"meaning": words.MEANINGS, "basis": words.BASES, "recovery": words.RECOVERIES, "zone": words.ZONES}
    worded = [(fields.index(name), table) for name, table in tables.items()]
    repeat = fields.index("is_repeat")
    for number, values in enumerate(inputs.rows(case, _sql(case, language)), start=1):
        row = [number, *values]
        for index, table in worded:
            row[index] = words.word(table, row[index], language)
        row[repeat] = words.YES[language] if row[repeat] else ""
        yield row


def _sql(case: CaseView, language: int) -> str:
    own = {
        "local": inputs.local_text("utc", case.facts.time_zone),
        "utc": inputs.utc_text("utc", "utc_ns"),
        "sentence": f"sentence_{words.LANGUAGES[language]}",
    }
    wanted = ", ".join(f"{own.get(name, name)} AS {name}_" for name, _, _ in COLUMNS[1:])
    order = "event.utc NULLS LAST, utc_ns NULLS LAST, evidence, address, position, event_id"
    return f"SELECT {wanted} FROM event ORDER BY {order}"  # noqa: S608 - own column names only
