"""From the files of a company to a case of which every rule was asked: examine, the client's tables, content, find."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

_CODE = "import sys; sys.argv[0] = 'forensics'; from forensics.cli.main import main; main()"


def forensics(*words: object) -> float:
    """Run one command line as a process of its own; how many seconds it took."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _CODE, *map(str, words), "-q"], check=False, capture_output=True, text=True
    )
    if done.returncode not in (0, 3):
        raise RuntimeError(
            f"forensics {' '.join(map(str, words[:3]))} ended with {done.returncode}: {done.stderr[-2000:]}"
        )
    return time.perf_counter() - began


def make_case(company: Path, case: Path, *, find: bool = True) -> dict[str, float]:
    """The case of a company that was built before; the seconds of each step."""
    took = {}
    took["new"] = forensics("case", "new", case)
    took["acquire"] = forensics("acquire", "files", company / "sources", "--case", case)
    took["map"] = forensics("map", "--case", case, "--add", company / "dlp.yaml", "--for", "dlp/*.csv")
    took["parse"] = forensics("parse", "--case", case)
    took["timeline"] = forensics("timeline", "--case", case)
    added = [word for path in sorted((company / "tables").glob("*.csv")) for word in ("--add", f"{path.stem}={path}")]
    took["tables"] = forensics("case", "tables", case, *added)
    if find:
        took["find"] = forensics("find", "--case", case)
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("company", type=Path)
    parser.add_argument("case", type=Path)
    parser.add_argument("--no-find", action="store_true")
    given = parser.parse_args()
    took = make_case(given.company, given.case, find=not given.no_find)
    sys.stdout.write("".join(f"{name} {seconds:.1f} s\n" for name, seconds in took.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
