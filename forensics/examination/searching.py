"""Full-text search in a case: the index in ``work.sqlite``, made when it is first needed, and what queries find in it.

The index is no evidence: it is on no ledger line, nothing verifies it, no bundle holds it, and it is made anew when the
records have changed. A case under two-person control has none, because it would hold the texts in clear.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics import canonical
from forensics.casefile.acts import Act
from forensics.casefile.lock import FileLock
from forensics.casefile.view import CONTENT, CaseView
from forensics.errors import UsageError
from forensics.examination.station import Progress
from forensics.examination.timelining import inputs_of
from forensics.findings import reference
from forensics.findings.searching import asking, sources
from forensics.findings.searching import query as queries
from forensics.findings.searching.excerpts import Excerpt, count, excerpt
from forensics.findings.searching.index import VERSION, Index, IndexWriter, opened, state_of
from forensics.timeline.query import instant

FILE_NAME = "work.sqlite"
DATE, RANK = "date", "rank"
_EXCERPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """The index that answers: how many messages and texts it holds, and whether the texts of attachments are in it."""

    path: Path
    messages: int
    texts: int
    attachments: bool
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One message that answers; ``utc`` is in microseconds since 1970, ``fields`` where the wanted words stand."""

    message: str
    utc: int | None
    evidence: str
    address: str
    recovery: str
    subject: str
    sender: str
    fields: tuple[str, ...]
    hits: int
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How many messages answer, and the first of them."""

    messages: int
    shown: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordCount:
    """A word of a list: in how many messages it stands and how often; ``why_not`` where it cannot be looked for."""

    list: str
    word: str
    messages: int
    hits: int
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which of the messages that answer are wanted: from a time on, before a time, of a person, and in which order."""

    since: int | None = None
    until: int | None = None
    person: str = ""
    order: str = DATE


def limits_of(zone: str, between: tuple[str, str] | None, person: str, order: str) -> Limits:
    """What a person wrote; days and times without a zone are in ``zone``."""
    if not between:
        return Limits(person=person, order=order)
    since, until = instant(between[0], zone), instant(between[1], zone, end=True)
    return Limits(since=_micro(since.timestamp()), until=_micro(until.timestamp()), person=person, order=order)


def _micro(seconds: float) -> int:
    return round(seconds * 1_000_000)


def prepared(folder: Path, progress: Progress, *, again: bool = False) -> Searched:
    """The index of a case, made of the newest records unless it is of just these."""
    case = CaseView(folder)
    if case.vault is not None:
        raise UsageError(
            "this case is under two-person control, and an index would hold its texts in clear",
            place=str(folder),
            todo="look for words with 'forensics review', which takes the two people",
        )
    inputs = _inputs(case)
    path = folder / FILE_NAME
    state = {} if again else state_of(path)
    if state.get("inputs") != inputs:
        _built(case, path, inputs, progress)
        state = state_of(path)
    return Searched(
        path=path,
        messages=int(state["messages"]),
        texts=int(state["texts"]),
        attachments=bool(state["files"]),
        zone=case.facts.time_zone,
    )


def _inputs(case: CaseView) -> str:
    """The digest of all that the index depends on: records, texts of attachments, how texts are folded."""
    records = inputs_of(case)
    if not records:
        raise UsageError("there are no records yet", place=str(case.folder), todo="run 'forensics parse' first")
    line = case.newest(Act.FIND, rule=CONTENT)
    files = [str(output["sha256"]) for output in line.value["out"]] if line is not None else []
    value = {"version": VERSION, "unicode": unicodedata.unidata_version, "records": records, "files": files}
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def _built(case: CaseView, path: Path, inputs: str, progress: Progress) -> None:
    lock = FileLock(path.with_name(f"{FILE_NAME}.lock"))
    lock.take()
    counts = case.counts()
    progress.begin("making the search index", items=counts["message"] + counts["text"])
    try:
        writer = IndexWriter(path)
        try:
            state = sources.fill(case, writer, lambda items: progress.advance(0, items))
            writer.finish({**state, "inputs": inputs})
        except BaseException:
            writer.abandon()
            raise
    finally:
        progress.end()
        lock.give_back()


