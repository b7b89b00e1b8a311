"""The command answers at once: asking for help loads none of the heavy libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pandas", "pyarrow", "duckdb", "numpy", "jinja2", "pypff", "pytsk3", "pyewf", "olefile")

# The modules that are loaded when the command has answered, one a line.
ASK = """
import sys
from forensics.cli.main import main
sys.argv = ["forensics", *sys.argv[1:]]
try:
    main()
finally:
    print(*sys.modules, sep="\\n", file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["examine", "--help"], ["verify", "--help"]], ids=" ".join
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    answer = subprocess.run([sys.executable, "-c", ASK, *words], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout
    assert set(HEAVY) & set(answer.stderr.split()) == set()
