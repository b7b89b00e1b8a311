"""Who may open a case together, and that nobody opens it alone."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest

from forensics.casefile import two_person
from forensics.casefile.two_person import APPROVER, BOTH, REQUESTER, Person, Secrets
from forensics.errors import IntegrityError, UsageError
from tests.casefile.two_people import Actor, actor, people_toml

CASE = "019a0000-0000-7000-8000-000000000001"


@pytest.fixture
def four(tmp_path: Path) -> tuple[Actor, Actor, Actor, Actor]:
    roles = {"sato": REQUESTER, "suzuki": REQUESTER, "tanaka": APPROVER, "yamada": APPROVER}
    one, two, three, four_ = (actor(tmp_path / "home", name, role) for name, role in roles.items())
    return one, two, three, four_


def _established(folder: Path, actors: tuple[Actor, ...]) -> tuple[two_person.People, Secrets]:
    secrets = Secrets.new(CASE)
    people = two_person.declared(people_toml(*actors))
    sha256 = two_person.establish(folder, people, secrets)
    return two_person.read_people(folder, sha256), secrets


def test_every_pair_of_the_two_sides_opens_the_case_in_any_order(tmp_path: Path, four: tuple[Actor, ...]) -> None:
    people, secrets = _established(tmp_path / "case", four)
    assert len(people.envelopes) == 4
    for a in four[:2]:
        for b in four[2:]:
            for given in ((a.identity, b.identity), (b.identity, a.identity)):
                found = two_person.open_together(tmp_path / "case", people, given)
                assert (found.requester, found.approver, found.secrets) == (a.name, b.name, secrets)


def test_one_alone_twice_or_two_of_one_side_open_nothing(tmp_path: Path, four: tuple[Actor, ...]) -> None:
    people, _ = _established(tmp_path / "case", four)
    for given in ((), (four[0],), (four[2],), (four[0], four[0])):
        with pytest.raises(UsageError, match="one person alone") as caught:
            two_person.open_together(tmp_path / "case", people, [each.identity for each in given])
        assert caught.value.exit_code == 2
    for given in ((four[0], four[1]), (four[2], four[3])):
        with pytest.raises(UsageError, match="no requester and approver"):
            two_person.open_together(tmp_path / "case", people, [each.identity for each in given])


def test_an_outsider_is_refused(tmp_path: Path, four: tuple[Actor, ...]) -> None:
    people, _ = _established(tmp_path / "case", four)
    outsider = actor(tmp_path / "home", "mallory", BOTH)
    with pytest.raises(UsageError, match="none of the people"):
        two_person.open_together(tmp_path / "case", people, (four[0].identity, outsider.identity))


def test_the_inner_layer_can_be_handed_over(tmp_path: Path, four: tuple[Actor, ...]) -> None:
    people, secrets = _established(tmp_path / "case", four)
    pair = people.pair("sato", "tanaka")
    inner = four[2].identity.open(two_person.read_envelope(tmp_path / "case", pair))
    assert secrets.data_key.hex().encode() not in inner
    found = two_person.open_handed(people, inner, four[0].identity, "tanaka")
    assert found.secrets == secrets
    with pytest.raises(IntegrityError):
        two_person.open_handed(people, inner, four[1].identity, "tanaka")


@pytest.mark.skipif(shutil.which("age") is None, reason="the command 'age' is not installed")
def test_the_stock_command_opens_a_stored_envelope(tmp_path: Path, four: tuple[Actor, ...]) -> None:
    people, secrets = _established(tmp_path / "case", four)
    data = two_person.read_envelope(tmp_path / "case", people.pair("suzuki", "yamada"))
    for each in (four[3], four[1]):
        command = ["age", "--decrypt", "--identity", str(each.identity_file)]
        data = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    assert data == secrets.encode()


def test_who_is_on_both_sides_never_pairs_with_themselves(tmp_path: Path) -> None:
    both = tuple(actor(tmp_path / "home", name, BOTH) for name in ("a", "b"))
    people, _ = _established(tmp_path / "case", both)
    assert {(each.requester, each.approver) for each in people.envelopes} == {("a", "b"), ("b", "a")}


def _changed(person: Person, **fields: str) -> Person:
    return dataclasses.replace(person, **fields)


def test_people_who_could_not_control_each_other_are_refused(tmp_path: Path, four: tuple[Actor, ...]) -> None:
    a, _, b, _ = (each.person for each in four)
    wrong = {
        "nobody can approve": (a, _changed(b, role=REQUESTER)),
        "same age recipient": (a, _changed(b, age=a.age)),
        "same SSH key": (a, _changed(b, ssh=a.ssh)),
        "same name": (a, _changed(b, name=a.name)),
        "other characters": (a, _changed(b, name="佐藤")),
        "not requester, approver or both": (a, _changed(b, role="boss")),
        "not an age recipient": (a, _changed(b, age="age1x")),
        "cannot be used": (a, _changed(b, ssh="ssh-ed25519 nonsense")),
    }
    for what, pair in wrong.items():
        given = tuple(dataclasses.replace(who, person=each) for who, each in zip((four[0], four[2]), pair, strict=True))
        with pytest.raises(UsageError, match=what):
            two_person.declared(people_toml(*given))
    for data in (b"", b"\xff", b"person = 3", b'[[person]]\nname = "a"'):
        with pytest.raises(UsageError, match="file of people"):
            two_person.declared(data)


def test_changed_papers_are_refused(tmp_path: Path, four: tuple[Actor, ...]) -> None:
    folder = tmp_path / "case"
    people, _ = _established(folder, four)
    pair = people.pair("sato", "tanaka")
    other = people.pair("sato", "yamada")
    (folder / pair.file).write_bytes((folder / other.file).read_bytes())
    with pytest.raises(IntegrityError, match="is not the envelope"):
        two_person.open_together(folder, people, (four[0].identity, four[2].identity))
    (folder / pair.file).unlink()
    with pytest.raises(IntegrityError, match="cannot be read"):
        two_person.read_envelope(folder, pair)
    with pytest.raises(IntegrityError, match="is not the file that case"):
        two_person.read_people(folder, "0" * 64)


def test_secrets_of_another_case_are_refused() -> None:
    secrets = Secrets.new(CASE)
    with pytest.raises(IntegrityError, match="another case"):
        Secrets.decode(secrets.encode(), CASE[:-1] + "2")
    for data in (b"", b"{}", b'{"v":1}', secrets.encode().replace(b'"v":1', b'"v":2')):
        with pytest.raises(IntegrityError, match="something else"):
            Secrets.decode(data, CASE)


def test_the_master_of_the_salts_is_kept_where_there_is_one() -> None:
    assert Secrets.new(CASE, bytes(32)).salt_master == bytes(32)
    assert Secrets.new(CASE).data_key != Secrets.new(CASE).data_key
