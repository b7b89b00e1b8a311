"""Names that the parent and its workers agree on; nothing here imports what only a worker may load."""

CARVED = "carved"
"""The kind of an evidence item whose files were found by content alone; their records say so."""

JOBS = "forensics.acquisition.carving.jobs"
AREAS, SCANNED, LISTING, EXTRACTED = "areas.jsonl", "scanned.jsonl", "carving.jsonl", "extracted.jsonl"
