"""The 22 attacks of docs/guarantees.md on a real bundle: each is detected where the page says, and nowhere else.

Alone: the bundle and nothing from outside but, where it is named, the log key. A receipt is the line that the receiver
has; tsa is the root certificate of the time-stamping authority.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest

from forensics.casefile import keyring
from tests.custody.forger import Forger
from tests.custody.real import Handed, verify

New = Callable[[], Forger]
VERIFIED, FAILED, CONSISTENT = 0, 10, 11
MONTH, HOURS = 30 * 24 * 3600, 3 * 3600

needs_tsa = pytest.mark.usefixtures("authority")


@pytest.fixture
def authority(handed: Handed) -> None:
    if handed.authority is None:
        pytest.skip("the time stamps of this test are made by openssl, which is not here")


def _edit(forger: Forger) -> None:
    """A change of substance: another receiver of the evidence."""
    forger.line("transfer.out")["params"]["to"]["name"] = "somebody else"


def test_the_real_bundle_is_verified_with_anchors_and_consistent_without(handed: Handed) -> None:
    alone = verify(handed.bundle)
    assert (alone.code, alone.findings) == (CONSISTENT, [])
    assert verify(handed.bundle, *handed.anchors()).code == CONSISTENT
    assert verify(handed.bundle, *handed.anchors("receipt")).code == VERIFIED
    assert verify(handed.bundle, "--receipt", handed.receipt).code == CONSISTENT


# 1 to 5: never detected


def test_1_to_4_what_was_never_told_or_was_told_wrongly_is_not_detected(handed: Handed) -> None:
    # The facts of this case are made up, its mail is forged, and the tool that read it may have been told to lie.
    assert verify(handed.bundle, *handed.anchors("receipt")).code == VERIFIED


def test_5_all_holders_of_receipts_together_can_vouch_for_a_rewrite(handed: Handed, forger: New) -> None:
    forged = forger()
    _edit(forged)
    path = forged.rewrite(handed.ring.signer)
    root = verify(path).said["root"]
    origin, size, _, time = handed.receipt.split()
    found = verify(path, "--log-key", handed.log_key, "--receipt", f"{origin} {size} {root} {time}")
    assert found.code == VERIFIED


# 6 to 8: detected by a receipt only


@needs_tsa
def test_6_a_rewrite_by_the_holder_of_the_key_within_the_lag_falls_to_a_receipt(handed: Handed, forger: New) -> None:
    forged = forger()
    _edit(forged)
    path = forged.rewrite(handed.ring.signer, handed.authority.stamp if handed.authority else None)
    assert verify(path).code == CONSISTENT
    assert verify(path, *handed.anchors("tsa")).code == VERIFIED
    found = verify(path, *handed.anchors("tsa", "receipt"))
    assert (found.code, found.findings) == (FAILED, [("root", f"--receipt {handed.receipt}")])


@needs_tsa
def test_7_a_later_rewrite_with_all_times_moved_to_now_falls_to_a_receipt(handed: Handed, forger: New) -> None:
    forged = forger()
    _edit(forged)
    forged.shift(1)
    path = forged.rewrite(handed.ring.signer, handed.authority.stamp if handed.authority else None)
    assert verify(path).code == CONSISTENT
    assert verify(path, *handed.anchors("tsa")).code == VERIFIED
    assert "root" in verify(path, *handed.anchors("tsa", "receipt")).codes()


@needs_tsa
def test_8_a_rollback_by_the_holder_of_the_key_falls_to_a_receipt(handed: Handed, forger: New) -> None:
    forged = forger()
    size = int(handed.early_receipt.split()[1])
    bundled = [deepcopy(each) for each in forged.lines if each["act"] == "bundle"]
    forged.lines = [*forged.lines[:size], *bundled]
    path = forged.rewrite(handed.ring.signer, handed.authority.stamp if handed.authority else None)
    assert verify(path).code == CONSISTENT
    assert verify(path, *handed.anchors("tsa")).code == VERIFIED
    assert verify(path, *handed.anchors("tsa", "early")).code == VERIFIED
    assert "cut" in verify(path, *handed.anchors("tsa", "receipt")).codes()


def test_8_a_rollback_by_anybody_else_lacks_the_line_of_the_bundle(handed: Handed, forger: New) -> None:
    forged = forger()
    size = int(handed.early_receipt.split()[1])
    forged.lines = forged.lines[:size]
    forged.write()
    forged.drop_checkpoints(above=size)
    assert ("changed", "manifest-sha256.txt") in verify(forged.rebag()).findings


# 9 to 13: detected by the root of the time-stamping authority


@needs_tsa
@pytest.mark.parametrize("seconds", [MONTH, HOURS], ids=["9 a month", "10 three hours"])
def test_9_and_10_a_later_rewrite_that_keeps_the_claimed_times_falls_to_the_lag(
    handed: Handed, forger: New, seconds: int
) -> None:
    forged = forger()
    _edit(forged)
    forged.shift(-seconds)
    assert handed.authority is not None
    path = forged.rewrite(handed.ring.signer, handed.authority.stamp)
    assert verify(path, *handed.anchors("tsa")).codes() == {"time-lag"}
    forged.drop_checkpoints()
    forged.sign(handed.ring.signer)
    assert verify(forged.rebag(), *handed.anchors()).code == CONSISTENT


@needs_tsa
def test_11_a_rewrite_that_drops_the_stamps_leaves_none_of_the_authority(handed: Handed, forger: New) -> None:
    forged = forger()
    _edit(forged)
    path = forged.rewrite(handed.ring.signer)
    assert verify(path, *handed.anchors()).code == CONSISTENT
    assert verify(path, *handed.anchors("tsa")).codes() == {"no-stamp"}


@needs_tsa
def test_12_an_old_stamp_does_not_fit_a_rewritten_checkpoint(handed: Handed, forger: New) -> None:
    forged = forger()
    _edit(forged)
    stamp = next((forged.ledger / "checkpoints").glob("*.tsr"))
    name, kept = stamp.name, stamp.read_bytes()
    forged.rewrite(handed.ring.signer)
    (forged.ledger / "checkpoints" / name).write_bytes(kept)
    found = verify(forged.rebag(), *handed.anchors("tsa"))
    assert ("malformed", f"data/ledger/checkpoints/{name}") in found.findings


@needs_tsa
def test_13_a_clock_that_runs_ahead_claims_times_later_than_the_stamp(handed: Handed, forger: New) -> None:
    forged = forger()
    forged.shift(HOURS)
    assert handed.authority is not None
    path = forged.rewrite(handed.ring.signer, handed.authority.stamp)
    assert verify(path, *handed.anchors("tsa")).codes() == {"time-ahead"}
    forged.drop_checkpoints()
    forged.sign(handed.ring.signer)
    assert verify(forged.rebag(), *handed.anchors()).code == CONSISTENT


# 14 and 15: the log key, and the tail


def test_14_a_ledger_made_anew_under_another_key_falls_to_the_log_key(handed: Handed, forger: New) -> None:
    forged = forger()
    _edit(forged)
    other = keyring.new(str(forged.lines[0]["case"]))
    key = next(each for each in forged.lines if "vkey" in each.get("params", {}))
    key["params"]["vkey"] = other.signer.verifier.vkey
    files = forged.folder / "data" / "keys" / "log.vkey"
    files.write_text(other.signer.verifier.vkey + "\n")
    forged.pin_payload()
    path = forged.rewrite(other.signer)
    assert (verify(path).code, verify(path).findings) == (CONSISTENT, [])
    assert verify(path, *handed.anchors()).codes() >= {"key-not-told", "foreign-key"}


def test_15_a_line_behind_the_last_checkpoint_is_warned_of_and_keeps_the_verdict_from_verified(
    handed: Handed, forger: New
) -> None:
    forged = forger()
    forged.append("verify", id="appended")
    forged.write()
    found = verify(forged.rebag(), *handed.anchors("receipt"))
    assert (found.code, found.codes()) == (CONSISTENT, {"tail"})


# 16 to 21: detected by the bundle alone


def test_16_a_line_that_is_edited_and_chained_anew_does_not_give_the_signed_root(forger: New) -> None:
    forged = forger()
    _edit(forged)
    forged.write()
    found = verify(forged.rebag())
    assert (found.code, "root" in found.codes()) == (FAILED, True)


def test_17_a_line_that_is_taken_out_and_the_rest_chained_anew_does_not_give_the_signed_root(forger: New) -> None:
    forged = forger()
    forged.lines.remove(forged.line("transfer.in"))
    forged.write()
    assert verify(forged.rebag()).codes() >= {"root", "cut", "in-transit"}


def test_18_a_ledger_cut_below_its_last_checkpoint_is_shorter_than_was_signed(forger: New) -> None:
    forged = forger()
    forged.lines = forged.lines[:-3]
    forged.write()
    assert "cut" in verify(forged.rebag()).codes()


def test_19_a_line_that_is_only_written_otherwise_is_not_canonical(forger: New) -> None:
    forged = forger()
    forged.put_events(forged.events.read_bytes().replace(b'"act":', b'"act": ', 1))
    found = verify(forged.rebag())
    assert {"line", "root"} <= found.codes()
    assert any(each["facts"].get("line") == "1" for each in found.said["findings"] if each["code"] == "line")


@pytest.mark.parametrize("rebag", [False, True], ids=["as it is", "with sums made anew"])
def test_20_a_flipped_byte_of_evidence_is_found(forger: New, rebag: bool) -> None:
    forged = forger()
    place = "data/evidence/EV-0001/data/000001.bin"
    data = bytearray((forged.folder / place).read_bytes())
    data[len(data) // 2] ^= 1
    (forged.folder / place).write_bytes(data)
    found = verify(forged.rebag() if rebag else forged.folder)
    assert (found.code, ("changed", place) in found.findings) == (FAILED, True)


def test_20_not_even_a_manifest_of_the_item_that_was_made_to_fit_hides_it(forger: New) -> None:
    forged = forger()
    item = forged.folder / "data/evidence/EV-0001"
    (item / "data/000001.bin").write_bytes(b"forged")
    lines = (item / "manifest-sha256.txt").read_text().splitlines()
    fresh = forged.sums(True)
    fitted = [f"{fresh[f'data/evidence/EV-0001/{line[66:]}']}  {line[66:]}\n" for line in lines]
    (item / "manifest-sha256.txt").write_text("".join(fitted))
    forged.pin_payload()
    assert ("changed", "data/evidence/EV-0001/manifest-sha256.txt") in verify(forged.rebag()).findings


@pytest.mark.parametrize("rebag", [False, True], ids=["as it is", "with sums made anew"])
@pytest.mark.parametrize(
    "place",
    [
        "data/evidence/EV-0001/data/000001.bin",
        "data/records/EV-0001.json",
        "data/reports/timeline.csv",
        "data/ledger/head",
    ],
)
def test_21_a_file_that_is_taken_away_is_missed(forger: New, place: str, rebag: bool) -> None:
    forged = forger()
    (forged.folder / place).unlink()
    found = verify(forged.rebag() if rebag else forged.folder)
    assert found.code == FAILED
    assert place in {at for _, at in found.findings}


@pytest.mark.parametrize("rebag", [False, True], ids=["as it is", "with sums made anew"])
def test_21_two_files_or_two_lines_that_change_places_are_found(forger: New, rebag: bool) -> None:
    forged = forger()
    one, two = (forged.folder / f"data/evidence/EV-0001/data/00000{n}.bin" for n in (1, 2))
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)
    found = verify(forged.rebag() if rebag else forged.folder)
    assert {("changed", path.relative_to(forged.folder).as_posix()) for path in (one, two)} <= set(found.findings)
    lines = forger()
    lines.lines[3:5] = lines.lines[4], lines.lines[3]
    lines.write()
    assert "root" in verify(lines.rebag()).codes()


# 22: content


def test_22_content_that_one_person_opened_without_another_is_named(handed: Handed, forger: New) -> None:
    forged = forger()
    params = {"request": "none", "message": "m", "part": "body", "stage": "full", "viewers": ["a"]}
    forged.append("verify", act="content.view", id="view", why="curious", params=params)
    path = forged.rewrite(handed.ring.signer)
    found = verify(path)
    assert (found.code, found.codes()) == (FAILED, {"custody"})


def test_every_number_of_the_page_has_its_test() -> None:
    page = (Path(__file__).parents[2] / "docs" / "guarantees.md").read_text(encoding="utf-8")
    text = Path(__file__).read_text(encoding="utf-8")
    for number in range(1, 23):
        assert f"\n{number}. " in page
        assert f"def test_{number}_" in text or number in (2, 3, 4, 10)
