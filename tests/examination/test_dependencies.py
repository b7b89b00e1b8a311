"""The hash over what the program needs to run: the closure of its requirements, one line each."""

from __future__ import annotations

import hashlib
from importlib import metadata

from forensics.examination import dependencies
from forensics.examination.station import DISTRIBUTION, tool


def test_the_hash_is_over_name_version_and_record_of_everything_needed() -> None:
    names = dependencies._closure(DISTRIBUTION)
    assert {"click", "cryptography", "cffi", "pandas", "numpy"} <= names
    assert not {"pytest", "extract-msg", DISTRIBUTION} & names
    lines = []
    for name in names:
        found = metadata.distribution(name)
        record = hashlib.sha256((found.read_text("RECORD") or "").encode()).hexdigest()
        lines.append(f"{name}=={found.version} {record}\n")
    want = hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()
    assert dependencies.lock_sha256(DISTRIBUTION) == tool()["lock_sha256"] == want


def test_what_is_not_installed_has_no_hash() -> None:
    assert dependencies.lock_sha256("no-such-distribution-here") == ""
