"""On mail of others: every clock hidden in a message agrees with its Date within a day, for at least 95 in 100.

The list is that of ``tests/formats/clocks/test_agreement.py``, fixed before anything was measured: the files whose
SHA-256 begins with an even digit. The exceptions stand in ``clock_exceptions.tsv``, one a line, so that another one is
seen. The bounces of sisimai, whose makers replaced the dates, are counted apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from forensics.moments import Basis, Meaning, Moment
from forensics.records import MomentRecord
from tests.corpus import corpus, needs_corpus
from tests.parsers import samples
from tests.parsers.samples import AT, Kept
from tests.parsers.test_corpus_logs import claimed, unit

_DAY_NS = 86_400 * 10**9
_LARGEST = 20_000_000
EXCEPTIONS = Path(__file__).with_name("clock_exceptions.tsv")
_WRITTEN = (Meaning.STAMPED, Meaning.SIGNED)


def _messages(path: Path) -> Iterator[list[Moment]]:
    data = path.read_bytes()
    parser = claimed(data, path.name) if hashlib.sha256(data).hexdigest()[0] in "02468ace" else ""
    if parser in ("eml", "mbox"):
        found = samples.parsers()[parser].parse(unit(data, path.name), AT, Kept())
        records = (each for each in found if isinstance(each, MomentRecord))
        for _, group in groupby(records, key=lambda each: each.message_id_ref):
            yield [each.moment for each in group]


def _compared() -> Iterator[tuple[str, str, int]]:
    """File, clock, and by how many nanoseconds it is after Date, of every hidden clock of a message with a Date."""
    folder = corpus() / "eml-mbox"
    for path in sorted(each for each in folder.rglob("*") if each.is_file() and each.stat().st_size <= _LARGEST):
        for moments in _messages(path):
            dates = [each for each in moments if each.says.lower() == "date" and each.basis is Basis.SENDER]
            date = next((each.utc for each in dates if isinstance(each.utc, int)), None)
            for each in moments:
                hidden = each.basis is Basis.EMBEDDED and each.meaning in _WRITTEN
                if hidden and date is not None and isinstance(each.utc, int):
                    yield path.relative_to(folder).as_posix(), each.says, each.utc - date


def measured() -> tuple[dict[str, tuple[int, int]], list[str]]:
    """How many clocks were compared and how many disagree, without and with sisimai's bounces; each exception."""
    counts = {"without sisimai": (0, 0), "with sisimai": (0, 0)}
    exceptions = []
    for name, says, off in _compared():
        odd = abs(off) >= _DAY_NS
        if odd:
            exceptions.append(f"{name}\t{says}\t{off / _DAY_NS:+.1f} days")
        for key, (all_, wrong) in counts.items():
            if key == "with sisimai" or not name.startswith("sisimai"):
                counts[key] = (all_ + 1, wrong + odd)
    return counts, exceptions


@needs_corpus
def test_the_hidden_clocks_agree_with_the_date_and_the_exceptions_are_listed() -> None:
    counts, exceptions = measured()
    for key, (all_, wrong) in counts.items():
        assert wrong <= 0.05 * all_, f"{key}: {wrong} of {all_} disagree"
    assert counts["without sisimai"][0] > 1_500
    listed = EXCEPTIONS.read_text(encoding="utf-8").splitlines()
    assert exceptions == listed, f"{counts}; not as listed:\n" + "\n".join(sorted({*exceptions} ^ {*listed}))
