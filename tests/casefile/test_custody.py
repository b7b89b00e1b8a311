"""The state that the lines come to, and every line that breaks a rule."""

from __future__ import annotations

from typing import Any

import pytest

from forensics.casefile.custody import Custody, custody
from forensics.casefile.ledger import Line

_PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
_EV1, _EV2 = {"id": "EV-0001", "sha256": "1" * 64}, {"id": "EV-0002", "sha256": "2" * 64}


def _state(*values: dict[str, Any]) -> Custody:
    lines = []
    for number, value in enumerate(values, start=1):
        whole = {"id": f"L{number}", "phase": "done", "ts_ns": number * 10**9, **value}
        lines.append(Line(number=number, sha256="", value=whole))
    return custody(lines)


def _out(*items: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"act": "transfer.out", "in": list(items), "params": {"to": "Court"}, **more}


def _in(answers: str, *items: dict[str, str]) -> dict[str, Any]:
    return {"act": "transfer.in", "in": list(items), "params": {"answers": answers}}


def test_a_transfer_is_in_transit_until_the_same_items_arrive() -> None:
    state = _state(_out(_EV1, _EV2))
    assert [(each.line, each.to) for each in state.in_transit] == [(1, "Court")]
    state = _state(_out(_EV1, _EV2), _in("L1", _EV2, _EV1))
    assert (state.in_transit, state.broken) == ([], [])
    assert _state({"act": "transfer.in", "in": [_EV1]}).broken == []


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ((_in("L9", _EV1),), "no transfer.out before it"),
        ((_out(_EV1), _in("L1", _EV2)), "not those that left"),
        ((_out(_EV1), _in("L1", {**_EV1, "sha256": "f" * 64})), "not those that left"),
        ((_out(_EV1), _in("L1", _EV1), _in("L1", _EV1)), "answered already"),
        (({"act": "dispose", "in": [_EV1]}, _out(_EV1)), "was disposed of by line 1"),
        (({"act": "dispose", "in": [_EV1]}, {"act": "dispose", "in": [_EV1]}), "was disposed of by line 1"),
        (({"act": "correct"},), "corrects no line"),
        (({"act": "verify", "corrects": "L2"}, {"act": "verify"}), "no earlier line"),
        (({"act": "key.add", "params": {}},), "adds no key"),
        (({"act": "key.add", "params": {"public_key": "x", "principal": "a"}},), "cannot be read"),
        (({"act": "key.revoke", "params": {"vkey": "x"}},), "was not valid"),
    ],
)
def test_a_line_that_breaks_a_rule_is_named(lines: tuple[dict[str, Any], ...], what: str) -> None:
    (found,) = _state(*lines).broken
    assert what in found.what
    assert found.place.startswith("ledger/events.jsonl line ")


def test_only_a_line_that_is_done_counts() -> None:
    assert _state(_out(_EV1, phase="begun")).transfers == []


def test_keys_count_from_their_line_to_their_end() -> None:
    add = {"act": "key.add", "params": {"vkey": "old"}}
    state = _state(add, {"act": "key.add", "params": {"vkey": "new"}}, {"act": "key.revoke", "params": {"vkey": "old"}})
    old, new = state.log_keys
    assert [old.counts_at(line) for line in (0, 1, 3, 4)] == [False, True, True, False]
    assert [new.counts_at(line) for line in (1, 2, 9)] == [False, True, True]


def test_a_revoked_person_signed_until_then() -> None:
    person = {"principal": "aoki", "public_key": f"{_PUBLIC} comment", "role": "examiner", "valid_after": "20200101Z"}
    state = _state({"act": "key.add", "params": person})
    assert state.examiner_key(1_600_000_000 * 10**9) == state.people[0].fingerprint
    assert state.examiner_key(1_500_000_000 * 10**9) == ""
    assert state.people[0].line() == f'aoki valid-after="20200101000000Z" {_PUBLIC}'
    mark = state.people[0].fingerprint
    gone = _state({"act": "key.add", "params": person}, {"act": "key.revoke", "params": {"fingerprint": mark}})
    assert gone.examiner_key(1_600_000_000 * 10**9) == ""
    assert 'valid-before="19700101000002Z"' in gone.people[0].line()


def test_corrections_are_found_from_the_line_that_is_wrong() -> None:
    state = _state({"act": "verify"}, {"act": "correct", "corrects": "L1"}, {"act": "verify", "corrects": "L1"})
    assert state.corrections == {1: [2, 3]}


def test_time_that_runs_backwards_is_a_warning_unless_a_clock_check_says_why() -> None:
    back = {"act": "verify", "ts_ns": 1}
    assert "before that of the line before" in _state({"act": "verify"}, back).warnings[0].what
    assert _state({"act": "verify"}, {"act": "clock.check", "ts_ns": 1}, {"act": "verify", "ts_ns": 2}).warnings == []
    assert _state({"act": "verify"}, back).broken == []
