"""``python -m tests.company --seed N --out DIR [--scale K] [--unplanted]``: writes the case and says what it holds."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.company import build


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.company", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1, help="times about 1,500 mails")
    parser.add_argument("--unplanted", action="store_true", help="the same traffic without contradictions")
    given = parser.parse_args()
    built = build(given.seed, given.out, scale=given.scale, planted=not given.unplanted)
    sys.stdout.write(json.dumps(asdict(built), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
