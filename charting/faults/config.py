"""Faults and wishes: `[faults]` of the charting's file."""

from collector.config import Section


class FaultsSection(Section):
    """Nothing to be said yet."""
