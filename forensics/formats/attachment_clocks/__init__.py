"""What an attached file says of itself: its own clocks, its author, its program. By its bytes, never by its name.

Nothing here is more than a claim of the file. A reader raises ``FormatError`` only; a file of another kind has none.
"""

from __future__ import annotations

from forensics.formats.archives.zip_directory import is_zip
from forensics.formats.attachment_clocks.claims import Claims
from forensics.formats.attachment_clocks.exif import of_tiff
from forensics.formats.attachment_clocks.packages import of_package
from forensics.formats.attachment_clocks.pdf import of_pdf
from forensics.formats.attachment_clocks.pictures import is_heif, of_heif, of_jpeg, of_png
from forensics.formats.attachment_clocks.properties import of_properties
from forensics.formats.compound import MAGIC

__all__ = ["Claims", "claims_of"]

_PDF_HEAD = 1024


def claims_of(data: bytes) -> Claims:
    """The claims of a file of any kind. Raises ``FormatError`` where a file of a known kind is damaged."""
    if is_zip(data):
        return of_package(data)
    if data.startswith(MAGIC):
        return of_properties(data)
    if data.startswith(b"\xff\xd8\xff"):
        return of_jpeg(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return of_png(data)
    if data.startswith((b"II*\0", b"MM\0*")):
        return of_tiff(data)
    if is_heif(data):
        return of_heif(data)
    if b"%PDF-" in data[:_PDF_HEAD]:
        return of_pdf(data)
    return Claims()
