"""The playbooks at hand: the seven that this program brings, and those of a folder that a person names (YAML only)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from forensics.errors import UsageError
from forensics.findings.plain_yaml import LARGEST
from forensics.playbooks.model import Playbook
from forensics.playbooks.reading import TODO, Sheets, read_playbook

BUILT_IN = "forensics"
_MOST = 200


@cache
def sheets() -> Sheets:
    """The sheets of this program."""
    folder = resources.files("forensics.playbooks") / "sheets"
    return Sheets((folder / "legal-basis.yaml").read_bytes(), (folder / "expires.yaml").read_bytes())


@cache
def built_in() -> tuple[Playbook, ...]:
    """The playbooks of this program, in order of their files."""
    folder = resources.files("forensics.playbooks") / "built_in"
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".yaml")), key=lambda each: each.name)
    return tuple(read_playbook(each.read_bytes(), f"{BUILT_IN}/{each.name}", sheets(), BUILT_IN) for each in files)


def from_folder(folder: Path) -> tuple[Playbook, ...]:
    """The playbooks of a folder, without its subfolders."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {str(folder)!r}", place=str(folder), todo="name a folder of playbooks")
    files = sorted(folder.glob("*.yaml"))
    if not files or len(files) > _MOST:
        raise UsageError("this folder has no playbooks, or too many", place=str(folder), todo=TODO)
    found = []
    for path in files:
        with path.open("rb") as handle:
            found.append(read_playbook(handle.read(LARGEST + 1), str(path), sheets(), str(folder)))
    return tuple(found)


def playbooks(folder: Path | None = None) -> dict[str, Playbook]:
    """Every playbook by its id; an id that two have is refused."""
    found: dict[str, Playbook] = {}
    for each in (*built_in(), *(from_folder(folder) if folder is not None else ())):
        if each.id in found:
            raise UsageError(f"there are two playbooks named {each.id!r}", place=each.origin, todo="rename one of them")
        found[each.id] = each
    return found


def playbook(name: str, folder: Path | None = None) -> Playbook:
    """The playbook with this id."""
    known = playbooks(folder)
    if name not in known:
        raise UsageError(f"there is no playbook named {name!r}", todo=f"name one of: {', '.join(known)}")
    return known[name]
