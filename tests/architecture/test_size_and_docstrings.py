"""Files and functions stay short enough to be read in one go, and each public thing says what it is for."""

from __future__ import annotations

import ast

from tests.architecture.source import FILE_LIMIT, FUNCTION_LIMIT, Function, lengths, modules


def test_no_file_is_over_the_limit() -> None:
    long = [f"{m.at(1)} has {m.lines} lines" for m in modules() if m.lines > FILE_LIMIT]
    assert not long, "\n".join([*long, lengths()])


def test_no_function_is_over_the_limit() -> None:
    long = [
        f"{m.at(f.lineno)} {f.name} has {length} lines"
        for m in modules()
        for f, length in m.functions()
        if length > FUNCTION_LIMIT
    ]
    assert not long, "\n".join([*long, lengths()])


def test_every_module_says_what_it_is_for() -> None:
    silent = [m.at(1) for m in modules() if m.text.strip() and not ast.get_docstring(m.tree)]
    assert not silent, "\n".join(silent)


def test_every_public_class_and_function_says_what_it_does() -> None:
    silent = [
        f"{m.at(node.lineno)} {node.name}"
        for m in modules()
        for node in m.tree.body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert not silent, "\n".join(silent)
