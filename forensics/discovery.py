"""Find what a folder or an entry point offers, and say which code it is: module, version and SHA-256 of its source.

An offer whose library is missing stays listed as unavailable, with what it needs; it never vanishes.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One thing found. ``maker`` is the class to call, or ``None`` with the reason in ``unavailable``."""

    name: str
    title: str
    version: str
    module: str
    source: str
    sha256: str
    maker: Any = None
    unavailable: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@cache
def offers(package: str, group: str = "") -> tuple[Offer, ...]:
    """What the modules of ``package`` and the entry points of ``group`` offer, in order of their names.

    A module offers each of its public classes that has ``name``, ``title`` and ``version``.
    """
    found: list[Offer] = []
    folder = importlib.import_module(package)
    for info in pkgutil.iter_modules(folder.__path__):
        if not info.name.startswith("_"):
            found.extend(_offers_of(f"{package}.{info.name}", "built in"))
    for entry in metadata.entry_points(group=group) if group else ():
        found.extend(_offers_of(entry.module, f"entry point {entry.name} of {entry.dist and entry.dist.name}"))
    return tuple(sorted(found, key=lambda offer: (offer.name, offer.module)))


def _offers_of(module_name: str, source: str) -> list[Offer]:
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        short = module_name.rpartition(".")[2]
        needs = f"needs the library {error.name}, which is not installed" if error.name else str(error)
        return [
            Offer(name=short, title=short, version="", module=module_name, source=source, sha256="", unavailable=needs)
        ]
    digest = _source_digest(module)
    return [
        Offer(
            name=maker.name,
            title=maker.title,
            version=maker.version,
            module=module_name,
            source=source,
            sha256=digest,
            maker=maker,
        )
        for maker in _makers(module)
    ]


def _makers(module: ModuleType) -> list[Any]:
    wanted = ("name", "title", "version")
    return [
        thing
        for key, thing in sorted(vars(module).items())
        if isinstance(thing, type)
        and not key.startswith("_")
        and thing.__module__.startswith(module.__name__)
        and all(isinstance(vars(thing).get(word), str) for word in wanted)
    ]


def _source_digest(module: ModuleType) -> str:
    """SHA-256 over the module's source file, or over all files of a package in order of their names."""
    if module.__file__ is None:
        return ""
    path = Path(module.__file__)
    files = sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]
    hasher = hashlib.sha256()
    for file in files:
        hasher.update(file.read_bytes())
    return hasher.hexdigest()
