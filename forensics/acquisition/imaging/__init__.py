"""Bit-level images of devices and files: each sector once, unreadable ones filled with zeros and named (CFTT DDA)."""
