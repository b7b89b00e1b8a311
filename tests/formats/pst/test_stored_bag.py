from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.mapi import NamedId, Property, PropertyBag, tags
from forensics.formats.pst.ltp.stored_bag import Stored, StoredBag
from forensics.records import Integrity

_IDS = (tags.PR_SUBJECT, tags.PR_MESSAGE_CODEPAGE, tags.PR_INTERNET_CPID, tags.PR_MESSAGE_LOCALE_ID, 0x8001, 0x8002)
_TYPES = (*tags.WIDTHS, tags.PTYP_STRING, tags.PTYP_STRING8, 0x0102, 0x1003, 0x101F, 0x1102)
_SAME = NamedId(guid=UUID(int=1), number=7)
_NAMED = {0x8001: _SAME, 0x8002: _SAME, 0x8003: NamedId(guid=UUID(int=2), name="other")}

_RAW = st.one_of(st.binary(max_size=20), st.sampled_from([(932).to_bytes(4, "little"), "件名\0".encode("utf-16-le")]))
_STORED = st.lists(
    st.tuples(
        st.builds(lambda id_, type_: id_ << 16 | type_, st.sampled_from(_IDS), st.sampled_from(_TYPES)),
        _RAW,
        st.lists(st.binary(max_size=4), max_size=2).map(tuple),
        st.sampled_from(Integrity),
    ),
    max_size=12,
)


@given(stored=_STORED, codepage=st.sampled_from([None, 932]))
def test_a_bag_that_makes_properties_when_asked_reads_like_one_that_made_them_all(
    stored: list[Stored], codepage: int | None
) -> None:
    made = PropertyBag(
        (
            Property(tag=tag, raw=raw, named=_NAMED.get(tag >> 16), values=values, integrity=integrity)
            for tag, raw, values, integrity in stored
        ),
        codepage=codepage,
    )
    for key in (*_IDS, 0x1234, *_NAMED.values(), NamedId(guid=UUID(int=3), number=1)):
        bag = StoredBag(stored, _NAMED, codepage=codepage)
        for read in ("text", "texts", "integer", "integers", "binary", "binaries", "filetime", "boolean", "find"):
            assert getattr(bag, read)(key) == getattr(made, read)(key), (read, key)
    bag = StoredBag(stored, _NAMED, codepage=codepage)
    assert (bag.everything, bag.codepage, list(bag), dict(bag)) == (
        made.everything,
        made.codepage,
        list(made),
        dict(made),
    )
    assert list(bag.stored_values()) == list(made.stored_values())
