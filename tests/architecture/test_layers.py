"""Who may import whom: the table of the design, as data, held against every import of the package."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from sys import stdlib_module_names

import pytest

from tests.architecture.source import ROOT, Import, Module, modules, parsed, part_of, within

VOCABULARY = (
    "absent",
    "address",
    "canonical",
    "digests",
    "discovery",
    "errors",
    "moments",
    "records",
    "schemas",
    "tables",
    "workers",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class May:
    """What one part may import: of ours parts, or one module of a part; of others libraries, each in one place."""

    ours: tuple[str, ...] = ()
    others: dict[str, str] = field(default_factory=dict)


EVERY_MODULE = "every module"
VIEW = ("formats", "casefile.view")

# Downwards only. Vocabulary is open to all parts, and its modules may import one another without a circle.
TABLE: dict[str, May] = {
    "vocabulary": May(others={"pyarrow": "tables"}),
    "formats": May(
        others={
            "olefile": "formats",
            "pypff": "formats.pst.libpff",
            "pypdf": "formats.documents.pdf",
            "xlrd": "formats.documents.xls",
            "py7zr": "formats.documents.seven_zip",
            "lhafile": "formats.documents.lzh",
        }
    ),
    "evidence": May(others={"cryptography": "evidence.vault", "pyrage": "evidence.envelopes"}),
    "acquisition": May(
        ours=("formats", "evidence"),
        others={
            "pytsk3": "acquisition",
            "pyewf": "acquisition.ewf",
            "pyvmdk": "acquisition.containers.vmdk",
            "pyvhdi": "acquisition.containers.vhd",
            "pyqcow": "acquisition.containers.qcow",
            "pyvshadow": "acquisition.shadow_copies",
            "imapclient": "acquisition.imap.client",
            "dns": "acquisition.dns_records",
        },
    ),
    "parsers": May(ours=("formats",)),
    "casefile": May(
        ours=("evidence",),
        others={
            **dict.fromkeys(("duckdb", "pandas", "pyarrow"), "casefile.view"),
            "cryptography": "casefile.signing",
            "rfc3161_client": "casefile.timestamps",
            "pyrage": "casefile.keyring",
        },
    ),
    "timeline": May(ours=VIEW),
    "findings": May(
        ours=(*VIEW, "timeline"),
        others={
            "dkim": "findings.dkim_check",
            "cryptography": "findings.dkim_check",
            "yaml": "findings.plain_yaml",
            "stdnum": "findings.sensitive",
            "duckdb": "findings.sql",
            "publicsuffixlist": "findings.views.mail",
            "rapidfuzz": "findings.likeness",
            "confusable_homoglyphs": "findings.likeness",
            "yara_x": "findings.yara_scan",
            "sigma": "findings.sigma_rules",
            "jpholiday": "findings.views.behaviour",
        },
    ),
    "playbooks": May(ours=(*VIEW, "timeline", "findings.plain_yaml")),
    # Papers are held against the checklist, which is data, and show what persons answered.
    "reports": May(
        ours=(*VIEW, "timeline", "findings", "evidence.checklist", "evidence.points", "evidence.answers"),
        others={"jinja2": "reports", "docx": "reports.papers.word"},
    ),
    "examination": May(
        ours=(
            "formats",
            "evidence",
            "acquisition",
            "parsers",
            "casefile",
            "timeline",
            "findings",
            "playbooks",
            "reports",
        ),
        others={"segno": "examination.receipts", "yaml": "examination.presets"},
    ),
    "cli": May(ours=("examination",), others={"click": EVERY_MODULE, "rich": EVERY_MODULE}),
}
# The command line says what happened and what is on offer, so of the vocabulary it needs no more than this.
CLI_VOCABULARY = ("errors", "discovery")


def owner(name: str) -> str:
    """The row of the table that a module stands in."""
    part = part_of(name)
    return "vocabulary" if part in VOCABULARY else part


def breach(module: Module, seen: Import) -> str:
    """Why one import is not allowed, or an empty string."""
    here = owner(module.name)
    if within(seen.target, "forensics"):
        return _breach_of_ours(here, module.name, seen.target)
    library = seen.target.split(".")[0]
    if library in stdlib_module_names or seen.typing_only:
        return ""
    place = TABLE[here].others.get(library) if here else None
    if place is None:
        return f"{here or 'the package itself'} may not import {library}"
    if place != EVERY_MODULE and not within(module.name, f"forensics.{place}"):
        return f"in {here}, {library} belongs into forensics.{place} alone"
    return ""


def _breach_of_ours(here: str, name: str, target: str) -> str:
    there = owner(target)
    if there in ("", here):
        return ""
    if not here:
        # The package's one function, open_case, hands on to the examination when it is called.
        if target.startswith("forensics.examination.notebook"):
            return ""
        return "the package itself imports nothing of ours"
    if here == "cli" and there == "vocabulary":
        return "" if part_of(target) in CLI_VOCABULARY else f"cli may use {', '.join(CLI_VOCABULARY)} of the vocabulary"
    if there == "vocabulary" or any(within(target, f"forensics.{open_}") for open_ in TABLE[here].ours):
        return ""
    return f"{here} may not import {target}"


def breaches(every: tuple[Module, ...]) -> list[str]:
    """Every breach in some modules, as lines that an editor can jump to."""
    return [f"{m.at(i.line)} {why}" for m in every for i in m.imports() if (why := breach(m, i))]


def test_every_import_follows_the_table() -> None:
    found = breaches(modules())
    assert not found, "\n".join(found)


def test_every_part_stands_in_the_table() -> None:
    parts = {owner(m.name) for m in modules()} - {"", "__main__"}
    assert parts <= set(TABLE), "say in the table what the new part may import, or add the module to VOCABULARY"


def test_a_foreign_library_is_imported_in_one_module_of_its_part() -> None:
    users: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for module in modules():
        for seen in module.imports():
            library = seen.target.split(".")[0]
            if library not in stdlib_module_names and library != "forensics" and not seen.typing_only:
                users[owner(module.name), library].add(module.name)
    spread = {key: names for key, names in users.items() if len(names) > 1 and key[0] != "cli"}
    assert spread == {}


def test_vocabulary_imports_run_in_no_circle() -> None:
    graph: defaultdict[str, set[str]] = defaultdict(set)
    for module in modules():
        if owner(module.name) == "vocabulary":
            parts = (part_of(i.target) for i in module.imports() if within(i.target, "forensics"))
            graph[part_of(module.name)] |= {p for p in parts if p and p != part_of(module.name)}
    while leaves := [name for name, uses in graph.items() if not uses & graph.keys()]:
        for leaf in leaves:
            del graph[leaf]
    assert dict(graph) == {}, "these vocabulary modules import one another in a circle"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("forensics.errors", "import forensics.formats"),
        ("forensics.formats.mime", "from forensics.evidence import store"),
        ("forensics.parsers.mbox", "import forensics.casefile"),
        ("forensics.parsers.mbox", "import pypff"),
        ("forensics.parsers.mbox", "from ..casefile import ledger"),
        ("forensics.timeline.order", "from forensics.casefile import ledger"),
        ("forensics.timeline.order", "def f():\n    import click"),
        ("forensics.reports.page", "import forensics.examination"),
        ("forensics.cli.parse", "import forensics.formats.ole"),
        ("forensics.cli.parse", "import pandas"),
        ("forensics.digests", "import pyarrow"),
    ],
)
def test_a_breach_is_seen(name: str, text: str) -> None:
    assert breaches((_made_up(name, text),)) != []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("forensics.parsers.mbox", "from forensics.formats import mime\nfrom forensics.records import Record"),
        ("forensics.timeline.order", "from forensics.casefile.view import CaseView"),
        ("forensics.timeline.order", "if TYPE_CHECKING:\n    import pandas"),
        ("forensics.cli.parse", "import click\nfrom forensics.errors import UsageError"),
        ("forensics.tables", "import pyarrow as pa"),
        ("forensics.casefile.ledger", "import json"),
    ],
)
def test_what_the_table_allows_is_no_breach(name: str, text: str) -> None:
    assert breaches((_made_up(name, text),)) == []


def _made_up(name: str, text: str) -> Module:
    return parsed(name, ROOT / Path(*name.split(".")).with_suffix(".py"), text)
