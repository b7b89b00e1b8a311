"""The page on recovery shows what the engine really finds in the sample: every address, and the account of bytes."""

from __future__ import annotations

import re

from forensics.formats.pst.messaging.store import open_store
from forensics.formats.pst.recovery.recover import Recoverer
from tests.architecture.source import ROOT

_PAGE = ROOT / "docs" / "explanation" / "pst-recovery.md"
_STORE = ROOT / "sample_data" / "case" / "outlook" / "kenta.sato" / "archive.pst"


def test_every_example_of_the_page_is_what_the_engine_finds() -> None:
    text = _PAGE.read_text(encoding="utf-8")
    shown = re.findall(r"^ +(\w+) (\w+) EV-0001/000001/((?:stale|row):\S+) (\d+) (\d+) ", text, re.MULTILINE)
    assert len(shown) == 4
    with _STORE.open("rb") as handle, open_store(handle) as store:
        recoverer = Recoverer(store)
        found = {
            (str(one.tier), str(one.confidence), one.step, str(one.page), str(one.found.node.data))
            for one in recoverer.items()
        }
        account = recoverer.account()
    assert set(shown) <= found
    classes = (account.header, account.page, account.live_block, account.recovered_block)
    row = (*classes, account.free_empty, account.free_not_empty, account.unreadable, account.size)
    assert "| " + " | ".join(f"{size:,}" for size in row) + " |" in text
