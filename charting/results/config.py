"""What the hospital is told of patients: `[results]` of the charting's file."""

from collector.config import Section


class ResultsSection(Section):
    """Nothing to be said yet."""
