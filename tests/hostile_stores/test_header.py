"""One wrong byte anywhere in a header, or a header that lies with valid check values, hides nothing of a store."""

from __future__ import annotations

import io
import struct

import pytest

from forensics.errors import FormatError
from forensics.formats.pst.messaging.store import open_store
from forensics.formats.pst.ndb import encryption
from forensics.formats.pst.ndb.checksums import crc
from forensics.formats.pst.ndb.layout import ANSI, UNICODE, UNICODE_4K, Layout
from forensics.formats.pst.recovery.fingerprint import fingerprint
from tests.formats.pst.forge import small

_CRYPT = {ANSI.width: 461, UNICODE.width: 513, UNICODE_4K.width: 513}
layouts = pytest.mark.parametrize("layout", [ANSI, UNICODE, UNICODE_4K], ids=lambda layout: layout.width)


def _prints(data: bytes) -> tuple[list[bytes], bool]:
    store = open_store(io.BytesIO(data))
    found = [one for node in store.folders() for one in store.items(node.nid)]
    return [fingerprint(one.item) for one in found if one.item is not None], bool(store.problems)


def _sealed(data: bytes, layout: Layout, at: int, value: int) -> bytes:
    made = bytearray(data)
    made[at] = value
    if layout is not ANSI:
        struct.pack_into("<I", made, 524, crc(bytes(made[8:524])))
    struct.pack_into("<I", made, 4, crc(bytes(made[8:479])))
    return bytes(made)


@layouts
@pytest.mark.parametrize("crypt", encryption.METHODS)
def test_no_single_byte_of_the_header_can_hide_an_item(layout: Layout, crypt: int) -> None:
    good = small(layout, crypt, messages=4).build()
    wanted, _ = _prints(good)
    for at in range(0, 564, 1 if crypt == encryption.PERMUTE else 7):
        torn = bytearray(good)
        torn[at] ^= 0x81
        assert _prints(bytes(torn))[0] == wanted, at


@layouts
@pytest.mark.parametrize("crypt", encryption.METHODS)
@pytest.mark.parametrize("sealed", [True, False])
def test_a_header_that_names_a_wrong_encoding_is_not_believed(layout: Layout, crypt: int, sealed: bool) -> None:
    good = small(layout, crypt, messages=4).build()
    wanted = _prints(good)[0]
    at = _CRYPT[layout.width]
    for said in {0, 1, 2, 5, encryption.WIP} - {crypt}:
        torn = _sealed(good, layout, at, said) if sealed else good[:at] + bytes([said]) + good[at + 1 :]
        assert _prints(torn) == (wanted, True), said


def test_a_store_that_really_is_encrypted_is_still_named_as_such() -> None:
    forge = small(crypt=encryption.WIP, messages=40)
    key = bytes((7 * at + 91) % 256 for at in range(8192))
    forge.blocks = {
        bid: data if bid & 2 else bytes(one ^ two for one, two in zip(data, key, strict=False))
        for bid, data in forge.blocks.items()
    }
    with pytest.raises(FormatError, match="Windows Information Protection"):
        open_store(io.BytesIO(forge.build()))


@pytest.mark.parametrize("crypt", encryption.METHODS)
def test_the_encoding_is_recognised_where_no_page_of_the_block_tree_is_left(crypt: int) -> None:
    data = bytearray(small(crypt=crypt).build())
    for at in range(0, len(data), 512):
        if data[at + 496 : at + 498] == b"\x80\x80":
            data[at : at + 512] = bytes(512)
    data[:564] = bytes(564)
    store = open_store(io.BytesIO(bytes(data)))
    assert store.header.crypt == crypt
    assert len([one for one in store.items(0x8022) if one.item is not None]) == 20
