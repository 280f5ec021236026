"""Where entries are kept: one contract, in memory here, in SQLite and PostgreSQL in charting.store; the same suite."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Protocol

from charting.trail.chain import chained
from charting.trail.entries import Body, Entry


class Stale(Exception):  # noqa: N818  no error: whoever gets it looks again
    """The case has entries that the writer has not seen: fold them, decide anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """What lists know of a case without folding it. `state`: open, closed, discarded. `last`: its last entry."""

    case: str
    state: str
    bed: str
    area: str
    opened_us: int
    closed_us: int | None
    number: str
    name: str
    temporary: str
    procedure: str
    is_test: bool
    held: bool
    last: int


class Trail(Protocol):
    """Append-only. Calls block; any thread may call."""

    def append(
        self,
        actor: str,
        case: str,
        bodies: Sequence[Body],
        *,
        seen: int | None = None,
        whole: int | None = None,
        row: CaseRow | None = None,
    ) -> Sequence[Entry]:
        """Keep bodies of one case (or of none, ""), all or nothing, at the present time.

        seen: seq of the case's last entry that the writer knows (0: none); whole: that of the whole trail, where what
        he decided hangs on other cases, too. Raises Stale where there are others. `row` replaces the case's row, whose
        `last` is kept true. Times never go back: at_us is at least the entry before's.
        """

    def entries(self, case: str, after: int = 0, kinds: Iterable[str] = ()) -> Sequence[Entry]:
        """A case's entries beyond a seq, in order, of these kinds (none given: all)."""

    def all(self, after: int = 0, kinds: Iterable[str] = ()) -> Iterable[Entry]:
        """Entries of every case and of none, in order, of these kinds (none given: all)."""

    def last(self) -> int:
        """Seq of the last entry of all; 0: there is none."""

    def before(self, at_us: int) -> int:
        """Seq of the last entry that was kept before a time; 0: there is none."""

    def rows(
        self,
        *,
        state: str | None = None,
        bed: str | None = None,
        since_us: int | None = None,
        until_us: int | None = None,
        text: str = "",
        number: str = "",
        after: int = 0,
        limit: int = 200,
    ) -> Sequence[CaseRow]:
        """Cases, newest first: of a state, at a bed now, overlapping [since, until), with `text` in number or name, of
        a patient's very `number`, with entries beyond a seq (`after`).
        """

    def row(self, case: str) -> CaseRow | None: ...


class MemoryTrail:
    """In memory: for tests and for trying things out."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._entries: list[Entry] = []
        self._of_case: dict[str, list[Entry]] = {}
        self._rows: dict[str, CaseRow] = {}
        self._lock = Lock()

    def append(
        self,
        actor: str,
        case: str,
        bodies: Sequence[Body],
        *,
        seen: int | None = None,
        whole: int | None = None,
        row: CaseRow | None = None,
    ) -> Sequence[Entry]:
        with self._lock:
            own = self._of_case.setdefault(case, [])
            last = own[-1].seq if own else 0
            if seen not in {None, last} or whole not in {None, len(self._entries)}:
                raise Stale
            made: list[Entry] = []
            for body in bodies:
                before = made[-1] if made else self._entries[-1] if self._entries else None
                entry = chained(
                    before.hash if before else "",
                    Entry(
                        seq=len(self._entries) + len(made) + 1,
                        at_us=max(self._now_us(), before.at_us if before else 0),
                        actor=actor,
                        case=case,
                        body=body,
                    ),
                )
                made.append(entry)
            self._entries += made
            own += made
            row = row or self._rows.get(case)
            if row is not None:
                self._rows[case] = replace(row, case=case, last=made[-1].seq if made else last)
            return made

    def entries(self, case: str, after: int = 0, kinds: Iterable[str] = ()) -> Sequence[Entry]:
        wanted = frozenset(kinds)
        with self._lock:
            own = self._of_case.get(case, [])
            found = own[bisect_right(own, after, key=lambda e: e.seq) :]
        return [e for e in found if e.body.kind in wanted] if wanted else found

    def all(self, after: int = 0, kinds: Iterable[str] = ()) -> Iterable[Entry]:
        wanted = frozenset(kinds)
        with self._lock:
            return [e for e in self._entries[max(after, 0) :] if not wanted or e.body.kind in wanted]

    def last(self) -> int:
        with self._lock:
            return len(self._entries)

    def before(self, at_us: int) -> int:
        with self._lock:
            return bisect_left(self._entries, at_us, key=lambda e: e.at_us)

    def rows(
        self,
        *,
        state: str | None = None,
        bed: str | None = None,
        since_us: int | None = None,
        until_us: int | None = None,
        text: str = "",
        number: str = "",
        after: int = 0,
        limit: int = 200,
    ) -> Sequence[CaseRow]:
        with self._lock:
            found = [
                r
                for r in self._rows.values()
                if (state is None or r.state == state)
                and (bed is None or r.bed == bed)
                and (until_us is None or r.opened_us < until_us)
                and (since_us is None or r.closed_us is None or r.closed_us > since_us)
                and (text in r.number or text in r.name or text in r.temporary)
                and number in {"", r.number}
                and r.last > after
            ]
        return sorted(found, key=lambda r: (-r.opened_us, r.case))[:limit]

    def row(self, case: str) -> CaseRow | None:
        with self._lock:
            return self._rows.get(case)
