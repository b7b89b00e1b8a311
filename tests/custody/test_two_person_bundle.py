"""A case under two-person control, handed over: ciphertext is checked without a key, each view needs its approval."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.casefile import keyring
from forensics.casefile.acts import Act
from forensics.examination import reviewing
from forensics.examination.bundling import bundle
from forensics.examination.conductor import Examination
from forensics.examination.examining import examine
from forensics.examination.station import Station
from tests.casefile.two_people import actor
from tests.custody.forger import Forger
from tests.custody.real import FACTS, verify
from tests.examination.cases import lay_mail

FAILED, INCOMPLETE = 10, 12
HOUR = 3600 * 10**9


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, keyring.Keyring]:
    """A bundle in whose case one message was opened by two people."""
    folder = tmp_path_factory.mktemp("two-person")
    asks, approves = actor(folder / "people", "aoki", "requester"), actor(folder / "people", "baba", "approver")
    lay_mail(folder / "source")
    station = Station(argv=("a test",), workers=1)
    people = (asks.person, approves.person)
    with Examination.create(folder / "case", dict(FACTS), station, people) as examination:
        ring = keyring.new(examination.facts.id)
        examine(examination, [folder / "source"])
    with Examination(folder / "case", station, ring) as examination:
        examination.note(Act.KEY_ADD, params={"vkey": ring.signer.verifier.vkey})
        examination.keys_changed()
        message = examination.view().chosen("")[0]
        now = station.now()
        wish = reviewing.Wish(requester="aoki", stage="full", purpose="p", basis="b", from_ns=now, until_ns=now + HOUR,
                              max_views=3)  # fmt: skip
        asked = reviewing.request(examination, wish, [message])
        said = reviewing.answer(
            reviewing.read_asked(asked.file, ""), "baba", approves.ssh_file, station.now(), identity=approves.identity
        )
        reviewing.record(examination, said)
        together = reviewing.together_of(examination, asked.request, [asks.identity, approves.identity], said)
        assert reviewing.show(reviewing.open_under(examination, asked.request, together), message).texts
        bundle(examination, folder / "bundle")
    return folder / "bundle", ring


@pytest.fixture
def forger(made: tuple[Path, keyring.Keyring], tmp_path: Path) -> Callable[[], Forger]:
    return lambda: Forger(made[0], tmp_path / "forged")


def test_ciphertext_and_approvals_are_checked_without_any_secret(made: tuple[Path, keyring.Keyring]) -> None:
    found = verify(made[0])
    assert (found.code, found.codes()) == (INCOMPLETE, {"fact-missing"})
    assert not any(b"body 1" in path.read_bytes() for path in made[0].rglob("*") if path.is_file())


@pytest.mark.parametrize("place", ["evidence", "records"])
def test_ciphertext_that_changed_is_named(forger: Callable[[], Forger], place: str) -> None:
    forged = forger()
    path = next(each for each in sorted((forged.folder / "data" / place).rglob("*")) if each.is_file())
    path.write_bytes(path.read_bytes() + b"x")
    found = verify(forged.rebag())
    assert (found.code, ("changed", path.relative_to(forged.folder).as_posix()) in found.findings) == (FAILED, True)


@pytest.mark.parametrize(
    "what",
    [
        "views",
        "time",
        "stage",
        "message",
        "grant",
        "self",
        "paper",
        "one key",
        "wider",
        "counted anew",
        "again",
        "over",
    ],
)
def test_a_view_outside_of_its_approval_fails(
    made: tuple[Path, keyring.Keyring], forger: Callable[[], Forger], what: str
) -> None:
    forged = forger()
    view = forged.line("content.view")
    if what == "views":
        for number in range(4):
            forged.append("content.view", id=f"more {number}")
    elif what == "time":
        forged.line("approval.request")["params"]["until_ns"] = view["ts_ns"] - 1
    elif what == "stage":
        forged.line("approval.request")["params"]["stage"] = "excerpt"
    elif what == "message":
        view["params"]["message"] = "another"
    elif what == "grant":
        forged.lines.remove(forged.line("approval.grant"))
    elif what == "self":
        forged.line("approval.grant")["params"]["approver"] = "aoki"
    elif what == "one key":  # the approver's key is on the ledger under the requester's name too
        at, key = next((n, e) for n, e in enumerate(forged.lines) if e.get("params", {}).get("principal") == "baba")
        forged.lines.insert(at, {**key, "id": "second", "params": {**key["params"], "principal": "aoki"}})
    elif what == "wider":  # more views than the paper says that the approver signed
        forged.line("approval.request")["params"]["max_views"] = 99
    elif what == "counted anew":
        forged.line("approval.request")["params"]["views"] = -9
        for number in range(4):
            forged.append("content.view", id=f"more {number}")
    elif what == "again":
        forged.append("approval.request", id="asked again")
    elif what == "over":
        forged.append("approval.grant", act="approval.expire", id="over")
        forged.append("content.view", id="after")
    else:
        grant = forged.line("approval.grant")
        grant["attach"][0] = dict(forged.line("approval.request")["attach"][0])
    found = verify(forged.rewrite(made[1].signer))
    assert found.code == FAILED
    assert found.codes() & {"custody", "signature"}
