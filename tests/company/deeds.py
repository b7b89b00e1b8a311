"""What forgers, intruders and accidents did to mailboxes and logs after the mails were sent; and the truth about it."""

from __future__ import annotations

from collections.abc import Callable

from tests.company import intrusions, logdeeds, maildeeds
from tests.company.numbers import number
from tests.company.plants import INNOCENT, Plan, Plant
from tests.company.world import Truth, World

_Deed = Callable[[World, Plant], Truth]
_FIRST: dict[str, _Deed] = {
    "date_forged_earlier": maildeeds.date_forged,
    "date_forged_later": maildeeds.date_forged,
    "time_zone_slip": maildeeds.zone_slip,
    "scheduled_sending": maildeeds.scheduled,
    "mailer_mismatch": maildeeds.mailer,
    "thread_index_contradiction": maildeeds.thread_index,
    "greylisting_delay": maildeeds.greylisting,
    "list_resend": maildeeds.list_resend,
    "rejected_but_delivered": maildeeds.rejected,
    "moved_later": maildeeds.moved,
    "sent_copy_deleted": maildeeds.deleted,
    "recipient_copy_deleted": maildeeds.deleted,
    "body_changed": maildeeds.body_changed,
    "header_added": maildeeds.header_added,
    "backdated_import": maildeeds.imported,
    "read_by_intruder": intrusions.read,
    "forwarding_rule": intrusions.rule,
}
_SECOND: dict[str, _Deed] = {
    "uid_order_broken": logdeeds.uid_order,
    "unknown_to_logs": logdeeds.unlogged,
    "clock_off": logdeeds.clock_off,
    "csv_row_cut": logdeeds.row_cut,
    "log_hours_missing": logdeeds.hours_missing,
}


def do(world: World, plan: Plan) -> None:
    """Does every plant's deed, those of mailboxes before the messages get their numbers, those of logs after it."""
    found: dict[int, Truth] = {}
    for deeds in (_FIRST, _SECOND):
        for at, plant in enumerate(plan.plants):
            if plant.kind in deeds:
                found[at] = deeds[plant.kind](world, plant)
        if deeds is _FIRST:
            number(world)
    world.truths = [found[at] for at in sorted(found)]
    assert all(truth.innocent == (truth.kind in INNOCENT) for truth in world.truths)
