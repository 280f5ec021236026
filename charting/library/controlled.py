"""Which drugs are controlled: as the library of drugs says, never by their names (clinical.md §7)."""

from charting.library.library import Libraries
from charting.trail.contents import Term


def controlled_class(libraries: Libraries, drug: Term) -> str:
    """narcotic, psychotropic_1, … of the version in which the drug was chosen; "": none."""
    coding = libraries.coding(drug.library, drug.version, drug.code)
    return coding.attributes.get("controlled_class", "") if coding else ""
