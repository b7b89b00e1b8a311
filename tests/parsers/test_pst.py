"""PST and OST to records: ranges, addresses, integrity, recovered items and the account of every byte."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from pathlib import Path

import pytest

from forensics import tables
from forensics.absent import Absent
from forensics.address import Address
from forensics.parsers.contract import Range, Unit
from forensics.parsers.pst import PstParser
from forensics.records import ByteAccount, Folder, Integrity, Message, Problem, Record, RecoveredItem, Recovery
from tests.corpus import CORPUS, needs_corpus
from tests.formats.pst.forge import small

_STORES = sorted((*CORPUS.glob("pst/**/*.pst"), *CORPUS.glob("pst/**/*.ost"))) if CORPUS else []
_AT = Address(evidence="EV-0001", steps=("000001",))


def _records(data: bytes, only: Range | None = None) -> list[Record]:
    unit = Unit(path="a.pst", size=len(data), sha256="0" * 64, handle=io.BytesIO(data), range=only or {})
    return list(PstParser().parse(unit, _AT, lambda raw: hashlib.sha256(raw).hexdigest()))


def _ranges(data: bytes) -> list[Range]:
    return list(PstParser().ranges(Unit(path="a.pst", size=len(data), sha256="0" * 64, handle=io.BytesIO(data))))


def test_messages_have_the_node_the_first_block_and_the_result_of_their_checks() -> None:
    forge = small()
    found = [one for one in _records(forge.build()) if isinstance(one, Message)]
    assert len(found) == 20
    first = found[0]
    assert str(first.address) == "EV-0001/000001/node:2097156"
    assert first.address.span is not None
    assert first.address.span.start == forge.places[forge.nodes[0x200004].data]
    assert first.integrity is Integrity.VERIFIED
    assert first.store_path == "/Inbox"


def test_a_changed_block_makes_the_integrity_of_its_message_fail() -> None:
    forge = small()
    data = bytearray(forge.build())
    at = forge.places[forge.nodes[0x200004].data]
    data[at + 40] ^= 1
    found = [one for one in _records(bytes(data)) if isinstance(one, Message)]
    assert Counter(one.integrity for one in found) == {Integrity.FAILED: 1, Integrity.VERIFIED: 19}


def test_a_deleted_message_says_how_it_was_found() -> None:
    forge = small()
    forge.message(0x210004, "deleted", parent=0x8022)
    node = forge.nodes.pop(0x210004)
    forge.refused.add(node.data)
    forge.stale.append([node])
    records = _records(forge.build())
    (message,) = (one for one in records if isinstance(one, Message) and one.recovery is Recovery.STALE)
    (how,) = (one for one in records if isinstance(one, RecoveredItem))
    assert (message.subject, message.store_path) == ("deleted", "/Inbox")
    assert how.message_id_ref == message.identity()
    assert (how.tier, how.confidence, how.same_as) == ("deleted_node", "certain", Absent.NOT_APPLICABLE)
    assert isinstance(how.page_offset, int)


def test_what_was_overwritten_is_named_with_the_find_and_is_no_problem_of_reading() -> None:
    forge = small()
    forge.message(0x210004, "deleted", parent=0x8022)
    node = forge.nodes.pop(0x210004)
    forge.stale.append([node])
    del forge.blocks[node.data]
    records = _records(forge.build())
    (how,) = (one for one in records if isinstance(one, RecoveredItem))
    assert how.message_id_ref is Absent.UNREADABLE
    assert how.overwritten
    assert not [one for one in records if isinstance(one, Problem)]


def test_the_whole_store_and_its_ranges_give_the_same_records() -> None:
    data = small(messages=40).build()
    apart = [record for each in _ranges(data) for record in _records(data, each)]
    assert apart == _records(data)


@needs_corpus
@pytest.mark.parametrize("path", _STORES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_real_stores_give_records_with_ids_of_their_own_that_fit_the_tables(path: Path) -> None:
    records = _records(path.read_bytes())
    ids = Counter((record.KIND, record.identity()) for record in records)
    assert [key for key, count in ids.items() if count > 1] == []
    for kind in {record.KIND for record in records}:
        tables.gather(kind, [one for one in records if kind == one.KIND], "pst 2", "0" * 64)
    (account,) = (one for one in records if isinstance(one, ByteAccount))
    assert account.size == path.stat().st_size
    assert any(isinstance(one, Folder) for one in records)
