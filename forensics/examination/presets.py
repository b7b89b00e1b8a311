"""Mappings as YAML: the presets of this package, and files that a person wrote, read with limits and without types.

Only texts, truth values, lists and objects are read (YAML 1.1 as PyYAML's safe loader has it). Anchors and aliases are
refused, because a few lines of them grow without end; so are keys that stand twice, because one would be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from forensics.errors import FormatError, UsageError
from forensics.formats.logs.mapping import check, extended

LARGEST = 1 << 17
DEEPEST = 8
_MOST_BASES = 5
_FOLDER = "presets"
MAPPED = "mapped-log"
"""The parser that reads by mappings."""
WITHOUT_ASKING = ("generic-hold-ja", "generic-approval-ja", "generic-endpoint-ja")
"""The presets by which a table is recognised without a person. No product is ever concluded from a table's columns."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """The safe loader, without aliases, deep nesting and keys that stand twice."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Every node comes through here."""
        if self.check_event(yaml.AliasEvent):
            raise FormatError("it uses an alias (*name), which a mapping has no need of")
        if getattr(self.peek_event(), "anchor", None):
            raise FormatError("it uses an anchor (&name), which a mapping has no need of")
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormatError("it is nested more deeply than a mapping is")
        found = super().compose_node(parent, index)
        self.depth -= 1
        return found

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """An object whose keys are texts, each of them once."""
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise FormatError("it has a key that is not a text")
            if key.value in seen:
                raise FormatError(f"it has the key {key.value[:80]!r} twice")
            seen.add(key.value)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


# Digits and dates stay the text that they are: a product's code for an action may well be 1, and no is a word.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag == "tag:yaml.org,2002:bool" and first in "tTfF"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(data: bytes, place: str) -> object:
    """The value of a YAML text, or :class:`UsageError` with one sentence."""
    todo = "mend the file; docs/how-to/hold-logs.md shows what a mapping looks like"
    if len(data) > LARGEST:
        raise UsageError(f"a mapping has at most {LARGEST:,} bytes, and this file is longer", place=place, todo=todo)
    try:
        loader = _Loader(data.decode("utf-8-sig"))
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except FormatError as error:
        raise UsageError(f"this mapping cannot be used: {error.what}", place=place, todo=todo) from error
    except UnicodeDecodeError as error:
        raise UsageError("a mapping is text in UTF-8, and this file is not", place=place, todo=todo) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        what = f"this file is not YAML: {' '.join(str(error).split())[:300]}"
        raise UsageError(what, place=place, todo=todo) from error


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


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """The safe dumper, with every text in double quotes in which an escape may have to stand."""


def _as_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    found: yaml.ScalarNode = dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"'
    )
    return found


_Dumper.add_representer(str, _as_text)
