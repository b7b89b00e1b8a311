"""YAML that a person wrote, read with limits and without types: cards, packs, playbooks, mappings.

Only texts, truth values, lists and objects are read (YAML 1.1 as PyYAML's safe loader has it). Anchors and aliases are
refused, because a few lines of them grow without end; so are keys that stand twice, because one would be lost.
"""

from __future__ import annotations

from typing import Any

import yaml

from forensics.errors import FormatError, UsageError

LARGEST = 1 << 17
DEEPEST = 12
_MAPPING_TODO = "mend the file; docs/how-to/hold-logs.md shows what a mapping looks like"


class _Loader(yaml.SafeLoader):
    """The safe loader, without aliases, deep nesting and keys that stand twice."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Every node comes through here."""
        if self.check_event(yaml.AliasEvent):
            raise FormatError("it uses an alias (*name), which such a file has no need of")
        if getattr(self.peek_event(), "anchor", None):  # type: ignore[no-untyped-call]
            raise FormatError("it uses an anchor (&name), which such a file has no need of")
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormatError("it is nested too deeply")
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


def read_yaml(data: bytes, place: str, what: str = "mapping", todo: str = _MAPPING_TODO) -> object:
    """The value of a YAML text, or :class:`UsageError` with one sentence in which ``what`` is the name of the thing."""
    if len(data) > LARGEST:
        raise UsageError(f"a {what} has at most {LARGEST:,} bytes, and this file is longer", place=place, todo=todo)
    try:
        loader = _Loader(data.decode("utf-8-sig"))
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except FormatError as error:
        raise UsageError(f"this {what} cannot be used: {error.what}", place=place, todo=todo) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"a {what} is text in UTF-8, and this file is not", place=place, todo=todo) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = f"this file is not YAML: {' '.join(str(error).split())[:300]}"
        raise UsageError(said, place=place, todo=todo) from error
