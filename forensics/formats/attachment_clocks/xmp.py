"""XMP packets in PDF and pictures (ISO 16684-1, 8.4): when the file was made, changed and described, and by what."""

from __future__ import annotations

from forensics.formats.attachment_clocks.claims import Claims, fact, w3c
from forensics.formats.attachment_clocks.xml_fields import fields
from forensics.moments import Meaning, Moment

_TIMES = {
    "CreateDate": Meaning.CREATED,
    "DateCreated": Meaning.CREATED,
    "DateTimeOriginal": Meaning.CREATED,
    "ModifyDate": Meaning.MODIFIED,
    "MetadataDate": Meaning.CHANGED,
    "when": Meaning.MODIFIED,
}
_WORDS = {"when": "History"}
_FACTS = {"CreatorTool": "program", "Producer": "producer", "softwareAgent": "program"}
_MOST = 100


def of_packet(data: bytes) -> Claims:
    """What one packet says. Raises ``FormatError`` where it is no XML."""
    clocks: dict[tuple[str, str], Moment] = {}
    facts: dict[tuple[str, str], None] = {}
    for path, text in fields(data):
        parts = path.split("/")
        name = parts[-1].removeprefix("@")
        if name in _TIMES and len(clocks) < _MOST:
            says = f"XMP {_WORDS.get(name, name)}"
            clocks.setdefault((says, text), w3c(_TIMES[name], says, text))
        elif name in _FACTS:
            facts.update(dict.fromkeys(fact(_FACTS[name], text)))
        elif name == "li" and "creator" in parts:
            facts.update(dict.fromkeys(fact("author", text)))
    return Claims(clocks=tuple(clocks.values()), facts=tuple(facts))
