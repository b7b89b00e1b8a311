"""One self-contained page from a template: our style and script inside, allowed by hash, and nothing else (CSP 3)."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2

from forensics.reports.visible import visible

_HERE = Path(__file__).parent


def render(template: str, style: str, script: str, values: dict[str, Any]) -> bytes:
    """The page as bytes. Every value is escaped; ``style`` and ``script`` name our own files, which are not."""
    css, code = (_static(name) for name in (style, script))
    policy = (
        f"default-src 'none'; script-src 'sha256-{_hash(code)}'; style-src 'sha256-{_hash(css)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = lambda text: visible(str(text))
    environment.filters["grouped"] = lambda number: f"{number:,}"
    own = {"style": css, "script": code, "policy": policy}
    return environment.get_template(template).render(**values, **own).encode("utf-8", "backslashreplace")


def _static(name: str) -> str:
    return (_HERE / "static" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
