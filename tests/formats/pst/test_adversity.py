"""Deeds that the seeds do not draw, and damage on top of deletions: nothing made up, nothing missed that stands."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable
from functools import cache

import pytest

from forensics.errors import FormatError
from forensics.formats import mapi
from forensics.formats.mapi import Item, tags
from forensics.formats.pst.folders import ORPHANS
from forensics.formats.pst.messaging.found import FoundItem
from forensics.formats.pst.messaging.store import open_store
from forensics.formats.pst.recovery.found import Recovered, Tier
from forensics.formats.pst.recovery.recover import Recoverer
from forensics.formats.pst.writer import mail
from sample_data.maker.pst.mutator import Mutator
from sample_data.maker.pst.truth import Version
from tests.tools import pst_damage, pst_deeds
from tests.tools.pst_check import faults
from tests.tools.pst_score import Score, score, score_rows
from tests.tools.pst_stories import PEOPLE, message, store

INBOX = "受信トレイ"
PERFECT = (1.0, 1.0)


@cache
def _plain(messages: int = 60) -> bytes:
    return store(messages)


def _store() -> tuple[Mutator, list[int]]:
    made = Mutator(_plain())
    return made, made.messages(made.folders()[INBOX])


def _recovered(data: bytes) -> list[Recovered]:
    recoverer = Recoverer(open_store(io.BytesIO(data)))
    found = list(recoverer.items())
    account = recoverer.account()
    assert account.total == account.size == len(data)
    return found


def _hold(made: Mutator) -> list[Recovered]:
    """The store is sound, and each tier has precision 1.0 and recall 1.0."""
    data, truth = made.content(), made.truth()
    assert faults(data) == []
    found = _recovered(data)
    live = [made.version(nid) for folder in made.folders().values() for nid in made.messages(folder)]
    scores: dict[str, Score] = {**score(truth, found), "ROW": score_rows(truth, found, live)}
    for tier, one in scores.items():
        assert (one.precision, one.recall) == PERFECT, (tier, one.wrong[:3], one.missed[:3])
    return found


def test_a_deleted_message_that_shares_all_its_blocks_with_a_live_copy_is_grouped_with_it() -> None:
    made, nids = _store()
    copied = pst_deeds.copy(made, nids[36])
    made.hard_delete([nids[36]])
    (one,) = (each for each in _hold(made) if each.tier is Tier.DELETED_NODE)
    assert one.same_as == f"node:{copied}"
    assert one.found.item is not None
    assert [thing.name for thing in one.found.item.attachments] == ["memo-36.txt", "見積-36.xlsx"]


def test_a_deleted_message_whose_copy_was_edited_keeps_what_it_said() -> None:
    made, nids = _store()
    copied = pst_deeds.copy(made, nids[36])
    made.edit(copied, subject="Edited copy", body="another")
    made.hard_delete([nids[36]])
    found = {one.found.nid: one for one in _recovered(made.content()) if one.tier is not Tier.TABLE_ROW}
    assert found[nids[36]].tier is Tier.DELETED_NODE
    assert found[nids[36]].same_as == ""
    assert found[copied].tier is Tier.OLDER_VERSION


def test_all_messages_of_a_deleted_folder_come_back_with_its_name() -> None:
    made, _ = _store()
    folder = made.folders()["Archive"]
    expected = set(made.messages(folder))
    pst_deeds.delete_folder(made, folder)
    found = [one for one in _hold(made) if one.tier is Tier.DELETED_NODE]
    assert {one.found.nid for one in found} == expected
    assert {one.found.path[-1] for one in found} == {"Archive"}
    recoverer = Recoverer(open_store(io.BytesIO(made.content())))
    assert [node.path[-1] for node in recoverer.folders()] == ["Archive"]


def test_a_message_edited_inside_another_comes_back_as_an_older_version_of_the_outer_one() -> None:
    made, nids = _store()
    outer = next(nid for nid in nids if any(not one.sha256 for one in made.version(nid).attachments))
    pst_deeds.edit_inside(made, outer, subject="Changed", body="changed")
    (one,) = (each for each in _hold(made) if each.tier is not Tier.TABLE_ROW)
    assert (one.tier, one.found.nid, one.same_as) == (Tier.OLDER_VERSION, outer, "")
    assert one.found.item is not None
    (inner,) = (thing.embedded for thing in one.found.item.attachments if thing.embedded is not None)
    assert (mapi.subject(inner), inner.properties.text(tags.PR_BODY)) == ("Inner 0", "inner body 0")


def test_a_recipient_that_was_taken_out_comes_back_with_the_older_version() -> None:
    made, nids = _store()
    pst_deeds.remove_recipient(made, nids[7])
    (one,) = (each for each in _hold(made) if each.tier is Tier.OLDER_VERSION)
    assert one.found.item is not None
    assert len(one.found.item.recipients) == 2
    store_ = open_store(io.BytesIO(made.content()))
    live = next(each for each in store_.items(made.folders()[INBOX]) if each.nid == nids[7])
    assert live.item is not None
    assert len(live.item.recipients) == 1


@pytest.mark.parametrize("body", [10, 500, 9000])
def test_of_messages_whose_room_and_rows_were_used_again_only_what_stands_is_shown(body: int) -> None:
    made, nids = _store()
    made.hard_delete(nids[3:9])
    new = mail(subject="new", sender=PEOPLE[0], body="y" * body, created=1, modified=1)
    made.add([new], made.folders()[INBOX], reuse=True)
    found = [one for one in _hold(made) if one.tier is Tier.DELETED_NODE]
    assert {one.found.nid for one in found} == set(nids[3:9])
    assert any(one.overwritten for one in found)


@pytest.mark.parametrize("inside", [True, False])
def test_attachments_come_back_where_nothing_else_of_their_message_stands(inside: bool) -> None:
    made, nids = _store()
    chosen = [nid for nid in nids if made.version(nid).attachments][:9]
    made.hard_delete(chosen)
    versions = [change.before for change in made.changes]
    for version in versions:
        pst_deeds.overwrite_message(made, version)
    if inside:
        made.overwrite_pages()
    expected = sorted((one.name, one.sha256) for version in versions for one in version.attachments if one.sha256)
    recovered = _recovered(made.content())
    found: list[tuple[str, str]] = []
    for one in recovered:
        if one.tier is Tier.REMNANT and one.found.item is not None and not len(one.found.item.properties):
            assert one.overwritten
            for thing in one.found.item.attachments:
                if thing.method == tags.ATTACH_EMBEDDED_MESSAGE:
                    # Its name stands here; the message in it is found by itself.
                    assert thing.lost
                    continue
                assert thing.data is not None
                found.append((thing.name, hashlib.sha256(b"".join(thing.data.chunks())).hexdigest()))
    assert sorted(found) == expected
    # The message that was embedded in one of them stands too, and is a message of its own.
    inner = {
        mapi.subject(one.found.item) for one in recovered if one.found.item is not None and one.tier is Tier.REMNANT
    }
    assert "Inner 0" in inner


def _split_and_merged() -> Mutator:
    made, _ = _store()
    inbox = made.folders()[INBOX]
    for start in range(1000, 1040, 10):
        made.add((message(number) for number in range(start, start + 10)), inbox)
    gone = made.messages(inbox)[5:60]
    for at in range(0, len(gone), 11):
        made.hard_delete(gone[at : at + 11])
    return made


@pytest.mark.parametrize(("every", "part"), [(1, 240), (2, 24), (2, 300), (3, 480), (1, 512)])
def test_pages_that_were_split_and_merged_and_half_overwritten_say_nothing_wrong(every: int, part: int) -> None:
    made = _split_and_merged()
    assert pst_deeds.spoil_pages(made, every=every, part=part) > 5
    live = [made.version(nid) for folder in made.folders().values() for nid in made.messages(folder)]
    truth = [one for one in made.truth() if one.whole]
    found = _recovered(made.content())
    scores = {**score(made.truth(), found), "ROW": score_rows(made.truth(), found, live)}
    assert {tier: one.wrong for tier, one in scores.items()} == {tier: [] for tier in scores}
    # Whatever page still says it, or none: each message whose blocks all stand is there.
    bids = {one.found.node.data for one in found if one.found.item is not None}
    assert [one.before.subject for one in truth if one.before.bid_data not in bids] == []


# Damage on top of deletions. Each item that is found whole is one that was there.


def _mark(item: Item) -> tuple[str, str, tuple[str, ...]]:
    digests = []
    for thing in item.attachments:
        try:
            data = b"" if thing.data is None else b"".join(thing.data.chunks())
        except FormatError:
            data = b"gone"
        digests.append(hashlib.sha256(data).hexdigest() if thing.embedded is None else "")
    return mapi.subject(item), item.properties.text(tags.PR_BODY) or "", tuple(digests)


def _mark_of(version: Version) -> tuple[str, str, tuple[str, ...]]:
    return version.subject, version.body, tuple(one.sha256 for one in version.attachments)


Damage = Callable[[Mutator, bytes], bytes]


def _cut_in_a_tree(made: Mutator, data: bytes) -> bytes:
    pages = sorted(page.ib for tree in (made.image.nbt, made.image.bbt) for page in tree.pages())
    return data[: pages[len(pages) // 2] + 100]


def _no_maps(made: Mutator, data: bytes) -> bytes:
    return pst_damage.zero_sectors(data, range(0x4400 // 512, len(data) // 512, 496 * 8 * 64 // 512))


def _swapped(made: Mutator, data: bytes) -> bytes:
    dice = random.Random(1)
    pairs = [(dice.randrange(34, len(data) // 512), dice.randrange(34, len(data) // 512)) for _ in range(12)]
    return pst_damage.swap_sectors(data, pairs)


def _no_header(made: Mutator, data: bytes) -> bytes:
    return pst_damage.wipe_header(data)


def _no_roots(made: Mutator, data: bytes) -> bytes:
    return pst_damage.zero_sectors(data, [made.image.nbt.root.ib // 512, made.image.bbt.root.ib // 512])


def _no_live_leaves(made: Mutator, data: bytes) -> bytes:
    leaves = [page.ib // 512 for page in made.image.nbt.pages() if page.level == 0]
    return pst_damage.zero_sectors(data, leaves[::2])


def _shifted(made: Mutator, data: bytes) -> bytes:
    """A sector too much in the middle: everything behind it stands at another place than its signature says."""
    half = len(data) // 1024 * 512
    return data[:half] + bytes(512) + data[half:]


def _twice(made: Mutator, data: bytes) -> bytes:
    """The store behind itself, as a copy that was appended leaves it."""
    return data + data


def _without(made: Mutator, data: bytes) -> bytes:
    return data


_DAMAGES = (
    _without, _cut_in_a_tree, _no_maps, _swapped, _no_header, _no_roots, _no_live_leaves, _shifted, _twice,
)  # fmt: skip


def _everything(data: bytes) -> list[tuple[FoundItem, tuple[str, ...], str]]:
    store_ = open_store(io.BytesIO(data))
    listed = [item for node in store_.folders() for item in store_.items(node.nid)]
    found = [(one, (), "live") for one in (*listed, *store_.items(ORPHANS))]
    return [*found, *((one.found, one.overwritten, one.tier) for one in _recovered(data) if one.tier != "table_row")]


@pytest.mark.parametrize("damage", _DAMAGES)
def test_damage_on_top_of_deletions_makes_nothing_up_and_misses_next_to_nothing(damage: Damage) -> None:
    made = _split_and_merged()
    nids = made.messages(made.folders()["Archive"])
    for number, nid in enumerate(nids[:4]):
        made.edit(nid, subject=f"Edited {number}", body="rewritten")
    made.orphan(nids[4:6])
    data = made.content()
    versions = [change.before for change in made.changes]
    versions += [made.version(nid) for folder in made.folders().values() for nid in made.messages(folder)]
    inside = {("Inner", "inner body")}
    known = {_mark_of(version): version for version in versions}
    torn = damage(made, data)
    whole: set[tuple[str, str, tuple[str, ...]]] = set()
    for found, overwritten, tier in _everything(torn):
        if found.item is None:
            continue
        mark = _mark(found.item)
        if mark in known:
            whole.add(mark)
        elif (mark[0][:5], mark[1][:10]) not in inside:
            said = (*overwritten, *found.item.problems, *found.trail.faults)
            assert said, (tier, found.nid, mark)
    standing = {
        mark for mark, one in known.items() if all(torn[at.ib : at.ib + at.size] == at.raw for at in one.blocks)
    }
    if damage is not _shifted:
        assert len(standing) > 20
        assert len(whole & standing) >= 0.95 * len(standing), sorted(mark[0] for mark in standing - whole)
