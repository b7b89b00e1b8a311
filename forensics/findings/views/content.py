"""What attachments say and whether they are locked, and what a message says in its own words, as views.

``file_state`` has a row for each attachment by its SHA-256, ``file_text`` one for each text in it with its place;
``key`` is folded for finding. ``body`` has a row for each message: ``own`` is what its sender wrote there, without
quoted lines, forwarded messages, signature, and sentences that stand in a fifth of the mail of that sender (a footer).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from forensics import tables
from forensics.casefile.view import FILE_CONTENT, CaseView
from forensics.findings.sql import make_table
from forensics.findings.views import View
from forensics.formats.html_text import to_text
from forensics.formats.identity import search_key
from forensics.formats.own_words import own_words
from forensics.schemas import Type

_CHUNK = 40_000
_LONGEST = 200_000
"""Characters of one message that are looked at; longer ones are listings."""
_FOOTER_SHARE, _FOOTER_LEAST = 0.2, 5

_STATES = """
CREATE TEMP TABLE file_state AS
SELECT sha256, state, kind, detail, problem FROM file_content WHERE position = 0
"""
_TEXTS = """
CREATE TEMP VIEW file_text AS
SELECT sha256, position, part, text, key FROM file_content WHERE position > 0
"""
_NO_STATES = """
CREATE TEMP TABLE file_state (sha256 VARCHAR, state VARCHAR, kind VARCHAR, detail VARCHAR, problem VARCHAR)
"""
_NO_TEXTS = """
CREATE TEMP TABLE file_text (sha256 VARCHAR, position INTEGER, part VARCHAR, text VARCHAR, key VARCHAR)
"""

_BODIES = """
SELECT best_copy.logical_id, best_copy.record, message.address, lower(trim(message.sender_address)) AS sender,
       text.kind, text.position, text.text
FROM best_copy JOIN text ON text.message_id_ref = best_copy.record JOIN message ON message.id = best_copy.record
WHERE text.text IS NOT NULL AND hash(best_copy.record) % $chunks = $number
ORDER BY best_copy.logical_id, text.position
"""
_BARE: tuple[tuple[str, Type], ...] = (
    ("logical_id", "text"),
    ("record", "text"),
    ("address", "text"),
    ("sender", "text"),
    ("own", "text"),
)
_BODY = (*_BARE, ("own_key", "text"))
_FOOTERS = f"""
WITH counted AS (
    SELECT sender, count(*) AS mails FROM body_bare GROUP BY sender HAVING count(*) >= {_FOOTER_LEAST}
), said AS (
    SELECT body_bare.sender,
           unnest(list_distinct(list_transform(string_split(own, chr(10)), lambda x: trim(x)))) AS line
    FROM body_bare JOIN counted USING (sender)
)
SELECT said.sender, line FROM said JOIN counted USING (sender) WHERE length(line) >= 4
GROUP BY said.sender, line, mails HAVING count(*) >= greatest({_FOOTER_LEAST}, {_FOOTER_SHARE} * mails)
"""  # noqa: S608 - filled with constants only


def _states(case: CaseView) -> None:
    case.connection.execute(_STATES if case.has(FILE_CONTENT) else _NO_STATES)


def _texts(case: CaseView) -> None:
    case.connection.execute(_TEXTS if case.has(FILE_CONTENT) else _NO_TEXTS)


def _body(case: CaseView) -> None:
    """In pieces, because the texts of a case do not fit into memory; DuckDB puts what is too much aside."""
    bare, body = (tables.of_rows(columns, []) for columns in (_BARE, _BODY))
    _append(case, "body_bare", bare, new=True)
    _append(case, "body", body, new=True)
    if case.vault is not None:
        return
    (counted,) = case.rows("SELECT count(*) AS n FROM text")
    chunks = int(counted["n"]) // _CHUNK + 1
    for number in range(chunks):
        rows = case.rows(_BODIES, {"chunks": chunks, "number": number})  # type: ignore[arg-type]
        _append(case, "body_bare", tables.of_rows(_BARE, list(_messages(rows))))
    footers: defaultdict[str, set[str]] = defaultdict(set)
    for row in case.rows(_FOOTERS):
        footers[row["sender"]].add(row["line"])
    for number in range(chunks):
        rows = case.rows("SELECT * FROM body_bare WHERE hash(record) % $1 = $2", [chunks, number])
        made = [(*(row[name] for name, _ in _BARE[:-1]), *_without(row["own"], footers[row["sender"]])) for row in rows]
        _append(case, "body", tables.of_rows(_BODY, made))
    case.connection.execute("DROP TABLE body_bare")


def _append(case: CaseView, name: str, rows: object, *, new: bool = False) -> None:
    case.connection.register("waiting_rows", rows)
    verb = f"CREATE TEMP TABLE {name} AS" if new else f"INSERT INTO {name}"
    case.connection.execute(f"{verb} SELECT * FROM waiting_rows")  # noqa: S608 - names of this program
    case.connection.unregister("waiting_rows")


def _messages(rows: list[dict[str, str]]) -> Iterator[tuple[str, ...]]:
    """One row for each message, of its plain texts or, where it has none, of the others."""
    texts: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        texts[row["logical_id"]].append(row)
    for found in texts.values():
        plain = [row["text"] for row in found if row["kind"] == "plain"]
        said = plain or [to_text(row["text"]) if row["kind"] == "html" else row["text"] for row in found]
        first = found[0]
        own = own_words("\n".join(said)[:_LONGEST])
        yield first["logical_id"], first["record"], first["address"], first["sender"], own


def _without(own: str, footers: set[str]) -> tuple[str, str]:
    if footers:
        own = "\n".join(line for line in own.split("\n") if line.strip() not in footers)
    return own, search_key(own)


def _words(case: CaseView) -> None:
    """The words by default and those of the client, each with its key; ``ascii`` words end at their borders."""
    asked = "SELECT list, word, weight FROM words UNION ALL SELECT list, word, weight FROM default_words"
    found: dict[tuple[str, str], dict[str, str | None]] = {}
    for row in case.rows(asked):
        key = search_key(row["word"] or "").strip()
        if key:
            each = {"list": row["list"], "word": row["word"], "key": key, "weight": str(row["weight"] or "1")}
            found.setdefault((row["list"], key), each)
    make_table(case, "word_known", ("list", "word", "key", "weight"), list(found.values()))
    case.connection.execute(
        "CREATE TEMP TABLE word AS SELECT list, word, key, coalesce(try_cast(weight AS DOUBLE), 1) AS weight, "
        "CASE WHEN regexp_full_match(key, '[a-z0-9 _.-]+') THEN '\\b' || regexp_escape(key) || '\\b' END AS pattern "
        "FROM word_known"
    )


VIEWS = {
    "file_state": View(title=("読み取った添付ファイル", "attachments read"), needs=(FILE_CONTENT,), make=_states),
    "file_text": View(title=("添付ファイルの文字", "texts of attachments"), needs=(FILE_CONTENT,), make=_texts),
    "body": View(title=("本文", "body texts"), needs=("best_copy",), make=_body),
    "word": View(title=("検索語", "keywords"), needs=("words", "default_words"), make=_words),
}
