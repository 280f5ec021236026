"""The completeness certificate of a document that devices fill. Pure."""

from collections.abc import Iterable, Sequence

from charting.case.state import Document
from charting.fill.fill import FILTER, Count
from charting.trail.entries import Certified, Completeness


def certificate(
    document: Document, signals: Sequence[str], counts: Iterable[tuple[str, Count]], start_us: int, end_us: int
) -> Certified:
    """Of [start_us, end_us): for each signal that was expected or came, the minutes of all parts together; all gaps."""
    sums = {signal: [0, 0, 0] for signal in signals}
    for signal, count in counts:
        for n, minutes in enumerate((count.expected, count.received, count.charted)):
            sums[signal][n] += minutes
    return Certified(
        document=document.id,
        start_us=start_us,
        end_us=end_us,
        signals=tuple(
            Completeness(signal=signal, expected=expected, received=received, charted=charted)
            for signal, (expected, received, charted) in sums.items()
            if expected or received
        ),
        gaps=tuple(document.gaps),
        filter=FILTER,
    )
