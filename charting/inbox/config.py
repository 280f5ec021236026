"""What the hospital tells us: `[inbox]` of the charting's file."""

from collector.config import Section


class InboxSection(Section):
    """Nothing to be said yet."""
