"""The FHIR interface: `[fhir]` of the charting's file."""

from collector.config import Section


class FhirSection(Section):
    """Nothing to be said yet."""
