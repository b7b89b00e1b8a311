"""A company with twelve accounts on four mail systems, made from a seed, with contradictions planted in it.

``python -m tests.company --seed N --out DIR [--scale K] [--unplanted]`` writes under DIR

    sources/      the evidence: a folder for each of four sites, with mailboxes and logs
    tables/       dkim-keys.csv (the keys of all who sign), accounts.csv (where each mailbox is), people.csv
    truth.jsonl   one object for each plant: kind, innocent, accounts, message_ids, lines (file, line), say, facts

``build`` does the same from a test; with ``planted=False`` it makes the twin: the same traffic and no plant. It is
written from the catalogue alone, so that it shares no mistake with the detectors that are held against it.
"""

from __future__ import annotations

from tests.company.build import Built, build

__all__ = ["Built", "build"]
