"""``DISCLOSED.txt``, the page that lies in a packet in two languages: what is proved, what not, how to check it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the page says of one message: its folder in the packet, item, place, and the parts by number and kind."""

    folder: str
    evidence: str
    index: int
    of: int
    shown: Sequence[str]
    withheld: int


def disclosed_text(*, case: str, receipt: str, messages: Sequence[Told]) -> str:
    """The whole page; ``receipt`` begins with origin, size and root of the checkpoint."""
    origin, size, root = receipt.split()[:3]
    listed = "\n".join(_message(each) for each in messages)
    template = resources.files("forensics.evidence").joinpath("handover/DISCLOSED.txt").read_text(encoding="utf-8")
    return template.format(case=case, origin=origin, size=size, root=root, messages=listed)


def _message(told: Told) -> str:
    head = f"\n{told.folder}: {told.evidence}, メッセージ / message {told.index} (0 – {told.of - 1})"
    shown = "".join(f"\n    開示 / shown     {name}" for name in told.shown)
    return f"{head}{shown}\n    伏せた部分の数 / parts withheld: {told.withheld}"
