"""Our side of the measurement of carving: search an image; then, if asked to, copy the objects out and hash them."""

from __future__ import annotations

import sys
from pathlib import Path

from forensics.acquisition.carving.names import JOBS
from forensics.acquisition.carving.source import CarvedSource, carve
from forensics.acquisition.images import RAW, ImageFiles
from forensics.workers import Limits, LocalEngine


def main(image: str, out: str, workers: str, only: str = "") -> int:
    files = ImageFiles(container=RAW, segments=(Path(image),))
    with LocalEngine(int(workers), Limits(), preload=(JOBS,)) as engine:
        carving = carve(engine, files, Path(out))
        source = CarvedSource(engine=engine, carving=carving, spool=Path(out) / "objects", parent="", name="")
        lost = 0 if only else sum(found.refusal is not None for found in source.entries())
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
