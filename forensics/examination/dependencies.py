"""Which libraries run beside our own code, as one hash: name, version and the hash of the record of what was installed.

The record (``RECORD``, PyPA "Recording installed projects") lists every installed file with its hash. The same hash
means the same libraries; another one can also mean that they were installed by another path or installer.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib import metadata

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@cache
def lock_sha256(distribution: str) -> str:
    """SHA-256 over the sorted lines ``name==version sha256(RECORD)`` of all that the distribution needs to run.

    Empty where this program was not installed, so that nobody can say what it needs.
    """
    try:
        lines = sorted(_line(name) for name in _closure(distribution))
    except metadata.PackageNotFoundError:
        return ""
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _closure(distribution: str) -> set[str]:
    """The names of everything installed that is needed, without the distribution itself and without its extras."""
    found: set[str] = set()
    open_ = _needs(distribution)
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ |= _needs(name)
    return found


def _needs(distribution: str) -> set[str]:
    """What is installed of that which a distribution asks for; a requirement for another system is not installed."""
    asked = (each.partition(";") for each in metadata.requires(distribution) or ())
    names = (_NAME.match(name) for name, _, marker in asked if "extra" not in marker)
    return {_normal(name[0]) for name in names if name and _is_installed(name[0])}


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _line(name: str) -> str:
    found = metadata.distribution(name)
    record = hashlib.sha256((found.read_text("RECORD") or "").encode()).hexdigest()
    return f"{name}=={found.version} {record}\n"


def _normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
