"""How each act is run again, and the verdict on it: MATCH, DIFFERS, NOT REPLAYABLE.

``lacking`` marks what could have been run again and was not: the secrets or the bytes were not here, or this program
does not know how. What cannot be run again by its nature (a source outside, a person's act) is not marked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from forensics import canonical
from forensics.acquisition.carving.names import CARVED
from forensics.acquisition.exports.sources import ARCHIVE, STATED
from forensics.casefile import merkle
from forensics.casefile.acts import Act, Phase
from forensics.casefile.ledger import Line
from forensics.casefile.message_parts import messages
from forensics.casefile.seal import LEAVES, leaves_of
from forensics.casefile.view import TIMELINE_TABLES, CaseView
from forensics.errors import ForensicsError, IntegrityError
from forensics.evidence.store import EvidenceStore
from forensics.examination.replay_compare import files_differ, item_differs, parse_differs, sha256_of, table_differs
from forensics.examination.replay_scratch import AsOf, Scratch, made_key
from forensics.examination.reporting import made_again
from forensics.examination.sealing import SaltKey
from forensics.examination.station import tool

MATCH, DIFFERS, NOT_REPLAYABLE = "MATCH", "DIFFERS", "NOT REPLAYABLE"

_PERSON = "a person's act, which no program repeats"
_BY_NATURE = {
    Act.CASE_OPEN: "it made the case",
    Act.VERIFY: "it looked at the case as it was then; 'forensics verify' looks at it now",
    Act.ACQUIRE_VERIFY: "the source is not in the case",
    Act.ANOMALY: "it tells of something that happened once",
    Act.CLOCK_CHECK: "it tells of the clock as it was then",
    Act.CHECKPOINT_STAMP: "a time stamp is made by its authority, once",
    Act.RECEIPT: "a receipt was handed to somebody outside",
    Act.BUNDLE: "the bundle left the case",
    Act.DISCLOSE: "the packet left the case, and verify.py in it checks it",
    Act.REPLAY: "it is a replay itself",
    Act.CONTENT_VIEW: "content was opened to a person",
    Act.CONTENT_EXPORT: "content left the case by a person's hand",
}
_PERSONAL = frozenset((
    Act.CASE_SET, Act.KEY_ADD, Act.KEY_REVOKE, Act.TRANSFER_OUT, Act.TRANSFER_IN, Act.WITNESS, Act.CORRECT, Act.RETURN,
    Act.DISPOSE, Act.STORE_IN, Act.STORE_OUT, Act.META_REVIEW, Act.APPROVAL_REQUEST, Act.APPROVAL_GRANT,
    Act.APPROVAL_DENY, Act.APPROVAL_EXPIRE, Act.MAP, Act.PLAYBOOK,
))  # fmt: skip
_AFTER = {Act.TIMELINE: (Act.PARSE,), Act.REPORT: (Act.PARSE, Act.TIMELINE), Act.SEAL: (Act.PARSE,)}
"""What has to be made anew before a step of this act can be."""
_STRANGE = (KeyError, TypeError, ValueError, AttributeError)
"""Lines that do not say what this program writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one step; ``reason`` says why, or names the first record that differs."""

    line: int
    act: str
    about: str
    verdict: str
    reason: str = ""
    tool_differs: str = ""
    lacking: bool = False


def recorded(lines: Sequence[Line]) -> list[Line]:
    """The last line of every step, in order."""
    last = {str(line.value.get("step", line.number)): line for line in lines}
    return sorted(last.values(), key=lambda line: line.number)


class Replay:
    """One walk along the ledger."""

    def __init__(self, view: CaseView, scratch: Scratch, steps: Sequence[Line], salt_key: SaltKey | None) -> None:
        self._view = view
        self._scratch = scratch
        self._steps = steps
        self._salt_key = salt_key
        self._begun = {str(line.value.get("step")): line for line in view.lines if line.phase == Phase.BEGUN}
        self._ways: dict[str, Callable[[Line], Verdict]] = {
            Act.ACQUIRE: self._acquire,
            Act.IMAGE_EXAMINE: self._image,
            Act.PARSE: self._parse,
            Act.TIMELINE: self._timeline,
            Act.REPORT: self._report,
            Act.SEAL: self._seal,
        }

    def run(self, chosen: set[int]) -> list[Verdict]:
        """The verdicts on the chosen steps; what they need of earlier steps is made anew as well."""
        self._scratch.prepare()
        acts = {line.act for line in self._steps if line.number in chosen}
        needed = {act for each in acts for act in _AFTER.get(Act(each), ())}
        found = []
        for line in self._steps:
            if line.number in chosen or (line.act in needed and line.phase == Phase.FINISHED):
                verdict = self._judged(line)
                if line.number in chosen:
                    found.append(verdict)
        return found

    def _judged(self, line: Line) -> Verdict:
        way = self._ways.get(line.act)
        if way is None:
            return self._by_nature(line)
        if line.phase != Phase.FINISHED:
            ended = "it failed" if line.phase == Phase.FAILED else "it was cut short"
            return self._not(line, f"{ended}, so it made nothing that counts")
        shown = self._scratch.station.progress
        shown.begin(f"line {line.number}: {line.act} {_about(line)} again")
        try:
            found = way(line)
        except ForensicsError as error:
            found = self._not(line, f"{error.what} {error.place}".strip(), lacking=True)
        except _STRANGE as error:
            found = self._not(
                line, f"line {line.number} does not say what this program writes: {error!r}", lacking=True
            )
        shown.end()
        return replace(found, tool_differs=_tool_differs(line))

    def _by_nature(self, line: Line) -> Verdict:
        try:
            act = Act(line.act)
        except ValueError:
            return self._not(line, "this version does not know the act", lacking=True)
        reason = _PERSON if act in _PERSONAL else _BY_NATURE.get(act, "")
        return self._not(line, reason or "this version does not run this act again", lacking=not reason)

    def _not(self, line: Line, reason: str, *, lacking: bool = False) -> Verdict:
        return Verdict(
            line=line.number,
            act=line.act,
            about=_about(line),
            verdict=NOT_REPLAYABLE,
            reason=reason,
            lacking=lacking,
        )

    def _held(self, line: Line, differs: str, note: str = "") -> Verdict:
        """What a comparison came to. A step that a later one replaced is told from one that differs."""
        by = self._replaced_by(line)
        if differs and by:
            return self._not(line, f"line {by} replaced what it made, so there is nothing left to compare")
        verdict = DIFFERS if differs else MATCH
        return Verdict(line=line.number, act=line.act, about=_about(line), verdict=verdict, reason=differs or note)

    def _replaced_by(self, line: Line) -> int:
        """The line of a later step that made the same again, or 0."""
        if line.act not in (Act.PARSE, Act.TIMELINE, Act.REPORT):
            return 0
        same = _key(line)
        later = (each.number for each in self._steps if each.number > line.number and _key(each) == same)
        return next(later, 0)

    # -- the acts ------------------------------------------------------------------------------------------------------

    def _acquire(self, line: Line) -> Verdict:
        item = line.value["params"]["evidence"]
        store = EvidenceStore(self._view.folder / "evidence", self._view.vault)
        differences = store.verify(item, manifest_sha256=line.value["out"][0]["sha256"])
        parent = str(line.value["params"].get("parent", ""))
        if differences:
            return self._held(line, str(differences[0]))
        if not parent:
            return self._not(line, "the source is not in the case; the stored bytes are those that were acquired")
        if line.value["params"].get("kind") == CARVED:
            return self._not(line, "carving is not run again here; the stored bytes are those that were acquired")
        if line.value["params"].get("kind") in (ARCHIVE, STATED):
            return self._not(line, "exports are not opened again here; the stored bytes are those that were acquired")
        failed = self._opened(parent.partition("/")[0])
        made = EvidenceStore(self._scratch.images / "evidence", self._view.vault)
        if item not in made.items():
            named = "; ".join(f"{place}: {what}" for place, what, _, _ in failed)
            return self._held(line, f"{item} is not found in the image any more. {named}".strip())
        return self._held(line, item_differs(store, made, item))

    def _opened(self, item: str) -> Any:
        """Open the images of an item again; what comes out gets the names that it had."""
        lines = [each for each in self._steps if each.act == Act.IMAGE_EXAMINE and each.phase == Phase.FINISHED]
        of_item = [each for each in lines if each.value["params"]["image"].partition("/")[0] == item]
        names = [name for each in of_item for name in each.value["result"]["evidence"]]
        return self._scratch.open_images(item, names)

    def _image(self, line: Line) -> Verdict:
        address = line.value["params"]["image"]
        failed = self._opened(address.partition("/")[0])
        done = CaseView(self._scratch.images).newest(Act.IMAGE_EXAMINE, image=address)
        if done is None:
            what = next((what for place, what, _, _ in failed if place.startswith(address)), "it is no image any more")
            return self._held(line, f"{address}: {what}")
        before, after = line.value["result"], done.value["result"]
        keys = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
        return self._held(line, f"{address}: {keys[0]}" if keys else "")

    def _parse(self, line: Line) -> Verdict:
        settings = line.value["params"]["settings"]
        coming = {line.value["params"]["evidence"]: settings}
        for each in self._steps:
            # Items that are read with the same settings go together: starting workers takes longer than a small item.
            later = each.act == Act.PARSE and each.phase == Phase.FINISHED and each.number > line.number
            if later and each.value["params"]["settings"] == settings:
                coming.setdefault(each.value["params"]["evidence"], settings)
        self._scratch.parse(coming)
        now, listed = self._scratch.made[made_key(line)][0], line.value["out"][0]
        if self._replaced_by(line):
            return self._held(line, "" if now["sha256"] == listed["sha256"] else listed["path"])
        differs, note = parse_differs(self._view, self._made(line), listed, now)
        return self._held(line, differs, note)

    def _made(self, line: Line) -> AsOf:
        return self._scratch.as_of(self._begun[line.value["step"]])

    def _timeline(self, line: Line) -> Verdict:
        begun = self._begun[line.value["step"]]
        built = self._scratch.timeline(begun)
        paths = {f"timeline/{path.name}": path for path in built.files}
        now = [{"path": name, "sha256": sha256_of(path)} for name, path in paths.items()]
        self._scratch.made[made_key(line)] = now
        listed = {each["path"]: each for each in line.value["out"]}
        if self._replaced_by(line):
            same = all(each["sha256"] == listed.get(each["path"], {}).get("sha256") for each in now)
            return self._held(line, "" if same else "timeline")
        view = AsOf(self._scratch.folder, self._view.lines[: line.number], self._scratch.made)
        for each in now:
            kind = next(name for name, path in TIMELINE_TABLES.items() if path == each["path"])
            names = view.arrow(f"SELECT * FROM {kind} LIMIT 0").schema.names  # noqa: S608 - one of two names of ours
            differs, _ = table_differs(self._view, view, listed[each["path"]], each, names, kind)
            if differs:
                return self._held(line, differs)
        told = {"events": built.events, "logical": built.logical}
        wrong = [name for name, count in told.items() if line.value["result"].get(name) != count]
        return self._held(line, f"the number of {wrong[0]}" if wrong else "")

    def _report(self, line: Line) -> Verdict:
        differs = ""
        for begun in self._possible(line):
            made = made_again(self._scratch.as_of(begun), line.value["params"], self._scratch.root / "reports")
            if self._replaced_by(line):
                listed = [(each["path"], each["sha256"]) for each in line.value["out"]]
                differs = "" if [(each["path"], each["sha256"]) for each in made] == listed else "reports"
            else:
                differs = files_differ(self._view.folder, self._scratch.root, line.value["out"], made)
            if not differs:
                break
        return self._held(line, differs)

    def _possible(self, line: Line) -> list[Line]:
        """Where the report may have looked from: papers written by one command all saw the lines before the first."""
        own = self._begun[line.value["step"]]
        found, at = [own], own.number - 1
        while at > 0 and self._view.lines[at - 1].act == Act.REPORT:
            if self._view.lines[at - 1].phase == Phase.BEGUN:
                found.append(self._view.lines[at - 1])
            at -= 1
        return [found[-1], *found[:-1]]

    def _seal(self, line: Line) -> Verdict:
        params = line.value["params"]
        if self._salt_key is None:
            return self._not(line, "the salts come from the keys of the case, which are not here", lacking=True)
        view = self._made(line)
        parsed = view.newest(Act.PARSE, evidence=params["evidence"])
        if parsed is None:
            return self._not(line, "there are no records that it could have sealed", lacking=True)
        manifest = canonical.decode(view.read_output(parsed.value["out"][0]))
        leaves = leaves_of(messages(view, manifest), self._salt_key(params["evidence"]))
        if merkle.root(leaves).hex() == line.value["result"]["root"]:
            return self._held(line, "")
        return self._held(line, self._first_leaf(line, bytes(leaves), view, manifest))

    def _first_leaf(self, line: Line, leaves: bytes, view: CaseView, manifest: dict[str, Any]) -> str:
        """The first message whose leaf differs from the stored one."""
        output = next(each for each in line.value["out"] if each["path"].endswith(f"/{LEAVES}"))
        try:
            stored = self._view.read_output(output)
        except IntegrityError as error:
            return error.what
        size = merkle.SIZE
        for message in messages(view, manifest):
            at = message.number * size
            if stored[at : at + size] != leaves[at : at + size]:
                return f"{output['path']}: the leaf of message {message.number}, record {message.id}, or its salt key"
        return f"{output['path']}: {len(stored) // size:,} messages are sealed, {len(leaves) // size:,} are read now"


def _key(line: Line) -> tuple[str, ...]:
    params = line.value.get("params", {})
    if line.phase != Phase.FINISHED:
        return ()
    return line.act, str(params.get("evidence") or params.get("report") or "")


def _about(line: Line) -> str:
    params = line.value.get("params", {})
    names = ("evidence", "image", "report", "packet", "bundle")
    return next((str(params[name]) for name in names if isinstance(params.get(name), str)), "")


def _tool_differs(line: Line) -> str:
    """What of the program that made it is another one here."""
    before, now = line.value.get("tool", {}), dict(tool())
    before = {**before, **{name: line.value["params"][f"tool_{name}"] for name in ("sha256",) if _has(line, name)}}
    said = [
        f"{name} was {_short(before[name])}, is {_short(now.get(name, 'unknown'))}"
        for name in ("version", "sha256", "lock_sha256", "python")
        if before.get(name) and before.get(name) != now.get(name)
    ]
    one, other = (set(str(each.get("libraries", "")).split()) for each in (before, now))
    if one != other:
        said.append(f"libraries were {' '.join(sorted(one - other))}, are {' '.join(sorted(other - one))}")
    return "; ".join(said)


def _has(line: Line, name: str) -> bool:
    return isinstance(line.value.get("params", {}).get(f"tool_{name}"), str)


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:16]}..." if len(text) == hashlib.sha256().digest_size * 2 else text
