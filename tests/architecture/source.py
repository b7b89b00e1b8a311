"""The source of the toolkit as the architecture tests see it: modules, what each imports, how long its parts are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "forensics"

HANDED_OVER = PACKAGE / "evidence" / "handover"
"""Programs for the other side: no part of the package, they import nothing of it and run alone on an older Python.

A verifier is one file, so that an expert can read all of it; tests/evidence/test_verify_alone.py holds its own limits.
"""
FILE_LIMIT = 400
FUNCTION_LIMIT = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One imported module, by its whole name; ``typing_only`` where it stands under ``if TYPE_CHECKING``."""

    target: str
    line: int
    typing_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One file of the package, parsed."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """Lines of the file."""
        return len(self.text.splitlines())

    def at(self, line: int) -> str:
        """A place that an editor can jump to."""
        return f"{self.path.relative_to(ROOT)}:{line}"

    def functions(self) -> Iterator[tuple[Function, int]]:
        """Every function and method with its length in lines."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node, (node.end_lineno or node.lineno) - node.lineno + 1

    def imports(self) -> Iterator[Import]:
        """Every import, those inside functions too; ``from package import module`` names the module."""
        typing_only = {id(n) for block in _typing_blocks(self.tree) for n in ast.walk(block)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for target in _targets(self, node):
                    yield Import(target=target, line=node.lineno, typing_only=id(node) in typing_only)


def _typing_blocks(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from node.body


def _targets(module: Module, node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        package = module.name.split(".") if module.path.name == "__init__.py" else module.name.split(".")[:-1]
        kept = package[: len(package) - node.level + 1]
        base = ".".join([*kept, base] if base else kept)
    known = {name for name, _ in _paths()}
    whole = [f"{base}.{alias.name}" for alias in node.names]
    return sorted({name if name in known else base for name in whole})


@cache
def _paths() -> tuple[tuple[str, Path], ...]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.is_relative_to(HANDED_OVER):
            continue
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return tuple(found)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package, in order of its path."""
    return tuple(parsed(name, path, path.read_text(encoding="utf-8")) for name, path in _paths())


def parsed(name: str, path: Path, text: str) -> Module:
    """A module from its text, for the tests that give one of their own."""
    return Module(name=name, path=path, text=text, tree=ast.parse(text, filename=str(path)))


def part_of(name: str) -> str:
    """The part or vocabulary module that a module belongs to; an empty string for the package itself."""
    return name.split(".")[1] if "." in name else ""


def within(name: str, package: str) -> bool:
    """Whether a module is ``package`` or lies in it."""
    return name == package or name.startswith(f"{package}.")


def lengths() -> str:
    """How long files and functions are, in two lines."""
    files = [(m.lines, str(m.path.relative_to(ROOT))) for m in modules()]
    functions = [(length, f"{m.at(f.lineno)} {f.name}") for m in modules() for f, length in m.functions()]
    return "\n".join(
        f"{len(rows)} {what}: median {median(n for n, _ in rows):.0f} lines, "
        f"{sum(n > many for n, _ in rows)} over {many}, longest {max(rows)[0]} ({max(rows)[1]}; limit {limit})"
        for what, rows, many, limit in (("files", files, 250, FILE_LIMIT), ("functions", functions, 40, FUNCTION_LIMIT))
    )
