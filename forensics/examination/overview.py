"""What a case holds, for whoever asks: facts, evidence, counts, problems, what is not mail, steps, ledger head."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from forensics.acquisition.image_files import IMAGE_KINDS
from forensics.casefile.acts import Act, Phase
from forensics.casefile.custody import custody
from forensics.casefile.view import CaseView, EvidenceItem
from forensics.evidence.item import ROLES, Entry

FIRST = 20
_CONTROL = ("review", "people_sha256")
"""Facts that only a case under two-person control has."""
_IMAGE_KINDS = frozenset(kind.value for kind in IMAGE_KINDS)
"""Kinds of file that are opened as images instead of being parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One file of an evidence item, with its hashes."""

    path: str
    size: int
    sha256: str
    md5: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One evidence item: where it came from, how much it is, and its first files with their hashes."""

    evidence: str
    source: str
    parent: str
    files: int
    size: int
    manifest_sha256: str
    first_files: tuple[StoredFile, ...]
    special: int
    """How many links, pipes, sockets and devices the source has: listed, never followed, so nothing of them is here."""
    first_special: tuple[str, ...]
    acquired_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One disk image that was opened: whether its own hash held, the items found in it, and what of it is unread."""

    address: str
    name: str
    verdict: str
    evidence: tuple[str, ...]
    unread: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMail:
    """A file that was acquired and that no parser knows. ``why`` says so if it was a tie of two parsers."""

    evidence: str
    number: str
    path: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What every byte of one PST or OST is; the classes sum to ``size``."""

    address: str
    name: str
    """The file as it was found."""
    size: int
    header: int
    page: int
    live_block: int
    recovered_block: int
    free_empty: int
    free_not_empty: int
    unreadable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken:
    """One line of the ledger."""

    line: int
    ts_ns: int
    act: str
    phase: str
    about: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole case in one value. ``problems`` are the first of ``counts['problem']``."""

    case: str
    facts: dict[str, Any]
    missing: tuple[str, ...]
    evidence: tuple[Item, ...]
    parsed: bool
    counts: dict[str, int]
    recovered: dict[str, int]
    accounts: tuple[Account, ...]
    problems: tuple[dict[str, str], ...]
    not_mail: tuple[NotMail, ...]
    images: tuple[Image, ...]
    steps: tuple[StepTaken, ...]
    lines: int
    head_sha256: str
    in_transit: tuple[str, ...] = ()
    """Transfers that left and that nobody has answered yet."""


def overview(view: CaseView) -> Overview:
    """Everything that the summaries of the command line show."""
    parsed = bool(view.manifests)
    images = _images(view)
    opened = {image.address for image in images}
    return Overview(
        case=str(view.folder),
        facts={name: value for name, value in asdict(view.facts).items() if value or name not in _CONTROL},
        missing=view.facts.missing(),
        evidence=tuple(_item(item) for item in view.evidence),
        parsed=parsed,
        counts=view.counts(),
        recovered=recovered_of(view) if parsed else {},
        accounts=accounts_of(view) if parsed else (),
        problems=first_problems(view) if parsed else (),
        not_mail=tuple(each for each in _unclaimed(view) if not _is_opened(each, opened)),
        images=images,
        steps=_steps(view),
        lines=view.head.number if view.head else 0,
        head_sha256=view.head.sha256 if view.head else "",
        in_transit=_in_transit(view),
    )


def _in_transit(view: CaseView) -> tuple[str, ...]:
    open_ = custody(view.lines).in_transit
    return tuple(f"{', '.join(each.items)} to {each.to or '(not said)'}, since line {each.line}" for each in open_)


def recovered_of(view: CaseView) -> dict[str, int]:
    """How many messages were found in each way, from the living to the carved."""
    rows = view.rows("SELECT recovery, count(*) AS n FROM message GROUP BY recovery ORDER BY n DESC, recovery")
    return {row["recovery"]: row["n"] for row in rows}


def accounts_of(view: CaseView) -> tuple[Account, ...]:
    """The account of every byte of each store, in order of their addresses."""
    columns = ", ".join(each.name for each in fields(Account) if each.name != "name")
    rows = view.rows(f"SELECT {columns} FROM byte_account ORDER BY evidence, address")  # noqa: S608 - own column names
    names = _names(view)
    return tuple(Account(name=name_at(names, row["address"]), **row) for row in rows)


def first_problems(view: CaseView) -> tuple[dict[str, str], ...]:
    """The first problems in order of their addresses; ``name`` is the file as it was found."""
    rows = view.rows("SELECT address, what, lost, cause FROM problem ORDER BY address, what LIMIT ?", [FIRST])
    names = _names(view)
    return tuple({**row, "name": name_at(names, row["address"])} for row in rows)


def name_at(names: dict[tuple[str, str], str], address: str) -> str:
    """The file in which an address lies, by its name as found; "" for an address of a whole item."""
    item, _, steps = address.partition("/")
    return names.get((item, steps.partition("/")[0]), "")


def _names(view: CaseView) -> dict[tuple[str, str], str]:
    return {
        (item.name, f"{entry.number:06d}"): _text(entry.path)
        for item in view.evidence
        for entry in item.files
        if entry.number is not None
    }


def _item(item: EvidenceItem) -> Item:
    stored = [entry for entry in item.files if entry.number is not None]
    special = [entry for entry in item.files if entry.special]
    source = item.acquisition["source"]
    first = tuple(
        StoredFile(path=_text(each.path), size=each.size or 0, sha256=each.sha256 or "", md5=each.md5 or "")
        for each in stored[:FIRST]
    )
    return Item(
        evidence=item.name,
        source=str(source.get("given", "")),
        parent=str(source.get("parent", "")),
        files=len(stored),
        size=sum(each.size or 0 for each in stored),
        manifest_sha256=item.manifest_sha256,
        first_files=first,
        special=len(special),
        first_special=tuple(f"{_text(each.path)} ({_kind(each)})" for each in special[:FIRST]),
        acquired_ns=int(item.acquisition.get("ended_ns", 0)),
    )


def _kind(entry: Entry) -> str:
    return entry.type if entry.target is None else f"link to {_text(entry.target)}"


def _unclaimed(view: CaseView) -> list[NotMail]:
    paths = _names(view)
    return [
        NotMail(
            evidence=manifest["evidence"],
            number=file["number"],
            path=paths.get((manifest["evidence"], file["number"]), ""),
            kind=file["kind"],
            why=file["why"],
        )
        for manifest in view.manifests
        for file in manifest["files"]
        if not file["parser"] and file["kind"] not in ROLES
    ]


def _is_opened(file: NotMail, images: set[str]) -> bool:
    """Whether the file is an image that was opened, or a further segment of one."""
    known = f"{file.evidence}/{file.number}" in images
    return known or (file.kind in _IMAGE_KINDS and any(each.startswith(f"{file.evidence}/") for each in images))


def _images(view: CaseView) -> tuple[Image, ...]:
    found = {}
    for line in view.lines:
        if line.act == Act.IMAGE_EXAMINE and line.phase == Phase.FINISHED:
            params, result = line.value["params"], line.value["result"]
            found[params["image"]] = Image(
                address=params["image"],
                name=params["name"],
                verdict=result["verdict"],
                evidence=tuple(result["evidence"]),
                unread=tuple(result["unread"]),
            )
    return tuple(found.values())


def _steps(view: CaseView) -> tuple[StepTaken, ...]:
    return tuple(
        StepTaken(
            line=line.number,
            ts_ns=int(line.value.get("ts_ns", 0)),
            act=line.act,
            phase=line.phase,
            about=_about(line.value.get("params", {})),
            error=str(line.value.get("result", {}).get("error", "") if line.phase == "failed" else ""),
        )
        for line in view.lines
    )


def _about(params: dict[str, Any]) -> str:
    words = (params.get(name) for name in ("evidence", "image", "report", "source"))
    changes = params.get("changes")
    named = list(changes) if isinstance(changes, dict) else []
    return ", ".join([str(word) for word in words if word] + named)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
