"""Writes what the samples give now into their ``.jsonl`` files; read the difference before you commit it.

``python -m tools.update_samples [parser ...]``. A new sample needs nothing but its file: put it into
``tests/samples/<parser>/`` and run this.
"""

from __future__ import annotations

import sys

from tests.parsers import samples


def main(wanted: list[str]) -> None:
    """Update every sample, or those of the named parsers."""
    for folder in sorted(path for path in samples.ROOT.iterdir() if path.is_dir()):
        for stored in sorted(folder.iterdir()):
            beside = stored.with_name(stored.name + ".jsonl")
            if stored.suffix != ".jsonl" and stored.suffix != ".py" and not beside.exists():
                beside.write_bytes(b"{}\n")
    for sample in samples.all_samples():
        if sample.stored is None or (wanted and sample.parser not in wanted):
            continue
        records = samples.parse(sample)
        data = samples.written(sample, records)
        if data != sample.expected.read_bytes():
            sample.expected.write_bytes(data)
            problems = sum(record.KIND == "problem" for record in records)
            print(f"{sample}: {len(records)} records, {problems} problems")


if __name__ == "__main__":
    main(sys.argv[1:])
