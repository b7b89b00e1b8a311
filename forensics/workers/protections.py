"""Which guards really hold on this machine: measured by trying what they forbid, for ``doctor`` and for the ledger."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from forensics.workers.engine import LocalEngine
from forensics.workers.job import Job, Limits, Outcome
from forensics.workers.slot import MODE, NoWorkers

_LIMITS = Limits(wall=20.0, cpu=10)
_SHORT = Limits(wall=0.1, cpu=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """One promise, whether it holds here, and what the system said."""

    name: str
    holds: bool
    detail: str


def protections(mode: str = MODE) -> tuple[Protection, ...]:
    """Try every guard in a worker and say which hold. Takes about a tenth of a second."""
    with tempfile.TemporaryDirectory() as folder, LocalEngine(1, _LIMITS, mode=mode) as engine:
        place = Path(folder).resolve()
        spool, evidence, elsewhere = place / "spool", place / "evidence" / "000001.bin", place / "elsewhere"
        spool.mkdir()
        evidence.parent.mkdir()
        evidence.write_bytes(b"evidence")
        elsewhere.write_bytes(b"nothing of the examination")
        args = {"elsewhere": str(elsewhere), "memory": _LIMITS.memory, "cpu": _LIMITS.cpu}
        probes = "forensics.workers.probes:"
        tried = engine.submit(Job(call=f"{probes}attempt", args=args, reads=(evidence,), spool=spool))
        crashed = engine.submit(Job(call=f"{probes}crash", spool=spool))
        waited = engine.submit(Job(call=f"{probes}wait", args={"seconds": 10}, spool=spool, limits=_SHORT))
        try:
            return (
                _measured("a crash costs one job only", crashed.result(), "signal 11"),
                _measured("limit on time", waited.result(), "timeout"),
                *_tried(tried.result()),
            )
        except NoWorkers as error:
            return (Protection(name="guards", holds=False, detail=f"they could not be tried: {error.what}"),)


def _measured(name: str, outcome: Outcome, expected: str) -> Protection:
    detail = outcome.cause or "it went through"
    return Protection(name=name, holds=outcome.cause == expected, detail=detail)


def _tried(outcome: Outcome) -> tuple[Protection, ...]:
    if outcome.value is None:
        detail = f"{outcome.cause}: {outcome.detail}"
        return (Protection(name="guards", holds=False, detail=f"they could not be tried: {detail}"),)
    measures = Protection(name="measures taken", holds=bool(outcome.guards), detail=", ".join(outcome.guards) or "none")
    found = outcome.value.items()
    return (
        *(Protection(name=name, holds=bool(said), detail=said or "it went through") for name, said in found),
        measures,
    )
