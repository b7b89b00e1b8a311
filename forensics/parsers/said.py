"""What another file of the same export says of a message: labels, flags, folder, when the server received it.

``Unit.said`` holds one JSON object a message, from the first of the unit's range on; ``{}`` where nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from forensics.absent import Absent
from forensics.formats.folder_names import holds_deleted
from forensics.moments import Basis, Meaning, Moment, Zone, is_sensible
from forensics.parsers.contract import Unit
from forensics.parsers.mail_records import Place
from forensics.records import Recovery

_DELETED = frozenset(("trashed", "deleted", "expunged"))
_LONGEST = 1000


def of(unit: Unit, number: int = 1) -> Mapping[str, Any]:
    """What is said of message ``number`` (from 1) of the file."""
    at = number - int(unit.range.get("first", 1))
    return unit.said[at] if 0 <= at < len(unit.said) and unit.depth == 0 else {}


def joined(place: Place, said: Mapping[str, Any]) -> Place:
    """The place with what is said: a message without any stays as it is."""
    if not said:
        return place
    flags = tuple(dict.fromkeys((*place.flags, *_texts(said.get("flags")))))
    folder = said.get("folder") if isinstance(said.get("folder"), str) else ""
    path = folder or place.store_path
    recovery = place.recovery
    if said.get("orphaned") is True:
        recovery = Recovery.ORPHANED
    elif recovery is Recovery.LIVE and (_DELETED & set(flags) or holds_deleted(path)):
        recovery = Recovery.SOFT_DELETED
    uid = said.get("uid")
    number = uid if isinstance(uid, int) and 0 < uid < 1 << 32 else place.uid
    clocks = (*place.clocks, *_received(said))
    return replace(place, flags=flags, store_path=path, recovery=recovery, uid=number, clocks=clocks)


def _texts(value: object) -> Iterable[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, (list, tuple)) else ()


def _received(said: Mapping[str, Any]) -> Iterable[Moment]:
    """When the server took the message in (INTERNALDATE of IMAP), as the export has it."""
    ns, raw = said.get("received_ns"), said.get("received_raw")
    if not isinstance(ns, int) and not raw:
        return
    stated = not said.get("zone_unknown")
    yield Moment(
        meaning=Meaning.DELIVERED,
        basis=Basis.STORE,
        says="internal date in the export",
        utc=ns if isinstance(ns, int) and is_sensible(ns) else Absent.UNPARSABLE,
        raw=str(raw)[:_LONGEST],
        zone=Zone.STATED if stated else Zone.UNKNOWN,
        offset_minutes=0 if stated else Absent.NOT_RECORDED,
    )
