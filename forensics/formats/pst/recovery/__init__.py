"""What was deleted, superseded or left behind: stale pages, orphans, remnants, rows."""
