"""``python -m tests.staff_company --seed N --out DIR``: writes the company and says what it holds."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.staff_company import SMALL, build


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.staff_company", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--messages", type=int, default=300_000)
    parser.add_argument("--small", action="store_true", help="only twenty of the plants")
    parser.add_argument("--unplanted", action="store_true", help="the same traffic without incidents")
    given = parser.parse_args()
    built = build(
        given.seed,
        given.out,
        people=given.people,
        messages=given.messages,
        planted=not given.unplanted,
        plants=SMALL if given.small else (),
    )
    sys.stdout.write(json.dumps(asdict(built), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
