"""How charges are made: `[charges]` of the charting's file."""

from collector.config import Section


class ChargesSection(Section):
    """Nothing to be said yet."""
