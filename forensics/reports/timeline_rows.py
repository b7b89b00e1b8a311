"""What the timeline page shows: its events as coded columns, and for each message what the detail pane adds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics.casefile.view import CaseView
from forensics.reports import inputs, packing, words
from forensics.reports.visible import visible, visible_lines

EXCERPT = 2000
EXCERPTS_IN_ALL = 8_000_000
"""So many characters of body text at the most go into one page; with more, it carries none and says so."""
_NAMES_CUT = 2000

TEXTS = (
    "meaning",
    "basis",
    "says",
    "zone",
    "offset_minutes",
    "precision",
    "raw",
    "actor",
    "sentence_ja",
    "sentence_en",
    "subject",
    "sender",
    "recipients",
    "evidence",
    "store_path",
    "address",
    "recovery",
    "message_ref",
    "logical_id",
)
_NUMBERS = ("position", "depth", "attachment_count", "seen_in")
_ORDER = "event.utc NULLS LAST, event.utc_ns NULLS LAST, event.evidence, event.address, event.position, event.event_id"


def total(case: CaseView) -> int:
    """How many events the case has."""
    return int(case.rows("SELECT count(*) AS n FROM event")[0]["n"])


def months(case: CaseView) -> list[tuple[str, int]]:
    """Months in the case's zone with their events, in order; "" holds those without a time."""
    month = inputs.local_text("utc", case.facts.time_zone)
    sql = f"SELECT coalesce(left({month}, 7), '') AS m, count(*) AS n FROM event GROUP BY m"  # noqa: S608 - own names
    return sorted(((row["m"], row["n"]) for row in case.rows(sql)), key=lambda each: (each[0] == "", each[0]))


def payload(case: CaseView, month: str | None, first: int, count: int) -> dict[str, Any]:
    """``count`` events from the ``first`` of a month, or of all with ``None``, as the page reads them."""
    marked = _places_of_problems(case)
    wanted: dict[str, list[Any]] = {name: [] for name in ("sec", "off", "repeat", "rival", "trouble", *_NUMBERS)}
    fractions = packing.Coded()

    def texts() -> Iterator[tuple[Any, ...]]:
        for row in inputs.rows(case, _sql(case, month, first, count)):
            sec, fraction = _instant(row[0], row[1])
            wanted["sec"].append(sec)
            fractions.append(fraction)
            for index, name in enumerate(("off", "repeat", "rival", *_NUMBERS), start=2):
                wanted[name].append(int(row[index]) if row[index] is not None else 0)
            wanted["trouble"].append(1 if row[9] in marked else 0)
            yield row[10:]

    coded = packing.columns(TEXTS, texts())
    coded["fraction"] = fractions.pack()
    wanted["sec"] = _deltas(wanted["sec"])
    tables = {"meaning": words.MEANINGS, "basis": words.BASES, "recovery": words.RECOVERIES, "zone": words.ZONES}
    tables |= {"tier": words.TIERS, "confidence": words.CONFIDENCES, "ground": words.GROUNDS}
    return {"n": len(wanted["off"]), "texts": coded, "numbers": wanted, "words": tables}


def _sql(case: CaseView, month: str | None, first: int, count: int) -> str:
    zone = case.facts.time_zone.replace("'", "''")
    off = f"(epoch_us(event.utc AT TIME ZONE '{zone}') - epoch_us(event.utc AT TIME ZONE 'UTC')) // 1000000"
    numbers = ", ".join(f"event.{name}" for name in _NUMBERS)
    texts = ", ".join(f"event.{name} AS {name}_" for name in TEXTS)
    where = ""
    if month is not None:
        where = f"WHERE coalesce(left({inputs.local_text('event.utc', zone)}, 7), '') = '{month}'"
    return f"""
        SELECT epoch_us(event.utc AT TIME ZONE 'UTC'), event.utc_ns, {off}, event.is_repeat,
               coalesce(logical.same_id_other_body, 0), {numbers}, event.address, {texts}
        FROM event LEFT JOIN logical ON logical.message_ref = event.message_ref
        {where} ORDER BY {_ORDER} LIMIT {count} OFFSET {first}
    """  # noqa: S608 - own column names only


