"""The reference tables that a client supplies: what each is for and which columns it has (catalogue 1.0, DIR).

They are CSV files of the case, acquired and hashed like evidence; the newest version of each counts. All columns are
texts as the client wrote them; days are ``2026-05-31``, an empty end means "still so".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError, UsageError
from forensics.findings.finding import Pair

MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKind:
    """One kind of table. ``needed`` columns must have a value in every row; ``days`` are ISO dates or empty."""

    name: str
    title: Pair
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    days: tuple[str, ...] = ()


def _kind(name: str, ja: str, en: str, columns: str, needed: int = 1, days: str = "") -> TableKind:
    named = tuple(columns.split())
    return TableKind(name=name, title=(ja, en), columns=named, needed=named[:needed], days=tuple(days.split()))


KINDS: dict[str, TableKind] = {
    each.name: each
    for each in (
        _kind("own_domains", "自社ドメイン", "own domains", "domain since until note", days="since until"),
        _kind(
            "staff",
            "社員名簿（入社日・退職日・上長）",
            "staff with hire and leave dates and managers",
            "address name name_kana department title manager hired_on notice_on left_on role aliases note",
            days="hired_on notice_on left_on",
        ),
        _kind("partners", "取引先", "partners", "domain name address terms since until note", days="since until"),
        _kind("competitors", "競合他社", "competitors", "domain name note"),
        _kind("allowed_pairs", "許可された送信先", "allowed pairs of sender and domain",
              "sender domain until reason", 2, days="until"),
        _kind("private_addresses", "私用アドレス", "private addresses of accounts", "account address proof", 2),
        _kind("consumer_desks", "消費者・応募者対応窓口", "desks that write to consumers", "address note"),
        _kind("bulk_senders", "一斉送信を行うアカウント", "accounts that send in bulk", "address note"),
        _kind("shared_addresses", "共有アドレス", "shared mailboxes and their users", "address user since until", 2,
              days="since until"),
        _kind("groups", "メーリングリストと構成員", "lists and their members", "address member since until", 2,
              days="since until"),
        _kind("calendar", "休日・営業日", "days off and days of work", "day kind name", 2, days="day"),
        _kind("shifts", "勤務時間・シフト", "hours of work", "account weekday begins ends since until note", 4,
              days="since until"),
        _kind("travel", "出張・在外勤務", "travel and work abroad", "account since until zone note", 4,
              days="since until"),
        _kind("public_files", "公開資料", "public files", "sha256 name note"),
        _kind("cc_rules", "上長 Cc・強制 Bcc の規程", "rules on Cc to managers and forced Bcc",
              "kind scope address since until note", 2, days="since until"),
        _kind("protection_rules", "添付の暗号化の規程", "rules on encrypting attachments",
              "scope method since until note", 2, days="since until"),
        _kind("approval_rules", "上長承認の規程", "rules on approval before sending",
              "scope approver applies since until note", 1, days="since until"),
        _kind("delegates", "承認代行者", "delegates of approvers", "approver delegate since until", 2,
              days="since until"),
        _kind("systems", "送信制御の製品とその設定", "control systems and their settings",
              "system hold_seconds scope exceptions since until note", 1, days="since until"),
        _kind("clients", "部門と担当顧客の用語", "client names and terms by domain", "domain term note", 2),
        _kind("categories", "ドメインの分類", "categories of domains", "domain category note", 2),
        _kind("networks", "ネットワークの名称（VPN の出口など）", "named networks, such as VPN exits",
              "network label country note", 2),
        _kind("words", "検索語", "keywords", "list word weight note", 2),
        _kind("login_activity", "画面から書き写したログイン履歴", "login activity copied from a screen",
              "account at ip kind browser place captured_by captured_at", 4),
        _kind("verdicts", "マルウェア判定", "verdicts on files", "sha256 verdict engine at note", 2),
        _kind("freemail", "フリーメール等のドメイン（既定の一覧に代える）",
              "free mail, in place of the list brought along", "domain class", 2),
        _kind("shorteners", "短縮URLのホスト（既定の一覧に代える）", "hosts that shorten links, in place of the list",
              "host"),
        _kind("default_words", "既定の検索語に代える一覧", "keywords, in place of those by default",
              "list word weight language", 2),
        _kind("policies", "規程の原文と有効期間", "policies and when they held", "name since until text", 1,
              days="since until"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One table of the case: the file that the ledger lists, and the line that lists it."""

    name: str
    path: str
    sha256: str
    line: int


