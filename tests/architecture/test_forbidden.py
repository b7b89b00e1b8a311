"""What no module does, and what only some parts do: print, read the clock, guess past an error, unpickle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Module, modules, parsed, part_of

# A worker is a program of its own: it has arguments, an error stream and a folder for its temporary files.
PROGRAMS = ("cli", "workers")

# A name as it is written in the code, after imports are resolved : the parts that may use it.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "print": ("cli",),
    "input": ("cli",),
    "sys.exit": ("cli",),
    "sys.argv": PROGRAMS,
    "sys.stdout": ("cli",),
    "sys.stderr": PROGRAMS,
    "os.environ": PROGRAMS,
    "os.getenv": ("cli",),
    "datetime.datetime.now": ("cli", "examination"),
    "datetime.datetime.utcnow": (),
    "datetime.datetime.today": (),
    "datetime.date.today": (),
    "time.time": ("cli", "examination"),
    "time.time_ns": ("cli", "examination"),
    "time.localtime": ("acquisition",),  # FAT keeps a wall clock, and its reader counts it in the local zone
    "random": ("cli", "examination"),
    "uuid.uuid1": (),
    "uuid.uuid4": ("cli", "examination"),
    "os.urandom": ("cli", "examination"),
    "secrets": ("cli", "examination", "casefile"),  # the ledger numbers its lines with UUIDs (RFC 9562, 5.7)
    # Whoever unpickles runs what the sender wrote, and the sender may be a worker that read hostile mail.
    "pickle": (),
    "marshal": (),
    "shelve": (),
    "multiprocessing": (),
    "concurrent.futures.ProcessPoolExecutor": (),
    "eval": (),
    "exec": (),
    "os.system": (),
    # It opens what it reads for writing.
    "mailbox": (),
    # The network is for the verbs that say so.
    "urllib.request": ("acquisition", "casefile"),
    "http.client": ("acquisition", "casefile"),
    "imaplib": ("acquisition",),
    "smtplib": (),
}
# Module : why it may catch everything.
CATCHES_ALL = {
    "forensics.workers.child": "whatever a job raises costs that job alone, and is told to the parent",
    "forensics.workers.engine": "whatever a slot raises is handed to whoever waits for the job",
}
LOSSY = ("replace", "ignore")


def faults(module: Module) -> Iterator[str]:
    """Every use of a forbidden name, blind handler and lossy decoding in one module."""
    names = _imported_names(module.tree)
    for node in ast.walk(module.tree):
        for name in _used(node, names):
            where = ONLY_IN.get(name)
            if where is not None and part_of(module.name) not in where:
                yield f"{module.at(getattr(node, 'lineno', 1))} {name} is for {', '.join(where) or 'nobody'}"
        if isinstance(node, ast.ExceptHandler) and _blind(node) and module.name not in CATCHES_ALL:
            yield f"{module.at(node.lineno)} catches everything: name the errors that are expected"
        if isinstance(node, ast.Call) and _lossy(node):
            yield f"{module.at(node.lineno)} loses bytes without a word: decode strictly and say what could not be read"


def _imported_names(tree: ast.Module) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _used(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module or ""
    elif isinstance(node, ast.Attribute):
        first, _, rest = ast.unparse(node).partition(".")
        yield f"{names.get(first, first)}.{rest}"
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield names.get(node.id, node.id)


def _blind(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    kinds = {ast.unparse(kind) for kind in caught}
    last = handler.body[-1]
    # A step that was stopped by a key press must be written down too, so what is raised again may be seen.
    raised_again = isinstance(last, ast.Raise) and last.exc is None
    return "Exception" in kinds or ("BaseException" in kinds and not raised_again)


def _lossy(call: ast.Call) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "errors"]
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("decode", "encode"):
        given += call.args[1:2]
    return any(isinstance(value, ast.Constant) and value.value in LOSSY for value in given)


def test_no_module_does_what_is_forbidden() -> None:
    found = [fault for module in modules() for fault in faults(module)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "print('x')",
        "import os\nhome = os.environ['HOME']",
        "from os import environ\nhome = environ['HOME']",
        "import sys\nsys.exit(1)",
        "from datetime import datetime\nnow = datetime.now()",
        "import datetime as dt\nnow = dt.datetime.now()",
        "import time\nnow = time.time()",
        "from time import time\nnow = time()",
        "import pickle",
        "from pickle import loads",
        "import mailbox",
        "try:\n    f()\nexcept:\n    raise",
        "try:\n    f()\nexcept Exception:\n    raise",
        "try:\n    f()\nexcept (OSError, Exception):\n    pass",
        "try:\n    f()\nexcept BaseException:\n    pass",
        "text = raw.decode('utf-8', errors='replace')",
        "text = raw.decode('utf-8', 'ignore')",
        "file = open('x', errors='replace')",
    ],
)
def test_a_fault_is_seen(text: str) -> None:
    assert list(faults(_made_up("forensics.parsers.made_up", text))) != []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("forensics.cli.show", "print('x')"),
        ("forensics.examination.step", "from datetime import UTC, datetime\nnow = datetime.now(UTC)"),
        ("forensics.parsers.mbox", "import time\nbegan = time.monotonic()"),
        ("forensics.parsers.mbox", "text = 'a-b'.replace('-', 'replace')"),
        ("forensics.parsers.mbox", "text = raw.decode('ascii', 'surrogateescape')"),
        ("forensics.examination.step", "try:\n    f()\nexcept BaseException:\n    note()\n    raise"),
    ],
)
def test_what_is_allowed_is_no_fault(name: str, text: str) -> None:
    assert list(faults(_made_up(name, text))) == []


def _made_up(name: str, text: str) -> Module:
    return parsed(name, ROOT / Path(*name.split(".")).with_suffix(".py"), text)