def ask(index: Index, query: queries.Query, limits: Limits, *, limit: int | None) -> Answer:
    """The number of messages that answer a query and the first ``limit`` of them."""
    found, chosen = _chosen(index, query, limits)
    ordered = asking.ranked(found, chosen) if limits.order == RANK else sorted(chosen)
    shown = tuple(_hit(index, n, found[n], query.wanted) for n in ordered[:limit])
    return Answer(messages=len(chosen), shown=shown)


def _chosen(index: Index, query: queries.Query, limits: Limits) -> tuple[dict[int, int], set[int]]:
    found = asking.matches(index, query)
    chosen = set(found)
    if limits.since is not None or limits.until is not None:
        chosen &= set(index.between(limits.since, limits.until))
    if limits.person:
        person = queries.literal(limits.person)
        chosen &= {n for field in ("from", "to") for n in asking.places(index, queries.within(person, field))}
    return found, chosen


def _hit(index: Index, n: int, bits: int, wanted: Sequence[queries.Term]) -> Hit:
    excerpts: list[Excerpt] = []
    hits = 0
    for field, where, doc in _texts(index, n, bits):
        text = index.text(doc)
        for term in wanted:
            if term.field not in ("", field):
                continue
            hits += count(text, term)
            seen = excerpt(text, term, field, where) if len(excerpts) < _EXCERPTS else None
            excerpts += [seen] if seen is not None else []
    known = index.message(n)
    return Hit(
        message=known["id"],
        utc=known["utc"],
        evidence=known["evidence"],
        address=known["address"],
        recovery=known["recovery"],
        subject=known["subject"] or "",
        sender=known["sender"] or "",
        fields=tuple(name for at, name in enumerate(queries.FIELDS) if bits >> at & 1),
        hits=hits,
        excerpts=tuple(excerpts),
    )


def _texts(index: Index, n: int, bits: int) -> Iterator[tuple[str, str, int]]:
    """The texts of the fields in which something stands, each once."""
    seen: set[int] = set()
    for field, where, doc in index.texts_of(n):
        if bits >> queries.FIELDS.index(field) & 1 and doc not in seen:
            seen.add(doc)
            yield field, where, doc


def check(said: str) -> None:
    """Refuse, before an index is made, what is no query."""
    queries.parse(said)


def found_by(searched: Searched, said: str, limits: Limits, *, limit: int | None) -> Answer:
    """What a query finds."""
    query = queries.parse(said)
    with opened(searched.path) as index:
        return ask(index, query, limits, limit=limit)


def lists_of(folder: Path, file: Path | None) -> dict[str, tuple[str, ...]]:
    """The words of a file, one on each line; without one the lists of the table ``words`` of the case."""
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError("the list of words is not in UTF-8", place=str(file), todo="save it as UTF-8") from error
        found = {file.name: queries.words_of(iter(text.splitlines()))}
    else:
        found = {}
        for row in reference.rows_of(CaseView(folder), "words"):
            found[row["list"]] = (*found.get(row["list"], ()), row["word"])
    if not any(found.values()):
        raise UsageError(
            "there are no words to look for",
            place=str(file or folder),
            todo="write one word on each line, or add the table 'words' with 'forensics case tables'",
        )
    return found


def counted(
    searched: Searched, lists: dict[str, tuple[str, ...]], limits: Limits, progress: Progress
) -> Iterator[tuple[WordCount, list[Hit]]]:
    """For each word of the lists how often it stands where, and the messages in which it does, in the order of time."""
    progress.begin("counting words", items=sum(map(len, lists.values())))
    with opened(searched.path) as index:
        for name, words in lists.items():
            for word in words:
                yield _counted(index, name, word, limits)
                progress.advance(0, 1)
    progress.end()


def _counted(index: Index, name: str, word: str, limits: Limits) -> tuple[WordCount, list[Hit]]:
    try:
        query = queries.Query(groups=((queries.literal(word),),))
    except UsageError as error:
        return WordCount(list=name, word=word, messages=0, hits=0, why_not=error.what), []
    answer = ask(index, query, limits, limit=None)
    hits = sum(hit.hits for hit in answer.shown)
    return WordCount(list=name, word=word, messages=answer.messages, hits=hits), list(answer.shown)
