"""YARA rules over bytes, with YARA-X: compiled without includes and modules, run with a time limit for each file.

What a rule may name of files or libraries besides its own text is refused, so that the digest of the text says all.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any

from forensics.errors import FormatError

try:
    import yara_x
except ImportError:
    yara_x = None  # type: ignore[assignment]

INSTALL = "install the extra: pip install 'email-forensics[yara]'"
LARGEST = 32 << 20
_PLACES = 20
_MATCHES = 1_000
_LONGEST = 500


def installed() -> bool:
    """Whether the library is there."""
    return yara_x is not None


def version() -> str:
    """Its version, "" where it is not there."""
    return metadata.version("yara-x") if installed() else ""


def compiled(text: str) -> bytes:
    """The rules as the library stores them; :class:`FormatError` with the line and what is wrong there."""
    compiler = yara_x.Compiler(includes_enabled=False)
    try:
        compiler.add_source(text)
        rules = compiler.build()
    except yara_x.CompileError as error:
        raise FormatError(_fault(compiler.errors(), str(error))) from error
    if rules.imports():
        raise FormatError(f"it imports the module {rules.imports()[0]!r}, and modules are switched off")
    held = io.BytesIO()
    rules.serialize_into(held)
    return held.getvalue()


def _fault(errors: list[dict[str, Any]], said: str) -> str:
    first = errors[0] if errors else {}
    where = f"line {first['line']}: " if first.get("line") else ""
    return where + str(first.get("title") or said.partition("\n")[0])[:_LONGEST]


class Scanner:
    """Rules that were compiled, ready to be held against bytes."""

    def __init__(self, rules: bytes, seconds: int) -> None:
        self._scanner = yara_x.Scanner(yara_x.Rules.deserialize_from(io.BytesIO(rules)))
        self._scanner.set_timeout(seconds)
        self._scanner.max_matches_per_pattern(_MATCHES)

    def scan(self, data: bytes) -> Iterator[Mapping[str, Any]]:
        """The rules that match, in their order; :class:`FormatError` where the scan did not end in its time."""
        try:
            found = self._scanner.scan(data).matching_rules
        except yara_x.TimeoutError as error:
            raise FormatError("the rules did not end in their time") from error
        except yara_x.ScanError as error:
            raise FormatError(f"the rules could not be run: {str(error)[:_LONGEST]}") from error
        for rule in found:
            yield {
                "rule": rule.identifier,
                "meta": [[str(key)[:_LONGEST], str(value)[:_LONGEST]] for key, value in rule.metadata][:_PLACES],
                "places": _places(rule),
            }


def _places(rule: Any) -> list[list[Any]]:
    every = ([each.identifier, hit.offset, hit.length] for each in rule.patterns for hit in each.matches)
    return [place for place, _ in zip(every, range(_PLACES), strict=False)]
