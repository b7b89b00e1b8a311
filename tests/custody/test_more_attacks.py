"""Attacks beside the 22 of docs/guarantees.md, by two kinds of attacker, on the real bundle.

A *receiver* can change every file and make every sum fit, but has no key. A *holder* has the log key and writes the
ledger anew; what is tested there are the rules that no honest ledger breaks.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics import canonical
from forensics.casefile import keyring, merkle, notes, sshsig
from forensics.casefile.notes import Checkpoint
from tests.custody.authority import Authority
from tests.custody.forger import Forger
from tests.custody.real import VERIFIER, Handed, run, verify

New = Callable[[], Forger]
Change = Callable[[Forger], object]
VERIFIED, FAILED, CONSISTENT, INCOMPLETE, UNREADABLE, USAGE = 0, 10, 11, 12, 13, 2
ITEM, NOTES = "data/evidence/EV-0001", "data/ledger/checkpoints"
SHA = "ab" * 32


def _put(name: str, data: bytes = b"x") -> Change:
    def change(forged: Forger) -> None:
        path = forged.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    return change


def _drop(name: str) -> Change:
    def change(forged: Forger) -> None:
        path = next(forged.folder.glob(name))
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    return change


def _edit(name: str, old: bytes, new: bytes) -> Change:
    def change(forged: Forger) -> None:
        path = next(forged.folder.glob(name))
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new, 1))

    return change


def _rename(old: str, new: str) -> Change:
    return lambda forged: (forged.folder / old).rename(forged.folder / new)


def _report(forged: Forger) -> None:
    """A report with the sidecar that fits it."""
    path = forged.folder / "data/reports/timeline.csv"
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(b"forged\r\n")
    side = path.with_name("timeline.csv.json")
    side.write_text(side.read_text().replace(old, hashlib.sha256(b"forged\r\n").hexdigest()))


def _foreign(forged: Forger) -> None:
    """Another root of the same size, by a key of the same name."""
    case = str(forged.lines[0]["case"])
    made = Checkpoint(origin=f"email-forensics/{case}", size=len(forged.lines), root=bytes(32))
    _put(f"{NOTES}/{len(forged.lines):08d}", notes.sign_checkpoint(made, keyring.new(case).signer))(forged)


def _swap_papers(forged: Forger) -> None:
    """A whole item with papers of its own in the place of another."""
    item = forged.folder / ITEM
    (item / "data/000001.bin").write_bytes(b"another mail")
    digest = hashlib.sha256(b"another mail").hexdigest()
    lines = [canonical.decode(each) for each in (item / "files.jsonl").read_bytes().splitlines()]
    for each in lines:
        each.update({"sha256": digest, "size": 12} if each["number"] == 1 else {})
    (item / "files.jsonl").write_bytes(b"".join(canonical.encode(each) + b"\n" for each in lines))
    names = [line[66:] for line in (item / "manifest-sha256.txt").read_text().splitlines()]
    sums = {name: hashlib.sha256((item / name).read_bytes()).hexdigest() for name in names}
    (item / "manifest-sha256.txt").write_text("".join(f"{sums[name]}  {name}\n" for name in names))


def _leaves(change: Callable[[bytes], bytes]) -> Change:
    def write(forged: Forger) -> None:
        path = next(forged.folder.glob("data/seals/*/*/messages.leaves"))
        path.write_bytes(change(path.read_bytes()))

    return write


SEAL = "data/seals/EV-0001/*/messages.leaves"
LAST = f"{NOTES}/00000025"
RECEIVER: dict[str, tuple[Change, str, str]] = {
    "an item with its papers swapped": (_swap_papers, "changed", f"{ITEM}/manifest-sha256.txt"),
    "a report with its sidecar": (_report, "changed", "data/reports/timeline.csv"),
    "a seal folder taken away": (_drop("data/seals/EV-0001"), "missing", "data/seals/EV-0001/"),
    "a content taken away": (_drop("data/content/1f"), "missing", "data/content/1f/"),
    "the answers taken away": (_drop("data/ledger/attached"), "missing", "data/ledger/attached/"),
    "a time stamp taken away": (_drop(f"{NOTES}/*.tsr"), "missing", f"{NOTES}/00000024.tsr"),
    "a report renamed by case": (
        _rename("data/reports/timeline.csv", "data/reports/Timeline.csv"),
        "missing",
        "data/reports/timeline.csv",
    ),
    "a name in two cases": (_put("data/ledger/HEAD"), "collision", "data/ledger/"),
    "a name with a per cent sign": (_put("data/reports/a%0Ab.csv"), "malformed", "manifest-sha256.txt"),
    "a module beside the verifier": (_put("argparse.py"), "unlisted", "argparse.py"),
    "a program beside the verifier": (_put("openssl.exe"), "unlisted", "openssl.exe"),
    "a page that a browser opens": (_put("index.html"), "unlisted", "index.html"),
    "a name that looks like an option": (_put("-rf"), "unlisted", "-rf"),
    "a desktop.ini that gives other names": (_put("desktop.ini"), "unlisted", "desktop.ini"),
    "a file beside the ledger": (_put("data/ledger/events.html"), "unlisted", "data/ledger/events.html"),
    "a file that says it is a torn line": (
        _put("data/ledger/torn/000000000001-0000000000000000"),
        "unlisted",
        "data/ledger/torn/",
    ),
    "a table that no line made": (_put("data/tables/x.csv"), "unlisted", "data/tables/x.csv"),
    "another version of BagIt": (_edit("bagit.txt", b"1.0", b"0.97"), "malformed", "bagit.txt"),
    "bag-info of another case": (
        _edit("bag-info.txt", b"External-Identifier: 0", b"External-Identifier: 1"),
        "malformed",
        "bag-info.txt",
    ),
    "bag-info with a label twice": (
        _edit("bag-info.txt", b"Bagging", b"Bagging-Date: 1\nBagging"),
        "malformed",
        "bag-info",
    ),
    "bag-info that lies of what was left out": (
        _edit("bag-info.txt", b"Bagging", b"Left-Out: content\nBagging"),
        "malformed",
        "bag-info.txt",
    ),
    "leaves with one more": (_leaves(lambda data: data + bytes(32)), "changed", "data/seals/"),
    "leaves with half a leaf more": (_leaves(lambda data: data + b"x"), "changed", "data/seals/"),
    "leaves in another order": (_leaves(lambda data: data[32:64] + data[:32] + data[64:]), "changed", "data/seals/"),
    "an item that no line acquired": (
        _put("data/evidence/EV-0009/acquisition.json"),
        "unlisted",
        "data/evidence/EV-0009",
    ),
    "a paper more in an item": (_put(f"{ITEM}/photo.jpg"), "unlisted", f"{ITEM}/photo.jpg"),
    "a checkpoint of the same size by another key": (_foreign, "root", LAST),
    "a checkpoint with CRLF": (_edit(LAST, b"\n\n", b"\r\n\r\n"), "malformed", LAST),
    "a checkpoint with one more line": (_edit(LAST, b"\n\n", b"\nmore\n\n"), "malformed", LAST),
    "a checkpoint with no signature": (
        lambda forged: _put(LAST, (forged.folder / LAST).read_bytes().partition(b"\n\n")[0] + b"\n\n")(forged),
        "malformed",
        LAST,
    ),
    "a checkpoint under a name of another size": (_rename(LAST, f"{NOTES}/00000023"), "malformed", f"{NOTES}/00000023"),
    "a name beside a checkpoint that means nothing": (_put(f"{LAST}.exe"), "malformed", f"{LAST}.exe"),
    "a signature without its checkpoint": (
        _rename(f"{NOTES}/00000022.suzuki.witness.sshsig", f"{NOTES}/00000021.suzuki.witness.sshsig"),
        "malformed",
        NOTES,
    ),
    "a signature moved to another checkpoint": (
        _rename(f"{NOTES}/00000022.suzuki.witness.sshsig", f"{NOTES}/00000024.suzuki.witness.sshsig"),
        "signature",
        NOTES,
    ),
    "a signature under another name": (
        _rename(f"{NOTES}/00000022.suzuki.witness.sshsig", f"{NOTES}/00000022.sato.witness.sshsig"),
        "signature",
        NOTES,
    ),
    "a signature for another purpose": (
        _rename(f"{NOTES}/00000022.suzuki.witness.sshsig", f"{NOTES}/00000022.suzuki.report.sshsig"),
        "signature",
        NOTES,
    ),
    "a time stamp that is no reply": (
        _put(f"{NOTES}/00000024.tsr", b"0\x03\x02\x01\x00"),
        "malformed",
        f"{NOTES}/00000024.tsr",
    ),
    "a query of another stamp": (_put(f"{NOTES}/00000024.tsq", b"0\x00"), "malformed", f"{NOTES}/00000024.tsr"),
}


@pytest.mark.parametrize("name", RECEIVER)
def test_what_a_receiver_changes_is_found_by_the_bundle_alone(forger: New, name: str) -> None:
    change, code, place = RECEIVER[name]
    forged = forger()
    change(forged)
    found = verify(forged.rebag())
    assert found.code == FAILED
    assert [at for said, at in found.findings if said == code and at.startswith(place)], found.findings


MANIFESTS: dict[str, Callable[[str], str]] = {
    "a folder": lambda text: text + f"{SHA}  data/reports\n",
    "a way out": lambda text: text + f"{SHA}  data/../../etc/passwd\n",
    "an absolute name": lambda text: text + f"{SHA}  /etc/passwd\n",
    "a name twice": lambda text: text + text.splitlines()[0] + "\n",
    "a name of 64 KiB": lambda text: text + f"{SHA}  data/{'x' * 65536}\n",
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "capitals": lambda text: text[:64].upper() + text[64:],
    "binary marks": lambda text: text.replace("  ", " *"),
    "a BOM": lambda text: "\ufeff" + text,
    "no end": lambda text: text[:-1],
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_lists_otherwise_is_no_way_around_it(forger: New, name: str) -> None:
    forged = forger()
    _manifest(forged, MANIFESTS[name])
    assert verify(forged.folder).code == FAILED


@pytest.mark.parametrize("name", ["e\u0301.csv", "\u202evsc.exe", "\u200b", "a\nb"])
def test_a_name_that_a_screen_shows_as_another_is_no_name(forger: New, name: str) -> None:
    forged = forger()
    _put(f"data/reports/{name}", b"x")(forged)
    _manifest(forged, lambda text: text + f"{hashlib.sha256(b'x').hexdigest()}  data/reports/{name}\n")
    found = verify(forged.folder)
    assert ("malformed", "manifest-sha256.txt") in found.findings
    assert name.isprintable() or name not in run(forged.folder).stdout


def _manifest(forged: Forger, change: Callable[[str], str]) -> None:
    path, tags = forged.folder / "manifest-sha256.txt", forged.folder / "tagmanifest-sha256.txt"
    path.write_bytes(change(path.read_text()).encode())
    old = next(line for line in tags.read_text().splitlines() if line.endswith("manifest-sha256.txt"))
    tags.write_text(tags.read_text().replace(old[:64], hashlib.sha256(path.read_bytes()).hexdigest()))


@pytest.mark.parametrize("kind", ["link", "hard pipe", "folder for a file"])
def test_what_is_no_file_is_never_opened(forger: New, kind: str) -> None:
    forged = forger()
    path = forged.folder / "data/reports/timeline.csv"
    path.unlink()
    if kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "folder for a file":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert ("missing", "data/reports/timeline.csv") in verify(forged.folder).findings


def _line(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new, 1)


LINES: dict[str, Callable[[bytes], bytes]] = {
    "a BOM": lambda data: b"\xef\xbb\xbf" + data,
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "a blank at the end": _line(b"}\n", b"} \n"),
    "an empty line": _line(b"}\n", b"}\n\n"),
    "no end": lambda data: data[:-1],
    "a key twice": _line(b'"seq":1,', b'"seq":1,"seq":1,'),
    "a float": _line(b'"seq":1,', b'"seq":1.0,'),
    "an exponent": _line(b'"seq":1,', b'"seq":1e0,'),
    "a minus nought": _line(b'"seq":1,', b'"seq":-0,'),
    "a NaN": _line(b'"seq":1,', b'"seq":NaN,'),
    "a huge number": _line(b'"seq":1,', b'"seq":' + b"9" * 5000 + b","),
    "an escape": _line(b'"act"', b'"\\u0061ct"'),
    "half a surrogate": _line(b'"act":"', b'"aa":"\\ud800","act":"'),
    "bytes that are not UTF-8": _line(b'"act":"', b'"aa":"\xff","act":"'),
    "nesting": _line(b'"act":"', b'"aa":' + b"[" * 100_000 + b"]" * 100_000 + b',"act":"'),
    "a value that is no object": lambda data: data + b"[]\n",
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_is_written_otherwise_is_named(forger: New, name: str) -> None:
    forged = forger()
    forged.put_events(LINES[name](forged.events.read_bytes()))
    found = verify(forged.rebag())
    assert (found.code, bool(found.codes() & {"line", "unreadable"})) == (FAILED, True)


# The holder of the log key


def _set(act: str, phase: str = "", /, **values: Any) -> Change:
    return lambda forged: forged.line(act, phase).update(values)


def _params(act: str, phase: str = "", /, **values: Any) -> Change:
    return lambda forged: forged.line(act, phase)["params"].update(values)


def _again(act: str, phase: str, **values: Any) -> Change:
    """The step of an act once more."""

    def change(forged: Forger) -> None:
        for each in ("begun", phase):
            forged.lines.append({**forged.line(act, each), "id": f"again {each}", "step": "again"})
        forged.lines[-1].update(values)

    return change


def _fingerprint(handed_key: str) -> str:
    return sshsig.fingerprint(sshsig.public_blob(handed_key))


def _revoke_suzuki(forged: Forger) -> None:
    """Before the checkpoint that suzuki signed."""
    at = next(number for number, each in enumerate(forged.lines) if each["act"] == "seal")
    key = next(each["params"]["public_key"] for each in forged.lines if "public_key" in each.get("params", {}))
    like = forged.line("key.add")
    params = {"fingerprint": _fingerprint(key)}
    forged.lines.insert(at, {**like, "act": "key.revoke", "id": "revoked", "params": params})


def _acquired_item(forged: Forger) -> None:
    """The papers of the item speak of another one, and every hash on the way fits."""
    item = forged.folder / ITEM
    paper = item / "acquisition.json"
    old = hashlib.sha256(paper.read_bytes()).hexdigest()
    paper.write_bytes(paper.read_bytes().replace(b'"item":"EV-0001"', b'"item":"EV-0002"'))
    manifest = item / "manifest-sha256.txt"
    before = hashlib.sha256(manifest.read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text().replace(old, hashlib.sha256(paper.read_bytes()).hexdigest()))
    after = hashlib.sha256(manifest.read_bytes()).hexdigest()
    forged.lines = [
        canonical.decode(canonical.encode(each).replace(before.encode(), after.encode())) for each in forged.lines
    ]
    forged.pin_payload()


def _dispose_twice(forged: Forger) -> None:
    for each in "ab":
        forged.append("transfer.out", act="dispose", id=each)


NEW_OUT = [{"id": "EV-0001", "sha256": SHA, "size": 1}]
HOLDER: dict[str, tuple[Change, str]] = {
    "an item acquired twice": (_again("acquire", "finished", out=NEW_OUT), "custody"),
    "a parse of another manifest": (_params("parse", "finished", manifest_sha256=SHA), "custody"),
    "a seal of records that nobody made": (_params("seal", "finished", records_sha256=SHA), "custody"),
    "a seal that names no leaves": (lambda f: f.line("seal", "finished")["out"].pop(), "custody"),
    "a seal of another root": (lambda f: f.line("seal", "finished")["result"].update(root=SHA), "root"),
    "a seal of fewer messages": (lambda f: f.line("seal", "finished")["result"].update(messages=7), "root"),
    "a receiver who found other hashes": (_set("transfer.in", result={"rc": 5, "checked": []}), "custody"),
    "an arrival that answers nothing": (_params("transfer.in", answers="nothing"), "custody"),
    "an arrival of fewer items": (lambda f: f.line("transfer.in")["in"].clear(), "custody"),
    "a correction of itself": (lambda f: f.append("verify", act="correct", id="c", corrects="c"), "custody"),
    "a correction of nothing": (lambda f: f.append("verify", act="correct", id="c"), "custody"),
    "an id twice": (lambda f: f.append("verify"), "custody"),
    "a key revoked that was never added": (
        lambda f: f.append("verify", act="key.revoke", id="r", params={"fingerprint": "SHA256:x"}),
        "custody",
    ),
    "an item that is disposed of twice": (_dispose_twice, "custody"),
    "a step that ends and was not begun": (
        lambda f: f.append("verify", phase="finished", id="e", step="none"),
        "custody",
    ),
    "an input that came out of nothing": (
        lambda f: f.append("verify", id="i", **{"in": [{"id": "x", "sha256": SHA}]}),
        "custody",
    ),
    "another case.toml without a case set": (
        lambda f: f.append("verify", id="p", params={"case_toml_sha256": SHA}),
        "custody",
    ),
    "content that was only begun to be opened": (
        lambda f: f.append(
            "verify",
            act="content.view",
            phase="begun",
            id="b",
            step="b",
            why="w",
            params={"request": "r", "message": "m", "part": "b", "stage": "full", "viewers": ["a"]},
        ),
        "custody",
    ),
    "a line of version 1 after one of version 2": (_set("bundle", "finished", v=1), "line"),
    "a line of a version to come": (lambda f: f.append("verify", id="v", v=3), "line"),
    "an act of no list": (lambda f: f.append("verify", id="v", act="evil"), "line"),
    "a line of another case": (lambda f: f.append("verify", id="v", case="another"), "line"),
    "a time that is no number": (lambda f: f.append("verify", id="v", ts_ns=True), "line"),
    "papers of an item that speak of another": (_acquired_item, "malformed"),
}


@pytest.mark.parametrize("name", HOLDER)
def test_a_ledger_that_breaks_a_rule_fails_whoever_signed_it(handed: Handed, forger: New, name: str) -> None:
    change, code = HOLDER[name]
    forged = forger()
    change(forged)
    found = verify(forged.rewrite(handed.ring.signer), *handed.anchors())
    assert (found.code, code in found.codes()) == (FAILED, True), found.findings


def test_a_correction_of_a_correction_is_no_fault(handed: Handed, forger: New) -> None:
    forged = forger()
    first = str(forged.lines[3]["id"])
    forged.append("verify", act="correct", id="one", corrects=first)
    forged.append("verify", act="correct", id="two", corrects="one")
    assert verify(forged.rewrite(handed.ring.signer), *handed.anchors()).findings == []


def _keep_signature(forged: Forger, handed: Handed, purpose: str = "witness") -> None:
    """Rewritten, and signed by suzuki anew."""
    forged.drop_checkpoints()
    forged.rewrite(handed.ring.signer)
    note = forged.ledger / "checkpoints" / f"{len(forged.lines):08d}"
    made = sshsig.sign_with(note.read_bytes(), purpose, handed.person)
    (note.parent / f"{note.name}.suzuki.{purpose}.sshsig").write_text(made)


PEOPLE: dict[str, tuple[Change, bool]] = {
    "as it is": (lambda _: None, True),
    "revoked before": (_revoke_suzuki, False),
    "its time over": (_params("key.add", valid_before="20200101Z"), False),
    "its time to come": (_params("key.add", valid_after="20990101Z"), False),
    "in its time": (_params("key.add", valid_after="20200101Z", valid_before="20990101Z"), True),
    "of another person": (_params("key.add", principal="sato"), False),
    "added by a line that says when": (_params("key.add", added=0, names=["x"], key="x"), True),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_a_personal_signature_counts_while_its_key_does(handed: Handed, forger: New, name: str) -> None:
    change, good = PEOPLE[name]
    forged = forger()
    change(forged)
    _keep_signature(forged, handed)
    assert ("signature" in verify(forged.rebag(), *handed.anchors()).codes()) is not good


def test_a_key_that_the_ledger_revokes_is_revoked_for_whoever_brings_an_older_list(
    handed: Handed, forger: New, tmp_path: Path
) -> None:
    forged = forger()
    signers = tmp_path / "signers"
    signers.write_text("# my list\nsuzuki " + handed.person.with_suffix(".pub").read_text())
    assert verify(handed.bundle, *handed.anchors("receipt"), "--signers", str(signers)).code == VERIFIED
    _revoke_suzuki(forged)
    _keep_signature(forged, handed)
    assert "signature" in verify(forged.rebag(), *handed.anchors(), "--signers", str(signers)).codes()


def test_a_key_that_is_added_after_its_signature_does_not_count(handed: Handed, forger: New) -> None:
    forged = forger()
    key = forged.line("key.add")
    forged.lines.remove(key)
    forged.lines.append({**key, "params": {**key["params"], "added": 1}})
    forged.drop_checkpoints()
    forged.rewrite(handed.ring.signer)
    size = len(forged.lines) - 1
    raw = forged.events.read_bytes().splitlines()[:size]
    origin = f"email-forensics/{forged.lines[0]['case']}"
    made = Checkpoint(origin=origin, size=size, root=merkle.root([merkle.leaf_hash(each) for each in raw]))
    note = notes.sign_checkpoint(made, handed.ring.signer)
    _put(f"{NOTES}/{size:08d}", note)(forged)
    signed = sshsig.sign_with(note, "witness", handed.person).encode()
    _put(f"{NOTES}/{size:08d}.suzuki.witness.sshsig", signed)(forged)
    assert "signature" in verify(forged.rebag(), *handed.anchors()).codes()


def test_a_revoked_key_of_the_log_signs_nothing_more(handed: Handed, forger: New) -> None:
    forged = forger()
    new = handed.ring.rotated()
    forged.append("verify", act="key.add", id="new", params={"vkey": new.signer.verifier.vkey})
    forged.append("verify", act="key.revoke", id="old", params={"vkey": handed.log_key})
    forged.append("verify", id="after")
    assert "signature" in verify(forged.rewrite(handed.ring.signer), *handed.anchors()).codes()
    assert "foreign-key" in verify(forged.rewrite(new.signer), *handed.anchors()).codes()


def test_a_stolen_key_that_was_revoked_cannot_bring_in_a_key_of_the_thief(handed: Handed, forger: New) -> None:
    forged = forger()
    thief = keyring.new(str(forged.lines[0]["case"]))
    forged.append("verify", act="key.revoke", id="old", params={"vkey": handed.log_key})
    forged.append("verify", act="key.add", id="thief", params={"vkey": thief.signer.verifier.vkey})
    forged.rewrite(thief.signer)
    path = forged.ledger / "checkpoints" / f"{len(forged.lines):08d}"
    text = notes.parse_note(path.read_bytes()).text
    path.write_bytes(notes.write_note(text, [each.sign(text) for each in (thief.signer, handed.ring.signer)]))
    assert "foreign-key" in verify(forged.rebag(), *handed.anchors()).codes()


# Receipts


def test_receipts_that_are_not_of_this_ledger_are_no_anchor(handed: Handed) -> None:
    origin, size, root, time = handed.receipt.split()
    nothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

    def found(text: str) -> tuple[int, set[str]]:
        verdict = verify(handed.bundle, *handed.anchors(), "--receipt", text)
        return verdict.code, verdict.codes()

    assert found(f"{origin} 0 {nothing} {time}") == (CONSISTENT, set())
    assert found(f"{origin} 0 {root} {time}") == (FAILED, {"root"})
    assert found(f"{origin} {int(size) + 1} {root} {time}") == (FAILED, {"cut"})
    assert found(f"{origin} {int(size) - 1} {root} {time}") == (FAILED, {"root"})
    assert found(f"{origin}0 {size} {root} {time}") == (FAILED, {"malformed"})


@pytest.mark.parametrize(
    "text", ["{0} 0{1} {2} {3}", "{0} -1 {2} {3}", "{0} {1} {2}", "{0} {1} {2} now", "{0} {1} A {3}", ""]
)
def test_a_receipt_that_is_none_is_wrong_usage(handed: Handed, text: str) -> None:
    wrong = text.format(*handed.receipt.split())
    assert run(handed.bundle, *handed.anchors(), "--receipt", wrong).returncode == USAGE


def test_a_receipt_in_a_file_of_the_windows_editor_counts(handed: Handed, tmp_path: Path) -> None:
    path = tmp_path / "receipt.txt"
    path.write_bytes(b"\xef\xbb\xbf" + handed.receipt.encode() + b"\r\n")
    assert verify(handed.bundle, *handed.anchors(), "--receipt", str(path)).code == VERIFIED


# Time stamps


@pytest.mark.parametrize("kind", ["another root", "another file", "other data after", "expired"])
def test_a_stamp_that_is_not_of_the_authority_for_this_file_and_time_is_no_anchor(
    handed: Handed, forger: New, tmp_path: Path, kind: str
) -> None:
    if handed.authority is None:
        pytest.skip("the time stamps of this test are made by openssl, which is not here")
    forged, authority = forger(), handed.authority
    reply, note = forged.folder / f"{NOTES}/00000025.tsr", forged.folder / f"{NOTES}/00000025"
    if kind == "another root":
        authority = Authority(tmp_path / "other")
        authority.stamp(note)
    elif kind == "another file":
        shutil.copy(forged.folder / f"{NOTES}/00000024.tsr", reply)
    elif kind == "expired":
        authority = Authority(tmp_path / "expired")
        _expire(tmp_path / "expired")
        authority.stamp(note)
    else:
        authority.stamp(note)
        reply.write_bytes(reply.read_bytes()[:-4] + b"\0\0\0\0")
    trusted = authority if kind == "expired" else handed.authority
    found = verify(forged.rebag(), "--log-key", handed.log_key, "--tsa-root", str(trusted.root))
    assert found.code == FAILED
    assert reply.relative_to(forged.folder).as_posix() in {place for _, place in found.findings}


def _expire(folder: Path) -> None:
    """The certificate of the authority ran out long ago."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    def key(name: str) -> Any:
        return serialization.load_pem_private_key((folder / name).read_bytes(), None)

    def certificate(name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((folder / name).read_bytes())

    old, root = certificate("tsa.pem"), certificate("root.pem")
    made = x509.CertificateBuilder(
        old.issuer, old.subject, old.public_key(), old.serial_number, datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2021, 1, 1, tzinfo=UTC), list(old.extensions),
    ).sign(key("root.key"), hashes.SHA256())  # fmt: skip
    assert root.subject == made.issuer
    (folder / "tsa.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))


# What is honest


@pytest.mark.parametrize("name", [".DS_Store", "data/.DS_Store", "data/reports/Thumbs.db", "data/._reports"])
def test_what_a_desk_leaves_in_a_folder_that_it_showed_is_a_warning(handed: Handed, forger: New, name: str) -> None:
    forged = forger()
    _put(name)(forged)
    found = verify(forged.folder, *handed.anchors("receipt"))
    assert (found.code, found.findings) == (VERIFIED, [("litter", name)])


def test_a_payload_that_no_line_names_is_a_warning(handed: Handed, forger: New) -> None:
    forged = forger()
    name = f"data/ledger/attached/{hashlib.sha256(b'x').hexdigest()}"
    _put(name)(forged)
    found = verify(forged.rebag(), *handed.anchors("receipt"))
    assert (found.code, found.findings) == (VERIFIED, [("unnamed", name)])


@pytest.mark.parametrize("module", ["argparse", "__future__", "hashlib", "json"])
def test_a_module_that_lies_beside_the_verifier_is_not_run(forger: New, module: str) -> None:
    forged = forger()
    _put(f"{module}.py", b"print('VERIFIED')\nraise SystemExit(0)\n")(forged)
    shutil.copy(VERIFIER, forged.folder / "verify.py")
    done = subprocess.run(
        [sys.executable, "verify.py", "."], cwd=forged.rebag(), capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, f"{module}.py" in done.stdout) == (FAILED, True)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_text_says_in_one_language_what_is_wrong_and_where(handed: Handed, forger: New, language: str) -> None:
    forged = forger()
    forged.line("transfer.in")["result"] = {"rc": 5}
    del forged.line("transfer.out")["params"]["place"]
    text = run(forged.rewrite(handed.ring.signer), "--language", language).stdout
    said = {"en": ("line 22: whoever received the items found other hashes", "not stated: place (C.place, line 21)"),
            "ja": ("22 行目：受領者の確認でハッシュが一致していません", "記載なし：場所（C.place")}  # fmt: skip
    for each in said[language]:
        assert each in text
    assert not any(each in text for each in said["ja" if language == "en" else "en"])


def test_the_checklists_of_the_verifier_are_those_of_the_program() -> None:
    from forensics.evidence.points import ACQUISITION_POINTS, REPORT_POINTS, Origin
    from tests.custody.real import verifier

    marks = {Origin.MEASURED: "@", Origin.CASE: "=", Origin.ANSWER: "?", Origin.LEDGER: ""}
    for points, text in ((ACQUISITION_POINTS, verifier().CHECKLIST_A), (REPORT_POINTS, verifier().CHECKLIST_E)):
        wanted = [
            (each.key, each.when, [marks[origin] + path.replace(":", "!") for origin, path in each.sources],
             (each.en, each.ja))
            for each in points if each.must
        ]  # fmt: skip
        assert list(verifier().checklist(text)) == wanted


def test_a_receipt_of_one_checkpoint_does_not_vouch_for_a_proof_under_another(handed: Handed, tmp_path: Path) -> None:
    from tests.examination.packets import list_again, sealed_case

    made = sealed_case(tmp_path)
    made.disclose(packet := tmp_path / "packet")
    vkey = made.keys.signer.verifier.vkey
    (note,) = (each for each in packet.glob("data/ledger/checkpoints/*") if each.name.isdigit())
    point = Checkpoint.of(notes.parse_note(note.read_bytes()).text)
    other = Checkpoint(origin=point.origin, size=point.size + 1, root=bytes(32))
    (note.parent / f"{other.size:08d}").write_bytes(notes.sign_checkpoint(other, made.keys.signer))
    list_again(packet)
    words = [" ".join(each.text.split("\n")[:3]) + " 2026-11-01T00:00:00Z" for each in (point, other)]
    assert verify(packet, "--log-key", vkey, "--receipt", words[1]).code == FAILED
    (note.parent / f"{other.size:08d}").unlink()
    list_again(packet)
    assert verify(packet, "--log-key", vkey, "--receipt", words[0]).code == VERIFIED
    assert verify(packet, "--log-key", vkey).code == CONSISTENT
