"""The samples in the tree are those that their maker writes, so that nobody edits them by hand unseen."""

from __future__ import annotations

import json

from tests.samples.make_samples import HERE, as_found, files


def test_the_samples_are_what_their_maker_writes() -> None:
    made = files()
    assert {name for name, data in made.items() if (HERE / name).read_bytes() != data} == set()


def test_a_sample_says_how_it_was_found_as_its_maker_does() -> None:
    for name, found in as_found().items():
        head = json.loads((HERE / f"{name}.jsonl").read_bytes().partition(b"\n")[0])
        assert {key: head[key] for key in found} == found
