"""The Outlook archive of the sample story, part of the sample: sound, small, and true to its answer key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tools.pst_check import faults
from tests.tools.pst_oracles import libpff

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def store() -> Any:
    sys.path.insert(0, str(ROOT / "sample_data"))
    try:
        import maker.incidents as incidents
        import maker.traffic as traffic
        from maker import outlook
        from maker.post import Post
    finally:
        sys.path.remove(str(ROOT / "sample_data"))
    post = Post(decisions=incidents.DECISIONS)
    mails = [*traffic.ordinary(), *(mail for one in incidents.planted() for mail in one.mails)]
    for mail in sorted(mails, key=lambda mail: (mail.at, mail.key)):
        post.carry(mail)
    made = outlook.build_store(post)
    assert outlook.build_store(post) == made
    return made


def test_the_store_is_sound_and_small(store: Any) -> None:
    assert faults(store.data) == []
    assert len(store.data) < 1 << 20


def test_libpff_reads_the_live_items_of_the_answer_key(store: Any, tmp_path: Path) -> None:
    path = tmp_path / "sato.pst"
    path.write_bytes(store.data)
    seen: dict[str, list[str]] = {}
    for one in libpff(path):
        seen.setdefault(one.folder, []).append(one.subject)
    live = {name: sorted(item["subject"] for item in items) for name, items in store.truth["live"].items()}
    assert {name: sorted(subjects) for name, subjects in seen.items()} == live
    assert 30 <= sum(map(len, live.values())) + len(store.truth["changed"]) <= 60


def test_the_answer_key_has_every_tier_that_the_story_tells(store: Any) -> None:
    tiers = {(one["deed"], one["tier"]) for one in store.truth["changed"]}
    assert {
        ("moved", "SOFT_DELETED"),
        ("hard_deleted", "STALE"),
        ("orphaned", "ORPHANED"),
        ("edited", "STALE"),
    } <= tiers
    # The draft took the room of some deleted mail.
    assert any(not one["whole"] for one in store.truth["changed"])
    lists = [
        file for one in store.truth["changed"] for file in one["attachments"] if file["name"].startswith("顧客一覧")
    ]
    assert lists
