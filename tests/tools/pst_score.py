"""Holds what was recovered against the truth of a generated store: what is right, what is wrong, what was missed."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Item, PropertyBag, subject, tags
from forensics.formats.pst.messaging.found import FoundItem
from forensics.formats.pst.recovery.found import Recovered, Tier
from forensics.formats.pst.writer import PstAttachment, PstItem
from forensics.records import Recovery
from sample_data.maker.pst.truth import Truth, Version
from tests.tools.pst_stories import message

_NUMBER = re.compile(r"(?:Order|Inner) (\d+)")
_BODY, _HTML, _RTF = 0x1000, 0x1013, 0x1009


@dataclass(slots=True)
class Score:
    """Of one tier: how many recovered items, how many of those are wrong, how many were to be found and were not."""

    recovered: int = 0
    expected: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return 1 - len(self.wrong) / self.recovered if self.recovered else 1.0

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.expected if self.expected else 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A recovered item beside a former version: what it says wrongly, what of it is missing."""

    wrong: tuple[str, ...]
    missing: tuple[str, ...]


def numbers(truths: Sequence[Truth]) -> dict[int, int]:
    """The number that each message was made with, by its node: its first version still says it."""
    found: dict[int, int] = {}
    for truth in truths:
        said = _NUMBER.search(truth.before.subject)
        if said:
            found[truth.before.nid] = int(said[1])
    return found


def compare(item: Item, version: Version, made: PstItem) -> Verdict:
    """Every property by its bytes; recipients and attachments as the message was made with them."""
    wrong, missing = [], []
    for id_, value in version.properties.items():
        held = item.properties.get(id_)
        if held is None or (not held.raw and value.raw):
            missing.append(f"property {id_:#06x}")
        elif held.raw != value.raw and not (value.ptype == 0x0B and any(held.raw) is any(value.raw)):
            wrong.append(f"property {id_:#06x}")
    wrong += [f"property {id_:#06x} that it never had" for id_ in item.properties if id_ not in version.properties]
    parts = _parts(item, made)
    return Verdict((*wrong, *parts.wrong), (*missing, *parts.missing))


def compare_inner(item: Item, made: PstItem) -> Verdict:
    """The same for a message that was embedded in another."""
    wrong = []
    if subject(item) != made.properties[0x0037001F]:
        wrong.append("subject")
    if item.properties.text(_BODY) not in (made.body, None):
        wrong.append("body")
    if item.properties.filetime(0x0039) not in (made.properties[0x00390040], None):
        wrong.append("submit time")
    missing = ["body"] if item.properties.text(_BODY) is None else []
    parts = _parts(item, made)
    return Verdict((*wrong, *parts.wrong), (*missing, *parts.missing))


def _parts(item: Item, made: PstItem) -> Verdict:
    wrong, missing = [], []
    expected = Counter((int(one.kind), one.name, one.address) for one in made.recipients)
    found = Counter(_recipient(bag) for bag in item.recipients)
    wrong += [f"recipient {one}" for one in (found - expected)]
    missing += [f"recipient {one}" for one in (expected - found)]
    wanted = {one.name: one for one in made.attachments}
    for thing in item.attachments:
        known = wanted.pop(thing.name, None)
        if known is None:
            (missing if thing.lost else wrong).append(f"attachment {thing.name!r}")
            continue
        said = _attachment(thing, known)
        wrong += said.wrong
        missing += said.missing
    missing += [f"attachment {name!r}" for name in wanted]
    return Verdict(tuple(wrong), tuple(missing))


def _recipient(bag: PropertyBag) -> tuple[int, str, str]:
    kind = bag.integer(tags.PR_RECIPIENT_TYPE) or 0
    return kind, bag.text(tags.PR_DISPLAY_NAME) or "", bag.text(tags.PR_EMAIL_ADDRESS) or ""


def _attachment(thing: AttachedThing, known: PstAttachment) -> Verdict:
    if thing.lost:
        return Verdict((), (f"content of {known.name!r}",))
    if known.item is not None:
        if thing.embedded is None:
            return Verdict((), (f"message in {known.name!r}",))
        return compare_inner(thing.embedded, known.item)
    try:
        data = b"" if thing.data is None else b"".join(thing.data.chunks())
    except FormatError:
        return Verdict((), (f"content of {known.name!r}",))
    same = hashlib.sha256(data).digest() == hashlib.sha256(known.data or b"").digest()
    return Verdict(() if same else (f"content of {known.name!r}",), ())


def score(truths: Sequence[Truth], recovered: Sequence[Recovered]) -> dict[str, Score]:
    """Scores of the tiers that superseded pages, free blocks and old rows give: STALE, REMNANT, ROW."""
    scores: dict[str, Score] = defaultdict(Score)
    known = numbers(truths)
    versions = {(one.before.nid, one.before.bid_data, one.before.bid_sub): one.before for one in truths}
    made = {nid: message(number) for nid, number in known.items()}
    verdicts: dict[int, Verdict] = {}
    for one in recovered:
        if one.tier is Tier.TABLE_ROW:
            continue
        tier = "REMNANT" if one.tier is Tier.REMNANT else "STALE"
        if one.found.item is None:
            continue
        scores[tier].recovered += 1
        verdict = _verdict(one, versions, made)
        if verdict.wrong and not one.same_as:
            scores[tier].wrong.append(f"{one.step}: {verdict.wrong}")
        if verdict.missing and not one.overwritten and not one.same_as:
            scores[tier].wrong.append(f"{one.step}: does not name as gone {verdict.missing}")
        bid = one.found.node.data
        if bid not in verdicts or len(verdict.missing) < len(verdicts[bid].missing):
            verdicts[bid] = verdict
    for tier, text in _missed(truths, verdicts, scores):
        scores[tier].missed.append(text)
    return scores


