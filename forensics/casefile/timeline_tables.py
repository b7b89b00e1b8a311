"""The tables that the step from records to the timeline makes, by the names under which queries know them."""

from __future__ import annotations

TIMELINE_TABLES = {
    "event": "timeline/events.parquet",
    "logical": "timeline/logical.parquet",
    "log_join": "timeline/joins.parquet",
    "access": "timeline/access.parquet",
    "session": "timeline/sessions.parquet",
    "place": "timeline/places.parquet",
    "presence": "timeline/presence.parquet",
    "thread": "timeline/threads.parquet",
    "identity": "timeline/identities.parquet",
    "lineage": "timeline/lineage.parquet",
    "coverage": "timeline/coverage.parquet",
}
