"""The pinned requirements are complete, hold hashes and name no index; vendored browser code is what its list says."""

from __future__ import annotations

import hashlib
import re
import tomllib

import pytest

from tests.architecture.source import PACKAGE, ROOT

REQUIREMENTS = ROOT / "requirements"
VENDOR = PACKAGE / "reports" / "static" / "vendor"
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def _names(lines: list[str]) -> set[str]:
    found = (NAME.match(line) for line in lines)
    return {match[0].lower() for match in found if match}


def _project() -> dict[str, list[str]]:
    table: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_every_pin_is_exact_and_has_a_hash(name: str) -> None:
    text = (REQUIREMENTS / name).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        assert re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.iterdir()), ids=lambda path: path.name)
def test_no_requirement_names_an_index(path: object) -> None:
    text = (REQUIREMENTS / str(path)).read_text(encoding="utf-8")
    assert not re.search(r"https?:|--(extra-)?index-url|--find-links|file:", text)


def test_what_is_declared_is_what_is_pinned() -> None:
    asked = _names((REQUIREMENTS / "runtime.in").read_text(encoding="utf-8").splitlines())
    builds = _names(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"])
    assert asked == _names(_project()["dependencies"]) | builds


def test_the_gpl_oracle_is_no_dependency() -> None:
    assert "extract-msg" not in (REQUIREMENTS / "runtime.txt").read_text(encoding="utf-8")


def test_vendored_files_are_the_ones_their_list_describes() -> None:
    listed = VENDOR / "vendor.toml"
    if not listed.is_file():
        assert not VENDOR.exists(), "vendored files need a vendor.toml with name, version, licence and SHA-256"
        return
    entries = tomllib.loads(listed.read_text(encoding="utf-8"))["file"]
    stated = {entry["path"]: entry["sha256"] for entry in entries}
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path != listed
    }
    assert stated == found
    assert all(entry["name"] and entry["version"] and entry["licence"] for entry in entries)
