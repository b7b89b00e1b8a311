"""Logs of mail servers and services: lines of text, tables of a CSV export, tables by a mapping, and JSON objects."""

from __future__ import annotations

from forensics.parsers.logs.mapped import MappedLogParser
from forensics.parsers.logs.objects import ObjectLogParser
from forensics.parsers.logs.server import ServerLogParser
from forensics.parsers.logs.tables import TableLogParser

__all__ = ["MappedLogParser", "ObjectLogParser", "ServerLogParser", "TableLogParser"]
