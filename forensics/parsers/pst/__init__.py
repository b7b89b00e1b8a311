"""Outlook data files (PST, OST): live items, recovered items and the account of every byte ([MS-PST])."""

from __future__ import annotations

from forensics.parsers.pst.parser import PstParser

__all__ = ["PstParser"]
