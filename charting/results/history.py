"""Cases as they stood before and after an entry: what is told of it is the same, however late it is told, and again.

And as they stood when it was begun to tell.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from charting.case.state import Case, fold
from charting.outbox.following import Cursors, began
from charting.trail.entries import Entry
from charting.trail.trail import Trail

KEPT = 30
"""Cases that are kept folded, of each who follows them: of others that have news all entries are read anew."""


@dataclass(slots=True, kw_only=True)
class _Known:
    """A case as far as it was asked for, and entries beyond that."""

    case: Case | None = None
    ahead: deque[Entry] = field(default_factory=deque)


class History:
    """Calls block on the trail; one at a time."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def around(self, entry: Entry) -> tuple[Case | None, Case]:
        """The entry's case before it (None: it begins with it) and after it. Raises StoreError."""
        known = self._known.pop(entry.case, None)
        if known is None or (known.case is not None and known.case.last >= entry.seq):
            known = _Known()
        last = known.ahead[-1].seq if known.ahead else known.case.last if known.case else 0
        if last < entry.seq:
            known.ahead.extend(self._trail.entries(entry.case, last))
        before = known.case
        earlier = []
        while known.ahead and known.ahead[0].seq < entry.seq:
            earlier.append(known.ahead.popleft())
        if earlier:
            before = fold(earlier, before)
        after = fold([known.ahead.popleft()], before)
        known.case = after
        self._known[entry.case] = known
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return before, after


class Beginnings:
    """What was there before the follower of a name first looked; None: the case was begun later. Calls block."""

    def __init__(self, trail: Trail, cursors: Cursors, name: str) -> None:
        self._trail = trail
        self._cursors = cursors
        self._name = name
        self._known: OrderedDict[str, Case | None] = OrderedDict()

    def of(self, case: str) -> Case | None:
        """Raises StoreError."""
        if case not in self._known:
            until = began(self._cursors, self._name)
            earlier = [entry for entry in self._trail.entries(case) if entry.seq <= until]
            self._known[case] = fold(earlier) if earlier else None
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return self._known[case]
