"""Whatever bytes come over the pipe, a frame is either right or refused."""

from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.workers import frames

PLAIN = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), 1 << 63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | PLAIN,
    lambda inner: st.lists(inner) | st.dictionaries(PLAIN, inner),
    max_leaves=20,
)


@given(st.dictionaries(PLAIN, VALUES))
def test_what_is_encoded_is_decoded_the_same(value: dict[str, object]) -> None:
    assert frames.decode(frames.encode(value)) == value


@given(st.binary(max_size=64))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    with contextlib.suppress(frames.BrokenFrame):
        assert isinstance(frames.decode(body), dict)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"1", b"null", b'"a"', b"{", b"{}x", b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}', b'{"a":NaN}',
        b'{"a":-Infinity}', b"\xff{}", b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":"\\uDFFFx"}',
        b'{"a":"\x01"}',
        b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' + b"1" * 5000 + b"}", b'{"a":[' + b"0," * 2_000_001 + b"0]}",
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_bodies_that_must_be_refused(body: bytes) -> None:
    with pytest.raises(frames.BrokenFrame):
        frames.decode(body)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert frames.decode(b'{"a":"\\ud83d\\udce7"}') == {"a": "\N{E-MAIL SYMBOL}"}


@given(st.lists(st.sampled_from([b"{}", b'{"a":1}', b'{"text":"xxxxxxxx"}'])), st.integers(1, 9))
def test_frames_are_found_however_the_pipe_cuts_them(bodies: list[bytes], size: int) -> None:
    stream = b"".join(frames.pack(frames.VALUE, body) for body in bodies)
    splitter = frames.Splitter()
    found = [frame for at in range(0, len(stream), size) for frame in splitter.feed(stream[at : at + size])]
    assert found == [(frames.VALUE, body) for body in bodies]
    assert splitter.unfinished == 0


@pytest.mark.parametrize(
    ("length", "tag"),
    [(frames.CAP + 1, frames.VALUE), (frames.PROGRESS_CAP + 1, frames.PROGRESS), (2, 0), (2, frames.END)],
)
def test_a_head_that_lies_is_refused_before_its_body_is_kept(length: int, tag: int) -> None:
    with pytest.raises(frames.BrokenFrame):
        frames.Splitter().feed(frames.HEAD.pack(length, tag))


def test_a_pipe_that_ends_in_the_middle_of_a_frame_is_an_end() -> None:
    reading, writing = os.pipe()
    frames.write(writing, frames.pack(frames.VALUE, b'{"a":1}')[:-1])
    os.close(writing)
    assert frames.read(reading) is None
    os.close(reading)
