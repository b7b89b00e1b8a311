"""PDF files (ISO 32000-2), read page by page with pypdf (BSD): pages, notes on them, fields of forms, what locks them.

The standard security handler (7.6.4) takes a user and an owner password. A file that opens with the empty user password
only restricts what may be done with it: ``owner_only``, which is no encrypted content.
"""

from __future__ import annotations

import io
import logging
from typing import Any

from forensics.errors import FormatError
from forensics.formats.documents.found import Document, Room, State, without

_MOST_PAGES = 5_000
_BROKEN = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, OSError, RecursionError,
    RuntimeError, TypeError, ValueError,
)  # fmt: skip


def read(data: bytes, room: Room) -> Document:
    """Every text of a PDF file."""
    try:
        import pypdf
        from pypdf.errors import PyPdfError
    except ImportError:
        found = without("pdf", "pypdf")
        found.state = State.UNKNOWN if b"/Encrypt" in data else State.OPEN
        return found
    # It writes a warning for each oddity of a file, and there are many.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        found = Document(kind="pdf")
        if reader.is_encrypted:
            found.state, found.detail = _lock(reader)
        if found.state in (State.OPEN, State.OWNER_ONLY):
            _pages(reader, found, room)
    except (PyPdfError, *_BROKEN) as error:
        raise FormatError(f"the PDF file cannot be read: {type(error).__name__}: {error}") from error
    return found


def _lock(reader: Any) -> tuple[State, str]:
    from pypdf.errors import DependencyError

    try:
        opens = bool(reader.decrypt(""))
    except DependencyError:
        return State.UNKNOWN, "needs a library for AES"
    except NotImplementedError as error:
        return State.ENCRYPTED, f"a security handler that is not known: {error}"
    if opens:
        return State.OWNER_ONLY, "opens with the empty password"
    return State.ENCRYPTED, "needs the user password"


def _pages(reader: Any, found: Document, room: Room) -> None:
    from pypdf.errors import PyPdfError

    for number, page in enumerate(reader.pages, start=1):
        if number > _MOST_PAGES or room.text <= 0:
            found.trouble(f"it has more pages or text than are read here; page {number} and those after it were not")
            return
        try:
            found.add(f"page {number}", page.extract_text() or "", room)
            found.add(f"page {number} notes", "\n".join(_notes(page)), room)
        except (PyPdfError, *_BROKEN) as error:
            found.trouble(f"page {number} cannot be read: {type(error).__name__}")
    _fields(reader, found, room)


def _notes(page: Any) -> list[str]:
    found = []
    for each in page.get("/Annots") or []:
        note = each.get_object()
        if "/Contents" in note:
            found.append(str(note["/Contents"]))
    return found


def _fields(reader: Any, found: Document, room: Room) -> None:
    named = reader.get_form_text_fields() or {}
    found.add("form", "\n".join(f"{name}: {value}" for name, value in named.items() if value), room)