def _instant(micros: int | None, nanos: int | None) -> tuple[int | None, str]:
    """Whole seconds, and the digits after the point."""
    if micros is None:
        return None, ""
    sec, rest = divmod(micros * 1000 if nanos is None else nanos, 10**9)
    return sec, f"{rest:09d}".rstrip("0")


def _deltas(values: list[int | None]) -> list[int | None]:
    """Each second as its distance from the one before: rows come in order of time, so these are small."""
    before, found = 0, []
    for value in values:
        found.append(None if value is None else value - before)
        before = before if value is None else value
    return found


def _places_of_problems(case: CaseView) -> set[str]:
    """The address of every problem and of everything that it lies in."""
    found: set[str] = set()
    for (address,) in inputs.rows(case, "SELECT DISTINCT address FROM problem"):
        while address.count("/") > 1 and address not in found:
            found.add(address)
            address = address.rpartition("/")[0]
    return found


def details(case: CaseView, refs: list[str], logical: list[str]) -> tuple[dict[str, Any], bool]:
    """What messages say of themselves, and the start of each plain body by logical message; whether bodies fit."""
    known, wanted = set(refs), set(logical)
    messages = {row[0]: [_names(value) for value in row[1:]] for row in inputs.rows(case, _DETAILS) if row[0] in known}
    if case.withheld:
        # The head of the page says how many.
        return {"messages": messages, "bodies": {}}, True
    size = case.rows(_BODY_SIZE)[0]["n"] or 0
    fits = size <= EXCERPTS_IN_ALL
    bodies = {}
    if fits:
        for ref, text, length in inputs.rows(case, _BODIES):
            if ref in wanted:
                bodies[ref] = [visible_lines(text), length]
    return {"messages": messages, "bodies": bodies}, fits


def _names(value: Any) -> str:
    text = "" if value is None else str(value)
    return visible(text if len(text) <= _NAMES_CUT else f"{text[:_NAMES_CUT]}… [{len(text)}]")


_DETAILS = """
    WITH named AS (
        SELECT message_id_ref, string_agg(coalesce(name, '?') || ' (' || coalesce(size::VARCHAR, '?')
               || ' bytes, SHA-256 ' || coalesce(sha256, '?') || ')', '; ' ORDER BY position, id) AS names
        FROM attachment GROUP BY message_id_ref
    ), how AS (
        SELECT message_id_ref, min_by(tier, id) AS tier, min_by(confidence, id) AS confidence,
               min_by(basis, id) AS basis, min_by(coalesce(page_offset::VARCHAR, ''), id) AS page,
               min_by(coalesce(block::VARCHAR, ''), id) AS block, min_by(coalesce(same_as, ''), id) AS same_as,
               min_by(array_to_string(overwritten, '; '), id) AS overwritten
        FROM recovered_item WHERE message_id_ref IS NOT NULL GROUP BY message_id_ref
    ), twins AS (
        SELECT same_as, count(*)::VARCHAR AS n FROM recovered_item WHERE same_as IS NOT NULL GROUP BY same_as
    )
    SELECT message.id, sender, "to", cc, bcc, message_id, names, item_class, message.integrity, span_start, span_end,
           tier, confidence, basis, page, block, how.same_as, overwritten, twins.n
    FROM message LEFT JOIN named ON named.message_id_ref = message.id
    LEFT JOIN how ON how.message_id_ref = message.id LEFT JOIN twins ON twins.same_as = message.address
"""
_FIRST_BODY = f"""
    WITH plain AS (
        SELECT logical_id, left(text, {EXCERPT}) AS excerpt, length(text) AS length,
               row_number() OVER (PARTITION BY logical_id ORDER BY copy, position, text.id) AS nth
        FROM text JOIN logical ON logical.message_ref = text.message_id_ref
        WHERE text.kind = 'plain' AND text.text IS NOT NULL
    )
"""  # noqa: S608 - a constant only
_BODIES = f"{_FIRST_BODY} SELECT logical_id, excerpt, length FROM plain WHERE nth = 1"  # noqa: S608 - constants only
_BODY_SIZE = f"{_FIRST_BODY} SELECT sum(length(excerpt))::BIGINT AS n FROM plain WHERE nth = 1"  # noqa: S608 - constants only
