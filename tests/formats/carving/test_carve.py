"""Known mail among noise, text and zeros: every object with its exact ranges, none invented, no byte in two."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.formats.carving.found import SECTOR, Kind
from tests.formats.carving import medium as media
from tests.formats.carving.medium import Medium, assert_apart, assert_exactly

KINDS: dict[str, Callable[[random.Random, int], bytes]] = {
    "plain": media.plain,
    "multipart": media.multipart,
    "base64": media.single_base64,
    "mbox": media.box,
    "msg": lambda rng, number: media.item(number % 3),
    "pst": lambda rng, number: media.store(),
}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), kinds=st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=8))
def test_every_object_is_found_with_its_exact_ranges_and_none_is_invented(seed: int, kinds: list[str]) -> None:
    medium = Medium(random.Random(seed))
    for number, kind in enumerate(kinds):
        medium.filler().lay(KINDS[kind](medium.rng, number))
        medium.filler()
    assert_exactly(medium, medium.carved())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), sectors=st.integers(3, 64))
def test_what_is_found_does_not_depend_on_how_the_search_is_cut(seed: int, sectors: int) -> None:
    medium = Medium(random.Random(seed))
    for number, kind in enumerate(sorted(KINDS)):
        medium.filler().lay(KINDS[kind](medium.rng, number))
    medium.noise()
    assert medium.carved(step=sectors * SECTOR).found == medium.carved().found


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_noise_and_prose_hold_no_mail(seed: int) -> None:
    medium = Medium(random.Random(seed))
    for _ in range(30):
        medium.filler()
    assert medium.carved().found == []


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 30)), max_size=5))
def test_whatever_was_overwritten_no_byte_stands_in_two_objects(seed: int, cuts: list[tuple[float, int]]) -> None:
    medium = Medium(random.Random(seed))
    for number, kind in enumerate(sorted(KINDS)):
        medium.lay(KINDS[kind](medium.rng, number))
    for share, sectors in cuts:
        at = int(share * len(medium.data)) // SECTOR * SECTOR
        end = min(at + sectors * SECTOR, len(medium.data))
        medium.data[at:end] = medium.rng.randbytes(end - at)
    found = medium.carved().found
    assert_apart(found)
    assert all(extent.end <= len(medium.data) for each in found for extent in each.extents)


def test_a_mailbox_owns_its_messages_and_says_how_many() -> None:
    medium = Medium(random.Random(1))
    at = medium.noise().lay(media.box(medium.rng, 1, 7))
    medium.noise()
    (found,) = medium.carved().found
    assert (found.kind, found.start, found.messages, found.validated) == (Kind.MBOX, at, 7, True)
    assert found.name == f"carved/mbox-{at:013d}.mbox"


def test_a_message_whose_end_was_overwritten_is_cut_at_the_sector_and_says_so() -> None:
    medium = Medium(random.Random(2))
    at = medium.noise().lay(media.multipart(medium.rng, 1))
    medium.noise()
    cut = at + 4 * SECTOR
    medium.data[cut : at + 8 * SECTOR] = medium.rng.randbytes(4 * SECTOR)
    found = medium.carved().found
    first = next(each for each in found if each.start == at)
    assert (first.size, first.truncated, first.validated) == (4 * SECTOR, True, False)


def test_a_message_whose_first_sector_was_overwritten_is_found_from_its_first_whole_field() -> None:
    medium = Medium(random.Random(3))
    message = b"Received: from a by b;" + b" x" * 230 + b"\r\n" + media.plain(medium.rng, 1)
    at = medium.noise().lay(message)
    medium.data[at : at + 470] = medium.rng.randbytes(469) + b"\xff"
    medium.noise()
    (found,) = medium.carved().found
    assert found.start > at + 400
    assert found.extents[0].end == at + len(message)


@pytest.mark.parametrize("runs", [2, 3])
def test_a_message_that_live_files_cut_in_two_is_put_together_where_its_boundary_proves_it(runs: int) -> None:
    medium = Medium(random.Random(4))
    message = media.multipart(medium.rng, 1, size=30_000)
    half = len(message) // 2 // SECTOR * SECTOR
    start = len(medium.noise(2).data)
    medium.data += message[:half]
    gap = len(medium.data)
    medium.noise(5)
    between = (gap + SECTOR, gap + 2 * SECTOR)
    again = len(medium.data)
    medium.put(message[half:]).noise(3)
    searched = [(0, gap), (again, len(medium.data))]
    settled = medium.carved(*(sorted([*searched, between]) if runs == 3 else searched))
    (found,) = settled.found
    assert [tuple(extent) for extent in found.extents] == [
        (0, start, half),
        (half, again, len(message) - half),
    ]
    assert (found.validated, medium.bytes_of(found)) == (True, message)


def test_a_message_with_other_content_in_its_midst_is_put_together_only_where_its_base64_goes_on() -> None:
    medium = Medium(random.Random(5))
    message = media.multipart(medium.rng, 1, size=30_000)
    half = (len(message) - 8000) // SECTOR * SECTOR
    medium.noise(2).data.extend(message[:half])
    medium.noise(3).put(message[half:]).noise(3)
    (found,) = medium.carved().found
    assert (len(found.extents), medium.bytes_of(found)) == (2, message)

    wrong = Medium(random.Random(5))
    wrong.noise(2).data.extend(message[:half])
    wrong.noise(3).put(message[half + SECTOR :]).noise(3)
    first = wrong.carved().found[0]
    assert (len(first.extents), first.truncated) == (1, True)


def test_text_that_quotes_a_header_is_a_false_start_and_counted() -> None:
    medium = Medium(random.Random(6))
    quoted = media.PROSE + "\nFrom: a@example.jp\nSent: today\nTo: b@example.jp\nSubject: x\n\nhello\n"
    settled = medium.noise().put(quoted.encode() * 3).noise().carved()
    assert settled.found == []
    assert sum(settled.tally.false.values()) == settled.tally.starts > 0


def test_a_compound_file_that_is_no_message_is_counted_and_not_shown() -> None:
    medium = Medium(random.Random(7))
    data = media.item(1).replace("__properties_version1.0".encode("utf-16-le"), "WordDocument".encode("utf-16-le") * 2)
    settled = medium.noise().put(data).noise().carved()
    assert [each for each in settled.found if each.kind is Kind.MSG] == []
    assert sum(settled.tally.false.values()) == 1


def test_a_message_file_that_live_files_cut_in_two_is_read_across_the_gap() -> None:
    medium = Medium(random.Random(8))
    data = media.item(2)
    half = len(data) // 2 // SECTOR * SECTOR
    start = len(medium.noise(2).data)
    medium.data += data[:half]
    gap = len(medium.data)
    medium.noise(4)
    again = len(medium.data)
    medium.put(data[half:]).noise(3)
    (found,) = medium.carved((0, gap), (again, len(medium.data))).found
    assert (found.kind, found.start, medium.bytes_of(found)) == (Kind.MSG, start, data)
