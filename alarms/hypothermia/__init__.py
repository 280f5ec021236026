"""The national hypothermia event and what is derived of a temperature course: one definition for bed and database."""

from alarms.grades import grade
from alarms.hypothermia.course import course, felt, first_reading, last_reading
from alarms.hypothermia.measures import at, auc, first_hour_drop, metrics, slope
from alarms.hypothermia.rule import is_event, longest_run, ongoing_run, run_minutes, series, spot_run

__all__ = [
    "at", "auc", "course", "felt", "first_hour_drop", "first_reading", "grade", "is_event", "last_reading",
    "longest_run", "metrics", "ongoing_run", "run_minutes", "series", "slope", "spot_run",
]  # fmt: skip
