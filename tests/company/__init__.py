"""A company with twelve accounts on four mail systems, made from a seed, with contradictions planted in it."""

from __future__ import annotations

from tests.company.build import Built, build

__all__ = ["Built", "build"]
