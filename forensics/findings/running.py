"""Runs one card over a case: says why it is not run where evidence is missing, else asks its SQL or its detector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from forensics.casefile.view import CaseView
from forensics.findings import asking, packs, views
from forensics.findings.card import Card, Value
from forensics.findings.finding import Finding, Looked, Pair

_TABLES: dict[str, Pair] = {
    "message": ("メール", "messages"),
    "header": ("ヘッダー欄", "header fields"),
    "moment": ("時刻の記録", "clock readings"),
    "log_event": ("ログ", "log events"),
    "text": ("本文", "body texts"),
    "attachment": ("添付ファイル", "attachments"),
    "mail_rule": ("振分けルール", "mail rules"),
    "signature": ("DKIM・ARC の署名", "DKIM or ARC signatures"),
}
WITHHELD: Pair = (
    "実行していない: 二者承認の事件では本文を検索しない",
    "not run, because the texts of a case under two-person control are not searched",
)
ASSUMED: Pair = (
    "自社ドメインは、証拠にあるアカウントから推定した（表 own_domains で指定できる）",
    "the own domains were told from the accounts in evidence; the table own_domains states them",
)


def run(case: CaseView, card: Card, values: Mapping[str, Value]) -> Iterator[Finding | Looked]:
    """Every finding of a card, then one :class:`Looked`, with why it was not run or what it had to assume."""
    if case.vault is not None and card.stage > 1:
        yield Looked(rule=card.id, version=card.version, why_not=(WITHHELD,))
        return
    read = (*card.needs, *card.uses, *card.requires)
    views.prepare(case, read)
    why = lacking(case, card.needs, card.requires)
    if why:
        yield Looked(rule=card.id, version=card.version, why_not=why)
        return
    found = packs.detector(card).look(case, card, values) if card.detector else asking.ask(case, card, values)
    for each in found:
        if isinstance(each, Looked) and _assumes(case, read):
            yield replace(each, why_not=(*each.why_not, ASSUMED))
        else:
            yield each


def lacking(case: CaseView, needs: Iterable[str], requires: Iterable[str] = ()) -> tuple[Pair, ...]:
    """What the case lacks of what a rule needs to run at all, a sentence for each.

    A table of the client may be missing, unless the rule ``requires`` it.
    """
    wanted = (*requires, *(name for name in needs if not _optional(name)))
    missing = (name for name in wanted if not _has_rows(case, name))
    titles = dict.fromkeys(_title(name) for name in missing)
    return tuple(
        (f"実行していない: この事件に{ja}がない", f"not run, because this case holds no {en}") for ja, en in titles
    )


def _optional(name: str) -> bool:
    view = views.known().get(name)
    return view is not None and view.optional


def _title(name: str) -> Pair:
    return views.known()[name].title if name in views.known() else _TABLES.get(name, (name, name))


def _has_rows(case: CaseView, name: str) -> bool:
    return views.has_table(case, name) and bool(case.rows(f'SELECT 1 AS n FROM "{name}" LIMIT 1'))  # noqa: S608 - a known name


def _assumes(case: CaseView, names: Iterable[str]) -> bool:
    if "own_domains" not in views.below(names):
        return False
    return bool(case.rows("SELECT 1 AS n FROM own_domains WHERE assumed LIMIT 1"))
