"""The comparison of an export with its provider's statement (``statement.jsonl``): each thing that lacks is a problem.

So that mail that was stated and never came stands beside the mail that did, with an address of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from forensics.address import Address, Span
from forensics.formats.logs.lines import Encoding, read_lines
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.records import Problem, Record

_NAME = "statement.jsonl"
_BEGIN = b'{"arrived":'
_LOOKED_AT = 4096
_WHAT = {
    "missing": "the provider states this, and it did not arrive",
    "changed": "this arrived with other bytes than the provider states",
    "unreadable": "this part of the export could not be read",
    "reported": "the provider reports that this could not be exported as asked",
    "extra": "this arrived, and the provider does not state it",
    "count": "another number arrived than the provider states",
}


class ProviderStatementParser:
    """Reads the lines about what is not as stated; those about messages that arrived are joined to these elsewhere."""

    name = "provider-statement"
    title = "Comparison of an export with its statement"
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """The file that this program writes."""
        whole = candidate.path == _NAME and candidate.head.startswith(_BEGIN) and b'"export":"' in candidate.head
        return 99 if whole else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """Read whole."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """A problem for each line that tells of a lack."""
        for line in read_lines(unit.handle, Encoding()):
            if b'"lack":' not in line.raw[:_LOOKED_AT]:
                continue
            step = f"line:{line.number}"
            if unit.begin(step):
                yield _problem(at.child(step, Span(line.start, line.end)), line.raw)


def _problem(at: Address, line: bytes) -> Problem:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = {}
    if not isinstance(value, dict) or str(value.get("lack")) not in _WHAT:
        return Problem(address=at, what="a line of the comparison cannot be read", lost="what it says", cause="no JSON")
    where = f" ({value['at']})" if value.get("at") else ""
    return Problem(
        address=at,
        what=_WHAT[str(value["lack"])],
        lost=str(value.get("what", "")),
        cause=f"{value.get('why', '')}{where}",
    )
