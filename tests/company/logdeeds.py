"""Plants that lie in logs and numbers: hours that are gone, a clock that was wrong, rows cut, numbers exchanged."""

from __future__ import annotations

import re

from tests.company import exchange, google, microsoft, postfix
from tests.company.maildeeds import copy_of, truth
from tests.company.people import HOSTS, System
from tests.company.plants import Plant
from tests.company.stamps import HOUR, iso
from tests.company.world import Line, Truth, World

_SOURCES = {System.POSTFIX: postfix.SOURCE, System.EXCHANGE: exchange.SOURCE, System.GOOGLE: google.SEARCH}
CELL = 32_767
"""So many characters a spreadsheet keeps in a cell."""


def uid_order(world: World, plant: Plant) -> Truth:
    """The log keeps the numbers that the server gave; the store has them exchanged."""
    account = plant.account
    assert account is not None
    first, second = (copy_of(world, mail, account) for mail in plant.mails)
    first.uid, second.uid = second.uid, first.uid
    lines = [line for line in world.lines if line.copy in (first, second)]
    say = "the numbers of these two messages contradict the order in which they arrived"
    return truth(plant, say, lines, uids=[first.uid, second.uid])


def unlogged(world: World, plant: Plant) -> Truth:
    mail = plant.mails[0]
    world.lines = [line for line in world.lines if mail.number not in line.mails]
    return truth(plant, "the message lies in the mailbox, and the logs of that time, which are whole, do not know it")


def clock_off(world: World, plant: Plant) -> Truth:
    """Every stamp of the host in those days is seven minutes fast: log, hops and queue ids."""
    assert plant.system is not None
    source = _SOURCES[plant.system]
    low, high = (world.clock(plant.system, at) for at in (plant.start, plant.end - 1))
    lines = [line for line in world.lines if line.source == source and low <= line.at <= high]
    numbers = {number for line in lines for number in line.mails}
    say = "the clock of this host was seven minutes fast against every other clock in these days"
    found = truth(plant, say, lines[:1] + lines[-1:], system=str(plant.system), start=iso(plant.start, 0) + "Z",
                  end=iso(plant.end, 0) + "Z", seconds=420, logged=len(lines), host=HOSTS[plant.system])  # fmt: skip
    found.mails = sorted(numbers)
    found.message_ids = sorted({c.message_id for c in world.copies if c.mail and c.mail.number in numbers})
    return found


def row_cut(world: World, plant: Plant) -> Truth:
    """A spreadsheet kept of the long cell what it can hold."""
    long = [line for line in world.lines if line.source == microsoft.AUDIT and len(line.cells["AuditData"]) > CELL]
    line = long[plant.variant % len(long)]
    whole = line.cells["AuditData"]
    line.cells["AuditData"] = whole[:CELL]
    named = re.findall(r'"InternetMessageId":"([^"]*)"', whole)
    kept = re.findall(r'"InternetMessageId":"([^"]*)"', whole[:CELL])
    say = "this record is cut at 32,767 characters: the messages named behind that place are lost"
    found = truth(plant, say, [line], characters=len(whole), named=len(named), kept=len(kept))
    found.accounts = [str(line.cells["UserIds"])]
    return found


def hours_missing(world: World, plant: Plant) -> Truth:
    assert plant.system is not None
    source = _SOURCES[plant.system]
    gone = [line for line in world.lines if line.source == source and plant.start <= line.at < plant.end]
    numbers = {number for line in gone for number in line.mails}
    dropped = set(map(id, gone))
    world.lines = [line for line in world.lines if id(line) not in dropped]
    around = [line for line in world.lines if line.source == source]
    before = max((line for line in around if line.at < plant.start), key=lambda line: line.at)
    after = min((line for line in around if line.at >= plant.end), key=lambda line: line.at)
    lines: list[Line] = [before, after]
    say = f"{(plant.end - plant.start) // HOUR} working hours are missing in this log, while mail went through"
    found = truth(plant, say, lines, system=str(plant.system), start=iso(plant.start, 0) + "Z",
                  end=iso(plant.end, 0) + "Z", removed=len(gone))  # fmt: skip
    found.mails = sorted(numbers)
    found.message_ids = sorted({c.message_id for c in world.copies if c.mail and c.mail.number in numbers})
    return found
