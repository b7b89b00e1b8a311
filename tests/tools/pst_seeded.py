"""Deeds drawn by lot on a generated store, then none, some or all of what they freed is filled: the truth by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

from sample_data.maker.pst.mutator import Cells, Mutator, Rows
from sample_data.maker.pst.truth import Version
from tests.tools.pst_stories import FIRST_TIME, Case, Overwritten, store

MODES: tuple[Overwritten, ...] = ("none", "some", "all")


def cases(seed: int, messages: int = 1000, deletions: int = 300) -> Iterator[tuple[Overwritten, Case, list[Version]]]:
    """The same deeds three times, with none, some and all of what was freed filled; and the items that are alive."""
    lots = random.Random(seed)
    made = Mutator(_plain(messages))
    _deeds(made, lots, deletions)
    after = bytes(made.image.data)
    live = {name: [made.version(nid) for nid in made.messages(folder)] for name, folder in made.folders().items()}
    subjects = {name: [one.subject for one in versions] for name, versions in live.items()}
    for overwritten in MODES:
        made.image.data[:] = after
        _overwrite(made, lots, overwritten)
        case = Case(data=made.content(), truth=tuple(made.truth()), live=subjects, mutator=made)
        yield overwritten, case, [one for versions in live.values() for one in versions]


@cache
def _plain(messages: int) -> bytes:
    return store(messages)


def _deeds(made: Mutator, lots: random.Random, deletions: int) -> None:
    """Edits, moves, orphans and deletions in groups of one to twelve, some of the edited and moved deleted too."""
    folders = made.folders()
    every = made.messages(folders["受信トレイ"]) + made.messages(folders["Archive"])
    lots.shuffle(every)
    gone, rest = every[:deletions], every[deletions:]
    edited = [*rest[:15], *gone[:10], *rest[:3]]
    made.move(gone[10 : 10 + deletions // 5])
    emptied = gone[10 : 10 + deletions // 10]
    hard = [*gone[:10], *emptied, *gone[10 + deletions // 5 :]]
    lots.shuffle(hard)
    made.orphan(rest[15:30])
    for number, nid in enumerate(edited):
        body = f"Rewritten {number} " * lots.randint(1, 900)
        made.edit(nid, subject=f"Edited {number}", body=body, modified=FIRST_TIME * 2)
    while hard:
        group = [hard.pop() for _ in range(min(len(hard), lots.randint(1, 12)))]
        rows: Rows = "left" if lots.random() < 0.2 else "compacted"
        cells: Cells = "kept" if lots.random() < 0.5 else "freed"
        made.hard_delete(group, rows=rows, cells=cells)


def _overwrite(made: Mutator, lots: random.Random, overwritten: Overwritten) -> None:
    if overwritten == "all":
        made.overwrite_blocks()
        made.overwrite_pages()
    elif overwritten == "some":
        nids = sorted({change.before.nid for change in made.changes})
        made.overwrite_blocks(lots.sample(nids, len(nids) // 4))
        made.overwrite_blocks(lots.sample(nids, len(nids) // 3), every=lots.randint(2, 4))
        made.overwrite_pages(every=lots.randint(2, 4))
