"""What every parser promises, shown on every sample: a new parser is covered by its samples without another line."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forensics import discovery
from forensics.examination import parsejob
from forensics.parsers.contract import Parser
from forensics.records import Record
from tests.parsers import hostile, samples
from tests.parsers.samples import AT, Kept, Sample

_ROOT = Path(__file__).resolve().parents[2]
_OFFERS = discovery.offers(parsejob.PARSERS, parsejob.ENTRY_POINTS)
_SAMPLES = list(samples.all_samples())
_FORMATS_PAGE = _ROOT / "docs" / "reference" / "formats.md"


def _here(sample: Sample) -> Any:
    absent = sample.stored is None or not sample.stored.exists()
    skip = pytest.mark.skipif(absent, reason="this sample lies in the corpus, which is not here: set FORENSICS_CORPUS")
    return pytest.param(sample, marks=skip, id=str(sample))


every_parser = pytest.mark.parametrize("offer", _OFFERS, ids=lambda offer: offer.name)
every_sample = pytest.mark.parametrize("sample", [_here(sample) for sample in _SAMPLES])


def _parser(sample: Sample) -> Parser:
    return samples.parsers()[sample.parser]


# -- the parser itself --------------------------------------------------------------------------------------------


@every_parser
def test_a_parser_says_what_it_is(offer: discovery.Offer) -> None:
    assert not offer.unavailable, offer.unavailable
    module, maker = sys.modules[offer.module], offer.maker
    assert re.fullmatch(r"[a-z][a-z0-9-]*", offer.name)
    assert offer.title
    assert offer.title != offer.name
    assert offer.version
    assert module.__doc__
    for thing in (maker, maker.claims, maker.ranges, maker.parse):
        assert thing.__doc__, f"{thing.__qualname__} has no docstring"
    assert isinstance(maker(), Parser)
    assert sum(other.name == offer.name for other in _OFFERS) == 1


@every_parser
def test_a_parser_has_a_sample(offer: discovery.Offer) -> None:
    assert [sample for sample in _SAMPLES if sample.parser == offer.name]


@every_parser
@pytest.mark.skipif(not _FORMATS_PAGE.exists(), reason="docs/reference/formats.md is not written yet")
def test_a_parser_stands_in_the_list_of_formats(offer: discovery.Offer) -> None:
    assert offer.title in _FORMATS_PAGE.read_text(encoding="utf-8")


def test_every_sample_has_its_parser_and_its_expected_records() -> None:
    assert {sample.parser for sample in _SAMPLES} <= {offer.name for offer in _OFFERS}
    named = {sample.stored for sample in _SAMPLES}
    for path in samples.ROOT.glob("*/*"):
        if path.parent.name != "__pycache__" and path.suffix != ".jsonl":
            assert path in named, f"run python -m tools.update_samples: {path} has no expected records"


# -- every sample -------------------------------------------------------------------------------------------------


@every_sample
def test_the_parser_claims_its_sample_and_no_other_claims_it_as_strongly(sample: Sample) -> None:
    assert parsejob.strongest(sample.candidate(), samples.parsers()) == (sample.parser, "")


@every_sample
def test_a_sample_gives_exactly_the_expected_records(sample: Sample) -> None:
    found = samples.written(sample, samples.parse(sample)).decode().splitlines()
    expected = sample.expected.read_bytes().decode().splitlines()
    assert found[1:] == expected[1:]
    assert json.loads(found[0]) == json.loads(expected[0])


@every_sample
def test_an_expected_file_says_how_many_problems_there_are(sample: Sample) -> None:
    listed = [json.loads(line)["kind"] for line in sample.expected.read_bytes().splitlines()[1:]]
    assert sample.head["records"].get("problem", 0) == sample.head["problems"]
    if not sample.in_corpus:
        assert {kind: listed.count(kind) for kind in listed} == sample.head["records"]


@every_sample
def test_two_runs_give_the_same_ids_and_no_id_is_given_twice(sample: Sample) -> None:
    first, second = samples.parse(sample), samples.parse(sample)
    ids = [(record.KIND, record.identity()) for record in first]
    assert ids == [(record.KIND, record.identity()) for record in second]
    assert len(set(ids)) == len(ids)


@every_sample
def test_every_record_lies_in_its_file_and_every_part_belongs_to_a_message(sample: Sample) -> None:
    found = samples.parse(sample)
    messages = {record.identity() for record in found if record.KIND == "message"}
    for record in found:
        assert record.address.evidence == AT.evidence
        assert record.address.steps[:1] == AT.steps
        span = record.address.span
        assert span is None or 0 <= span.start <= span.end <= len(sample.data())
        assert getattr(record, "message_id_ref", None) in {None, *messages}


@every_sample
def test_ranges_give_what_the_whole_gives(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = _parser(sample)
    whole = samples.lines(samples.parse(sample))
    module = sys.modules[type(parser).__module__]
    for name in [name for name, value in vars(module).items() if "RANGE" in name and isinstance(value, int)]:
        monkeypatch.setattr(module, name, 1)
    ranges = list(parser.ranges(sample.unit()))
    assert json.loads(json.dumps(ranges)) == ranges
    found: list[Record] = []
    for each in ranges:
        unit = sample.unit()
        unit.range = each
        found += parser.parse(unit, AT, Kept())
    assert samples.lines(found) == whole


@every_sample
def test_an_item_that_is_refused_is_left_out_and_nothing_else(sample: Sample) -> None:
    asked: list[str] = []
    unit = sample.unit()
    unit.begin = lambda step: not asked.append(step)  # type: ignore[func-returns-value]
    whole = list(_parser(sample).parse(unit, AT, Kept()))
    assert len(set(asked)) == len(asked)
    assert asked or not any(record.KIND == "message" for record in whole)
    for refused in asked[:3]:
        unit = sample.unit()
        unit.begin = lambda step, refused=refused: step != refused
        left = samples.lines(_parser(sample).parse(unit, AT, Kept()))
        place = str(AT.child(refused))
        inside = [str(each.address) == place or str(each.address).startswith(f"{place}/") for each in whole]
        assert left == samples.lines(each for each, gone in zip(whole, inside, strict=True) if not gone)


# -- the unit is all that a parser has ----------------------------------------------------------------------------

_FORBIDDEN = ("open", "socket.", "subprocess.", "os.", "shutil.", "tempfile.", "ctypes.")
_ALLOWED = frozenset(("os.putenv",))
_watching: list[list[str]] = []


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _watching and event.startswith(_FORBIDDEN) and event not in _ALLOWED:
        _watching[-1].append(f"{event} {args[:1]}")


sys.addaudithook(_audit)


@contextmanager
def _watched() -> Iterator[list[str]]:
    """Everything that Python code opens, starts or connects to meanwhile; a hook cannot be taken out again."""
    _watching.append([])
    try:
        yield _watching[-1]
    finally:
        _watching.pop()


class _Recording(io.BytesIO):
    """A handle that remembers what was asked of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)

    def write(self, data: Any, /) -> int:
        raise AssertionError("a parser wrote to its unit")

    def truncate(self, size: int | None = None, /) -> int:
        raise AssertionError("a parser cut its unit")

    def close(self) -> None:
        raise AssertionError("a parser closed a handle that is not its own")


