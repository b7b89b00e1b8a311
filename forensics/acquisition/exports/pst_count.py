"""How many items an Outlook store of an export holds, so that the number can be held against the provider's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from forensics.acquisition.exports.delivery import Delivery, File
from forensics.acquisition.exports.statement import UNREAD
from forensics.errors import FormatError
from forensics.formats.pst.messaging.store import open_store


def add(delivery: Delivery, stores: Sequence[File], counts: Counter[str]) -> int:
    """Count the items of each store, into ``counts`` by its name; one that cannot be read is named."""
    total = 0
    for file in stores:
        try:
            number = items_in(file)
        except FormatError as error:
            delivery.lack(UNREAD, file.path, f"its items cannot be counted: {error.what}", file.at)
            continue
        counts[file.name] += number
        total += number
    return total


def items_in(file: File) -> int:
    """The items in the folders of a store; hidden ones and those of search folders do not count."""
    with file.open() as handle, open_store(handle) as store:
        return sum(folder.live for folder in store.folders() if not folder.is_search)
