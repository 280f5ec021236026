"""Decision support services: `[cds]` of the charting's file."""

from collector.config import Section


class CdsSection(Section):
    """Nothing to be said yet."""
