"""The mutator deletes as Outlook does: the store stays sound, the deleted leaves the live tree, the truth is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from forensics.formats.pst.writer.layout import NID_DELETED_ITEMS
from sample_data.maker.pst.contexts import Node, read_properties
from sample_data.maker.pst.mutator import Mutator
from sample_data.maker.pst.truth import Truth
from tests.tools import pst_damage
from tests.tools.pst_check import faults
from tests.tools.pst_oracles import libpff, pffexport, readpst
from tests.tools.pst_stories import FIRST_TIME, Case, Overwritten, deleted, message, store

MESSAGES, DELETIONS = 90, 30


@pytest.fixture(scope="module")
def plain() -> bytes:
    return store(60)


@pytest.fixture(scope="module", params=["none", "some", "all"])
def case(request: pytest.FixtureRequest) -> Case:
    overwritten: Overwritten = request.param
    return deleted(MESSAGES, DELETIONS, overwritten, edits=4, orphans=4)


def _opened(data: bytes) -> tuple[Mutator, dict[str, int], list[int]]:
    made = Mutator(data)
    folders = made.folders()
    return made, folders, made.messages(folders["受信トレイ"])


def test_after_every_deed_the_store_holds_the_rules_of_the_node_database(plain: bytes) -> None:
    made, folders, inbox = _opened(plain)
    made.hard_delete(inbox[:5])
    assert faults(made.content()) == []
    made.move(inbox[5:8])
    assert faults(made.content()) == []
    made.orphan(inbox[8:10])
    assert faults(made.content()) == []
    for nid in inbox[10:14]:
        made.edit(nid, subject="Edited", body="x" * 20_000, modified=FIRST_TIME)
        assert faults(made.content()) == []
    made.hard_delete(inbox[5:7])
    made.hard_delete(inbox[20:24], rows="left", cells="kept")
    made.add([message(number) for number in range(900, 905)], folders["Archive"], reuse=True)
    assert faults(made.content()) == []


def test_what_was_deleted_is_gone_from_the_live_tree_as_libpff_reads_it(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "mutated.pst"
    path.write_bytes(case.data)
    seen: dict[str, list[str]] = {}
    for one in libpff(path):
        seen.setdefault(one.folder, []).append(one.subject)
    assert {name: sorted(subjects) for name, subjects in seen.items()} == {
        name: sorted(subjects) for name, subjects in case.live.items() if subjects
    }
    gone = {truth.before.subject for truth in case.truth if truth.deed in ("hard_deleted", "orphaned")}
    assert gone.isdisjoint(subject for subjects in seen.values() for subject in subjects)


def test_pffexport_and_readpst_read_the_mutated_store(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "mutated.pst"
    path.write_bytes(case.data)
    live = sum(len(subjects) for subjects in case.live.values())
    made = pffexport(path, tmp_path, mode="items")
    top = [one for one in made["export"] if not one.parent.name.startswith("Attachment")]
    assert len(top) == live
    # readpst goes by the node tree and the parent ids, so it meets the orphans too.
    orphans = sum(truth.deed == "orphaned" for truth in case.truth)
    assert len(readpst(path, tmp_path / "out", deleted=True)) == live + orphans


def test_pffexport_recovers_nothing_that_was_never_there(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "mutated.pst"
    path.write_bytes(case.data)
    found = {_subject(folder) for folder in pffexport(path, tmp_path, complaints=True)["recovered"]}
    # It takes some live messages that a stale page names for deleted ones.
    live = {subject for subjects in case.live.values() for subject in subjects}
    named = {truth.before.subject for truth in case.truth} | live | {""}
    inner = {subject for subject in found if subject.startswith("Inner")}
    assert found - inner <= named
    if not any(truth.tier == "STALE" for truth in case.truth):
        assert not {truth.before.subject for truth in case.truth if truth.deed == "hard_deleted"} & found


def _subject(folder: Path) -> str:
    lines = (folder / "OutlookHeaders.txt").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("Subject:")), "")


def test_the_truth_names_the_tier_of_every_change() -> None:
    none = Counter(_kind(truth) for truth in deleted(MESSAGES, DELETIONS, "none", edits=4, orphans=4).truth)
    assert none == {
        ("moved", "SOFT_DELETED", True): 3,
        ("moved", "STALE", True): 3,
        ("hard_deleted", "STALE", True): 27,
        ("edited", "STALE", True): 4,
        ("orphaned", "ORPHANED", True): 4,
    }
    every = Counter(_kind(truth) for truth in deleted(MESSAGES, DELETIONS, "all", edits=4, orphans=4).truth)
    assert every[("hard_deleted", "GONE", False)] == 27
    assert every[("orphaned", "ORPHANED", True)] == 4


def _kind(truth: Truth) -> tuple[str, str, bool]:
    return truth.deed, truth.tier, truth.whole


def test_without_its_leaf_page_a_deleted_message_is_a_remnant(plain: bytes) -> None:
    made, _, inbox = _opened(plain)
    made.hard_delete(inbox[:4])
    assert {truth.tier for truth in made.truth()} == {"STALE"}
    made.overwrite_pages()
    assert {truth.tier for truth in made.truth()} == {"REMNANT"}
    assert all(truth.context_stands and not truth.leaves for truth in made.truth())


def test_only_the_row_is_left_when_the_blocks_are_overwritten(plain: bytes) -> None:
    made, _, inbox = _opened(plain)
    made.hard_delete(inbox[:4], rows="left", cells="kept")
    made.overwrite_blocks()
    made.overwrite_pages()
    made.overwrite_tables()
    assert {truth.tier for truth in made.truth()} == {"ROW"}
    assert not any(truth.row_in_freed_table for truth in made.truth())


def test_an_edit_leaves_the_version_before_it_and_shares_what_did_not_change(plain: bytes) -> None:
    made, _, inbox = _opened(plain)
    nid = inbox[9]  # with an attachment of 30,000 bytes
    was = made.version(nid)
    made.edit(nid, subject="New subject", body="New body")
    [truth] = made.truth()
    assert truth.before == was
    assert truth.context_stands
    assert truth.shared
    assert {block for one in was.attachments for block in one.bids} <= set(truth.shared)
    now = made.version(nid)
    assert (now.subject, now.body) == ("New subject", "New body")
    assert now.properties[0x0E06] == was.properties[0x0E06]
    assert [(one.name, one.sha256) for one in now.attachments] == [(one.name, one.sha256) for one in was.attachments]


def test_former_versions_can_be_read_from_the_blocks_that_stand(plain: bytes) -> None:
    made, _, inbox = _opened(plain)
    made.hard_delete(inbox[:12])
    for truth in made.truth():
        raws = {block.bid: block for block in truth.standing}
        data = made.content()
        assert all(data[one.ib : one.ib + one.size] == one.raw for one in raws.values())
        assert set(truth.before.context) <= set(raws)


def test_new_messages_take_the_room_of_deleted_ones(plain: bytes) -> None:
    made, folders, inbox = _opened(plain)
    made.hard_delete(inbox[:10])
    made.add([message(number) for number in range(700, 712)], folders["Archive"], reuse=True)
    assert any(truth.overwritten for truth in made.truth())
    assert len(made.content()) == len(plain)
    subjects = {made.version(nid).subject for nid in made.messages(folders["Archive"])}
    assert {str(message(number).properties[0x0037001F]) for number in range(700, 712)} <= subjects


def test_a_moved_message_keeps_its_id_and_the_counts_follow(plain: bytes) -> None:
    made, folders, inbox = _opened(plain)
    made.move(inbox[:3])
    assert made.messages(NID_DELETED_ITEMS) == inbox[:3]
    for name, count in (("Deleted Items", 3), ("受信トレイ", 37)):
        data, sub, _ = made.image.node(folders[name])
        found = read_properties(Node(made.image, data, sub))
        assert int.from_bytes(found[0x3602].raw, "little") == count
    assert {truth.tier for truth in made.truth()} == {"SOFT_DELETED"}


def test_the_same_deeds_give_the_same_bytes() -> None:
    assert deleted(60, 10, "some", edits=2, orphans=2).data == deleted(60, 10, "some", edits=2, orphans=2).data


def test_damage_is_what_it_says(plain: bytes) -> None:
    made, _, inbox = _opened(plain)
    wiped = pst_damage.wipe_header(plain)
    assert wiped[:0x400] == bytes(0x400)
    assert wiped[0x400:] == plain[0x400:]
    assert len(pst_damage.truncate(plain, 0.5)) <= len(plain) // 2
    zeroed = pst_damage.zero_sectors(plain, pst_damage.spread(plain, 40))
    assert len(zeroed) == len(plain)
    assert zeroed != plain
    swapped = pst_damage.swap_sectors(plain, [(100, 200)], 4)
    assert swapped[100 * 512 : 104 * 512] == plain[200 * 512 : 204 * 512]
    assert made.image.block_at(made.image.node(inbox[0])[0]).raw in pst_damage.misdirect(plain, inbox[0], inbox[1])


@pytest.mark.parametrize("deed", ["siblock_loop", "xblock_loop", "xxblock_bomb", "subnode_bomb"])
def test_loops_and_bombs_hold_every_check_value_but_the_reference_counts(plain: bytes, deed: str) -> None:
    _, _, inbox = _opened(plain)
    damaged = getattr(pst_damage, deed)(plain, inbox[3])
    assert len(damaged) <= len(plain) + (1 << 20)
    assert all(fault.startswith("cRef") for fault in faults(damaged))


def test_rings_of_folders_hold_every_check_value(plain: bytes) -> None:
    _, folders, _ = _opened(plain)
    assert faults(pst_damage.parent_ring(plain, folders["受信トレイ"], folders["Archive"])) == []
    assert faults(pst_damage.hierarchy_ring(plain, folders["受信トレイ"])) == []
    with pytest.raises(RecursionError):
        faults(pst_damage.btree_loop(plain))