@every_sample
def test_a_parser_reads_only_through_its_unit(sample: Sample) -> None:
    expected = samples.lines(samples.parse(sample))
    handle = _Recording(sample.data())
    unit = sample.unit(handle=handle)
    with _watched() as opened:
        parser = _parser(sample)
        parser.ranges(unit)
        handle.seek(0)
        found = list(parser.parse(unit, AT, Kept()))
    assert opened == []
    assert handle.reads > 0
    assert samples.lines(found) == expected


# -- hostile input ------------------------------------------------------------------------------------------------


@every_sample
def test_a_sample_that_is_cut_or_changed_gives_records_or_a_format_error_and_nothing_else(sample: Sample) -> None:
    if sample.in_corpus:
        hostile.run_apart(sample)
        return
    for change in hostile.changes(len(sample.data())):
        hostile.try_one(sample, change)


# -- choosing -----------------------------------------------------------------------------------------------------


def test_two_equal_claims_are_a_tie_that_nobody_wins() -> None:
    sample = next(each for each in _SAMPLES if each.parser == "eml")
    twins = {"eml": _parser(sample), "twin": _parser(sample)}
    name, why = parsejob.strongest(sample.candidate(), twins)
    assert name == ""
    assert "eml" in why
    assert "twin" in why


def test_what_nobody_claims_has_no_parser() -> None:
    sample = next(each for each in _SAMPLES if each.parser == "eml")
    nothing = replace(sample.candidate(), sniffed=replace(sample.candidate().sniffed, strength=0))
    assert parsejob.strongest(nothing, samples.parsers()) == ("", "")
