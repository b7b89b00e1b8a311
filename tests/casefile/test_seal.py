"""The message tree, held against its page, its vectors and a second implementation made from that page."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile import merkle, seal
from forensics.casefile.message_parts import KINDS, MARK, kind_of, messages
from forensics.errors import FormatError, IntegrityError
from tests.casefile import second_tree
from tests.casefile.sealable import KEY, case, manifest, records

PAGE = Path(__file__).parents[2] / "docs/reference/message-tree.md"


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    """Those of the page."""
    found: dict[str, Any] = json.loads(PAGE.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0])
    return found


def _parts(folder: Path) -> list[list[bytes]]:
    view = case(folder).view()
    return [each.parts for each in messages(view, manifest(view))]


def test_the_parts_of_records_are_those_of_the_page(tmp_path: Path, vectors: dict[str, Any]) -> None:
    assert [[part.hex() for part in parts] for parts in _parts(tmp_path / "case")] == vectors["parts"]
    shown = [bytes.fromhex(part).decode("utf-8", "backslashreplace") for part in vectors["parts"][0]]
    assert shown == vectors["first"]


def test_leaves_and_root_are_those_of_the_page_and_of_a_second_implementation(
    tmp_path: Path, vectors: dict[str, Any]
) -> None:
    view = case(tmp_path / "case").view()
    found = list(messages(view, manifest(view)))
    leaves = seal.leaves_of(found, KEY)
    assert [bytes(leaves[at : at + 32]).hex() for at in range(0, len(leaves), 32)] == vectors["message_leaves"]
    assert merkle.root(leaves).hex() == vectors["root"]
    second = second_tree.item_leaves(bytes.fromhex(vectors["key"]), [each.parts for each in found])
    assert second_tree.root(second).hex() == vectors["root"]
    salts = seal.salter(KEY)
    assert [salt.hex() for salt in salts(0, 7)] == vectors["salts_of_first"]
    assert [salt.hex() for salt in salts(1, 9)] == vectors["salts_of_second"]


def test_any_number_of_parts_and_any_key_gives_what_the_second_implementation_gives() -> None:
    chance = random.Random(4)
    for count in range(1, 40):
        key, index = chance.randbytes(chance.choice((32, 64, 128, 129, 200))), chance.randrange(10**7)
        parts = [chance.randbytes(chance.randrange(300)) for _ in range(count)]
        leaves = seal.part_leaves(seal.salter(key)(index, count), parts)
        assert leaves == second_tree.part_leaves(key, index, parts)
        assert seal.message_leaf(leaves) == second_tree.message_leaf(key, index, parts)


def test_every_part_is_of_the_one_kind_that_its_second_line_names(tmp_path: Path) -> None:
    for parts in _parts(tmp_path / "case"):
        kinds = [kind_of(part) for part in parts]
        assert kinds == sorted(kinds, key=KINDS.index)
        counts = json.loads(parts[0].split(b"\n", 2)[2])
        wanted = [counts[f"{name}s"] for name in ("field", "header")] + [counts["bodies"], counts["attachments"]]
        assert [kinds.count(kind) for kind in KINDS[2:]] == wanted
    assert kind_of(b"message-part-v1\nheaders\nX: y") == kind_of(b"header\nX: y") == kind_of(b"") == ""
    assert kind_of(MARK + b"header\nbody\n") == "header"


def test_json_in_parts_is_canonical(tmp_path: Path) -> None:
    from forensics import canonical

    for parts in _parts(tmp_path / "case"):
        for part in parts:
            content = part.split(b"\n", 2)[2]
            if kind_of(part) != "header":
                assert canonical.encode(canonical.decode(content)) == content


def test_a_batch_may_end_inside_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = case(tmp_path / "case").view()
    whole = [each.parts for each in messages(view, manifest(view))]
    columns = type(view).columns
    monkeypatch.setattr(type(view), "columns", lambda self, part, names: columns(self, part, names, 1))
    assert [each.parts for each in messages(view, manifest(view))] == whole


def test_rows_that_belong_to_no_message_are_named(tmp_path: Path) -> None:
    made = case(tmp_path / "case")
    made.parsed([each for each in records() if each.address.steps[1] != "message:1" or each.KIND != "message"])
    view = made.view()
    with pytest.raises(IntegrityError) as caught:
        list(messages(view, manifest(view)))
    assert "records/header" in caught.value.place


def test_a_changed_part_file_is_not_sealed(tmp_path: Path) -> None:
    made = case(tmp_path / "case")
    path = made.folder / "records/header/EV-0001-000001.parquet"
    path.write_bytes(path.read_bytes() + b"\0")
    view = made.view()
    with pytest.raises(IntegrityError):
        list(messages(view, manifest(view)))


def test_a_guess_of_a_withheld_part_cannot_be_confirmed(tmp_path: Path) -> None:
    parts = _parts(tmp_path / "case")[0]
    leaves = seal.part_leaves(seal.salter(KEY)(0, len(parts)), parts)
    unsalted = {hashlib.sha256(b"\0" + part).digest() for part in parts}
    assert not unsalted & set(leaves)
    other = seal.part_leaves(seal.salter(bytes(32))(0, len(parts)), parts)
    assert not set(other) & set(leaves)


def test_the_seal_survives_writing_and_names_what_it_lacks() -> None:
    item = {"evidence": "EV-0001", "manifest_sha256": "ab" * 32, "records_sha256": "0123456789abcdef" * 4}
    made = seal.seal_of("a case", item, second_tree.root([]) * 3)
    assert seal.decode(made.encode()) == made
    assert (made.messages, made.folder) == (3, "seals/EV-0001/0123456789abcdef")
    for broken in (b"[]", made.encode().replace(b'"v":1', b'"v":2'), made.encode().replace(b'"root"', b'"soot"')):
        with pytest.raises(FormatError):
            seal.decode(broken)


def test_a_short_salt_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal.salter(b"short")
