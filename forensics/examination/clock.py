"""What the system knows of its own clock: whether it follows a time server, and how far it is off (adjtimex(2)).

Reading it needs no right and no network. Systems that keep no such account answer nothing.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

_TIME_ERROR = 5
_NANO = 0x2000
_UNSYNCHRONISED = 0x0040
_ROOM = 128


class _Timex(ctypes.Structure):
    """``struct timex`` up to ``status``; what follows is only made room for."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * _ROOM),
    )


def system_clock() -> dict[str, Any]:
    """``offset_ms``, ``source`` and ``synchronised`` as the kernel has them; empty where it cannot be asked."""
    if not sys.platform.startswith("linux"):
        return {}
    try:
        ask = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return {}
    state = _Timex()
    answer = ask(ctypes.byref(state))
    if answer < 0:
        return {}
    unit = 10**6 if state.status & _NANO else 10**3
    followed = answer != _TIME_ERROR and not state.status & _UNSYNCHRONISED
    return {"offset_ms": round(state.offset / unit), "source": "adjtimex", "synchronised": followed}
