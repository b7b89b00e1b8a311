"""Mappings as YAML: the presets of this package, and files that a person wrote."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from forensics.errors import FormatError, UsageError
from forensics.findings.plain_yaml import LARGEST as LARGEST
from forensics.findings.plain_yaml import read_yaml as read_yaml
from forensics.formats.logs.mapping import check, extended

_MOST_BASES = 5
_FOLDER = "presets"
MAPPED = "mapped-log"
"""The parser that reads by mappings."""
WITHOUT_ASKING = ("generic-hold-ja", "generic-approval-ja", "generic-endpoint-ja")
"""The presets by which a table is recognised without a person. No product is ever concluded from a table's columns."""


def resolved(value: object, place: str = "") -> dict[str, Any]:
    """A mapping with everything that it extends put in, checked; :class:`UsageError` where it cannot be used."""
    try:
        return check(_filled(check(value, whole=False)))
    except FormatError as error:
        todo = "mend the file; docs/how-to/hold-logs.md shows what a mapping looks like"
        raise UsageError(f"this mapping cannot be used: {error.what}", place=place, todo=todo) from error


def _filled(mapping: Mapping[str, Any], bases: int = 0) -> dict[str, Any]:
    name = mapping.get("extends")
    if name is None:
        return dict(mapping)
    if name not in _raw():
        raise FormatError(f"it extends {name!r}, and there is no such preset; there is {', '.join(_raw())}")
    if bases == _MOST_BASES:
        raise FormatError("the presets that it extends never end")
    return extended(_filled(_raw()[name], bases + 1), mapping)


@cache
def _raw() -> dict[str, dict[str, Any]]:
    folder = resources.files("forensics.formats.logs") / _FOLDER
    found = {}
    for each in sorted(folder.iterdir(), key=lambda path: path.name):
        if each.name.endswith(".yaml"):
            value = read_yaml(each.read_bytes(), each.name)
            assert isinstance(value, dict)
            found[each.name.removesuffix(".yaml")] = value
    return found


@cache
def built_in() -> dict[str, dict[str, Any]]:
    """Every preset of this package by its name, with what it extends put in."""
    return {name: resolved(value, name) for name, value in _raw().items()}


@cache
def generic() -> list[dict[str, Any]]:
    """The presets that the workers are given, because they read no YAML."""
    return [built_in()[name] for name in WITHOUT_ASKING]


def preset(name: str) -> dict[str, Any]:
    """One preset by its name."""
    if name not in built_in():
        raise UsageError(f"there is no preset named {name!r}", todo=f"name one of: {', '.join(built_in())}")
    return built_in()[name]


def written(mapping: Mapping[str, Any]) -> str:
    """A mapping as YAML in UTF-8. Characters that a terminal would act on stand as escapes."""
    text: str = yaml.dump(dict(mapping), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


class _Dumper(yaml.SafeDumper):
    """The safe dumper, with every text in double quotes in which an escape may have to stand."""


def _as_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    found: yaml.ScalarNode = dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"'
    )
    return found


_Dumper.add_representer(str, _as_text)
