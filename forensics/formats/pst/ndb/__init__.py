"""The node database layer: header, pages, B-trees, blocks and what verifies them ([MS-PST] 2.2)."""

from __future__ import annotations

from forensics.formats.pst.ndb.checksums import crc
from forensics.formats.pst.ndb.header import HEADER_SIZE, MAGIC, Ref, StoreHeader, parse_header, read_header
from forensics.formats.pst.ndb.layout import Width

__all__ = ["HEADER_SIZE", "MAGIC", "Ref", "StoreHeader", "Width", "crc", "parse_header", "read_header"]