def _verdict(one: Recovered, versions: dict[tuple[int, int, int], Version], made: dict[int, PstItem]) -> Verdict:
    """Beside the version that it says it is; a remnant, which knows no node, beside the one with its first block."""
    item, node = one.found.item, one.found.node
    assert item is not None
    exact = versions.get((node.nid, node.data, node.sub))
    alike = [exact] if exact else [each for each in versions.values() if each.bid_data == node.data and not node.nid]
    if not node.data:
        alike = [each for each in versions.values() if each.bid_sub == node.sub]
        said = _parts(item, made[alike[0].nid]) if alike else Verdict(("equals nothing that was there",), ())
        return Verdict((*said.wrong, *(f"property {id_:#06x}" for id_ in item.properties)), said.missing)
    if alike:
        return compare(item, alike[0], made[alike[0].nid])
    if not len(item.properties) and one.tier is Tier.REMNANT:
        return _lone_attachment(one, item, versions, made)
    order = _NUMBER.search(subject(item))
    if order is None or one.tier is not Tier.REMNANT:
        return Verdict(("equals nothing that was there",), ())
    outer = message(int(order[1])).attachments
    inner = [each.item for each in outer if each.item is not None]
    return compare_inner(item, inner[0]) if inner else Verdict(("equals nothing that was there",), ())


def _lone_attachment(
    one: Recovered, item: Item, versions: dict[tuple[int, int, int], Version], made: dict[int, PstItem]
) -> Verdict:
    """An attachment without its message, beside the one that the same block held; or one inside an embedded message."""
    (thing,) = item.attachments
    holders = [each for each in versions.values() if any(one.found.node.data in at.bids for at in each.attachments)]
    outer = [known for each in holders for known in made[each.nid].attachments]
    inner = [known for at in outer if at.item is not None for known in at.item.attachments]
    alike = [known for known in (*outer, *inner) if known.name == thing.name]
    said = [_attachment(thing, known) for known in alike]
    if any(not each.wrong for each in said):
        return Verdict((), ("every property", *(part for each in said for part in each.missing)))
    return Verdict((f"attachment {thing.name!r}",), ())


def _missed(
    truths: Sequence[Truth], verdicts: dict[int, Verdict], scores: dict[str, Score]
) -> Iterator[tuple[str, str]]:
    """What still stands and was not found. A version counts once, however many deeds it has a truth for."""
    done: set[tuple[int, int, int]] = set()
    for truth in truths:
        before = truth.before
        key = (before.nid, before.bid_data, before.bid_sub)
        if key in done or truth.tier not in ("STALE", "REMNANT") or not truth.context_stands:
            continue
        done.add(key)
        scores[truth.tier].expected += 1
        verdict = verdicts.get(before.bid_data)
        if verdict is None:
            yield truth.tier, f"{key} {before.subject!r} was not found"
        elif truth.whole and verdict.missing and (truth.leaves or _saved_together(before)):
            yield truth.tier, f"{key} {before.subject!r} lacks {verdict.missing}, which stands"


def _saved_together(version: Version) -> bool:
    """Whether the sub-nodes were written in the same save as the properties, so that their ids tell it.

    After an edit that kept them only the node tree says whose they are; once its pages are gone nothing does.
    """
    low, high = sorted((version.bid_data >> 2, version.bid_sub >> 2))
    return {block.bid >> 2 for block in version.blocks}.issuperset(range(low, high + 1)) if version.bid_sub else True


def score_folders(truths: Sequence[Truth], items: Sequence[FoundItem]) -> dict[str, Score]:
    """Of what lies in Deleted Items, and of what no folder lists."""
    scores: dict[str, Score] = {}
    known = {nid: message(number) for nid, number in numbers(truths).items()}
    for tier, recovery in (("SOFT_DELETED", Recovery.SOFT_DELETED), ("ORPHANED", Recovery.ORPHANED)):
        versions = {one.before.nid: one.before for one in truths if one.tier == tier}
        found = {one.nid: one.item for one in items if one.place.recovery is recovery}
        made = scores[tier] = Score(recovered=len(found), expected=len(versions))
        made.missed = [f"{nid} was not found" for nid in versions.keys() - found.keys()]
        for nid, item in found.items():
            verdict = None if item is None or nid not in versions else compare(item, versions[nid], known[nid])
            if verdict is None or verdict != Verdict((), ()):
                made.wrong.append(f"{nid}: {verdict}")
    return scores


def score_rows(truths: Sequence[Truth], recovered: Sequence[Recovered], live: Sequence[Version]) -> Score:
    """Rows: each says of its node what some version of it said; each that stands in a table that stands is found."""
    made = Score()
    said: dict[int, set[str]] = defaultdict(set)
    for version in (*(truth.before for truth in truths), *live):
        said[version.nid].add(version.subject)
    rows = [one for one in recovered if one.tier is Tier.TABLE_ROW]
    made.recovered = len(rows)
    found: set[tuple[int, str]] = set()
    reused: set[int] = set()
    for one in rows:
        assert one.found.item is not None
        text = subject(one.found.item)
        if not text and one.found.item.problems:
            reused.add(one.found.nid)
            continue
        found.add((one.found.nid, text))
        if text not in said[one.found.nid]:
            made.wrong.append(f"{one.step}: {text!r}")
    expected = {(one.before.nid, one.before.subject) for one in truths if one.row_left or one.row_in_freed_table}
    made.expected = len(expected)
    made.missed = [f"row of {nid} {text!r}" for nid, text in sorted(expected - found) if nid not in reused]
    return made
