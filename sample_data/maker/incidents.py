"""What the investigator has to find, and what the approval gateway decided about it."""

from __future__ import annotations

from maker import deeds, oddities
from maker.incident import Incident
from maker.people import TANAKA, YAMAZAKI
from maker.post import Decision


def planted() -> list[Incident]:
    """The incidents that mails alone show; I09 (deletion) is added when the mailboxes are laid out."""
    return [
        deeds.leaver(),
        deeds.rival(),
        deeds.wrong_recipient(),
        deeds.typo(),
        deeds.ppap(),
        oddities.phishing(),
        oddities.clocks(),
        oddities.charsets(),
        deeds.stopped(),
        deeds.thread(),
    ]


DECISIONS = {
    "stopped": Decision(action="否認", actor=TANAKA.address, minutes=34),
    "ppap1": Decision(action="承認", actor=YAMAZAKI.address, minutes=2),
}
