"""The generated company is what it says: the same each time, whole in every log, and different only where planted."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics.formats.clocks import times_in_boundary, times_in_message_id, times_in_queue_id
from forensics.formats.logs import dovecot, postfix
from forensics.formats.logs.times import Assumed
from tests.cli.command import forensics
from tests.company import Built, build
from tests.company.plants import COUNT, INNOCENT, KINDS

SEED, SCALE = 7, 0.5
_BOXES = ("*.mbox", "aoba-seiki/home/takahashi/mail/*", "aoba-seiki/pc/**/INBOX", "aoba-seiki/pc/**/Sent")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    out = tmp_path_factory.mktemp("planted")
    return out, build(SEED, out, scale=SCALE)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    out = tmp_path_factory.mktemp("twin")
    return out, build(SEED, out, scale=SCALE, planted=False)


def _truths(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "truth.jsonl").read_text("utf-8").splitlines()]


def _tree(out: Path) -> dict[str, tuple[str, int]]:
    files = sorted(path for path in out.rglob("*") if path.is_file())
    return {
        str(path.relative_to(out)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in files
        if "sources" in path.parts
    }


def _letters(out: Path) -> dict[tuple[str, str], list[bytes]]:
    """The messages of every plain mailbox by mailbox and Message-ID, without what only numbers or marks them."""
    found: dict[tuple[str, str], list[bytes]] = {}
    for account, raw in _raw_letters(out / "sources"):
        named = re.search(rb"(?im)^message-id: *(<[^>]+>)\r?$", raw)
        plain = re.sub(rb"(?m)^(X-UID|X-IMAPbase|X-Mozilla-\w+|X-GM-\w+): .*\n", b"", raw)
        assert named is not None
        found.setdefault((account, named[1].decode()), []).append(plain)
    return {key: sorted(value) for key, value in found.items()}


def _raw_letters(sources: Path) -> Iterator[tuple[str, bytes]]:
    for path in sources.glob("**/Maildir/**/cur/*"):
        yield "sato", path.read_bytes()
    for pattern in _BOXES:
        for path in sources.glob(f"**/{pattern}" if pattern.startswith("*") else pattern):
            for raw in re.split(rb"(?m)^From .*\n", path.read_bytes())[1:]:
                yield str(path.relative_to(sources)), raw


def _log_files(out: Path) -> list[Path]:
    names = ("log/maillog*", "MessageTracking/*", "aoba-global/*.csv", "admin/*")
    return sorted(path for name in names for path in (out / "sources").rglob(name))


def _lines(path: Path) -> list[str]:
    raw = path.read_bytes()
    return raw.decode("utf-16" if raw.startswith(b"\xff\xfe") else "utf-8-sig").splitlines()


def test_the_same_seed_gives_the_same_bytes(made: tuple[Path, Built], tmp_path: Path) -> None:
    out, built = made
    assert build(SEED, tmp_path, scale=SCALE) == built
    assert _tree(tmp_path) == _tree(out)
    for name in ("truth.jsonl", "tables/dkim-keys.csv"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_another_seed_gives_another_company(made: tuple[Path, Built], tmp_path: Path) -> None:
    build(SEED + 1, tmp_path, scale=0.3)
    assert not set(_letters(tmp_path)) & set(_letters(made[0]))


def test_the_truth_counts_what_is_planted(made: tuple[Path, Built], twin: tuple[Path, Built]) -> None:
    out, built = made
    truths = _truths(out)
    assert len(truths) == COUNT == sum(built.planted.values())
    assert set(built.planted) == set(KINDS) == {each["kind"] for each in truths}
    assert {each["kind"] for each in truths if each["innocent"]} == INNOCENT
    assert _truths(twin[0]) == []
    assert twin[1].planted == {}


def test_every_truth_says_where_it_is_seen(made: tuple[Path, Built]) -> None:
    for truth in _truths(made[0]):
        assert truth["say"]
        assert truth["message_ids"] or truth["kind"] == "csv_row_cut"
        for line in truth["lines"]:
            text = _lines(made[0] / "sources" / line["file"])[line["line"] - 1]
            assert text
            if line["what"] in ("submitted", "append", "sent", "expunge", "copy"):
                assert "postfix" in text or "dovecot" in text


def test_the_lines_of_a_truth_name_its_message(made: tuple[Path, Built]) -> None:
    looked = 0
    for truth in _truths(made[0]):
        if truth["kind"] not in ("sent_copy_deleted", "recipient_copy_deleted", "date_forged_earlier"):
            continue
        for line in truth["lines"]:
            if line["what"] in ("SUBMIT", "Send", "RECEIVE", "DELIVER", "SMTP_OUT", "GMAIL_INBOX", "append", "save"):
                text = _lines(made[0] / "sources" / line["file"])[line["line"] - 1]
                assert truth["message_ids"][0] in text
                looked += 1
    assert looked > 5


def test_plants_are_in_the_files(made: tuple[Path, Built]) -> None:
    """What is gone is gone, what was cut is as long as a cell, and silence is where the truth says."""
    held: dict[str, set[str]] = {}
    for account, name in _letters(made[0]):
        held.setdefault(name, set()).add(account)
    for truth in _truths(made[0]):
        lines = [_lines(made[0] / "sources" / each["file"])[each["line"] - 1] for each in truth["lines"]]
        if truth["kind"] == "recipient_copy_deleted" and truth["accounts"][0].startswith("sato"):
            assert "sato" not in held.get(truth["message_ids"][0], set())
        if truth["kind"] == "csv_row_cut":
            (row,) = csv.reader(lines)
            assert len(row[4]) == 32_767
        if truth["kind"] == "log_hours_missing":
            before, after = truth["lines"]
            assert before["file"] != after["file"] or after["line"] == before["line"] + 1
            assert truth["facts"]["removed"] > 0
        if truth["kind"] == "rejected_but_delivered":
            assert any("eject" in text for text in lines)


def test_the_twin_differs_only_in_messages_that_are_planted(made: tuple[Path, Built], twin: tuple[Path, Built]) -> None:
    named = {each for truth in _truths(made[0]) for each in truth["message_ids"]}
    with_plants, without = _letters(made[0]), _letters(twin[0])
    different = {key[1] for key in set(with_plants) | set(without) if with_plants.get(key) != without.get(key)}
    changed_ids = {truth["message_ids"][0] for truth in _truths(made[0]) if truth["kind"] == "mailer_mismatch"}
    twins_of_those = {name for name in different if name not in {key[1] for key in with_plants}}
    assert len(twins_of_those) <= len(changed_ids) + COUNT
    assert different - named - twins_of_those == set()


def test_the_logs_of_the_twin_differ_only_in_lines_about_plants(
    made: tuple[Path, Built], twin: tuple[Path, Built]
) -> None:
    """Lines of a file in which nothing is planted are the same to the byte, and most files are such."""
    planted, plain = _tree(made[0]), _tree(twin[0])
    logs = [str(path.relative_to(twin[0])) for path in _log_files(twin[0])]
    assert sum(planted.get(name) == plain[name] for name in logs) > len(logs) / 3


def test_every_line_of_the_server_log_is_read(twin: tuple[Path, Built]) -> None:
    for path in (twin[0] / "sources/aoba-seiki/log").iterdir():
        for line in _lines(path):
            known = postfix.parse(line, Assumed()) or dovecot.parse(line, Assumed())
            assert known is not None or " opendkim[" in line
            assert known is None or known.operation != "other" or "imap" in line or "anvil" in line


def test_queue_ids_carry_the_second_of_their_line(twin: tuple[Path, Built]) -> None:
    looked = 0
    for path in (twin[0] / "sources/aoba-seiki/log").iterdir():
        for line in _lines(path):
            match = re.match(r"\w+ +\d+ \d+:\d+:(\d+) mx1 postfix/(?:submission/)?smtpd\[\d+\]: (\w+): client=", line)
            if match:
                (found,) = times_in_queue_id(match[2])
                assert found.ns // 10**9 % 60 == int(match[1])
                looked += 1
    assert looked > 200


def test_a_message_trace_and_a_mailbox_hold_the_same_messages(twin: tuple[Path, Built]) -> None:
    traced = set()
    for path in (twin[0] / "sources/aoba-global").glob("MessageTrace_*.csv"):
        rows = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-16")))
        traced |= {row["MessageId"] for row in rows if row["RecipientAddress"].endswith("aoba-lab.example")}
    held = {key[1] for key in _letters(twin[0]) if "Takeout" in key[0]}
    assert traced
    assert traced <= held


def test_identifiers_carry_the_times_of_their_messages(twin: tuple[Path, Built]) -> None:
    ids = [name for _, name in _letters(twin[0])]
    assert sum(bool(list(times_in_message_id(name))) for name in ids) > len(ids) / 10
    raw = b"".join(letter for some in _letters(twin[0]).values() for letter in some)
    boundaries = {name.decode() for name in re.findall(rb'boundary="(0{12}[0-9a-f]{16})"', raw)}
    assert boundaries
    assert all(list(times_in_boundary(name)) for name in boundaries)


def test_signatures_hold_but_where_a_plant_broke_them(made: tuple[Path, Built], twin: tuple[Path, Built]) -> None:
    dkim = pytest.importorskip("dkim")
    broken = _failing(dkim, made[0])
    truths = _truths(made[0])
    planted = {
        each["message_ids"][0]
        for each in truths
        if each["kind"] in ("body_changed", "list_resend") or each["facts"].get("field") == "Reply-To"
    }
    assert _failing(dkim, twin[0]) == set()
    assert broken == planted


def _failing(dkim: Any, out: Path) -> set[str]:
    with (out / "tables/dkim-keys.csv").open(encoding="utf-8", newline="") as handle:
        keys = {f"{r['selector']}._domainkey.{r['domain']}.": r["record"].encode() for r in csv.DictReader(handle)}
    found = set()
    for _, raw in _raw_letters(out / "sources"):
        whole = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if re.search(rb"(?m)^DKIM-Signature:", whole) and not dkim.verify(
            whole, dnsfunc=lambda name, timeout=5: keys.get(name.decode())
        ):
            named = re.search(rb"(?im)^message-id: *(<[^>]+>)\r$", whole)
            assert named is not None
            found.add(named[1].decode())
    return found


@pytest.mark.slow
def test_the_project_reads_every_line_and_every_message(twin: tuple[Path, Built], tmp_path: Path) -> None:
    out, built = twin
    answer = forensics("examine", out / "sources", "--case", tmp_path / "case", "--workers", 1, "-q", "--json")
    assert answer.code == 0, answer.err
    counts = answer.object["counts"]
    assert counts["problem"] == 0
    assert counts["log_event"] == built.lines
    assert counts["message"] == built.copies
