from __future__ import annotations

import io
import tempfile

from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.pst.ndb.source import Source

_DATA = bytes(range(256)) * 1024
_READS = st.lists(
    st.tuples(st.integers(-5, len(_DATA) + 5), st.sampled_from([-1, 0, 1, 64, 512, 8192, 70_000])), max_size=12
)


@given(reads=_READS, ahead=st.integers(0, 20_000))
def test_reading_ahead_gives_the_bytes_of_the_file(reads: list[tuple[int, int]], ahead: int) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(_DATA)
        file.flush()
        with open(file.name, "rb") as handle:
            for source in (Source(handle), Source(io.BytesIO(_DATA))):
                for at, count in reads:
                    for begin in (at, at + max(count, 0), at + ahead):
                        expected = _DATA[begin : begin + count] if begin >= 0 and count > 0 else b""
                        assert source.read(begin, count) == expected
