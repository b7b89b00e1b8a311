"""Messages as files (RFC 5322 with MIME): the texts of a message; what it carries is handed on to be read in turn."""

from __future__ import annotations

from forensics.errors import FormatError
from forensics.formats import charsets, mime, transfer
from forensics.formats.documents.found import Document, Room
from forensics.formats.html_text import to_text
from forensics.formats.words import decode_header

_HEADINGS = ("subject", "from", "to", "cc", "date")
_MOST_PARTS = 200


def read(data: bytes, room: Room) -> tuple[Document, list[tuple[str, bytes]]]:
    """The texts of a message, and name and bytes of each file in it."""
    found = Document(kind="eml")
    carried: list[tuple[str, bytes]] = []
    entity = mime.parse(data)
    headings = (field for field in entity.root.header.fields if field.name.lower() in _HEADINGS)
    lines = [f"{field.name}: {decode_header(field.raw).text.strip()}" for field in headings]
    found.add("header", "\n".join(lines), room)
    for part in entity.leaves[:_MOST_PARTS]:
        try:
            raw = bytes(transfer.content(data, part).data)
        except FormatError as error:
            found.trouble(error.what)
            continue
        if part.content_type in ("text/plain", "text/html") and not part.filenames:
            text = charsets.decode(raw, part.charset).text
            found.add("", to_text(text) if part.content_type == "text/html" else text, room)
        elif not part.is_multipart:
            carried.append((part.filenames[0].text if part.filenames else f"part {part.path}", raw))
    return found, carried
