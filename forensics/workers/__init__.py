"""Run a job in a limited process, on this machine or, later, on a cluster (DESIGN section 5)."""

from __future__ import annotations

from forensics.workers.child import Report
from forensics.workers.engine import LocalEngine
from forensics.workers.job import Engine, Job, Limits, Listener, Outcome, Usage
from forensics.workers.protections import Protection, protections

__all__ = [
    "Engine", "Job", "Limits", "Listener", "LocalEngine", "Outcome", "Protection", "Report", "Usage", "protections",
]  # fmt: skip
