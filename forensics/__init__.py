"""Mail as evidence: acquire, parse, recover, lay on one timeline, and keep a case that anyone can verify."""

__version__ = "0.1.0"
