# ruff: noqa: E501 - a line of a log or a letter stays one line
"""Puts every rule to a generated company of 200 people and 300,000 messages: how long, and how much memory.

The company is made of a seed (``tests.staff_company``), examined, and asked. With ``--folder`` company and case stay
there, and the next run asks again without making them; ``--case`` names a case that is there already.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from benchmarks.measured import measured
from forensics.examination.conductor import Examination
from forensics.examination.finding import find

GOAL_SECONDS, GOAL_MEMORY = 300, 3e9


def _ask(case: Path) -> None:
    """The measured part, in a process of its own: what was read of attachments is kept, every rule is asked anew."""
    began, used = time.perf_counter(), time.process_time()
    with Examination(case) as examination:
        summary = find(examination, again=True)
    took = {"seconds": time.perf_counter() - began, "processor": time.process_time() - used}
    counts = {"rules": len(summary.rules), "findings": sum(each.found for each in summary.rules)}
    print(json.dumps({**took, "counts": counts}))


def _slowest(case: Path) -> str:
    """The rules that took longest, by the times of the ledger."""
    began: dict[str, float] = {}
    took: list[tuple[float, str]] = []
    for text in (case / "ledger/events.jsonl").read_text("utf-8").splitlines():
        line = json.loads(text)
        if line.get("act") != "find":
            continue
        at = line["ts_ns"] / 1e9
        if line["phase"] == "begun":
            began[line["step"]] = at
        elif line["step"] in began:
            took.append((at - began[line["step"]], str(line["params"].get("rule", ""))))
    newest = {rule: seconds for seconds, rule in took}
    return ", ".join(f"{rule} {newest[rule]:.1f} s" for rule in sorted(newest, key=lambda each: -newest[each])[:8])


def _made(folder: Path, seed: int, people: int, messages: int) -> Path:
    from tests.staff_company import build
    from tests.staff_company.journey import make_case

    company = folder / "company"
    if not (folder / "case/timeline").is_dir():
        built = build(seed, company, people=people, messages=messages)
        print(
            f"{built.mails:,} mails, {built.copies:,} messages in mailboxes, {built.lines:,} lines of logs", flush=True
        )
        took = make_case(company, folder / "case", find=False)
        print(", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items()), flush=True)
    return folder / "case"


def main() -> None:
    """Make the company and its case, ask every rule, say what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=41)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--messages", type=int, default=300_000)
    parser.add_argument("--folder", type=Path, help="where the company and its case stay; 4 GB")
    parser.add_argument("--case", type=Path, help="a case that is there already")
    parser.add_argument("--asking", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.asking:
        _ask(given.asking)
        return
    with tempfile.TemporaryDirectory() if given.folder is None else nullcontext(str(given.folder)) as name:
        Path(name).mkdir(parents=True, exist_ok=True)
        case = given.case or _made(Path(name), given.seed, given.people, given.messages)
        found = measured([sys.executable, "-m", "benchmarks.rules", "--asking", str(case)], {0, 1})
        print(
            f"{found.counts['rules']} rules, {found.counts['findings']:,} findings: {found.seconds:.0f} s on the clock, "
            f"{found.processor:.0f} s of this process, {found.memory / 1e9:.2f} GB at most "
            f"(goal {GOAL_SECONDS} s and {GOAL_MEMORY / 1e9:.0f} GB)",
            flush=True,
        )
        print(f"slowest: {_slowest(case)}")


if __name__ == "__main__":
    main()
