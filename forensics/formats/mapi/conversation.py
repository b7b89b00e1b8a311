"""PidTagConversationIndex (header with a time and a GUID, then one block per reply): [MS-OXOMSG] 2.2.1.3.

offset  size  field
0       1     reserved, 0x01; at the same time the highest byte of the header's FILETIME
1       5     the next five bytes of that FILETIME, high byte first; its two low bytes are not stored
6       16    GUID of the conversation
22      5*n   ResponseLevel: DC (1 bit), TimeDelta (31 bits), Random (4 bits), Level (4 bits)
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

_HEADER = 22
_BLOCK = 5
_LONGEST = 22 + 5 * 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseLevel:
    """One reply. ``delta`` and ``other_delta`` are ticks after the header's time.

    The specification stores bits 18 to 48 of the difference if the delta code is 0 and bits 23 to 53 if it is 1;
    some writers mixed the two up, so the reading by the other code stands beside it.
    """

    delta_code: int
    delta: int
    other_delta: int
    random: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationIndex:
    """``ticks`` is the FILETIME of the first message, exact to 6.5536 ms; ``rest`` follows the last whole block."""

    ticks: int
    guid: UUID
    levels: tuple[ResponseLevel, ...] = ()
    rest: bytes = b""

    def times(self) -> tuple[int, ...]:
        """The FILETIME of the header and of every reply after it, each delta counted from the one before."""
        found = [self.ticks]
        for level in self.levels:
            found.append(found[-1] + level.delta)
        return tuple(found)


def conversation_index(raw: bytes) -> ConversationIndex | None:
    """What a conversation index says, or ``None`` if it has no whole header or another first byte."""
    if len(raw) < _HEADER or raw[0] != 0x01:
        return None
    end = len(raw) - (len(raw) - _HEADER) % _BLOCK
    end = min(end, _LONGEST)
    return ConversationIndex(
        ticks=int.from_bytes(raw[:6], "big") << 16,
        guid=UUID(bytes=raw[6:_HEADER]),
        levels=tuple(_level(raw[at : at + _BLOCK]) for at in range(_HEADER, end, _BLOCK)),
        rest=raw[end:],
    )


def _level(block: bytes) -> ResponseLevel:
    word = int.from_bytes(block[:4], "big")
    code, stored = word >> 31, word & 0x7FFFFFFF
    fine, coarse = stored << 18, stored << 23
    return ResponseLevel(
        delta_code=code,
        delta=coarse if code else fine,
        other_delta=fine if code else coarse,
        random=block[4] >> 4,
        level=block[4] & 0x0F,
    )
