"""The names under which mail programs keep deleted mail, in the languages that we meet (case and width folded)."""

from __future__ import annotations

from itertools import pairwise

from forensics.formats.identity import search_key

_DELETED = frozenset(
    search_key(name)
    for name in (
        "Deleted Items",
        "Deleted Messages",
        "Trash",
        "!Trash",
        "[Gmail]/Trash",
        "[Gmail]/Bin",
        "[Gmail]/ゴミ箱",
        "削除済みアイテム",
        "削除済みメール",
        "ごみ箱",
        "ゴミ箱",
    )
)


def holds_deleted(path: str) -> bool:
    """Whether a folder on this path is one for deleted mail; ``/`` stands between the parts."""
    parts = [search_key(part.removesuffix(".mbox").removesuffix(".sbd")) for part in path.split("/")]
    return any(part in _DELETED for part in parts) or any("/".join(pair) in _DELETED for pair in pairwise(parts))