def versions(case: CaseView) -> tuple[Stored, ...]:
    """Every version of every table, in the order in which they were put in."""
    found = []
    for line in case.lines:
        if line.act == "table" and line.phase == "finished":
            (output,) = line.value["out"]
            name = str(line.value["params"]["table"])
            path, sha256 = str(output["path"]), str(output["sha256"])
            found.append(Stored(name=name, path=path, sha256=sha256, line=line.number))
    return tuple(found)


def stored(case: CaseView) -> tuple[Stored, ...]:
    """The newest version of each table of the case, in order of their names."""
    newest = {each.name: each for each in versions(case)}
    return tuple(newest[name] for name in sorted(newest))


def rows_of(case: CaseView, name: str) -> list[dict[str, str]]:
    """The rows of a table, checked against its hash; none where the case has no such table."""
    each = next((found for found in stored(case) if found.name == name), None)
    if each is None:
        return []
    data = case.read_output({"path": each.path, "sha256": each.sha256})
    try:
        return list(read_rows(name, data, each.path))
    except UsageError as error:
        raise IntegrityError(
            f"a table of the case is not as it was checked: {error.what}", place=each.path, todo=error.todo
        ) from error


def read_rows(name: str, data: bytes, place: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file with the columns of that kind of table; its first fault is a :class:`UsageError`."""
    kind = KINDS[name]
    faults = list(check(name, data))
    if faults:
        number, what = faults[0]
        more = f", and {len(faults) - 1:,} more" if len(faults) > 1 else ""
        raise UsageError(
            f"line {number} of this table {what}{more}",
            place=place,
            todo=f"mend the file; its columns are {', '.join(kind.columns)}",
        )
    for _, row in _read(data):
        yield {column: (row.get(column) or "").strip() for column in kind.columns}


def check(name: str, data: bytes) -> Iterator[tuple[int, str]]:
    """Every fault of a table: the line in the file and what is wrong with it, as the end of a sentence."""
    kind = KINDS[name]
    what = _unreadable(data) or _wrong_columns(kind, data)
    if what:
        yield 1, what
        return
    for number, row in _read(data):
        yield from ((number, fault) for fault in _faults(kind, row))


def _unreadable(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        return f"is not read, because the file has more than {MOST_BYTES >> 20} MiB"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cannot be read, because the file is not in UTF-8"
    return "cannot be read, because there is a NUL in it" if "\0" in text else ""


def _wrong_columns(kind: TableKind, data: bytes) -> str:
    named = [each.strip() for each in next(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")), [])]
    missing = [column for column in kind.needed if column not in named]
    if missing:
        return f"lacks the column {missing[0]}"
    unknown = [each for each in named if each not in kind.columns]
    if unknown:
        return f"has the column {unknown[0]!r}, which this table does not have"
    twice = [each for each in named if named.count(each) > 1]
    return f"has the column {twice[0]} twice" if twice else ""


def _faults(kind: TableKind, row: Mapping[str, str | None]) -> Iterator[str]:
    if None in row:
        yield "has more values than columns"
    for column in kind.needed:
        if not (row.get(column) or "").strip():
            yield f"has no {column}"
    for column in kind.days:
        text = (row.get(column) or "").strip()
        if text and not _is_day(text):
            yield f"has {text!r} as {column}, which is no day such as 2026-05-31"


def _is_day(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _read(data: bytes) -> Iterator[tuple[int, dict[str, str | None]]]:
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    reader.fieldnames = [each.strip() for each in reader.fieldnames or []]
    for row in reader:
        yield reader.line_num, row


def template(name: str) -> str:
    """An empty table with its columns."""
    return ",".join(KINDS[name].columns) + "\r\n"
