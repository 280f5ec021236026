"""The completeness certificate of a document that devices fill. Pure."""

from collections.abc import Iterable, Sequence

from charting.case.state import Document
from charting.fill.fill import FILTER, MINUTE_US, Count
from charting.fill.types import Cause
from charting.trail.entries import Certified, Completeness


def certificate(
    document: Document, signals: Sequence[str], counts: Iterable[tuple[str, Count]], start_us: int, end_us: int
) -> Certified:
    """Of [start_us, end_us): for each signal that was expected or came, the minutes of all parts together; all gaps.

    What has reached the server too late for a document that is locked is received, and not charted there.
    """
    late: dict[str, int] = {}
    sums = {signal: [0, 0, 0] for signal in signals}
    for signal, count in counts:
        for n, minutes in enumerate((count.expected, count.received, count.charted)):
            sums[signal][n] += minutes
    for gap in document.gaps if document.locked else ():
        if gap.signal in sums and gap.cause is Cause.NETWORK:
            wanted, received, charted = sums[gap.signal]
            minutes = (gap.end_us - gap.start_us) // MINUTE_US
            late[gap.signal] = late.get(gap.signal, 0) + minutes
            sums[gap.signal] = [wanted, received, min(charted, max(wanted - late[gap.signal], 0))]
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
