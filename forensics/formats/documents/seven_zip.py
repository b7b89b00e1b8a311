"""7z archives, read with py7zr (LGPL): names and bytes of the members, in memory and within limits."""

from __future__ import annotations

import io
import lzma
from collections.abc import Iterator
from typing import Any

from forensics.errors import FormatError
from forensics.formats.archives import RATIO, Budget
from forensics.formats.archives.limits import KEPT, SMALL
from forensics.formats.documents.found import Document, locked, without

Member = tuple[str, bytes | None, str]
"""Name, bytes where they could be had, and else why not."""
_BROKEN = (
    ArithmeticError, AttributeError, EOFError, LookupError, lzma.LZMAError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip


def read(data: bytes, budget: Budget) -> tuple[Document, list[Member]]:
    """What is said of the archive, and its members. A locked one has none; their names may be locked too."""
    try:
        import py7zr
    except ImportError:
        return without("7z", "py7zr"), []
    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            names = [each.filename for each in archive.list() if not each.is_directory]
            if archive.needs_password():
                found = locked("7z", "AES-256")
                return found, [(name, None, "locked (AES-256)") for name in names]
            return Document(kind="7z"), list(_members(archive, py7zr, data, budget))
    except py7zr.PasswordRequired:
        return locked("7z", "AES-256, names too"), []
    except (py7zr.exceptions.ArchiveError, *_BROKEN) as error:
        raise FormatError(f"the 7z archive cannot be read: {type(error).__name__}: {error}") from error


def _members(archive: Any, py7zr: Any, data: bytes, budget: Budget) -> Iterator[Member]:
    listed = [each for each in archive.list() if not each.is_directory]
    whole = sum(int(each.uncompressed or 0) for each in listed)
    # Members share one stream, so the ratio and the limit are of all of them together.
    refused = budget.refusal(len(data), whole)
    if whole > max(SMALL, len(data) * RATIO):
        refused = f"it unfolds to more than {RATIO} times its packed size"
    if refused or len(listed) > budget.members_left:
        why = refused or "it has more members than are read here"
        yield from ((each.filename, None, why) for each in listed[: max(budget.members_left, 0)])
        return
    budget.spend(whole)
    budget.members_left -= len(listed)
    factory = py7zr.io.BytesIOFactory(KEPT)
    archive.extract(factory=factory)
    for each in listed:
        product = factory.products.get(each.filename)
        if product is None:
            yield each.filename, None, "it is not in the archive"
            continue
        product.seek(0)
        yield each.filename, product.read(), ""
