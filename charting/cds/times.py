"""Times as other systems write them."""

from datetime import datetime

from collector.clock import from_datetime


def us_of(text: object) -> int | None:
    """µs since 1970 UTC; None for what is no time with a zone."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return None if found.tzinfo is None else from_datetime(found)
